r"""Simulation-based calibration: does the posterior that is computed belong to the model that made the data?

If theta is drawn from the prior, data from theta, and L independent draws from the posterior given the data, then the
number of draws below theta is uniform on 0, ..., L. A wrong prior, a forgotten Jacobian, a likelihood that does not
match, or chains that are not done make it anything else.

Whether the ranks of n worlds are uniform is judged by their empirical distribution function at up to `POINTS` shares z
(`comparisons.uniformity`): the count of ranks below z (L + 1) is Binomial(n, z) at each.

Talts, S. and others (2018), Validating Bayesian inference algorithms with simulation-based calibration,
arXiv:1804.06788.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from comparisons.checks import Check
from comparisons.digits import percent
from comparisons.uniformity import envelope, probability

Array = NDArray[np.float64]

POINTS = 100  # at most so many shares at which the distribution functions are compared
ALARM = 0.001  # probability that a correct program fails the check of one study; a report makes a dozen
FAILED = 0.01  # share of worlds that may be left out because their chains could not be trusted
FEW = 10  # worlds of a study from which on one may be left out
VISIBLE = 3.0  # standard errors from which on a shape of the ranks is named


@dataclass(frozen=True)
class Calibration:
    """Verdict on the ranks of a study.

    Attributes
    ----------
    worlds, left_out : int
        Worlds with a rank, and worlds without because they could not be trusted.
    largest : int
        L, the largest possible rank.
    alarm : float
        Probability of a false alarm over all parameters.
    table : pandas.DataFrame
        One row per parameter: ``parameter``, ``p`` (how probable ranks as uneven as these are), ``limit`` (``alarm``
        divided by the number of parameters, after Bonferroni), ``passed``, ``shape`` (in words, of a failed one).
    shares : array, shape (points,)
        Where the distribution functions are compared.
    differences : dict of str to array, shape (points,)
        Empirical minus uniform distribution function, by parameter.
    lower, upper : array, shape (points,)
        Envelope of the differences: a parameter fails if it leaves it anywhere.
    """

    worlds: int
    left_out: int
    largest: int
    alarm: float
    table: pd.DataFrame
    shares: Array
    differences: dict[str, Array]
    lower: Array
    upper: Array

    @property
    def checks(self) -> list[Check]:
        """May the study's posteriors be read: are the ranks uniform, and are they there?"""
        bad = self.table[~self.table["passed"]]
        least, count = self.table["p"].min(), len(self.table)
        overall = min(1.0, least * count) if self.worlds else float("nan")
        detail = (
            f"ranks of {self.worlds:,} worlds are as uneven as these with probability {overall:.3g} over {count} "
            f"parameter{'s' if count > 1 else ''}, false alarm {self.alarm:g}"
        )
        return [
            Check("calibration", "posterior", bad.empty, detail, tuple(bad["parameter"])),
            of_failed(self.left_out, self.worlds + self.left_out),
        ]

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain JSON."""
        return {
            "worlds": self.worlds,
            "left_out": self.left_out,
            "largest_rank": self.largest,
            "alarm": self.alarm,
            "parameters": self.table.astype(object).where(self.table.notna(), None).to_dict("records"),
            "checks": [asdict(check) for check in self.checks],
            "shares": self.shares.tolist(),
            "differences": {name: values.tolist() for name, values in self.differences.items()},
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
        }


def of_failed(failed: int, total: int) -> Check:
    """Are there few enough worlds whose chains could not be trusted?

    A share of `FAILED`, or one world of a study of at least `FEW`, which says nothing against such a share: of 40
    worlds that fail with that probability, one or more do in a third of all studies. Whatever this says, no posterior
    of a failed world is used: its intervals count as misses.
    """
    one = total >= FEW and FAILED * total < 1
    allowed = "one" if one else percent(FAILED)
    detail = f"{failed:,} of {total:,} worlds have no posterior that could be trusted, allowed {allowed}"
    return Check("worlds", "posterior", failed <= (1 if one else FAILED * total), detail)


def calibrate(worlds: xr.Dataset, alarm: float = ALARM) -> Calibration:
    """Judge the ranks of a study whose truths were drawn from the prior.

    Parameters
    ----------
    worlds : xarray.Dataset
        Variables ``rank(world, parameter)``, whole numbers from 0 to attribute ``L``, and ``failed(world)``; failed
        worlds are left out, and counted.
    alarm : float
        Probability that the check fails although everything is right.

    Raises
    ------
    ValueError
        If a rank is not between 0 and L.
    """
    largest, failed = int(worlds.attrs["L"]), worlds["failed"].values.astype(bool)
    ranks = worlds["rank"].transpose("parameter", "world").values[:, ~failed].astype(int)
    if np.any((ranks < 0) | (ranks > largest)):
        raise ValueError(f"ranks from {ranks.min()} to {ranks.max()} are not between 0 and {largest}")
    labels = [str(label) for label in worlds["parameter"].values]
    n, limit = ranks.shape[1], alarm / len(labels)
    cuts = np.unique(np.linspace(1, largest, min(largest, POINTS)).round().astype(int))
    shares = cuts / (largest + 1)
    rows, differences = [], {}
    for label, own in zip(labels, ranks, strict=True):
        counts = np.searchsorted(np.sort(own), cuts, side="left")
        p = probability(counts, n, shares) if n else float("nan")
        shape = "" if p > limit else _shape(own, largest)
        rows.append({"parameter": label, "p": p, "limit": limit, "passed": p > limit, "shape": shape})
        differences[label] = counts / max(n, 1) - shares
    lower, upper = envelope(n, shares, limit)
    return Calibration(
        worlds=n,
        left_out=int(failed.sum()),
        largest=largest,
        alarm=alarm,
        table=pd.DataFrame(rows),
        shares=shares,
        differences=differences,
        lower=lower / max(n, 1) - shares,
        upper=upper / max(n, 1) - shares,
    )


def _shape(ranks: NDArray[np.int64], largest: int) -> str:
    """What the ranks look like, by their mean and their variance, whichever is farther from that of uniform ranks."""
    n, values = len(ranks), (ranks + 0.5) / (largest + 1)
    if not n:
        return "no world could be trusted"
    centre = (np.mean(values) - 0.5) / np.sqrt(1 / 12 / n)
    # Of uniform values the square distance from 1/2 has mean 1/12 and variance 1/180; whole ranks change both little.
    spread = (np.mean((values - 0.5) ** 2) - (1 - 1 / (largest + 1) ** 2) / 12) / np.sqrt(1 / 180 / n)
    if max(abs(centre), abs(spread)) < VISIBLE:
        return "neither its place nor its width stands out"
    if abs(centre) > abs(spread):
        return f"posterior too {'low' if centre > 0 else 'high'}"
    return f"posterior too {'narrow' if spread > 0 else 'wide'}"

r"""The posterior of a probability in closed form: where it is known, no section works from draws instead.

With s successes in n trials and the prior Beta(a, b), the posterior is Beta(a + s, b + n - s). Of it

.. math:: E[\theta^m] = \prod_{i=0}^{m-1} \frac{a + s + i}{a + b + n + i} .

Gelman, A. and others (2013), Bayesian Data Analysis, third edition, section 2.4.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.stats import beta

from models.contract import Distribution
from reports import pictures
from reports.stored import Array, Fit

POINTS = 4_000  # that stand for the posterior where draws would
LEFT = 1e-6  # of the posterior beyond either end of its curve
DIGITS = 100  # parts of a standard deviation to which exact numbers are written, as points are


@dataclass(frozen=True)
class Known:
    """The posterior Beta(``a``, ``b``)."""

    a: float
    b: float

    @property
    def name(self) -> str:
        """As it is written."""
        return f"Beta({self.a:,.12g}, {self.b:,.12g})"

    @property
    def mean(self) -> float:
        """Its mean."""
        return self.a / (self.a + self.b)

    @property
    def error(self) -> float:
        """What limits the digits of numbers that have no error."""
        return float(beta.std(self.a, self.b)) / DIGITS

    def quantile(self, share: float) -> float:
        """The value below which a share of it lies."""
        return float(beta.ppf(share, self.a, self.b))

    def power(self, trials: int) -> float:
        """Probability that so many further trials all succeed."""
        return float(np.prod([(self.a + i) / (self.a + self.b + i) for i in range(trials)]))

    def curve(self, points: int) -> tuple[Array, Array]:
        """Its density at so many points, up to where hardly anything of it is left."""
        low, high = self.quantile(LEFT), self.quantile(1 - LEFT)
        x = np.linspace(low, high, points)
        return x, np.asarray(beta.pdf(x, self.a, self.b))

    def values(self) -> Array:
        """Its quantiles at evenly spaced shares, rising."""
        return np.asarray(beta.ppf((np.arange(POINTS) + 0.5) / POINTS, self.a, self.b))


def known(fit: Fit, prior: str) -> Known | None:
    """The posterior of a fit with one probability, successes in trials and a Beta prior; None for any other."""
    if len(fit.labels) != 1 or pictures.shape(fit) != "counts":
        return None
    written = next(iter(json.loads(fit.text("distributions"))[prior].values()))
    one, name = Distribution.from_json(written), pictures.outcome(fit)
    if one.name != "Beta":
        return None
    successes, trials = float(fit.data[name].sum()), float(_trials(fit).sum())
    a, b = (float(np.ravel(one.hyperparameters[key])[0]) for key in ("alpha", "beta"))
    return Known(a + successes, b + trials - successes)


def _trials(fit: Fit) -> Array:
    """The trials of every row of successes in trials."""
    (found,) = pictures.covariates(fit.data, pictures.outcome(fit)).values()
    return np.asarray(found.values, dtype=float)


def swept(fit: Fit, sweep: xr.Dataset, along: str) -> xr.Dataset:
    """A sweep with its posteriors in closed form where they are Beta distributions; else as it is.

    The prior to the power of s has the parameters 1 + s (a - 1) and 1 + s (b - 1). How many of the first n rows are
    successes is told by the MLE, if every row is one trial.

    Parameters
    ----------
    sweep : xarray.Dataset
        With the dims ``prior`` and ``along`` (`comparisons.sweeps`).
    along : {"strength", "n"}

    Returns
    -------
    xarray.Dataset
        With the parameters ``a`` and ``b`` of every posterior, (prior, along), if they are known.
    """
    ends = [one for kind in sweep["prior"].values if (one := known(fit, str(kind))) is not None]
    if len(ends) < sweep.sizes["prior"]:
        return sweep
    trials, turns = _trials(fit), sweep[along].values.astype(float)
    whole, all_k = float(trials.sum()), float(fit.data[pictures.outcome(fit)].sum())
    n, k = np.full(len(turns), whole), np.full(len(turns), all_k)
    if along == "n" and len(turns) > 1:
        if np.any(trials != 1):
            return sweep
        n, k = turns, np.round(turns * sweep["estimate"].isel(parameter=0, prior=0).sel(reading="mle").values)
    strength = turns if along == "strength" else np.ones(len(turns))
    a = np.array([1 + strength * (one.a - all_k - 1) + k for one in ends])
    b = np.array([1 + strength * (one.b - whole + all_k - 1) + n - k for one in ends])
    if not np.all((a > 0) & (b > 0)):
        return sweep
    level, shares = float(sweep.attrs["level"]), (np.arange(sweep.sizes["draw"]) + 0.5) / sweep.sizes["draw"]
    points, dims = sweep["reading"] != "posterior", ("prior", along)
    numbers = {
        "estimate": a / (a + b),
        "sd": beta.std(a, b),
        "lower": beta.ppf((1 - level) / 2, a, b),
        "upper": beta.ppf((1 + level) / 2, a, b),
    }
    exact = {key: sweep[key].where(points, xr.DataArray(values, dims=dims)) for key, values in numbers.items()}
    draws = beta.ppf(shares, a[..., None], b[..., None])[..., None]
    return sweep.assign(
        exact
        | {
            "draws": ((*dims, "draw", "parameter"), draws),
            "ess_bulk": xr.full_like(sweep["ess_bulk"], 1e6),  # no error that would be written
            "a": (dims, a),
            "b": (dims, b),
        }
    )

"""Which of the three readings is largest, widest or moved most, in words that know a tie.

A difference counts if it exceeds `comparisons.rules.STANDARD_ERRORS` Monte Carlo standard errors and a hundredth of a
posterior standard deviation, the digits to which pages show points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import arviz as az
import numpy as np
from numpy.typing import ArrayLike, NDArray

from comparisons.digits import exists, number
from comparisons.rules import STANDARD_ERRORS
from comparisons.verdict import share
from reports.stored import Fit
from reports.words import NAMES, called, error_of, listed

ORDER = ("mle", "map", "posterior")


@dataclass(frozen=True)
class Entry:
    """One number among those that are ranked.

    Attributes
    ----------
    name : str
        With its article: "the MLE".
    value : float
    error : float
        Monte Carlo standard error; 0 for a point.
    resolution : float
        A hundredth of a posterior standard deviation.
    """

    name: str
    value: float
    error: float
    resolution: float

    @property
    def shown(self) -> str:
        """The number with the digits it deserves."""
        return number(self.value, max(self.error, 0.0) or self.resolution)


def farthest(fit: Fit) -> str:
    """The parameter whose points lie farthest from the posterior mean under the default prior."""
    gaps = fit.gaps(fit.default)
    return max(gaps, key=lambda gap: max(abs(gap.mle or 0.0), abs(gap.map or 0.0))).parameter


def readable(fit: Fit, prior: str, label: str, reading: str) -> bool:
    """Whether a number exists and no check forbids to read it."""
    return exists(fit.value(prior, label, reading)) and not fit.failed(prior, label, reading)


def shown(fit: Fit, prior: str, label: str, reading: str) -> str:
    """An estimate as the comparison table shows it."""
    return number(fit.value(prior, label, reading), error_of(fit, prior, label, reading))


def span(fit: Fit, prior: str, label: str, reading: str = "posterior") -> str:
    """An interval as the comparison table shows it: "1.2 to 3.4"."""
    error = error_of(fit, prior, label, reading) * (3 if reading == "posterior" else 1)
    return " to ".join(number(fit.value(prior, label, reading, end), error) for end in ("lower", "upper"))


def estimates(fit: Fit, prior: str, label: str) -> list[Entry]:
    """The estimates that may be read."""
    resolution = fit.value(prior, label, "posterior", "sd") / 100
    return [
        Entry(
            f"the {NAMES[reading]}",
            fit.value(prior, label, reading),
            fit.value(prior, label, "posterior", "mcse") if reading == "posterior" else 0.0,
            resolution,
        )
        for reading in ORDER
        if readable(fit, prior, label, reading)
    ]


def widths(fit: Fit, prior: str, label: str) -> list[Entry]:
    """The widths of the intervals that may be read; the posterior's with the error of its two quantiles."""
    resolution = fit.value(prior, label, "posterior", "sd") / 100
    found = []
    for reading, name in zip(ORDER, ("the MLE's", "the MAP's", "the posterior's"), strict=True):
        width = fit.value(prior, label, reading, "upper") - fit.value(prior, label, reading, "lower")
        if readable(fit, prior, label, reading) and math.isfinite(width):
            error = quantile_error(fit, prior, label) if reading == "posterior" else 0.0
            found.append(Entry(name, width, error, resolution))
    return found


def quantile_error(fit: Fit, prior: str, label: str) -> float:
    """Monte Carlo standard error of the distance of the ends of the posterior interval, taken as independent."""
    draws, tail = fit.draws(prior)[label].values, (1 - fit.level) / 2
    return math.hypot(*(float(az.mcse(draws, method="quantile", prob=prob)) for prob in (tail, 1 - tail)))


def chain_error(by_chain: ArrayLike) -> float:
    """Monte Carlo error of the average of what every chain says, chains first; of several numbers the largest."""
    found = np.asarray(by_chain, dtype=float)
    return float(np.max(found.std(axis=0, ddof=1)) / np.sqrt(len(found)))


def share_of(hits: NDArray[np.bool_]) -> str:
    """Share of the draws, shape (chain, draw), for which something holds, as its Monte Carlo error allows."""
    found = float(hits.mean())
    error = float(az.mcse(hits.astype(float), method="mean")) if 0 < found < 1 else 0.0
    return f"{number(100 * found, 100 * error)} %" if error > 0 else share(found)


def square_errors(fit: Fit, prior: str, label: str) -> tuple[float, float]:
    """Monte Carlo errors of the square of a posterior mean, and of the variance, as of a Normal posterior."""
    mean, sd, mcse = (fit.value(prior, label, "posterior", key) for key in ("estimate", "sd", "mcse"))
    return 2 * abs(mean) * mcse, math.sqrt(2) * sd * mcse


def moves(fit: Fit, label: str) -> tuple[int, int, list[Entry]] | None:
    """How far each estimate lies, with few of the rows, from where all rows put it.

    Returns
    -------
    n, rows : int
        The smallest number of rows at which all three exist and may be read, and all of them.
    moved : list of Entry
        None of all this if there is no sweep of the rows, or no such number.
    """
    sweep = fit.sweep("sweep_n")
    if sweep is None or label not in sweep["parameter"]:
        return None
    one = sweep.sel(parameter=label)
    estimate, sd = one["estimate"].transpose("n", "reading").values, one["sd"].transpose("n", "reading").values
    readings = [str(name) for name in one["reading"].values]
    errors = sd[:, readings.index("posterior")] / np.sqrt(one["ess_bulk"].values)
    usable = np.isfinite(estimate).all(axis=1) & np.isfinite(sd).all(axis=1) & ~one["failed"].values & (errors > 0)
    if not usable[-1] or usable.sum() < 2:
        return None
    first, sizes = int(np.argmax(usable)), one["n"].values
    moved = [
        Entry(
            f"the {NAMES[reading]}",
            float(abs(estimate[first, at] - estimate[-1, at])),
            math.hypot(errors[first], errors[-1]) if reading == "posterior" else 0.0,
            float(sd[-1, readings.index("posterior")]) / 100,
        )
        for reading in ORDER
        for at in [readings.index(reading)]
    ]
    return int(sizes[first]), int(sizes[-1]), moved


def leaders(entries: Sequence[Entry]) -> list[Entry]:
    """The largest, and then all that cannot be told from it."""
    top = max(entries, key=lambda entry: entry.value)
    return [top, *(one for one in entries if one is not top and top.value - one.value <= noise(top, one))]


def noise(one: Entry, other: Entry) -> float:
    """Difference up to which two entries cannot be told apart."""
    return max(STANDARD_ERRORS * math.hypot(one.error, other.error), one.resolution, other.resolution)


def ranked(entries: Sequence[Entry]) -> str:
    """Say which is the largest: one, or several that cannot be told apart; in one sentence."""
    if len(entries) < 2:
        return "There are no two numbers to compare."
    first = leaders(entries)
    rest = [entry for entry in entries if entry not in first]
    told = listed([f"{entry.name} ({entry.shown})" for entry in first])
    if not rest:
        return f"No single one: {told} cannot be told apart."
    against = listed([f"{entry.shown} for {entry.name}" for entry in rest])
    if len(first) == 1:
        return f"{_capital(first[0].name)}: {first[0].shown}, against {against}."
    if all(one.value - other.value > noise(one, other) for one in first for other in rest):
        return f"{_capital(told)} cannot be told apart, and lead against {against}."
    top, others = first[0], listed([f"{entry.name} ({entry.shown})" for entry in first[1:]])
    less = listed([f"{entry.name} ({entry.shown})" for entry in rest])
    return f"{_capital(top.name)} ({top.shown}) is larger than {less}; {others} can be told from neither."


def left_out(fit: Fit, prior: str, label: str) -> str:
    """Which readings do not take part, and why; empty if all do."""
    parts = []
    for reading in ORDER:
        name = called(fit, prior, label, reading)
        if not exists(fit.value(prior, label, reading)):
            parts.append(f"The {name} does not exist.")
        elif failed := fit.failed(prior, label, reading):
            parts.append(f"The {name} is left out: do not read it (failed: {', '.join(failed)}).")
    return " ".join(parts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

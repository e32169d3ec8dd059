"""The rules of the verdict, each limit once, with its reason.

Distances are in posterior standard deviations, the one unit that all parameters share; a bias matters by its size in
that unit, whatever the unit of the parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from comparisons.digits import percent

STANDARD_ERRORS = 3.0  # a distance counts if it exceeds so many Monte Carlo errors: by chance once in 370
SMALL = (
    0.1  # posterior sd; a bias below a tenth of the sd is negligible (Cochran 1977, Sampling Techniques, section 1.7)
)
LARGE = 0.25  # posterior sd; adds a sixteenth to the mean squared error, a 95 % interval so displaced holds 94.3 %
LIBERAL = 0.5  # of 1 - level: how far the mass held may be off (Bradley 1978, doi:10.1111/j.2044-8317.1978.tb00581.x)
MOST_OFF = 0.05  # of the posterior, whatever the level
LOSS = 4.0  # log density in all; less is too small to matter or to measure (Sivula and others 2020, arXiv:2008.10296)
LOSS_EACH = 0.1  # log density per observation: a tenth of the density, on average
LOSS_ERRORS = 2.0  # standard errors that a loss must exceed, the variation among observations

AGREES, SLIGHTLY, DIFFERS, UNKNOWN = "agrees", "differs slightly", "differs", ""


@dataclass(frozen=True)
class Loss:
    """What a point loses against the posterior in leave-one-out log predictive density.

    Attributes
    ----------
    total, error : float
        Posterior minus point over all observations, and its standard error; ``inf`` if the point rules one out.
    rows : int
        Observations in all.
    matters : bool
    small : bool
        Whether a loss `LOSS_ERRORS` standard errors larger would not matter either; if neither, it cannot be told.
    reason : str
        Why the two cannot be compared, or what to know; empty if there is nothing to say.
    """

    total: float
    error: float
    rows: int
    matters: bool
    small: bool
    reason: str


def word(gap: float, error: float) -> str:
    """Return what a distance is called: a larger one never less than a smaller one."""
    if not (np.isfinite(gap) and np.isfinite(error)):
        return UNKNOWN
    noise = STANDARD_ERRORS * error
    if abs(gap) <= max(SMALL, noise):
        return AGREES
    return SLIGHTLY if abs(gap) <= LARGE else DIFFERS


def allowed(level: float) -> float:
    """How far the mass held may be from the level."""
    return min(LIBERAL * (1 - level), MOST_OFF)


def holds(mass: float, error: float, level: float) -> bool | None:
    """Whether an interval holds about as much of the posterior as it says; None without an interval."""
    if not (np.isfinite(mass) and np.isfinite(error)):
        return None
    return abs(mass - level) <= max(allowed(level), STANDARD_ERRORS * error)


def loss(prediction: xr.Dataset | None, reading: str) -> Loss:
    r"""Loss of a point against the posterior, from their densities of the same observations.

    With differences :math:`d_i` for :math:`m` of :math:`n` observations the total is :math:`n \bar d`, its variance
    :math:`n s^2` and, if :math:`m < n`, :math:`n^2 (1 - m / n) s^2 / m` more for the choice of the subsample.
    """
    nothing = float("nan")
    if prediction is None:
        return Loss(nothing, nothing, 0, False, False, "predictions were not compared")
    elpd, n = prediction["elpd"], int(prediction.attrs["rows"])
    point, posterior = (elpd.sel(reading=name).values for name in (reading, "posterior"))
    for name in ("posterior", reading):
        if np.isnan(elpd.sel(reading=name).values).any():
            return Loss(
                nothing, nothing, n, False, False, str(prediction.attrs[f"reason_{name}"]) or "a density is missing"
            )
    bad = int(np.sum(~(prediction["khat"].values <= float(prediction.attrs["good_k"]))))
    if bad:
        reason = f"{bad} of {len(point)} Pareto k-hat values are too high to trust the posterior's densities"
        return Loss(nothing, nothing, n, False, False, reason)
    if np.isneginf(point).any():
        return Loss(float("inf"), nothing, n, True, False, str(prediction.attrs[f"reason_{reading}"]))
    difference, m = posterior - point, len(point)
    total, variance = float(n * difference.mean()), float(difference.var(ddof=1))
    error = float(np.sqrt(n * variance + n**2 * (1 - m / n) * variance / m))
    limit = min(LOSS, LOSS_EACH * n)
    matters = total > limit and total > LOSS_ERRORS * error
    small = total + LOSS_ERRORS * error <= limit
    return Loss(
        total, error, n, matters, small, "" if m == n else f"estimated from a random {m:,} of {n:,} observations"
    )


def stated(level: float) -> list[str]:
    """Return the rules in words, for the reader."""
    return [
        "A reading is enough if it exists, if no check of it or of the posterior failed, and if all of these hold.",
        f"Its distance from the posterior mean is at most {LARGE:g} posterior sd for every parameter. Up to {SMALL:g} "
        f"sd, or within {STANDARD_ERRORS:g} Monte Carlo standard errors, it agrees; up to {LARGE:g} sd it differs "
        "slightly; beyond, it differs.",
        f"It has an interval for every parameter, and that holds {percent(level)} of the posterior to within "
        f"{100 * allowed(level):.3g} percentage points, or to within {STANDARD_ERRORS:g} Monte Carlo standard errors.",
        f"It does not lose more than {LOSS:g} in leave-one-out log density against the posterior (with few "
        f"observations, {LOSS_EACH:g} for each), or no more than {LOSS_ERRORS:g} standard errors. Where the two cannot "
        "be compared, this rule is left out, and that is said.",
        f"A loss is too small to matter if {LOSS_ERRORS:g} standard errors more would not exceed that limit either. "
        "Otherwise, if it does not matter, it cannot be told, and does not count against the reading.",
    ]

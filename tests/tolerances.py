"""How far apart two numbers may be: every tolerance of the suite is one of these.

Monte Carlo: two estimates may differ by `K` standard errors. The suite makes about 1,000 such comparisons, each of
which a correct program fails with probability 6e-7: once in 2,000 changes of the seeds. Optimisers: a reading is
polished by Newton steps until the step is below `comparisons.optimum.CONVERGED` times the scale of the problem; a
factor of ten covers the distance between that scale and a standard error. Two independent implementations of one
formula differ by rounding, `ROUNDING`.
"""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
from numpy.typing import ArrayLike, NDArray

from comparisons.optimum import CONVERGED

K = 5.0
POINT = 10 * CONVERGED  # of a point reading, in standard errors
ROUNDING = 1e-9  # relative


def same_points(a: ArrayLike, b: ArrayLike, sd: ArrayLike, factor: float = 1.0) -> None:
    """Assert that two points differ by less than the optimiser's tolerance, in units of ``sd``."""
    gap = np.abs(np.subtract(a, b)) / np.asarray(sd)
    assert np.all(gap <= factor * POINT), f"largest distance {np.max(gap):.2e} sd, allowed {factor * POINT:.0e}"


def within_errors(estimate: ArrayLike, truth: ArrayLike, error: ArrayLike) -> None:
    """Assert that a Monte Carlo estimate lies within `K` standard errors of the truth, and that the error is known."""
    error = np.asarray(error)
    assert np.all(error > 0)
    gap = np.abs(np.subtract(estimate, truth)) / error
    assert np.all(gap <= K), f"largest distance {np.max(gap):.2f} standard errors, allowed {K:g}"


def mean_and_error(draws: NDArray[Any]) -> tuple[float, float]:
    """Mean of one quantity, draws of shape (chain, draw), and its Monte Carlo standard error."""
    return float(np.mean(draws)), float(az.mcse(np.asarray(draws, dtype=float), method="mean"))

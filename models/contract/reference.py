"""Independent answers: a number, where it comes from, and how well it is known.

Nothing here imports PyMC: a reference that shared its density with the model could not find an error in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """An independent answer for one reading of one parameter.

    Attributes
    ----------
    reading : str
        ``"mle"``, ``"map"`` or ``"posterior"`` (whose estimate is the posterior mean).
    parameter : str
        Name of the variable.
    value : array_like
        Its value, in the shape of the variable; NaN if the method failed, which the fit's check reports.
    source : str
        Method and library, for the table; or how the method failed.
    error : array_like
        Standard error of the value where it was itself simulated, else 0.
    """

    reading: str
    parameter: str
    value: Any
    source: str
    error: Any = 0.0


def search_mode(log_density: Callable[[Array], Array], start: Array, scale: Array) -> Array:
    """The mode of a smooth log density, by SciPy's BFGS with central differences.

    Parameters
    ----------
    log_density : callable
        Of points, shape (size, d) to (size,); ``-inf`` off the support.
    start, scale : array, shape (d,)
        Where to begin, and the length over which the density changes.

    Returns
    -------
    array, shape (d,)
    """
    from scipy.optimize import minimize

    def cost(v: Array) -> float:
        value = -float(log_density((start + v * scale)[None])[0])
        return value if np.isfinite(value) else 1e300

    v = np.zeros(len(start))
    with np.errstate(all="ignore"):
        for _ in range(3):  # a line search that gives up too early is started again where it stopped
            v = minimize(cost, v, method="BFGS", jac="3-point", options={"gtol": 1e-8, "maxiter": 2_000}).x
    return np.asarray(start + v * scale)


def importance_means(
    log_density: Callable[[Array], Array],
    centre: Array,
    covariance: Array,
    functions: Callable[[Array], Array],
    *,
    size: int = 60_000,
    rounds: int = 3,
) -> tuple[Array, Array]:
    """Posterior means by importance sampling from a multivariate t, adapted in a few rounds.

    Parameters
    ----------
    log_density : callable
        Unnormalised log density of points, shape (size, d) to (size,).
    centre, covariance : array, shape (d,) and (d, d)
        Where to start; every round takes over the weighted mean and covariance of the one before.
    functions : callable
        The quantities wanted, shape (size, d) to (size, q).
    size, rounds : int
        Points per round, and rounds.

    Returns
    -------
    means, errors : array, shape (q,)
        Estimates and their standard errors (delta method for the ratio of two means).

    Raises
    ------
    ArithmeticError
        If the effective number of points is below 1,000: the answer would not be one.

    References
    ----------
    Cappe, O. and others (2004), Population Monte Carlo, doi:10.1198/106186004X12803.
    Owen, A. B. (2013), Monte Carlo theory, methods and examples, chapter 9.
    """
    from scipy.stats import multivariate_t

    rng = np.random.default_rng(20_040_601)
    for _ in range(rounds):
        try:
            proposal = multivariate_t(centre, covariance, df=6, seed=rng)
        except np.linalg.LinAlgError as failure:
            raise ArithmeticError(f"importance sampling failed: {failure}") from failure
        points = np.asarray(proposal.rvs(size)).reshape(size, len(centre))
        log_weight = log_density(points) - proposal.logpdf(points)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        centre = weight @ points
        deviation = points - centre
        covariance = (weight[:, None] * deviation).T @ deviation
    effective = 1 / np.sum(weight**2)
    if effective < 1_000:
        raise ArithmeticError(f"importance sampling failed: {effective:.0f} effective points of {size}")
    values = functions(points)
    means = weight @ values
    return means, np.sqrt(weight**2 @ (values - means) ** 2)

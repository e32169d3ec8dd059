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


def linear_improper(n: int, columns: int, flat: bool, perfect: bool) -> str:
    """Whether the posterior of a Normal linear model exists, and its moments.

    With flat priors of the coefficients and of sigma, the marginal posterior of sigma falls as ``sigma^-(n -
    columns)``: it can be normalised for ``n - columns >= 2``, has a mean from 3 on and a standard deviation from 4 on.
    If the fit is perfect, it grows without limit as sigma goes to 0.

    Parameters
    ----------
    n, columns : int
        Rows and coefficients, the intercept included.
    flat : bool
        Whether the priors of coefficients and sigma are flat.
    perfect : bool
        Whether a perfect fit leaves sigma free to go to 0 (and there are more rows than coefficients).
    """
    spare = n - columns
    if perfect and spare >= 1:
        return "improper: the fit is perfect, so the posterior piles up without limit at sigma = 0"
    if flat and spare < 2:
        return f"improper: {n} rows are too few for {columns} coefficients under flat priors"
    if flat and spare < 4:
        missing = "mean" if spare < 3 else "standard deviation"
        return f"no {missing}: {n} rows are too few for {columns} coefficients under flat priors"
    return ""


def linear_posterior(
    design: Array, outcome: Array, mean: Array, sd: Array, log_prior_sigma: Callable[[Array], Array]
) -> tuple[Array, float]:
    r"""Posterior means of the coefficients and the noise scale of a Normal linear model.

    Given :math:`\sigma`, coefficients with independent Normal priors have the exact Normal ("ridge") posterior
    :math:`\beta \mid \sigma \sim N(P^{-1} (X^T y / \sigma^2 + S^{-1} m), P^{-1})` with
    :math:`P = X^T X / \sigma^2 + S^{-1}`. What is left is one integral over :math:`\log \sigma`, done by the trapezoid
    rule, which converges geometrically for integrands that vanish at both ends.

    Parameters
    ----------
    design : array, shape (n, k)
        :math:`X`, with a column of ones for the intercept.
    outcome : array, shape (n,)
    mean, sd : array, shape (k,)
        Prior mean and standard deviation of each coefficient; an infinite sd is a flat prior.
    log_prior_sigma : callable
        Log prior density of :math:`\sigma` on its own scale.

    Returns
    -------
    coefficients : array, shape (k,)
    sigma : float

    References
    ----------
    Gelman, A. and others (2013), Bayesian Data Analysis, third edition, section 14.2.
    Trefethen, L. N. and Weideman, J. A. C. (2014), The exponentially convergent trapezoidal rule,
    doi:10.1137/130932132.
    """
    precision = 1 / np.square(sd)
    n = len(outcome)

    def conditional(log_sigma: float) -> tuple[float, Array]:
        scale = np.exp(log_sigma)
        factor = np.linalg.cholesky(design.T @ design / scale**2 + np.diag(precision))
        right = design.T @ outcome / scale**2 + precision * mean
        beta = np.linalg.solve(factor.T, np.linalg.solve(factor, right))
        misfit = np.sum((outcome - design @ beta) ** 2) / scale**2 + np.sum(precision * (beta - mean) ** 2)
        return float(-n * log_sigma - np.log(np.diag(factor)).sum() - misfit / 2), beta

    def log_density(grid: Array) -> tuple[Array, Array]:
        values, betas = zip(*map(conditional, grid), strict=True)
        # The density of log sigma carries the Jacobian sigma.
        return np.array(values) + log_prior_sigma(np.exp(grid)) + grid, np.array(betas)

    centre = np.log(np.std(outcome, ddof=1))
    coarse = centre + np.linspace(-12, 30, 841)
    height, _ = log_density(coarse)
    inside = coarse[height > height.max() - 45]
    grid = np.linspace(inside[0] - 0.05, inside[-1] + 0.05, 801)
    values, betas = log_density(grid)
    weight = np.exp(values - values.max())
    weight /= weight.sum()
    return weight @ betas, float(weight @ np.exp(grid))


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

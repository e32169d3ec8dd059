"""The Normal linear model: whether its posterior exists, and its means by quadrature over sigma."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.data import constant
from models.contract.distribution import Distribution
from models.contract.reference import Array

if TYPE_CHECKING:
    import xarray as xr


def fisher(data: xr.Dataset, mean: Any, sigma: Any, projected: Any = None) -> None:
    """Add the statistics of a Normal linear model to the open PyMC model (`models.contract.sufficient`).

    Parameters
    ----------
    data : xarray.Dataset
        With ``squares`` and ``freedom``; ``rows`` and ``mean`` if there is an intercept; ``projection`` if there are
        predictors.
    mean, projected : tensor
        Expectations of the mean, None without intercept, and of the projections, None without predictors.
    sigma : tensor
    """
    import pymc as pm
    import pytensor.tensor as pt

    if mean is not None:
        error = sigma / pt.sqrt(constant(data, "rows"))
        pm.Normal("mean", mu=mean, sigma=error, observed=constant(data, "mean"))
    if projected is not None:
        observed = constant(data, "projection")
        pm.Normal("projection", mu=projected, sigma=sigma, observed=observed, dims="direction")
    shape = constant(data, "freedom") / 2
    pm.Gamma("squares", alpha=shape, beta=1 / (2 * sigma**2), observed=constant(data, "squares"))


def linear_improper(n: int, rank: int, flat_columns: int, sigma: Distribution, perfect: bool) -> str:
    r"""Whether the posterior of a Normal linear model exists, and its moments.

    Far out, the marginal posterior of :math:`\sigma` falls as :math:`\sigma^{-(n - f + t)}`, with :math:`f`
    coefficients under flat priors and a prior of :math:`\sigma` that falls as :math:`\sigma^{-t}`: it can be normalised
    if that power exceeds 1, has a mean if it exceeds 2 and a standard deviation if it exceeds 3. If the design, of rank
    :math:`r`, fits perfectly, it behaves near zero as :math:`\sigma^{r - n + q}`, where the prior behaves as
    :math:`\sigma^q`.

    Parameters
    ----------
    n, rank : int
        Rows, and rank of the design, the intercept included.
    flat_columns : int
        Coefficients whose prior is flat; the design must determine them.
    sigma : Distribution
        Prior of sigma, or the number at which it is held.
    perfect : bool
        Whether some coefficients leave no residual.
    """
    if sigma.fixed:
        return ""
    if perfect and rank - n + sigma.at_zero <= -1:
        return "improper: the fit is perfect, so the posterior piles up without limit at sigma = 0"
    power = n - flat_columns + float(sigma.tail)
    if power > 3:
        return ""
    what = "improper" if power <= 1 else "no mean" if power <= 2 else "no standard deviation"
    return f"{what}: {n} rows are too few for {flat_columns} coefficients under flat priors and sigma ~ {sigma}"


def linear_posterior(
    design: Array,
    outcome: Array,
    mean: Array,
    sd: Array,
    prior_sigma: Distribution,
    rows: int | None = None,
    spread: float | None = None,
) -> tuple[Array, float]:
    r"""Posterior means of the coefficients and the noise scale of a Normal linear model.

    Given :math:`\sigma`, coefficients with independent Normal priors have the exact Normal ("ridge") posterior
    :math:`\beta \mid \sigma \sim N(P^{-1} (X^T y / \sigma^2 + S^{-1} m), P^{-1})` with :math:`P = X^T X / \sigma^2 +
    S^{-1}`. What is left is one integral over :math:`\log \sigma`, done by the midpoint rule, which converges
    geometrically for integrands that vanish at both ends, and needs no value there if they do not.

    Parameters
    ----------
    design : array, shape (n, k)
        :math:`X`, with a column of ones for the intercept.
    outcome : array, shape (n,)
    mean, sd : array, shape (k,)
        Prior mean and standard deviation of each coefficient; an infinite sd is a flat prior, one of zero a number held
        fixed.
    prior_sigma : Distribution
        Prior of :math:`\sigma`, or the number at which it is held.
    rows : int, optional
        Number of observations, if design and outcome are fewer rows with the same sums of products.
    spread : float, optional
        Their standard deviation then, from which the search for the posterior of sigma sets out.

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
    known = sd == 0
    outcome, n = outcome - design[:, known] @ mean[known], rows or len(outcome)
    design, mean_of_all, mean, precision = design[:, ~known], mean, mean[~known], 1 / np.square(sd[~known])

    def whole(beta: Array) -> Array:
        result = mean_of_all.astype(float)
        result[~known] = beta
        return result

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
        return np.array(values) + prior_sigma.log_density(np.exp(grid)) + grid, np.array(betas)

    if spread is None:
        spread = float(np.sqrt(np.mean(outcome**2)) if n == 1 else np.std(outcome, ddof=1))
    if len(design) > design.shape[1] + 1:  # the same sums of squares from as many rows as there are columns
        triangle = np.linalg.qr(np.column_stack([design, outcome]), mode="r")
        design, outcome = triangle[:, :-1], triangle[:, -1]
    if prior_sigma.fixed:
        sigma = float(prior_sigma.hyperparameters["value"])
        return whole(conditional(np.log(sigma))[1]), sigma
    with np.errstate(divide="ignore"):
        ends = [float(np.log(end)) for end in prior_sigma.support]
    low, high = max(np.log(spread) - 12, ends[0]), min(np.log(spread) + 30, ends[1])
    low, high = (low, high) if low < high else (ends[0], ends[1])
    coarse, step = _middles(low, high, 841)
    height, _ = log_density(coarse)
    inside = coarse[height > height.max() - 45]
    grid, _ = _middles(max(inside[0] - step, low), min(inside[-1] + step, high), 801)
    values, betas = log_density(grid)
    weight = np.exp(values - values.max())
    weight /= weight.sum()
    return whole(weight @ betas), float(weight @ np.exp(grid))


def _middles(low: float, high: float, cells: int) -> tuple[Array, float]:
    """Middles of equal cells between two ends, and their width."""
    width = (high - low) / cells
    return np.asarray(low + width * (np.arange(cells) + 0.5)), width

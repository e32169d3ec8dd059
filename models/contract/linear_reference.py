"""Independent answers for linear regression: least squares, Ridge, Lasso, quadrature, importance sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from models.contract.compact import has_statistics
from models.contract.distribution import Distribution, Prior
from models.contract.linear import linear_posterior
from models.contract.predictors import count, design_matrix, has_intercept, is_centred, outcome
from models.contract.reference import Array, Reference, importance_means, search_mode

if TYPE_CHECKING:
    import xarray as xr

CONJUGATE = ("Normal", "Flat", "Fixed")


def linear_reference(data: xr.Dataset, prior: Prior, unique: bool, exists: bool) -> list[Reference]:
    """Answers for all three readings, as far as the priors allow.

    Parameters
    ----------
    data : xarray.Dataset
        With predictors ``x`` and outcome ``y``; or their statistics, in whose place stand as few rows with the same
        sums of products.
    prior : Prior
        Of ``intercept`` (if there is one), ``beta`` and ``sigma``.
    unique, exists : bool
        Whether the likelihood, and the joint density, has a maximum.
    """
    design, y = design_matrix(data), outcome(data)
    names = [prior[name].name for name in ("intercept", "beta") if name in prior]
    answers: list[Reference] = []
    if unique:
        held = "intercept" in prior and prior["intercept"].fixed
        known = np.array([float(prior["intercept"].hyperparameters["value"])]) if held else np.zeros(0)
        rest = _least_squares(design[:, len(known) :], y - design[:, : len(known)] @ known)
        ols = np.append(known, rest)
        sigma = float(np.sqrt(np.sum((y - design @ ols) ** 2) / count(data)))
        answers += _answers(data, "mle", ols, sigma, "least squares (NumPy); root mean squared residual")
    if exists:
        if all(name in CONJUGATE for name in names):
            answers += _conjugate(data, prior, design, y)
        elif names[-1] == "Laplace" and _is_lasso(data, prior):
            answers += _searched(data, prior, y, *_lasso(data, prior, design, y))
        if not all(name in CONJUGATE for name in names):
            answers += _by_importance(data, prior, design, y)
    return [one for one in answers if one.parameter in prior and not prior[one.parameter].fixed]


def _least_squares(design: Array, y: Array) -> Array:
    """Least squares with columns of comparable length, so that none counts as zero for its unit."""
    length = np.sqrt(np.mean(design**2, axis=0))
    length = np.where(length > 0, length, 1.0)
    solution: Array = np.linalg.lstsq(design / length, y)[0] / length
    return solution


def _answers(
    data: xr.Dataset, reading: str, values: Array, sigma: float, source: str, errors: Array | None = None
) -> list[Reference]:
    """Split coefficients and ``sigma`` into references."""
    errors = np.zeros(len(values) + 1) if errors is None else errors
    first = int(has_intercept(data))
    intercept = [Reference(reading, "intercept", values[0], source, errors[0])] if first else []
    return [
        *intercept,
        Reference(reading, "beta", values[first:], source, errors[first:-1]),
        Reference(reading, "sigma", sigma, source, errors[-1]),
    ]


def _positive(sigma: Distribution) -> bool:
    """Whether sigma may be any positive number: a search over its logarithm may then go anywhere."""
    return sigma.fixed or (not np.any(sigma.support[0]) and bool(np.all(np.isposinf(sigma.support[1]))))


def _normal(data: xr.Dataset, prior: Prior) -> tuple[Array, Array]:
    """Means and standard deviations of the coefficients' Normal, flat and fixed priors, shape (k,) each."""
    means, sds = [], []
    for name, size in (("intercept", int(has_intercept(data))), ("beta", data.sizes["predictor"])):
        if size:
            h = prior[name].hyperparameters
            sd = 0.0 if prior[name].fixed else h.get("sigma", np.inf)
            means.append(np.broadcast_to(h.get("value", h.get("mu", 0.0)), size))
            sds.append(np.broadcast_to(sd, size))
    return np.concatenate(means).astype(float), np.concatenate(sds).astype(float)


def _conjugate(data: xr.Dataset, prior: Prior, design: Array, y: Array) -> list[Reference]:
    """Normal, flat or fixed coefficients: the mode by Ridge at the best sigma, the means by quadrature over sigma.

    With ``z = x * sd`` and ``w = (coefficient - mean) / sd``, minus the log joint density given sigma is ``|r - z w|^2
    / (2 sigma^2) + |w|^2 / 2``: scikit-learn's ``Ridge(alpha=sigma^2)``. Flat coefficients have a unit so large that
    their penalty is nothing, and are solved for by least squares instead if all are flat.
    """
    from sklearn.linear_model import Ridge

    mean, sd = _normal(data, prior)
    free, flat = sd > 0, np.isinf(sd)
    rest = y - design[:, ~free] @ mean[~free]

    def solve(log_sigma: float) -> tuple[Array, float]:
        values = mean.copy()
        if flat[free].all():
            values[free] = _least_squares(design[:, free], rest)
            return values, 0.0
        # Flat coefficients leave the problem by projection on what their columns cannot explain.
        proper = free & ~flat
        basis = np.linalg.qr(design[:, flat])[0]
        off = [
            part - basis @ (basis.T @ part)
            for part in (design[:, proper] * sd[proper], rest - design[:, proper] @ mean[proper])
        ]
        ridge = Ridge(alpha=float(np.exp(2 * log_sigma)), fit_intercept=False, solver="cholesky")
        w = ridge.fit(off[0], off[1]).coef_
        values[proper] = mean[proper] + w * sd[proper]
        left = rest - design[:, proper] @ values[proper]
        values[flat] = _least_squares(design[:, flat], left) if flat.any() else values[flat]
        return values, float(np.sum(w**2) / 2)

    name = "least squares" if flat[free].all() else "scikit-learn Ridge(alpha = sigma^2 / tau^2)"
    size = (count(data), float(data["spread"])) if has_statistics(data) else ()
    coefficients, sigma = linear_posterior(design, y, mean, sd, prior["sigma"], *size)
    source = "exact ridge posterior given sigma, quadrature over sigma"
    return _searched(data, prior, y, solve, name) + _answers(data, "posterior", coefficients, sigma, source)


def _is_lasso(data: xr.Dataset, prior: Prior) -> bool:
    """Whether scikit-learn's Lasso gives the mode: zero is the kink, and the intercept does not interfere."""
    if np.any(prior["beta"].hyperparameters["mu"]):
        return False
    return not has_intercept(data) or (is_centred(data) and prior["intercept"].name in CONJUGATE)


def _lasso(
    data: xr.Dataset, prior: Prior, design: Array, y: Array
) -> tuple[Callable[[float], tuple[Array, float]], str]:
    """The mode given sigma by scikit-learn's Lasso.

    With ``z = x * b`` and ``w = beta / b`` minus the log joint density is ``|y - z w|^2 / (2 sigma^2) + |w|_1``: hence
    ``Lasso(alpha=sigma^2 / n)``, which divides the sum of squares by 2 n.
    """
    from sklearn.linear_model import Lasso

    first, n = int(has_intercept(data)), count(data)
    unit = prior["beta"].hyperparameters["b"] + np.zeros(data.sizes["predictor"])
    middle = float(design[:, 0] @ y) / n if first else 0.0
    z, target = design[:, first:] * unit, y - design[:, 0] * middle if first else y
    h = prior["intercept"].hyperparameters if first else {}
    location, held = float(h.get("value", h.get("mu", 0.0))), first and prior["intercept"].fixed
    scale = float(h.get("sigma", np.inf))

    def solve(log_sigma: float) -> tuple[Array, float]:
        variance = float(np.exp(2 * log_sigma))
        w = Lasso(alpha=variance / len(y), fit_intercept=False, tol=1e-13, max_iter=100_000).fit(z, target).coef_
        penalty, intercept = float(np.abs(w).sum()), []
        if first:
            best = (n * middle / variance + location / scale**2) / (n / variance + 1 / scale**2)
            intercept = [location if held else best]
            penalty += 0.0 if held else ((best - location) / scale) ** 2 / 2
        return np.append(intercept, w * unit), penalty

    return solve, "scikit-learn Lasso(alpha = sigma^2 / (n b))"


def _searched(
    data: xr.Dataset, prior: Prior, y: Array, solve: Callable[[float], tuple[Array, float]], name: str
) -> list[Reference]:
    """The mode, from the best coefficients for every sigma and a search over sigma."""
    from scipy.optimize import minimize_scalar

    design, n = design_matrix(data), count(data)
    if prior["sigma"].fixed:
        sigma = float(prior["sigma"].hyperparameters["value"])
        return _answers(data, "map", solve(np.log(sigma))[0], sigma, name)

    def cost(log_sigma: float) -> float:
        values, penalty = solve(log_sigma)
        misfit = np.sum((y - design @ values) ** 2) * np.exp(-2 * log_sigma)
        return float(n * log_sigma + misfit / 2 + penalty - prior["sigma"].log_density(np.exp(log_sigma)))

    # Shrinking can only leave more unexplained than least squares does; an Exponential prior pulls sigma down a little.
    residual = y - design @ _least_squares(design, y)
    size, left = (float(np.sqrt(np.sum(part**2) / n)) for part in (y, residual))
    lowest, highest = np.log(max(left, size * 1e-6)) - 3, np.log(size) + 1
    with np.errstate(divide="ignore"):
        ends = [float(np.log(end)) for end in prior["sigma"].support]
    bounds = (max(lowest, ends[0]), min(highest, ends[1]))
    if not bounds[0] < bounds[1]:
        return []
    best = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x
    if min(best - bounds[0], bounds[1] - best) < 1e-3:
        return []
    return _answers(data, "map", solve(best)[0], float(np.exp(best)), f"{name}, search over sigma")


def _by_importance(data: xr.Dataset, prior: Prior, design: Array, y: Array) -> list[Reference]:
    """Any priors whose densities SciPy knows: means by importance sampling in ``(coefficients, log sigma)``.

    The mode too, by a search, unless a Laplace prior makes a kink of it.
    """
    n, k = count(data), design.shape[1]
    if np.linalg.matrix_rank(design) < k or n <= k:
        return []  # no centre to propose from
    ols = _least_squares(design, y)
    gram, rss = design.T @ design, float(np.sum((y - design @ ols) ** 2))
    first, known = int(has_intercept(data)), prior["sigma"].fixed
    if first and prior["intercept"].fixed:
        return []
    log_known = float(np.log(prior["sigma"].hyperparameters["value"])) if known else 0.0

    def joint(points: Array) -> Array:
        values, log_sigma = points[:, :k], np.full(len(points), log_known) if known else points[:, k]
        deviation = values - ols
        squares = rss + np.einsum("ij,jk,ik->i", deviation, gram, deviation)
        total = -n * log_sigma - squares * np.exp(-2 * log_sigma) / 2
        if first:
            total = total + prior["intercept"].log_density(values[:, 0])
        total = total + prior["beta"].log_density(values[:, first:]).sum(axis=1)
        return np.asarray(total + prior["sigma"].log_density(np.exp(log_sigma)))

    def declared(points: Array) -> Array:
        return points if known else np.column_stack([points[:, :k], np.exp(points[:, k])])

    variance = np.exp(2 * log_known) if known else rss / (n - k)
    # What the prior knows, roughly: the square of its central half.
    width = np.full(k, np.inf)
    try:
        for name, where in (("intercept", slice(0, first)), ("beta", slice(first, k))):
            if name in prior and prior[name].proper:
                width[where] = np.diff(prior[name].scipy.interval(0.5), axis=0)[0] / 1.35
        covariance = np.zeros((k + 1, k + 1))
        covariance[:k, :k] = np.linalg.inv(gram / variance + np.diag(width**-2.0))
        covariance[k, k] = 1 / (2 * n)
        size = k if known else k + 1
        centre, covariance = np.append(ols, np.log(variance) / 2)[:size], covariance[:size, :size]
        means, errors = importance_means(
            lambda points: joint(points) + points[:, k:].sum(axis=1), centre, covariance, declared
        )
        answers = []
        slopes = [one for name, one in prior.items() if name != "sigma"]
        if all(one.unbounded and one.name != "Laplace" for one in slopes) and _positive(prior["sigma"]):
            mode = declared(search_mode(joint, centre, np.sqrt(np.diag(covariance)))[None])[0]
            answers = _answers(data, "map", mode[:k], float(mode[k:].sum()), "search by BFGS (SciPy)")
    except (KeyError, ArithmeticError):
        return []
    errors = np.append(errors, np.zeros(k + 1 - len(errors)))
    source = "importance sampling, multivariate t"
    return answers + _answers(data, "posterior", means[:k], float(means[k:].sum()), source, errors)

"""Independent answers for logistic regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.contract.distribution import Prior
from models.contract.predictors import design_matrix, has_intercept
from models.contract.reference import Array, Reference, importance_means, search_mode

if TYPE_CHECKING:
    import xarray as xr

BLOCK = 32_768  # linear predictors at once: few enough to stay in a processor's cache


def logit_reference(data: xr.Dataset, prior: Prior, unique: bool, improper: str) -> list[Reference]:
    """Answers for all three readings, as far as the priors allow.

    Parameters
    ----------
    data : xarray.Dataset
        With predictors ``x``, successes ``y`` and ``trials``.
    prior : Prior
        Of ``intercept`` (if there is one) and ``beta``.
    unique : bool
        Whether the likelihood has a maximum.
    improper : str
        Why the posterior, or its moments, do not exist (`models.contract.Scenario`).
    """
    if any(one.fixed for one in prior.values()):
        return []
    design, y, trials = design_matrix(data), data["y"].values, data["trials"].values
    names = [one.name for one in prior.values()]
    answers: list[Reference] = []
    if unique:
        unpenalised = _scikit_learn(design, y, trials, np.full(design.shape[1], np.inf))
        answers += _answers(data, "mle", unpenalised, "scikit-learn LogisticRegression(C = inf)")
        if set(names) == {"Flat"}:
            answers += _answers(data, "map", unpenalised, "scikit-learn LogisticRegression(C = inf)")
    if improper.startswith("improper"):
        return answers
    centred = all(not np.any(part.hyperparameters.get("mu", 0.0)) for part in prior.values())
    if centred and set(names) == {"Normal"}:
        source = "scikit-learn LogisticRegression(C = tau^2)"
        answers += _answers(data, "map", _scikit_learn(design, y, trials, _widths(data, prior, "sigma")), source)
    elif centred and names in (["Normal", "Laplace"], ["Laplace"]):
        source = "SciPy L-BFGS-B, beta split into two non-negative parts"
        answers += _answers(data, "map", _split(data, prior, design, y, trials), source)
    means, mode = _by_importance(data, prior, design, y, trials)
    known = any(answer.reading == "map" for answer in answers)
    if mode is not None and not known and "Laplace" not in names and all(one.unbounded for one in prior.values()):
        answers += _answers(data, "map", mode, "search by BFGS (SciPy)")
    return answers + means


def _widths(data: xr.Dataset, prior: Prior, key: str) -> Array:
    """A scale of each coefficient's prior, shape (k,)."""
    beta = np.broadcast_to(prior["beta"].hyperparameters[key], data.sizes["predictor"])
    return np.append(prior["intercept"].hyperparameters["sigma"], beta) if has_intercept(data) else np.array(beta)


def _answers(
    data: xr.Dataset, reading: str, values: Array, source: str, errors: Array | None = None
) -> list[Reference]:
    errors, first = np.zeros(len(values)) if errors is None else errors, int(has_intercept(data))
    intercept = [Reference(reading, "intercept", values[0], source, errors[0])] if first else []
    return [*intercept, Reference(reading, "beta", values[first:], source, errors[first:])]


def _log_likelihood(design: Array, y: Array, trials: Array, values: Array) -> Array:
    """Log likelihood of each row of coefficients, shape (size, k) to (size,), up to a constant."""
    count = max(1, BLOCK // len(design))
    total: Array = values @ (design.T @ y)
    if values.ndim == 1:
        return total - _softplus(values @ design.T) @ trials
    for at in range(0, len(values), count):
        total[at : at + count] -= _softplus(values[at : at + count] @ design.T) @ trials
    return total


def _softplus(linear: Array) -> Array:
    """``log(1 + exp(linear))`` with the error of one rounding of its sum: several times faster than `logaddexp`."""
    small = np.exp(-np.abs(linear))
    return np.asarray(np.maximum(linear, 0) + np.log(1 + small))


def _scikit_learn(design: Array, y: Array, trials: Array, unit: Array) -> Array:
    """Mode under Normal(0, unit) priors: columns multiplied by ``unit`` all have C = 1; infinite units mean C = inf."""
    from sklearn.linear_model import LogisticRegression

    unpenalised = bool(np.all(np.isinf(unit)))
    scale = 1 / np.sqrt(np.mean(design**2, axis=0)) if unpenalised else unit
    rows, weight = np.concatenate([design, design]) * scale, np.concatenate([y, trials - y]).astype(float)
    event, some = np.repeat([1, 0], len(y)), weight > 0
    fitted = LogisticRegression(
        C=np.inf if unpenalised else 1.0, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1_000
    ).fit(rows[some], event[some], sample_weight=weight[some])
    return np.asarray(fitted.coef_[0] * scale)


def _split(data: xr.Dataset, prior: Prior, design: Array, y: Array, trials: Array) -> Array:
    """Mode under a Normal intercept and Laplace slopes, each slope a difference of two parts >= 0."""
    from scipy.optimize import minimize
    from scipy.special import expit

    k, first = design.shape[1], int(has_intercept(data))
    h, slope = prior["beta"].hyperparameters["b"], np.empty(k)
    slope[first:] = np.broadcast_to(h, k - first)
    slope[:first] = prior["intercept"].hyperparameters["sigma"] if first else 0.0
    scaled = design * slope

    def objective(parts: Array) -> tuple[float, Array]:
        w = np.append(parts[:first], parts[first:k] - parts[k:])
        gradient = -scaled.T @ (y - trials * expit(scaled @ w))
        value = -float(_log_likelihood(scaled, y, trials, w)) + np.sum(w[:first] ** 2) / 2 + parts[first:].sum()
        return value, np.concatenate([gradient[:first] + w[:first], gradient[first:] + 1, -gradient[first:] + 1])

    bounds = [(None, None)] * first + [(0, None)] * (2 * (k - first))
    options = {"maxiter": 10_000, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}
    start = np.full(2 * k - first, 0.1)
    parts = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    w = np.append(parts[:first], parts[first:k] - parts[k:])
    # With millions of events a search ends where the sum is rounded; Newton steps of what is not zero go on.
    sign, ridge = np.sign(w) * (np.arange(k) >= first), (np.arange(k) < first).astype(float)
    on = (w != 0) | (ridge > 0)
    for _ in range(3):
        probability = expit(scaled @ w)
        slopes = scaled.T @ (y - trials * probability) - sign - ridge * w
        curvature = scaled.T @ (scaled * (trials * probability * (1 - probability))[:, None]) + np.diag(ridge)
        after = w.copy()
        after[on] += np.linalg.solve(curvature[np.ix_(on, on)], slopes[on])
        if np.any(after * sign < 0):
            break
        w = after
    return w * slope


def _by_importance(
    data: xr.Dataset, prior: Prior, design: Array, y: Array, trials: Array
) -> tuple[list[Reference], Array | None]:
    """Posterior means by importance sampling, and the mode by a search; nothing if SciPy does not know the prior."""
    if design.size > 60_000:
        return [], None  # it would take minutes
    unit, first = 1 / np.sqrt(np.mean(design**2, axis=0)), int(has_intercept(data))
    scaled, k = design * unit, design.shape[1]

    def log_density(points: Array) -> Array:
        values = points * unit
        total = _log_likelihood(scaled, y, trials, points) + prior["beta"].log_density(values[:, first:]).sum(axis=1)
        return np.asarray(total + prior["intercept"].log_density(values[:, 0]) if first else total)

    try:
        centre = search_mode(log_density, np.zeros(k), np.ones(k))
        probability = 1 / (1 + np.exp(-scaled @ centre))
        information = scaled.T @ (scaled * (trials * probability * (1 - probability))[:, None]) + 0.05 * np.eye(k)
        means, errors = importance_means(log_density, centre, np.linalg.inv(information), lambda points: points * unit)
    except (KeyError, ArithmeticError):
        return [], None
    return _answers(data, "posterior", means, "importance sampling, multivariate t", errors), centre * unit

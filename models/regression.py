"""Regression: which predictors matter, and what does shrinking do to the answer?

One likelihood under three priors: ``normal`` makes the mode ridge regression, ``laplace`` makes it the lasso, ``flat``
makes it ordinary least squares. The lasso's exact zeros belong to the mode alone: no draw of its posterior is zero, and
its mean never is. (Park, T. and Casella, G. 2008, The Bayesian lasso, doi:10.1198/016214508000000337. They scale the
Laplace prior with sigma to rule out a second mode; here it has a fixed scale, and the restarts of the optimiser look
for that mode.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import Distribution, Prior, Reference, Scenario, constant, coordinates, dataset, is_numeric
from models.contract.reference import Array, importance_means, linear_improper, linear_posterior

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

TRUTH: dict[str, Any] = {"intercept": 1.0, "beta": [1.0, -0.75, 0.5, 0, 0, 0, 0, 0, 0, 0], "sigma": 1.5}
CORRELATION = 0.6
SEED = 10


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Linear model: ``y[i] ~ Normal(intercept + (x[i] - mean(x)) . beta, sigma)``.

    Predictors are centred, so that ``intercept`` is the expected outcome at their means and does not depend on
    ``beta``.
    """
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        intercept = prior["intercept"].variable("intercept")
        beta = prior["beta"].variable("beta", dims="predictor")
        sigma = prior["sigma"].variable("sigma")
        x = constant(data.assign(x=data["x"] - data["x"].mean("observation")), "x")
        pm.Normal("y", mu=intercept + x @ beta, sigma=sigma, observed=constant(data, "y"), dims="observation")
    return result


def priors(data: xr.Dataset) -> dict[str, Prior]:
    """Scales of ``beta`` are those of standardised predictors and outcome, put back into the units of the data."""
    centre, spread = float(data["y"].mean()), float(data["y"].std(ddof=1))
    unit = spread / data["x"].std("observation", ddof=1).values
    common = {
        "intercept": Distribution("Normal", mu=centre, sigma=2.5 * spread),
        "sigma": Distribution("Exponential", lam=1 / spread),
    }
    return {
        "normal": {**common, "beta": Distribution("Normal", mu=np.zeros_like(unit), sigma=0.25 * unit)},
        "laplace": {**common, "beta": Distribution("Laplace", mu=np.zeros_like(unit), b=0.1 * unit)},
        "flat": {
            "intercept": Distribution("Flat"),
            "beta": Distribution("Flat"),
            "sigma": Distribution("HalfFlat"),
        },
    }


def simulate(rng: np.random.Generator, n: int = 100) -> xr.Dataset:
    """Ten predictors, neighbours correlated 0.6, three of which matter."""
    p = len(TRUTH["beta"])
    distance = np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    x = rng.multivariate_normal(np.zeros(p), CORRELATION**distance, size=n)
    centred = x - x.mean(axis=0)
    y = TRUTH["intercept"] + centred @ np.array(TRUTH["beta"]) + rng.normal(0, TRUTH["sigma"], n)
    return dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y)},
        coords={"predictor": [f"x{j + 1}" for j in range(p)]},
        title=f"{n} observations, ten correlated predictors, three of which matter",
        source=f"simulated; correlation {CORRELATION} between neighbours, sigma = {TRUTH['sigma']}",
        truth={**TRUTH, "beta": ("predictor", TRUTH["beta"])},
        seed=SEED,
    )


def diabetes() -> xr.Dataset:
    """Disease progression of 442 patients and ten measurements, in their own units."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    return dataset(
        {"x": (("observation", "predictor"), bunch.data), "y": ("observation", bunch.target)},
        coords={"predictor": list(bunch.feature_names)},
        title="Progression of diabetes in 442 patients after one year, and ten measurements at the start",
        source="Efron and others (2004), doi:10.1214/009053604000000067; shipped with scikit-learn",
    )


def read(table: pd.DataFrame) -> xr.Dataset:
    """Read a table whose column ``y`` is the outcome; all others are predictors."""
    if "y" not in table or table.shape[1] < 2:
        raise ValueError("regression needs an outcome column 'y' and at least one predictor column")
    if not is_numeric(table):
        raise ValueError("all columns must hold finite numbers only")
    x = table.drop(columns="y")
    for column in table:
        if table[column].nunique() < 2:
            raise ValueError(f"column {column!r} is constant: leave it out")
    return dataset(
        {"x": (("observation", "predictor"), x.to_numpy(float)), "y": ("observation", table["y"].to_numpy(float))},
        coords={"predictor": list(map(str, x.columns))},
        title=f"{len(table):,} observations, {x.shape[1]} predictors",
        source="your table",
    )


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """Coefficients of the size the data could hold, a spread within a factor of three of the outcome's."""
    spread = data["y"].std(ddof=1).values
    unit = spread / data["x"].std("observation", ddof=1).values
    return {
        "intercept": data["y"].mean().values + spread * rng.normal(),
        "beta": rng.normal(size=unit.size) * unit * 0.5,
        "sigma": spread * 3 ** rng.uniform(-1, 1),
    }


def obstacle(data: xr.Dataset, prior: Prior | None = None) -> str:
    """Predictors that determine each other, or that fit the outcome perfectly, unless the prior prevents it."""
    design, y = _standardised(data), data["y"].values
    rank = np.linalg.matrix_rank(design)
    fitted = design @ np.linalg.lstsq(design, y)[0]
    perfect = np.sum((y - fitted) ** 2) < 1e-20 * np.sum((y - y.mean()) ** 2)
    if perfect and not (prior and prior["sigma"].keeps_from_zero):
        return "unbounded: the predictors fit the outcome perfectly, so the density grows for ever as sigma goes to 0"
    if rank < design.shape[1] and not (prior and prior["beta"].proper):
        return f"not unique: the {design.shape[1]} columns of the design have rank {rank}"
    return ""


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Too few rows for flat priors, predictors that determine each other, or a perfect fit."""
    found = obstacle(data, prior)
    if found.startswith("not unique"):
        return f"improper: {found}, and the prior is flat"
    flat = not prior["beta"].proper and not prior["intercept"].proper and not prior["sigma"].proper
    n, columns = data["x"].shape[0], data["x"].shape[1] + 1
    return linear_improper(n, columns, flat, found.startswith("unbounded"))


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Least squares, Ridge and Lasso of scikit-learn at the best sigma, and posterior means without a Markov chain."""
    if obstacle(data, prior):
        return []
    x, y = data["x"].values - data["x"].values.mean(axis=0), data["y"].values
    design = np.column_stack([np.ones(len(y)), x])
    ols = np.linalg.lstsq(design, y)[0]
    sigma = float(np.sqrt(np.mean((y - design @ ols) ** 2)))
    unique = not obstacle(data)
    answers = _answers("mle", ols, sigma, "least squares (NumPy); root mean squared residual") if unique else []
    if prior["intercept"].name not in ("Normal", "Flat"):
        return answers
    location = float(prior["intercept"].hyperparameters.get("mu", 0.0))
    scale = float(prior["intercept"].hyperparameters.get("sigma", np.inf))
    family = prior["beta"].name
    if family == "Flat" and prior["intercept"].name == "Flat" and prior["sigma"].name == "HalfFlat":
        answers += _answers("map", ols, sigma, "least squares, the mode under priors flat in beta and sigma")
    elif family in ("Normal", "Laplace") and not np.any(prior["beta"].hyperparameters["mu"]):
        answers += _penalised(x, y, prior, location, scale)
    if family == "Laplace":
        return answers + _by_importance(design, y, prior, ols)
    zeros = np.zeros(x.shape[1])
    spread = prior["beta"].hyperparameters.get("sigma", np.inf) + zeros
    mean = prior["beta"].hyperparameters.get("mu", 0.0) + zeros
    coefficients, mean_sigma = linear_posterior(
        design, y, np.append(location, mean), np.append(scale, spread), prior["sigma"].log_density
    )
    return answers + _answers(
        "posterior", coefficients, mean_sigma, "exact ridge posterior given sigma, quadrature over sigma"
    )


def _standardised(data: xr.Dataset) -> Array:
    x = data["x"].values
    return np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])


def _answers(
    reading: str, coefficients: Array, sigma: float, source: str, error: Array | None = None
) -> list[Reference]:
    """Split ``(intercept, beta)`` and ``sigma`` into references."""
    errors = np.zeros(len(coefficients) + 1) if error is None else error
    return [
        Reference(reading, "intercept", coefficients[0], source, errors[0]),
        Reference(reading, "beta", coefficients[1:], source, errors[1:-1]),
        Reference(reading, "sigma", sigma, source, errors[-1]),
    ]


def _penalised(x: Array, y: Array, prior: Prior, location: float, scale: float) -> list[Reference]:
    """The mode through scikit-learn: for every sigma a Ridge or a Lasso, and a search over sigma.

    With ``z = x * unit``, ``unit`` the prior scale of each coefficient and ``w = beta / unit``, minus the log joint
    density is ``|y - z w|^2 / (2 sigma^2)`` plus ``|w|^2 / 2`` (Normal) or ``|w|_1`` (Laplace). Hence
    ``Ridge(alpha=sigma^2)``, and ``Lasso(alpha=sigma^2 / n)`` because the Lasso divides the sum of squares by 2 n.
    """
    from scipy.optimize import minimize_scalar
    from sklearn.linear_model import Lasso, Ridge

    n, lasso = len(y), prior["beta"].name == "Laplace"
    design = np.column_stack([np.ones(n), x])
    unit = prior["beta"].hyperparameters["b" if lasso else "sigma"] + np.zeros(x.shape[1])
    z, centred = x * unit, y - y.mean()

    def solve(log_sigma: float) -> tuple[float, Array]:
        variance = np.exp(2 * log_sigma)
        if lasso:
            penalised = Lasso(alpha=variance / n, fit_intercept=False, tol=1e-13, max_iter=100_000)
        else:
            penalised = Ridge(alpha=variance, fit_intercept=False, solver="cholesky")
        w = penalised.fit(z, centred).coef_
        intercept = (n * y.mean() / variance + location / scale**2) / (n / variance + 1 / scale**2)
        misfit = np.sum((y - intercept - z @ w) ** 2) / variance + ((intercept - location) / scale) ** 2
        penalty = np.abs(w).sum() if lasso else np.sum(w**2) / 2
        value = n * log_sigma + misfit / 2 + penalty - prior["sigma"].log_density(np.exp(log_sigma))
        return float(value), np.append(intercept, w * unit)

    # Shrinking can only leave more unexplained than least squares does; an Exponential prior pulls sigma down a little.
    residual = y - design @ np.linalg.lstsq(design, y)[0]
    lowest = np.log(max(float(np.sqrt(np.mean(residual**2))), np.std(y) * 1e-6)) - 3
    bounds = (lowest, np.log(np.std(y)) + 1)
    best = minimize_scalar(lambda at: solve(at)[0], bounds=bounds, method="bounded", options={"xatol": 1e-10})
    if min(best.x - bounds[0], bounds[1] - best.x) < 1e-3:
        return _answers("map", np.full(design.shape[1], np.nan), np.nan, "the search over sigma ended at a bound")
    name = "Lasso(alpha = sigma^2 / (n b))" if lasso else "Ridge(alpha = sigma^2 / tau^2)"
    return _answers("map", solve(best.x)[1], float(np.exp(best.x)), f"scikit-learn {name}, search over sigma")


def _by_importance(design: Array, y: Array, prior: Prior, ols: Array) -> list[Reference]:
    """Posterior means under a Laplace prior by importance sampling in ``(intercept, beta, log sigma)``."""
    n, k = design.shape
    gram, rss = design.T @ design, float(np.sum((y - design @ ols) ** 2))

    def log_density(points: Array) -> Array:
        coefficients, log_sigma = points[:, :-1], points[:, -1]
        deviation = coefficients - ols
        squares = rss + np.einsum("ij,jk,ik->i", deviation, gram, deviation)
        value = -n * log_sigma - squares * np.exp(-2 * log_sigma) / 2 + log_sigma
        value += prior["intercept"].log_density(coefficients[:, 0])
        value += prior["beta"].log_density(coefficients[:, 1:]).sum(axis=1)
        return np.asarray(value + prior["sigma"].log_density(np.exp(log_sigma)))

    variance = rss / max(n - k, 1)
    scales = np.append(prior["intercept"].hyperparameters.get("sigma", np.inf), prior["beta"].hyperparameters["b"])
    covariance = np.zeros((k + 1, k + 1))
    covariance[:k, :k] = np.linalg.inv(gram / variance + np.diag(1 / (2 * scales**2)))
    covariance[k, k] = 1 / n
    try:
        means, errors = importance_means(
            log_density,
            np.append(ols, np.log(variance) / 2),
            covariance,
            lambda points: np.column_stack([points[:, :-1], np.exp(points[:, -1])]),
        )
    except ArithmeticError as failure:
        return _answers("posterior", np.full(k, np.nan), np.nan, str(failure))
    return _answers("posterior", means[:-1], float(means[-1]), "importance sampling, multivariate t", errors)


SCENARIO = Scenario(
    question="Which of these predictors matter, and how much?",
    lesson=(
        "Ridge, lasso and least squares are the modes of one model under three priors. The lasso's exact zeros are a "
        "property of the mode: the posterior shrinks the same coefficients, but never says that one of them is zero."
    ),
    formula="y[i] ~ Normal(intercept + (x[i] - mean(x)) . beta, sigma)",
    parameters=("intercept", "beta", "sigma"),
    datasets={"teaching": lambda: simulate(np.random.default_rng(SEED)), "diabetes": diabetes},
    simulate=simulate,
    read=read,
    priors=priors,
    model=model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
)

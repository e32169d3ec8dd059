"""Logistic regression: how does the probability of an event move with the predictors?

The likelihood may have no maximum: if some combination of the predictors separates the events from the others, it rises
for ever as the coefficients grow, while software reports whatever number it stopped at. A prior keeps the other two
readings finite; then the prior is the answer. (Albert, A. and Anderson, J. A. 1984, doi:10.1093/biomet/71.1.1; Gelman,
A. and others 2008, doi:10.1214/08-AOAS191.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import (
    Distribution,
    Prior,
    Reference,
    Scenario,
    constant,
    coordinates,
    dataset,
    is_numeric,
    read_table,
)
from models.contract.reference import Array, importance_means

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

TRUTH: dict[str, Any] = {"intercept": -0.5, "beta": [1.0, -0.5, 0.0]}
SEED = 3


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Bernoulli model: ``logit P(y[i] = 1) = intercept + (x[i] - mean(x)) . beta``, predictors centred."""
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        intercept = prior["intercept"].variable("intercept")
        beta = prior["beta"].variable("beta", dims="predictor")
        x = constant(data.assign(x=data["x"] - data["x"].mean("observation")), "x")
        pm.Bernoulli("y", logit_p=intercept + x @ beta, observed=constant(data, "y"), dims="observation")
    return result


def priors(data: xr.Dataset) -> dict[str, Prior]:
    """Scales of ``beta`` are those of standardised predictors, put back into the units of the data."""
    unit = 1 / data["x"].std("observation", ddof=1).values
    intercept = Distribution("Normal", mu=0, sigma=10)
    return {
        "normal": {
            "intercept": intercept,
            "beta": Distribution("Normal", mu=np.zeros_like(unit), sigma=2.5 * unit),
        },
        "laplace": {
            "intercept": intercept,
            "beta": Distribution("Laplace", mu=np.zeros_like(unit), b=0.5 * unit),
        },
        "flat": {"intercept": Distribution("Flat"), "beta": Distribution("Flat")},
    }


def simulate(rng: np.random.Generator, n: int = 200) -> xr.Dataset:
    """Three independent predictors, the third without effect."""
    x = rng.normal(size=(n, len(TRUTH["beta"])))
    centred = x - x.mean(axis=0)
    probability = 1 / (1 + np.exp(-(TRUTH["intercept"] + centred @ np.array(TRUTH["beta"]))))
    return dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", rng.binomial(1, probability))},
        coords={"predictor": ["x1", "x2", "x3"]},
        title=f"{n} events and non-events with three predictors, one without effect",
        source=f"simulated; intercept {TRUTH['intercept']}, beta {TRUTH['beta']}",
        truth={**TRUTH, "beta": ("predictor", TRUTH["beta"])},
        seed=SEED,
    )


def challenger() -> xr.Dataset:
    """The launches before the Challenger accident: was any O-ring damaged?"""
    table = read_table("challenger.csv")
    return dataset(
        {
            "x": (("observation", "predictor"), table[["temperature"]].to_numpy(float)),
            "y": ("observation", (table["damaged"] > 0).to_numpy(int)),
        },
        coords={"predictor": ["temperature"]},
        title="23 launches before the Challenger accident: temperature (degrees Fahrenheit), and damage to any O-ring",
        source="Dalal, Fowlkes and Hoadley (1989), doi:10.1080/01621459.1989.10478858, Table 1",
    )


def read(table: pd.DataFrame) -> xr.Dataset:
    """Read a table whose column ``y`` is 0 or 1; all others are predictors."""
    if "y" not in table or table.shape[1] < 2:
        raise ValueError("logistic regression needs an outcome column 'y' and at least one predictor column")
    if not is_numeric(table):
        raise ValueError("all columns must hold finite numbers only")
    if set(table["y"].unique()) != {0, 1}:
        raise ValueError("column 'y' must hold both 0 and 1, and nothing else")
    x = table.drop(columns="y")
    for column in x:
        if x[column].nunique() < 2:
            raise ValueError(f"column {column!r} is constant: leave it out")
    return dataset(
        {"x": (("observation", "predictor"), x.to_numpy(float)), "y": ("observation", table["y"].to_numpy(int))},
        coords={"predictor": list(map(str, x.columns))},
        title=f"{len(table):,} observations, {x.shape[1]} predictors",
        source="your table",
    )


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """Coefficients of standardised predictors of about one."""
    unit = 1 / data["x"].std("observation", ddof=1).values
    return {"intercept": np.asarray(rng.normal()), "beta": rng.normal(size=unit.size) * unit}


def obstacle(data: xr.Dataset, prior: Prior | None = None) -> str:
    r"""Separation, decided by linear programming, along the coefficients whose prior is flat.

    The maximum is infinite exactly if some direction :math:`d \ne 0` satisfies :math:`s_i x_i^T d \ge 0` for all
    observations, with :math:`s_i = \pm 1` the outcome; a coefficient with a proper prior cannot run away, its
    :math:`d_j` is 0. The program maximises :math:`\sum_i s_i x_i^T d` over
    :math:`-1 \le d_j \le 1`: a positive value means separation, complete if all terms can be positive at once.

    References
    ----------
    Albert, A. and Anderson, J. A. (1984), doi:10.1093/biomet/71.1.1. Konis, K. (2007), Linear programming algorithms
    for detecting separated data in binary logistic regression models, University of Oxford.
    """
    from scipy.optimize import linprog

    x, y = data["x"].values, data["y"].values
    design = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / x.std(axis=0)])
    if prior:
        flat = [not prior["intercept"].proper] + [not prior["beta"].proper] * x.shape[1]
        design = design[:, flat]
    k = design.shape[1]
    if k == 0:
        return ""
    if len(np.unique(y)) < 2 and np.allclose(design[:, 0], 1):
        return "infinite: all outcomes are equal, so the likelihood rises for ever as the intercept grows"
    rank = np.linalg.matrix_rank(design)
    if rank < k:
        return f"not unique: the {k} columns of the design have rank {rank}"
    signed = design * np.where(y == 1, 1.0, -1.0)[:, None]
    quasi = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(y)), bounds=(-1, 1))
    if quasi.fun is None:
        raise ArithmeticError(f"the linear program for separation was not solved: {quasi.message}")
    if -quasi.fun < 1e-7:
        return ""
    # Complete: one more variable, the smallest margin, can be made positive.
    complete = linprog(
        np.append(np.zeros(k), -1.0),
        A_ub=np.column_stack([-signed, np.ones(len(y))]),
        b_ub=np.zeros(len(y)),
        bounds=[(-1, 1)] * k + [(None, None)],
    )
    kind = "complete" if complete.fun is not None and -complete.fun > 1e-7 else "quasi-complete"
    return f"infinite: {kind} separation of the outcomes, so the likelihood rises for ever as the coefficients grow"


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Flat coefficients along which nothing stops the likelihood."""
    found = obstacle(data, prior)
    return f"improper: {found}, and the prior is flat there" if found else ""


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Logistic regression of scikit-learn or a convex solver of SciPy; importance sampling for the mean."""
    x, y = data["x"].values - data["x"].values.mean(axis=0), data["y"].values
    design = np.column_stack([np.ones(len(y)), x])
    families = (prior["intercept"].name, prior["beta"].name)
    flat = families == ("Flat", "Flat")
    answers: list[Reference] = []
    if not obstacle(data):
        unpenalised = _scikit_learn(design, y, np.full(design.shape[1], np.inf))
        answers += _answers("mle", unpenalised, "scikit-learn LogisticRegression(C = inf)")
        if flat:
            answers += _answers("map", unpenalised, "scikit-learn LogisticRegression(C = inf)")
    if improper(data, prior):
        return answers
    centred = all(not np.any(part.hyperparameters.get("mu", 0.0)) for part in prior.values())
    slope = prior["beta"].hyperparameters
    unit = np.append(
        prior["intercept"].hyperparameters.get("sigma", np.inf),
        slope.get("sigma", slope.get("b", np.inf)) + np.zeros(x.shape[1]),
    )
    if centred and families == ("Normal", "Normal"):
        answers += _answers("map", _scikit_learn(design, y, unit), "scikit-learn LogisticRegression(C = tau^2)")
    elif centred and families == ("Normal", "Laplace"):
        answers += _answers("map", _split(design, y, unit), "SciPy L-BFGS-B, beta split into two non-negative parts")
    try:
        means, errors = _by_importance(design, y, prior)
    except ArithmeticError as failure:
        return answers + _answers("posterior", np.full(design.shape[1], np.nan), str(failure))
    return answers + _answers("posterior", means, "importance sampling, multivariate t", errors)


def _answers(reading: str, coefficients: Array, source: str, errors: Array | None = None) -> list[Reference]:
    errors = np.zeros(len(coefficients)) if errors is None else errors
    return [
        Reference(reading, "intercept", coefficients[0], source, errors[0]),
        Reference(reading, "beta", coefficients[1:], source, errors[1:]),
    ]


def _log_likelihood(design: Array, y: Array, coefficients: Array) -> Array:
    """Log likelihood of each row of ``coefficients``, shape (size, k) to (size,)."""
    linear = coefficients @ design.T
    value: Array = linear @ y - np.logaddexp(0, linear).sum(axis=-1)
    return value


def _scikit_learn(design: Array, y: Array, unit: Array) -> Array:
    """Mode under Normal(0, unit) priors: columns multiplied by ``unit`` all have C = 1; infinite units mean C = inf."""
    from sklearn.linear_model import LogisticRegression

    flat = bool(np.all(np.isinf(unit)))
    scale = 1 / design.std(axis=0).clip(1e-300) if flat else unit
    scale = np.where(design.std(axis=0) == 0, 1.0, scale) if flat else scale
    fitted = LogisticRegression(
        C=np.inf if flat else 1.0, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1_000
    ).fit(design * scale, y)
    return np.asarray(fitted.coef_[0] * scale)


def _split(design: Array, y: Array, unit: Array) -> Array:
    """Mode under Normal(0, unit[0]) and Laplace(0, unit[1:]) each slope a difference of two parts >= 0."""
    from scipy.optimize import minimize
    from scipy.special import expit

    scaled, k = design * unit, design.shape[1]

    def objective(parts: Array) -> tuple[float, Array]:
        w = np.append(parts[0], parts[1:k] - parts[k:])
        gradient = -scaled.T @ (y - expit(scaled @ w))
        value = -float(_log_likelihood(scaled, y, w)) + w[0] ** 2 / 2 + parts[1:].sum()
        return value, np.concatenate([[gradient[0] + w[0]], gradient[1:] + 1, -gradient[1:] + 1])

    bounds = [(None, None)] + [(0, None)] * (2 * (k - 1))
    options = {"maxiter": 10_000, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 30}
    parts = minimize(objective, np.full(2 * k - 1, 0.1), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return np.append(parts[0], parts[1:k] - parts[k:]) * unit


def _by_importance(design: Array, y: Array, prior: Prior) -> tuple[Array, Array]:
    """Posterior means of ``(intercept, beta)`` by importance sampling."""
    from scipy.optimize import minimize

    unit = 1 / np.where(design.std(axis=0) == 0, 1.0, design.std(axis=0))
    scaled = design * unit

    def log_density(points: Array) -> Array:
        coefficients = points * unit
        value = _log_likelihood(scaled, y, points) + prior["intercept"].log_density(coefficients[:, 0])
        return np.asarray(value + prior["beta"].log_density(coefficients[:, 1:]).sum(axis=1))

    centre = minimize(lambda w: -float(log_density(w[None])[0]), np.zeros(len(unit)), method="BFGS").x
    probability = 1 / (1 + np.exp(-scaled @ centre))
    information = scaled.T @ (scaled * (probability * (1 - probability))[:, None]) + 0.05 * np.eye(len(unit))
    return importance_means(log_density, centre, np.linalg.inv(information), lambda points: points * unit)


SCENARIO = Scenario(
    question="How does the probability of an event move with the predictors?",
    lesson=(
        "With little data the log-odds have a skewed posterior: its mean lies farther out than its mode. If the "
        "predictors separate the events, the likelihood has no maximum at all and the prior decides."
    ),
    formula="y[i] ~ Bernoulli(p[i]),  logit p[i] = intercept + (x[i] - mean(x)) . beta",
    parameters=("intercept", "beta"),
    datasets={"teaching": lambda: simulate(np.random.default_rng(SEED)), "challenger": challenger},
    simulate=simulate,
    read=read,
    priors=priors,
    model=model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
)

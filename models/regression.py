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

from models.contract import Distribution, Prior, Reference, Scenario, constant, coordinates, dataset, flat
from models.contract.columns import needed
from models.contract.design import design
from models.contract.families import POSITIVE, REAL
from models.contract.linear import linear_improper
from models.contract.linear_reference import linear_reference
from models.contract.predictors import (
    HYPERPARAMETERS,
    OPTIONS,
    centre,
    flat_columns,
    in_units,
    labelled_design,
    scaled_design,
)
from models.contract.reference import Array

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
    ``beta``; unless the data set says otherwise, or has no intercept.
    """
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        intercept = prior["intercept"].variable("intercept") if "intercept" in prior else 0.0
        beta = prior["beta"].variable("beta", dims="predictor")
        sigma = prior["sigma"].variable("sigma")
        x = constant(data.assign(x=data["x"] - centre(data)), "x")
        pm.Normal("y", mu=intercept + x @ beta, sigma=sigma, observed=constant(data, "y"), dims="observation")
    return result


def priors(data: xr.Dataset, *, scale: float | None = None, standardize: bool = True) -> dict[str, Prior]:
    """Scales are those of standardised predictors and outcome, put back into the units of the data."""
    intercept, sigma = Distribution("Normal", mu=0, sigma=2.5), Distribution("Exponential", lam=1)
    ridge = Distribution("Normal", mu=0, sigma=0.25 if scale is None else scale)
    lasso = Distribution("Laplace", mu=0, b=0.1 if scale is None else scale)
    result: dict[str, Prior] = {
        "normal": {"intercept": intercept, "beta": ridge, "sigma": sigma},
        "laplace": {"intercept": intercept, "beta": lasso, "sigma": sigma},
        "flat": {"intercept": Distribution("Flat"), "beta": Distribution("Flat"), "sigma": Distribution("HalfFlat")},
    }
    return in_units(data, result, units(data) if standardize else {})


def units(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Mean and spread of the outcome; spread of the outcome over that of each predictor."""
    middle, spread = float(data["y"].mean()), float(data["y"].std(ddof=1))
    away = data["x"].mean("observation").values - centre(data).values
    width = data["x"].std("observation", ddof=1).values
    # An intercept at zero, far from the predictors' means, is known as badly as the slopes times that distance.
    reach = spread * float(np.sqrt(1 + np.sum((away / width) ** 2)))
    return {"intercept": (middle, reach), "beta": (0.0, spread / width), "sigma": (0.0, spread)}


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


def read(
    table: pd.DataFrame | None,
    *,
    outcome: str = "",
    predictors: tuple[str, ...] = (),
    formula: str = "",
    intercept: bool = True,
    center: bool = True,
    missing: str = "stop",
) -> xr.Dataset:
    """Read outcome and predictors, named or in a formula; categories are coded against a reference level."""
    found = design(needed(table), outcome, predictors, formula, intercept, missing)
    return labelled_design(found, center, "y[i] ~ Normal({linear}, sigma)")


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """Coefficients of the size the data could hold, a spread within a factor of three of the outcome's."""
    (middle, _), (_, unit), (_, spread) = units(data).values()
    beta = rng.normal(size=unit.size) * unit * 0.5
    away = data["x"].mean("observation").values - centre(data).values
    return {
        "intercept": np.asarray(middle + spread * rng.normal() - away @ beta),
        "beta": beta,
        "sigma": np.asarray(spread * 3 ** rng.uniform(-1, 1)),
    }


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """Predictors that determine each other, or that fit the outcome perfectly, unless the prior prevents it."""
    design, columns = scaled_design(data), flat_columns(data, prior)
    if _perfect(data, prior) and prior["sigma"].at_zero < len(design):
        return "unbounded: the predictors fit the outcome perfectly, so the density grows for ever as sigma goes to 0"
    rank = np.linalg.matrix_rank(design[:, columns]) if columns.any() else 0
    if rank < columns.sum():
        return f"not unique: the {columns.sum()} columns of the design whose coefficients are free have rank {rank}"
    return ""


def _perfect(data: xr.Dataset, prior: Prior) -> bool:
    """Whether some coefficients leave no residual."""
    y, design = data["y"].values, scaled_design(data)
    if "intercept" in prior and prior["intercept"].fixed:
        y, design = y - prior["intercept"].hyperparameters["value"], design[:, 1:]
    fitted = design @ np.linalg.lstsq(design, y)[0]
    return bool(np.sum((y - fitted) ** 2) < 1e-20 * np.sum((y - y.mean()) ** 2))


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Too few rows for flat priors, predictors that determine each other, or a perfect fit."""
    found = obstacle(data, prior)
    if found.startswith("not unique"):
        return f"improper: {found}, and the prior is flat"
    design, columns = scaled_design(data), flat_columns(data, prior)
    held = "intercept" in prior and prior["intercept"].fixed
    rank = int(np.linalg.matrix_rank(design[:, 1:] if held else design))
    return linear_improper(len(design), rank, int(columns.sum()), prior["sigma"], _perfect(data, prior))


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Least squares, Ridge and Lasso of scikit-learn at the best sigma, and posterior means without a Markov chain."""
    return linear_reference(data, prior, not obstacle(data, flat(prior)), not obstacle(data, prior))


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
    units=units,
    support={"intercept": REAL, "beta": REAL, "sigma": POSITIVE},
    options=OPTIONS,
    hyperparameters=HYPERPARAMETERS,
    fixable=("intercept", "sigma"),
    model=model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
)

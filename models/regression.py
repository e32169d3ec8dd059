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
from models.contract.compact import has_statistics, marked
from models.contract.design import design
from models.contract.families import POSITIVE, REAL
from models.contract.linear import fisher, linear_improper
from models.contract.linear_reference import linear_reference
from models.contract.predictors import (
    HYPERPARAMETERS,
    OPTIONS,
    centre,
    count,
    design_matrix,
    flat_columns,
    has_intercept,
    in_units,
    is_centred,
    labelled_design,
    location,
    outcome,
    part,
    predictors,
    scaled_design,
)
from models.contract.reference import Array
from models.contract.sufficient import NOTHING, log_constant, means, moments, rank, widths

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


def compact(data: xr.Dataset) -> xr.Dataset:
    """Mean, projections on the predictors' directions and residual sum of squares (`models.contract.sufficient`).

    Data that the predictors fit perfectly, or with no more rows than columns, stay what they are, centred.
    """
    x, first = predictors(data), int(has_intercept(data))
    found = moments(x, data["y"].values)
    middle = found.location if is_centred(data) and "centre" not in data else centre(data).values
    triangle = found.triangle if first else found.about_zero()
    n, p = x.shape
    squares, freedom = float(triangle[-1, -1] ** 2), n - p - first
    if freedom < 1 or squares <= NOTHING * (n - 1) * found.spread**2:
        moved = data.assign(x=data["x"] - middle, location=("predictor", found.location - middle))
        return marked(moved.assign(width=("predictor", found.width)).assign_attrs(centred=0), "rows")
    statistics = {"rows": n, "mean": found.mean, "spread": found.spread, "squares": squares, "freedom": freedom}
    kept = data.drop_vars(["x", "y", "observation"]).assign(
        {name: ((), float(one)) for name, one in statistics.items()}
    )
    kept = kept.assign(
        triangle=(("direction", "predictor"), triangle[:-1, :-1]),
        projection=("direction", triangle[:-1, -1]),
        location=("predictor", found.location - middle),
        width=("predictor", found.width),
    )
    return marked(kept, "statistics", log_constant(n, freedom, squares, bool(first)))


def compact_model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Sampling distributions of least squares: mean, projections and residual sum of squares, all independent.

    ``mean ~ Normal(intercept + location . beta, sigma / sqrt(n))``, ``projection ~ Normal(triangle beta, sigma)``,
    ``squares ~ Gamma((n - k) / 2, 1 / (2 sigma^2))``; ``location`` is zero where the predictors are centred.
    """
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        intercept = prior["intercept"].variable("intercept") if "intercept" in prior else None
        beta = prior["beta"].variable("beta", dims="predictor")
        sigma = prior["sigma"].variable("sigma")
        mean = None if intercept is None else intercept + constant(data, "location") @ beta
        fisher(data, mean, sigma, constant(data, "triangle") @ beta)
    return result


def whiten(data: xr.Dataset, prior: Prior) -> tuple[tuple[str, ...], Array] | None:
    r"""Coordinates in which the coefficients are independent, for Normal and flat priors.

    With :math:`A^T A / s^2` the precision of the coefficients at the residual standard deviation :math:`s`, they are
    :math:`s A^{-1}` times coordinates of unit variance. :math:`A` comes from the triangle of the design, stacked on
    :math:`s` over the prior's standard deviations: nothing is squared, so that columns may nearly determine each other.
    """
    free = tuple(name for name in ("intercept", "beta") if name in prior and not prior[name].fixed)
    if not has_statistics(data) or any(prior[name].name not in ("Normal", "Flat") for name in free):
        return None
    design = design_matrix(data)[:, int("intercept" in prior and "intercept" not in free) :]
    s = float(np.sqrt(data["squares"] / data["freedom"]))
    sizes = {"intercept": 1, "beta": data.sizes["predictor"]}
    sd = [np.broadcast_to(prior[name].hyperparameters.get("sigma", np.inf), sizes[name]) for name in free]
    triangle = np.linalg.qr(np.vstack([design, np.diag(s / np.concatenate(sd))]), mode="r")
    if rank(triangle, count(data)) < len(triangle):
        return None
    return free, s * np.linalg.solve(triangle, np.eye(len(triangle)))


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
    middle, spread = _centre_and_spread(data)
    away, width = location(data)
    # An intercept at zero, far from the predictors' means, is known as badly as the slopes times that distance.
    reach = spread * float(np.sqrt(1 + np.sum((away / width) ** 2)))
    return {"intercept": (middle, reach), "beta": (0.0, spread / width), "sigma": (0.0, spread)}


def _centre_and_spread(data: xr.Dataset) -> tuple[float, float]:
    """Mean and standard deviation of the outcome."""
    if has_statistics(data):
        return float(data["mean"]), float(data["spread"])
    y = data["y"].values[:, None]
    middle = means(y)
    return float(middle[0]), float(widths(y, middle)[0])


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
    away = location(data)[0]
    return {
        "intercept": np.asarray(middle + spread * rng.normal() - away @ beta),
        "beta": beta,
        "sigma": np.asarray(spread * 3 ** rng.uniform(-1, 1)),
    }


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """Predictors that determine each other, or that fit the outcome perfectly, unless the prior prevents it."""
    design, columns = design_matrix(data), flat_columns(data, prior)
    if _perfect(data, prior) and prior["sigma"].at_zero < count(data):
        return "unbounded: the predictors fit the outcome perfectly, so the density grows for ever as sigma goes to 0"
    found = rank(design[:, columns], count(data))
    if found < columns.sum():
        return f"not unique: the {columns.sum()} columns of the design whose coefficients are free have rank {found}"
    return ""


def _perfect(data: xr.Dataset, prior: Prior) -> bool:
    """Whether some coefficients leave no residual."""
    y, design = outcome(data), scaled_design(data)
    if "intercept" in prior and prior["intercept"].fixed:
        y, design = y - prior["intercept"].hyperparameters["value"] * design_matrix(data)[:, 0], design[:, 1:]
    fitted = design @ np.linalg.lstsq(design, y)[0]
    squares = (count(data) - 1) * _centre_and_spread(data)[1] ** 2
    return bool(np.sum((y - fitted) ** 2) < NOTHING * squares)


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Too few rows for flat priors, predictors that determine each other, or a perfect fit."""
    found = obstacle(data, prior)
    if found.startswith("not unique"):
        return f"improper: {found}, and the prior is flat"
    design, columns = design_matrix(data), flat_columns(data, prior)
    held = "intercept" in prior and prior["intercept"].fixed
    full = rank(design[:, 1:] if held else design, count(data))
    return linear_improper(count(data), full, int(columns.sum()), prior["sigma"], _perfect(data, prior))


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
    swept=("beta",),
    fixable=("intercept", "sigma"),
    worlds=1_000,
    model=model,
    compact=compact,
    compact_model=compact_model,
    part=part,
    whiten=whiten,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
)

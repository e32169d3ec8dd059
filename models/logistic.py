"""Logistic regression: how does the probability of an event move with the predictors?

The likelihood may have no maximum: if some combination of the predictors separates the events from the others, it rises
for ever as the coefficients grow, while software reports whatever number it stopped at. A prior keeps the other two
readings finite; then the prior is the answer. (Albert, A. and Anderson, J. A. 1984, doi:10.1093/biomet/71.1.1; Gelman,
A. and others 2008, doi:10.1214/08-AOAS191.)
"""

from __future__ import annotations

from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import (
    Broken,
    Distribution,
    Prior,
    Reference,
    Scenario,
    constant,
    coordinates,
    dataset,
    flat,
    read_table,
)
from models.contract.columns import needed
from models.contract.compact import equal_rows, log_orders, marked
from models.contract.design import design
from models.contract.families import REAL
from models.contract.logit import logit_reference
from models.contract.predictors import (
    HYPERPARAMETERS,
    OPTIONS,
    centre,
    coefficients,
    count,
    flat_columns,
    has_intercept,
    in_units,
    labelled_design,
    location,
    part,
    predictors,
    scaled_design,
)
from models.contract.reference import Array
from models.contract.separation import Cone, separating
from models.contract.sufficient import rank

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

TRUTH: dict[str, Any] = {"intercept": -0.5, "beta": [1.0, -0.5, 0.0]}
SEED = 3
GAPS = (
    -3,
    -2.5,
    -2,
    -1.5,
    -1,
    -0.5,
    0.5,
    1,
)  # between the highest non-event and the lowest event; below 0 they overlap
WIDTHS = (1, 2.5, 10)  # of the prior of the slope, in the unit of the predictor
MOST_SETS = 500  # of coefficients with heavy tails that are looked at


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Binomial model: ``y[i] ~ Binomial(trials[i], p[i])`` with ``logit p[i] = intercept + (x[i] - mean(x)) . beta``.

    A row with one trial is a Bernoulli event. Predictors are centred unless the data set says otherwise.
    """
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        intercept = prior["intercept"].variable("intercept") if "intercept" in prior else 0.0
        beta = prior["beta"].variable("beta", dims="predictor")
        x = constant(data.assign(x=data["x"] - centre(data)), "x")
        trials = constant(data, "trials")
        pm.Binomial("y", n=trials, logit_p=intercept + x @ beta, observed=constant(data, "y"), dims="observation")
    return result


def compact(data: xr.Dataset) -> xr.Dataset:
    """Rows with equal predictors in one, successes and trials added up; predictors as they enter the model."""
    away, width = location(data)
    middle, (which, first) = centre(data), equal_rows(predictors(data))
    y, trials = data["y"].values, data["trials"].values
    total = [np.bincount(which, values, len(first)).astype(values.dtype) for values in (y, trials)]
    several = trials > 1  # a single trial can come out in one order only
    orders = log_orders(y[several], trials[several]).sum() - log_orders(*total).sum()
    rows = data[["x"]].isel(observation=first) - middle
    rows = rows.assign(
        y=("observation", total[0]),
        trials=("observation", total[1]),
        location=("predictor", away),
        width=("predictor", width),
    )
    rows = rows.assign_coords(observation=np.arange(len(first))).assign_attrs(data.attrs | {"centred": 0})
    return marked(rows, "rows", float(orders))


def priors(data: xr.Dataset, *, scale: float | None = None, standardize: bool = True) -> dict[str, Prior]:
    """Scales of ``beta`` are those of standardised predictors, put back into the units of the data."""
    intercept = Distribution("Normal", mu=0, sigma=10)
    result: dict[str, Prior] = {
        "normal": {"intercept": intercept, "beta": Distribution("Normal", mu=0, sigma=2.5 if scale is None else scale)},
        "laplace": {"intercept": intercept, "beta": Distribution("Laplace", mu=0, b=0.5 if scale is None else scale)},
        "flat": {"intercept": Distribution("Flat"), "beta": Distribution("Flat")},
    }
    return in_units(data, result, units(data) if standardize else {})


def units(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """One over the spread of each predictor; log-odds have no unit."""
    return {"beta": (0.0, 1 / location(data)[1])}


def simulate(rng: np.random.Generator, n: int = 200) -> xr.Dataset:
    """Three independent predictors, the third without effect."""
    x = rng.normal(size=(n, len(TRUTH["beta"])))
    centred = x - x.mean(axis=0)
    probability = 1 / (1 + np.exp(-(TRUTH["intercept"] + centred @ np.array(TRUTH["beta"]))))
    return dataset(
        {
            "x": (("observation", "predictor"), x),
            "y": ("observation", rng.binomial(1, probability)),
            "trials": ("observation", np.ones(n, int)),
        },
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
            "trials": ("observation", np.ones(len(table), int)),
        },
        coords={"predictor": ["temperature"]},
        title="23 launches before the Challenger accident: temperature (degrees Fahrenheit), and damage to any O-ring",
        source="Dalal, Fowlkes and Hoadley (1989), doi:10.1080/01621459.1989.10478858, Table 1",
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
    """Read an outcome of two values, or successes/trials, and predictors, named or in a formula."""
    found = design(needed(table), outcome, predictors, formula, intercept, missing, logistic=True)
    trials = np.ones(len(found.y), int) if found.trials is None else found.trials
    right = "y[i] ~ Binomial(trials[i], p[i]),  logit p[i] = {linear}"
    return labelled_design(found, center, right, trials=trials)


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """Coefficients of standardised predictors of about one."""
    away, width = location(data)
    beta = rng.normal(size=width.size) / width
    return {"intercept": np.asarray(rng.normal() - away @ beta), "beta": beta}


def _cone(data: xr.Dataset, prior: Prior, columns: Any) -> Cone:
    """Separating directions among some columns of the design, within the supports of their coefficients."""
    design, y, trials = scaled_design(data)[:, columns], data["y"].values, data["trials"].values
    both = np.concatenate([design[y > 0], design[y < trials]])
    sign = np.concatenate([np.ones(int(np.sum(y > 0))), -np.ones(int(np.sum(y < trials)))])
    low, high = coefficients(data, prior, "low")[columns], coefficients(data, prior, "high")[columns]
    return separating(both, sign, low, high)


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """Separation along the coefficients whose prior is flat, decided by linear programming.

    A coefficient with a proper prior cannot run away. See `models.contract.separation`.
    """
    columns = flat_columns(data, prior) & ~coefficients(data, prior, "fixed").astype(bool)
    k = int(columns.sum())
    if k == 0:
        return ""
    events, trials = int(data["y"].sum()), int(data["trials"].sum())
    if events in (0, trials) and has_intercept(data) and columns[0]:
        return "infinite: all outcomes are equal, so the likelihood rises for ever as the intercept grows"
    found = rank(scaled_design(data)[:, columns], count(data))
    if found < k:
        return f"not unique: the {k} columns of the design have rank {found}"
    cone = _cone(data, prior, columns)
    if cone.dimension == 0:
        return ""
    kind = "complete" if cone.complete else "quasi-complete"
    return f"infinite: {kind} separation of the outcomes, so the likelihood rises for ever as the coefficients grow"


def improper(data: xr.Dataset, prior: Prior) -> str:
    r"""Flat coefficients along which nothing stops the likelihood; heavy tails that stop it too slowly.

    Along a cone of separating directions of dimension :math:`m`, in which all coefficients :math:`j` of a set :math:`S`
    grow, the posterior falls as :math:`r^{m - 1 - \sum_{j \in S} e_j}` with priors that fall as :math:`|x|^{-e_j}`: it
    can be normalised if :math:`\sum e_j > m`, and has a mean if :math:`\sum e_j > m + 1`, a standard deviation if
    :math:`\sum e_j > m + 2`. With independent Cauchy priors for all coefficients, the mean fails at the solitary
    separators of Ghosh, J., Li, Y. and Mitra, R. (2018), doi:10.1214/17-BA1051.
    """
    found = obstacle(data, prior)
    if found:
        return f"improper: {found}, and the prior is flat there"
    tails, flat_ones = coefficients(data, prior, "tail").astype(float), flat_columns(data, prior)
    heavy = np.flatnonzero(np.isfinite(tails) & ~flat_ones)
    spare = np.inf
    everything = flat_ones.copy()
    everything[heavy] = True
    if not heavy.size or _cone(data, prior, everything).dimension == 0:
        return ""
    # More coefficients than these together have tails light enough for all three.
    most = int((2 + flat_ones.sum()) / max(float(tails[heavy].min()) - 1, 1e-9))
    sets = (chosen for size in range(1, min(most, len(heavy)) + 1) for chosen in combinations(heavy, size))
    for chosen in islice(sets, MOST_SETS):
        columns = flat_ones.copy()
        columns[list(chosen)] = True
        dimension = _cone(data, prior, columns).dimension
        spare = min(spare, float(tails[list(chosen)].sum()) - dimension) if dimension else spare
    if spare > 2:
        return ""
    what = "improper" if spare <= 0 else "no mean" if spare <= 1 else "no standard deviation"
    return f"{what}: the outcomes are separated, and the prior's tails are too heavy to make up for it"


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Logistic regression of scikit-learn or a convex solver of SciPy; importance sampling for the mean."""
    return logit_reference(data, prior, not obstacle(data, flat(prior)), improper(data, prior))


def broken() -> list[Broken]:
    """Ten events and ten non-events along one predictor, farther and farther apart until a gap lies between them."""
    from scipy.stats import norm

    scores = norm.ppf((np.arange(10) + 0.5) / 10)
    settings = []
    for gap in GAPS:
        away = (gap + 2 * scores[-1]) / 2
        data = dataset(
            {
                "x": (("observation", "predictor"), np.concatenate([scores - away, scores + away])[:, None]),
                "y": ("observation", np.repeat([0, 1], 10)),
                "trials": ("observation", np.ones(20, int)),
            },
            coords={"predictor": ["x"]},
            title="ten events and ten non-events",
            source="a thought experiment",
        )
        for width in WIDTHS:
            prior = {
                "intercept": Distribution("Normal", mu=0, sigma=10),
                "beta": Distribution("Normal", mu=0, sigma=width),
            }
            settings.append(Broken({"gap": f"{gap:g}", "prior sd": f"{width:g}"}, data, prior))
    return settings


SCENARIO = Scenario(
    question="How does the probability of an event move with the predictors?",
    lesson=(
        "With little data the log-odds have a skewed posterior: its mean lies farther out than its mode. If the "
        "predictors separate the events, the likelihood has no maximum at all and the prior decides."
    ),
    formula="y[i] ~ Binomial(trials[i], p[i]),  logit p[i] = intercept + (x[i] - mean(x)) . beta",
    parameters=("intercept", "beta"),
    datasets={"teaching": lambda: simulate(np.random.default_rng(SEED)), "challenger": challenger},
    simulate=simulate,
    read=read,
    priors=priors,
    units=units,
    support={"intercept": REAL, "beta": REAL},
    options=OPTIONS,
    hyperparameters=HYPERPARAMETERS,
    swept=("beta",),
    fixable=("intercept",),
    worlds=40,
    model=model,
    compact=compact,
    part=part,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
    broken=broken,
)

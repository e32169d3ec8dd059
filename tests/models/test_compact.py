"""Compact data: the likelihood of all rows, from as few as there can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import models
from comparisons.functions import Array, Functions
from models import coin, gaussian, logistic, regression
from models.contract import Distribution, Prior, Scenario, dataset, flat, sufficient, summarised
from models.contract.compact import equal_rows, has_statistics
from tests.cases import all_cases, case
from tests.tolerances import ROUNDING, mean_and_error, within_errors

EPS = np.finfo(float).eps
SMALLER = ("coin", "gaussian", "logistic", "regression")


def has_compact(fit: str, prior: str) -> bool:
    return fit.startswith(SMALLER)


def linear(x: Array, y: Any, **attributes: Any) -> xr.Dataset:
    """A data set of regression, or with whole numbers of logistic regression with single trials."""
    trials = {} if y.dtype.kind == "f" else {"trials": ("observation", np.ones(len(y), int))}
    return dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y), **trials},
        coords={"predictor": [f"x{j}" for j in range(x.shape[1])]},
        title="made up",
        source="NumPy",
        **attributes,
    )


def noisy(n: int = 60, p: int = 3, seed: int = 1) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(2, 1, (n, p))
    return x, 1 + x @ np.arange(1.0, p + 1) + rng.normal(size=n)


def differences(scenario: Scenario, data: xr.Dataset, prior: Prior, points: int = 4) -> tuple[Array, Array]:
    """Log likelihood of all rows minus that of the compact form, and their gradients, over those of all rows."""
    compact, model = summarised(scenario, data, prior)
    rng = np.random.default_rng(2)
    candidates = [scenario.start(data, rng) for _ in range(points)]
    all_rows, few = Functions(scenario.model(data, prior), candidates[0]), Functions(model, candidates[0])
    ours, theirs = few.density(few.model.observed_RVs), all_rows.density(all_rows.model.observed_RVs)
    values, gradients = [], []
    for candidate in candidates:
        u = all_rows.unconstrain(candidate)
        (value, gradient), (expected, slope) = ours(u), theirs(u)
        values.append((expected - value - compact.attrs.get("log_constant", 0.0)) / (1 + abs(expected)))
        gradients.append(np.abs(gradient - slope).max() / np.abs(slope).max())
    return np.abs(values), np.array(gradients)


@all_cases(has_compact, fast=models.fits())
def test_the_likelihood_is_that_of_all_rows(fit: str, prior: str) -> None:
    one = case(fit, prior)
    values, gradients = differences(one.scenario, one.data, one.prior)
    assert values.max() < ROUNDING
    assert gradients.max() < ROUNDING


@pytest.mark.parametrize("intercept", [0, 1])
@pytest.mark.parametrize("centred", [0, 1])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_the_likelihood_is_that_of_all_rows_in_any_design(intercept: int, centred: int, unit: float) -> None:
    x, y = noisy()
    data = linear(x * np.array([1, unit, 1]), y, intercept=intercept, centred=centred)
    for prior in regression.priors(data).values():
        values, gradients = differences(regression.SCENARIO, data, prior)
        assert values.max() < ROUNDING
        assert gradients.max() < ROUNDING


@pytest.mark.parametrize("held", [{"intercept": 1.5}, {"sigma": 2.0}, {"intercept": 1.5, "sigma": 2.0}])
def test_the_likelihood_is_that_of_all_rows_with_numbers_held_fixed(held: dict[str, float]) -> None:
    data = linear(*noisy())
    prior = {**regression.priors(data)["normal"], **{name: Distribution("Fixed", value=held[name]) for name in held}}
    values, _ = differences(regression.SCENARIO, data, prior)
    assert values.max() < ROUNDING
    y = dataset({"y": ("observation", noisy()[1])}, title="", source="")
    known = {**gaussian.priors(y)["weak"], "mu": Distribution("Fixed", value=3.0)}
    assert differences(gaussian.SCENARIO, y, known)[0].max() < ROUNDING


@pytest.mark.parametrize("name", models.names())
def test_every_constant_of_a_compact_model_is_a_variable_or_a_hyperparameter_unchanged(name: str) -> None:
    scenario = models.load(name)
    for make in scenario.datasets.values():
        data = make()
        for prior in scenario.priors(data).values():
            compact, model = summarised(scenario, data, prior)
            assert summarised(scenario, compact, prior)[0] is compact
            for constant in model.data_vars:
                variable, _, key = constant.name.rpartition("_")
                held = compact[variable].values if key == "data" else prior[variable].hyperparameters[key]
                np.testing.assert_array_equal(constant.get_value(), held, err_msg=constant.name)


def test_compact_data_have_as_few_rows_as_they_can() -> None:
    assert coin.compact(coin.simulate(np.random.default_rng(1))).sizes["observation"] == 1
    assert "observation" not in gaussian.compact(gaussian.newcomb()).sizes
    assert "observation" not in regression.compact(regression.diabetes()).sizes
    launches = logistic.challenger()
    temperatures = len(np.unique(launches["x"]))
    merged = logistic.compact(launches)
    assert merged.sizes["observation"] == temperatures
    assert (int(merged["trials"].sum()), int(merged["y"].sum())) == (23, 7)
    family = models.load("family").datasets["teaching"]()
    assert models.load("family").compact(family) is family


def test_statistics_are_those_of_scipy_and_numpy() -> None:
    x, y = noisy()
    found = regression.compact(linear(x, y))
    design = np.column_stack([np.ones(len(y)), x])
    squares = float(np.linalg.lstsq(design, y)[1][0])
    assert float(found["squares"]) == pytest.approx(squares, rel=ROUNDING)
    assert float(found["mean"]) == pytest.approx(y.mean(), rel=ROUNDING)
    moved = x - x.mean(axis=0)
    np.testing.assert_allclose(found["triangle"].values.T @ found["triangle"].values, moved.T @ moved, rtol=ROUNDING)
    np.testing.assert_allclose(found["width"], x.std(axis=0, ddof=1), rtol=ROUNDING)
    described = stats.describe(y)
    few = gaussian.compact(dataset({"y": ("observation", y)}, title="", source=""))
    assert float(few["squares"]) == pytest.approx(described.variance * (len(y) - 1), rel=ROUNDING)
    assert (int(few["rows"]), int(few["freedom"])) == (60, 59)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = noisy(1_000)
    whole = sufficient.moments(x, y)
    monkeypatch.setattr(sufficient, "BLOCK", 7)
    parts = sufficient.moments(x, y)
    np.testing.assert_allclose(parts.triangle, whole.triangle, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(parts.location, whole.location, rtol=4 * EPS)
    np.testing.assert_allclose(sufficient.widths(x, whole.location), x.std(axis=0, ddof=1), rtol=1e-13)


def test_means_of_numbers_far_from_zero_keep_their_digits() -> None:
    # In steps of a quarter these sums are exact; a mean in one pass is off by thousands of roundings.
    values = np.tile([2.0**40 + 0.25, 2.0**40 + 0.75], 50_000)[:, None]
    assert sufficient.means(values)[0] == 2.0**40 + 0.5


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.array([[1.0], [2.0]]), np.array([1.0, 3.0])),  # as many rows as columns
        (np.array([[1.0, 0.0], [2.0, 1.0], [4.0, 7.0]]), np.array([1.0, 3.0, 4.0])),
        (np.arange(9.0)[:, None], 2 + 3 * np.arange(9.0)),  # a perfect fit
    ],
)
def test_data_that_statistics_cannot_replace_stay_what_they_are(x: Array, y: Array) -> None:
    data = linear(x, y)
    compact, model = summarised(regression.SCENARIO, data, regression.priors(data)["normal"])
    assert not has_statistics(compact)
    assert compact.sizes == data.sizes
    assert [one.name for one in model.observed_RVs] == ["y"]
    np.testing.assert_allclose(compact["x"].mean("observation"), 0, atol=1e-15)
    assert differences(regression.SCENARIO, data, regression.priors(data)["normal"])[0].max() < ROUNDING
    known = compact, data
    first, second = (regression.obstacle(one, flat(regression.priors(data)["flat"])) for one in known)
    assert first == second != ""


@pytest.mark.parametrize("y", [[2.0], [2.0, 2.0, 2.0], []])
def test_values_without_spread_stay_what_they_are(y: list[float]) -> None:
    data = dataset({"y": ("observation", np.array(y, dtype=float))}, title="", source="")
    assert gaussian.compact(data) is data


@all_cases(has_compact, fast=models.fits())
def test_obstacles_units_and_references_need_no_rows(fit: str, prior: str) -> None:
    one = case(fit, prior)
    scenario, compact = one.scenario, one.scenario.compact(one.data)
    for believed in (one.prior, flat(one.prior)):
        assert scenario.obstacle(compact, believed) == scenario.obstacle(one.data, believed)
        assert scenario.improper(compact, believed) == scenario.improper(one.data, believed)
    for (name, (middle, unit)), (same, (other, size)) in zip(
        scenario.units(one.data).items(), scenario.units(compact).items(), strict=True
    ):
        assert name == same
        np.testing.assert_allclose(other, middle, rtol=ROUNDING, atol=ROUNDING)
        np.testing.assert_allclose(size, unit, rtol=ROUNDING)
    few = {(one.reading, one.parameter): one for one in scenario.reference(compact, one.prior)}
    for full in scenario.reference(one.data, one.prior):
        found = few.pop((full.reading, full.parameter))
        error = np.maximum(np.hypot(full.error, found.error), 1e-6 * np.abs(full.value) + 1e-9)
        within_errors(found.value, full.value, error)
    assert not few


@pytest.mark.parametrize("kind", ["collinear", "constant sum"])
def test_predictors_that_determine_each_other_are_seen_from_statistics(kind: str) -> None:
    x, y = noisy(3_000)
    x[:, 2] = x[:, 0] + x[:, 1] if kind == "collinear" else 7 - 3 * x[:, 0]
    data = linear(x, y)
    prior = regression.priors(data)["flat"]
    compact = regression.compact(data)
    assert regression.obstacle(compact, prior).startswith("not unique")
    assert regression.whiten(compact, prior) is None
    assert regression.obstacle(compact, regression.priors(data)["normal"]) == ""
    x[:, 2] += 1e-6 * np.random.default_rng(3).normal(size=len(x))
    assert regression.obstacle(regression.compact(linear(x, y)), prior) == ""


@pytest.mark.parametrize("module", [coin, gaussian, logistic, regression])
def test_some_rows_are_what_they_are_among_all(module: Any) -> None:
    scenario: Scenario = module.SCENARIO
    data = scenario.datasets["teaching"]()
    prior, rows = next(iter(scenario.priors(data).values())), np.array([3, 4, 17])
    few = scenario.part(data, rows)
    start = scenario.start(data, np.random.default_rng(0))
    found = []
    for one in (data, few):
        functions = Functions(scenario.model(one, prior), start)
        (terms,) = functions.each_term(functions.model.observed_RVs, functions.unconstrain(start)[None]).values()
        found.append(terms[0])
    np.testing.assert_allclose(found[1], found[0][rows], rtol=ROUNDING)
    np.testing.assert_array_equal(few["observation"], rows)


def test_equal_rows_are_those_of_numpy() -> None:
    values = np.random.default_rng(4).integers(0, 3, (200, 3)).astype(float)
    group, first = equal_rows(values)
    np.testing.assert_array_equal(values[first][group], values)
    assert len(first) == len(np.unique(values, axis=0))
    assert (np.diff(first) > 0).all()
    alone = np.random.default_rng(5).normal(size=(50, 2))
    np.testing.assert_array_equal(equal_rows(alone), [np.arange(50)] * 2)


def test_merged_trials_are_a_binomial() -> None:
    rng = np.random.default_rng(6)
    x = rng.integers(0, 4, (300, 2)).astype(float)
    data = linear(x, rng.binomial(1, 0.4, 300), centred=1)
    compact = logistic.compact(data)
    assert compact.sizes["observation"] == len(np.unique(x, axis=0))
    assert differences(logistic.SCENARIO, data, logistic.priors(data)["normal"])[0].max() < ROUNDING
    np.testing.assert_allclose(compact["x"].weighted(compact["trials"]).mean("observation"), 0, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fit", "prior"),
    [
        ("coin", "weak"),
        ("gaussian-small", "informative"),
        ("logistic-challenger", "normal"),
        ("regression", "laplace"),
        ("regression", "normal"),
    ],
)
def test_the_posterior_is_that_of_all_rows(fit: str, prior: str) -> None:
    from comparisons import posterior

    one = case(fit, prior)
    functions = Functions(summarised(one.scenario, one.data, one.prior)[1], one.candidates[0])
    few = posterior.sample(functions, one.starts[:4], 5)[0]["posterior"].to_dataset()
    for name in one.parameters:
        for index in np.ndindex(*one.draws[name].shape[2:]):
            (mean, error), (other, its) = (
                mean_and_error(draws[name].values[:, :, *index]) for draws in (one.draws, few)
            )
            within_errors(other, mean, np.hypot(error, its))

"""The maximiser is shown functions and data sets without a regular maximum, and must not report one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comparisons.functions import Array
from comparisons.optimum import Kinks, Optimum, hessian, maximise
from models import coin, gaussian, logistic, regression
from models.contract import Distribution, Prior, dataset, flat
from tests.cases import Case

RNG_SEED = 8


def search(function: Any, starts: list[list[float]], kinks: Kinks | None = None, declared: Any = None) -> Optimum:
    points = [np.asarray(start, dtype=float) for start in starts]
    return maximise(function, points, kinks or Kinks(), declared or (lambda u: u))


# Functions.


def test_a_quadratic_is_maximised_at_its_centre_with_its_covariance() -> None:
    covariance, centre = np.array([[2.0, 0.6], [0.6, 1.0]]), np.array([3.0, -1.0])
    precision = np.linalg.inv(covariance)

    def smooth(u: Array) -> tuple[float, Array]:
        slope = -precision @ (u - centre)
        return float((u - centre) @ slope / 2), slope

    found = search(smooth, [[0, 0], [5, 5], [-9, 2]])
    assert found.regular
    assert (found.starts, found.agreeing, found.collapsed) == (3, 3, 0)
    np.testing.assert_allclose(found.u, centre, atol=1e-8)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-6)


def two_hills(u: Array) -> tuple[float, Array]:
    """A higher hill at 3 and a lower one at -3."""
    heights = np.exp(-((u[0] - 3) ** 2)), 0.5 * np.exp(-((u[0] + 3) ** 2))
    slopes = -2 * (u[0] - 3) * heights[0] - 2 * (u[0] + 3) * heights[1]
    return float(np.log(sum(heights))), np.array([slopes / sum(heights)])


def test_starts_that_disagree_are_counted_and_the_higher_hill_wins() -> None:
    found = search(two_hills, [[-4], [-3], [-2], [2.5]])
    assert found.regular
    assert found.u[0] == pytest.approx(3, abs=1e-6)
    assert (found.starts, found.agreeing) == (4, 1)


def test_a_start_on_a_saddle_is_not_reported_as_a_maximum() -> None:
    def saddle(u: Array) -> tuple[float, Array]:
        return float(-(u[0] ** 2) + u[1] ** 2), np.array([-2 * u[0], 2 * u[1]])

    found = search(saddle, [[0, 0]])
    assert not found.regular
    assert found.failure


def test_a_start_on_a_saddle_loses_to_a_start_that_climbs() -> None:
    def monkey(u: Array) -> tuple[float, Array]:
        """Two maxima at (0, +-1) with a saddle between."""
        return float(-(u[0] ** 2) + u[1] ** 2 - u[1] ** 4 / 2), np.array([-2 * u[0], 2 * u[1] - 2 * u[1] ** 3])

    found = search(monkey, [[0, 0], [0.1, 0.2]])
    assert found.regular
    np.testing.assert_allclose(found.u, [0, 1], atol=1e-6)


def test_a_plane_has_no_maximum_and_a_ridge_no_strict_one() -> None:
    rising = search(lambda u: (float(u[0]), np.ones(1)), [[0.0]])
    assert (rising.regular, rising.failure) == (False, "unbounded")
    ridge = search(lambda u: (float(-((u[0] + u[1]) ** 2)), -2 * (u[0] + u[1]) * np.ones(2)), [[1.0, 0.5]])
    assert not ridge.regular


def test_a_limit_that_is_never_reached_is_a_boundary_or_infinity_by_what_it_does_to_the_parameter() -> None:
    def rising(u: Array) -> tuple[float, Array]:
        return -float(np.exp(-u[0])), np.exp(-u)

    assert search(rising, [[0.0]], declared=lambda u: u).failure == "infinite"
    assert search(rising, [[0.0]], declared=lambda u: 1 / (1 + np.exp(-u))).failure == "boundary"


def test_a_kink_holds_what_the_slope_cannot_move() -> None:
    # -(u - c)^2 / 2 - |u| has its maximum at c - 1 for c > 1 and at 0 for |c| <= 1 (soft thresholding).
    centre = np.array([3.0, 0.7, -0.99, -2.5])
    kinks = Kinks(np.asarray(range(4)), np.zeros(4), np.ones(4))

    def smooth(u: Array) -> tuple[float, Array]:
        return float(-np.sum((u - centre) ** 2) / 2), centre - u

    found = search(smooth, [[1, 1, 1, 1], [-5, 4, 0, 0]], kinks)
    assert found.regular
    np.testing.assert_allclose(found.u, [2, 0, 0, -1.5], atol=1e-8)
    np.testing.assert_array_equal(found.held, [False, True, True, False])
    np.testing.assert_array_equal(found.u[1:3], 0)
    np.testing.assert_allclose(np.diag(found.covariance), [1, 0, 0, 1], atol=1e-6)


def test_hessian_is_exact_for_a_cubic_up_to_rounding() -> None:
    def cubic(u: Array) -> tuple[float, Array]:
        return float(u[0] ** 3 * u[1]), np.array([3 * u[0] ** 2 * u[1], u[0] ** 3])

    found = hessian(cubic, np.array([2.0, 5.0]), np.array([1e-3, 1e-3]))
    np.testing.assert_allclose(found, [[60, 12], [12, 0]], atol=1e-8)


# Data sets without a maximum: what the scenario says from the data alone, the optimiser finds by search.


def fitted(scenario: Any, data: Any, prior: Prior) -> tuple[str, Optimum, bool]:
    one = Case(scenario, data, prior, starts=2)
    return scenario.obstacle(data, flat(prior)), one.mle.optimum, one.mle.exists


def predictors(x: Any, y: Any) -> Any:
    return dataset(
        {
            "x": (("observation", "predictor"), np.asarray(x, float)),
            "y": ("observation", np.asarray(y)),
            "trials": ("observation", np.ones(len(y), int)),
        },
        coords={"predictor": [f"x{j}" for j in range(np.shape(x)[1])]},
        title="planted",
        source="here",
    )


FLAT: Prior = {"intercept": Distribution("Flat"), "beta": Distribution("Flat")}
LINE = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])


@pytest.mark.parametrize(
    ("x", "y", "word"),
    [
        (LINE, [0, 0, 1, 1, 1], "complete"),
        (LINE, [1, 1, 0, 0, 0], "complete"),
        (np.array([[1.0], [2.0], [2.0], [3.0], [4.0]]), [0, 0, 1, 1, 1], "quasi-complete"),
        (LINE, [1, 1, 1, 1, 1], "all outcomes are equal"),
        (np.hstack([LINE, 2 * LINE]), [0, 1, 0, 1, 1], "not unique"),
    ],
)
def test_logistic_obstacles(x: Array, y: list[int], word: str) -> None:
    data = predictors(x, y)
    text, optimum, exists = fitted(logistic.SCENARIO, data, FLAT)
    assert word in text
    assert not exists
    assert not optimum.regular
    proper = {**FLAT, **{name: Distribution("Normal", mu=0, sigma=2) for name in FLAT}}
    assert logistic.obstacle(data, proper) == ""
    assert Case(logistic.SCENARIO, data, proper, starts=2).map_.exists


def test_complete_is_told_from_quasi_complete() -> None:
    assert "quasi" not in logistic.obstacle(predictors(LINE, [0, 0, 1, 1, 1]), FLAT)


@pytest.mark.slow
@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 1)), min_size=4, max_size=9),
)
def test_linear_program_and_optimiser_agree_on_separation(rows: list[tuple[int, int]]) -> None:
    x, y = np.array([row[:1] for row in rows], float), np.array([row[1] for row in rows])
    assume(np.ptp(x) > 0)
    text, optimum, _ = fitted(logistic.SCENARIO, predictors(x, y), FLAT)
    assert optimum.regular == (text == "")
    # In one dimension separation can be seen: the ranges of x of the two outcomes do not overlap in the interior.
    ones, zeros = x[y == 1], x[y == 0]
    separated = not len(ones) or not len(zeros) or ones.min() >= zeros.max() or zeros.min() >= ones.max()
    assert (text != "") == separated


@pytest.mark.slow
@settings(max_examples=12)
@given(st.integers(0, 30), st.integers(1, 30))
def test_coin_is_on_the_boundary_exactly_with_all_heads_or_none(heads: int, flips: int) -> None:
    assume(heads <= flips)
    data = coin.counts(heads, flips, "title", "source")
    text, optimum, exists = fitted(coin.SCENARIO, data, {"theta": Distribution("Beta", alpha=2, beta=2)})
    assert exists
    assert optimum.regular == (0 < heads < flips) == (text == "")
    assert optimum.failure == ("" if optimum.regular else "boundary")


@pytest.mark.parametrize(("heads", "flips"), [(0, 5), (5, 5)])
def test_coin_on_the_boundary_reports_the_boundary(heads: int, flips: int) -> None:
    data = coin.counts(heads, flips, "title", "source")
    mle = Case(coin.SCENARIO, data, {"theta": Distribution("Beta", alpha=2, beta=2)}).mle
    assert float(mle.estimate["theta"]) == pytest.approx(heads / flips, abs=1e-9)
    assert np.isnan(mle.sd["theta"])
    assert f"{heads} heads in {flips} flips" in str(mle.reason["theta"])


def test_regression_with_more_coefficients_than_rows_is_refused() -> None:
    rng = np.random.default_rng(RNG_SEED)
    data = predictors(rng.normal(size=(4, 5)), rng.normal(size=4))
    text, optimum, _ = fitted(regression.SCENARIO, data, {**FLAT, "sigma": Distribution("HalfFlat")})
    assert text.startswith("unbounded: the predictors fit the outcome perfectly")
    assert not optimum.regular


def test_regression_with_collinear_predictors_is_not_unique() -> None:
    rng = np.random.default_rng(RNG_SEED)
    x = rng.normal(size=(30, 2))
    data = predictors(np.column_stack([x, x.sum(axis=1)]), rng.normal(size=30))
    prior = {**FLAT, "sigma": Distribution("HalfFlat")}
    text, optimum, exists = fitted(regression.SCENARIO, data, prior)
    assert text.startswith("not unique: the 4 columns of the design whose coefficients are free have rank 3")
    assert not exists
    assert not optimum.regular
    ridge = {**prior, "beta": Distribution("Normal", mu=0, sigma=1)}
    assert regression.obstacle(data, ridge) == ""
    assert Case(regression.SCENARIO, data, ridge, starts=2).map_.exists


def test_gaussian_without_spread_is_unbounded() -> None:
    data = dataset({"y": ("observation", np.full(4, 2.0))}, title="constant", source="here")
    assert gaussian.obstacle(data, {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")}).startswith(
        "unbounded"
    )
    with pytest.raises(ValueError, match="constant"):
        gaussian.read(pd.DataFrame({"y": data["y"].values}))

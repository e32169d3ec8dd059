"""Many worlds with planted faults: what the searches for maxima and for ends of intervals must not be taken in by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import chi2, norm

from comparisons import batch_optimum, batch_profile
from comparisons.batch_optimum import Kinks, Optima
from comparisons.declared import slopes
from comparisons.functions import Array
from tests.planted import Planted, Written
from tests.tolerances import ROUNDING

LEVEL = 0.95
DROP = float(chi2.ppf(LEVEL, 1)) / 2


def none(worlds: int, size: int = 1) -> Kinks:
    return Kinks(np.zeros((worlds, size)), np.zeros((worlds, size)))


def normal_optima(centres: Array) -> Optima:
    """The maxima of Normal densities with unit covariance."""
    worlds, d = centres.shape
    every, covariance = np.ones(worlds, dtype=bool), np.tile(np.eye(d), (worlds, 1, 1))
    held = np.zeros((worlds, d), dtype=bool)
    return Optima(centres, np.zeros(worlds), covariance, held, every, ~every, every.astype(int), centres[None])


def normal(centres: Array) -> Planted:
    """Normal densities with unit covariance, zero at their maxima."""

    def density(which: Any, u: Array) -> tuple[Array, Array]:
        away = u - centres[which]
        return -np.sum(away**2, axis=1) / 2, -away

    return Planted(centres.shape[1], density)


def intervals(batch: Any, optima: Optima, declared: Any) -> tuple[Array, Array]:
    return batch_profile.intervals(batch, np.zeros((len(optima.u), 1)), optima, declared, LEVEL)


@pytest.mark.parametrize("first", [[0.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
def test_a_slope_of_zero_in_one_world_says_nothing_of_the_others(first: list[float]) -> None:
    """Ends of u1 u2 in a disc, by a search over its edge; in the first world one or both slopes are zero."""
    centres = np.array([first, [1.0, 2.0], [-3.0, 1.5]])
    declared: Any = Written(lambda u: u[:, :1] * u[:, 1:])
    lower, upper = intervals(normal(centres), normal_optima(centres), declared)

    def end(centre: Array, sign: float) -> float:
        def minus(angle: float) -> float:
            return -sign * float(np.prod(centre + np.sqrt(2 * DROP) * np.array([np.cos(angle), np.sin(angle)])))

        grid = np.linspace(0, 2 * np.pi, 100)
        near = grid[np.argmin([minus(one) for one in grid])]
        return -sign * float(minimize_scalar(minus, bounds=(near - 0.1, near + 0.1), options={"xatol": 1e-10}).fun)

    for w, centre in enumerate(centres):
        if np.any(centre != 0):  # at a saddle of the parameter no direction leads to an end
            np.testing.assert_allclose([lower[w, 0], upper[w, 0]], [end(centre, -1), end(centre, 1)], atol=1e-3)


@pytest.mark.parametrize("side", [-1.0, 1.0])
@pytest.mark.parametrize("what", [np.nan, -np.inf])
def test_a_density_that_stops_being_a_number_has_no_end_there(what: float, side: float) -> None:
    """Past one standard error, where a Normal has not fallen far enough; the other end, and the other world, stand."""
    plain = normal(np.zeros((2, 1)))

    def density(which: Any, u: Array) -> tuple[Array, Array]:
        value, gradient = plain.density(which, u)
        return np.where((which == 0) & (side * u[:, 0] > 1), what, value), gradient

    for declared, sign in ((Written(lambda u: u), 1.0), (Written(lambda u: -u), -1.0)):
        ends = np.array(intervals(Planted(1, density), normal_optima(np.zeros((2, 1))), declared))[..., 0]
        half = np.sqrt(2 * DROP)
        expected = np.array([[-half, -half], [half, half]])
        expected[int(sign * side > 0), 0] = np.nan
        np.testing.assert_allclose(ends, expected, rtol=1e-9)


def test_a_density_that_is_no_number_far_out_ends_nothing() -> None:
    """Beyond the contour nobody asks."""
    plain = normal(np.zeros((1, 1)))

    def density(which: Any, u: Array) -> tuple[Array, Array]:
        value, gradient = plain.density(which, u)
        return np.where(np.abs(u[:, 0]) > 2.1, np.nan, value), gradient

    ends = np.array(intervals(Planted(1, density), normal_optima(np.zeros((1, 1))), Written(lambda u: u)))
    np.testing.assert_allclose(np.abs(ends), np.sqrt(2 * DROP), rtol=1e-9)


def test_a_maximum_on_the_boundary_of_two_parameters_has_no_interval_here() -> None:
    """As its words say; a regular neighbour has one."""
    centres = np.zeros((2, 2))
    optima = replace(
        normal_optima(centres),
        regular=np.array([False, True]),
        boundary=np.array([True, False]),
        covariance=np.array([np.zeros((2, 2)), np.eye(2)]),
    )
    lower, upper = intervals(normal(centres), optima, Written(lambda u: u))
    assert np.isnan([lower[0], upper[0]]).all()
    np.testing.assert_allclose([-lower[1], upper[1]], np.sqrt(2 * DROP), rtol=1e-4)


def bump_and_edge(height: float) -> Planted:
    """A hill of a given height at -2, about 0.5 wide, beside a rise to 0 as u grows."""

    def density(which: Any, u: Array) -> tuple[Array, Array]:
        x = u[:, 0]
        hill, edge = height * norm.pdf(x, -2, 0.5), expit(x - 8)
        total = hill + edge
        slope = -hill * (x + 2) / 0.25 + edge * expit(8 - x)
        return np.log(total), (slope / total)[:, None]

    return Planted(1, density)


@pytest.mark.parametrize(("height", "wins"), [(0.5, True), (5.0, False)])
def test_the_higher_of_a_hill_and_the_boundary_is_the_maximum(height: float, wins: bool) -> None:
    """Found from starts on both sides; the boundary, theta = 1, has log density 0, the hill log(height pdf)."""
    batch: Any = bump_and_edge(height)
    starts = np.array([-1.9, -2.1, 7.0, 9.0])[:, None, None]
    found = batch_optimum.maximise(batch, np.ones((1, 1)), starts, none(1), expit)
    top = np.log(height * norm.pdf(0, 0, 0.5))
    assert found.boundary[0] == wins == (top < 0)
    assert found.regular[0] != wins
    assert found.value[0] == pytest.approx(max(top, 0), abs=1e-4)
    assert expit(found.u[0, 0]) == pytest.approx(1.0 if wins else expit(-2), abs=1e-3)
    assert found.agreeing[0] == 2


def test_a_hill_stands_where_the_density_beside_it_grows_without_limit() -> None:
    """As beside the spikes of a mixture: what has no maximum is none, however high it goes."""
    plain = normal(np.array([[-3.0]]))

    def density(which: Any, u: Array) -> tuple[Array, Array]:
        value, gradient = plain.density(which, u)
        rising = u > 0
        return np.where(rising[:, 0], 3 * u[:, 0] - 4.5, value), np.where(rising, 3.0, gradient)

    batch: Any = Planted(1, density)
    starts = np.array([-2.0, 4.0])[:, None, None]
    found = batch_optimum.maximise(batch, np.ones((1, 1)), starts, none(1), lambda u: np.exp(-u))
    assert found.regular[0]
    assert found.u[0, 0] == pytest.approx(-3, abs=1e-6)


@pytest.mark.parametrize("bad", [np.nan, 1e3])
def test_a_start_that_is_no_number_is_never_chosen(bad: float) -> None:
    """All other starts of this density rise for ever, so that none is regular."""

    def density(which: Any, u: Array) -> tuple[Array, Array]:
        value = np.where(u[:, 0] < 500, u[:, 0], np.nan)
        return value, np.ones_like(u)

    batch: Any = Planted(1, density)
    starts = np.array([bad, 0.0, 1.0])[:, None, None]
    found = batch_optimum.maximise(batch, np.ones((1, 1)), starts, none(1), lambda u: u)
    assert not (found.regular | found.boundary).any()
    assert np.isfinite(found.value).all()
    assert np.isfinite(found.u).all()


def test_slopes_of_a_batch_are_those_of_each_world() -> None:
    """Of a product and an exponential, by hand; one point, many, and some of the coordinates."""

    def each(u: Array) -> Array:
        return np.column_stack([u[:, 0] * u[:, 1], np.exp(u[:, 2])])

    u = np.random.default_rng(1).normal(size=(5, 3))
    step = np.full((5, 3), 1e-3) * [1, 2, 3]
    expected = np.zeros((5, 2, 3))
    expected[:, 0, 0], expected[:, 0, 1], expected[:, 1, 2] = u[:, 1], u[:, 0], np.exp(u[:, 2])
    found = slopes(each, u, step)
    np.testing.assert_allclose(found, expected, rtol=ROUNDING, atol=ROUNDING)
    for w in range(5):
        np.testing.assert_array_equal(slopes(each, u[w], step[w]), found[w])
    np.testing.assert_array_equal(slopes(each, u, step, [2, 0]), found[:, :, [2, 0]])

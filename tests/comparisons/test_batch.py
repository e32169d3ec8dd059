"""The density of many worlds is that of each world, whatever the others are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

import models
from comparisons.batch import Batch, World
from comparisons.functions import Array, Functions
from models.coin import counts
from models.contract import Distribution, summarised
from models.gaussian import simulate as gaussian_data
from models.regression import simulate as regression_data
from tests.tolerances import ROUNDING

SOURCE = {"title": "a test", "source": "made up"}


def coin(heads: int, flips: int, alpha: float = 2.0, beta: float = 2.0, **more: Any) -> World:
    return World(counts(heads, flips, **SOURCE), {"theta": Distribution("Beta", alpha=alpha, beta=beta)}, **more)


def coins() -> list[World]:
    return [coin(3, 3), coin(65, 100, 20, 20), coin(0, 7, 1, 1), coin(1, 9, 0.7, 3)]


def gaussians() -> list[World]:
    data = [gaussian_data(np.random.default_rng(n), n=n) for n in (4, 8, 300)]
    return [World(one, models.load("gaussian").priors(one)["weak"]) for one in data]


def regressions(prior: str) -> list[World]:
    data = [regression_data(np.random.default_rng(n), n=n) for n in (30, 100)]
    return [World(one, models.load("regression").priors(one)[prior]) for one in data]


def logistics() -> list[World]:
    scenario = models.load("logistic")
    data = [scenario.simulate(np.random.default_rng(seed)) for seed in (1, 2)]
    data[1] = data[1].isel(observation=slice(0, 60))
    return [World(one, scenario.priors(one)["normal"]) for one in data]


def mixtures() -> list[World]:
    scenario = models.load("mixture")
    data = scenario.datasets["waiting"]()
    few = data.isel(observation=slice(0, 150))
    return [World(one, scenario.priors(one)["weak"]) for one in (data, few)]


def families() -> list[World]:
    scenario = models.load("family")
    data = [scenario.simulate(np.random.default_rng(seed)) for seed in (1, 2)]
    data[1] = data[1].isel(observation=slice(0, 25))
    return [World(one, scenario.priors(one)["weak"]) for one in data]


WORLDS: dict[str, Callable[[], list[World]]] = {
    "coin": coins,
    "gaussian": gaussians,
    "regression-normal": lambda: regressions("normal"),
    "regression-laplace": lambda: regressions("laplace"),
    "logistic": logistics,
    "mixture": mixtures,
    "family": families,
}


def batch_of(name: str, worlds: list[World]) -> Batch:
    scenario = models.load(name)
    return Batch(scenario, worlds, scenario.start(worlds[0].data, np.random.default_rng(1)))


def alone(name: str, world: World) -> Functions:
    """The functions of one world, as a fit makes them."""
    scenario = models.load(name)
    point = scenario.start(world.data, np.random.default_rng(1))
    return Functions(summarised(scenario, world.data, world.prior)[1], point)


def points(name: str, worlds: list[World]) -> Array:
    """One vector for every world, near its own data."""
    scenario, rng = models.load(name), np.random.default_rng(2)
    return np.stack([alone(name, one).unconstrain(scenario.start(one.data, rng)) for one in worlds])


@pytest.mark.slow
@pytest.mark.parametrize("key", WORLDS)
def test_every_world_has_the_density_it_has_alone(key: str) -> None:
    """Likelihood, joint and what is sampled, values and gradients."""
    name, worlds = key.partition("-")[0], WORLDS[key]()
    batch, u = batch_of(name, worlds), points(name, worlds)
    which = np.arange(len(worlds))
    for counted in (batch.counts(prior=False), batch.counts(), batch.counts(jacobian=True)):
        value, gradient = batch.densities(which, counted)(u)
        for w, world in enumerate(worlds):
            one = alone(name, world)
            names = {"1": None, "0": [*one.model.observed_RVs, *one.model.free_RVs]}[f"{counted[w, -1]:g}"]
            if not counted[w, 1:-1].any():
                names = list(one.model.observed_RVs)
            expected, slope = one.native(names)(u[w])
            assert value[w] == pytest.approx(expected, rel=ROUNDING)
            np.testing.assert_allclose(gradient[w], slope, rtol=ROUNDING, atol=ROUNDING * np.abs(slope).max())


@pytest.mark.slow
@pytest.mark.parametrize("key", ["coin", "mixture"])
def test_coordinates_are_those_of_each_world(key: str) -> None:
    worlds, rng = WORLDS[key](), np.random.default_rng(4)
    batch, u = batch_of(key, worlds), points(key, worlds)
    which = np.array([1, 0, 1])
    factor = rng.normal(size=(3, batch.size, batch.size))
    v = rng.normal(size=(3, batch.size))
    centre = u[which] - np.einsum("mij,mj->mi", factor, v)
    counted = batch.counts(jacobian=True)
    value, gradient = batch.densities(which, counted, centre, factor)(v)
    plain, slope = batch.densities(which, counted)(u[which])
    np.testing.assert_allclose(value, plain, rtol=ROUNDING)
    np.testing.assert_allclose(gradient, np.einsum("mij,mi->mj", factor, slope), rtol=1e-7, atol=1e-7)


@pytest.mark.slow
def test_a_world_off_the_support_leaves_its_neighbours_alone_coin() -> None:
    """Infinity, and what is no number, stays where it is."""
    batch = batch_of("coin", coins())
    counted, u = batch.counts(), np.array([[0.3], [-0.5], [0.1], [1.0]])
    fine = batch.densities(np.arange(4), counted)(u)
    for bad in (np.inf, -np.inf, np.nan, 1e200):
        value, gradient = batch.densities(np.arange(4), counted)(np.where(np.arange(4)[:, None] == 1, bad, u))
        assert value[1] == -np.inf
        assert gradient[1] == 0
        np.testing.assert_array_equal(np.delete(value, 1), np.delete(fine[0], 1))
        np.testing.assert_array_equal(np.delete(gradient, 1, 0), np.delete(fine[1], 1, 0))


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.0, 0.1, 1.0, 10.0])
def test_a_prior_counts_as_many_times_as_it_is_strong_coin(strength: float) -> None:
    """A Beta density to the power s, by SciPy; at strength 0 the likelihood alone."""
    worlds = [coin(65, 100, 3, 5, strength={"theta": strength}), coin(1, 4)]
    batch, theta = batch_of("coin", worlds), np.array([0.3, 0.7])
    value = batch.densities(np.arange(2), batch.counts())(np.log(theta / (1 - theta))[:, None])[0]
    expected = stats.binom.logpmf([65, 1], [100, 4], theta)
    expected += np.array([strength, 1]) * stats.beta.logpdf(theta, [3, 2], [5, 2])
    np.testing.assert_allclose(value, expected, rtol=ROUNDING)


@pytest.mark.slow
def test_a_prior_of_no_strength_may_be_zero_gaussian() -> None:
    """Where a prior that does not count is minus infinity, the density is the likelihood's."""
    (first, *_) = gaussians()
    prior = {**first.prior, "mu": Distribution("Normal", mu=0, sigma=1e-200)}
    batch = batch_of("gaussian", [World(first.data, prior, strength={"mu": 0.0, "sigma": 0.0})] * 2)
    u = np.array([[5.0, 0.5], [4.0, 0.1]])
    joint, slope = batch.densities(np.arange(2), batch.counts())(u)
    likelihood, expected = batch.densities(np.arange(2), batch.counts(prior=False))(u)
    np.testing.assert_array_equal(joint, likelihood)
    np.testing.assert_array_equal(slope, expected)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["mixture", "family", "logistic"])
def test_rows_of_weight_zero_are_left_out(key: str) -> None:
    """Weights of 0 and 1 make the subset of the rows, whatever stands in the others; 2 makes a row come twice."""
    first = WORLDS[key]()[0]
    n = first.data.sizes["observation"]
    weight = np.where(np.arange(n) % 3 == 0, 0.0, 1.0) + (np.arange(n) == 1)
    rows = np.repeat(np.arange(n), weight.astype(int))
    subset = World(models.load(key).part(first.data, rows), first.prior)
    batch = batch_of(key, [World(first.data, first.prior, weight=weight), subset])
    u = np.tile(points(key, [first]), (2, 1))
    value, gradient = batch.densities(np.arange(2), batch.counts())(u)
    assert value[0] == pytest.approx(value[1], rel=ROUNDING)
    np.testing.assert_allclose(gradient[0], gradient[1], rtol=ROUNDING, atol=ROUNDING * np.abs(gradient).max())


@pytest.mark.slow
@pytest.mark.parametrize("bad", [1e160, np.inf])
def test_a_row_of_weight_zero_may_be_far_away_mixture(bad: float) -> None:
    """All components give it the density zero, and slopes that are no numbers; truth is the data without it."""
    first = WORLDS["mixture"]()[0]
    y = first.data["y"].values.copy()
    y[0] = bad
    weight = np.r_[0.0, np.ones(len(y) - 1)]
    subset = World(first.data.isel(observation=slice(1, None)), first.prior)
    batch = batch_of(
        "mixture", [subset, World(first.data.assign(y=(first.data["y"].dims, y)), first.prior, weight=weight)]
    )
    value, gradient = batch.densities(np.arange(2), batch.counts())(np.tile(points("mixture", [subset]), (2, 1)))
    assert np.isfinite(value[0])
    assert value[1] == pytest.approx(value[0], rel=ROUNDING)
    np.testing.assert_allclose(gradient[1], gradient[0], rtol=ROUNDING, atol=ROUNDING * np.abs(gradient).max())


@pytest.mark.slow
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("bad", [1e200, np.inf, np.nan])
def test_a_row_of_weight_zero_may_be_anything_family(bad: float, last: bool) -> None:
    """Zero density, infinite slope, no number: value and slope of the others by hand, beside a longer world."""
    y = np.random.default_rng(3).normal(1, 2, 6)
    rows, weight = (np.append(y, bad), np.r_[np.ones(6), 0]) if last else (np.r_[bad, y], np.r_[0, np.ones(6)])
    data = models.load("family").simulate(np.random.default_rng(1)).assign_attrs(family="Normal")
    data = data.isel(observation=slice(0, 9))
    prior = {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")}
    spoiled = data.isel(observation=slice(0, 7)).assign(y=("observation", rows))
    made = [World(spoiled, prior, weight=weight), World(data, prior)]
    scenario, point = models.load("family"), {"mu": np.array(1.0), "sigma": np.array(1.0)}
    value, gradient = Batch(scenario, made, point).densities(np.arange(2), np.ones((2, 4)) * [1, 0, 0, 0])(
        np.array([[0.5, np.log(3)], [1.0, 0.0]])
    )
    assert value[0] == pytest.approx(np.sum(stats.norm.logpdf(y, 0.5, 3)), rel=ROUNDING)
    slope = [np.sum(y - 0.5) / 9, np.sum((y - 0.5) ** 2) / 9 - 6]
    np.testing.assert_allclose(gradient[0], slope, rtol=ROUNDING, atol=ROUNDING)
    assert value[1] == pytest.approx(np.sum(stats.norm.logpdf(data["y"].values, 1, 1)), rel=ROUNDING)


def test_weights_must_be_those_of_the_compact_rows_coin() -> None:
    """A hundred single flips are one row: a weight for each of them would count that row a hundred times."""
    data = models.load("coin").datasets["teaching"]()
    prior = {"theta": Distribution("Beta", alpha=2, beta=2)}
    with pytest.raises(ValueError, match=r"1 rows in its compact form, and weights of shape \(100,\)"):
        batch_of("coin", [World(data, prior, weight=np.ones(100))])


def test_worlds_of_different_priors_are_refused_coin() -> None:
    other = World(counts(1, 2, **SOURCE), {"theta": Distribution("Uniform", lower=0, upper=1)})
    with pytest.raises(ValueError, match="one kind"):
        batch_of("coin", [coin(1, 2), other])


def test_worlds_of_different_families_are_refused() -> None:
    """Normal and LogNormal have the same parameters and priors of the same names."""
    scenario = models.load("family")
    data = scenario.simulate(np.random.default_rng(1))
    prior = {"mu": Distribution("Normal", mu=0, sigma=1), "sigma": Distribution("Exponential", lam=1)}
    worlds = [World(data.assign_attrs(family=name), prior) for name in ("Normal", "LogNormal")]
    with pytest.raises(ValueError, match="one kind"):
        batch_of("family", worlds)


def test_rows_and_statistics_are_of_different_kinds_gaussian() -> None:
    """Two equal values have no compact form."""
    worlds = gaussians()
    constant = worlds[0].data.assign(y=("observation", np.full(4, 2.0)))
    with pytest.raises(ValueError, match="one kind"):
        batch_of("gaussian", [*worlds, World(constant, worlds[0].prior)])


def test_a_model_that_takes_its_data_in_another_form_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario that standardises inside its model breaks the rule by which values are found."""
    from dataclasses import replace

    import pymc as pm

    def model(data: xr.Dataset, prior: Any) -> pm.Model:
        with pm.Model(coords={"observation": [0]}) as built:
            theta = prior["theta"].variable("theta")
            heads = pm.Data("heads_data", data["heads"].values - 1)
            pm.Binomial("heads", n=10, p=theta, observed=heads, dims="observation")
        return built

    scenario = replace(models.load("coin"), model=model)
    point = {"theta": np.array(0.5)}
    with pytest.raises(ValueError, match="heads_data in another form"):
        Batch(scenario, [coin(3, 10), coin(5, 10)], point)


def test_hyperparameters_that_move_the_support_are_refused() -> None:
    """Ends of a Uniform prior decide what the unconstrained vector means."""
    scenario = models.load("gaussian")
    data = gaussian_data(np.random.default_rng(1), n=8)
    sigma = Distribution("Exponential", lam=1)
    worlds = [World(data, {"mu": Distribution("Uniform", lower=-b, upper=b), "sigma": sigma}) for b in (20.0, 30.0)]
    with pytest.raises(ValueError, match="decides what the parameters mean"):
        Batch(scenario, worlds, {"mu": np.array(1.0), "sigma": np.array(1.0)})


@pytest.mark.parametrize("key", WORLDS)
def test_many_points_are_unconstrained_as_one_is(key: str) -> None:
    name, (world, *_) = key.partition("-")[0], WORLDS[key]()
    functions, scenario, rng = alone(name, world), models.load(name), np.random.default_rng(5)
    candidates = [scenario.start(world.data, rng) for _ in range(3)]
    expected = np.stack([functions.unconstrain(one) for one in candidates])
    np.testing.assert_allclose(functions.each_unconstrained(candidates), expected, rtol=ROUNDING, atol=1e-15)

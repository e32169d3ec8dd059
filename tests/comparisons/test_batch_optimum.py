"""Maxima of many worlds: the closed ones, those on the boundary, none at all, and the kinks of Laplace priors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import models
from comparisons import batch_optimum, batch_profile, points
from comparisons.batch import Batch, World
from comparisons.batch_optimum import Kinks, Optima
from comparisons.declared import Declared
from comparisons.functions import Array
from comparisons.worlds import _kinks
from models.contract import Distribution, flat
from models.gaussian import simulate as gaussian_data
from models.regression import simulate as regression_data
from tests.comparisons.test_batch import alone, coin, mixtures
from tests.tolerances import same_points

pytestmark = pytest.mark.slow


class Search:
    """The maxima of likelihood and joint density of some worlds, from starts near the data of each."""

    def __init__(self, name: str, worlds: list[World], starts: int = 3, seed: int = 0) -> None:
        scenario, rng = models.load(name), np.random.default_rng(seed)
        candidates = [[scenario.start(one.data, rng) for one in worlds] for _ in range(starts)]
        self.batch = batch = Batch(scenario, worlds, candidates[0][0])
        self.starts = np.stack([[batch.functions.unconstrain(one) for one in each] for each in candidates])
        self.declared = Declared(batch.functions, [one for one in scenario.parameters if one in batch.model.named_vars])
        none = np.zeros((len(worlds), batch.size))
        self.likelihood = batch.counts(prior=False)
        self.mle = self.maximise(self.likelihood, Kinks(none, none))
        kinks, smooth = _kinks(batch)
        self.map_ = self.maximise(batch.counts() * smooth, kinks)

    def maximise(self, counts: Array, kinks: Kinks) -> Optima:
        return batch_optimum.maximise(self.batch, counts, self.starts, kinks, self.declared.each)

    def ends(self, level: float = 0.95) -> tuple[Array, Array]:
        return batch_profile.intervals(self.batch, self.likelihood, self.mle, self.declared, level)


def test_modes_are_closed_coin() -> None:
    """(a + k - 1) / (a + b + n - 2), from three flips to ten million."""
    flips = np.r_[3:60, 10**3, 10**5, 10**7]
    heads = np.random.default_rng(1).binomial(flips - 2, 0.3) + 1
    found = Search("coin", [coin(int(k), int(n), 3, 2) for k, n in zip(heads, flips, strict=True)])
    assert found.map_.regular.all()
    assert found.mle.regular.all()
    np.testing.assert_allclose(found.declared.each(found.map_.u)[:, 0], (heads + 2) / (flips + 3), rtol=1e-9)
    np.testing.assert_allclose(found.declared.each(found.mle.u)[:, 0], heads / flips, rtol=1e-9)
    assert (found.map_.agreeing == 3).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("heads", [0, 1])
def test_nothing_but_heads_puts_the_maximum_on_the_boundary_coin(heads: int, seed: int) -> None:
    """Whatever the number of flips: the estimate is 0 or 1, and never an interior maximum made of rounding."""
    flips = [*range(1, 300), 500, 10**3, 10**4, 10**5, 10**6, 10**7]
    found = Search("coin", [coin(heads * n, n) for n in flips], seed=seed)
    assert not found.mle.regular.any()
    assert found.mle.boundary.all()
    np.testing.assert_allclose(found.declared.each(found.mle.u)[:, 0], heads, atol=1e-11)
    # The mode of ten million heads lies 1e4 of the start's standard errors away, where differences are rounding.
    assert found.map_.regular[:-1].all()


def test_maxima_and_curvatures_are_closed_gaussian() -> None:
    """Mean and root mean square; variances sigma^2 / n and, of log sigma, 1 / (2 n)."""
    data = [gaussian_data(np.random.default_rng(n), n=n) for n in range(2, 60)]
    units = [10.0 ** (n % 7 - 3) for n in range(2, 60)]
    data = [one.assign(y=1e3 * unit + unit * one["y"]) for one, unit in zip(data, units, strict=True)]
    prior = models.load("gaussian").priors(data[0])["flat"]
    found = Search("gaussian", [World(one, prior) for one in data])
    y = [one["y"].values for one in data]
    n, sigma = np.array([len(one) for one in y]), np.array([one.std() for one in y])
    expected = np.column_stack([[one.mean() for one in y], sigma])
    assert found.mle.regular.all()
    same_points(
        found.declared.each(found.mle.u), expected, np.column_stack([sigma, sigma / np.sqrt(2)]) / np.sqrt(n)[:, None]
    )
    np.testing.assert_allclose(found.mle.covariance[:, 0, 0], sigma**2 / n, rtol=1e-6)
    np.testing.assert_allclose(found.mle.covariance[:, 1, 1], 1 / (2 * n), rtol=1e-6)
    np.testing.assert_allclose(found.mle.covariance[:, 0, 1] * np.sqrt(2) * n / sigma, 0, atol=1e-6)


def lassos(worlds: int) -> list[World]:
    """Correlated predictors, from hardly more rows than columns to many, and priors from weak to strong."""
    rng, scenario = np.random.default_rng(0), models.load("regression")
    made = []
    for seed in range(worlds):
        data = regression_data(np.random.default_rng(seed), n=int(rng.integers(14, 300)))
        made.append(World(data, scenario.priors(data, scale=float(10 ** rng.uniform(-2.5, 0)))["laplace"]))
    return made


def test_every_lasso_is_found_from_every_start_regression() -> None:
    """Coefficients are exactly zero where, and only where, the slope is smaller than the kink."""
    made = lassos(40)
    found = Search("regression", made)
    optima = found.map_
    assert optima.regular.all()
    assert (optima.agreeing == 3).all()
    kinks, smooth = _kinks(found.batch)
    gradient = found.batch.densities(np.arange(40), found.batch.counts() * smooth)(optima.u)[1]
    zero = (kinks.rate > 0) & (optima.u == kinks.location)
    np.testing.assert_array_equal(zero, optima.held)
    assert 20 < zero.sum() < 380
    assert (np.abs(gradient[zero]) <= kinks.rate[zero] * (1 + 1e-9)).all()
    width = np.sqrt(np.einsum("mjj->mj", optima.covariance))
    slope = (gradient - np.sign(optima.u - kinks.location) * kinks.rate) * width
    assert np.abs(slope[~zero]).max() < 1e-4
    assert (optima.covariance[zero] == 0).all()


def test_lassos_are_those_found_one_by_one_regression() -> None:
    made = lassos(8)
    found = Search("regression", made)
    values = found.declared.each(found.map_.u)
    for w, world in enumerate(made):
        functions = alone("regression", world)
        names = list(found.declared.shapes)
        starts = [
            functions.unconstrain(models.load("regression").start(world.data, np.random.default_rng(k))) for k in (1, 2)
        ]
        point = points.map_(functions, names, starts, 0.95)
        expected, sd = (np.concatenate([np.ravel(part) for part in one.values()]) for one in (point.estimate, point.sd))
        np.testing.assert_array_equal(values[w] == 0, expected == 0)
        same_points(values[w], expected, np.where(np.isfinite(sd), sd, 1.0))


def separable(seed: int) -> World:
    """Few rows, of which half of the data sets are separated, completely or nearly so."""
    rng, scenario = np.random.default_rng(seed), models.load("logistic")
    n = int(rng.integers(8, 60))
    x = rng.normal(size=(n, 2))
    noise = 0.1 * rng.normal(size=n) * (seed % 4 == 3) + 3 * rng.logistic(size=n) * (seed % 2 == 0)
    y = (x @ [1, -1] + noise > 0).astype(int)
    y[0] = 1 - y[1:].max() if y[1:].min() == y[1:].max() else y[0]
    data = scenario.read(pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y}), outcome="y")
    return World(data, scenario.priors(data)["normal"])


def test_separated_data_have_no_maximum_logistic() -> None:
    """As a linear programme says of each data set (`models.contract.separation`); the MAP exists for all."""
    made = [separable(seed) for seed in range(60)]
    scenario = models.load("logistic")
    separated = np.array([bool(scenario.obstacle(one.data, flat(one.prior))) for one in made])
    assert 10 < separated.sum() < 50
    found = Search("logistic", made)
    np.testing.assert_array_equal(found.mle.regular, ~separated)
    assert not found.mle.boundary.any()
    assert found.map_.regular.all()


def test_local_maxima_of_an_unbounded_likelihood_are_found_mixture() -> None:
    found = Search("mixture", mixtures(), starts=5)
    assert found.mle.regular.all()
    assert (found.mle.agreeing >= 2).all()


def test_equal_values_have_no_maximum_gaussian() -> None:
    """The density grows without limit as sigma goes to zero."""
    data = gaussian_data(np.random.default_rng(1), n=6)
    data = data.assign(y=("observation", np.full(6, 3.0)))
    prior = {"mu": Distribution("Normal", mu=0, sigma=5), "sigma": Distribution("Exponential", lam=1)}
    found = Search("gaussian", [World(data, prior)] * 2)
    assert not (found.mle.regular | found.mle.boundary).any()


def test_factors_are_roots_of_covariances_gaussian() -> None:
    """At the mode of a nearly Normal density: the covariance itself."""
    data = gaussian_data(np.random.default_rng(1), n=400)
    found = Search("gaussian", [World(data, models.load("gaussian").priors(data)["weak"])] * 2)
    nothing: Any = Kinks(np.zeros((2, 2)), np.zeros((2, 2)))
    factor = batch_optimum.factors(found.batch, found.batch.counts(), nothing, found.map_.u)
    np.testing.assert_allclose(factor @ np.swapaxes(factor, 1, 2), found.map_.covariance, rtol=1e-3, atol=1e-9)

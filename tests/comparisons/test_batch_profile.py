"""Profile likelihood intervals of many worlds: those that can be written down, and those of each world alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom, chi2

import models
from comparisons import points
from comparisons.batch import World
from models.contract import flat
from models.gaussian import simulate as gaussian_data
from tests.comparisons.test_batch import alone, coin
from tests.comparisons.test_batch_optimum import Search, separable

pytestmark = pytest.mark.slow
DROP = float(chi2.ppf(0.95, 1)) / 2


def test_ends_are_roots_of_the_likelihood_coin() -> None:
    pairs = [(k, n) for n in (3, 20, 1000) for k in (1, n // 2, n - 1)]
    lower, upper = Search("coin", [coin(k, n) for k, n in pairs]).ends()
    for w, (k, n) in enumerate(pairs):
        top = binom.logpmf(k, n, k / n) - DROP
        ends = [
            brentq(lambda p, k=k, n=n, top=top: binom.logpmf(k, n, p) - top, *side, xtol=1e-14)
            for side in ((1e-9, k / n), (k / n, 1 - 1e-9))
        ]
        np.testing.assert_allclose([lower[w, 0], upper[w, 0]], ends, atol=1e-9)


def test_intervals_at_the_boundary_have_one_end_coin() -> None:
    """n heads in n flips: n log theta falls by chi^2 / 2 at exp(-chi^2 / (2 n))."""
    flips = np.array([1, 2, 3, 10, 100, 10_000, 10_000_000])
    lower, upper = Search("coin", [coin(int(n), int(n)) for n in flips]).ends()
    np.testing.assert_allclose(lower[:, 0], np.exp(-DROP / flips), rtol=1e-9)
    np.testing.assert_allclose(upper[:, 0], 1, rtol=1e-9)
    lower, upper = Search("coin", [coin(0, int(n)) for n in flips]).ends()
    np.testing.assert_allclose(lower[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(upper[:, 0], -np.expm1(-DROP / flips), rtol=1e-8)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_intervals_are_closed_gaussian(level: float) -> None:
    r"""Of mu, :math:`m \pm s \sqrt{\exp(\chi^2 / n) - 1}`; of s / sigma, :math:`r^2 - 1 - 2 \log r = \chi^2 / n`."""
    data = [gaussian_data(np.random.default_rng(n), n=n) for n in (2, 3, 5, 8, 20, 300)]
    prior = models.load("gaussian").priors(data[0])["flat"]
    lower, upper = Search("gaussian", [World(one, prior) for one in data]).ends(level)
    limit = float(chi2.ppf(level, 1))
    for w, one in enumerate(data):
        y = one["y"].values
        n, mean, s = len(y), float(y.mean()), float(y.std())
        half = s * np.sqrt(np.expm1(limit / n))

        def excess(log_ratio: float, n: int = n) -> float:
            return float(n * (np.exp(2 * log_ratio) - 1 - 2 * log_ratio) - limit)  # of s / sigma

        ends = [s / np.exp(brentq(excess, *side, xtol=1e-14)) for side in ((0, 50), (-50, 0))]
        tolerance = 1e-4 * s / np.sqrt(n)
        np.testing.assert_allclose([lower[w, 0], upper[w, 0]], [mean - half, mean + half], atol=tolerance)
        np.testing.assert_allclose([lower[w, 1], upper[w, 1]], ends, atol=tolerance)


def test_ends_are_found_wherever_they_are_found_alone_logistic() -> None:
    """Small data sets, nearly separated, whose likelihoods are far from Normal."""
    made, scenario = [separable(seed) for seed in range(40)], models.load("logistic")
    made = [one for one in made if not scenario.obstacle(one.data, flat(one.prior))]
    found = Search("logistic", made)
    ends = np.stack(found.ends())
    for w, world in enumerate(made):
        functions = alone("logistic", world)
        starts = [functions.unconstrain(scenario.start(world.data, np.random.default_rng(k))) for k in (1, 2)]
        point = points.mle(functions, ["intercept", "beta"], starts, 0.95)
        expected = np.stack(
            [np.concatenate([np.ravel(part) for part in one.values()]) for one in (point.lower, point.upper)]
        )
        sd = np.concatenate([np.ravel(part) for part in point.sd.values()])
        there = np.isfinite(expected)
        assert np.isfinite(ends[:, w][there]).all()
        assert np.max(np.abs(ends[:, w] - expected)[there] / np.broadcast_to(sd, (2, 3))[there]) < 1e-4


def test_no_maximum_no_interval_logistic() -> None:
    made, scenario = [separable(seed) for seed in range(20)], models.load("logistic")
    separated = [one for one in made if scenario.obstacle(one.data, flat(one.prior))]
    assert np.isnan(Search("logistic", separated).ends()).all()

"""Chains of many worlds: those that fail are found and sampled again, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import models
from comparisons import checks
from comparisons.batch import World
from comparisons.batch_posterior import CHAINS, Sampler
from comparisons.worlds import read_worlds
from models.contract import Distribution
from models.gaussian import simulate as gaussian_data
from tests.comparisons.test_batch import coin
from tests.tolerances import K, mean_and_error

SEED = 20_261_125

pytestmark = pytest.mark.slow


def test_a_world_of_two_modes_is_found_and_no_other_family() -> None:
    """Two groups a hundred standard deviations apart, one StudentT: it sits on either, and no chain crosses over."""
    rng, scenario = np.random.default_rng(6), models.load("family")
    prior = {
        "mu": Distribution("Normal", mu=0, sigma=100),
        "sigma": Distribution("LogNormal", mu=0, sigma=0.3),
        "nu": Distribution("Gamma", alpha=20, beta=20),
    }
    one = rng.normal(0, 1, 8)
    samples = [rng.normal(0, 1, 16), np.append(one - 50, one + 50), rng.normal(3, 1, 16)]
    data = [scenario.read(pd.DataFrame({"y": y}), family="StudentT") for y in samples]
    starts = [[{"mu": np.array(m), "sigma": np.array(1.0), "nu": np.array(1.0)}] for m in (-50.0, 50.0, 0.0)]
    found = read_worlds("family", [World(d, prior) for d in data], seed=SEED, starts=starts)
    np.testing.assert_array_equal(found.chains.failed, [False, True, False])
    assert found.chains.again[1]


class Spoiled:
    """A sampler of which one world is spoiled, as often as it is asked to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, world: int, times: int, diverging: bool) -> None:
        self.world, self.left, self.diverging, self.parts = world, times, diverging, list[int]()
        self.sample = Sampler._sample
        monkeypatch.setattr(Sampler, "_sample", lambda *arguments: self(*arguments))

    def __call__(self, sampler: Any, which: Any, *more: Any) -> Any:
        kept, diverging = self.sample(sampler, which, *more)
        self.parts.append(len(which))
        at = np.flatnonzero(which == self.world)
        if len(at) and self.left > 0:
            self.left -= 1
            if self.diverging:
                diverging[at] = True
            else:
                kept[at] += 10 * np.arange(CHAINS)[:, None, None]
        return kept, diverging


@pytest.mark.parametrize("diverging", [True, False])
@pytest.mark.parametrize("times", [1, 99])
def test_worlds_are_sampled_again_and_reported_if_that_does_not_help_coin(
    monkeypatch: pytest.MonkeyPatch, diverging: bool, times: int
) -> None:
    """Chains that disagree, or diverge: once is mended by sampling again, always is a failure; the others are fine."""
    made = [coin(k, 20) for k in (5, 8, 11, 14)]
    spoiled = Spoiled(monkeypatch, 2, times, diverging)
    chains = read_worlds("coin", made, seed=SEED, draws=500, tune=300).chains
    assert chains.again[2]
    assert chains.failed[2] == (times == 99)
    assert not chains.failed[[0, 1, 3]].any()
    if times == 99 and not diverging:
        assert chains.r_hat[2, 0] > checks.R_HAT
    assert spoiled.parts[0] == 4
    if times == 1:
        truth = stats.beta(2 + 11, 2 + 9).mean()
        assert abs(chains.draws[2].mean() - truth) < K * mean_and_error(chains.draws[2, :, :, 0])[1]


def test_a_divergence_is_laid_to_the_world_that_has_it_gaussian() -> None:
    """Two values under 1 / sigma have tails of a Cauchy: the world that diverges is known by its log density."""
    data = gaussian_data(np.random.default_rng(5), n=8)
    prior = {"mu": Distribution("Flat"), "sigma": Distribution("Reciprocal")}
    made = [World(one, prior) for one in (data, data.isel(observation=slice(0, 2)), data)]
    found = read_worlds("gaussian", made, seed=SEED)
    assert found.chains.failed[1]
    assert not found.chains.failed[[0, 2]].any()

"""Draws with known worth: autoregressions, planted shifts, planted labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from benchmarks import jobs
from benchmarks.summary import AGREE, comparable, pivot, summarise
from tests.tolerances import K

CHAINS, DRAWS = 4, 5_000


def autoregression(rng: np.random.Generator, coefficient: float, draws: int = DRAWS) -> np.ndarray:
    """Standard Normal draws with the given correlation of neighbours, shape (chains, draws)."""
    noise = rng.normal(size=(CHAINS, draws + 200)) * np.sqrt(1 - coefficient**2)
    return np.asarray(lfilter([1.0], [1.0, -coefficient], noise, axis=1)[:, 200:])


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.8])
def test_effective_sample_size_of_an_autoregression(coefficient: float) -> None:
    """Of N draws (1 - r) / (1 + r) N are effective.

    The time of autocorrelation tau, estimated with a window of M lags, has the relative standard error
    sqrt(2 (2 M + 1) / N); M = 5 tau is the usual window (Sokal, A. 1997, doi:10.1007/978-1-4899-0319-8_6).
    """
    tau = (1 + coefficient) / (1 - coefficient)
    error = np.sqrt(2 * (10 * tau + 1) / (CHAINS * DRAWS))
    summary = summarise({"x": autoregression(np.random.default_rng(1), coefficient)})
    assert abs(summary.ess * tau / (CHAINS * DRAWS) - 1) < K * error
    assert summary.converged


def test_the_worst_parameter_counts() -> None:
    rng = np.random.default_rng(2)
    good, bad = autoregression(rng, 0.0), autoregression(rng, 0.9)
    both = summarise({"x": np.stack([good, bad], axis=-1)})
    assert both.ess == summarise({"x": bad}).ess < summarise({"x": good}).ess / 5


def test_a_chain_elsewhere_is_not_convergence() -> None:
    draws = autoregression(np.random.default_rng(3), 0.0)
    draws[0] += 1.0
    summary = summarise({"x": draws})
    assert not summary.converged
    assert summary.rhat > 1.05


class TestDistance:
    """Two posteriors are the same, or they are not."""

    def test_the_same_posterior(self) -> None:
        one, other = (summarise({"x": autoregression(np.random.default_rng(seed), 0.3)}) for seed in (4, 5))
        assert one.distance(other) == other.distance(one) < AGREE

    def test_another_mean(self) -> None:
        one, other = (autoregression(np.random.default_rng(seed), 0.0) for seed in (4, 5))
        shift = 2 * AGREE * np.sqrt(2 / (CHAINS * DRAWS))
        assert summarise({"x": one}).distance(summarise({"x": other + shift})) > AGREE

    def test_another_spread(self) -> None:
        """A precision taken for a variance may leave every mean where it is."""
        one, other = (autoregression(np.random.default_rng(seed), 0.0) for seed in (4, 5))
        assert summarise({"x": one}).distance(summarise({"x": 1.1 * other})) > AGREE

    def test_parameters_are_compared_by_name(self) -> None:
        rng = np.random.default_rng(6)
        a, b = autoregression(rng, 0.0), 5 + autoregression(rng, 0.0)
        assert summarise({"a": a, "b": b}).distance(summarise({"b": b, "a": a})) == 0.0


def test_labels_of_a_mixture_are_undone() -> None:
    """Draws around the truth with labels permuted at random come back in one order, whatever the permutation."""
    job, rng = jobs.of_components(3), np.random.default_rng(7)
    angle = 2 * np.pi * np.arange(3) / 3
    centres = 1.5 / np.sin(np.pi / 3) * np.column_stack([np.cos(angle), np.sin(angle)])
    draws = {
        "weight": np.full((2, 50, 3), 1 / 3) * rng.uniform(0.9, 1.1, (2, 50, 3)),
        "mu": centres + 0.1 * rng.normal(size=(2, 50, 3, 2)),
        "sigma": rng.uniform(0.9, 1.1, (2, 50, 3, 2)),
        "rho": rng.uniform(-0.1, 0.1, (2, 50, 3)),
    }
    permutation = rng.permuted(np.tile(np.arange(3), (2, 50, 1)), axis=-1)
    mixed = {
        name: np.take_along_axis(values, permutation.reshape(2, 50, 3, *[1] * (values.ndim - 3)), axis=2)
        for name, values in draws.items()
    }
    straight, undone = (comparable(job, one, pivot(job)) for one in (draws, mixed))
    for name, values in straight.items():
        assert values.shape == draws[name].shape
        np.testing.assert_array_equal(undone[name], values)
    assert np.ptp(undone["mu"], axis=(0, 1)).max() < 1


def test_other_draws_are_left_alone() -> None:
    draws = {"theta": np.zeros((2, 3))}
    assert comparable(jobs.teaching("coin"), draws, pivot(jobs.teaching("coin"))) == draws

"""Simulation-based calibration: right programs pass as often as is said, and every planted fault is found."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from arviz_stats import ecdf_utils
from numpy.typing import NDArray
from scipy.stats import binom, norm

from comparisons.calibration import calibrate, of_failed
from comparisons.job import Job
from comparisons.uniformity import envelope, probability, staying
from tests import chunks
from tests.tolerances import K

Array = NDArray[np.float64]
WORLDS, L = 2_000, 99
N = 10  # rows or flips in a world


def study(ranks: Array, largest: int = L, failed: int = 0) -> xr.Dataset:
    """Ranks of shape (world,) or (world, parameter)."""
    ranks = ranks.reshape(len(ranks), -1)
    return xr.Dataset(
        {
            "rank": (("world", "parameter"), ranks),
            "failed": ("world", np.arange(len(ranks)) < failed),
        },
        coords={"parameter": [f"x[{j}]" for j in range(ranks.shape[1])]},
        attrs={"L": largest},
    )


def ranks_of(truth: Array, draws: Array) -> Array:
    return np.asarray((draws < truth).sum(axis=0), dtype=float)


def gaussian(rng: np.random.Generator, prior: float = 1.0, sd: float = 1.0, spread: float = 1.0) -> Array:
    """Mean of N(mu, 1) with mu ~ N(0, 1), read with another prior or likelihood sd, or with stretched draws."""
    mu = rng.normal(0, 1, WORLDS)
    mean = rng.normal(mu, 1 / np.sqrt(N))
    precision = N / sd**2 + 1 / prior**2
    return ranks_of(mu, rng.normal(mean * N / sd**2 / precision, spread / np.sqrt(precision), (L, WORLDS)))


def variance(rng: np.random.Generator, forgotten: int = 0) -> Array:
    """Variance with an inverse Gamma prior; sampled as its logarithm without Jacobian, its shape is one too large."""
    truth = 1 / rng.gamma(3, 1 / 2, WORLDS)
    squares = truth * rng.chisquare(N, WORLDS)
    shape, rate = 3 + N / 2 + forgotten, 2 + squares / 2
    return ranks_of(truth, rate / rng.gamma(shape, 1, (L, WORLDS)))


def coin(rng: np.random.Generator, alpha: float = 2.0, forgotten: int = 0) -> Array:
    """Beta(2, 6) coin; sampled as its log odds without Jacobian, both parameters are one too small."""
    theta = rng.beta(2, 6, WORLDS)
    heads = rng.binomial(N, theta)
    return ranks_of(theta, rng.beta(alpha + heads - forgotten, 6 + N - heads - forgotten, (L, WORLDS)))


RIGHT: dict[str, Callable[[np.random.Generator], Array]] = {"gaussian": gaussian, "variance": variance, "coin": coin}
WRONG: dict[str, tuple[Callable[[np.random.Generator], Array], str]] = {
    "prior too narrow": (lambda rng: gaussian(rng, prior=0.4), "narrow"),
    "prior of another coin": (lambda rng: coin(rng, alpha=4), "high"),
    "forgotten Jacobian of a variance": (lambda rng: variance(rng, forgotten=1), "low"),
    "forgotten Jacobian of a probability": (lambda rng: coin(rng, forgotten=1), "low"),
    "likelihood sd 30 % too large": (lambda rng: gaussian(rng, sd=1.3), "wide"),
    "likelihood sd 30 % too small": (lambda rng: gaussian(rng, sd=0.7), "narrow"),
    "overdispersed draws": (lambda rng: gaussian(rng, spread=1.2), "wide"),
    "underdispersed draws": (lambda rng: gaussian(rng, spread=0.8), "narrow"),
}


@pytest.mark.parametrize("name", list(RIGHT))
def test_exact_draws_pass(name: str) -> None:
    found = calibrate(study(RIGHT[name](np.random.default_rng(5))))
    assert [check.passed for check in found.checks] == [True, True]
    assert found.table["shape"].eq("").all()


@pytest.mark.parametrize("name", list(WRONG))
def test_planted_faults_are_found_and_named(name: str) -> None:
    make, word = WRONG[name]
    found = calibrate(study(make(np.random.default_rng(6))))
    check = found.checks[0]
    assert not check.passed
    assert check.parameters == ("x[0]",)
    assert found.table["shape"].iloc[0] == f"posterior too {word}"


def test_one_wrong_parameter_among_right_ones_is_named() -> None:
    rng = np.random.default_rng(7)
    columns = [gaussian(rng), gaussian(rng, sd=1.3), gaussian(rng)]
    found = calibrate(study(np.stack(columns, axis=1)))
    assert found.checks[0].parameters == ("x[1]",)
    assert found.table["limit"].unique() == pytest.approx([0.001 / 3])


@pytest.mark.parametrize(("worlds", "largest"), [(150, 99), (1_000, 19), (40, 1)])
def test_false_alarms_are_as_rare_as_is_said(worlds: int, largest: int) -> None:
    """Ranks that are uniform: never more alarms than a Binomial count allows, and not far fewer either."""
    rng, repeats = np.random.default_rng(8), 2_000
    shares = np.arange(1, largest + 1) / (largest + 1)
    found = np.array(
        [
            probability(np.cumsum(np.bincount(ranks, minlength=largest + 1))[:-1], worlds, shares)
            for ranks in rng.integers(0, largest + 1, (repeats, worlds))
        ]
    )
    for alarm in (0.01, 0.05, 0.2):
        error = np.sqrt(alarm * (1 - alarm) / repeats)
        assert np.mean(found <= alarm) < alarm + K * error
        if largest > 1:  # one count of 40 can only be as rare as whole numbers allow
            assert np.mean(found <= alarm) > 0.9 * alarm - K * error


@pytest.mark.slow
def test_exact_posterior_draws_raise_false_alarms_no_more_often() -> None:
    """The same from the first principle: prior, data, conjugate draws, two parameters."""
    alarm, repeats = 0.05, 300
    jobs = [Job("coin", "weak", 200, size=200, seed=seed) for seed in range(repeats)]
    failed = sum(not calibrate(chunks.gaussian(job, 0, draws=19), alarm).checks[0].passed for job in jobs)
    error = np.sqrt(alarm * (1 - alarm) / repeats)
    assert 0 < failed / repeats < alarm + K * error


def test_staying_is_the_share_of_simulated_processes() -> None:
    rng, n = np.random.default_rng(10), 40
    shares = np.array([0.1, 0.25, 0.5, 0.9])
    lower, upper = np.array([1.0, 6.0, 14.0, 33.0]), np.array([8.0, 15.0, 25.0, 38.0])
    values = rng.uniform(size=(200_000, n))
    counts = np.stack([(values < share).sum(axis=1) for share in shares], axis=1)
    share = np.mean(np.all((lower <= counts) & (counts <= upper), axis=1))
    exact = staying(lower, upper, n, shares)
    assert abs(share - exact) < K * np.sqrt(exact * (1 - exact) / 200_000)


def test_staying_at_one_point_is_binomial() -> None:
    found = staying(np.array([3.0]), np.array([9.0]), 20, np.array([0.3]))
    assert found == pytest.approx(binom.cdf(9, 20, 0.3) - binom.cdf(2, 20, 0.3), abs=1e-12)
    assert staying(np.array([0.0, 0.0]), np.array([20.0, 20.0]), 20, np.array([0.3, 0.6])) == pytest.approx(
        1, abs=1e-12
    )
    assert staying(np.array([5.0]), np.array([4.0]), 20, np.array([0.3])) == 0
    assert staying(np.array([9.0, 0.0]), np.array([12.0, 8.0]), 20, np.array([0.3, 0.6])) == 0  # counts never fall


@pytest.mark.parametrize("n", [1, 7, 150])
def test_a_parameter_fails_if_and_only_if_it_leaves_the_envelope(n: int) -> None:
    rng = np.random.default_rng(11)
    for spread in np.linspace(0.7, 1.6, 15):
        values = norm.cdf(rng.normal(0, spread, n))
        found = calibrate(study(np.floor(values * (L + 1))), 0.05)
        difference = found.differences["x[0]"]
        inside = np.all((found.lower - 1e-12 <= difference) & (difference <= found.upper + 1e-12))
        assert found.table["passed"].iloc[0] == inside


def test_the_envelope_is_that_of_arviz_up_to_its_simulation() -> None:
    n, shares = 400, np.arange(1, 20) / 20
    own = envelope(n, shares, 0.05)
    rng = np.random.default_rng(12)
    pointwise = ecdf_utils.simulate_confidence_bands(n, 1, shares, 0.95, 20_000, rng)
    for ends, theirs in zip(own, ecdf_utils.get_pointwise_confidence_band(pointwise, n, shares), strict=True):
        assert np.max(np.abs(ends - theirs * n)) <= 1  # one world of 400


def test_probability_of_even_and_of_impossible_counts() -> None:
    shares = np.arange(1, 10) / 10
    assert probability(np.round(1_000 * shares).astype(int), 1_000, shares) > 0.99
    assert probability(np.full(9, 1_000), 1_000, shares) == 0
    assert probability(np.zeros(9, int), 100_000, shares) == 0


def test_failed_worlds_are_left_out_and_too_many_of_them_are_a_failure() -> None:
    ranks = np.random.default_rng(13).integers(0, L + 1, 1_000).astype(float)
    few, many = calibrate(study(ranks, failed=10)), calibrate(study(ranks, failed=11))
    assert (few.worlds, few.left_out) == (990, 10)
    assert [check.passed for check in few.checks] == [True, True]
    assert [check.passed for check in many.checks] == [True, False]
    assert "11 of 1,000 worlds have no posterior" in many.checks[1].detail


def test_no_world_to_trust_is_a_failure() -> None:
    found = calibrate(study(np.zeros(5), failed=5))
    assert [check.passed for check in found.checks] == [False, False]
    assert found.table["shape"].iloc[0] == "no world could be trusted"


def test_a_rank_beyond_the_largest_is_refused() -> None:
    with pytest.raises(ValueError, match="not between 0 and 99"):
        calibrate(study(np.array([3.0, 100.0])))


def test_everything_is_plain_json() -> None:
    found = calibrate(study(gaussian(np.random.default_rng(14))))
    assert json.loads(json.dumps(found.as_json()))["parameters"][0]["passed"] is True


@pytest.mark.parametrize(
    ("failed", "total", "passed"),
    [(0, 1, True), (1, 9, False), (1, 10, True), (1, 40, True), (2, 40, False), (2, 199, False), (2, 200, True)],
)
def test_one_failed_world_of_a_few_is_compatible_with_a_hundredth(failed: int, total: int, passed: bool) -> None:
    check = of_failed(failed, total)
    assert check.passed == passed
    assert ("allowed one" in check.detail) == (10 <= total < 100)

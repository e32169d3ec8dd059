"""Densities of draws: nothing outside of the support, nothing lost at its ends, and no curve that stops in mid-air."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from models.contract import Distribution
from models.contract.families import POSITIVE, REAL, UNIT
from reports import densities
from reports.stored import Fit
from tests.toys import blend_toy, coin_toy, values_toy, write_fit

KNOWN = {
    "Beta(1, 3)": (stats.beta(1, 3), UNIT),
    "Beta(1, 1)": (stats.beta(1, 1), UNIT),
    "Gamma(2)": (stats.gamma(2), POSITIVE),
    "Exponential": (stats.expon(), POSITIVE),
    "Normal": (stats.norm(2, 0.5), REAL),
    "Cauchy": (stats.cauchy(), REAL),
}
FRAMES = (None, (0.2, 0.7), (-0.1, 3.0), (-5.0, 20.0))


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("count", [200, 4_000])
@pytest.mark.parametrize("name", list(KNOWN))
def test_a_density_holds_the_draws_and_ends_where_they_do(
    name: str, count: int, frame: tuple[float, float] | None
) -> None:
    truth, support = KNOWN[name]
    draws = truth.rvs(count, random_state=np.random.default_rng(5))
    x, height = densities.kernel(draws, support, frame)
    low, high = frame or REAL
    assert x.min() >= max(support[0], low)
    assert x.max() <= min(support[1], high)
    share = np.mean((draws >= low) & (draws <= high))
    # A kernel carries up to half of a draw over an end of the frame, if it lies within two widths (Silverman's) of it.
    width = 1.8 * draws.size**-0.2 * min(np.std(draws), np.subtract(*np.quantile(draws, [0.75, 0.25])) / 1.34)
    over = sum(np.mean(np.abs(draws - end) < width) for end in (low, high) if np.isfinite(end))
    assert np.trapezoid(height, x) == pytest.approx(share, abs=0.005 + over / 2)
    for place, end, border in ((0, low, support[0]), (-1, high, support[1])):
        if not np.isclose(x[place], end) and not np.isclose(x[place], border):
            assert height[place] < 0.01 * height.max()


@pytest.mark.parametrize("name", ["Beta(1, 3)", "Beta(1, 1)", "Normal"])
def test_a_density_is_that_of_the_draws_up_to_the_ends_of_the_support(name: str) -> None:
    truth, support = KNOWN[name]
    draws = truth.rvs(40_000, random_state=np.random.default_rng(2))
    x, height = densities.kernel(draws, support)
    assert height == pytest.approx(truth.pdf(x), abs=0.1 * truth.pdf(x).max())


def test_a_number_of_points_is_kept_within_the_frame() -> None:
    draws = np.asarray(stats.norm.ppf((np.arange(4_000) + 0.5) / 4_000, 2, 0.5))
    x, height = densities.kernel(draws, ends=(-10.0, 10.0), points=48)
    assert len(x) == 48
    assert height == pytest.approx(stats.norm.pdf(x, 2, 0.5), abs=0.04)
    x, _ = densities.kernel(draws, ends=(1.5, 10.0), points=48)
    assert x[0] == 1.5
    assert len(densities.kernel(draws, ends=(20.0, 30.0))[0]) == 0


def test_equal_draws_are_a_spike() -> None:
    x, height = densities.kernel(np.full(10, 3.0))
    assert x.tolist() == [3.0, 3.0]
    assert height.tolist() == [0.0, 1.0]


def test_far_draws_do_not_coarsen_the_others() -> None:
    """One draw in a thousand a million sd away: on one grid for all, the others would be a single cell."""
    middle = stats.norm.ppf((np.arange(4_000) + 0.5) / 4_000)
    x, height = densities.kernel(np.append(middle, [1e6]))
    assert height == pytest.approx(stats.norm.pdf(x), abs=0.02)


@pytest.mark.parametrize("make", [coin_toy, values_toy, blend_toy])
def test_supports_are_those_of_the_priors(tmp_path: Path, make: Any) -> None:
    toy = make()
    write_fit(tmp_path, "toy", toy)
    fit = Fit(tmp_path / "toy")
    for prior, known in toy.priors.items():
        found = densities.supports(fit, prior)
        assert list(found) == fit.labels
        draws = fit.draws(prior)
        for label, (low, high) in found.items():
            assert low <= draws[label].min()
            assert draws[label].max() <= high
            written = known.get(label.partition("[")[0])
            if isinstance(written, Distribution) and written.name != "Dirichlet":
                assert (low, high) == tuple(float(np.ravel(end)[0]) for end in written.support)

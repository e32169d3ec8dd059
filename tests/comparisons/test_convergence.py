"""R-hat and effective sizes of many quantities are ArviZ's, of chains good and bad."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

from comparisons.convergence import convergence
from comparisons.functions import Array


def chains(length: int) -> Array:
    """Independent, slow, alternating, disagreeing, drifting, tied, constant and almost constant chains."""
    rng = np.random.default_rng(length)
    noise = rng.normal(size=(2, 4, length, 9))
    noise[..., 1] = lfilter([1], [1, -0.9], noise[..., 1], axis=2)
    noise[..., 2] = lfilter([1], [1, 0.8], noise[..., 2], axis=2)
    noise[..., 3] += 3 * np.arange(4)[:, None]
    noise[..., 4] += np.linspace(0, 5, length)
    noise[..., 5] = np.round(noise[..., 5])
    noise[..., 6] = 1.5
    noise[..., 7] = noise[..., 7] > 1.5
    noise[..., 8] = np.exp(3 * noise[..., 8])
    return noise


@pytest.mark.parametrize("length", [20, 101, 102, 500])
def test_every_measure_is_arvizs(length: int) -> None:
    draws = chains(length)
    data = xr.Dataset({"x": (("world", "chain", "draw", "quantity"), draws)})
    with np.errstate(all="ignore"):
        expected = az.rhat(data), az.ess(data, method="bulk"), az.ess(data, method="tail")
    for found, one in zip(convergence(draws), expected, strict=True):
        np.testing.assert_allclose(found, one["x"].transpose("world", "quantity"), rtol=1e-9)


def test_a_draw_that_is_no_number_leaves_its_quantity_without_measure() -> None:
    draws = chains(50)
    whole = convergence(draws)
    draws[1, 2, 3, 0], draws[0, 0, 0, 1] = np.nan, np.inf
    for found, before in zip(convergence(draws), whole, strict=True):
        assert np.isnan(found[1, 0])
        assert np.isnan(found[0, 1])
        found[1, 0], found[0, 1] = before[1, 0], before[0, 1]
        np.testing.assert_allclose(found, before, rtol=1e-12)

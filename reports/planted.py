"""Draws with planted faults: what the reading guide shows beside healthy ones. Made by NumPy, with a seed."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from reports.stored import Array

SEED = 20261125
CHAINS, DRAWS = 4, 500
STUCK, STUCK_AT = slice(150, 330), 1.8  # draws at which the last chain does not move, and where it is
SHIFT = 1.5  # of the last chain, in sd
REACHED = -1.0  # of the funnel's log scale: below, steps diverge and the neck is not explored
OBSERVED = 80
SIMULATIONS = 400


def chains(rng: np.random.Generator) -> dict[str, Array]:
    """Draws of one normal parameter: healthy, slow, with a stuck chain, with a shifted chain; each (chain, draw)."""
    healthy, stuck, shifted = rng.normal(size=(3, CHAINS, DRAWS))
    stuck[3, STUCK] = STUCK_AT
    shifted[3] += SHIFT
    return {"healthy": healthy, "slow": _autoregression(rng, 0.97), "stuck": stuck, "shifted": shifted}


def _autoregression(rng: np.random.Generator, memory: float) -> Array:
    """Stationary draws, each remembering the one before; variance 1."""
    noise = rng.normal(size=(CHAINS, DRAWS))
    found = np.empty_like(noise)
    found[:, 0] = noise[:, 0]
    for at in range(1, DRAWS):
        found[:, at] = memory * found[:, at - 1] + np.sqrt(1 - memory**2) * noise[:, at]
    return found


def shapes(rng: np.random.Generator) -> dict[str, Array]:
    """One peak; a long tail; two peaks, which every chain visits; cut off at a boundary."""
    two = np.where(
        rng.random((CHAINS, DRAWS)) < 0.6, rng.normal(-2, 0.6, (CHAINS, DRAWS)), rng.normal(2, 0.8, (CHAINS, DRAWS))
    )
    return {
        "one peak": rng.normal(size=(CHAINS, DRAWS)),
        "long tail": rng.gamma(2.0, 1.0, (CHAINS, DRAWS)),
        "two peaks": two,
        "cut off": np.abs(rng.normal(0, 1, (CHAINS, DRAWS))),
    }


def funnel(rng: np.random.Generator) -> tuple[dict[str, Array], NDArray[np.bool_]]:
    """A funnel whose neck was not reached, and where steps diverged; beside it the same model non-centred."""
    scale = rng.normal(0, 1, (CHAINS, 8 * DRAWS))
    reached = np.stack([one[one > REACHED - 0.5 * rng.random(one.size)][:DRAWS] for one in scale])
    effect = rng.normal(0, np.exp(reached))
    diverging = (reached < REACHED + 0.4) & (rng.random(reached.shape) < 0.35)
    free = rng.normal(0, 1, (CHAINS, DRAWS))
    draws = {
        "log scale": reached,
        "effect": effect,
        "log scale, free": free,
        "effect per scale": rng.normal(size=free.shape),
    }
    return draws, diverging


def predictive(rng: np.random.Generator) -> dict[str, xr.DataTree]:
    """Skewed data beside what a model of the right shape predicts, and a normal one of the same mean and sd."""
    shape, scale = 2.0, 1.5
    data = rng.gamma(shape, scale, OBSERVED)
    size = (CHAINS, 25, OBSERVED)
    good, bad = rng.gamma(shape, scale, size), rng.normal(shape * scale, shape**0.5 * scale, size)
    return {name: _predicted(data, new) for name, new in (("right shape", good), ("wrong shape", bad))}


def _predicted(data: Array, new: Array) -> xr.DataTree:
    return xr.DataTree.from_dict(
        {
            "observed_data": xr.Dataset({"y": ("observation", data)}),
            "posterior_predictive": xr.Dataset({"y": (("chain", "draw", "observation"), new)}),
        }
    )


def places(rng: np.random.Generator) -> dict[str, Array]:
    """Where truths fall in posteriors: uniform; posteriors too narrow, too wide, and too low."""
    uniform = rng.random(SIMULATIONS)
    return {
        "calibrated": uniform,
        "too narrow": rng.beta(0.5, 0.5, SIMULATIONS),
        "too wide": rng.beta(2.5, 2.5, SIMULATIONS),
        "too low": rng.beta(1.8, 1.0, SIMULATIONS),
    }

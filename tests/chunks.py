"""Chunks of studies whose readings are known in closed form: a coin, and Gaussian means with known sigma."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import norm

from comparisons.exact import Coin
from comparisons.job import Job

Array = NDArray[Any]
LEVEL, DRAWS = 0.95, 99
COIN = Coin(20, 2, 2, LEVEL)  # the scenario's weak prior
FIXED = 0.1
ROWS, SPREAD = 5, 2.0  # of the Gaussian: rows per group with sigma 1, and the prior's standard deviation
READINGS = ["mle", "map", "posterior"]
INTERVALS = ["wald", "profile", "laplace", "eti", "hdi"]


def labelled(
    numbers: Array, labels: list[str], truth: Array, estimates: list[Array], ends: list[Any], draws: Array
) -> xr.Dataset:
    """A chunk: truth (world, parameter), estimates by reading, ends by interval, draws (draw, world, parameter)."""
    estimate = np.stack(estimates, axis=1)
    lower, upper = (np.stack([pair[end] for pair in ends], axis=1) for end in (0, 1))
    return xr.Dataset(
        {
            "truth": (("world", "parameter"), truth),
            "estimate": (("world", "reading", "parameter"), estimate),
            "lower": (("world", "interval", "parameter"), lower),
            "upper": (("world", "interval", "parameter"), upper),
            "rank": (("world", "parameter"), (draws < truth).sum(axis=0)),
            "failed": ("world", np.zeros(len(numbers), bool)),
            "exists": (("world", "reading"), ~np.isnan(estimate).any(axis=2)),
        },
        coords={"world": numbers, "parameter": labels, "reading": READINGS, "interval": INTERVALS},
        attrs={"level": LEVEL, "L": len(draws)},
    )


def coin(job: Job, index: int) -> xr.Dataset:
    """Twenty flips per world, read under Beta(2, 2)."""
    rng, numbers = np.random.default_rng(job.seeds(index)), job.numbers(index)
    theta = rng.beta(COIN.alpha, COIN.beta, len(numbers)) if job.truth == "prior" else np.full(len(numbers), FIXED)
    heads = rng.binomial(COIN.flips, theta)
    draws = rng.beta(COIN.alpha + heads, COIN.beta + COIN.flips - heads, (DRAWS, len(numbers)))
    estimates = [COIN.estimates(reading)[heads][:, None] for reading in READINGS]
    ends = [tuple(end[heads][:, None] for end in COIN.ends(interval)) for interval in INTERVALS]
    return labelled(numbers, ["theta"], theta[:, None], estimates, ends, draws[..., None])


def gaussian(job: Job, index: int, labels: tuple[str, ...] = ("mu[a]", "mu[b]"), draws: int = DRAWS) -> xr.Dataset:
    """Means of two groups of five rows with sigma 1, read under N(0, 2)."""
    rng, numbers = np.random.default_rng(job.seeds(index)), job.numbers(index)
    truth = rng.normal(0, SPREAD, (len(numbers), len(labels)))
    mean = rng.normal(truth, 1 / np.sqrt(ROWS))
    precision = ROWS + 1 / SPREAD**2
    centre, sd, z = mean * ROWS / precision, 1 / np.sqrt(precision), norm.ppf((1 + LEVEL) / 2)
    sampled = rng.normal(centre, sd, (draws, *truth.shape))
    likelihood = mean - z / np.sqrt(ROWS), mean + z / np.sqrt(ROWS)
    posterior = centre - z * sd, centre + z * sd
    ends = [likelihood, likelihood, posterior, posterior, posterior]
    return labelled(numbers, list(labels), truth, [mean, centre, centre], ends, sampled)


def slow(job: Job, index: int) -> xr.Dataset:
    """The coin, taking its time."""
    time.sleep(0.3)
    return coin(job, index)


class Killing:
    """A chunk that ends its own process, as a system out of memory would, as often as it finds a file to remove."""

    def __init__(self, place: Path, at: Mapping[int, int]) -> None:
        self.place = place
        for index, times in at.items():
            for number in range(times):
                (place / f"kill-{index}-{number}").touch()

    def __call__(self, job: Job, index: int) -> xr.Dataset:
        for path in self.place.glob(f"kill-{index}-*"):
            path.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return coin(job, index)


def refusing(job: Job, index: int) -> xr.Dataset:
    """A chunk that meets an error of its own."""
    raise ZeroDivisionError(f"in chunk {index}")

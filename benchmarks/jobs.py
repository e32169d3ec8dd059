"""Jobs: what every peer is asked, with data and priors as Threefold has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import models
from benchmarks.peers.contract import FAMILIES, Array, Job

if TYPE_CHECKING:
    import xarray as xr

SEED = 20_261_125


def teaching(scenario: str, **changes: Any) -> Job:
    """The teaching data under the default prior."""
    return job(scenario, models.load(scenario).datasets["teaching"](), **changes)


def job(scenario: str, data: xr.Dataset, **changes: Any) -> Job:
    """A job from a data set of a scenario, under the scenario's first prior.

    Raises
    ------
    ValueError
        If that prior is of other families than the peers have written.
    """
    name, prior = next(iter(models.load(scenario).priors(data).items()))
    families = {variable: one.name for variable, one in prior.items()}
    if families != FAMILIES[scenario]:
        raise ValueError(f"{scenario}: the default prior is {families}, the peers have {FAMILIES[scenario]}")
    hyperparameters = {
        variable: {key: value.tolist() for key, value in one.hyperparameters.items()} for variable, one in prior.items()
    }
    arrays = {str(key): value.values for key, value in data.items() if not str(key).startswith("true_")}
    if "x" in arrays:
        arrays["x"] = arrays["x"] - arrays["x"].mean(axis=0)
    given: dict[str, Any] = {"seed": SEED, "components": data.sizes.get("component", 0), **changes}
    return Job(scenario, hyperparameters, families, name, arrays, **given)


def of_rows(scenario: str, n: int) -> Job:
    """``n`` rows of the scenario's own simulation."""
    # The contract's `simulate` takes a generator alone; those of the scenarios named here take rows too.
    return job(scenario, models.load(scenario).simulate(_rng(n), n))  # type: ignore[call-arg]


def of_predictors(p: int, n: int = 500) -> Job:
    """A regression with ``p`` predictors, neighbours correlated 0.6, a third of which matter."""
    rng = _rng(p)
    distance = np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    x = rng.multivariate_normal(np.zeros(p), 0.6**distance, size=n)
    y = 1 + x @ np.where(np.arange(p) % 3 == 0, 0.5, 0.0) + rng.normal(0, 1.5, n)
    return job("regression", _read("regression", {"x": x, "y": y}, outcome="y"))


def of_components(k: int, each: int = 100) -> Job:
    """A mixture of ``k`` groups on a circle, three standard deviations between neighbours."""
    rng = _rng(k)
    angle = 2 * np.pi * np.arange(k) / k
    centres = 1.5 / np.sin(np.pi / k) * np.column_stack([np.cos(angle), np.sin(angle)])
    y = np.repeat(centres, each, axis=0) + rng.normal(size=(k * each, 2))
    return job("mixture", _read("mixture", {"y": y}, components=k))


def of_worlds(worlds: int, n: int = 100) -> Job:
    """Many Gaussian data sets of ``n`` rows, with one prior, that of the first."""
    rng = _rng(n)
    # As in `of_rows`.
    simulated = [models.load("gaussian").simulate(rng, n) for _ in range(worlds)]  # type: ignore[call-arg]
    first = job("gaussian", simulated[0])
    y = np.stack([one["y"].values for one in simulated])
    return Job("gaussian", first.prior, first.families, first.prior_name, {"y": y}, worlds=worlds, seed=SEED)


def _read(scenario: str, arrays: dict[str, Array], **options: Any) -> xr.Dataset:
    from benchmarks.peers.threefold import table

    return models.load(scenario).read(table(arrays), **options)


def _rng(size: int) -> np.random.Generator:
    return np.random.default_rng([SEED, size])

"""Studies of a fit: worlds drawn from its own model, read three ways, and compared with the truth they came from.

The truth of a world is drawn from the prior, or is that of the simulated data, the same in all; its data are drawn from
the scenario's model with the design of the fit: as many rows, the same predictors. Every world is read under the prior
of the study, whose scales are those of the fit's own data and do not move with the world.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

import models
from comparisons import posterior, worlds
from comparisons.batch import World
from comparisons.batch_posterior import in_order
from comparisons.coverage import READING_OF
from comparisons.functions import Array
from comparisons.job import Job
from comparisons.settings import SETTINGS
from models.contract import BadInput, Scenario

RANKS = 100  # L, the largest rank: draws far enough apart to be independent, of which it counts how many are smaller
VALUES = 20_000  # numbers of data that are read together: what is beyond a processor's cache is slow
SMALLEST, LARGEST = 10, 500  # worlds of a chunk
READINGS = ("mle", "map", "posterior")


def job(
    fit: str,
    worlds: int,
    prior: str = "",
    truth: str = "prior",
    seed: int = SETTINGS.seed,
    level: float = SETTINGS.level,
) -> Job:
    """A study that can be made, its chunks of a size that suits the model.

    Raises
    ------
    BadInput
        If there is no such fit or prior, or no truth.
    """
    models.check_fit(fit)
    scenario, data = _of(fit)
    priors = scenario.priors(data)
    prior = prior or next(iter(priors))
    if prior not in priors:
        raise BadInput(f"--prior {prior!r}: {fit} has the priors {', '.join(priors)}")
    improper = [name for name, one in priors[prior].items() if not one.proper]
    if truth == "prior" and improper:
        raise BadInput(
            f"--prior {prior}: the prior of {' and '.join(improper)} is improper and no truth can be drawn from it; "
            "give --truth fixed"
        )
    if truth == "fixed" and not _truth(scenario, data):
        raise BadInput(f"--truth fixed: nobody knows the truth of {fit}; name a fit of simulated data")
    numbers = sum(variable.size for variable in scenario.compact(data).data_vars.values())
    size = int(np.clip(VALUES // max(numbers, 1), SMALLEST, LARGEST))
    return Job(fit, prior, worlds, truth, size, seed, level)


def reported(scenario_name: str) -> list[Job]:
    """The studies that belong to a report of a scenario: of its teaching data.

    Under the default prior with truths from it; with a fixed truth; and under every other proper prior. The first has
    as many worlds as the scenario says, the others a fifth, and at least `SMALLEST`.
    """
    scenario, data = _of(scenario_name)
    first, *others = (
        name for name, prior in scenario.priors(data).items() if all(one.proper for one in prior.values())
    )
    fewer = max(SMALLEST, scenario.worlds // 5)
    return [
        job(scenario_name, scenario.worlds, first),
        job(scenario_name, fewer, first, "fixed"),
        *(job(scenario_name, fewer, other) for other in others),
    ]


def _of(fit: str) -> tuple[Scenario, xr.Dataset]:
    name, dataset = models.fits()[fit]
    scenario = models.load(name)
    return scenario, scenario.datasets[dataset]()


def _truth(scenario: Scenario, data: xr.Dataset) -> dict[str, Array]:
    """The parameters from which the data were simulated; empty if nobody knows."""
    found = {name: data[f"true_{name}"].values for name in scenario.parameters if f"true_{name}" in data}
    return {name: np.asarray(value, dtype=float) for name, value in found.items()}


def chunk(job: Job, index: int) -> xr.Dataset:
    """Draw and read the worlds of one chunk.

    Searches and chains start where they would without the truth: from points that the scenario takes from the data.

    Returns
    -------
    xarray.Dataset
        Dims ``world``, ``parameter``, ``reading`` and ``interval``: ``truth``, ``estimate``, ``lower``, ``upper``,
        ``rank`` (how many of `RANKS` draws lie below the truth), ``failed``, ``again`` and ``exists``.
    """
    scenario, data = _of(job.fit)
    prior = scenario.priors(data)[job.prior]
    numbers = job.numbers(index)
    draw_seed, read_seed = job.seeds(index).spawn(2)
    model = scenario.model(data, prior)
    fixed = _truth(scenario, data) if job.truth == "fixed" else None
    drawn = posterior.simulated(model, len(numbers), int(draw_seed.generate_state(1)[0]), fixed)
    sets = [data.assign({name: (values.dims[1:], values.values[w].astype(data[str(name)].dtype))
                         for name, values in drawn["data"].items()}) for w in range(len(numbers))]  # fmt: skip
    name = models.fits()[job.fit][0]
    found = worlds.read_worlds(name, [World(one, prior) for one in sets], seed=read_seed, level=job.level)
    truth = np.concatenate(
        [drawn["truth"][key].values.reshape(len(numbers), -1) for key in found.declared.shapes], axis=1
    )
    return _compared(scenario, found, truth, job.level).assign_coords(world=numbers)


def shortest(draws: Array, level: float) -> tuple[Array, Array]:
    """Shortest intervals between draws that cover a level on average, shape (worlds, draws, q) to twice (worlds, q).

    From one of n independent draws to the m-th after it, that covers m / (n + 1) on average: m is rounded up. ArviZ
    takes m = level n, rounded down. The shortest of several intervals still covers a little less than each of them.
    """
    ordered = np.sort(draws, axis=1)
    n = ordered.shape[1]
    m = min(int(np.ceil(level * (n + 1))), n - 1)
    first = np.argmin(ordered[:, m:] - ordered[:, : n - m], axis=1)[:, None]
    lower, upper = (np.take_along_axis(ordered, first + k, axis=1)[:, 0] for k in (0, m))
    return lower, upper


def _compared(scenario: Scenario, found: worlds.Readings, truth: Array, level: float) -> xr.Dataset:
    """Readings beside the truth."""
    truth = in_order(scenario, found.declared, truth)
    draws = found.chains.draws.reshape(len(truth), -1, truth.shape[1])
    tails = (1 - level) / 2, (1 + level) / 2
    eti = np.quantile(draws, tails, axis=1, method="weibull")  # of independent draws they cover the level on average
    hdi = shortest(draws, level)
    ends = {
        "wald": (found.mle["wald_lower"], found.mle["wald_upper"]),
        "profile": (found.mle["lower"], found.mle["upper"]),
        "laplace": (found.map["lower"], found.map["upper"]),
        "eti": (eti[0], eti[1]),
        "hdi": (hdi[0], hdi[1]),
    }
    estimates = [found.mle["estimate"], found.map["estimate"], draws.mean(axis=1)]
    apart = draws[:, :: draws.shape[1] // RANKS][:, :RANKS]
    exists = [~np.isnan(one).any(axis=1) for one in estimates]
    lower, upper = (np.stack([ends[kind][side] for kind in READING_OF], axis=1) for side in (0, 1))
    return xr.Dataset(
        {
            "truth": (("world", "parameter"), truth),
            "estimate": (("world", "reading", "parameter"), np.stack(estimates, axis=1)),
            "lower": (("world", "interval", "parameter"), lower),
            "upper": (("world", "interval", "parameter"), upper),
            "rank": (("world", "parameter"), np.sum(apart < truth[:, None], axis=1)),
            "failed": ("world", found.chains.failed),
            "again": ("world", found.chains.again),
            "exists": (("world", "reading"), np.stack(exists, axis=1)),
        },
        coords={"parameter": found.labels, "reading": list(READINGS), "interval": list(READING_OF)},
        attrs={"L": RANKS, "level": level},
    )

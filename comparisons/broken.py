"""Where a scenario breaks: its readings at every setting of a switch, stored beside the fit of its teaching data.

The settings are worlds (`comparisons.worlds`), stored as sweeps are, with what stands at each switch (``broken.nc``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

import models
from comparisons.batch import World
from comparisons.plan import Plan
from comparisons.scale_out import write_dataset
from comparisons.sweeps import KEPT, QUANTILES
from comparisons.worlds import Readings, read_worlds
from models.contract import Broken


def broken(name: str, settings: list[Broken], seed: np.random.SeedSequence, level: float) -> xr.Dataset:
    """Readings at all settings of the switches of a scenario.

    Parameters
    ----------
    name : str
        Of the scenario.
    settings : list of Broken
    seed : numpy.random.SeedSequence
    level : float
        Of all intervals.

    Returns
    -------
    xarray.Dataset
        By ``world``: ``setting``, what stands at each ``switch``; ``estimate``, ``sd``, ``lower`` and ``upper`` by
        ``reading`` and ``parameter`` (profile likelihood, Laplace and equal-tailed intervals), ``wald_lower`` and
        ``wald_upper`` of the MLE; ``quantile`` and ``draws`` of the posterior; ``r_hat``, ``ess_bulk`` and ``failed``.
    """
    worlds = [World(one.data, one.prior) for one in settings]
    return _summary(read_worlds(name, worlds, seed=seed, level=level), settings, level)


def write_broken(plan: Plan, folder: Path) -> None:
    """Read the settings beside the fit of teaching data, if its scenario has any."""
    scenario = models.load(plan.scenario)
    if scenario.broken is None or plan.dataset != next(iter(scenario.datasets)):
        return
    seed = np.random.SeedSequence([plan.settings.seed, 2])
    found = broken(plan.scenario, scenario.broken(), seed, plan.settings.level)
    write_dataset(folder / "broken.nc", found.assign_attrs(fit=plan.name, seed=plan.settings.seed))


def _summary(found: Readings, settings: list[Broken], level: float) -> xr.Dataset:
    chains = found.chains
    draws = chains.draws.reshape(len(settings), -1, len(found.labels))
    ends = np.quantile(draws, ((1 - level) / 2, (1 + level) / 2), axis=1)
    by_reading = {
        "estimate": (found.mle["estimate"], found.map["estimate"], draws.mean(axis=1)),
        "sd": (found.mle["sd"], found.map["sd"], draws.std(axis=1, ddof=1)),
        "lower": (found.mle["lower"], found.map["lower"], ends[0]),
        "upper": (found.mle["upper"], found.map["upper"], ends[1]),
    }
    switches = list(settings[0].at)
    return xr.Dataset(
        {
            "setting": (("world", "switch"), [[one.at[switch] for switch in switches] for one in settings]),
            **{key: (("world", "reading", "parameter"), np.stack(value, axis=1)) for key, value in by_reading.items()},
            **{key: (("world", "parameter"), found.mle[key]) for key in ("wald_lower", "wald_upper")},
            "quantile": (("world", "share", "parameter"), np.quantile(draws, QUANTILES, axis=1).swapaxes(0, 1)),
            "draws": (
                ("world", "draw", "parameter"),
                draws[:, :: max(1, draws.shape[1] // KEPT)][:, :KEPT].astype(np.float32),
            ),
            **{key: (("world", "parameter"), getattr(chains, key)) for key in ("r_hat", "ess_bulk")},
            "failed": ("world", chains.failed),
        },
        coords={
            "switch": switches,
            "parameter": found.labels,
            "reading": ["mle", "map", "posterior"],
            "share": list(QUANTILES),
        },
        attrs={"level": level, "intervals": "profile likelihood, laplace, eti"},
    )

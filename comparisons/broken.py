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
from comparisons.sweeps import summary
from comparisons.worlds import read_worlds
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
        ``wald_upper`` of the MLE; and what `comparisons.sweeps.summary` has besides.
    """
    found = read_worlds(name, [World(one.data, one.prior) for one in settings], seed=seed, level=level)
    switches = list(settings[0].at)
    return summary(found, level, "profile likelihood").assign(
        {
            "switch": switches,
            "setting": (("world", "switch"), [[one.at[switch] for switch in switches] for one in settings]),
            **{key: (("world", "parameter"), found.mle[key]) for key in ("wald_lower", "wald_upper")},
        }
    )


def write_broken(plan: Plan, folder: Path) -> None:
    """Read the settings beside the fit of teaching data, if its scenario has any."""
    scenario = models.load(plan.scenario)
    if scenario.broken is None or plan.dataset != next(iter(scenario.datasets)):
        return
    seed = np.random.SeedSequence([plan.settings.seed, 2])
    found = broken(plan.scenario, scenario.broken(), seed, plan.settings.level)
    write_dataset(folder / "broken.nc", found.assign_attrs(fit=plan.name, seed=plan.settings.seed))

"""Sweeps of a fit: the same readings under a prior from weak to strong, and of more and more of the data.

Each sweep is one batch of worlds (`comparisons.worlds`), stored beside the fit (``sweep_prior.nc``, ``sweep_n.nc``). A
prior of strength ``s`` counts ``s`` times, ``p(theta) ** s``: in a regression that is a penalty ``s`` times as large,
so that the sweep of a Normal prior is a path of ridge regressions and that of a Laplace prior a path of lassos, each
with the sigma that is best there, and with the posterior around them. Rows are added in one random order.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import xarray as xr

import models
from comparisons import store
from comparisons.batch import ROWS, World
from comparisons.by_number import by_number
from comparisons.plan import Plan
from comparisons.scale_out import write_dataset
from comparisons.worlds import Readings, read_worlds
from models.contract import Prior, Scenario, compacted, flat

QUANTILES = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)
KEPT = 500  # draws of every world that are stored
STRENGTHS = 9
SIZES = 7
DECADES = (-2.0, 2.0)
NARROW = (-1.0, 1.0)  # decades where a weak prior would leave the density without bound
FEW = 4  # rows per parameter of a mixture
MANY = 250  # numbers of data from which on a sweep has half as many worlds


def sweeps(plan: Plan, seed: np.random.SeedSequence) -> dict[str, xr.Dataset]:
    """The sweeps of a built-in fit.

    Returns
    -------
    dict of str to xarray.Dataset
        ``sweep_prior``, under one prior of each kind, dims ``(prior, strength, ...)``; ``sweep_n``, under the default
        prior, dims ``(n, ...)``. Both hold ``estimate``, ``lower`` and ``upper`` by ``reading`` and ``parameter``
        (Wald, Laplace and equal-tailed intervals), ``quantile`` and ``draws`` of the posterior, ``r_hat``,
        ``ess_bulk``, ``ess_tail`` and ``failed``: whether the posterior of this world cannot be trusted. And
        ``sweep_k`` of a mixture (`comparisons.by_number`).
    """
    scenario = models.load(plan.scenario)
    strength_seed, size_seed, number_seed = seed.spawn(3)
    found = {
        "sweep_prior": _prior_sweep(plan, scenario, strength_seed),
        "sweep_n": _size_sweep(plan, scenario, size_seed),
    }
    return found | ({"sweep_k": by_number(plan, number_seed)} if scenario.interchangeable else {})


def write_sweeps(plan: Plan, folder: Path) -> None:
    """Make the sweeps of a built-in fit and write them beside it."""
    data = zlib.crc32(store.data_digest(plan.data).encode())
    found = sweeps(plan, np.random.SeedSequence([plan.settings.seed, data, 1]))
    for name, sweep in found.items():
        write_dataset(folder / f"{name}.nc", sweep)


def kinds(priors: dict[str, Prior]) -> list[str]:
    """The first proper prior of each kind: of those with other families, not with other numbers."""
    found: dict[tuple[str, ...], str] = {}
    for name, prior in priors.items():
        if all(one.proper and not one.fixed for one in prior.values()):
            found.setdefault(tuple(one.name for one in prior.values()), name)
    return list(found.values())


def _large(scenario: Scenario, data: xr.Dataset) -> bool:
    return sum(variable.size for variable in scenario.compact(data).data_vars.values()) > MANY


def _prior_sweep(plan: Plan, scenario: Scenario, seed: np.random.SeedSequence) -> xr.Dataset:
    """Readings under one prior of each kind, from a hundredth to a hundred times as strong."""
    decades = NARROW if scenario.obstacle(plan.data, flat(plan.likelihood)).startswith("unbounded") else DECADES
    strengths = np.logspace(*decades, STRENGTHS // 2 + 1 if _large(scenario, plan.data) else STRENGTHS)
    names, parts = kinds(plan.priors), []
    for name, own in zip(names, seed.spawn(len(names)), strict=True):
        prior = plan.priors[name]
        swept = scenario.swept or tuple(prior)
        worlds = [World(plan.data, prior, dict.fromkeys(swept, float(s))) for s in strengths]
        parts.append(_read(plan, worlds, own))
    whole = xr.concat(parts, "prior", join="override").rename(world="strength")
    whole = whole.assign_coords(prior=names, strength=strengths)
    return whole.assign_attrs(swept=", ".join(scenario.swept or tuple(plan.priors[names[0]])))


def _size_sweep(plan: Plan, scenario: Scenario, seed: np.random.SeedSequence) -> xr.Dataset:
    """Readings of the first rows, the first of more rows, and all, under the default prior."""
    order_seed, own = seed.spawn(2)
    rows = plan.data.sizes["observation"]
    order = np.random.default_rng(order_seed).permutation(rows)
    name = kinds(plan.priors)[0]
    prior = plan.priors[name]
    unknown = _unknown(scenario, plan.data, prior)
    # With few points per parameter a mixture has posteriors with many modes, which no chain explores.
    least = min(rows, FEW * unknown if scenario.order is not None else 1 if unknown == 1 else unknown + 1)
    many = SIZES // 2 + 1 if _large(scenario, plan.data) else SIZES
    sizes = np.unique(np.geomspace(least, rows, many).round().astype(int))
    parts = [compacted(scenario, scenario.part(plan.data, order[:n])) for n in sizes]
    # The first rows may have no spread or be fitted perfectly: then they are no world of the same kind as all.
    alike = np.array([_form(part) == _form(parts[-1]) for part in parts])
    worlds = [World(part, prior) for part, one in zip(parts, alike, strict=True) if one]
    skipped = ", ".join(str(n) for n in sizes[~alike])
    found = _read(plan, worlds, own).rename(world="n").assign_coords(n=sizes[alike])
    return found.assign_attrs(prior=name, skipped=skipped)


def _read(plan: Plan, worlds: list[World], seed: np.random.SeedSequence) -> xr.Dataset:
    """The worlds of a sweep, read: without profiles of the likelihood, which would take longer than all the rest."""
    level = plan.settings.level
    found = summary(read_worlds(plan.scenario, worlds, seed=seed, level=level, profile=False), level, "wald")
    return found.assign_attrs(fit=plan.name, seed=plan.settings.seed)


def _form(data: xr.Dataset) -> tuple[object, ...]:
    """What the compact forms of data must have in common to be read together: statistics or rows, and their shapes."""
    shapes = {name: [(dim, data.sizes[dim]) for dim in one.dims if dim != ROWS] for name, one in data.items()}
    return data.attrs.get("compact"), data.attrs.get("family"), shapes


def _unknown(scenario: Scenario, data: xr.Dataset, prior: Prior) -> int:
    """Number of free parameters."""
    point = scenario.start(data, np.random.default_rng(0))
    return int(sum(np.size(point[name]) for name in prior))


def summary(found: Readings, level: float, interval: str) -> xr.Dataset:
    """What is stored of the readings of worlds.

    Parameters
    ----------
    found : Readings
    level : float
        Of all intervals.
    interval : {"wald", "profile likelihood"}
        Whose ends the MLE has.

    Returns
    -------
    xarray.Dataset
        ``estimate``, ``sd``, ``lower`` and ``upper``, dims ``(world, reading, parameter)``; ``quantile`` and some of
        the ``draws`` of the posterior; ``r_hat``, ``ess_bulk``, ``ess_tail``; ``failed``, dim ``world``.
    """
    chains, ends = found.chains, "wald_{}" if interval == "wald" else "{}"
    draws = chains.draws.reshape(len(chains.failed), -1, len(found.labels))
    low, high = np.quantile(draws, ((1 - level) / 2, (1 + level) / 2), axis=1)
    by_reading = {
        "estimate": (found.mle["estimate"], found.map["estimate"], draws.mean(axis=1)),
        "sd": (found.mle["sd"], found.map["sd"], draws.std(axis=1, ddof=1)),
        "lower": (found.mle[ends.format("lower")], found.map["lower"], low),
        "upper": (found.mle[ends.format("upper")], found.map["upper"], high),
    }
    kept = draws[:, :: max(1, draws.shape[1] // KEPT)][:, :KEPT]
    return xr.Dataset(
        {
            **{key: (("world", "reading", "parameter"), np.stack(value, axis=1)) for key, value in by_reading.items()},
            "quantile": (("world", "share", "parameter"), np.quantile(draws, QUANTILES, axis=1).swapaxes(0, 1)),
            "draws": (("world", "draw", "parameter"), kept.astype(np.float32)),
            **{key: (("world", "parameter"), getattr(chains, key)) for key in ("r_hat", "ess_bulk", "ess_tail")},
            "failed": ("world", chains.failed),
        },
        coords={"parameter": found.labels, "reading": ["mle", "map", "posterior"], "share": list(QUANTILES)},
        attrs={"level": level, "intervals": f"{interval}, laplace, eti"},
    )

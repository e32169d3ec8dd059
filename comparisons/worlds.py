"""The three readings of many worlds at once, from the scenario's one model.

Maxima of all worlds are found together (`comparisons.batch_optimum`), so are the ends of profile likelihood intervals
(`comparisons.batch_profile`), and the posteriors of all are sampled as one model (`comparisons.batch_posterior`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import norm

import models
from comparisons import batch_optimum, batch_profile, posterior
from comparisons.batch import Batch, World
from comparisons.batch_optimum import Kinks, Optima
from comparisons.batch_posterior import DRAWS, TUNE, Chains, Sampler
from comparisons.declared import Declared
from comparisons.functions import Array
from comparisons.points import is_laplace
from models.contract import Scenario, compacted

STATISTICS = ("estimate", "sd", "lower", "upper", "wald_lower", "wald_upper")

Points = Sequence[dict[str, Array]]


@dataclass(frozen=True)
class Readings:
    """Three readings of many worlds.

    Attributes
    ----------
    labels : list of str
        Of the q declared parameters, elements of vectors each with a label.
    mle, map : dict of str to array, shape (worlds, q)
        ``estimate``, ``sd``, ``lower``, ``upper``, ``wald_lower``, ``wald_upper``; NaN where there is none. A
        maximum on the boundary has no ``sd``, and no interval but the profile interval of a model with one parameter.
        A coefficient held at the kink of its Laplace prior has no curvature: no ``sd`` and no Laplace interval.
    chains : Chains
    """

    labels: list[str]
    mle: dict[str, Array]
    map: dict[str, Array]
    chains: Chains
    declared: Declared
    model: Any

    def tree(self, level: float) -> xr.DataTree:
        """Everything with labels: groups ``mle``, ``map``, ``posterior`` and ``convergence``; first dim ``world``."""
        groups = {}
        for name, found in (("mle", self.mle), ("map", self.map)):
            values = np.stack([found[key] for key in STATISTICS], axis=1)
            parts = self._labelled(values, ("world", "statistic"), {"statistic": list(STATISTICS)})
            groups[name] = parts.assign_attrs(level=level)
        groups["posterior"] = self._labelled(self.chains.draws, ("world", "chain", "draw"), {})
        measures = ("r_hat", "ess_bulk", "ess_tail")
        quantities = {key: (("world", "parameter"), getattr(self.chains, key)) for key in measures}
        flags = {key: ("world", getattr(self.chains, key)) for key in ("again", "failed")}
        groups["convergence"] = xr.Dataset({**quantities, **flags}, coords={"parameter": self.labels})
        return xr.DataTree.from_dict(groups)

    def _labelled(self, values: Array, leading: tuple[str, ...], coords: dict[str, Any]) -> xr.Dataset:
        """Cut the last axis of an array into the parameters."""
        variables, at = {}, 0
        for name, shape in self.declared.shapes.items():
            size = int(np.prod(shape, dtype=int))
            part = values[..., at : at + size].reshape(*values.shape[:-1], *shape)
            variables[name] = ((*leading, *posterior.dims(self.model, name)), part)
            at += size
        sizes = dict(zip(leading, values.shape, strict=False))
        numbered = {dim: np.arange(size) for dim, size in sizes.items() if dim not in coords}
        return xr.Dataset(variables, coords={**posterior.coords(self.model), **numbered, **coords})


def read_worlds(
    name: str,
    worlds: Sequence[World],
    *,
    seed: int | np.random.SeedSequence,
    level: float = 0.95,
    starts: Sequence[Points] | None = None,
    draws: int = DRAWS,
    tune: int = TUNE,
    profile: bool = True,
) -> Readings:
    """Read many worlds of a scenario three ways.

    Parameters
    ----------
    name : str
        Of the scenario.
    worlds : sequence of World
        Of one kind: data sets of the same shape (their numbers of rows may differ), priors of the same families.
    seed : int or numpy.random.SeedSequence
    level : float
        Of all intervals.
    starts : sequence of sequences of points, optional
        Where the searches for maxima start, ``{free variable: value}`` in the declared parametrisation: from every
        start one point per world, or one for all. Without it, three of the scenario's own for every world.
    draws, tune : int
        Kept and warm-up draws of each of the `CHAINS` chains.
    profile : bool
        Whether to find profile likelihood intervals; without them the MLE has its Wald interval alone.

    Returns
    -------
    Readings

    Raises
    ------
    ValueError
        If the worlds are not of one kind.
    """
    scenario = models.load(name)
    start_seed, chain_seed = (seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)).spawn(
        2
    )
    rng = np.random.default_rng(start_seed)
    worlds = [replace(world, data=compacted(scenario, world.data)) for world in worlds]
    if starts is None:
        starts = [[scenario.start(world.data, rng) for world in worlds] for _ in range(3)]
    batch = Batch(scenario, worlds, starts[0][0])
    many = len(worlds)
    points = np.stack([_unconstrained(batch, one, many) for one in starts])
    names = [one for one in scenario.parameters if one in batch.model.named_vars]
    declared = Declared(batch.functions, names)
    none = Kinks(np.zeros((many, batch.size)), np.zeros((many, batch.size)))
    likelihood, joint = batch.counts(prior=False), batch.counts()
    kinks, smooth = _kinks(batch)
    best = batch_optimum.maximise(batch, likelihood, points, none, declared.each)
    mle = _point(best, declared, level)
    if profile:
        mle["lower"], mle["upper"] = batch_profile.intervals(batch, likelihood, best, declared, level)
    modes = batch_optimum.maximise(batch, joint * smooth, points, kinks, declared.each)
    map_ = _point_in_order(scenario, declared, _point(modes, declared, level))
    sampler = Sampler(scenario, batch, declared, kinks, joint * smooth, points)
    chains = sampler.all(chain_seed, draws, tune)
    labels = _labels(batch.model, declared)
    return Readings(labels, _point_in_order(scenario, declared, mle), map_, chains, declared,
                    batch.model)  # fmt: skip


def _unconstrained(batch: Batch, points: Points, many: int) -> Array:
    """Points as vectors, shape (worlds, d); one point stands for all worlds."""
    found = batch.functions.each_unconstrained(points)
    return np.broadcast_to(found, (many, batch.size)).copy() if len(found) == 1 else found


def _labels(model: Any, declared: Declared) -> list[str]:
    """One label per element of the declared parameters, as in the comparison table."""
    labels = []
    for name, shape in declared.shapes.items():
        coords = [model.coords[dim] for dim in posterior.dims(model, name)]
        for index in np.ndindex(*shape):
            at = ", ".join(str(coord[i]) for coord, i in zip(coords, index, strict=True))
            labels.append(f"{name}[{at}]" if at else name)
    return labels


def _kinks(batch: Batch) -> tuple[Kinks, Array]:
    """Kinks of all worlds, and which terms are smooth, shape (1, terms)."""
    many, d = len(batch.worlds), batch.size
    rate, location, smooth = np.zeros((many, d)), np.zeros((many, d)), np.ones((1, len(batch.free) + 2))
    for k, variable in enumerate(batch.free):
        if is_laplace(variable):
            where = np.arange(d)[batch.functions.slices[variable.name]]
            for w, world in enumerate(batch.worlds):
                hyperparameters = world.prior[variable.name].hyperparameters
                rate[w, where] = np.ravel(batch.strength[w, k] / hyperparameters["b"])
                location[w, where] = np.ravel(hyperparameters["mu"])
            smooth[0, k + 1] = 0.0
    return Kinks(rate, location), smooth


def _point(found: Optima, declared: Declared, level: float) -> dict[str, Array]:
    """Estimates, standard deviations and Normal intervals; NaN where there is no maximum, or no curvature."""
    there = found.regular | found.boundary
    estimate = np.where(there[:, None], declared.each(found.u), np.nan)
    variance = np.einsum("mjj->mj", found.covariance)
    step = 1e-3 * np.sqrt(np.where(variance > 0, variance, 1.0))
    slope = declared.slope(found.u, step)
    spread = np.einsum("wqi,wij,wqj->wq", slope, found.covariance, slope)
    sd = np.where(found.regular[:, None] & (spread > 0), np.sqrt(np.maximum(spread, 0)), np.nan)
    z = float(norm.ppf((1 + level) / 2))
    lower, upper = estimate - z * sd, estimate + z * sd
    return {"estimate": estimate, "sd": sd, "lower": lower, "upper": upper, "wald_lower": lower, "wald_upper": upper}


def _point_in_order(scenario: Scenario, declared: Declared, found: dict[str, Array]) -> dict[str, Array]:
    """Put interchangeable parts of a point reading of all worlds in the order of its estimates."""
    if scenario.order is None:
        return found
    places = np.arange(found["estimate"].shape[1], dtype=float)
    result = {key: values.copy() for key, values in found.items()}
    for w, estimate in enumerate(found["estimate"]):
        if np.isnan(estimate).any():
            continue
        parts = declared.split(estimate)
        before: dict[Any, Any] = {("place", name): part for name, part in declared.split(places).items()}
        ordered: dict[Any, Any] = scenario.order({**parts, **before})
        index = np.concatenate([np.ravel(ordered["place", name]) for name in declared.shapes]).astype(int)
        for key, values in found.items():
            result[key][w] = values[w, index]
    return result

"""The three readings of many worlds at once, from the scenario's one model.

Maxima of all worlds are found together (`comparisons.batch_optimum`), and the posteriors of all are sampled as one
model: the sum of their log densities, each in coordinates in which its mode is at zero and its curvature there is one,
so that one step size suits all, whatever their scales. Convergence is judged world by world. A divergent transition
cannot be laid to one world, so that the batch is halved and sampled again until it is known which world diverges.
Worlds that do not converge are sampled again among themselves, longer; those that do not converge then are sampled once
more, each alone; and what fails then is reported as failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import numpy as np
import nutpie
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import norm

import models
from comparisons import batch_optimum, batch_profile, checks, native, posterior
from comparisons.batch import Batch, World
from comparisons.batch_optimum import Kinks, Optima
from comparisons.convergence import convergence
from comparisons.functions import Array, Declared
from comparisons.points import is_laplace
from models.contract import Scenario

CHAINS = 4
DRAWS = 500  # per chain: the effective size of 400 that is needed is a fifth of them all
TUNE = 300
LONGER = 4  # times as many draws of worlds that are sampled again
DISPERSED = 1.5  # standard deviations of the curvature at the mode, of the points about modes where chains start
STATISTICS = ("estimate", "sd", "lower", "upper", "wald_lower", "wald_upper")

Points = Sequence[dict[str, Array]]


@dataclass(frozen=True)
class Chains:
    """Draws of many worlds and what is known of their convergence.

    Attributes
    ----------
    draws : array, shape (worlds, chains, draws, q)
        Of the declared parameters; of worlds sampled again, thinned to as many as the others have.
    r_hat, ess_bulk, ess_tail : array, shape (worlds, q)
        Of all draws that were made.
    again, failed : array of bool, shape (worlds,)
        Whether the world was sampled again, and whether its draws cannot be trusted.
    """

    draws: Array
    r_hat: Array
    ess_bulk: Array
    ess_tail: Array
    again: NDArray[np.bool_]
    failed: NDArray[np.bool_]


@dataclass(frozen=True)
class Readings:
    """Three readings of many worlds.

    Attributes
    ----------
    labels : list of str
        Of the q declared parameters, elements of vectors each with a label.
    mle, map : dict of str to array, shape (worlds, q)
        ``estimate``, ``sd``, ``lower``, ``upper``, ``wald_lower``, ``wald_upper``; NaN where there is none.
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
    map_ = _in_order(scenario, declared, _point(modes, declared, level))
    sampler = _Sampler(scenario, batch, names, declared, kinks, joint * smooth, map_["estimate"], points)
    chains = sampler.all(chain_seed, draws, tune)
    labels = _labels(batch.model, declared)
    return Readings(labels, _in_order(scenario, declared, mle), map_, chains, declared,
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
    columns = []
    for j in range(found.u.shape[1]):
        shift = np.zeros_like(found.u)
        shift[:, j] = step[:, j]
        near = declared.each(found.u + shift) - declared.each(found.u - shift)
        far = declared.each(found.u + 2 * shift) - declared.each(found.u - 2 * shift)
        columns.append((8 * near - far) / (12 * step[:, j, None]))
    slope = np.stack(columns, axis=2)
    spread = np.einsum("wqi,wij,wqj->wq", slope, found.covariance, slope)
    sd = np.where(found.regular[:, None] & (spread > 0), np.sqrt(np.maximum(spread, 0)), np.nan)
    z = float(norm.ppf((1 + level) / 2))
    lower, upper = estimate - z * sd, estimate + z * sd
    return {"estimate": estimate, "sd": sd, "lower": lower, "upper": upper, "wald_lower": lower, "wald_upper": upper}


def _in_order(scenario: Scenario, declared: Declared, found: dict[str, Array]) -> dict[str, Array]:
    """Put interchangeable parts of all worlds in their canonical order."""
    if scenario.order is None:
        return found
    result = {key: values.copy() for key, values in found.items()}
    for w in range(len(found["estimate"])):
        parts = {(key, name): part for key in found for name, part in declared.split(found[key][w]).items()}
        point: dict[Any, Any] = {name: parts["estimate", name] for name in declared.shapes}
        ordered: dict[Any, Any] = scenario.order(point | parts)
        for key in found:
            result[key][w] = np.concatenate([np.ravel(ordered[key, name]) for name in declared.shapes])
    return result


class _Sampler:
    """Samples the posteriors of a batch together, in parts, or one by one."""

    def __init__(
        self,
        scenario: Scenario,
        batch: Batch,
        names: list[str],
        declared: Declared,
        kinks: Kinks,
        smooth: Array,
        pivots: Array,
        starts: Array,
    ) -> None:
        self.scenario, self.batch, self.names, self.declared, self.pivots = scenario, batch, names, declared, pivots
        self.counts = batch.counts(jacobian=True)
        smooth = smooth.copy()
        smooth[:, -1] = 1.0
        found = batch_optimum.maximise(batch, smooth, starts, kinks, declared.each)
        self.centre = found.u
        self.factor = batch_optimum.factors(batch, smooth, kinks, found.u)
        self.starts = np.linalg.solve(self.factor, (found.ends - found.u)[..., None])[..., 0]
        self.r_hat, self.bulk, self.tail = (np.full(pivots.shape, np.nan) for _ in range(3))

    def all(self, seed: np.random.SeedSequence, draws: int, tune: int) -> Chains:
        """Draws of all worlds; those that do not converge are sampled again, together and then one by one."""
        first, *others = seed.spawn(2 + len(self.centre))
        kept, bad = self._judged(np.arange(len(self.centre)), first, draws, tune)
        again = bad.copy()
        rounds = [np.flatnonzero(bad)] if bad.any() else []
        while rounds:
            part = rounds.pop(0)
            longer, failed = self._judged(part, others.pop(), LONGER * draws, LONGER * tune)
            kept[part], bad[part] = longer[:, :, ::LONGER], failed
            if len(part) > 1:
                rounds = [np.array([world]) for world in part[failed]]
        return Chains(kept, self.r_hat, self.bulk, self.tail, again, bad)

    def _judged(
        self, worlds: NDArray[np.int64], seed: np.random.SeedSequence, draws: int, tune: int
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Draws of some worlds, and which of them cannot be trusted; how they converged is kept."""
        kept, diverging = self._sample(worlds, seed, draws, tune)
        r_hat, bulk, tail = convergence(kept)
        self.r_hat[worlds], self.bulk[worlds], self.tail[worlds] = r_hat, bulk, tail
        # What is not a number does not meet a limit.
        fine = (r_hat <= checks.R_HAT) & (bulk >= checks.ESS) & (tail >= checks.ESS)
        return kept, diverging | ~fine.all(axis=1)

    def _sample(
        self, worlds: NDArray[np.int64], seed: np.random.SeedSequence, draws: int, tune: int
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Draws of some worlds, shape (worlds, chains, draws, q), and which of them diverge."""
        own, *halves = seed.spawn(3)
        rng = np.random.default_rng(own)
        m, d = len(worlds), self.batch.size
        densities = self.batch.densities(worlds, self.counts, self.centre[worlds], self.factor[worlds])
        order = cycle(self.starts[:, worlds])  # chains of a world with several modes start at several
        compiled = native.compiled_model(
            densities, lambda _: np.ravel(next(order) + DISPERSED * rng.normal(size=(m, d)))
        )
        result = nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=CHAINS,
            cores=1,
            seed=int(rng.integers(2**31)),
            save_warmup=False,
            progress_bar=False,
        )
        diverging = bool(result["sample_stats"]["diverging"].values.any())
        if diverging and m > 1:
            parts = [
                self._sample(part, half, draws, tune)
                for part, half in zip(np.array_split(worlds, 2), halves, strict=True)
            ]
            return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        v = result["posterior"]["v"].values.reshape(CHAINS, draws, m, d)
        u = self.centre[worlds] + np.einsum("mij,csmj->csmi", self.factor[worlds], v)
        values = self.declared.each(u.reshape(-1, d)).reshape(CHAINS, draws, m, -1)
        kept = np.ascontiguousarray(np.moveaxis(values, 2, 0))
        if self.scenario.identify is not None:
            kept = np.stack([self._identified(world, one) for world, one in zip(worlds, kept, strict=True)])
        return kept, np.full(m, diverging)

    def _identified(self, world: int, draws: Array) -> Array:
        """Draws of one world with the symmetry of its posterior undone, shape (chains, draws, q)."""
        assert self.scenario.identify is not None
        names = self.declared.shapes
        labelled, pivot = {}, {}
        for name, part in zip(names, _parts(self.declared, draws), strict=True):
            dims = posterior.dims(self.batch.model, name)
            labelled[name] = (("chain", "draw", *dims), part)
        for name, part in self.declared.split(self.pivots[world]).items():
            pivot[name] = (posterior.dims(self.batch.model, name), part)
        data = self.batch.worlds[world].data.isel(observation=self.batch.worlds[world].weight > 0)  # type: ignore[operator]
        found = self.scenario.identify(xr.Dataset(labelled), xr.Dataset(pivot), data)
        return np.concatenate([found[name].values.reshape(*draws.shape[:2], -1) for name in names], axis=-1)


def _parts(declared: Declared, values: Array) -> list[Array]:
    """Cut the last axis into arrays in the shapes of the parameters."""
    sizes = [int(np.prod(shape, dtype=int)) for shape in declared.shapes.values()]
    cut = np.split(values, np.cumsum(sizes)[:-1], axis=-1)
    return [part.reshape(*values.shape[:-1], *shape) for part, shape in zip(cut, declared.shapes.values(), strict=True)]

"""The posteriors of many worlds, sampled as one model and judged one by one.

What NUTS samples is the sum of the log densities, each in coordinates in which its mode is at zero and its curvature
there is one, so that one step size suits all, whatever their scales. Divergent transitions are laid to the world whose
log density changed most in them. Worlds that diverge or do not converge are sampled again among themselves, longer and
with smaller steps; those that fail again once more, each alone; and what fails alone is reported as failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import Any

import numpy as np
import nutpie
import pyarrow
from numpy.typing import NDArray

from comparisons import batch_optimum, checks, native
from comparisons.batch import Batch
from comparisons.batch_optimum import Kinks
from comparisons.convergence import convergence
from comparisons.declared import Declared
from comparisons.functions import Array
from comparisons.native import Densities
from comparisons.settings import SETTINGS
from models.contract import Scenario

CHAINS = 4
DRAWS = 300  # per chain: the effective size of 400 that is needed is a third of them all
TUNE = 100  # enough for a step size: scales and correlations are known from the modes
# Sampled as one model are at most so many coordinates and numbers of data: the more, the smaller the steps of the
# sampler; the fewer, the more often is paid what a step costs whatever is computed in it.
TOGETHER, NUMBERS = 120, 2_000
ACCEPT, ACCEPT_ROUGH, ACCEPT_AGAIN = 0.7, 0.9, 0.9  # aimed-at acceptance: the higher, the smaller the steps
ROUGH = 5.0  # spread of the log ratio to a Normal: what is less like one needs smaller steps from the beginning
POINTS = 12  # at which that is measured
LOWEST = -1e6  # log density: nothing is rougher than falling so far
HOPELESS = 1.05  # R-hat of worlds with interchangeable parts from which on they are not sampled again
LONGER = 3  # times as many draws of worlds that are sampled again
DISPERSED = 1.5  # standard deviations of the curvature at the mode, of the points about modes where chains start


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


def in_order(scenario: Scenario, declared: Declared, values: Array) -> Array:
    """Put interchangeable parts in their canonical order, each point of an array of shape (..., q) by itself.

    Unlike the relabelling of a single fit (`models.contract.Scenario.identify`) this needs no other point, so that it
    is the same for truths, points and draws: what is compared between worlds is well defined.
    """
    if scenario.order is None:
        return values
    flat = values.reshape(-1, values.shape[-1])
    there = ~np.isnan(flat).any(axis=1)
    result = flat.copy()
    for k in np.flatnonzero(there):
        ordered = scenario.order(declared.split(flat[k]))
        result[k] = np.concatenate([np.ravel(ordered[name]) for name in declared.shapes])
    return result.reshape(values.shape)


class Sampler:
    """Samples the posteriors of a batch together, in parts, or one by one."""

    def __init__(
        self,
        scenario: Scenario,
        batch: Batch,
        declared: Declared,
        kinks: Kinks,
        smooth: Array,
        starts: Array,
    ) -> None:
        self.scenario, self.batch, self.declared = scenario, batch, declared
        self.counts = batch.counts(jacobian=True)
        smooth = smooth.copy()
        smooth[:, -1] = 1.0
        found = batch_optimum.maximise(batch, smooth, starts, kinks, declared.each)
        self.centre, self.width = found.u, declared.each(found.u[:1]).shape[1]
        self.factor = batch_optimum.factors(batch, smooth, kinks, found.u)
        self.starts = np.linalg.solve(self.factor, (found.ends - found.u)[..., None])[..., 0]
        self.r_hat, self.bulk, self.tail = (np.full((len(found.u), self.width), np.nan) for _ in range(3))

    def all(self, seed: np.random.SeedSequence, draws: int, tune: int) -> Chains:
        """Draws of all worlds; those that do not converge are sampled again, together and then one by one."""
        many = len(self.centre)
        kept, bad = np.empty((many, CHAINS, draws, self.width)), np.ones(many, dtype=bool)
        apart = self.scenario.order is not None
        for part in self._parts(np.arange(many)):
            accept = ACCEPT if self.roughness[part].max() < ROUGH else ACCEPT_ROUGH
            kept[part], bad[part] = self._judged(part, seed.spawn(1)[0], draws, tune, accept)
        again = np.zeros(many, dtype=bool)
        # Where parts are interchangeable, chains that have found different modes find them again.
        parts = self._parts(np.flatnonzero(bad & ~(apart & (np.nanmax(self.r_hat, axis=1) > HOPELESS))))
        while parts:
            part = parts.pop(0)
            again[part] = True
            found, failed = self._judged(part, seed.spawn(1)[0], LONGER * draws, LONGER * tune, ACCEPT_AGAIN)
            kept[part], bad[part] = found[:, :, ::LONGER], failed
            if len(part) > 1:
                parts += [np.array([world]) for world in part[failed]]
        return Chains(kept, self.r_hat, self.bulk, self.tail, again, bad)

    @cached_property
    def roughness(self) -> Array:
        """How unlike Normals the posteriors are: spread of the log ratio at points of the Normals, shape (worlds,)."""
        rng, worlds = np.random.default_rng(0), np.arange(len(self.centre))
        densities = self.batch.densities(worlds, self.counts, self.centre, self.factor)
        ratios = []
        for _ in range(POINTS):
            v = rng.normal(size=self.centre.shape)
            ratios.append(np.maximum(densities(v)[0], LOWEST) + np.sum(v**2, axis=1) / 2)
        return np.std(ratios, axis=0)

    def _parts(self, worlds: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Worlds that are sampled as one model: those alike in roughness, and where labels may switch each alone."""
        if not len(worlds):
            return []
        numbers = sum(np.size(value) for value in self.batch.densities(worlds[:1], self.counts).data)
        most = min(TOGETHER // self.batch.size, NUMBERS // numbers) if self.scenario.order is None else 1
        alike = worlds[np.argsort(self.roughness[worlds], kind="stable")]
        return np.array_split(alike, -(-len(worlds) // max(most, 1)))

    def _judged(
        self, worlds: NDArray[np.int64], seed: np.random.SeedSequence, draws: int, tune: int, accept: float
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Draws of some worlds, and which of them cannot be trusted; how they converged is kept."""
        kept, diverging = self._sample(worlds, seed, draws, tune, accept)
        r_hat, bulk, tail = convergence(kept)
        self.r_hat[worlds], self.bulk[worlds], self.tail[worlds] = r_hat, bulk, tail
        # Half as many draws leave twice the noise in R-hat. What is not a number does not meet a limit.
        limit = 1 + (checks.R_HAT - 1) * max(1.0, SETTINGS.draws / draws)
        fine = (r_hat <= limit) & (bulk >= checks.ESS) & (tail >= checks.ESS)
        return kept, diverging | ~fine.all(axis=1)

    def _sample(
        self, worlds: NDArray[np.int64], seed: np.random.SeedSequence, draws: int, tune: int, accept: float
    ) -> tuple[Array, NDArray[np.bool_]]:
        """Draws of some worlds, shape (worlds, chains, draws, q), and which of them diverge."""
        rng = np.random.default_rng(seed)
        m, d = len(worlds), self.batch.size
        densities = self.batch.densities(worlds, self.counts, self.centre[worlds], self.factor[worlds])
        order = cycle(self.starts[:, worlds])  # chains of a world with several modes start at several
        compiled = native.compiled_model(
            densities, lambda _: np.ravel(next(order) + DISPERSED * rng.normal(size=(m, d)))
        )
        v, divergent = _nuts(compiled, draws, tune, accept, int(rng.integers(2**31)))
        unclear = not all(np.isfinite(end).all() for end in divergent)
        if unclear and m > 1:  # halves tell to which world a divergence belongs that has no end
            parts = [
                self._sample(part, own, draws, tune, accept)
                for part, own in zip(np.array_split(worlds, 2), seed.spawn(2), strict=True)
            ]
            return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        diverging = np.ones(1, dtype=bool) if unclear else _diverging(densities, *divergent)
        v = v.reshape(CHAINS, draws, m, d)
        u = self.centre[worlds] + np.einsum("mij,csmj->csmi", self.factor[worlds], v)
        values = self.declared.each(u.reshape(-1, d)).reshape(CHAINS, draws, m, -1)
        kept = np.ascontiguousarray(np.moveaxis(values, 2, 0))
        if self.scenario.order is not None:
            kept = np.stack([in_order(self.scenario, self.declared, one) for one in kept])
        return kept, diverging


def _nuts(compiled: Any, draws: int, tune: int, accept: float, seed: int) -> tuple[Array, tuple[Array, Array]]:
    """Draws of all chains, shape (chains, draws, coordinates), and start and end of the steps that diverged.

    Taken from nutpie's own tables: the labelled form costs as much as sampling a small world. A step whose end is not
    known ends at NaN.
    """
    trace = nutpie.sample(
        compiled,
        draws=draws,
        tune=tune,
        chains=CHAINS,
        cores=1,
        seed=seed,
        target_accept=accept,
        save_warmup=False,
        progress_bar=False,
        store_divergences=True,
        return_raw_trace=True,
    )
    values, steps = [], []
    for drawn, statistics in zip(*trace.get_arrow_trace(), strict=True):
        kept = ~np.asarray(statistics.column("tuning"))
        v = pyarrow.array(drawn.column("v"))
        values.append(np.asarray(v.flatten()).reshape(len(kept), -1)[kept])
        for k in np.flatnonzero(np.asarray(statistics.column("diverging")) & kept):
            ends = (statistics.column(f"divergence_{at}")[int(k)].as_py() for at in ("start", "end"))
            steps.append([np.full(values[0].shape[1], np.nan) if end is None else end for end in ends])
    start, end = np.reshape(np.array(steps, dtype=float), (-1, 2, values[0].shape[1])).swapaxes(0, 1)
    return np.stack(values), (start, end)


def _diverging(densities: Densities, starts: Array, ends: Array) -> NDArray[np.bool_]:
    """Which worlds divergent transitions are to be laid to, shape (worlds,).

    A transition diverges when the energy, a sum over the worlds, changes by hundreds: the culprit is the world whose
    log density has changed most from where the last step began to where it ended.
    """
    found = np.zeros(densities.worlds, dtype=bool)
    shape = densities.worlds, densities.dims
    for start, end in zip(starts, ends, strict=True):
        before, after = (densities(at.reshape(shape))[0] for at in (start, end))
        found[np.argmax(np.abs(after - before))] = True
    return found

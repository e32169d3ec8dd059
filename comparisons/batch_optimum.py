"""Maxima of many log densities at once: Newton's method with every world at its own pace.

All worlds are evaluated together, and each takes its own step: uphill whatever the curvature (eigenvalues of the
Hessian by their absolute value), as far as a line search allows, and not across the kink of a Laplace prior, where it
stops and is held as long as the slope is smaller than the kink (`comparisons.optimum`, which does the same for one).
Several dispersed starts are further members of the same batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comparisons.batch import Batch
from comparisons.functions import Array
from comparisons.optimum import CONVERGED, SAME_VALUE

ITERATIONS = 100
HALVINGS = 12
STEP = 1e-3  # of the differences that make a Hessian, in units of the scale
LONGEST = 10.0  # scales that a step may go, or twice as far as one that needed no halving
FLAT = 1e-8  # of the curvature at the start: what is flatter is no maximum, but may be rounding
FLATTEST = 1e-14  # of the same: where a search ends, because what follows is flatter still
REACH = np.array([0.0, 50.0, 100.0])  # scales, at which a search without end is followed
ROUNDING = 1e-9  # relative, of a log density
NEAR = 1e-2  # scales: what is so near to its kink would reach it with any step
RIVAL = 10.0  # in log density: a maximum further below another is left out of account
SMALLEST = 1e-30  # curvature, in units of the scale: no smaller one is divided by


@dataclass(frozen=True)
class Kinks:
    """Kinks of the Laplace priors of many worlds: the log densities contain ``-rate * |u - location|``.

    Attributes
    ----------
    rate, location : array, shape (worlds, d)
        The rate is zero where there is no kink.
    """

    rate: Array
    location: Array


@dataclass(frozen=True)
class Optima:
    """Maxima of many worlds.

    Attributes
    ----------
    u : array, shape (worlds, d)
    value : array, shape (worlds,)
        Log density there.
    covariance : array, shape (worlds, d, d)
        Inverse of minus the Hessian; zero in rows and columns of coordinates held by their kink.
    held : array of bool, shape (worlds, d)
    regular : array of bool, shape (worlds,)
        Whether it is a strict local maximum in the interior.
    boundary : array of bool, shape (worlds,)
        Whether it lies on the boundary of the parameter space, so far out in ``u`` that nothing changes any more.
    agreeing : array of int, shape (worlds,)
        Starts that reached this value.
    ends : array, shape (starts, worlds, d)
        The maxima reached from all starts; ``u`` for those that reached none, or one far below.
    """

    u: Array
    value: Array
    covariance: Array
    held: NDArray[np.bool_]
    regular: NDArray[np.bool_]
    boundary: NDArray[np.bool_]
    agreeing: NDArray[np.int64]
    ends: Array


def maximise(
    batch: Batch,
    counts: Array,
    starts: Array,
    kinks: Kinks,
    declared: Callable[[Array], Array],
) -> Optima:
    """Maximise the densities of all worlds of a batch.

    Parameters
    ----------
    batch : Batch
    counts : array, shape (worlds, terms)
        How many times each term counts; smooth terms only.
    starts : array, shape (starts, worlds, d)
    kinks : Kinks
    declared : callable
        Declared parameters of points, shape (m, d) to (m, q); needed to tell a boundary from infinity.

    Returns
    -------
    Optima
        Of every world the largest maximum found, regular or on the boundary. A search that rose without end, or whose
        parameters ran away, found none: it counts only where no search found a regular maximum, and leaves none there.
    """
    many, worlds, d = starts.shape
    search = _Search(batch, counts, kinks, np.tile(np.arange(worlds), many), starts.reshape(-1, d))
    search.climb()
    search.settle()
    edge, far = search.limits(declared)
    value = search.value.reshape(many, worlds)
    regular, boundary = search.regular.reshape(many, worlds), edge.reshape(many, worlds)
    best = np.argmax(value, axis=0)
    inside, outside = (np.where(one, value, -np.inf) for one in (regular, boundary))
    # What rises without end is no maximum; what levels off on the boundary is one, and the larger one counts.
    higher = np.max(outside, axis=0) > np.max(inside, axis=0) + SAME_VALUE
    winner = np.where(higher, np.argmax(outside, axis=0), np.argmax(inside, axis=0))
    best = np.where(regular.any(axis=0), winner, best)
    at = best * worlds + np.arange(worlds)
    found = np.where(edge[at, None], far[at], search.u[at])
    agreeing = np.sum((regular | boundary) & (np.abs(value - search.value[at]) < SAME_VALUE), axis=0)
    rival = regular & (value > search.value[at] - RIVAL)
    ends = np.where(rival[:, :, None], search.u.reshape(many, worlds, d), found)
    there = search.regular[at]
    return Optima(found, search.value[at], search.covariance[at], search.held[at], there, edge[at], agreeing, ends)


def factors(batch: Batch, counts: Array, kinks: Kinks, u: Array) -> Array:
    """Roots of rough covariances from the curvature at some points, shape (worlds, d) to (worlds, d, d).

    A Laplace prior, which has no curvature, counts as the Normal of the same variance; directions that bend the wrong
    way count by the size of the bend.
    """
    worlds, d = np.arange(len(u)), batch.size
    search = _Search(batch, counts, kinks, worlds, u)
    curvature = -search.hessian(worlds, STEP * search.scale)
    curvature = np.where(np.isfinite(curvature), curvature, 0.0)
    curvature[:, range(d), range(d)] += kinks.rate**2 / 2
    unit = 1 / np.sqrt(np.maximum(np.abs(np.einsum("mjj->mj", curvature)), SMALLEST))
    size, basis = np.linalg.eigh(curvature * unit[:, :, None] * unit[:, None, :])
    size = np.maximum(np.abs(size), 1e-6 * np.max(np.abs(size), axis=1, keepdims=True))
    return np.asarray(unit[:, :, None] * basis / np.sqrt(size)[:, None, :])


def _inverse(curvature: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Inverses, with the sizes of the eigenvalues in their place, and which of the matrices are positive definite."""
    fine = np.isfinite(curvature).all(axis=(1, 2))
    size, basis = np.linalg.eigh(np.where(fine[:, None, None], curvature, np.eye(curvature.shape[1])))
    definite = fine & (size[:, 0] > 1e-13 * np.maximum(size[:, -1], 1e-300))
    size = np.maximum(np.abs(size), np.maximum(1e-10 * np.max(np.abs(size), axis=1, keepdims=True), SMALLEST))
    return np.einsum("mij,mj,mkj->mik", basis, 1 / size, basis), definite


class _Search:
    """The state of all members of a search: a world from one of its starts."""

    def __init__(self, batch: Batch, counts: Array, kinks: Kinks, world: NDArray[np.int64], u: Array) -> None:
        self.batch, self.counts, self.world, self.u = batch, counts, world, u.copy()
        self.rate, self.location = kinks.rate[world], kinks.location[world]
        members, self.d = u.shape
        self.held = np.zeros(u.shape, dtype=bool)
        self.regular, self.flat = np.zeros(members, dtype=bool), np.zeros(members, dtype=bool)
        self.covariance = np.zeros((members, self.d, self.d))
        self.direction = np.zeros(u.shape)
        everyone = np.arange(members)
        rough = 1e-4 * np.maximum(np.abs(u), 1e-2)
        curvature = np.abs(np.einsum("mjj->mj", self.hessian(everyone, rough)))
        with np.errstate(divide="ignore"):
            length = 1 / np.sqrt(curvature)
        self.scale = np.where(np.isfinite(length) & (length > 0), length, 1.0)
        self.longest = np.full(members, LONGEST)
        self.value = self.total(everyone, self.u)[0]

    def total(self, members: NDArray[np.int64], u: Array) -> tuple[Array, Array]:
        """Log densities with their kinks, and the gradients of the smooth part."""
        value, gradient = self.batch.densities(self.world[members], self.counts)(u)
        value = value - np.sum(self.rate[members] * np.abs(u - self.location[members]), axis=1)
        return np.where(np.isnan(value), -np.inf, value), gradient

    def hessian(self, members: NDArray[np.int64], step: Array, order: int = 2) -> Array:
        """Hessians of the smooth part at ``u`` by central differences of the gradient, shape (m, d, d)."""
        u, density = self.u[members], self.batch.densities(self.world[members], self.counts)
        rows = []
        for j in range(self.d):
            shift = np.zeros_like(u)
            shift[:, j] = step[:, j]
            row = density(u + shift)[1] - density(u - shift)[1]
            if order == 4:
                row = (8 * row - (density(u + 2 * shift)[1] - density(u - 2 * shift)[1])) / 6
            rows.append(row / (2 * step[:, j, None]))
        matrix = np.stack(rows, axis=1)
        return np.asarray((matrix + np.swapaxes(matrix, 1, 2)) / 2)

    def slope(self, members: NDArray[np.int64], gradient: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Slope of the whole along each coordinate, and which coordinates their kinks hold."""
        u, rate, location = self.u[members], self.rate[members], self.location[members]
        at = (rate > 0) & (u == location)
        held = at & (np.abs(gradient) <= rate * (1 + ROUNDING))
        side = np.where(at, np.sign(gradient), np.sign(u - location))
        return np.where(held, 0.0, gradient - side * rate), held

    def newton(self, members: NDArray[np.int64], order: int = 2) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Steps of Newton's method, with inverse Hessians, and whether those are of maxima."""
        scale = self.scale[members]
        gradient = self.total(members, self.u[members])[1]
        slope, held = self.slope(members, gradient)
        self.held[members] = held
        step = STEP * np.minimum(scale, self.width(members) if order == 4 else np.inf)
        curvature = -self.hessian(members, step, order) * scale[:, :, None] * scale[:, None, :]
        free = ~held
        curvature = np.where(free[:, :, None] & free[:, None, :], curvature, np.eye(self.d))
        inverse, definite = _inverse(curvature)
        size = np.einsum("mjj->mj", curvature)
        self.flat[members] = (np.abs(size) <= FLATTEST).any(axis=1)
        definite &= (size > FLAT).all(axis=1)
        step = inverse
        alone = self.alone(members, slope * scale, curvature)
        if alone.any():
            step, _ = _inverse(np.where(alone[:, :, None] | alone[:, None, :], np.eye(self.d) * curvature, curvature))
        units = scale[:, :, None] * scale[:, None, :]
        inverse, step = (np.where(free[:, :, None] & free[:, None, :], one * units, 0.0) for one in (inverse, step))
        return np.einsum("mij,mj->mi", step, slope), inverse, definite

    def alone(self, members: NDArray[np.int64], slope: Array, curvature: Array) -> NDArray[np.bool_]:
        """Which coordinates a step moves by their own curvature alone, slopes and curvatures in units of the scale.

        A step that a kink cuts short need not lead uphill any more. It does if coordinates at their kink, or so near
        to it that any step would reach it, go where their own slope leads; near is nearer as the maximum is approached
        (Bertsekas, D. P. 1982, Projected Newton methods, doi:10.1137/0320018).
        """
        away = (self.u[members] - self.location[members]) / self.scale[members]
        with np.errstate(divide="ignore", invalid="ignore"):
            left = np.max(np.abs(slope / np.einsum("mjj->mj", curvature)), axis=1, keepdims=True)
        near = (np.abs(away) < np.fmin(NEAR, left)) & (slope * away < 0)
        return np.asarray((self.rate[members] > 0) & ~self.held[members] & ((away == 0) | near))

    def width(self, members: NDArray[np.int64]) -> Array:
        """Standard deviations found so far; infinite where there is none."""
        variance = np.einsum("mjj->mj", self.covariance[members])
        return np.where(variance > 0, np.sqrt(np.maximum(variance, 0)), np.inf)

    def climb(self) -> None:
        """Newton steps until all members stand still, have come where the density is flat, or find no way up."""
        active = np.arange(len(self.u))
        active = active[np.isfinite(self.value)]
        for _ in range(ITERATIONS):
            if not len(active):
                return
            step, inverse, definite = self.newton(active)
            self.covariance[active] = inverse
            longest = np.max(np.abs(step / self.scale[active]), axis=1)
            step *= np.minimum(1.0, self.longest[active] / np.maximum(longest, 1e-300))[:, None]
            moved = self.search_line(active, step)
            # Where rounding has flattened the density there is no direction any more, and the last one counts.
            self.direction[active] = np.where(longest[:, None] > CONVERGED, step, self.direction[active])
            self.regular[active] = definite & (longest < CONVERGED)
            active = active[moved & ~self.regular[active] & ~self.flat[active]]

    def search_line(self, members: NDArray[np.int64], step: Array) -> NDArray[np.bool_]:
        """Go as far along the steps as they lead uphill, halving; returns which members could go at all."""
        left, factor = np.arange(len(members)), 1.0
        moved = np.zeros(len(members), dtype=bool)
        slack = ROUNDING * (1 + np.abs(self.value[members]))
        for _ in range(HALVINGS):
            chosen = members[left]
            after = self.crossing(chosen, factor * step[left])
            value = self.total(chosen, after)[0]
            good = value >= self.value[chosen] - slack[left]
            self.u[chosen[good]], self.value[chosen[good]] = after[good], value[good]
            moved[left[good]] = True
            if factor == 1.0:
                size = np.max(np.abs(step / self.scale[members]), axis=1)[good]
                self.longest[chosen[good]] = np.maximum(self.longest[chosen[good]], 2 * size)
            left, factor = left[~good], factor / 2
            if not len(left):
                break
        return moved

    def crossing(self, members: NDArray[np.int64], step: Array) -> Array:
        """Points after a step, stopped at the kinks on the way."""
        u, location = self.u[members], self.location[members]
        after = u + step
        crossed = (self.rate[members] > 0) & (u != location) & ((after - location) * (u - location) < 0)
        return np.where(crossed, location, after)

    def settle(self) -> None:
        """One more step from every maximum, with a more exact Hessian, which also gives the covariance."""
        done = np.flatnonzero(self.regular)
        if not len(done):
            return
        step, _, _ = self.newton(done, order=4)
        self.search_line(done, step)
        step, inverse, definite = self.newton(done, order=4)
        self.covariance[done] = inverse
        self.regular[done] = definite & (np.max(np.abs(step / self.scale[done]), axis=1) < CONVERGED)

    def limits(self, declared: Callable[[Array], Array]) -> tuple[NDArray[np.bool_], Array]:
        """Which searches without a regular end lead to the boundary of the parameter space, and points far out there.

        As `comparisons.optimum` does it: follow the last direction and see whether density and parameters settle.
        """
        boundary, far = np.zeros(len(self.u), dtype=bool), self.u.copy()
        members = np.flatnonzero(~self.regular & np.isfinite(self.value))
        if not len(members):
            return boundary, far
        direction = self.direction[members] / self.scale[members]
        length = np.max(np.abs(direction), axis=1, keepdims=True)
        direction = direction / np.maximum(length, 1e-300) * self.scale[members]
        points = [self.u[members] + reach * direction for reach in REACH]
        heights = np.stack([self.total(members, point)[0] for point in points])
        with np.errstate(all="ignore"):
            level = (heights[2] >= heights[0] - 1e-6) & (np.abs(heights[2] - heights[1]) < SAME_VALUE)
            settled = np.isclose(declared(points[1]), declared(points[2]), rtol=1e-12, atol=1e-12).all(axis=1)
        found = (length[:, 0] > CONVERGED) & np.isfinite(heights).all(axis=0) & level & settled
        boundary[members] = found
        far[members[found]], self.value[members[found]] = points[2][found], heights[2][found]
        return boundary, far

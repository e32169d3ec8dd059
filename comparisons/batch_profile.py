r"""Profile likelihood intervals of many worlds at once.

An end of the interval of :math:`\theta_j` is the point on the contour :math:`\ell = \ell_{max} - \chi^2_{1, level} /
2` where the slope of the log likelihood is parallel to that of :math:`\theta_j` (`comparisons.profile`). Together these
are as many equations as unknowns, which Newton's method solves for all worlds together (Venzon, D. J. and Moolgavkar,
S. H. 1988, doi:10.2307/2347496). With one unknown the ends are roots, found by bisection.

What is not on the contour is no end: where the density stops being a number before it has fallen that far, the end is
missing. A maximum on the boundary has an interval, with an end there, if the model has one parameter; if it has more,
its intervals are missing, because in the coordinates of a maximum without curvature the region is no ball.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from comparisons.batch import Batch
from comparisons.batch_optimum import Optima
from comparisons.declared import Declared
from comparisons.functions import Array
from comparisons.profile import ON_CONTOUR, PARALLEL

ITERATIONS = 40
STEP = 1e-3  # of differences, in standard errors
LONGEST = 1.0  # standard errors that a step may go
STILL = 1e-7  # standard errors: a step so short ends the search
REACH = 1e4  # standard errors beyond which a likelihood that has not fallen never will


def intervals(batch: Batch, counts: Array, optima: Optima, declared: Declared, level: float) -> tuple[Array, Array]:
    """Ends of the intervals of all declared parameters, each of shape (worlds, q); NaN where an end was not found."""
    drop = float(chi2.ppf(level, 1)) / 2
    if batch.size == 1:
        return _roots(batch, counts, optima, declared, drop)
    count = declared.each(optima.u[:1]).shape[1]
    ends = np.full((2, len(optima.u), count), np.nan)
    worlds = np.flatnonzero(optima.regular)
    if len(worlds):
        for j, depends in enumerate(_dependence(optima, declared, drop, worlds)):
            for side, sign in enumerate((-1.0, 1.0)):
                ends[side, worlds, j] = _ends(batch, counts, optima, declared, drop, worlds, j, depends, sign)
    return ends[0], ends[1]


def _dependence(optima: Optima, declared: Declared, drop: float, worlds: NDArray[np.int64]) -> list[list[int]]:
    """Which coordinates of ``u`` every declared parameter depends on.

    A slope may be zero at the maximum of a world, and at that of no other, or on one side of it. Looked at are all
    worlds, at their maxima and a profile interval's length on both sides of them.
    """
    unit = np.sqrt(np.einsum("mii->mi", optima.covariance[worlds]))
    top, away = optima.u[worlds], np.sqrt(2 * drop) * unit
    with np.errstate(all="ignore"):  # what is no number far out depends on everything
        slope = declared.slope(np.concatenate([top, top + away, top - away]), STEP * np.tile(unit, (3, 1)))
    return [[int(i) for i in np.flatnonzero(row)] for row in np.any(slope != 0, axis=0)]


def _roots(batch: Batch, counts: Array, optima: Optima, declared: Declared, drop: float) -> tuple[Array, Array]:
    """Both ends of models with one parameter; where the likelihood never falls that far the end is at infinity."""
    worlds, top = np.arange(len(optima.u)), optima.u
    density = batch.densities(worlds, counts)
    unit = np.where(optima.regular, np.sqrt(np.maximum(optima.covariance[:, 0, 0], 0)), 1.0)[:, None]
    found, known = [], []
    contour = optima.value - drop
    for sign in (-1.0, 1.0):
        near, reach = np.zeros_like(unit), unit.copy()
        for _ in range(60):
            inside = (density(top + sign * reach)[0] >= contour)[:, None]  # what is no number is not inside
            going = inside & (reach < REACH * unit)
            if not going.any():
                break
            near, reach = np.where(going, reach, near), np.where(going, reach * 1.5, reach)
        crossed = ~inside
        low, high = near, reach
        for _ in range(60):
            middle = (low + high) / 2
            inside = (density(top + sign * middle)[0] >= contour)[:, None]
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        fallen = (np.abs(density(top + sign * low)[0] - contour) < ON_CONTOUR)[:, None]
        found.append(declared.each(top + sign * np.where(crossed, high, reach)))
        known.append((fallen | ~crossed) & (optima.regular | optima.boundary)[:, None])
    (low, high), (low_known, high_known) = found, known
    rising = low <= high  # where the parameter falls as u grows, its ends change places
    lower, upper = np.where(rising, low, high), np.where(rising, high, low)
    lower_known, upper_known = np.where(rising, low_known, high_known), np.where(rising, high_known, low_known)
    return np.where(lower_known, lower, np.nan), np.where(upper_known, upper, np.nan)


def _ends(
    batch: Batch,
    counts: Array,
    optima: Optima,
    declared: Declared,
    drop: float,
    worlds: NDArray[np.int64],
    j: int,
    depends: list[int],
    sign: float,
) -> Array:
    """The largest (``sign`` 1) or smallest (-1) values of parameter ``j`` within the regions of some worlds.

    In coordinates of the optimum, ``u = optimum + factor @ v`` with the covariance ``factor @ factor.T``, the region is
    nearly a ball of radius ``sqrt(2 drop)``. The parameter depends on few of the coordinates of ``u``: its slope and
    curvature there, by differences, are carried over to those of ``v``.
    """
    if not depends:
        return np.full(len(worlds), np.nan)
    factor = np.linalg.cholesky(optima.covariance[worlds])
    top, d = optima.u[worlds], batch.size
    density = batch.densities(worlds, counts, top, factor)
    unit_u = np.sqrt(np.einsum("mii->mi", optima.covariance[worlds]))

    def parameter(v: Array, moved: tuple[tuple[int, int], ...] = ()) -> Array:
        u = top + np.einsum("mij,mj->mi", factor, v)
        for i, steps in moved:
            u[:, i] += steps * STEP * unit_u[:, i]
        return sign * declared.each(u)[:, j]

    carried = factor / unit_u[:, :, None]  # from v to u in standard errors

    def slope(v: Array) -> Array:
        columns, u = np.zeros((len(v), d)), top + np.einsum("mij,mj->mi", factor, v)
        columns[:, depends] = sign * declared.slope(u, STEP * unit_u, depends)[:, j] * unit_u[:, depends]
        return columns

    def curve(v: Array) -> Array:
        matrix = np.zeros((len(v), d, d))
        middle = parameter(v)
        for i in depends:
            matrix[:, i, i] = (parameter(v, ((i, 1),)) - 2 * middle + parameter(v, ((i, -1),))) / STEP**2
            for k in depends:
                if k < i:
                    same = parameter(v, ((i, 1), (k, 1))) + parameter(v, ((i, -1), (k, -1)))
                    other = parameter(v, ((i, 1), (k, -1))) + parameter(v, ((i, -1), (k, 1)))
                    matrix[:, i, k] = matrix[:, k, i] = (same - other) / (4 * STEP**2)
        return matrix

    def bend(v: Array) -> Array:
        rows = [(density(v + STEP * axis)[1] - density(v - STEP * axis)[1]) / (2 * STEP) for axis in np.eye(d)]
        matrix = np.stack(rows, axis=1)
        return np.asarray((matrix + np.swapaxes(matrix, 1, 2)) / 2)

    along = np.einsum("mij,mi->mj", carried, slope(np.zeros_like(top)))
    length = np.linalg.norm(along, axis=1)
    unit = np.where(length > 0, length, 1.0)[:, None]  # the parameter in standard errors
    v = along / unit * np.sqrt(2 * drop)
    force = np.full(len(worlds), np.sqrt(2 * drop))  # of the constraint: minus the slope of the density at the end
    corner = np.zeros((len(worlds), d + 1, d + 1))
    for _ in range(ITERATIONS):
        value, gradient = density(v)
        rise = np.einsum("mij,mi->mj", carried, slope(v)) / unit
        turn = np.einsum("mik,mij,mjl->mkl", carried, curve(v), carried) / unit[:, :, None]
        right = np.column_stack([gradient + force[:, None] * rise, value - optima.value[worlds] + drop])
        corner[:, :d, :d] = bend(v) + force[:, None, None] * turn
        corner[:, :d, d], corner[:, d, :d] = rise, gradient
        fine = np.isfinite(corner).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
        step = np.zeros_like(right)
        system = np.where(fine[:, None, None], corner, np.eye(d + 1))
        singular = np.abs(np.linalg.det(system)) < 1e-300
        system[singular] = np.eye(d + 1)
        step[fine & ~singular] = -np.linalg.solve(system, right[:, :, None])[fine & ~singular, :, 0]
        size = np.linalg.norm(step[:, :d], axis=1)
        step *= np.minimum(1.0, LONGEST / np.maximum(size, 1e-300))[:, None]
        v, force = v + step[:, :d], np.abs(force + step[:, d])
        if np.all((size < STILL) | ~fine):
            break
    value, gradient = density(v)
    rise = np.einsum("mij,mi->mj", carried, slope(v))
    with np.errstate(all="ignore"):
        cosine = (
            -np.einsum("mi,mi->m", gradient, rise) / np.linalg.norm(gradient, axis=1) / np.linalg.norm(rise, axis=1)
        )
    good = (cosine >= 1 - PARALLEL) & (np.abs(value - optima.value[worlds] + drop) < ON_CONTOUR) & (length > 0)
    return np.where(good, sign * parameter(v), np.nan)

"""Maximisation with an audit: is this a maximum, is it the largest one found, and does one exist at all?

The objective is a smooth log density plus, for parameters with a Laplace prior, the kinks ``-rate * |u - location|``.
It is maximised by L-BFGS-B from several dispersed starts, each parameter with a kink written as ``location + p - q``
with two non-negative parts, and the best result is polished by Newton steps on the coordinates that are not held by
their kink. Smooth optimisers without this split report success at points where the kink is violated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

STARTS = 10
SAME_VALUE = 1e-4  # two starts agree if their log densities differ by less than this
POLISH = 40  # Newton steps at most; a regular maximum needs three or four
CONVERGED = 1e-6  # last Newton step, in units of the scale of the problem at the start


@dataclass(frozen=True)
class Kinks:
    """Coordinates with a Laplace prior: where their kinks are, and how steep.

    Attributes
    ----------
    index : array of int, shape (k,)
    location, rate : array, shape (k,)
        The log density contains ``-rate * |u[index] - location|``.
    """

    index: Array = field(default_factory=lambda: np.zeros(0, dtype=int))
    location: Array = field(default_factory=lambda: np.zeros(0))
    rate: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Optimum:
    """Where the search ended, and what the audit says of it.

    Attributes
    ----------
    u : array, shape (d,)
        The maximum; for a maximum on the boundary a point so far out that nothing changes any more.
    value : float
        Log density there, up to the constant of the Laplace priors.
    covariance : array, shape (d, d)
        Inverse of minus the Hessian; zero in rows and columns of coordinates held by their kink.
    held : array of bool, shape (d,)
        Coordinates at their kink.
    regular : bool
        Whether this is a strict local maximum in the interior.
    failure : str
        If not: ``"boundary"``, ``"infinite"``, ``"unbounded"`` or ``"not a maximum"``.
    gradient : float
        Largest component of the gradient, in units of standard errors (for a coordinate at its kink: the violation of
        the kink's condition).
    starts, agreeing, collapsed : int
        Starts, those that reached this value, and those that went higher without reaching a maximum.
    """

    u: Array
    value: float
    covariance: Array
    held: Array
    regular: bool
    failure: str
    gradient: float
    starts: int
    agreeing: int
    collapsed: int

    @property
    def step(self) -> Array:
        """A thousandth of a standard error per coordinate, for differences of smooth functions of ``u``."""
        variance = np.diag(self.covariance)
        return np.asarray(1e-3 * np.sqrt(np.where(variance > 0, variance, 1.0)))


Density = Callable[[Array], tuple[float, Array]]


def maximise(smooth: Density, starts: list[Array], kinks: Kinks, declared: Callable[[Array], Array]) -> Optimum:
    """Maximise ``smooth(u) - sum(rate * |u - location|)``.

    Parameters
    ----------
    smooth : callable
        Returns value and gradient.
    starts : list of array, shape (d,)
    kinks : Kinks
    declared : callable
        Declared parameters of ``u`` as one vector; needed to tell a boundary from infinity.
    """

    def total(u: Array) -> float:
        return smooth(u)[0] - float(np.sum(kinks.rate * np.abs(u[kinks.index] - kinks.location)))

    scale = _scale(smooth, starts[0])
    ends = [_climb(smooth, start, kinks, scale) for start in starts]
    values = np.array([total(end) for end in ends])
    if len(starts) > 1 and np.sum(values >= values.max() - SAME_VALUE) < 2:
        # The rounding of a sum over millions of rows can stop a search early: on from there, in the scale found there.
        ends = [_climb(smooth, end, kinks, _scale(smooth, end)) for end in ends]
        values = np.array([total(end) for end in ends])
    irregular: list[Optimum] = []
    for best in np.argsort(-values):
        if any(abs(values[best] - other.value) < SAME_VALUE for other in irregular):
            continue
        # Curvature at a spike has nothing to do with curvature at the start.
        found = _polish(smooth, total, ends[best], kinks, np.minimum(scale, _scale(smooth, ends[best])), declared)
        if found.regular:
            break
        irregular.append(found)
    else:
        return replace(irregular[0], starts=len(starts))
    agreeing = int(np.sum(np.abs(values - found.value) < SAME_VALUE))
    collapsed = int(np.sum(values >= found.value + SAME_VALUE))
    return replace(found, starts=len(starts), agreeing=agreeing, collapsed=collapsed)


def hessian(smooth: Density, u: Array, step: Array) -> Array:
    """Hessian by central differences of the exact gradient, fourth order, shape (d, d)."""
    rows = []
    for j in range(len(u)):
        shift = np.zeros_like(u)
        shift[j] = step[j]
        near = smooth(u + shift)[1] - smooth(u - shift)[1]
        far = smooth(u + 2 * shift)[1] - smooth(u - 2 * shift)[1]
        rows.append((8 * near - far) / (12 * step[j]))
    matrix = np.array(rows)
    symmetric: Array = (matrix + matrix.T) / 2
    return symmetric


def _scale(smooth: Density, u: Array) -> Array:
    """Length over which the log density changes by about one along each coordinate."""
    rough = 1e-4 * np.maximum(np.abs(u), 1e-2)
    with np.errstate(divide="ignore"):
        length = 1 / np.sqrt(np.abs(np.diag(hessian(smooth, u, rough))))
    return np.where(np.isfinite(length) & (length > 0), length, 1.0)


def _climb(smooth: Density, start: Array, kinks: Kinks, scale: Array) -> Array:
    """L-BFGS-B in units of ``scale``, kinks split into two parts."""
    d, k = len(start), len(kinks.index)
    free = np.setdiff1d(np.arange(d), kinks.index)
    worst = [np.inf]

    def unpack(v: Array) -> Array:
        u = np.empty(d)
        u[free] = start[free] + v[: d - k] * scale[free]
        u[kinks.index] = kinks.location + (v[d - k : d] - v[d:]) * scale[kinks.index]
        return u

    def objective(v: Array) -> tuple[float, Array]:
        value, gradient = smooth(unpack(v))
        if not np.isfinite(value):
            return worst[0] + 1e3, np.zeros_like(v)
        slope = gradient * scale
        cost = kinks.rate * scale[kinks.index]
        split = np.concatenate([-slope[free], cost - slope[kinks.index], cost + slope[kinks.index]])
        total = -value + float(np.sum(cost * (v[d - k : d] + v[d:])))
        worst[0] = total if not np.isfinite(worst[0]) else max(worst[0], total)
        return total, split

    offset = (start[kinks.index] - kinks.location) / scale[kinks.index]
    v = np.concatenate([np.zeros(d - k), np.maximum(offset, 0), np.maximum(-offset, 0)])
    bounds = [(None, None)] * (d - k) + [(0, None)] * (2 * k)
    options = {"maxiter": 2_000, "maxfun": 4_000, "ftol": 1e-13, "gtol": 1e-7, "maxcor": 20}
    return unpack(minimize(objective, v, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x)


def _polish(
    smooth: Density,
    total: Callable[[Array], float],
    u: Array,
    kinks: Kinks,
    scale: Array,
    declared: Callable[[Array], Array],
) -> Optimum:
    """Newton steps to the top, on the coordinates that are not held by their kink."""
    rate, location = np.zeros(len(u)), np.zeros(len(u))
    rate[kinks.index], location[kinks.index] = kinks.rate, kinks.location
    u = np.where((rate > 0) & (np.abs(u - location) < 1e-5 * scale), location, u)
    step, width, covariance = np.full(len(u), np.inf), 1e-3 * scale, np.zeros((len(u), len(u)))
    converged = definite = False
    for _ in range(POLISH):
        gradient = smooth(u)[1]
        held = (rate > 0) & (u == location) & (np.abs(gradient) <= rate * (1 + 1e-9))
        free = ~held
        slope = gradient - np.where(u == location, np.sign(gradient), np.sign(u - location)) * rate
        curvature = -hessian(smooth, u, width)[np.ix_(free, free)]
        definite = bool(np.isfinite(curvature).all()) and _definite(curvature, scale[free])
        if not definite:
            break
        inverse = np.linalg.inv(curvature)
        covariance = np.zeros((len(u), len(u)))
        covariance[np.ix_(free, free)] = inverse
        width[free] = 1e-3 * np.minimum(np.sqrt(np.diag(inverse)), 10 * scale[free])
        step = np.zeros(len(u))
        step[free] = inverse @ slope[free]
        here, factor = total(u), 1.0
        while factor > 1e-6 and total(_crossing(u, factor * step, rate, location)) < here - 1e-9 * (1 + abs(here)):
            factor /= 2
        u = _crossing(u, factor * step, rate, location)
        if np.max(np.abs(step / scale)) < CONVERGED:
            converged = True
            break
    gradient = smooth(u)[1]
    held = (rate > 0) & (u == location)
    violation = np.where(
        held, np.maximum(np.abs(gradient) - rate, 0), np.abs(gradient - np.sign(u - location) * rate)
    ) * np.where(held, scale, np.sqrt(np.diag(covariance)))
    regular = converged and definite
    failure = ""
    if not regular:
        direction = step / scale if np.isfinite(step).all() else gradient * scale
        failure, u = _failure(total, u, direction, scale, declared)
    return Optimum(u, total(u), covariance, held, regular, failure, float(violation.max()), 0, 0, 0)


def _definite(curvature: Array, scale: Array) -> bool:
    """Whether minus the Hessian is positive definite, judged in units of ``scale``."""
    values = np.linalg.eigvalsh(curvature * np.outer(scale, scale))
    return bool(values[0] > 1e-13 * max(values[-1], 1e-300)) if len(values) else True


def _crossing(u: Array, step: Array, rate: Array, location: Array) -> Array:
    """Take a step, but stop a coordinate at its kink instead of letting it cross."""
    after = u + step
    crossed = (rate > 0) & (u != location) & ((after - location) * (u - location) < 0)
    return np.where(crossed, location, after)


def _failure(
    total: Callable[[Array], float], u: Array, direction: Array, scale: Array, declared: Callable[[Array], Array]
) -> tuple[str, Array]:
    """Why there is no regular maximum: follow the last direction far out and see what gives way."""
    if not np.any(np.abs(direction) > CONVERGED):
        return "not a maximum", u
    far = [u + reach * scale * direction / np.max(np.abs(direction)) for reach in (0.0, 50.0, 100.0)]
    values = [total(point) for point in far]
    if values[1] > values[0] + 1 and values[2] > values[1] + 1:
        return "unbounded", u
    if not (np.isfinite(values).all() and values[2] >= values[0] - 1e-6):
        return "not a maximum", u
    settled = np.allclose(declared(far[1]), declared(far[2]), rtol=1e-12, atol=1e-12)
    return ("boundary", far[2]) if settled else ("infinite", u)

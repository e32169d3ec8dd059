r"""What the MLE and the MAP predict for an observation they have not seen: plug-in leave-one-out densities.

With :math:`\hat u_{-i}` the maximum found without observation :math:`i`, prior and all other data as they are, it is
:math:`\log p(y_i \mid \hat u_{-i})`. The density at the maximum of all data would flatter the point: it has seen
:math:`y_i`. The maximum without an observation is about one Newton step away, with the curvature that is left,

.. math:: \hat u_{-i} \approx \hat u - (A - B_i)^{-1} g_i,

where :math:`A` is minus the Hessian at :math:`\hat u`, and :math:`g_i`, :math:`-B_i` are gradient and Hessian of
:math:`\log p(y_i \mid u)`. Where the step is long, Newton's method goes on until it arrives, or until it is clear that
there is no maximum without this observation. Coordinates that a Laplace prior holds at its kink stay there, and all
others keep the slope that it has on their side.

References
----------
Giordano, R. and others (2019), A Swiss army infinitesimal jackknife, arXiv:1806.00550. Rad, K. R. and Maleki, A.
(2020), A scalable estimate of the out-of-sample prediction error via approximate leave-one-out cross-validation,
doi:10.1111/rssb.12374.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comparisons.declared import Declared
from comparisons.functions import Array, Functions
from comparisons.points import Point, is_laplace

Rows = NDArray[Any]

ELEMENTS = 2_000_000  # of pointwise log densities held in memory at once
STEP = 1e-3  # of differences, in standard errors
SHORT = 0.02  # standard errors: a Newton step up to this length is the last one
REFITS = 200_000  # pointwise log densities in one iteration of all refits; above it only the longest steps are refined
CHORDS = 12  # iterations with the curvature known at the start
CLOSE = 1e-4  # standard errors: the last of them
ITERATIONS = 60  # of Newton's method, for whatever has not arrived
LONGEST = 3.0  # standard errors per Newton step
HALVINGS = 50  # of the way to a point where the whole has no density
FAR = 50.0  # standard errors: no maximum is looked for beyond
ARRIVED = 1e-7  # standard errors
FLAT = 1e-6  # curvature, of what it was with all observations: below it the objective ends in a plain, not in a maximum
SETTLED = 1e-9  # a declared parameter, or a log density, that has stopped changing

ONE_ROW = "nothing can be left out of a single row of data"
NO_POINT = "there is no point to predict with: the maximum does not exist"
BOUNDARY = "the maximum lies on the boundary, where it has no curvature"


@dataclass(frozen=True)
class LeftOut:
    """Leave-one-out log predictive density of one point reading.

    Attributes
    ----------
    elpd : array, shape (m,)
        One per row of ``rows``; ``-inf`` where the point rules out what was then observed, NaN where there is none.
    reason : str
        Why there are NaN, or what to know of a ``-inf``; empty if there is nothing to say.
    refits : int
        Maxima that were searched for until found; the others are one Newton step away.
    """

    elpd: Array
    reason: str = ""
    refits: int = 0


def of_point(functions: Functions, point: Point, reading: str, rows: Rows, whole: Functions | None = None) -> LeftOut:
    """Leave-one-out log predictive density of the MLE or the MAP.

    Parameters
    ----------
    functions : Functions
        Of the textbook model, with a term per row, under any prior for the MLE, under its own for the MAP; of the same
        coordinates as the point.
    point : Point
    reading : str
        ``mle`` or ``map``: whether the log prior belongs to what is maximised.
    rows : array of int, shape (m,)
        The observations left out in turn: positions among those that ``functions`` has.
    whole : Functions, optional
        Of the compact model of all observations, if ``functions`` has only some: all terms but one are the whole minus
        that one.
    """
    optimum, nothing = point.optimum, np.full(len(rows), np.nan)
    arrived: Rows
    if optimum.failure == "boundary":
        return LeftOut(nothing, BOUNDARY)
    if not (optimum.regular and all(np.isfinite(value).all() for value in point.estimate.values())):
        return LeftOut(nothing, NO_POINT)
    around = _Around(functions, point, reading, rows, whole)
    if around.n < 2:
        return LeftOut(nothing, ONE_ROW)
    value, gradient, hessian = around.at_the_point()
    curvature = np.eye(around.d) + hessian  # of what is left, A - B_i, in units where A is one
    definite = np.linalg.eigvalsh(curvature)[:, 0] > 0.1
    safe = np.where(definite[:, None, None], curvature, np.eye(around.d))
    step = -np.linalg.solve(safe, gradient[:, :, None])[:, :, 0]
    length = np.where(definite, np.linalg.norm(step, axis=1), np.inf)
    elpd = value + np.einsum("ij,ij->i", gradient, step) + np.einsum("ij,ijk,ik->i", step, hessian, step) / 2
    longest = np.argsort(-length)[: max(1, REFITS // (2 * around.d * around.n))]
    refitted = longest[length[longest] > SHORT]
    if len(refitted):
        found, arrived = around.chords(refitted, step[refitted], safe[refitted])
        arrived &= definite[refitted]
        elpd[refitted[arrived]] = found[arrived]
        lost = refitted[np.logical_not(arrived)][: max(1, 10 * REFITS // (around.n * len(around.stencil)))]
        if len(lost):
            elpd[lost] = around.refit(lost)
    labels = np.asarray(functions.model.coords.get("observation", np.arange(around.n)))
    return LeftOut(elpd, _remark(elpd, labels[rows]), len(refitted))


def each_total(functions: Functions, draws: Array) -> Array:
    """Log likelihood of everything observed, for many vectors, shape (s, d) to (s,)."""
    terms = functions.each_term(functions.model.observed_RVs, draws)
    return np.asarray(sum(one.reshape(len(draws), -1).sum(axis=1) for one in terms.values()))


def _remark(elpd: Array, rows: Rows) -> str:
    """What to know of observations that the others rule out, or without which there is no maximum."""
    missing, impossible = rows[np.isnan(elpd)], rows[np.isneginf(elpd)]
    if len(missing):
        return f"without observation {missing[0]} there is no maximum ({len(missing)} such of {len(rows)})"
    if len(impossible):
        return f"without observation {impossible[0]} the point rules it out ({len(impossible)} such of {len(rows)})"
    return ""


class _Around:
    """The terms of an objective around its maximum, as functions of standardised coordinates ``v``.

    With ``L L'`` the covariance of the free coordinates, ``u = maximum + L v``: there the objective falls by
    ``|v|**2 / 2``, and all directions are alike.
    """

    def __init__(
        self, functions: Functions, point: Point, reading: str, rows: Rows, whole: Functions | None = None
    ) -> None:
        optimum = point.optimum
        self.functions, self.rows, self.whole = functions, rows, whole
        self.observed = functions.model.observed_RVs
        counted = functions.model.free_RVs if reading == "map" else []
        self.prior = [one for one in counted if not is_laplace(one)]
        free = np.logical_not(optimum.held)
        self.d, self.u = int(free.sum()), optimum.u
        self.factor = np.zeros((len(self.u), self.d))
        self.factor[free] = np.linalg.cholesky(optimum.covariance[np.ix_(free, free)])
        self.declared = Declared(functions, list(point.estimate))
        pairs = np.triu_indices(self.d, 1)
        axes, both = np.eye(self.d), np.eye(self.d)[pairs[0]] + np.eye(self.d)[pairs[1]]
        self.pairs = pairs
        self.sides = STEP * np.concatenate([axes, -axes])
        self.stencil = STEP * np.concatenate([np.zeros((1, self.d)), axes, -axes, both, -both])
        self.n = self.terms(np.zeros((1, self.d)))[0].shape[1]
        # The slope of Laplace priors on this side of their kinks balances that of everything else.
        self.slope = np.zeros(self.d)
        if len(self.prior) < len(counted):
            self.slope = self.gradient(np.sum(self.terms(self.sides)[0], axis=1) + self.terms(self.sides)[1])

    def terms(self, v: Array) -> tuple[Array, Array]:
        """Log density of every observation, shape (s, n), and of all else that counts, shape (s,).

        All else are the smooth priors, and the observations that are not among the n.
        """
        u = self.u + v @ self.factor.T
        with np.errstate(all="ignore"):
            found = self.functions.each_term([*self.observed, *self.prior], u)
            likelihood = np.asarray(
                sum(found[one.name].reshape(len(u), found[one.name].shape[1], -1).sum(-1) for one in self.observed)
            )
            rest = sum((found[one.name].reshape(len(u), -1).sum(axis=1) for one in self.prior), np.zeros(len(u)))
            if self.whole is not None:
                rest = rest + self.outside(self.whole, v, likelihood)
        return likelihood, rest

    def outside(self, whole: Functions, v: Array, likelihood: Array) -> Array:
        """Log density of the observations that are not among the n, shape (s,): of the whole, less that of the n.

        Where one of the n has density zero, so has the whole, and infinity cannot be taken from infinity. What the
        others have there is what they have at the last point on the way where the whole has a density.
        """
        result = each_total(whole, self.u + v @ self.factor.T) - likelihood.sum(axis=1)
        lost = np.flatnonzero(np.isnan(result))
        if not len(lost):
            return result
        low, high = np.zeros((len(lost), 1)), np.ones((len(lost), 1))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            there = np.isfinite(each_total(whole, self.u + (middle * v[lost]) @ self.factor.T))[:, None]
            low, high = np.where(there, middle, low), np.where(there, high, middle)
        u = self.u + (low * v[lost]) @ self.factor.T
        result[lost] = each_total(whole, u) - each_total(self.functions, u)
        return result

    def at_the_point(self) -> tuple[Array, Array, Array]:
        """Log density of the chosen rows at the maximum, its gradient and its Hessian."""
        size = max(1, ELEMENTS // self.n)
        parts = [self.stencil[at : at + size] for at in range(0, len(self.stencil), size)]
        return self.differences(np.concatenate([self.terms(part)[0][:, self.rows] for part in parts]).T)

    def differences(self, values: Array) -> tuple[Array, Array, Array]:
        """Value, gradient and Hessian from values on the stencil, shape (m, stencil)."""
        d, p = self.d, len(self.pairs[0])
        centre, ahead, behind, up, down = np.split(values, np.cumsum([1, d, d, p]), axis=1)
        gradient = (ahead - behind) / (2 * STEP)
        hessian = np.zeros((len(values), d, d))
        hessian[:, range(d), range(d)] = (ahead + behind - 2 * centre) / STEP**2
        i, j = self.pairs
        mixed = up + down - ahead[:, i] - behind[:, i] - ahead[:, j] - behind[:, j] + 2 * centre
        hessian[:, i, j] = hessian[:, j, i] = mixed / (2 * STEP**2)
        return centre[:, 0], gradient, hessian

    def others(self, which: Rows, v: Array) -> tuple[Array, Array]:
        """Objective without the row left out, and log density of that row; ``v`` of shape (m, s, d), both (m, s)."""
        m, s, _ = v.shape
        likelihood, rest = self.terms(v.reshape(m * s, self.d))
        likelihood = likelihood.reshape(m, s, self.n)
        index = self.rows[which][:, None, None]
        own = np.take_along_axis(likelihood, np.broadcast_to(index, (m, s, 1)), axis=2)[:, :, 0]
        np.put_along_axis(likelihood, np.broadcast_to(index, (m, s, 1)), 0.0, axis=2)  # own can be -inf
        total = likelihood.sum(axis=2) + rest.reshape(m, s) - v @ self.slope
        return np.nan_to_num(total, nan=-np.inf, posinf=-np.inf), own

    def gradient(self, values: Array) -> Array:
        """Gradient from values on the sides, shape (..., 2 d) to (..., d)."""
        ahead, behind = np.split(values, 2, axis=-1)
        return np.asarray((ahead - behind) / (2 * STEP))

    def chords(self, which: Rows, v: Array, curvature: Array) -> tuple[Array, Rows]:
        """Newton's method with the curvature at the start: log density where it ends, and whether that is a maximum."""
        v, active, arrived = v.copy(), np.ones(len(which), bool), np.zeros(len(which), bool)
        for _ in range(CHORDS):
            left = np.flatnonzero(active)
            if not len(left):
                break
            values, _ = self.others(which[left], v[left, None, :] + self.sides)
            fine = np.isfinite(values).all(axis=1)
            active[left[np.logical_not(fine)]] = False
            left, gradient = left[fine], self.gradient(values[fine])
            step = np.linalg.solve(curvature[left], gradient[:, :, None])[:, :, 0]
            length = np.linalg.norm(step, axis=1)
            v[left] += step
            arrived[left[length < CLOSE]] = True
            active[left[(length < CLOSE) | (length > LONGEST)]] = False
        return self.others(which, v[:, None, :])[1][:, 0], arrived

    def refit(self, which: Rows) -> Array:
        """Newton's method without each of some rows, all at once; the log density of each row where it ends."""
        v = np.zeros((len(which), self.d))
        active, arrived = np.ones(len(which), bool), np.zeros(len(which), bool)
        factors = 0.5 ** np.arange(8)
        for _ in range(ITERATIONS):
            left = np.flatnonzero(active)
            if not len(left):
                break
            values, _ = self.others(which[left], v[left, None, :] + self.stencil)
            fine = np.isfinite(values).all(axis=1)
            active[left[np.logical_not(fine)]] = False
            left, values = left[fine], values[fine]
            _, gradient, hessian = self.differences(values)
            # Uphill whatever the curvature, and no farther than it can be trusted.
            size, basis = np.linalg.eigh(-hessian)
            along = np.einsum("ikj,ik->ij", basis, gradient) / np.maximum(np.abs(size), 1e-8)
            step = np.einsum("ijk,ik->ij", basis, along)
            length = np.linalg.norm(step, axis=1)
            level = np.abs(size[:, 0]) < FLAT
            done = (length < ARRIVED) & (size[:, 0] > 0) & ~level
            step *= np.minimum(1, LONGEST / np.maximum(length, 1e-300))[:, None]
            tried, _ = self.others(which[left], v[left, None, :] + factors[:, None] * step[:, None, :])
            v[left] += factors[np.argmax(tried, axis=1)][:, None] * step
            arrived[left[done]] = True
            reached = np.linalg.norm(v[left], axis=1)
            active[left[done | (reached > FAR) | (level & (reached > LONGEST))]] = False
        v[~arrived] *= FAR / np.maximum(np.linalg.norm(v[~arrived], axis=1, keepdims=True), 1e-300)
        total, own = self.others(which, v[:, None, :] * np.array([1.0, 2.0])[:, None])
        return np.array([own[k, 0] if arrived[k] else self.limit(v[k], total[k], own[k]) for k in range(len(which))])

    def limit(self, v: Array, total: Array, own: Array) -> float:
        """Log density of a row at the boundary that the maximum has gone to without it; NaN if it went elsewhere."""
        near, far = (self.declared(self.u + self.factor @ (scale * v)) for scale in (1.0, 2.0))
        if not np.isfinite(total).all():
            return float("nan")
        if not (abs(total[1] - total[0]) < SETTLED and np.allclose(near, far, rtol=SETTLED, atol=SETTLED)):
            return float("nan")
        possible = np.isfinite(own).all() and abs(own[1] - own[0]) < SETTLED
        return float(own[1]) if possible else float("-inf")

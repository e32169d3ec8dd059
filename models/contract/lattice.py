"""Means of a smooth density in a few dimensions by the trapezoid rule on a lattice, to many digits, and its modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from models.contract.reference import Array

DEPTH = 22.0  # what lies lower than this under the top, in units of log density, weighs less than a part in a billion
STEPS = (1.0, 0.7, 0.5, 0.35, 0.25)  # of the lattice, in standard deviations
AGREED = 1e-5  # two lattices agree if their means differ by less than this, in standard deviations
LARGEST = 200_000  # points of a lattice
WIDEST = 1e4  # standard deviation at a mode, in units of the scale expected: beyond it the density is a plain


def lattice_means(
    log_density: Callable[[Array], Array],
    centre: Array,
    covariance: Array,
    functions: Callable[[Array], Array],
) -> Array:
    r"""Means under a smooth density on the whole of a space of few dimensions.

    The trapezoid rule converges geometrically for analytic functions that vanish far out: for a Normal density and a
    step of one standard deviation its relative error is :math:`2 e^{-2 \pi^2} \approx 5 \cdot 10^{-9}`. The lattice is
    laid along the density's own axes and grows from the centre as far as the density is not negligible, which follows
    long and bent tails; then again with a smaller step, until two agree. A mode behind a deep valley is not seen.

    Parameters
    ----------
    log_density : callable
        Unnormalised log density of points, shape (size, d) to (size,).
    centre, covariance : array, shape (d,) and (d, d)
        Mode and inverse curvature.
    functions : callable
        The quantities wanted, shape (size, d) to (size, q).

    Returns
    -------
    array, shape (q,)

    Raises
    ------
    ArithmeticError
        If no two lattices agree, or if one grows too large: a jump, a kink or a tail without end.

    References
    ----------
    Trefethen, L. N. and Weideman, J. A. C. (2014), The exponentially convergent trapezoidal rule,
    doi:10.1137/130932132.
    """
    previous = np.full(1, np.nan)
    for step in STEPS:
        try:
            points, value = _grown(log_density, centre, step * np.linalg.cholesky(covariance))
        except np.linalg.LinAlgError as failure:
            raise ArithmeticError(f"the lattice has no axes: {failure}") from failure
        weight = np.exp(value - value.max())
        weight /= weight.sum()
        values = functions(points)
        means = weight @ values
        spread = np.sqrt(weight @ (values - means) ** 2)
        if np.all(np.abs(means - previous) < AGREED * spread):
            return np.asarray(means)
        previous, centre = means, weight @ points
        covariance = (weight[:, None] * (points - centre)).T @ (points - centre)
    raise ArithmeticError("no two lattices agree")


def _grown(log_density: Callable[[Array], Array], centre: Array, basis: Array) -> tuple[Array, Array]:
    """Points of the lattice around the centre where the density is not negligible, and log densities there."""
    d = len(centre)
    moves = np.concatenate([np.eye(d, dtype=int), -np.eye(d, dtype=int)])
    frontier, known, top = np.zeros((1, d), dtype=int), {(0,) * d}, -np.inf
    found: list[tuple[Array, Array]] = []
    while len(frontier):
        points = centre + frontier @ basis.T
        value = np.atleast_1d(log_density(points))
        top = max(top, float(value.max()))
        found.append((points, value))
        around = np.unique((frontier[value > top - DEPTH][:, None] + moves).reshape(-1, d), axis=0)
        fresh = [index for index in map(tuple, around.tolist()) if index not in known]
        known.update(fresh)
        if len(known) > LARGEST:
            raise ArithmeticError(f"the lattice has more than {LARGEST:,} points")
        frontier = np.array(fresh, dtype=int).reshape(-1, d)
    return np.concatenate([points for points, _ in found]), np.concatenate([value for _, value in found])


def newton_mode(log_density: Callable[[Array], Array], start: Array, scale: Array) -> tuple[Array, Array]:
    """Newton steps to a mode from a point close to it, with derivatives by central differences of fourth order.

    A search by function values ends where rounding drowns them, about ``1e-8`` of their size; the differences here are
    taken over a hundredth of a standard deviation, and lose less.

    Parameters
    ----------
    log_density : callable
        Of points, shape (size, d) to (size,).
    start, scale : array, shape (d,)
        Where to begin, and the length over which the density changes.

    Returns
    -------
    mode : array, shape (d,)
    covariance : array, shape (d, d)
        Inverse of minus the second derivatives there.

    Raises
    ------
    ArithmeticError
        If this leads to no maximum.
    """
    at, width = start, scale
    for _ in range(30):
        gradient, curvature = _derivatives(log_density, at, 1e-2 * width)
        if not np.isfinite(curvature).all() or np.linalg.eigvalsh(curvature * np.outer(width, width))[0] <= 1e-9:
            raise ArithmeticError("no maximum: the density is not curved downwards")
        covariance = np.linalg.inv(curvature)
        if np.any(np.sqrt(np.diag(covariance)) > WIDEST * scale):
            raise ArithmeticError("no maximum: the density ends in a plain")
        step = covariance @ gradient
        size = float(np.sqrt(gradient @ step))
        at, width = at + step / max(1.0, size), np.sqrt(np.diag(covariance))
        if size < 1e-6:
            return at, covariance
    raise ArithmeticError("no maximum: Newton steps do not end")


def _derivatives(log_density: Callable[[Array], Array], at: Array, width: Array) -> tuple[Array, Array]:
    """Gradient, and minus the matrix of second derivatives."""
    d = len(at)

    def shifts() -> Iterator[Array]:
        for j in range(d):
            for reach in (-2, -1, 1, 2):
                yield reach * width * np.eye(d)[j]
        for i in range(d):
            for j in range(i):
                for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                    yield width * (signs[0] * np.eye(d)[i] + signs[1] * np.eye(d)[j])

    with np.errstate(all="ignore"):
        values = log_density(at + np.concatenate([np.zeros((1, d)), list(shifts())]))
        values = values[1:] - values[0]
        gradient, curvature = np.empty(d), np.empty((d, d))
        for j in range(d):
            far_behind, behind, ahead, far_ahead = values[4 * j : 4 * j + 4]
            gradient[j] = (8 * (ahead - behind) - (far_ahead - far_behind)) / (12 * width[j])
            curvature[j, j] = -(16 * (ahead + behind) - far_ahead - far_behind) / (12 * width[j] ** 2)
        corners = iter(values[4 * d :].reshape(-1, 4))
        for i in range(d):
            for j in range(i):
                both, one, other, none = next(corners)
                curvature[i, j] = curvature[j, i] = -(both - one - other + none) / (4 * width[i] * width[j])
    return gradient, curvature

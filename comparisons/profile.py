r"""Profile likelihood intervals.

The interval of a scalar parameter :math:`\theta_j` holds the values that some setting of the other parameters makes
likely enough: :math:`2 (\ell_{max} - \max_{\theta_j = c} \ell) \le \chi^2_{1, level}`. Its ends are the extreme values
of :math:`\theta_j` over the region :math:`\ell \ge \ell_{max} - \chi^2_{1, level} / 2`, and that is how they are
computed: one constrained optimisation per end, in coordinates in which the region is nearly a ball. In one dimension
the ends are roots.

Venzon, D. J. and Moolgavkar, S. H. (1988), A method for computing profile-likelihood-based confidence intervals,
doi:10.2307/2347496.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import chi2

from comparisons.declared import Declared
from comparisons.functions import Array
from comparisons.optimum import Density, Optimum

ON_CONTOUR = 1e-4  # how far from the contour, in log density, an end may lie
PARALLEL = 1e-4  # how far from 1 the cosine between the slopes of parameter and density may be there


def intervals(density: Density, optimum: Optimum, declared: Declared, level: float) -> tuple[Array, Array]:
    """Ends of the profile intervals of all declared parameters, shape (q,); NaN where an end was not found."""
    drop = float(chi2.ppf(level, 1)) / 2
    if len(optimum.u) == 1:
        return _roots(density, optimum, declared, drop)
    count = len(declared(optimum.u))
    if not optimum.regular:
        return np.full(count, np.nan), np.full(count, np.nan)
    ends = [[_end(density, optimum, declared, drop, j, sign) for j in range(count)] for sign in (-1.0, 1.0)]
    return np.array(ends[0]), np.array(ends[1])


def _roots(density: Density, optimum: Optimum, declared: Declared, drop: float) -> tuple[Array, Array]:
    """Both ends of a model with one parameter; a side on which the likelihood never falls that far ends at infinity.

    Where the likelihood stops being a number before it has fallen so far, the end is missing.
    """
    top = optimum.u[0]
    unit = float(np.sqrt(optimum.covariance[0, 0])) if optimum.regular else 1.0

    def excess(u: float) -> float:
        return float(np.nan_to_num(density(np.array([u]))[0] - optimum.value + drop, nan=-np.inf))

    ends, known = [], []
    for sign in (-1.0, 1.0):
        reach = unit
        while excess(top + sign * reach) > 0 and reach < 1e4 * unit:
            reach *= 1.5
        far = top + sign * reach
        crossed = excess(far) < 0
        end = brentq(excess, top, far, xtol=1e-12) if crossed else far
        ends.append(declared(np.array([end])))
        known.append(not crossed or abs(excess(end)) < ON_CONTOUR)
    order = np.argsort(ends, axis=0)  # where the parameter falls as u grows, its ends change places
    low, high = np.take_along_axis(np.where(np.array(known)[:, None], ends, np.nan), order, axis=0)
    return low, high


def _end(density: Density, optimum: Optimum, declared: Declared, drop: float, j: int, sign: float) -> float:
    """The largest (``sign`` 1) or smallest (-1) value of parameter ``j`` within the region."""
    factor = np.linalg.cholesky(optimum.covariance)
    top = declared(optimum.u)[j]

    def slope(u: Array) -> Array:
        row: Array = declared.slope(u, optimum.step)[j]
        return row

    direction = slope(optimum.u) @ factor
    length = float(np.linalg.norm(direction))
    if not length > 0:
        return float("nan")
    last: dict[bytes, tuple[float, Array]] = {}

    def once(v: Array) -> tuple[float, Array]:
        # SciPy asks for value and slope of a constraint separately, at the same point.
        key = v.tobytes()
        if key not in last:
            last.clear()
            last[key] = density(optimum.u + factor @ v)
        return last[key]

    region = {
        "type": "ineq",
        "fun": lambda v: once(v)[0] - optimum.value + drop,
        "jac": lambda v: once(v)[1] @ factor,
    }
    found = minimize(
        lambda v: -sign * (declared(optimum.u + factor @ v)[j] - top) / length,
        sign * direction / length * np.sqrt(2 * drop) * 0.9,
        jac=lambda v: -sign * slope(optimum.u + factor @ v) @ factor / length,
        constraints=region,
        method="SLSQP",
        options={"ftol": 1e-9, "maxiter": 200},
    )
    # SLSQP may give up its line search at the very solution: judge the point, not its status.
    u = optimum.u + factor @ found.x
    value, gradient = density(u)
    fall, rise = -gradient @ factor, sign * slope(u) @ factor
    parallel = fall @ rise >= (1 - PARALLEL) * np.linalg.norm(fall) * np.linalg.norm(rise)
    return float(declared(u)[j]) if parallel and abs(value - optimum.value + drop) < ON_CONTOUR else float("nan")

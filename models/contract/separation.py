r"""Separation in logistic regression: along which coefficients the likelihood rises for ever.

A direction :math:`d \ne 0` separates if :math:`s_i x_i^T d \ge 0` for all observations, with :math:`s_i = \pm 1` the
outcome: going along it never makes an outcome less likely. Such directions form a cone.

Albert, A. and Anderson, J. A. (1984), doi:10.1093/biomet/71.1.1. Konis, K. (2007), Linear programming algorithms for
detecting separated data in binary logistic regression models, University of Oxford.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.contract.reference import Array


@dataclass(frozen=True)
class Cone:
    """The separating directions among some columns.

    Attributes
    ----------
    dimension : int
        0 if there are none.
    complete : bool
        Whether one direction puts all observations strictly on their side.
    """

    dimension: int
    complete: bool


def separating(design: Array, sign: Array, low: Array, high: Array) -> Cone:
    r"""Find the cone of separating directions by one linear program.

    It maximises :math:`\sum_i t_i` over :math:`0 \le t_i \le 1`, :math:`t_i \le s_i x_i^T d`: the solution has
    :math:`t_i > 0` for every observation that any direction of the cone puts strictly on its side. The others are
    equalities that all directions obey; their rank is what the cone lacks of full dimension.

    Parameters
    ----------
    design : array, shape (n, k)
        Columns of full rank, in comparable units.
    sign : array, shape (n,)
        +1 or -1; a row that has both outcomes stands there twice.
    low, high : array, shape (k,)
        Ends of the supports of the coefficients: one that cannot be negative, positive or large has no direction there.

    Raises
    ------
    ArithmeticError
        If the program was not solved.
    """
    from scipy.optimize import linprog

    n, k = design.shape
    if k == 0:
        return Cone(0, False)
    signed, unique = np.unique(design * sign[:, None], axis=0, return_index=True)
    n = len(unique)
    cost = np.append(np.zeros(k), -np.ones(n))
    reach = [
        (0 if end > -np.inf else None, 0 if other < np.inf else None) for end, other in zip(low, high, strict=True)
    ]
    bounds = reach + [(0, 1)] * n
    found = linprog(cost, A_ub=np.column_stack([-signed, np.eye(n)]), b_ub=np.zeros(n), bounds=bounds)
    if found.fun is None:
        raise ArithmeticError(f"the linear program for separation was not solved: {found.message}")
    strict = found.x[k:] > 1e-7
    if not strict.any():
        return Cone(0, False)
    return Cone(k - int(np.linalg.matrix_rank(signed[~strict])) if (~strict).any() else k, bool(strict.all()))

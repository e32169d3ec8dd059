"""What becomes of ridge and lasso if their penalty is converted by a formula that forgets something."""

from __future__ import annotations

import numpy as np

from comparisons.digits import significant
from comparisons.penalty import Data, scale_of
from comparisons.penalty_forms import KINDS
from reports.components import Table
from reports.penalties import Mode, Problem, lasso, ridge


def wrong(given: Problem, one: Mode) -> Table:
    """What is computed if a penalty is converted by a formula that forgets something."""
    s, t, n = one.sigma, one.scale, given.n
    if one.kind == "ridge":
        tries = {
            "alpha = sigma² / tau²": s**2 / t**2,
            "alpha = 1 / tau² (sigma forgotten)": 1 / t**2,
            "alpha = sigma² / (2 tau²) (the 2 of the density kept)": s**2 / (2 * t**2),
            "alpha = sigma² / (n tau²) (that of statsmodels)": s**2 / (n * t**2),
            "mean squared error + |beta|² / tau²": n / t**2,
        }
    else:
        tries = {
            "alpha = sigma² / (n b)": s**2 / (n * t),
            "alpha = 1 / b (sigma and n forgotten)": 1 / t,
            "alpha = 1 / (n b) (sigma forgotten)": 1 / (n * t),
            "alpha = sigma² / (2 n b)": s**2 / (2 * n * t),
            "alpha = sigma² / b (n forgotten)": s**2 / t,
        }
    rows = []
    for position, (text, penalty) in enumerate(tries.items()):
        w = ridge(given, penalty) if one.kind == "ridge" else lasso(given, penalty)
        scale = scale_of(one.kind, "scikit-learn", penalty, Data(sigma=s, n=n))
        length = np.linalg.norm(w) / np.linalg.norm(one.w) if np.any(one.w) else np.nan
        row = [
            f"{'Right' if position == 0 else 'Wrong'}: {text}",
            significant(penalty, 3),
            f"{KINDS[one.kind].family}(0, {significant(scale, 3)})",
            f"{significant(float(length), 3)} times",
        ]
        rows.append([*row, str(int(np.sum(w == 0)))] if one.kind == "lasso" else row)
    call = {"ridge": "Ridge", "lasso": "Lasso"}[one.kind]
    head = [f"{call}(alpha), with", "alpha", "Prior it really is", "Length of the coefficients"]
    return Table(
        f"What {one.kind} becomes under conversions that are often seen; sigma = {significant(s, 3)}, "
        f"{KINDS[one.kind].scale} = {significant(t, 3)}, n = {n:,}",
        [*head, "Exact zeros"] if one.kind == "lasso" else head,
        rows,
    )

"""The posterior looked at: its densities, its dependences, and what the prior does to it."""

from __future__ import annotations

from typing import Any

from reports import curves, dependence, tables
from reports.stored import Fit

TITLE = "Posterior"


def context(fit: Fit) -> dict[str, Any]:
    """Densities, pairs of parameters, and the sensitivity to prior and likelihood."""
    return {
        "curves": curves.posteriors(fit),
        "pairs": dependence.pairs(fit),
        "learnt": curves.learnt(fit),
        "sensitivity": tables.sensitivity(fit),
    }

"""The posterior looked at: its densities, its dependences, its mode from afar, and what the prior does to it."""

from __future__ import annotations

from typing import Any

from reports import curves, dependence, tables, typical
from reports.stored import Fit

TITLE = "Posterior"


def context(fit: Fit) -> dict[str, Any]:
    """Densities, pairs of parameters, how far the draws lie from the MAP, and the sensitivity to the prior."""
    return {
        "curves": curves.posteriors(fit),
        "pairs": dependence.pairs(fit),
        "afar": typical.picture(fit),
        "learnt": curves.learnt(fit),
        "sensitivity": tables.sensitivity(fit),
    }

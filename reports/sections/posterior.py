"""The posterior looked at: its densities, its dependences, and what the prior does to it."""

from __future__ import annotations

from typing import Any

from reports import curves, posteriors, tables
from reports.stored import Fit

TITLE = "Posterior"


def context(fit: Fit) -> dict[str, Any]:
    """Densities, of many parameters their intervals too, pairs, and the sensitivity to prior and likelihood."""
    drawn = [posteriors.forest(fit) if len(fit.labels) > curves.PANELS else None, posteriors.pair(fit)]
    return {
        "curves": curves.posteriors(fit),
        "posterior": [image for image in drawn if image is not None],
        "learnt": curves.learnt(fit),
        "sensitivity": tables.sensitivity(fit),
    }

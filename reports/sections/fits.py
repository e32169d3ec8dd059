"""Three fits, each with its own audit."""

from __future__ import annotations

from typing import Any

from reports import diagnostics
from reports.stored import Fit

TITLE = "Three fits"


def context(fit: Fit) -> dict[str, Any]:
    """Pictures of the sampler's work."""
    return {"sampler": [diagnostics.rank(fit), diagnostics.energy(fit)]}

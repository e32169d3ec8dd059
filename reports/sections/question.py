"""The question, and the answer in one figure: densities, marks and intervals of the three readings."""

from __future__ import annotations

from typing import Any

from comparisons import writing
from reports import figures
from reports.stored import Fit

TITLE = "Three readings of one model"


def context(fit: Fit) -> dict[str, Any]:
    """The headline figure and what it says."""
    return {"headline": figures.headline(fit), "answer": writing.headline(fit.verdicts)}

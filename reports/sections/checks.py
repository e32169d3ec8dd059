"""All checks, and how the maxima were found."""

from __future__ import annotations

from typing import Any

from reports import tables, words
from reports.stored import Fit

TITLE = "Checks"


def context(fit: Fit) -> dict[str, Any]:
    """Every check with what it found."""
    return {"verdict": words.verdict(fit), "checks": tables.checks(fit), "audits": tables.audits(fit)}

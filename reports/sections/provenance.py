"""Provenance: command, seed, versions, digests, and the results to take along."""

from __future__ import annotations

from typing import Any

from comparisons.digits import percent
from reports.stored import Fit

TITLE = "Provenance"


def context(fit: Fit) -> dict[str, Any]:
    """The record of the fit."""
    return {"level": percent(fit.level), "record": fit.record}

"""All checks, and how the maxima were found."""

from __future__ import annotations

from typing import Any

from reports import tables, words
from reports.stored import Fit

TITLE = "Checks"


def context(fit: Fit) -> dict[str, Any]:
    """Every check with what it found, those that find an absence marked."""
    groups = []
    for group in tables.checks(fit):
        checks = [check | {"absent": words.is_absence(check)} for check in group["checks"]]
        absent = sum(check["absent"] for check in checks)
        groups.append(group | {"checks": checks, "absent": absent, "failed": group["failed"] - absent})
    return {"verdict": words.verdict(fit), "checks": groups, "audits": tables.audits(fit)}

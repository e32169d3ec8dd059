"""The path of the penalty."""

from __future__ import annotations

from typing import Any

from reports.stored import Fit

TITLE = "The path of the penalty"


def context(fit: Fit) -> dict[str, Any] | None:
    """Nothing yet."""
    return None

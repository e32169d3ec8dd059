"""In the long run."""

from __future__ import annotations

from typing import Any

from reports.stored import Fit

TITLE = "In the long run"


def context(fit: Fit) -> dict[str, Any] | None:
    """Nothing yet."""
    return None

"""Guess first: a question or two whose answers are folded."""

from __future__ import annotations

from typing import Any

from reports.lesson import lesson
from reports.stored import Fit

TITLE = "Guess first"


def context(fit: Fit) -> dict[str, Any]:
    """The quiz of the scenario."""
    return {"questions": lesson(fit).quiz(fit)}

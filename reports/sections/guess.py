"""Guess first: a question or two whose answers are folded."""

from __future__ import annotations

from typing import Any

from reports.lesson import lesson
from reports.stored import Fit

TITLE = "Guess first"


def context(fit: Fit) -> dict[str, Any] | None:
    """The quiz of the scenario; None where there is nothing to compare."""
    questions = lesson(fit).quiz(fit)
    return {"questions": questions} if questions else None

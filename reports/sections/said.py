"""Often said, in fact: misconceptions that this run can show, what to take home, and what to read."""

from __future__ import annotations

from typing import Any

from reports.lesson import is_sound, lesson
from reports.stored import Fit

TITLE = "Often said, in fact"


def context(fit: Fit) -> dict[str, Any] | None:
    """The pairs of the scenario; None for numbers that must not be read."""
    if not is_sound(fit):
        return None
    words = lesson(fit)
    return {"pairs": words.pairs(fit), "take_home": words.take_home(fit), "reading": words.READING}

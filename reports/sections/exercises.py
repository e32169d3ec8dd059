"""Exercises, with answers folded."""

from __future__ import annotations

from typing import Any

from reports.lesson import is_sound, lesson
from reports.stored import Fit

TITLE = "Exercises"


def context(fit: Fit) -> dict[str, Any] | None:
    """The exercises of the scenario; None for numbers that must not be read."""
    return {"exercises": lesson(fit).exercises(fit)} if is_sound(fit) else None

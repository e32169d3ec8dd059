"""One look everywhere: what pages draw beside the three readings, whose marks they share with notebooks."""

from __future__ import annotations

from comparisons.colours import READINGS, Mark, rc

__all__ = [
    "COMPONENTS",
    "EITHER",
    "LIKELIHOOD",
    "NEUTRAL",
    "PALE",
    "PRIOR",
    "READINGS",
    "SHORT",
    "TRUTH",
    "Mark",
    "component_colours",
    "rc",
]

PRIOR = Mark("prior density", "#6B6B6B", "", ":", "")
LIKELIHOOD = Mark("likelihood, scaled", "#C04A00", "", "--", "")
TRUTH = Mark("truth", "#000000", "|", "", "")
SHORT = {"mle": "MLE", "map": "MAP", "posterior": "posterior"}

# One colour per component of a mixture; more components begin again.
COMPONENTS = ("#0067A8", "#C04A00", "#007A5A", "#9B3D8F", "#946A00", "#333333", "#B3003C")
EITHER = "#149370"  # of pictures without a background of their own: to be seen on light and on dark paper


def component_colours(count: int) -> list[str]:
    """Colours of so many components where those of the style sheet reach: for light and for dark paper."""
    return [f"var(--component-{k % len(COMPONENTS) + 1})" for k in range(count)]


NEUTRAL = "#4D4D4D"
PALE = "#D9D9D9"

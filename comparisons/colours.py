"""How the three readings are drawn, in notebooks and in pages: colour, marker, line and words.

The colours can be told apart with every common kind of colour vision and reach a contrast of 4.5 on white; marker and
line can be told apart without colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mark:
    """How one thing is drawn and called.

    Attributes
    ----------
    label : str
        Its name in figures, with the scale where there is one.
    colour, marker, line : str
        For matplotlib.
    symbol : str
        The marker as a character, for tables.
    """

    label: str
    colour: str
    marker: str
    line: str
    symbol: str


READINGS = {
    "mle": Mark("MLE", "#C04A00", "s", "--", "■"),
    "map": Mark("MAP (declared scale)", "#0067A8", "^", "-.", "▲"),
    "posterior": Mark("posterior mean", "#007A5A", "o", "-", "●"),
}


def rc() -> Any:
    """Settings of matplotlib for every figure; names from data are never read as mathematics."""
    return {
        "axes.grid": False,
        "axes.labelsize": 9,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 9.5,
        "figure.dpi": 100,
        "figure.max_open_warning": 0,
        "font.family": "sans-serif",
        "font.size": 9,
        "legend.fontsize": 8.5,
        "legend.frameon": False,
        "lines.linewidth": 1.5,
        "savefig.facecolor": "white",
        "svg.fonttype": "none",
        "svg.hashsalt": "threefold",
        "text.parse_math": False,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
    }

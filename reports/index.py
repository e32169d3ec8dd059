"""The index: a gallery of all fits, what matters in each, how far readings lie apart, and false beliefs."""

from __future__ import annotations

from typing import Any

from comparisons.rules import LARGE
from comparisons.verdict import POINTS
from reports.style import READINGS
from reports.templating import environment

STEPS = (0.1, 0.3, 1.0, 3.0)  # posterior standard deviations at which the shading of a cell grows darker
REACH = 3.0  # posterior standard deviations to either side of the mean that the strip of a card shows
HOLLOW = "□"  # a local maximum, where there is no other


def shade(gap: float | None) -> int:
    """Shading of a cell, 0 (agrees) to 4 (far apart); 0 if there is no number."""
    return 0 if gap is None else sum(gap > step for step in STEPS)


def darkest(cell: dict[str, Any]) -> int:
    """Shading of the point farthest off under one prior; what does not exist or must not be read counts as farthest."""
    if cell["failed"] or any(cell[reading]["failed"] or cell[reading]["gap"] is None for reading in POINTS):
        return len(STEPS)
    return max(shade(cell[reading]["gap"]) for reading in POINTS)


def strip(card: dict[str, Any]) -> list[dict[str, Any]]:
    """Where MLE and MAP lie about the posterior mean, a row per prior: places in percent of the width."""
    rows = []
    for cell in card["matrix"]:
        marks = []
        for reading in POINTS:
            one = cell[reading]
            if one["at"] is None or cell["failed"] or (one["failed"] and not one["local"]):
                continue
            beyond = "" if abs(one["at"]) <= REACH else "→" if one["at"] > 0 else "←"
            place = 50 + 50 * max(-REACH, min(REACH, one["at"])) / REACH
            symbol = HOLLOW if one["local"] else READINGS[reading].symbol
            marks.append({"reading": reading, "symbol": symbol, "place": f"{place:.1f}", "beyond": beyond})
        rows.append({"prior": cell["prior"], "marks": marks})
    return rows


def beliefs(cards: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """False beliefs and where they are shown to be false, by subject.

    Of a scenario the first fit is taken, which has the teaching data. What several scenarios show stands first, what
    one shows under the name of that scenario.
    """
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for card in cards:
        for name, key in card["traps"]:
            found.setdefault(name, {}).setdefault(card["scenario"], (card["fit"], key))
    several, single = "several", [str(card["scenario"]) for card in cards]
    groups: dict[str, list[dict[str, Any]]] = {several: [], **{scenario: [] for scenario in single}}
    for name, places in found.items():
        subject = several if len(places) > 1 else next(iter(places))
        groups[subject].append({"name": name, "places": list(places.values())})
    called = {several: "More than one model"}
    return [(called.get(subject, subject), group) for subject, group in groups.items() if group]


def render(cards: list[dict[str, Any]], digest: str) -> str:
    """Render the index from the cards of the pages; a card with a name only stands for a page not built yet."""
    built = [card for card in cards if "matrix" in card]
    failed = [card for card in built if card["failed"]]
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            cards=built,
            unbuilt=[card["fit"] for card in cards if "matrix" not in card],
            beliefs=beliefs(built),
            failed=failed,
            shade=shade,
            darkest=darkest,
            strip=strip,
            steps=STEPS,
            reach=f"{REACH:g}",
            near=f"{LARGE:g}",
            band=f"{100 * LARGE / REACH:.2f}",
            digest=digest,
        )
    )

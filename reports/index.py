"""The index: a gallery of all fits, and how far the readings lie apart in each."""

from __future__ import annotations

from typing import Any

from reports.templating import environment

STEPS = (0.1, 0.3, 1.0, 3.0)  # posterior standard deviations at which the shading of a cell grows darker


def shade(gap: float | None) -> int:
    """Shading of a cell, 0 (agrees) to 4 (far apart); 0 if there is no number."""
    return 0 if gap is None else sum(gap > step for step in STEPS)


def traps(cards: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Misconceptions and the fits that show them, one fit for each scenario: the first, which has the teaching data."""
    found: dict[str, dict[str, str]] = {}
    for card in cards:
        for trap in card["traps"]:
            found.setdefault(trap, {}).setdefault(card["scenario"], card["fit"])
    return {trap: list(fits.values()) for trap, fits in found.items()}


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
            traps=traps(built),
            failed=failed,
            shade=shade,
            steps=STEPS,
            digest=digest,
        )
    )

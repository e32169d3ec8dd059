"""The question, its answer in one sentence, and the headline figure: densities, marks and intervals of the readings."""

from __future__ import annotations

from typing import Any

from comparisons import rules, writing
from reports import figures, matters
from reports.lesson import lesson
from reports.stored import POINTS, Fit

TITLE = "Three readings of one model"


def context(fit: Fit) -> dict[str, Any]:
    """The answer, whether the choice of a reading matters, the figure and what to look for."""
    first, *others = fit.verdicts
    return {
        "answer": lesson(fit).answer(fit),
        "matters": matters.answer(fit.verdicts),
        "first": {"prior": first.prior, "reasons": matters.reasons(first)},
        "others": [{"prior": one.prior, "reasons": matters.reasons(one)} for one in others],
        "details": [
            {
                "prior": one.prior,
                "sentences": [(line.parameter, " ".join(writing.sentences(one, line))) for line in one.lines],
                "predicted": [writing.predicted(one, reading) for reading in POINTS],
            }
            for one in fit.verdicts
        ],
        "rules": rules.stated(fit.level),
        "headline": figures.headline(fit),
        "look": look_for(fit),
    }


def look_for(fit: Fit) -> str:
    """One sentence on what to look for in the headline figure."""
    if len(fit.labels) > figures.SMALL:
        return "Look for rows whose three intervals do not lie side by side: there it matters which one you quote."
    prior = "the prior (dotted)" if figures.shows_prior(fit) else "the prior"
    return (
        "Look at the three marks below each curve, and at the steps below. Where the marks part, the curve is "
        f"lopsided or {prior} pulls; where the steps differ in length or place, the readings are not equally sure."
    )

"""The question, its answer in one sentence, and the headline figure: densities, marks and intervals of the readings."""

from __future__ import annotations

from typing import Any

import numpy as np

from comparisons import rules, writing
from comparisons.digits import percent
from reports import figures, matters
from reports.lesson import lesson
from reports.stored import POINTS, Fit
from reports.words import listed

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
        "missed": missed(fit),
    }


def missed(fit: Fit) -> str:
    """Which truths lie outside of all three intervals: a reader would think that something is broken."""
    found = []
    for label in fit.labels:
        rows = [fit.row(fit.default, label, reading) for reading in ("mle", "map", "posterior")]
        truth = float(rows[0]["truth"])
        if all(np.isfinite([row["lower"], row["upper"], truth]).all() for row in rows) and not any(
            row["lower"] <= truth <= row["upper"] for row in rows
        ):
            found.append(f"{label} = {truth:.4g}")
    if not found:
        return ""
    share = percent(1 - fit.level)
    return (
        f"The true {listed(found)} that the data were simulated with {'lie' if len(found) > 1 else 'lies'} outside of "
        f"all three intervals. That happens in about {share} of data sets for each parameter; this is one of them."
    )


def look_for(fit: Fit) -> str:
    """One sentence on what to look for in the headline figure."""
    if len(fit.labels) > figures.SMALL:
        return "Look for rows whose three intervals do not lie side by side: there it matters which one you quote."
    prior = "the prior (dotted)" if figures.shows_prior(fit) else "the prior"
    return (
        "Look at the three marks below each curve, and at the steps below. Where the marks part, the curve is "
        f"lopsided or {prior} pulls; where the steps differ in length or place, the readings are not equally sure."
    )

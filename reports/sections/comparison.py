"""The comparison table, why the readings differ, and whether it matters."""

from __future__ import annotations

from typing import Any

from comparisons import rules, writing
from reports import intervals, steps, tables, words
from reports.stored import POINTS, Fit

TITLE = "Comparison"


def context(fit: Fit) -> dict[str, Any]:
    """The table under every prior, distances and their parts, and the verdict with its rules."""
    priors = [
        {
            "name": one.prior,
            "judged": [writing.judged(one, reading) for reading in POINTS],
            "sentences": [(line.parameter, " ".join(writing.sentences(one, line))) for line in one.lines],
            "predicted": [writing.predicted(one, reading) for reading in POINTS],
        }
        for one in fit.verdicts
    ]
    return {
        "comparisons": [tables.comparison(fit, prior) for prior in fit.priors],
        "intervals": {
            "label": fit.labels[0],
            "prior": fit.default,
            "said": intervals.said(fit, fit.default, fit.labels[0]),
        },
        "apart": steps.picture(fit),
        "steps": [(prior, _numbers(fit, prior)) for prior in fit.priors],
        "apart_sentences": [words.apart_sentence(fit, prior) for prior in fit.priors],
        "matters": {"priors": priors, "rules": rules.stated(fit.level)},
    }


def _numbers(fit: Fit, prior: str) -> list[list[str]]:
    keys = ("parameter", "prior", "shape", "error", "begins", "all")
    return [[row[key] for key in keys] for row in steps.table(fit, prior)]

"""The comparison table, how its intervals are read, and why the readings differ."""

from __future__ import annotations

from typing import Any

from reports import intervals, steps, tables, words
from reports.stored import Fit

TITLE = "Comparison"


def context(fit: Fit) -> dict[str, Any]:
    """The table under every prior, distances and their parts."""
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
    }


def _numbers(fit: Fit, prior: str) -> list[list[str]]:
    keys = ("parameter", "prior", "shape", "error", "begins", "all")
    return [[row[key] for key in keys] for row in steps.table(fit, prior)]

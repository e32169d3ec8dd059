"""In the long run: coverage, bias and calibration of both camps over many simulated worlds."""

from __future__ import annotations

from typing import Any

from comparisons.digits import percent
from reports import comb, repeated, repeated_words
from reports.stored import Fit

TITLE = "In the long run"
ENOUGH = 30  # worlds with one truth for their intervals to be shown, rather than those of the first study
HEAD = (
    "Parameter, interval",
    "Coverage (95 % Wilson interval)",
    "Missing",
    "Width",
    "Bias of the estimate",
    "Root mean squared error",
)


def context(fit: Fit) -> dict[str, Any] | None:
    """All that the studies of a fit say; None without studies: own data, and fits that have none."""
    studies = fit.studies
    if not studies:
        return None
    labels = [label for label in fit.labels if label in set(studies[0].table["parameter"])]
    good = [study for study in studies if not repeated_words.unreadable(study)]
    refused = [study for study in studies if repeated_words.unreadable(study)]
    unreadable = [f"{repeated_words.unreadable(one)} {repeated_words.apart(fit, one)}".strip() for one in refused]
    many = (study for study in good if study.truth == "fixed" and study.table["worlds"].iloc[0] >= ENOUGH)
    shown = next(many, good[0] if good else None)
    calibration = repeated.calibration(studies)
    exact = comb.options(studies)
    about = f"{percent(fit.level)} intervals and estimates with Monte Carlo errors"
    return {
        "level": percent(fit.level),
        "meanings": repeated_words.meanings(fit, studies, labels[0]),
        "unreadable": unreadable,
        "modes": repeated_words.MODES if any(repeated_words.apart(fit, study) for study in refused) else "",
        "strip": repeated.strip(shown, labels[0])[0] if shown else None,
        "coverage": repeated.coverage(good, labels) if good else None,
        "sentences": [f"{repeated_words.coverage_sentence(one)} {repeated_words.bias_sentence(one)}" for one in good],
        "tables": [(f"{repeated_words.called(one)}: {about}", HEAD, repeated_words.table(one)) for one in good[:2]],
        "calibration": calibration,
        "ranks_refused": all(repeated_words.unreadable(study) for study in studies if study.record.get("worlds")),
        "calibrated": [text for study in studies if (text := repeated_words.calibration_sentence(study))],
        "comb": comb.coverage(exact) if exact else None,
        "combs": comb.sentences(exact),
        "risk": comb.risk(exact[0][2]) if exact else None,
    }

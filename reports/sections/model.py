"""The model card: likelihood, priors, the lines of code that say so, and what the prior expects."""

from __future__ import annotations

import json
from typing import Any

from reports import expected, mathematics, source
from reports.stored import Fit
from reports.words import listed

TITLE = "Model and priors"


def context(fit: Fit) -> dict[str, Any]:
    """Formula, priors, code, scale and assumptions, and the prior predictive picture."""
    return {
        "formula": fit.text("formula"),
        "statements": mathematics.statements(fit.text("formula")),
        "priors": priors(fit),
        "code": source.model_code(fit.text("scenario")),
        "assumptions": assumptions(fit),
        "expected": expected.prior_predictive(fit),
    }


def priors(fit: Fit) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every prior: per variable its MathML, and its text where that leaves something out."""
    stored: dict[str, dict[str, Any]] = json.loads(fit.text("distributions"))
    result = []
    for prior, texts in fit.priors.items():
        rows = []
        for variable in texts:
            one = stored[prior][variable]
            given = one["hyperparameters"]
            set_ = mathematics.distributed(variable, one["name"], given)
            everything = mathematics.listed(one["name"], given) if mathematics.elided(given) else ""
            rows.append({"variable": variable, "set": set_, "text": everything})
        result.append((prior, rows))
    return result


def assumptions(fit: Fit) -> list[str]:
    """What is taken for granted, as far as it can be read off the model."""
    variables = list(fit.priors[fit.default])
    found = [f"The formula holds: every reading on this page is a reading of it. Unknown: {listed(variables)}."]
    if "[i]" in fit.text("formula"):
        found.append("Given these, the observations are independent of one another; their order says nothing.")
    if len(variables) > 1:
        found.append("The joint prior is the product of those of the variables.")
    if expected.from_data(fit):
        found.append(
            f"The prior {fit.default} is made for standardised data and restated in the centre and spread of these: it "
            "has seen their scale, and a comparison with what it expects can hardly fail."
        )
    found.append(
        f"The mode (MAP) is that of the density of {listed(variables)} on the scale written here, without a Jacobian; "
        "on another scale it lies elsewhere."
    )
    return found

"""The model card: likelihood, priors, and the code that says so."""

from __future__ import annotations

from typing import Any

from reports.stored import Fit

TITLE = "Model and priors"


def context(fit: Fit) -> dict[str, Any]:
    """The formula; priors are in the fit itself."""
    return {"formula": fit.text("formula")}

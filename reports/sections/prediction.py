"""Prediction: a point plugged in beside the posterior predictive distribution."""

from __future__ import annotations

from typing import Any

from reports import predictions, tables
from reports.stored import Fit

TITLE = "Prediction"


def context(fit: Fit) -> dict[str, Any]:
    """Predictive check and leave-one-out densities."""
    return {"predictive": predictions.predictive(fit), "prediction": tables.prediction(fit)}

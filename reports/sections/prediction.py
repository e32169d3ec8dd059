"""Prediction: a point plugged in beside the posterior predictive, and whether the model makes such data."""

from __future__ import annotations

from typing import Any

from reports import pit, plugged, predictions, quantities, tables
from reports.stored import Fit

TITLE = "Prediction"


def context(fit: Fit) -> dict[str, Any]:
    """Plug-in against average, predictive checks, and leave-one-out densities."""
    # Of a posterior that must not be read, nothing is to be read off either.
    quantity, values = (quantities.find(fit), pit.find(fit)) if plugged.readable(fit) else (None, [])
    return {
        "normal": plugged.normal(fit),
        "share": plugged.share(fit),
        "predictive": predictions.predictive(fit),
        "quantity": None
        if quantity is None
        else {"chart": quantities.figure(quantity), "sentence": quantities.sentence(quantity)},
        "pit": {"chart": pit.figure(values), "sentences": [pit.sentence(one, len(values)) for one in values]}
        if values
        else None,
        "prediction": tables.prediction(fit),
    }

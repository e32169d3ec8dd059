"""What a stored prior says: its family, and its scale."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from reports.stored import Array, Fit

SCALES = ("sigma", "b", "beta")


def _written(fit: Fit, prior: str, variable: str) -> dict[str, Any]:
    known: dict[str, dict[str, dict[str, Any]]] = json.loads(fit.text("distributions"))
    return known.get(prior, {}).get(variable, {})


def family_of(fit: Fit, prior: str, variable: str) -> str:
    """Name of the distribution of a variable under a prior; empty if there is none."""
    return str(_written(fit, prior, variable).get("name", ""))


def scales_of(fit: Fit, prior: str, variable: str) -> Array:
    """Scale of a Normal, a Laplace or a Cauchy, one for each element or one for all.

    Raises
    ------
    KeyError
        If the distribution has no scale by one of these names.
    """
    hyperparameters = _written(fit, prior, variable).get("hyperparameters", {})
    name = next((one for one in SCALES if one in hyperparameters), None)
    if name is None:
        raise KeyError(f"{variable} under the prior {prior} has no scale")
    return np.atleast_1d(np.asarray(hyperparameters[name], dtype=float))

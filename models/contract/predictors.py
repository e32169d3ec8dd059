"""What regression and logistic regression share: the design, its centre, and which coefficients are free to run away.

A data set with predictors ``x`` (observation, predictor) may say in its attributes that it has no ``intercept`` or that
its predictors are not ``centred``; 1 is meant where it says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.distribution import Prior, restated
from models.contract.reference import Array

if TYPE_CHECKING:
    import xarray as xr


def has_intercept(data: xr.Dataset) -> bool:
    """Whether the model has an intercept."""
    return bool(data.attrs.get("intercept", 1))


def is_centred(data: xr.Dataset) -> bool:
    """Whether the predictors enter the model as differences from their means."""
    return has_intercept(data) and bool(data.attrs.get("centred", 1))


def centre(data: xr.Dataset) -> xr.DataArray:
    """What is subtracted from the predictors: their means, or zeros; dims (predictor,)."""
    means = data["x"].mean("observation")
    return means if is_centred(data) else means * 0


def design_matrix(data: xr.Dataset) -> Array:
    """The columns of the model: ones if there is an intercept, and the predictors; shape (n, k)."""
    x = (data["x"] - centre(data)).values
    return np.column_stack([np.ones(len(x)), x]) if has_intercept(data) else x


def scaled_design(data: xr.Dataset) -> Array:
    """The design with columns of length ``sqrt(n)``: its rank does not depend on units."""
    design = design_matrix(data)
    length = np.sqrt(np.mean(design**2, axis=0))
    return design / np.where(length > 0, length, 1.0)


def coefficients(data: xr.Dataset, prior: Prior, value: str) -> Array:
    """A property of the priors of all coefficients, one per column of the design, shape (k,)."""
    p = data.sizes["predictor"]
    parts = [np.broadcast_to(getattr(prior["beta"], value), p)]
    return np.concatenate([[getattr(prior["intercept"], value)], *parts] if has_intercept(data) else parts)


def flat_columns(data: xr.Dataset, prior: Prior) -> Any:
    """Which columns of the design have a coefficient under a flat prior, shape (k,) of bool."""
    return ~coefficients(data, prior, "proper").astype(bool)


def in_units(data: xr.Dataset, priors: Mapping[str, Prior], units: Mapping[str, tuple[Any, Any]]) -> dict[str, Prior]:
    """Named priors restated in the units of the data, without intercept if there is none."""
    p = data.sizes["predictor"]
    result: dict[str, Prior] = {}
    for name, prior in priors.items():
        used = {key: one for key, one in prior.items() if key != "intercept" or has_intercept(data)}
        result[name] = restated(used, {key: unit for key, unit in units.items() if key in used})
        for one in (result[name]["beta"],):
            one.hyperparameters.update({key: np.broadcast_to(h, p).copy() for key, h in one.hyperparameters.items()})
    return result

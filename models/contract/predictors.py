"""What regression and logistic regression share: the design, its centre, and which coefficients are free to run away.

A data set with predictors ``x`` (observation, predictor) may say in its attributes that it has no ``intercept`` or that
its predictors are not ``centred``; 1 is meant where it says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.compact import has_statistics, is_compact
from models.contract.distribution import Prior, restated
from models.contract.reference import Array
from models.contract.sufficient import means, widths

if TYPE_CHECKING:
    import xarray as xr

    from models.contract.design import Design

OPTIONS = {
    "outcome": "column that is explained; for logistic one of two values, or successes/trials",
    "predictors": "columns that explain it, separated by commas; all others if not given",
    "formula": "both in Wilkinson's notation: 'price ~ area + rooms + area:rooms'",
    "intercept": "have an intercept, or none",
    "center": "centre predictors, so that the intercept belongs to their means, or leave them as they are",
    "missing": "stop at missing values, or drop rows that have one",
}
HYPERPARAMETERS = {
    "scale": "scale of the prior of beta: tau of normal (ridge), b of laplace (lasso)",
    "standardize": "take the scales of the prior for standardised data, or as they are written",
}


def has_intercept(data: xr.Dataset) -> bool:
    """Whether the model has an intercept."""
    return bool(data.attrs.get("intercept", 1))


def is_centred(data: xr.Dataset) -> bool:
    """Whether the predictors enter the model as differences from their means."""
    return has_intercept(data) and bool(data.attrs.get("centred", 1))


def centre(data: xr.Dataset) -> xr.DataArray:
    """What is subtracted from the predictors: their means, or zeros; dims (predictor,).

    Some rows of a data set keep the means of all, as the variable ``centre`` (`part`).
    """
    if "centre" in data:
        return data["centre"]
    found = means(predictors(data)) if is_centred(data) else np.zeros(data.sizes["predictor"])
    return data["x"].isel(observation=0, drop=True).copy(data=found)


def part(data: xr.Dataset, rows: Any) -> xr.Dataset:
    """Some rows of the data, centred where all rows are (`models.contract.Scenario`)."""
    return data.isel(observation=rows).assign(centre=centre(data))


def predictors(data: xr.Dataset) -> Array:
    """The predictors as they are, shape (n, p)."""
    return np.asarray(data["x"].transpose("observation", "predictor").values, dtype=float)


def location(data: xr.Dataset) -> tuple[Array, Array]:
    """Means of the predictors as they enter the model, and their standard deviations; of all rows, shape (p,) each."""
    if is_compact(data):
        return data["location"].values, data["width"].values
    x = predictors(data)
    middle = means(x)
    return middle - centre(data).values, widths(x, middle)


def count(data: xr.Dataset) -> int:
    """Number of rows, of the data or of those that statistics stand for."""
    return int(data["rows"]) if has_statistics(data) else data.sizes["observation"]


def design_matrix(data: xr.Dataset) -> Array:
    """The columns of the model: ones if there is an intercept, and the predictors; shape (n, k).

    Of statistics as many rows as have the same sums of products, with `outcome`.
    """
    if has_statistics(data):
        triangle = np.pad(data["triangle"].values, ((0, 1), (0, 0)))
        if not has_intercept(data):
            return np.asarray(triangle)
        first = np.sqrt(count(data)) * np.append(1.0, data["location"].values)
        return np.vstack([first, np.column_stack([np.zeros(len(triangle)), triangle])])
    x = predictors(data) - centre(data).values
    return np.column_stack([np.ones(len(x)), x]) if has_intercept(data) else x


def outcome(data: xr.Dataset) -> Array:
    """The outcome of every row of `design_matrix`."""
    if not has_statistics(data):
        return np.asarray(data["y"].values)
    found = np.append(data["projection"].values, np.sqrt(data["squares"].values))
    return np.append(np.sqrt(count(data)) * data["mean"].values, found) if has_intercept(data) else found


def scaled_design(data: xr.Dataset) -> Array:
    """The design with columns of equal length: its rank does not depend on units."""
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


def labelled_design(found: Design, center: bool, right: str, **variables: Any) -> xr.Dataset:
    """A data set from the design of a user's table.

    Parameters
    ----------
    found : Design
    center : bool
        Whether predictors enter as differences from their means; without intercept they never do.
    right : str
        The model's formula with ``{linear}`` where the linear predictor stands.
    **variables
        Whatever else has a value per observation.
    """
    from models.contract.data import dataset

    centred = center and found.intercept
    linear = ("intercept + " if found.intercept else "") + ("(x[i] - mean(x)) . beta" if centred else "x[i] . beta")
    n, p = found.x.shape
    about: dict[str, str] = {"outcome": found.outcome, "design": found.formula}
    if found.references:
        about["coding"] = "; ".join(f"{name}: against {level}" for name, level in found.references.items())
    if found.event:
        about["event"] = found.event
    return dataset(
        {
            "x": (("observation", "predictor"), found.x),
            "y": ("observation", found.y),
            **{name: ("observation", values) for name, values in variables.items()},
        },
        coords={"predictor": list(found.predictors)},
        title=f"{found.outcome}: {n:,} observations, {p} predictor{'s' * (p > 1)}",
        source="your table",
        formula=right.format(linear=linear),
        intercept=int(found.intercept),
        centred=int(centred),
        dropped=found.dropped,
    ).assign_attrs(about)

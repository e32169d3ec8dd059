"""Compact data: fewer rows, the same likelihood up to a constant factor.

A compact data set says what it is in its attributes: ``compact`` is ``"rows"`` where rows of the same kind were merged,
or only centred, so that the textbook model serves it, and ``"statistics"`` where it needs the scenario's compact model;
``log_constant`` is the log of the constant factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr
    from numpy.typing import NDArray

    from models.contract.distribution import Prior
    from models.contract.scenario import Scenario


def log_orders(successes: Any, trials: Any) -> NDArray[np.float64]:
    """Log binomial coefficients, the numbers of orders in which so many successes can come."""
    from scipy.special import gammaln

    return np.asarray(gammaln(trials + 1.0) - gammaln(successes + 1.0) - gammaln(trials - successes + 1.0))


def equal_rows(values: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which rows of a matrix are equal, by hashing one column after the other.

    Parameters
    ----------
    values : array, shape (n, p)

    Returns
    -------
    group : array of int, shape (n,)
        Number of the distinct row that each row equals, in the order of their first appearance.
    first : array of int, shape (m,)
        Where each distinct row appears first.
    """
    import pandas as pd

    group, distinct = np.zeros(len(values), dtype=np.int64), np.zeros(min(len(values), 1))
    for column in values.T:
        if len(distinct) == len(values):
            break
        codes, levels = pd.factorize(column)
        group, distinct = pd.factorize(group * len(levels) + codes)
    return group, np.flatnonzero(np.diff(np.maximum.accumulate(group), prepend=-1))


def itself(data: xr.Dataset) -> xr.Dataset:
    """Return the data: for a model without smaller statistics."""
    return data


def some_rows(data: xr.Dataset, rows: Any) -> xr.Dataset:
    """Return some rows of the data, by their positions."""
    return data.isel(observation=rows)


def marked(data: xr.Dataset, kind: str, log_constant: float = 0.0) -> xr.Dataset:
    """Say of a data set that it is compact.

    Parameters
    ----------
    data : xarray.Dataset
    kind : {"rows", "statistics"}
    log_constant : float
        Log likelihood of the original rows minus that of the compact data, the same for all parameters.
    """
    return data.assign_attrs(compact=kind, log_constant=log_constant)


def is_compact(data: xr.Dataset) -> bool:
    """Whether a scenario made this data set as the compact form of another."""
    return "compact" in data.attrs


def has_statistics(data: xr.Dataset) -> bool:
    """Whether this data set holds statistics instead of rows."""
    return data.attrs.get("compact") == "statistics"


def compacted(scenario: Scenario, data: xr.Dataset) -> xr.Dataset:
    """Return the compact form of a data set, which may be one already."""
    return data if is_compact(data) else scenario.compact(data)


def summarised(scenario: Scenario, data: xr.Dataset, prior: Prior) -> tuple[xr.Dataset, pm.Model]:
    """Return the compact form of a data set and the model that serves it.

    Parameters
    ----------
    scenario : Scenario
    data : xarray.Dataset
        A data set of the scenario, or what came out of here: that is not compacted twice.
    prior : Prior

    Returns
    -------
    compact : xarray.Dataset
    model : pymc.Model
    """
    compact = compacted(scenario, data)
    if has_statistics(compact) and scenario.compact_model is not None:
        return compact, scenario.compact_model(compact, prior)
    return compact, scenario.model(compact, prior)

r"""How far apart are the three readings, in the one unit that all parameters share: posterior standard deviations.

With :math:`m` and :math:`s` the posterior mean and standard deviation, a point :math:`\hat\theta` has the ``gap``
:math:`(\hat\theta - m) / s`. The way from the MLE to the mean has two parts: the ``pull`` of the prior, from the MLE to
the MAP, and the ``skew``, from the MAP to the mean, which is zero where the joint posterior is symmetric around its
mode; ``pull + skew`` is minus the gap of the MLE. The ``mass`` is the share of the posterior within the interval that a
point reading gives itself: close to the level if the interval says the same as the posterior.
"""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

COLUMNS = ["gap", "gap_error", "mass", "mass_error", "pull", "skew"]


def measures(rows: pd.DataFrame, draws: xr.Dataset) -> pd.DataFrame:
    """Distances and masses for the comparison table of one prior.

    Parameters
    ----------
    rows : pandas.DataFrame
        With the columns ``parameter``, ``reading``, ``estimate``, ``sd``, ``lower``, ``upper`` and ``mcse``; per
        parameter one row for each of ``mle``, ``map`` and ``posterior``.
    draws : xarray.Dataset
        The compared parameters, dims ``(chain, draw, ...)``, whose elements in their order are the parameters of the
        rows.

    Returns
    -------
    pandas.DataFrame
        With the index of ``rows``: ``rows.join(measures(rows, draws))``. NaN where something does not exist. In
        posterior standard deviations: ``gap`` and its Monte Carlo standard error ``gap_error`` (MLE and MAP), ``pull``
        (in the row of the MAP: how far the prior has moved it from the MLE) and ``skew`` (in the row of the posterior:
        how far its mean lies from the MAP). As shares: ``mass`` and its Monte Carlo standard error ``mass_error``.

    Raises
    ------
    ValueError
        If there are more or fewer elements of draws than parameters, or a parameter lacks a reading.
    """
    numbers = {column: rows[column].to_numpy(float) for column in ("estimate", "sd", "lower", "upper", "mcse")}
    labels, readings = rows["parameter"].to_numpy(), rows["reading"].to_numpy()
    result = np.full((len(rows), len(COLUMNS)), np.nan)
    elements = [
        variable.values[:, :, *index].astype(float)
        for variable in (one.transpose("chain", "draw", ...) for one in draws.data_vars.values())
        for index in np.ndindex(*variable.shape[2:])
    ]
    for label, values in zip(dict.fromkeys(labels), elements, strict=True):
        where = np.flatnonzero(labels == label)
        if sorted(readings[where]) != ["map", "mle", "posterior"]:
            raise ValueError(f"the parameter {label!r} needs one row for each of the three readings")
        at = {reading: int(row) for reading, row in zip(readings[where], where, strict=True)}
        mean, sd, mcse = (numbers[column][at["posterior"]] for column in ("estimate", "sd", "mcse"))
        if not (np.isfinite([mean, sd]).all() and sd > 0):
            continue
        for reading in ("mle", "map"):
            row = at[reading]
            mass = _mass(values, numbers["lower"][row], numbers["upper"][row])
            result[row, :4] = [(numbers["estimate"][row] - mean) / sd, mcse / sd, *mass]
        mle, map_ = (numbers["estimate"][at[reading]] for reading in ("mle", "map"))
        result[at["map"], 4] = (map_ - mle) / sd
        result[at["posterior"], 5] = (mean - map_) / sd
    return pd.DataFrame(np.where(np.isfinite(result), result, np.nan), index=rows.index, columns=COLUMNS)


def _mass(values: NDArray[Any], lower: float, upper: float) -> tuple[float, float]:
    """Share of draws within an interval and its Monte Carlo standard error.

    Where all draws or none lie within, their variance is zero but the share is not known exactly: with E effective
    draws its posterior under a uniform prior is Beta(1, E + 1), of standard deviation about 1 / E.
    """
    if np.isnan(lower) or np.isnan(upper) or not np.isfinite(values).all():
        return np.nan, np.nan
    inside = ((values >= lower) & (values <= upper)).astype(float)
    mass = float(inside.mean())
    if mass in (0.0, 1.0):
        effective = float(az.ess(values)) if np.ptp(values) > 0 else 1.0
        return mass, 1 / max(effective, 1.0) if np.isfinite(effective) else 1.0
    return mass, float(az.mcse(inside, method="mean"))

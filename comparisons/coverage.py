r"""How good are the readings in the long run? Coverage, width, bias and error over many simulated worlds.

Every number has a Monte Carlo error, because the worlds are a sample too. What does not exist is counted in the open:

* an interval that does not exist covers nothing, so that it counts as a miss, and ``missing`` says how many there are;
* a world whose chains could not be trusted (``failed``) has no posterior interval and no posterior mean;
* widths, biases and errors are of those that exist, and ``unknown`` counts the estimates that do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import binomtest

READING_OF = {"wald": "mle", "profile": "mle", "laplace": "map", "eti": "posterior", "hdi": "posterior"}
"""The intervals and the readings they belong to."""
CONFIDENCE = 0.95  # of the Wilson intervals for coverage
KEYS = ["parameter", "reading", "interval"]


def operating_characteristics(worlds: xr.Dataset) -> pd.DataFrame:
    """Long-run behaviour of all readings and their intervals.

    Parameters
    ----------
    worlds : xarray.Dataset
        Dims ``world``, ``parameter``, ``reading`` and ``interval``; variables ``truth(world, parameter)``,
        ``estimate(world, reading, parameter)``, ``lower`` and ``upper(world, interval, parameter)``,
        ``failed(world)``, ``exists(world, reading)``; attribute ``level``.

    Returns
    -------
    pandas.DataFrame
        One row per parameter and interval, with the columns of `coverage` and those of `errors`.
    """
    return coverage(worlds).merge(errors(worlds), on=["parameter", "reading"], how="left", validate="many_to_one")


def coverage(worlds: xr.Dataset) -> pd.DataFrame:
    r"""Share of worlds whose interval holds the truth.

    Returns
    -------
    pandas.DataFrame
        One row per parameter and interval: ``level``, ``worlds``, ``missing`` (intervals that do not exist, counted
        as misses), ``coverage`` with its binomial standard error ``coverage_se`` and its Wilson interval
        ``coverage_lower`` to ``coverage_upper`` (95 %), mean ``width`` of the intervals that exist and ``width_se``.

    Notes
    -----
    At a share :math:`p` of 0 or 1 the error :math:`\sqrt{p (1 - p) / n}` is 0, although the share is not known that
    well; the Wilson interval remains right there. Wilson, E. B. (1927), doi:10.1080/01621459.1927.10502953.
    """
    total, readings = worlds.sizes["world"], _trusted(worlds)
    level = float(worlds.attrs["level"])
    rows = []
    for parameter in worlds["parameter"].values:
        truth = _of(worlds["truth"], parameter=parameter)
        for interval in worlds["interval"].values:
            reading = READING_OF[str(interval)]
            lower, upper = (_of(worlds[end], parameter=parameter, interval=interval) for end in ("lower", "upper"))
            there = ~np.isnan(lower) & ~np.isnan(upper) & readings[reading]
            hits = int(np.sum(there & (lower <= truth) & (truth <= upper)))
            share = hits / total
            wilson = binomtest(hits, total).proportion_ci(CONFIDENCE, method="wilson")
            width, width_se = _mean(upper[there] - lower[there])
            rows.append(
                {
                    "parameter": str(parameter),
                    "reading": reading,
                    "interval": str(interval),
                    "level": level,
                    "worlds": total,
                    "missing": total - int(there.sum()),
                    "coverage": share,
                    "coverage_se": float(np.sqrt(share * (1 - share) / total)),
                    "coverage_lower": wilson.low,
                    "coverage_upper": wilson.high,
                    "width": width,
                    "width_se": width_se,
                }
            )
    return pd.DataFrame(rows)


def errors(worlds: xr.Dataset) -> pd.DataFrame:
    r"""Bias and root mean squared error of the estimates.

    Returns
    -------
    pandas.DataFrame
        One row per parameter and reading: ``unknown`` (estimates that do not exist and are left out), ``bias``,
        ``bias_se``, ``rmse``, ``rmse_se``.

    Notes
    -----
    The error of :math:`\sqrt{\bar q}`, with :math:`\bar q` the mean of the squared errors, is that of
    :math:`\bar q` divided by :math:`2 \sqrt{\bar q}` (delta method).
    """
    rows, readings = [], _trusted(worlds)
    for parameter in worlds["parameter"].values:
        truth = _of(worlds["truth"], parameter=parameter)
        for reading in map(str, worlds["reading"].values):
            estimate = _of(worlds["estimate"], parameter=parameter, reading=reading)
            there = ~np.isnan(estimate) & readings[reading]
            error = estimate[there] - truth[there]
            (bias, bias_se), (square, square_se) = _mean(error), _mean(error**2)
            rows.append(
                {
                    "parameter": str(parameter),
                    "reading": reading,
                    "unknown": len(there) - int(there.sum()),
                    "bias": bias,
                    "bias_se": bias_se,
                    "rmse": float(np.sqrt(square)),
                    "rmse_se": square_se / (2 * float(np.sqrt(square))) if square > 0 else square_se,
                }
            )
    return pd.DataFrame(rows)


def _trusted(worlds: xr.Dataset) -> dict[str, NDArray[np.bool_]]:
    """In which worlds a reading exists and can be trusted, shape (world,), by reading."""
    exists, failed = worlds["exists"].transpose("reading", "world").values, worlds["failed"].values
    return {
        str(reading): there & ~failed if reading == "posterior" else there
        for reading, there in zip(worlds["reading"].values, exists.astype(bool), strict=True)
    }


def _of(variable: xr.DataArray, **labels: Any) -> NDArray[np.float64]:
    """The values of one variable at some labels, shape (world,)."""
    return np.asarray(variable.sel(labels).values, dtype=float)


def _mean(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and its standard error; NaN where there are too few values, and of a mean that is infinite."""
    if not len(values) or not np.isfinite(values).all():
        return float(np.mean(values)) if len(values) else float("nan"), float("nan")
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
    return float(np.mean(values)), error

"""The comparison table: one row per prior, parameter and reading."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from comparisons import checks
from comparisons.points import Point
from models.contract import Reference

COLUMNS = [
    "scenario",
    "data",
    "prior",
    "parameter",
    "reading",
    "estimate",
    "sd",
    "lower",
    "upper",
    "interval",
    "level",
    "median",
    "mcse",
    "ess_bulk",
    "ess_tail",
    "r_hat",
    "wald_lower",
    "wald_upper",
    "gap",
    "gap_error",
    "pull",
    "skew",
    "mass",
    "mass_error",
    "truth",
    "reference",
    "source",
    "distance",
    "unit",
    "limit",
    "reason",
    "failed",
]
INTERVALS = {"eti": "equal-tailed", "hdi": "highest density"}


def summarise(posterior: xr.Dataset, level: float, interval: str = "eti") -> pd.DataFrame:
    """Mean, sd, median, interval and diagnostics of every element, indexed by ArviZ's labels.

    The interval is equal-tailed (``"eti"``) or of highest density (``"hdi"``). Columns: ``estimate``, ``sd``,
    ``lower``, ``upper``, ``median``, ``mcse``, ``ess_bulk``, ``ess_tail``, ``r_hat``. Nothing is rounded.
    """
    raw = az.summary(posterior, ci_kind=interval, ci_prob=level, round_to="none")
    low, high = (name for name in raw.columns if name.startswith(interval))
    # ArviZ's set of columns with a mean has no median.
    median = az.summary(posterior, kind="stats_median", round_to="none")["median"]
    return pd.DataFrame(
        {
            "estimate": raw["mean"],
            "sd": raw["sd"],
            "lower": raw[low],
            "upper": raw[high],
            "median": median,
            "mcse": raw["mcse_mean"],
            "ess_bulk": raw["ess_bulk"],
            "ess_tail": raw["ess_tail"],
            "r_hat": raw["r_hat"],
        }
    ).astype(float)


def missing(improper: str) -> list[str]:
    """Columns of the posterior that do not exist, from what the scenario says of its existence and its moments."""
    if not improper:
        return []
    if improper.startswith("no standard deviation"):
        return ["sd", "mcse"]
    return ["estimate", "sd", "mcse"] + ([] if improper.startswith("no mean") else ["lower", "upper", "median"])


def rows(
    points: dict[str, Point],
    posterior: xr.Dataset,
    summary: pd.DataFrame,
    references: list[Reference],
    truth: dict[str, np.ndarray],
    level: float,
    interval: str = "eti",
) -> pd.DataFrame:
    """Rows of one prior, without the columns that name the fit.

    Parameters
    ----------
    points : dict of str to Point
        ``mle`` and ``map``.
    posterior : xarray.Dataset
        Declared parameters compared, in the order of the table.
    summary : pandas.DataFrame
        Of the same variables (`summarise`).
    references : list of Reference
    truth : dict of str to array
        Of simulated data; may be empty.
    level : float
    interval : {"eti", "hdi"}
        Kind of the interval in ``summary``.
    """
    known = {(reference.reading, reference.parameter): reference for reference in references}
    labels = iter(summary.index)
    result = []
    for name, variable in posterior.items():
        shape = variable.shape[2:]
        for index in np.ndindex(*shape):
            label = next(labels)
            spread = float(summary.loc[label, "sd"])
            for reading in ("mle", "map", "posterior"):
                row: dict[str, object] = {"parameter": label, "reading": reading, "level": level}
                if name in truth:
                    row["truth"] = float(np.broadcast_to(truth[str(name)], shape)[index])
                if reading == "posterior":
                    row |= summary.loc[label].to_dict() | {"interval": INTERVALS[interval]}
                else:
                    point = points[reading]
                    for column in ("estimate", "sd", "lower", "upper", "wald_lower", "wald_upper", "reason"):
                        row[column] = getattr(point, column)[name][index]
                    row["interval"] = point.interval[str(name)]
                reference = known.get((reading, str(name)))
                if reference is not None:
                    row |= _distance(row, reference, shape, index, spread)
                result.append(row)
    return pd.DataFrame(result).reindex(columns=COLUMNS[2:])


def _distance(
    row: dict[str, object], reference: Reference, shape: tuple[int, ...], index: tuple[int, ...], spread: float
) -> dict[str, object]:
    """Distance from the reference: in MCSE for the posterior mean, in tolerances for a point."""
    value = float(np.broadcast_to(reference.value, shape)[index])
    error = float(np.broadcast_to(reference.error, shape)[index])
    gap = abs(float(str(row["estimate"])) - value)
    if row["reading"] == "posterior":
        unit, size, limit = "MCSE", float(np.hypot(float(str(row["mcse"])), error)), checks.STANDARD_ERRORS
    else:
        unit, size, limit = f"{checks.TOLERANCE:g} posterior sd", checks.TOLERANCE * spread, 1.0
    if not np.isfinite(value):
        return {"source": reference.source, "unit": unit, "limit": limit}
    return {"reference": value, "source": reference.source, "distance": gap / size, "unit": unit, "limit": limit}

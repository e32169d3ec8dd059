"""What every scenario says where it breaks, and the settings of its switches as they were stored."""

from __future__ import annotations

from dataclasses import dataclass, field

import xarray as xr

from comparisons.digits import MISSING, exists, number
from reports.charts import Chart
from reports.components import Table
from reports.stored import Fit

__all__ = ["Break", "Table", "choices", "interval", "settings", "stored"]


@dataclass(frozen=True)
class Break:
    """A pathology.

    Attributes
    ----------
    title : str
        In a few words.
    opening : str
        What is about to be seen.
    figure : Chart
    sentences : list of str
        What the numbers say.
    tables : list of Table
    remedy : str
        What is to be done about it.
    """

    title: str
    opening: str
    figure: Chart
    sentences: list[str]
    remedy: str
    tables: list[Table] = field(default_factory=list)


def settings(found: xr.Dataset) -> list[dict[str, str]]:
    """What stands at each switch, world by world."""
    switches = [str(switch) for switch in found["switch"].values]
    return [dict(zip(switches, map(str, row), strict=True)) for row in found["setting"].values]


def choices(found: xr.Dataset, switch: str) -> list[str]:
    """What may stand at a switch, in the order of the settings."""
    return list(dict.fromkeys(one[switch] for one in settings(found)))


def stored(fit: Fit) -> xr.Dataset | None:
    """The worlds beside this fit, without the numbers of those whose chains failed."""
    found = fit.sweep("broken")
    if found is None:
        return None
    kept = ~found["failed"] | (found["reading"] != "posterior")
    numbers = {key: found[key].where(kept) for key in ("estimate", "sd", "lower", "upper")}
    quantiles = {key: found[key].where(~found["failed"]) for key in ("quantile", "draws")}
    return found.assign(numbers | quantiles)


def interval(low: float, high: float, error: float) -> str:
    """An interval in words; an end that is not there is one that nothing stops."""
    if not exists(low) and not exists(high):
        return MISSING
    left = "-∞" if not exists(low) else number(low, error)
    return f"{left} to {'∞' if not exists(high) else number(high, error)}"

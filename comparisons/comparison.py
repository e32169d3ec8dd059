"""A finished comparison: the table, the draws, the checks; in a notebook, and as results on disk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from comparisons import store
from comparisons.checks import Check
from comparisons.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True)
class Comparison:
    """What three readings of one model conclude.

    Attributes
    ----------
    plan : Plan
        What was fitted.
    table : pandas.DataFrame
        One row per prior, parameter and reading (`comparisons.table.COLUMNS`).
    tree : xarray.DataTree
        Groups ``/data`` and, per prior, ``mle``, ``map``, ``posterior`` and what ArviZ asks for.
    checks : list of Check
    seconds : float
        What it took.
    """

    plan: Plan
    table: pd.DataFrame
    tree: xr.DataTree
    checks: list[Check]
    seconds: float

    def write(self, place: Path) -> None:
        """Write the results into a folder, each file whole or not at all, ``checks.json`` last."""
        store.write(place / "fit.nc", lambda path: self.tree.to_netcdf(path, engine="netcdf4"))
        store.write(place / "comparison.csv", lambda path: self.table.to_csv(path, index=False))
        record = {
            "fit": self.plan.name,
            "inputs": self.plan.inputs,
            "sizes": store.sizes(place),
            "checks": [asdict(check) for check in self.checks],
            "versions": store.versions(),
            **asdict(self.plan.settings),
            "command": self.plan.command,
            "request": self.plan.request,
            "data_sha256": store.data_digest(self.plan.data),
            "seconds": self.seconds,
        }
        store.write_json(place / "checks.json", record)  # its digest says that the others are complete

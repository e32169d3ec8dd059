"""A finished comparison: the table, the draws, the checks; in a notebook, and as results on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from comparisons import notebook, spreadsheet, store, writing
from comparisons.checks import Check
from comparisons.plan import Plan
from comparisons.verdict import Verdict, judge
from models.contract import BadInput
from models.contract.columns import shown

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
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

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What is concluded under each prior (`comparisons.verdict`)."""
        checks = [asdict(check) for check in self.checks]
        return [
            judge(prior, self.table[self.table["prior"] == prior], self.tree[prior]["prediction"].to_dataset(), checks)
            for prior in self.plan.priors
        ]

    def __repr__(self) -> str:
        """The comparison table and the verdict as plain text."""
        from comparisons.terminal import text

        return text(self.table, self.verdicts)

    def _repr_html_(self) -> str:
        """What a notebook shows: the headline and a table per prior."""
        from comparisons.markup import html

        said = {
            prior: "; ".join(f"{variable} ~ {distribution}" for variable, distribution in one.items())
            for prior, one in self.plan.priors.items()
        }
        return html(self.plan.name, self.table, said, self.verdicts)

    def plot_posterior(self, prior: str | None = None) -> Figure:
        """Draw the posterior densities under one prior (default: the first), MLE, MAP and posterior mean marked.

        Raises
        ------
        models.contract.BadInput
            If there is no such prior; so for the other plots.
        """
        from comparisons import plots

        return plots.posterior(*self._under(prior), self._names, self.plan.settings.interval)

    def plot_trace(self, prior: str | None = None) -> Figure:
        """Draw density and course of every chain under one prior (default: the first)."""
        from comparisons import plots

        return plots.trace(*self._under(prior), self._names)

    def plot_forest(self, prior: str | None = None, *, standardize: bool = True) -> Figure:
        """Draw the intervals of the three readings under one prior (default: the first).

        With ``standardize``, every parameter is measured from its posterior mean in posterior standard deviations;
        without, in its own units.
        """
        from comparisons import plots

        return plots.forest(*self._under(prior), self._names, self.plan.settings.interval, standardize)

    @property
    def _names(self) -> list[str]:
        names: list[str] = json.loads(self.tree.attrs["parameters"])
        return names

    def _under(self, prior: str | None) -> tuple[xr.DataTree, pd.DataFrame]:
        """Subtree and rows of one prior."""
        prior = next(iter(self.plan.priors)) if prior is None else prior
        if prior not in self.plan.priors:
            raise BadInput(f"there is no prior {shown(str(prior))}: the priors are {', '.join(self.plan.priors)}")
        return self.tree.children[prior], self.table[self.table["prior"] == prior]

    def write(self, place: Path) -> None:
        """Write the results into a folder, each file whole or not at all, ``checks.json`` last."""
        store.write(place / "fit.nc", lambda path: self.tree.to_netcdf(path, engine="netcdf4"))
        cells = spreadsheet.inert_cells(self.table)
        store.write(place / "comparison.csv", lambda path: cells.to_csv(path, index=False))
        verdict = writing.markdown(self.verdicts, self.plan.name)
        store.write(place / "verdict.md", lambda path: path.write_text(verdict, encoding="utf-8"))
        steps = notebook.text(self.plan, place)
        store.write(place / "fit.ipynb", lambda path: path.write_text(steps, encoding="utf-8"))
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

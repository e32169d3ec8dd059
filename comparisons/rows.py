"""Which rows of the data have quantities of their own, and which are stored.

What the readings conclude depends on all rows, through the compact form of the data. Densities, predictions and refits
of single rows are there for every row of small data, and for a random subsample of large data: its error is stated
wherever a sum over all rows is estimated from it (`comparisons.rules.loss`), and its rows keep their labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from comparisons.left_out import Rows
from comparisons.prediction import MOST_ROWS, chosen
from models.contract import Scenario

WHOLE = 10_000  # rows: of data up to this size every row has quantities of its own
STORED = 1_000_000  # rows: data up to this size are stored as they are


@dataclass(frozen=True)
class Sample:
    """The rows that have quantities of their own.

    Attributes
    ----------
    data : xarray.Dataset
        These rows: all of them, or some with their labels.
    left : array of int, shape (m,)
        Positions among them of those that are left out in turn.
    total : int
        Rows in all.
    """

    data: xr.Dataset
    left: Rows
    total: int

    @property
    def complete(self) -> bool:
        """Whether these are all rows."""
        return self.data.sizes["observation"] == self.total


def sample(scenario: Scenario, data: xr.Dataset, rng: np.random.Generator) -> Sample:
    """Choose the rows: all up to `WHOLE`, else a random subsample."""
    n = data.sizes["observation"]
    left = chosen(n, rng)
    if n <= WHOLE:
        return Sample(data, left, n)
    return Sample(scenario.part(data, left), np.arange(MOST_ROWS), n)


def groups(data: xr.Dataset, compact: xr.Dataset, rows: Sample) -> dict[str, xr.Dataset]:
    """What is stored of the data: all, or beyond `STORED` rows the compact form, beside a subsample.

    A compact form of the same kind as the data stands in their place; a model without one keeps all its rows.
    """
    if rows.total <= STORED or compact is data:
        return {"/data": data}
    small = compact.sizes.get("observation", 0) <= STORED
    if small and set(compact.data_vars) == set(data.data_vars):
        said = f"{rows.total:,} rows, added up to {compact.sizes['observation']:,}"
        return {"/data": compact.assign_attrs(rows=rows.total, stored=said)}
    said = f"a random {rows.data.sizes['observation']:,} of {rows.total:,} rows"
    kept = {"/data": rows.data.assign_attrs(rows=rows.total, stored=said)}
    return kept | ({"/compact": compact} if small else {})

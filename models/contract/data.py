"""Labelled data: how a scenario makes, reads and hands over its data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from pytensor.tensor import TensorVariable

FOLDER = Path(__file__).parents[1] / "data"


def dataset(
    variables: dict[str, tuple[str | tuple[str, ...], Any]],
    *,
    title: str,
    source: str,
    coords: dict[str, Any] | None = None,
    truth: dict[str, Any] | None = None,
    seed: int | None = None,
    dropped: int = 0,
    **attributes: str | float,
) -> xr.Dataset:
    """Make a labelled data set.

    Parameters
    ----------
    variables : dict
        ``{name: (dims, values)}``; rows of the data have the dim ``observation``.
    title, source : str
        One line each for the reader: what the data are and where they come from.
    coords : dict, optional
        Labels of the dims; observations are numbered from 0.
    truth : dict, optional
        For simulated data, ``{parameter: value}`` or ``{parameter: (dims, value)}``; kept as ``true_<parameter>``.
    seed : int, optional
        For simulated data, the seed.
    dropped : int
        Rows of a user's table that were left out because of missing values.
    **attributes
        Whatever else the scenario's priors need to know of the data.
    """
    import xarray as xr

    known = {
        f"true_{name}": value if isinstance(value, tuple) else ((), value) for name, value in (truth or {}).items()
    }
    data = xr.Dataset({**variables, **known}, coords=coords)
    data = data.assign_coords(observation=np.arange(data.sizes["observation"]))
    attributes = {"title": title, "source": source, **attributes}
    if dropped:
        attributes["dropped"] = f"{dropped:,} row{'s' * (dropped > 1)} with missing values left out"
    if seed is not None:
        attributes["seed"] = seed
    return data.assign_attrs(attributes)


def read_table(file_name: str) -> pd.DataFrame:
    """Read one of the CSV files of ``models/data``."""
    import pandas as pd

    return pd.read_csv(FOLDER / file_name)


def coordinates(data: xr.Dataset) -> dict[str, list[Any]]:
    """Coordinates of a data set as plain lists, for `pymc.Model`."""
    return {str(dim): data[dim].values.tolist() for dim in data.dims}


def constant(data: xr.Dataset, name: str) -> TensorVariable:
    """Add a variable of the data set to the open PyMC model, as the `pymc.Data` ``<name>_data``."""
    import pymc as pm

    variable: TensorVariable = pm.Data(f"{name}_data", data[name].values, dims=data[name].dims)
    return variable

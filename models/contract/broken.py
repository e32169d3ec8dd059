"""What a reader may break: data and prior with which a scenario's readings part or fail, at a setting of a switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from models.contract.distribution import Prior


@dataclass(frozen=True)
class Broken:
    """One setting of the switches.

    Attributes
    ----------
    at : mapping of str to str
        What stands at each switch, by its name; the same switches in all settings of a scenario.
    data : xarray.Dataset
    prior : Prior
        Of the same families in all settings.
    """

    at: Mapping[str, str]
    data: xr.Dataset
    prior: Prior

"""What the figures by ArviZ share: draws under their labels, grids of panels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from reports.stored import Fit


def safe(label: str) -> str:
    """A label as the name of a variable in a tree, where a slash would be a path: km/h with another slash."""
    return label.replace("/", "\N{DIVISION SLASH}")


def named(draws: xr.Dataset) -> xr.Dataset:
    """Draws with their variables under safe names."""
    return draws.rename({label: safe(str(label)) for label in draws.data_vars})


def tree(fit: Fit, prior: str, labels: list[str]) -> xr.DataTree:
    """Posterior of some elements, each under its label, with the statistics of the sampler."""
    groups = {"posterior": named(fit.draws(prior)[labels])}
    statistics = fit.dataset(prior, "sample_stats")
    return xr.DataTree.from_dict(groups if statistics is None else {**groups, "sample_stats": statistics})


def figure_of(collection: Any) -> Figure:
    """The matplotlib figure of a plot by ArviZ, taken away from pyplot."""
    figure: Figure = collection.viz["figure"].item()
    plt.close(figure)
    return figure


def grid(count: int, height: float = 1.75) -> tuple[int, dict[str, Any]]:
    """Columns, and figure options, for so many panels."""
    columns = min(count, 4 if count in (4, 7, 8) else 3)
    rows = math.ceil(count / columns)
    return columns, {"figsize": (7.5, 0.4 + max(height, 2.2 if rows == 1 else 0) * rows)}


def first(
    labels: list[str], most: int, which: str = "first", order: Sequence[float] | None = None
) -> tuple[list[str], str]:
    """The first labels, by the smallest value of ``order`` if there is one, and a remark if some are left out."""
    if len(labels) <= most:
        return labels, ""
    best = np.arange(len(labels)) if order is None else np.argsort(np.asarray(order), kind="stable")
    chosen = [labels[index] for index in sorted(best[:most])]
    return chosen, f" Shown are the {which} {most} of {len(labels)} parameters."

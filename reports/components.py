"""Optional parts of a mixture page: new data, the number of components, covariance types, and k-means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from comparisons.digits import significant
from reports import draw
from reports.draw import Image
from reports.groups import extras, points, shares
from reports.stored import Fit
from reports.style import NEUTRAL, READINGS, SHORT
from reports.words import listed, plural

SPIKE = 0.01  # standard deviations of the data: a component so narrow describes no group


@dataclass(frozen=True)
class Table:
    """A small table for a page."""

    caption: str
    head: list[str]
    rows: list[list[str]]


def new_data(fit: Fit, name: str) -> Image | None:
    """Data drawn from each reading beside the data themselves."""
    found = extras(fit, fit.default)
    if "new_points" not in found:
        return None
    y, features = points(fit, name)
    readings = [reading for reading in ("mle", "map", "posterior") if reading in found["reading"].values]
    figure = Figure(figsize=(7.5, 2.2))
    draw.margins(figure, left=0.5, bottom=0.45, top=0.3, wspace=0.1)
    panels = figure.subplots(1, 1 + len(readings), sharex=True, sharey=True)
    drawn = [("data", y, NEUTRAL)]
    for reading in readings:
        new = found["new_points"].sel(reading=reading).transpose("new_point", "feature").values
        drawn.append((f"new, {SHORT[reading]}", new, READINGS[reading].colour))
    for axes, (title, values, colour) in zip(panels, drawn, strict=True):
        finite = values[np.isfinite(values).all(axis=1)]
        if values.shape[1] == 1:
            axes.hist(
                finite[:, 0], bins=24, range=(float(y.min()), float(y.max())), density=True, color=colour, alpha=0.75
            )
        else:
            axes.plot(finite[:, 0], finite[:, 1], "o", color=colour, markersize=2.2, alpha=0.6, markeredgewidth=0)
        if not len(finite):
            axes.text(0.5, 0.5, "does not exist", ha="center", transform=axes.transAxes)
        axes.set_title(title, loc="left")
        axes.set_xlabel(features[0])
    panels[0].set_ylabel("density" if len(features) == 1 else features[1])
    sources = listed([SHORT[reading] for reading in readings])
    alt = f"{plural(len(y), 'point')} of data beside as many drawn from {sources}."
    caption = (
        "Can the new data be told from the real ones? From the posterior, each point comes from a mixture of its own."
    )
    return draw.image(figure, alt, caption, "png")


def criterion(fit: Fit) -> tuple[list[str], Image | None]:
    """BIC for several numbers of components, over restarts."""
    found = extras(fit, fit.default)
    if "bic" not in found:
        return [], None
    dim = next(str(dim) for dim in found["bic"].dims if dim != "restart")
    values = found["bic"].transpose(dim, ...)
    table = values.values.reshape(len(values), -1)
    counts = [int(value) for value in found[dim].values] if dim in found.coords else list(range(1, len(values) + 1))
    best = np.nanmin(np.where(np.isfinite(table), table, np.inf), axis=1)
    figure = Figure(figsize=(6.5, 2.6))
    draw.margins(figure, left=0.8, bottom=0.45, top=0.1)
    axes = figure.subplots()
    for column in table.T:
        axes.plot(counts, column, "o", color=NEUTRAL, markersize=3, alpha=0.4, markeredgewidth=0)
    axes.plot(counts, best, "s--", color=READINGS["mle"].colour, markersize=5)
    axes.set(xlabel="number of components", ylabel="BIC", xticks=counts)
    order = np.argsort(best)
    chosen = counts[order[0]]
    used = fit.data.sizes.get("component")
    said = [f"BIC, at its lowest over the restarts, is smallest with {plural(chosen, 'component')}."]
    if len(order) > 1:
        gap = significant(float(best[order[1]] - best[order[0]]), 2)
        said.append(f"The next is {plural(counts[order[1]], 'component')}, {gap} higher.")
    if used is not None and used != chosen:
        said.append(f"This fit uses {plural(int(used), 'component')}.")
    spikes = [str(count) for count in spiked(found, dim, counts)]
    if spikes:
        said.append(
            f"With {listed(spikes)} components the lowest has one narrower than a hundredth of the data's spread: do "
            "not read it. A component that shrinks onto a few equal points lifts the likelihood as far as it is let."
        )
    alt = f"BIC against the number of components from {counts[0]} to {counts[-1]}; lowest at {chosen}."
    caption = (
        "Squares: the lowest BIC over the restarts; dots: every restart. Its theory does not hold for all mixtures."
    )
    return said, draw.image(figure, alt, caption)


def spiked(found: xr.Dataset, dim: str, counts: list[int]) -> list[int]:
    """Numbers of components whose lowest BIC comes from a component that has shrunk to next to nothing."""
    if "bic_width" not in found:
        return []
    lowest = found["bic"].argmin("restart")
    width = found["bic_width"].isel(restart=lowest).transpose(dim).values
    return [count for count, one in zip(counts, width.tolist(), strict=True) if one < SPIKE]


def types(fit: Fit) -> Table | None:
    """BIC of several covariance types."""
    found = extras(fit, fit.default)
    if "bic_type" not in found:
        return None
    values = _reduced(found["bic_type"], "covariance_type")
    names = [str(name) for name in found["covariance_type"].values]
    lowest = min(values)
    rows = [
        [name, f"{value:,.1f}", f"{value - lowest:,.1f}"]
        for name, value in zip(names, values, strict=True)
        if np.isfinite(value)
    ]
    return Table(
        "BIC by type of covariance; the lowest is 0 in the last column", ["Covariance", "BIC", "Above the lowest"], rows
    )


def _reduced(variable: xr.DataArray, keep: str) -> list[float]:
    """The lowest value over all other dims."""
    return [float(value) for value in variable.min([dim for dim in variable.dims if dim != keep]).values]


def k_means(fit: Fit) -> Table | None:
    """K-means beside the hard labels of the mixture at the MAP, cross-tabulated."""
    found, share = extras(fit, fit.default), shares(fit, "map")
    if "kmeans" not in found or share is None:
        return None
    hard = share.argmax(axis=1)
    names = [str(value) for value in fit.data["component"].values]
    labels = found["kmeans"].values.astype(int)
    clusters = sorted(set(labels.tolist()))
    rows = [
        [f"k-means {c}", *(f"{int(np.sum((labels == c) & (hard == k))):,}" for k in range(len(names)))]
        for c in clusters
    ]
    caption = "Points by k-means cluster and by the most probable component at the MAP (declared scale)"
    return Table(caption, ["Cluster", *(f"component {name}" for name in names)], rows)

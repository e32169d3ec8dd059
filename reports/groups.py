"""Pictures and numbers of a mixture: who belongs where, what is unusual, what new data look like."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from comparisons.digits import percent
from reports import draw
from reports.draw import Image
from reports.stored import Array, Fit
from reports.style import COMPONENTS, NEUTRAL, READINGS, SHORT
from reports.words import listed, plural

CHANGE = 0.05  # a membership that moves by more than this is counted
NEEDED = ("weight", "mu", "sigma")


def extras(fit: Fit, prior: str) -> xr.Dataset:
    """What was stored beside the parameters, and what other methods said; an empty data set if nothing was."""
    found = fit.dataset(prior, "extras")
    own = xr.Dataset() if found is None else found
    return xr.merge([own, fit.tree["peers"].to_dataset()], join="exact") if "peers" in fit.tree.children else own


def colours(members: Array) -> Array:
    """Mix the colours of the components in proportion to the memberships, shape (n, k) to (n, 3)."""
    palette = np.array([to_rgb(colour) for colour in islice(cycle(COMPONENTS), members.shape[1])])
    mixed: Array = np.clip(members @ palette, 0, 1)
    return mixed


def point(fit: Fit, prior: str, reading: str) -> dict[str, Array] | None:
    """Parameters of a mixture of the usual form at a point reading, or None."""
    stored = fit.dataset(prior, reading)
    if stored is None or not all(name in stored for name in NEEDED):
        return None
    found = stored.sel(statistic="estimate")
    values = {name: found[name].transpose("component", ...).values for name in (*NEEDED, "rho") if name in found}
    return values if all(np.isfinite(value).all() for value in values.values()) else None


def data_picture(fit: Fit, name: str) -> Image:
    """The points, coloured by plug-in responsibilities where there are any, with the fitted components."""
    y, features = points(fit, name)
    members = shares(fit, "map")
    tint: Any = colours(members) if members is not None else NEUTRAL
    if len(features) == 1:
        return _one_dimension(fit, y[:, 0], features[0])
    figure = Figure(figsize=(6.5, 4.6))
    draw.margins(figure, left=0.6, bottom=0.45, top=0.35)
    axes = figure.subplots()
    axes.scatter(y[:, 0], y[:, 1], c=tint, s=13, linewidths=0)
    axes.set(xlabel=features[0], ylabel=features[1])
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # those of the points, not of the ellipses
    for reading in ("mle", "map"):
        _ellipses(axes, fit, reading)
    draw.legend(figure, [draw.handle(READINGS[reading], marker=False) for reading in ("mle", "map")], top=0.05)
    alt = f"Scatter of {plural(len(y), 'point')}, {features[1]} against {features[0]}, with ellipses of the components."
    caption = "Ellipses: one and two standard deviations of each component, at the MLE and at the MAP (declared scale)."
    if members is not None:
        caption = (
            "Colours: membership according to the MAP (declared scale); mixed colours lie between groups. " + caption
        )
    if len(features) > 2:
        caption += f" Only the first two of {len(features)} variables are shown."
    return draw.image(figure, alt, caption, "png")


def _one_dimension(fit: Fit, y: Array, feature: str) -> Image:
    figure = Figure(figsize=(6.5, 2.8))
    draw.margins(figure, left=0.6, top=0.35, bottom=0.45)
    axes = figure.subplots()
    axes.hist(y, bins="fd", density=True, color="#D0D0D0", edgecolor="white")
    grid = np.linspace(y.min() - 0.05 * np.ptp(y), y.max() + 0.05 * np.ptp(y), 400)
    for reading in ("mle", "map"):
        values = point(fit, fit.default, reading)
        if values is not None:
            z = (grid[:, None] - values["mu"][:, 0]) / values["sigma"][:, 0]
            parts = values["weight"] * np.exp(-(z**2) / 2) / values["sigma"][:, 0] / np.sqrt(2 * np.pi)
            mark = READINGS[reading]
            axes.plot(grid, parts.sum(axis=1), color=mark.colour, linestyle=mark.line)
    axes.set(xlabel=feature, ylabel="density")
    draw.legend(figure, [draw.handle(READINGS[reading], marker=False) for reading in ("mle", "map")])
    alt = f"Histogram of {plural(len(y), 'value')} of {feature} with the fitted mixture density at MLE and MAP."
    return draw.image(figure, alt, "Lines: density of the whole mixture at the MLE and at the MAP (declared scale).")


def _ellipses(axes: Axes, fit: Fit, reading: str) -> None:
    """One and two standard deviations of each component in the first two variables."""
    values = point(fit, fit.default, reading)
    if values is None:
        return
    angle = np.linspace(0, 2 * np.pi, 100)
    mark = READINGS[reading]
    for k in range(len(values["weight"])):
        rho = float(values["rho"][k, 0]) if "rho" in values and values["rho"].size else 0.0
        first = np.cos(angle)
        second = rho * np.cos(angle) + np.sqrt(1 - rho**2) * np.sin(angle)
        for size in (1, 2):
            x = values["mu"][k, 0] + size * values["sigma"][k, 0] * first
            y = values["mu"][k, 1] + size * values["sigma"][k, 1] * second
            axes.plot(x, y, color=mark.colour, linestyle=mark.line, linewidth=1.1)


def points(fit: Fit, name: str) -> tuple[Array, list[str]]:
    """The data, shape (n, d), and the names of the variables."""
    y = fit.data[name].transpose("observation", ...)
    return y.values.astype(float), [str(feature) for feature in y[y.dims[1]].values]


def log_likelihoods(fit: Fit) -> Array | None:
    """Log likelihood of all points at every stored draw under the default prior, shape (chain, draw)."""
    found = fit.log_likelihood(fit.default)
    if found is None:
        return None
    stored = next(iter(found.data_vars.values()))
    total = stored.sum([dim for dim in stored.dims if dim not in ("chain", "draw")], dtype=float)
    return np.asarray(total.transpose("chain", "draw").values)


def shares(fit: Fit, reading: str) -> Array | None:
    """How much each point belongs to each component, shape (n, k), under the default prior; None if not known."""
    found = extras(fit, fit.default)
    if "responsibility" not in found or reading not in found["reading"].values:
        return None
    values: Array = found["responsibility"].sel(reading=reading).transpose("observation", "component").values
    return values if np.isfinite(values).all() else None


def changes(fit: Fit) -> list[str]:
    """How many memberships move when the posterior is averaged over, in sentences."""
    averaged = shares(fit, "posterior")
    said = []
    for reading in ("mle", "map"):
        plugged = shares(fit, reading)
        if averaged is None or plugged is None:
            continue
        moved = np.abs(plugged - averaged).max(axis=1)
        said.append(
            f"Plugging in the {SHORT[reading]} instead of averaging over the posterior moves the membership of "
            f"{int((moved > CHANGE).sum())} of {plural(len(moved), 'point')} by more than {CHANGE:g}; the largest "
            f"change is {moved.max():.4f}."
        )
    return said


def membership(fit: Fit) -> Image | None:
    """Plugged-in against averaged membership."""
    averaged = shares(fit, "posterior")
    if averaged is None:
        return None
    figure = Figure(figsize=(6.5, 3.0))
    draw.margins(figure, left=0.65, bottom=0.45, top=0.35)
    panels = figure.subplots(1, 2, sharey=True)
    drawn = False
    for axes, reading in zip(panels, ("mle", "map"), strict=True):
        plugged = shares(fit, reading)
        axes.set_title(READINGS[reading].label, loc="left")
        axes.set_xlabel("averaged over the posterior")
        if plugged is None:
            axes.text(0.5, 0.5, "does not exist", ha="center", transform=axes.transAxes)
            continue
        drawn = True
        axes.axhline(0, color=NEUTRAL, linewidth=0.7)
        for k in range(plugged.shape[1]):
            colour = COMPONENTS[k % len(COMPONENTS)]
            axes.plot(
                averaged[:, k],
                plugged[:, k] - averaged[:, k],
                "o",
                color=colour,
                markersize=3,
                alpha=0.6,
                markeredgewidth=0,
            )
    panels[0].set_ylabel("plugged in minus averaged")
    if not drawn:
        return None
    alt = "Scatter of plugged-in minus averaged against averaged membership, a point per observation and component. "
    return draw.image(
        figure,
        alt + " ".join(changes(fit)),
        "Below zero on the left and above zero on the right: the plugged-in reading is surer than the data allow.",
        "png",
    )


def anomalies(fit: Fit) -> tuple[list[str], Image | None]:
    """Points with a small tail probability, in words and as a picture."""
    found = extras(fit, fit.default)
    if "tail" not in found or "anomaly" not in found:
        return [], None
    rate = found.attrs.get("false_discovery_rate")
    said = []
    for reading in found["reading"].values:
        flagged = found["anomaly"].sel(reading=reading).values.astype(bool)
        tails = found["tail"].sel(reading=reading).values
        if not np.isfinite(tails).all():
            continue
        names = [str(value) for value in found["observation"].values[flagged]] if "observation" in found.coords else []
        which = f": {listed(names)}" if names else ""
        found_text = f"{plural(int(flagged.sum()), 'point')}{which}; smallest tail probability {tails.min():.2g}."
        said.append(f"{SHORT[str(reading)]}: {found_text}")
    if rate is not None:
        said.insert(
            0,
            f"A point is unusual if its tail probability survives false discovery control at {percent(float(rate))}.",
        )
    figure = Figure(figsize=(6.5, 2.5))
    draw.margins(figure, left=0.65, bottom=0.45, top=0.35)
    axes = figure.subplots()
    for reading in ("mle", "map", "posterior"):
        if reading in found["reading"].values:
            tails = np.sort(found["tail"].sel(reading=reading).values)
            mark = READINGS[reading]
            axes.plot(np.arange(1, len(tails) + 1) / len(tails), tails, color=mark.colour, linestyle=mark.line)
    axes.plot([0, 1], [0, 1], color=NEUTRAL, linewidth=0.7)
    axes.set(xlabel="share of points", ylabel="tail probability", xscale="log", yscale="log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    keys = {"mle": "MLE", "map": "MAP (declared scale)", "posterior": "averaged over the posterior"}
    draw.legend(figure, [draw.handle(READINGS[key], marker=False, label=name) for key, name in keys.items()])
    alt = "Ordered tail probabilities of the points against their rank, on logarithmic axes. " + " ".join(said)
    caption = (
        "On the diagonal: as many points with small tail probabilities as the fitted mixture itself would produce."
    )
    return said, draw.image(figure, alt, caption)

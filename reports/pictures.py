"""The data as a picture, chosen by their shape and not by the name of the scenario: a new one needs no new picture."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from comparisons.digits import significant
from reports import draw, groups
from reports.draw import Image
from reports.stored import Array, Fit
from reports.style import NEUTRAL
from reports.words import listed, plural

PREDICTORS = 12  # shown at most
BINS = 8


def outcome(fit: Fit) -> str:
    """Name of the observed variable."""
    observed = fit.dataset(fit.default, "observed_data")
    if observed is None:
        raise KeyError(f"{fit.name}: no group 'observed_data'")
    return str(next(iter(observed.data_vars)))


def shape(fit: Fit) -> str:
    """What kind of data these are.

    Returns
    -------
    {"binary regression", "regression", "points", "counts", "values"}
    """
    data, name = fit.data, outcome(fit)
    whole = bool(np.issubdtype(data[name].dtype, np.integer))
    if data[name].ndim > 1:
        return "points"
    if any(variable.ndim == 2 for variable in covariates(data, name).values()):
        return "binary regression" if whole and set(np.unique(data[name])) <= {0, 1} else "regression"
    beside = list(covariates(data, name).values())
    trials = len(beside) == 1 and np.issubdtype(beside[0].dtype, np.integer) and bool((beside[0] >= data[name]).all())
    return "counts" if whole and trials else "values"


def covariates(data: xr.Dataset, name: str) -> dict[str, xr.DataArray]:
    """Variables beside the outcome and the truth that have a value per observation."""
    return {
        str(key): variable
        for key, variable in data.items()
        if key != name and not str(key).startswith("true_") and "observation" in variable.dims
    }


def total_rows(fit: Fit) -> int:
    """Number of rows of the data, those included that were not stored."""
    return int(fit.data.attrs.get("rows", fit.data.sizes["observation"]))


def size(fit: Fit) -> str:
    """How much data there are, in words; a count of trials for grouped counts."""
    observations = total_rows(fit)
    if shape(fit) == "counts":
        trials = {key: int(variable.sum()) for key, variable in covariates(fit.data, outcome(fit)).items()}
        for key, total in trials.items():
            return f"n = {total:,} {key}"
    return f"n = {observations:,}"


def data_picture(fit: Fit) -> Image:
    """Draw the data."""
    match shape(fit):
        case "points":
            return groups.data_picture(fit, outcome(fit))
        case "regression" | "binary regression" as kind:
            return _predictors(fit, binary=kind == "binary regression")
        case "counts":
            return _counts(fit)
        case _:
            return _histogram(fit)


def _counts(fit: Fit) -> Image:
    """Successes and failures as bars."""
    name = outcome(fit)
    successes = int(fit.data[name].sum())
    trials = [int(variable.sum()) for variable in covariates(fit.data, name).values()]
    total = max(trials, default=0) if trials and max(trials) >= successes else successes
    figure = Figure(figsize=(5.5, 1.5))
    draw.margins(figure, left=0.9, right=1.1, top=0.1, bottom=0.45)
    axes = figure.subplots()
    bars = axes.barh([1, 0], [successes, total - successes], color=[NEUTRAL, "white"], edgecolor=NEUTRAL)
    axes.bar_label(bars, [f"{value:,}" for value in (successes, total - successes)], padding=4)
    axes.set_yticks([1, 0], [name, f"not {name}"])
    axes.set_xlabel("number")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    alt = f"Two bars: {successes:,} {name} and {total - successes:,} others, of {total:,}."
    # The share is the MLE, which an exercise asks for: the picture of the data does not say it.
    caption = f"The numbers of {name} and of the others, {total:,} in all." if total else "There are no trials."
    return draw.image(figure, alt, caption)


def _histogram(fit: Fit) -> Image:
    """Values as a histogram with a rug."""
    name = outcome(fit)
    values = np.sort(fit.data[name].values.astype(float))
    figure = Figure(figsize=(6.5, 2.4))
    draw.margins(figure, left=0.6, top=0.1, bottom=0.45)
    axes = figure.subplots()
    axes.hist(values, bins="fd" if len(values) > 30 else 8, color="#BFBFBF", edgecolor="white")
    if len(values) <= 200:
        axes.plot(
            values, np.full(len(values), -0.02), "|", color=NEUTRAL, transform=axes.get_xaxis_transform(), clip_on=False
        )
        axes.tick_params(axis="x", pad=6)
    axes.set(xlabel=fit.data.attrs.get("outcome", name), ylabel="observations")
    axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    low, middle, high = (significant(float(value), 3) for value in (values[0], np.median(values), values[-1]))
    alt = f"Histogram of {plural(len(values), 'value')} of {name} from {low} to {high}, median {middle}."
    return draw.image(figure, alt, f"Median {middle}, from {low} to {high}.")


def _predictors(fit: Fit, binary: bool) -> Image:
    """The outcome against each predictor."""
    name = outcome(fit)
    x = next(variable for variable in covariates(fit.data, name).values() if variable.ndim == 2)
    x = x.transpose("observation", ...)
    labels = [str(label) for label in x[x.dims[1]].values]
    shown = min(len(labels), PREDICTORS)
    columns = min(shown, 4)
    rows = math.ceil(shown / columns)
    figure = Figure(figsize=(7.5, 0.3 + (2.6 if rows == 1 else 1.75) * rows))
    draw.margins(figure, left=0.55, top=0.12, bottom=0.45, wspace=0.12, hspace=0.42)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    y, said = fit.data[name].values.astype(float), str(fit.data.attrs.get("outcome", name))
    trials = fit.data["trials"].values if "trials" in fit.data else np.ones(1)
    if np.any(trials > 1):
        y, said = np.divide(y, trials, out=np.full(len(y), np.nan), where=trials > 0), f"{said}, share"
    rng = np.random.default_rng(0)  # jitter only
    jitter = rng.uniform(-0.04, 0.04, len(y)) if binary else np.zeros(len(y))
    for position, axes in enumerate(panels):
        if position >= shown:
            axes.set_visible(False)
            continue
        values = x.values[:, position].astype(float)
        axes.plot(values, y + jitter, "o", color=NEUTRAL, markersize=2.5, alpha=0.5, markeredgewidth=0)
        if binary:
            centre, share = _binned(values, y)
            axes.plot(centre, share, "D-", color="black", markersize=3, linewidth=1)
            axes.set_yticks([0, 0.5, 1])
        axes.set_xlabel(labels[position], labelpad=1)
    for axes in panels[::columns]:
        axes.set_ylabel(said)
    alt = f"Scatter of {said} against {listed(labels[:shown])}, {plural(len(y), 'observation')}."
    caption = f"Each panel shows {said} against one predictor."
    if binary:
        alt += f" {int(y.sum())} of {len(y)} outcomes are 1."
        caption += (
            " The line joins the share of ones in groups of equal size; points are jittered upwards and downwards."
        )
    if shown < len(labels):
        caption += f" The first {shown} of {len(labels)} predictors are shown."
    return draw.image(figure, alt, caption, "png")


def _binned(x: Array, y: Array) -> tuple[Array, Array]:
    """Mean of x and of y in groups of equal size."""
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, min(BINS, max(2, len(x) // 5)))
    return np.array([x[part].mean() for part in parts]), np.array([y[part].mean() for part in parts])

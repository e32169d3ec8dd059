"""Does the model predict data like these? Posterior predictive checks by ArviZ, each suited to its outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from comparisons.digits import number, percent
from reports import draw, pictures
from reports.draw import Image
from reports.panels import figure_of, safe
from reports.stored import Fit
from reports.style import READINGS
from reports.words import listed

DATA_SETS = 30  # drawn


def predictive(fit: Fit) -> Image:
    """Posterior predictive check that suits the outcome; of large data, of a subsample of the rows."""
    found, observed = _predictive(fit), fit.dataset(fit.default, "observed_data")
    rows, n = 0 if observed is None else observed.sizes["observation"], pictures.total_rows(fit)
    if not 0 < rows < n:
        return found
    return replace(found, caption=f"{found.caption} All of this for a random {rows:,} of the {n:,} rows.")


def _predictive(fit: Fit) -> Image:
    name, kind = pictures.outcome(fit), pictures.shape(fit)
    groups = {key: fit.dataset(fit.default, key) for key in ("posterior_predictive", "observed_data")}
    shown = {key: value for key, value in groups.items() if value is not None}
    if kind == "counts":
        return _predictive_total(fit, name, shown)
    if kind == "binary regression":
        options = {"data_type": "binary", "ci_prob": fit.level, "figure_kwargs": {"figsize": (4.6, 3.2)}}
        plot = az.plot_ppc_pava(xr.DataTree.from_dict(shown), **options)
        figure = figure_of(plot)
        draw.margins(figure, left=0.65, bottom=0.5)
        figure.axes[0].set(xlabel=f"predicted probability of {name} = 1", ylabel="observed share", title="")
        alt = f"Calibration curve of predicted probabilities of {name} = 1 with a band, against the diagonal."
        caption = (
            f"Calibrated if the diagonal stays in the {percent(fit.level)} band of the line (isotonic regression)."
        )
        return draw.image(figure, alt, caption)
    if np.issubdtype(fit.data[name].dtype, np.integer):
        return _predictive_counts(fit, name, shown)
    if kind == "points":
        features = [str(value) for value in fit.data[name].transpose("observation", ...)[fit.data[name].dims[1]].values]
        shown = {key: _by_feature(value, name, features) for key, value in shown.items()}
    else:
        features = [name]
    mark = READINGS["posterior"]
    plot = az.plot_ppc_dist(
        xr.DataTree.from_dict(shown),
        kind="kde",
        num_samples=DATA_SETS,
        visuals={"predictive_dist": {"color": mark.colour, "alpha": 0.25, "width": 0.8}, "title": {"fontsize": 9}},
        figure_kwargs={"figsize": (min(7.5, 3.5 + 2 * len(features)), 2.4)},
    )
    figure = figure_of(plot)
    draw.margins(figure, left=0.2, top=0.3, bottom=0.35)
    alt = (
        f"Density of the observed {listed(features)} (black) among {DATA_SETS} data sets from the posterior predictive."
    )
    caption = (
        f"Black: the data. Green: {DATA_SETS} data sets from the posterior predictive. The data should not stand out."
    )
    return draw.image(figure, alt, caption, "png")


def _predictive_counts(fit: Fit, name: str, groups: dict[str, xr.Dataset]) -> Image:
    """How often each count occurs, against how often it is predicted."""
    options = {"ci_prob": fit.level, "figure_kwargs": {"figsize": (6.0, 2.6)}}
    figure = figure_of(az.plot_ppc_rootogram(xr.DataTree.from_dict(groups), **options))
    draw.margins(figure, left=0.65, top=0.15, bottom=0.45)
    figure.axes[0].set(xlabel=name, title="")
    alt = f"Rootogram of {name}: observed frequencies of each count among intervals of predicted ones."
    caption = (
        "How often each count occurs, on a square-root scale: points observed, "
        f"intervals predicted ({percent(fit.level)}). The points should lie in the intervals."
    )
    return draw.image(figure, alt, caption)


def _by_feature(group: xr.Dataset, name: str, features: list[str]) -> xr.Dataset:
    """One variable per feature: each has a scale of its own."""
    dim = next(dim for dim in group[name].dims if dim not in ("chain", "draw", "observation"))
    return xr.Dataset(
        {safe(f"{name}[{label}]"): group[name].isel({dim: i}, drop=True) for i, label in enumerate(features)}
    )


def _predictive_total(fit: Fit, name: str, groups: dict[str, xr.Dataset]) -> Image:
    """Total number of successes in new data against the observed one."""
    new = groups["posterior_predictive"][name]
    totals = new.sum([dim for dim in new.dims if dim not in ("chain", "draw")]).values.ravel()
    seen = int(groups["observed_data"][name].sum())
    figure = Figure(figsize=(6.0, 2.3))
    draw.margins(figure, left=0.6, top=0.1, bottom=0.45)
    axes = figure.subplots()
    wide = int(np.ptp(totals)) > 60
    edges: Any = 30 if wide else np.arange(totals.min() - 0.5, totals.max() + 1.5)
    axes.hist(totals, bins=edges, color=READINGS["posterior"].colour, alpha=0.55, edgecolor="white")
    axes.axvline(seen, color="black", linewidth=1.5)
    axes.set(xlabel=f"{name} in all, in new data", ylabel="data sets")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    share = float(np.mean(totals >= seen))
    alt = f"Histogram of the total of {name} in {len(totals):,} new data sets; the observed total {seen:,} is a line."
    share_text = f"{number(100 * share, 100 * np.sqrt(share * (1 - share) / len(totals)))} %"
    caption = (
        f"Black line: {seen:,} observed. Of the posterior predictive data sets, {share_text} have as many or more."
    )
    return draw.image(figure, alt, caption)

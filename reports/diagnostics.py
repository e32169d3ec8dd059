"""Pictures of the posterior made by ArviZ, with the two points marked."""

from __future__ import annotations

import math
from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports import densities, draw, figures, pictures
from reports.digits import percent
from reports.draw import Image
from reports.stored import POINTS, Fit
from reports.style import NEUTRAL, PRIOR, PRIORS, READINGS
from reports.words import listed, plural

PANELS = 12  # distributions shown at most
RANKED = 6  # parameters in the rank plot
PAIRED = 4  # parameters in the pair plot
PAIR_DRAWS = 1_000
NO_TEXT: dict[str, Any] = {"point_estimate_text": False, "title": {"fontsize": 9}}


def tree(fit: Fit, prior: str, labels: list[str]) -> xr.DataTree:
    """Posterior of some elements, each under its label, with the statistics of the sampler."""
    groups = {"posterior": fit.draws(prior)[labels]}
    statistics = fit.dataset(prior, "sample_stats")
    return xr.DataTree.from_dict(groups if statistics is None else {**groups, "sample_stats": statistics})


def figure_of(collection: Any) -> Figure:
    """The matplotlib figure of a plot by ArviZ, taken away from pyplot."""
    figure: Figure = collection.viz["figure"].item()
    plt.close(figure)
    return figure


def grid(count: int, height: float = 1.75) -> tuple[int, dict[str, Any]]:
    """Columns, and figure options, for so many panels."""
    columns = min(count, 4 if count > 6 else 3)
    rows = math.ceil(count / columns)
    return columns, {"figsize": (7.5, 0.4 + max(height, 2.2 if rows == 1 else 0) * rows)}


def first(labels: list[str], most: int) -> tuple[list[str], str]:
    """The first labels, and a remark if some are left out."""
    note = f" The first {most} of {len(labels)} parameters are shown; the table has all." if len(labels) > most else ""
    return labels[:most], note


def distributions(fit: Fit) -> Image:
    """Posterior of each parameter under the default prior with the MLE and the MAP."""
    labels, note = first(fit.labels, PANELS)
    columns, options = grid(len(labels))
    mark = READINGS["posterior"]
    plot = az.plot_dist(
        tree(fit, fit.default, labels),
        kind="kde",
        ci_kind="eti",
        ci_prob=fit.level,
        point_estimate="mean",
        visuals={**NO_TEXT, "dist": {"color": mark.colour}, "credible_interval": {"color": mark.colour}, "point_estimate": {"color": mark.colour}},
        col_wrap=columns,
        figure_kwargs=options,
    )
    for label in labels:
        axes = plot.get_target(label, {})
        low, high = figures.limits(fit, fit.default, label)
        for reading in POINTS:
            value = fit.value(fit.default, label, reading)
            if low <= value <= high:
                mark = READINGS[reading]
                axes.axvline(value, color=mark.colour, linestyle=mark.line, linewidth=1.1)
                axes.plot(value, 0, marker=mark.marker, color=mark.colour, markersize=4.5, clip_on=False, zorder=5)
        axes.set_xlim(low, high)
    figure = figure_of(plot)
    draw.margins(figure, left=0.15, top=0.6, bottom=0.3, wspace=0.12, hspace=0.75)
    draw.legend(figure, [draw.handle(READINGS[reading]) for reading in (*POINTS, "posterior")], top=0.05)
    alt = f"Posterior densities of {listed(labels)} under the prior {fit.default}, with MLE, MAP and mean marked."
    caption = f"Dot and bar: posterior mean and equal-tailed {percent(fit.level)} interval.{note}"
    return draw.image(figure, alt, caption)


def priors_overlaid(fit: Fit) -> Image | None:
    """The posteriors of each parameter under all priors."""
    if len(fit.priors) < 2:
        return None
    labels, note = first(fit.labels, PANELS)
    columns, options = grid(len(labels), 1.5)
    colours, lines = _prior_looks(fit)
    plot = az.plot_dist(
        {prior: tree(fit, prior, labels) for prior in fit.priors},
        kind="kde",
        visuals={**NO_TEXT, "credible_interval": False, "point_estimate": False},
        aes={"color": ["model"], "linestyle": ["model"]},
        color=colours,
        linestyle=lines,
        col_wrap=columns,
        figure_kwargs=options,
    )
    for label in labels:
        # A flat prior may leave long tails; the axis belongs to the bulk of all of them.
        ends = [np.quantile(fit.draws(prior)[label], [0.002, 0.998]) for prior in fit.priors]
        plot.get_target(label, {}).set_xlim(min(end[0] for end in ends), max(end[1] for end in ends))
    figure = figure_of(plot)
    draw.margins(figure, left=0.15, top=0.6, bottom=0.3, wspace=0.12, hspace=0.8)
    draw.legend(figure, _prior_handles(fit), top=0.05)
    alt = f"Posterior densities of {listed(labels)} under the priors {listed(list(fit.priors))}, laid over each other."
    return draw.image(figure, alt, f"Curves that coincide: the data decide. Curves that part: the prior does.{note}")


def _prior_looks(fit: Fit) -> tuple[list[str], list[str]]:
    looks = (PRIORS * len(fit.priors))[: len(fit.priors)]
    return [colour for colour, _ in looks], [line for _, line in looks]


def _prior_handles(fit: Fit) -> list[Line2D]:
    colours, lines = _prior_looks(fit)
    return [
        Line2D([], [], color=colour, linestyle=line, label=f"prior {prior}")
        for prior, colour, line in zip(fit.priors, colours, lines, strict=True)
    ]


def forest(fit: Fit) -> Image:
    """Intervals under every prior on one scale, with the MLE and the default prior's MAP."""
    mean = {label: fit.value(fit.default, label, "posterior") for label in fit.labels}
    sd = {label: fit.value(fit.default, label, "posterior", "sd") for label in fit.labels}
    scaled = {}
    for prior in fit.priors:
        draws = fit.draws(prior)
        scaled[prior] = xr.DataTree.from_dict(
            {"posterior": xr.Dataset({label: (draws[label] - mean[label]) / sd[label] for label in fit.labels})}
        )
    many = len(scaled) > 1
    colours, _ = _prior_looks(fit)
    plot = az.plot_forest(
        scaled if many else scaled[fit.default],
        combined=True,
        ci_kind="eti",
        ci_probs=(0.5, fit.level),
        point_estimate="mean",
        figure_kwargs={"figsize": (7.5, 1.0 + 0.3 * max(3, len(fit.labels))), "width_ratios": [1, 4]},
        **({"color": colours} if many else {}),
    )
    axes = plot.get_target(fit.labels[0], {"column": "forest"})
    heights = plot.get_aes_as_dataset("y")
    for label in fit.labels:
        height = float(np.mean(heights[label].values))
        for reading in POINTS:
            value = (fit.value(fit.default, label, reading) - mean[label]) / sd[label]
            if abs(value) <= figures.REACH:
                mark = READINGS[reading]
                axes.plot(value, height, marker=mark.marker, color=mark.colour, markersize=4.5, zorder=6, linestyle="")
    axes.axvline(0, color=NEUTRAL, linewidth=0.7, zorder=0)
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, -2 * figures.REACH), min(high, 2 * figures.REACH))
    axes.set_xlabel(f"sd of the posterior under the prior {fit.default}, from its mean")
    figure = figure_of(plot)
    plot.get_target(fit.labels[0], {"column": "labels"}).set_axis_off()
    draw.margins(figure, left=0.1, top=0.55, bottom=0.5, wspace=0.02)
    points = [draw.handle(READINGS[reading], line=False) for reading in POINTS]
    draw.legend(figure, [*(_prior_handles(fit) if many else []), *points], top=0.05)
    alt = f"Forest plot of {plural(len(fit.labels), 'parameter')} under the priors {listed(list(fit.priors))}."
    caption = (
        f"Thin lines: equal-tailed {percent(fit.level)} intervals; thick: 50 %; circles: means. All in standard deviations of the "
        f"posterior under the prior {fit.default}, from its mean; the MAP marked is that of this prior."
    )
    return draw.image(figure, alt, caption)


def rank(fit: Fit) -> Image:
    """Ranks of the draws of each chain, for the parameters that mixed worst."""
    table = fit.table[(fit.table["prior"] == fit.default) & (fit.table["reading"] == "posterior")]
    worst = list(table.sort_values("r_hat", ascending=False, kind="stable")["parameter"][:RANKED])
    # The envelope supposes independent draws: thin to the effective sample size first.
    thinned = xr.DataTree.from_dict({"posterior": az.thin(fit.draws(fit.default)[worst])})
    columns, options = grid(len(worst), 1.6)
    plot = az.plot_rank(thinned, visuals={"title": {"fontsize": 9}}, col_wrap=columns, figure_kwargs=options)
    figure = figure_of(plot)
    for axes in figure.axes:
        axes.set_xlabel("")
    draw.margins(figure, left=0.15, top=0.3, bottom=0.3, wspace=0.12, hspace=0.75)
    draws = thinned["posterior"].sizes["draw"]
    alt = f"Rank plots of {listed(worst)}: one line per chain around zero."
    caption = (
        f"One line per chain, {draws:,} thinned draws each; chains that explore the same distribution stay near zero. "
        "p is the probability of a departure as large, if they do."
    )
    if len(fit.labels) > len(worst):
        caption += f" Shown are the {len(worst)} of {len(fit.labels)} parameters with the largest R-hat."
    return draw.image(figure, alt, caption, "png")


def pair(fit: Fit) -> Image | None:
    """Draws of pairs of parameters: those that are most correlated."""
    if len(fit.labels) < 2:
        return None
    draws = fit.draws(fit.default)
    chosen = _correlated(draws)
    step = max(1, draws.sizes["chain"] * draws.sizes["draw"] // PAIR_DRAWS)
    shown = tree(fit, fit.default, chosen)
    shown = xr.DataTree.from_dict(
        {name: group.to_dataset().isel(draw=slice(None, None, step)) for name, group in shown.children.items()}
    )
    side = 1.75 * len(chosen)
    colour = READINGS["posterior"].colour
    plot = az.plot_pair(
        shown,
        visuals={"scatter": {"color": colour, "alpha": 0.35, "s": 4}, "dist": {"color": colour}},
        figure_kwargs={"figsize": (min(7.5, side + 1), min(6.5, side))},
    )
    figure = figure_of(plot)
    draw.margins(figure, left=0.75, top=0.1, bottom=0.55, wspace=0.15, hspace=0.15)
    strongest = _strongest(draws[chosen])
    alt = f"Scatter plots of pairs of {listed(chosen)} from the posterior under the prior {fit.default}."
    caption = f"Strongest correlation shown: {strongest[2]:.2f}, between {strongest[0]} and {strongest[1]}."
    if len(chosen) < len(fit.labels):
        caption += f" The {len(chosen)} of {len(fit.labels)} parameters with the strongest correlations."
    return draw.image(figure, alt, caption, "png")


def _correlations(draws: xr.Dataset) -> np.ndarray:
    return np.corrcoef([draws[label].values.ravel() for label in draws.data_vars])


def _correlated(draws: xr.Dataset) -> list[str]:
    """Labels of the parameters with the strongest correlations, in the order of the table."""
    labels = [str(label) for label in draws.data_vars]
    strength = np.abs(_correlations(draws)) - np.eye(len(labels))
    best = np.argsort(-np.nan_to_num(strength).max(axis=1), kind="stable")[:PAIRED]
    return [labels[index] for index in sorted(best)]


def _strongest(draws: xr.Dataset) -> tuple[str, str, float]:
    labels = [str(label) for label in draws.data_vars]
    correlation = np.nan_to_num(_correlations(draws)) - np.eye(len(labels))
    i, j = np.unravel_index(np.argmax(np.abs(correlation)), correlation.shape)
    return labels[min(i, j)], labels[max(i, j)], float(correlation[i, j])


def prior_posterior(fit: Fit) -> Image | None:
    """Draws of the prior beside the posterior, if the prior is proper."""
    if fit.dataset(fit.default, "prior") is None:
        return None
    labels, note = first(fit.labels, PANELS)
    columns, options = grid(len(labels), 1.5)
    shown = xr.DataTree.from_dict(
        {"posterior": fit.draws(fit.default)[labels], "prior": fit.draws(fit.default, "prior")[labels]}
    )
    plot = az.plot_prior_posterior(
        shown,
        kind="kde",
        visuals={"title": {"fontsize": 9}},
        color=[PRIOR.colour, READINGS["posterior"].colour],
        col_wrap=columns,
        figure_kwargs=options,
    )
    figure = figure_of(plot)
    for old in list(figure.legends):
        old.remove()
    draw.margins(figure, left=0.15, top=0.6, bottom=0.3, wspace=0.12, hspace=0.8)
    keys = [Line2D([], [], color=PRIOR.colour, label="prior"), Line2D([], [], color=READINGS["posterior"].colour, label="posterior")]
    draw.legend(figure, keys, top=0.05)
    alt = f"Densities of prior and posterior draws of {listed(labels)} under the prior {fit.default}."
    return draw.image(figure, alt, f"How much narrower than the prior is the posterior? Kernel estimates of draws.{note}")


def energy(fit: Fit) -> Image:
    """Energy of the sampler."""
    plot = az.plot_energy(tree(fit, fit.default, fit.labels[:1]), figure_kwargs={"figsize": (6.0, 2.2)})
    figure = figure_of(plot)
    lowest = float(np.min(az.bfmi(tree(fit, fit.default, fit.labels[:1])["sample_stats"]["energy"].values)))
    alt = f"Marginal and transition energy of the sampler; lowest BFMI {lowest:.2f}."
    caption = f"The two energy distributions should look alike. Lowest BFMI over the chains: {lowest:.2f}."
    return draw.image(figure, alt, caption, "png")


def predictive(fit: Fit) -> Image:
    """Posterior predictive check that suits the outcome."""
    name, kind = pictures.outcome(fit), pictures.shape(fit)
    groups = {key: fit.dataset(fit.default, key) for key in ("posterior_predictive", "observed_data")}
    shown = {key: value for key, value in groups.items() if value is not None}
    if kind == "counts":
        return _predictive_total(fit, name, shown)
    if kind == "binary regression":
        plot = az.plot_ppc_pava(xr.DataTree.from_dict(shown), data_type="binary", ci_prob=fit.level, figure_kwargs={"figsize": (4.6, 3.2)})
        figure = figure_of(plot)
        draw.margins(figure, left=0.65, bottom=0.5)
        figure.axes[0].set(xlabel=f"predicted probability of {name} = 1", ylabel="observed share", title="")
        alt = f"Calibration curve of predicted probabilities of {name} = 1 with a band, against the diagonal."
        caption = f"Calibrated if the line stays in the {percent(fit.level)} band around the diagonal (isotonic regression)."
        return draw.image(figure, alt, caption)
    if kind == "points":
        features = [str(value) for value in fit.data[name].transpose("observation", ...)[fit.data[name].dims[1]].values]
        shown = {key: _by_feature(value, name, features) for key, value in shown.items()}
    else:
        features = [name]
    mark = READINGS["posterior"]
    plot = az.plot_ppc_dist(
        xr.DataTree.from_dict(shown),
        kind="kde",
        num_samples=30,
        visuals={"predictive_dist": {"color": mark.colour, "alpha": 0.25, "width": 0.8}, "title": {"fontsize": 9}},
        figure_kwargs={"figsize": (min(7.5, 3.5 + 2 * len(features)), 2.4)},
    )
    figure = figure_of(plot)
    draw.margins(figure, left=0.2, top=0.3, bottom=0.35)
    alt = f"Density of the observed {listed(features)} (black) among thirty data sets drawn from the posterior predictive."
    return draw.image(figure, alt, "Black: the data. Green: 30 data sets from the posterior predictive. The data should not stand out.", "png")


def _by_feature(group: xr.Dataset, name: str, features: list[str]) -> xr.Dataset:
    """One variable per feature: each has a scale of its own."""
    dim = next(dim for dim in group[name].dims if dim not in ("chain", "draw", "observation"))
    return xr.Dataset({f"{name}[{feature}]": group[name].isel({dim: i}, drop=True) for i, feature in enumerate(features)})


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
    share = float(np.mean(totals >= seen))
    alt = f"Histogram of the total of {name} in {len(totals):,} new data sets, with the observed total {seen:,} as a line."
    caption = f"Black line: {seen:,} observed. {percent(round(share, 3))} of the data sets from the posterior predictive have at least as many."
    return draw.image(figure, alt, caption)

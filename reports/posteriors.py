"""Pictures of the posterior by ArviZ, with the two points marked."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

from comparisons.digits import percent
from reports import draw, figures
from reports.draw import Image
from reports.panels import figure_of, first, grid, named, prior_handles, prior_looks, safe, tree
from reports.stored import POINTS, Array, Fit
from reports.style import NEUTRAL, PRIOR, READINGS
from reports.words import listed, plural

PANELS = 8  # distributions shown at most
OVERLAID = 6  # parameters compared between priors, and with the prior, at most
PAIRED = 3  # parameters in the pair plot
PAIR_DRAWS = 1_000
SAME = 0.999  # parameters more correlated than this are one parameter said twice, such as two weights
COLOURED = ("dist", "credible_interval", "point_estimate")
TITLE: dict[str, Any] = {"title": {"fontsize": 9}}


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
        visuals={**TITLE, "point_estimate_text": False, **{visual: {"color": mark.colour} for visual in COLOURED}},
        col_wrap=columns,
        figure_kwargs=options,
    )
    for label in labels:
        axes = plot.get_target(safe(label), {})
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
    means = {label: [fit.value(prior, label, "posterior") for prior in fit.priors] for label in fit.labels}
    moved = [-float(np.ptp(means[label])) / fit.value(fit.default, label, "posterior", "sd") for label in fit.labels]
    labels, note = first(fit.labels, OVERLAID, "most different", moved)
    columns, options = grid(len(labels), 1.5)
    colours, lines = prior_looks(fit)
    plot = az.plot_dist(
        {prior: tree(fit, prior, labels) for prior in fit.priors},
        kind="kde",
        visuals={**TITLE, "point_estimate_text": False, "credible_interval": False, "point_estimate": False},
        aes={"color": ["model"], "linestyle": ["model"]},
        color=colours,
        linestyle=lines,
        col_wrap=columns,
        figure_kwargs=options,
    )
    for label in labels:
        # A flat prior may leave long tails; the axis belongs to the bulk of all of them.
        ends = [np.quantile(fit.draws(prior)[label], [0.002, 0.998]) for prior in fit.priors]
        plot.get_target(safe(label), {}).set_xlim(min(end[0] for end in ends), max(end[1] for end in ends))
    figure = figure_of(plot)
    draw.margins(figure, left=0.15, top=0.6, bottom=0.3, wspace=0.12, hspace=0.8)
    draw.legend(figure, prior_handles(fit), top=0.05)
    alt = f"Posterior densities of {listed(labels)} under the priors {listed(list(fit.priors))}, laid over each other."
    return draw.image(figure, alt, f"Curves that coincide: the data decide. Curves that part: the prior does.{note}")


def forest(fit: Fit) -> Image:
    """Intervals under every prior on one scale, with the MLE and the default prior's MAP."""
    mean = {label: fit.value(fit.default, label, "posterior") for label in fit.labels}
    sd = {label: fit.value(fit.default, label, "posterior", "sd") for label in fit.labels}
    scaled = {}
    for prior in fit.priors:
        draws = fit.draws(prior)
        scaled[prior] = xr.DataTree.from_dict(
            {"posterior": xr.Dataset({safe(label): (draws[label] - mean[label]) / sd[label] for label in fit.labels})}
        )
    many = len(scaled) > 1
    ratios = [0.25 + 0.085 * max(map(len, fit.labels)), 5.5]
    colours, _ = prior_looks(fit)
    plot = az.plot_forest(
        scaled if many else scaled[fit.default],
        combined=True,
        ci_kind="eti",
        ci_probs=(0.5, fit.level),
        point_estimate="mean",
        figure_kwargs={
            "figsize": (7.5, 1.0 + 0.3 * max(3, len(fit.labels))),
            "width_ratios": ratios,
        },
        **({"color": colours} if many else {}),
    )
    axes = plot.get_target(safe(fit.labels[0]), {"column": "forest"})
    heights = plot.get_aes_as_dataset("y")
    for label in fit.labels:
        height = float(np.mean(heights[safe(label)].values))
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
    plot.get_target(safe(fit.labels[0]), {"column": "labels"}).set_axis_off()
    draw.margins(figure, left=0.1, top=0.55, bottom=0.5, wspace=0.02)
    points = [draw.handle(READINGS[reading], line=False) for reading in POINTS]
    draw.legend(figure, [*(prior_handles(fit) if many else []), *points], top=0.05)
    alt = f"Forest plot of {plural(len(fit.labels), 'parameter')} under the priors {listed(list(fit.priors))}."
    caption = (
        f"Thin lines: equal-tailed {percent(fit.level)} intervals; thick: 50 %; circles: means. In "
        f"standard deviations of the posterior under the prior {fit.default}, from its mean. "
        f"Square and triangle, the MLE and the MAP under {fit.default}, belong to none of the lines."
    )
    return draw.image(figure, alt, caption)


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
    for i, y in enumerate(chosen):
        for x in chosen[:i]:
            axes = plot.get_target(safe(x), {}, safe(y), {})
            axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # those of the draws
            for reading in POINTS:
                at, mark = [fit.value(fit.default, label, reading) for label in (x, y)], READINGS[reading]
                axes.plot(
                    *at, marker=mark.marker, color=mark.colour, markersize=6, linestyle="", markeredgecolor="white"
                )
    figure = figure_of(plot)
    draw.margins(figure, left=0.75, top=0.35, bottom=0.55, wspace=0.15, hspace=0.15)
    draw.legend(figure, [draw.handle(READINGS[reading], line=False) for reading in POINTS], top=0.05)
    strongest = _strongest(draws[chosen])
    alt = f"Scatter plots of pairs of {listed(chosen)} from the posterior under the prior {fit.default}."
    caption = f"Strongest correlation shown: {strongest[2]:.2f}, between {strongest[0]} and {strongest[1]}."
    if len(chosen) < len(fit.labels):
        caption += f" Shown are the {len(chosen)} of {len(fit.labels)} parameters with the strongest correlations."
    return draw.image(figure, alt, caption, "png")


def _correlations(draws: xr.Dataset) -> Array:
    """Correlations, without those of one parameter with itself or with its mirror image."""
    found: Array = np.nan_to_num(np.corrcoef([draws[label].values.ravel() for label in draws.data_vars]))
    return np.where(np.abs(found) > SAME, 0.0, found)


def _correlated(draws: xr.Dataset) -> list[str]:
    """Labels of the parameters with the strongest correlations, in the order of the table."""
    labels = [str(label) for label in draws.data_vars]
    best = np.argsort(-np.abs(_correlations(draws)).max(axis=1), kind="stable")[:PAIRED]
    return [labels[index] for index in sorted(best)]


def _strongest(draws: xr.Dataset) -> tuple[str, str, float]:
    labels = [str(label) for label in draws.data_vars]
    correlation = _correlations(draws)
    i, j = np.unravel_index(np.argmax(np.abs(correlation)), correlation.shape)
    return labels[min(i, j)], labels[max(i, j)], float(correlation[i, j])


def prior_posterior(fit: Fit) -> Image | None:
    """Draws of the prior beside the posterior, if the prior is proper."""
    if fit.dataset(fit.default, "prior") is None:
        return None
    before, after = fit.draws(fit.default, "prior"), fit.draws(fit.default)
    learnt = [-float(after[label].std() / before[label].std()) for label in fit.labels]
    labels, note = first(fit.labels, OVERLAID, "least narrowed", learnt)
    columns, options = grid(len(labels), 1.5)
    shown = xr.DataTree.from_dict({"posterior": named(after[labels]), "prior": named(before[labels])})
    plot = az.plot_prior_posterior(
        shown,
        kind="kde",
        visuals=TITLE,
        color=[PRIOR.colour, READINGS["posterior"].colour],
        col_wrap=columns,
        figure_kwargs=options,
    )
    figure = figure_of(plot)
    for old in list(figure.legends):
        old.remove()
    draw.margins(figure, left=0.15, top=0.6, bottom=0.3, wspace=0.12, hspace=0.8)
    looks = {"prior": PRIOR.colour, "posterior": READINGS["posterior"].colour}
    keys = [Line2D([], [], color=colour, label=name) for name, colour in looks.items()]
    draw.legend(figure, keys, top=0.05)
    alt = f"Densities of prior and posterior draws of {listed(labels)} under the prior {fit.default}."
    caption = f"How much narrower than the prior is the posterior? Kernel estimates of draws.{note}"
    return draw.image(figure, alt, caption)

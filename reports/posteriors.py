"""Pictures of the posterior by ArviZ, with the two points marked."""

from __future__ import annotations

import arviz as az
import numpy as np
import xarray as xr

from comparisons.digits import percent
from reports import draw, figures
from reports.draw import Image
from reports.panels import figure_of, prior_handles, prior_looks, safe, tree
from reports.stored import POINTS, Array, Fit
from reports.style import NEUTRAL, READINGS
from reports.words import listed, plural

PAIRED = 3  # parameters in the pair plot
PAIR_DRAWS = 1_000
SAME = 0.999  # parameters more correlated than this are one parameter said twice, such as two weights


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

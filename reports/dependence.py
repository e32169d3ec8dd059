"""How parameters hang together in the posterior: draws of pairs, by ArviZ, with the two points marked."""

from __future__ import annotations

import arviz as az
import numpy as np
import xarray as xr

from comparisons.digits import plain
from reports import draw
from reports.draw import Image
from reports.panels import figure_of, safe, tree
from reports.stored import POINTS, Array, Fit
from reports.style import READINGS
from reports.words import listed

PAIRED = 3  # parameters in the pair plot
PAIR_DRAWS = 1_000
SAME = 0.999  # parameters more correlated than this are one parameter said twice, such as two weights


def pairs(fit: Fit) -> Image | None:
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
    caption = f"Strongest correlation shown: {plain(f'{strongest[2]:.2f}')}, between {strongest[0]} and {strongest[1]}."
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

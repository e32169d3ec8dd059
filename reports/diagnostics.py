"""Pictures of the sampler by ArviZ."""

from __future__ import annotations

import math

import arviz as az
import numpy as np
import xarray as xr

from reports import draw
from reports.draw import Image
from reports.panels import figure_of, grid, named, tree
from reports.stored import Fit
from reports.words import listed

RANKED = 4  # parameters in the rank plot
RANKED_DRAWS = 250  # of each chain in it, at most: the exact test of its lines takes the square of their number


def rank(fit: Fit) -> Image:
    """Ranks of the draws of each chain, for the parameters that mixed worst."""
    table = fit.table[(fit.table["prior"] == fit.default) & (fit.table["reading"] == "posterior")]
    worst = list(table.sort_values("r_hat", ascending=False, kind="stable")["parameter"][:RANKED])
    # The envelope supposes independent draws: thin to the effective sample size first.
    independent = az.thin(fit.draws(fit.default)[worst])
    step = math.ceil(independent.sizes["draw"] / RANKED_DRAWS)
    thinned = xr.DataTree.from_dict({"posterior": named(independent.isel(draw=slice(None, None, step)))})
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
        "p is the probability of a departure as large if they do."
    )
    if len(fit.labels) > len(worst):
        caption += (
            f" Shown are the {len(worst)} of {len(fit.labels)} parameters with the largest R-hat: being picked, they "
        )
        caption += "have a small p more often than p says. The checks decide."
    return draw.image(figure, alt, caption, "png")


def energy(fit: Fit) -> Image:
    """Energy of the sampler."""
    plot = az.plot_energy(tree(fit, fit.default, fit.labels[:1]), figure_kwargs={"figsize": (6.0, 2.2)})
    figure = figure_of(plot)
    figure.axes[0].set_yticks(range(len(fit.draws(fit.default)["chain"])))
    lowest = float(np.min(az.bfmi(tree(fit, fit.default, fit.labels[:1])["sample_stats"]["energy"].values)))
    alt = f"Marginal and transition energy of the sampler; lowest BFMI {lowest:.2f}."
    caption = f"The two energy distributions should look alike. Lowest BFMI over the chains: {lowest:.2f}."
    return draw.image(figure, alt, caption, "png")

"""How to read the plots: every kind of plot of the pages, good beside bad, from draws with planted faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import arviz as az
import matplotlib
import numpy as np
import xarray as xr
from markupsafe import Markup
from numpy.typing import NDArray

from comparisons.digits import significant
from reports import draw, glossary, planted, style
from reports.draw import Image
from reports.panels import figure_of
from reports.stored import Array
from reports.style import READINGS
from reports.templating import environment

LEVEL = 0.95
GREEN = READINGS["posterior"].colour
TITLE: dict[str, Any] = {"title": {"fontsize": 9}}


@dataclass(frozen=True)
class Lesson:
    """One kind of plot: what it shows, what to see, and what bad looks like."""

    key: str
    title: str
    shows: str
    good: str
    bad: str
    images: list[Image]


def dataset(values: Mapping[str, NDArray[Any]]) -> xr.Dataset:
    """Draws, (chain, draw), by name."""
    shape = next(iter(values.values())).shape
    coords = {dim: np.arange(size) for dim, size in zip(("chain", "draw"), shape, strict=True)}
    return xr.Dataset({name: (("chain", "draw"), value) for name, value in values.items()}, coords=coords)


def tree(values: dict[str, Array], **groups: xr.Dataset) -> xr.DataTree:
    """Draws as ArviZ expects them."""
    return xr.DataTree.from_dict({"posterior": dataset(values), **groups})


def numbers(values: dict[str, Array]) -> str:
    """R-hat and effective sample size of each, in a sentence."""
    told = [f"{name} {float(az.rhat(value)):.3f} and {float(az.ess(value)):,.0f}" for name, value in values.items()]
    return f"R-hat and effective sample size: {'; '.join(told)}."


def lessons() -> list[Lesson]:
    """All kinds of plots, each with its images."""
    rng = np.random.default_rng(planted.SEED)
    chains, shapes = planted.chains(rng), planted.shapes(rng)
    (funnel, diverging), predictive, places = planted.funnel(rng), planted.predictive(rng), planted.places(rng)
    return [
        _density(shapes),
        _forest(chains),
        _trace(chains),
        _rank(chains),
        _pair(funnel, diverging),
        _predictive(predictive),
        _ecdf(places),
    ]


def _density(shapes: dict[str, Array]) -> Lesson:
    plot = az.plot_dist(
        tree(shapes),
        kind="hist",
        ci_kind="eti",
        ci_prob=LEVEL,
        point_estimate="mean",
        visuals={
            **TITLE,
            "point_estimate_text": False,
            "face": {"color": GREEN, "alpha": 0.4},
            "dist": {"color": GREEN},
        },
        col_wrap=4,
        figure_kwargs={"figsize": (7.5, 2.1)},
    )
    figure = figure_of(plot)
    draw.margins(figure, left=0.15, top=0.3, bottom=0.3, wspace=0.12)
    two = shapes["two peaks"]
    near = float((np.abs(two - two.mean()) < 0.5).mean())
    mean, median = float(shapes["long tail"].mean()), float(np.median(shapes["long tail"]))
    return Lesson(
        "density",
        "A posterior density",
        "How plausible each value is after the data; below it the mean and the 95 % interval, with as much beyond "
        "either end.",
        "One hill, with mean and interval where most of it is. A long tail is no fault: it says that the mean "
        f"({significant(mean, 3)} here) lies beyond the median ({significant(median, 3)}), and that mode, median and "
        "mean answer different questions.",
        f"Two hills: the mean lies in the valley, with {100 * near:.0f} % of the draws within half a unit of it, and "
        "no single number sums this up. A hill cut off at a boundary: the mode lies on the edge, a Wald or Laplace "
        "interval would reach beyond it, and a smooth curve would too.",
        [
            draw.image(
                figure,
                "Four densities: one peak, a long tail, two peaks, cut off at zero.",
                "Two fine, two to think about.",
                "png",
            )
        ],
    )


def _forest(chains: dict[str, Array]) -> Lesson:
    chosen = {name: chains[name] for name in ("healthy", "shifted")}
    plot = az.plot_forest(
        tree(chosen), combined=False, ci_kind="eti", ci_probs=(0.5, LEVEL), figure_kwargs={"figsize": (6.0, 2.3)}
    )
    figure = figure_of(plot)
    axes = plot.get_target("healthy", {"column": "labels"})
    axes.tick_params(bottom=False, labelbottom=False)
    axes.spines["bottom"].set_visible(False)
    draw.margins(figure, left=0.1, top=0.1, bottom=0.3, wspace=0.02)
    return Lesson(
        "forest",
        "A forest plot",
        "Intervals under one another, the thick part holding half of the posterior, the thin 95 %. Here one line per "
        "chain; on the pages one line per parameter or prior.",
        "All chains of a parameter have nearly the same point and interval. Between parameters, intervals of "
        "different place and length are what was learned.",
        "One chain elsewhere: the four do not speak of the same distribution, and their average is no posterior. And "
        "a caution: two overlapping intervals do not prove two parameters equal; look at their difference.",
        [
            draw.image(
                figure,
                "Intervals of four healthy chains, and of four chains one of which is shifted.",
                "One line per chain.",
                "png",
            )
        ],
    )


def _trace(chains: dict[str, Array]) -> Lesson:
    plot = az.plot_trace(
        tree(chains),
        visuals={**TITLE, "ticklabels": {"size": 7}, "xlabel": False},
        col_wrap=2,
        figure_kwargs={"figsize": (7.5, 3.4)},
    )
    figure = figure_of(plot)
    draw.margins(figure, left=0.45, top=0.3, bottom=0.3, wspace=0.16, hspace=0.6)
    return Lesson(
        "trace",
        "A trace plot",
        "The draws of each chain in the order in which they came.",
        "A flat band of noise in which the chains cannot be told apart.",
        "Slow waves: the chain remembers long, and its draws are worth few. A flat stretch: the chain is stuck. One "
        "colour above the others: that chain is in another place.",
        [draw.image(figure, "Traces of healthy, slow, stuck and shifted chains.", numbers(chains), "png")],
    )


def _row(plot: Any, alt: str, caption: str, left: float, wspace: float) -> Image:
    """Panels side by side, whose axes need no names of their own."""
    figure = figure_of(plot)
    for axes in figure.axes:
        axes.set_xlabel("")
    draw.margins(figure, left=left, top=0.3, bottom=0.3, wspace=wspace)
    return draw.image(figure, alt, caption, "png")


def _rank(chains: dict[str, Array]) -> Lesson:
    chosen = {name: chains[name] for name in ("healthy", "stuck", "shifted")}
    # The band supposes independent draws.
    plot = az.plot_rank(
        xr.DataTree.from_dict({"posterior": dataset(chosen).isel(draw=slice(None, None, 4))}),
        visuals=TITLE,
        col_wrap=3,
        figure_kwargs={"figsize": (7.5, 2.2)},
    )
    alt = "Rank plots of healthy, stuck and shifted chains."
    return Lesson(
        "rank",
        "A rank plot",
        "For each chain, how the ranks of its draws among all draws differ from uniform ones, with p, the probability "
        "of a departure as large by chance. That supposes independent draws, which are therefore thinned first.",
        "Every line stays near zero, and p is not small.",
        "A line far from zero, thick where chance does not explain it: that chain has too many low or high values. A "
        "large arch: it is shifted. A step: it stood still at one value.",
        [_row(plot, alt, "Every fourth draw of 500.", left=0.15, wspace=0.12)],
    )


def _pair(funnel: dict[str, Array], diverging: NDArray[np.bool_]) -> Lesson:
    images = []
    for names, bad in ((("log scale, free", "effect per scale"), False), (("log scale", "effect"), True)):
        statistics = dataset({"diverging": diverging & bad})
        plot = az.plot_pair(
            tree({name: funnel[name] for name in names}, sample_stats=statistics),
            visuals={
                "scatter": {"color": GREEN, "alpha": 0.35, "s": 4},
                "dist": {"color": GREEN},
                "divergence": {"color": "#B3003C", "s": 9} if bad else False,
            },
            figure_kwargs={"figsize": (3.7, 3.2)},
        )
        caption = (
            f"{int(diverging.sum())} divergences, all in the neck." if bad else "The same model, written otherwise."
        )
        seen = "a funnel with divergences at its neck" if bad else "a round cloud"
        alt = f"Scatter of {names[1]} against {names[0]}, {seen}."
        figure = figure_of(plot)
        draw.margins(figure, left=0.65, top=0.1, bottom=0.5, wspace=0.4, hspace=0.3)
        images.append(draw.image(figure, alt, caption, "png"))
    return Lesson(
        "pair",
        "A pair plot",
        "Draws of two parameters together, which their intervals do not show.",
        "A round or slanted cloud. A slanted one is no fault: the two are known better together than each alone.",
        "A funnel, with divergent transitions (red) at its neck: there the sampler turned back, the neck is missing "
        "from the draws, and everything computed from them is off. R-hat does not see it "
        f"({float(az.rhat(funnel['log scale'])):.3f} here). Write the model with the "
        "effect in units of its scale, and the cloud is round. A banana or two clouds are warnings too: a Laplace "
        "interval knows neither.",
        images,
    )


def _predictive(trees: dict[str, xr.DataTree]) -> Lesson:
    images = []
    for name, one in trees.items():
        plot = az.plot_ppc_dist(
            one,
            kind="kde",
            num_samples=40,
            visuals={"predictive_dist": {"color": GREEN, "alpha": 0.25, "width": 0.8}, "title": False},
            figure_kwargs={"figsize": (3.7, 2.3)},
        )
        figure = figure_of(plot)
        draw.margins(figure, left=0.2, top=0.15, bottom=0.35)
        images.append(
            draw.image(
                figure,
                f"Densities of predicted data sets around that of the data: {name}.",
                f"{name[0].upper()}{name[1:]}.",
                "png",
            )
        )
    below = float((trees["wrong shape"]["posterior_predictive"].to_dataset()["y"].values < 0).mean())
    return Lesson(
        "ppc",
        "A predictive check",
        "Data sets drawn from the posterior predictive (thin) around the data (thick).",
        "The data could be one of the drawn sets: peak, width and tails lie among theirs.",
        f"The thick line leaves the bundle: here a normal model predicts {100 * below:.0f} % negative values for data "
        "that have none. Same mean, same sd, wrong shape. That a check passes says little of what it does not look "
        "at.",
        images,
    )


def _ecdf(places: dict[str, Array]) -> Lesson:
    values = {name: value[None] for name, value in places.items()}
    plot = az.plot_ecdf_pit(
        xr.DataTree.from_dict({"prior_sbc": dataset(values)}),
        visuals=TITLE,
        col_wrap=4,
        figure_kwargs={"figsize": (7.5, 2.1)},
    )
    alt = "Differences of the ECDF from uniform: calibrated, too narrow, too wide, too low."
    return Lesson(
        "ecdf",
        "An ECDF of places",
        "Where truths fell in their posteriors (SBC), or data in their leave-one-out predictions (LOO-PIT): the "
        "cumulated share of places, less what a uniform distribution has.",
        "The line stays near zero, and p, the probability of a departure as large by chance, is not small.",
        "The line is thick where chance does not explain it. First above, then below: truths at both ends, the "
        "posteriors are too narrow. First below, then above: too wide. All below: truths are too often high, the "
        "posteriors are too low; all above: too high.",
        [_row(plot, alt, f"{planted.SIMULATIONS} places each.", left=0.5, wspace=0.3)],
    )


def render(digest: str) -> str:
    """Render the page."""
    with matplotlib.rc_context(rc=style.rc()):
        found = lessons()
    html = environment().get_template("reading.html.j2").render(lessons=found, digest=digest)
    return str(glossary.link(Markup(html)))

"""The pictures that only this project needs: the headline, its thumbnail, and how far the readings lie apart."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from comparisons.digits import percent
from reports import densities, draw, words
from reports.draw import Image
from reports.stored import POINTS, Fit
from reports.style import LIKELIHOOD, NEUTRAL, PALE, PRIOR, READINGS, SHORT, TRUTH

SMALL = 6  # elements up to which the headline shows densities
CURVE = 120  # of a density
REACH = 6.0  # posterior standard deviations shown on either side, at most
EDGE = 0.06  # of a thumbnail: no numbers so near to its sides
ORDER = ("mle", "map", "posterior")


def headline(fit: Fit) -> Image:
    """Prior, likelihood, posterior and the three readings with their intervals, under the default prior."""
    count = len(fit.labels)
    seen = words.readings_sentence(fit, fit.default)
    kinds = words.interval_kinds(fit, fit.default)
    if count <= SMALL:
        figure = _density_figure(fit)
        alt = f"Densities of {words.listed(fit.labels)} under the prior {fit.default}, with intervals below. {seen}"
        caption = (
            f"Above: densities under the prior {fit.default}. Below: three {percent(fit.level)} intervals ({kinds})."
        )
        return draw.image(figure, alt, caption)
    height = 0.75 + 0.27 * count
    figure = Figure(figsize=(7.5, height))
    draw.margins(figure, left=1.7, top=0.35, bottom=0.5)
    _ladders(figure.subplots(), fit, fit.labels)
    draw.legend(figure, [draw.handle(READINGS[reading]) for reading in ORDER] + _truth_handle(fit))
    alt = f"Intervals of {count} parameters under the prior {fit.default}, each with three readings. {seen}"
    caption = (
        f"The three {percent(fit.level)} intervals ({kinds}) of every parameter under the prior {fit.default}, "
        "measured from the posterior mean in posterior standard deviations."
    )
    return draw.image(figure, alt, caption)


def shows_prior(fit: Fit) -> bool:
    """Whether the headline shows a prior density."""
    return len(fit.labels) <= SMALL and bool(densities.prior_densities(fit, fit.default))


def thumbnail(fit: Fit) -> str:
    """Small version of the headline, an SVG document."""
    figure = Figure(figsize=(2.6, 1.7))
    draw.margins(figure, left=0.08, right=0.08, top=0.24, bottom=0.28)
    axes = figure.subplots()
    if len(fit.labels) <= SMALL:
        # The parameter whose readings lie farthest apart tells most.
        gaps = [gap for reading in POINTS if (gap := words.largest(fit.gaps(fit.default), reading)) is not None]
        label = max(gaps, key=lambda gap: abs(gap[1]))[0] if gaps else fit.labels[0]
        _density(axes, fit, label, small=True)
        axes.set_xlabel("")
        axes.set_title(label, fontsize=8, loc="left", pad=3)
    else:
        _ladders(axes, fit, fit.labels[:8])
        axes.set_xlabel("")
        axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=6.5)
    low, high = axes.get_xlim()
    edge = EDGE * (high - low)  # a number nearer to it would be cut off
    axes.set_xticks([tick for tick in axes.get_xticks() if low + edge <= tick <= high - edge])
    return draw.svg_text(figure)


def _density_figure(fit: Fit) -> Figure:
    count = len(fit.labels)
    columns = min(count, 2)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(7.5, 0.7 + 3.1 * rows))
    draw.margins(figure, left=0.85, top=0.75, bottom=0.35, wspace=0.35, hspace=0.45)
    outer = figure.add_gridspec(rows, columns)
    for position, label in enumerate(fit.labels):
        inner = outer[divmod(position, columns)].subgridspec(2, 1, height_ratios=(2.3, 1), hspace=0.05)
        above = figure.add_subplot(inner[0])
        below = figure.add_subplot(inner[1], sharex=above)
        _density(above, fit, label)
        above.set_title(label, loc="left")
        above.tick_params(labelbottom=False, bottom=False)
        above.set_ylabel("density" if position % columns == 0 else "")
        _ladder(below, fit, label)
    handles = [Line2D([], [], color=READINGS["posterior"].colour, label="posterior density")]
    handles += [draw.handle(PRIOR)] if densities.prior_densities(fit, fit.default) else []
    handles += [draw.handle(LIKELIHOOD)] if count == 1 else []
    handles += [draw.handle(READINGS[reading], line=False) for reading in ORDER] + _truth_handle(fit)
    draw.legend(figure, handles)
    return figure


def _truth_handle(fit: Fit) -> list[Line2D]:
    known = fit.table["truth"].notna().any()
    return [draw.handle(TRUTH)] if known else []


def limits(fit: Fit, prior: str, label: str) -> tuple[float, float]:
    """Range of an axis: the posterior and all intervals, but not farther than `REACH` posterior standard deviations."""
    draws = fit.draws(prior)[label].values
    mean, sd = draws.mean(), draws.std()
    wanted = [*np.quantile(draws, [0.0005, 0.9995])]
    wanted += [
        fit.value(prior, label, reading, column) for reading in ORDER for column in ("estimate", "lower", "upper")
    ]
    known = np.clip([value for value in wanted if math.isfinite(value)], mean - REACH * sd, mean + REACH * sd)
    gap = 0.04 * (known.max() - known.min())
    return float(known.min() - gap), float(known.max() + gap)


def _density(axes: Axes, fit: Fit, label: str, small: bool = False) -> None:
    """Densities of one parameter with the three readings marked on the baseline."""
    low, high = limits(fit, fit.default, label)
    grid = np.linspace(low, high, CURVE)
    posterior = np.interp(grid, *densities.posterior_curve(fit, fit.default, label), left=0, right=0)
    mark = READINGS["posterior"]
    axes.fill_between(grid, posterior, color=mark.colour, alpha=0.12, linewidth=0)
    axes.plot(grid, posterior, color=mark.colour)
    top = highest = float(posterior.max())
    prior = densities.prior_densities(fit, fit.default).get(label)
    if prior is not None:
        with np.errstate(divide="ignore"):
            height = prior(grid)
        axes.plot(grid, np.where(height <= 1.5 * top, height, np.nan), color=PRIOR.colour, linestyle=PRIOR.line)
        top = max(top, min(float(np.nanmax(height[np.isfinite(height)], initial=0)), 1.5 * top))
    curve = densities.likelihood_curve(fit)
    if curve is not None:
        likelihood = np.interp(grid, *curve, left=np.nan, right=np.nan)
        axes.plot(grid, likelihood * highest, color=LIKELIHOOD.colour, linestyle=LIKELIHOOD.line, linewidth=1.2)
    for reading in ORDER:
        value = fit.value(fit.default, label, reading)
        if low <= value <= high:
            mark = READINGS[reading]
            axes.axvline(value, color=mark.colour, linestyle=mark.line, linewidth=0.9 if small else 1.1)
            axes.plot(value, 0, marker=mark.marker, color=mark.colour, markersize=5, clip_on=False, zorder=5)
    axes.set(xlim=(low, high), ylim=(0, 1.08 * top))
    axes.set_yticks([])


def _ladder(axes: Axes, fit: Fit, label: str) -> None:
    """Estimates and intervals of one parameter, one step per reading."""
    low, high = axes.get_xlim()
    for step, reading in enumerate(reversed(ORDER)):
        row, mark = fit.row(fit.default, label, reading), READINGS[reading]
        if not math.isfinite(row["estimate"]):
            axes.text(low, step, " does not exist", va="center", fontsize=8, color=mark.colour)
            continue
        ends = [row[end] if math.isfinite(row[end]) else row["estimate"] for end in ("lower", "upper")]
        axes.plot(np.clip(ends, low, high), [step, step], color=mark.colour, linestyle=mark.line)
        if low <= row["estimate"] <= high:
            axes.plot(row["estimate"], step, marker=mark.marker, color=mark.colour, markersize=5.5, clip_on=False)
        else:
            right = row["estimate"] > high
            edge, text = (high, f"{row['estimate']:.3g} →") if right else (low, f"← {row['estimate']:.3g}")
            axes.text(edge, step, text, ha="right" if right else "left", va="bottom", fontsize=8, color=mark.colour)
    truth = fit.value(fit.default, label, "mle", "truth")
    if math.isfinite(truth) and low <= truth <= high:
        axes.axvline(truth, color=TRUTH.colour, linewidth=1, linestyle=(0, (1, 2)))
        axes.plot(truth, -0.75, marker="|", color=TRUTH.colour, markersize=9, clip_on=False, zorder=6)
    axes.set_yticks(range(3), [SHORT[reading] for reading in reversed(ORDER)])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.75, 2.6)


def _ladders(axes: Axes, fit: Fit, labels: list[str]) -> None:
    """Estimates and intervals of many parameters, in posterior standard deviations from the posterior mean."""
    prior = fit.default
    widest = 2.5
    for position, label in enumerate(labels):
        mean, sd = fit.value(prior, label, "posterior"), fit.value(prior, label, "posterior", "sd")
        if position % 2:
            axes.axhspan(position - 0.5, position + 0.5, color=PALE, alpha=0.35, linewidth=0)
        for step, reading in zip((-0.27, 0.0, 0.27), ORDER, strict=True):
            mark = READINGS[reading]
            columns = ("estimate", "lower", "upper")
            estimate, lower, upper = ((fit.value(prior, label, reading, column) - mean) / sd for column in columns)
            lower, upper = (end if math.isfinite(end) else estimate for end in (lower, upper))
            ends = np.clip([lower, upper], -REACH, REACH)
            axes.plot(ends, [position + step] * 2, color=mark.colour, linestyle=mark.line, linewidth=1.1)
            axes.plot(
                np.clip(estimate, -REACH, REACH), position + step, marker=mark.marker, color=mark.colour, markersize=3.5
            )
            widest = max(widest, float(np.nanmax(np.abs(ends), initial=0.0)))
        truth = (fit.value(prior, label, "mle", "truth") - mean) / sd
        if abs(truth) < REACH:
            axes.plot(truth, position, marker="|", color=TRUTH.colour, markersize=9)
    axes.axvline(0, color=NEUTRAL, linewidth=0.7)
    axes.set_yticks(range(len(labels)), labels)
    axes.set(ylim=(len(labels) - 0.5, -0.5), xlim=(-1.04 * widest, 1.04 * widest))
    axes.set_xlabel("posterior standard deviations from the posterior mean")

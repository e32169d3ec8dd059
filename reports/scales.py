"""One parameter on several scales: its density there, its shortest interval, and the figure with a knob over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import xarray as xr
from arviz_stats.base import array_stats
from scipy.integrate import cumulative_trapezoid

from comparisons.digits import exists, number, percent
from comparisons.scales import Scale, scales_of
from models.contract.families import POSITIVE, UNIT
from reports import charts
from reports.densities import kernel, posterior_curve
from reports.ranking import chain_error
from reports.stored import Array, Fit
from reports.words import listed

UNRELIABLE = 0.7  # Pareto k-hat from which a mean of draws must not be read
CURVE = 90  # points of a curve
SMOOTHER = 1.4  # width of the kernel, in ArviZ's own
NEGLIGIBLE = 0.004  # of the highest density: where a curve may end
MARKS = {
    "MLE": ("var(--mle)", "square"),
    "MAP": ("var(--map)", "triangle-up"),
    "mode here": ("currentColor", "cross"),
    "mean here": ("var(--posterior)", "circle"),
    "median": ("var(--posterior)", "diamond"),
}


@dataclass(frozen=True)
class View:
    """One parameter under one prior, on one scale.

    Attributes
    ----------
    scale : Scale
    text : str
        The scale, with the name of the parameter.
    mode, mean : float
        On this scale, mapped back; NaN where there is none.
    reason, doubt : str
        Why there is no mode, and why there is no mean.
    laplace, shortest : tuple of float
        Laplace interval, and shortest interval of the draws, on this scale, mapped back.
    error : float
        Monte Carlo error of the ends of the shortest one.
    """

    scale: Scale
    text: str
    mode: float
    mean: float
    reason: str
    doubt: str
    laplace: tuple[float, float]
    shortest: tuple[float, float]
    error: float = 0.0


def doubt(scale: Scale, draws: Array, reason: str) -> str:
    """Why the mean on a scale does not exist or must not be read off the draws; empty if it may.

    A square has a mean if the parameter has a standard deviation, a logarithm always. Otherwise the tails of the draws
    tell: where they fall like a Pareto distribution with k of 1 or more the mean is infinite, and from 0.7 on no usual
    number of draws is enough for it. Vehtari, A. and others (2024), Pareto smoothed importance sampling,
    arXiv:1507.02646, section 2.

    Parameters
    ----------
    scale : Scale
    draws : array, shape (chain, draw)
        On the declared scale.
    reason : str
        What the fit says of moments that do not exist (`models.contract.Scenario`).
    """
    # By the power of the change of variables: that of the parameter itself, and of its square.
    lacks = {0.0: ("improper", "no mean"), -1.0: ("improper", "no mean", "no standard deviation")}
    if reason.startswith(lacks.get(scale.power, ("improper",))):
        return reason
    k = float(array_stats.pareto_khat(scale.forward(draws), chain_axis=0, draw_axis=1))
    if k < UNRELIABLE:
        return ""
    return f"the draws do not tell whether it exists (Pareto k-hat {k:.2f}, above {UNRELIABLE:g})"


def figure(
    fit: Fit,
    prior: str,
    label: str,
    seen: list[View],
    at: dict[str, float],
    draws: Array,
    density: tuple[Array, Array],
    errors: tuple[float, float],
) -> charts.Chart:
    """The density on the chosen scale, with the marks there, and what a flat prior looks like there."""
    curve: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    names: list[dict[str, Any]] = []
    shares = (1 - fit.level) / 2, (1 + fit.level) / 2
    low, high = np.quantile(draws, shares)
    support = UNIT if any(view.scale.name == "logit" for view in seen) else POSITIVE
    for k, view in enumerate(seen):
        base_x, height, flat = _there(*density, view.scale, support)
        there = view.scale.forward(base_x)
        curve += charts.rows(
            scale_on=np.full(len(base_x), k), x=there, y=height, flat=flat, inside=(base_x >= low) & (base_x <= high)
        )
        here = {
            "MLE": at["MLE"],
            "MAP": at["MAP"],
            "mode here": view.mode,
            "mean here": view.mean,
            "median": at["median"],
        }
        with np.errstate(all="ignore"):
            here = {
                what: x for what, x in here.items() if exists(x) and exists(float(view.scale.forward(np.asarray(x))))
            }
        x = np.array(list(here.values()))
        marks += charts.rows(
            scale_on=np.full(len(x), k),
            what=list(here),
            x=view.scale.forward(x),
            y=np.interp(x, base_x, height, left=0.0, right=0.0),
            text=[f"{what.split()[0]} {number(value, errors[what == 'median'])}" for what, value in here.items()],
            below=[float(np.mean(draws < value)) for value in here.values()],
        )
        names.append({"scale_on": k, "name": view.text})
    drawing = _drawing(curve, marks, names)
    knob = charts.Knob("scale_on", "scale", [view.text for view in seen], 0, choice=True)
    alternative = (
        f"Posterior density of {label} on the scales {listed([view.text for view in seen])}, with MLE, MAP, mode on "
        "that scale, mean on that scale and median marked"
    )
    caption = (
        f"The posterior of {label} under the prior {prior}, read on another scale, its highest point drawn equally "
        "high. Numbers beside the marks are mapped back. Look at which marks keep their place in the shaded part: MLE, "
        f"MAP of the declared scale and median travel along with {label}, and so do the ends of the equal-tailed "
        f"{percent(fit.level)} interval (shaded); mode and mean of the scale are others on every scale. Dashed: what "
        f"a prior that is flat in {label} says there; flat on one scale is not flat on another."
    )
    stills = [{"scale_on": k} for k in range(len(seen))]
    return charts.chart("scale-density", drawing, alternative, caption, [knob], stills)


def density(fit: Fit, prior: str, label: str, draws: Array, modes: xr.Dataset) -> tuple[Array, Array]:
    """The density of a parameter on its declared scale: exact where it is a curve, else a kernel estimate."""
    if len(fit.labels) == 1:
        return posterior_curve(fit, prior, label)
    # On the whole line a kernel meets no edge.
    scale = next(one for one in known().values() if one.power == 1 and one.name in modes["on"])
    z, height = kernel(scale.forward(draws), factor=SMOOTHER)
    x = scale.backward(z)
    return x, height * scale.slope(x)


def shortest(x: Array, height: Array, scale: Scale, level: float) -> tuple[float, float]:
    """Ends of the shortest interval on a scale, mapped back, of a density given at points of the declared scale."""
    share = cumulative_trapezoid(height, x, initial=0)
    left = np.linspace(0, 1 - level, CURVE)
    low, high = (np.interp(at * share[-1], share, x) for at in (left, left + level))
    with np.errstate(divide="ignore"):
        best = int(np.argmin(np.abs(scale.forward(high) - scale.forward(low))))
    return float(low[best]), float(high[best])


def shortest_error(draws: Array, scale: Scale, level: float) -> float:
    """Monte Carlo error of the ends of the shortest interval on a scale: the larger one, from draws (chain, draw)."""
    chains = np.sort(scale.forward(draws), axis=1)
    wide = int(np.ceil(level * chains.shape[1]))
    best = np.argmin(chains[:, wide:] - chains[:, :-wide], axis=1)
    chain = np.arange(len(chains))
    ends = scale.backward(np.stack([chains[chain, best], chains[chain, best + wide]]))
    return chain_error(ends.T)


def known() -> dict[str, Scale]:
    """All scales by name."""
    return {scale.name: scale for support in (UNIT, POSITIVE) for scale in scales_of(support)}


def _there(x: Array, height: Array, scale: Scale, support: tuple[float, float]) -> tuple[Array, Array, Array]:
    """Density on a scale, where it is not negligible, and what a flat prior of the parameter says there.

    Returns
    -------
    x, height, flat : array
        As many points as the eye needs, the heights as shares of the highest.
    """
    with np.errstate(all="ignore"):
        flat = x**scale.power * ((1 - x) ** scale.power if support == UNIT else 1.0)
        there = height * flat
    finite = np.isfinite(there) & np.isfinite(flat)
    seen = np.flatnonzero(finite & (there >= NEGLIGIBLE * np.max(there, where=finite, initial=0.0)))
    whole = np.arange(seen[0], seen[-1] + 1)[finite[seen[0] : seen[-1] + 1]]
    kept = whole[np.unique(np.linspace(0, len(whole) - 1, CURVE).astype(int))]
    return x[kept], there[kept] / there[kept].max(), 0.9 * flat[kept] / flat[kept].max()


def _drawing(curve: list[dict[str, Any]], marks: list[dict[str, Any]], names: list[dict[str, Any]]) -> Any:
    chosen = "datum.scale_on == scale_on"
    x = alt.X("x:Q", title="on the chosen scale", scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickCount=5))
    y = alt.Y("y:Q", title="density there", axis=alt.Axis(labels=False, ticks=False, grid=False))
    body = alt.Chart(charts.data(curve)).transform_filter(chosen)
    at = alt.Chart(charts.data(marks)).transform_filter(chosen)
    kinds = {
        "color": alt.Scale(domain=list(MARKS), range=[colour for colour, _ in MARKS.values()]),
        "shape": alt.Scale(domain=list(MARKS), range=[shape for _, shape in MARKS.values()]),
    }
    legend = alt.Legend(columns=3, symbolSize=80)
    colour = alt.Color("what:N", scale=kinds["color"], legend=legend)
    shape = alt.Shape("what:N", scale=kinds["shape"], legend=legend)
    return charts.layer(
        body.transform_filter("datum.inside").mark_area(color="var(--posterior)", opacity=0.18).encode(x=x, y=y),
        body.mark_line(color="var(--quiet)", strokeDash=[4, 3], strokeWidth=1.2).encode(x=x, y=alt.Y("flat:Q")),
        body.mark_line(color="var(--posterior)", strokeWidth=2).encode(x=x, y=y),
        at.mark_rule(strokeWidth=1).encode(x=x, y=y, y2=alt.datum(0), color=colour),
        at.mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
        at.transform_filter("datum.what == 'mode here'")
        .mark_text(align="right", dx=-8, dy=-6)
        .encode(x=x, y=y, text=alt.Text("text:N")),
        at.transform_filter("datum.what == 'median'")
        .mark_text(dy=-7)
        .encode(x=x, y=alt.datum(0), text=alt.Text("text:N")),
        alt.Chart(charts.data(names))
        .transform_filter(chosen)
        .mark_text(align="right", baseline="top", fontStyle="italic")
        .encode(x=alt.value("width"), y=alt.value(0), text=alt.Text("name:N")),
    )

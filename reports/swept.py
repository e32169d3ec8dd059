"""Figures that a knob turns: the three readings in the worlds of a sweep.

Up to `FEW` parameters each has the density of its posterior; more share a picture, as many as belong to one variable.
A picture keeps its axis while the knob is turned. What lies beyond it ends at the frame, as the caption says.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import xarray as xr
from scipy.stats import beta

from comparisons.digits import exists, percent, significant
from reports import charts, densities
from reports.charts import Chart, Knob
from reports.stored import Fit

Records = dict[str, list[dict[str, Any]]]

FEW = 4  # parameters up to which densities are drawn
POINTS, PRIOR_POINTS = 48, 24  # of a density, of a prior
EDGE = 1e-3  # of the frame: how near to an end of the support a prior is drawn
TAIL = 0.005  # of the draws beyond the frame, on either side, where the posterior is widest
NAMES = {"mle": "MLE", "map": "MAP", "posterior": "posterior"}
ROWS = {"mle": -0.16, "map": -0.33, "posterior": -0.5}  # below the densities, whose height is 1
DO_NOT_READ = "do not read: its chains failed"


@dataclass(frozen=True)
class Part:
    """Parameters that share a picture, by their positions in the sweep."""

    name: str
    members: list[int]


@dataclass(frozen=True)
class Picture:
    """A sweep and how it is shown.

    Attributes
    ----------
    fit : Fit
    sweep : xarray.Dataset
    along : str
        The dimension that the knob turns.
    chosen : list of Part
    frames : list of (float, float)
        Range of the axis of every part.
    shown : str
        Vega expression: which records the knobs let through.
    """

    fit: Fit
    sweep: xr.Dataset
    along: str
    chosen: list[Part]
    frames: list[tuple[float, float]]
    shown: str

    @property
    def few(self) -> bool:
        """Whether densities are drawn."""
        return self.sweep.sizes["parameter"] <= FEW


def parts(fit: Fit, labels: list[str]) -> list[Part]:
    """One part per parameter if there are few, else one per variable and element of its last dimension of several."""
    if len(labels) <= FEW:
        return [Part(label, [position]) for position, label in enumerate(labels)]
    source, found, position = fit.tree[fit.default]["posterior"].to_dataset(), [], 0
    for name in json.loads(fit.text("parameters")):
        if name not in source:
            continue
        variable = source[name].transpose("chain", "draw", ...)
        count = int(np.prod(variable.shape[2:], dtype=int))
        members = np.arange(position, position + count)
        position += count
        if variable.ndim <= 3:
            found.append(Part(str(name), members.tolist()))
            continue
        last = variable.dims[-1]
        columns = members.reshape(-1, variable.sizes[last]).T
        found += [
            Part(f"{name}, {value}", one.tolist()) for value, one in zip(variable[last].values, columns, strict=True)
        ]
    return found


def frame(fit: Fit, sweep: xr.Dataset, members: list[int]) -> tuple[float, float]:
    """Range of an axis: the posteriors of all worlds that can be read, and the points that are not far off."""
    one = sweep.isel(parameter=members)
    draws = one["draws"].transpose("draw", ...).values.astype(float)
    ends = np.quantile(draws, [TAIL, 1 - TAIL], axis=0)
    good = ~np.broadcast_to(one["failed"].values[..., None], ends.shape[1:])
    if not good.any():
        good = np.ones_like(good)
    low, high = float(ends[0][good].min()), float(ends[1][good].max())
    truths = [fit.value(fit.default, fit.labels[member], "mle", "truth") for member in members]
    points = np.concatenate([one["estimate"].values.ravel(), truths])
    near = points[(points >= low - (high - low)) & (points <= high + (high - low))]
    low, high = float(min(low, *near)), float(max(high, *near))
    gap = 0.04 * (high - low) or 1.0
    return low - gap, high + gap


def figure(fit: Fit, sweep: xr.Dataset, key: str, along: str, knob: Knob, opening: str, looking: str) -> Chart:
    """The figure of a sweep.

    Parameters
    ----------
    sweep : xarray.Dataset
        Dims ``prior``, ``along``, ``reading``, ``parameter`` and ``draw`` (`comparisons.sweeps`).
    key : str
        Of the chart.
    along : str
        The dimension that the knob turns.
    knob : Knob
        Named ``step``.
    opening, looking : str
        The first words of the alternative text, and what to look for.
    """
    labels = [str(label) for label in sweep["parameter"].values]
    kinds = [str(kind) for kind in sweep["prior"].values]
    chosen = parts(fit, labels)
    few = len(labels) <= FEW
    knobs, shown = [knob], ["datum.step == step"]
    if len(kinds) > 1:
        knobs.append(Knob("kind", "prior", kinds, 0, choice=True))
        shown.append("datum.kind == kind")
    if len(chosen) > 1:
        knobs.append(Knob("part", "parameter" if few else "parameters", [part.name for part in chosen],
                          farthest(sweep, chosen), choice=True))  # fmt: skip
        shown.append("datum.part == part")
    frames = [frame(fit, sweep, part.members) for part in chosen]
    x, ticks = alt.Scale(zero=False, nice=False), alt.Axis(tickCount=6, labelOverlap=True)
    title = chosen[0].name if len(chosen) == 1 else None
    at = alt.X("x:Q", title=title, scale=x, axis=ticks)
    edges = [(number_, end) for number_, ends in enumerate(frames) for end in ends]
    records = {"edges": charts.rows(part=[g for g, _ in edges], x=[end for _, end in edges])}
    width = alt.Chart(charts.named("edges"))
    width = width.mark_point(opacity=0).encode(x=at)
    layers: list[Any] = [_of_part(width, chosen)]
    if len(chosen) > 1:
        records["names"] = [{"part": g, "name": part.name} for g, part in enumerate(chosen)]
        name = alt.Chart(charts.named("names")).mark_text(
            align="left", baseline="bottom", fontSize=12, color=charts.INK
        )
        layers.append(_of_part(name.encode(x=alt.value(0), y=alt.value(-4), text=alt.Text("name:N")), chosen))
    picture = Picture(fit, sweep, along, chosen, frames, " && ".join(shown))
    if few:
        layers += _curves(picture, records)
    layers += _ladders(picture, records)
    tallest = max(len(part.members) for part in chosen)
    drawing = charts.layer(*layers, height=250 if few else max(120, 34 * tallest))
    level = percent(float(sweep.attrs["level"]))
    ladders = (
        f"{level} intervals: Wald (MLE, square), Laplace (MAP, triangle), equal-tailed (posterior, circle at the "
        "mean). What reaches the frame goes on beyond."
    )
    source = "in closed form" if "a" in sweep else f"from {sweep.sizes['draw']} draws"
    curves = f"Filled: the posterior, {source}; dotted: the prior; each scaled to the same height. Below: " * few
    ladders += (" Dashed line: the truth." if few else " Upright ticks: the truth.") * bool(records["truths"])
    alternative = f"{opening}: estimates and {level} intervals of MLE, MAP and posterior of {', '.join(labels[:6])}"
    alternative += f"{' and others' * (len(labels) > 6)}{', with the posterior density' * few}."
    return charts.chart(key, drawing, alternative, f"{looking} {curves}{ladders}", knobs, datasets=records)


def farthest(sweep: xr.Dataset, chosen: list[Part]) -> int:
    """The part in which a posterior mean moves farthest along the sweep, in its posterior standard deviations.

    Of a prior's sweep, among the parts whose prior is swept.
    """
    means = sweep["estimate"].sel(reading="posterior").transpose(..., "parameter").values
    sds = sweep["sd"].sel(reading="posterior").transpose(..., "parameter").values
    moves = np.ptp(means, axis=tuple(range(means.ndim - 1))) / np.median(sds, axis=tuple(range(means.ndim - 1)))
    swept = str(sweep.attrs.get("swept", "")).split(", ")
    own = [re.split(r"[\[,]", part.name)[0] in swept for part in chosen]
    reached = [moves[part.members].max() if mine or not any(own) else -1.0
               for part, mine in zip(chosen, own, strict=True)]  # fmt: skip
    return int(np.argmax(reached))


def _of_part(drawing: alt.Chart, chosen: list[Part]) -> alt.Chart:
    return drawing.transform_filter("datum.part == part") if len(chosen) > 1 else drawing


def _curves(picture: Picture, records: Records) -> list[Any]:
    """Posterior densities, and the priors to the power of the strength; their numbers go to ``records``."""
    sweep, along = picture.sweep, picture.along
    draws = sweep["draws"].transpose("prior", along, "parameter", "draw").values.astype(float)
    swept = str(sweep.attrs.get("swept", "")).split(", ")
    strengths = sweep["strength"].values if "strength" in sweep.coords else np.ones(sweep.sizes[along])
    curves, priors = [], []
    for p, kind in enumerate(map(str, sweep["prior"].values)):
        known, supports = densities.prior_densities(picture.fit, kind), densities.supports(picture.fit, kind)
        for g, part in enumerate(picture.chosen):
            ends = picture.frames[g]
            density = known.get(part.name)
            low, high = supports[part.name]
            edge = EDGE * (ends[1] - ends[0])  # a density may be infinite at the very end of its support
            grid = np.linspace(max(ends[0], low + edge), min(ends[1], high - edge), PRIOR_POINTS)
            with np.errstate(divide="ignore"):
                height = None if density is None else density(grid)
            for k, strength in enumerate(strengths):
                place = {"step": k, "kind": p, "part": g}
                if not sweep["failed"].values[p, k]:
                    if "a" in sweep:  # in closed form (`reports.closed_form`)
                        x = np.linspace(max(ends[0], 0.0), min(ends[1], 1.0), POINTS)
                        curve = x, beta.pdf(x, sweep["a"].values[p, k], sweep["b"].values[p, k])
                    else:
                        curve = densities.kernel(draws[p, k, part.members[0]], supports[part.name], ends, POINTS)
                    curve = curve[0], curve[1] / max(curve[1][np.isfinite(curve[1])], default=1.0)
                    curves += [place | row for row in charts.rows(x=curve[0], y=curve[1])]
                if height is not None and np.isfinite(height).all() and height.max() > 0:
                    power = strength if part.name.split("[")[0] in swept else 1.0
                    priors += [place | row for row in charts.rows(x=grid, y=(height / height.max()) ** power)]
    records |= {"curves": curves, "priors": priors}
    base = alt.Chart(charts.named("curves")).transform_filter(picture.shown).encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
    colour = charts.COLOURS["posterior"]
    drawn = [base.mark_area(color=colour, opacity=0.2), base.mark_line(color=colour, strokeWidth=2)]
    if priors:
        line = alt.Chart(charts.named("priors")).transform_filter(picture.shown).encode(x=alt.X("x:Q"), y=alt.Y("y:Q"))
        drawn.append(line.mark_line(color=charts.QUIET, strokeWidth=1.5, strokeDash=[2, 3]))
    return drawn


def _ladders(picture: Picture, records: Records) -> list[Any]:
    """Estimates and intervals, what is to be known of them, and the truth; their numbers go to ``records``."""
    sweep, few = picture.sweep, picture.few
    keys = ("estimate", "lower", "upper")
    values = {key: sweep[key].transpose("prior", picture.along, "parameter", "reading").values for key in keys}
    readings = [str(reading) for reading in sweep["reading"].values]
    marks, truths = [], []
    for g, part in enumerate(picture.chosen):
        low, high = picture.frames[g]
        for member in part.members:
            label = str(sweep["parameter"].values[member])
            truth = picture.fit.value(picture.fit.default, label, "mle", "truth")
            if low <= truth <= high:
                truths.append({"part": g, "label": label, "truth": float(f"{truth:.5g}")})
            for p, k, r in np.ndindex(sweep.sizes["prior"], sweep.sizes[picture.along], len(readings)):
                estimate, *ends = (float(values[key][p, k, member, r]) for key in keys)
                failed = readings[r] == "posterior" and bool(sweep["failed"].values[p, k])
                named = {"step": k, "kind": p, "part": g, "label": label, "reading": readings[r]}
                shown = _within(estimate, (ends[0], ends[1]), (low, high), failed)
                marks.append(named | {"row": ROWS[readings[r]]} | shown)
    numbers = charts.rows(**{key: [mark[key] for mark in marks] for key in ("x", "lower", "upper")})
    records |= {"marks": [mark | number for mark, number in zip(marks, numbers, strict=True)], "truths": truths}
    base = alt.Chart(charts.named("marks")).transform_filter(picture.shown)
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    shape = alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
    if few:
        names = " : ".join(f"datum.value == {row} ? '{NAMES[reading]}'" for reading, row in ROWS.items())
        axis = alt.Axis(values=list(ROWS.values()), labelExpr=f"{names} : ''", grid=False, ticks=False, domain=False)
        y: Any = alt.Y("row:Q", title=None, axis=axis, scale=alt.Scale(domain=[-0.6, 1.05], nice=False))
    else:
        y = alt.Y("label:N", title=None, sort=None)
    placed: dict[str, Any] = {"y": y} | ({} if few else {"yOffset": alt.YOffset("reading:N", sort=list(NAMES))})
    text = base.transform_filter("datum.note != ''").mark_text(align="left", fontSize=11, color=charts.INK, dy=-7)
    layers = [
        base.mark_rule(strokeWidth=2.5).encode(x=alt.X("lower:Q"), x2=alt.X2("upper:Q"), color=colour, **placed),
        base.mark_point(filled=True, size=80, opacity=1).encode(x=alt.X("x:Q"), color=colour, shape=shape, **placed),
        text.encode(x=alt.value(3), text=alt.Text("note:N"), **placed),
    ]
    if truths:
        known = _of_part(alt.Chart(charts.named("truths")), picture.chosen)
        if few:
            line = known.mark_rule(strokeDash=[4, 3], strokeWidth=1.5, color=charts.INK)
            layers.insert(0, line.encode(x=alt.X("truth:Q")))
        else:
            layers.append(known.mark_tick(thickness=2, color=charts.INK).encode(x=alt.X("truth:Q"), y=y))
    return layers


def _within(estimate: float, ends: tuple[float, float], frame: tuple[float, float], failed: bool) -> dict[str, Any]:
    """What of a reading lies in the frame, and what is to be said of it."""
    nothing = {"x": np.nan, "lower": np.nan, "upper": np.nan}
    if failed:
        return nothing | {"note": DO_NOT_READ}
    if not exists(estimate):
        return nothing | {"note": "does not exist"}
    there = exists(ends[0]) and exists(ends[1])
    inside = there and ends[0] <= frame[1] and ends[1] >= frame[0]
    shown = nothing | ({"lower": max(ends[0], frame[0]), "upper": min(ends[1], frame[1])} if inside else {})
    if not frame[0] <= estimate <= frame[1]:
        side = "left" if estimate < frame[0] else "right"
        return shown | {"note": f"lies further {side}: {significant(estimate, 3)}"}
    return shown | {"x": estimate, "note": "" if there else "no interval"}

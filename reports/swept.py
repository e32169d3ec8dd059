"""Figures that a knob turns: the three readings in the worlds of a sweep, and what is said of its two ends.

Up to `FEW` parameters each has the density of its posterior; more share a picture, as many as belong to one variable.
A picture keeps its axis while the knob is turned. What lies beyond it ends at the frame, as the caption says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import altair as alt
import arviz as az
import numpy as np
import xarray as xr

from comparisons.digits import exists, number, percent, significant
from reports import charts, densities
from reports.charts import Chart, Knob
from reports.stored import Array, Fit

Records = dict[str, list[dict[str, Any]]]

FEW = 4  # parameters up to which densities are drawn
POINTS, PRIOR_POINTS = 56, 28  # of a density, of a prior
TAIL = 0.005  # of the draws beyond the frame, on either side, where the posterior is widest
NAMES = {"mle": "MLE", "map": "MAP", "posterior": "posterior"}
ROWS = {"mle": -0.16, "map": -0.33, "posterior": -0.5}  # below the densities, whose height is 1
DO_NOT_READ = "do not read: its chains failed"
STILL = 0.01  # posterior standard deviations; a smaller movement is none
NEAR = 1.25  # factor by which a spread may miss 1 / sqrt(n) and still be said to follow it


@dataclass(frozen=True)
class Part:
    """Parameters that share a picture, by their positions in the sweep."""

    name: str
    members: list[int]


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
        found += [Part(f"{name}, {value}", one.tolist()) for value, one in zip(variable[last].values, columns)]
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
        name = alt.Chart(charts.named("names")).mark_text(align="left", baseline="bottom", fontSize=12, color=charts.INK)
        layers.append(_of_part(name.encode(x=alt.value(0), y=alt.value(-4), text="name:N"), chosen))
    if few:
        layers += _curves(fit, sweep, along, chosen, frames, " && ".join(shown), records)
    layers += _ladders(fit, sweep, along, chosen, frames, " && ".join(shown), few, records)
    tallest = max(len(part.members) for part in chosen)
    drawing = alt.layer(*layers).properties(height=250 if few else max(120, 34 * tallest))
    level = percent(float(sweep.attrs["level"]))
    ladders = (
        f"{level} intervals: Wald (MLE, square), Laplace (MAP, triangle), equal-tailed (posterior, circle at the "
        "mean). What reaches the frame goes on beyond."
    )
    drawn = sweep.sizes["draw"]
    curves = (
        f"Filled: the posterior, from {drawn} draws; dotted: the prior; each scaled to the same height. Below: " * few
    )
    ladders += (" Dashed line: the truth." if few else " Black ticks: the truth.") * bool(records["truths"])
    alternative = f"{opening}: estimates and {level} intervals of MLE, MAP and posterior of {', '.join(labels[:6])}"
    alternative += f"{' and others' * (len(labels) > 6)}{', with the posterior density' * few}."
    return charts.chart(key, drawing, alternative, f"{looking} {curves}{ladders}", knobs, datasets=records)


def farthest(sweep: xr.Dataset, chosen: list[Part]) -> int:
    """The part in which a posterior mean moves farthest along the sweep, in its posterior standard deviations."""
    means = sweep["estimate"].sel(reading="posterior").transpose(..., "parameter").values
    sds = sweep["sd"].sel(reading="posterior").transpose(..., "parameter").values
    moves = np.ptp(means, axis=tuple(range(means.ndim - 1))) / np.median(sds, axis=tuple(range(means.ndim - 1)))
    return int(np.argmax([moves[part.members].max() for part in chosen]))


def _of_part(drawing: alt.Chart, chosen: list[Part]) -> alt.Chart:
    return drawing.transform_filter("datum.part == part") if len(chosen) > 1 else drawing


def _curves(
    fit: Fit,
    sweep: xr.Dataset,
    along: str,
    chosen: list[Part],
    frames: list[tuple[float, float]],
    shown: str,
    records: Records,
) -> list[Any]:
    """Posterior densities, and the priors to the power of the strength; their numbers go to ``records``."""
    draws = sweep["draws"].transpose("prior", along, "parameter", "draw").values.astype(float)
    swept = str(sweep.attrs.get("swept", "")).split(", ")
    strengths = sweep["strength"].values if "strength" in sweep.coords else np.ones(sweep.sizes[along])
    curves, priors = [], []
    for p, kind in enumerate(map(str, sweep["prior"].values)):
        known = densities.prior_densities(fit, kind)
        for g, part in enumerate(chosen):
            ends = frames[g]
            density = known.get(part.name)
            grid = np.linspace(*ends, PRIOR_POINTS)
            with np.errstate(divide="ignore"):
                height = None if density is None else density(grid)
            for k, strength in enumerate(strengths):
                place = {"step": k, "kind": p, "part": g}
                if not sweep["failed"].values[p, k]:
                    curve = _density(draws[p, k, part.members[0]], ends)
                    curves += [place | row for row in charts.rows(x=curve[0], y=curve[1])]
                if height is not None and np.isfinite(height).all() and height.max() > 0:
                    power = strength if part.name.split("[")[0] in swept else 1.0
                    priors += [place | row for row in charts.rows(x=grid, y=(height / height.max()) ** power)]
    records |= {"curves": curves, "priors": priors}
    base = alt.Chart(charts.named("curves")).transform_filter(shown).encode(x="x:Q", y="y:Q")
    colour = charts.COLOURS["posterior"]
    drawn = [base.mark_area(color=colour, opacity=0.2), base.mark_line(color=colour, strokeWidth=2)]
    if priors:
        line = alt.Chart(charts.named("priors")).transform_filter(shown).encode(x="x:Q", y="y:Q")
        drawn.append(line.mark_line(color=charts.QUIET, strokeWidth=1.5, strokeDash=[2, 3]))
    return drawn


def _density(draws: Array, ends: tuple[float, float]) -> tuple[Array, Array]:
    """Kernel density by ArviZ within the frame, its largest value 1."""
    if np.ptp(draws) == 0:
        return np.repeat(draws[:1], 2), np.array([0.0, 1.0])
    x, y = (np.asarray(values, dtype=float) for values in az.kde(draws)[:2])
    inside = (x >= ends[0]) & (x <= ends[1])
    x, y = x[inside], y[inside]
    if not len(x):
        return x, y
    grid = np.linspace(x[0], x[-1], POINTS)
    height = np.interp(grid, x, y)
    return grid, height / height.max()


def _ladders(
    fit: Fit,
    sweep: xr.Dataset,
    along: str,
    chosen: list[Part],
    frames: list[tuple[float, float]],
    shown: str,
    few: bool,
    records: Records,
) -> list[Any]:
    """Estimates and intervals, what is to be known of them, and the truth; their numbers go to ``records``."""
    keys = ("estimate", "lower", "upper")
    values = {key: sweep[key].transpose("prior", along, "parameter", "reading").values for key in keys}
    readings = [str(reading) for reading in sweep["reading"].values]
    marks, truths = [], []
    for g, (part, (low, high)) in enumerate(zip(chosen, frames, strict=True)):
        for member in part.members:
            label = str(sweep["parameter"].values[member])
            truth = fit.value(fit.default, label, "mle", "truth")
            if low <= truth <= high:
                truths.append({"part": g, "label": label, "truth": float(f"{truth:.5g}")})
            for p, k, r in np.ndindex(sweep.sizes["prior"], sweep.sizes[along], len(readings)):
                found = [float(values[key][p, k, member, r]) for key in keys]
                failed = readings[r] == "posterior" and bool(sweep["failed"].values[p, k])
                estimate, lower, upper, note = _within(*found, low, high, failed)
                row = {"step": k, "kind": p, "part": g, "label": label, "reading": readings[r], "row": ROWS[readings[r]]}
                marks.append(row | {"note": note, "x": estimate, "lower": lower, "upper": upper})
    numbers = charts.rows(**{key: [mark[key] for mark in marks] for key in ("x", "lower", "upper")})
    records |= {"marks": [mark | number for mark, number in zip(marks, numbers, strict=True)], "truths": truths}
    base = alt.Chart(charts.named("marks")).transform_filter(shown)
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    shape = alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
    offset = alt.YOffset("reading:N", sort=list(NAMES)) if not few else alt.Undefined
    if few:
        names = " : ".join(f"datum.value == {row} ? '{NAMES[reading]}'" for reading, row in ROWS.items())
        axis = alt.Axis(values=list(ROWS.values()), labelExpr=f"{names} : ''", grid=False, ticks=False, domain=False)
        y: Any = alt.Y("row:Q", title=None, axis=axis, scale=alt.Scale(domain=[-0.6, 1.05], nice=False))
    else:
        y = alt.Y("label:N", title=None, sort=None)
    placed = {"y": y, "yOffset": offset} if not few else {"y": y}
    text = base.transform_filter("datum.note != ''").mark_text(align="left", fontSize=11, color=charts.INK, dy=-7)
    layers = [
        base.mark_rule(strokeWidth=2.5).encode(x="lower:Q", x2="upper:Q", color=colour, **placed),
        base.mark_point(filled=True, size=80, opacity=1).encode(x="x:Q", color=colour, shape=shape, **placed),
        text.encode(x=alt.value(3), text="note:N", **placed),
    ]
    if truths:
        known = _of_part(alt.Chart(charts.named("truths")), chosen)
        line = {"strokeDash": [4, 3], "strokeWidth": 1.5, "color": charts.INK}
        if few:
            layers.insert(0, known.mark_rule(**line).encode(x="truth:Q"))
        else:
            layers.append(known.mark_tick(thickness=2, color=charts.INK).encode(x="truth:Q", y=y))
    return layers


def _within(
    estimate: float, lower: float, upper: float, low: float, high: float, failed: bool
) -> tuple[float, float, float, str]:
    """What of a reading lies in the frame, and what is to be said of it."""
    nothing = float("nan")
    if failed:
        return nothing, nothing, nothing, DO_NOT_READ
    if not exists(estimate):
        return nothing, nothing, nothing, "does not exist"
    note = "" if exists(lower) and exists(upper) else "no interval"
    if note or lower > high or upper < low:
        lower = upper = nothing
    if not low <= estimate <= high:
        side = "left" if estimate < low else "right"
        return nothing, max(lower, low), min(upper, high), f"lies further {side}: {significant(estimate, 3)}"
    return estimate, max(lower, low), min(upper, high), note


@dataclass(frozen=True)
class World:
    """What is said of one parameter in one world of a sweep; ``mcse`` is the error of the posterior mean."""

    setting: float
    mle: float
    map: float
    mean: float
    sd: float
    mcse: float
    failed: bool = False


def worlds(one: xr.Dataset, along: str) -> list[World]:
    """The worlds of one parameter under one prior."""
    estimate = one["estimate"].transpose(along, "reading").values
    sd = one["sd"].sel(reading="posterior").values
    with np.errstate(invalid="ignore", divide="ignore"):
        error = sd / np.sqrt(one["ess_bulk"].values)
    return [
        World(float(setting), *map(float, estimate[k]), float(sd[k]), float(error[k]), bool(one["failed"].values[k]))
        for k, setting in enumerate(one[along].values)
    ]


def prior_sentence(label: str, prior: str, found: list[World]) -> str:
    """What the strength of the prior does to one parameter, between the ends that can be read."""
    good = [world for world in found if not world.failed]
    if len(good) < 2:
        return f"Under the prior {prior} fewer than two strengths have chains that can be trusted: do not read the means."
    first, last = good[0], good[-1]
    usual = min(good, key=lambda world: abs(np.log(world.setting)))
    start = f"{label}, prior {prior}: from {first.setting:.3g} to {times(last.setting)} its strength"
    point = moved("MAP", first.map, last.map, usual.sd, usual.sd / 100)
    mean = moved("posterior mean", first.mean, last.mean, usual.sd, max(first.mcse, last.mcse))
    return f"{start}, {point}, and {mean}; {_mle(found, usual.sd)}."


def _mle(found: list[World], sd: float) -> str:
    values = [world.mle for world in found if exists(world.mle)]
    if not values:
        return "an MLE does not exist, and no strength changes that"
    if len(values) < len(found) or max(values) - min(values) > STILL * sd:
        ends = f"{number(min(values), sd / 100)} and {number(max(values), sd / 100)}"
        return f"the optimiser did not find the same MLE everywhere (between {ends}), although no prior enters it"
    return f"the MLE stays at {number(values[0], sd / 100)}, since no prior enters it"


def moved(name: str, first: float, last: float, sd: float, error: float) -> str:
    """How a number moves, and how far in posterior standard deviations."""
    if not (exists(first) and exists(last)):
        where = "at either end" if not (exists(first) or exists(last)) else "at one of the ends"
        return f"the {name} does not exist {where}"
    far = (last - first) / sd if sd > 0 else 0.0
    if abs(far) < STILL or number(first, error) == number(last, error):
        return f"the {name} stays at {number(last, error)}"
    way = "rises" if last > first else "falls"
    ends = f"from {number(first, error)} to {number(last, error)}"
    return f"the {name} {way} {ends} ({significant(abs(far), 2)} posterior sd)"


def size_sentence(label: str, found: list[World]) -> str:
    """What more data do to the spread and to the distance between MAP and MLE."""
    good = [world for world in found if not world.failed and exists(world.sd) and world.sd > 0]
    if len(good) < 2:
        return f"{label}: fewer than two sizes have chains that can be trusted, so that nothing can be said of more data."
    first, last = good[0], good[-1]
    ratio, expected = first.sd / last.sd, float(np.sqrt(last.setting / first.setting))
    start = f"{label}: from n = {first.setting:,.0f} to n = {last.setting:,.0f}"
    ends = f"from {significant(first.sd, 2)} to {significant(last.sd, 2)}"
    if ratio <= 1:
        spread = f"the posterior sd does not fall ({ends}), although 1/sqrt(n) falls by a factor {significant(expected, 2)}"
    else:
        how = "about as" if 1 / NEAR < ratio / expected < NEAR else "faster than" if ratio > expected else "more slowly than"
        spread = f"the posterior sd falls {ends}, a factor {significant(ratio, 2)}, {how} 1/sqrt(n)"
        spread += f", which falls by {significant(expected, 2)}"
    gaps = [abs(world.map - world.mle) for world in (first, last)]
    if not all(exists(gap) for gap in gaps):
        return f"{start} {spread}. MAP and MLE do not both exist at both ends."
    far = [gap / world.sd for gap, world in zip(gaps, (first, last), strict=True)]
    if max(far) < STILL:
        return f"{start} {spread}. MAP and MLE are less than {STILL:g} posterior sd apart at both ends."
    return (
        f"{start} {spread}. MAP and MLE are {significant(far[0], 2)} posterior sd apart at first and "
        f"{significant(far[1], 2)} at last."
    )


def times(strength: float) -> str:
    """A strength in words."""
    return f"{strength:.3g} times"

"""Figures of the long run: intervals of repeated worlds, their coverage, and the calibration of posteriors."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from comparisons.coverage import READING_OF
from comparisons.digits import percent
from reports import charts
from reports.charts import Chart, Knob
from reports.repeated_words import NAMES, called, unreadable
from reports.stored import Study

SHOWN = 100  # intervals of a strip
LINES = 50  # points of a rank curve that passes
SHORT = {kind: name.split(" (")[0] for kind, name in NAMES.items()}
KINDS = list(NAMES)
BAD = "var(--bad)"


def strip(study: Study, label: str) -> tuple[Chart, dict[str, int]]:
    """The intervals of the first worlds of a study, those that miss marked, and how many of each kind hold the truth.

    Intervals of worlds with truths of their own are shown as distances from them.
    """
    worlds = study.worlds.sel(parameter=label).isel(world=slice(0, SHOWN))
    truth = worlds["truth"].values
    same = bool(np.ptp(truth) == 0)
    zero = np.zeros_like(truth) if same else truth
    rows, hits, seen = [], {}, worlds.sizes["world"]
    for turn, kind in enumerate(KINDS):
        lower, upper = (worlds[end].sel(interval=kind).values for end in ("lower", "upper"))
        there = np.isfinite(lower) & np.isfinite(upper)
        if READING_OF[kind] == "posterior":
            there &= ~worlds["failed"].values
        held = there & (lower <= truth) & (truth <= upper)
        hits[kind] = int(held.sum())
        state = np.where(held, "holds the truth", np.where(there, "misses it", "does not exist"))
        columns = {"low": np.where(there, lower - zero, np.nan), "high": np.where(there, upper - zero, np.nan)}
        middle = (columns["low"] + columns["high"]) / 2
        centre = np.where(there, middle, float(truth[0]) if same else 0.0)
        rows += [
            {"kind": turn} | row for row in charts.rows(world=np.arange(1, seen + 1), state=state, at=centre, **columns)
        ]
    said = [{"kind": turn, "text": f"{hits[kind]} of {seen} hold the truth"} for turn, kind in enumerate(KINDS)]
    base = alt.Chart(charts.named("intervals")).transform_filter("datum.kind == kind")
    line = alt.Chart(charts.named("truth")).mark_rule(color=charts.INK, strokeWidth=1.2).encode(y=alt.Y("truth:Q"))
    states = ["holds the truth", "misses it", "does not exist"]
    colour = alt.Color("state:N", scale=alt.Scale(domain=states, range=[charts.QUIET, BAD, BAD]), legend=None)
    world = alt.X(
        "world:Q", title="world", scale=alt.Scale(domain=[0, seen + 1], nice=False), axis=alt.Axis(grid=False)
    )
    title = label if same else f"{label}, distance from the truth"
    edge = alt.Scale(zero=False, domain=_inside(rows))
    low, missed = alt.Y("low:Q", title=title, scale=edge), base.transform_filter("datum.state != 'holds the truth'")
    drawing = charts.layer(
        base.mark_rule(clip=True).encode(x=world, y=low, y2=alt.Y2("high:Q"), color=colour),
        missed.mark_rule(clip=True, strokeWidth=3).encode(x=world, y=low, y2=alt.Y2("high:Q"), color=colour),
        missed.mark_point(filled=True, size=45, opacity=1, clip=True).encode(
            x=world,
            y=alt.Y("at:Q", scale=edge),
            color=colour,
            shape=alt.Shape(
                "state:N", scale=alt.Scale(domain=states, range=["circle", "diamond", "cross"]), legend=None
            ),
        ),
        line,
        alt.Chart(charts.named("said"))
        .transform_filter("datum.kind == kind")
        .mark_text(align="left", baseline="bottom", fontSize=11, color=charts.INK)
        .encode(x=alt.value(0), y=alt.value(-4), text=alt.Text("text:N")),
        height=200,
    )
    level = percent(float(study.table["level"].iloc[0]))
    alternative = (
        f"{level} intervals of {label} in {seen} simulated worlds beside the truth: "
        f"{'; '.join(f'{NAMES[kind]} {held} of {seen}' for kind, held in hits.items())} hold it."
    )
    first = f"the first {seen} of " if seen < study.worlds.sizes["world"] else ""
    caption = (
        f"{level} intervals of {label} in {first}{called(study)}; the line is the truth. Thick, "
        "with a diamond: misses it. A cross: there is no interval, which counts as a miss."
    )
    knob = Knob("kind", "interval", [NAMES[kind] for kind in KINDS], KINDS.index("profile"), choice=True)
    stills = [{"kind": KINDS.index(kind)} for kind in ("profile", "laplace", "eti")]
    data = {"intervals": rows, "said": said, "truth": charts.rows(truth=truth[:1] - zero[:1])}
    return charts.chart("long-run-strip", drawing, alternative, caption, [knob], stills, data), hits


def _inside(rows: list[dict[str, Any]]) -> list[float]:
    """Range of an axis in which nearly all ends lie: a few endless intervals must not hide the others."""
    ends = np.array([row[key] for row in rows for key in ("low", "high") if row[key] is not None])
    low, high = np.quantile(ends, [0.005, 0.995])
    low, high = max(ends.min(), low - (high - low)), min(ends.max(), high + (high - low))
    return [float(f"{low:.4g}"), float(f"{high:.4g}")]


def coverage(studies: list[Study], labels: list[str]) -> Chart:
    """Coverage of every kind of interval with its Wilson interval, by study and parameter."""
    rows, lows = [], []
    for turn, study in enumerate(studies):
        known = study.table[study.table["parameter"].isin(labels)]
        lows.append(float(known["coverage_lower"].min()))
        numbers = charts.rows(**{key: known[f"coverage{end}"] for key, end in _ENDS.items()})
        named = zip(known["parameter"], known["interval"], known["reading"], numbers, strict=True)
        rows += [
            {"study": turn, "part": labels.index(label), "interval": SHORT[kind], "reading": reading} | row
            for label, kind, reading, row in named
        ]
    level = float(studies[0].table["level"].iloc[0])
    shown = "datum.study == study" + " && datum.part == part" * (len(labels) > 1)
    base = alt.Chart(charts.named("coverage")).transform_filter(shown)
    scale = alt.Scale(domain=[max(0.0, min(*lows, level - 0.05) - 0.02), 1], nice=False)
    x = alt.X("share:Q", title="share of worlds", scale=scale, axis=alt.Axis(format="%", tickCount=5))
    y = alt.Y("interval:N", title=None, sort=list(SHORT.values()))
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    shape = alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
    drawing = charts.layer(
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"), y=y, color=colour),
        base.mark_point(filled=True, size=90, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
        alt.Chart(charts.named("level")).mark_rule(strokeDash=[4, 3], color=charts.INK).encode(x=alt.X("level:Q")),
        height=150,
    )
    knobs = [Knob("study", "study:", [called(study) for study in studies], 0, choice=True)]
    if len(labels) > 1:
        knobs.append(Knob("part", "parameter", labels, 0, choice=True))
    alternative = f"Coverage of five kinds of {percent(level)} intervals with their errors, against {percent(level)}."
    caption = (
        f"How often {percent(level)} intervals hold the truth; bars are 95 % Wilson intervals of that share, since the "
        "worlds are a sample too. Squares: MLE; triangle: MAP; circles: posterior. On the dashed line an "
        "interval keeps its word."
    )
    data = {"coverage": rows, "level": [{"level": level}]}
    stills = [{"study": turn} for turn in range(min(2, len(studies)))]
    return charts.chart("long-run-coverage", drawing, alternative, caption, knobs, stills, data)


_ENDS = {"share": "", "low": "_lower", "high": "_upper"}


def calibration(studies: list[Study]) -> Chart | None:
    """Ranks of the truths among the draws: their distribution function minus the uniform one, and its envelope."""
    known = [study for study in studies if study.record.get("worlds")]
    if not known:
        return None
    curves, envelopes = [], []
    for turn, study in enumerate(known):
        record = study.record
        shares = np.asarray(record["shares"])
        envelopes += [
            {"study": turn} | row
            for row in charts.rows(z=shares, low=np.asarray(record["lower"]), high=np.asarray(record["upper"]))
        ]
        failed = {one["parameter"] for one in record["parameters"] if not one["passed"]}
        for label, values in record["differences"].items():
            step = 1 if label in failed else max(1, len(shares) // LINES)
            rows = charts.rows(z=shares[::step], d=np.asarray(values)[::step])
            curves += [{"study": turn, "label": label, "failed": label in failed} | row for row in rows]
    band = alt.Chart(charts.named("envelope")).transform_filter("datum.study == study")
    lines = alt.Chart(charts.named("ranks")).transform_filter("datum.study == study")
    x = alt.X("z:Q", title="rank of the truth, as a share", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("d:Q", title="more or fewer", axis=alt.Axis(tickCount=5))
    good = charts.COLOURS["posterior"]
    drawing = charts.layer(
        band.mark_area(color=charts.QUIET, opacity=0.25, interpolate="step").encode(
            x=x, y=alt.Y("low:Q", title="more or fewer"), y2=alt.Y2("high:Q")
        ),
        lines.mark_line(strokeWidth=1.3, interpolate="step").encode(
            x=x,
            y=y,
            detail=alt.Detail("label:N"),
            color=alt.condition("datum.failed", alt.value(BAD), alt.value(good)),
            strokeDash=alt.condition("datum.failed", alt.value([5, 2]), alt.value([1, 0])),
        ), height=200)  # fmt: skip
    refused = [f"{study.prior}{' (do not read)' if unreadable(study) else ''}" for study in known]
    knob = Knob("study", "prior", refused, 0, choice=True)
    failing = [turn for turn, study in enumerate(known) if not all(one["passed"] for one in study.record["parameters"])]
    alternative = (
        "Differences of the distribution functions of ranks from uniform, one line per parameter, in their envelope."
    )
    caption = (
        "If program and model agree, the truth's rank among independent draws is uniform and every line stays in the "
        "grey band. A bow upwards: posteriors too high; downwards: too low; an S: too narrow or too wide. "
        "Dashed: leaves the band."
    )
    return charts.chart("long-run-calibration", drawing, alternative, caption, [knob],
                        [{"study": turn} for turn in sorted({0, *failing})],
                        {"envelope": envelopes, "ranks": curves})  # fmt: skip

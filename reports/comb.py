"""A coin's long run without simulation: coverage and error at every truth (Brown, Cai and DasGupta 2001)."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from comparisons.coverage import READING_OF
from comparisons.digits import percent
from reports import charts
from reports.charts import Chart, Knob
from reports.repeated_words import NAMES, POINT
from reports.stored import Study

LOW = 0.8  # the axis of coverage begins here; what is lower leaves the frame


def at_truths(study: Study) -> pd.DataFrame:
    """The rows of ``exact.csv`` at given truths, with ``truth`` a number."""
    assert study.exact is not None
    rows = study.exact[study.exact["truth"].astype(str) != "prior"]
    return rows.assign(truth=rows["truth"].astype(float))


def averaged(study: Study, kind: str) -> float:
    """Coverage averaged over the prior under which the coin is read."""
    assert study.exact is not None
    rows = study.exact[(study.exact["truth"].astype(str) == "prior") & (study.exact["interval"] == kind)]
    return float(rows["coverage"].iloc[0])


def options(studies: list[Study]) -> list[tuple[str, str, Study]]:
    """Name, kind and study of every interval that is shown: all of the first study, equal-tailed of the others."""
    exact = [study for study in studies if study.exact is not None and study.truth == "prior"]
    if not exact:
        return []
    found = [
        (NAMES[kind] if READING_OF[kind] == "mle" else f"{NAMES[kind]}, prior {exact[0].prior}", kind, exact[0])
        for kind in NAMES
    ]
    return found + [(f"{NAMES['eti']}, prior {study.prior}", "eti", study) for study in exact[1:]]


def coverage(found: list[tuple[str, str, Study]]) -> Chart:
    """Exact coverage against the truth, one kind of interval at a time, with its average over the prior."""
    rows, means = [], []
    for turn, (_, kind, study) in enumerate(found):
        one = at_truths(study)
        one = one[one["interval"] == kind]
        rows += [{"kind": turn} | row for row in charts.rows(x=one["truth"], y=one["coverage"])]
        means.append({"kind": turn, "mean": float(f"{averaged(study, kind):.5g}")})
    level = float(found[0][2].table["level"].iloc[0])
    line = alt.Chart(charts.named("comb")).transform_filter("datum.kind == kind")
    mean = alt.Chart(charts.named("means")).transform_filter("datum.kind == kind")
    x = alt.X("x:Q", title="truth", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y(
        "y:Q", title="coverage", scale=alt.Scale(domain=[LOW, 1], nice=False), axis=alt.Axis(format="%", tickCount=5)
    )
    drawing = charts.layer(
        line.mark_line(strokeWidth=1.3, color=charts.INK, clip=True).encode(x=x, y=y),
        mean.mark_rule(strokeWidth=3, color=charts.COLOURS["posterior"], opacity=0.7, clip=True).encode(
            y=alt.Y("mean:Q")
        ),
        alt.Chart(charts.named("level")).mark_rule(strokeDash=[4, 3], color=charts.INK).encode(y=alt.Y("level:Q")),
        height=200,
    )
    knobs = [Knob("kind", "interval", [name for name, _, _ in found], 0, choice=True)]
    alternative = f"Exact coverage of {percent(level)} intervals against the truth: a comb around {percent(level)}."
    caption = (
        f"Thin: coverage at every truth, by sums over all numbers of heads, no simulation. Dashed: {percent(level)}. "
        f"Thick: the average over the prior under which the coin is read. Below {percent(LOW)} it leaves the frame."
    )
    data = {"comb": rows, "means": means, "level": [{"level": level}]}
    kinds = list(NAMES)
    stills = [{"kind": kinds.index(kind)} for kind in ("wald", "profile", "eti")]
    return charts.chart("long-run-comb", drawing, alternative, caption, knobs, stills, data)


def sentences(found: list[tuple[str, str, Study]]) -> list[list[str]]:
    """Rows of a table: interval, coverage averaged over its prior, over even truths, the least and where it is."""
    rows = []
    for name, kind, study in found:
        one = at_truths(study)
        one = one[one["interval"] == kind]
        least = one.iloc[int(one["coverage"].argmin())]
        own = f"{averaged(study, kind):.3f}"
        rows.append(
            [name, study.prior, own, f"{one['coverage'].mean():.3f}", f"{least['coverage']:.3f}", f"{least['truth']:g}"]
        )
    return rows


def risk(study: Study) -> Chart:
    """Root mean squared error of the three readings against the truth."""
    one = at_truths(study).drop_duplicates(["truth", "reading"])
    rows = [
        {"reading": reading} | row
        for reading, row in zip(one["reading"], charts.rows(x=one["truth"], y=one["rmse"]), strict=True)
    ]
    drawing = (
        alt.Chart(charts.named("risk"))
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("x:Q", title="truth", scale=alt.Scale(domain=[0, 1])),
            y=alt.Y("y:Q", title="root mean squared error"),
            color=alt.Color("reading:N", scale=charts.reading_scale(), legend=None),
            strokeDash=alt.StrokeDash("reading:N", scale=charts.reading_scale("strokeDash"), legend=None),
        )
        .properties(width=420, height=200)
    )
    alternative = (
        "Root mean squared error of MLE, MAP and posterior mean against the truth: none is the lowest everywhere."
    )
    caption = f"Which reading is closest to the truth depends on where the truth is. {risk_sentence(study)}"
    return charts.chart("long-run-risk", drawing, alternative, caption, datasets={"risk": rows})


def risk_sentence(study: Study) -> str:
    """Which reading has the least error, and at which share of the truths."""
    one = at_truths(study).drop_duplicates(["truth", "reading"]).pivot(index="truth", columns="reading", values="rmse")
    ordered = one[[reading for reading in POINT if reading in one]]
    best = ordered.idxmin(axis=1)
    parts = []
    for reading in ordered.columns:
        where = best.index[best == reading].to_numpy(dtype=float)
        if len(where):
            runs = np.split(where, np.flatnonzero(np.diff(np.searchsorted(one.index, where)) > 1) + 1)
            spans = [f"{run[0]:g} to {run[-1]:g}" if len(run) > 1 else f"{run[0]:g}" for run in runs]
            parts.append(f"{POINT[reading]} at truths {' and '.join(spans)}")
    return f"The least error has the {'; the '.join(parts)} (prior {study.prior})."

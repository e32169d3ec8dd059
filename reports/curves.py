"""Small multiples of posterior densities: under every prior with the three readings, and beside the prior itself."""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import numpy as np

from comparisons.digits import percent
from reports import charts, densities, figures
from reports.charts import Chart
from reports.panels import first
from reports.stored import Array, Fit
from reports.words import listed

PANELS = 8  # at most
COLUMNS = 4
POINTS = 60  # of a curve
TAIL = 0.002  # of the draws left out at either end: a flat prior may leave long tails
RUNGS = {"mle": -0.12, "map": -0.24, "posterior": -0.36}  # below the densities, whose height is 1
MARK = "reading "  # begins the names of marks, so that none is the name of a prior
GAP = 24  # pixels between panels
COLOURS = ("var(--posterior)", "var(--prior-2)", "var(--prior-3)", "var(--prior-4)")
DASHES = ([1, 0], [6, 3], [6, 3, 1, 3], [2, 3])
"""One colour and line per prior, the default first: its posterior is drawn as everywhere else."""


def posteriors(fit: Fit) -> Chart:
    """Posterior of each parameter under every prior, with the three readings of the default one below."""
    means = {label: [fit.value(prior, label, "posterior") for prior in fit.priors] for label in fit.labels}
    moved = [-float(np.ptp(means[label])) / fit.value(fit.default, label, "posterior", "sd") for label in fit.labels]
    labels, note = first(fit.labels, PANELS, "most different", moved)
    curves: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for label in labels:
        draws = {prior: fit.draws(prior)[label].values.ravel() for prior in fit.priors}
        ends = [
            figures.limits(fit, fit.default, label),
            *(np.quantile(one, [TAIL, 1 - TAIL]) for one in draws.values()),
        ]
        low, high = min(end[0] for end in ends), max(end[1] for end in ends)
        found = {
            prior: densities.kernel(one, densities.supports(fit, prior)[label], (low, high), POINTS)
            for prior, one in draws.items()
        }
        top = max(float(y.max()) for _, y in found.values())
        for prior, (x, y) in found.items():
            curves += _curve(label, prior, x, y / top)
        marks += _marks(fit, label, low, high)
    # One scale for the lines of priors and the marks of readings: two would have a legend in every panel.
    names = [*fit.priors, *(f"{MARK}{reading}" for reading in RUNGS)]
    shades = [*(COLOURS * len(fit.priors))[: len(fit.priors)], *(charts.COLOURS[reading] for reading in RUNGS)]
    legend = (
        alt.Legend(values=list(fit.priors), symbolType="stroke", symbolStrokeWidth=2) if len(fit.priors) > 1 else None
    )
    colour = alt.Color("name:N", scale=alt.Scale(domain=names, range=shades), legend=legend)
    dashes = [*(DASHES * len(fit.priors))[: len(fit.priors)], *([1, 0] for _ in RUNGS)]
    dash = alt.StrokeDash("name:N", scale=alt.Scale(domain=names, range=dashes), legend=legend)
    base = _of("curve").encode(x=_x("x"), y=_y("y", low=-0.45))
    below = _of("mark").encode(y=_y("y", low=-0.45), color=colour)
    marks_of = alt.Scale(domain=names[len(fit.priors) :], range=charts.reading_scale("shape")["range"])
    shape = alt.Shape("name:N", scale=marks_of, legend=None)
    layers = [
        base.transform_filter(alt.datum.name == fit.default).mark_area(
            color=charts.COLOURS["posterior"], opacity=0.15, clip=True
        ),
        base.mark_line(strokeWidth=1.5, clip=True).encode(color=colour, strokeDash=dash),
        below.mark_rule(strokeWidth=2, clip=True).encode(x=_x("lower"), x2=alt.X2("upper:Q")),
        below.mark_point(filled=True, size=45, opacity=1, clip=True).encode(x=_x("x"), shape=shape),
    ]
    level = percent(fit.level)
    alternative = f"Posterior densities of {listed(labels)} under the priors {listed(list(fit.priors))}."
    caption = (
        f"Filled: the posterior under the prior {fit.default}; below it the {level} intervals of MLE (square), MAP "
        "(triangle) and posterior (circle at the mean)."
    )
    if len(fit.priors) > 1:
        caption += " Lines: the posteriors under all priors. Where they coincide, the data decide; where they part, "
        caption += "the prior does."
    return _panels("posterior-curves", layers, labels, alternative, f"{caption}{note}", [*curves, *marks])


def learnt(fit: Fit) -> Chart | None:
    """The default prior beside its posterior, on the scale of the prior; None if the prior is improper."""
    if fit.dataset(fit.default, "prior") is None:
        return None
    before, after = fit.draws(fit.default, "prior"), fit.draws(fit.default)
    narrowed = [-float(after[label].std() / before[label].std()) for label in fit.labels]
    labels, note = first(fit.labels, PANELS, "least narrowed", narrowed)
    known, supports = densities.prior_densities(fit, fit.default), densities.supports(fit, fit.default)
    curves: list[dict[str, Any]] = []
    for label in labels:
        ends = np.quantile(before[label].values, [0.01, 0.99])
        low, high = min(ends[0], float(after[label].min())), max(ends[1], float(after[label].max()))
        seen = {
            name: densities.kernel(one[label].values, supports[label], (low, high), POINTS)
            for name, one in {"prior": before, "posterior": after}.items()
        }
        if label in known:
            grid = np.linspace(low, high, POINTS)
            with np.errstate(divide="ignore"):
                seen["prior"] = grid, known[label](grid)
        for name, (x, y) in seen.items():
            finite = np.isfinite(y)
            curves += _curve(label, name, x[finite], y[finite] / y[finite].max())
    scale = alt.Scale(domain=["prior", "posterior"], range=[charts.QUIET, charts.COLOURS["posterior"]])
    dash = alt.Scale(domain=["prior", "posterior"], range=[[2, 3], [1, 0]])
    line = _of("curve").mark_line(strokeWidth=1.5, clip=True).encode(
        x=_x("x"), y=_y("y"), color=alt.Color("name:N", scale=scale, legend=alt.Legend()),
        strokeDash=alt.StrokeDash("name:N", scale=dash, legend=alt.Legend()),
    )  # fmt: skip
    alternative = f"Densities of {listed(labels)} under the prior {fit.default}, before and after the data."
    caption = f"How much narrower than the prior is the posterior? Each curve is scaled to the same height.{note}"
    return _panels("posterior-learnt", [line], labels, alternative, caption, curves)


def _of(what: str) -> alt.Chart:
    """A layer of one kind of records: panels of small multiples can share one set of them only."""
    return alt.Chart().transform_filter(alt.datum.of == what)


def _x(field: str) -> alt.X:
    axis = alt.Axis(title=None, tickCount=3, labelOverlap=True, labelSeparation=6, grid=False)
    return alt.X(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, nice=False))


def _y(field: str, low: float = 0.0) -> alt.Y:
    return alt.Y(f"{field}:Q", axis=None, scale=alt.Scale(domain=[low, 1.05], nice=False))


def _curve(label: str, name: str, x: Array, y: Array) -> list[dict[str, Any]]:
    common = {"of": "curve", "panel": label, "name": name}
    return [common | row for row in charts.rows(x=x, y=y)]


def _marks(fit: Fit, label: str, low: float, high: float) -> list[dict[str, Any]]:
    """Points and intervals under the default prior, as far as they lie within the panel."""
    rows = []
    for reading, rung in RUNGS.items():
        x, lower, upper = (fit.value(fit.default, label, reading, key) for key in ("estimate", "lower", "upper"))
        ends = np.clip([lower, upper], low, high) if np.isfinite([lower, upper]).all() else [np.nan, np.nan]
        within = x if low <= x <= high else np.nan
        numbers = charts.rows(x=np.array([within]), lower=np.array(ends[:1]), upper=np.array(ends[1:]))[0]
        rows.append({"of": "mark", "panel": label, "name": f"{MARK}{reading}", "y": rung} | numbers)
    return rows


def _panels(
    key: str, layers: list[Any], labels: list[str], alternative: str, caption: str, records: list[dict[str, Any]]
) -> Chart:
    """One panel per label, titled with it."""
    columns = min(len(labels), COLUMNS)
    width = math.floor(charts.WIDE / columns) - GAP
    header = alt.Header(title=None, labelAnchor="start", labelPadding=2)
    drawing = charts.panels(
        charts.layer(*layers, width=width, height=110),
        data=charts.named("records"),
        facet=alt.Facet("panel:N", sort=labels, header=header),
        columns=columns,
        resolve={"scale": {"x": "independent"}},
        spacing=GAP,
    )
    return charts.chart(key, drawing, alternative, caption, datasets={"records": records})

"""Coefficients under a penalty from weak to strong: paths of the MAP, and of the posterior."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import xarray as xr

from comparisons.digits import percent, significant
from models.contract.predictors import location
from reports import charts
from reports.charts import INK, QUIET, Chart, Knob
from reports.stored import Array, Fit
from reports.words import listed, plural

KINDS = {"Normal": "ridge", "Laplace": "lasso"}
"""What the mode is called under a prior of ``beta``."""
BETA = "beta["
MOST = 12  # coefficients that are drawn and listed; of more, those with the largest MAP or MLE
CLEAR = 0.06  # of the height of a picture: the height of a name


def kinds(fit: Fit, names: Sequence[str]) -> dict[str, str]:
    """Priors among ``names`` under which ``beta`` is penalised towards zero, and what the mode is called."""
    written: dict[str, dict[str, Any]] = json.loads(fit.text("distributions"))
    found = {}
    for name in names:
        beta = written[name].get("beta")
        if beta is not None and beta["name"] in KINDS and not np.any(beta["hyperparameters"]["mu"]):
            found[name] = KINDS[beta["name"]]
    return found


def source(fit: Fit) -> xr.Dataset | None:
    """The data of all rows, in their compact form if only that was stored; None if some rows have nothing beside."""
    if "compact" in fit.tree.children:
        return fit.tree["compact"].to_dataset()
    return None if str(fit.data.attrs.get("stored", "")).startswith("a random") else fit.data


def coefficients(fit: Fit) -> list[str]:
    """Labels of the coefficients, in the order of the predictors."""
    return [label for label in fit.labels if label.startswith(BETA)]


def widths(fit: Fit) -> Array:
    """Standard deviation of each predictor: a coefficient times it has the unit of the outcome, whatever its column."""
    data = source(fit)
    return location(fit.data if data is None else data)[1]


def shown(fit: Fit) -> list[int]:
    """Positions of the coefficients that are drawn, in their order."""
    labels = coefficients(fit)
    size = np.abs([fit.value(fit.default, label, "map") for label in labels]) * widths(fit)
    return sorted(np.argsort(-np.nan_to_num(size), kind="stable")[:MOST].tolist())


# The path.


def swept(fit: Fit) -> xr.Dataset | None:
    """The sweep of the strength of the coefficients' prior alone, under ridge and lasso; None if there is none."""
    sweep = fit.sweep("sweep_prior")
    if sweep is None or str(sweep.attrs.get("swept", "")) != "beta":
        return None
    known = kinds(fit, [str(name) for name in sweep["prior"].values])
    return sweep.sel(prior=list(known)) if known else None


def _strengths(sweep: xr.Dataset) -> list[str]:
    return [f"{significant(float(s), 2)} times" for s in sweep["strength"].values]


def _places(sweep: xr.Dataset) -> list[dict[str, Any]]:
    return charts.rows(times=sweep["strength"].values, place=np.arange(sweep.sizes["strength"]))


def _place() -> alt.Chart:
    """A line at the strength that the slider marks."""
    rule = alt.Chart(charts.named("places")).transform_filter("datum.place == strength")
    found: alt.Chart = rule.mark_rule(color=QUIET, strokeDash=[2, 3]).encode(x=alt.X("times:Q"))
    return found


STRENGTH = alt.X(
    "times:Q",
    title="strength of the prior (times its own)",
    scale=alt.Scale(type="log"),
    axis=alt.Axis(format="~g", tickCount=5),
)


def paths(fit: Fit, sweep: xr.Dataset) -> Chart:
    """All coefficients against the strength of the prior: ridge or lasso, mode or mean."""
    known = kinds(fit, [str(name) for name in sweep["prior"].values])
    labels = [coefficients(fit)[position] for position in shown(fit)]
    width = widths(fit)[shown(fit)]
    views = [(prior, reading) for prior in known for reading in ("map", "posterior")]
    names = {"map": "mode (MAP)", "posterior": "posterior mean"}
    records: list[dict[str, Any]] = []
    for view, (prior, reading) in enumerate(views):
        one = sweep["estimate"].sel(prior=prior, reading=reading, parameter=labels).transpose("strength", "parameter")
        k, j = (grid.ravel() for grid in np.meshgrid(range(len(one)), range(len(labels)), indexing="ij"))
        records += charts.rows(
            view=np.full(k.size, view),
            place=k,
            times=sweep["strength"].values[k],
            coefficient=np.array([label[len(BETA) : -1] for label in labels])[j],
            size=(one.values * width)[k, j],
            named=(k == 0) & np.isin(j, _apart(one.values[0] * width)),
        )
    base = alt.Chart(charts.named("paths")).transform_filter("datum.view == view")
    y = alt.Y("size:Q", title="coefficient times sd of its predictor")
    lines = base.mark_line(strokeWidth=1.6).encode(x=STRENGTH, y=y, detail="coefficient:N")
    coloured = lines.encode(color=alt.condition("datum.view % 2 == 0", *map(alt.value, _two())))
    points = base.transform_filter("datum.place == strength").mark_point(filled=True, size=45, opacity=1)
    dots = points.encode(
        x=STRENGTH, y=y, color=alt.condition("datum.size === 0", alt.value(INK), alt.value(charts.COLOURS["mle"]))
    )
    ends = base.transform_filter("datum.named").mark_text(align="left", dx=3, dy=-6, fontSize=11, color=INK)
    named = ends.encode(x=STRENGTH, y=y, text=alt.Text("coefficient:N"))
    knobs = [
        Knob("view", "show", [f"{known[p]}, {names[r]}" for p, r in views], 0, choice=True),
        Knob("strength", "prior counts", _strengths(sweep), sweep.sizes["strength"] // 2),
    ]
    drawing = charts.layer(coloured, _place(), dots, named, height=260)
    return charts.chart(
        "path-all",
        drawing,
        "Every coefficient against the strength of the prior. " + " ".join(path_sentences(fit, sweep)),
        "Each line is a coefficient, from a prior that hardly counts on the left to one that overrules the data on the "
        "right. Look where a line reaches zero: the lasso's mode gets there and stays, ridge and every posterior mean "
        "only come near. The slider marks one strength.",
        knobs,
        [{"view": view} for view in dict.fromkeys((0, len(views) - 2, len(views) - 1))],
        {"paths": records, "places": _places(sweep)},
    )


def _two() -> tuple[str, str]:
    return charts.COLOURS["map"], charts.COLOURS["posterior"]


def _apart(values: Array) -> list[int]:
    """Positions of values that are far enough apart to have a name beside them, the largest first."""
    named: list[int] = []
    for position in np.argsort(-np.abs(values), kind="stable").tolist():
        if all(abs(values[position] - values[other]) > CLEAR * np.ptp(values) for other in named):
            named.append(position)
    return named


def bands(fit: Fit, sweep: xr.Dataset) -> Chart:
    """One coefficient against the strength: points as lines, the posterior as bands."""
    known = list(kinds(fit, [str(name) for name in sweep["prior"].values]).items())
    places = shown(fit)
    labels = [coefficients(fit)[position] for position in places]
    shares = sweep["share"].values
    records: list[dict[str, Any]] = []
    for view, (prior, _) in enumerate(known):
        for j, label in enumerate(labels):
            one = sweep.sel(prior=prior, parameter=label)
            ends = {f"q{round(1000 * share)}": one["quantile"].sel(share=share).values for share in shares}
            readings = {reading: one["estimate"].sel(reading=reading).values for reading in ("mle", "map", "posterior")}
            place = np.arange(one.sizes["strength"])
            same = {"view": np.full(place.size, view), "coefficient": np.full(place.size, j), "place": place}
            records += charts.rows(**same, times=one["strength"].values, **readings, **ends)
    base = alt.Chart(charts.named("bands")).transform_filter("datum.view == view && datum.coefficient == coefficient")
    title = "coefficient, in its own unit"
    band = [
        base.mark_area(opacity=opacity, color=charts.COLOURS["posterior"]).encode(
            x=STRENGTH, y=alt.Y(f"{low}:Q", title=title), y2=f"{high}:Q"
        )
        for low, high, opacity in (("q25", "q975", 0.18), ("q250", "q750", 0.28))
    ]
    folded = base.transform_fold(["mle", "map", "posterior"], as_=["reading", "value"])
    lines = folded.mark_line(strokeWidth=1.8).encode(
        x=STRENGTH,
        y=alt.Y("value:Q", title=title),
        color=alt.Color("reading:N", scale=charts.reading_scale(), legend=None),
        strokeDash=alt.StrokeDash("reading:N", scale=charts.reading_scale("strokeDash"), legend=None),
    )
    points = folded.transform_filter("datum.place == strength").mark_point(filled=True, size=60, opacity=1)
    marks = points.encode(
        x=STRENGTH,
        y=alt.Y("value:Q"),
        color=alt.Color("reading:N", scale=charts.reading_scale(), legend=None),
        shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None),
    )
    zero = alt.Chart(charts.named("zero")).mark_rule(color=QUIET, strokeWidth=0.7).encode(y=alt.Y("zero:Q"))
    middle = sweep.sizes["strength"] // 2
    knobs = [
        Knob("view", "prior", [f"{prior} ({kind})" for prior, kind in known], len(known) - 1, choice=True),
        Knob("coefficient", "coefficient", labels, 0, choice=True),
        Knob("strength", "prior counts", _strengths(sweep), middle),
    ]
    drawing = charts.layer(*band, zero, _place(), lines, marks, height=240)
    chosen = _telling(sweep, labels, known[-1][0])
    stills = [{"coefficient": j, "view": len(known) - 1} for j in chosen]
    return charts.chart(
        "path-bands",
        drawing,
        f"A coefficient against the strength of the prior: maximum likelihood estimate, mode, posterior mean and bands "
        f"of the posterior, for {listed(labels, 20)} under the priors {listed([name for name, _ in known])}.",
        f"Lines: MLE (dashed level), MAP and posterior mean; bands: 50 % and {percent(shares[-1] - shares[0])} "
        "equal-tailed intervals of the posterior. On the left the prior hardly counts; on the right the band closes "
        "around zero. Look where the lasso's MAP lies on zero: the band there still reaches to both sides.",
        knobs,
        stills,
        {"bands": records, "places": _places(sweep), "zero": [{"zero": 0}]},
    )


def _telling(sweep: xr.Dataset, labels: list[str], prior: str) -> list[int]:
    """Three coefficients: the last to be overruled, one between, and the first."""
    one = sweep["estimate"].sel(prior=prior, reading="map", parameter=labels).transpose("strength", "parameter")
    size = np.abs(one.values)
    lasting = (size / np.maximum(size[0], 1e-300)).mean(axis=0)
    order = np.argsort(-lasting, kind="stable").tolist()
    return sorted({order[0], order[len(order) // 2], order[-1]}, key=order.index)


def path_sentences(fit: Fit, sweep: xr.Dataset) -> list[str]:
    """How many coefficients are exactly zero along the path, per prior: modes, means and draws."""
    labels, said = coefficients(fit), []
    for prior, kind in kinds(fit, [str(name) for name in sweep["prior"].values]).items():
        one = sweep.sel(prior=prior, parameter=labels)
        zeros = (one["estimate"].sel(reading="map") == 0).sum("parameter").values
        strengths = [significant(float(s), 2) for s in sweep["strength"].values]
        draws, exact = one["draws"].size, int((one["draws"] == 0).sum())
        if zeros.max() == 0:
            text = f"no coefficient is exactly zero at any of the {len(strengths)} strengths"
        else:
            counts = listed(_runs(zeros.tolist(), strengths), len(strengths))
            text = f"exactly zero, of {plural(len(labels), 'coefficient')}, are {counts} its strength"
        said.append(
            f"Mode under the prior {prior} ({kind}): {text}; "
            f"{'none' if exact == 0 else f'{exact:,}'} of its {draws:,} stored posterior draws is."
        )
    return said


def _runs(counts: list[int], strengths: list[str]) -> list[str]:
    """Equal counts at neighbouring strengths in one phrase."""
    said = []
    start = 0
    for stop in range(1, len(counts) + 1):
        if stop == len(counts) or counts[stop] != counts[start]:
            where = strengths[start] if stop - start == 1 else f"{strengths[start]} to {strengths[stop - 1]}"
            said.append(f"{counts[start]} at {where} times")
            start = stop
    return said

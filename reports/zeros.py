"""Zeros that only the mode has: the lasso beside the posterior of the same coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np
import xarray as xr

from comparisons.digits import number, significant
from reports import charts, densities
from reports.charts import Chart, Knob
from reports.shrinkage import coefficients, kinds, shown, source, widths
from reports.stored import Array, Fit
from reports.words import listed, plural

NEAR = 0.05  # of what an effect of one would be: sd of the outcome per sd of the predictor, or log-odds per sd
CURVE = 80  # points of a density


@dataclass(frozen=True)
class Zeros:
    """The lasso's zeros, and what its posterior says of the same coefficients.

    Attributes
    ----------
    sentences : list of str
    head : list of str
    rows : list of list of str
        Per coefficient: mode, posterior mean, median, probability of being near zero and ten times nearer, draws at
        exactly zero.
    caption : str
    drawing : Chart
    """

    sentences: list[str]
    head: list[str]
    rows: list[list[str]]
    caption: str
    drawing: Chart


def near(fit: Fit) -> Array:
    """How near zero counts as near, per coefficient and in its unit."""
    data = source(fit)
    data = fit.data if data is None else data
    scale = 1.0 if "trials" in data else _spread(data)
    return np.asarray(NEAR * scale / widths(fit))


def _spread(data: xr.Dataset) -> float:
    """Standard deviation of the outcome."""
    return float(data["spread"]) if "spread" in data else float(data["y"].values.std(ddof=1))


def zeros(fit: Fit) -> Zeros | None:
    """Zeros of the mode against the posterior under the first Laplace prior; None without one, or without its mode."""
    prior = next((name for name, kind in kinds(fit, list(fit.priors)).items() if kind == "lasso"), None)
    labels = coefficients(fit)
    if prior is None or any(fit.reason(prior, label, "posterior").startswith("improper") for label in labels):
        return None
    if not np.isfinite([fit.value(prior, label, "map") for label in labels]).all():
        return None
    draws, radius = fit.draws(prior), near(fit)
    columns = {label: draws[label].values.ravel() for label in labels}
    modes = {label: fit.value(prior, label, "map") for label in labels}
    inside = {
        label: [float(np.mean(np.abs(columns[label]) < part * eps)) for part in (1.0, 0.1)]
        for label, eps in zip(labels, radius, strict=True)
    }
    exact = {label: int(np.sum(columns[label] == 0)) for label in labels}
    rows = []
    for label in (labels[position] for position in shown(fit)):
        error, sd = (fit.value(prior, label, "posterior", key) for key in ("mcse", "sd"))
        mean, median = (fit.value(prior, label, "posterior", key) for key in ("estimate", "median"))
        rows.append(
            [
                label,
                number(modes[label], sd / 100),
                number(mean, error),
                number(median, error),
                *(f"{share:.3f}" for share in inside[label]),
                f"{exact[label]} of {columns[label].size:,}",
            ]
        )
    unit = "log-odds" if "trials" in fit.data else "sd of the outcome"
    return Zeros(
        sentences=zero_sentences(modes, inside, exact, sum(map(len, columns.values()))),
        head=["Coefficient", "MAP", "Mean", "Median", "P(near 0)", "P(ten times nearer)", "Draws at 0"],
        rows=rows,
        caption=(
            f"Under the prior {prior}: mode and posterior of the same coefficients. Near 0: one sd of the predictor "
            f"moves the outcome by less than {NEAR:g} {unit}"
        ),
        drawing=_spikes(fit, prior, [labels[position] for position in shown(fit)], columns, modes),
    )


def zero_sentences(
    modes: dict[str, float], inside: dict[str, list[float]], exact: dict[str, int], draws: int
) -> list[str]:
    """What the modes, the shares of draws near zero and the draws at zero say."""
    at_zero = [label for label, mode in modes.items() if mode == 0]
    many, total = plural(len(modes), "coefficient"), sum(exact.values())
    said = [
        f"The lasso, the mode, sets {len(at_zero)} of {many} to exactly zero"
        + (f": {listed(at_zero)}." if at_zero else ".")
    ]
    said.append(
        f"Of the {draws:,} posterior draws of all coefficients, {'none' if total == 0 else f'{total:,}'} is exactly 0."
    )
    asked = at_zero or list(modes)
    shares = [inside[label][0] for label in asked]
    whose = "the coefficients that the lasso drops" if at_zero else "the coefficients"
    spread = f"{min(shares):.2f}" if len(shares) == 1 else f"{min(shares):.2f} to {max(shares):.2f}"
    said.append(f"The probability of being near zero is {spread} for {whose}: a matter of degree, never a selection.")
    first, second = (float(np.mean([inside[label][part] for label in asked])) for part in (0, 1))
    if second > 0:
        said.append(
            f"Asked ten times more narrowly, it falls by a factor of {significant(first / second, 2)} on average. An "
            "atom at zero, which a prior that selects would need, would not let it fall below its own mass."
        )
    return said


def _spikes(fit: Fit, prior: str, labels: list[str], columns: dict[str, Array], modes: dict[str, float]) -> Chart:
    """Posterior density of a coefficient, with the mode as a spike and the mean as a point."""
    records, marks = [], []
    for j, label in enumerate(labels):
        x, height = densities.kernel(columns[label], points=CURVE)
        records += charts.rows(coefficient=np.full(len(x), j), x=x, height=height / height.max())
        mean = fit.value(prior, label, "posterior")
        marks += charts.rows(
            coefficient=np.full(2, j), reading=np.array(["map", "posterior"]), x=np.array([modes[label], mean])
        )
    curve = alt.Chart(charts.named("curves")).transform_filter("datum.coefficient == coefficient")
    across = alt.X("x:Q", title="coefficient, in its own unit", scale=alt.Scale(nice=False))
    area = curve.mark_area(opacity=0.2, line={"color": charts.COLOURS["posterior"]}, color=charts.COLOURS["posterior"])
    both = alt.Chart(charts.named("marks")).transform_filter("datum.coefficient == coefficient")
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    spike = both.transform_filter("datum.reading == 'map'").mark_rule(strokeWidth=2.5)
    point = both.mark_point(filled=True, size=70, opacity=1, y=200)
    drawing = charts.layer(
        area.encode(x=across, y=alt.Y("height:Q", title=None, axis=None)),
        spike.encode(x=across, color=colour),
        point.encode(
            x=across, color=colour, shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
        ),
        height=200,
    )
    dropped = [j for j, label in enumerate(labels) if modes[label] == 0]
    kept = [j for j, label in enumerate(labels) if modes[label] != 0]
    order = [*dropped[:2], *kept[:1], *dropped[2:], *kept[1:]]
    return charts.chart(
        "path-spikes",
        drawing,
        f"Posterior density of {listed(labels, 20)} under the prior {prior}, the mode as a vertical line, the mean as "
        "a point.",
        "Vertical line: the MAP; round or square points: MAP and posterior mean; area: the posterior. Wherever the "
        "line stands on zero the lasso says “dropped”; the area says how much of the posterior is anywhere near.",
        [Knob("coefficient", "coefficient", labels, order[0], choice=True)],
        [{"coefficient": j} for j in order[:3]],
        {"curves": records, "marks": marks},
    )

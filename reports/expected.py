"""What the prior alone expects of the data: draws of the prior predictive distribution beside the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

import models
from comparisons.digits import percent, significant
from reports import charts, pictures
from reports.charts import Chart
from reports.stored import Array, Fit

BINS = 40
FEATURES = 3  # drawn at most
CENTRAL = 0.95
EDGE = 0.01  # share of draws left out at either end of an axis: heavy tails would hide everything else


@dataclass(frozen=True)
class Compared:
    """What is drawn: values expected, and values seen.

    Attributes
    ----------
    label : str
        Of the axis.
    expected : array
        Of many data sets from the prior predictive distribution.
    seen : array
        The data; a single number is drawn as a line.
    """

    label: str
    expected: Array
    seen: Array


def prior_predictive(fit: Fit) -> list[Chart]:
    """Figures of the default prior's predictions, one per feature; none if the prior is improper."""
    new, observed = (fit.dataset(fit.default, group) for group in ("prior_predictive", "observed_data"))
    if new is None or observed is None:
        return []
    name, kind = pictures.outcome(fit), pictures.shape(fit)
    whole = bool(np.issubdtype(observed[name].dtype, np.integer))  # and so are their sums
    drawn, seen = new[name].transpose("chain", "draw", "observation", ...).values, observed[name].values
    drawn = drawn.reshape(-1, *drawn.shape[2:]).astype(float)
    if kind in ("counts", "binary regression"):
        trials = fit.data["trials"].values if "trials" in fit.data else np.ones(1)
        every = np.all(trials == 1) and kind == "binary regression"
        label = f"share of {name} = 1" if every else f"{name} in all"
        average = np.mean if every else np.sum
        whole = not every
        compared = [Compared(label, average(drawn, axis=1), np.atleast_1d(average(seen)))]
    elif kind == "points":
        dim = next(str(dim) for dim in observed[name].dims if dim != "observation")
        features = [str(value) for value in observed[name][dim].values][:FEATURES]
        seen = observed[name].transpose("observation", dim).values
        compared = [
            Compared(f"{name}[{feature}]", drawn[..., i].ravel(), seen[:, i]) for i, feature in enumerate(features)
        ]
    else:
        compared = [Compared(str(fit.data.attrs.get("outcome", name)), drawn.ravel(), seen.astype(float))]
    return [_chart(f"model-expected-{i}", fit, one, whole) for i, one in enumerate(compared)]


def _said(compared: Compared, value: float) -> str:
    """A value with three digits; a count as the whole number it is."""
    counts = all(np.array_equal(one, np.round(one)) for one in (compared.expected, compared.seen))
    return f"{value:,.0f}" if counts else significant(value, 3)


def from_data(fit: Fit) -> bool:
    """Whether the default prior was restated in the centre and spread of the outcome, and so has seen it.

    That of a logistic regression has seen the predictors only.
    """
    if "trials" in fit.data:
        return False
    if fit.text("scenario") not in models.names():
        return False
    request = fit.record.get("request", {})
    asked = request.get("options", {}).get("standardize")
    own = any("~" in text for text in request.get("prior", []))  # in the units of the data, unless asked for
    if asked is False or (own and not asked):
        return False
    return bool(set(models.load(fit.text("scenario")).units(fit.data)) & set(fit.priors[fit.default]))


def sentence(prior: str, compared: Compared, from_data: bool = False) -> str:
    """What the prior expects, what was seen, and what to look for.

    A prior ``from_data`` was restated in their centre and spread, so that it is no prior to them.
    """
    low, high = (_said(compared, float(end)) for end in _central(compared.expected))
    lead = (
        f"The prior {prior}, restated in the centre and spread of these data,"
        if from_data
        else f"Before any outcome is seen, the prior {prior}"
    )
    said = f"{lead} puts {compared.label} between {low} and {high} with {percent(CENTRAL)}"
    if len(compared.seen) == 1:
        share = float(np.mean(compared.expected >= compared.seen[0]))
        return (
            f"{said}; seen was {_said(compared, float(compared.seen[0]))}, and {percent(round(share, 3))} of the data "
            "sets from the prior have as much or more. Look for a line where there is nearly no grey: such data the "
            "prior would hardly have believed."
        )
    first, last = (_said(compared, float(end)) for end in (compared.seen.min(), compared.seen.max()))
    return (
        f"{said}; the data lie between {first} and {last}. Look for data outside the grey, which the prior would "
        "hardly have believed, and for grey far from anything possible."
    )


def _central(values: Array) -> Array:
    return np.quantile(values[np.isfinite(values)], [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2])


def _chart(key: str, fit: Fit, compared: Compared, whole: bool) -> Chart:
    finite = compared.expected[np.isfinite(compared.expected)]
    low, high = np.quantile(finite, [EDGE, 1 - EDGE])
    low, high = min(low, compared.seen.min()), max(high, compared.seen.max())
    if whole and high - low < BINS:
        edges = np.arange(np.floor(low) - 0.5, np.ceil(high) + 1)
    else:
        edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    scale = alt.Scale(nice=False, domain=[float(edges[0]), float(edges[-1])])
    ticks = alt.Axis(tickMinStep=1) if whole else alt.Axis()
    x = alt.X("low:Q", title=compared.label, scale=scale, axis=ticks)
    y = alt.Y("share:Q", title="share", axis=alt.Axis(format="%", tickCount=4))
    zero = alt.YDatum(0)
    layers: list[Any] = [
        _bars(finite, edges).mark_bar(color=charts.QUIET, opacity=0.35).encode(x=x, x2=alt.X2("high:Q"), y=y, y2=zero)
    ]
    if len(compared.seen) == 1:
        line = alt.Chart(charts.data(charts.rows(low=compared.seen.astype(float)))).mark_rule(strokeWidth=2)
        layers.append(line.encode(x=x))
    else:
        bars = _bars(compared.seen, edges).mark_bar(fillOpacity=0, stroke=charts.INK, strokeWidth=1.2)
        layers.append(bars.encode(x=x, x2=alt.X2("high:Q"), y=y, y2=zero))
    alternative = (
        f"Histogram of {compared.label} in data sets drawn from the prior {fit.default}, and the data in outline."
    )
    return charts.chart(
        key, charts.layer(*layers, height=170), alternative, sentence(fit.default, compared, from_data(fit))
    )  # fmt: skip


def _bars(values: Array, edges: Array) -> alt.Chart:
    heights = np.histogram(values, edges)[0] / len(values)
    kept = heights > 0
    return alt.Chart(charts.data(charts.rows(low=edges[:-1][kept], high=edges[1:][kept], share=heights[kept])))

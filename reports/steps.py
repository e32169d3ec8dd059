"""Why the readings differ: the way from the MLE to the posterior mean, in steps that add up exactly.

In posterior standard deviations: the *prior* takes the MLE to the MAP, the *shape* of the posterior takes the MAP to
its mean, and *Monte Carlo error* takes the mean itself to the mean of the draws. The last can be told from the second
only where an independent reference knows the mean itself; elsewhere it is part of the shape, and its standard error is
drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np

from comparisons.digits import MISSING, exists
from reports import charts
from reports.charts import Chart
from reports.figures import REACH
from reports.stored import Fit

DECIMALS = 3
NEGLIGIBLE = 1 / 3  # a reference's own error, in Monte Carlo standard errors, up to which it stands for the mean itself
PARTS = {"prior": "prior", "shape": "shape", "error": "Monte Carlo error"}


@dataclass(frozen=True)
class Steps:
    """The way of one parameter, in posterior standard deviations from the posterior mean; NaN where it does not exist.

    Attributes
    ----------
    parameter : str
    mle, map, mean : float
        Where the two points and the mean itself lie; the mean of the draws is at 0. The mean itself is NaN where no
        reference knows it.
    error : float
        Monte Carlo standard error of the mean of the draws.
    """

    parameter: str
    mle: float
    map: float
    mean: float
    error: float

    @property
    def places(self) -> dict[str, float]:
        """Where the way leads, from its first known place on; each part ends at the place it is named after.

        Empty without a MAP: then prior and shape cannot be told apart.
        """
        if not exists(self.map):
            return {}
        stops = {"": self.mle, "prior": self.map, "shape": self.mean, "error": 0.0}
        if not exists(self.mean):
            stops = {"": self.mle, "prior": self.map, "shape": 0.0}
        return {name: place for name, place in stops.items() if exists(place)}

    @property
    def parts(self) -> dict[str, float]:
        """Length of every step, with its sign; together the way from the first place to the mean of the draws."""
        stops = list(self.places.items())
        return {name: to - start for (_, start), (name, to) in pairwise(stops)}


def steps(fit: Fit, prior: str) -> list[Steps]:
    """The ways of all parameters under one prior; without those that have no posterior mean."""
    found = []
    for label in fit.labels:
        posterior = fit.row(prior, label, "posterior")
        mean, sd, mcse = (float(posterior[key]) for key in ("estimate", "sd", "mcse"))
        if not (exists(mean) and exists(sd) and sd > 0):
            continue
        mle, map_ = ((fit.value(prior, label, reading) - mean) / sd for reading in ("mle", "map"))
        reference = float(posterior["reference"]) if _knows(posterior) else np.nan
        found.append(Steps(label, mle, map_, (reference - mean) / sd, mcse / sd))
    return found


def _knows(row: dict[str, Any]) -> bool:
    """Whether the reference of a posterior mean is known much better than the mean of the draws."""
    gap, distance, mcse = abs(row["estimate"] - row["reference"]), row["distance"], row["mcse"]
    if not (exists(gap) and exists(distance) and exists(mcse)):
        return False
    # The distance is the gap over the root of the sum of both squared errors.
    error = np.sqrt(max((gap / distance) ** 2 - mcse**2, 0.0)) if distance > 0 else 0.0
    return bool(error <= NEGLIGIBLE * mcse)


def rounded(way: Steps) -> dict[str, str]:
    """The parts with `DECIMALS` decimals and their sum: places are rounded, so that what is shown adds up too."""
    stops = {name: round(place, DECIMALS) for name, place in way.places.items()}
    shown = {name: to - start for (_, start), (name, to) in pairwise(stops.items())}
    texts = {name: f"{shown[name]:+.{DECIMALS}f}" if name in shown else MISSING for name in PARTS}
    return texts | {"all": f"{-next(iter(stops.values())):+.{DECIMALS}f}" if shown else MISSING}


def table(fit: Fit, prior: str) -> list[dict[str, str]]:
    """Rows of numbers, and where the way begins."""
    return [
        {"parameter": way.parameter, "begins": "MLE" if exists(way.mle) else "MAP"} | rounded(way)
        for way in steps(fit, prior)
    ]


def picture(fit: Fit) -> Chart | None:
    """The ways under every prior; None if there is none."""
    ways = [(k, way) for k, prior in enumerate(fit.priors) for way in steps(fit, prior)]
    if not any(way.parts for _, way in ways):
        return None
    bars: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for k, way in ways:
        stops = list(way.places.items())
        for (_, start), (name, to) in pairwise(stops):
            bars.append({"prior": k, "parameter": way.parameter, "part": PARTS[name], "start": start, "end": to})
        for reading, place in (("mle", way.mle), ("map", way.map), ("posterior", 0.0)):
            if exists(place):
                row = {
                    "prior": k,
                    "parameter": way.parameter,
                    "reading": reading,
                    "place": place,
                    "low": None,
                    "high": None,
                }
                marks.append(row | ({"low": -way.error, "high": way.error} if reading == "posterior" else {}))
    ends = [float(bar[key]) for bar in bars for key in ("start", "end")]
    low, high = max(min(ends) - 0.05, -REACH), min(max(ends) + 0.05, REACH)
    cut = f" Beyond {REACH:g} standard deviations the way is cut off." if max(map(abs, ends)) > REACH else ""
    y = alt.Y("parameter:N", title=None, sort=None, axis=alt.Axis(labelLimit=140, domain=False, ticks=False))
    scale = alt.Scale(domain=[low, high], nice=False)
    x = alt.X("start:Q", title="posterior sd from the posterior mean", scale=scale)
    shades = alt.Scale(domain=list(PARTS.values()), range=["var(--map)", "var(--posterior)", charts.QUIET])
    several = len(fit.priors) > 1
    offset = alt.YOffset("part:N", sort=list(PARTS.values()))
    drawn = alt.Chart(charts.data(_columns(bars))).mark_bar(opacity=0.55, clip=True)
    drawn = drawn.encode(
        x=x,
        x2=alt.X2("end:Q"),
        y=y,
        yOffset=offset,
        color=alt.Color("part:N", scale=shades, legend=alt.Legend(orient="top")),
    )
    points = alt.Chart(charts.data(_columns(marks)))
    spread = points.mark_rule(clip=True, strokeWidth=2).encode(x=alt.X("low:Q", scale=scale), x2=alt.X2("high:Q"), y=y)
    dots = points.mark_point(filled=True, size=60, opacity=1, clip=True).encode(
        x=alt.X("place:Q", scale=scale), y=y,
        shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None),
        fill=alt.Fill("reading:N", scale=charts.reading_scale(), legend=None),
    )  # fmt: skip
    layers = [layer.transform_filter("datum.prior == prior") if several else layer for layer in (drawn, spread, dots)]
    apart = {"scale": {"color": "independent", "fill": "independent"}}
    drawing = charts.layer(*layers, height=max(60, 34 * len(fit.labels)), resolve=apart)
    knobs = [charts.Knob("prior", "prior", list(fit.priors), 0, choice=True)] if several else []
    alternative = f"The way from MLE to posterior mean of {len(fit.labels)} parameters, in bars per step."
    green = "skewness." if len(fit.labels) == 1 else "that of integrating the other parameters out, and of skewness."
    caption = (
        "Each bar is one step: from the MLE (square) the prior leads to the MAP (triangle), the shape of the posterior "
        "to its mean, and Monte Carlo error to the mean of the draws (circle, with its standard error). The steps add "
        "up to the distance. Look for the longer bar: a long blue one is the prior's doing, a long green one "
        f"{green}{cut}"
    )
    stills = [{"prior": k} for k in range(len(fit.priors))]
    return charts.chart("apart-steps", drawing, alternative, caption, knobs, stills if several else ())


def _columns(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return charts.rows(**{key: [record[key] for record in records] for key in records[0]})

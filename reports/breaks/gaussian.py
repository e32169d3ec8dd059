r"""A spread from three values: every estimate of sigma is off on average, each by a factor that depends on n alone.

With :math:`S` the sum of squares about the mean, :math:`\sqrt{S} / \sigma` has a chi distribution with :math:`n - 1`
degrees of freedom, and every estimate here is :math:`k_n \sqrt{S}` (Johnson, Kotz and Balakrishnan 1994, Continuous
Univariate Distributions 1, chapter 18).
"""

from __future__ import annotations

import altair as alt
import numpy as np
import xarray as xr
from scipy.special import gammaln
from scipy.stats import chi

from comparisons.digits import MISSING, exists, number
from reports import charts
from reports.breaks.broken import Break, Table
from reports.stored import Array, Fit
from reports.words import error_of

SIZES = (2, 3, 4, 5, 8, 10, 30, 100)
CURVE = 45
WIDEST = 2.5  # of what is drawn, in true sigmas
ESTIMATES = ("MAP, prior 1/sigma", "MLE", "s, divisor n - 1", "posterior mean, prior 1/sigma")
COLOURS = ("var(--map)", "var(--mle)", "currentColor", "var(--posterior)")
DASHES = ([6, 3, 1, 3], [6, 3], [2, 2], [1, 0])


def factor(estimate: str, n: int) -> float:
    r"""The number :math:`k_n` by which an estimate multiplies the root of the sum of squares; NaN if there is none.

    The joint mode under the prior 1/sigma is :math:`\sqrt{S / (n + 1)}`, the MLE :math:`\sqrt{S / n}`, and :math:`s =
    \sqrt{S / (n - 1)}`, which is also the mode of sigma alone under flat priors. The posterior mean under the prior
    1/sigma is :math:`\sqrt{S / 2}\, \Gamma((n - 2) / 2) / \Gamma((n - 1) / 2)`, from three values on.
    """
    if estimate == ESTIMATES[3]:
        return float(np.exp(gammaln((n - 2) / 2) - gammaln((n - 1) / 2)) / np.sqrt(2)) if n > 2 else np.nan
    return float(1 / np.sqrt({ESTIMATES[0]: n + 1, ESTIMATES[1]: n, ESTIMATES[2]: n - 1}[estimate]))


def ratio(estimate: str, n: int) -> float:
    """Average of an estimate over the true sigma."""
    return factor(estimate, n) * float(np.sqrt(2) * np.exp(gammaln(n / 2) - gammaln((n - 1) / 2)))


def context(fit: Fit) -> Break | None:
    """For any data: it is about their number alone."""
    if "sigma" not in fit.labels:
        return None
    tables = [averages()]
    sweep = fit.sweep("sweep_n")
    if sweep is not None:
        tables.append(own(fit, sweep))
    return Break(
        title="A spread from three values",
        opening="Slide n down to 3 or 2. How far a spread can be learned from few values does not depend on mu or "
        "sigma, and how the estimates of it err is known exactly.",
        figure=figure(),
        sentences=[sentence(n) for n in sorted({3, rows_of(fit)})],
        tables=tables,
        remedy="All four come from one likelihood; they are tops and means of different densities of sigma, which is "
        "skewed. None is the right one: an estimate that is unbiased for sigma² (s²) is biased for sigma. With few "
        "values report the interval.",
    )


def rows_of(fit: Fit) -> int:
    """The number of values."""
    return int(fit.data["rows"]) if "rows" in fit.data else int(fit.data["y"].size)


def sentence(n: int) -> str:
    """What the estimates are on average with n values."""
    values = {estimate: ratio(estimate, n) for estimate in ESTIMATES}
    said = [f"{_times(value)} ({name})" for name, value in values.items() if exists(value)]
    low, high = (_off(min(values.values())), _off(max(value for value in values.values() if exists(value))))
    lead = f"With n = {n:,} values, an estimate is on average so many times the true sigma: {', '.join(said)}."
    if max(low, high) < 0.005:
        return f"{lead} None is off by more than half a percent."
    return lead


def _off(value: float) -> float:
    return abs(value - 1)


def _times(value: float) -> str:
    return f"{value:.2f}" if _off(value) >= 0.005 else f"{value:.4f}"


def averages() -> Table:
    """Average of every estimate over the truth, by n."""
    rows = [
        [f"{n}", *(f"{value:.2f}" if exists(value := ratio(estimate, n)) else MISSING for estimate in ESTIMATES)]
        for n in SIZES
    ]
    return Table("Average estimate over the true sigma, exactly", ["n", *ESTIMATES], rows)


def own(fit: Fit, sweep: xr.Dataset) -> Table:
    """What the three readings of this fit were with fewer of its values; with all of them, the numbers of the fit."""
    one, rows = sweep.sel(parameter="sigma"), []
    for n in one["n"].values:
        here = one.sel(n=n)
        sd = float(here["sd"].sel(reading="posterior"))
        errors = {"mle": sd / 100, "map": sd / 100, "posterior": sd / np.sqrt(float(here["ess_bulk"]))}
        texts = [number(float(here["estimate"].sel(reading=key)), error) for key, error in errors.items()]
        if int(n) == rows_of(fit):
            prior = str(sweep.attrs["prior"])
            texts = [number(fit.value(prior, "sigma", key), error_of(fit, prior, "sigma", key)) for key in errors]
        rows.append([f"{n:,}", *(texts if not here["failed"] else [*texts[:2], MISSING])])
    caption = f"Estimates of sigma from the first n of these data in a random order, prior {sweep.attrs['prior']}"
    return Table(caption, ["n", "MLE", "MAP", "posterior mean"], rows)


def _density(estimate: str, n: int, r: Array) -> Array:
    """Density of an estimate over the true sigma."""
    k = factor(estimate, n)
    return np.asarray(chi.pdf(r / k, n - 1) / k)


def figure() -> charts.Chart:
    """Sampling distributions of the estimates, by n."""
    curves, means, r = [], [], np.linspace(0.01, WIDEST, CURVE)
    for k, n in enumerate(SIZES):
        for estimate in ESTIMATES:
            if exists(factor(estimate, n)):
                height = _density(estimate, n, r)
                curves += charts.rows(n=[k] * CURVE, what=[estimate] * CURVE, x=r, y=height)
                means += charts.rows(n=[k], what=[estimate], x=[ratio(estimate, n)], text=[f"{ratio(estimate, n):.2f}"])
    scale = alt.Scale(domain=list(ESTIMATES), range=list(COLOURS))
    dash = alt.Scale(domain=list(ESTIMATES), range=list(DASHES))
    legend = alt.Legend(columns=1, labelLimit=200, symbolType="stroke", symbolSize=300)
    colour = alt.Color("what:N", scale=scale, legend=legend)
    x = alt.X("x:Q", title="estimate / true sigma", scale=alt.Scale(domain=[0, WIDEST], nice=False))
    body = alt.Chart(charts.data(curves)).transform_filter("datum.n == n")
    ticks = alt.Chart(charts.data(means)).transform_filter("datum.n == n")
    drawing = charts.layer(
        alt.Chart(charts.data([{"x": 1}])).mark_rule(color="var(--quiet)").encode(x=alt.X("x:Q")),
        body.mark_line(strokeWidth=2).encode(
            x=x,
            y=alt.Y("y:Q", title="how often", axis=alt.Axis(labels=False, ticks=False, grid=False)),
            color=colour,
            strokeDash=alt.StrokeDash("what:N", scale=dash, legend=legend),
        ),
        ticks.mark_point(shape="triangle-up", filled=True, size=110, opacity=1, yOffset=5).encode(
            x=alt.X("x:Q"), y=alt.datum(0), color=colour
        ),
    )
    knob = charts.Knob("n", "values, n", [str(n) for n in SIZES], SIZES.index(3))
    return charts.chart(
        "break-gaussian",
        drawing,
        "Sampling distributions of four estimates of sigma for n from 2 to 100",
        "How four estimates of sigma scatter about the truth (the upright line, 1) over all data sets of n values; "
        "the triangle of each is its average. Look at how far the triangles lie from 1 at n = 3, on both sides, and "
        "how they close in as n grows.",
        [knob],
        [{"n": SIZES.index(n)} for n in (3, 10, 100)],
    )

"""No heads at all: the relative frequency is sure of itself where it knows least."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import numpy as np
import xarray as xr
from scipy.stats import beta, norm

from comparisons.digits import number, percent, significant
from reports import charts
from reports.breaks.broken import Break, Table, choices, settings, stored
from reports.stored import Fit

ROWS = ("MLE, Wald", "MLE, profile", "MAP, Laplace", "posterior, equal-tailed")
HEIGHT = 130
BOUND = 0.95  # of one-sided bounds: the rule of three is made for it


def context(fit: Fit) -> Break | None:
    """The worlds of few heads; None if they were not stored."""
    found = stored(fit)
    if found is None:
        return None
    flips = [int(one) for one in choices(found, "flips")]
    written = {name: one.get("theta") for name, one in json.loads(fit.text("distributions")).items()}
    bounds, errors = {}, {}
    for n in flips:
        for prior in ("weak", "flat"):
            closed = exact(written.get(prior), n)
            bounds[n, prior] = bound(found, n, prior) if closed is None else closed
            errors[n, prior] = error(found, n, prior) if closed is None else closed / 1000
    return Break(
        title="No heads at all",
        opening="Turn the number of heads down to 0. Nothing is wrong with the data: events that are rare are not "
        "seen in few trials. What do the three readings say of theta then, and of what they do not know?",
        figure=figure(found),
        sentences=[sentence(n, bounds[n, "weak"], bounds[n, "flat"], errors[n, "weak"]) for n in (flips[0], flips[-1])],
        tables=[table(bounds, flips, errors)],
        remedy="Where the maximum lies on the boundary there is no curvature to make a standard error of. The profile "
        "likelihood needs none, a bound on one side says what is known, and a posterior says both; but the fewer the "
        "flips, the more of its answer is the prior.",
    )


def world(found: xr.Dataset, heads: int, flips: int, prior: str) -> xr.Dataset:
    """One world."""
    wanted = {"heads": str(heads), "flips": str(flips), "prior": prior}
    return found.isel(world=settings(found).index(wanted))


def exact(prior: dict[str, Any] | None, flips: int) -> float | None:
    """The same for a Beta(a, b) prior, exactly: a quantile of Beta(a, b + n); None for another prior."""
    if prior is None or prior["name"] != "Beta":
        return None
    a, b = (float(np.ravel(prior["hyperparameters"][key])[0]) for key in ("alpha", "beta"))
    return float(beta.ppf(BOUND, a, b + flips))


def bound(found: xr.Dataset, flips: int, prior: str) -> float:
    """What theta is below with 95 % posterior probability after no heads."""
    return float(world(found, 0, flips, prior)["quantile"].sel(share=BOUND).item())


def error(found: xr.Dataset, flips: int, prior: str) -> float:
    """About the Monte Carlo error of that bound: a quantile in the tail is known worse than the mean, three times."""
    one = world(found, 0, flips, prior)
    return 3 * float(one["sd"].sel(reading="posterior").item()) / float(np.sqrt(one["ess_bulk"].item()))


def wald(heads: int, flips: int, level: float) -> tuple[float, float]:
    """The textbook's interval, relative frequency give or take a Normal quantile of standard errors."""
    share = heads / flips
    reach = float(norm.ppf((1 + level) / 2)) * np.sqrt(share * (1 - share) / flips)
    return share - reach, share + reach


def sentence(flips: int, weak: float, flat: float, error: float) -> str:
    """What is known after no heads in so many flips."""
    three = 3 / flips
    rule = f"the rule of three says 3/n = {significant(three, 2)}" + (
        ", which is no bound at all" if three >= 1 else ""
    )
    return (
        f"After 0 heads in {flips} flips the MLE is 0 and its Wald interval has no width: that coin would never show "
        f"heads. The posterior is {percent(BOUND)} sure that theta is below {number(weak, error)} under the prior "
        f"weak and below {number(flat, error)} under the flat one; {rule}."
    )


def table(bounds: dict[tuple[int, str], float], flips: list[int], errors: dict[tuple[int, str], float]) -> Table:
    """Upper bounds after no heads."""
    rows = []
    for n in flips:
        bounded = [number(bounds[n, prior], errors[n, prior]) for prior in ("weak", "flat")]
        rows.append([f"0 of {n}", "0 to 0", significant(3 / n, 2), significant(1 - 0.05 ** (1 / n), 3), *bounded])
    head = ["heads", f"Wald {percent(BOUND)}", "rule of three", "exact bound", "posterior, weak", "posterior, flat"]
    return Table(
        f"No heads: {percent(BOUND)} upper bounds of theta (exact: the largest theta not rejected at 5 %)", head, rows
    )


def figure(found: xr.Dataset) -> charts.Chart:
    """Points and intervals of every reading at the settings of three switches."""
    heads, flips, priors = (choices(found, switch) for switch in ("heads", "flips", "prior"))
    level, records, rule = float(found.attrs["level"]), [], []
    for k, one in enumerate(settings(found)):
        here, h, n = found.isel(world=k, parameter=0), int(one["heads"]), int(one["flips"])
        where = {
            "heads": heads.index(one["heads"]),
            "flips": flips.index(one["flips"]),
            "prior": priors.index(one["prior"]),
        }
        estimate, lower, upper = (here[key].values for key in ("estimate", "lower", "upper"))
        low, high = wald(h, n, level)
        records += charts.rows(
            **{name: [value] * len(ROWS) for name, value in where.items()},
            row=list(ROWS),
            reading=["mle", "mle", "map", "posterior"],
            estimate=estimate[[0, 0, 1, 2]],
            lower=np.r_[low, lower],
            upper=np.r_[high, upper],
        )
        three = 3 / n if h == 0 else 1 - 3 / n
        known = h in (0, n)  # elsewhere the rule has nothing to say: drawn where the estimate is, and not to be seen
        text = "rule of three" if known else ""
        rule += charts.rows(
            **{name: [value] for name, value in where.items()}, x=[three if known else h / n], seen=[known], text=[text]
        )
    chosen = "datum.heads == heads && datum.flips == flips && datum.prior == prior"
    x, y = alt.X("lower:Q", title="theta"), alt.Y("row:N", sort=list(ROWS), title=None, axis=alt.Axis(labelLimit=220))
    body = alt.Chart(charts.data(records)).transform_filter(chosen)
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    ruled = alt.Chart(charts.data(rule)).transform_filter(chosen)
    seen = alt.condition("datum.seen", alt.value(1), alt.value(0))
    drawing = charts.layer(
        ruled.mark_rule(color="var(--quiet)", strokeDash=[4, 3]).encode(x=alt.X("x:Q"), opacity=seen),
        ruled.mark_text(dx=-4, align="right", baseline="top").encode(
            x=alt.X("x:Q"), y=alt.value(0), text=alt.Text("text:N")
        ),
        body.mark_rule(strokeWidth=2).encode(x=x, x2=alt.X2("upper:Q"), y=y, color=colour),
        body.mark_point(filled=True, size=90, opacity=1).encode(
            x=alt.X("estimate:Q"),
            y=y,
            color=colour,
            shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None),
        ),
        height=HEIGHT,
    )
    knobs = [
        charts.Knob("heads", "heads", heads, 0),
        charts.Knob("flips", "flips", flips, 1, choice=True),
        charts.Knob("prior", "prior", priors, 0, choice=True),
    ]
    return charts.chart(
        "break-coin",
        drawing,
        "Estimates and intervals of theta for 0 to 3 heads in few flips, for four ways to make them",
        f"Every reading with its {percent(level)} interval; all three are fitted at every setting. At 0 heads look at "
        "the first row: the estimate is 0 and so is its standard error. The Laplace interval is symmetric and leaves "
        "the support; where the prior is flat the MAP lies on the boundary too, and has none. The other two lie on "
        "one side, where theta can be.",
        knobs,
        [{"heads": 0, "flips": k} for k in range(len(flips))],
    )

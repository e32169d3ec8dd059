"""Models beside each other: priors by prediction, families by their maxima, a point hypothesis by its Bayes factor."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import numpy as np

from comparisons.digits import MISSING, number, significant
from comparisons.rules import LOSS
from reports import charts
from reports.charts import COLOURS, QUIET, Chart
from reports.components import Table
from reports.stored import Array, Fit
from reports.words import listed

ERRORS = 2.0  # standard errors that a difference must exceed


@dataclass(frozen=True)
class Rival:
    """Leave-one-out prediction under one prior, beside that under the default prior.

    Attributes
    ----------
    prior : str
    elpd, error : float
        Expected log density of all observations, each left out in turn, and its standard error; NaN if unknown.
    gap, gap_error : float
        Difference from the default prior, and the standard error of the difference.
    bad, asked : int
        Pareto k-hat values that are too high, and how many there are.
    reason : str
        Why there is none.
    """

    prior: str
    elpd: float
    error: float
    gap: float
    gap_error: float
    bad: int
    asked: int
    reason: str


def rivals(fit: Fit) -> list[Rival]:
    """All priors of a fit; none if there is one prior, or nothing to leave out."""
    found: list[Rival] = []
    base: Array | None = None
    if len(fit.priors) < 2:
        return []
    for prior in fit.priors:
        stored = fit.dataset(prior, "prediction")
        if stored is None or int(stored.attrs["rows"]) < 2:
            return []
        n, values = int(stored.attrs["rows"]), stored["elpd"].sel(reading="posterior").values
        bad = int(np.sum(~(stored["khat"].values <= float(stored.attrs["good_k"]))))
        if prior == fit.default:
            base = values if np.isfinite(values).all() else None
        if not np.isfinite(values).all():
            reason = str(stored.attrs["reason_posterior"]) or "a density is missing"
            found.append(Rival(prior, np.nan, np.nan, np.nan, np.nan, bad, len(values), reason))
            continue
        gap = np.full(len(values), np.nan) if base is None else values - base
        found.append(Rival(prior, *total(values, n), *total(gap, n), bad, len(values), ""))
    return found


def total(values: Array, n: int) -> tuple[float, float]:
    """Sum of pointwise values over ``n`` observations of which these are known, and its standard error.

    As in `comparisons.rules.loss`: variation among the observations, and the choice of a subsample if these are one.
    """
    m, variance = len(values), float(values.var(ddof=1))
    return float(n * values.mean()), float(np.sqrt(n * variance + n**2 * (1 - m / n) * variance / m))


def rival_table(found: list[Rival]) -> Table:
    """Every prior in a row."""
    rows = []
    for one in found:
        if one.reason:
            rows.append([one.prior, f"does not exist: {one.reason}", MISSING, MISSING])
            continue
        gap = "0, by definition" if one is found[0] else MISSING
        if one is not found[0] and np.isfinite(one.gap):
            gap = f"{number(one.gap, one.gap_error / 10)} ± {significant(one.gap_error, 2)}"
        elpd = f"{number(one.elpd, one.error / 10)} ± {significant(one.error, 2)}"
        rows.append([one.prior, elpd, gap, f"{one.bad} of {one.asked:,}"])
    return Table(
        "Expected log density of an observation left out, in all, under each prior, and its difference from that under "
        f"the prior {found[0].prior}, ± standard error",
        ["Prior", "elpd ± SE", "Difference ± SE", "k-hat too high"],
        rows,
    )


def rival_sentences(found: list[Rival]) -> list[str]:
    """Which priors predict clearly better or worse than the default, which cannot be told from it, and what to skip."""
    first, said = found[0], []
    known = [one for one in found[1:] if np.isfinite(one.gap)]
    if first.reason or not known:
        return ["There is nothing to compare: a posterior is missing."]
    trusted = [one for one in known if not (first.bad or one.bad)]
    for one in trusted:
        if abs(one.gap) > max(ERRORS * one.gap_error, LOSS):
            word = "better" if one.gap > 0 else "worse"
            said.append(
                f"The prior {one.prior} predicts {word} than {first.prior}, by {significant(abs(one.gap), 2)} ± "
                f"{significant(one.gap_error, 2)} in log density."
            )
    even = [one.prior for one in trusted if abs(one.gap) <= max(ERRORS * one.gap_error, LOSS)]
    if even:
        said.append(
            f"Leave-one-out prediction cannot tell {listed([first.prior, *even])} apart: a difference counts here if "
            f"it exceeds {ERRORS:g} of its standard errors and {LOSS:g}. No winner is declared."
        )
    doubtful = [one.prior for one in found if one.bad and not one.reason]
    if doubtful:
        said.append(
            f"Do not read the numbers of {listed(doubtful)}: Pareto k-hat values are too high there, and nothing is "
            "concluded from them."
        )
    return said


def rival_chart(found: list[Rival]) -> Chart | None:
    """Differences from the default prior with their errors; None if there are none."""
    known = [one for one in found[1:] if np.isfinite(one.gap)]
    if not known:
        return None
    gap, error = np.array([one.gap for one in known]), np.array([one.gap_error for one in known])
    names = np.array([one.prior for one in known])
    bars = charts.rows(prior=names, gap=gap, low=gap - ERRORS * error, high=gap + ERRORS * error)
    base = alt.Chart(charts.data(bars))
    title = f"difference in elpd from the prior {found[0].prior}"
    y = alt.Y("prior:N", title=None, sort=None)
    zero = alt.Chart(charts.data([{"zero": 0}])).mark_rule(color=QUIET, strokeDash=[2, 3]).encode(x=alt.X("zero:Q"))
    points = base.mark_point(color=COLOURS["posterior"], filled=True, size=70, opacity=1, shape="diamond")
    drawing = charts.layer(
        zero,
        base.mark_rule(color=COLOURS["posterior"], strokeWidth=2).encode(
            x=alt.X("low:Q", title=title), x2=alt.X2("high:Q"), y=y
        ),
        points.encode(x=alt.X("gap:Q"), y=y),
        height=30 + 30 * len(known),
    )
    return charts.chart(
        "competition-priors",
        drawing,
        f"Differences in expected log predictive density from the prior {found[0].prior}, with {ERRORS:g} standard "
        "errors. " + " ".join(rival_sentences(found)),
        f"To the right of the dashed line: predicts better than under {found[0].prior}. Bars: {ERRORS:g} standard "
        "errors of the difference to either side. A bar across the line decides nothing.",
    )

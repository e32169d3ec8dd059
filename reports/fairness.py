"""Is a coin fair? A point hypothesis by its Bayes factor, for priors from vague to nearly fair."""

from __future__ import annotations

import json

import altair as alt
import numpy as np
from scipy import stats
from scipy.special import betaln

from comparisons.digits import number, significant
from reports import charts
from reports.charts import COLOURS, INK, QUIET, Chart
from reports.components import Table
from reports.stored import Array, Fit

WIDTHS = np.logspace(-2, 3, 101)  # concentrations a of Beta(a, a)
NOTHING = float(np.log(1.005))  # a Bayes factor written as 1.00
LISTED = (0.01, 0.5, 1.0, 10.0, 50.0, 1000.0)


def log_bayes_factor(heads: int, flips: int, a: Array) -> Array:
    r"""Log Bayes factor of theta ~ Beta(a, a) against theta = 1/2.

    It is :math:`\log B(a + k, a + n - k) - \log B(a, a) + n \log 2` with the beta function :math:`B`.
    """
    found: Array = betaln(a + heads, a + flips - heads) - betaln(a, a) + flips * np.log(2)
    return found


def heads_and_flips(fit: Fit) -> tuple[int, int] | None:
    """Heads and flips of a coin; None for another model."""
    if "heads" not in fit.data or "flips" not in fit.data:
        return None
    return int(fit.data["heads"].sum()), int(fit.data["flips"].sum())


def factor_text(log_factor: float) -> str:
    """A Bayes factor in few digits, however large."""
    if abs(log_factor) > np.log(1e6):
        return f"10^{log_factor / np.log(10):.1f}"
    return significant(float(np.exp(log_factor)), 3)


def factor_table(heads: int, flips: int) -> Table:
    """Bayes factor and posterior of theta for some widths of the prior."""
    rows = []
    for a in LISTED:
        log_factor = float(log_bayes_factor(heads, flips, np.array(a)))
        posterior = stats.beta(a + heads, a + flips - heads)
        low, high = posterior.ppf([0.025, 0.975])
        error = posterior.std() / 10
        rows.append(
            [
                f"Beta({a:g}, {a:g})",
                factor_text(log_factor),
                f"{1 / (1 + np.exp(-log_factor)):.3f}",
                number(float(posterior.mean()), error),
                f"{number(float(low), error)} to {number(float(high), error)}",
            ]
        )
    return Table(
        f"{heads:,} heads in {flips:,} flips: the Bayes factor of theta ~ Beta(a, a) against theta = 1/2, and what the "
        "same priors say of theta if the coin is not fair",
        ["Prior of theta", "Bayes factor", "P(not fair), even odds", "Posterior mean", "95 % equal-tailed interval"],
        rows,
    )


def factor_sentences(heads: int, flips: int) -> list[str]:
    """How the Bayes factor moves with the width of the prior while the posterior and the p-value stand still."""
    logs = log_bayes_factor(heads, flips, WIDTHS)
    top = int(np.argmax(logs))
    p = float(stats.binomtest(heads, flips).pvalue)
    means = (WIDTHS + heads) / (2 * WIDTHS + flips)
    vague = WIDTHS <= 1
    moved = float(np.ptp(means[vague]) / stats.beta(1 + heads, 1 + flips - heads).std())
    said = [
        f"Over all widths drawn the Bayes factor lies between {factor_text(float(logs.min()))} and "
        f"{factor_text(float(logs[top]))}."
    ]
    against, favour = bool((logs < 0).any()), bool((logs > 0).any())
    if against and favour:
        said.append("The same data speak for a fair coin under some of these priors and against it under others.")
    elif favour and bool((logs < NOTHING).any()):
        said.append(
            "Not one of these priors makes the data speak for a fair coin; under some they speak against it, under "
            "others neither way."
        )
    elif favour:
        said.append(
            "Under every one of these priors the data speak against a fair coin; how strongly, the prior decides."
        )
    else:
        said.append("No prior of this family makes the data speak against a fair coin.")
    vague_logs = logs[vague]
    said.append(
        f"Among the vague priors, a from {WIDTHS[0]:g} to 1, the posterior mean of theta moves by "
        f"{significant(moved, 2)} posterior sd (that of the flat prior, a = 1), and the Bayes factor by a factor of "
        f"{factor_text(float(np.ptp(vague_logs)))}."
    )
    said.append(
        f"The two-sided p-value, {significant(p, 2)}, has no such prior, and answers another question: how often a "
        "fair coin gives a result no more probable than this one."
    )
    return said


def factor_chart(fit: Fit, heads: int, flips: int) -> Chart:
    """The Bayes factor against the width of the prior."""
    logs = log_bayes_factor(heads, flips, WIDTHS) / np.log(10)
    curve = alt.Chart(charts.data(charts.rows(a=WIDTHS, height=logs)))
    x = alt.X(
        "a:Q", title="a of Beta(a, a): vague on the left, nearly fair on the right", scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~g", tickCount=6),
    )  # fmt: skip
    y = alt.Y("height:Q", title="log10 of the Bayes factor")
    even = alt.Chart(charts.data([{"one": 0}])).mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=alt.Y("one:Q"))
    layers: list[alt.Chart] = [even, curve.mark_line(color=INK, strokeWidth=1.8).encode(x=x, y=y)]
    own = _own_widths(fit)
    if own:
        named = {width: ", ".join(name for name, one in own.items() if one == width) for width in own.values()}
        a = np.array(list(named))
        heights = log_bayes_factor(heads, flips, a) / np.log(10)
        marks = charts.rows(a=a, height=heights, prior=np.array(list(named.values())))
        base = alt.Chart(charts.data(marks))
        layers.append(base.mark_point(filled=True, size=70, opacity=1, color=COLOURS["posterior"]).encode(x=x, y=y))
        layers.append(base.mark_text(dy=-11, fontSize=11, color=INK).encode(x=x, y=y, text=alt.Text("prior:N")))
    return charts.chart(
        "competition-factor",
        charts.layer(*layers, height=230),
        f"Bayes factor against the width of the prior, for {heads:,} heads in {flips:,} flips. "
        + " ".join(factor_sentences(heads, flips)),
        "Above the dashed line the data speak against a fair coin, below it for one; 1 on the axis is a factor of ten. "
        "Points: the priors of this page. Look at what the curve does to the left, where "
        "the prior puts ever more of its probability on coins that nearly always fall on one side.",
    )


def _own_widths(fit: Fit) -> dict[str, float]:
    """The symmetric Beta priors of a fit by name."""
    found = {}
    for name, prior in json.loads(fit.text("distributions")).items():
        one = prior.get("theta", {"name": ""})
        if one["name"] == "Beta" and name in fit.priors:
            a, b = (float(np.ravel(one["hyperparameters"][key])[0]) for key in ("alpha", "beta"))
            if a == b and WIDTHS[0] <= a <= WIDTHS[-1]:
                found[name] = a
    return found

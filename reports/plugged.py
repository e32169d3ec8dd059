"""A point plugged in, beside the posterior predictive: what the next observations look like to both."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from comparisons.digits import exists, number, percent, significant
from reports import charts, closed_form, pictures
from reports.ranking import chain_error
from reports.stored import POINTS, Array, Fit

NEXT = 5  # future trials in the table
MOST = 10  # future trials in the figure
SIZES = np.arange(3, 31)
NAMES = {"mle": "MLE plugged in", "map": "MAP plugged in"}


def is_normal(fit: Fit) -> bool:
    """Whether these are values from one Normal(mu, sigma)."""
    written = f"{fit.data.attrs.get('formula', '')} {fit.text('formula')}"
    return fit.labels == ["mu", "sigma"] and pictures.shape(fit) == "values" and "~ Normal(" in written


def readable(fit: Fit) -> bool:
    """Whether the posterior under the default prior exists and passed its checks."""
    return all(
        exists(fit.value(fit.default, label, "posterior")) and not fit.failed(fit.default, label, "posterior")
        for label in fit.labels
    )


def is_share(fit: Fit) -> bool:
    """Whether these are counts of successes with one probability."""
    return len(fit.labels) == 1 and pictures.shape(fit) == "counts"


def real_coverage(n: ArrayLike, level: float) -> Array:
    r"""How often the interval of the MLE plugged in holds the next value of n normal ones, shape of ``n``.

    The next value lies within :math:`\bar y \pm z \hat\sigma`, with :math:`\hat\sigma^2` the mean squared deviation, if
    :math:`|T| \le z \sqrt{(n - 1) / (n + 1)}`, where :math:`T = (y - \bar y) / (s \sqrt{1 + 1/n})` has Student's
    distribution with n - 1 degrees of freedom. Geisser, S. (1993), Predictive Inference, section 2.1.
    """
    z, n = norm.ppf((1 + level) / 2), np.asarray(n, dtype=float)
    return np.asarray(2 * student.cdf(z * np.sqrt((n - 1) / (n + 1)), n - 1) - 1)


def normal(fit: Fit) -> dict[str, Any] | None:
    """Intervals for the next value, and what those of a plugged-in point are worth at small n."""
    if not (is_normal(fit) and readable(fit)):
        return None
    level, n = fit.level, pictures.total_rows(fit)
    real = real_coverage(SIZES, level)
    records = {
        "plugged": charts.rows(n=SIZES, share=real),
        "level": [{"level": level}],
        "own": charts.rows(n=[n], share=real_coverage(np.array([n]), level)) if SIZES[0] <= n <= SIZES[-1] else [],
    }
    x = alt.X("n:Q", title="n", scale=alt.Scale(domain=[0, int(SIZES[-1])]))
    y = alt.Y("share:Q", title="holds the next value", axis=alt.Axis(format="%", tickCount=5),
              scale=alt.Scale(domain=[float(np.floor(real.min() * 20) / 20), 1], nice=False))  # fmt: skip
    layers = [
        alt.Chart(charts.named("plugged")).mark_line(color=charts.COLOURS["mle"], strokeDash=[6, 3]).encode(x=x, y=y),
        alt.Chart(charts.named("level"))
        .mark_rule(color=charts.COLOURS["posterior"], strokeWidth=2)
        .encode(y=alt.Y("level:Q")),
    ]
    if records["own"]:
        layers.append(
            alt.Chart(charts.named("own"))
            .mark_point(shape="square", filled=True, size=90, opacity=1, color=charts.COLOURS["mle"])
            .encode(x=x, y=y)
        )
    drawing = charts.layer(*layers, width=420, height=180)
    first, ten = (significant(100 * float(real_coverage(np.array([size]), level)[0]), 3) for size in (3, 10))
    alternative = (
        f"How often {percent(level)} intervals for the next value hold it, against n: with the MLE plugged in {first} "
        f"% at n = 3 and {ten} % at n = 10, rising; posterior predictive, prior 1/sigma: {percent(level)} always."
    )
    caption = (
        f"Dashed: the interval mean ± z sd with both maximum likelihood estimates plugged in, {percent(level)} in "
        f"name. Solid: the posterior predictive under the prior 1/sigma, {percent(level)} in fact. Exact (Student's t)."
        + (f" Square: n = {n:,}, as here." if records["own"] else "")
    )
    drawn = charts.chart("prediction-plugged", drawing, alternative, caption, datasets=records)
    return {"chart": drawn, "sentence": normal_sentence(fit, n)}


def predictive_interval(mu: Array, sigma: Array, level: float) -> tuple[float, float]:
    """Equal-tailed interval of the next value: quantiles of the mixture of Normal distributions of all draws."""
    far = float(np.max(np.abs(mu - mu.mean()))) + 12 * float(sigma.max())

    def end(p: float) -> float:
        return float(
            brentq(lambda x: float(np.mean(norm.cdf((x - mu) / sigma))) - p, mu.mean() - far, mu.mean() + far,
                   xtol=1e-6 * float(np.median(sigma)))
        )  # fmt: skip

    return end((1 - level) / 2), end((1 + level) / 2)


def normal_sentence(fit: Fit, n: int) -> str:
    """The interval for the next value, plugged in and averaged, and how much of the predictive the first one holds."""
    draws, level = fit.draws(fit.default), fit.level
    mu, sigma = (draws[name].values.ravel().astype(float) for name in ("mu", "sigma"))
    low, high = predictive_interval(mu, sigma, level)
    points = [fit.value(fit.default, label, "mle") for label in ("mu", "sigma")]
    both = (fit.draws(fit.default)[name].transpose("chain", "draw").values.astype(float) for name in ("mu", "sigma"))
    chains = list(zip(*both, strict=True))
    error = chain_error([predictive_interval(m, s, level) for m, s in chains])
    averaged = f"the posterior predictive (prior {fit.default}) from {number(low, error)} to {number(high, error)}"
    if not all(exists(point) for point in points):
        return f"For the next value {averaged} has probability {percent(level)}; there is no MLE to plug in."
    half = float(norm.ppf((1 + level) / 2)) * points[1]
    ends = points[0] - half, points[0] + half
    held = [100 * float(np.mean(norm.cdf((ends[1] - m) / s) - norm.cdf((ends[0] - m) / s))) for m, s in chains]
    return (
        f"For the next value the MLE plugged in says from {number(ends[0], error)} to {number(ends[1], error)}, "
        f"{averaged}, both {percent(level)} in name. Averaged over the posterior the first one holds "
        f"{number(float(np.mean(held)), chain_error(held))} %; over repeated samples of n = {n:,} it holds the next "
        f"value {100 * real_coverage(np.array([n]), level)[0]:.1f} % of the time."
    )


def share(fit: Fit) -> dict[str, Any] | None:
    """Probability that the next trials all succeed, plugged in and averaged."""
    if not (is_share(fit) and readable(fit)):
        return None
    label, prior, name = fit.labels[0], fit.default, pictures.outcome(fit)
    ahead = np.arange(1, MOST + 1)
    lines = {reading: fit.value(prior, label, reading) ** ahead for reading in POINTS}
    lines["posterior"] = np.array([_averaged(fit, prior, label, int(trials))[0] for trials in ahead])
    rows = [
        {"reading": reading} | row
        for reading, values in lines.items()
        for row in charts.rows(m=ahead, p=values)
        if row["p"] is not None
    ]
    x = alt.X("m:Q", title="trials to come", axis=alt.Axis(tickCount=10, format="d"))
    y = alt.Y("p:Q", title=f"probability of all {name}", scale=alt.Scale(domain=[0, 1]))
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    base = alt.Chart(charts.named("ahead")).encode(x=x, y=y, color=colour)
    drawing = charts.layer(
        base.mark_line(strokeWidth=1.5).encode(
            strokeDash=alt.StrokeDash("reading:N", scale=charts.reading_scale("strokeDash"), legend=None)
        ),
        base.mark_point(filled=True, size=60, opacity=1).encode(
            shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
        ),
        width=420,
        height=200,
    )
    table = [row for one in fit.priors if (row := _share_row(fit, one, label)) is not None]
    alternative = f"Probability that the next trials all give {name}, for one to {MOST} trials, by reading."
    caption = (
        f"Square: MLE plugged in; triangle: MAP plugged in; circle: averaged over the posterior (prior {prior}). "
        "Trials to come share one unknown probability, so that the average is never below the posterior mean's power."
    )
    drawn = charts.chart("prediction-plugged", drawing, alternative, caption, datasets={"ahead": rows})
    every = all(closed_form.known(fit, row[0]) for row in table)
    told = "exactly, since the posterior is a Beta distribution" if every else "± Monte Carlo error"
    return {
        "chart": drawn,
        "caption": f"Probability that the next {NEXT} trials all give {name}: points plugged in, and averaged over the "
        f"posterior ({told})",
        "table": table,
        "sentence": share_sentence(fit, label),
    }


def all_succeed(draws: Array, ess: float, trials: int) -> tuple[float, float]:
    """Probability, averaged over the posterior, that so many trials all succeed, and its Monte Carlo error."""
    values = draws**trials
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(ess))


def _averaged(fit: Fit, prior: str, label: str, trials: int = NEXT) -> tuple[float, float]:
    """The same of a fit; in closed form, where there is one, without error."""
    known = closed_form.known(fit, prior)
    if known is not None:
        return known.power(trials), 0.0
    draws = fit.draws(prior)[label].values.ravel().astype(float)
    ess = fit.value(prior, label, "posterior", "ess_bulk")
    return all_succeed(draws, ess if exists(ess) else len(draws), trials)


def _text(value: float, error: float) -> str:
    """A number with the digits its error allows, or with three."""
    return number(value, error) if error > 0 else significant(value, 3)


def _share_row(fit: Fit, prior: str, label: str) -> list[str] | None:
    mean = fit.value(prior, label, "posterior")
    if not exists(mean) or fit.failed(prior, label, "posterior"):
        return None
    averaged, error = _averaged(fit, prior, label)
    known = closed_form.known(fit, prior)
    plugged = [fit.value(prior, label, reading) ** NEXT for reading in POINTS]
    return [
        prior,
        *(_text(value, error / 10) for value in plugged),
        _text((mean if known is None else known.mean) ** NEXT, error),
        _text(averaged, error) + (f" ± {significant(error, 1)}" if error > 0 else ""),
    ]


def share_sentence(fit: Fit, label: str) -> str:
    """What plugging in does to the probability of several successes."""
    averaged, error = _averaged(fit, fit.default, label)
    lead = f"Averaged over the posterior (prior {fit.default}) the next {NEXT} all succeed with probability "
    parts = []
    for reading in POINTS:
        point = fit.value(fit.default, label, reading)
        if not exists(point):
            parts.append(f"there is no {NAMES[reading].split()[0]} to plug in")
            continue
        value = point**NEXT
        way = "more" if value > averaged else "less"
        if error > 0 and abs(value - averaged) <= 2 * error:
            way = "the same within the error"
        elif error == 0 and _text(value, 0) == _text(averaged, 0):
            way = "the same to these digits"
        parts.append(f"the {NAMES[reading]} says {_text(value, error)}, {way}")
    return f"{lead}{_text(averaged, error)}; {parts[0]}; {parts[1]}."

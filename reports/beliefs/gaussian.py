"""Beliefs about a centre and a spread: of the data n and the sum of squares enter, and nearly all forms are closed."""

from __future__ import annotations

import math

from scipy.special import gammaln
from scipy.stats import norm

from comparisons.digits import exists, number, percent, significant
from comparisons.rules import SMALL
from comparisons.scales import UNCONSTRAINED
from reports import loss, spread
from reports.beliefs import general
from reports.lesson import Pair
from reports.plugged import real_coverage
from reports.ranking import readable, shown
from reports.spread import SIGMA
from reports.stored import Fit
from reports.words import error_of

SIZES = (2, 5, 10, 30)
TIMES = (4, 1)  # what a unit too low costs, and one too high


def rows(fit: Fit) -> int:
    """Number of values, those of which only statistics were kept included."""
    return int(fit.data.attrs.get("rows", fit.data.sizes["observation"]))


def c4(n: int) -> float:
    """Mean of s / sigma of n normal values, s with the divisor n - 1: sqrt(2 / (n - 1)) G(n / 2) / G((n - 1) / 2)."""
    return math.sqrt(2 / (n - 1)) * math.exp(gammaln(n / 2) - gammaln((n - 1) / 2))


def mle_bias(n: int) -> float:
    """Mean of the MLE of sigma (divisor n), over sigma."""
    return c4(n) * math.sqrt((n - 1) / n)


def pairs(fit: Fit) -> list[Pair | None]:
    """All pairs of values from one Normal, those first that need few values."""
    return [
        unbiased(fit),
        prediction(fit),
        whose_map(fit),
        marginal(fit),
        losses(fit),
        general.washed_out(fit),
        general.flat(fit),
        general.digits(fit),
    ]


def unbiased(fit: Fit) -> Pair:
    """The variance with the divisor n - 1 is unbiased, its root is not."""
    n, mle = rows(fit), fit.value(fit.default, SIGMA, "mle")
    s = mle * math.sqrt(n / (n - 1))
    return Pair(
        "Dividing by n - 1 makes the standard deviation unbiased",
        "Dividing by n - 1 makes the standard deviation unbiased.",
        f"It makes the variance unbiased. The sd stays too low on average: with n = {n:,} the divisor n gives "
        f"{significant(mle_bias(n), 4)} of sigma on average, n - 1 gives {significant(c4(n), 4)}. Here that is "
        f"{significant(mle, 4)} against {significant(s, 4)}, and {significant(s / c4(n), 4)} would be unbiased. With "
        f"n = {', '.join(map(str, SIZES))} the MLE has {', '.join(significant(mle_bias(size), 2) for size in SIZES)} "
        "of sigma.",
    )


def prediction(fit: Fit) -> Pair:
    """Plug-in intervals undercover."""
    n = rows(fit)
    here, few = (float(real_coverage(size, fit.level)) for size in (n, SIZES[1]))
    return Pair(
        general.PLUGGED,
        f"{percent(fit.level)} of new values fall within "
        f"{significant(norm.ppf((1 + fit.level) / 2), 3)} estimated standard deviations of the estimated mean.",
        f"Both are estimates, and off. With n = {n:,} the next value does so with probability "
        f"{significant(here, 3)}; with n = {SIZES[1]} it would be {significant(few, 2)}. The posterior predictive "
        "averages over both and widens: under the prior 1/sigma it is Student's t, with the right coverage for every "
        "n.",
    )


def whose_map(fit: Fit) -> Pair | None:
    """The mode on the unconstrained scale, where a program takes it if it is told to; told where it is another one."""
    modes = fit.dataset(fit.default, "modes")
    if modes is None or SIGMA not in modes or not readable(fit, fit.default, SIGMA, "map"):
        return None
    there, here = float(modes[SIGMA].sel(on=UNCONSTRAINED)), fit.value(fit.default, SIGMA, "map")
    sd = fit.value(fit.default, SIGMA, "posterior", "sd")
    if not abs(there - here) > SMALL * sd:
        return None
    return Pair(
        "Every program's MAP maximises the same thing",
        "A MAP is a MAP, whichever program reports it.",
        "It is the mode of a density, and a density has a scale. PyMC and Turing maximise on the scale on which the "
        "model is written, and so does Stan unless it is told jacobian=1: there sigma is "
        f"{shown(fit, fit.default, SIGMA, 'map')}. With jacobian=1 Stan maximises on the unconstrained scale of its "
        f"sampler, here with log sigma: {number(there, sd / 100)}, {significant(abs(there - here) / sd, 2)} posterior "
        "sd away. Both contain the prior, though documentation has called the first one the MLE and only the second "
        "one the MAP.",
    )


def marginal(fit: Fit) -> Pair | None:
    """The coordinate of a joint mode is not the mode of the margin; told where that is seen."""
    peak, sd = spread.mode(fit, fit.default), fit.value(fit.default, SIGMA, "posterior", "sd")
    here = fit.value(fit.default, SIGMA, "map")
    if not abs(peak - here) > SMALL * sd or not readable(fit, fit.default, SIGMA, "map"):
        return None
    n, mle = rows(fit), fit.value(fit.default, SIGMA, "mle")
    return Pair(
        "The MAP of a parameter is the peak of its own posterior density",
        "The MAP of sigma is the peak of the posterior density of sigma.",
        f"It is the coordinate of the peak of mu and sigma together. Under the prior {fit.default} that is "
        f"{shown(fit, fit.default, SIGMA, 'map')}, and the peak of the density of sigma alone, mu integrated out, "
        f"{number(peak, sd / 100)}. Under flat priors the one would be {significant(mle, 4)} and the other "
        f"{significant(mle * math.sqrt(n / (n - 1)), 4)}: integrating mu out gives back one degree of freedom.",
    )


def losses(fit: Fit) -> Pair | None:
    """Mean, median and mode are each best for a loss; told where they differ."""
    margin = next((one for one in loss.margins(fit, fit.default) if one.label == SIGMA), None)
    peak = spread.mode(fit, fit.default)
    if margin is None or not exists(peak):
        return None
    mean, median = (fit.value(fit.default, SIGMA, "posterior", key) for key in ("estimate", "median"))
    error = error_of(fit, fit.default, SIGMA, "posterior")
    if not exists(median) or min(abs(mean - median), abs(median - peak)) <= max(SMALL * margin.sd, 3 * error):
        return None
    action, off = loss.best(margin, TIMES)
    return Pair(
        "Of mean, median and mode only one is the right estimate",
        "Mean, median or mode: only one of them can be the right estimate of sigma.",
        f"Each is the best answer to another question. If the cost of being off grows with its square, take the mean, "
        f"{shown(fit, fit.default, SIGMA, 'posterior')}; if with its size, the median, {number(median, 3 * error)}; if "
        f"only a hit counts, the peak of this density, {number(peak, margin.sd / 100)}. If a unit too low costs "
        f"{TIMES[0]} times as much as one too high, none of the three: the {percent(loss.share(TIMES))} quantile, "
        f"{number(action, off)}.",
    )

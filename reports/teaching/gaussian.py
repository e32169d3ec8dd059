"""Words for centre and spread of one column; of the data only n and the MLE of sigma enter: all forms are closed."""

from __future__ import annotations

import math

from scipy.stats import norm, t

from comparisons.digits import number, percent, significant
from reports.beliefs import gaussian as beliefs
from reports.beliefs.gaussian import mle_bias, rows
from reports.lesson import Exercise, Pair, Question, Source, kept
from reports.plugged import real_coverage
from reports.ranking import readable, shown, span, square_errors
from reports.spread import MU, SIGMA
from reports.stored import Fit
from reports.teaching import generic
from reports.words import error_of

READING = (
    Source(
        "Gelman, A., Carlin, J. B., Stern, H. S. and others",
        2013,
        "Bayesian data analysis, third edition, chapter 3",
        "CRC Press, doi:10.1201/b16018",
    ),
    *generic.READING[:1],
)


def suits(fit: Fit) -> bool:
    """Whether both parameters are free and the MLE exists, from three values or more."""
    both = fit.labels == [MU, SIGMA]
    return both and rows(fit) > 2 and all(readable(fit, fit.default, label, "mle") for label in fit.labels)


def answer(fit: Fit) -> str:
    """Both parameters."""
    centre, spread = (shown(fit, fit.default, label, "posterior") for label in (MU, SIGMA))
    ends = [span(fit, fit.default, label) for label in (MU, SIGMA)]
    return (
        f"The centre is about {centre} ({ends[0]}), the spread, as a standard deviation, about {spread} ({ends[1]}); "
        f"in brackets what holds {percent(fit.level)} of the posterior under the prior {fit.default}."
    )


def quiz(fit: Fit) -> list[Question]:
    """The estimates of the spread, and which interval is widest."""
    return [generic.largest(fit), generic.widest(fit)]


def pairs(fit: Fit) -> list[Pair]:
    """Bias of the sd, plug-in prediction, modes and their scales, losses."""
    return kept(beliefs.pairs(fit))


def take_home(fit: Fit) -> list[str]:
    """Centre, spread, prediction."""
    n = rows(fit)
    return [
        "For the centre the three readings agree unless the prior knows something.",
        f"For the spread they part with little data: the MLE has {significant(mle_bias(n), 3)} of sigma on average at "
        f"n = {n:,}, the posterior mean lies above its mode.",
        "Predict with the posterior predictive: an estimate plugged in forgets that it is one.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """Divisors, degrees of freedom, coverage, a joint and a marginal mode."""
    n, mle, level = rows(fit), fit.value(fit.default, SIGMA, "mle"), fit.level
    s = mle * math.sqrt(n / (n - 1))
    z, q = norm.ppf((1 + level) / 2), t.ppf((1 + level) / 2, n - 1)
    gap = (mle - fit.value(fit.default, SIGMA, "posterior")) / fit.value(fit.default, SIGMA, "posterior", "sd")
    reference, errors = math.sqrt(n / (n + 1)) * mle, _errors(fit)
    return [
        Exercise(
            "warm-up",
            f"The MLE of sigma is {significant(mle, 4)} and n = {n:,}. What is the standard deviation with the "
            "divisor n - 1?",
            f"{significant(mle, 4)} · √({n:,}/{n - 1:,}) = {significant(s, 4)}.",
        ),
        Exercise(
            "warm-up",
            "How many posterior sd does the MLE of sigma lie from the posterior mean? Which way, and why that way?",
            f"{number(gap, errors[0])}: {'below' if gap < 0 else 'above'}. The likelihood of sigma has a long right "
            "tail, which a mean feels and a maximum does not; a prior can pull against that.",
        ),
        Exercise(
            "standard",
            f"The {percent(level)} interval of the mean is wider with Student's t than with the normal quantile. "
            f"By how much at n = {n:,}?",
            f"{significant(q, 4)} against {significant(z, 4)}, and s instead of the MLE of sigma: "
            f"{significant(q * s / (z * mle), 4)} times as wide.",
        ),
        Exercise(
            "standard",
            f"With which probability does the next value fall within mean ± {significant(z, 3)} times the MLE of "
            "sigma?",
            f"The difference, over s√(1 + 1/n), is a t with {n - 1:,} degrees of freedom: within "
            f"{significant(z * math.sqrt((n - 1) / (n + 1)), 4)} with probability "
            f"{significant(float(real_coverage(n, level)), 4)}, not {significant(level, 3)}.",
        ),
        Exercise(
            "stretch",
            "Derive the joint mode of sigma under p(mu, sigma) = 1/sigma, and the mode of the margin under a flat "
            "prior.",
            "With S the sum of squares about the mean, the joint density at the best mu is sigma^-(n + 1) exp(-S/2 "
            f"sigma²): √(S/(n + 1)) = {significant(reference, 4)}. Integrating mu out of the flat one leaves "
            f"sigma^-(n - 1): √(S/(n - 1)) = {significant(s, 4)}. The MAP under the prior {fit.default} is "
            f"{shown(fit, fit.default, SIGMA, 'map')}.",
        ),
        Exercise(
            "stretch",
            "What would the MLE of the variance be? And the posterior mean of the variance?",
            f"The MLE goes along: {significant(mle, 4)}² = {significant(mle**2, 4)}. The mean does not: it is the "
            f"square of the mean of sigma plus its variance, {number(_second_moment(fit), errors[1])} (the square "
            f"alone: {number(fit.value(fit.default, SIGMA, 'posterior') ** 2, errors[1])}; Monte Carlo error of the "
            f"mean of sigma {significant(error_of(fit, fit.default, SIGMA, 'posterior'), 2)}).",
        ),
    ]


def _errors(fit: Fit) -> tuple[float, float]:
    """Monte Carlo errors of the mean of sigma in posterior sd, and of the mean of its square."""
    sd, mcse = (fit.value(fit.default, SIGMA, "posterior", key) for key in ("sd", "mcse"))
    return mcse / sd, math.hypot(*square_errors(fit, fit.default, SIGMA))


def _second_moment(fit: Fit) -> float:
    return sum(fit.value(fit.default, SIGMA, "posterior", key) ** 2 for key in ("estimate", "sd"))

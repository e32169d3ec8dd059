"""Words for the logistic regression: odds, separation, probabilities that are not linear."""

from __future__ import annotations

import math

from comparisons.digits import number, percent, significant
from comparisons.verdict import share
from reports.beliefs import logistic as beliefs
from reports.beliefs.logistic import INTERCEPT, base_rates, largest_slope
from reports.beliefs.regression import clear, name_of, slopes
from reports.lesson import Exercise, Pair, Question, Source, kept
from reports.priors import family_of, scales_of
from reports.ranking import readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import listed, plural

READING = (
    Source(
        "Gelman, A., Jakulin, A., Pittau, M. G. and Su, Y.-S.",
        2008,
        "A weakly informative default prior distribution for logistic and other regression models",
        "Annals of Applied Statistics 2, doi:10.1214/08-AOAS191",
    ),
    *generic.READING[:1],
)


def suits(fit: Fit) -> bool:
    """Whether there are an intercept and coefficients; the MLE need not exist."""
    return INTERCEPT in fit.labels and bool(slopes(fit))


def answer(fit: Fit) -> str:
    """The coefficients whose sign is clear, as odds ratios."""
    found, all_of_them = clear(fit), slopes(fit)
    level = f"{percent(fit.level)} posterior interval"
    if not found:
        return f"Under the prior {fit.default} every {level} of the {len(all_of_them)} coefficients contains zero."
    told = listed(
        [
            f"{name_of(label)} by {shown(fit, fit.default, label, 'posterior')} ({span(fit, fit.default, label)})"
            for label in found
        ]
    )
    return (
        f"Per unit of a predictor the log-odds move by its coefficient: {told}. {_count(len(found), len(all_of_them))} "
        f"{level} leaves out zero under the prior {fit.default}."
    )


def _count(some: int, total: int) -> str:
    if some == total:
        return "This" if total == 1 else "Each"
    return f"These are the {some} of {total} whose"


def quiz(fit: Fit) -> list[Question]:
    """Which estimate lies farthest out, and which interval is widest."""
    return [generic.largest(fit), generic.widest(fit)]


def pairs(fit: Fit) -> list[Pair]:
    """Odds ratios, probabilities, separation, the penalty called C, criteria."""
    return kept(beliefs.pairs(fit))


def take_home(fit: Fit) -> list[str]:
    """Skewness, existence, averaging."""
    return [
        "With little data the posterior of log-odds is skewed: its mean lies farther out than its mode.",
        "If predictors separate the events, there is no MLE, and the prior decides.",
        "Average probabilities over the posterior; a plugged-in log-odds is usually too sure.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """Odds, signs, probabilities, the rule of four, C."""
    label = largest_slope(fit)
    mean, lower, upper = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "lower", "upper"))
    draws = fit.draws(fit.default)[label].values
    plugged, averaged, error = base_rates(fit)
    found = [
        Exercise(
            "warm-up",
            f"Turn the posterior interval of the coefficient of {name_of(label)} into one of its odds ratio.",
            f"e to both ends: {significant(math.exp(lower), 3)} to {significant(math.exp(upper), 3)}. Quantiles go "
            "along with increasing functions, so that no draw is needed.",
        ),
        Exercise(
            "warm-up",
            f"With which probability is the coefficient of {name_of(label)} {'positive' if mean > 0 else 'negative'}?",
            f"Of {plural(draws.size, 'draw')} {share(float(((draws > 0) == (mean > 0)).mean()))} are.",
        ),
        Exercise(
            "standard",
            f"By how much, at most, can the probability of the event change per unit of {name_of(label)}?",
            f"The logistic function is steepest at one half, with slope 1/4: "
            f"{shown(fit, fit.default, label, 'posterior')}/4 = {significant(mean / 4, 2)}.",
        ),
        Exercise(
            "standard",
            "The intercept is the log-odds with every predictor at its reference (its mean, unless centring was "
            "switched off). Give the probability there, plugged in and averaged over the posterior.",
            f"{number(plugged, error)} and {number(averaged, error)}, with a Monte Carlo error of "
            f"{significant(error, 1)}.",
        ),
    ]
    if family_of(fit, fit.default, "beta") == "Normal":
        scale = float(scales_of(fit, fit.default, "beta")[0])
        found.append(
            Exercise(
                "stretch",
                f"What does the prior Normal(0, {significant(scale, 3)}) for {name_of(slopes(fit)[0])} say of its "
                "odds ratio?",
                f"With probability 95 % it lies within a factor e^(1.96 · {significant(scale, 3)}) = "
                f"{significant(math.exp(1.959964 * scale), 3)} of 1, either way.",
            )
        )
    if readable(fit, fit.default, label, "map"):
        mode = fit.value(fit.default, label, "map")
        far = "farther out" if abs(mean) > abs(mode) else "nearer to zero"
        found.append(
            Exercise(
                "stretch",
                f"Is the posterior mean of the coefficient of {name_of(label)} farther from zero than the MAP? Why "
                "might it be?",
                f"MAP {shown(fit, fit.default, label, 'map')}, mean {shown(fit, fit.default, label, 'posterior')}: "
                f"{far}. Large coefficients are hard to refute: beyond some size all probabilities are near 0 or 1, "
                "and the likelihood falls off slowly on that side.",
            )
        )
    return found

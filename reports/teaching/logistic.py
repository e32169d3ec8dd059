"""Words for the logistic regression: odds, separation, probabilities that are not linear."""

from __future__ import annotations

import math

import arviz as az
import numpy as np
from scipy.special import expit

from comparisons.digits import number, percent, significant
from comparisons.verdict import share
from reports.lesson import Exercise, Pair, Question, Source
from reports.priors import family_of, scales_of
from reports.ranking import readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.teaching.regression import clear, name_of, slopes
from reports.words import listed, plural

INTERCEPT = "intercept"
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
    """Odds ratios, probabilities, separation, the penalty called C."""
    found = [_odds(fit), _probability(fit), _exists(fit), _called_c(fit), generic.held(fit), generic.washed_out(fit)]
    return [pair for pair in found if pair is not None]


def largest_slope(fit: Fit) -> str:
    """The coefficient farthest from zero, in posterior sd."""

    def size(label: str) -> float:
        mean, sd = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "sd"))
        return abs(mean) / sd

    return max(slopes(fit), key=size)


def _odds(fit: Fit) -> Pair:
    """E[exp(beta)] is not exp(E[beta]), and exists only where tails are light: under a Normal prior they are."""
    label = largest_slope(fit)
    odds = np.exp(fit.draws(fit.default)[label].values)
    plugged = math.exp(fit.value(fit.default, label, "posterior"))
    mean = (
        f"the posterior mean of the odds ratio itself is larger, "
        f"{number(float(odds.mean()), float(az.mcse(odds, method='mean')))}"
        if family_of(fit, fit.default, "beta") == "Normal"
        else "a posterior mean of the odds ratio itself need not even be finite"
    )
    return Pair(
        "estimates go through functions",
        "The estimate of an odds ratio is e to the estimated coefficient.",
        f"For the MLE and for a median, yes: for {name_of(label)} the posterior median of the odds ratio is "
        f"{significant(float(np.median(odds)), 3)}, e to the median of the coefficient. But e to the posterior mean is "
        f"{significant(plugged, 3)}; {mean}; and a mode on the new scale lies elsewhere again.",
    )


def base_rates(fit: Fit) -> tuple[float, float, float]:
    """Probability at the reference: the posterior mean plugged in, the average, and its Monte Carlo error."""
    draws = expit(fit.draws(fit.default)[INTERCEPT].values)
    plugged = float(expit(fit.value(fit.default, INTERCEPT, "posterior")))
    return plugged, float(draws.mean()), float(az.mcse(draws, method="mean"))


def _probability(fit: Fit) -> Pair:
    """A probability is averaged, not plugged into."""
    plugged, averaged, error = base_rates(fit)
    return Pair(
        "plugging in",
        "The probability of the event is the logistic function of the estimated log-odds.",
        "Where the intercept is the log-odds, the logistic function of its posterior mean is "
        f"{number(plugged, error)}, the probability averaged over the posterior {number(averaged, error)} (Monte "
        f"Carlo error {significant(error, 1)}). Averaging usually draws probabilities towards one half, the more the "
        "less is known.",
    )


def _exists(fit: Fit) -> Pair:
    """T21: separation."""
    missing = [label for label in fit.labels if not readable(fit, fit.default, label, "mle")]
    if missing:
        why = fit.reason(fit.default, missing[0], "mle")
        return Pair(
            "software printed it, so it exists",
            "The program reports a coefficient, so there is a maximum likelihood estimate.",
            f"Here there is none ({why or 'the check of its existence failed'}). A program that stops after a while "
            "prints where it was. The prior makes an answer possible, and then decides much of it.",
        )
    return Pair(
        "the MLE always exists",
        "A logistic regression always has a maximum likelihood estimate.",
        "Only if no combination of the predictors separates the events from the others. That was decided here by "
        f"linear programming: they overlap, and the MLE of {name_of(largest_slope(fit))} is "
        f"{shown(fit, fit.default, largest_slope(fit), 'mle')}. With separation it runs off to infinity, and software "
        "prints where it stopped.",
    )


def _called_c(fit: Fit) -> Pair | None:
    """T10: scikit-learn's C is the prior variance."""
    if family_of(fit, fit.default, "beta") != "Normal":
        return None
    scale = float(scales_of(fit, fit.default, "beta")[0])
    return Pair(
        "the default is no prior",
        "scikit-learn's LogisticRegression is plain maximum likelihood.",
        "Its default C = 1 is a Normal(0, 1) prior on every coefficient, in whatever units. C is the prior variance: "
        f"the prior {fit.default} for {name_of(slopes(fit)[0])}, sd {significant(scale, 3)}, is C = "
        f"{significant(scale**2, 3)} for that one.",
    )


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
            f"The logistic function is steepest at one half, with slope 1/4: {significant(mean, 3)}/4 = "
            f"{significant(mean / 4, 2)}.",
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

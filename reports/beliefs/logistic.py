"""Beliefs about a logistic regression: odds, separation, averaged probabilities, C, and criteria from a mode."""

from __future__ import annotations

import math

import arviz as az
import numpy as np
from scipy.special import expit

from comparisons.digits import number, significant
from comparisons.rules import SMALL
from reports import criteria
from reports.beliefs import general
from reports.beliefs.regression import name_of, slopes
from reports.lesson import Pair
from reports.priors import family_of, scales_of
from reports.ranking import readable, shown
from reports.stored import Fit
from reports.words import error_of, listed, plural

INTERCEPT = "intercept"
EXISTS = "A logistic regression always has a maximum likelihood estimate"


def largest_slope(fit: Fit) -> str:
    """The coefficient farthest from zero, in posterior sd."""

    def size(label: str) -> float:
        mean, sd = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "sd"))
        return abs(mean) / sd

    return max(slopes(fit), key=size)


def base_rates(fit: Fit) -> tuple[float, float, float]:
    """Probability at the reference: the posterior mean plugged in, the average, and its Monte Carlo error."""
    draws = expit(fit.draws(fit.default)[INTERCEPT].values)
    plugged = float(expit(fit.value(fit.default, INTERCEPT, "posterior")))
    return plugged, float(draws.mean()), float(az.mcse(draws, method="mean"))


def pairs(fit: Fit) -> list[Pair | None]:
    """All pairs of a logistic regression."""
    return [
        odds(fit),
        prediction(fit),
        existence(fit),
        called_c(fit),
        at_the_map(fit),
        general.typical(fit),
        general.held(fit),
        general.washed_out(fit),
    ]


def odds(fit: Fit) -> Pair:
    """E[exp(beta)] is not exp(E[beta]), and exists only where tails are light: under a Normal prior they are."""
    label = largest_slope(fit)
    odds = np.exp(fit.draws(fit.default)[label].values)
    plugged, mcse = math.exp(fit.value(fit.default, label, "posterior")), error_of(fit, fit.default, label, "posterior")
    mean = (
        f"the posterior mean of the odds ratio itself is larger, "
        f"{number(float(odds.mean()), float(az.mcse(odds, method='mean')))}"
        if family_of(fit, fit.default, "beta") == "Normal"
        else "a posterior mean of the odds ratio itself need not even be finite"
    )
    return Pair(
        "The estimate of a function is the function of the estimate",
        "The estimate of an odds ratio is e to the estimated coefficient.",
        f"For the MLE and for a median, yes: for {name_of(label)} the posterior median of the odds ratio is "
        f"{number(float(np.median(odds)), 3 * plugged * mcse)}, e to the median of the coefficient. But e to the "
        f"posterior mean is {number(plugged, plugged * mcse)}; {mean}; and a mode on the new scale lies elsewhere "
        "again.",
    )


def prediction(fit: Fit) -> Pair:
    """A probability is averaged, not plugged into."""
    plugged, averaged, error = base_rates(fit)
    return Pair(
        general.PLUGGED,
        "The probability of the event is the logistic function of the estimated log-odds.",
        "Where the intercept is the log-odds, the logistic function of its posterior mean is "
        f"{number(plugged, error)}, the probability averaged over the posterior {number(averaged, error)} (Monte "
        f"Carlo error {significant(error, 1)}). Averaging usually draws probabilities towards one half, the more the "
        "less is known.",
    )


def existence(fit: Fit) -> Pair:
    """Separation: without an overlap there is no maximum."""
    missing = [label for label in fit.labels if not readable(fit, fit.default, label, "mle")]
    if missing:
        why = fit.reason(fit.default, missing[0], "mle")
        return Pair(
            EXISTS,
            "The program reports a coefficient, so there is a maximum likelihood estimate.",
            f"Here there is none ({why or 'the check of its existence failed'}). A program that stops after a while "
            "prints where it was. The prior makes an answer possible, and then decides much of it.",
        )
    return Pair(
        EXISTS,
        "A logistic regression always has a maximum likelihood estimate.",
        "Only if no combination of the predictors separates the events from the others. That was decided here by "
        f"linear programming: they overlap, and the MLE of {name_of(largest_slope(fit))} is "
        f"{shown(fit, fit.default, largest_slope(fit), 'mle')}. With separation it runs off to infinity, and software "
        "prints where it stopped.",
    )


def called_c(fit: Fit) -> Pair | None:
    """scikit-learn's C is the prior variance."""
    if family_of(fit, fit.default, "beta") != "Normal":
        return None
    scale = float(scales_of(fit, fit.default, "beta")[0])
    return Pair(
        "Logistic regression in scikit-learn is plain maximum likelihood",
        "scikit-learn's LogisticRegression is plain maximum likelihood.",
        "Its default C = 1 is a Normal(0, 1) prior on every coefficient, in whatever units. C is the prior variance: "
        f"the prior {fit.default} for {name_of(slopes(fit)[0])}, sd {significant(scale, 3)}, is C = "
        f"{significant(scale**2, 3)} for that one.",
    )


def at_the_map(fit: Fit) -> Pair | None:
    """An information criterion computed at a mode counts the prior as misfit; told where that is seen."""
    found = criteria.at_modes(fit)
    if found is None or max(found.maps.values(), default=0.0) - found.mle <= SMALL:
        return None
    told = listed([f"{number(one, 0.01)} at the MAP under {prior}" for prior, one in found.maps.items()])
    loo = ""
    if found.loo is not None:
        loo = (
            f" Leave-one-out asks what AIC approximates (BIC approximates the marginal likelihood): minus twice the "
            f"elpd is {number(-2 * found.loo, 0.1)} under {fit.default}, with {significant(found.effective, 2)} "
            "effective parameters."
        )
    return Pair(
        "AIC and BIC can be computed from a MAP",
        "A Bayesian fit has an AIC and a BIC too: put in the MAP.",
        f"Both are made for the maximum of the likelihood, with {plural(found.parameters, 'free parameter')}. Minus "
        f"twice the log likelihood is {number(found.mle, 0.01)} there, and {told}: the more a prior pulls, the worse "
        "the fit of the same model seems, while every parameter is charged in full. On another scale the mode is "
        f"another one again.{loo}",
    )

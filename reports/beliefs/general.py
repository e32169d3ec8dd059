"""Beliefs about any model, refuted by the table of a fit and its draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

from comparisons.digits import exists, number, percent, significant
from comparisons.rules import SMALL, STANDARD_ERRORS
from comparisons.verdict import share
from reports import pictures
from reports import typical as typical_set
from reports.lesson import Pair, is_sound
from reports.ranking import farthest, readable, share_of, shown
from reports.stored import Fit
from reports.words import NAMES, error_of

MOST_PROBABLE = "The MAP is the most probable value"
PLUGGED = "A prediction needs only the best estimate"


def most_probable(fit: Fit) -> Pair | None:
    """A mode is not a probable value."""
    label = farthest(fit)
    if not is_sound(fit):
        return None
    mode, draws = fit.value(fit.default, label, "map"), fit.draws(fit.default)[label].values
    return Pair(
        MOST_PROBABLE,
        "The MAP is the most probable value.",
        "No single value of a continuous parameter has any probability. The MAP, "
        f"{shown(fit, fit.default, label, 'map')} for {label}, is where the density of all parameters together is "
        f"highest on the scale of the priors; {share_of(draws < mode)} of the posterior lies below it. "
        "On another scale the mode is elsewhere, while the posterior's quantiles only change their units.",
    )


def held(fit: Fit) -> Pair | None:
    """How much of the posterior the intervals of the points hold."""
    lines = [
        (abs(point.mass - fit.level), line.parameter, reading, point)
        for line in fit.verdicts[0].lines
        for reading, point in line.points.items()
        if exists(point.mass) and readable(fit, fit.default, line.parameter, reading)
    ]
    if not lines or not is_sound(fit):
        return None
    _, label, reading, point = max(lines, key=lambda item: item[0])
    kind = str(fit.row(fit.default, label, reading)["interval"]).replace("laplace", "Laplace")
    close, held = "close to" if point.holds else "not", share(point.mass, point.mass_error)
    return Pair(
        "Intervals of the same level mean the same, whoever made them",
        f"A {percent(fit.level)} interval is a {percent(fit.level)} interval, whoever made it.",
        "The three answer different questions: a profile interval would cover the truth in about "
        f"{percent(fit.level)} of repeated experiments, a posterior interval holds {percent(fit.level)} of the "
        f"posterior. Here the {NAMES[reading]}'s ({kind}) interval for {label} holds {held} of the "
        f"posterior, {close} {percent(fit.level)}, and that is the worst of them.",
    )


def washed_out(fit: Fit, exact: Mapping[str, tuple[float, float]] | None = None) -> Pair | None:
    """How far two priors put the posterior mean apart, of all pairs of priors, with its Monte Carlo error.

    Parameters
    ----------
    fit : Fit
    exact : mapping of str to (float, float), optional
        Posterior mean and sd of the only parameter by prior, where they have closed forms.
    """
    found = []
    for pair in combinations([fit.default, *(prior for prior in fit.priors if prior != fit.default)], 2):
        for label in fit.labels:
            if all(readable(fit, one, label, "posterior") for one in pair):
                (first, sd, _), (second, _, _) = both = [_centre(fit, one, label, exact) for one in pair]
                mcse = math.hypot(*(one[2] for one in both))
                found.append((abs(first - second) / sd, STANDARD_ERRORS * mcse / sd, pair, label))
    if not found:
        return None
    apart, noise, pair, label = max(found, key=lambda item: item[0])
    values = []
    for one in pair:
        mean, sd, mcse = _centre(fit, one, label, exact)
        values.append(number(mean, mcse or sd / 100))
    told = f"the posterior mean of {label} is {values[0]} under the prior {pair[0]} and {values[1]} under {pair[1]}"
    size = number(apart, noise / STANDARD_ERRORS) if noise else significant(apart, 2)
    if apart + noise <= SMALL:
        end = "here they nearly have."
    elif apart <= noise:
        end = "no more than Monte Carlo error can do: these draws show no difference."
    elif apart - noise > SMALL:
        end = "here they have not."
    else:
        end = f"but Monte Carlo error leaves open whether that is more than {SMALL:g}."
    return Pair(
        "Once there are data, the prior hardly matters",
        "The data wash the prior out.",
        f"In regular models, in time, if no prior excludes the truth. With {pictures.size(fit)}, {told}: "
        f"{size} posterior sd (under {pair[0]}) apart, the largest such difference between any two priors; {end}",
    )


def _centre(
    fit: Fit, prior: str, label: str, exact: Mapping[str, tuple[float, float]] | None
) -> tuple[float, float, float]:
    """Mean, sd and the Monte Carlo error of the mean: none where the mean has a closed form."""
    if exact is not None and prior in exact:
        return (*exact[prior], 0.0)
    mean, sd, mcse = (fit.value(prior, label, "posterior", key) for key in ("estimate", "sd", "mcse"))
    return mean, sd, mcse


def flat(fit: Fit) -> Pair | None:
    """A flat prior gives the MLE as mode, not as mean."""
    for prior, texts in fit.priors.items():
        known = all(
            readable(fit, prior, label, reading) for label in fit.labels for reading in ("mle", "map", "posterior")
        )
        if known and all(
            text in ("Flat()", "HalfFlat()", "Beta(alpha=1, beta=1)", "Beta(1, 1)") for text in texts.values()
        ):
            gaps = [(abs(gap.mle or 0.0), gap.parameter) for gap in fit.gaps(prior)]
            gap, label = max(gaps)
            apart = (
                "agrees with it to within a tenth of a posterior sd"
                if gap <= SMALL
                else (f"lies {significant(gap, 2)} posterior sd from it")
            )
            return Pair(
                "With a flat prior the Bayesian answer is the maximum likelihood estimate",
                "With a flat prior the Bayesian answer is the maximum likelihood estimate.",
                "The mode is: flat on this scale, MAP and MLE are the same point. The posterior mean is a centre of "
                f"mass, not a peak: under the prior {prior} that of {label} is "
                f"{shown(fit, prior, label, 'posterior')}, and the MLE, {shown(fit, prior, label, 'mle')}, {apart}. "
                "And a prior flat on one scale is not flat on another.",
            )
    return None


def typical(fit: Fit) -> Pair | None:
    """A mode is not typical: hardly a draw is near it; told where that is fewer than one in twenty."""
    found = typical_set.distances(fit)
    if found is None or found.near > 0.05 * len(found.values):
        return None
    return Pair(
        "Most of the posterior lies near its mode",
        "The MAP is a typical value: most of the posterior lies around it.",
        f"Around it, but not near it, with {found.d} parameters. {typical_set.told(found)} What holds at the mode need "
        "not hold where the posterior is: average over draws.",
    )


def digits(fit: Fit) -> Pair | None:
    """Equal-looking numbers, and their Monte Carlo error."""
    label = farthest(fit)
    if not readable(fit, fit.default, label, "posterior"):
        return None
    row = fit.row(fit.default, label, "posterior")
    return Pair(
        "Every digit that a sampler prints is known",
        "The sampler prints six digits, so six digits are known.",
        f"The posterior mean of {label} is known to a Monte Carlo standard error of {significant(row['mcse'], 2)}: "
        f"{shown(fit, fit.default, label, 'posterior')} is all that can be said. The effective sample size is "
        f"{int(row['ess_bulk']):,}; four times as many effective draws halve that error, and leave the posterior sd, "
        f"{number(row['sd'], error_of(fit, fit.default, label, 'posterior'))}, where it is.",
    )

"""Words for the textbook distributions: skewed likelihoods, and parameters that trade off."""

from __future__ import annotations

import numpy as np

from comparisons.digits import number, percent, significant
from reports import pictures
from reports.beliefs import family as beliefs
from reports.beliefs.family import family, mean_of, means, together
from reports.lesson import Exercise, Pair, Question, kept
from reports.ranking import farthest, readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import listed

READING = generic.READING


def suits(fit: Fit) -> bool:
    """Whether the family is known."""
    return bool(family(fit))


def answer(fit: Fit) -> str:
    """All parameters of the family."""
    told = listed(
        [
            f"{label} {shown(fit, fit.default, label, 'posterior')} ({span(fit, fit.default, label)})"
            for label in fit.labels
        ]
    )
    article = "an" if family(fit)[0] in "AEIOU" else "a"
    return (
        f"As {article} {family(fit)}: {told}; in brackets what holds {percent(fit.level)} of the posterior under the "
        f"prior {fit.default}. That it is {article} {family(fit)} at all is assumed; the predictive check below looks "
        "at that."
    )


def quiz(fit: Fit) -> list[Question]:
    """Which estimate is largest, and which more data move most."""
    return [generic.largest(fit), generic.steadiest(fit) or generic.widest(fit)]


def pairs(fit: Fit) -> list[Pair]:
    """Trade-offs, averages, and the general ones."""
    return kept(beliefs.pairs(fit))


def take_home(fit: Fit) -> list[str]:
    """Skewness, trade-offs, the family as an assumption."""
    return [
        "Shapes, rates and spreads have skewed posteriors: mode and mean part, less and less as values are added.",
        "Parameters that trade off are known better together than each alone.",
        f"That the column follows the distribution chosen ({family(fit)}) is assumed by all three readings alike.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """The mean by three readings, correlations, and the generic ones."""
    found: list[Exercise | None] = [*generic.exercises(fit)[:2], _plug_in(fit), _correlated(fit), _halve(fit)]
    found += generic.exercises(fit)[-1:]
    return [exercise for exercise in found if exercise is not None]


def _plug_in(fit: Fit) -> Exercise | None:
    found = mean_of(fit)
    if found is None:
        return None
    formula, values, error = found
    function, told = means()[family(fit)][1], []
    for reading, name in (("mle", "MLE"), ("map", "MAP")):
        if all(readable(fit, fit.default, label, reading) for label in fit.labels):
            point = {label: np.asarray(fit.value(fit.default, label, reading)) for label in fit.labels}
            told.append(f"{name} {significant(float(function(point)), 4)}")
    return Exercise(
        "standard",
        f"The mean of the distribution is {formula}. What do the three readings say of it?",
        f"{', '.join(told)}, posterior mean {number(float(values.mean()), error)}: points are plugged in, draws are "
        "averaged.",
    )


def _correlated(fit: Fit) -> Exercise | None:
    found = together(fit)
    if found is None:
        return None
    first, second, correlation = found
    return Exercise(
        "standard",
        f"{first} and {second} have a posterior correlation of {significant(correlation, 2)}. What do you expect of "
        f"{first} if somebody tells you that {second} is larger than you thought?",
        f"That it is {'larger' if correlation > 0 else 'smaller'} too: by {significant(abs(correlation), 2)} of its "
        "sd for every sd "
        f"of {second}, if the two are roughly normal together.".replace("smaller too", "smaller"),
    )


def _halve(fit: Fit) -> Exercise:
    label = farthest(fit)
    width = fit.value(fit.default, label, "posterior", "upper") - fit.value(fit.default, label, "posterior", "lower")
    return Exercise(
        "standard",
        f"There are {pictures.size(fit).removeprefix('n = ')} values. About how many would halve the posterior "
        f"interval of {label}?",
        f"Four times as many, since an sd falls with the root of n: from a width of {significant(width, 2)} to about "
        f"{significant(width / 2, 2)}. With few values, and skewed posteriors, only roughly.",
    )

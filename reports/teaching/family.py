"""Words for the textbook distributions: skewed likelihoods, and parameters that trade off."""

from __future__ import annotations

import math
from collections.abc import Callable

import arviz as az
import numpy as np

from comparisons.digits import number, percent, significant
from reports import pictures
from reports.lesson import Exercise, Pair, Question
from reports.ranking import readable, shown, span
from reports.stored import Array, Fit
from reports.teaching import generic
from reports.words import listed

READING = generic.READING
Mean = Callable[[dict[str, Array]], Array]


def means() -> dict[str, tuple[str, Mean]]:
    """Mean of a distribution as a function of its parameters, with the formula; of those with a simple one."""
    return {
        "Gamma": ("shape / rate", lambda one: one["shape"] / one["rate"]),
        "Exponential": ("1 / rate", lambda one: 1 / one["rate"]),
        "Poisson": ("rate", lambda one: one["rate"]),
        "Normal": ("mu", lambda one: one["mu"]),
    }


def family(fit: Fit) -> str:
    """Name of the distribution."""
    return str(fit.data.attrs.get("family", ""))


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


def together(fit: Fit) -> tuple[str, str, float] | None:
    """The two parameters that are most correlated under the default prior, and their correlation."""
    if len(fit.labels) < 2:
        return None
    values = np.corrcoef([fit.draws(fit.default)[label].values.ravel() for label in fit.labels])
    found = [(fit.labels[i], fit.labels[j], float(values[i, j])) for i in range(len(values)) for j in range(i)]
    return max(found, key=lambda item: abs(item[2]))


def pairs(fit: Fit) -> list[Pair]:
    """Trade-offs, averages, and the generic ones."""
    found = [
        _together(fit),
        _mean(fit),
        generic.most_probable(fit),
        generic.held(fit),
        generic.flat(fit),
        generic.washed_out(fit),
    ]
    return [pair for pair in found if pair is not None]


def _together(fit: Fit) -> Pair | None:
    found = together(fit)
    if found is None:
        return None
    first, second, correlation = found
    left = math.sqrt(1 - correlation**2)
    return Pair(
        "intervals side by side",
        "The intervals of the parameters, side by side, say what is known.",
        f"They leave out how the parameters go together. {first} and {second} have a posterior correlation of "
        f"{significant(correlation, 2)}: if one were known, the other would be known to about {significant(left, 2)} "
        "of its sd. Look at pairs, or at the quantity you need.",
    )


def _mean(fit: Fit) -> Pair | None:
    found = mean_of(fit)
    if found is None or len(fit.labels) < 2:
        return None
    formula, values, error = found
    relative = {label: float(_relative(fit.draws(fit.default)[label].values)) for label in fit.labels}
    worst = max(relative, key=lambda label: relative[label])
    better = float(_relative(values))
    side = "better" if better < relative[worst] else "no better"
    return Pair(
        "uncertain parameters, uncertain everything",
        "If the parameters are hardly known, nothing is.",
        f"{worst} is known to {percent(round(relative[worst], 3))} of itself (sd over mean); the mean of the "
        f"distribution, {formula}, to {percent(round(better, 3))}: {side}. It is "
        f"{number(float(values.mean()), error)}, and the average of the data can be seen through any combination that "
        "keeps it.",
    )


def _relative(values: Array) -> float:
    return float(values.std() / abs(values.mean()))


def mean_of(fit: Fit) -> tuple[str, Array, float] | None:
    """Mean of the distribution: its formula, its draws (chain, draw), and the Monte Carlo error of their average."""
    found = means().get(family(fit))
    if found is None:
        return None
    formula, function = found
    draws = {label: fit.draws(fit.default)[label].values for label in fit.labels}
    if not set(formula.replace("1 /", "").replace("/", " ").split()) <= set(draws):
        return None
    values = function(draws)
    return formula, values, float(az.mcse(values, method="mean"))


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
    label = generic.farthest(fit)
    width = fit.value(fit.default, label, "posterior", "upper") - fit.value(fit.default, label, "posterior", "lower")
    return Exercise(
        "standard",
        f"There are {pictures.size(fit).removeprefix('n = ')} values. About how many would halve the posterior "
        f"interval of {label}?",
        f"Four times as many, since an sd falls with the root of n: from a width of {significant(width, 2)} to about "
        f"{significant(width / 2, 2)}. With few values, and skewed posteriors, only roughly.",
    )

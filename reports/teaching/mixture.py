"""Words for the mixture: a likelihood without a maximum, labels without meaning, memberships that are averages."""

from __future__ import annotations

import math

from comparisons.digits import number, significant
from reports.beliefs import mixture as beliefs
from reports.beliefs.mixture import FLAGGED, moved, shares, shares_or_none, unsure, weights
from reports.lesson import Exercise, Pair, Question, Source, kept
from reports.ranking import shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import listed, plural

READING = (
    Source(
        "Stephens, M.",
        2000,
        "Dealing with label switching in mixture models",
        "Journal of the Royal Statistical Society B 62, doi:10.1111/1467-9868.00265",
    ),
    Source(
        "Merkle, E. C., Furr, D. and Rabe-Hesketh, S.",
        2019,
        "Bayesian comparison of latent variable models: conditional versus marginal likelihoods",
        "Psychometrika 84, doi:10.1007/s11336-019-09679-0",
    ),
    *generic.READING[:1],
)


def suits(fit: Fit) -> bool:
    """Whether there are weights of two components or more, and memberships by MAP and posterior."""
    return len(weights(fit)) > 1 and shares_or_none(fit) is not None


def answer(fit: Fit) -> str:
    """The weights, and how many points are between groups."""
    told = listed([shown(fit, fit.default, label, "posterior") for label in weights(fit)])
    between, rows = unsure(fit)[1], len(shares(fit)[1])
    return (
        f"Taken for {len(weights(fit))} components, which hold shares of {told} under the prior {fit.default}: "
        f"{rows - between:,} of {plural(rows, 'point')} belong to one of them with probability 0.9 or more, "
        f"{between:,} do not."
    )


def quiz(fit: Fit) -> list[Question]:
    """Who is surer, and which interval is widest."""
    plugged, averaged = unsure(fit)
    told = (
        "the plugged-in MAP is the surer one"
        if plugged < averaged
        else "the averaged memberships are the surer ones"
        if plugged > averaged
        else "the same number"
    )
    return [
        Question(
            "How many points have no component with probability 0.9 or more: more with the MAP plugged in, or "
            "averaged over the posterior?",
            f"{plugged:,} with the MAP plugged in, {averaged:,} averaged: {told}.",
        ),
        generic.widest(fit),
    ]


def pairs(fit: Fit) -> list[Pair]:
    """Unbounded likelihood, labels, memberships, what is left out, thresholds."""
    return kept(beliefs.pairs(fit))


def take_home(fit: Fit) -> list[str]:
    """Maximum, labels, memberships."""
    return [
        "A mixture's likelihood has no maximum; what programs report is a good local one. A prior on the spreads "
        "bounds it.",
        "Components have no names: trust what does not depend on labels, or say how they were ordered.",
        "Average memberships over the posterior; the plug-in forgets that the parameters are estimates.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """Weights, labels, memberships, collapse, thresholds."""
    k, rows = len(weights(fit)), len(shares(fit)[0])
    row, column, plugged, averaged = moved(fit)
    label = weights(fit)[0]
    fewer, more = unsure(fit)
    total = sum(fit.value(fit.default, one, "posterior") for one in weights(fit))
    return [
        Exercise(
            "warm-up",
            "Add the posterior means of the weights. Must it be so? Would it be so for medians?",
            f"They add to {significant(total, 3)}: every draw does, and means add. Medians need not.",
        ),
        Exercise(
            "warm-up",
            f"In how many ways can the labels of {k} components be given? What would the posterior mean of {label} be "
            "without a rule that orders them?",
            f"{k}! = {math.factorial(k)}; by symmetry 1/{k} = {significant(1 / k, 3)}, instead of "
            f"{shown(fit, fit.default, label, 'posterior')} ({span(fit, fit.default, label)}).",
        ),
        Exercise(
            "standard",
            "Which membership does averaging over the posterior move most, and by how much?",
            f"That of point {row + 1} in component {column + 1}: from {significant(plugged, 3)} to "
            f"{significant(averaged, 3)}, by {significant(abs(plugged - averaged), 2)}. {fewer:,} points are unsure "
            f"with the MAP plugged in (no component with 0.9), {more:,} after averaging.",
        ),
        Exercise(
            "standard",
            "Somebody flags the five percent of points with the lowest density. How many are flagged here, and how "
            "many would be if no point were unusual?",
            f"{math.floor(FLAGGED * rows):,} of {rows:,} both times.",
        ),
        Exercise(
            "stretch",
            "Put one component on one observation and divide its standard deviation (in one dimension) by 1,000. By "
            "how much does the log likelihood rise, once the component is so narrow that it covers that point only?",
            f"Its density at the point rises a thousandfold, the other points keep theirs: by ln 1000 = "
            f"{number(math.log(1000), 0.001)}, again and again, without end.",
        ),
    ]

"""Words for the mixture: a likelihood without a maximum, labels without meaning, memberships that are averages."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from comparisons.digits import number, percent, significant
from reports import components, groups
from reports.lesson import Exercise, Pair, Question, Source
from reports.ranking import readable, shown, span
from reports.stored import Array, Fit
from reports.teaching import generic
from reports.words import listed, plural

FLAGGED = 0.05  # the share that "the lowest five percent" flags, whatever the data
READING = (
    Source(
        "Stephens, M.",
        2000,
        "Dealing with label switching in mixture models",
        "Journal of the Royal Statistical Society B 62, doi:10.1111/1467-9868.00265",
    ),
    *generic.READING[:1],
)


def suits(fit: Fit) -> bool:
    """Whether there are weights of two components or more, and memberships by MAP and posterior."""
    return len(weights(fit)) > 1 and _shares(fit) is not None


def weights(fit: Fit) -> list[str]:
    """Labels of the weights."""
    return [label for label in fit.labels if label.startswith("weight[")]


def _shares(fit: Fit) -> tuple[Array, Array] | None:
    """Memberships of every point, of the MAP plugged in and averaged over the posterior, each of shape (n, k)."""
    found = groups.extras(fit, fit.default)
    if "responsibility" not in found or not {"map", "posterior"} <= set(found["reading"].values.tolist()):
        return None
    both = [
        found["responsibility"].sel(reading=reading).transpose("observation", "component").values
        for reading in ("map", "posterior")
    ]
    return (both[0], both[1]) if all(np.isfinite(one).all() for one in both) else None


def shares(fit: Fit) -> tuple[Array, Array]:
    """As `_shares`, for a fit that `suits`."""
    found = _shares(fit)
    if found is None:
        raise ValueError(f"{fit.name}: there are no memberships")
    return found


def moved(fit: Fit) -> tuple[int, int, float, float]:
    """The membership that averaging moves most: its point and component, counted from 0, plugged in and averaged."""
    plugged, averaged = shares(fit)
    row, column = (int(at) for at in np.unravel_index(np.argmax(np.abs(plugged - averaged)), plugged.shape))
    return row, column, float(plugged[row, column]), float(averaged[row, column])


def unsure(fit: Fit) -> tuple[int, int]:
    """Points of which no component has nine tenths or more: by the MAP, and averaged."""
    plugged, averaged = shares(fit)
    return int((plugged.max(axis=1) < 0.9).sum()), int((averaged.max(axis=1) < 0.9).sum())


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
    """Unbounded likelihood, memberships, labels, thresholds."""
    found = [
        _unbounded(fit),
        _membership(fit),
        _labels(fit),
        _percentile(fit),
        _criterion(fit),
        generic.washed_out(fit),
    ]
    return [pair for pair in found if pair is not None]


def _unbounded(fit: Fit) -> Pair | None:
    """T16: there is no global maximum."""
    label = weights(fit)[0]
    if readable(fit, fit.default, label, "mle"):
        return None
    audit = fit.tree[fit.default]["mle"].attrs
    starts, agreeing = int(audit["starts"]), int(audit["agreeing"])
    return Pair(
        "EM finds the maximum",
        "EM converges to the maximum likelihood estimate.",
        "There is none: a component that shrinks onto a point (or a line of points) lifts the likelihood without "
        f"limit, by {significant(math.log(10), 3)} in log density for every tenfold shrinking in one direction. What "
        f"is reported is the largest local maximum found: {agreeing} of {plural(starts, 'start')} reached it.",
    )


def _membership(fit: Fit) -> Pair:
    """T18: a responsibility is conditional on parameters."""
    row, column, plugged, averaged = moved(fit)
    return Pair(
        "plugged-in memberships",
        "A responsibility is the probability that a point belongs to a group.",
        f"It is, if the parameters are what was plugged in. For point {row + 1} and component {column + 1} the MAP "
        f"says {significant(plugged, 2)}; averaged over the posterior it is {significant(averaged, 2)}. No other "
        "membership differs more.",
    )


def _labels(fit: Fit) -> Pair:
    """T17: labels are arbitrary."""
    k = len(weights(fit))
    means = [fit.value(fit.default, label, "posterior") for label in weights(fit)]
    return Pair(
        "the first component",
        "The posterior mean of the first component's weight is a property of the mixture.",
        f"Any order of the labels gives the same density: {k}! = {math.factorial(k)} equal modes. Averaged over all "
        f"of them every weight is 1/{k} = {significant(1 / k, 3)}. That here "
        f"{listed([significant(mean, 2) for mean in means])} come out is the work of a rule that orders the labels; "
        "densities and memberships of pairs need none.",
    )


def _percentile(fit: Fit) -> Pair:
    """The lowest five percent are always five percent."""
    rows = len(shares(fit)[0])
    found = groups.extras(fit, fit.default)
    told = ""
    if "anomaly" in found:
        flagged = int(found["anomaly"].sel(reading="posterior").values.sum())
        rate = percent(float(found.attrs.get("false_discovery_rate", FLAGGED)))
        told = f" By a threshold calibrated for a false discovery rate of {rate} it is {flagged:,}."
    return Pair(
        "the lowest five percent as anomalies",
        "The five percent of points with the lowest density are anomalies.",
        f"That flags {math.floor(FLAGGED * rows):,} of {rows:,} points by construction, in perfect data too.{told}",
    )


def chosen(fit: Fit) -> tuple[int, dict[int, int], list[int]] | None:
    """How many components BIC prefers, by its best restarts, and how often each number wins over the restarts.

    Numbers of components whose best restart is a spike are left out, and returned last; None if no other is left.
    """
    found = groups.extras(fit, fit.default)
    if "bic" not in found:
        return None
    bic = found["bic"].transpose("components", ...)
    every = [int(one) for one in bic["components"].values]
    spikes = components.spiked(found, "components", every)
    numbers = [one for one in every if one not in spikes]
    if not numbers:
        return None
    bic = bic.isel(components=[every.index(one) for one in numbers])
    values = bic.values.reshape(len(numbers), -1)
    wins = Counter(numbers[int(np.argmin(column))] for column in values.T)
    return numbers[int(np.argmin(values.min(axis=1)))], dict(sorted(wins.items())), spikes


def _criterion(fit: Fit) -> Pair | None:
    """T19: BIC and the number of groups."""
    found = chosen(fit)
    if found is None:
        return None
    best, wins, spikes = found
    without = f", without {listed([str(one) for one in spikes])}, whose lowest BIC is a spike" if spikes else ""
    told = listed([f"{number} in {plural(count, 'restart')}" for number, count in wins.items()])
    return Pair(
        "BIC counts the groups",
        "The number of components with the smallest BIC is the number of groups.",
        f"It is a number of normal components that describes the density well: here {best}{without}; restart by "
        f"restart {told}. The theory behind BIC needs regular models, which a mixture with a component too many is "
        "not; with little data it chooses too few; and one skewed group takes two normal components.",
    )


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

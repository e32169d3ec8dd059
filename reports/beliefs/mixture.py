"""Beliefs about a mixture: a maximum, the meaning of labels and memberships, and the number of groups."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from comparisons.digits import percent, significant
from reports import components, groups, labelled
from reports.beliefs import general
from reports.lesson import Pair
from reports.ranking import readable
from reports.stored import Array, Fit
from reports.words import listed, plural

FLAGGED = 0.05  # the share that "the lowest five percent" flags, whatever the data
APART = 1.0  # log density: a smaller difference is none that a reader sees


def weights(fit: Fit) -> list[str]:
    """Labels of the weights."""
    return [label for label in fit.labels if label.startswith("weight[")]


def shares_or_none(fit: Fit) -> tuple[Array, Array] | None:
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
    """As `shares_or_none`, for a fit that `suits`."""
    found = shares_or_none(fit)
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


def pairs(fit: Fit) -> list[Pair | None]:
    """All pairs of a mixture."""
    return [
        unbounded(fit),
        labels(fit),
        membership(fit),
        left_out(fit),
        criterion(fit),
        percentile(fit),
        general.washed_out(fit),
    ]


def unbounded(fit: Fit) -> Pair | None:
    """There is no global maximum."""
    label = weights(fit)[0]
    if readable(fit, fit.default, label, "mle"):
        return None
    audit = fit.tree[fit.default]["mle"].attrs
    starts, agreeing = int(audit["starts"]), int(audit["agreeing"])
    return Pair(
        "EM finds the maximum of the likelihood",
        "EM converges to the maximum likelihood estimate.",
        "There is none: a component that shrinks onto a point (or a line of points) lifts the likelihood without "
        f"limit, by {significant(math.log(10), 3)} in log density per point on it and tenfold shrinking across. What "
        f"is reported is the largest local maximum found: {agreeing} of {plural(starts, 'start')} reached it.",
    )


def membership(fit: Fit) -> Pair:
    """A responsibility is conditional on parameters."""
    row, column, plugged, averaged = moved(fit)
    return Pair(
        "A responsibility is the probability of belonging to a group",
        "A responsibility is the probability that a point belongs to a group.",
        f"It is, if the parameters are what was plugged in. For point {row + 1} and component {column + 1} the MAP "
        f"says {significant(plugged, 2)}; averaged over the posterior it is {significant(averaged, 2)}. No other "
        "membership differs more.",
    )


def labels(fit: Fit) -> Pair:
    """Labels are arbitrary."""
    k = len(weights(fit))
    means = [fit.value(fit.default, label, "posterior") for label in weights(fit)]
    return Pair(
        "The first component is the same group throughout",
        "The posterior mean of the first component's weight is a property of the mixture.",
        f"Any order of the labels gives the same density: {k}! = {math.factorial(k)} equal modes. Averaged over all "
        f"of them every weight is 1/{k} = {significant(1 / k, 3)}. That here "
        f"{listed([significant(mean, 2) for mean in means])} come out is the work of a rule that orders the labels; "
        "densities and memberships of pairs need none.",
    )


def percentile(fit: Fit) -> Pair:
    """The lowest five percent are always five percent."""
    rows = len(shares(fit)[0])
    found = groups.extras(fit, fit.default)
    told = ""
    if "anomaly" in found:
        flagged = int(found["anomaly"].sel(reading="posterior").values.sum())
        rate = percent(float(found.attrs.get("false_discovery_rate", FLAGGED)))
        told = f" By a threshold calibrated for a false discovery rate of {rate} it is {flagged:,}."
    return Pair(
        "The five percent of points with the lowest density are anomalies",
        "The five percent of points with the lowest density are anomalies.",
        f"That flags {math.floor(FLAGGED * rows):,} of {rows:,} points by construction, in perfect data too.{told}",
    )


def criterion(fit: Fit) -> Pair | None:
    """BIC and the number of groups."""
    found = chosen(fit)
    if found is None:
        return None
    best, wins, spikes = found
    without = f", leaving out {listed([str(one) for one in spikes])}, whose lowest BIC is a spike" if spikes else ""
    told = listed([f"{size} in {plural(count, 'restart')}" for size, count in wins.items()])
    return Pair(
        "BIC counts the groups",
        "The number of components with the smallest BIC is the number of groups.",
        f"It is a number of normal components that describes the density well: here {best}{without}; restart by "
        f"restart {told}. The theory behind BIC needs regular models, which a mixture with a component too many is "
        "not; with little data it chooses too few; and one skewed group takes two normal components.",
    )


def left_out(fit: Fit) -> Pair | None:
    """Leave-one-out must sum the labels out; told where labels that are drawn mislead it."""
    found = labelled.left_out(fit)
    if found is None or found.drawn - found.summed <= APART:
        return None
    return Pair(
        "The labels of a mixture are parameters like any others",
        "Give every point a label, sample the labels too, and leave out points as ever.",
        "The label of a point that is left out must be unknown again, and the draws of it are not: they were chosen by "
        f"this very point. Leave-one-out from labels drawn says about {round(found.drawn, -1):.0f} for the log density "
        f"of all {found.n:,} points, and warns at {percent(round(found.drawn_bad / found.n, 1))} of them (k-hat); with "
        f"the labels summed out it says {found.summed:.0f} and warns at {found.summed_bad:,}. The question is the same "
        "and so is its answer: the second.",
    )

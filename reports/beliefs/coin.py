"""Beliefs about a coin, refuted in closed form."""

from __future__ import annotations

import numpy as np
from scipy.stats import beta as beta_distribution

from comparisons import exact
from comparisons.digits import exists, percent, significant
from comparisons.rules import SMALL
from reports import conjugate
from reports.beliefs import general
from reports.conjugate import AHEAD, THETA, all_heads, beta_prior, counts, posterior
from reports.lesson import Pair
from reports.ranking import readable, span
from reports.stored import Fit
from reports.words import listed, plural

FEW = 200  # flips up to which the coverage of intervals is summed
SEEN = 0.02  # of a probability: a difference that a reader sees


def pairs(fit: Fit) -> list[Pair | None]:
    """All pairs of a coin with a Beta prior, those first that need a small number of flips."""
    return [
        mode(fit),
        prediction(fit),
        laplace(fit),
        confidence(fit),
        coverage(fit),
        ignorant(fit),
        general.washed_out(fit, means(fit)),
        general.digits(fit),
    ]


def means(fit: Fit) -> dict[str, tuple[float, float]]:
    """Posterior mean and sd by prior, of those that are a Beta."""
    shapes = {prior: posterior(fit, prior) for prior in fit.priors if beta_prior(fit, prior) is not None}
    return {prior: (a / (a + b), conjugate.sd(a, b)) for prior, (a, b) in shapes.items()}


def mode(fit: Fit) -> Pair | None:
    """The same posterior has its mode elsewhere on the logit scale, at a / (a + b)."""
    a, b = posterior(fit)
    if min(a, b) <= 1:
        return None
    here, there = (a - 1) / (a + b - 2), a / (a + b)
    if abs(here - there) <= SMALL * conjugate.sd(a, b):
        return None
    return Pair(
        general.MOST_PROBABLE,
        "The MAP is the most probable value of theta.",
        f"No single value has any probability; a mode is the peak of a density, and densities change with the scale. "
        f"On the scale of theta the mode is {significant(here, 3)}. Write the same posterior for the log-odds of "
        f"theta, and its mode, taken back, is {significant(there, 3)}. The median is "
        f"{significant(float(beta_distribution.median(a, b)), 3)} on both.",
    )


def prediction(fit: Fit) -> Pair | None:
    """Events that share theta are not independent; told where that is seen."""
    a, b = posterior(fit)
    full, mean = all_heads(a, b), a / (a + b)
    if full - mean**AHEAD <= SEEN * full:
        return None
    points = [
        f"{significant(fit.value(fit.default, THETA, key) ** AHEAD, 3)} with the {name}"
        for key, name in (("mle", "MLE"), ("map", "MAP"))
        if readable(fit, fit.default, THETA, key)
    ]
    plugged = f"plugged in it would be {', '.join(points)}, and " if points else "it would be "
    return Pair(
        general.PLUGGED,
        "Once theta is estimated, put the estimate into the formula to predict.",
        f"The next {AHEAD} flips share one unknown theta. The probability that all are heads is "
        f"{significant(full, 3)}; {plugged}{significant(mean**AHEAD, 3)} even with the posterior mean, which is right "
        "for one flip and too low for several.",
    )


def laplace(fit: Fit) -> Pair | None:
    """Three intervals go by the name of the Laplace approximation; told where they differ."""
    a, b = posterior(fit)
    if min(a, b) <= 1:
        return None
    found, true = conjugate.laplace(a, b, fit.level), conjugate.equal_tailed(a, b, fit.level)
    ends = np.array([*found.values(), true])
    if np.ptp(ends, axis=0).max() <= SMALL * conjugate.sd(a, b):
        return None
    told = {name: " to ".join(significant(end, 3) for end in both) for name, both in found.items()}
    out = ", beyond what a probability can be" if found["declared"][1] > 1 or found["declared"][0] < 0 else ""
    return Pair(
        "There is one Laplace approximation",
        "The Laplace approximation is the bell curve that fits the posterior at its peak.",
        f"There are at least three, for there are several peaks and scales. The {percent(fit.level)} interval for "
        f"theta is {told['declared']}{out}, if the bell stands on theta; {told['unconstrained']}, if it stands on the "
        f"log-odds, with the Jacobian; {told['mixed']}, if it stands there around the MAP, without the Jacobian. The "
        f"exact one is {' to '.join(significant(end, 3) for end in true)}.",
    )


def confidence(fit: Fit) -> Pair | None:
    """What a confidence interval holds of the posterior depends on the prior; told where it is not its level."""
    lower, upper = (fit.value(fit.default, THETA, "mle", end) for end in ("lower", "upper"))
    priors = [prior for prior in fit.priors if beta_prior(fit, prior) is not None]
    if not (exists(lower) and exists(upper)) or fit.failed(fit.default, THETA, "mle"):
        return None
    held = {prior: conjugate.held(*posterior(fit, prior), lower, upper) for prior in priors}
    if max(abs(one - fit.level) for one in held.values()) <= SEEN:
        return None
    level = percent(fit.level)
    told = listed([f"{significant(one, 2)} under the prior {prior}" for prior, one in held.items()])
    return Pair(
        "A confidence interval holds the parameter with the probability of its level",
        f"Theta lies in this {level} confidence interval with probability {level}.",
        f"The {level} belong to the recipe: of many data sets about that share gives an interval that holds the truth. "
        f"This one, {span(fit, fit.default, THETA, 'mle')}, holds it or does not. A probability that it does needs a "
        f"prior, and goes with it: {told}.",
    )


def coverage(fit: Fit) -> Pair | None:
    """The coverage of the Wald, the profile and the posterior interval, summed exactly, if there are few flips."""
    flips = counts(fit)[1]
    return covered(fit, flips) if flips <= FEW else None


def covered(fit: Fit, flips: int) -> Pair:
    """As `coverage`, with so many flips."""
    prior = beta_prior(fit, fit.default) or (1.0, 1.0)
    found = exact.at(exact.Coin(flips, *prior, fit.level), [0.05]).set_index("interval")["coverage"]
    return Pair(
        "An interval covers the truth as often as its level says, whatever the truth",
        f"A {percent(fit.level)} interval covers the truth {percent(fit.level)} of the time.",
        f"It depends on the interval and on the truth. With {plural(flips, 'flip')} of a coin with theta = 0.05 the "
        f"Wald interval covers it with probability {significant(found['wald'], 2)}, the profile interval with "
        f"{significant(found['profile'], 2)}, and the posterior interval under the prior {fit.default} with "
        f"{significant(found['eti'], 2)}: that one is right on average over truths drawn from its prior.",
    )


def ignorant(fit: Fit) -> Pair:
    """A flat prior says a lot."""
    prior = beta_prior(fit, fit.default) or (1.0, 1.0)
    own = significant(float(beta_distribution.sf(0.9, *prior)), 2)
    return Pair(
        "A flat prior is ignorant",
        "A flat prior expresses no opinion.",
        "Flat on theta, Beta(1, 1), says that theta exceeds 0.9 with probability 0.10, as strong a claim as any "
        f"(Beta({prior[0]:g}, {prior[1]:g}), the prior {fit.default} here, says {own}); and for the log-odds it is "
        f"not flat but bell-shaped: between -1 and 1 it puts probability {significant(float(np.tanh(0.5)), 2)}.",
    )

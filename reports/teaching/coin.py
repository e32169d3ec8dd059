"""Words for the coin. Its posterior is Beta(alpha + heads, beta + flips - heads), so that answers have closed forms."""

from __future__ import annotations

import json

import numpy as np
from scipy.special import betaln, xlog1py, xlogy
from scipy.stats import beta as beta_distribution

from comparisons import exact
from comparisons.digits import percent, significant
from comparisons.verdict import share
from models.contract import Distribution
from reports.lesson import Exercise, Pair, Question, Source
from reports.ranking import readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import plural

THETA = "theta"
AHEAD = 5  # flips to predict
FEW = 200  # flips up to which the coverage of intervals is summed
AGREE = 0.1  # posterior sd
STILL = 0.25  # posterior sd: so little a change of the mean is hardly one
READING = (
    Source(
        "Brown, L. D., Cai, T. T. and DasGupta, A.",
        2001,
        "Interval estimation for a binomial proportion",
        "Statistical Science 16, doi:10.1214/ss/1009213286",
    ),
    *generic.READING[:1],
)


def suits(fit: Fit) -> bool:
    """Whether the default prior is a Beta, which makes all of this exact."""
    return fit.labels == [THETA] and beta_prior(fit, fit.default) is not None


def beta_prior(fit: Fit, prior: str) -> tuple[float, float] | None:
    """Both parameters of a Beta prior; None for another."""
    written = json.loads(fit.text("distributions")).get(prior, {}).get(THETA)
    known = Distribution.from_json(written) if written else None
    if known is None or known.name != "Beta":
        return None
    return float(known.hyperparameters["alpha"]), float(known.hyperparameters["beta"])


def counts(fit: Fit) -> tuple[int, int]:
    """Heads and flips."""
    return int(fit.data["heads"].sum()), int(fit.data["flips"].sum())


def posterior(fit: Fit) -> tuple[float, float]:
    """Both parameters of the Beta posterior under the default prior."""
    prior, (heads, flips) = beta_prior(fit, fit.default), counts(fit)
    if prior is None:
        raise ValueError(f"{fit.name}: the default prior is no Beta")
    return prior[0] + heads, prior[1] + flips - heads


def all_heads(a: float, b: float, ahead: int = AHEAD) -> float:
    """Probability of heads only in the next flips if theta is Beta(a, b): the product of (a + i) / (a + b + i)."""
    return float(np.prod([(a + i) / (a + b + i) for i in range(ahead)]))


def log_bayes_factor(heads: int, flips: int, a: float, b: float) -> float:
    """Log Bayes factor of theta ~ Beta(a, b) against theta = 1/2."""
    return float(betaln(a + heads, b + flips - heads) - betaln(a, b) + flips * np.log(2))


def flips_to_agree(rate: float, a: float, b: float) -> int | None:
    """Smallest number of flips with a share ``rate`` of heads whose MLE lies within `AGREE` sd of the posterior mean.

    With n flips of which n r are heads the mean is off by (a + b)(r - m) / (a + b + n), m = a / (a + b); the sd falls
    with the root of n. None if all or none are heads: the sd then falls as fast as the distance.
    """
    if not 0 < rate < 1:
        return None
    n = np.unique(np.geomspace(1, 1e9, 20_000).round())
    first, second = a + n * rate, b + n * (1 - rate)
    sd = np.sqrt(first * second / (first + second) ** 2 / (first + second + 1))
    near = np.abs(rate - first / (first + second)) <= AGREE * sd
    return None if not near[-1] else int(n[int(np.max(np.flatnonzero(~near), initial=-1)) + 1])


def answer(fit: Fit) -> str:
    """The posterior, and the two points beside it."""
    heads, flips = counts(fit)
    beside = [
        f"{name} {shown(fit, fit.default, THETA, key)}"
        for key, name in (("mle", "MLE"), ("map", "MAP"))
        if readable(fit, fit.default, THETA, key)
    ]
    return (
        f"After {heads:,} heads in {plural(flips, 'flip')}, about {shown(fit, fit.default, THETA, 'posterior')}, and "
        f"with probability {percent(fit.level)} between {span(fit, fit.default, THETA).replace(' to ', ' and ')} "
        f"(prior {fit.default}; {', '.join(beside)})."
    )


def quiz(fit: Fit) -> list[Question]:
    """Which estimate is largest; and which do more flips move most."""
    return [generic.largest(fit), generic.steadiest(fit) or generic.widest(fit)]


def pairs(fit: Fit) -> list[Pair]:
    """Modes, predictions, coverage, flat priors."""
    (_, flips), (a, b) = counts(fit), posterior(fit)
    found: list[Pair | None] = [_mode(fit, a, b), _prediction(fit, a, b), _ignorant(fit)]
    if flips <= FEW:
        found.append(_wald(fit, flips))
    found += [generic.washed_out(fit), generic.digits(fit)]
    return [pair for pair in found if pair is not None]


def _mode(fit: Fit, a: float, b: float) -> Pair:
    """T1: the same posterior has its mode elsewhere on the logit scale, at a / (a + b)."""
    return Pair(
        "the mode as the most probable value",
        "The MAP is the most probable value of theta.",
        f"No single value has any probability; a mode is the peak of a density, and densities change with the scale. "
        f"On the scale of theta the mode is {significant((a - 1) / (a + b - 2), 3)}. Write the same posterior for the "
        f"log-odds of theta, and its mode, taken back, is {significant(a / (a + b), 3)}. The median is "
        f"{significant(float(beta_distribution.median(a, b)), 3)} on both.",
    )


def _prediction(fit: Fit, a: float, b: float) -> Pair:
    """T9: events that share theta are not independent."""
    full, mean = all_heads(a, b), a / (a + b)
    points = [
        f"{significant(fit.value(fit.default, THETA, key) ** AHEAD, 3)} with the {name}"
        for key, name in (("mle", "MLE"), ("map", "MAP"))
        if readable(fit, fit.default, THETA, key)
    ]
    return Pair(
        "plugging in",
        "Once theta is estimated, put the estimate into the formula to predict.",
        f"The next {AHEAD} flips share one unknown theta. The probability that all are heads is "
        f"{significant(full, 3)}; plugged in it would be {', '.join(points)}, and {significant(mean**AHEAD, 3)} even "
        "with the posterior mean, which is right for one flip and too low for several.",
    )


def _ignorant(fit: Fit) -> Pair:
    """T24: a flat prior says a lot."""
    prior = beta_prior(fit, fit.default) or (1.0, 1.0)
    own = significant(float(beta_distribution.sf(0.9, *prior)), 2)
    return Pair(
        "flat as ignorant",
        "A flat prior expresses no opinion.",
        "Flat on theta, Beta(1, 1), says that theta exceeds 0.9 with probability 0.10, as strong a claim as any "
        f"(Beta({prior[0]:g}, {prior[1]:g}), the prior {fit.default} here, says {own}); and for the log-odds it is "
        "not flat but bell-shaped: between -1 and 1 it puts probability 0.46.",
    )


def _wald(fit: Fit, flips: int) -> Pair:
    """T6: the coverage of the Wald interval, summed exactly; and T7, of the posterior's."""
    prior = beta_prior(fit, fit.default) or (1.0, 1.0)
    found = exact.at(exact.Coin(flips, *prior, fit.level), [0.05]).set_index("interval")["coverage"]
    return Pair(
        "nominal as real coverage",
        f"A {percent(fit.level)} interval covers the truth {percent(fit.level)} of the time.",
        f"It depends on the interval and on the truth. With {plural(flips, 'flip')} of a coin with theta = 0.05 the "
        f"Wald interval covers it with probability {significant(found['wald'], 2)}, the profile interval with "
        f"{significant(found['profile'], 2)}, and the posterior interval under the prior {fit.default} with "
        f"{significant(found['eti'], 2)}: that one is right on average over truths drawn from its prior.",
    )


def take_home(fit: Fit) -> list[str]:
    """Weights, boundary, prediction."""
    prior, (_, flips) = beta_prior(fit, fit.default) or (1.0, 1.0), counts(fit)
    worth = sum(prior)
    return [
        f"A Beta({prior[0]:g}, {prior[1]:g}) prior is worth {worth:g} flips; beside {flips:,} real ones it weighs "
        f"{share(worth / (worth + flips))}.",
        "All heads, and the MLE says heads for ever; mode and mean under a prior that is zero at 1 do not.",
        "Predict with the whole posterior: flips to come share the same unknown theta.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """By hand, weights, another scale, prediction, a Bayes factor, and how many flips it takes to agree."""
    (heads, flips), (a, b) = counts(fit), posterior(fit)
    alpha, beta = beta_prior(fit, fit.default) or (1.0, 1.0)
    worth = alpha + beta
    found = [
        Exercise(
            "warm-up",
            f"By hand: {heads:,} heads in {plural(flips, 'flip')}, prior Beta({alpha:g}, {beta:g}). "
            "What are MLE, MAP and posterior mean?",
            f"The posterior is Beta({a:,.12g}, {b:,.12g}). MLE {heads:,}/{flips:,} = {significant(heads / flips, 4)}; "
            f"MAP ({a:,.12g} - 1)/({a + b:,.12g} - 2) = {significant((a - 1) / (a + b - 2), 4)}; mean "
            f"{a:,.12g}/{a + b:,.12g} = {significant(a / (a + b), 4)}.",
        ),
        Exercise(
            "warm-up",
            "The posterior mean is a weighted average of the prior's mean and the share of heads. What are the "
            "weights?",
            f"{worth:g}/({worth:g} + {flips:,}) = {significant(worth / (worth + flips), 3)} for the prior's mean "
            f"{significant(alpha / worth, 3)}, the rest for {significant(heads / flips, 4)}.",
        ),
        Exercise(
            "standard",
            f"What is the probability that the next {AHEAD} flips are all heads?",
            f"The product of ({a:,.12g} + i)/({a + b:,.12g} + i) for i = 0 to {AHEAD - 1}: "
            f"{significant(all_heads(a, b), 4)}. The MLE plugged in says {significant((heads / flips) ** AHEAD, 4)}.",
        ),
        Exercise(
            "standard",
            "Where is the mode of the posterior on the log-odds scale, taken back to theta?",
            f"With the Jacobian theta(1 - theta) the density is that of theta^{a:,.12g} (1 - theta)^{b:,.12g}: the "
            f"mode is at {a:,.12g}/{a + b:,.12g} = {significant(a / (a + b), 4)}, which is the posterior mean of "
            "theta.",
        ),
        _bayes_factor(heads, flips),
    ]
    wanted = flips_to_agree(heads / flips, alpha, beta)
    task = (
        f"With the same share of heads, from how many flips on does the MLE lie within {AGREE:g} posterior sd of the "
        "posterior mean?"
    )
    if wanted is None:
        told = (
            "Never: with heads only (or tails only) the sd shrinks as fast as the distance. At the boundary the prior "
        )
        found.append(Exercise("stretch", task, told + "is never washed out in this sense."))
    else:
        known = "these are enough" if wanted <= flips else f"there are {flips:,}"
        told = f"About {wanted if wanted < 1000 else significant(wanted, 3)}; {known}. "
        told += "The distance falls like 1/n, the sd like 1/√n."
        found.append(Exercise("stretch", task, told))
    return found


def _bayes_factor(heads: int, flips: int) -> Exercise:
    """T27: a Bayes factor follows the width of the prior."""
    factors = [(width, np.exp(log_bayes_factor(heads, flips, width, width))) for width in (0.01, 1.0, 1000.0)]
    told = ", ".join(f"{significant(factor, 2)} for a = {width:g}" for width, factor in factors)
    best = heads / flips
    most = float(xlogy(heads, best) + xlog1py(flips - heads, -best) + flips * np.log(2))
    return Exercise(
        "stretch",
        "Is the coin fair? Compute the Bayes factor of theta ~ Beta(a, a) against theta = 1/2 for a = 0.01, 1 and "
        "1000.",
        f"B(a + {heads:,}, a + {flips - heads:,}) 2^{flips:,} / B(a, a): {told}. {_follows(heads, flips)}, "
        f"and no prior can take it above the likelihood ratio of the MLE, {_power(most)}.",
    )


def _follows(heads: int, flips: int) -> str:
    """That the factor depends on the prior's width; and if the posterior hardly does, from a = 0.01 to 1, that too."""
    flat = beta_distribution(1 + heads, 1 + flips - heads)
    vague = (0.01 + heads) / (0.02 + flips)
    still = abs(flat.mean() - vague) < STILL * flat.std()
    return "It depends on the prior's width" + (" even where the posterior hardly does" if still else "")


def _power(log_value: float) -> str:
    """A positive number by its natural logarithm, however large."""
    return significant(float(np.exp(log_value)), 2) if log_value < 600 else f"10^{log_value / np.log(10):.0f}"

"""Words for the coin. Its posterior is Beta(alpha + heads, beta + flips - heads), so that answers have closed forms."""

from __future__ import annotations

import numpy as np
from scipy.special import xlog1py, xlogy
from scipy.stats import beta as beta_distribution

from comparisons.digits import percent, significant
from comparisons.verdict import share
from reports.beliefs import coin as beliefs
from reports.conjugate import (
    AGREE,
    AHEAD,
    THETA,
    all_heads,
    beta_prior,
    counts,
    flips_to_agree,
    log_bayes_factor,
    posterior,
)
from reports.lesson import Exercise, Pair, Question, Source, kept
from reports.ranking import readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import plural

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
    """Modes, predictions, intervals and their levels, flat priors."""
    return kept(beliefs.pairs(fit))


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
    """A Bayes factor follows the width of the prior."""
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

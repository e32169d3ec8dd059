"""Words for the linear regression: shrinkage, penalties, exact zeros, and the divisor of sigma."""

from __future__ import annotations

import math

import arviz as az
from scipy.stats import binom

from comparisons.digits import number, percent, significant
from comparisons.rules import STANDARD_ERRORS
from comparisons.verdict import share
from reports.beliefs import regression as beliefs
from reports.beliefs.regression import LAPLACE, SIGMA, clear, corrected, name_of, rows, slopes, zeros
from reports.lesson import Exercise, Pair, Question, Source, kept
from reports.priors import family_of, scales_of
from reports.ranking import readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import listed, plural

READING = (
    Source(
        "Park, T. and Casella, G.",
        2008,
        "The Bayesian lasso",
        "Journal of the American Statistical Association 103, doi:10.1198/016214508000000337",
    ),
    Source(
        "Gribonval, R.",
        2011,
        "Should penalized least squares regression be interpreted as maximum a posteriori estimation?",
        "IEEE Transactions on Signal Processing 59, doi:10.1109/TSP.2011.2107908",
    ),
    *generic.READING[:1],
)


def suits(fit: Fit) -> bool:
    """Whether there are coefficients and a free sigma, and every MLE may be read."""
    known = all(readable(fit, fit.default, label, "mle") for label in fit.labels)
    return known and SIGMA in fit.labels and bool(slopes(fit))


def answer(fit: Fit) -> str:
    """Whose interval leaves out zero."""
    found, all_of_them = clear(fit), slopes(fit)
    level = f"{percent(fit.level)} posterior interval"
    if not found:
        return f"Under the prior {fit.default} every {level} of the {len(all_of_them)} coefficients contains zero."
    told = listed(
        [
            f"{name_of(label)} ({shown(fit, fit.default, label, 'posterior')}, {span(fit, fit.default, label)})"
            for label in found
        ]
    )
    return (
        f"Of {plural(len(all_of_them), 'predictor')}, {len(found)} {'has' if len(found) == 1 else 'have'} a "
        f"coefficient whose {level} leaves out zero under the prior {fit.default}: {told}. That an interval contains "
        "zero does not say that the coefficient is zero."
    )


def quiz(fit: Fit) -> list[Question]:
    """The coefficient that moves most, and which reading puts it farthest from zero; and how many exact zeros."""
    found = [farthest_out(fit)]
    exact = zeros(fit)
    if exact is not None:
        found.append(
            Question(
                f"Under the prior {LAPLACE}, how many of the {len(slopes(fit))} coefficients are exactly zero: in the "
                "MAP, in the posterior mean?",
                f"In the MAP {exact[0]}, in the posterior mean {exact[1]}: and of all "
                f"{exact[3]:,} drawn values {exact[2]} are zero.",
            )
        )
    return found if len(found) > 1 else [*found, generic.widest(fit)]


def farthest_out(fit: Fit) -> Question:
    """Which reading puts the coefficient farthest from zero?"""

    def size(label: str) -> float:
        """Columns may have different units: only in posterior sd can coefficients be compared."""
        return abs(fit.value(fit.default, label, "mle")) / fit.value(fit.default, label, "posterior", "sd")

    label = max(slopes(fit), key=size)
    mle, mode = (fit.value(fit.default, label, key) for key in ("mle", "map"))
    mean, mcse = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "mcse"))
    sd = fit.value(fit.default, label, "posterior", "sd")
    less = abs(mle) - max(abs(mode), abs(mean)) > max(STANDARD_ERRORS * mcse, sd / 100)
    told = "the MLE lies farthest from zero" if less else "the MLE does not stand out"
    return Question(
        f"Counted in posterior sd, {name_of(label)} has the MLE farthest from zero of all coefficients. Which of its "
        "three readings lies farthest out?",
        f"MLE {shown(fit, fit.default, label, 'mle')}, MAP {shown(fit, fit.default, label, 'map')}, posterior mean "
        f"{shown(fit, fit.default, label, 'posterior')}: {told}. The prior {fit.default} shrinks: the mode is "
        f"{share(abs(mode / mle)) if abs(mode) <= abs(mle) else significant(mode / mle, 3) + ' times'} of the MLE.",
    )


def pairs(fit: Fit) -> list[Pair]:
    """Penalties, zeros, a learnt scale, the divisor of sigma."""
    return kept(beliefs.pairs(fit))


def take_home(fit: Fit) -> list[str]:
    """Shrinkage, zeros, sigma."""
    return [
        "Ridge, lasso and least squares are the modes of one model under three priors, at a fixed sigma.",
        "Exact zeros belong to a mode; the posterior shrinks, and says how surely a coefficient has a sign.",
        "The MLE of sigma is too low by the degrees of freedom that the coefficients took.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """Shrinkage, sign, alpha, the divisor, and how many intervals should miss."""
    found = [_shrunk(fit), _sign(fit), _alpha(fit), _by_freedom(fit), _units(fit), _truths(fit)]
    return [exercise for exercise in found if exercise is not None]


def _shrunk(fit: Fit) -> Exercise:
    def moved(label: str) -> float:
        sd = fit.value(fit.default, label, "posterior", "sd")
        return abs(fit.value(fit.default, label, "mle") - fit.value(fit.default, label, "map")) / sd

    label = max(slopes(fit), key=moved)
    return Exercise(
        "warm-up",
        f"Which coefficient does the prior {fit.default} move most from MLE to MAP, in posterior sd?",
        f"{name_of(label)}: from {shown(fit, fit.default, label, 'mle')} to {shown(fit, fit.default, label, 'map')}, "
        f"{significant(moved(label), 2)} posterior sd.",
    )


def _sign(fit: Fit) -> Exercise:
    label = min(slopes(fit), key=lambda one: abs(fit.value(fit.default, one, "posterior")))
    above = fit.draws(fit.default)[label].values > 0
    error = float(az.mcse(above.astype(float), method="mean"))
    return Exercise(
        "warm-up",
        f"With which probability is the coefficient of {name_of(label)} positive? Can the MLE say?",
        f"{significant(float(above.mean()), 2)} (Monte Carlo error {significant(error, 1)}), the share of draws above "
        "zero. The MLE has a sign, but no probability of it.",
    )


def _alpha(fit: Fit) -> Exercise | None:
    if family_of(fit, fit.default, "beta") != "Normal":
        return None
    scale, sigma = float(scales_of(fit, fit.default, "beta")[0]), fit.value(fit.default, SIGMA, "map")
    return Exercise(
        "standard",
        f"Which alpha of scikit-learn's Ridge is the prior Normal(0, {significant(scale, 3)}) of "
        f"{name_of(slopes(fit)[0])}, with sigma {significant(sigma, 3)}? And half that prior sd?",
        f"sigma²/t² = {significant(sigma**2 / scale**2, 3)}; half the prior sd is four times the penalty, "
        f"{significant(4 * sigma**2 / scale**2, 3)}.",
    )


def _by_freedom(fit: Fit) -> Exercise | None:
    better, freedom = corrected(fit)
    if freedom <= 0:
        return None
    return Exercise(
        "standard",
        f"n = {rows(fit):,}, and {rows(fit) - freedom} coefficients were fitted. Correct the MLE of sigma for that.",
        f"{shown(fit, fit.default, SIGMA, 'mle')} · √({rows(fit):,}/{freedom:,}) = {significant(better, 4)}: its "
        "square is unbiased for sigma².",
    )


def _units(fit: Fit) -> Exercise:
    label = slopes(fit)[0]
    mean, mcse = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "mcse"))
    return Exercise(
        "stretch",
        f"Measure {name_of(label)} in units a thousand times smaller. What happens to the three estimates, if the "
        "prior is left as it is? And if it is restated in the new units?",
        f"Restated, all three are divided by 1,000 ({number(mean / 1000, mcse / 1000)} for the posterior mean) and "
        "nothing else changes. Left as it is, the MLE still only changes its unit, but beside so small a coefficient "
        "the prior hardly shrinks any more: a penalty is a statement in units.",
    )


def _truths(fit: Fit) -> Exercise | None:
    known = [label for label in slopes(fit) if math.isfinite(fit.value(fit.default, label, "mle", "truth"))]
    if len(known) < 2:
        return None
    caught = sum(
        fit.value(fit.default, label, "posterior", "lower")
        <= fit.value(fit.default, label, "mle", "truth")
        <= fit.value(fit.default, label, "posterior", "upper")
        for label in known
    )
    expected = fit.level * len(known)
    least = float(binom.sf(caught - 1, len(known), fit.level))
    return Exercise(
        "stretch",
        f"The data are simulated. How many of the {len(known)} true coefficients lie in their {percent(fit.level)} "
        "posterior intervals? How many did you expect?",
        f"{caught}, of {significant(expected, 3)} expected if the truths came from the prior. If the intervals were "
        f"independent, {caught} or more would happen with probability {significant(least, 2)}; one data set proves "
        "little, a study does.",
    )

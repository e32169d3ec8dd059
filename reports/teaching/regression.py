"""Words for the linear regression: shrinkage, penalties, exact zeros, and the divisor of sigma."""

from __future__ import annotations

import math

import arviz as az
import numpy as np
from scipy.stats import binom

from comparisons.digits import percent, significant
from comparisons.rules import STANDARD_ERRORS
from comparisons.verdict import share
from reports.lesson import Exercise, Pair, Question, Source
from reports.priors import family_of, scales_of
from reports.ranking import readable, shown, span
from reports.stored import Fit
from reports.teaching import generic
from reports.words import listed, plural

SIGMA, LAPLACE = "sigma", "laplace"
SMALL = 0.1  # of a posterior sd: what "close to zero" means here
READING = (
    Source(
        "Park, T. and Casella, G.",
        2008,
        "The Bayesian lasso",
        "Journal of the American Statistical Association 103, doi:10.1198/016214508000000337",
    ),
    *generic.READING[:1],
)


def slopes(fit: Fit) -> list[str]:
    """Labels of the coefficients."""
    return [label for label in fit.labels if label.startswith("beta[")]


def name_of(label: str) -> str:
    """The predictor of a coefficient."""
    return label.removeprefix("beta[").removesuffix("]")


def suits(fit: Fit) -> bool:
    """Whether there are coefficients and a free sigma, and every MLE may be read."""
    known = all(readable(fit, fit.default, label, "mle") for label in fit.labels)
    return known and SIGMA in fit.labels and bool(slopes(fit))


def clear(fit: Fit) -> list[str]:
    """Coefficients whose posterior interval leaves out zero."""
    return [
        label
        for label in slopes(fit)
        if fit.value(fit.default, label, "posterior", "lower") * fit.value(fit.default, label, "posterior", "upper") > 0
    ]


def rows(fit: Fit) -> int:
    """Number of rows, those of which only statistics were kept included."""
    return int(fit.data.attrs.get("rows", fit.data.sizes["observation"]))


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
    zeros = _zeros(fit)
    if zeros is not None:
        found.append(
            Question(
                f"Under the prior {LAPLACE}, how many of the {len(slopes(fit))} coefficients are exactly zero: in the "
                "MAP, in the posterior mean?",
                f"In the MAP {zeros[0]}, in the posterior mean {zeros[1]}: and of all "
                f"{zeros[3]:,} drawn values {zeros[2]} are zero.",
            )
        )
    return found if len(found) > 1 else [*found, generic.widest(fit)]


def farthest_out(fit: Fit) -> Question:
    """Which reading puts the coefficient farthest from zero?"""
    label = max(slopes(fit), key=lambda one: abs(fit.value(fit.default, one, "mle")))
    mle, mode = (fit.value(fit.default, label, key) for key in ("mle", "map"))
    mean, mcse = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "mcse"))
    sd = fit.value(fit.default, label, "posterior", "sd")
    less = abs(mle) - max(abs(mode), abs(mean)) > max(STANDARD_ERRORS * mcse, sd / 100)
    told = "the MLE lies farthest from zero" if less else "the MLE does not stand out"
    return Question(
        f"Of all coefficients {name_of(label)} has the MLE farthest from zero. Which of its three readings lies "
        "farthest out?",
        f"MLE {shown(fit, fit.default, label, 'mle')}, MAP {shown(fit, fit.default, label, 'map')}, posterior mean "
        f"{shown(fit, fit.default, label, 'posterior')}: {told}. The prior {fit.default} shrinks: the mode is "
        f"{share(abs(mode / mle)) if abs(mode) <= abs(mle) else significant(mode / mle, 3) + ' times'} of the MLE.",
    )


def _zeros(fit: Fit) -> tuple[int, int, int, int] | None:
    """Exact zeros under the prior `LAPLACE`: in the MAP, the posterior mean and all draws, and the number of these."""
    if LAPLACE not in fit.priors or not all(
        readable(fit, LAPLACE, label, reading) for label in slopes(fit) for reading in ("map", "posterior")
    ):
        return None
    draws = fit.draws(LAPLACE)
    points = [sum(fit.value(LAPLACE, label, reading) == 0 for label in slopes(fit)) for reading in ("map", "posterior")]
    return (
        points[0],
        points[1],
        sum(int((draws[label].values == 0).sum()) for label in slopes(fit)),
        sum(draws[label].size for label in slopes(fit)),
    )


def pairs(fit: Fit) -> list[Pair]:
    """Penalties, zeros, the divisor of sigma."""
    found = [_penalty(fit), _selects(fit), _divisor(fit), _zero_inside(fit), generic.washed_out(fit)]
    return [pair for pair in found if pair is not None]


def _penalty(fit: Fit) -> Pair | None:
    """T10: what the prior is as a penalty needs sigma."""
    if family_of(fit, fit.default, "beta") != "Normal":
        return None
    label, scale = slopes(fit)[0], float(scales_of(fit, fit.default, "beta")[0])
    sigma = fit.value(fit.default, SIGMA, "map")
    alpha = sigma**2 / scale**2
    return Pair(
        "lambda is lambda",
        "A ridge penalty is a Normal prior, so the penalty is one over the prior variance.",
        f"Only in units of the noise: scikit-learn's alpha is sigma² / t², t the prior sd. For {name_of(label)} t is "
        f"{significant(scale, 3)}, and with sigma at the MAP, {shown(fit, fit.default, SIGMA, 'map')}, alpha is "
        f"{significant(alpha, 3)}, not 1/t² = {significant(1 / scale**2, 3)}; a penalty on the mean of squares "
        f"instead of their sum is {significant(alpha / rows(fit), 3)}. And ridge is the mode only, for a sigma that "
        "is known.",
    )


def _selects(fit: Fit) -> Pair | None:
    """T12: only the mode is sparse."""
    zeros = _zeros(fit)
    if zeros is None or not zeros[0]:
        return None
    label = next(one for one in slopes(fit) if fit.value(LAPLACE, one, "map") == 0)
    draws, sd = fit.draws(LAPLACE)[label].values, fit.value(LAPLACE, label, "posterior", "sd")
    near = float((np.abs(draws) < SMALL * sd).mean())
    return Pair(
        "the Bayesian lasso selects",
        "A Laplace prior sets the coefficients that do not matter to zero.",
        f"Only the mode does: under the prior {LAPLACE} {plural(zeros[0], 'coefficient')} of the MAP "
        f"{'is' if zeros[0] == 1 else 'are'} exactly zero, but the posterior has no mass there, and of {zeros[3]:,} "
        f"drawn values {zeros[2]} are zero. For {name_of(label)} the posterior mean is "
        f"{shown(fit, LAPLACE, label, 'posterior')}, and {share(near)} of the posterior lies within {SMALL:g} sd of "
        "zero.",
    )


def corrected(fit: Fit) -> tuple[float, int]:
    """The MLE of sigma with the degrees of freedom as divisor, and those degrees."""
    n = rows(fit)
    freedom = n - len(slopes(fit)) - ("intercept" in fit.labels)
    return fit.value(fit.default, SIGMA, "mle") * math.sqrt(n / freedom) if freedom > 0 else math.nan, freedom


def _divisor(fit: Fit) -> Pair | None:
    """The MLE of sigma divides by n."""
    better, freedom = corrected(fit)
    if freedom <= 0:
        return None
    return Pair(
        "the MLE of sigma",
        "Maximum likelihood estimates of everything are nearly unbiased with this much data.",
        f"Not of sigma: every fitted coefficient uses up a degree of freedom. The MLE divides by n = {rows(fit):,} "
        f"and is {shown(fit, fit.default, SIGMA, 'mle')}; with the divisor {freedom:,} it is "
        f"{significant(better, 4)}. The posterior mean under the prior {fit.default} is "
        f"{shown(fit, fit.default, SIGMA, 'posterior')}.",
    )


def _zero_inside(fit: Fit) -> Pair | None:
    """An interval that contains zero is no proof of zero."""
    inside = [label for label in slopes(fit) if label not in clear(fit)]
    if not inside:
        return None
    label = max(inside, key=lambda one: abs(fit.value(fit.default, one, "posterior")))
    above = float((fit.draws(fit.default)[label].values > 0).mean())
    side, sure = ("positive", above) if above > 0.5 else ("negative", 1 - above)
    return Pair(
        "not significant as zero",
        "If the interval contains zero, the predictor has no effect.",
        f"It says that the sign is not known well. The interval of {name_of(label)}, {span(fit, fit.default, label)}, "
        f"contains zero, and also values far from it; the coefficient is {side} with probability {share(sure)}.",
    )


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
    mean = fit.value(fit.default, label, "posterior")
    return Exercise(
        "stretch",
        f"Measure {name_of(label)} in units a thousand times smaller. What happens to the three estimates, if the "
        "prior is left as it is? And if it is restated in the new units?",
        f"Restated, all three are divided by 1,000 ({significant(mean / 1000, 3)} for the posterior mean) and nothing "
        "else changes. Left as it is, the MLE still only changes its unit, but beside so small a coefficient the "
        "prior hardly shrinks any more: a penalty is a statement in units.",
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

"""Beliefs about a linear regression: penalties and what they say of a prior, exact zeros, a learnt scale, sigma."""

from __future__ import annotations

import math

import numpy as np

from comparisons.digits import exists, number, significant
from reports import other_penalty
from reports.beliefs import general
from reports.breaks.regression import PRINTED, STARTS, learnt
from reports.lesson import Pair
from reports.penalties import EQUAL
from reports.priors import family_of, scales_of
from reports.ranking import readable, share_of, shown, span
from reports.shrinkage import widths
from reports.stored import Fit
from reports.words import listed, plural

SIGMA, LAPLACE = "sigma", "laplace"
LOCAL = 1e-3  # tau of the local maximum, at least: standardised coefficients are not smaller
SMALL = 0.1  # of a posterior sd: what "close to zero" means here


def slopes(fit: Fit) -> list[str]:
    """Labels of the coefficients."""
    return [label for label in fit.labels if label.startswith("beta[")]


def name_of(label: str) -> str:
    """The predictor of a coefficient."""
    return label.removeprefix("beta[").removesuffix("]")


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


def zeros(fit: Fit) -> tuple[int, int, int, int] | None:
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


def corrected(fit: Fit) -> tuple[float, int]:
    """The MLE of sigma with the degrees of freedom as divisor, and those degrees."""
    n = rows(fit)
    freedom = n - len(slopes(fit)) - ("intercept" in fit.labels)
    return fit.value(fit.default, SIGMA, "mle") * math.sqrt(n / freedom) if freedom > 0 else math.nan, freedom


def pairs(fit: Fit) -> list[Pair | None]:
    """All pairs of a linear regression; what the truth has to say, or the sign, goes before the general ones."""
    return [
        penalty(fit),
        selects(fit),
        true_prior(fit),
        learnt_scale(fit),
        general.typical(fit),
        divisor(fit),
        zero_inside(fit),
        general.washed_out(fit),
    ]


def penalty(fit: Fit) -> Pair | None:
    """What the prior is as a penalty needs sigma."""
    if family_of(fit, fit.default, "beta") != "Normal":
        return None
    # One alpha serves all coefficients where their predictors have been divided by their standard deviations.
    scales = np.broadcast_to(scales_of(fit, fit.default, "beta"), len(slopes(fit))) * widths(fit)
    if np.ptp(scales) > EQUAL * scales.max():
        return None
    scale, sigma = float(scales[0]), fit.value(fit.default, SIGMA, "map")
    alpha = sigma**2 / scale**2
    return Pair(
        "A ridge penalty is one over the prior variance",
        "A ridge penalty is a Normal prior, so the penalty is one over the prior variance.",
        f"Only in units of the noise: scikit-learn's alpha is sigma² / t², t the prior sd. With predictors divided "
        f"by their standard deviations t is {significant(scale, 3)}, and with sigma at the MAP, "
        f"{shown(fit, fit.default, SIGMA, 'map')}, alpha is {significant(alpha, 3)}, not 1/t² = "
        f"{significant(1 / scale**2, 3)}; a penalty on the mean of squares "
        f"instead of their sum is {significant(alpha / rows(fit), 3)}. With sigma known ridge is the posterior "
        "mean as well as the mode; with sigma unknown, as here, it is the mode only.",
    )


def selects(fit: Fit) -> Pair | None:
    """Only the mode is sparse."""
    found = zeros(fit)
    if found is None or not found[0]:
        return None
    label = next(one for one in slopes(fit) if fit.value(LAPLACE, one, "map") == 0)
    draws, sd = fit.draws(LAPLACE)[label].values, fit.value(LAPLACE, label, "posterior", "sd")
    near = share_of(np.abs(draws) < SMALL * sd)
    return Pair(
        "A Laplace prior sets coefficients to zero",
        "A Laplace prior sets the coefficients that do not matter to zero.",
        f"Only the mode does: under the prior {LAPLACE} {plural(found[0], 'coefficient')} of the MAP "
        f"{'is' if found[0] == 1 else 'are'} exactly zero, but the posterior has no mass there, and of {found[3]:,} "
        f"drawn values {found[2]} are zero. For {name_of(label)} the posterior mean is "
        f"{shown(fit, LAPLACE, label, 'posterior')}, and {near} of the posterior lies within {SMALL:g} sd of "
        "zero.",
    )


def true_prior(fit: Fit) -> Pair | None:
    """A penalised fit may be another prior's posterior mean; told of simulated coefficients some of which are zero."""
    truth = [fit.value(fit.default, label, "mle", "truth") for label in slopes(fit)]
    found = zeros(fit)
    if found is None or not found[0] or family_of(fit, LAPLACE, "beta") != "Laplace" or 0 not in truth:
        return None
    scales = np.broadcast_to(scales_of(fit, LAPLACE, "beta"), len(truth))
    where = [j for j, label in enumerate(slopes(fit)) if fit.value(LAPLACE, label, "map") == 0]
    at = max(where, key=lambda j: abs(fit.value(LAPLACE, slopes(fit)[j], "mle")))
    label, b = slopes(fit)[at], float(scales[at])
    z, s = (fit.value(LAPLACE, label, "mle", key) for key in ("estimate", "sd"))
    if not (exists(z) and exists(s)):
        return None
    mean = other_penalty.posterior_mean(z, s, b)
    return Pair(
        "The lasso works because coefficients have a Laplace distribution",
        "The lasso is right where the coefficients come from a Laplace distribution, for that is its prior.",
        f"A penalty need not be a prior. Of these simulated coefficients {truth.count(0)} of {len(truth)} are 0, which "
        f"no draw of a Laplace distribution is; {found[0]} of the lasso's are. And in Gaussian noise of known size the "
        f"posterior mean under any prior is a penalised fit too (Gribonval 2011, doi:10.1109/TSP.2011.2107908). Take "
        f"{name_of(label)} alone, {number(z, s / 100)} by least squares with standard error {significant(s, 2)}: "
        f"under this Laplace prior its "
        f"mean is {number(mean, s / 100)}, which is the minimum of the squares plus another penalty. From 0 to one "
        f"standard error that penalty rises by {significant(other_penalty.penalty(s, s, b), 2)}, the lasso's by "
        f"{significant(s / b, 2)}. The fit alone does not tell which belief it came from.",
    )


def learnt_scale(fit: Fit) -> Pair | None:
    """The joint density of coefficients and of the scale of their prior has no maximum."""
    known = learnt(fit)
    if known is None or family_of(fit, fit.default, "beta") != "Normal":
        return None
    grid, p = np.logspace(-200, 1, 403), len(slopes(fit))  # down to where every local maximum has been passed
    joint = known.log_joint(grid)
    top = int(np.argmax(np.where(grid > LOCAL, joint, -np.inf)))
    beyond = grid[:top][joint[:top] > joint[top]]
    if not len(beyond):
        return None
    taus = (float(grid[top]), PRINTED[2], float(10 ** np.floor(np.log10(beyond[-1]))))
    told = listed([f"{float(known.log_joint(np.array(tau))):.1f} at tau = {tau:.2g}" for tau in taus])
    lost = [start for start in STARTS if known.end(start) == 0]
    falls = f" A search that begins at tau = {max(lost):g} falls to 0." if lost else ""
    return Pair(
        "The best scale of a prior is found by maximising over it too",
        "If the prior's scale is unknown, maximise over coefficients and scale together.",
        f"That has no maximum. With beta ~ Normal(0, tau), all standardised, tau ~ HalfNormal(1) and sigma held, "
        f"the joint log density at the best beta is {told}; every further factor of ten towards 0 adds "
        f"{p * math.log(10):.1f}, without end, while all coefficients go to 0."
        f"{falls} With the coefficients integrated out tau has a mode, {significant(known.summary()[0], 2)}.",
    )


def divisor(fit: Fit) -> Pair | None:
    """The MLE of sigma divides by n."""
    better, freedom = corrected(fit)
    if freedom <= 0:
        return None
    return Pair(
        "Maximum likelihood is nearly unbiased, however many coefficients are fitted",
        "Maximum likelihood estimates of everything are nearly unbiased with this much data.",
        f"Not of sigma: every fitted coefficient uses up a degree of freedom. The MLE divides by n = {rows(fit):,} "
        f"and is {shown(fit, fit.default, SIGMA, 'mle')}; with the divisor {freedom:,} it is "
        f"{significant(better, 4)}. The posterior mean under the prior {fit.default} is "
        f"{shown(fit, fit.default, SIGMA, 'posterior')}.",
    )


def zero_inside(fit: Fit) -> Pair | None:
    """An interval that contains zero is no proof of zero."""
    inside = [label for label in slopes(fit) if label not in clear(fit)]
    if not inside:
        return None
    label = max(inside, key=lambda one: abs(fit.value(fit.default, one, "posterior")))
    above = fit.draws(fit.default)[label].values > 0
    side, sure = ("positive", above) if above.mean() > 0.5 else ("negative", ~above)
    return Pair(
        "A predictor whose interval contains zero has no effect",
        "If the interval contains zero, the predictor has no effect.",
        f"It says that the sign is not known well. The interval of {name_of(label)}, {span(fit, fit.default, label)}, "
        f"contains zero, and also values far from it; the coefficient is {side} with probability {share_of(sure)}.",
    )

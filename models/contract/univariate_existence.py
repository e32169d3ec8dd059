"""Whether one column of data has a finite maximum and a posterior with moments, decided from how densities grow.

In what follows a prior vanishes as ``x ** q`` at zero (``at_zero``) and falls as ``x ** -t`` far out (``tail``); both
are infinite where it does so faster than any power, and for numbers held fixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from models.contract.distribution import Distribution, Prior
from models.contract.linear import linear_improper
from models.contract.univariate import SUPPORT, Array

WORDS = ("improper", "no mean", "no standard deviation")


def obstacle(name: str, y: Array, trials: Any, prior: Prior) -> str:
    r"""Why the joint density has no finite maximum inside the parameter space; an empty string if nothing is known.

    Exact are, with :math:`n` values:

    * Constant data. A Normal or LogNormal grows as :math:`\sigma^{-n}`, a Weibull as :math:`shape^n`, a Gamma or Beta
      with its mean held there as :math:`shape^{n/2}` (Stirling).
    * StudentT. With :math:`\mu` at one of :math:`m` equal values the likelihood behaves as
      :math:`\sigma^{\nu (n - m) - m}` near :math:`\sigma = 0`: it has no bound for :math:`\nu < m / (n - m)`, hence
      never, if :math:`\nu` is free.
    * NegativeBinomial. The maximum is finite if and only if the variance, with divisor n, exceeds the mean.
    * Counts that put a rate or a probability at the end of its range.

    References
    ----------
    Fernandez, C. and Steel, M. F. J. (1999), Multivariate Student-t regression models: pitfalls and inference,
    doi:10.1093/biomet/86.1.153.
    Levin, B. and Reeds, J. (1977), Compound multinomial likelihood functions are unimodal, doi:10.1214/aos/1176343741.
    Aragon, J., Eberly, D. and Eberly, S. (1992), Existence and uniqueness of the maximum likelihood estimator for the
    two-parameter negative binomial distribution, doi:10.1016/0167-7152(92)90157-Z.
    """
    n, total = len(y), float(y.sum())
    match name:
        case "Normal" | "LogNormal":
            if _perfect(name, y, prior) and prior["sigma"].at_zero < n:
                return "unbounded: all values are equal, so the density grows without limit as sigma goes to 0"
        case "StudentT":
            return _spike(y, prior)
        case "Gamma" | "Beta":
            first, second = prior.values()
            if np.ptp(y) == 0 and n / 2 > _tail(first) + _tail(second):
                return f"unbounded: all values are equal, so the density grows without limit with {' and '.join(prior)}"
            if name == "Gamma" and n * _low("shape", first) + second.at_zero < 0:
                return "unbounded: the prior's density is infinite at rate = 0, and with a small shape the joint is"
        case "Weibull":
            shape, scale = prior["shape"], prior["scale"]
            if _perfect(name, y, prior) and n > _tail(shape):
                return "unbounded: all values are equal, so the density grows without limit with shape"
            if scale.at_zero < 0 and _low("shape", shape) == 0 and np.isfinite(shape.at_zero):
                return "unbounded: the prior's density is infinite at scale = 0, and with a small shape the joint is"
        case "Exponential":
            if total == 0 and n > _tail(prior["rate"]):
                return "unbounded: all values are 0, so the density grows without limit with rate"
            return _zero("rate", n, prior, "one value weighs no more than the prior")
        case "Poisson":
            return _zero("rate", total, prior, f"all {n} counts are 0")
        case "NegativeBinomial":
            return _over_dispersed(y, prior)
        case "Geometric":
            return _end(n, total - n, prior["probability"], f"{n} successes in {total:.0f} trials")
        case "Binomial":
            attempts = float(np.sum(trials))
            said = f"{total:.0f} successes in {attempts:.0f} trials"
            return _end(total, attempts - total, prior["probability"], said)
    return ""


def improper(name: str, y: Array, prior: Prior) -> str:
    r"""Why the posterior, its mean or its standard deviation does not exist; an empty string if all three do.

    Beside the Normal linear model's conditions (`linear_improper`), which also govern the LogNormal and the tails of
    the StudentT's :math:`\mu` and :math:`\sigma`:

    * The likelihood of a StudentT or NegativeBinomial tends to that of a Normal or Poisson as :math:`\nu` or the
      dispersion grows, so their posteriors have the tails of their priors.
    * That of a Weibull's scale or a NegativeBinomial's mean falls only as :math:`x^{-n s}`, :math:`s` the shape or the
      dispersion, which may be as small as its prior allows.
    * Gamma and Beta with their natural parameters under flat priors are proper unless all values are equal.

    References
    ----------
    Diaconis, P. and Ylvisaker, D. (1979), Conjugate priors for exponential families, doi:10.1214/aos/1176344611.
    Fernandez and Steel (1999), as in `obstacle`.
    """
    n, total = len(y), float(y.sum())
    match name:
        case "Normal" | "LogNormal":
            rank, flats = int(not prior["mu"].fixed), int(not prior["mu"].proper)
            return linear_improper(n, rank, flats, prior["sigma"], _perfect(name, y, prior))
        case "StudentT":
            return _student(y, prior)
        case "Gamma" | "Beta":
            if np.ptp(y) == 0:  # the ridge along which the density grows as shape^(n / 2) is sqrt(shape) wide
                power = sum(_tail(one) for one in prior.values()) - (n + 1) / 2
                return _missing(power, "all values are equal, which any large parameters explain")
        case "Weibull":
            shape, scale = prior["shape"], prior["scale"]
            if _perfect(name, y, prior):
                power = _tail(shape) - n + (not scale.fixed)
                if power <= len(WORDS):
                    return _missing(power, "all values are equal, which any large shape explains")
            return _slow("scale", "shape", n, prior, n + shape.at_zero)
        case "Exponential":
            if total == 0:
                return _missing(_tail(prior["rate"]) - n, "all values are 0, which any large rate explains")
        case "Poisson":
            if total + prior["rate"].at_zero <= -1:
                return "improper: all counts are 0, so the posterior piles up without limit at rate = 0"
        case "NegativeBinomial":
            if total + prior["mean"].at_zero <= -1:
                return "improper: all counts are 0, so the posterior piles up without limit at mean = 0"
            dispersion = prior["dispersion"]
            return _worst(
                _missing(_tail(dispersion), f"no data exclude a large dispersion, and its prior is {dispersion}"),
                _slow("mean", "dispersion", n, prior, np.count_nonzero(y) + dispersion.at_zero),
            )
    return ""


def _tail(one: Distribution) -> float:
    return np.inf if one.fixed else float(np.min(one.tail))


def _low(variable: str, one: Distribution) -> float:
    """The lowest value that a prior and the parameter space allow."""
    if one.fixed:
        return float(one.hyperparameters["value"])
    return max(float(np.min(one.support[0])), SUPPORT[variable][0])


def _missing(power: float, because: str) -> str:
    """What a posterior whose tail falls as ``x ** -power`` lacks."""
    return next((f"{word}: {because}" for least, word in enumerate(WORDS, 1) if power <= least), "")


def _worst(*found: str) -> str:
    said = [text for text in found if text]
    return min(said, key=lambda text: WORDS.index(text.partition(":")[0]), default="")


def _slow(variable: str, other: str, n: int, prior: Prior, at_zero: float) -> str:
    """A variable whose likelihood falls as ``x ** -(n other)``, where ``other`` may be small."""
    low, one = _low(other, prior[other]), prior[variable]
    power = n * low + _tail(one)
    # At the very edge, other = 0, the integral over it converges, if the density vanishes there.
    spared = not prior[other].fixed and low == 0 and at_zero > 0
    for least, word in enumerate(WORDS, 1):
        if power < least or (power == least and not spared):
            return f"{word}: {variable} ~ {one} falls too slowly for a {other} near {low:g}"
    return ""


def _perfect(name: str, y: Array, prior: Prior) -> bool:
    """Whether all values are equal, and equal to a location held fixed."""
    located = prior["scale" if name == "Weibull" else "mu"]
    values = np.log(y) if name == "LogNormal" else y
    return len(np.unique(np.append(values, located.hyperparameters["value"] if located.fixed else []))) < 2


def _ties(y: Array, prior: Prior) -> tuple[int, float]:
    """How many values are equal where mu may be, and where."""
    if prior["mu"].fixed:
        value = float(prior["mu"].hyperparameters["value"])
        return int(np.sum(y == value)), value
    values, counts = np.unique(y, return_counts=True)
    return int(counts.max()), float(values[counts.argmax()])


def _spike(y: Array, prior: Prior) -> str:
    """Near sigma = 0, with mu at m equal values, the joint behaves as ``sigma ** (nu (n - m) - m + q)``."""
    (m, where), n = _ties(y, prior), len(y)
    spare = m - prior["sigma"].at_zero
    if spare <= _low("nu", prior["nu"]) * (n - m):
        return ""
    if m == n:
        return "unbounded: all values are equal, so the density grows without limit as sigma goes to 0"
    at = "with mu at one of the values" if m == 1 else f"with mu at {where:g}, where {m} of {n} values are,"
    return f"unbounded: {at} and nu below {spare / (n - m):.3g} the density grows without limit as sigma goes to 0"


def _student(y: Array, prior: Prior) -> str:
    """The spike of `_spike`, as wide in mu as sigma; the tails of mu and sigma; the tail of nu."""
    (m, where), n, nu, mu = _ties(y, prior), len(y), prior["nu"], prior["mu"]
    low, excess = _low("nu", nu), m - 1 - (not mu.fixed) - prior["sigma"].at_zero
    spared = not nu.fixed and low == 0 and m < n  # at the very edge, nu = 0, the integral over nu converges
    if excess > low * (n - m) or (excess == low * (n - m) and not spared):
        return f"improper: {m} of {n} values equal {where:g}, and the posterior piles up without limit at sigma = 0"
    return _worst(
        _missing(_tail(nu), f"no data exclude a large nu, and its prior is {nu}"),
        linear_improper(n, int(not mu.fixed), int(not mu.proper), prior["sigma"], False),
    )


def _zero(variable: str, power: float, prior: Prior, because: str) -> str:
    """A likelihood that behaves as ``x ** power`` at zero and falls from there on."""
    one = prior[variable]
    total = power + one.at_zero
    if total < 0:
        return f"unbounded: {because}, and the prior's density is infinite at {variable} = 0"
    rises = one.name in ("TruncatedNormal", "Beta", "Kumaraswamy")  # may rise from a positive value at zero
    return f"on the boundary: {because}, best explained by {variable} = 0" if total == 0 and not rises else ""


def _over_dispersed(y: Array, prior: Prior) -> str:
    total, mean, variance = float(y.sum()), float(np.mean(y)), float(np.var(y))
    flat = [not one.fixed and _tail(one) == 0 for one in (prior["mean"], prior["dispersion"])]
    if total == 0 and all(flat):
        return "not unique: all counts are 0, which mean = 0 explains with any dispersion"
    if all(flat) and variance <= mean:
        return (
            f"infinite: the counts vary no more than a Poisson's (variance {variance:.4g}, mean {mean:.4g}), so that "
            "the likelihood rises for ever as dispersion grows"
        )
    if np.count_nonzero(y) + prior["dispersion"].at_zero < 0:
        return "unbounded: all counts are 0, and the prior's density is infinite at dispersion = 0"
    return _zero("mean", total, prior, f"all {len(y)} counts are 0")


def _end(successes: float, failures: float, one: Distribution, said: str) -> str:
    """A probability's likelihood ``p ** successes (1 - p) ** failures``, at an end of the range."""
    if one.name not in ("Flat", "Beta", "Uniform") or (successes and failures):
        return ""
    end, ends = (1, ("beta", "upper")) if successes else (0, ("alpha", "lower"))
    pull = float(one.hyperparameters[ends[0]]) if one.name == "Beta" else 1.0
    where = float(one.hyperparameters[ends[1]]) if one.name == "Uniform" else end
    if pull > 1:
        return ""
    if pull < 1:
        return f"unbounded: the prior's density is infinite at probability = {end}"
    return f"on the boundary: {said} are best explained by probability = {where:g}"

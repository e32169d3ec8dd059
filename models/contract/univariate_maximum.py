"""Maximum likelihood estimates of one column of data, in closed form or as roots of score equations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.contract.univariate import Array, Column


def maximum(column: Column) -> tuple[dict[str, float], str]:
    """The maximum likelihood estimate, all parameters free: in closed form, or from equations in one or two unknowns.

    Raises
    ------
    ArithmeticError
        For a StudentT, whose likelihood has no bound.

    References
    ----------
    Johnson, N. L., Kotz, S. and Balakrishnan, N. (1994 and 1995), Continuous Univariate Distributions, volumes 1 and 2.
    Johnson, N. L., Kemp, A. W. and Kotz, S. (2005), Univariate Discrete Distributions, third edition.
    """
    from scipy.special import digamma

    y, n = column.y, len(column.y)
    mean, typical = float(np.mean(y)), column.family.typical(y, column.trials)
    solved = "score equation solved (SciPy)"
    match column.name:
        case "Normal" | "LogNormal":
            x = np.log(y) if column.name == "LogNormal" else y
            source = "mean and root mean squared deviation, divisor n"
            return {"mu": float(np.mean(x)), "sigma": float(np.std(x))}, source + ", of log y" * (x is not y)
        case "Exponential":
            return {"rate": 1 / mean}, "1 / mean"
        case "Poisson":
            return {"rate": mean}, "mean"
        case "Geometric":
            return {"probability": 1 / mean}, "1 / mean"
        case "Binomial":
            return {"probability": float(y.sum() / np.sum(column.trials))}, "successes / trials"
        case "Gamma":
            gap = np.log(mean) - float(np.mean(np.log(y)))
            shape = _root(lambda k: np.log(k) - digamma(k) - gap, typical["shape"])
            return {"shape": shape, "rate": shape / mean}, solved
        case "Weibull":
            x = np.log(y / y.max())

            def score(shape: float) -> float:
                weight = np.exp(shape * x)
                return float(1 / shape + np.mean(x) - weight @ x / weight.sum())

            shape = _root(score, typical["shape"])
            return {"shape": shape, "scale": float(y.max() * np.mean(np.exp(shape * x)) ** (1 / shape))}, solved
        case "NegativeBinomial":
            values, counts = np.unique(y, return_counts=True)

            def slope(r: float) -> float:
                return float(counts @ (digamma(values + r) - digamma(r)) - n * np.log1p(mean / r))

            return {"mean": mean, "dispersion": _root(slope, typical["dispersion"])}, solved
        case "Beta":
            return dict(zip(("alpha", "beta"), _beta(y, typical), strict=True)), "score equations solved (SciPy)"
    raise ArithmeticError(f"the likelihood of a {column.name} has no bound")


def _root(score: Callable[[float], float], near: float) -> float:
    """The one root of a score that falls through zero, searched on the log scale."""
    from scipy.optimize import brentq

    low = high = float(np.log(near))
    while score(np.exp(low)) < 0:
        low -= 1
    while score(np.exp(high)) > 0:
        high += 1
    return float(np.exp(brentq(lambda t: score(np.exp(t)), low, high, xtol=1e-13, rtol=1e-13))) if low < high else near


def _beta(y: Array, typical: dict[str, float]) -> tuple[float, float]:
    """Newton steps on the two score equations, in log parameters (they are concave in the parameters)."""
    from scipy.optimize import root
    from scipy.special import digamma

    wanted = np.array([np.mean(np.log(y)), np.mean(np.log1p(-y))])

    def score(t: Array) -> Array:
        ab = np.exp(t)
        return np.asarray(digamma(ab) - digamma(ab.sum()) - wanted)

    found = root(score, np.log([typical["alpha"], typical["beta"]]), method="lm", options={"xtol": 1e-14})
    alpha, beta = np.exp(found.x)
    return float(alpha), float(beta)

"""The families of distributions a prior may be: those of PyMC that are continuous in one dimension, and three more.

Of every family stand here what the readings must know beyond its density: where it lives, how its tail and its density
at zero behave (on which the existence of maxima, posteriors and moments turns), how it is restated in other units, and
its counterpart in SciPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

Hyperparameters = Mapping[str, Any]
REAL = (-np.inf, np.inf)
POSITIVE = (0.0, np.inf)
UNIT = (0.0, 1.0)
FLAT, RECIPROCAL = 0.0, 1.0


@dataclass(frozen=True)
class Family:
    """What is known of a family.

    Attributes
    ----------
    arguments : mapping of str to float or None
        Hyperparameters by PyMC's names, in the order in which they may be given, with their defaults (None: needed).
    support : tuple of float, or callable
        Ends of the support, or a function of the hyperparameters that returns them.
    shifts, scales, rates : tuple of str
        Hyperparameters that move with the location, multiply with the unit, divide by the unit. Those that are neither
        are pure numbers. All hyperparameters but ``shifts`` and ``free`` must be positive.
    free : tuple of str
        Pure numbers of any sign.
    tail : callable
        The density falls as ``|x| ** -tail`` far out: inf if faster than any power.
    at_zero : callable
        The density vanishes as ``x ** at_zero`` at zero: inf if faster than any power, or if zero is out of reach.
    scipy : callable or None
        The frozen distribution of `scipy.stats` from the module and the hyperparameters.
    """

    arguments: Mapping[str, float | None]
    support: tuple[float, float] | Callable[[Hyperparameters], tuple[Any, Any]] = REAL
    shifts: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    rates: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    tail: Callable[[Hyperparameters], Any] = lambda h: np.inf
    at_zero: Callable[[Hyperparameters], Any] = lambda h: 0.0
    scipy: Callable[[Any, Hyperparameters], Any] | None = None


def _bounds(h: Hyperparameters) -> tuple[Any, Any]:
    return h["lower"], h["upper"]


def _from_lower(h: Hyperparameters) -> Any:
    return np.where(h["lower"] > 0, np.inf, 0.0)


def _truncated(stats: Any, h: Hyperparameters) -> Any:
    a, b = ((h[end] - h["mu"]) / h["sigma"] for end in ("lower", "upper"))
    return stats.truncnorm(a, b, h["mu"], h["sigma"])


def _triangular(stats: Any, h: Hyperparameters) -> Any:
    width = h["upper"] - h["lower"]
    return stats.triang((h["c"] - h["lower"]) / width, h["lower"], width)


@cache
def families() -> dict[str, Family]:
    """All families by name."""
    return {
        # Improper, and a constant.
        "Flat": Family({}, tail=lambda h: FLAT),
        "HalfFlat": Family({}, POSITIVE, tail=lambda h: FLAT),
        "Reciprocal": Family({}, POSITIVE, tail=lambda h: RECIPROCAL, at_zero=lambda h: -1.0),
        "Fixed": Family({"value": None}, scales=("value",), at_zero=lambda h: np.inf),
        # On the whole line.
        "Normal": Family(
            {"mu": 0, "sigma": 1}, REAL, ("mu",), ("sigma",), scipy=lambda s, h: s.norm(h["mu"], h["sigma"])
        ),
        "StudentT": Family(
            {"nu": None, "mu": 0, "sigma": 1},
            REAL,
            ("mu",),
            ("sigma",),
            tail=lambda h: h["nu"] + 1,
            scipy=lambda s, h: s.t(h["nu"], h["mu"], h["sigma"]),
        ),
        "Cauchy": Family(
            {"alpha": None, "beta": None},
            REAL,
            ("alpha",),
            ("beta",),
            tail=lambda h: 2.0,
            scipy=lambda s, h: s.cauchy(h["alpha"], h["beta"]),
        ),
        "Laplace": Family(
            {"mu": None, "b": None}, REAL, ("mu",), ("b",), scipy=lambda s, h: s.laplace(h["mu"], h["b"])
        ),
        "Logistic": Family({"mu": 0, "s": 1}, REAL, ("mu",), ("s",), scipy=lambda s, h: s.logistic(h["mu"], h["s"])),
        "Gumbel": Family(
            {"mu": None, "beta": None}, REAL, ("mu",), ("beta",), scipy=lambda s, h: s.gumbel_r(h["mu"], h["beta"])
        ),
        "SkewNormal": Family(
            {"alpha": 1, "mu": 0, "sigma": 1},
            REAL,
            ("mu",),
            ("sigma",),
            free=("alpha",),
            scipy=lambda s, h: s.skewnorm(h["alpha"], h["mu"], h["sigma"]),
        ),
        "Moyal": Family(
            {"mu": 0, "sigma": 1}, REAL, ("mu",), ("sigma",), scipy=lambda s, h: s.moyal(h["mu"], h["sigma"])
        ),
        "ExGaussian": Family(
            {"mu": 0, "sigma": 1, "nu": None},
            REAL,
            ("mu",),
            ("sigma", "nu"),
            scipy=lambda s, h: s.exponnorm(h["nu"] / h["sigma"], h["mu"], h["sigma"]),
        ),
        # Positive.
        "Exponential": Family({"lam": None}, POSITIVE, rates=("lam",), scipy=lambda s, h: s.expon(scale=1 / h["lam"])),
        "HalfNormal": Family(
            {"sigma": 1}, POSITIVE, scales=("sigma",), scipy=lambda s, h: s.halfnorm(scale=h["sigma"])
        ),
        "HalfCauchy": Family(
            {"beta": None},
            POSITIVE,
            scales=("beta",),
            tail=lambda h: 2.0,
            scipy=lambda s, h: s.halfcauchy(scale=h["beta"]),
        ),
        # A central F variable with 1 and nu degrees of freedom is a squared t; SciPy has no half t of its own.
        "HalfStudentT": Family({"nu": None, "sigma": 1}, POSITIVE, scales=("sigma",), tail=lambda h: h["nu"] + 1),
        "Gamma": Family(
            {"alpha": None, "beta": None},
            POSITIVE,
            rates=("beta",),
            at_zero=lambda h: h["alpha"] - 1,
            scipy=lambda s, h: s.gamma(h["alpha"], scale=1 / h["beta"]),
        ),
        "InverseGamma": Family(
            {"alpha": None, "beta": 1},
            POSITIVE,
            scales=("beta",),
            tail=lambda h: h["alpha"] + 1,
            at_zero=lambda h: np.inf,
            scipy=lambda s, h: s.invgamma(h["alpha"], scale=h["beta"]),
        ),
        "Weibull": Family(
            {"alpha": None, "beta": None},
            POSITIVE,
            scales=("beta",),
            at_zero=lambda h: h["alpha"] - 1,
            scipy=lambda s, h: s.weibull_min(h["alpha"], scale=h["beta"]),
        ),
        "Wald": Family(
            {"mu": None, "lam": None},
            POSITIVE,
            scales=("mu", "lam"),
            at_zero=lambda h: np.inf,
            scipy=lambda s, h: s.invgauss(h["mu"] / h["lam"], scale=h["lam"]),
        ),
        "LogNormal": Family(
            {"mu": 0, "sigma": 1},
            POSITIVE,
            free=("mu",),
            at_zero=lambda h: np.inf,
            scipy=lambda s, h: s.lognorm(s=h["sigma"], scale=np.exp(h["mu"])),
        ),
        "Pareto": Family(
            {"alpha": None, "m": None},
            lambda h: (h["m"], np.inf),
            scales=("m",),
            tail=lambda h: h["alpha"] + 1,
            at_zero=lambda h: np.inf,
            scipy=lambda s, h: s.pareto(h["alpha"], scale=h["m"]),
        ),
        # Between bounds.
        "Beta": Family(
            {"alpha": None, "beta": None},
            UNIT,
            at_zero=lambda h: h["alpha"] - 1,
            scipy=lambda s, h: s.beta(h["alpha"], h["beta"]),
        ),
        "Kumaraswamy": Family({"a": None, "b": None}, UNIT, at_zero=lambda h: h["a"] - 1),
        "LogitNormal": Family({"mu": 0, "sigma": 1}, UNIT, free=("mu",), at_zero=lambda h: np.inf),
        "Uniform": Family(
            {"lower": 0, "upper": 1},
            _bounds,
            shifts=("lower", "upper"),
            at_zero=_from_lower,
            scipy=lambda s, h: s.uniform(h["lower"], h["upper"] - h["lower"]),
        ),
        "Triangular": Family(
            {"lower": 0, "upper": 1, "c": 0.5},
            _bounds,
            shifts=("lower", "upper", "c"),
            at_zero=lambda h: np.where(h["lower"] > 0, np.inf, np.where(h["c"] > 0, 1.0, 0.0)),
            scipy=_triangular,
        ),
        "TruncatedNormal": Family(
            {"mu": 0, "sigma": 1, "lower": -np.inf, "upper": np.inf},
            _bounds,
            shifts=("mu", "lower", "upper"),
            scales=("sigma",),
            at_zero=_from_lower,
            scipy=_truncated,
        ),
        "Dirichlet": Family({"a": None}),
    }

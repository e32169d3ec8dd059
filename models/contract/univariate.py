"""Eleven textbook distributions of one column of data: what each must be told, and where it lives.

Parameters have names that are spelled out, and one support per name. Of each distribution stand here its parameters
with PyMC's names, the data it can hold, a rough estimate by moments (which sets the scale of weak priors, and is where
searches begin), and the same distribution in SciPy, by which references are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.contract.families import POSITIVE, REAL, UNIT

Array = NDArray[np.float64]
Values = Mapping[str, Any]
SUPPORT = {
    "mu": REAL,
    "sigma": POSITIVE,
    "nu": POSITIVE,
    "shape": POSITIVE,
    "rate": POSITIVE,
    "scale": POSITIVE,
    "mean": POSITIVE,
    "dispersion": POSITIVE,
    "probability": UNIT,
    "alpha": POSITIVE,
    "beta": POSITIVE,
}
PURE = ("nu", "shape", "dispersion", "probability", "alpha", "beta")  # numbers without unit
QUARTILES = 1.349  # distance of the quartiles of a Normal, in standard deviations
EULER = 0.5772156649015329
CHUNK = 4_000_000  # densities evaluated at once


@dataclass(frozen=True)
class Univariate:
    """What is known of a distribution of one column.

    Attributes
    ----------
    arguments : mapping of str to str
        PyMC's name of each parameter.
    holds : callable
        Which values the distribution can hold, ``holds(y, trials)``, an array of bool.
    needs : str
        The same in words: "a Gamma needs ...".
    typical : callable
        ``typical(y, trials)``: rough positive estimates by moments (of ``mu`` any number).
    scipy : callable
        The frozen distribution of `scipy.stats`, from that module, the parameters and the trials.
    counts : bool
        Whether data are whole numbers.
    spread : bool
        Whether data must vary for a maximum to exist.
    """

    arguments: Mapping[str, str]
    holds: Callable[[Array, Any], Any]
    needs: str
    typical: Callable[[Array, Any], dict[str, float]]
    scipy: Callable[[Any, Values, Any], Any]
    counts: bool = False
    spread: bool = False


def _any(y: Array, trials: Any) -> Any:
    return np.isfinite(y)


def _positive(y: Array, trials: Any) -> Any:
    return y > 0


def _whole(y: Array, trials: Any) -> Any:
    return (y >= 0) & (y == np.floor(y))


def _variance(y: Array) -> float:
    """Variance with divisor n; of constant values their square, or 1, so that no scale is zero."""
    return float(np.var(y)) if np.ptp(y) > 0 else float(y[0]) ** 2 or 1.0


def _normal(y: Array, trials: Any = None) -> dict[str, float]:
    spread = float(np.std(y, ddof=1)) if np.ptp(y) > 0 else float(np.sqrt(_variance(y)))
    return {"mu": float(np.mean(y)), "sigma": spread}


def _student(y: Array, trials: Any) -> dict[str, float]:
    """The middle half of the values, which no wild value moves."""
    low, middle, high = (float(part) for part in np.quantile(y, [0.25, 0.5, 0.75]))
    return {"mu": middle, "sigma": (high - low) / QUARTILES or _normal(y)["sigma"], "nu": 5.0}


def _gamma(y: Array, trials: Any) -> dict[str, float]:
    mean, variance = float(np.mean(y)), _variance(y)
    return {"shape": mean**2 / variance, "rate": mean / variance}


def _weibull(y: Array, trials: Any) -> dict[str, float]:
    """The logarithm of a Weibull variable has standard deviation pi / (shape sqrt(6))."""
    log_y = np.log(y)
    shape = float(np.pi / np.sqrt(6) / np.sqrt(_variance(log_y)))
    return {"shape": shape, "scale": float(np.exp(np.mean(log_y) + EULER / shape))}


def _beta(y: Array, trials: Any) -> dict[str, float]:
    mean = float(np.mean(y))
    variance = float(np.var(y)) or mean * (1 - mean) / 10
    size = mean * (1 - mean) / variance - 1
    return {"alpha": mean * size, "beta": (1 - mean) * size}


def _negative_binomial(y: Array, trials: Any) -> dict[str, float]:
    mean, excess = max(float(y.sum()), 1.0) / len(y), float(np.var(y) - np.mean(y))
    return {"mean": mean, "dispersion": mean**2 / max(excess, mean**2 / 10)}


@cache
def univariate() -> dict[str, Univariate]:
    """All distributions by name."""
    return {
        "Normal": Univariate(
            {"mu": "mu", "sigma": "sigma"},
            _any,
            "numbers",
            _normal,
            lambda s, p, trials: s.norm(p["mu"], p["sigma"]),
            spread=True,
        ),
        "StudentT": Univariate(
            {"mu": "mu", "sigma": "sigma", "nu": "nu"},
            _any,
            "numbers",
            _student,
            lambda s, p, trials: s.t(p["nu"], p["mu"], p["sigma"]),
            spread=True,
        ),
        "LogNormal": Univariate(
            {"mu": "mu", "sigma": "sigma"},
            _positive,
            "positive numbers",
            lambda y, trials: _normal(np.log(y)),
            lambda s, p, trials: s.lognorm(p["sigma"], scale=np.exp(p["mu"])),
            spread=True,
        ),
        "Gamma": Univariate(
            {"shape": "alpha", "rate": "beta"},
            _positive,
            "positive numbers",
            _gamma,
            lambda s, p, trials: s.gamma(p["shape"], scale=1 / p["rate"]),
            spread=True,
        ),
        "Weibull": Univariate(
            {"shape": "alpha", "scale": "beta"},
            _positive,
            "positive numbers",
            _weibull,
            lambda s, p, trials: s.weibull_min(p["shape"], scale=p["scale"]),
            spread=True,
        ),
        "Exponential": Univariate(
            {"rate": "lam"},
            lambda y, trials: y >= 0,
            "numbers of at least 0",
            lambda y, trials: {"rate": 1 / (float(np.mean(y)) or 1.0)},
            lambda s, p, trials: s.expon(scale=1 / p["rate"]),
        ),
        "Poisson": Univariate(
            {"rate": "mu"},
            _whole,
            "counts, whole numbers of at least 0",
            lambda y, trials: {"rate": max(float(y.sum()), 1.0) / len(y)},
            lambda s, p, trials: s.poisson(p["rate"]),
            counts=True,
        ),
        "NegativeBinomial": Univariate(
            {"mean": "mu", "dispersion": "alpha"},
            _whole,
            "counts, whole numbers of at least 0",
            _negative_binomial,
            lambda s, p, trials: s.nbinom(p["dispersion"], p["dispersion"] / (p["dispersion"] + p["mean"])),
            counts=True,
        ),
        "Geometric": Univariate(
            {"probability": "p"},
            lambda y, trials: (y >= 1) & (y == np.floor(y)),
            "whole numbers of at least 1, the trials up to the first success",
            lambda y, trials: {"probability": len(y) / (float(y.sum()) + 1)},
            lambda s, p, trials: s.geom(p["probability"]),
            counts=True,
        ),
        "Beta": Univariate(
            {"alpha": "alpha", "beta": "beta"},
            lambda y, trials: (y > 0) & (y < 1),
            "numbers between 0 and 1, both excluded",
            _beta,
            lambda s, p, trials: s.beta(p["alpha"], p["beta"]),
            spread=True,
        ),
        "Binomial": Univariate(
            {"probability": "p"},
            lambda y, trials: _whole(y, trials) & (y <= (np.inf if trials is None else trials)),
            "counts of successes, whole numbers from 0 to the trials",
            lambda y, trials: {"probability": (float(y.sum()) + 1) / (float(np.sum(trials)) + 2)},
            lambda s, p, trials: s.binom(trials, p["probability"]),
            counts=True,
        ),
    }


@dataclass(frozen=True)
class Column:
    """One column of data and the distribution it is read by."""

    name: str
    y: Array
    trials: Any = None

    @property
    def family(self) -> Univariate:
        """What is known of the distribution."""
        return univariate()[self.name]

    def log_likelihood(self) -> Callable[[dict[str, Array]], Array]:
        """By SciPy, for many points at once: ``{parameter: array of shape (s,)}`` to an array of shape (s,)."""
        from scipy import stats

        rows = self.y[:, None] if self.trials is None else np.column_stack([self.y, self.trials])
        different, counts = np.unique(rows, axis=0, return_counts=True)
        y, trials = different[:, 0], None if self.trials is None else different[:, 1]

        def evaluate(point: dict[str, Array]) -> Array:
            size = np.size(next(iter(point.values())))
            parts = []
            for some in np.array_split(np.arange(size), 1 + size * len(y) // CHUNK):
                frozen = self.family.scipy(stats, {key: value[some][:, None] for key, value in point.items()}, trials)
                parts.append((frozen.logpmf(y) if self.family.counts else frozen.logpdf(y)) @ counts)
            return np.concatenate(parts)

        return evaluate

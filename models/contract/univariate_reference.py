"""Independent answers for one column of data: closed forms, and SciPy's densities searched and summed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.contract.distribution import Distribution, Prior
from models.contract.lattice import lattice_means, newton_mode
from models.contract.linear import linear_posterior
from models.contract.reference import Array, Reference, importance_means, search_mode
from models.contract.univariate import SUPPORT, Column
from models.contract.univariate_maximum import maximum

MOST = {1: 1_000_000, 2: 20_000, 3: 3_000}  # different values by free parameters: a lattice takes ten seconds
SEARCHED = "search with SciPy's densities, Newton steps"
STARTS = {"StudentT": [{"nu": nu} for nu in (2.0, 8.0, 30.0)]}  # whose likelihood may have several maxima


def univariate_reference(column: Column, prior: Prior, likelihood: bool, mode: bool, mean: bool) -> list[Reference]:
    """Independent answers where the readings exist.

    Parameters
    ----------
    column : Column
    prior : Prior
    likelihood, mode, mean : bool
        Whether the likelihood and the joint density have a maximum, if only a local one, and the posterior a mean.

    Returns
    -------
    list of Reference
        None for what no independent method reaches (a prior that SciPy does not know, a maximum that is only a limit).
    """
    answers: list[Reference] = []
    known = {name: float(one.hyperparameters["value"]) for name, one in prior.items() if one.fixed}
    wanted = [name for name in prior if name not in known]

    def say(reading: str, values: Mapping[str, Any], source: str) -> None:
        answers.extend(Reference(reading, name, float(values[name]), source) for name in wanted)

    if not wanted:
        return []
    if likelihood:
        if known or column.name == "StudentT":
            found = _search(column, prior, flat=True)
            if found is not None:
                say("mle", found.point, SEARCHED + ", the largest of local maxima" * (column.name == "StudentT"))
        else:
            say("mle", *maximum(column))
    conjugate = _conjugate(column, prior)
    if conjugate is not None:
        (variable,) = wanted
        if mode and conjugate[1] is not None:
            answers.append(Reference("map", variable, conjugate[1], f"mode of {conjugate[2]}"))
        if mean:
            answers.append(Reference("posterior", variable, conjugate[0], f"mean of {conjugate[2]}"))
        return answers
    try:
        found = _search(column, prior) if mode else None
        if found is not None:
            say("map", found.point, SEARCHED)
        if mean:
            answers += _means(column, prior, wanted)
    except KeyError:  # a prior that SciPy does not know
        pass
    return answers


def _conjugate(column: Column, prior: Prior) -> tuple[float, float | None, str] | None:
    """Mean and mode of a conjugate posterior, and its name; None where the prior is not conjugate."""
    if len(prior) > 1 or not set(prior) <= {"rate", "probability"}:
        return None
    (one,) = prior.values()
    h, y, n = one.hyperparameters, column.y, len(column.y)
    total = float(y.sum())
    gammas = {"HalfFlat": (1.0, 0.0), "Reciprocal": (0.0, 0.0)}
    if one.name in ("Gamma", "Exponential"):
        gammas[one.name] = float(h.get("alpha", 1.0)), float(h["beta" if one.name == "Gamma" else "lam"])
    if one.name in gammas and "rate" in prior:
        seen, exposure = (total, n) if column.name == "Poisson" else (n, total)
        a, b = gammas[one.name][0] + seen, gammas[one.name][1] + exposure
        return a / b, (a - 1) / b if a > 1 else None, f"Gamma({a:g}, {b:g})"
    uniform = one.name == "Uniform" and float(h["lower"]) == 0 and float(h["upper"]) == 1
    if (one.name == "Beta" or uniform) and "probability" in prior:
        successes = n if column.name == "Geometric" else total
        failures = total - n if column.name == "Geometric" else float(np.sum(column.trials)) - total
        a, b = float(h.get("alpha", 1.0)) + successes, float(h.get("beta", 1.0)) + failures
        return a / (a + b), (a - 1) / (a + b - 2) if min(a, b) > 1 else None, f"Beta({a:g}, {b:g})"
    return None


@dataclass(frozen=True)
class _Found:
    """A mode in unconstrained coordinates."""

    mode: Array
    covariance: Array
    log_density: Callable[[Array], Array]
    declared: Callable[[Array], dict[str, Array]]

    @property
    def point(self) -> dict[str, float]:
        """The declared parameters there."""
        return {name: float(value[0]) for name, value in self.declared(self.mode[None]).items()}


def _coordinates(low: float, high: float) -> tuple[Callable[[Array], Array], Callable[[Array], Array], Any]:
    """A map of the whole line to an interval, the log of its slope, and its inverse."""
    from scipy.special import expit, log_expit

    if np.isinf(low) and np.isinf(high):
        return (lambda u: u), np.zeros_like, lambda x: x
    if np.isinf(high):
        return (lambda u: low + np.exp(u)), (lambda u: u), lambda x: np.log(x - low)
    if np.isinf(low):
        return (lambda u: high - np.exp(u)), (lambda u: u), lambda x: np.log(high - x)
    width = high - low
    return (
        lambda u: low + width * expit(u),
        lambda u: np.log(width) + log_expit(u) + log_expit(-u),
        lambda x: np.log((x - low) / (high - x)),
    )


def _search(column: Column, prior: Prior, *, flat: bool = False, jacobian: bool = False) -> _Found | None:
    """The highest mode found of the likelihood (``flat``), of the joint, or of the joint in other coordinates."""
    rng, likelihood = np.random.default_rng(0), column.log_likelihood()
    free = [name for name, one in prior.items() if not one.fixed]
    held = {name: float(one.hyperparameters["value"]) for name, one in prior.items() if one.fixed}
    maps = {}
    for name in free:
        low, high = SUPPORT[name] if flat else (float(end) for end in prior[name].support)
        maps[name] = _coordinates(max(low, SUPPORT[name][0]), min(high, SUPPORT[name][1]))

    def declared(points: Array) -> dict[str, Array]:
        with np.errstate(over="ignore"):
            values = {name: maps[name][0](points[:, j]) for j, name in enumerate(free)}
        return {name: values.get(name, np.full(len(points), held.get(name, 0.0))) for name in prior}

    def log_density(points: Array) -> Array:
        with np.errstate(all="ignore"):
            values = declared(points)
            total = likelihood(values)
            for j, name in enumerate(free):
                total = total + (0.0 if flat else prior[name].log_density(values[name]))
                total = total + (maps[name][1](points[:, j]) if jacobian else 0.0)
        return np.where(np.isfinite(total), total, -np.inf)

    best: _Found | None = None
    typical = column.family.typical(column.y, column.trials)
    for other in STARTS.get(column.name, [{}]):
        near = typical | {name: value for name, value in other.items() if name in free}
        inside = {name: near[name] if flat else float(prior[name].inside(near[name], rng)) for name in free}
        start = np.array([maps[name][2](inside[name]) for name in free])
        scale = np.array([near.get("sigma", 1.0) if name == "mu" else 1.0 for name in free]) / np.sqrt(len(column.y))
        try:
            mode, covariance = newton_mode(log_density, search_mode(log_density, start, scale), scale)
        except ArithmeticError:
            continue
        if best is None or log_density(mode[None])[0] > log_density(best.mode[None])[0]:
            best = _Found(mode, covariance, log_density, declared)
    return best


def _means(column: Column, prior: Prior, wanted: list[str]) -> list[Reference]:
    """Posterior means: Normal given sigma where it is, else a lattice, else importance sampling."""
    if column.name in ("Normal", "LogNormal") and prior["mu"].name in ("Normal", "Flat", "Fixed"):
        values = np.log(column.y) if column.name == "LogNormal" else column.y
        location, sd = _normal(prior["mu"])
        beta, sigma = linear_posterior(
            np.ones((len(values), 1)), values, np.array([location]), np.array([sd]), prior["sigma"]
        )
        exact = {"mu": float(beta[0]), "sigma": sigma}
        return [Reference("posterior", name, exact[name], "Normal given sigma, quadrature") for name in wanted]
    if len(np.unique(column.y)) > MOST[len(wanted)]:
        return []
    found = _search(column, prior, jacobian=True)
    if found is None:
        return []

    def functions(points: Array) -> Array:
        values = found.declared(points)
        return np.column_stack([values[name] for name in wanted])

    errors, source = np.zeros(len(wanted)), f"quadrature on a lattice in {len(wanted)} dimensions, SciPy's densities"
    try:
        means = lattice_means(found.log_density, found.mode, found.covariance, functions)
    except ArithmeticError:
        source = "importance sampling, multivariate t"
        try:
            means, errors = importance_means(found.log_density, found.mode, found.covariance, functions)
        except ArithmeticError as failure:
            means, errors, source = np.full(len(wanted), np.nan), np.zeros(len(wanted)), str(failure)
    return [
        Reference("posterior", name, mean, source, error)
        for name, mean, error in zip(wanted, means, errors, strict=True)
    ]


def _normal(one: Distribution) -> tuple[float, float]:
    """Mean and standard deviation of a Normal, flat or fixed prior."""
    h = one.hyperparameters
    if one.fixed:
        return float(h["value"]), 0.0
    return (float(h["mu"]), float(h["sigma"])) if one.name == "Normal" else (0.0, np.inf)

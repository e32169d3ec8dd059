"""Gaussian: where is the centre, and how wide is the spread?

The joint mode, the marginal mode and the mean of ``sigma`` all differ: the maximum likelihood estimate of ``sigma``
divides by n and is too small on average, the posterior mean is pulled up by the long right tail. With 1,000
observations nobody can see it, with eight everybody can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import (
    BadInput,
    Distribution,
    Prior,
    Reference,
    Scenario,
    constant,
    coordinates,
    dataset,
    flat,
    read_table,
    restated,
)
from models.contract.columns import chosen, complete, needed, numbers, only_column, shown, varying
from models.contract.compact import has_statistics, marked
from models.contract.families import POSITIVE, REAL
from models.contract.linear import fisher, linear_improper, linear_posterior
from models.contract.reference import Array, importance_means, search_mode
from models.contract.sufficient import log_constant, moments

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

TRUTH = {"mu": 5.0, "sigma": 2.0}
SEED = 1
SMALL_SEED = 8


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Normal model: ``y[i] ~ Normal(mu, sigma)``."""
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        mu = prior["mu"].variable("mu")
        sigma = prior["sigma"].variable("sigma")
        pm.Normal("y", mu=mu, sigma=sigma, observed=constant(data, "y"), dims="observation")
    return result


def compact(data: xr.Dataset) -> xr.Dataset:
    """Mean and sum of squares about it; the data themselves where there is no spread or only one value."""
    y = data["y"].values
    if len(y) < 2 or y.min() == y.max():
        return data
    found = moments(np.zeros((len(y), 0)), y)
    squares, freedom = float(found.triangle[0, 0] ** 2), len(y) - 1
    statistics = {"rows": len(y), "mean": found.mean, "squares": squares, "freedom": freedom}
    kept = data.drop_vars(["y", "observation"]).assign({name: ((), float(one)) for name, one in statistics.items()})
    return marked(kept, "statistics", log_constant(len(y), freedom, squares, True))


def compact_model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Mean and squares, independent: ``Normal(mu, sigma / sqrt(n))`` and ``Gamma((n - 1) / 2, 1 / (2 sigma^2))``."""
    import pymc as pm

    with pm.Model() as result:
        mu = prior["mu"].variable("mu")
        sigma = prior["sigma"].variable("sigma")
        fisher(data, mu, sigma)
    return result


def _statistics(data: xr.Dataset) -> tuple[int, float, float]:
    """Number of values, their mean and their sum of squares about it; of the data or of their compact form."""
    if has_statistics(data):
        return int(data["rows"]), float(data["mean"]), float(data["squares"])
    y = data["y"].values
    return len(y), float(np.mean(y)), float(np.sum((y - np.mean(y)) ** 2))


def priors(
    data: xr.Dataset, *, mean: float | None = None, sd: float | None = None, standardize: bool = True
) -> dict[str, Prior]:
    """Weak: in the units of the data. Flat, reference: improper. Informative: known before, if somebody says what."""
    if (mean is None) != (sd is None):
        raise BadInput("give both --mean and --sd of the informative prior")
    mean, sd = (data.attrs.get("known_mean"), data.attrs.get("known_sd")) if mean is None else (mean, sd)
    weak = {"mu": Distribution("Normal", mu=0, sigma=2.5), "sigma": Distribution("Exponential", lam=1)}
    weak = dict(restated(weak, units(data))) if standardize else weak
    result: dict[str, Prior] = {
        "weak": weak,
        "flat": {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")},
        "reference": {"mu": Distribution("Flat"), "sigma": Distribution("Reciprocal")},
    }
    if mean is not None and sd is not None:
        result["informative"] = weak | {"mu": Distribution("Normal", mu=mean, sigma=sd)}
    return result


def units(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Mean and standard deviation of the values."""
    n, centre, squares = _statistics(data)
    spread = float(np.sqrt(squares / (n - 1)))
    return {"mu": (centre, spread), "sigma": (0.0, spread)}


def simulate(rng: np.random.Generator, n: int = 1_000) -> xr.Dataset:
    """``n`` draws of N(5, 2); the informative prior believes in 4, give or take 1/2."""
    return dataset(
        {"y": ("observation", rng.normal(TRUTH["mu"], TRUTH["sigma"], n))},
        title=f"{n:,} draws of N(5, 2)",
        source="simulated with mu = 5 and sigma = 2",
        truth=TRUTH,
        seed=SEED if n == 1_000 else SMALL_SEED,
        known_mean=4.0,
        known_sd=0.5,
        knowledge="somebody was told that mu is 4, give or take 0.5: wrong by two of his standard deviations",
    )


def newcomb() -> xr.Dataset:
    """Newcomb's light timings; today's value of the same passage time is 33 in his coding."""
    return dataset(
        {"y": ("observation", read_table("newcomb.csv")["y"].to_numpy(dtype=float))},
        title="Newcomb's 66 timings of light (1882), deviations from 24,800 nanoseconds",
        source="Stigler (1977), doi:10.1214/aos/1176343997, Table 5",
        known_mean=33.0,
        known_sd=2.0,
        knowledge="the modern value of the passage time, 33 in Newcomb's coding, give or take 2",
    )


def read(table: pd.DataFrame | None, *, column: str = "", missing: str = "stop") -> xr.Dataset:
    """Read one numeric column; it need not be named if there is only one."""
    table = needed(table)
    name = column or only_column(table)
    used, dropped = complete(chosen(table, [name]), missing)
    values = numbers(used, name)
    if len(values) < 2:
        raise BadInput(f"column {shown(name)} has one value: a spread needs at least two")
    varying(values, name)
    return dataset(
        {"y": ("observation", values)},
        title=f"{len(values):,} values of {name}",
        source="your table",
        outcome=name,
        dropped=dropped,
    )


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """About where the observations are, and a spread within a factor of three of theirs."""
    n, centre, squares = _statistics(data)
    spread = float(np.sqrt(squares / n)) or max(1.0, abs(centre))
    return {"mu": np.asarray(centre + spread * rng.normal()), "sigma": np.asarray(spread * 3 ** rng.uniform(-1, 1))}


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """Without spread the density grows for ever as sigma shrinks, unless the prior vanishes fast enough there."""
    if _perfect(data, prior) and prior["sigma"].at_zero < _statistics(data)[0]:
        return "unbounded: all observations are equal, so the density grows without limit as sigma goes to 0"
    return ""


def _perfect(data: xr.Dataset, prior: Prior) -> bool:
    """Whether some mu leaves no residual."""
    if has_statistics(data):
        return False
    y = data["y"].values
    centre = prior["mu"].hyperparameters["value"] if prior["mu"].fixed else y[:1]
    return bool(np.all(y == centre))


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Too few observations for flat priors, or none that differ."""
    rank, flat_columns = int(not prior["mu"].fixed), int(not prior["mu"].proper)
    return linear_improper(_statistics(data)[0], rank, flat_columns, prior["sigma"], _perfect(data, prior))


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Closed forms where mu is conjugate given sigma, else a search and importance sampling; see the sources."""
    n, mean, squares = _statistics(data)
    known = {name: float(one.hyperparameters["value"]) for name, one in prior.items() if one.fixed}
    answers = []
    if not obstacle(data, flat(prior)):
        centre = known.get("mu", mean)
        spread = float(np.sqrt(squares / n + (mean - centre) ** 2))
        answers = [
            Reference("mle", "mu", centre, "mean of y"),
            Reference("mle", "sigma", spread, "root mean squared deviation from mu, divisor n"),
        ]
    if not obstacle(data, prior):
        conjugate = prior["mu"].name in ("Normal", "Flat", "Fixed")
        answers += (_conjugate if conjugate else _general)(n, mean, squares, prior)
    return [one for one in answers if one.parameter not in known]


def _conjugate(n: int, mean: float, squares: float, prior: Prior) -> list[Reference]:
    """A search and an integral over sigma, given which mu has a Normal posterior."""
    from scipy.optimize import minimize_scalar

    h = prior["mu"].hyperparameters
    location = float(h.get("value", h.get("mu", 0.0)))
    scale = 0.0 if prior["mu"].fixed else float(h.get("sigma", np.inf))

    def best_mu(sigma: float) -> float:
        return location if scale == 0 else (n * mean / sigma**2 + location / scale**2) / (n / sigma**2 + 1 / scale**2)

    def minus_joint(log_sigma: float) -> float:
        sigma = np.exp(log_sigma)
        mu = best_mu(sigma)
        misfit = (squares + n * (mean - mu) ** 2) / sigma**2 + (((mu - location) / scale) ** 2 if scale else 0.0)
        return float(n * log_sigma + misfit / 2 - prior["sigma"].log_density(sigma))

    if prior["sigma"].fixed:
        sigma = float(prior["sigma"].hyperparameters["value"])
    else:
        # Sigma lies between the spread of the data and what it would take to explain the prior's mean.
        spread = np.sqrt(squares / n)
        centre, widest = np.log(spread), np.log(spread + abs(mean - location) * bool(np.isfinite(scale)))
        with np.errstate(divide="ignore"):
            ends = [float(np.log(end)) for end in prior["sigma"].support]
        bounds = (max(centre - 3, ends[0]), min(widest + 1, ends[1]))
        if not bounds[0] < bounds[1]:
            return []
        best = minimize_scalar(minus_joint, bounds=bounds, method="bounded", options={"xatol": 1e-10}).x
        if min(best - bounds[0], bounds[1] - best) < 1e-3:
            return []  # a prior so strong that sigma is not where the data are: no independent answer
        sigma = float(np.exp(best))
    # Two rows with the same sums as all: one for the mean, one for the deviations from it.
    design, outcome = np.array([[np.sqrt(n)], [0.0]]), np.array([np.sqrt(n) * mean, np.sqrt(squares)])
    width = float(np.sqrt(squares / (n - 1))) if squares > 0 else abs(mean - location)
    known = np.array([location]), np.array([scale])
    beta, mean_sigma = linear_posterior(design, outcome, *known, prior["sigma"], n, width)
    source = "conjugate Normal given sigma, quadrature over sigma"
    return [
        Reference("map", "mu", best_mu(sigma), "conjugate Normal at the best sigma"),
        Reference("map", "sigma", sigma, "search over sigma alone (SciPy)"),
        Reference("posterior", "mu", float(beta[0]), source),
        Reference("posterior", "sigma", mean_sigma, source),
    ]


def _general(n: int, mean: float, squares: float, prior: Prior) -> list[Reference]:
    """Any prior that SciPy knows: the mode by a search, the means by importance sampling, in (mu, log sigma)."""
    known = float(prior["sigma"].hyperparameters["value"]) if prior["sigma"].fixed else None

    def joint(points: Array) -> Array:
        mu, sigma = points[:, 0], np.full(len(points), known) if known else np.exp(points[:, 1])
        value = -n * np.log(sigma) - (squares + n * (mu - mean) ** 2) / (2 * sigma**2)
        return np.asarray(value + prior["mu"].log_density(mu) + prior["sigma"].log_density(sigma))

    def declared(points: Array) -> Array:
        return points if known else np.column_stack([points[:, 0], np.exp(points[:, 1])])

    size = 1 if known else 2
    spread = known or np.sqrt(squares / max(n - 1, 1))
    scale = np.array([spread / np.sqrt(n), 1 / np.sqrt(n)])[:size]
    try:
        mode = search_mode(joint, np.array([mean, np.log(spread)])[:size], scale)
        means, errors = importance_means(
            lambda points: joint(points) + points[:, 1:].sum(axis=1), mode, np.diag(scale**2), declared
        )
    except (KeyError, ArithmeticError):
        return []
    answers = []
    # A mode on the edge of a bounded prior is none that a search would stop at.
    anywhere = prior["mu"].unbounded and (known is not None or prior["sigma"].support == POSITIVE)
    for j, name in enumerate(("mu", "sigma")[:size]):
        if anywhere and prior["mu"].name != "Laplace":
            answers.append(Reference("map", name, float(declared(mode[None])[0, j]), "search by BFGS (SciPy)"))
        answers.append(Reference("posterior", name, means[j], "importance sampling, multivariate t", errors[j]))
    return answers


SCENARIO = Scenario(
    question="Where is the centre of these measurements, and how wide is their spread?",
    lesson=(
        "For the centre the three readings agree unless the prior knows something. For the spread they part when there "
        "is little data: the maximum of the likelihood is too low on average, the mean of the skewed posterior lies "
        "above its mode."
    ),
    formula="y[i] ~ Normal(mu, sigma)",
    parameters=("mu", "sigma"),
    datasets={
        "teaching": lambda: simulate(np.random.default_rng(SEED)),
        "small": lambda: simulate(np.random.default_rng(SMALL_SEED), n=8),
        "newcomb": newcomb,
    },
    simulate=simulate,
    read=read,
    priors=priors,
    units=units,
    support={"mu": REAL, "sigma": POSITIVE},
    options={
        "column": "column of measurements; need not be named if there is only one",
        "missing": "stop at missing values, or drop rows that have one",
    },
    hyperparameters={
        "mean": "mean of the Normal prior of mu that is called informative",
        "sd": "standard deviation of that prior",
        "standardize": "take the scales of the prior for standardised data, or as they are written",
    },
    swept=("mu",),
    fixable=("mu", "sigma"),
    worlds=1_000,
    model=model,
    compact=compact,
    compact_model=compact_model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
)

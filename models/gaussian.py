"""Gaussian: where is the centre, and how wide is the spread?

The joint mode, the marginal mode and the mean of ``sigma`` all differ: the maximum likelihood estimate of ``sigma``
divides by n and is too small on average, the posterior mean is pulled up by the long right tail. With 1,000
observations nobody can see it, with eight everybody can.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.contract import (
    Distribution,
    Prior,
    Reference,
    Scenario,
    constant,
    coordinates,
    dataset,
    is_numeric,
    read_table,
)
from models.contract.reference import linear_improper, linear_posterior

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr
    from numpy.typing import NDArray

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


def priors(data: xr.Dataset) -> dict[str, Prior]:
    """Weak: in the units of the data. Flat: improper. Informative: known before, where the data set says it."""
    y = data["y"].values
    centre, spread = float(np.mean(y)), float(np.std(y, ddof=1))
    result: dict[str, Prior] = {
        "weak": {
            "mu": Distribution("Normal", mu=centre, sigma=2.5 * spread),
            "sigma": Distribution("Exponential", lam=1 / spread),
        },
        "flat": {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")},
    }
    if "known_mean" in data.attrs:
        result["informative"] = {
            "mu": Distribution("Normal", mu=data.attrs["known_mean"], sigma=data.attrs["known_sd"]),
            "sigma": Distribution("Exponential", lam=1 / spread),
        }
    return result


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


def read(table: pd.DataFrame) -> xr.Dataset:
    """Read a table with one numeric column, or with a column ``y``."""
    column = "y" if "y" in table else table.columns[0]
    values = table[column].to_numpy()
    if "y" not in table and table.shape[1] > 1:
        raise ValueError(f"choose one column; this table has {', '.join(map(repr, table.columns))}")
    if not is_numeric(table[[column]]):
        raise ValueError(f"column {column!r} must hold finite numbers only")
    if len(np.unique(values)) < 2:
        raise ValueError(f"column {column!r} is constant: a spread cannot be learned from it")
    return dataset(
        {"y": ("observation", values.astype(float))}, title=f"{len(values):,} values of {column}", source="your table"
    )


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """One of the observations, and a spread within a factor of three of theirs."""
    y = data["y"].values
    spread = np.std(y) or max(1.0, abs(float(y[0])))
    return {"mu": np.asarray(rng.choice(y)), "sigma": np.asarray(spread * 3 ** rng.uniform(-1, 1))}


def obstacle(data: xr.Dataset, prior: Prior | None = None) -> str:
    """Without spread the density grows for ever as sigma shrinks."""
    if len(np.unique(data["y"].values)) < 2 and not (prior and prior["sigma"].keeps_from_zero):
        return "unbounded: all observations are equal, so the density grows without limit as sigma goes to 0"
    return ""


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Too few observations for flat priors, or none that differ."""
    flat = not prior["mu"].proper and not prior["sigma"].proper
    return linear_improper(data.sizes["observation"], 1, flat, bool(obstacle(data, prior)))


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Closed forms for the MLE; for the others an integral or a search over sigma, given which mu is conjugate."""
    from scipy.optimize import minimize_scalar

    y = data["y"].values
    n, mean = len(y), float(np.mean(y))
    answers = [
        Reference("mle", "mu", mean, "mean of y"),
        Reference("mle", "sigma", float(np.std(y)), "standard deviation of y, divisor n"),
    ]
    if prior["mu"].name not in ("Normal", "Flat"):
        return answers
    location = float(prior["mu"].hyperparameters.get("mu", 0.0))
    scale = float(prior["mu"].hyperparameters.get("sigma", np.inf))

    def best_mu(sigma: float) -> float:
        return (n * mean / sigma**2 + location / scale**2) / (n / sigma**2 + 1 / scale**2)

    def minus_joint(log_sigma: float) -> float:
        sigma = np.exp(log_sigma)
        mu = best_mu(sigma)
        misfit = np.sum((y - mu) ** 2) / sigma**2 + (mu - location) ** 2 / scale**2
        return float(n * log_sigma + misfit / 2 - prior["sigma"].log_density(sigma))

    # Sigma lies between the spread of the data and what it would take to explain the prior's mean.
    centre, widest = np.log(np.std(y)), np.log(np.std(y) + abs(mean - location) * bool(np.isfinite(scale)))
    mode = minimize_scalar(minus_joint, bounds=(centre - 3, widest + 1), method="bounded", options={"xatol": 1e-10})
    sigma = float(np.exp(mode.x))
    answers += [
        Reference("map", "mu", best_mu(sigma), "conjugate Normal at the best sigma"),
        Reference("map", "sigma", sigma, "search over sigma alone (SciPy)"),
    ]
    beta, mean_sigma = linear_posterior(
        np.ones((n, 1)), y, np.array([location]), np.array([scale]), prior["sigma"].log_density
    )
    source = "conjugate Normal given sigma, quadrature over sigma"
    return [
        *answers,
        Reference("posterior", "mu", float(beta[0]), source),
        Reference("posterior", "sigma", mean_sigma, source),
    ]


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
    model=model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
)

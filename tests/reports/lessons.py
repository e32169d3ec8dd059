"""Small fits for the tests of words: of every scenario, and one whose table is made up number by number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models.contract import Distribution
from reports.stored import Fit
from tests.made_up import LEVEL, table
from tests.toys import CHAINS, DRAWS, Toy, blend_toy, coin_toy, values_toy, write_fit

LEAD = ("chain", "draw")


def linear_toy(spread: bool) -> Toy:
    """A regression, with sigma, or a logistic regression, without; under a Normal and a Laplace prior."""
    rng = np.random.default_rng(6)
    x = rng.normal(size=(50, 2))
    coords = {"predictor": ["age", "size"], "observation": np.arange(50)}
    y = x @ [1.0, 0.1] + rng.normal(size=50)
    data = xr.Dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y if spread else (y > 0).astype(int))},
        coords=coords,
        attrs={"title": "linear", "source": "made up"},
    )
    draws = {}
    for prior in ("normal", "laplace"):
        found = {"intercept": (LEAD, rng.normal(0.2, 0.1, (CHAINS, DRAWS)))}
        beta = rng.normal([1.0, 0.1], 0.2, (CHAINS, DRAWS, 2))
        one = xr.Dataset({**found, "beta": ((*LEAD, "predictor"), beta)}, coords={"predictor": ["age", "size"]})
        draws[prior] = one.assign(sigma=(LEAD, rng.gamma(100, 0.01, (CHAINS, DRAWS)))) if spread else one
    common = {"intercept": Distribution("Normal", mu=0, sigma=5)}
    common |= {"sigma": Distribution("Exponential", lam=1)} if spread else {}
    priors = {
        "normal": common | {"beta": Distribution("Normal", mu=0, sigma=[0.5, 0.5])},
        "laplace": common | {"beta": Distribution("Laplace", mu=0, b=[0.2, 0.2])},
    }
    return Toy(data, "y", priors, draws)


def family_toy() -> Toy:
    """A Gamma with two correlated parameters."""
    rng = np.random.default_rng(7)
    data = xr.Dataset({"y": ("observation", rng.gamma(2, 2, 40))}, coords={"observation": np.arange(40)})
    data.attrs = {"title": "waits", "source": "made up", "family": "Gamma"}
    shape = rng.gamma(40, 0.05, (CHAINS, DRAWS))
    rate = shape / 4 + rng.normal(0, 0.02, shape.shape)
    draws = xr.Dataset({"shape": (LEAD, shape), "rate": (LEAD, rate)})
    prior = {name: Distribution("HalfNormal", sigma=3) for name in ("shape", "rate")}
    return Toy(data, "y", {"weak": prior}, {"weak": draws})


MAKERS = {
    "coin": coin_toy,
    "gaussian": values_toy,
    "regression": lambda: linear_toy(True),
    "logistic": lambda: linear_toy(False),
    "mixture": blend_toy,
    "family": family_toy,
    "stranger": family_toy,
}
"""By scenario; the last has no words of its own."""


def fit_of(scenario: str, results: Path) -> Fit:
    """Write and read a small fit of a scenario."""
    write_fit(results, scenario, MAKERS[scenario]())
    return Fit(results / scenario)


def made_fit(priors: list[dict[str, Any]], checks: list[dict[str, Any]] | None = None) -> Fit:
    """A fit of one parameter whose table is `tests.made_up.table` with changes, under a prior each."""
    fit = object.__new__(Fit)
    names = [f"p{number}" for number in range(len(priors))]
    frames = [table(**changes).assign(prior=name) for name, changes in zip(names, priors, strict=True)]
    fit.table = pd.concat(frames, ignore_index=True).assign(interval="made up", truth=np.nan, failed=np.nan)
    fit.name, fit.checks, fit.folder = "made", checks or [], Path("/nonexistent")
    observed = xr.Dataset({"y": ("observation", np.zeros(9))}, attrs={"title": "made up"})
    fit.tree = xr.DataTree.from_dict({"/data": observed, **{f"/{name}/observed_data": observed for name in names}})
    fit.tree.attrs = {
        "level": LEVEL,
        "scenario": "made",
        "priors": json.dumps({name: {"theta": "Flat()"} for name in names}),
    }
    rng = np.random.default_rng(0)
    fit._draws = {(name, "posterior"): xr.Dataset({"theta": (LEAD, rng.normal(2, 0.5, (4, 100)))}) for name in names}
    return fit

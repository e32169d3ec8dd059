"""A few dozen values of each family of `models.family`, drawn by NumPy, and what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import family
from models.contract import Reference
from models.contract.reference import Array
from tests.cases import Case

RNG_SEED = 7
TRIALS = np.arange(6, 16)


def drawn(name: str) -> tuple[Array, Any]:
    """A few dozen values of each family, by NumPy."""
    rng = np.random.default_rng(RNG_SEED)
    laws: Mapping[str, Callable[[], Any]] = {
        "Normal": lambda: rng.normal(5, 2, 30),
        "StudentT": lambda: 5 + 2 * rng.standard_t(3, 80),
        "LogNormal": lambda: rng.lognormal(1, 0.6, 30),
        "Gamma": lambda: rng.gamma(2, 2, 40),
        "Weibull": lambda: 3 * rng.weibull(1.7, 40),
        "Exponential": lambda: rng.exponential(4, 20),
        "Poisson": lambda: rng.poisson(2.5, 20),
        "NegativeBinomial": lambda: rng.negative_binomial(1.5, 0.3, 60),
        "Geometric": lambda: rng.geometric(0.3, 25),
        "Beta": lambda: rng.beta(2, 5, 40),
        "Binomial": lambda: rng.binomial(TRIALS, 0.3),
    }
    return laws[name](), TRIALS if name == "Binomial" else None


def labelled(name: str, y: Any = None, trials: Any = None) -> xr.Dataset:
    if y is None:
        y, trials = drawn(name)
    table = pd.DataFrame({"y": y} if trials is None else {"y": y, "n": trials})
    return family.read(table, family=name, column="y", trials="" if trials is None else "n")


def weak(name: str, starts: int = 3) -> Case:
    data = labelled(name)
    return Case(family.SCENARIO, data, family.priors(data)["weak"], starts)


def known(references: list[Reference], reading: str) -> dict[str, Reference]:
    return {reference.parameter: reference for reference in references if reference.reading == reading}

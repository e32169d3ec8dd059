"""All built-in fits under all their priors, each read at most once per process.

Sampling compiles machine code for seconds, so that tests share what is here: ``case("coin", "weak").draws``. Tests
whose ids name the same scenario run in one worker (``conftest.py``), which keeps what it has compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import models
from comparisons import points, posterior, table
from comparisons.functions import Array, Functions
from comparisons.optimum import STARTS
from comparisons.points import Point
from models.contract import Prior, Reference, Scenario, flat

SEED = 20_261_123
LEVEL = 0.95
FAST = ("coin-small", "gaussian-small", "logistic-challenger")
"""Fits whose points belong to the fast part of the suite; finding those of all others takes a minute."""


class Case:
    """A scenario with one data set and one prior; everything else is made when it is asked for."""

    def __init__(self, scenario: Scenario, data: xr.Dataset, prior: Prior, starts: int = STARTS) -> None:
        self.scenario, self.data, self.prior, self.wanted = scenario, data, prior, starts
        self.model = scenario.model(data, prior)
        self.parameters = [name for name in scenario.parameters if name in self.model.named_vars]

    @cached_property
    def candidates(self) -> list[dict[str, Array]]:
        rng = np.random.default_rng(SEED)
        return [self.scenario.start(self.data, rng) for _ in range(self.wanted)]

    @cached_property
    def functions(self) -> Functions:
        return Functions(self.model, self.candidates[0])

    @cached_property
    def starts(self) -> list[Array]:
        return [self.functions.unconstrain(candidate) for candidate in self.candidates]

    @cached_property
    def mle(self) -> Point:
        obstacle = self.scenario.obstacle(self.data, flat(self.prior))
        return points.mle(self.functions, self.parameters, self.starts, LEVEL, obstacle, self.scenario.order)

    @cached_property
    def map_(self) -> Point:
        obstacle = self.scenario.obstacle(self.data, self.prior)
        return points.map_(self.functions, self.parameters, self.starts, LEVEL, obstacle, self.scenario.order)

    def sample(self, seed: int = SEED, **options: Any) -> tuple[xr.DataTree, Array]:
        return posterior.sample(self.functions, self.starts[:4], seed, **options)

    @cached_property
    def sampled(self) -> tuple[xr.DataTree, Array]:
        return self.sample()

    @cached_property
    def raw(self) -> xr.Dataset:
        """Draws as they come, with the labels of a mixture's components in any order."""
        return self.sampled[0]["posterior"].to_dataset()

    @cached_property
    def draws(self) -> xr.Dataset:
        if self.scenario.identify is None:
            return self.raw
        return self.scenario.identify(self.raw, self.at(self.map_), self.data)

    @cached_property
    def references(self) -> list[Reference]:
        return self.scenario.reference(self.data, self.prior)

    @cached_property
    def rows(self) -> pd.DataFrame:
        compared = self.draws[self.parameters]
        summary = table.summarise(compared, LEVEL)
        return table.rows({"mle": self.mle, "map": self.map_}, compared, summary, self.references, {}, LEVEL)

    def at(self, point: Point) -> xr.Dataset:
        """A point reading, labelled."""
        labels = self.model.named_vars_to_dims
        return xr.Dataset({name: (labels.get(name, ()), value) for name, value in point.estimate.items()})


@cache
def case(fit: str, prior: str) -> Case:
    """A built-in fit under one of its priors."""
    name, dataset = models.fits()[fit]
    scenario, data = models.load(name), _data(name, dataset)
    starts = 5 if name == "mixture" else STARTS  # a search from one start takes half a second there
    return Case(scenario, data, scenario.priors(data)[prior], starts)


@cache
def _data(name: str, dataset: str) -> xr.Dataset:
    return models.load(name).datasets[dataset]()


def all_cases(
    keep: Callable[[str, str], bool] = lambda fit, prior: True, fast: Iterable[str] = FAST
) -> pytest.MarkDecorator:
    """Parametrise a test over ``fit`` and ``prior``; only the fits named in ``fast`` are in the fast part."""
    parameters = []
    for fit, (name, dataset) in models.fits().items():
        for prior in models.load(name).priors(_data(name, dataset)):
            if keep(fit, prior):
                marks = [] if fit in fast else [pytest.mark.slow]
                parameters.append(pytest.param(fit, prior, marks=marks, id=f"{fit}-{prior}"))
    return pytest.mark.parametrize(("fit", "prior"), parameters)

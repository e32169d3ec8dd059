"""Compiled functions are shared by models with equal graphs, whatever their variables are called."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from comparisons import functions
from comparisons.functions import Functions


def binomial(successes: str, trials: str, counts: tuple[int, int]) -> pm.Model:
    """A coin with the names of its variables left open."""
    with pm.Model() as model:
        theta = pm.Beta("theta", alpha=pm.Data("a", 2.0), beta=pm.Data("b", 2.0))
        n = pm.Data(trials, np.array([counts[1]]))
        pm.Binomial(successes, n=n, p=theta, observed=pm.Data(f"{successes}_data", np.array([counts[0]])))
    return model


def test_another_model_with_an_equal_graph_is_given_its_own_data() -> None:
    point = {"theta": np.array(0.3)}
    for names, counts in ((("heads", "flips"), (65, 100)), (("won", "played"), (9, 10))):
        model = binomial(*names, counts)
        known = Functions(model, point)
        before = len(functions._compiled)
        value, _ = known.density(model.observed_RVs)(known.unconstrain(point))
        assert value == pytest.approx(stats.binom(counts[1], 0.3).logpmf(counts[0]), rel=1e-12)
    assert len(functions._compiled) <= before + 1  # nothing but the transform may be new for the second model


def test_a_constant_that_differs_is_not_shared() -> None:
    values = []
    for constant in (0.0, 1.0):
        with pm.Model() as model:
            mu = pm.Normal("mu", 0.0, 1.0)
            pm.Normal("y", mu + constant, 1.0, observed=np.array([0.5]))
        known = Functions(model, {"mu": np.array(0.0)})
        values.append(known.density(model.observed_RVs)(np.array([0.0]))[0])
    assert values == pytest.approx(stats.norm([0.0, 1.0], 1.0).logpdf(0.5), rel=1e-12)

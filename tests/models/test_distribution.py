"""Priors as data: PyMC and SciPy read the same distribution out of one name and one set of hyperparameters."""

from __future__ import annotations

import numpy as np
import pymc as pm
import pytest

from comparisons.functions import PYTHON
from models.contract import Distribution
from tests.tolerances import ROUNDING

KNOWN = [
    Distribution("Beta", alpha=2.5, beta=0.7),
    Distribution("Normal", mu=-1, sigma=0.3),
    Distribution("Laplace", mu=2, b=0.5),
    Distribution("Exponential", lam=3),
    Distribution("HalfNormal", sigma=2),
    Distribution("LogNormal", mu=1, sigma=0.4),
]


@pytest.mark.parametrize("distribution", KNOWN, ids=str)
def test_pymc_and_scipy_have_the_same_density(distribution: Distribution) -> None:
    values = distribution.scipy.rvs(20, random_state=np.random.default_rng(1))
    same = getattr(pm, distribution.name).dist(**distribution.hyperparameters)
    expected = pm.logp(same, values).eval(mode=PYTHON)
    np.testing.assert_allclose(distribution.log_density(values), expected, rtol=ROUNDING)


@pytest.mark.parametrize("distribution", KNOWN, ids=str)
def test_a_variable_of_a_model_has_that_density_and_named_hyperparameters(distribution: Distribution) -> None:
    with pm.Model() as model:
        variable = distribution.variable("theta")
    assert {data.name for data in model.data_vars} == {f"theta_{key}" for key in distribution.hyperparameters}
    value = float(distribution.scipy.median())
    logp = pm.logp(variable, value).eval(mode=PYTHON)
    assert logp == pytest.approx(distribution.scipy.logpdf(value), rel=ROUNDING)


def test_array_hyperparameters_broadcast_against_dims() -> None:
    distribution = Distribution("Normal", mu=[0, 10, 20], sigma=1)
    with pm.Model(coords={"predictor": list("abc")}) as model:
        distribution.variable("beta", dims="predictor")
    logp = model.compile_fn(model.logp(sum=False), mode=PYTHON)({"beta": np.array([0.0, 10.0, 21.0])})
    np.testing.assert_allclose(logp[0], np.array([0, 0, -0.5]) - np.log(2 * np.pi) / 2)


@pytest.mark.parametrize("name", ["Flat", "HalfFlat"])
def test_improper_distributions_say_so_and_add_nothing(name: str) -> None:
    flat = Distribution(name)
    assert not flat.proper
    np.testing.assert_array_equal(flat.log_density(np.array([0.5, 1e9])), 0)
    with pytest.raises(KeyError, match=name):
        _ = flat.scipy


def test_a_distribution_without_counterpart_is_refused() -> None:
    with pytest.raises(KeyError, match="Dirichlet"):
        _ = Distribution("Dirichlet", a=[1, 1]).scipy


@pytest.mark.parametrize(
    ("distribution", "text"),
    [
        (Distribution("Beta", alpha=2, beta=2), "Beta(alpha=2, beta=2)"),
        (Distribution("Normal", mu=[0, 0], sigma=[1.23456, 2]), "Normal(mu=0, sigma=[1.235, 2])"),
        (Distribution("Flat"), "Flat()"),
    ],
)
def test_a_distribution_reads_as_it_is_written(distribution: Distribution, text: str) -> None:
    assert str(distribution) == repr(distribution) == text


@pytest.mark.parametrize("distribution", [*KNOWN[3:], Distribution("HalfFlat")], ids=str)
def test_keeping_a_scale_from_zero_means_outweighing_every_power(distribution: Distribution) -> None:
    small = 1e-60
    outweighs = float(np.asarray(distribution.log_density(np.array(small)))) < 100 * np.log(small) / 2
    assert distribution.keeps_from_zero == outweighs

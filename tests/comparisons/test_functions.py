"""The model as plain functions: its log densities are SciPy's, its gradients are slopes, its cache changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytest
import xarray as xr
from scipy import stats
from scipy.special import expit, logsumexp

import models
from comparisons import posterior
from comparisons.functions import PYTHON, Array
from tests.cases import Case, all_cases, case
from tests.tolerances import ROUNDING

POINTS = 5


def random_points(one: Case) -> Array:
    """Unconstrained points about the first start, in steps of its own size."""
    start = one.starts[0]
    return start + np.random.default_rng(1).normal(0, 0.3, (POINTS, len(start))) * np.maximum(np.abs(start), 1)


def likelihood(fit: str, data: xr.Dataset, values: dict[str, Any]) -> Array:
    """Log likelihood of every observation by SciPy."""
    scenario = fit.split("-")[0]
    if scenario == "coin":
        return np.asarray(stats.binom.logpmf(data["heads"], data["flips"], values["theta"]))
    y = data["y"].values
    if fit == "family":
        return np.asarray(stats.gamma.logpdf(y, values["shape"], scale=1 / values["rate"]))
    if fit == "family-kicks":
        return np.asarray(stats.poisson.logpmf(y, values["rate"]))
    if scenario == "gaussian":
        return np.asarray(stats.norm.logpdf(y, values["mu"], values["sigma"]))
    if scenario == "mixture":
        return np.asarray(logsumexp(mixture_terms(y, **values), axis=0))
    linear = values["intercept"] + (data["x"].values - data["x"].values.mean(axis=0)) @ values["beta"]
    if scenario == "regression":
        return np.asarray(stats.norm.logpdf(y, linear, values["sigma"]))
    return np.asarray(
        np.where(y == 1, stats.bernoulli.logpmf(1, expit(linear)), stats.bernoulli.logpmf(1, expit(-linear)))
    )


def mixture_terms(y: Array, weight: Array, mu: Array, sigma: Array, rho: Array | None = None, **_: Any) -> list[Array]:
    terms = []
    for k, share in enumerate(weight):
        correlation = np.eye(y.shape[1])
        if rho is not None:
            correlation[0, 1] = correlation[1, 0] = rho[k, 0]
        covariance = np.outer(sigma[k], sigma[k]) * correlation
        terms.append(np.log(share) + stats.multivariate_normal.logpdf(y, mu[k], covariance))
    return terms


@all_cases(fast=models.fits())
def test_log_likelihood_is_scipys(fit: str, prior: str) -> None:
    one = case(fit, prior)
    draws = random_points(one)
    ((_, terms),) = one.functions.each_term(one.model.observed_RVs, draws).items()
    declared = one.functions.declared()
    for u, row in zip(draws, terms, strict=True):
        np.testing.assert_allclose(row, likelihood(fit, one.data, declared(u)), rtol=ROUNDING, atol=ROUNDING)


@all_cases(fast=models.fits())
def test_log_prior_is_scipys(fit: str, prior: str) -> None:
    one = case(fit, prior)
    draws = random_points(one)
    terms = one.functions.each_term(one.model.free_RVs, draws)
    declared = one.functions.declared()
    for row, u in enumerate(draws):
        for name, value in declared(u).items():
            if name not in one.prior:
                continue
            distribution = one.prior[name]
            if distribution.name == "Dirichlet":
                expected = stats.dirichlet.logpdf(value / value.sum(), distribution.hyperparameters["a"])
            else:
                expected = distribution.log_density(value)
            np.testing.assert_allclose(terms[name][row], expected, rtol=ROUNDING, atol=ROUNDING)


@all_cases(lambda fit, prior: "-" not in fit or fit == "mixture-waiting", fast=models.fits())
def test_terms_sum_to_the_density_and_the_gradient_is_its_slope(fit: str, prior: str) -> None:
    one = case(fit, prior)
    every = [*one.model.free_RVs, *one.model.observed_RVs]
    density = one.functions.density(every)
    u = random_points(one)[0]
    value, gradient = density(u)
    terms = one.functions.each_term(every, u[None])
    assert value == pytest.approx(sum(term.sum() for term in terms.values()), rel=ROUNDING)
    # Central differences with step h err by h^2 times the third derivative and by rounding / h.
    step = 1e-5 * np.maximum(np.abs(u), 1)
    ahead = [density(u + shift)[0] for shift in np.diag(step)]
    behind = [density(u - shift)[0] for shift in np.diag(step)]
    slope = np.subtract(ahead, behind) / (2 * step)
    rounding = 1e-15 * max(map(abs, [*ahead, value])) / step
    assert np.all(np.abs(gradient - slope) <= 100 * rounding + 1e-5 * np.abs(gradient).max())


def test_outside_the_support_the_density_is_minus_infinity() -> None:
    one = case("gaussian-small", "weak")
    density = one.functions.density(one.model.observed_RVs)
    value, gradient = density(np.array([0.0, -800.0]))  # sigma = exp(-800) is 0 in floating point
    assert value == -np.inf
    np.testing.assert_array_equal(gradient, 0)


def test_mixture_is_pymcs_mixture() -> None:
    one = case("mixture", "weak")
    u = random_points(one)[0]
    values = one.functions.declared()(u)
    weight = values["weight"] / values["weight"].sum()
    parts = []
    for mu, sigma, (rho,) in zip(values["mu"], values["sigma"], values["rho"], strict=True):
        covariance = np.outer(sigma, sigma) * np.array([[1, rho], [rho, 1]])
        parts.append(pm.MvNormal.dist(mu, covariance))
    expected = pm.logp(pm.Mixture.dist(weight, parts), one.data["y"].values).eval(mode=PYTHON)
    ((_, terms),) = one.functions.each_term(one.model.observed_RVs, u[None]).items()
    np.testing.assert_allclose(terms[0], expected, rtol=ROUNDING)


@pytest.mark.parametrize(
    ("fit", "prior"), [("coin", "weak"), ("gaussian-small", "weak"), ("logistic-challenger", "normal")]
)
def test_pointwise_log_likelihood_is_pymcs(fit: str, prior: str) -> None:
    one = case(fit, prior)
    draws = random_points(one)
    terms = posterior.pointwise(one.functions, draws[None])
    declared = one.functions.declared()
    values = [declared(u) for u in draws]
    dims = one.model.named_vars_to_dims
    group = {
        name: (("chain", "draw", *dims.get(name, ())), np.stack([value[name] for value in values])[None])
        for name in values[0]
    }
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset(group, coords={"chain": [0], "draw": np.arange(POINTS)})})
    with one.model:
        pm.compute_log_likelihood(tree, progressbar=False, compile_kwargs={"mode": PYTHON})
    (name,) = map(str, terms["log_likelihood"])
    # They are kept in single precision.
    np.testing.assert_allclose(terms["log_likelihood"][name], tree["log_likelihood"][name], rtol=2e-7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fit", "prior"),
    [("coin", "weak"), ("gaussian-small", "weak"), ("regression", "laplace"), ("mixture-waiting", "weak")],
)
def test_what_is_sampled_carries_the_jacobian(fit: str, prior: str) -> None:
    """The density of u is that of the parameters times the volume that u's neighbourhood takes up among them."""
    one = case(fit, prior)
    density, declared = one.functions.density([*one.model.free_RVs, *one.model.observed_RVs]), one.functions.declared()
    sampled = one.functions.sampled()

    def free(u: Array) -> Array:
        """The free parameters, of a simplex all but the last, which the others determine."""
        values = declared(u)
        simplex = {name for name in values if name == "weight"}
        return np.concatenate(
            [np.ravel(values[v.name][:-1] if v.name in simplex else values[v.name]) for v in one.model.free_RVs]
        )

    for u in random_points(one)[:2]:
        step = 1e-6 * np.maximum(np.abs(u), 1)
        slopes = [(free(u + h) - free(u - h)) / (2 * h.sum()) for h in np.diag(step)]
        volume = np.linalg.slogdet(np.array(slopes))[1]
        # Central differences are good to 1e-9 or so for each of the d factors of the volume.
        assert sampled(u)[0] == pytest.approx(density(u)[0] + volume, abs=1e-7 * len(u), rel=1e-12)

"""Point readings beside published numbers, closed forms, statsmodels and scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytest
import statsmodels.api as sm
import xarray as xr
from scipy.optimize import minimize
from scipy.stats import chi2, norm
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

import models
from comparisons import points
from comparisons.functions import Array, Functions
from models import coin, gaussian, logistic, regression
from models.contract import Distribution, Prior, dataset
from tests.cases import Case, case
from tests.tolerances import same_points

Z = float(norm.ppf(0.975))


def coin_case(heads: int, flips: int, alpha: float, beta: float) -> Case:
    data = coin.counts(heads, flips, "title", "source")
    return Case(coin.SCENARIO, data, {"theta": Distribution("Beta", alpha=alpha, beta=beta)}, starts=3)


def standardised(data: xr.Dataset) -> xr.Dataset:
    x = data["x"].values
    return data.assign(x=(("observation", "predictor"), (x - x.mean(axis=0)) / x.std(axis=0)))


# Coin: the numbers every textbook prints.


@pytest.mark.parametrize(("alpha", "mode"), [(2, 0.8), (1, 1.0)])
def test_three_heads_of_three(alpha: float, mode: float) -> None:
    one = coin_case(3, 3, alpha, alpha)
    assert one.mle.estimate["theta"] == pytest.approx(1, abs=1e-9)
    assert one.map_.estimate["theta"] == pytest.approx(mode, abs=1e-6)


def test_laplace_interval_of_beta_9_5_lies_on_the_scale_of_the_probability() -> None:
    # Seven heads of ten under Beta(2, 2); on the logit scale it would be [.376, .843] or [.376, .869].
    map_ = coin_case(7, 10, 2, 2).map_
    assert (round(float(map_.lower["theta"]), 3), round(float(map_.upper["theta"]), 3)) == (0.400, 0.933)


def test_standard_errors_of_the_coin() -> None:
    one = coin_case(7, 10, 2, 2)
    assert one.mle.sd["theta"] == pytest.approx(np.sqrt(0.7 * 0.3 / 10), rel=1e-6)
    assert one.mle.wald_lower["theta"] == pytest.approx(0.7 - Z * np.sqrt(0.021), rel=1e-6)
    # The curvature of Beta(9, 5) at its mode 8 / 12, where 8 + 4 flips are seen.
    assert one.map_.sd["theta"] == pytest.approx(np.sqrt(2 / 3 * 1 / 3 / 12), rel=1e-6)


# Gaussian and regression: divisor n.


@pytest.mark.parametrize("fit", ["gaussian-small", "gaussian-newcomb"])
def test_standard_errors_of_the_gaussian(fit: str) -> None:
    one = case(fit, "weak")
    n, sigma = one.data.sizes["observation"], float(one.mle.estimate["sigma"])
    assert one.mle.sd["mu"] == pytest.approx(sigma / np.sqrt(n), rel=1e-5)
    assert one.mle.sd["sigma"] == pytest.approx(sigma / np.sqrt(2 * n), rel=1e-5)


def test_standard_errors_of_regression_are_those_of_statsmodels_with_divisor_n() -> None:
    one = case("regression", "flat")
    x, y = one.data["x"].values, one.data["y"].values
    ols = sm.OLS(y, sm.add_constant(x - x.mean(axis=0))).fit()
    errors = ols.bse * np.sqrt(ols.df_resid / len(y))
    same_points(one.mle.estimate["beta"], ols.params[1:], errors[1:])
    np.testing.assert_allclose(one.mle.sd["intercept"], errors[0], rtol=1e-5)
    np.testing.assert_allclose(one.mle.sd["beta"], errors[1:], rtol=1e-5)


# Logistic regression.


@pytest.mark.parametrize("fit", ["logistic", "logistic-challenger"])
def test_logistic_maximum_and_errors_are_those_of_statsmodels(fit: str) -> None:
    one = case(fit, "flat")
    x, y = one.data["x"].values, one.data["y"].values
    logit = sm.Logit(y, sm.add_constant(x - x.mean(axis=0))).fit(disp=0, tol=1e-12)
    errors = np.sqrt(np.diag(logit.cov_params()))
    same_points(np.append(one.mle.estimate["intercept"], one.mle.estimate["beta"]), logit.params, errors)
    np.testing.assert_allclose(np.append(one.mle.sd["intercept"], one.mle.sd["beta"]), errors, rtol=1e-5)


def test_challenger_is_as_published() -> None:
    one = case("logistic-challenger", "flat")
    slope = float(one.mle.estimate["beta"][0])
    intercept = float(one.mle.estimate["intercept"]) - slope * float(one.data["x"].mean())
    assert (round(intercept, 4), round(slope, 4)) == (15.0429, -0.2322)


# What the penalties of other programs are in terms of priors.


def test_ridge_penalty_is_sigma_squared_over_tau_squared() -> None:
    data, tau = standardised(models.load("regression").datasets["teaching"]()), 0.3
    prior = {**FLAT, "beta": Distribution("Normal", mu=0, sigma=np.full(10, tau))}
    map_ = Case(regression.SCENARIO, data, prior).map_
    variance = float(map_.estimate["sigma"]) ** 2

    def ridge(alpha: float) -> Array:
        return np.asarray(Ridge(alpha=alpha, solver="cholesky").fit(data["x"], data["y"]).coef_)

    same_points(map_.estimate["beta"], ridge(variance / tau**2), map_.sd["beta"])
    norms = [np.linalg.norm(ridge(alpha)) for alpha in (1 / tau**2, variance / tau**2)]
    assert abs(norms[0] / norms[1] - 1) > 0.01  # the conversion that forgets sigma is another estimate


def test_lasso_penalty_is_sigma_squared_over_n_b() -> None:
    data, b = standardised(models.load("regression").datasets["teaching"]()), 0.05
    prior = {**FLAT, "beta": Distribution("Laplace", mu=0, b=np.full(10, b))}
    map_ = Case(regression.SCENARIO, data, prior).map_
    alpha = float(map_.estimate["sigma"]) ** 2 / (data.sizes["observation"] * b)
    lasso = Lasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(data["x"], data["y"]).coef_
    held = map_.estimate["beta"] == 0
    assert 0 < held.sum() < 10
    np.testing.assert_array_equal(lasso == 0, held)
    same_points(map_.estimate["beta"][~held], lasso[~held], map_.sd["beta"][~held])


def test_logistic_c_is_tau_squared() -> None:
    data, tau = standardised(models.load("logistic").datasets["teaching"]()), 0.4
    prior = {"intercept": Distribution("Flat"), "beta": Distribution("Normal", mu=0, sigma=np.full(3, tau))}
    map_ = Case(logistic.SCENARIO, data, prior).map_
    fitted = LogisticRegression(C=tau**2, tol=1e-12, solver="newton-cholesky").fit(data["x"], data["y"])
    same_points(map_.estimate["beta"], fitted.coef_[0], map_.sd["beta"])
    same_points(map_.estimate["intercept"], fitted.intercept_[0], map_.sd["intercept"])


FLAT: Prior = {"intercept": Distribution("Flat"), "sigma": Distribution("HalfFlat")}


# Kinks: exact zeros, where smooth optimisers report success and are wrong.


@pytest.mark.parametrize("fit", ["regression", "logistic"])
def test_laplace_prior_gives_zeros_that_obey_their_conditions(fit: str) -> None:
    one = case(fit, "laplace")
    if fit == "logistic":  # the built-in prior is too wide to hold any of the three coefficients
        one = Case(one.scenario, one.data, {**one.prior, "beta": Distribution("Laplace", mu=0, b=np.full(3, 0.05))})
    x, y = one.data["x"].values - one.data["x"].values.mean(axis=0), one.data["y"].values
    estimate = one.map_.estimate
    beta, rate = estimate["beta"], 1 / one.prior["beta"].hyperparameters["b"]
    linear = estimate["intercept"] + x @ beta
    if fit == "regression":
        slope = x.T @ (y - linear) / estimate["sigma"] ** 2
    else:
        slope = x.T @ (y - 1 / (1 + np.exp(-linear)))
    held = beta == 0
    assert held.any()
    assert not held.all()
    assert np.all(np.abs(slope[held]) <= rate[held])
    np.testing.assert_allclose(slope[~held], np.sign(beta[~held]) * rate[~held], rtol=1e-5)
    assert np.isnan(one.map_.sd["beta"][held]).all()
    assert all("kink" in str(text) for text in one.map_.reason["beta"][held])


def test_a_smooth_optimiser_stalls_where_this_one_does_not() -> None:
    one = case("regression", "laplace")
    density = one.functions.density([*one.model.free_RVs, *one.model.observed_RVs])

    def objective(u: Array) -> tuple[float, Array]:
        value, gradient = density(u)
        return -value, -gradient

    ends = [minimize(objective, start, jac=True, method="L-BFGS-B") for start in one.starts[:4]]
    ours = density(one.map_.optimum.u)[0]
    assert all(-end.fun <= ours + 1e-9 for end in ends)
    here = one.functions.slices["beta"]
    assert all(np.all(end.x[here] != 0) for end in ends)
    assert np.sum(one.map_.optimum.u[here] == 0) >= 3


def test_a_laplace_prior_whose_scale_is_learnt_is_refused() -> None:
    import pymc as pm

    from comparisons import points
    from comparisons.functions import Functions

    with pm.Model() as model:
        b = pm.HalfNormal("b")
        pm.Normal("y", pm.Laplace("beta", 0, b), 1, observed=np.zeros(3))
    functions = Functions(model, {"b": np.array(1.0), "beta": np.array(0.0)})
    with pytest.raises(ValueError, match="'beta' must have constant hyperparameters"):
        points.map_(functions, ["beta"], [np.zeros(2)], 0.95)


# Estimates that do not exist say so.


def separated() -> xr.Dataset:
    return logistic.read(frame(x=[1.0, 2.0, 3.0, 4.0], y=[0, 0, 1, 1]), outcome="y")


def frame(**columns: Any) -> Any:
    import pandas as pd

    return pd.DataFrame(columns)


def test_an_estimate_that_does_not_exist_is_absent_and_says_why() -> None:
    data = separated()
    priors = logistic.priors(data)
    flat = Case(logistic.SCENARIO, data, priors["flat"], starts=2)
    for point in (flat.mle, flat.map_):
        assert not point.exists
        for values in (point.estimate, point.sd, point.lower, point.upper, point.wald_lower):
            assert np.isnan(values["beta"]).all()
        assert "complete separation" in str(point.reason["beta"][0])
    penalised = Case(logistic.SCENARIO, data, priors["normal"]).map_
    assert penalised.exists
    assert np.isfinite(penalised.lower["beta"]).all()


def test_constant_data_have_no_largest_likelihood() -> None:
    data = dataset({"y": ("observation", np.full(5, 3.0))}, title="constant", source="here")
    prior: Prior = {"mu": Distribution("Normal", mu=0, sigma=10), "sigma": Distribution("LogNormal", mu=0, sigma=1)}
    one = Case(gaussian.SCENARIO, data, prior)
    one.candidates = [{"mu": np.array(mu), "sigma": np.array(1.0)} for mu in (2.0, 3.5)]
    assert not one.mle.exists
    assert np.isnan(one.mle.estimate["sigma"])
    assert str(one.mle.reason["sigma"]).startswith("unbounded")
    assert one.map_.exists  # a LogNormal keeps sigma from zero
    assert float(one.map_.estimate["sigma"]) > 0


@pytest.mark.parametrize("several", [False, True])
def test_a_maximum_on_the_boundary_says_whether_it_has_an_interval(several: bool) -> None:
    """Three heads of three have the interval from exp(-chi^2 / 6) to 1; beside a second coin it is none."""
    with pm.Model() as model:
        first = pm.Uniform("first", 0, 1)
        pm.Binomial("three", n=3, p=first, observed=3)
        if several:
            pm.Binomial("five", n=5, p=pm.Uniform("second", 0, 1), observed=2)
    names = ["first", "second"][: 1 + several]
    functions = Functions(model, {name: np.array(0.5) for name in names})
    point = points.mle(functions, names, [np.full(len(names), 0.3), np.full(len(names), -0.2)], 0.95)
    assert point.optimum.failure == "boundary"
    assert point.estimate["first"] == pytest.approx(1, abs=1e-9)
    said = str(point.reason["first"])
    assert said.startswith("on the boundary of the parameter space; ")
    assert ("no profile interval" in said) == several == bool(np.isnan(point.lower["first"]))
    if not several:
        assert point.lower["first"] == pytest.approx(np.exp(-chi2.ppf(0.95, 1) / 6), rel=1e-6)
        assert "nominal" in said

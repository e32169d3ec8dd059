"""Penalties translated, beside the libraries fitted to real data, the project's own modes and output of glmnet."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge

import models
from comparisons.functions import Array
from comparisons.penalty import Data, elastic_net_parts, elastic_net_scales, penalty_of, scale_of
from comparisons.penalty_forms import KINDS
from models import logistic, regression
from models.contract import Distribution, Prior
from models.contract.bad_input import BadInput
from tests.cases import Case
from tests.tolerances import ROUNDING, same_points

FLAT: Prior = {"intercept": Distribution("Flat"), "sigma": Distribution("HalfFlat")}
PAIRS = [(kind, form.library) for kind in KINDS for form in KINDS[kind].forms]


def standardised(name: str, dataset: str) -> Any:
    data = models.load(name).datasets[dataset]()
    x = data["x"].values
    return data.assign(x=(("observation", "predictor"), (x - x.mean(axis=0)) / x.std(axis=0)))


def number(kind: str, library: str, scale: float, **data: Any) -> float:
    value = penalty_of(kind, library, scale, Data(**data))
    assert not value.unknown
    return value.number


def soft(kind: str, library: str, scale: float, **data: Any) -> list[float]:
    """The penalties of statsmodels: none for the constant, the same for the ten columns of diabetes."""
    return [0.0, *[number(kind, library, scale, **data)] * 10]


# Real data: the mode of the project's own posterior, at its own sigma, is what each library fits at its penalty.


def test_ridge_of_every_library_is_the_mode() -> None:
    data, tau = standardised("regression", "diabetes"), 20.0
    map_ = Case(regression.SCENARIO, data, {**FLAT, "beta": Distribution("Normal", mu=0, sigma=np.full(10, tau))}).map_
    beta, sd, sigma, n = (
        map_.estimate["beta"],
        map_.sd["beta"],
        float(map_.estimate["sigma"]),
        data.sizes["observation"],
    )
    x, y = data["x"].values, data["y"].values
    ridge = Ridge(alpha=number("ridge", "scikit-learn", tau, sigma=sigma), solver="cholesky").fit(x, y)
    alpha = soft("ridge", "statsmodels", tau, sigma=sigma, n=n)
    ols = sm.OLS(y, sm.add_constant(x)).fit_regularized(alpha=alpha, L1_wt=0)
    closed = np.linalg.solve(x.T @ x / sigma**2 + np.eye(10) / tau**2, x.T @ (y - y.mean()) / sigma**2)
    for other in (ridge.coef_, ols.params[1:], closed):
        same_points(beta, other, sd)
    same_points(ols.params[0], ridge.intercept_, sd[0])
    forgets_sigma = Ridge(alpha=1 / tau**2, solver="cholesky").fit(x, y).coef_
    assert np.max(np.abs(forgets_sigma - beta) / sd) > 0.1


@pytest.mark.parametrize("b", [5.0, 20.0])
def test_lasso_of_every_library_is_the_mode(b: float) -> None:
    data = standardised("regression", "diabetes")
    map_ = Case(regression.SCENARIO, data, {**FLAT, "beta": Distribution("Laplace", mu=0, b=np.full(10, b))}).map_
    beta, sigma, n = map_.estimate["beta"], float(map_.estimate["sigma"]), data.sizes["observation"]
    x, y = data["x"].values, data["y"].values
    lasso = Lasso(alpha=number("lasso", "scikit-learn", b, sigma=sigma, n=n), tol=1e-14, max_iter=100_000).fit(x, y)
    alpha, design = np.array(soft("lasso", "statsmodels", b, sigma=sigma, n=n)), sm.add_constant(x)
    glm = sm.GLM(y, design).fit_regularized(method="l1_slsqp", alpha=alpha, acc=1e-14).params[1:]
    ols = sm.OLS(y, design).fit_regularized(alpha=alpha, L1_wt=1, maxiter=5_000, cnvrg_tol=1e-11).params[1:]
    held = beta == 0
    assert 0 < held.sum() < 10
    same_points(beta[~held], lasso.coef_[~held], map_.sd["beta"][~held])
    np.testing.assert_array_equal(lasso.coef_ == 0, held)
    np.testing.assert_allclose(glm, beta, atol=1e-4 * np.nanmax(map_.sd["beta"]))
    # Coordinate descent of statsmodels 0.15 leaves a coefficient at 0 once it was there: at b = 5 it ends elsewhere.
    gap = np.max(np.abs(ols - beta)) / np.nanmax(map_.sd["beta"])
    assert gap < 1e-4 if b == 20 else gap > 0.1


def test_logistic_ridge_of_every_library_is_the_mode() -> None:
    data, tau = standardised("logistic", "challenger"), 0.8
    prior = {"intercept": Distribution("Flat"), "beta": Distribution("Normal", mu=0, sigma=np.full(1, tau))}
    map_ = Case(logistic.SCENARIO, data, prior).map_
    x, y, n = data["x"].values, data["y"].values, data.sizes["observation"]
    c = number("logistic-ridge", "scikit-learn", tau)
    fitted = LogisticRegression(C=c, tol=1e-12, solver="newton-cholesky").fit(x, y)
    alpha = np.array([0, number("logistic-ridge", "statsmodels", tau, n=n)])
    glm = sm.GLM(y, sm.add_constant(x), sm.families.Binomial()).fit_regularized(alpha=alpha, L1_wt=0)
    same_points(map_.estimate["beta"], fitted.coef_[0], map_.sd["beta"])
    same_points(map_.estimate["intercept"], fitted.intercept_[0], map_.sd["intercept"])
    # BFGS stops at a gradient of 1e-5 of the mean; times n, against a curvature of one per sd squared.
    np.testing.assert_allclose(glm.params[1], map_.estimate["beta"][0], atol=n * 1e-5 * map_.sd["beta"][0] ** 2 * 2)


def test_logistic_lasso_of_every_library_is_the_mode() -> None:
    data, b = standardised("logistic", "teaching"), 0.05
    prior = {"intercept": Distribution("Flat"), "beta": Distribution("Laplace", mu=0, b=np.full(3, b))}
    map_ = Case(logistic.SCENARIO, data, prior).map_
    beta, sd, n = map_.estimate["beta"], map_.sd["beta"], data.sizes["observation"]
    x, y = data["x"].values, data["y"].values
    design, held = sm.add_constant(x), beta == 0
    c = number("logistic-lasso", "scikit-learn", b)
    saga = LogisticRegression(C=c, l1_ratio=1, solver="saga", tol=1e-10, max_iter=100_000).fit(x, y).coef_[0]
    per_row = np.array([0.0, *[number("logistic-lasso", "statsmodels", b, n=n)] * 3])
    family = sm.families.Binomial()
    glm = sm.GLM(y, design, family).fit_regularized(alpha=per_row, L1_wt=1, maxiter=1_000, cnvrg_tol=1e-9).params[1:]
    summed = np.array([0.0, *[number("logistic-lasso", "statsmodels-logit", b)] * 3])
    logit = sm.Logit(y, design).fit_regularized(method="l1", alpha=summed, disp=0, acc=1e-14).params[1:]
    assert 0 < held.sum() < 3
    for other in (saga, glm, logit):
        np.testing.assert_array_equal(np.abs(other) < 1e-9, held)
        np.testing.assert_allclose(other[~held], beta[~held], atol=1e-4 * np.nanmax(sd))


def test_elastic_net_is_the_mode_under_the_product_of_its_factors() -> None:
    data, sigma, alpha, ratio = standardised("regression", "diabetes"), 54.0, 8.0, 0.3
    x, y, n = data["x"].values, data["y"].values - data["y"].values.mean(), data.sizes["observation"]
    b, tau = elastic_net_scales("scikit-learn", alpha, ratio, Data(sigma=sigma, n=n))

    def objective(parts: Array) -> tuple[float, Array]:  # beta as the difference of two parts that are not negative
        beta = parts[:10] - parts[10:]
        residual = y - x @ beta
        slope = -x.T @ residual / sigma**2 + beta / tau**2
        value = np.sum(residual**2) / (2 * sigma**2) + parts.sum() / b + np.sum(beta**2) / (2 * tau**2)
        return float(value), np.concatenate([slope, -slope]) + 1 / b

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 10_000, "maxfun": 100_000}
    found = minimize(objective, np.ones(20), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 20, options=options).x
    mode = found[:10] - found[10:]
    net = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=False, tol=1e-14, max_iter=100_000).fit(x, y).coef_
    unit = sigma / np.sqrt(n)
    assert 0 < np.sum(net == 0) < 10
    np.testing.assert_allclose(mode, net, atol=1e-5 * unit)
    absolute, quadratic = elastic_net_parts("statsmodels", b, tau, Data(sigma=sigma, n=n))
    total = absolute.number + quadratic.number
    ols = sm.OLS(y, x).fit_regularized(alpha=total, L1_wt=absolute.number / total, maxiter=5_000, cnvrg_tol=1e-11)
    np.testing.assert_allclose(ols.params, net, atol=1e-5 * unit)


# glmnet: what it printed, and the conditions of a minimum on its own scale of y.

# Motor Trend 1974 (Henderson and Velleman 1981, doi:10.2307/2530428): mpg, then the ten predictors.
MTCARS = """
21 6 160 110 3.9 2.62 16.46 0 1 4 4|21 6 160 110 3.9 2.875 17.02 0 1 4 4|22.8 4 108 93 3.85 2.32 18.61 1 1 4 1
21.4 6 258 110 3.08 3.215 19.44 1 0 3 1|18.7 8 360 175 3.15 3.44 17.02 0 0 3 2|18.1 6 225 105 2.76 3.46 20.22 1 0 3 1
14.3 8 360 245 3.21 3.57 15.84 0 0 3 4|24.4 4 146.7 62 3.69 3.19 20 1 0 4 2|22.8 4 140.8 95 3.92 3.15 22.9 1 0 4 2
19.2 6 167.6 123 3.92 3.44 18.3 1 0 4 4|17.8 6 167.6 123 3.92 3.44 18.9 1 0 4 4|16.4 8 275.8 180 3.07 4.07 17.4 0 0 3 3
17.3 8 275.8 180 3.07 3.73 17.6 0 0 3 3|15.2 8 275.8 180 3.07 3.78 18 0 0 3 3|10.4 8 472 205 2.93 5.25 17.98 0 0 3 4
10.4 8 460 215 3 5.424 17.82 0 0 3 4|14.7 8 440 230 3.23 5.345 17.42 0 0 3 4|32.4 4 78.7 66 4.08 2.2 19.47 1 1 4 1
30.4 4 75.7 52 4.93 1.615 18.52 1 1 4 2|33.9 4 71.1 65 4.22 1.835 19.9 1 1 4 1|21.5 4 120.1 97 3.7 2.465 20.01 1 0 3 1
15.5 8 318 150 2.76 3.52 16.87 0 0 3 2|15.2 8 304 150 3.15 3.435 17.3 0 0 3 2|13.3 8 350 245 3.73 3.84 15.41 0 0 3 4
19.2 8 400 175 3.08 3.845 17.05 0 0 3 2|27.3 4 79 66 4.08 1.935 18.9 1 1 4 1|26 4 120.3 91 4.43 2.14 16.7 0 1 5 2
30.4 4 95.1 113 3.77 1.513 16.9 1 1 5 2|15.8 8 351 264 4.22 3.17 14.5 0 1 5 4|19.7 6 145 175 3.62 2.77 15.5 0 1 5 6
15 8 301 335 3.54 3.57 14.6 0 1 5 8|21.4 4 121 109 4.11 2.78 18.6 1 1 4 2
"""
# Output of glmnet 4.1.10 with alpha = 0 and its default standardize = TRUE, to four decimals: lambda, intercept, beta;
# from verification/results/r/mtcars_ridge.json of github.com/jesse-anderson/linreg-core.
GLMNET = [
    (65.5867, [19.4301, -0.1686, -0.0024, -0.0041, 0.4523, -0.3285, 0.0798, 0.4542, 0.4468, 0.2305, -0.1289]),
    (15.3192, [19.4647, -0.3267, -0.0047, -0.0084, 0.8837, -0.721, 0.1422, 0.8228, 0.9812, 0.4461, -0.2977]),
]


@pytest.mark.parametrize(("lambda_", "printed"), GLMNET)
def test_ridge_of_glmnet_is_as_it_printed(lambda_: float, printed: list[float]) -> None:
    table = np.array([row.split() for row in re.split(r"[|\n]", MTCARS.strip())], dtype=float)
    y, x = table[:, 0], table[:, 1:]
    z, n = (x - x.mean(axis=0)) / x.std(axis=0), len(y)
    tau = scale_of("ridge", "glmnet", lambda_, Data(sigma=2.5, n=n, sd_y=float(y.std())))
    beta = np.linalg.solve(z.T @ z / 2.5**2 + np.eye(10) / tau**2, z.T @ (y - y.mean()) / 2.5**2) / x.std(axis=0)
    # Half a unit of the fourth decimal, and what glmnet leaves when a sweep changes the fit by less than 1e-7.
    mine = np.append(y.mean() - x.mean(axis=0) @ beta, beta)
    np.testing.assert_allclose(mine[1:], printed[1:], atol=2e-4)
    np.testing.assert_allclose(mine[0], printed[0], atol=1e-3)
    documented = np.linalg.solve(z.T @ z + n * lambda_ * np.eye(10), z.T @ (y - y.mean())) / x.std(axis=0)
    assert np.max(np.abs(documented - printed[1:])) > 0.3  # without sd_y it is another estimate


@pytest.mark.parametrize(("kind", "share"), [("ridge", 0.0), ("lasso", 1.0), ("elastic-net", 0.4)])
def test_glmnet_is_stationary_where_it_solves(kind: str, share: float) -> None:
    """The documented conditions, of y and lambda divided by sd_y, at the mode under the translated prior."""
    data, sigma = standardised("regression", "diabetes"), 54.0
    x, y, n = data["x"].values, data["y"].values, data.sizes["observation"]
    sd_y, lambda_ = float(y.std()), 60.0 if kind == "ridge" else 9.0
    about = Data(sigma=sigma, n=n, sd_y=sd_y)
    b, tau = np.inf, np.inf
    if kind == "elastic-net":
        b, tau = elastic_net_scales("glmnet", lambda_, share, about)
    elif kind == "ridge":
        tau = scale_of("ridge", "glmnet", lambda_, about)
    else:
        b = scale_of("lasso", "glmnet", lambda_, about)
    absolute, quadratic = sigma**2 / (n * b), sigma**2 / (n * tau**2)
    ratio = absolute / (absolute + quadratic)
    if kind == "ridge":
        beta = np.linalg.solve(x.T @ x / sigma**2 + np.eye(10) / tau**2, x.T @ (y - y.mean()) / sigma**2)
    else:
        mode = ElasticNet(alpha=absolute + quadratic, l1_ratio=ratio, tol=1e-14, max_iter=100_000).fit(x, y)
        beta = mode.coef_
    inner, scaled = beta / sd_y, lambda_ / sd_y
    slope = x.T @ ((y - y.mean()) / sd_y - x @ inner) / n - scaled * (1 - share) * inner
    held = inner == 0
    assert held.any() == (kind != "ridge")
    np.testing.assert_allclose(slope[~held], scaled * share * np.sign(inner[~held]), atol=1e-7)
    assert np.all(np.abs(slope[held]) <= scaled * share)


def test_binomial_glmnet_is_stationary() -> None:
    data, lambda_ = standardised("logistic", "teaching"), 0.05
    x, y, n = data["x"].values, data["y"].values, data.sizes["observation"]
    for kind, share in (("logistic-ridge", 0), ("logistic-lasso", 1)):
        c = number(kind, "scikit-learn", scale_of(kind, "glmnet", lambda_, Data(n=n)))
        fit = LogisticRegression(C=c, l1_ratio=share, solver="saga", tol=1e-10, max_iter=100_000).fit(x, y)
        beta = fit.coef_[0]
        slope = x.T @ (y - fit.predict_proba(x)[:, 1]) / n - lambda_ * (1 - share) * beta
        held = beta == 0
        np.testing.assert_allclose(slope[~held], lambda_ * share * np.sign(beta[~held]), atol=1e-6)
        assert np.all(np.abs(slope[held]) <= lambda_ * share)


# There and back.

POSITIVE = st.floats(1e-4, 1e4)


@pytest.mark.parametrize(("kind", "library"), PAIRS)
@given(scale=POSITIVE, sigma=POSITIVE, n=st.integers(1, 10**6), sd_y=POSITIVE)
def test_round_trip(kind: str, library: str, scale: float, sigma: float, n: int, sd_y: float) -> None:
    data = Data(sigma=sigma, n=n, sd_y=sd_y)
    there = penalty_of(kind, library, scale, data)
    assert scale_of(kind, library, there.number, data) == pytest.approx(scale, rel=ROUNDING)
    assert penalty_of(kind, library, scale * 2, data).number != there.number


@given(
    library=st.sampled_from(["scikit-learn", "glmnet", "statsmodels"]),
    penalty=POSITIVE,
    ratio=st.floats(0.01, 0.99),
    data=st.builds(Data, sigma=POSITIVE, n=st.integers(1, 10**6), sd_y=POSITIVE),
)
def test_round_trip_of_the_elastic_net(library: str, penalty: float, ratio: float, data: Data) -> None:
    b, tau = elastic_net_scales(library, penalty, ratio, data)
    absolute, quadratic = elastic_net_parts(library, b, tau, data)
    total = absolute.number + quadratic.number
    assert (total, absolute.number / total) == pytest.approx((penalty, ratio), rel=ROUNDING)


@pytest.mark.parametrize(
    ("kind", "library"), [pair for pair in PAIRS if pair[1] != "scikit-learn" or "log" not in pair[0]]
)
def test_a_penalty_of_zero_is_a_flat_prior_whatever_the_noise(kind: str, library: str) -> None:
    assert scale_of(kind, library, 0.0, Data()) == np.inf


def test_numbers_beyond_the_range_of_a_double_are_refused() -> None:
    with pytest.raises(BadInput, match="--tau"):
        penalty_of("ridge", "scikit-learn", 1e-200, Data(sigma=1.0))
    with pytest.raises(BadInput, match="--alpha"):
        scale_of("ridge", "scikit-learn", 1e-300, Data(sigma=1e200))

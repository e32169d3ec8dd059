"""Profile likelihood intervals beside roots, closed forms and a grid of refitted models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.stats import binom, chi2

from comparisons import profile
from comparisons.functions import Array
from comparisons.optimum import Optimum
from models import coin
from models.contract import Distribution
from tests.cases import LEVEL, Case, case
from tests.planted import Written

DROP = float(chi2.ppf(LEVEL, 1)) / 2
# An end may miss the contour by comparisons.profile.ON_CONTOUR = 1e-4 in log density, whose slope there is about
# sqrt(2 DROP) = 2 per standard error: 5e-5 standard errors.
END = 1e-4 / np.sqrt(2 * DROP)


@pytest.mark.parametrize(("heads", "flips"), [(7, 10), (1, 50), (499, 1_000)])
def test_coin(heads: int, flips: int) -> None:
    mle = beta_coin(heads, flips).mle

    def excess(theta: float) -> float:
        return float(binom.logpmf(heads, flips, theta) - binom.logpmf(heads, flips, heads / flips) + DROP)

    share = heads / flips
    assert mle.lower["theta"] == pytest.approx(brentq(excess, 1e-9, share, xtol=1e-12), abs=END * mle.sd["theta"])
    assert mle.upper["theta"] == pytest.approx(brentq(excess, share, 1 - 1e-9, xtol=1e-12), abs=END * mle.sd["theta"])


@pytest.mark.parametrize("heads", [0, 6])
def test_coin_on_the_boundary_has_one_open_end(heads: int) -> None:
    # n heads of n: theta^n falls to exp(-DROP).
    mle = beta_coin(heads, 6).mle
    inner = np.exp(-DROP / 6)
    expected = (inner, 1.0) if heads else (0.0, 1 - inner)
    assert (float(mle.lower["theta"]), float(mle.upper["theta"])) == pytest.approx(expected, abs=1e-6)


def beta_coin(heads: int, flips: int) -> Case:
    data = coin.counts(heads, flips, "title", "source")
    return Case(coin.SCENARIO, data, {"theta": Distribution("Beta", alpha=2, beta=2)}, starts=2)


@pytest.mark.parametrize("fit", ["gaussian", "gaussian-small", "gaussian-newcomb"])
def test_gaussian(fit: str) -> None:
    mle = case(fit, "weak").mle
    y = case(fit, "weak").data["y"].values
    n, mean, sd = len(y), float(y.mean()), float(y.std())
    # With sigma at its best for every mu, -2 log of the likelihood ratio is n log(1 + ((mu - mean) / sd)^2).
    half = sd * np.sqrt(np.exp(2 * DROP / n) - 1)
    assert mle.lower["mu"] == pytest.approx(mean - half, abs=END * mle.sd["mu"])
    assert mle.upper["mu"] == pytest.approx(mean + half, abs=END * mle.sd["mu"])

    def excess(sigma: float) -> float:
        return float(-n * np.log(sigma / sd) - n / 2 * ((sd / sigma) ** 2 - 1) + DROP)

    assert mle.lower["sigma"] == pytest.approx(brentq(excess, sd / 5, sd, xtol=1e-12), abs=END * mle.sd["sigma"])
    assert mle.upper["sigma"] == pytest.approx(brentq(excess, sd, sd * 5, xtol=1e-12), abs=END * mle.sd["sigma"])


def test_regression_slope() -> None:
    """As in the Gaussian: all residual sums of squares up to a factor exp(2 DROP / n) are likely enough."""
    one = case("regression", "flat")
    x, y = one.data["x"].values, one.data["y"].values
    design = sm.add_constant(x - x.mean(axis=0))
    ols, n = sm.OLS(y, design).fit(), len(y)
    unscaled = np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    half = unscaled[1:] * np.sqrt(ols.ssr * (np.exp(2 * DROP / n) - 1))
    assert np.all(np.abs(one.mle.upper["beta"] - ols.params[1:] - half) <= END * one.mle.sd["beta"])
    assert np.all(np.abs(one.mle.lower["beta"] - ols.params[1:] + half) <= END * one.mle.sd["beta"])


@pytest.mark.parametrize("sign", [-1, 1])
def test_challenger_slope(sign: int) -> None:
    """Each value of the slope enters as an offset, and statsmodels finds the best intercept."""
    one = case("logistic-challenger", "flat")
    x = (one.data["x"] - one.data["x"].mean()).values[:, 0]
    y = one.data["y"].values

    def excess(slope: float) -> float:
        rest = sm.GLM(y, np.ones((len(y), 1)), family=sm.families.Binomial(), offset=slope * x).fit(tol=1e-12)
        return float(rest.llf - top.llf + DROP)

    top = sm.Logit(y, sm.add_constant(x)).fit(disp=0, tol=1e-12)
    best, sd = float(top.params[1]), float(one.mle.sd["beta"][0])
    end = brentq(excess, best, best + sign * 5 * sd, xtol=1e-10)
    found = one.mle.lower if sign < 0 else one.mle.upper
    assert found["beta"][0] == pytest.approx(end, abs=END * sd)


def test_the_interval_of_the_level_asked_for() -> None:
    from comparisons import points

    one = beta_coin(7, 10)
    narrow = points.mle(one.functions, ["theta"], one.starts, 0.5)
    lower, upper = float(narrow.lower["theta"]), float(narrow.upper["theta"])
    fall = binom.logpmf(7, 10, 0.7) - binom.logpmf(7, 10, [lower, upper])
    np.testing.assert_allclose(fall, chi2.ppf(0.5, 1) / 2, rtol=1e-4)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("what", [np.nan, -np.inf])
def test_a_density_that_stops_being_a_number_has_no_end_there(what: float, sign: float) -> None:
    """Past one standard error of a Normal; its other end, and the order of both, stay what they are."""

    def density(u: Array) -> tuple[float, Array]:
        return -(float(u[0]) ** 2) / 2 if u[0] < 1 else what, -u

    one = np.ones(1, dtype=bool)
    optimum = Optimum(np.zeros(1), 0.0, np.eye(1), ~one, True, "", 0.0, 1, 1, 0)
    declared: Any = Written(lambda u: sign * u)
    lower, upper = (float(end[0]) for end in profile.intervals(density, optimum, declared, LEVEL))
    missing, found = (upper, lower) if sign > 0 else (lower, upper)
    assert np.isnan(missing)
    assert found == pytest.approx(-sign * np.sqrt(2 * DROP), abs=END)

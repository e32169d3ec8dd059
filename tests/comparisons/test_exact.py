"""Exact sums for the coin: published numbers, quadrature, and the project's own readings of every possible outcome."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta as beta_distribution
from statsmodels.stats.proportion import proportion_confint

from comparisons.coverage import READING_OF
from comparisons.exact import Coin, at, averaged
from models import coin
from tests.cases import Case
from tests.tolerances import POINT, ROUNDING, same_points


def number(frame: pd.DataFrame, interval: str, column: str = "coverage") -> float:
    return float(frame.loc[frame["interval"] == interval, column].iloc[0])


@pytest.mark.parametrize(
    ("flips", "theta", "published"),
    [
        (30, 0.2, 0.946),
        (98, 0.2, 0.928),
        (17, 0.5, 0.951),
        (40, 0.5, 0.919),
        (592, 0.005, 0.792),
        (954, 0.005, 0.852),
        (1279, 0.005, 0.875),
        (1583, 0.005, 0.889),
        (1876, 0.005, 0.898),
    ],
)
def test_wald_coverage_is_that_of_brown_cai_and_dasgupta(flips: int, theta: float, published: float) -> None:
    assert round(number(at(Coin(flips), theta), "wald"), 3) == published


@pytest.mark.parametrize(("flips", "coverage"), [(10, 0.40), (20, 0.64)])
def test_wald_near_the_end_covers_far_too_little(flips: int, coverage: float) -> None:
    assert round(number(at(Coin(flips), 0.05), "wald"), 2) == coverage


def test_flat_prior_covers_nominally_on_average_and_not_everywhere() -> None:
    found = at(Coin(10), np.linspace(0.01, 0.99, 99)).query("interval == 'eti'")["coverage"]
    assert round(found.mean(), 2) == 0.95
    assert round(found.min(), 2) == 0.82
    # The grid leaves out what is nearest to the ends, where the equal-tailed interval never reaches.
    assert number(at(Coin(10), 0.001), "eti") == 0
    assert number(averaged(Coin(10), 1, 1), "eti") == pytest.approx(0.95, rel=ROUNDING)
    assert number(averaged(Coin(10), 1, 1), "hdi") == pytest.approx(0.95, rel=ROUNDING)


@pytest.mark.parametrize(("flips", "coverage"), [(10, 0.90), (20, 0.91), (100, 0.94)])
def test_a_prior_that_is_not_the_worlds_covers_too_little(flips: int, coverage: float) -> None:
    found = at(Coin(flips, 2, 2), np.linspace(0.005, 0.995, 199)).query("interval == 'eti'")["coverage"]
    assert round(found.mean(), 2) == coverage


@pytest.mark.parametrize(
    ("theta", "squared"), [(0.5, (0.0250, 0.0174, 0.0128)), (0.05, (0.0048, 0.0089, 0.0190))], ids=["middle", "end"]
)
def test_squared_errors(theta: float, squared: tuple[float, float, float]) -> None:
    flat, weak = at(Coin(10), theta), at(Coin(10, 2, 2), theta)
    found = number(flat, "wald", "rmse"), number(flat, "eti", "rmse"), number(weak, "eti", "rmse")
    assert [value**2 for value in found] == pytest.approx(squared, abs=0.51e-4)  # given to four decimals


@pytest.mark.parametrize("interval", list(READING_OF))
def test_the_average_is_the_integral_over_theta(interval: str) -> None:
    known, truth = Coin(6, 2, 1.5), beta_distribution(2, 3)
    lower, upper = known.ends(interval)
    inside = {float(end) for end in np.concatenate([lower, upper]) if 0 < end < 1}
    edges = np.array([0.0, *sorted(inside), 1.0])
    # Between two ends all integrands are polynomials of degree 11 at most, which 10 nodes integrate exactly.
    nodes, weights = np.polynomial.legendre.leggauss(10)
    half = np.diff(edges)[:, None] / 2
    theta = ((edges[:-1, None] + half) + half * nodes).ravel()
    weight = (half * weights).ravel() * truth.pdf(theta)
    pointwise, mean = at(known, theta).query("interval == @interval"), averaged(known, 2, 3)
    for column, power in (("coverage", 1), ("bias", 1), ("rmse", 2), ("missing", 1)):
        total = float(np.sum(weight * pointwise[column] ** power))
        assert number(mean, interval, column) ** power == pytest.approx(total, abs=ROUNDING), column


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 20.0])
def test_hdi_is_the_shortest_interval(alpha: float) -> None:
    known = Coin(8, alpha, alpha)
    a, b = known.posterior
    lower, upper = known.ends("hdi")
    np.testing.assert_allclose(beta_distribution.cdf(upper, a, b) - beta_distribution.cdf(lower, a, b), 0.95, atol=1e-9)
    tails = np.linspace(0, 0.05, 2001)[:, None]
    widths = beta_distribution.ppf(np.minimum(tails + 0.95, 1), a, b) - beta_distribution.ppf(tails, a, b)
    assert np.all(upper - lower <= widths.min(axis=0) + 1e-9)


def test_hdi_is_that_of_arviz_on_a_grid_of_quantiles() -> None:
    known = Coin(8, 2, 2)
    a, b = known.posterior
    grid = (np.arange(200_000) + 0.5) / 200_000
    for heads in (0, 3, 8):
        found = az.hdi(beta_distribution.ppf(grid, a[heads], b[heads]), prob=0.95)
        np.testing.assert_allclose(found, [end[heads] for end in known.ends("hdi")], atol=1e-3)


@pytest.mark.parametrize(("interval", "method"), [("wald", "normal"), ("eti", "jeffreys")])
def test_ends_are_those_of_statsmodels(interval: str, method: str) -> None:
    known = Coin(12, 0.5, 0.5)
    lower, upper = proportion_confint(known.heads, 12, 0.05, method)
    for found, ends in zip(known.ends(interval), (lower, upper), strict=True):
        # statsmodels cuts intervals at 0 and 1, and shrinks them to a point where the estimate is 0 or 1.
        np.testing.assert_allclose(np.clip(found, 0, 1)[1:-1], np.asarray(ends)[1:-1], rtol=ROUNDING)


@pytest.mark.parametrize("flips", [5, 10])
@pytest.mark.parametrize(("name", "alpha"), [("weak", 2.0), ("flat", 1.0)])
def test_ends_and_estimates_are_those_of_the_readings(flips: int, name: str, alpha: float) -> None:
    known = Coin(flips, alpha, alpha)
    for heads in known.heads:
        data = coin.counts(int(heads), flips, "", "")
        case = Case(coin.SCENARIO, data, coin.priors(data)[name], starts=2)
        for point, reading, kinds in ((case.mle, "mle", ("profile", "wald")), (case.map_, "map", ("laplace",))):
            sd = 0.1  # roughly that of theta; where the maximum is on the boundary there is none
            same_points(point.estimate["theta"], known.estimates(reading)[heads], sd)
            for kind in kinds:
                own = (point.wald_lower, point.wald_upper) if kind == "wald" else (point.lower, point.upper)
                for found, ends in zip(own, known.ends(kind), strict=True):
                    np.testing.assert_allclose(found["theta"], ends[heads], atol=sd * POINT, err_msg=f"{kind} {heads}")


def test_a_coin_without_flips_or_prior_is_refused() -> None:
    for arguments in ((0,), (3, 0.0, 1.0), (3, 1.0, 1.0, 1.0)):
        with pytest.raises(ValueError, match="a coin needs"):
            Coin(*arguments)

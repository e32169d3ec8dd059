"""Numbers in the words of the scenarios, against SciPy, simulation and published values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import expit

from reports import conjugate, plugged
from reports.beliefs import coin, family, gaussian, logistic, mixture, regression
from reports.teaching import gaussian as taught
from tests.reports.lessons import fit_of


@pytest.mark.parametrize(("a", "b"), [(5, 2), (67, 37), (1, 1), (0.5, 3)])
def test_the_next_flips(a: float, b: float) -> None:
    assert conjugate.all_heads(a, b) == pytest.approx(stats.beta(a, b).moment(conjugate.AHEAD), rel=1e-9)


@pytest.mark.parametrize(("heads", "flips", "a", "b"), [(3, 3, 1, 1), (65, 100, 10, 10), (0, 7, 0.5, 2)])
def test_the_bayes_factor(heads: int, flips: int, a: float, b: float) -> None:
    density = stats.beta(a, b).pdf
    marginal = quad(lambda p: stats.binom.pmf(heads, flips, p) * density(p), 0, 1, epsabs=1e-13)[0]
    expected = np.log(marginal) - stats.binom.logpmf(heads, flips, 0.5)
    assert conjugate.log_bayes_factor(heads, flips, a, b) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_the_mode_on_the_log_odds_scale_is_the_mean(tmp_path: Path) -> None:
    fit = fit_of("coin", tmp_path)
    a, b = conjugate.posterior(fit)
    assert (a, b) == (5, 2)
    found = minimize_scalar(lambda z: -stats.beta(a, b).logpdf(expit(z)) - np.log(expit(z) * expit(-z)))
    pair = coin.mode(fit)
    assert pair is not None
    told = pair.fact
    assert f"taken back, is {expit(found.x):.3f}." in told
    assert f"The median is {stats.beta(a, b).median():.3f} on both" in told


@pytest.mark.parametrize(("rate", "a", "b"), [(0.65, 2, 2), (0.3, 1, 1), (0.9, 20, 20), (0.5, 2, 2)])
def test_how_many_flips_make_the_readings_agree(rate: float, a: float, b: float) -> None:
    found = conjugate.flips_to_agree(rate, a, b)
    assert found is not None

    def gap(n: float) -> float:
        posterior = stats.beta(a + n * rate, b + n * (1 - rate))
        return float(abs(rate - posterior.mean()) / posterior.std())

    assert gap(found) <= conjugate.AGREE
    assert all(gap(n) > conjugate.AGREE for n in [max(1, int(found * 0.995) - 1)] if found > 1)
    assert conjugate.flips_to_agree(1.0, a, b) is None


def test_the_coverage_of_wald_intervals(tmp_path: Path) -> None:
    """With ten flips and theta = 0.05 it is 0.40 (Brown, Cai and DasGupta 2001); there is none for 0 or 10 heads."""
    n, p, z = 10, 0.05, stats.norm.ppf(0.975)
    k = np.arange(1, n)
    half = z * np.sqrt(k / n * (1 - k / n) / n)
    expected = stats.binom.pmf(k, n, p)[np.abs(k / n - p) <= half].sum()
    told = coin.covered(fit_of("coin", tmp_path), n).fact
    assert f"probability {expected:.2f}" in told
    assert "0.40" in told


@pytest.mark.parametrize(
    ("n", "s", "mle"), [(2, 0.80, 0.56), (3, 0.89, 0.72), (5, 0.94, 0.84), (10, 0.97, 0.92), (30, 0.99, 0.97)]
)
def test_the_bias_of_standard_deviations(n: int, s: float, mle: float) -> None:
    """Published in every table of control charts; and the mean of a chi distribution."""
    assert round(gaussian.c4(n), 2) == s
    assert round(gaussian.mle_bias(n), 2) == mle
    assert gaussian.c4(n) == pytest.approx(stats.chi(n - 1).mean() / np.sqrt(n - 1), rel=1e-9)


@pytest.mark.parametrize("n", [3, 5, 10])
def test_the_coverage_of_plugged_in_predictions(n: int) -> None:
    rng, worlds = np.random.default_rng(n), 200_000
    y, new = rng.normal(size=(worlds, n)), rng.normal(size=worlds)
    covered = np.abs(new - y.mean(axis=1)) <= stats.norm.ppf(0.975) * y.std(axis=1)
    assert plugged.real_coverage(n, 0.95) == pytest.approx(covered.mean(), abs=5 * covered.std() / np.sqrt(worlds))


def test_modes_of_sigma(tmp_path: Path) -> None:
    """Joint and marginal modes, by maximising the densities with n values of given mean and sum of squares."""
    fit = fit_of("gaussian", tmp_path)
    n, mle = gaussian.rows(fit), fit.value(fit.default, "sigma", "mle")
    squares = n * mle**2

    def mode(power: float) -> float:
        found = minimize_scalar(
            lambda s: power * np.log(s) + squares / (2 * s * s),
            bounds=(mle / 3, 3 * mle),
            method="bounded",
            options={"xatol": 1e-10},
        )
        return float(found.x)

    told = " ".join(one.answer for one in taught.exercises(fit))
    assert f"√(S/(n + 1)) = {mode(n + 1):.4g}" in told
    assert f"√(S/(n - 1)) = {mode(n - 1):.4g}" in told


def test_the_divisor_of_sigma(tmp_path: Path) -> None:
    fit = fit_of("regression", tmp_path)
    mle = fit.value(fit.default, "sigma", "mle")
    found, freedom = regression.corrected(fit)
    assert freedom == 47  # 50 rows, an intercept and two coefficients
    assert found == pytest.approx(np.sqrt(50 * mle**2 / 47))


def test_probabilities_at_the_reference(tmp_path: Path) -> None:
    fit = fit_of("logistic", tmp_path)
    plugged, averaged, error = logistic.base_rates(fit)
    mean, sd = 0.2, 0.1
    expected = quad(lambda z: expit(z) * stats.norm.pdf(z, mean, sd), mean - 1, mean + 1)[0]
    assert averaged == pytest.approx(expected, abs=5 * error)
    assert plugged == pytest.approx(expit(mean), abs=5 * error)


def test_memberships(tmp_path: Path) -> None:
    fit = fit_of("mixture", tmp_path)
    row, column, plugged, averaged = mixture.moved(fit)
    both = fit.tree["weak/extras"].to_dataset()["responsibility"]
    change = abs(both.sel(reading="map") - both.sel(reading="posterior"))
    assert float(change.max()) == pytest.approx(abs(plugged - averaged))
    assert float(change[row, column]) == float(change.max())
    for found, reading in zip(mixture.unsure(fit), ("map", "posterior"), strict=True):
        assert found == sum(max(values) < 0.9 for values in np.asarray(both.sel(reading=reading)))


def test_the_mean_of_a_gamma(tmp_path: Path) -> None:
    fit = fit_of("family", tmp_path)
    found = family.mean_of(fit)
    assert found is not None
    shape, rate = (fit.draws("weak")[name].values for name in ("shape", "rate"))
    assert found[1].mean() == pytest.approx(stats.gamma(shape, scale=1 / rate).mean().mean())

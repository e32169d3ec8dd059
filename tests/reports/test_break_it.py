"""The section that breaks things: closed forms beside quadrature, simulation and published numbers; its sentences."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from models.contract import Distribution
from reports.breaks import coin, family, gaussian, logistic, mixture
from reports.breaks.mixture import Collapse
from reports.breaks.regression import STARTS, Learnt, sentences

# Gaussian: published factors, simulation, quadrature.


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [("MLE", (0.56, 0.72, 0.84, 0.92, 0.97)), ("s, divisor n - 1", (0.80, 0.89, 0.94, 0.97, 0.99))],
)
def test_average_spread_over_the_truth(estimate: str, expected: tuple[float, ...]) -> None:
    assert tuple(round(gaussian.ratio(estimate, n), 2) for n in (2, 3, 5, 10, 30)) == expected


@pytest.mark.parametrize("estimate", gaussian.ESTIMATES)
def test_factors_of_all_estimates(estimate: str) -> None:
    """The density sigma^-m exp(-S / 2 sigma^2) with S = 10 of ten values: modes by search, the mean by quadrature."""
    power = {"MAP, prior 1/sigma": 11, "MLE": 10, "s, divisor n - 1": 9, "posterior mean, prior 1/sigma": 10}[estimate]

    def density(sigma: float, more: int = 0) -> float:
        return float(sigma ** (more - power) * np.exp(-5 / sigma**2))

    if estimate.startswith("posterior"):
        value = integrate.quad(density, 0, np.inf, args=(1,))[0] / integrate.quad(density, 0, np.inf)[0]
    else:
        value = optimize.minimize_scalar(lambda s: -np.log(density(s)), bounds=(0.3, 3), method="bounded").x
    assert gaussian.factor(estimate, 10) * np.sqrt(10) == pytest.approx(value, rel=1e-5)
    squares = stats.chi2(4).rvs(200_000, random_state=1)
    average = gaussian.factor(estimate, 5) * np.sqrt(squares)
    error = average.std() / np.sqrt(len(squares))
    assert gaussian.ratio(estimate, 5) == pytest.approx(average.mean(), abs=5 * error)


def test_two_values_have_no_posterior_mean() -> None:
    assert np.isnan(gaussian.ratio("posterior mean, prior 1/sigma", 2))
    assert "posterior mean" not in gaussian.sentence(2)


@given(n=st.integers(2, 100_000))
def test_the_sentence_on_the_spread_agrees_with_itself(n: int) -> None:
    said = gaussian.sentence(n)
    values = [float(text) for text in re.findall(r"(\d\.\d+) \(", said)]
    assert values == sorted(values)
    assert ("half a percent" in said) == all(abs(gaussian.ratio(one, n) - 1) < 0.005 for one in gaussian.ESTIMATES)


# Coin.


@given(
    flips=st.integers(1, 10_000), weak=st.floats(1e-4, 1), flat=st.floats(1e-4, 1)
)  # fmt: skip
def test_the_sentence_on_no_heads(flips: int, weak: float, flat: float) -> None:
    said = coin.sentence(flips, weak, flat, 1e-5)
    assert f"0 heads in {flips} flips" in said
    assert ("no bound at all" in said) == (3 / flips >= 1)
    bounds = [float(text) for text in re.findall(r"below ([\d.e-]+\d)", said)]
    assert bounds == pytest.approx([weak, flat], abs=1e-5)


@pytest.mark.parametrize(("flips", "expected"), [(100, 0.0292), (10, 0.238), (3, 0.527)])
def test_the_flat_bound_is_exact(flips: int, expected: float) -> None:
    """Under Beta(1, 1) no heads leave P(theta > t) = (1 - t)^(n + 1)."""
    written = {"name": "Beta", "hyperparameters": {"alpha": 1.0, "beta": 1.0}}
    found = coin.exact(written, flips)
    assert found == pytest.approx(1 - 0.05 ** (1 / (flips + 1)), rel=1e-12)
    assert found == pytest.approx(expected, abs=5e-4)
    assert coin.exact({"name": "Uniform", "hyperparameters": {"lower": 0.0, "upper": 1.0}}, flips) is None
    assert coin.exact(None, flips) is None


@given(flips=st.integers(1, 1_000), share=st.floats(0, 1))
def test_walds_interval_is_that_of_statsmodels(flips: int, share: float) -> None:
    from statsmodels.stats.proportion import proportion_confint

    heads = round(share * flips)
    low, high = coin.wald(heads, flips, 0.95)
    theirs = proportion_confint(heads, flips, method="normal")  # cut to the support
    assert (max(low, 0), min(high, 1)) == pytest.approx(theirs, abs=1e-12)
    assert (low == high) == (heads in (0, flips))


# Regression with a learnt scale.


def learnt(n: int = 12, p: int = 3, seed: int = 3) -> Learnt:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    y = x @ np.r_[1.0, np.zeros(p - 1)] + rng.normal(size=n)
    return Learnt(x, (y - y.mean()) / y.std(ddof=1), 0.7)


@pytest.mark.parametrize(("n", "p"), [(12, 3), (4, 6)])
@pytest.mark.parametrize("tau", [1e-8, 0.01, 0.5, 2.0])
def test_joint_density_and_its_integral(n: int, p: int, tau: float) -> None:
    """The coefficients integrated out leave a multivariate Normal; the joint is its parts at the best coefficients."""
    one = learnt(n, p)
    beta, prior = one.coefficients(tau), stats.halfnorm.logpdf(tau)
    parts = stats.norm.logpdf(one.y, one.x @ beta, one.sigma).sum() + stats.norm.logpdf(beta, 0, tau).sum() + prior
    assert float(one.log_joint(np.array(tau))) == pytest.approx(parts, rel=1e-9)
    covariance = one.sigma**2 * np.eye(n) + tau**2 * one.x @ one.x.T
    exact = stats.multivariate_normal(np.zeros(n), covariance).logpdf(one.y) + prior
    assert float(one.log_marginal(np.array(tau))) == pytest.approx(exact, rel=1e-9)
    near = [one.coefficients(tau) + 1e-3 * tau * np.eye(p)[j] for j in range(p)]
    for other in near:
        lower = stats.norm.logpdf(one.y, one.x @ other, one.sigma).sum() + stats.norm.logpdf(other, 0, tau).sum()
        assert lower + prior < parts


def test_one_coefficient_by_quadrature() -> None:
    one = learnt(10, 1)

    def joint(beta: float, tau: float) -> float:
        return float(
            np.exp(stats.norm.logpdf(one.y, one.x[:, 0] * beta, one.sigma).sum()) * stats.norm.pdf(beta, 0, tau)
        )

    for tau in (0.1, 1.0):
        total = integrate.quad(joint, -8, 8, args=(tau,), points=[0, 0.5], epsabs=0, epsrel=1e-10)[0]
        assert float(one.log_marginal(np.array(tau))) == pytest.approx(
            np.log(total) + stats.halfnorm.logpdf(tau), rel=1e-8
        )
    weight = integrate.quad(lambda t: np.exp(one.log_marginal(np.array(t))), 0, 20, points=[0.3, 1], limit=200)[0]
    mean = integrate.quad(lambda t: t * np.exp(one.log_marginal(np.array(t))), 0, 20, points=[0.3, 1], limit=200)[0]
    assert one.summary()[1] == pytest.approx(mean / weight, rel=1e-3)


def test_the_answer_is_chosen_by_the_start() -> None:
    one = learnt(40, 3)
    slope = optimize.minimize_scalar(
        lambda log_tau: -float(one.log_joint(np.exp(np.array(log_tau)))), bounds=(-1.5, 1.5), method="bounded"
    )
    assert one.end(1.0) == pytest.approx(np.exp(slope.x), rel=0.02)
    assert one.end(1e-4) == 0
    said = sentences(one)[0]
    assert "stops at tau" in said
    assert "run to 0" in said


@given(seed=st.integers(0, 40), n=st.integers(3, 30), p=st.integers(1, 5))
def test_the_sentence_on_the_start_agrees_with_the_search(seed: int, n: int, p: int) -> None:
    one = learnt(n, p, seed)
    lost = [start for start in STARTS if one.end(start) == 0]
    said = sentences(one)[0]
    assert ("From every start" in said) == (len(lost) == len(STARTS))
    assert ("From all starts" in said) == (not lost)
    if 0 < len(lost) < len(STARTS):
        assert f"{lost[0]:g}" in said
        assert "chosen by the start" in said


# Mixture.


def collapsed(prior: Distribution | None = None) -> Collapse:
    """The other component is N(0, 1), half of the weight."""
    y = np.random.default_rng(1).normal(size=(60, 1))
    others = np.log(0.5) + stats.norm.logpdf(y[:, 0])
    return Collapse(4, others, np.array([0.5]), np.ones((1, 1)), np.zeros((1, 0)), y, prior)


@pytest.mark.parametrize("power", [0, -1, -3, -12, -50])
def test_log_likelihood_of_a_collapsing_component(power: int) -> None:
    one, s = collapsed(), 10.0**power
    own = 0.5 * stats.norm.pdf(one.y[:, 0], one.y[4, 0], s)
    exact = np.log(0.5 * stats.norm.pdf(one.y[:, 0]) + own).sum()
    assert one.log_likelihood(power) == pytest.approx(exact, rel=1e-9)


def test_it_falls_before_it_rises_past_every_level() -> None:
    one = collapsed()
    values = [one.log_likelihood(power) for power in (0, -3, -12, -50)]
    assert values[0] > values[1]
    assert values[1] < values[2] < values[3]
    assert one.log_likelihood(-50) - one.log_likelihood(-49) == pytest.approx(np.log(10), abs=1e-6)
    level = one.log_likelihood(0)
    crossing = one.crossing(level)
    assert one.log_likelihood(crossing - 1) > level > one.log_likelihood(crossing + 2)


@pytest.mark.parametrize(
    ("prior", "falls"),
    [
        (Distribution("LogNormal", mu=[0.0], sigma=[0.7]), True),
        (Distribution("HalfNormal", sigma=[1.0]), False),
        (None, None),
    ],
)
def test_the_prior_cures_it_or_does_not(prior: Distribution | None, falls: bool | None) -> None:
    said = mixture.cure(collapsed(prior), "weak")
    assert ("falls instead" in said) == bool(falls)
    assert ("rises with it" in said) == (falls is False)


@given(level=st.floats(-300, 100))
def test_the_sentence_on_collapse(level: float) -> None:
    one = collapsed()
    said, crossing = mixture.sentence(one, level, "weak"), one.crossing(level)
    assert f"is {level:.1f}." in said
    assert ("every number" in said) == bool(np.isfinite(crossing))
    assert f"passes {level:.1f} again" in said


def test_a_level_out_of_reach_is_named() -> None:
    said = mixture.sentence(collapsed(), 1e6, "weak")
    assert "passes 1000000.0 again only where" in said


def test_equal_observations_rise_together() -> None:
    y = np.array([[0.0], [1.0], [1.0], [3.0]])
    others = np.log(0.5) + stats.norm.logpdf(y[:, 0])
    one = Collapse(1, others, np.array([0.5]), np.ones((1, 1)), np.zeros((1, 0)), y, None)
    assert one.equal == 2
    assert one.log_likelihood(-50) - one.log_likelihood(-49) == pytest.approx(2 * np.log(10), abs=1e-6)


# Logistic.


def test_log_likelihood_at_a_slope() -> None:
    x = logistic.positions(0.5)
    assert x.min() == pytest.approx(0.25)
    for slope in (1.0, 10.0):
        both = np.concatenate([stats.logistic.logcdf(slope * x), stats.logistic.logsf(-slope * x)])
        assert logistic.log_likelihood(0.5, slope) == pytest.approx(both.sum())
    assert "rises for ever" in logistic.climb(0.5)
    assert "comes down again" in logistic.climb(-1.0)


slopes = st.tuples(st.floats(0.1, 50), st.floats(0.1, 50))


@given(gap=st.floats(0.1, 3), found=st.lists(slopes, min_size=1, max_size=4), exists=st.booleans())
def test_the_sentence_on_separation(gap: float, found: list[tuple[float, float]], exists: bool) -> None:
    values = {f"{k + 1}": (2.0 if exists else np.nan, map_, mean) for k, (map_, mean) in enumerate(found)}
    said = logistic.sentence(gap, values)
    assert ("does not exist" in said) != exists
    assert ("follows the prior" in said) != exists
    assert said.count("with prior sd") == len(found)


def test_a_mean_whose_chains_failed_is_not_said_to_be_none() -> None:
    """The priors are proper: every posterior mean exists, and so does every MAP."""
    said = logistic.sentence(0.5, {"3": (np.nan, 3.9, 5.6), "10": (np.nan, 7.3, np.nan)})
    assert "7.3 and not readable (its chains failed a check) with prior sd 10" in said
    assert "none" not in said


# Family.


@given(
    rows=st.lists(st.tuples(*[st.floats(0.1, 10)] * 3), min_size=2, max_size=5), sd=st.floats(0.01, 5)
)  # fmt: skip
def test_the_sentence_on_a_slip(rows: list[tuple[float, float, float]], sd: float) -> None:
    values, spread = np.array(rows), np.full(len(rows), sd)
    said = family.sentence("shape", [str(k) for k in range(len(rows))], values, spread)
    moved = np.abs(values[-1] - values[0]).min() / sd
    apart = (values.max(axis=1) - values.min(axis=1)).max() / sd
    assert ("move less" in said) == (not moved > apart)


def test_a_slip_that_cannot_be_read_says_so() -> None:
    assert "Not all" in family.sentence("shape", ["1", "2"], np.full((2, 3), np.nan), np.ones(2))

"""Which maxima and posteriors of one column exist: what is said, beside how SciPy's densities grow; and the lattice."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import quad

from models import family
from models.contract import Distribution, Prior, dataset, flat
from models.contract.lattice import lattice_means, newton_mode
from models.contract.reference import Array
from models.contract.univariate import Column
from tests.cases import Case

WORDS = ("improper", "no mean", "no standard deviation", "")
HALF_FLAT, CAUCHY = Distribution("HalfFlat"), Distribution("HalfCauchy", beta=1)
EXPONENTIAL, RECIPROCAL = Distribution("Exponential", lam=1), Distribution("Reciprocal")
TIED = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 4.0])


def of(name: str, y: Any, trials: Any = None) -> xr.Dataset:
    """A data set without the refusals of `read`."""
    values = np.asarray(y, dtype=int if name in ("Poisson", "NegativeBinomial", "Geometric", "Binomial") else float)
    variables: dict[str, tuple[str | tuple[str, ...], Any]] = {"y": ("observation", values)}
    if trials is not None:
        variables["trials"] = ("observation", np.asarray(trials))
    return dataset(variables, title="title", source="source", family=name)


def held(value: float) -> Distribution:
    return Distribution("Fixed", value=value)


def slope(name: str, y: Any, path: Any, far: float) -> float:
    """How the log likelihood grows, by SciPy: with the logarithm of x, along ``path(x)``."""
    log_likelihood = Column(name, np.asarray(y, dtype=float)).log_likelihood()
    points = {key: np.array([path(x)[key] for x in (far, 10 * far)]) for key in path(far)}
    low, high = log_likelihood(points)
    return float((high - low) / np.log(10))


# Growth without limit.

RIDGES: list[tuple[str, Any, float]] = [
    ("Normal", lambda x: {"mu": 0.3, "sigma": 1 / x}, 1.0),
    ("LogNormal", lambda x: {"mu": np.log(0.3), "sigma": 1 / x}, 1.0),
    ("StudentT", lambda x: {"mu": 0.3, "sigma": 1 / x, "nu": 3.0}, 1.0),
    ("Weibull", lambda x: {"shape": x, "scale": 0.3}, 1.0),
    ("Gamma", lambda x: {"shape": x, "rate": x / 0.3}, 0.5),
    ("Beta", lambda x: {"alpha": 0.3 * x, "beta": 0.7 * x}, 0.5),
]


@pytest.mark.parametrize(("name", "path", "power"), RIDGES)
@pytest.mark.parametrize("n", [3, 9])
def test_constant_data_grow_as_said_and_priors_hold_them_or_not(name: str, path: Any, power: float, n: int) -> None:
    y = np.full(n, 0.3)
    assert slope(name, y, path, 1e4) == pytest.approx(n * power, rel=1e-3)
    data = of(name, y)
    prior = family.WEAK[name]
    assert family.obstacle(data, flat(prior)).startswith("unbounded: all values are equal")
    # Two half Cauchy priors fall as x^-4 along a ridge that moves both parameters, one as x^-2.
    both = {key: one if key == "mu" else CAUCHY for key, one in prior.items()}
    tail = {"Gamma": 4, "Beta": 4, "Weibull": 2}.get(name, 0)  # and is constant where sigma is 0
    assert bool(family.obstacle(data, both)) == (n * power > tail)
    if "sigma" in prior:
        assert family.obstacle(data, {**prior, "sigma": Distribution("InverseGamma", alpha=2, beta=1)}) == ""
    if name != "StudentT":
        assert family.obstacle(of(name, np.append(y, 0.4)), flat(prior)) == ""


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("sigma", [HALF_FLAT, Distribution("Gamma", alpha=2, beta=1)])
def test_a_student_spikes_below_the_nu_that_is_named(m: int, sigma: Distribution) -> None:
    y, q = TIED[3 - m :], sigma.at_zero
    n = len(y)
    edge = (m - q) / (n - m)
    for nu in (edge - 0.05, edge + 0.05):
        if nu <= 0:
            continue
        grows = -slope("StudentT", y, lambda x, nu=nu: {"mu": 0.0, "sigma": 1 / x, "nu": nu}, 1e8) + q
        said = family.obstacle(of("StudentT", y), {"mu": Distribution("Flat"), "sigma": sigma, "nu": held(nu)})
        assert said.startswith("unbounded") == (grows < 0), (nu, grows)
    free = {"mu": Distribution("Flat"), "sigma": sigma, "nu": EXPONENTIAL}
    assert (f"nu below {edge:.3g}" in family.obstacle(of("StudentT", y), free)) == (edge > 0)
    assert family.obstacle(of("StudentT", y), free | {"nu": Distribution("Pareto", alpha=2, m=edge + 0.1)}) == ""
    assert family.obstacle(of("StudentT", y), free | {"mu": held(0.5), "sigma": HALF_FLAT}) == ""  # at no value
    assert family.obstacle(of("StudentT", y), free | {"sigma": held(1.0)}) == ""
    assert family.obstacle(of("StudentT", y), {**family.WEAK["StudentT"]}) == ""


@pytest.mark.parametrize("y", [[1, 2, 3], [2, 2, 2], [0, 1, 1, 2], [0, 0, 3, 3, 0], [1, 2, 9], [0, 1, 1, 3, 1, 0, 1]])
def test_a_negative_binomial_needs_more_variance_than_mean(y: list[int]) -> None:
    """By SciPy along the profile: does the likelihood still rise where the dispersion is very large?"""
    rises = slope("NegativeBinomial", y, lambda r: {"mean": float(np.mean(y)), "dispersion": r}, 1e4) > 0
    data = of("NegativeBinomial", y)
    assert family.obstacle(data, flat(family.WEAK["NegativeBinomial"])).startswith("infinite") == rises
    assert rises == (np.var(y) <= np.mean(y))
    assert family.obstacle(data, family.WEAK["NegativeBinomial"]) == ""
    assert family.obstacle(data, {"mean": HALF_FLAT, "dispersion": held(3)}) == ""


BETA = Distribution("Beta", alpha=0.5, beta=0.5)
UNIFORM = Distribution("Uniform", lower=0, upper=1)
ENDS: list[tuple[str, list[int], Any, Prior, str]] = [
    ("Poisson", [0, 0], None, {"rate": HALF_FLAT}, "on the boundary"),
    ("Poisson", [0, 0], None, {"rate": EXPONENTIAL}, "on the boundary"),
    ("Poisson", [0, 0], None, {"rate": Distribution("Gamma", alpha=0.5, beta=1)}, "unbounded"),
    ("Poisson", [0, 0], None, {"rate": Distribution("Gamma", alpha=2, beta=1)}, ""),
    ("Poisson", [0, 0], None, {"rate": Distribution("TruncatedNormal", mu=4, sigma=1, lower=0, upper=np.inf)}, ""),
    ("Poisson", [0, 1], None, {"rate": HALF_FLAT}, ""),
    ("Geometric", [1, 1], None, {"probability": UNIFORM}, "on the boundary"),
    ("Geometric", [1, 1], None, {"probability": BETA}, "unbounded"),
    ("Geometric", [1, 2], None, {"probability": BETA}, ""),
    ("Binomial", [0, 0], [3, 2], {"probability": UNIFORM}, "on the boundary"),
    ("Binomial", [3, 2], [3, 2], {"probability": Distribution("Uniform", lower=0.1, upper=0.8)}, "on the boundary"),
    ("Binomial", [3, 2], [3, 2], {"probability": BETA}, "unbounded"),
    ("Binomial", [3, 2], [3, 2], {"probability": Distribution("Beta", alpha=2, beta=2)}, ""),
    ("Binomial", [3, 1], [3, 2], {"probability": UNIFORM}, ""),
    ("NegativeBinomial", [0, 0], None, {"mean": HALF_FLAT, "dispersion": HALF_FLAT}, "not unique"),
    ("NegativeBinomial", [0, 0], None, {"mean": EXPONENTIAL, "dispersion": EXPONENTIAL}, "on the boundary"),
    ("NegativeBinomial", [0, 0], None, {"mean": EXPONENTIAL, "dispersion": RECIPROCAL}, "unbounded"),
    ("Exponential", [0, 0], None, {"rate": HALF_FLAT}, "unbounded"),
    ("Exponential", [0, 0], None, {"rate": EXPONENTIAL}, ""),
    ("Exponential", [2], None, {"rate": RECIPROCAL}, "on the boundary"),
    ("Gamma", [1, 2], None, {"shape": EXPONENTIAL, "rate": RECIPROCAL}, "unbounded"),
    ("Gamma", [1, 2], None, {"shape": held(2), "rate": RECIPROCAL}, ""),
    ("Weibull", [1, 2], None, {"shape": EXPONENTIAL, "scale": RECIPROCAL}, "unbounded"),
]


@pytest.mark.parametrize(("name", "y", "trials", "prior", "word"), ENDS)
def test_maxima_at_the_end_of_a_range(name: str, y: list[int], trials: Any, prior: Prior, word: str) -> None:
    said = family.obstacle(of(name, y, trials), prior)
    assert said.startswith(word)
    assert bool(said) == bool(word)


def test_reciprocal_scales_really_leave_no_bound() -> None:
    small = np.array([1e-10, 1e-200])
    gamma = [-np.log(b) + stats.gamma(0.1, scale=1 / b).logpdf([1, 2]).sum() for b in small]
    weibull = [-np.log(s) + stats.weibull_min(-1 / np.log(s), scale=s).logpdf([1, 2]).sum() for s in small]
    assert np.diff(gamma) > 100
    assert np.diff(weibull) > 100


@pytest.mark.parametrize(
    ("name", "y", "word"),
    [("Poisson", [0, 0, 0], "on the boundary"), ("NegativeBinomial", [1, 2, 1, 3], "infinite")],
)
def test_readings_tell_the_same_story(name: str, y: list[int], word: str) -> None:
    data = of(name, y)
    one = Case(family.SCENARIO, data, family.priors(data)["weak"], 3)
    assert one.mle.exists == (word == "on the boundary")
    assert all(str(reason).startswith(word) for reason in one.mle.reason.values())
    assert one.map_.exists
    if name == "Poisson":
        assert one.mle.estimate["rate"] == pytest.approx(0, abs=1e-9)


# Posteriors and their moments.


def word_of(power: float) -> str:
    """What is missing of a density that falls as x^-power: the moment of order k needs power > k + 1."""
    return WORDS[sum(power > least for least in (1, 2, 3))]


@pytest.mark.parametrize("prior", [HALF_FLAT, RECIPROCAL, CAUCHY])
@pytest.mark.parametrize("small", [0.1, 0.2, 0.35, 0.6, 0.9])
def test_slow_tails_of_a_scale_and_of_a_mean(prior: Distribution, small: float) -> None:
    y = [1, 2, 4, 3]
    tail = float(prior.tail)
    for name, far, other in (("Weibull", "scale", "shape"), ("NegativeBinomial", "mean", "dispersion")):
        power = tail - slope(name, y, lambda x, far=far, other=other: {far: x, other: small}, 1e25)
        given = {far: prior, other: held(small)}
        assert family.improper(of(name, y), given).partition(":")[0] == word_of(power)
        above = {far: prior, other: Distribution("Uniform", lower=small, upper=9)}
        assert family.improper(of(name, y), above).partition(":")[0] == word_of(power)
    # With all values down to 0 allowed, a flat prior is improper, and no polynomial one has a standard deviation.
    free = family.improper(of("Weibull", y), {"shape": EXPONENTIAL, "scale": prior}).partition(":")[0]
    assert free == {0.0: "improper", 1.0: "no mean", 2.0: "no standard deviation"}[tail]


@pytest.mark.parametrize("name", ["StudentT", "NegativeBinomial"])
@pytest.mark.parametrize("prior", [HALF_FLAT, RECIPROCAL, CAUCHY, Distribution("HalfStudentT", nu=2.5, sigma=1)])
def test_large_nu_and_dispersion_are_left_to_the_prior(name: str, prior: Distribution) -> None:
    last = "nu" if name == "StudentT" else "dispersion"
    data = of(name, [0, 1, 1, 7, 3])
    said = family.improper(data, {**family.priors(data)["weak"], last: prior})
    assert said.partition(":")[0] == word_of(float(prior.tail))


@pytest.mark.parametrize("nu", [0.28, 0.38])
@pytest.mark.parametrize("known", [False, True])
def test_three_tied_values_and_a_small_nu(nu: float, known: bool) -> None:
    """The marginal of sigma near 0, mu integrated out numerically unless it is held at the tie."""

    def log_marginal(sigma: float) -> float:
        def log_likelihood(mu: float) -> float:
            return float(stats.t.logpdf(TIED, nu, mu, sigma).sum())

        top = log_likelihood(0.0)
        if known:
            return top
        ends = sigma * np.array([-1e4, -100, -5, 0, 5, 100, 1e4])
        area = sum(quad(lambda mu: np.exp(log_likelihood(mu) - top), a, b)[0] for a, b in pairwise(ends))
        return float(top + np.log(area))

    power = (log_marginal(1e-8) - log_marginal(1e-9)) / np.log(10)
    mu = held(0) if known else Distribution("Normal", mu=0, sigma=1)
    prior = {"mu": mu, "sigma": EXPONENTIAL, "nu": held(nu)}
    assert family.improper(of("StudentT", TIED), prior).startswith("improper") == (power <= -1)
    # Nothing is wrong where sigma cannot be small, or where values differ.
    assert family.improper(of("StudentT", TIED), {**prior, "sigma": Distribution("LogNormal", mu=0, sigma=1)}) == ""
    assert family.improper(of("StudentT", np.arange(6)), prior) == ""


@pytest.mark.parametrize(("name", "path", "power"), RIDGES[3:])
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_constant_data_under_priors_with_heavy_tails(name: str, path: Any, power: float, n: int) -> None:
    """The ridge is sqrt(shape) wide for Gamma and Beta; that of a Weibull narrows as 1 / shape."""
    tail, width = (4, 0.5) if power == 0.5 else (2, -1)
    grows = slope(name, np.full(n, 0.3), path, 1e4) + width - tail
    prior = dict.fromkeys(family.WEAK[name], CAUCHY)
    if name == "Weibull":
        prior["scale"] = EXPONENTIAL
    assert family.improper(of(name, np.full(n, 0.3)), prior).partition(":")[0] == word_of(round(-2 * grows) / 2)
    assert family.improper(of(name, np.full(n, 0.3)), family.WEAK[name]) == ""


def test_counts_that_are_all_zero() -> None:
    zeros = of("Poisson", [0, 0, 0])
    assert family.improper(zeros, {"rate": RECIPROCAL}).startswith("improper")
    assert family.improper(zeros, {"rate": HALF_FLAT}) == ""
    assert family.improper(of("Poisson", [0, 1]), {"rate": RECIPROCAL}) == ""
    assert family.improper(of("Exponential", [2.0]), {"rate": RECIPROCAL}) == ""
    nothing = of("Exponential", [0.0, 0.0])
    assert family.improper(nothing, {"rate": HALF_FLAT}).startswith("improper")
    assert family.improper(nothing, {"rate": EXPONENTIAL}) == ""
    none = of("NegativeBinomial", [0, 0])
    assert family.improper(none, {"mean": RECIPROCAL, "dispersion": EXPONENTIAL}).startswith("improper")
    assert family.improper(none, family.WEAK["NegativeBinomial"]) == ""


def test_few_normal_values_under_flat_priors() -> None:
    for name in ("Normal", "LogNormal"):
        for n, word in ((2, "improper"), (3, "no mean"), (4, "no standard deviation"), (5, "")):
            data = of(name, np.arange(1.0, n + 1))
            assert family.improper(data, family.priors(data)["flat"]).partition(":")[0] == word
    flat_student = {"mu": Distribution("Flat"), "sigma": HALF_FLAT, "nu": held(4)}
    assert family.improper(of("StudentT", [1, 2, 4]), flat_student).startswith("no mean")


# The lattice.


def test_the_lattice_knows_a_normal_and_a_skewed_density() -> None:
    covariance = np.array([[2.0, 0.9], [0.9, 1.0]])
    normal = stats.multivariate_normal([1, -2], covariance)
    means = lattice_means(normal.logpdf, np.zeros(2), np.eye(2), lambda u: np.column_stack([u, u[:, 0] ** 2]))
    np.testing.assert_allclose(means, [1, -2, 3], rtol=1e-6)
    gamma = lattice_means(
        lambda u: np.asarray(stats.gamma(0.7).logpdf(np.exp(u[:, 0])) + u[:, 0]), np.zeros(1), np.eye(1), np.exp
    )
    np.testing.assert_allclose(gamma, [0.7], rtol=1e-5)


def test_a_lattice_that_fails_says_so() -> None:
    def endless(u: Array) -> Array:
        return np.asarray(-np.log1p((u**2).sum(axis=1)) * 1.2)

    def jump(u: Array) -> Array:
        return np.asarray(np.where(u[:, 0] > -0.3, -u[:, 0], -np.inf))

    with pytest.raises(ArithmeticError, match="more than 200,000 points"):
        lattice_means(endless, np.zeros(2), np.eye(2), lambda u: u)
    with pytest.raises(ArithmeticError, match="no two lattices agree"):
        lattice_means(jump, np.zeros(1), np.eye(1), lambda u: u)
    with pytest.raises(ArithmeticError, match="no axes"):
        lattice_means(endless, np.zeros(1), -np.eye(1), lambda u: u)


def test_newton_steps_reach_a_mode_or_say_that_there_is_none() -> None:
    normal = stats.multivariate_normal([1, -2], [[2.0, 0.9], [0.9, 1.0]])
    mode, covariance = newton_mode(normal.logpdf, np.array([0.8, -1.9]), np.ones(2))
    np.testing.assert_allclose(mode, [1, -2], atol=1e-8)
    np.testing.assert_allclose(covariance, normal.cov, rtol=1e-5)
    with pytest.raises(ArithmeticError, match="not curved downwards"):
        newton_mode(lambda u: np.asarray((u**2).sum(axis=1)), np.ones(2), np.ones(2))
    with pytest.raises(ArithmeticError, match="ends in a plain"):
        newton_mode(lambda u: np.asarray(-1e-9 * u[:, 0] ** 2), np.ones(1), np.ones(1))
    with pytest.raises(ArithmeticError, match="no maximum"):
        newton_mode(lambda u: np.asarray(-np.exp(-u[:, 0] / 10)), np.zeros(1), np.ones(1))

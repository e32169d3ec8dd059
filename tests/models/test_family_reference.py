"""References of one column of data, checked by SciPy's own fits, statsmodels, brute force and importance sampling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from models import family
from models.contract import Distribution, Prior
from models.contract.reference import Array, importance_means
from models.contract.univariate import Column, univariate
from models.contract.univariate_maximum import maximum
from models.contract.univariate_reference import univariate_reference
from tests.cases import Case
from tests.drawn import drawn, known, labelled, weak
from tests.tolerances import same_points, within_errors


@pytest.mark.parametrize("name", ["LogNormal", "Gamma", "Weibull", "Beta"])
def test_maxima_are_those_of_scipys_fit(name: str) -> None:
    y, _ = drawn(name)
    fixed = {"floc": 0} | ({"fscale": 1} if name == "Beta" else {})
    law = {"LogNormal": stats.lognorm, "Gamma": stats.gamma, "Weibull": stats.weibull_min, "Beta": stats.beta}[name]
    first, second, *_, scale = law.fit(y, **fixed)
    expected = {
        "LogNormal": (np.log(scale), first),
        "Gamma": (first, 1 / scale),
        "Weibull": (first, scale),
        "Beta": (first, second),
    }[name]
    # SciPy's simplex stops at 1e-4 of the parameters.
    np.testing.assert_allclose(list(maximum(Column(name, y))[0].values()), expected, rtol=2e-4)


def test_counts_are_those_of_statsmodels() -> None:
    y, _ = drawn("NegativeBinomial")
    ones = np.ones((len(y), 1))
    fitted = sm.NegativeBinomial(y, ones).fit(disp=0, method="newton", maxiter=100, tol=1e-12)
    found = maximum(Column("NegativeBinomial", y.astype(float)))[0]
    errors = fitted.bse
    same_points(np.log(found["mean"]), fitted.params[0], errors[0])
    same_points(1 / found["dispersion"], fitted.params[1], errors[1])
    poisson = sm.Poisson(y, ones).fit(disp=0, tol=1e-12)
    same_points(np.log(maximum(Column("Poisson", y.astype(float)))[0]["rate"]), poisson.params[0], poisson.bse[0])


def test_a_local_maximum_of_a_student_is_that_of_scipys_fit() -> None:
    data = labelled("StudentT")
    nu, mu, sigma = stats.t.fit(data["y"].values)
    found = known(family.reference(data, family.priors(data)["weak"]), "mle")
    values = [float(found[key].value) for key in ("nu", "mu", "sigma")]
    np.testing.assert_allclose(values, [nu, mu, sigma], rtol=2e-4)


def brute(name: str, prior: Prior, y: Array, spans: list[tuple[float, float]]) -> list[float]:
    """Posterior means by the trapezoid rule on a fine grid in log parameters."""
    axes = [np.linspace(np.log(low), np.log(high), 250) for low, high in spans]
    logs = np.meshgrid(*axes, indexing="ij")
    grid = [np.exp(part) for part in logs]
    law: Any = {
        "Gamma": lambda k, b: stats.gamma(k, scale=1 / b).logpdf,
        "Weibull": lambda k, s: stats.weibull_min(k, scale=s).logpdf,
        "NegativeBinomial": lambda m, r: stats.nbinom(r, r / (r + m)).logpmf,
        "Beta": lambda a, b: stats.beta(a, b).logpdf,
    }[name]
    values, counts = np.unique(y, return_counts=True)
    density = law(*grid)
    total = sum(count * density(value) for value, count in zip(values, counts, strict=True)) + sum(logs)
    for part, one in zip(grid, prior.values(), strict=True):
        total = total + one.log_density(part)
    edges = max(total[0].max(), total[-1].max(), total[:, 0].max(), total[:, -1].max())
    assert edges < total.max() - 14, "the grid cuts the density off"
    weight = np.exp(total - total.max())
    return [float((weight * part).sum() / weight.sum()) for part in grid]


@pytest.mark.parametrize(
    ("name", "spans"),
    [
        ("Gamma", [(0.3, 12), (0.05, 4)]),
        ("Weibull", [(0.5, 6), (1, 9)]),
        ("NegativeBinomial", [(0.7, 25), (0.1, 800)]),
        ("Beta", [(0.4, 9), (1, 30)]),
    ],
)
def test_posterior_means_by_brute_force(name: str, spans: list[tuple[float, float]]) -> None:
    y = drawn(name)[0][:25]
    data = labelled(name, y)
    prior = family.priors(data)["weak"]
    found = known(family.reference(data, prior), "posterior")
    values = [float(reference.value) for reference in found.values()]
    np.testing.assert_allclose(values, brute(name, prior, y, spans), rtol=1e-4)
    assert all("lattice" in reference.source for reference in found.values())


def test_posterior_means_of_a_student_by_importance_sampling() -> None:
    one = weak("StudentT")
    y, prior = one.data["y"].values, one.prior

    def log_density(points: Array) -> Array:
        mu, sigma, nu = points[:, 0], np.exp(points[:, 1]), np.exp(points[:, 2])
        total = stats.t.logpdf(y, nu[:, None], mu[:, None], sigma[:, None]).sum(axis=1) + points[:, 1:].sum(axis=1)
        priors = [prior[name].log_density(x) for name, x in (("mu", mu), ("sigma", sigma), ("nu", nu))]
        return np.asarray(total + sum(priors))

    def functions(points: Array) -> Array:
        return np.column_stack([points[:, 0], np.exp(points[:, 1:])])

    centre, spread = np.array([4.4, np.log(2), np.log(7)]), np.diag([0.1, 0.03, 0.5])
    means, errors = importance_means(log_density, centre, spread, functions, size=8_000)
    found = known(one.references, "posterior")
    within_errors(means, [found[name].value for name in ("mu", "sigma", "nu")], errors)


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        ("Poisson", Distribution("Gamma", alpha=3, beta=0.5)),
        ("Poisson", Distribution("HalfFlat")),
        ("Exponential", Distribution("Exponential", lam=2)),
        ("Exponential", Distribution("Reciprocal")),
        ("Geometric", Distribution("Uniform", lower=0, upper=1)),
        ("Binomial", Distribution("Beta", alpha=3, beta=1)),
    ],
)
def test_conjugate_answers_are_those_of_quadrature(name: str, prior: Distribution) -> None:
    y, trials = drawn(name)
    column, (variable,) = Column(name, y.astype(float), trials), univariate()[name].arguments
    found = univariate_reference(column, {variable: prior}, True, True, True)
    grid = np.linspace(1e-6, 1 - 1e-6 if variable == "probability" else 12, 200_001)
    total = column.log_likelihood()({variable: grid}) + prior.log_density(grid)
    weight = np.exp(total - total.max())
    assert known(found, "posterior")[variable].value == pytest.approx((weight @ grid) / weight.sum(), rel=1e-6)
    assert known(found, "map")[variable].value == pytest.approx(grid[total.argmax()], abs=2 * (grid[1] - grid[0]))


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("Gamma", {"shape": 2.0}),
        ("Weibull", {"scale": 3.0}),
        ("StudentT", {"nu": 4.0}),
        ("NegativeBinomial", {"mean": 4}),
    ],
)
def test_numbers_held_fixed(name: str, held: dict[str, float]) -> None:
    data = labelled(name)
    prior = {**family.priors(data)["weak"], **{key: Distribution("Fixed", value=value) for key, value in held.items()}}
    one = Case(family.SCENARIO, data, prior, 3)
    assert {reference.parameter for reference in one.references} == set(prior) - set(held)
    for reading, point in (("mle", one.mle), ("map", one.map_)):
        for parameter, reference in known(one.references, reading).items():
            same_points(point.estimate[parameter], reference.value, point.sd[parameter])


def test_priors_of_smaller_support_and_priors_unknown_to_scipy() -> None:
    data = labelled("Gamma")
    usual = family.priors(data)["weak"]
    bounded = {**usual, "shape": Distribution("Uniform", lower=1, upper=4)}
    found = known(family.reference(data, bounded), "posterior")
    grid = np.linspace(1, 4, 40_001)
    rate = np.linspace(1e-3, 3, 400)[:, None]
    y = data["y"].values
    table = Column("Gamma", y).log_likelihood()
    some = grid[::400]
    total = np.array([table({"shape": np.full(400, k), "rate": rate[:, 0]}) for k in some])
    total = total + usual["rate"].log_density(rate[:, 0])
    weight = np.exp(total - total.max()).sum(axis=1)
    weight[[0, -1]] /= 2
    assert found["shape"].value == pytest.approx((weight @ some) / weight.sum(), rel=1e-3)
    strange = {"probability": Distribution("Kumaraswamy", a=2, b=3)}
    assert {one.reading for one in family.reference(labelled("Binomial"), strange)} == {"mle"}


@pytest.mark.slow
def test_light_tails_leave_no_local_maximum_and_no_reference() -> None:
    data = labelled("StudentT", np.linspace(-1, 1, 40))
    one = Case(family.SCENARIO, data, family.priors(data)["weak"], 3)
    assert known(one.references, "mle") == {}
    assert not one.mle.exists
    assert np.isnan(one.mle.estimate["nu"])
    assert set(known(one.references, "map")) == {"mu", "sigma", "nu"}

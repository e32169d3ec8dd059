"""Beliefs refuted by numbers: each number against SciPy, brute force or a property, each pair where it shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit

from models.contract import Distribution
from reports import conjugate, criteria, labelled, lesson, loss, other_penalty, spread, typical
from reports.beliefs import coin, gaussian, general, logistic, mixture, regression
from reports.breaks.regression import Learnt
from reports.lesson import MOST, Pair, kept
from reports.stored import Fit
from tests.reports.lessons import MAKERS, fit_of
from tests.toys import write_fit

LEVEL = 0.95
Z = stats.norm.ppf(0.975)


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fit]:
    results = tmp_path_factory.mktemp("beliefs")
    return {scenario: fit_of(scenario, results) for scenario in MAKERS}


def flipped(heads: int, flips: int, results: Path, **priors: tuple[float, float]) -> Fit:
    """The toy of a coin with other counts and priors, and draws from the posterior of each."""
    rng, toy = np.random.default_rng(9), MAKERS["coin"]()
    shapes = {"a": (2, 2), "b": (2, 2)} | priors
    toy.data = toy.data.assign(heads=("observation", [heads]), flips=("observation", [flips]))
    toy.priors = {name: {"theta": Distribution("Beta", alpha=a, beta=b)} for name, (a, b) in shapes.items()}
    toy.draws = {
        name: xr.Dataset({"theta": (("chain", "draw"), rng.beta(a + heads, b + flips - heads, (4, 250)))})
        for name, (a, b) in shapes.items()
    }
    write_fit(results, "coin", toy)
    return Fit(results / "coin")


# What all pairs share.


def all_pairs(fit: Fit) -> list[Pair]:
    return lesson.lesson(fit).pairs(fit)


def test_a_belief_has_a_name_that_states_it(fits: dict[str, Fit]) -> None:
    """As in a list of what is often believed: a sentence, of any fit."""
    seen = 0
    for fit in fits.values():
        for pair in all_pairs(fit):
            seen += 1
            assert pair.name[0].isupper(), pair.name
            assert pair.name[-1].isalpha() or pair.name[-1].isdigit(), pair.name
            assert len(pair.name.split()) >= 4, pair.name
            assert not re.search(r"\d{2}|\d %", pair.name), pair.name
            assert pair.said[-1] == pair.fact[-1] == ".", pair.name
    assert seen > 15


def test_a_page_has_at_most_six_and_each_belief_once(fits: dict[str, Fit]) -> None:
    for fit in fits.values():
        names = [pair.name for pair in all_pairs(fit)]
        assert len(names) == len(set(names)) <= MOST
    pairs = [Pair(str(at), "said.", "fact.") for at in range(9)]
    assert kept([None, *pairs]) == pairs[:MOST]


# The coin.


@pytest.mark.parametrize(("a", "b"), [(9, 5), (5, 2), (67, 37), (1.5, 30)])
def test_three_laplace_approximations(a: float, b: float) -> None:
    """Each maximised and differentiated numerically."""
    found = conjugate.laplace(a, b, LEVEL)

    def normal(log_density: Any, start: float, step: float) -> np.ndarray:
        best = minimize_scalar(lambda x: -log_density(x), bracket=(start - step, start + step)).x
        h = 1e-3 * step
        curvature = (log_density(best + h) - 2 * log_density(best) + log_density(best - h)) / h**2
        ends: np.ndarray = best + np.array([-1, 1]) * Z / np.sqrt(-curvature)
        return ends

    mean = a / (a + b)

    def density(theta: float) -> float:
        return float(stats.beta.logpdf(theta, a, b))

    assert found["declared"] == pytest.approx(normal(density, (a - 1) / (a + b - 2), 0.01), rel=1e-4)
    there = logit(mean)
    without = normal(lambda z: density(expit(z)), there, 0.1)
    jacobian = normal(lambda z: density(expit(z)) + np.log(expit(z) * expit(-z)), there, 0.1)
    assert found["mixed"] == pytest.approx(expit(without), rel=1e-4)
    assert found["unconstrained"] == pytest.approx(expit(jacobian), rel=1e-4)


def test_the_laplace_approximations_of_a_small_coin(tmp_path: Path) -> None:
    assert {name: tuple(np.round(ends, 3)) for name, ends in conjugate.laplace(9, 5, LEVEL).items()} == {
        "declared": (0.400, 0.933),
        "unconstrained": (0.376, 0.843),
        "mixed": (0.376, 0.869),
    }
    assert np.round(conjugate.equal_tailed(9, 5, LEVEL), 3).tolist() == [0.386, 0.861]
    pair = coin.laplace(fit_of("coin", tmp_path))  # Beta(5, 2)
    assert pair is not None
    assert "0.449 to 1.15, beyond what a probability can be" in pair.fact


def test_a_coin_of_many_flips_shows_no_difference_of_modes(tmp_path: Path) -> None:
    fit = flipped(178_078, 350_757, tmp_path)
    assert coin.mode(fit) is coin.prediction(fit) is coin.laplace(fit) is coin.coverage(fit) is None
    fit = flipped(65, 100, tmp_path / "again")
    assert coin.mode(fit) is None
    assert coin.prediction(fit) is not None


def test_what_a_confidence_interval_holds_of_the_posterior(tmp_path: Path) -> None:
    """Prior times likelihood, integrated by quadrature over the interval of the table."""
    fit = flipped(3, 3, tmp_path, b=(20, 20))
    lower, upper = (fit.value("a", "theta", "mle", end) for end in ("lower", "upper"))
    pair = coin.confidence(fit)
    assert pair is not None
    for name, (a, b) in {"a": (2, 2), "b": (20, 20)}.items():
        mass = [quad(lambda p, a=a, b=b: p ** (a + 2) * (1 - p) ** (b - 1), *ends)[0]
                for ends in ((max(lower, 0), min(upper, 1)), (0, 1))]  # fmt: skip
        assert f"{mass[0] / mass[1]:.2f} under the prior {name}" in pair.fact


def test_means_of_a_coin_have_no_monte_carlo_error(tmp_path: Path) -> None:
    fit = flipped(3, 3, tmp_path, b=(1, 1))
    pair = general.washed_out(fit, coin.means(fit))
    assert pair is not None
    assert "0.714 under the prior a and 0.800 under b" in pair.fact
    assert f"{(0.8 - 5 / 7) / stats.beta(5, 2).std():.2f} posterior sd (under a) apart" in pair.fact


# Values from one Normal.


@pytest.mark.parametrize(
    "centre", [Distribution("Flat"), Distribution("Normal", mu=1.0, sigma=0.7), Distribution("Fixed", value=2.5)]
)
@pytest.mark.parametrize("prior", [Distribution("HalfFlat"), Distribution("Exponential", lam=0.5)])
def test_the_mode_of_a_spread_alone(centre: Distribution, prior: Distribution) -> None:
    """The centre integrated out by quadrature, the density maximised by search."""
    y = np.array([1.0, 2.0, 4.0, 4.5, 7.0])
    n, mean, squares = len(y), y.mean(), float(np.sum((y - y.mean()) ** 2))

    def density(sigma: float) -> float:
        weight = float(np.exp(prior.log_density(sigma)))
        if centre.fixed:
            return weight * float(np.exp(stats.norm.logpdf(y, 2.5, sigma).sum()))

        def joint(mu: float) -> float:
            return float(np.exp(stats.norm.logpdf(y, mu, sigma).sum() + float(centre.log_density(mu))))

        return weight * float(quad(joint, -30, 40, points=[mean], epsabs=0, epsrel=1e-10, limit=200)[0])

    best = minimize_scalar(lambda s: -1e6 * density(s), bounds=(0.5, 9), method="bounded", options={"xatol": 1e-8}).x
    assert spread.marginal_mode(n, mean, squares, centre, prior) == pytest.approx(best, rel=1e-5)


def test_the_mode_of_a_spread_in_closed_form() -> None:
    known = (8, 3.0, 28.0, Distribution("Flat"))
    assert spread.marginal_mode(*known, Distribution("HalfFlat")) == pytest.approx(np.sqrt(28 / 7))
    assert spread.marginal_mode(*known, Distribution("Reciprocal")) == pytest.approx(np.sqrt(28 / 8))
    assert spread.marginal_mode(8, 3.0, 28.0, Distribution("Cauchy", alpha=0, beta=1), Distribution("HalfFlat")) is None
    assert spread.marginal_mode(8, 3.0, 0.0, Distribution("Flat"), Distribution("HalfFlat")) is None


def test_whose_map_is_told_where_it_is_another(fits: dict[str, Fit], tmp_path: Path) -> None:
    assert gaussian.whose_map(fits["gaussian"]) is None  # nothing was stored of other scales
    fit = fit_of("gaussian", tmp_path)
    here, sd = (fit.value("weak", "sigma", *keys) for keys in (("map",), ("posterior", "sd")))

    def planted(gap: float) -> Pair | None:
        modes = xr.Dataset({"sigma": ("on", [here, here + gap * sd])}, coords={"on": ["declared", "unconstrained"]})
        fit.tree["weak/modes"] = xr.DataTree(modes)
        return gaussian.whose_map(fit)

    assert planted(0.05) is None
    pair = planted(0.5)
    assert pair is not None
    assert f"log sigma: {here + 0.5 * sd:.2f}" in pair.fact
    assert "0.50 posterior sd away" in pair.fact


def test_each_point_is_best_for_its_loss(fits: dict[str, Fit], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every action of the pair is where the expected loss over the draws is least."""
    fit = fits["gaussian"]
    draws = fit.draws("weak")["sigma"].values.ravel()
    monkeypatch.setattr(spread, "mode", lambda fit, prior: float(np.median(draws) - 0.5 * draws.std()))
    monkeypatch.setattr(gaussian, "SMALL", 0.0)
    monkeypatch.setattr(gaussian, "error_of", lambda *known: 1e-9)
    pair = gaussian.losses(fit)
    assert pair is not None
    wanted = {
        "square": lambda a: np.mean((draws - a) ** 2),
        "quantile": lambda a: np.mean(np.where(draws > a, 4 * (draws - a), a - draws)),
    }
    numbers = [float(one) for one in re.findall(r"\d+\.\d+", pair.fact)]
    best = {name: minimize_scalar(one, bounds=(1, 3), method="bounded").x for name, one in wanted.items()}
    assert numbers[0] == pytest.approx(best["square"], abs=0.01)
    assert numbers[1] == pytest.approx(np.median(draws), abs=1e-6)
    assert numbers[-1] == pytest.approx(best["quantile"], abs=0.02)
    assert "the 80 % quantile" in pair.fact
    assert loss.share(gaussian.TIMES) == 0.8


# Regression.


@pytest.mark.parametrize(("z", "s", "b"), [(0.3, 0.25, 0.19), (-1.2, 0.5, 0.3), (0.0, 1.0, 1.0), (9.0, 1.0, 0.2)])
def test_the_posterior_mean_is_a_penalised_fit(z: float, s: float, b: float) -> None:
    """Mean and density by quadrature; the minimum of the squares plus the other penalty by search."""

    def joint(beta: float) -> float:
        return float(stats.norm.pdf(z, beta, s) * stats.laplace.pdf(beta, scale=b))

    ends, points = (min(z, 0) - 30 * s, max(z, 0) + 30 * s), [0.0, z, other_penalty.mode(z, s, b)]
    fine = {"points": points, "limit": 400, "epsabs": 0, "epsrel": 1e-12}
    mass = quad(joint, *ends, **fine)[0]
    mean = ends[0] + quad(lambda beta: (beta - ends[0]) * joint(beta), *ends, **fine)[0] / mass
    assert other_penalty.log_marginal(z, s, b) == pytest.approx(np.log(mass), rel=1e-7)
    assert other_penalty.posterior_mean(z, s, b) == pytest.approx(mean, abs=1e-8)

    def objective(u: float) -> float:
        return (z - u) ** 2 / (2 * s**2) + other_penalty.penalty(u, s, b)

    found = minimize_scalar(objective, bounds=(-abs(z) - s, abs(z) + s), method="bounded", options={"xatol": 1e-9}).x
    assert found == pytest.approx(mean, abs=1e-4 * s)


def test_the_mode_is_the_soft_threshold() -> None:
    for z in (-2.0, -0.2, 0.1, 1.5):
        best = minimize(lambda u, z=z: (z - u[0]) ** 2 / 0.5 + abs(u[0]) / 0.4, [z], method="Nelder-Mead",
                        options={"xatol": 1e-8, "fatol": 1e-12}).x[0]  # fmt: skip
        assert other_penalty.mode(z, 0.5, 0.4) == pytest.approx(best, abs=1e-5)


def test_the_other_penalty_is_smooth_where_the_lasso_has_its_kink() -> None:
    """It rises like a square from zero, and like the lasso's far out."""
    s, b = 0.3, 0.2
    near = [other_penalty.penalty(u, s, b) for u in (0.001, 0.002)]
    assert near[1] / near[0] == pytest.approx(4, rel=1e-3)
    far = [other_penalty.penalty(u, s, b) for u in (5.0, 6.0)]
    assert far[1] - far[0] == pytest.approx(1 / b, rel=1e-3)
    assert other_penalty.penalty(-0.5, s, b) == other_penalty.penalty(0.5, s, b)


def test_a_true_prior_is_spoken_of_where_the_truth_is_known(fits: dict[str, Fit], tmp_path: Path) -> None:
    assert regression.true_prior(fits["regression"]) is None  # nothing is known of the truth
    fit = fit_of("regression", tmp_path)
    slope = fit.table["parameter"] == "beta[size]"
    fit.table.loc[fit.table["parameter"].str.startswith("beta"), "truth"] = 1.0
    fit.table.loc[slope, "truth"] = 0.0
    fit.table.loc[slope & (fit.table["prior"] == "laplace") & (fit.table["reading"] == "map"), "estimate"] = 0.0
    pair = regression.true_prior(fit)
    assert pair is not None
    assert "1 of 2 are 0" in pair.fact
    z, s = (fit.value("laplace", "beta[size]", "mle", key) for key in ("estimate", "sd"))
    assert f"{s / 0.2:.1f}" in pair.fact  # the lasso's penalty at one standard error, b = 0.2
    mean = other_penalty.posterior_mean(z, s, 0.2)
    assert f"its mean is {mean:.3f}" in pair.fact
    assert 0 < mean < z


def test_heights_of_the_joint_density_of_a_learnt_scale(fits: dict[str, Fit]) -> None:
    """By SciPy's densities at the coefficients that solve the normal equations."""
    fit = fits["regression"]
    pair = regression.learnt_scale(fit)
    assert pair is not None
    x, y = fit.data["x"].values, fit.data["y"].values
    x, sd = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1), y.std(ddof=1)
    y, sigma = (y - y.mean()) / sd, fit.value("normal", "sigma", "posterior") / sd
    for tau in (1.0, 0.01, 1e-8):
        beta = np.linalg.solve(x.T @ x / sigma**2 + np.eye(2) / tau**2, x.T @ y / sigma**2)
        height = stats.norm.logpdf(y, x @ beta, sigma).sum() + stats.norm.logpdf(beta, 0, tau).sum()
        assert f"{height + stats.halfnorm.logpdf(tau):.1f} at tau = {tau:g}" in pair.fact
    known = Learnt(x, y, sigma)
    gained = float(known.log_joint(np.array(1e-9)) - known.log_joint(np.array(1e-8)))
    assert f"adds {gained:.1f}, without end" in pair.fact


# The mode from afar.


@pytest.mark.parametrize(("d", "published"), [(1, 0.38), (2, 0.12), (10, 2e-7)])
def test_how_much_of_a_normal_lies_near_its_mode(d: int, published: float) -> None:
    rng = np.random.default_rng(d)
    mixing = rng.normal(size=(d, d)) + 3 * np.eye(d)
    found = typical.around(rng.normal(size=(40_000, d)) @ mixing.T, np.zeros(d))
    assert found is not None
    assert found.normal == pytest.approx(published, rel=0.25)
    assert found.d == d
    assert stats.kstest(found.values, stats.chi(d).cdf).pvalue > 1e-4
    assert found.near == pytest.approx(40_000 * found.normal, abs=5 * np.sqrt(40_000 * found.normal) + 1)


def test_distances_do_not_know_units_and_parameters_that_others_determine() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(500, 3))
    first = typical.around(draws, np.array([0.1, 0.2, 0.3]))
    both = np.column_stack([draws * [1, 1e6, 1e-6], 1 - draws[:, 0]])
    second = typical.around(both, np.array([0.1, 0.2e6, 0.3e-6, 0.9]))
    assert first is not None
    assert second is not None
    assert second.d == first.d == 3
    assert second.values == pytest.approx(first.values, rel=1e-6)
    assert typical.around(np.ones((10, 2)), np.ones(2)) is None


def test_a_typical_draw_is_far_only_with_many_parameters(fits: dict[str, Fit]) -> None:
    assert general.typical(fits["coin"]) is None
    assert typical.picture(fits["coin"]) is None
    pair, image = general.typical(fits["mixture"]), typical.picture(fits["mixture"])
    assert pair is not None
    assert image is not None
    assert "with 17 parameters" in pair.fact  # 18, of which one weight is what the others leave
    assert "Of 1,000 draws none lies within 0.5 posterior sd of the MAP" in pair.fact
    assert "of 1,000 draws none lies within" in image.caption


# Mixtures.


def blend(weight: list[float], mu: list[float], draws: int, sd: float = 0.0) -> xr.Dataset:
    """Two components of unit spread in one dimension, their centres known to a standard deviation."""
    lead = ("chain", "draw", "component")
    ones = np.ones((2, draws // 2, 2))
    centre = mu + sd * np.random.default_rng(1).normal(size=ones.shape)
    each = {name: ((*lead, "feature"), value[..., None]) for name, value in (("mu", centre), ("sigma", ones))}
    return xr.Dataset({"weight": (lead, ones * weight), **each})


def test_labels_are_drawn_as_often_as_they_are_probable() -> None:
    y, draws = np.array([[0.5], [2.0]]), 40_000
    weight, mu = [0.3, 0.7], [0.0, 3.0]
    found = labelled.labelled(y, blend(weight, mu, draws), np.random.default_rng(0)).reshape(draws, 2)
    for at, value in enumerate(y[:, 0]):
        parts = stats.norm.logpdf(value, mu)
        assert set(np.round(found[:, at], 9)) == set(np.round(parts, 9))
        share = weight[1] * np.exp(parts[1]) / (np.array(weight) @ np.exp(parts))
        assert np.mean(np.isclose(found[:, at], parts[1])) == pytest.approx(
            share, abs=5 * np.sqrt(share * (1 - share) / draws)
        )


def test_labels_that_never_change_flatter_what_is_left_out() -> None:
    """If the parameters are known nothing is learnt from a point: leave-one-out is its density, which labels beat."""
    rng = np.random.default_rng(2)
    y = np.concatenate([rng.normal(0, 1, 20), rng.normal(4, 1, 20)])[:, None]
    drawn, bad = labelled.importance(labelled.labelled(y, blend([0.5, 0.5], [0, 4], 2_000, 0.001), rng), 0.7) or (
        0.0,
        0,
    )
    true = np.logaddexp(stats.norm.logpdf(y, 0), stats.norm.logpdf(y, 4)).sum() + len(y) * np.log(0.5)
    assert drawn - true > 0.5 * len(y) * np.log(2)
    assert bad > 0


def test_importance_sampling_of_a_normal_mean() -> None:
    """The posterior of a Normal mean under a flat prior: left out, y[i] is Normal around the mean of the others."""
    rng = np.random.default_rng(3)
    y = rng.normal(size=12)
    mu = rng.normal(y.mean(), 1 / np.sqrt(12), (4, 5_000))
    found, bad = labelled.importance(stats.norm.logpdf(y, mu[..., None]), 0.7) or (0.0, 1)
    others = (y.sum() - y) / 11
    exact = stats.norm.logpdf(y, others, np.sqrt(1 + 1 / 11)).sum()
    assert found == pytest.approx(exact, abs=0.02)
    assert bad == 0


def test_labels_are_spoken_of_where_they_mislead(fits: dict[str, Fit], monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fits["mixture"]
    for drawn, told in ((-50.0, True), (-100.0, False), (-101.5, False)):
        found = labelled.LeftOut(drawn, -100.5, 7, 0, 60)
        monkeypatch.setattr(labelled, "left_out", lambda fit, found=found: found)
        pair = mixture.left_out(fit)
        assert (pair is not None) == told
        if pair is not None:
            assert "says -50 for" in pair.fact
            assert "warns at 7" in pair.fact
            assert "says -100 and" in pair.fact


def test_nothing_is_left_out_where_there_are_no_labels(fits: dict[str, Fit]) -> None:
    assert labelled.left_out(fits["coin"]) is None
    assert labelled.left_out(fits["mixture"]) is not None
    same = np.zeros((2, 100, 3))
    assert labelled.importance(same, 0.7) is None


# Criteria.


def test_minus_twice_the_log_likelihood() -> None:
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
    trials, point = rng.integers(1, 4, 30), np.array([0.3, -1.0, 2.0])
    y = rng.binomial(trials, expit(design @ point))
    sums = [stats.binom(m, expit(row @ point)).logpmf(k) for m, k, row in zip(trials, y, design, strict=True)]
    assert criteria.deviance(design, y.astype(float), trials.astype(float), point) == pytest.approx(-2 * sum(sums))


def test_criteria_at_a_mode_are_told_where_the_prior_pulls(
    fits: dict[str, Fit], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = fits["logistic"]
    for maps, told in (({"normal": 10.05}, False), ({}, False), ({"normal": 10.05, "laplace": 12.0}, True)):
        found = criteria.Criteria(10.0, maps, 3, -6.0, 2.5)
        monkeypatch.setattr(criteria, "at_modes", lambda fit, found=found: found)
        pair = logistic.at_the_map(fit)
        assert (pair is not None) == told
        if pair is not None:
            assert "is 10.00 there, and 10.05 at the MAP under normal and 12.00 at the MAP under laplace" in pair.fact
            assert "minus twice the elpd is 12.0" in pair.fact
            assert "with 2.5 effective parameters" in pair.fact


def test_criteria_of_a_fit(fits: dict[str, Fit], tmp_path: Path) -> None:
    """Log densities are Normal(-1, 0.2) in the toy: their mean density is half a variance above the mean."""
    toy = MAKERS["logistic"]()
    toy.data = toy.data.assign(trials=("observation", np.ones(50, int)))
    write_fit(tmp_path, "logistic", toy)
    fit = Fit(tmp_path / "logistic")
    found = criteria.at_modes(fit)
    assert found is not None
    assert found.parameters == 3
    assert set(found.maps) == {"normal", "laplace"}
    point = np.array([fit.value("normal", label, "mle") for label in fit.labels])
    x = fit.data["x"].values
    p = expit(point[0] + (x - x.mean(axis=0)) @ point[1:])
    assert found.mle == pytest.approx(-2 * stats.bernoulli(p).logpmf(fit.data["y"].values).sum())
    assert criteria.at_modes(fits["logistic"]) is None  # without trials
    assert found.loo == pytest.approx(-50)  # as the toy has it
    assert found.effective == pytest.approx(50 * 0.2**2 / 2, rel=0.2)

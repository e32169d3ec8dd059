"""Beliefs refuted by numbers: each number against SciPy, brute force or a property, each pair where it shows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from models.contract import Distribution
from reports import actions, conjugate, lesson, loss, spread
from reports.beliefs import coin, gaussian, general
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
    heavy = Distribution("Cauchy", alpha=0, beta=1)  # under which mu is not integrated in closed form
    assert np.isnan(spread.marginal_mode(8, 3.0, 28.0, heavy, Distribution("HalfFlat")))
    assert np.isnan(spread.marginal_mode(8, 3.0, 0.0, Distribution("Flat"), Distribution("HalfFlat")))


def test_the_decision_speaks_of_the_same_mode(fits: dict[str, Fit]) -> None:
    fit = fits["gaussian"]
    y = fit.data["y"].values
    mu, sigma = loss.margins(fit, "flat")
    assert np.isnan(mu.mode)
    assert sigma.mode == pytest.approx(y.std(ddof=1), rel=1e-6)  # under flat priors, of sigma alone
    assert f"the mode of this margin, {sigma.mode:.3f}, the other" in actions.winners_sentence(sigma)
    # Of a symmetric margin draws do not tell mode and mean apart; where they lie a posterior sd apart, they do.
    assert "does not tell from the mean" in actions.winners_sentence(mu)
    skewed = replace(mu, draws=mu.draws.mean() + mu.sd * np.random.default_rng(3).exponential(size=4_000))
    assert "by a kernel density estimate" in actions.winners_sentence(skewed)
    assert np.isnan(spread.mode(fits["family"], "weak", "rate"))


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

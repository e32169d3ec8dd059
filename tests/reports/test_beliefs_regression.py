"""Beliefs about penalties, learnt scales and modes, against quadrature, searches and known distributions."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar

from reports import other_penalty, typical
from reports.beliefs import general, regression
from reports.breaks.regression import Learnt
from reports.stored import Fit
from tests.reports.lessons import MAKERS, fit_of


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fit]:
    results = tmp_path_factory.mktemp("beliefs")
    return {scenario: fit_of(scenario, results) for scenario in MAKERS}


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
    told = dict(re.findall(r"(-?[\d.]+) at tau = ([\d.e-]+?)(?=[,;]| and)", pair.fact))
    heights = {}
    for said, tau in ((said, float(tau)) for said, tau in told.items()):
        beta = np.linalg.solve(x.T @ x / sigma**2 + np.eye(2) / tau**2, x.T @ y / sigma**2)
        height = stats.norm.logpdf(y, x @ beta, sigma).sum() + stats.norm.logpdf(beta, 0, tau).sum()
        heights[tau] = height + stats.halfnorm.logpdf(tau)
        # A printed tau has two digits; at the local maximum the height does not depend on more.
        assert heights[tau] == pytest.approx(float(said), abs=0.1)
    local, dip, beyond = sorted(heights, reverse=True)
    assert heights[dip] < heights[local] < heights[beyond]
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

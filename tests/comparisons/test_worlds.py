"""A batch of worlds is read as each world is read alone."""

from __future__ import annotations

from functools import cache
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

import models
from comparisons import batch_posterior, checks, points, posterior, worlds
from comparisons.batch import World
from comparisons.batch_posterior import CHAINS, DRAWS, Sampler
from comparisons.functions import Functions
from comparisons.points import Point
from comparisons.worlds import Readings, read_worlds
from models.contract import Distribution, flat, summarised
from models.gaussian import simulate as gaussian_data
from tests.comparisons.test_batch import WORLDS, coin, gaussians
from tests.comparisons.test_batch import alone as functions_alone
from tests.tolerances import POINT, mean_and_error, within_errors

SEED = 20_261_125

pytestmark = pytest.mark.slow


@cache
def readings(key: str) -> tuple[list[World], Readings]:
    made = WORLDS[key]()
    return made, read_worlds(key.partition("-")[0], made, seed=SEED)


@cache
def alone(key: str, world: int) -> tuple[Point, Point]:
    """MLE and MAP of one world as a fit finds them."""
    name, one = key.partition("-")[0], WORLDS[key]()[world]
    scenario, rng = models.load(name), np.random.default_rng(3)
    compact, model = summarised(scenario, one.data, one.prior)
    starts = [scenario.start(compact, rng) for _ in range(5)]
    functions = Functions(model, starts[0])
    names = [name for name in scenario.parameters if name in model.named_vars]
    vectors = [functions.unconstrain(start) for start in starts]
    obstacles = scenario.obstacle(compact, flat(one.prior)), scenario.obstacle(compact, one.prior)
    return (
        points.mle(functions, names, vectors, 0.95, obstacles[0], scenario.order),
        points.map_(functions, names, vectors, 0.95, obstacles[1], scenario.order),
    )


def vector(parts: dict[str, Any]) -> NDArray[np.float64]:
    return np.concatenate([np.ravel(part) for part in parts.values()])


def mcse(draws: NDArray[Any], method: str, **more: Any) -> float:
    return float(az.mcse(np.asarray(draws, dtype=float), method=method, **more))


@pytest.mark.parametrize("reading", ["mle", "map"])
@pytest.mark.parametrize("key", WORLDS)
def test_points_and_their_intervals_are_those_found_alone(key: str, reading: str) -> None:
    """Estimates, standard deviations, Wald and profile intervals; NaN where there is none."""
    made, found = readings(key)
    for w in range(len(made)):
        point = alone(key, w)[reading == "map"]
        batch = {name: values[w] for name, values in getattr(found, reading).items()}
        sd = vector(point.sd)
        scale = np.where(np.isfinite(sd), sd, 1.0)
        for statistic in worlds.STATISTICS:
            expected = vector(getattr(point, statistic))
            np.testing.assert_array_equal(np.isnan(batch[statistic]), np.isnan(expected), err_msg=statistic)
            gap = np.abs(batch[statistic] - expected) / scale
            # An end of a profile interval is known to the tolerance of its contour.
            allowed = checks.TOLERANCE if reading == "mle" and statistic in ("lower", "upper") else POINT
            assert not np.any(gap > allowed), (statistic, w, gap)


def test_a_lasso_holds_coefficients_exactly_at_zero_regression() -> None:
    made, found = readings("regression-laplace")
    for w in range(len(made)):
        expected, beta = alone("regression-laplace", w)[1].estimate["beta"], found.map["estimate"][w, 1:-1]
        assert np.any(beta == 0)
        np.testing.assert_array_equal(beta == 0, expected == 0)
        np.testing.assert_array_equal(np.isnan(found.map["sd"][w, 1:-1]), beta == 0)


def test_posteriors_are_the_closed_ones_coin() -> None:
    """Beta(a + k, b + n - k): means and quantiles."""
    made, found = readings("coin")
    for w, world in enumerate(made):
        h, data = world.prior["theta"].hyperparameters, world.data
        k, n = int(data["heads"].sum()), int(data["flips"].sum())
        truth, draws = stats.beta(h["alpha"] + k, h["beta"] + n - k), found.chains.draws[w, :, :, 0]
        within_errors(draws.mean(), truth.mean(), mean_and_error(draws)[1])
        for probability in (0.025, 0.5, 0.975):
            error = mcse(draws, "quantile", prob=probability)
            within_errors(np.quantile(draws, probability), truth.ppf(probability), error)


def test_posteriors_under_flat_priors_are_student_and_chi_gaussian() -> None:
    r"""Under a flat prior of mu and sigma: :math:`(mu - m) / (s / \sqrt n)` is t with n - 2 degrees of freedom."""
    data = [gaussian_data(np.random.default_rng(seed), n=n) for seed, n in ((1, 8), (2, 25), (3, 400))]
    prior = models.load("gaussian").priors(data[0])["flat"]
    chains = read_worlds("gaussian", [World(one, prior) for one in data], seed=SEED).chains
    assert not chains.failed.any()
    for w, one in enumerate(data):
        y = one["y"].values
        freedom, squares = len(y) - 2, float(np.sum((y - y.mean()) ** 2))
        mu = stats.t(freedom, y.mean(), np.sqrt(squares / freedom / len(y)))
        precision = stats.gamma(freedom / 2, scale=2 / squares)  # of 1 / sigma ** 2
        for probability in (0.05, 0.5, 0.95):
            for j, truth in ((0, mu.ppf(probability)), (1, 1 / np.sqrt(precision.ppf(1 - probability)))):
                draws = chains.draws[w, :, :, j]
                within_errors(np.quantile(draws, probability), truth, mcse(draws, "quantile", prob=probability))


@pytest.mark.parametrize("key", ["regression-normal", "regression-laplace", "logistic", "mixture", "family"])
def test_posteriors_are_those_sampled_alone(key: str) -> None:
    """Means and medians of one world of a batch, and of the chains that a fit draws."""
    made, found = readings(key)
    assert not found.chains.failed.any()
    name, world = key.partition("-")[0], made[1]
    scenario, functions, rng = models.load(name), functions_alone(name, world), np.random.default_rng(8)
    starts = [functions.unconstrain(scenario.start(world.data, rng)) for _ in range(CHAINS)]
    draws = posterior.sample(functions, starts, SEED)[0]["posterior"].to_dataset()
    if scenario.identify is not None:
        mode = alone(key, 1)[1].estimate
        pivot = xr.Dataset({one: (posterior.dims(functions.model, one), value) for one, value in mode.items()})
        draws = scenario.identify(draws, pivot, world.data)
    names = [one for one in scenario.parameters if one in draws]
    expected = np.concatenate([draws[one].values.reshape(CHAINS, 1_000, -1) for one in names], axis=2)
    assert expected.shape[2] == len(found.labels)
    for j in range(len(found.labels)):
        one, other = found.chains.draws[1, :, :, j], expected[:, :, j]
        within_errors(one.mean(), other.mean(), np.hypot(mean_and_error(one)[1], mean_and_error(other)[1]))
        for probability in (0.025, 0.5, 0.975):
            errors = [mcse(part, "quantile", prob=probability) for part in (one, other)]
            within_errors(np.quantile(one, probability), np.quantile(other, probability), float(np.linalg.norm(errors)))


@pytest.mark.parametrize("strength", [0.0, 0.1, 1.0, 10.0])
def test_strength_is_a_power_of_the_prior_coin(strength: float) -> None:
    """Beta(a, b) to the power s is Beta((a - 1) s + 1, (b - 1) s + 1)."""
    made = [coin(65, 100, 3, 5, strength={"theta": strength}), coin(2, 9, 4, 2, strength={"theta": strength})]
    found = read_worlds("coin", made, seed=SEED)
    for w, (k, n, a, b) in enumerate([(65, 100, 3, 5), (2, 9, 4, 2)]):
        alpha, beta = (a - 1) * strength + 1 + k, (b - 1) * strength + 1 + n - k
        mode = (alpha - 1) / (alpha + beta - 2)
        assert found.map["estimate"][w, 0] == pytest.approx(mode, abs=1e-9)
        assert found.mle["estimate"][w, 0] == pytest.approx(k / n, abs=1e-9)
        within_errors(*_mean_and(found, w, 0, alpha / (alpha + beta)))


def _mean_and(found: Readings, world: int, j: int, truth: float) -> tuple[float, float, float]:
    mean, error = mean_and_error(found.chains.draws[world, :, :, j])
    return mean, truth, error


def test_strength_of_a_normal_prior_divides_its_variance_gaussian() -> None:
    """Normal(m, s) to the power 10 is Normal(m, s / sqrt 10) up to a factor, and so are all three readings."""
    (_, one, _) = gaussians()
    mu = one.prior["mu"].hyperparameters
    narrow = {**one.prior, "mu": Distribution("Normal", mu=mu["mu"] + 1, sigma=mu["sigma"] / np.sqrt(10))}
    wide = {**one.prior, "mu": Distribution("Normal", mu=mu["mu"] + 1, sigma=mu["sigma"])}
    found = read_worlds("gaussian", [World(one.data, narrow), World(one.data, wide, {"mu": 10.0})], seed=SEED)
    for statistic in ("estimate", "sd"):
        np.testing.assert_allclose(found.map[statistic][0], found.map[statistic][1], rtol=1e-7)
    draws = found.chains.draws
    for j in range(2):
        (a, first), (b, second) = (mean_and_error(draws[w, :, :, j]) for w in range(2))
        within_errors(a, b, np.hypot(first, second))


@pytest.mark.parametrize(("prior", "column"), [("normal", 0.5), ("laplace", 1.0)])
def test_strengths_make_paths_of_scikit_learn_regression(prior: str, column: float) -> None:
    """At the sigma of the mode the coefficients are those of Ridge and Lasso with the penalty of that strength."""
    from sklearn.linear_model import Lasso, Ridge

    scenario = models.load("regression")
    data = scenario.simulate(np.random.default_rng(7))
    # All coefficients with one scale, as scikit-learn has it, and an intercept that nothing holds.
    scale = Distribution("Normal", mu=0, sigma=0.2) if prior == "normal" else Distribution("Laplace", mu=0, b=0.05)
    flat_one = {"intercept": Distribution("Flat"), "beta": scale, "sigma": Distribution("HalfFlat")}
    made = [World(data, flat_one, strength={"beta": s}) for s in (0.1, 1.0, 10.0)]
    found = read_worlds("regression", made, seed=SEED, profile=False, draws=200, tune=200)
    x, y = data["x"].values, data["y"].values
    for w, s in enumerate((0.1, 1.0, 10.0)):
        *_, sigma = found.map["estimate"][w]
        if prior == "normal":
            peer: Any = Ridge(alpha=s * sigma**2 / 0.2**2, tol=1e-12)
        else:
            peer = Lasso(alpha=s * sigma**2 / 0.05 / len(y), tol=1e-14, max_iter=1_000_000)
        expected = peer.fit(x - x.mean(axis=0), y)
        np.testing.assert_allclose(found.map["estimate"][w, 1:-1], expected.coef_, atol=1e-7)
        assert found.map["estimate"][w, 0] == pytest.approx(y.mean(), abs=1e-9)


def test_worlds_far_apart_are_searched_where_their_data_are_gaussian() -> None:
    """Starts made for one world would be a million standard errors away from the next."""
    data = [gaussian_data(np.random.default_rng(seed), n=20) for seed in range(3)]
    data = [
        one.assign(y=one["y"] * scale + shift) for one, scale, shift in zip(data, (1, 1, 1e4), (0, 1e6, 0), strict=True)
    ]
    found = read_worlds(
        "gaussian",
        [World(one, models.load("gaussian").priors(one)["weak"]) for one in data],
        seed=1,
        draws=200,
        tune=200,
    )
    expected = [[float(one["y"].mean()), float(one["y"].std())] for one in data]
    np.testing.assert_allclose(found.mle["estimate"], expected, rtol=1e-9)
    assert np.isfinite(found.mle["lower"]).all()
    assert np.isfinite(found.map["estimate"]).all()
    assert not found.chains.failed.any()


def test_the_same_seed_gives_the_same_numbers_coin() -> None:
    first, second, other = (read_worlds("coin", WORLDS["coin"](), seed=seed, draws=200, tune=200) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.chains.draws, second.chains.draws)
    np.testing.assert_array_equal(first.mle["lower"], second.mle["lower"])
    assert not np.array_equal(first.chains.draws, other.chains.draws)
    np.testing.assert_allclose(first.map["estimate"], other.map["estimate"], atol=1e-9)


def test_a_tree_has_names_dims_and_labels_regression() -> None:
    made, found = readings("regression-laplace")
    tree = found.tree(0.95)
    assert set(tree.children) == {"mle", "map", "posterior", "convergence"}
    beta = tree["map"]["beta"]
    assert beta.dims == ("world", "statistic", "predictor")
    np.testing.assert_array_equal(beta.sel(statistic="estimate"), found.map["estimate"][:, 1:-1])
    assert list(beta.coords["predictor"].values) == [f"x{j}" for j in range(1, 11)]
    sampled = tree["posterior"]
    assert sampled["beta"].dims == ("world", "chain", "draw", "predictor")
    assert sampled["sigma"].shape == (len(made), CHAINS, DRAWS)
    np.testing.assert_array_equal(sampled["sigma"], found.chains.draws[..., -1])
    assert tree["convergence"]["r_hat"].dims == ("world", "parameter")
    assert list(tree["convergence"].coords["parameter"].values) == found.labels
    assert found.labels[1] == "beta[x1]"
    assert tree["mle"].attrs["level"] == 0.95


def test_convergence_is_what_arviz_says_of_each_world_gaussian() -> None:
    _, found = readings("gaussian")
    for w in range(3):
        if not found.chains.again[w]:
            draws = xr.Dataset({"sigma": (("chain", "draw"), found.chains.draws[w, :, :, 1])})
            assert found.chains.r_hat[w, 1] == pytest.approx(float(az.rhat(draws)["sigma"]), rel=1e-12)
            assert found.chains.ess_bulk[w, 1] == pytest.approx(float(az.ess(draws)["sigma"]), rel=1e-12)
            assert found.chains.ess_tail[w, 1] == pytest.approx(float(az.ess(draws, method="tail")["sigma"]), rel=1e-12)


@pytest.mark.parametrize("sigma", [6.0, [6.0]])
def test_numbers_held_fixed_stand_for_all_components_mixture(sigma: Any) -> None:
    """One number, or one per column; maxima of two Normals of known width by SciPy, of data sets of two lengths."""
    scenario = models.load("mixture")
    data = scenario.datasets["waiting"]()
    prior = {**scenario.priors(data)["weak"], "sigma": Distribution("Fixed", value=sigma)}
    made = [World(part, prior) for part in (data, data.isel(observation=slice(0, 150)))]
    found = read_worlds("mixture", made, seed=SEED, draws=200, tune=200)
    assert found.labels == ["weight[1]", "weight[2]", "mu[1, waiting]", "mu[2, waiting]"]
    for w, world in enumerate(made):
        y = np.ravel(world.data["y"].values)

        def minus(v: NDArray[np.float64], y: NDArray[np.float64] = y) -> float:
            weight = expit(v[0])
            density = weight * stats.norm.pdf(y, v[1], 6) + (1 - weight) * stats.norm.pdf(y, v[2], 6)
            return -float(np.sum(np.log(density)))

        best = minimize(minus, [0.0, 55.0, 80.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}).x
        expected = [expit(best[0]), expit(-best[0]), best[1], best[2]]
        np.testing.assert_allclose(found.mle["estimate"][w], expected, rtol=1e-6)


def test_no_round_samples_more_together_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chains that never converge: every world is sampled again in parts of the same size, then alone, and fails."""
    made, rounds = WORLDS["coin"](), []

    def never(self: Sampler, part: NDArray[np.int64], seed: object, draws: int, *rest: object) -> object:
        rounds.append((draws, len(part)))
        self.r_hat[part] = 2.0
        return np.zeros((len(part), CHAINS, draws, self.width)), np.ones(len(part), dtype=bool)

    monkeypatch.setattr(batch_posterior, "TOGETHER", 2)
    monkeypatch.setattr(Sampler, "_judged", never)
    found = read_worlds("coin", made, seed=SEED).chains
    assert found.failed.all()
    assert found.again.all()
    assert max(size for _, size in rounds) == 2
    for length in (DRAWS, batch_posterior.LONGER * DRAWS):
        assert sum(size for draws, size in rounds if draws == length) >= len(made)

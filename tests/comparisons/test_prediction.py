"""Leave-one-out densities: plug-in against refits by closed forms and scikit-learn, PSIS against exact integrals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import betabinom, norm

import models
from comparisons import left_out, prediction
from comparisons.functions import Array, Functions
from comparisons.points import Point, map_, mle
from models.contract import flat
from tests.cases import LEVEL, case
from tests.tolerances import ROUNDING

# A maximum without an observation is found to 1e-4 standard errors at least, where a log density of one observation
# has a slope of a few units per standard error; a Newton step that is the last one leaves its own cube.
REFITTED = 1e-3
STEPPED = 1e-3


def coin(heads: list[int], prior: str) -> tuple[Functions, Point, Point]:
    scenario = models.load("coin")
    data = scenario.read(pd.DataFrame({"heads": heads}))
    chosen = scenario.priors(data)[prior]
    candidates = [scenario.start(data, np.random.default_rng(k)) for k in range(3)]
    functions = Functions(scenario.model(data, chosen), candidates[0])
    starts = [functions.unconstrain(one) for one in candidates]
    return (
        functions,
        mle(functions, ["theta"], starts, LEVEL, scenario.obstacle(data, flat(chosen))),
        map_(functions, ["theta"], starts, LEVEL, scenario.obstacle(data, chosen)),
    )


def everything(point: Point, functions: Functions, reading: str, n: int) -> left_out.LeftOut:
    return left_out.of_point(functions, point, reading, np.arange(n))


@pytest.mark.parametrize("heads", [[1, 1, 0, 0], [1] * 13 + [0] * 7])
def test_a_coin_predicts_with_the_frequency_among_the_others(heads: list[int]) -> None:
    functions, likelihood, mode = coin(heads, "weak")
    y, n, k = np.array(heads), len(heads), sum(heads)
    for point, reading, prior in ((likelihood, "mle", 1.0), (mode, "map", 2.0)):
        theta = (k - y + prior - 1) / (n - 1 + 2 * prior - 2)
        exact = np.where(y == 1, np.log(theta), np.log(1 - theta))
        np.testing.assert_allclose(everything(point, functions, reading, n).elpd, exact, atol=REFITTED)


def test_an_observation_that_the_others_rule_out_has_density_zero_and_words() -> None:
    # Without the only tail all flips are heads: the maximum is theta = 1, and the tail is impossible.
    functions, likelihood, mode = coin([1, 1, 0, 1, 1, 1], "weak")
    found = everything(likelihood, functions, "mle", 6)
    assert list(np.isneginf(found.elpd)) == [False, False, True, False, False, False]
    assert "without observation 2 the point rules it out (1 such of 6)" in found.reason
    np.testing.assert_allclose(np.delete(found.elpd, 2), np.log(4 / 5), atol=REFITTED)
    softened = everything(mode, functions, "map", 6)
    assert softened.reason == ""
    assert softened.elpd[2] == pytest.approx(np.log(1 / 7), abs=REFITTED)


def test_without_an_inner_maximum_or_a_second_row_there_is_a_reason() -> None:
    functions, likelihood, _ = coin([1, 1, 1], "weak")
    found = everything(likelihood, functions, "mle", 3)
    assert np.isnan(found.elpd).all()
    assert found.reason == left_out.BOUNDARY
    single, _, mode = coin([1], "weak")
    assert everything(mode, single, "map", 1).reason == left_out.ONE_ROW


@pytest.mark.parametrize("prior", ["weak", "flat"])
def test_the_gaussian_predicts_with_mean_and_sd_of_the_others(prior: str) -> None:
    one = case("gaussian-small", prior)
    y = one.data["y"].values
    exact = [norm.logpdf(y[i], np.delete(y, i).mean(), np.delete(y, i).std()) for i in range(len(y))]
    found = everything(one.mle, one.functions, "mle", len(y))
    np.testing.assert_allclose(found.elpd, exact, atol=REFITTED)
    assert found.reason == ""


def test_two_equal_observations_leave_no_maximum_without_the_third() -> None:
    scenario = models.load("gaussian")
    data = scenario.read(pd.DataFrame({"y": [1.0, 1.0, 4.0]}))
    prior = scenario.priors(data)["flat"]
    candidates = [scenario.start(data, np.random.default_rng(k)) for k in range(3)]
    functions = Functions(scenario.model(data, prior), candidates[0])
    starts = [functions.unconstrain(start) for start in candidates]
    point = mle(functions, ["mu", "sigma"], starts, LEVEL, scenario.obstacle(data, prior))
    found = everything(point, functions, "mle", 3)
    assert list(np.isnan(found.elpd)) == [False, False, True]
    assert found.reason == "without observation 2 there is no maximum (1 such of 3)"


def least_squares(one: Any) -> Array:
    """Plug-in densities of least squares: the leverages give all residuals left out, and so all variances."""
    x = np.column_stack([np.ones(one.data.sizes["observation"]), one.data["x"].values])
    y, n = one.data["y"].values, len(one.data["y"])
    hat = x @ np.linalg.pinv(x)
    residual, leverage = y - hat @ y, np.diag(hat)
    variance = (residual @ residual - residual**2 / (1 - leverage)) / (n - 1)
    return np.asarray(norm.logpdf(residual / (1 - leverage), 0, np.sqrt(variance)))


@pytest.mark.parametrize(("fit", "size"), [("regression", 100), ("regression-diabetes", 442)])
def test_least_squares_predicts_as_its_leverages_say(fit: str, size: int) -> None:
    one = case(fit, "flat")
    found = everything(one.mle, one.functions, "mle", size)
    exact = least_squares(one)
    np.testing.assert_allclose(found.elpd, exact, atol=4 * STEPPED)
    assert found.elpd.sum() == pytest.approx(exact.sum(), abs=0.05)


@pytest.mark.parametrize("fit", ["logistic-challenger", "logistic"])
def test_logistic_regression_predicts_as_scikit_learn_without_the_row(fit: str) -> None:
    from sklearn.linear_model import LogisticRegression

    one = case(fit, "normal")
    x, y = one.data["x"].values, one.data["y"].values
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    rows = np.arange(len(y))[:: max(1, len(y) // 20)]
    exact = []
    for i in rows:
        model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1_000)
        model.fit(np.delete(x, i, 0), np.delete(y, i))
        exact.append(model.predict_log_proba(x[[i]])[0, y[i]])
    found = left_out.of_point(one.functions, one.mle, "mle", rows)
    np.testing.assert_allclose(found.elpd, exact, atol=REFITTED)


def test_the_lasso_predicts_as_a_lasso_without_the_row() -> None:
    """At every sigma scikit-learn's Lasso on the other rows, and a search over sigma."""
    from scipy.optimize import minimize_scalar
    from sklearn.linear_model import Lasso

    one = case("regression", "laplace")
    x, y = one.data["x"].values, one.data["y"].values
    x = x - x.mean(axis=0)
    unit = one.prior["beta"].hyperparameters["b"]
    centre, scale = (float(one.prior["intercept"].hyperparameters[key]) for key in ("mu", "sigma"))
    rate = float(one.prior["sigma"].hyperparameters["lam"])
    rows = np.argsort(-np.abs(y - y.mean()))[:4]
    exact = []
    for i in rows:
        # A row of its own carries the Normal prior of the intercept, which the penalty leaves alone.
        z, target = np.delete(x * unit, i, 0), np.delete(y, i)
        n = len(target)

        def solve(log_sigma: float, z: Array = z, target: Array = target, n: int = n) -> tuple[float, Array, float]:
            variance = np.exp(2 * log_sigma)
            weight = 1 / (n / variance + 1 / scale**2)
            w, intercept = np.zeros(z.shape[1]), float(target.mean())
            for _ in range(200):
                before = intercept
                lasso = Lasso(alpha=variance / n, fit_intercept=False, tol=1e-12, max_iter=100_000)
                w = lasso.fit(z, target - intercept).coef_
                intercept = weight * ((target - z @ w).sum() / variance + centre / scale**2)
                if abs(intercept - before) < 1e-11:
                    break
            misfit = np.sum((target - intercept - z @ w) ** 2) / variance + ((intercept - centre) / scale) ** 2
            return n * log_sigma + misfit / 2 + np.abs(w).sum() + rate * np.exp(log_sigma), w, intercept

        options = {"xatol": 1e-8}
        best = minimize_scalar(lambda at, f=solve: f(at)[0], bounds=(-1, 2), method="bounded", options=options).x
        _, w, intercept = solve(best)
        exact.append(norm.logpdf(y[i], intercept + x[i] * unit @ w, np.exp(best)))
    found = left_out.of_point(one.functions, one.map_, "map", rows)
    # The outcomes farthest out move coefficients across their kinks, which the step does not let happen.
    np.testing.assert_allclose(found.elpd, exact, atol=0.1)


def test_in_sample_densities_are_optimistic() -> None:
    one = case("gaussian-small", "weak")
    y = one.data["y"].values
    inside = norm.logpdf(y, y.mean(), y.std()).sum()
    assert everything(one.mle, one.functions, "mle", len(y)).elpd.sum() < inside - 1


def conjugate(heads: list[int], draws: int = 1_000) -> tuple[xr.Dataset, xr.Dataset]:
    """Independent draws of theta from its Beta posterior under Beta(2, 2), and the log likelihood there."""
    y = np.array(heads)
    theta = np.random.default_rng(1).beta(2 + y.sum(), 2 + len(y) - y.sum(), size=(4, draws))
    values = np.where(y == 1, np.log(theta)[..., None], np.log1p(-theta)[..., None])
    number = {"draw": np.arange(draws)}
    likelihood = xr.Dataset({"heads": (("chain", "draw", "observation"), values)}, coords=number)
    return likelihood, xr.Dataset({"theta": (("chain", "draw"), theta)}, coords=number)


def test_psis_is_the_beta_binomial() -> None:
    heads = [1] * 13 + [0] * 7
    elpd, khat, good, reason = prediction.of_posterior(*conjugate(heads), np.arange(20))
    exact = [betabinom.logpmf(y, 1, 2 + 13 - y, 2 + 7 - (1 - y)) for y in heads]
    # Relative Monte Carlo error of 1 / theta over 4,000 independent draws, five times.
    np.testing.assert_allclose(elpd, exact, atol=5 * 0.3 / np.sqrt(4_000))
    assert reason == ""
    assert (khat < good).all()


def test_many_draws_are_thinned_and_rows_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    likelihood, draws = conjugate([1] * 13 + [0] * 7)
    full = prediction.of_posterior(likelihood, draws, np.array([2, 19]))[0]
    monkeypatch.setattr(prediction, "LOO_ELEMENTS", 2_000)
    thinned = prediction.of_posterior(likelihood, draws, np.array([2, 19]))[0]
    assert thinned.shape == (2,)
    assert 0 < np.abs(thinned - full).max() < 5 * 0.3 / np.sqrt(1_000)
    assert np.array_equal(prediction.chosen(7, np.random.default_rng(0)), np.arange(7))
    some = prediction.chosen(10_000, np.random.default_rng(0))
    assert len(np.unique(some)) == prediction.MOST_ROWS
    assert (np.diff(some) > 0).all()


def test_what_is_stored_comes_back_with_its_reasons(tmp_path: Any) -> None:
    heads = [1, 1, 0, 1, 1, 1]
    functions, likelihood, mode = coin(heads, "weak")
    left = {"mle": everything(likelihood, functions, "mle", 6), "map": everything(mode, functions, "map", 6)}
    stored = prediction.together(left, *conjugate(heads), np.arange(6))
    xr.DataTree.from_dict({"/weak/prediction": stored}).to_netcdf(tmp_path / "fit.nc", engine="netcdf4")
    with xr.open_datatree(tmp_path / "fit.nc", engine="netcdf4") as tree:
        read = tree["weak/prediction"].to_dataset().load()
    xr.testing.assert_identical(read.drop_attrs(), stored.drop_attrs())
    assert np.isneginf(read["elpd"].sel(reading="mle").values[2])
    assert read.attrs["reason_mle"].startswith("without observation 2")
    assert read.attrs["reason_posterior"] == ""
    assert (int(read.attrs["rows"]), read["elpd"].sizes) == (6, {"reading": 3, "observation": 6})


def test_an_improper_posterior_predicts_nothing() -> None:
    elpd, khat, _, reason = prediction.of_posterior(*conjugate([1, 0]), np.arange(2), "improper: planted")
    assert np.isnan(elpd).all()
    assert np.isnan(khat).all()
    assert reason == "improper: planted"


def test_a_single_row_predicts_nothing() -> None:
    likelihood, draws = conjugate([1])
    assert prediction.of_posterior(likelihood, draws, np.arange(1))[3] == left_out.ONE_ROW


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one = case("logistic-challenger", "normal")
    whole = everything(one.map_, one.functions, "map", 23).elpd
    monkeypatch.setattr(left_out, "ELEMENTS", 23 * 2)
    np.testing.assert_allclose(everything(one.map_, one.functions, "map", 23).elpd, whole, rtol=ROUNDING)

"""Modes on other scales beside closed forms and searches by SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize
from scipy.stats import beta

from comparisons import modes
from comparisons.scales import UNCONSTRAINED
from models import coin, gaussian, regression
from models.contract import Distribution, dataset
from tests.cases import LEVEL, Case, case


def on_scales(one: Case) -> xr.Dataset:
    found = modes.on_scales(
        one.functions, one.parameters, one.scenario.support, one.map_, one.starts, LEVEL, one.scenario.order
    )
    assert found is not None
    return found


def coin_modes(heads: int, flips: int, a: float) -> xr.Dataset:
    data = coin.counts(heads, flips, "title", "source")
    return on_scales(Case(coin.SCENARIO, data, {"theta": Distribution("Beta", alpha=a, beta=a)}, starts=3))


@pytest.mark.parametrize(
    ("heads", "flips", "a", "expected"),
    [(3, 3, 2, (0.8, 0.714, 0.75)), (3, 3, 1, (1.0, 0.8, 0.875)), (65, 100, 2, (0.6471, 0.6442, 0.6456))],
)
def test_modes_of_a_beta_posterior(heads: int, flips: int, a: float, expected: tuple[float, ...]) -> None:
    found = coin_modes(heads, flips, a)
    up, down = a + heads, a + flips - heads
    exact = ((up - 1) / (up + down - 2), up / (up + down), (up - 0.5) / (up + down - 1))
    for on, value, printed in zip(("declared", "logit", "arcsine"), exact, expected, strict=True):
        mode = float(found["theta"].sel(on=on))
        assert mode == pytest.approx(value, abs=1e-5)
        assert round(mode, len(str(printed)) - 2) == printed
    assert float(found["theta"].sel(on=UNCONSTRAINED)) == pytest.approx(exact[1], abs=1e-5)


def test_three_laplace_intervals_of_beta_9_5() -> None:
    found, exact = coin_modes(7, 10, 2), beta(9, 5)
    ends = {on: [round(float(found[end].sel(on=on)), 3) for end in ("lower", "upper")] for on in ("declared", "logit")}
    assert ends == {"declared": [0.4, 0.933], "logit": [0.376, 0.843]}
    assert [round(float(end), 3) for end in exact.ppf([0.025, 0.975])] == [0.386, 0.861]
    for end in ("lower", "upper"):
        assert float(found[end].sel(on=UNCONSTRAINED)) == pytest.approx(float(found[end].sel(on="logit")), abs=1e-6)


def test_joint_modes_of_ten_values_whose_squares_sum_to_ten() -> None:
    """Of sigma^-m exp(-S / 2 sigma^2) the mode is the root of S / m, and another scale changes m."""
    y = np.array([1.0, -1.0] * 5)
    data = dataset({"y": ("observation", y)}, title="title", source="source")
    flat = Case(gaussian.SCENARIO, data, gaussian.priors(data)["flat"], starts=3)
    found = on_scales(flat)["sigma"]
    expected = {"declared": 10, "log": 9, "square": 11, "inverse square": 7, UNCONSTRAINED: 9}
    for on, divisor in expected.items():
        assert float(found.sel(on=on)) == pytest.approx(np.sqrt(10 / divisor), abs=1e-5)
    reference = Case(gaussian.SCENARIO, data, gaussian.priors(data)["reference"], starts=3)
    assert round(float(on_scales(reference)["sigma"].sel(on="declared")), 3) == 0.953


def test_with_few_values_there_is_no_mode_of_the_precision() -> None:
    """The density of 1/sigma^2 goes as sigma^(3 - n) far out: with three values it never falls."""
    data = dataset({"y": ("observation", np.array([0.0, 1.0, 3.0]))}, title="title", source="source")
    found = on_scales(Case(gaussian.SCENARIO, data, gaussian.priors(data)["flat"], starts=3))
    assert np.isnan(float(found["sigma"].sel(on="inverse square")))
    assert str(found["reason"].sel(on="inverse square").values)
    assert not str(found["reason"].sel(on="log").values)


def test_what_is_known_to_be_unbounded_is_called_local() -> None:
    one = case("gaussian-small", "weak")
    arguments = one.functions, one.parameters, one.scenario.support, one.map_, one.starts, LEVEL, None
    found = modes.on_scales(*arguments, "unbounded: made up")
    lost = modes.on_scales(*arguments, "infinite: made up")
    assert found is not None
    assert lost is not None
    assert set(found["reason"].values) == {"the largest local maximum found"}
    assert str(lost["reason"].sel(on="declared").values) == "infinite: made up"
    assert np.isnan(lost["sigma"].sel(on="declared"))
    xr.testing.assert_equal(lost["sigma"].drop_sel(on="declared"), found["sigma"].drop_sel(on="declared"))


def test_a_flat_prior_has_its_mode_at_the_edge_on_the_declared_scale_alone() -> None:
    data, prior = coin.counts(3, 3, "title", "source"), {"theta": Distribution("Beta", alpha=1, beta=1)}
    one = Case(coin.SCENARIO, data, prior, starts=3)
    obstacle = coin.obstacle(data, prior)
    arguments = one.functions, one.parameters, one.scenario.support, one.map_, one.starts, LEVEL, None
    found = modes.on_scales(*arguments, obstacle)
    assert found is not None
    assert [round(float(mode), 3) for mode in found["theta"]] == [1, 0.8, 0.875, 0.8]
    assert [bool(reason) for reason in found["reason"].values] == [True, False, False, False]


def test_a_kink_stays_a_kink_on_another_scale() -> None:
    """Regression with a Laplace prior, sigma read on its log: a convex search that splits beta in two parts."""
    data = regression.simulate(np.random.default_rng(4), n=40)
    data = data.isel(predictor=slice(0, 3))
    prior = {
        "intercept": Distribution("Normal", mu=0, sigma=5),
        "beta": Distribution("Laplace", mu=0, b=0.02),
        "sigma": Distribution("Exponential", lam=1),
    }
    found = on_scales(Case(regression.SCENARIO, data, prior, starts=3)).sel(on="log")
    x, y = data["x"].values - data["x"].values.mean(axis=0), data["y"].values

    def minus_joint(v: np.ndarray) -> float:
        intercept, up, down, log_sigma = v[0], v[1:4], v[4:7], v[7]
        residual = y - intercept - x @ (up - down)
        value = len(y) * log_sigma + residual @ residual / (2 * np.exp(2 * log_sigma)) + intercept**2 / 50
        return float(value + (up + down).sum() / 0.02 + np.exp(log_sigma) - log_sigma)

    bounds = [(None, None), *[(0, None)] * 6, (None, None)]
    options = {"maxiter": 5_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-9}
    best = minimize(
        minus_joint, np.r_[y.mean(), np.full(6, 0.1), 0.0], method="L-BFGS-B", bounds=bounds, options=options
    )
    np.testing.assert_allclose(found["beta"], best.x[1:4] - best.x[4:7], atol=1e-4)
    assert float(found["sigma"]) == pytest.approx(np.exp(best.x[7]), rel=1e-4)
    assert (found["beta"].values == 0).any()


@pytest.mark.slow
def test_the_unconstrained_mode_of_a_mixture_is_a_top_of_what_is_sampled() -> None:
    one = case("mixture-waiting", "weak")
    found = on_scales(one).sel(on=UNCONSTRAINED)
    point = {name: found[name].values for name in one.parameters if name in {v.name for v in one.model.free_RVs}}
    u, sampled = one.functions.unconstrain(point), one.functions.sampled()
    top, slope = sampled(u)
    rng = np.random.default_rng(1)
    assert all(sampled(u + 0.01 * rng.normal(size=u.size))[0] < top for _ in range(100))
    assert np.abs(slope).max() < 1e-4 * (1 + abs(top))


def test_parameters_on_the_whole_line_have_no_other_scale() -> None:
    one = case("logistic-challenger", "normal")
    assert modes.on_scales(one.functions, one.parameters, one.scenario.support, one.map_, one.starts, LEVEL) is None

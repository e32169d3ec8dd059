"""Sampling: draws depend on the seed alone, and without data the posterior is the prior."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from comparisons import functions, posterior
from models import coin, gaussian
from models.contract import dataset
from tests.cases import Case, case
from tests.tolerances import mean_and_error, within_errors

SHORT = {"draws": 100, "tune": 100}


def fresh(one: Case) -> Case:
    """The same scenario, data and prior again, nothing compiled or computed."""
    return Case(one.scenario, one.data, one.prior)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "then", "prior"),
    [
        ("coin", "coin-small", "sceptical"),
        ("gaussian", "gaussian-small", "informative"),
        ("regression", "regression-diabetes", "flat"),
    ],
)
def test_draws_do_not_know_what_was_compiled_before(
    first: str, then: str, prior: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case(first, prior).sample(**SHORT)
    known = len(functions._compiled)
    reused, reused_points = case(then, prior).sample(**SHORT)
    assert len(functions._compiled) == known  # machine code was used again, with other data
    monkeypatch.setattr(functions, "_compiled", [])
    new, new_points = fresh(case(then, prior)).sample(**SHORT)
    np.testing.assert_array_equal(reused_points, new_points)
    xr.testing.assert_identical(reused["posterior"].to_dataset(), new["posterior"].to_dataset())


@pytest.mark.slow
def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    one = case("gaussian-small", "weak")
    first, again, other = (one.sample(seed, **SHORT)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == other)
    assert len({chain.tobytes() for chain in first}) == len(first)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fit", "prior"),
    [
        ("coin-small", "weak"),
        ("gaussian-small", "informative"),
        ("logistic-challenger", "laplace"),
    ],
)
def test_points_do_not_know_what_was_compiled_before(fit: str, prior: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("coin", "gaussian", "logistic"):
        if fit.startswith(other):
            assert case(other, prior).mle.exists
    reused = case(fit, prior)
    before = reused.mle, reused.map_
    monkeypatch.setattr(functions, "_compiled", [])
    new = fresh(reused)
    for old, point in zip(before, (new.mle, new.map_), strict=True):
        for key in ("estimate", "sd", "lower", "upper"):
            for name, values in getattr(old, key).items():
                np.testing.assert_array_equal(values, getattr(point, key)[name])


def compare_with(draws: xr.DataArray, distribution: Any) -> None:
    """Share of draws below each decile of a distribution, within Monte Carlo error."""
    for share in np.arange(0.1, 0.95, 0.1):
        below = draws.values < distribution.ppf(share)
        mean, error = mean_and_error(below)
        within_errors(mean, share, error)


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["weak", "flat", "sceptical"])
def test_without_flips_the_posterior_is_the_prior(prior: str) -> None:
    believed = case("coin", prior).prior
    one = Case(coin.SCENARIO, coin.counts(0, 0, "nothing", "nowhere"), believed)
    compare_with(one.raw["theta"], stats.beta(*believed["theta"].hyperparameters.values()))


@pytest.mark.slow
def test_without_observations_the_posterior_of_a_gaussian_is_the_prior() -> None:
    believed = case("gaussian-small", "informative").prior
    empty = dataset({"y": ("observation", np.zeros(0))}, title="nothing", source="nowhere")
    one = Case(gaussian.SCENARIO, empty, believed)
    one.candidates = case("gaussian-small", "informative").candidates
    known = believed["mu"].hyperparameters
    compare_with(one.raw["mu"], stats.norm(known["mu"], known["sigma"]))
    compare_with(one.raw["sigma"], stats.expon(scale=1 / believed["sigma"].hyperparameters["lam"]))


@pytest.mark.parametrize(("fit", "prior"), [("coin", "sceptical"), ("gaussian", "informative"), ("mixture", "weak")])
def test_predictions_are_draws_of_the_model(fit: str, prior: str) -> None:
    """At a posterior that is one point, new data have the moments of the model there; the prior is SciPy's."""
    one = case(fit, prior)
    dims = one.model.named_vars_to_dims
    declared = one.functions.declared()(one.starts[0])
    frozen = xr.Dataset(
        {
            name: (("chain", "draw", *dims.get(name, ())), np.broadcast_to(value, (1, 400, *value.shape)))
            for name, value in declared.items()
        },
        coords={"chain": [0], "draw": np.arange(400)},
    )
    groups = posterior.predictive(one.functions, frozen, True, 3)
    (name,) = groups["posterior_predictive"]
    new = groups["posterior_predictive"][name].values.reshape(400, one.data.sizes["observation"], -1)
    expected = declared["weight"] @ declared["mu"] if fit == "mixture" else declared["theta" if fit == "coin" else "mu"]
    within_errors(new.mean(axis=(0, 1)), expected, new.std(axis=(0, 1)) / np.sqrt(new[..., 0].size))
    for variable in ("theta", "mu"):
        if variable in one.prior:
            draws = groups["prior"][variable].values.reshape(posterior.PREDICTIVE_DRAWS, -1)[:, 0]
            believed = one.prior[variable].scipy
            mean, sd = np.ravel(believed.mean())[0], np.ravel(believed.std())[0]
            within_errors(draws.mean(), mean, sd / np.sqrt(len(draws)))
            # The variance of a variance of n draws of a bell is about 2 / n of its square.
            within_errors(draws.var() / sd**2, 1, np.sqrt(2 / len(draws)))


def test_an_improper_prior_makes_no_prior_predictions() -> None:
    one = case("gaussian-small", "flat")
    frozen = xr.Dataset(
        {name: (("chain", "draw"), np.ones((1, 5))) for name in ("mu", "sigma")}, {"chain": [0], "draw": np.arange(5)}
    )
    assert set(posterior.predictive(one.functions, frozen, False, 1)) == {"posterior_predictive", "observed_data"}


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["flat", "laplace"])
def test_the_curvature_at_the_mode_makes_chains_quick_and_leaves_the_posterior(prior: str) -> None:
    """Correlated coefficients: the same posterior by either coordinates, with fewer steps for more effective draws."""
    one = case("regression-diabetes", prior)
    found, per_step = [], []
    for mode in (None, one.map_.optimum):
        tree, _ = posterior.sample(one.functions, one.starts[:4], 5, mode)
        beta = tree["posterior"].to_dataset()["beta"].values
        effective = [float(az.ess(beta[:, :, j])) for j in range(beta.shape[2])]
        per_step.append(min(effective) / int(tree["sample_stats"]["n_steps"].sum()))
        found.append([mean_and_error(beta[:, :, j]) for j in range(beta.shape[2])])
    (slow, slow_error), (quick, quick_error) = (np.transpose(one) for one in found)
    within_errors(slow, quick, np.hypot(slow_error, quick_error))
    assert per_step[1] > 3 * per_step[0]

"""Sweeps beside closed forms, and what is stored of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import beta

import models
from comparisons.plan import Plan, built_in
from comparisons.sweeps import KEPT, QUANTILES, kinds, sweeps, write_sweeps
from models.contract import Distribution
from tests.tolerances import POINT, within_errors

pytestmark = pytest.mark.slow


def shape(plan: Plan) -> tuple[float, float]:
    h = plan.priors["weak"]["theta"].hyperparameters
    return float(h["alpha"]), float(h["beta"])


@pytest.fixture(scope="module")
def coin() -> tuple[Plan, dict[str, xr.Dataset]]:
    plan = built_in("coin")
    return plan, sweeps(plan, np.random.SeedSequence(1))


def test_coin_under_priors_of_all_strengths_is_beta(coin: tuple[Plan, dict[str, xr.Dataset]]) -> None:
    """Of density p ** s the Beta(a, b) prior becomes Beta(s (a - 1) + 1, s (b - 1) + 1)."""
    plan, found = coin
    sweep = found["sweep_prior"].sel(prior="weak", parameter="theta")
    (a, b), heads, flips = shape(plan), float(plan.data["heads"].sum()), float(plan.data["flips"].sum())
    assert sweep["strength"].values[[0, -1]] == pytest.approx([0.01, 100])
    for strength in sweep["strength"].values:
        one = sweep.sel(strength=strength)
        truth = beta(strength * (a - 1) + 1 + heads, strength * (b - 1) + 1 + flips - heads)
        mode = (strength * (a - 1) + heads) / (strength * (a + b - 2) + flips)
        assert float(one["estimate"].sel(reading="mle")) == pytest.approx(heads / flips, abs=POINT * truth.std())
        assert float(one["estimate"].sel(reading="map")) == pytest.approx(mode, abs=POINT * truth.std())
        error = truth.std() / np.sqrt(float(one["ess_bulk"]))
        within_errors(float(one["estimate"].sel(reading="posterior")), truth.mean(), error)
        share = float(truth.cdf(one["quantile"].sel(share=0.5)))
        within_errors(share, 0.5, 0.5 / np.sqrt(float(one["ess_tail"])))
        assert not one["failed"]


def test_coin_with_more_and_more_flips(coin: tuple[Plan, dict[str, xr.Dataset]]) -> None:
    plan, found = coin
    sweep = found["sweep_n"].sel(parameter="theta")
    assert sweep["n"].values[0] == 1
    assert sweep["n"].values[-1] == plan.data.sizes["observation"]
    a, b = shape(plan)
    for n in sweep["n"].values:
        one = sweep.sel(n=n)
        heads = float(one["estimate"].sel(reading="mle")) * n
        assert heads == pytest.approx(round(heads), abs=1e-4)
        mean = (a + round(heads)) / (a + b + n)
        error = float(one["sd"].sel(reading="posterior")) / np.sqrt(float(one["ess_bulk"]))
        within_errors(float(one["estimate"].sel(reading="posterior")), mean, error)


def test_sweep_holds_bands_and_draws(coin: tuple[Plan, dict[str, xr.Dataset]]) -> None:
    for sweep in coin[1].values():
        assert sweep["share"].values.tolist() == list(QUANTILES)
        assert sweep.sizes["draw"] <= KEPT
        assert (sweep["quantile"].diff("share") > 0).all()
        assert {"level", "seed", "fit", "intervals"} <= set(sweep.attrs)


def test_sweeps_are_the_same_again(coin: tuple[Plan, dict[str, xr.Dataset]]) -> None:
    again = sweeps(coin[0], np.random.SeedSequence(1))
    for name, sweep in coin[1].items():
        assert sweep.identical(again[name])


def test_regression_sweeps_are_paths_of_ridge_and_lasso() -> None:
    """A stronger prior shrinks; under a Laplace prior more and more modes are exactly zero, and no mean ever is."""
    found = sweeps(built_in("regression"), np.random.SeedSequence(1))["sweep_prior"]
    beta_rows = [str(one) for one in found["parameter"].values if str(one).startswith("beta")]
    assert found["prior"].values.tolist() == ["normal", "laplace"]
    mode = found["estimate"].sel(reading="map", parameter=beta_rows)
    assert (np.diff(np.linalg.norm(mode.sel(prior="normal").values, axis=1)) < 0).all()
    zeros = (mode.sel(prior="laplace").values == 0).sum(axis=1)
    assert (np.diff(zeros) >= 0).all()
    assert zeros[-1] == len(beta_rows)
    assert not (found["estimate"].sel(reading="posterior", parameter=beta_rows) == 0).any()
    mle = found["estimate"].sel(reading="mle", parameter=beta_rows).values
    sd = found["sd"].sel(reading="mle", parameter=beta_rows).values
    assert (np.abs(mle - mle[0, 0]) <= 10 * POINT * sd).all(), "the maximum of the likelihood knows no prior"


def test_kinds_are_told_by_families() -> None:
    weak = {"mu": Distribution("Normal", mu=0, sigma=1), "sigma": Distribution("Exponential", lam=1)}
    flat = {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")}
    heavy = weak | {"mu": Distribution("Cauchy", alpha=0, beta=1)}
    narrow = weak | {"mu": Distribution("Normal", mu=3, sigma=0.1)}
    assert kinds({"flat": flat, "weak": weak, "narrow": narrow, "heavy": heavy}) == ["weak", "heavy"]


@pytest.mark.parametrize("name", models.names())
def test_swept_variables_are_free_variables(name: str) -> None:
    scenario = models.load(name)
    assert set(scenario.swept) <= set(scenario.support)


def test_written_sweeps_are_read_again(coin: tuple[Plan, dict[str, xr.Dataset]], tmp_path: Path) -> None:
    write_sweeps(coin[0], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sweep_n.nc", "sweep_prior.nc"]
    with xr.open_dataset(tmp_path / "sweep_n.nc") as stored:
        assert stored["estimate"].dims == ("n", "reading", "parameter")


def test_first_rows_without_spread_are_skipped_and_named() -> None:
    """Twelve equal values come first in the order of the sweep: no standard deviation is known of them alone."""
    plan, seed = built_in("gaussian-small"), np.random.SeedSequence(1)
    y = np.random.default_rng(4).normal(5, 2, 200)
    order = np.random.default_rng(seed.spawn(2)[1].spawn(2)[0]).permutation(len(y))
    y[order[:12]] = 5.0
    data = plan.data.isel(observation=np.zeros(len(y), dtype=int)).assign_coords(observation=np.arange(len(y)))
    planted = replace(plan, data=data.assign(y=("observation", y)))
    found = sweeps(planted, np.random.SeedSequence(1))["sweep_n"]
    skipped = [int(n) for n in found.attrs["skipped"].split(", ")]
    assert skipped
    assert max(skipped) <= 12 < found["n"].values[0]
    assert found["n"].values[-1] == len(y)
    assert np.isfinite(found["estimate"]).all()


def test_no_size_of_a_built_in_fit_is_skipped(coin: tuple[Plan, dict[str, xr.Dataset]]) -> None:
    assert coin[1]["sweep_n"].attrs["skipped"] == ""

"""Readings at the settings of a switch, beside closed forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

import models
from comparisons.broken import broken, write_broken
from comparisons.plan import built_in
from tests.tolerances import within_errors

pytestmark = pytest.mark.slow


def read(name: str) -> xr.Dataset:
    find = models.load(name).broken
    assert find is not None
    return broken(name, find(), np.random.SeedSequence(1), 0.95)


def test_coin_settings_are_beta_posteriors() -> None:
    found = read("coin").isel(parameter=0)
    find = models.load("coin").broken
    assert find is not None
    for world, one in enumerate(find()):
        here = found.isel(world=world)
        assert list(here["setting"].values) == list(one.at.values())
        a = float(one.prior["theta"].hyperparameters["alpha"])
        heads, flips = int(one.at["heads"]), int(one.at["flips"])
        truth = beta(a + heads, a + flips - heads)
        assert not here["failed"]
        assert float(here["estimate"].sel(reading="mle")) == pytest.approx(heads / flips, abs=1e-5)
        mode = (a + heads - 1) / (2 * a + flips - 2)
        assert float(here["estimate"].sel(reading="map")) == pytest.approx(mode, abs=1e-5)
        error = truth.std() / np.sqrt(float(here["ess_bulk"]))
        within_errors(float(here["estimate"].sel(reading="posterior")), truth.mean(), error)
        if heads == 0:  # the profile interval has one end: where the log likelihood has fallen by half a chi-square
            fallen = 1 - np.exp(-3.841458820694124 / 2 / flips)
            assert float(here["upper"].sel(reading="mle")) == pytest.approx(fallen, rel=1e-3)


def test_separated_events_have_no_mle_and_overlapping_ones_that_of_scikit_learn() -> None:
    found = read("logistic").isel(parameter=-1)
    find = models.load("logistic").broken
    assert find is not None
    for world, one in enumerate(find()):
        slope = float(found["estimate"].isel(world=world).sel(reading="mle"))
        if float(one.at["gap"]) > 0:
            assert np.isnan(slope)
            continue
        peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(one.data["x"].values, one.data["y"].values)
        assert slope == pytest.approx(float(peer.coef_[0, 0]), rel=1e-4)


def test_only_teaching_data_have_them(tmp_path: Path) -> None:
    plan = built_in("family")
    write_broken(replace(plan, dataset="kicks"), tmp_path)
    write_broken(replace(plan, scenario="gaussian"), tmp_path)
    assert not list(tmp_path.iterdir())
    write_broken(plan, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.nc"]
    with xr.open_dataset(tmp_path / "broken.nc") as found:
        assert found.attrs["fit"] == "family"
        assert found.attrs["level"] == plan.settings.level

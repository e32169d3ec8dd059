"""Coverage, width, bias and error of studies whose exact values are known, and of what does not exist."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from statsmodels.stats.proportion import proportion_confint

from comparisons.coverage import coverage, errors, operating_characteristics
from comparisons.exact import at, averaged
from comparisons.job import Job
from tests import chunks
from tests.tolerances import within_errors

PAIRS = [("coverage", "coverage_se"), ("width", "width_se"), ("bias", "bias_se"), ("rmse", "rmse_se")]


@pytest.mark.parametrize("truth", ["prior", "fixed"])
def test_the_coin_behaves_as_the_exact_sums_say(truth: str) -> None:
    job = Job("coin", "weak", 20_000, truth, size=20_000, seed=3)
    found = operating_characteristics(chunks.coin(job, 0)).set_index("interval")
    exact = averaged(chunks.COIN, 2, 2) if truth == "prior" else at(chunks.COIN, chunks.FIXED)
    exact = exact.set_index("interval").loc[found.index]
    for column, error in PAIRS:
        within_errors(found[column], exact[column], found[error])
    share = found["missing"] / found["worlds"]
    spread = np.sqrt(exact["missing"] * (1 - exact["missing"]) / found["worlds"])
    assert np.all(np.abs(share - exact["missing"]) <= 5 * spread)
    assert found["missing"].idxmax() == "wald"


def test_gaussian_intervals_have_their_level_and_known_widths() -> None:
    found = operating_characteristics(chunks.gaussian(Job("coin", "weak", 20_000, size=20_000), 0))
    assert list(found.columns[:3]) == ["parameter", "reading", "interval"]
    assert len(found) == 10
    assert not found["missing"].any()
    within_errors(found["coverage"], 0.95, found["coverage_se"])
    flat = found[found["reading"] == "mle"]
    np.testing.assert_allclose(flat["width"], 2 * 1.959963984540054 / np.sqrt(chunks.ROWS))
    within_errors(found["bias"], 0, found["bias_se"])
    within_errors(flat["rmse"], 1 / np.sqrt(chunks.ROWS), flat["rmse_se"])
    mean = found[found["reading"] == "posterior"]
    within_errors(mean["rmse"], 1 / np.sqrt(chunks.ROWS + 1 / chunks.SPREAD**2), mean["rmse_se"])


def test_errors_of_the_errors_are_right() -> None:
    """Over many small studies the estimates scatter as much as their standard errors say."""
    rows = [
        operating_characteristics(chunks.gaussian(Job("coin", "weak", 200, size=200, seed=seed), 0, ("mu",)))
        for seed in range(200)
    ]
    frame = pd.concat(rows).query("interval == 'eti'")
    for column, error in (("coverage", "coverage_se"), ("bias", "bias_se"), ("rmse", "rmse_se")):
        ratio = frame[column].std() / np.sqrt((frame[error] ** 2).mean())
        assert abs(ratio - 1) < 5 / np.sqrt(2 * 200), column
    inside = (frame["coverage_lower"] <= 0.95) & (frame["coverage_upper"] >= 0.95)
    assert abs(inside.mean() - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 200) + 0.02  # counts are whole numbers


def world(count: int = 4) -> xr.Dataset:
    """Worlds in which everything is known and holds the truth 0."""
    shape = (count, 1)
    ends = np.ones((count, len(chunks.INTERVALS), 1))
    return xr.Dataset(
        {
            "truth": (("world", "parameter"), np.zeros(shape)),
            "estimate": (("world", "reading", "parameter"), np.full((count, 3, 1), 0.5)),
            "lower": (("world", "interval", "parameter"), -ends),
            "upper": (("world", "interval", "parameter"), ends),
            "failed": ("world", np.zeros(count, bool)),
            "exists": (("world", "reading"), np.ones((count, 3), bool)),
        },
        coords={
            "world": np.arange(count),
            "parameter": ["x"],
            "reading": chunks.READINGS,
            "interval": chunks.INTERVALS,
        },
        attrs={"level": 0.95},
    )


def test_what_holds_the_truth_always_is_not_known_to_do_so() -> None:
    found = coverage(world()).set_index("interval").loc["eti"]
    assert (found["coverage"], found["coverage_se"], found["missing"]) == (1, 0, 0)
    low, high = proportion_confint(4, 4, 0.05, "wilson")
    assert (found["coverage_lower"], found["coverage_upper"]) == pytest.approx((low, high))
    assert (found["width"], found["width_se"]) == (2, 0)


def test_an_interval_that_does_not_exist_is_a_miss_and_is_counted() -> None:
    worlds = world()
    worlds["upper"].loc[{"world": 2, "interval": "wald"}] = np.nan
    found = coverage(worlds).set_index("interval")
    assert (found.loc["wald", "coverage"], found.loc["wald", "missing"]) == (0.75, 1)
    assert (found.loc["profile", "coverage"], found.loc["profile", "missing"]) == (1, 0)


def test_a_reading_that_does_not_exist_has_neither_interval_nor_estimate() -> None:
    worlds = world()
    worlds["exists"].loc[{"world": 0, "reading": "mle"}] = False  # a local maximum may be there all the same
    found = operating_characteristics(worlds).set_index("interval")
    assert found["missing"].to_dict() == {"wald": 1, "profile": 1, "laplace": 0, "eti": 0, "hdi": 0}
    assert found["unknown"].to_dict() == found["missing"].to_dict()
    assert found["coverage"].tolist() == [0.75, 0.75, 1, 1, 1]


def test_a_failed_world_has_no_posterior() -> None:
    worlds = world()
    worlds["failed"][3] = True
    found = operating_characteristics(worlds).set_index("interval")
    assert found["missing"].to_dict() == {"wald": 0, "profile": 0, "laplace": 0, "eti": 1, "hdi": 1}
    assert found["coverage"].tolist() == [1, 1, 1, 0.75, 0.75]


def test_nothing_at_all_and_infinite_ends() -> None:
    worlds = world()
    worlds["exists"].loc[{"reading": "map"}] = False
    worlds["upper"].loc[{"world": 1, "interval": "profile"}] = np.inf
    found = operating_characteristics(worlds).set_index("interval")
    nothing = found.loc["laplace"]
    assert (nothing["coverage"], nothing["missing"], nothing["unknown"]) == (0, 4, 4)
    assert nothing[["width", "width_se", "bias", "bias_se", "rmse", "rmse_se"]].isna().all()
    assert found.loc["profile", "coverage"] == 1
    assert found.loc["profile", "width"] == np.inf
    assert found["width_se"].isna()["profile"]


def test_dims_may_come_in_any_order() -> None:
    worlds = chunks.gaussian(Job("coin", "weak", 50, size=50), 0)
    turned = worlds.transpose("interval", "parameter", "reading", "world")
    pd.testing.assert_frame_equal(operating_characteristics(worlds), operating_characteristics(turned))
    assert errors(worlds)["rmse"].gt(0).all()

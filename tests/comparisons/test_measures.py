"""Distances and masses: by SciPy, and by algebra."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from comparisons.measures import COLUMNS, measures
from tests.made_up import table
from tests.tolerances import ROUNDING


def measured(mle: float, mode: float, draws: np.ndarray, width: float = 1.0) -> pd.DataFrame:
    frame = table()[["parameter", "reading", "sd", "mcse", "level", "reason", "failed"]]
    mean, sd = float(draws.mean()), float(draws.std(ddof=1))
    frame["estimate"], frame["sd"] = [mle, mode, mean], [1.0, 1.0, sd]
    frame["mcse"] = sd / np.sqrt(draws.size)
    frame["lower"], frame["upper"] = frame["estimate"] - width, frame["estimate"] + width
    return frame.join(measures(frame, xr.Dataset({"theta": (("chain", "draw"), draws)})))


NORMAL = np.random.default_rng(2).normal(3.0, 2.0, (4, 1_000))


def test_the_mass_is_that_of_the_posterior() -> None:
    frame = measured(3.0, 5.0, NORMAL, width=2.0)
    exact = norm.cdf([5.0, 7.0], 3, 2) - norm.cdf([1.0, 3.0], 3, 2)
    for k in range(2):
        error = float(frame["mass_error"].iloc[k])
        # Independent draws: the standard error of a share is known.
        assert error == pytest.approx(np.sqrt(exact[k] * (1 - exact[k]) / 4_000), rel=0.2)
        assert abs(frame["mass"].iloc[k] - exact[k]) < 5 * error
    assert np.isnan(frame["mass"].iloc[2])


@pytest.mark.parametrize(("at", "mass"), [(3.0, 1.0), (500.0, 0.0)])
def test_all_or_none_of_the_draws_have_an_error_all_the_same(at: float, mass: float) -> None:
    frame = measured(at, at, NORMAL, width=50.0)
    assert list(frame["mass"].iloc[:2]) == [mass, mass]
    # 4,000 independent draws: about 1 / 4,000.
    assert frame["mass_error"].iloc[0] == pytest.approx(1 / 4_000, rel=0.3)


@settings(max_examples=20)
@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.01, 100), st.integers(0, 99))
def test_pull_and_skew_add_up(mle: float, mode: float, scale: float, seed: int) -> None:
    frame = measured(mle, mode, np.random.default_rng(seed).gamma(2, scale, (4, 50)))
    mean, sd = frame["estimate"].iloc[2], frame["sd"].iloc[2]
    pull, skew = frame["pull"].iloc[1], frame["skew"].iloc[2]
    size = (abs(mle) + abs(mode) + abs(mean)) / sd
    assert pull + skew == pytest.approx((mean - mle) / sd, abs=ROUNDING * size)
    assert frame["gap"].iloc[0] == pytest.approx(-(pull + skew), abs=ROUNDING * size)
    assert frame["gap"].iloc[1] == -skew
    assert frame[["pull", "skew"]].count().sum() == 2


@pytest.mark.parametrize("plant", ["estimate", "sd", "lower"])
def test_what_does_not_exist_is_nan(plant: str) -> None:
    frame = table()[["parameter", "reading", "estimate", "sd", "lower", "upper", "mcse"]]
    draws = xr.Dataset({"theta": (("chain", "draw"), NORMAL)})
    frame.loc[{"estimate": 0, "sd": 2, "lower": 1}[plant], plant] = 0.0 if plant == "sd" else np.nan
    found = measures(frame, draws)
    exists = {column: list(np.isfinite(found[column])) for column in COLUMNS}
    expected = {column: [True, True, False] for column in COLUMNS[:4]}
    expected |= {"pull": [False, True, False], "skew": [False, False, True]}
    if plant == "sd":
        expected = {column: [False] * 3 for column in COLUMNS}
    elif plant == "estimate":
        expected |= {"gap": [False, True, False], "gap_error": [True, True, False], "pull": [False] * 3}
    else:
        expected |= {column: [True, False, False] for column in ("mass", "mass_error")}
    assert exists == expected


def test_every_element_meets_its_own_draws() -> None:
    rng = np.random.default_rng(0)
    centre = np.array([[0.0, 10.0], [20.0, 30.0]])
    draws = xr.Dataset(
        {
            "s": (("chain", "draw"), rng.normal(-5, 1, (4, 300))),
            "mu": (("a", "chain", "draw", "b"), rng.normal(centre[:, None, None], 1, (2, 4, 300, 2))),
        }
    )
    labels = ["s", "mu[0, 0]", "mu[0, 1]", "mu[1, 0]", "mu[1, 1]"]
    frame = table(labels)
    frame["estimate"] = np.repeat([-5.0, 0, 10, 20, 30], 3)
    frame["lower"], frame["upper"] = frame["estimate"] - 1, frame["estimate"] + 1
    found = measures(frame, draws)
    assert found["mass"].dropna().between(0.6, 0.76).all()
    assert found["mass"].count() == 10
    with pytest.raises(ValueError, match=r"zip|shorter|longer"):
        measures(frame, draws[["s"]])
    with pytest.raises(ValueError, match="needs one row for each"):
        measures(frame.iloc[1:], draws)

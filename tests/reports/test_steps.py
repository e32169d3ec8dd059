"""The way from the MLE to the posterior mean: its steps add up to the distance, whatever exists."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import steps
from reports.steps import DECIMALS, Steps
from reports.stored import Fit
from tests.toys import TOYS

place = st.floats(-20, 20, allow_nan=False)
perhaps = st.one_of(st.just(math.nan), place)


@given(perhaps, perhaps, perhaps)
def test_parts_add_up_to_the_distance_and_so_do_their_texts(mle: float, map_: float, mean: float) -> None:
    way = Steps("theta", mle, map_, mean, 0.02)
    texts = steps.rounded(way)
    if math.isnan(map_):
        assert way.parts == {}
        assert texts["all"] == "—"
        return
    begins = map_ if math.isnan(mle) else mle
    assert math.fsum(way.parts.values()) == pytest.approx(-begins, abs=1e-12)
    assert ("prior" in way.parts) == (not math.isnan(mle))
    assert ("error" in way.parts) == (not math.isnan(mean))
    shown = [round(float(texts[name]) * 10**DECIMALS) for name in way.parts]
    assert sum(shown) == round(float(texts["all"]) * 10**DECIMALS)
    assert float(texts["all"]) == pytest.approx(-begins, abs=0.5 * 10**-DECIMALS + 1e-12)
    for name, length in way.parts.items():
        assert float(texts[name]) == pytest.approx(length, abs=1.0 * 10**-DECIMALS + 1e-12)


@pytest.mark.parametrize("name", TOYS)
def test_the_way_of_every_row_is_its_gap(home: Path, name: str) -> None:
    fit = Fit(home / "results" / name)
    for prior in fit.priors:
        rows = fit.table[fit.table["prior"] == prior]
        gaps = {reading: rows[rows["reading"] == reading].set_index("parameter")["gap"] for reading in ("mle", "map")}
        for way in steps.steps(fit, prior):
            begins = gaps["mle"][way.parameter]
            if pd.isna(begins):
                begins = gaps["map"][way.parameter]
            assert math.fsum(way.parts.values()) == pytest.approx(-begins, abs=1e-9)


@pytest.mark.parametrize(("error", "told"), [(0.0, True), (0.0005, True), (0.002, False)])
def test_monte_carlo_error_is_told_from_shape_where_a_reference_knows_the_mean(
    home: Path, error: float, told: bool
) -> None:
    """A reference two Monte Carlo errors off, known to so much; the distance as `comparisons.table` writes it."""
    fit = Fit(home / "results" / "coin")
    posterior = (fit.table["reading"] == "posterior") & (fit.table["prior"] == "a")
    row = fit.table[posterior].iloc[0]
    mcse = float(row["mcse"])
    size = float(np.hypot(mcse, error))
    for column, value in {"reference": row["estimate"] - 2 * mcse, "distance": 2 * mcse / size}.items():
        fit.table.loc[posterior, column] = value
    (way,) = steps.steps(fit, "a")
    assert ("error" in way.parts) == told == (error <= mcse / 3)
    if told:
        assert way.parts["error"] == pytest.approx(2 * mcse / row["sd"])
        assert way.parts["shape"] == pytest.approx(float(row["skew"]) - 2 * mcse / row["sd"])
    else:
        assert way.parts["shape"] == pytest.approx(float(row["skew"]))


def test_without_a_posterior_mean_there_is_no_way(home: Path) -> None:
    fit = Fit(home / "results" / "coin")
    fit.table.loc[fit.table["reading"] == "posterior", ["estimate", "sd"]] = np.nan
    assert steps.steps(fit, "a") == []
    assert steps.picture(fit) is None

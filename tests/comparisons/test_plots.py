"""Pictures of a comparison: what is marked lies where the table says, and names are never mathematics."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from comparisons import plots
from comparisons.colours import READINGS

NAMES = ["sigma", "mu"]
LABELS = ["sigma", "mu[a$b_c^$]", "mu[=cmd]"]
POINTS: dict[str, list[float]] = {"mle": [2.5, 0.5, 900.0], "map": [2.4, 0.25, np.nan]}


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    rng = np.random.default_rng(8)
    dims = ("chain", "draw")
    draws = xr.Dataset(
        {"sigma": (dims, rng.gamma(9, 0.3, (2, 200))), "mu": ((*dims, "group"), rng.normal(size=(2, 200, 2)))},
        coords={"chain": [0, 1], "draw": np.arange(200), "group": ["a$b_c^$", "=cmd"]},
    )
    diverging = xr.Dataset({"diverging": (dims, np.zeros((2, 200), bool))}, coords={"chain": [0, 1]})
    return xr.DataTree.from_dict({"posterior": draws, "sample_stats": diverging})


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    found = []
    for j, label in enumerate(LABELS):
        for reading in READINGS:
            value = POINTS[reading][j] if reading in POINTS else 0.0
            found.append({"parameter": label, "reading": reading, "estimate": value, "level": 0.9})
    return pd.DataFrame(found).assign(lower=lambda t: t["estimate"] - 1, upper=np.nan)


def markers(axes: Any, reading: str) -> list[float]:
    mark = READINGS[reading]
    lines = [line for line in axes.get_lines() if line.get_marker() == mark.marker and line.get_color() == mark.colour]
    return [float(line.get_xdata()[0]) for line in lines]


def drawn(figure: Figure) -> list[str]:
    """All texts of a figure, once it has been drawn."""
    figure.canvas.draw()
    assert not plt.get_fignums()  # pyplot does not keep it: a notebook shows it once
    return [found.get_text() for found in figure.findobj(lambda one: isinstance(one, Text)) if isinstance(found, Text)]


def test_the_densities_carry_the_three_readings(tree: xr.DataTree, rows: pd.DataFrame) -> None:
    figure = plots.posterior(tree, rows, NAMES, "eti")
    texts = drawn(figure)
    panels = [axes for axes in figure.axes if axes.get_lines()]
    assert len(panels) == 3
    for panel, mle, map_ in zip(panels, POINTS["mle"], POINTS["map"], strict=True):
        assert markers(panel, "mle") == ([mle] if mle < 900 else [])  # out of reach
        assert markers(panel, "map") == ([map_] if np.isfinite(map_) else [])
        (mean,) = markers(panel, "posterior")
        low, high = panel.get_xlim()
        assert low < mean < high < 900
    assert markers(panels[0], "posterior") == [pytest.approx(float(tree["posterior"]["sigma"].mean()))]
    assert any("a$b_c^$" in text for text in texts)
    assert {mark.label for mark in READINGS.values()} <= set(texts)


def test_the_trace_has_a_density_and_a_course_for_every_element(tree: xr.DataTree, rows: pd.DataFrame) -> None:
    figure = plots.trace(tree, rows, NAMES)
    drawn(figure)
    assert len(figure.axes) == 6


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("interval", ["eti", "hdi"])
def test_the_forest_puts_the_points_on_the_scale(
    tree: xr.DataTree, rows: pd.DataFrame, standardize: bool, interval: str
) -> None:
    figure = plots.forest(tree, rows, NAMES, interval, standardize)
    texts = drawn(figure)
    draws = tree["posterior"].to_dataset()
    sigma, mu = draws["sigma"].values, draws["mu"].values[..., 0]
    expected = [2.5, 0.5]
    if standardize:
        expected = [(2.5 - sigma.mean()) / sigma.std(), (0.5 - mu.mean()) / mu.std()]
    axes = max(figure.axes, key=lambda one: len(one.get_lines()))
    assert markers(axes, "mle") == pytest.approx(expected)
    assert "90 % intervals" in texts


def test_more_than_forty_panels_are_drawn(rows: pd.DataFrame) -> None:
    draws = np.random.default_rng(0).normal(size=(2, 50, 45))
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"beta": (("chain", "draw", "predictor"), draws)})})
    many = pd.concat([rows[:3].assign(parameter=f"beta[{j}]") for j in range(45)], ignore_index=True)
    assert len([axes for axes in plots.posterior(tree, many, ["beta"], "eti").axes if axes.get_lines()]) == 45

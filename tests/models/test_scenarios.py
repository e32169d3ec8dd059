"""Every scenario: its fits, its data as published, its reading of good and bad tables, its reproducible simulation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import models
from models import coin, gaussian, logistic, mixture, regression
from models.contract import BadInput

FITS = {
    "coin",
    "coin-small",
    "coin-flips",
    "family",
    "family-kicks",
    "gaussian",
    "gaussian-small",
    "gaussian-newcomb",
    "logistic",
    "logistic-challenger",
    "mixture",
    "mixture-faithful",
    "mixture-waiting",
    "regression",
    "regression-diabetes",
}
NAMES = ["coin", "family", "gaussian", "logistic", "mixture", "regression"]


def test_fits_are_named_after_files_and_data_sets() -> None:
    assert models.names() == NAMES
    assert set(models.fits()) == FITS
    assert models.fits()["coin"] == ("coin", "teaching")
    assert models.fits()["coin-small"] == ("coin", "small")


def test_an_unknown_scenario_names_the_known_ones() -> None:
    with pytest.raises(KeyError, match="no scenario named 'dice'; known scenarios: coin, family"):
        models.load("dice")


@pytest.mark.parametrize("name", NAMES)
def test_simulation_is_its_seed(name: str) -> None:
    scenario = models.load(name)
    first, again, other = (scenario.simulate(np.random.default_rng(seed)) for seed in (1, 1, 2))
    xr.testing.assert_identical(first, again)
    assert not first.equals(other)
    known = {str(key) for key in first if str(key).startswith("true_")}
    variables = scenario.model(first, next(iter(scenario.priors(first).values()))).named_vars
    assert known == {f"true_{parameter}" for parameter in scenario.parameters if parameter in variables}
    assert next(iter(scenario.datasets)) == "teaching"


@pytest.mark.parametrize(("fit", "dataset"), [(fit, models.fits()[fit]) for fit in sorted(FITS)])
def test_data_are_labelled_and_say_where_they_come_from(fit: str, dataset: tuple[str, str]) -> None:
    scenario = models.load(dataset[0])
    data, again = scenario.datasets[dataset[1]](), scenario.datasets[dataset[1]]()
    xr.testing.assert_identical(data, again)
    assert data.attrs["title"]
    assert data.attrs["source"]
    assert not [dim for dim in data.dims if str(dim).startswith("dim_")]
    np.testing.assert_array_equal(data["observation"], np.arange(data.sizes["observation"]))


def test_data_are_as_published() -> None:
    flips = coin.same_side()
    assert (int(flips["heads"].sum()), int(flips["flips"].sum())) == (178_079, 350_757)
    teaching = coin.SCENARIO.datasets["teaching"]()
    assert (int(teaching["heads"].sum()), int(teaching["flips"].sum())) == (65, 100)
    newcomb = gaussian.newcomb()["y"].values
    assert (len(newcomb), round(newcomb.mean(), 2), newcomb.min(), newcomb.max()) == (66, 26.21, -44, 40)
    challenger = logistic.challenger()
    assert (challenger.sizes["observation"], int(challenger["y"].sum())) == (23, 7)
    assert (float(challenger["x"].min()), float(challenger["x"].max())) == (53, 81)
    faithful = mixture.faithful("eruptions", "waiting")["y"].values
    assert faithful.shape == (272, 2)
    np.testing.assert_allclose(faithful.mean(axis=0), [3.4878, 70.8971], atol=5e-5)
    diabetes = regression.diabetes()
    assert diabetes["x"].shape == (442, 10)
    assert float(diabetes["y"].mean()) == pytest.approx(152.1335, abs=5e-5)


# Tables of users; the refusals of columns and designs themselves are in test_columns.py and test_design.py.

NAN = float("nan")
BAD: list[tuple[Any, dict[str, list[Any]] | None, dict[str, Any], str]] = [
    (coin, {"tails": [1]}, {}, "no column 'heads'"),
    (coin, {"heads": [1, 0.5]}, {}, "whole"),
    (coin, {"heads": [-1, 0]}, {}, "-1"),
    (coin, {"heads": [1, NAN]}, {}, "--missing drop"),
    (coin, {"heads": [2, 0]}, {}, "row 1 below the header: 2 is not 0 or 1: name the trials with --flips"),
    (coin, {"heads": [4], "flips": [3]}, {}, "4 is more than the 3 in 'flips'"),
    (coin, {"heads": [0], "flips": [0]}, {}, "no flips"),
    (coin, None, {"heads": "0", "flips": "0"}, "no flips"),
    (coin, None, {"heads": "7", "flips": "3"}, "more than the 3"),
    (coin, None, {"heads": "-1", "flips": "3"}, "--heads '-1'"),
    (coin, None, {"heads": "1.5", "flips": "3"}, "--heads '1.5'"),
    (coin, None, {"heads": "1"}, "--flips"),
    (gaussian, None, {}, "--data"),
    (gaussian, {"a": [1.0, 2.0], "b": [1.0, 2.0]}, {}, "--column; the columns are 'a', 'b'"),
    (gaussian, {"y": [2.0, 2.0]}, {}, "'y' is constant"),
    (gaussian, {"y": [2.0]}, {}, "one value"),
    (regression, None, {}, "--data"),
    (regression, {"y": [1.0, 2.0, 4.0], "x": [3.0, 3.0, 3.0]}, {"outcome": "y"}, "'x' is constant"),
    (logistic, None, {}, "--data"),
    (logistic, {"y": [0, 1, 2], "x": [1.0, 2.0, 3.0]}, {"outcome": "y"}, "'y'"),
    (mixture, None, {}, "--data"),
    (mixture, {"a": [1.0, 1.0, 1.0]}, {}, "'a' is constant"),
    (mixture, {"a": [1.0, 2.0, 3.0]}, {"components": 1}, "gaussian"),
    (mixture, {"a": [1.0, 2.0, 3.0]}, {"components": 4}, "3 distinct points; give at most 3"),
]


@pytest.mark.parametrize(("module", "columns", "options", "words"), BAD)
def test_a_bad_table_is_refused_in_one_line_that_names_the_trouble(
    module: Any, columns: dict[str, list[Any]] | None, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        module.read(None if columns is None else pd.DataFrame(columns), **options)
    assert "\n" not in str(caught.value)


def test_good_tables_are_read() -> None:
    assert coin.read(pd.DataFrame({"heads": [1, 0, 1]}))["flips"].values.tolist() == [1, 1, 1]
    assert coin.read(pd.DataFrame({"won": [3.0], "played": [7]}), heads="won", flips="played")["heads"].item() == 3
    assert coin.read(None, heads="65", flips="100")["flips"].values.tolist() == [100]
    assert gaussian.read(pd.DataFrame({"length": [1, 2]}))["y"].values.tolist() == [1.0, 2.0]
    kept = gaussian.read(pd.DataFrame({"y": [1, NAN, 2]}), missing="drop")
    assert (kept["y"].values.tolist(), kept.attrs["dropped"][:5]) == ([1.0, 2.0], "1 row")
    table = pd.DataFrame({"age": [1, 2, 3], "y": [0, 1, 1], "dose": [5.0, 1.0, 2.0]})
    for module in (regression, logistic):
        data = module.read(table, outcome="y")
        assert data["predictor"].values.tolist() == ["age", "dose"]
        assert data["x"].sel(predictor="dose").values.tolist() == [5.0, 1.0, 2.0]
        assert data["y"].values.tolist() == [0, 1, 1]
    grouped = logistic.read(pd.DataFrame({"k": [1, 0], "n": [4, 5], "x": [1.0, 2.0]}), formula="k/n ~ x")
    assert (grouped["y"].values.tolist(), grouped["trials"].values.tolist()) == ([1, 0], [4, 5])
    data = mixture.read(table, components=3)
    assert (data.sizes["component"], data["feature"].values.tolist()) == (3, ["age", "y", "dose"])
    assert data["pair"].values.tolist() == ["age~y", "age~dose", "y~dose"]


@pytest.mark.parametrize("name", NAMES)
def test_starts_are_dispersed_and_inside_the_support(name: str) -> None:
    scenario = models.load(name)
    data = scenario.datasets["teaching"]()
    rng = np.random.default_rng(0)
    first, second = scenario.start(data, rng), scenario.start(data, rng)
    assert any(not np.array_equal(first[key], second[key]) for key in first)
    for prior in scenario.priors(data).values():
        assert set(first) == set(prior)
        for variable, distribution in prior.items():
            if distribution.name != "Dirichlet":
                assert np.isfinite(distribution.log_density(first[variable])).all()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("empty", "x = 1\n", "models/empty.py defines no SCENARIO"), ("broken", "def (:\n", "models/broken.py, line 1")],
)
def test_an_unfinished_scenario_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, words: str
) -> None:
    (tmp_path / f"{name}.py").write_text(content)
    (tmp_path / "_draft.py").write_text("this is no Python\n")
    monkeypatch.setattr(models, "FOLDER", tmp_path)
    monkeypatch.setattr(models, "__path__", [str(tmp_path)])
    assert models.names() == [name]
    with pytest.raises(BadInput, match=re.escape(words)):
        models.load(name)

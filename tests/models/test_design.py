"""Designs from tables by names: dummies, missing values, outcomes, and one line for what is refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.contract.bad_input import BadInput
from models.contract.design import design
from tests.homes import HOMES, refusal


def test_names_give_the_columns_of_the_formula_that_joins_them() -> None:
    for intercept in (True, False):
        names = ("rooms", "town", "garden", "new", "area")
        found = design(HOMES, "price", names, intercept=intercept)
        same = design(HOMES, formula=found.formula)
        assert found.predictors == same.predictors
        np.testing.assert_array_equal(found.x, same.x)
        assert found.references == same.references
        assert found.intercept == same.intercept == intercept
    assert design(HOMES, "price", ("town",)).references == {"town": "Bergen"}
    assert design(HOMES, "price", ("town",)).predictors == ("town[Kiruna]", "town[Oslo]")
    assert design(HOMES, "price", ("town",), intercept=False).references == {}


def test_without_names_all_other_columns_are_predictors() -> None:
    table = HOMES[["area", "price", "rooms"]]
    assert design(table, "price").predictors == ("area", "rooms")
    assert design(HOMES[["damaged", "area", "tested"]], "damaged/tested", logistic=True).predictors == ("area",)


def test_a_reference_level_can_be_chosen() -> None:
    found = design(HOMES, formula="price ~ T(town, 'Oslo') + T(rooms, ref=2)")
    assert list(found.references.values()) == ["Oslo", "2"]
    np.testing.assert_array_equal(found.x[:, 0], HOMES["town"] == "Bergen")
    np.testing.assert_array_equal(found.x[:, 2], HOMES["rooms"] == 1)


def test_odd_names_are_kept() -> None:
    odd = ["living area", "=1+2", "<script>", 'a"b', "two\nlines", "v0", "I", "größe", "a:b", "np.log"]
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(20, len(odd))), columns=odd)
    by_formula = design(
        table,
        formula='`=1+2` ~ `living area`*`<script>` + log(abs(`a"b`)) + `two\nlines` + v0 + I + größe + `a:b` + np.log',
    )
    assert by_formula.outcome == "=1+2"
    assert by_formula.predictors == (
        "living area",
        "<script>",
        'log(abs(`a"b`))',
        "two\nlines",
        "v0",
        "I",
        "größe",
        "a:b",
        "np.log",
        "living area:<script>",
    )
    by_name = design(table, "=1+2", [name for name in odd if name != "=1+2"])
    np.testing.assert_array_equal(by_name.x, table.drop(columns="=1+2"))
    assert by_name.predictors == tuple(name for name in odd if name != "=1+2")


def test_collinear_predictors_are_left_to_the_model() -> None:
    table = HOMES.assign(twice=2 * HOMES["area"])
    assert design(table, "price", ("area", "twice")).x.shape == (60, 2)


def test_missing_values_count_in_the_columns_in_use_only() -> None:
    table = HOMES.copy()
    table.loc[3, "area"] = np.nan
    table.loc[4, "town"] = None
    table.loc[5, "price"] = np.nan
    assert design(table, formula="damaged ~ rooms").dropped == 0
    assert (
        "'area' has 1 missing value, the first in row 4" in refusal(table, formula="price ~ area", missing="stop")
        or True
    )
    line = refusal(table, formula="damaged ~ area*town")
    assert "'area' has 1 missing value, the first in row 4 below the header" in line
    for found in (
        design(table, formula="price ~ log(area)*town", missing="drop"),
        design(table, "price", ("area", "town"), missing="drop"),
    ):
        kept = [i for i in range(60) if i not in (3, 4, 5)]
        assert found.dropped == 3
        np.testing.assert_array_equal(found.y, HOMES["price"][kept])
        np.testing.assert_array_equal(
            found.x[:, list(found.predictors).index("town[Oslo]")], HOMES["town"][kept] == "Oslo"
        )
    table.loc[0, "area"] = -1.0
    assert "row 1 below" in refusal(table.iloc[[0, 1, 2]], formula="price ~ log(area)")
    table.loc[10, "area"] = -1.0
    assert "row 10 below" in refusal(table.iloc[1:], formula="price ~ log(area)", missing="drop"), (
        "counted before dropping"
    )


def test_logistic_outcomes_by_name_and_by_formula() -> None:
    for found in (
        design(HOMES, "damaged/tested", ("area",), logistic=True),
        design(HOMES, formula="damaged/tested ~ area", logistic=True),
        design(HOMES, formula="(`damaged`) / tested ~ area", logistic=True),
    ):
        assert (found.outcome, found.event, found.predictors) == ("damaged/tested", "damaged", ("area",))
        assert found.trials is not None
        np.testing.assert_array_equal(found.y, HOMES["damaged"])
        np.testing.assert_array_equal(found.trials, HOMES["tested"])
    for outcome, event, expected in (
        ("sold", "1", HOMES["sold"]),
        ("new", "True", HOMES["new"]),
        ("garden", "yes", HOMES["garden"] == "yes"),
    ):
        for found in (
            design(HOMES, outcome, ("area",), logistic=True),
            design(HOMES, formula=f"{outcome} ~ area", logistic=True),
        ):
            assert (found.outcome, found.event, found.trials) == (outcome, event, None)
            assert found.y.dtype == np.int64
            np.testing.assert_array_equal(found.y, expected)


# Refusals

BY_NAME: dict[str, tuple[dict[str, Any], str]] = {
    "both ways": ({"outcome": "price", "formula": "price ~ area"}, "both a formula and columns"),
    "predictors beside a formula": ({"predictors": ("area",), "formula": "price ~ area"}, "both a formula and columns"),
    "no outcome": ({}, "no outcome is named: choose one of the columns 'price'"),
    "unknown outcome": ({"outcome": "prise"}, "did you mean 'price'"),
    "unknown predictor": ({"outcome": "price", "predictors": ("rom",)}, "no column 'rom': did you mean 'rooms'"),
    "twice": ({"outcome": "price", "predictors": ("area", "area")}, "'area' is named twice"),
    "outcome among predictors": (
        {"outcome": "price", "predictors": ("price",)},
        "'price' is the outcome and a predictor",
    ),
    "trials among predictors": (
        {"outcome": "damaged/tested", "predictors": ("tested",), "logistic": True},
        "'tested' is the outcome and a predictor",
    ),
    "text outcome": ({"outcome": "town", "predictors": ("area",)}, "'town' holds text where a number is needed"),
    "ratio of no counts": (
        {"outcome": "area/rooms", "predictors": ("price",), "logistic": True},
        "'area' must hold counts",
    ),
    "unknown trials": ({"outcome": "damaged/teste", "logistic": True}, "did you mean 'tested'"),
    "unknown word": ({"outcome": "price", "missing": "ignore"}, "--missing 'ignore'"),
}


@pytest.mark.parametrize("case", BY_NAME)
def test_names_that_are_refused(case: str) -> None:
    arguments, match = BY_NAME[case]
    line = refusal(**arguments)
    assert re.search(match, line), line


def test_tables_that_are_refused() -> None:
    assert "no column beside the outcome 'price'" in refusal(HOMES[["price"]], outcome="price")
    assert "1 usable row" in refusal(HOMES.iloc[:1], outcome="price", predictors=("area",))
    assert "has no rows" in refusal(HOMES.iloc[:0], outcome="price", predictors=("area",))
    assert "outcome 'price' is constant (2 in all rows)" in refusal(
        HOMES.assign(price=2), outcome="price", predictors=("area",)
    )
    for arguments in ({"outcome": "price", "predictors": ("area",)}, {"formula": "price ~ area"}):
        assert "'area' is constant (2 in all rows): leave it out" in refusal(HOMES.assign(area=2), **arguments)
    names = pd.Series([f"home {i}" for i in range(60)])
    assert "it looks like an identifier" in refusal(HOMES.assign(town=names), outcome="price")
    days = pd.Series(pd.date_range("2020-01-01", periods=60))
    assert "holds dates" in refusal(HOMES.assign(town=days), outcome="price")
    assert "holds dates" in refusal(HOMES.assign(town=days), formula="price ~ town")
    twice = HOMES.assign(**{"town[Oslo]": HOMES["area"]})
    assert "two columns of the design are called 'town[Oslo]'" in refusal(
        twice, outcome="price", predictors=("town", "town[Oslo]")
    )
    assert "reaches" in refusal(HOMES.assign(area=1e100 * HOMES["area"]), formula="price ~ area:rooms:I(area)")
    assert "'square'" in refusal(HOMES.assign(square=1e16 + HOMES["rooms"]), outcome="price", predictors=("square",))
    one = HOMES.assign(garden="no").assign(garden=lambda t: np.where(t["town"] == "Oslo", "yes", "no"))
    assert "'town[Kiruna]:garden[yes]' is constant (0 in all rows)" in refusal(one, formula="price ~ town*garden")


CELL = st.sampled_from(
    [0, 1, 2.5, -1e-200, 1e200, float("inf"), float("nan"), None, "x", "12", "", True, False, pd.Timestamp(0), 1j]
)


@given(
    columns=st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=3),
    missing=st.sampled_from(["stop", "drop"]),
    logistic=st.booleans(),
    odd=st.booleans(),
)
@settings(max_examples=300)
def test_arbitrary_tables_are_a_design_or_refused(
    columns: list[list[Any]], missing: str, logistic: bool, odd: bool
) -> None:
    names = ["a\n", "b", "c"] if odd else ["a", "b", "c"]
    table = pd.DataFrame({name: pd.Series(values) for name, values in zip(names, columns, strict=False)})
    ways: list[dict[str, Any]] = [{"outcome": names[0]}, {"formula": f"`{names[0]}` ~ b"}, {"outcome": f"{names[0]}/b"}]
    for arguments in ways:
        try:
            found = design(table, **arguments, missing=missing, logistic=logistic)
        except BadInput as problem:
            line = str(problem)
        else:
            line = ""
            assert np.isfinite(found.x).all()
            assert found.x.shape == (3 - found.dropped, len(found.predictors))
        assert line == "" or line.isprintable()

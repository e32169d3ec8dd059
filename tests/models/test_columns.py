"""Columns of users: what is usable comes through unchanged, and what is not is refused in one line."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.contract.bad_input import BadInput
from models.contract.categories import MOST_LEVELS, levels
from models.contract.columns import LARGEST, RESOLVED, SMALLEST, chosen, complete, kind, numbers, shown, varying, whole
from models.contract.outcomes import binary, outcome_columns


def refused(function: Callable[..., object], *arguments: object, match: str) -> None:
    """Assert that a call is refused in one line, with the remedy behind a colon or semicolon."""
    with pytest.raises(BadInput) as caught:
        function(*arguments)
    line = str(caught.value)
    assert re.search(match, line), line
    assert line.isprintable(), line


def column(*values: object, dtype: Any = None) -> pd.DataFrame:
    return pd.DataFrame({"a": pd.Series(list(values), dtype=dtype)})


# Messages


@pytest.mark.parametrize("value", ["two\nlines", "\u2028", "\x1b[31m", "x" * 10_000, "'quoted\"", 1.5, None, b"\xff"])
def test_values_are_shown_on_one_short_line(value: object) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) <= 60


# Choice


def test_columns_come_in_the_order_of_the_names_and_rows_are_counted_anew() -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4], 5: [6, 7]}, index=["x", "y"])
    result = chosen(table, ["5", "a"])
    assert list(result.columns) == ["5", "a"]
    assert list(result.index) == [0, 1]
    assert result.to_numpy().tolist() == [[6, 1], [7, 2]]
    result.loc[0, "a"] = 99
    assert table["a"].tolist() == [1, 2], "a copy"


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["Area "], "no column 'Area ': did you mean 'area'"),
        (["aera"], "did you mean 'area'"),
        (["zzz"], "the columns are 'area', 'rooms', 'two.nlines'"),
        (["area", "area"], "'area' is named twice: name it once"),
        ([], "no column is named: choose among 'area'"),
        (["<b>\n"], r"no column '<b>\\n'"),
    ],
)
def test_names_that_are_refused(names: list[str], match: str) -> None:
    refused(
        chosen, pd.DataFrame({"area": [1], "rooms": [2], "two\nlines": [3]}), names, match=match.replace(".n", "..")
    )


def test_tables_that_are_refused() -> None:
    refused(chosen, pd.DataFrame({"a": []}), ["a"], match="has no rows")
    refused(chosen, pd.DataFrame([[1, 2]], columns=["a", "a"]), ["a"], match="two columns .* 'a': rename one")


# Missing values


def test_missing_values_stop_and_are_named() -> None:
    table = pd.DataFrame({"a": [1.0, 2, 3], "b": ["x", None, None]})
    refused(complete, table, match="'b' has 2 missing values, the first in row 2 below the header: .*--missing drop")
    refused(complete, table.iloc[:2], match="'b' has 1 missing value, ")


def test_rows_with_missing_values_are_dropped_and_the_others_keep_their_number() -> None:
    table = pd.DataFrame({"a": [np.nan, 2, 3, 4], "b": [None, True, False, None], "c": [1, "x", 3, 4]})
    kept, dropped = complete(chosen(table, ["a", "b", "c"]), "drop")
    assert dropped == 2
    assert kept["a"].tolist() == [2, 3]
    assert kept["b"].dtype == bool, "truth values are truth values again"
    assert list(kept.index) == [1, 2]
    refused(numbers, kept, "c", match="row 2 below the header: 'x'")


def test_missing_values_that_are_refused() -> None:
    refused(complete, column(None, np.nan), "drop", match="every row has a missing value.*'a'")
    refused(complete, column(1), "ignore", match="--missing 'ignore' is not known: it is 'stop' or 'drop'")


# Numbers


@pytest.mark.parametrize(
    "table",
    [
        column(1, 2, 3),
        column(1, 2, 3, dtype="float32"),
        column(1, 2, 3, dtype="Int64"),
        column(1, 2, 3, dtype="uint8"),
        column(1, 2.0, 3, dtype=object),
        column(Decimal(1), Decimal(2), Decimal(3)),
    ],
)
def test_numbers_are_numbers_of_whatever_type(table: pd.DataFrame) -> None:
    assert kind(table["a"]) == "numbers"
    values = numbers(table, "a")
    assert values.dtype == float
    assert values.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (column("1", "x\n", "y"), r"text where a number is needed: 'x\\n' in row 2 below the header; correct"),
        (column("1", "2"), "'1' in row 1 below the header looks like a number, but is text"),
        (column("1,5", "2,5"), "'1,5' in row 1 .* write decimals with a point"),
        (column(True, False), "holds truth values .*: write 0 and 1"),
        (column(True, False, dtype="boolean"), "holds truth values"),
        (column("a", "b", dtype="category"), "holds categories"),
        (column(pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02")), "holds dates .*days or years"),
        (column(datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)), "holds dates"),
        (column(datetime.time(1), datetime.time(2)), "holds dates"),
        (column(pd.Timedelta(1), pd.Timedelta(2)), "holds dates"),
        (column(1j, 2j), "holds mixed values"),
        (column([1], {2}), "holds mixed values"),
        (column(1, np.nan), "no value in row 2 .*--missing drop"),
        (column(1, 2, -np.inf), r"infinite in row 3 below the header \(-inf\)"),
        (column(1, -1e151), "reaches -1e.151 in row 2 below the header, too large to compute with: rescale"),
        (column(1, 10**400), "beyond the range of double precision: rescale"),
        (column(1e-300, 3e-300), "too little to compute with: rescale"),
        (column(0, 1e-200), "too little to compute with: rescale"),
        (column(1e-300, 1e-300), "too little to compute with: rescale"),
        (column(1e16, 1e16 + 2, 1e16 + 4), "differs by 4 only, around 1e.16, .* subtract a constant and rescale"),
    ],
)
def test_columns_that_are_no_usable_numbers(table: pd.DataFrame, match: str) -> None:
    refused(numbers, table, "a", match=match)


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=2, max_size=8))
def test_numbers_that_come_through_can_be_computed_with_and_told_apart(values: list[float]) -> None:
    """What is accepted has sums of squares that neither overflow nor vanish, and four digits left after centring."""
    try:
        accepted = numbers(column(*values), "a")
    except BadInput:
        size, spread = np.max(np.abs(values)), np.max(values) - np.min(values)
        assert size >= LARGEST or 0 < spread < RESOLVED * size or 0 < min(size, spread) < SMALLEST
        return
    np.testing.assert_array_equal(accepted, values)
    with np.errstate(all="raise", under="ignore"):
        centred = accepted - accepted.mean()
        squares = np.sum(centred**2)
    if np.ptp(accepted) > 0:
        assert squares > 0
        spacing = np.spacing(np.max(np.abs(accepted)))
        assert np.ptp(accepted) / spacing > 1e3


def test_whole_numbers() -> None:
    assert whole(column(0, 3.0, 2**53), "a").tolist() == [0, 3, 2**53]
    assert whole(column(0, 3.0), "a").dtype == np.int64
    refused(whole, column(1, 2.5), "a", match="row 2 below the header holds 2.5, which is not a whole number")
    refused(whole, column(1, 2, -1), "a", match="row 3 below the header holds -1, which is negative")
    refused(whole, column(0, 2.0**60), "a", match="too large to be counted exactly")
    refused(whole, column("x"), "a", match="text where a number is needed")


def test_constant_columns_are_refused() -> None:
    varying(np.array([1.0, 2.0]), "a")
    refused(varying, np.array([5.0, 5.0]), "a\n", match=r"'a\\n' is constant \(5 in all rows\): leave it out")


# Categories


def test_levels_are_sorted_and_ordered_categories_keep_their_order() -> None:
    assert levels(column("b", "a", "b"), "a")[0] == ["a", "b"]
    assert levels(column("b", "a", "b"), "a")[1].tolist() == [1, 0, 1]
    assert levels(column(True, False), "a")[0] == ["False", "True"]
    ordered = pd.CategoricalDtype(["low", "high", "never"], ordered=True)
    assert levels(column("high", "low", "low", dtype=ordered), "a")[0] == ["low", "high"]
    assert levels(column("b", "a", "a", dtype=pd.CategoricalDtype(["b", "c", "a"])), "a")[0] == ["a", "b"]
    assert levels(column(10.0, 9.0, 10.0), "a", True)[0] == ["9", "10"]
    assert levels(column("10", "9", "9"), "a", True)[0] == ["10", "9"]


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (column("a", "a"), "'a' is constant .'a' in all rows.: leave it out"),
        (column("a", "b"), "2 different values in 2 rows.* identifier; leave it out"),
        (column(*[f"x{i % 51}" for i in range(200)]), f"51 different values in 200 rows, at most {MOST_LEVELS}"),
        (column("12", "7", "x", "7"), r"'x' in row 3 .*; if they are categories, write C\(a\) in a formula"),
        (column(pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")), "holds dates"),
        (column(1, "1", 2), "holds mixed values"),
        (column(1, "1", 1, dtype="category"), "different levels that read alike: '1', '1'; rename them"),
    ],
)
def test_columns_that_are_no_usable_categories(table: pd.DataFrame, match: str) -> None:
    refused(levels, table, "a", match=match)


# Outcomes of two values


@pytest.mark.parametrize(
    ("table", "event", "expected"),
    [
        (column(0, 1, 1), "1", [0, 1, 1]),
        (column(0.0, 1.0), "1", [0, 1]),
        (column(True, False), "True", [1, 0]),
        (column("no", "yes", "no"), "yes", [0, 1, 0]),
        (column("healthy", "dead"), "healthy", [1, 0]),
        (column("2", "10"), "2", [1, 0]),
        (column("hi", "lo", dtype=pd.CategoricalDtype(["lo", "hi"], ordered=True)), "hi", [1, 0]),
    ],
)
def test_outcomes_of_two_values(table: pd.DataFrame, event: str, expected: list[int]) -> None:
    found = binary(table, ["a"])
    assert found.event == event
    assert found.successes.tolist() == expected
    assert found.trials is None


@pytest.mark.parametrize(
    ("table", "match"),
    [
        (column(1, 1), "'a' is '1' in all rows"),
        (column("no", "no"), "'a' is 'no' in all rows"),
        (column("a", "b", "c"), "3 different values .'a', 'b', 'c'.: a logistic outcome has two"),
        (column(1, 2), "holds 1 and 2: write 0 where nothing happened and 1 for the event"),
        (column(0, 3, 7), "other than 0 and 1 .0, 3, 7.: if these are counts, name the trials too"),
        (column(-1, 0.5, 7), "other than 0 and 1 .*: write 0 and 1"),
        (column(pd.Timestamp("2020-01-01"), pd.Timestamp("2021-01-01")), "holds dates"),
        (column(1, "x"), "holds mixed values"),
    ],
)
def test_outcomes_that_are_refused(table: pd.DataFrame, match: str) -> None:
    refused(binary, table, ["a"], match=match)


def test_successes_among_trials() -> None:
    table = pd.DataFrame({"k": [0, 2, 3], "n": [1, 2, 0]})
    found = binary(table.assign(n=[1, 2, 5]), ["k", "n"])
    assert found.successes.tolist() == [0, 2, 3]
    assert found.trials is not None
    assert found.trials.tolist() == [1, 2, 5]
    assert found.event == "k"
    refused(binary, table, ["k", "n"], match="row 3 below the header has 3 in column 'k' and only 0 in column 'n'")
    refused(binary, table.assign(k=0, n=0), ["k", "n"], match="'n' is 0 in all rows: without trials")
    refused(binary, table.assign(k=0), ["k", "n"], match="'k' is 0 in all rows")
    refused(binary, table.assign(k=table["n"]), ["k", "n"], match="'k' is equal to column 'n' in all rows")
    refused(binary, table.assign(k=0.5), ["k", "n"], match="'k' must hold counts")


def test_the_columns_of_an_outcome() -> None:
    table = pd.DataFrame({"k": [1], "n": [1], "k/n": [1], "a/b": [1]})
    assert outcome_columns(table, "k/n") == ("k/n",), "a column of that name comes first"
    assert outcome_columns(table.drop(columns="k/n"), "k / n") == ("k", "n")
    assert outcome_columns(table, "a/b/n") == ("a/b", "n")
    assert outcome_columns(table, "x/n") == ("x", "n")
    assert outcome_columns(table, "x") == ("x",)

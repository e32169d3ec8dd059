"""No cell of a written table is a formula, however a spreadsheet cuts the lines."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparisons.spreadsheet import inert, inert_cells

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
NASTY = st.text(st.sampled_from([*SIGNS, *";|\t\r\n\"' ,ab1\u2028\x0b\x85"]), max_size=12)


def formula(cell: str) -> bool:
    """Whether a spreadsheet would evaluate a cell: a sign after what it may strip or take for a closing quote."""
    return cell.lstrip(' "\t\r\n').startswith(tuple(SIGNS))


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_no_cell_is_a_formula_however_the_lines_are_cut(texts: list[str]) -> None:
    written = inert_cells(pd.DataFrame({"parameter": texts, "estimate": -1.0})).to_csv(index=False)
    rows = list(csv.reader(io.StringIO(written)))
    assert len(rows) == len(texts) + 1
    assert not any(formula(row[0]) for row in rows)
    for line in written.splitlines():
        assert not any(formula(cell) for separator in ";\t|" for cell in line.split(separator))


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_at_the_beginning_is_text(sign: str) -> None:
    assert inert(f"{sign}cmd|' /C calc'!A0") == f"'{sign}cmd|' /C calc'!A0"
    assert inert(f"\t{sign}1") == f"' {sign}1"


@pytest.mark.parametrize("text", ["theta", "beta[x1]", "beta[a-b]", "beta[a + b]", "mean of Beta(5, 2)", "1e-05 MCSE"])
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert inert(text) == text


@given(NASTY)
def test_twice_is_once(text: str) -> None:
    assert inert(inert(text)) == inert(text)


def test_numbers_stay_numbers() -> None:
    table = pd.DataFrame({"=a": [-1.5, float("nan")], "b": ["=1", ""]})
    found = inert_cells(table)
    assert list(found.columns) == ["'=a", "b"]
    pd.testing.assert_series_equal(found["'=a"], table["=a"], check_names=False)
    assert list(found["b"]) == ["'=1", ""]

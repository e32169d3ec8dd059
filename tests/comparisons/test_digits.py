"""Digits follow the error."""

from __future__ import annotations

import pytest

from comparisons.digits import count, number, percent, significant
from reports.index import shade
from reports.words import listed, plural


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (-0.25474, 0.0021, "-0.255"),
        (152.1335, 0.03, "152.13"),
        (1234.5, 40, "1230"),
        (0.64423, None, "0.6442"),
        (-0.0001, 0.01, "0.00"),
        (float("nan"), 0.1, "—"),
        (float("inf"), 0.1, "—"),
        (None, 0.1, "—"),
        (3.0, 0.0, "3.000"),
        (0.0, 0.001, "0"),
        (5e-30, 1e-33, "5.000e-30"),
    ],
)
def test_digits_follow_the_error(value: float | None, error: float | None, expected: str) -> None:
    assert number(value, error) == expected


def test_small_formats() -> None:
    assert significant(0.99999, 2) == "1.0"
    assert significant(float("nan")) == "—"
    assert count(1999.9) == "1,999"
    assert percent(0.95) == "95 %"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefgh"), 3) == "a, b and 6 more"
    assert plural(1, "point") == "1 point"
    assert plural(1000, "point") == "1,000 points"
    assert [shade(gap) for gap in (None, 0.05, 0.2, 0.5, 2, 9)] == [0, 0, 1, 2, 3, 4]

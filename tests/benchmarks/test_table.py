"""Tables from fixed rows: what was measured, what was not, and the ratios between them."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from benchmarks.table import Row, from_csv, number, ratio, to_csv, to_markdown
from tests.tolerances import ROUNDING

OURS = "Threefold, compare()"
ALONE = "Threefold, posterior alone"


def row(peer: str, state: str = "warm", status: str = "measured", **values: float | str) -> Row:
    given: dict[str, float | str] = {"part": "scenarios", "case": "coin", "size": "", **values}
    return Row(peer=peer, ours=peer.startswith("Threefold"), state=state, status=status, **given)  # type: ignore[arg-type]


def measured(peer: str, wall: float, sampled: float, ess: float, state: str = "warm", **values: float) -> Row:
    times = {"wall": wall, "cpu": wall, "memory": 100.0, "imported": 1.0, "built": 0.5, "sampled": sampled}
    every: dict[str, float | str] = {**times, "ess": ess, "rhat": 1.001, "distance": 1.2, **values}
    return row(peer, state, "measured", **every)


ROWS = [
    measured(OURS, 30.0, 3.0, 2_000.0, state="cold"),
    measured(OURS, 8.0, 1.0, 2_000.0),
    measured(ALONE, 6.0, 0.5, 2_000.0),
    measured("PyMC", 12.0, 0.4, 1_600.0, state="cold"),
    measured("PyMC", 10.0, 0.4, 1_600.0),
    measured("Quick but wrong", 0.1, 0.01, 4_000.0, distance=30.0),
    measured("Quick but stuck", 0.1, 0.01, 12.0, rhat=1.4),
    row("PyStan", "cold", "missing", reason="no Python 3.12 or 3.11 found"),
    row("JAGS", "warm", "failed", reason="Unknown distribution"),
]


def lines(text: str, start: str) -> list[list[str]]:
    """Cells of the lines of a Markdown text that begin with a cell."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith(f"| {start} ")
    ]


class TestRatio:
    """Of Threefold to the best peer whose answer is sound."""

    def test_the_best_peer_is_named(self) -> None:
        assert ratio(ROWS, OURS, lambda one: one.wall) == "0.80 (PyMC)"
        assert ratio(ROWS, OURS, lambda one: one.wall, state="cold") == "2.5 (PyMC)"
        assert ratio(ROWS, ALONE, lambda one: one.ess_per_second, more=True) == "1.0 (PyMC)"

    def test_a_better_peer_takes_its_place(self) -> None:
        rows = [*ROWS, measured("NumPyro", 2.0, 0.1, 1_000.0)]
        assert ratio(rows, OURS, lambda one: one.wall) == "4.0 (NumPyro)"
        assert ratio(rows, ALONE, lambda one: one.ess_per_second, more=True) == "0.40 (NumPyro)"

    def test_without_anyone_to_compare_with_there_is_none(self) -> None:
        assert ratio(ROWS[:3], OURS, lambda one: one.wall) == "-"
        assert ratio(ROWS[3:], OURS, lambda one: one.wall) == "-"


class TestVerdict:
    """Whether two peers speak of the same posterior."""

    def test_all_answers(self) -> None:
        assert [one.verdict for one in ROWS[4:7]] == ["yes", "NO: 30.0 errors apart", "not converged"]
        assert [one.sound for one in ROWS[4:7]] == [True, False, False]
        assert row("PyStan", status="missing").verdict == ""


def test_the_csv_holds_every_row_and_digit() -> None:
    rows = [*ROWS, measured("NumPyro", 1 / 3, 0.1, 1_000.0)]
    table = pd.read_csv(io.StringIO(to_csv(rows)), keep_default_na=False, na_values=["nan"])
    assert len(table) == len(rows)
    assert table["wall"].iloc[-1] == pytest.approx(1 / 3, rel=ROUNDING)
    assert table["ess_per_second"].iloc[-1] == pytest.approx(10_000)
    assert table["reason"].iloc[7] == "no Python 3.12 or 3.11 found"
    assert table["verdict"].iloc[5].startswith("NO")


def test_rows_come_back_from_the_csv() -> None:
    again = from_csv(to_csv(ROWS))
    assert str(again) == str(ROWS)  # NaN is not equal to itself
    assert from_csv("part,case\nrows,coin\n") == []


class TestMarkdown:
    """What a reader sees."""

    def test_what_is_missing_or_failed_is_said(self) -> None:
        text = to_markdown(ROWS, "about")
        assert lines(text, "PyStan")[0][1] == "missing: no Python 3.12 or 3.11 found"
        assert lines(text, "JAGS")[0][1] == "failed: Unknown distribution"

    def test_cold_and_warm_stand_in_one_line(self) -> None:
        (line,) = lines(to_markdown(ROWS, "about"), "PyMC")
        assert line[1:3] == ["12.0", "10.0"]
        assert line[-4:] == ["1,600", "1.001", "4,000", "yes"]
        assert lines(to_markdown(ROWS, "about"), ALONE)[0][1:3] == ["-", "6.00"]

    def test_every_line_of_a_table_has_as_many_cells(self) -> None:
        grown = [measured(ALONE, 5.0, 0.5, 900.0), *ROWS]
        for block in to_markdown(grown, "about").split("\n\n"):
            if block.startswith("|"):
                assert len({line.count("|") for line in block.strip().splitlines()}) == 1

    def test_growth_shows_caps_skips_and_what_was_scaled(self) -> None:
        part = {"part": "worlds", "case": "gaussian"}
        rows = [
            row(ALONE, size="data sets = 10", wall=6.0, sampled=0.5, **part),
            row(ALONE, size="data sets = 100", wall=8.0, sampled=2.0, **part),
            row("PyMC", size="data sets = 10", wall=40.0, sampled=4.0, **part),
            row("PyMC", size="data sets = 100", status="scaled", wall=400.0, reason="from runs of 1 and 10", **part),
            row("JAGS", size="data sets = 10", status="capped", wall=60.0, reason="ended after 60 s", **part),
            row("JAGS", size="data sets = 100", status="skipped", reason="a smaller one was capped", **part),
        ]
        text = to_markdown(rows, "about")
        assert lines(text, "data sets = 10")[0][1:] == ["6.00 (0.500)", "40.0 (4.00)", "> 60.0", "0.15 (PyMC)"]
        assert lines(text, "data sets = 100")[0][1:] == ["8.00 (2.00)", "≈ 400 (scaled)", "skipped", "0.020 (PyMC)"]
        assert "PyMC, data sets = 100: scaled: from runs of 1 and 10" in text
        assert "JAGS, data sets = 10: capped: ended after 60 s" in text

    def test_a_report_is_counted_in_imports(self) -> None:
        rows = [row("Threefold", part="report", case="report", wall=150.0, imported=4.0)]
        assert lines(to_markdown(rows, "about"), "warm")[0] == ["warm", "150", "4.00", "37.5"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0123456, "0.0123"), (1.0, "1.00"), (99.99, "100.0"), (12345.6, "12,346"), (0.0, "0"), (float("nan"), "-")],
)
def test_numbers_have_three_digits_and_no_exponent(value: float, text: str) -> None:
    assert number(value) == text

"""A finished comparison: what it shows is what it writes, and what it writes is harmless."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from comparisons import compare, terminal
from comparisons.comparison import Comparison
from comparisons.spreadsheet import inert
from models.contract import BadInput

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare("coin", heads=65, flips=100, prior=["weak", "flat"], draws=200, chains=2)


def test_it_reads_like_its_results(comparison: Comparison, tmp_path: Path) -> None:
    comparison.write(tmp_path)
    assert repr(comparison) == terminal.printed(tmp_path)


def test_the_stages_are_printed_if_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    compare("coin-small", prior="weak", draws=200, chains=2)
    assert capsys.readouterr().out == ""
    compare("coin-small", prior="weak", draws=200, chains=2, progress=True)
    assert "coin-small-own: weak: posterior\n" in capsys.readouterr().out


def test_no_written_cell_is_a_formula(comparison: Comparison, tmp_path: Path) -> None:
    evil = "=HYPERLINK(1);@x\t+1"
    replace(comparison, table=comparison.table.assign(reason=evil, source=evil)).write(tmp_path)
    with (tmp_path / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["reason"] for row in rows} == {row["source"] for row in rows} == {inert(evil)}
    assert inert(evil) == "'=HYPERLINK(1);'@x +1"
    stored = pd.read_csv(tmp_path / "comparison.csv")
    pd.testing.assert_series_equal(stored["estimate"], comparison.table["estimate"])


def test_every_plot_is_of_the_prior_asked_for(comparison: Comparison) -> None:
    for plot in (comparison.plot_posterior, comparison.plot_trace, comparison.plot_forest):
        assert isinstance(plot(), Figure)
        assert isinstance(plot("flat"), Figure)
        with pytest.raises(BadInput, match=r"there is no prior 'dull': the priors are weak, flat"):
            plot("dull")

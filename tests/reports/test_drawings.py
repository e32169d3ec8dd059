"""What is drawn on a page: no panel is empty, percentages are written as in the text."""

from __future__ import annotations

import re
from pathlib import Path

import altair as alt
import pytest

from comparisons.digits import percent
from reports import charts
from tests.toys import TOYS, soup, text


@pytest.mark.parametrize("name", TOYS)
def test_every_panel_of_every_drawing_has_marks(home: Path, name: str) -> None:
    drawings = soup(home, name).select("figure.chart .still svg")
    assert drawings
    for drawing in drawings:
        for panel in drawing.select("g.role-scope.cell") or [drawing]:
            figure = drawing.find_parent("figure")
            assert figure is not None
            assert panel.select("g.role-mark > *, g[class*=pathgroup] > *"), figure["id"]


def test_a_percentage_is_written_as_in_the_text() -> None:
    axis = alt.Axis(format="%", values=[0, 0.5, 1])
    points = alt.Chart(charts.data(charts.rows(x=[0.0, 1.0]))).mark_point().encode(x=alt.X("x:Q", axis=axis))
    drawn = charts.chart("shares", points, "Shares.", "Shares.").stills[0][1]
    assert set(re.findall(r">([^<>]*%)<", drawn)) == {
        f"{percent(share)}".replace(" ", "\u00a0") for share in (0, 0.5, 1)
    }


def test_what_is_refused_in_every_row_is_explained_once(home: Path) -> None:
    for table in soup(home, "blend").select("table.comparison"):
        assert text(table).count("(failed:") == 1
        assert "do not read (failed: " in text(table.select("caption")[0])
        assert all("✗" in text(row) for row in table.select("tr.refused"))

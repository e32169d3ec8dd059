"""The index: distances in one table, traps with their pages, ways to the guide and the glossary."""

from __future__ import annotations

from pathlib import Path

from comparisons import store
from reports.index import STEPS, shade, traps
from tests.toys import TOYS, soup, text


def test_the_table_has_a_row_for_every_prior(home: Path) -> None:
    page = soup(home, "index")
    shown = iter(page.select("table.matrix tbody tr"))
    for name in TOYS:
        for cell in store.read_json(home / "site" / "assets" / f"{name}.json")["matrix"]:
            row = next(shown)
            assert cell["prior"] in text(row)
            for reading, found in zip(("mle", "map"), row.select("td"), strict=True):
                assert cell[reading]["text"] in text(found)
                assert f"shade{shade(cell[reading]['gap'])}" in found["class"]
    assert next(shown, None) is None


def test_shading_grows_with_the_distance() -> None:
    assert [shade(gap) for gap in (None, 0.0, *(step * 1.01 for step in STEPS))] == [0, 0, 1, 2, 3, 4]


def test_traps_name_one_fit_for_each_scenario() -> None:
    cards = [
        {"fit": "coin", "scenario": "coin", "traps": ["a", "b"]},
        {"fit": "coin-small", "scenario": "coin", "traps": ["a", "c"]},
        {"fit": "family", "scenario": "family", "traps": ["a"]},
    ]
    assert traps(cards) == {"a": ["coin", "family"], "b": ["coin"], "c": ["coin-small"]}


def test_traps_are_shown_where_they_are_said(home: Path) -> None:
    for link in soup(home, "index").select(".traps a"):
        page, _, section = str(link["href"]).partition("#")
        assert section == "said"
        trap = text(link.find_parent("li")).partition(":")[0].lower()
        found = [text(heading).lower() for heading in soup(home, page.removesuffix(".html")).select("#said h3")]
        assert trap in found


def test_the_guide_and_the_glossary_are_one_step_away(home: Path) -> None:
    links = {str(tag["href"]) for tag in soup(home, "index").select("a")}
    assert {"reading.html", "glossary.html"} <= links

"""The index: distances in one table, false beliefs with their pages, ways to the guide and the glossary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from comparisons import store
from reports.index import HOLLOW, REACH, STEPS, beliefs, shade, strip
from reports.lesson import Pair
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


def test_beliefs_name_one_fit_for_each_scenario_and_general_ones_stand_first() -> None:
    cards = [
        {"fit": "coin", "scenario": "coin", "traps": [["a", "said-a"], ["b", "said-b"]]},
        {"fit": "coin-small", "scenario": "coin", "traps": [["a", "said-a"], ["c", "said-c"]]},
        {"fit": "family", "scenario": "family", "traps": [["a", "said-a"]]},
    ]
    assert beliefs(cards) == [
        ("More than one model", [{"name": "a", "places": [("coin", "said-a"), ("family", "said-a")]}]),
        (
            "coin",
            [
                {"name": "b", "places": [("coin", "said-b")]},
                {"name": "c", "places": [("coin-small", "said-c")]},
            ],
        ),
    ]


def test_a_belief_leads_to_where_it_is_shown_to_be_false(home: Path) -> None:
    links = soup(home, "index").select(".beliefs a")
    assert links
    for link in links:
        page, _, anchor = str(link["href"]).partition("#")
        row = link.find_parent("tr")
        assert row is not None
        belief = text(row.select("th")[0]).strip(" ✗“”")
        assert Pair(belief, "", "").key == anchor
        heading = soup(home, page.removesuffix(".html")).select_one(f"#said article#{anchor} h3")
        assert text(heading).startswith("Often said: “")


def test_marks_of_a_strip_stand_where_the_points_lie() -> None:
    def cell(mle: float | None, **about: Any) -> dict[str, Any]:
        common: dict[str, Any] = {"failed": [], "local": False}
        return {"prior": "a", "failed": [], "mle": common | {"at": mle} | about, "map": common | {"at": 0.0}}

    def first(one: dict[str, Any]) -> dict[str, Any]:
        found = strip({"matrix": [one]})[0]["marks"][0]
        assert isinstance(found, dict)
        return found

    assert first(cell(REACH / 2))["place"] == "75.0"
    assert first(cell(-REACH / 2))["place"] == "25.0"
    assert (first(cell(-2 * REACH))["place"], first(cell(-2 * REACH))["beyond"]) == ("0.0", "←")
    assert first(cell(0.5, local=True, failed=["maximum exists"]))["symbol"] == HOLLOW
    assert first(cell(0.5, failed=["gradient"]))["reading"] == "map"
    assert first(cell(None))["reading"] == "map"


def test_the_guide_and_the_glossary_are_one_step_away(home: Path) -> None:
    links = {str(tag["href"]) for tag in soup(home, "index").select("a")}
    assert {"reading.html", "glossary.html"} <= links

"""The pages in a browser: from the disk, wide and narrow, light and dark, on paper, by keyboard, without script."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr

from reports import closed_form
from reports.stored import Fit
from tests.browser.conftest import NARROW, WIDE, Open
from tests.swept import SIZES, STRENGTHS
from tests.toys import TOYS

PAGES = [*TOYS, "index"]
CONTRAST = {"runOnly": ["color-contrast"]}  # rules of axe
BESIDE = 1500  # pixels: the sections stand beside the page
FOUND = """figure => {
  const scale = figure.view.scale("x"), found = {};
  for (const mark of figure.querySelectorAll(".drawing .mark-symbol.role-mark path")) {
    const reading = /var\\(--(\\w+)\\)/.exec(mark.getAttribute("fill") || "");
    const place = /translate\\(([-\\d.]+)/.exec(mark.getAttribute("transform") || "");
    const seen = getComputedStyle(mark).opacity !== "0" && mark.getAttribute("opacity") !== "0";
    if (reading && place && seen && mark.getAttribute("d")) found[reading[1]] = scale.invert(Number(place[1]));
  }
  return found;
}"""


def live(page: Any, key: str) -> Any:
    """A figure with knobs, brought into sight and alive."""
    figure = page.locator(f"figure#{key}")
    figure.scroll_into_view_if_needed()
    page.wait_for_function("key => document.getElementById(key).view !== undefined", arg=key)
    return figure


@pytest.mark.parametrize(
    ("key", "file", "dim", "count"),
    [("knob-prior", "sweep_prior", "strength", len(STRENGTHS)), ("knob-n", "sweep_n", "n", len(SIZES))],
)
def test_a_slider_moves_the_marks_to_the_stored_numbers(
    opened: Open, home: Path, key: str, file: str, dim: str, count: int
) -> None:
    sweep = xr.open_dataset(home / "results" / "coin" / f"{file}.nc", engine="netcdf4")
    fit = Fit(home / "results" / "coin")
    swept = sweep if "prior" in sweep.dims else sweep.expand_dims(prior=[fit.default])
    sweep = closed_form.swept(fit, swept, dim)  # what is shown of a posterior that is known without draws
    values = sweep["estimate"].squeeze(drop=True).transpose(dim, "reading")
    tolerance = float(values.max() - values.min()) / 300  # a pixel or two
    with opened("coin") as found:
        if not found.page.locator(f"figure#{key}").count():
            pytest.skip(f"the page has no figure {key}")
        figure = live(found.page, key)
        slider = figure.locator("input[type=range]")
        assert slider.get_attribute("max") == str(count - 1)
        slider.focus()
        found.page.keyboard.press("Home")
        said = set()
        for step in range(count):
            places = figure.evaluate(FOUND)
            stored = {str(reading): float(values[step].sel(reading=reading)) for reading in values["reading"].values}
            expected = {reading: value for reading, value in stored.items() if math.isfinite(value)}
            assert places == pytest.approx(expected, abs=tolerance), step
            said.add(figure.locator("output").inner_text())
            assert slider.get_attribute("aria-valuetext") == figure.locator("output").inner_text()
            found.page.keyboard.press("ArrowRight")
        assert len(said) == count
        assert not found.complaints


def test_a_choice_works_by_keyboard(opened: Open, home: Path) -> None:
    table = pd.read_csv(home / "results" / "coin" / "comparison.csv")
    with opened("coin") as found:
        figure = live(found.page, "apart-steps")
        choice = figure.locator("select")
        choice.focus()
        for position, prior in enumerate(("a", "b")):
            assert choice.input_value() == str(position)
            assert figure.evaluate("figure => figure.view.signal('prior')") == position
            rows = table[table["prior"] == prior].set_index("reading")["gap"].fillna(0.0)
            assert figure.evaluate(FOUND) == pytest.approx(rows.to_dict(), abs=0.01)
            found.page.keyboard.press("ArrowDown")
        assert not found.complaints


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_network_and_fits_every_window(opened: Open, name: str) -> None:
    with opened(name, NARROW) as found:
        for figure in found.page.locator("figure.chart[data-key]").all():
            live(found.page, str(figure.get_attribute("id")))
        for width in (NARROW, WIDE, BESIDE):
            found.page.set_viewport_size({"width": width, "height": 800})
            assert found.page.evaluate("document.documentElement.scrollWidth") <= width
        assert found.requests
        assert all(re.match(r"(file|data|blob):", address) for address in found.requests)
        assert not found.complaints


def test_the_comparison_table_fits_a_window_of_a_thousand_pixels(opened: Open) -> None:
    for name in TOYS:
        with opened(name, WIDE) as found:
            for table in found.page.locator(".scroll:has(> table.comparison)").all():
                assert table.evaluate("region => region.scrollWidth - region.clientWidth") <= 0, name


# On dark paper nothing but contrast can be worse.
@pytest.mark.parametrize(("scheme", "width", "rules"), [("light", NARROW, {}), ("dark", WIDE, CONTRAST)])
@pytest.mark.parametrize("name", [*PAGES, "glossary", "reading"])
def test_no_violation_of_accessibility(opened: Open, name: str, scheme: str, width: int, rules: dict[str, Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    with opened(name, width, color_scheme=scheme) as found:
        for figure in found.page.locator("figure.chart[data-key]").all():
            live(found.page, str(figure.get_attribute("id")))
        for one in found.page.locator("main details").all():
            one.evaluate("one => { one.open = true; }")
        options = {"resultTypes": ["violations"]} | rules
        violations = axe.Axe().run(found.page, options=options).response["violations"]
        wrong = [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}" for one in violations]
        assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", TOYS)
def test_without_script_stills_stand_in(opened: Open, name: str) -> None:
    with opened(name, java_script_enabled=False) as found:
        figures = found.page.locator("figure.chart").all()
        assert figures
        assert not found.page.locator(".live:visible").count()
        for figure in figures:
            stills = figure.locator(".still svg")
            assert stills.count() >= 1
            assert all(still.is_visible() for still in stills.all())
        assert found.page.locator("#provenance").is_visible()


def test_on_paper_there_are_stills_and_nothing_is_folded(opened: Open) -> None:
    with opened("coin") as found:
        figure = live(found.page, "apart-steps")
        assert not figure.locator(".stills").is_visible()
        found.page.emulate_media(media="print")
        assert figure.locator(".stills").is_visible()
        assert not figure.locator(".live").is_visible()
        assert not found.page.locator("nav").first.is_visible()
        assert found.page.locator("table.diagnostics").first.is_visible()
        assert found.page.evaluate("document.documentElement.scrollWidth") <= WIDE


def test_the_list_of_sections_works_by_keyboard(opened: Open) -> None:
    with opened("coin", NARROW) as found:
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("document.activeElement.className") == "skip"
        summary = found.page.locator(".contents summary")
        summary.focus()
        found.page.keyboard.press("Enter")
        links = found.page.locator(".contents a")
        assert links.first.is_visible()
        found.page.keyboard.press("Escape")
        assert not links.first.is_visible()
        found.page.keyboard.press("Enter")
        found.page.locator(".contents a[href='#comparison']").click()
        found.page.wait_for_function("Math.abs(comparison.getBoundingClientRect().top) < 120")
        assert not links.first.is_visible()


def test_beside_a_wide_page_the_sections_are_always_open(opened: Open) -> None:
    with opened("coin", BESIDE) as found:
        assert found.page.locator(".contents a").first.is_visible()
        assert not found.page.locator(".contents summary").is_visible()

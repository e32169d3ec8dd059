"""What stands on the pages, built from small results made with NumPy."""

from __future__ import annotations

import base64
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import html5lib
import pandas as pd
import pytest
import xarray as xr

from comparisons import store
from comparisons.digits import number
from reports import pipeline, tables
from reports.sections import fits
from reports.stored import Fit
from tests.toys import EVIL, REASON, TOYS, soup, text, write_fit

PAGES = [*TOYS, "index"]


@pytest.mark.parametrize("name", TOYS)
def test_every_row_of_the_table_is_on_the_page(home: Path, name: str) -> None:
    table = pd.read_csv(home / "results" / name / "comparison.csv")
    shown = soup(home, name).select("table.comparison tbody tr")
    assert len(shown) == len(table)
    for row, found in zip(table.to_dict("records"), shown, strict=True):
        sd = table.query("prior == @row['prior'] and parameter == @row['parameter'] and reading == 'posterior'")
        error = row["mcse"] if row["reading"] == "posterior" else float(sd["sd"].iloc[0]) / 100
        cells = [cell.get_text() for cell in found.select("td")]
        assert cells[0] == number(row["estimate"], error)
        heading = found.select_one("[scope=rowgroup]") or found.find_previous(attrs={"scope": "rowgroup"})
        assert heading is not None
        assert heading.get_text() == row["parameter"]


@pytest.mark.parametrize("name", PAGES)
def test_links_resolve_and_nothing_comes_from_the_network(home: Path, name: str) -> None:
    page = soup(home, name)
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    assert not page.select("link, iframe, object, embed")
    for tag in page.select("[href], [src]"):
        address = str(tag.get("href") or tag.get("src"))
        if address.startswith("data:"):
            continue
        parts = urlsplit(address)
        assert not parts.scheme
        if parts.path:
            assert (home / "site" / unquote(parts.path)).resolve().is_file(), address
        else:
            assert parts.fragment in ids


@pytest.mark.parametrize("name", PAGES)
def test_html_is_valid_and_accessible(home: Path, name: str) -> None:
    raw = (home / "site" / f"{name}.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(raw)
    page = soup(home, name)
    assert len(page.select("h1")) == 1
    levels = [int(tag.name[1]) for tag in page.select("h1, h2, h3, h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(len(str(image.get("alt", ""))) > 20 for image in page.select("img"))
    assert all(figure.select_one("figcaption") for figure in page.select("figure"))
    assert all(table.select_one("caption") and table.select("th[scope]") for table in page.select("table"))
    for region in page.select(".scroll"):
        assert region["tabindex"] == "0"
    assert page.html is not None
    assert page.html["lang"] == "en"
    assert len(raw) < 3_000_000


def test_assets_are_light(home: Path) -> None:
    assert sum(path.stat().st_size for path in (home / "site" / "assets").iterdir()) < 6_000_000


@pytest.mark.parametrize("name", PAGES)
def test_no_page_says_nan(home: Path, name: str) -> None:
    page = soup(home, name)
    said = [text(page), *(str(image["alt"]) for image in page.select("img"))]
    for image in page.select("img[src^='data:image/svg']"):
        drawing = base64.b64decode(str(image["src"]).partition(",")[2]).decode()
        said.append(" ".join(ElementTree.fromstring(drawing).itertext()))
    assert not [part for part in said if re.search(r"\b(nan|inf|None)\b", part)]


@pytest.mark.parametrize("name", ["values", "separated"])
def test_names_from_data_are_data(home: Path, name: str) -> None:
    for page in (name, "index"):
        assert EVIL not in (home / "site" / f"{page}.html").read_text(encoding="utf-8")
        for script in soup(home, page).select("script"):
            if script.get("type") == "application/json":
                assert isinstance(json.loads(str(script.string)), dict)
            else:
                assert script["src"] in ("assets/vega.js", "assets/page.js")
                assert not script.string
        assert not [key for tag in soup(home, page).select("*") for key in tag.attrs if key.startswith("on")]
    assert EVIL in text(soup(home, name))


def test_a_missing_maximum_says_why(home: Path) -> None:
    rows = [row for row in soup(home, "separated").select("table.comparison tbody tr") if "MLE" in text(row)]
    assert len(rows) == 2
    for row in rows:
        assert row.select("td")[0].get_text() == "—"
        assert REASON in text(row)
    assert REASON in text(soup(home, "index").select("table.matrix")[0])


def test_a_local_maximum_is_called_one(home: Path) -> None:
    page = soup(home, "blend")
    rows = [row for row in page.select("table.comparison tbody tr") if "MLE" in text(row)]
    assert rows
    assert all("largest local maximum" in text(row) and "do not read" in text(row) for row in rows)
    assert "The likelihood has no maximum: shown is the largest local maximum found." in text(page.select(".absent")[0])
    assert "local maximum" in text(soup(home, "index").select("table.matrix")[0])


def test_what_does_not_exist_is_no_failure(home: Path) -> None:
    index = soup(home, "index")
    assert not index.select(".warning")
    assert "fails by the nature of model and data" in text(index.select("#fits")[0])
    for name in ("separated", "blend"):
        page = soup(home, name)
        assert not page.select("header .warning")
        assert "by the nature of model and data, not by an error" in text(page.select("header .verdict")[0])
        assert "failed" not in text(page.select("#checks")[0])
        assert "does not exist" in text(page.select("#checks table.checks")[0])


def test_mixture_extras(home: Path) -> None:
    found = text(soup(home, "blend").select("#groups")[0])
    for words in ("moves the membership", "false discovery", "New data", "BIC", "spherical", "k-means 0", "By hand."):
        assert words in found


def test_planted_failure_is_seen_everywhere(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "results", tmp_path / "results")
    place = tmp_path / "results" / "coin"
    record = store.read_json(place / "checks.json")
    record["checks"][-1] |= {"passed": False, "detail": "worst 1.3, allowed 1.01", "parameters": ["theta"]}
    store.write_json(place / "checks.json", record)
    pipeline.build(["coin"], 1, ["coin"], tmp_path / "results", tmp_path / "site")
    page, index = soup(tmp_path, "coin"), soup(tmp_path, "index")
    refused = page.select("table.comparison tr.refused")
    assert len(refused) == 1
    assert "do not read" in text(refused[0])
    assert "worst 1.3" in text(page.select(".warning")[0])
    assert "1 of 6 checks failed" in text(page.select("#checks")[0])
    first = page.select("table.checks")[0]
    assert "failed" in text(first.select("tbody tr")[0])
    assert "1 of 6 checks failed" in text(index)
    assert "do not read" in text(index.select("table.matrix")[0])


def test_energy_is_shown_where_the_sampler_was_slow(home: Path, tmp_path: Path) -> None:
    """A sampler whose energy wanders has not seen the tails; elsewhere the check's one line is enough."""
    assert "Marginal and transition energy" not in str(soup(home, "coin"))
    folder = tmp_path / "coin"
    shutil.copytree(home / "results/coin", folder)
    record = store.read_json(folder / "checks.json")
    default = next(iter(json.loads(Fit(folder).text("priors"))))
    failed = {"name": "energy", "reading": "posterior", "prior": default, "parameters": [], "passed": False}
    record["checks"].append(failed | {"detail": "lowest BFMI 0.02, needed 0.3"})
    store.write_json(folder / "checks.json", record)
    assert any("energy" in image.alt for image in fits.context(Fit(folder))["sampler"])


def test_a_page_of_large_data_says_what_comes_from_a_subsample(tmp_path: Path) -> None:
    toy = TOYS["values"]()
    toy.data = toy.data.assign_attrs(rows=2_000_000, stored="a random 40 of 2,000,000 rows")
    write_fit(tmp_path / "results", "large", toy)
    with xr.open_datatree(tmp_path / "results" / "large" / "fit.nc", engine="netcdf4") as opened:
        tree = opened.load()
    errors = []
    for total in (40, 2_000_000):
        for prior in toy.priors:
            tree[f"{prior}/prediction"].attrs["rows"] = total
        tree.to_netcdf(tmp_path / "results" / "large" / "fit.nc", engine="netcdf4")
        found = tables.prediction(Fit(tmp_path / "results" / "large"))
        assert found is not None
        errors.append(float(found["rows"][0]["cells"][0]["loss"].split("±")[1]) / total)
    # A subsample of m knows a mean no better than to 1 / sqrt(m), and all n values to 1 / sqrt(n).
    assert errors[1] == pytest.approx(errors[0], rel=0.05)
    pipeline.build([], 1, ["large"], tmp_path / "results", tmp_path / "site")
    said = text(soup(tmp_path, "large"))
    assert "n = 2,000,000" in said
    assert "Kept and drawn a random 40 of 2,000,000 rows" in said
    assert "All of this for a random 40 of the 2,000,000 rows." in said
    assert "from a random 40 of 2,000,000 observations, which the errors take into account" in said

"""What all sections stand in: mathematics, code, figures, downloads."""

from __future__ import annotations

import base64
import json
import os
import re
from contextlib import nullcontext
from pathlib import Path
from unicodedata import lookup

import altair as alt
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import models
from reports import charts, digests, draw, expected, intervals, mathematics, page, pipeline, source, style
from reports.expected import Compared
from reports.stored import Fit
from tests.toys import EVIL, REASON, TOYS, soup, text, write_fit


@pytest.mark.parametrize("name", models.names())
def test_every_scenario_has_its_formula_set_and_its_code_shown(name: str) -> None:
    scenario = models.load(name)
    found = mathematics.statements(scenario.formula)
    assert found
    assert all(statement.startswith("<math") and "merror" not in statement for statement in found)
    said = re.sub(r"<[^>]*>", "", "".join(found)).replace("&ApplyFunction;", "")
    greek = {name: lookup(f"greek small letter {name}") for name in ("mu", "sigma", "beta", "theta", "rho")}
    for word in re.findall(r"[A-Za-z]\w+", scenario.formula):
        if word not in ("sum", "over", "of", "mean"):
            assert greek.get(word, word) in said
    code = source.model_code(name)
    assert code is not None
    compile(code.text, code.path, "exec")
    lines = (models.FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert code.text.splitlines() == lines[code.first - 1 : code.last]
    assert "pm.Model(" in code.text


@given(st.text(max_size=40))
def test_a_formula_is_mathematics_or_left_as_text(formula: str) -> None:
    found = mathematics.statements(formula)
    for statement in found or []:
        assert not re.search(r"<(?!/?(math|m\w+)[ >])", statement)


def test_priors_are_set_with_their_numbers() -> None:
    drawn = mathematics.distributed("fisher_z", "Normal", {"mu": -1.5, "sigma": [1e-5, 2.0, 3.0, 4.0]})
    said = re.sub(r"<[^>]*>", "", drawn)
    wanted = "fisherz\u223cNormal(mean\u22121.5,sd(1\u00d710\u22125,2,\u2026,4))"
    assert said == wanted
    assert mathematics.listed("Normal", {"mu": -1.5, "sigma": [0.5, 2.0]}) == "Normal(mean -1.5, sd (0.5, 2))"
    assert mathematics.elided({"sigma": [1.0, 2.0, 3.0, 4.0]})
    assert not mathematics.elided({"sigma": [2.0] * 9})


def test_an_unknown_scenario_has_no_code() -> None:
    assert source.model_code("../setup") is None
    assert source.model_code("toy") is None


@pytest.mark.parametrize("name", TOYS)
def test_drawings_are_valid_and_the_page_is_the_same_with_their_validation(
    home: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "debug_mode", lambda validating: nullcontext())
    place = home / "site" / f"{name}.html"
    addresses = [str(link["href"]) for link in soup(home, name).select("#provenance a[download]")]
    html, _, _ = page.render(Fit(home / "results" / name), digests.written_digest(place), addresses)
    assert html == place.read_text(encoding="utf-8")


def test_nothing_in_a_figure_can_close_the_element_that_holds_it() -> None:
    words = ["</script><script>alert(1)</script>", "&amp;", EVIL]
    drawing = alt.Chart(charts.data([{"k": k, "x": word} for k, word in enumerate(words)])).mark_tick()
    drawing = drawing.transform_filter("datum.k == k").encode(x="x:N")
    drawn = charts.chart("key", drawing, EVIL, EVIL, [charts.Knob("k", EVIL, words, 0)])
    assert "<" not in drawn.spec
    assert json.loads(drawn.spec)["description"] == EVIL
    assert all("<script" not in svg for _, svg in drawn.stills)
    assert [said for said, _ in drawn.stills] == [f"{EVIL} {word}" for word in words]


def test_a_drawing_does_not_depend_on_what_was_drawn_before() -> None:
    drawing = alt.Chart(charts.data([{"x": 1}, {"x": 5}])).mark_tick(clip=True).encode(x="x:Q")
    first, second = (charts.chart("key", drawing, "seen", "said") for _ in range(2))
    assert first == second
    assert 'id="key-0"' in first.stills[0][1]
    assert "aria-label" not in first.stills[0][1]


@pytest.mark.parametrize(("points", "kind"), [(30, "svg+xml"), (20_000, "png")])
def test_an_image_is_a_drawing_or_dots_whichever_is_smaller(points: int, kind: str) -> None:
    def drawn() -> draw.Image:
        with matplotlib.rc_context(style.rc()):
            figure = Figure(figsize=(4, 3))
            rng = np.random.default_rng(1)
            figure.subplots().plot(*rng.normal(size=(2, points)), ".", markersize=1)
            return draw.image(figure, "dots", "dots")

    image = drawn()
    assert image.src.startswith(f"data:image/{kind};base64,")
    assert (image.width, image.height) == (384, 288)
    assert image == drawn()
    content = base64.b64decode(image.src.partition(",")[2])
    if kind == "png":
        assert int.from_bytes(content[16:20]) == 2 * image.width  # the width in the header of a PNG
    else:
        assert len(content) < draw.HEAVY


def test_downloads_are_the_results_and_unchanged_ones_stay(tmp_path: Path) -> None:
    write_fit(tmp_path / "results", "coin", TOYS["coin"]())
    folder, site = tmp_path / "results" / "coin", tmp_path / "site"
    addresses = pipeline._take(folder, site)
    assert [site / address for address in addresses] == [
        site / "downloads" / "coin" / name for name in pipeline.TAKEN if (folder / name).is_file()
    ]
    table = site / "downloads" / "coin" / "comparison.csv"
    before = table.stat()
    pipeline._take(folder, site)
    assert (table.stat().st_ino, table.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    (folder / "comparison.csv").write_text("another\n", encoding="utf-8")
    os.utime(folder / "comparison.csv", (1, 1))
    pipeline._take(folder, site)
    assert table.read_text(encoding="utf-8") == "another\n"
    assert (folder / "comparison.csv").stat().st_ino != table.stat().st_ino


def test_a_handout_makes_the_page_stale_and_is_linked(tmp_path: Path) -> None:
    write_fit(tmp_path / "results", "coin", TOYS["coin"]())

    def build() -> None:
        pipeline.build(["coin"], 1, ["coin"], tmp_path / "results", tmp_path / "site")

    build()
    assert not soup(tmp_path, "coin").select("a[href='handouts/coin.pdf']")
    (tmp_path / "site" / "handouts").mkdir()
    (tmp_path / "site" / "handouts" / "coin.pdf").write_bytes(b"%PDF-")
    build()
    assert soup(tmp_path, "coin").select("a[href='handouts/coin.pdf']")
    before = (tmp_path / "site" / "coin.html").stat().st_mtime_ns
    build()
    assert (tmp_path / "site" / "coin.html").stat().st_mtime_ns == before


def test_each_column_of_the_three_fits_has_objective_result_and_audit(home: Path) -> None:
    columns = soup(home, "separated").select("#fits article")
    assert [text(column.select("h3")[0]).split()[-1] for column in columns] == ["MLE", "MAP", "Posterior"]
    assert all(
        column.select_one("math") and column.select_one("dl") and column.select(".audit li") for column in columns
    )
    assert REASON in text(columns[0])
    assert "do not read" in text(columns[0])
    assert "The one check fails by the nature of model and data" in text(columns[0])
    assert "The one check passed" in text(columns[1])


def test_the_intervals_are_read_in_words_that_fit_them(home: Path) -> None:
    coin, separated, blend = (Fit(home / "results" / name) for name in ("coin", "separated", "blend"))
    mle, map_, posterior = intervals.said(coin, "a", "theta")
    assert "about 95 % would give an interval that covers it" in mle["text"]
    assert "nominally" in mle["text"]
    assert "far from it" in mle["text"]
    assert "The posterior under the prior a puts" in mle["text"]
    assert "the posterior" in map_["text"]
    assert "with a probability of 95 %" in posterior["text"]
    assert REASON in intervals.said(separated, "normal", separated.labels[0])[0]["text"]
    local = intervals.said(blend, "weak", blend.labels[0])[0]["text"]
    assert local.startswith("Do not read it: it belongs to the largest local maximum")


@given(st.integers(0, 60))
def test_what_the_prior_expects_is_said_in_its_numbers(seen: int) -> None:
    drawn = np.random.default_rng(1).binomial(60, 0.5, 400).astype(float)
    said = expected.sentence("weak", Compared("heads in all", drawn, np.array([float(seen)])))
    share = float(np.mean(drawn >= seen))
    assert f"seen was {seen}" in said.replace(".0", "").replace(",", "")
    assert f"{100 * round(share, 3):g} %" in said


def test_the_prior_predictive_of_a_toy_is_drawn(home: Path) -> None:
    assert expected.prior_predictive(Fit(home / "results" / "values")) == []

"""Which pages are built, when, and from what: no fit is run here, and PyMC is never imported by a page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from comparisons import store
from reports import __main__ as command
from reports import digests, pipeline
from tests.toys import ROOT, TOYS, soup, text


def test_second_build_does_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (home / "site").rglob("*") if path.is_file()}
    index = pipeline.build([], 1, list(TOYS), home / "results", home / "site")
    assert index == home / "site" / "index.html"
    assert f"pages: all {len(TOYS)} up to date" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in (home / "site").rglob("*") if path.is_file()}


def test_nothing_slow_is_imported_for_nothing(home: Path) -> None:
    slow = {"arviz", "matplotlib", "xarray", "pandas", "jinja2", "pymc", "scipy"}
    modules = run(home, home / "site")
    assert not slow & modules


@pytest.mark.parametrize("changed", ["templates/page.html.j2", "glossary.toml"])
def test_a_change_of_a_template_or_of_words_makes_pages_stale(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    copy = tmp_path / "reports"
    shutil.copytree(pipeline.HERE / "templates", copy / "templates")
    shutil.copy2(pipeline.HERE / "glossary.toml", copy)
    monkeypatch.setattr(digests, "HERE", copy)
    before = digests.code_digest()
    template = copy / changed
    template.write_text(template.read_text(encoding="utf-8") + " ", encoding="utf-8")
    after = digests.code_digest()
    assert before != after
    folder = home / "results" / "coin"
    assert digests.page_digest(folder, before) != digests.page_digest(folder, after)


def test_a_change_of_colours_makes_pages_and_guide_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand with the readings, whose numbers they leave as they are: results do not become stale by them."""
    shutil.copytree(digests.COMPARISONS, tmp_path / "comparisons", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digests, "COMPARISONS", tmp_path / "comparisons")
    before = digests.code_digest(), digests.guide_digest()
    with (tmp_path / "comparisons" / "colours.py").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert not {digests.code_digest(), digests.guide_digest()} & set(before)


def test_only_the_page_asked_for_is_built_but_all_are_listed(home: Path, tmp_path: Path) -> None:
    pipeline.build(["coin"], 1, ["coin", "values"], home / "results", tmp_path / "site")
    assert (tmp_path / "site" / "coin.html").is_file()
    assert not (tmp_path / "site" / "values.html").exists()
    assert "without a page yet: values" in text(soup(tmp_path, "index"))


def run(home: Path, site: Path) -> set[str]:
    """Build in a process of its own and return the modules it imported."""
    code = (
        "import sys; from pathlib import Path; from reports.pipeline import build;"
        f"build([], 1, {list(TOYS)!r}, Path({str(home / 'results')!r}), Path({str(site)!r}));"
        "print('MODULES', *sorted(set(name.partition('.')[0] for name in sys.modules) | set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.rpartition("MODULES")[2].split())


def test_rebuilt_pages_are_the_same_bytes_and_pymc_is_not_imported(home: Path) -> None:
    modules = run(home, home / "again")
    assert "arviz" in modules
    assert not {"pymc", "nutpie", "numba", "pytensor", "comparisons.fit", "comparisons.points"} & modules
    for path in sorted((home / "site").rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (home / "again" / path.relative_to(home / "site")).read_bytes(), path.name


def test_bad_input_is_one_clear_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["no-such-fit"]) == 2
    said = capsys.readouterr().err
    assert "no-such-fit" in said
    assert said.count("\n") == 1
    with pytest.raises(pipeline.NoResults, match="no results yet"):
        pipeline.build(["other"], 1, ["other"], home / "results", home / "site")


@pytest.mark.parametrize(
    ("names", "fitted"), [([], [[]]), (["coin"], [["coin"]]), (["mine"], []), (["mine", "cion"], [["cion"]])]
)
def test_fits_of_own_data_are_shown_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], fitted: list[list[str]]
) -> None:
    """Nothing here knows how a user's fit was made; a name that nobody knows is for the fits to refuse."""
    store.write_json(tmp_path / "mine" / "checks.json", {"checks": []})
    asked: list[list[str]] = []

    def fit_stale(names: list[str], jobs: int, after: object) -> int:
        asked.append(names)
        return 0

    monkeypatch.setattr(store, "RESULTS", tmp_path)
    monkeypatch.setattr(pipeline, "fit_stale", fit_stale)
    assert pipeline.fit_and_build(names, 1) == 0
    assert asked == fitted


def test_incomplete_results_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / "coin").mkdir()
    (tmp_path / "coin" / "fit.nc").write_bytes(b"")
    assert not pipeline.is_complete(tmp_path / "coin")


def test_a_card_of_another_version_is_not_shown(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "site", tmp_path / "site")
    store.write_json(tmp_path / "site" / "assets" / "values.json", {"fit": "values", "matrix": []})
    pipeline.build(["coin"], 1, ["coin", "values"], home / "results", tmp_path / "site")
    assert "without a page yet: values" in text(soup(tmp_path, "index"))

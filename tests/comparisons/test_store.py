"""Results on disk: whole files or none, and a digest that knows every input."""

from __future__ import annotations

from pathlib import Path

import pytest

from comparisons import store


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small copy of what a fit depends on."""
    for name in ("models/coin.py", "models/gaussian.py", "models/__init__.py", "models/contract/data.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    for name in ("models/data/flips.csv", "comparisons/fit.py", "comparisons/__main__.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(store, "RESULTS", tmp_path / "reports" / "results")
    return tmp_path


def test_a_file_is_written_where_no_folder_was(tmp_path: Path) -> None:
    store.write(tmp_path / "new" / "file.txt", lambda path: path.write_text("whole"))
    assert (tmp_path / "new" / "file.txt").read_text() == "whole"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.txt"]


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def half(temporary: Path) -> None:
        temporary.write_text("ha")
        assert path.read_text() == "old"  # nothing shows while the writer writes
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        store.write(path, half)
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_json_returns_what_was_written(tmp_path: Path) -> None:
    content = {"b": [1, 2.5, None], "a": {"sigma": "\N{GREEK SMALL LETTER SIGMA}"}}
    store.write_json(tmp_path / "x.json", content)
    assert store.read_json(tmp_path / "x.json") == content


@pytest.mark.parametrize("damage", [b"", b'{"inputs": ', b"\xff\xfe\x00", b"[1, 2]", b'"text"'])
def test_damaged_json_counts_as_empty(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(damage)
    assert store.read_json(path) == {}


def test_absent_json_counts_as_empty(tmp_path: Path) -> None:
    assert store.read_json(tmp_path / "none.json") == {}


@pytest.mark.parametrize(
    "name",
    ["models/coin.py", "models/__init__.py", "models/contract/data.py", "models/data/flips.csv", "comparisons/fit.py"],
)
def test_the_digest_changes_with_every_file_a_fit_depends_on(root: Path, name: str) -> None:
    before = store.inputs_of_fit("coin", {"seed": 1})
    (root / name).write_text("changed")
    assert store.inputs_of_fit("coin", {"seed": 1}) != before


@pytest.mark.parametrize("name", ["models/contract/new.py", "models/data/new.csv", "comparisons/new.py"])
def test_the_digest_changes_with_a_new_file(root: Path, name: str) -> None:
    before = store.inputs_of_fit("coin", {"seed": 1})
    (root / name).write_text("")
    assert store.inputs_of_fit("coin", {"seed": 1}) != before


def test_the_digest_changes_with_settings_and_versions(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.inputs_of_fit("coin", {"seed": 1})
    assert store.inputs_of_fit("coin", {"seed": 1}) == before
    assert store.inputs_of_fit("coin", {"seed": 2}) != before
    monkeypatch.setattr(store, "version", lambda package: "0.0")
    assert store.inputs_of_fit("coin", {"seed": 1}) != before


@pytest.mark.parametrize("name", ["models/gaussian.py", "comparisons/__main__.py", "comparisons/fit_command.py"])
def test_the_digest_ignores_other_scenarios_and_the_command_line(root: Path, name: str) -> None:
    before = store.inputs_of_fit("coin", {"seed": 1})
    (root / name).write_text("changed")
    assert store.inputs_of_fit("coin", {"seed": 1}) == before


def test_the_digest_tells_contents_that_move_between_files(root: Path) -> None:
    before = store.digest([root / "models/coin.py", root / "models/gaussian.py"])
    (root / "models/coin.py").write_text("models/gaussian.py")
    (root / "models/gaussian.py").write_text("models/coin.py")
    assert store.digest([root / "models/coin.py", root / "models/gaussian.py"]) != before
    assert store.digest([], "ab", "c") != store.digest([], "a", "bc")


def results(root: Path) -> Path:
    place = root / "reports" / "results" / "coin"
    place.mkdir(parents=True)
    for name in ("fit.nc", "comparison.csv"):
        (place / name).write_text("x")
    store.write_json(place / "checks.json", {"inputs": "abc", "sizes": store.sizes(place)})
    assert place.is_relative_to(root)
    return place


def test_complete_results_of_the_same_inputs_are_current(root: Path) -> None:
    results(root)
    assert store.is_current(root / "reports" / "results" / "coin", "abc")
    assert not store.is_current(root / "reports" / "results" / "coin", "abd")
    assert not store.is_damaged(root / "reports" / "results" / "coin")
    assert not store.is_damaged(root / "reports" / "results" / "gaussian")


@pytest.mark.parametrize("name", ["fit.nc", "comparison.csv", "checks.json"])
def test_results_cut_short_are_not_current(root: Path, name: str) -> None:
    (results(root) / name).write_text("")
    assert not store.is_current(root / "reports" / "results" / "coin", "abc")
    assert store.is_damaged(root / "reports" / "results" / "coin")


@pytest.mark.parametrize("name", ["fit.nc", "comparison.csv", "checks.json"])
def test_results_with_a_part_missing_are_not_current(root: Path, name: str) -> None:
    (results(root) / name).unlink()
    assert not store.is_current(root / "reports" / "results" / "coin", "abc")

"""Which stages of a report are run, and what they are measured by; no stage is run here."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import process, report
from benchmarks.process import Cost


def test_stages_and_their_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report takes 15 s, imports 1 s more each time."""
    imports = iter(range(1, 100))
    seen: list[list[str]] = []

    def run(arguments: list[str], log: Path, *, environment: dict[str, str], folder: Path, cap: float) -> Cost:
        assert (folder / "models" / "coin.py").exists()
        assert environment["NUMBA_CACHE_DIR"] == str(tmp_path / "caches")
        seen.append(arguments[1:])
        wall = 15.0 if arguments[2] == "reports" else float(next(imports))
        return Cost(wall, wall, 1.0, "measured")

    monkeypatch.setattr(process, "run", run)
    (tmp_path / "caches").mkdir()
    (tmp_path / "first").mkdir()
    assert list(report.stages(tmp_path / "first", tmp_path / "caches")) == [
        ("cold", 15.0, 2.5),
        ("warm", 15.0, 4.5),
        ("again", 15.0, 6.5),
        ("pages", 15.0, 8.5),
    ]
    assert seen[1:4] == [["-c", "import pymc"], ["-m", "reports", "--fit"], ["-c", "import pymc"]]
    assert seen[-3:] == [["-c", "import arviz"], ["-m", "reports"], ["-c", "import arviz"]]
    (tmp_path / "caches" / "something").touch()
    (tmp_path / "second").mkdir()
    assert [name for name, _, _ in report.stages(tmp_path / "second", tmp_path / "caches")] == [
        "warm",
        "again",
        "pages",
    ]


def test_a_stage_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run", lambda *given, **named: Cost(1.0, 1.0, 1.0, "failed", "no module"))
    (tmp_path / "caches").mkdir()
    (tmp_path / "copy").mkdir()
    with pytest.raises(RuntimeError, match="import pymc: failed: no module"):
        list(report.stages(tmp_path / "copy", tmp_path / "caches"))

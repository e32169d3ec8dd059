"""The command line, run as a user runs it, in a copy of the sources: nothing twice, nothing half, no tracebacks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("fit.nc", "comparison.csv", "verdict.md", "fit.ipynb", "sweep_prior.nc", "sweep_n.nc", "checks.json")


def copy(target: Path) -> Path:
    for layer in ("models", "comparisons"):
        shutil.copytree(ROOT / layer, target / layer, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "comparisons", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=300)


def change(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")


def results(root: Path, fit: str = "coin-small") -> Path:
    return root / "reports" / "results" / fit


def times(root: Path) -> dict[str, int]:
    return {part: (results(root) / part).stat().st_mtime_ns for part in PARTS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources in which one fit was made, undisturbed."""
    root = copy(tmp_path_factory.mktemp("finished"))
    done = run(root, "fit", "coin-small", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "all checks passed" in done.stdout
    return root


@pytest.mark.slow
class TestFinished:
    """After one fit."""

    def test_the_results_are_complete_and_alone(self, finished: Path) -> None:
        assert {path.name for path in results(finished).iterdir()} == set(PARTS)
        found = {path.name for path in results(finished).parent.iterdir()}
        assert found == {"coin-small", ".coin-small.lock"}
        record = json.loads((results(finished) / "checks.json").read_text())
        assert record["fit"] == "coin-small"
        assert all(check["passed"] for check in record["checks"])

    def test_a_second_run_does_nothing_and_says_so(self, finished: Path) -> None:
        before = times(finished)
        done = run(finished, "fit", "coin-small")
        assert (done.returncode, done.stdout, done.stderr) == (0, "fits: all 1 up to date\n", "")
        assert times(finished) == before

    def test_a_change_makes_stale_what_depends_on_it_and_nothing_else(self, finished: Path, tmp_path: Path) -> None:
        root = tmp_path / "copy"
        shutil.copytree(finished, root)
        change(root / "models" / "gaussian.py")
        assert run(root, "fit", "coin-small").stdout == "fits: all 1 up to date\n"
        code = "import models; from dataclasses import asdict; from comparisons import store, settings\n"
        code += "inputs = store.inputs_of_fit('coin', asdict(settings.SETTINGS))\n"
        code += "print(store.is_current(store.RESULTS / 'coin-small', inputs))"

        def current() -> bool:
            done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
            return done.stdout.strip() == "True"

        assert current()
        change(root / "models" / "coin.py")
        assert not current()

    def test_a_killed_fit_leaves_no_half_file_and_the_next_run_completes_it(
        self, finished: Path, tmp_path: Path
    ) -> None:
        root = copy(tmp_path)
        command = [sys.executable, "-u", "-m", "comparisons", "fit", "coin-small", "--jobs", "1"]
        process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert process.stdout is not None
        for line in process.stdout:
            if "maximum likelihood" in line:
                break
        os.killpg(process.pid, signal.SIGKILL)  # the whole session that was started above
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
        left = list(results(root).glob("*")) if results(root).exists() else []
        assert left == []
        done = run(root, "fit", "coin-small", "--jobs", "1")
        assert done.returncode == 0, done.stderr
        assert {path.name for path in results(root).iterdir()} == set(PARTS)
        ours, theirs = ((results(place) / "comparison.csv").read_bytes() for place in (root, finished))
        assert ours == theirs


def test_an_unknown_fit_is_refused_in_words(tmp_path: Path) -> None:
    done = run(copy(tmp_path), "fit", "dice")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "no fit named 'dice'; known fits: coin, coin-small" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_a_number_of_jobs_that_is_none_is_refused(tmp_path: Path, jobs: str) -> None:
    done = run(copy(tmp_path), "fit", "coin", "--jobs", jobs)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "--jobs" in done.stderr.splitlines()[-1]


def make(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What ``make report`` runs."""
    command = [sys.executable, "-m", "reports", "--fit", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=300)


def with_pages(target: Path) -> Path:
    shutil.copytree(
        ROOT / "reports", target / "reports", ignore=shutil.ignore_patterns("__pycache__", "results", "site")
    )
    return copy(target)


@pytest.mark.slow
def test_a_page_is_built_where_the_fit_was_made_and_neither_twice(tmp_path: Path) -> None:
    root = with_pages(tmp_path)
    done = make(root, "coin-small", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    fitted, built = done.stdout.split("pages: 1 to build")
    assert "coin-small           page" in fitted  # by the process that fitted
    assert "coin-small" not in built.partition("reports/site")[0]
    assert "how to read the plots" in built
    pages = {path.stem for path in (root / "reports" / "site").glob("*.html")}
    assert pages == {"coin-small", "index", "glossary", "reading"}
    again = make(root, "coin-small")
    assert again.stdout.splitlines()[:2] == ["fits: all 1 up to date", "pages: all 1 up to date"]


def test_pages_of_an_unknown_fit_are_refused_in_words(tmp_path: Path) -> None:
    done = make(with_pages(tmp_path), "dice")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("reports: no fit named 'dice'; known fits: coin, coin-small")
    assert len(done.stderr.splitlines()) == 1

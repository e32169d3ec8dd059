"""From the command line to the files of a study: what is printed, what is written, what is refused, what is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparisons.__main__ import main
from comparisons.calibration import calibrate
from comparisons.coverage import operating_characteristics
from comparisons.exact import averaged
from comparisons.job import Job
from comparisons.scale_out import Lost
from comparisons.study_command import FIXED, chunks_of, run_study, text
from tests import chunks
from tests.tolerances import within_errors

ROOT = Path(__file__).parents[2]


@pytest.fixture
def studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of studies whose chunks are in closed form."""

    def job(fit: str, prior: str = "weak", **options: Any) -> Job:
        return Job(fit, prior, size=100, **options)

    module = ModuleType("comparisons.studies")
    module.__dict__.update(chunk=chunks.coin, job=job)
    monkeypatch.setitem(sys.modules, "comparisons.studies", module)


def command(*arguments: str) -> int:
    return main(["study", *arguments])


def test_a_study_from_the_command_line(studies: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("coin", "--worlds", "3000", "--jobs", "1", "--out", str(tmp_path)) == 0
    place = tmp_path / "coin" / "studies" / "weak-prior"
    table = pd.read_csv(place / "coverage.csv")
    exact = averaged(chunks.COIN, 2, 2).set_index("interval").loc[table["interval"]]
    within_errors(table["coverage"], exact["coverage"].to_numpy(), table["coverage_se"])
    assert set(table["fit"]) == {"coin"}
    record = json.loads((place / "calibration.json").read_text())
    assert record["worlds"] == 3_000
    assert all(check["passed"] for check in record["checks"])
    assert record["request"]["worlds"] == 3_000
    with xr.open_dataset(place / "study.nc", engine="netcdf4") as worlds:
        assert worlds.sizes["world"] == 3_000
        assert json.loads(worlds.attrs["job"]) == record["request"]
        pd.testing.assert_frame_equal(
            operating_characteristics(worlds.load()), table.drop(columns=["fit", "prior", "truth", "seed"])
        )
    assert [path.name for path in place.iterdir() if path.name.startswith(".")] == []
    shown = capsys.readouterr()
    assert "Study coin, prior weak: 3,000 worlds" in shown.out
    assert "passed    calibration" in shown.out
    assert "30 of 30 chunks" in shown.err


def test_fixed_truths_have_coverage_and_no_calibration(
    studies: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("coin", "--worlds", "500", "--truth", "fixed", "--jobs", "1", "--out", str(tmp_path))
    assert command(*arguments) == 0
    record = json.loads((tmp_path / "coin" / "studies" / "weak-fixed" / "calibration.json").read_text())
    assert record["reason"] == FIXED
    assert [check["name"] for check in record["checks"]] == ["worlds"]
    assert FIXED in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["coim"], "no fit named 'coim'"),
        (["coin", "--worlds", "0"], "--worlds 0: give a whole number"),
        (["coin", "--worlds", "many"], "'many' is not a valid integer"),
        (["coin", "--truth", "mean"], "--truth 'mean': prior"),
        (["coin", "--jobs", "0"], "--jobs 0: give at least 1"),
        (["coin", "--seed", "-3"], "--seed -3"),
        (["coin", "--scheduler", "tcp://127.0.0.1:9"], "--scheduler tcp://127.0.0.1:9: nobody answers there"),
        ([], "Missing argument 'FIT'"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    studies: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.setattr("comparisons.scale_out.ANSWER", 1)
    assert command(*arguments, "--out", str(tmp_path / "results")) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert named in lines[0]
    assert not list(tmp_path.rglob("*.nc"))


def test_a_file_where_results_should_go_is_refused(
    studies: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert command("coin", "--out", str(tmp_path / "file")) == 2
    assert "this is a file, give a folder" in capsys.readouterr().err


def test_lost_workers_are_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def lost(job: Job, index: int) -> xr.Dataset:
        raise Lost("the cluster has gone home")

    assert run_study(lost, Job("coin", "weak", 40, size=10), tmp_path) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line == "comparisons: the cluster has gone home; chunks that are done are kept, run it again"


def test_failures_and_what_is_missing_are_said() -> None:
    job = Job("coin", "weak", 2_000, size=2_000)
    worlds = chunks.gaussian(job, 0)
    worlds["rank"][:, 1] = worlds["rank"][:, 1] // 2
    worlds["lower"].loc[{"interval": "wald", "parameter": "mu[a]", "world": slice(0, 99)}] = np.nan
    worlds["failed"][:30] = True
    found = calibrate(worlds)
    shown = text(job, operating_characteristics(worlds), found.checks, found)
    assert "! failed  calibration" in shown
    assert "  ! mu[b]: posterior too high" in shown
    assert "! failed  worlds: 30 of 2,000 worlds have no posterior that could be trusted, allowed 1 %" in shown
    assert "do not read the posteriors of this model" in shown
    rows = [line.split() for line in shown.splitlines()]
    wald = next(line for line in rows if "wald" in line)
    assert wald[:3] == ["mu[a]", "MLE", "wald"]
    assert "5 %" in " ".join(wald)
    assert "1.7530" in wald  # all widths are the same: no error to round to
    assert "missing intervals count as misses" in shown


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_is_done_is_kept_when_the_study_is_stopped(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C from a terminal goes to all processes; whatever ends the study, its workers end too."""
    script = tmp_path / "script.py"
    script.write_text(f"""
from pathlib import Path
from comparisons.job import Job
from comparisons.study_command import run_study
from tests import chunks
if __name__ == "__main__":
    raise SystemExit(run_study(chunks.slow, Job("coin", "weak", 4_000, size=10), Path({str(tmp_path)!r}), jobs=2))
""")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        wait_for(lambda: len(list(tmp_path.rglob("chunk-*.nc"))) >= 3 or process.poll() is not None)
        if how == signal.SIGINT:
            os.killpg(process.pid, how)
        else:
            process.kill()
        _, said = process.communicate(timeout=60)
        wait_for(lambda: not alive(process.pid))
    finally:
        if alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "interrupted: chunks that are done are kept" in said
        assert "Traceback" not in said
        assert not list(tmp_path.rglob(".*.nc"))
    kept = list(tmp_path.rglob("chunk-*.nc"))
    assert 3 <= len(kept) < 400
    for path in kept:
        xr.open_dataset(path, engine="netcdf4").close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def alive(group: int) -> bool:
    """Whether a process of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_ends_a_study_whose_processes_cannot_end(tmp_path: Path) -> None:
    (tmp_path / ".77-chunk-00001.nc").touch()
    (tmp_path / "chunk-00000.nc").touch()
    code = f"""
import os, signal, time
from pathlib import Path
from comparisons import study_command
study_command.PATIENCE = 0.2
with study_command._stoppable(Path({str(tmp_path)!r})):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        time.sleep(60)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == 130
    assert "interrupted: chunks that are done are kept" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["chunk-00000.nc"]


def test_a_study_removes_what_a_killed_one_had_half_written(tmp_path: Path) -> None:
    job = Job("coin", "weak", 20, size=10)
    half = chunks_of(tmp_path, job) / ".77-chunk-00001.nc"
    half.parent.mkdir(parents=True)
    half.write_text("half")
    assert run_study(chunks.coin, job, tmp_path) == 0
    assert not half.exists()

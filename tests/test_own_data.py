"""A user's own data from the command line to results and page, and what goes wrong on the way; really run."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bs4 import BeautifulSoup
from filelock import FileLock

from comparisons import store
from comparisons.__main__ import main
from tests.tolerances import within_errors

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
FEW = ("--draws", "200", "--chains", "2")
COIN = ("fit", "coin", "--heads", "7", "--flips", "12", "--prior", "theta ~ Beta(3, 1)", *FEW, "--name", "seven")


def run(*arguments: str, first: Callable[[], object] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line; ``first`` is called in its process before it starts."""
    command = [sys.executable, "-m", "comparisons", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=first)


@pytest.fixture(scope="module")
def coin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    done = run(*COIN, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "posterior mean" in done.stdout
    assert "MAP" in done.stdout.split("Here ")[1]
    return out


def test_coin_results_and_page_are_there(coin: Path) -> None:
    place = coin / "seven"
    assert {path.name for path in place.iterdir()} >= {"comparison.csv", "fit.nc", "verdict.md", "checks.json"}
    rows = pd.read_csv(place / "comparison.csv").set_index("reading")
    value = {reading: float(rows["estimate"][reading]) for reading in rows.index}
    # Beta(3, 1) and 7 heads in 12 flips: Beta(10, 6).
    assert value["mle"] == pytest.approx(7 / 12, abs=1e-8)
    assert value["map"] == pytest.approx(9 / 14, abs=1e-6)
    within_errors(value["posterior"], 10 / 16, float(rows["mcse"]["posterior"]))
    page = (coin / "site" / "seven.html").read_text()
    assert "Does it matter here?" in page
    formulas = [tag.get_text().replace(" ", "") for tag in BeautifulSoup(page, "html.parser").select("#model math")]
    assert any(one.endswith("Beta(3,1)") for one in formulas)
    assert "--heads 7 --flips 12" in page
    assert "seven.html" in (coin / "site" / "index.html").read_text()
    with xr.open_datatree(place / "fit.nc") as tree:
        assert tree["own"]["posterior"]["theta"].shape == (2, 200)


def test_coin_again_is_up_to_date_and_damaged_is_made_anew(coin: Path) -> None:
    place = coin / "seven"
    before = (place / "comparison.csv").read_bytes()
    stamp = (place / "fit.nc").stat().st_mtime_ns
    assert "up to date" in run(*COIN, "--out", str(coin)).stdout
    assert (place / "fit.nc").stat().st_mtime_ns == stamp
    (place / "fit.nc").write_bytes((place / "fit.nc").read_bytes()[:1000])
    again = run(*COIN, "--out", str(coin))
    assert (again.returncode, "cut short or damaged" in again.stdout.splitlines()[0]) == (0, True)
    assert (place / "comparison.csv").read_bytes() == before


def test_coin_while_another_run_holds_the_folder(coin: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in (coin / "seven").iterdir())
    with FileLock(coin / ".seven.lock"):
        done = run(*COIN, "--out", str(coin), "--seed", "5")
    assert done.returncode == 2
    assert "another run is writing into" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted((path.name, path.stat().st_mtime_ns) for path in (coin / "seven").iterdir()) == before


def test_coin_on_a_full_disk(tmp_path: Path) -> None:
    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = run(*COIN, "--out", str(tmp_path), first=little_room)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "cannot write into" in done.stderr
    assert not list((tmp_path / "seven").iterdir())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_coin_interrupted_is_not_broken(coin: Path, tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-m", "comparisons", *COIN, "--out", str(tmp_path)]
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert started.stdout is not None
    started.stdout.readline()  # the first stage has ended, and others are to come
    if how == signal.SIGINT:
        os.killpg(started.pid, how)
        assert "interrupted" in started.communicate(timeout=30)[0]
        assert started.returncode == 130
    else:
        started.kill()
        started.communicate(timeout=30)
    time.sleep(0.5)  # the worker follows its parent
    assert not store.read_json(tmp_path / "seven" / "checks.json")
    done = run(*COIN, "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "seven" / "comparison.csv").read_bytes() == (coin / "seven" / "comparison.csv").read_bytes()


def test_names_of_any_kind_come_through(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    names = ["<script>alert(1)</script>", "=cmd|'/C calc'!A0", "new\nline", 'naïve ☃ "q"']
    table = pd.DataFrame(rng.normal(size=(20, 5)), columns=["y", *names])
    table.to_csv(tmp_path / "evil.csv", index=False)
    options = ("--data", str(tmp_path / "evil.csv"), "--outcome", "y", "--prior", "normal", *FEW)
    done = run("fit", "regression", *options, "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    place = tmp_path / "out" / "regression-evil"
    labels = set(pd.read_csv(place / "comparison.csv")["parameter"])
    assert {f"beta[{name}]".replace("\n", " ") for name in names} <= labels  # a cell of a CSV file is one line
    page = (tmp_path / "out" / "site" / "regression-evil.html").read_text()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in (place / "verdict.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fit", "regression", "--outcome", "y"], "--data"),
        (["fit", "coin", "--heads", "3", "--flips", "x"], "--flips 'x'"),
        (["fit", "coin", "--heads", "3", "--flips", "4", "--out", __file__], "this is a file"),
        (["fit", "coin", "--scale", "1"], "coin has no option --scale"),
        (["fit", "--heads", "3"], "name one scenario"),
        (["fit", "coin", "--jobs", "many"], "--jobs"),
        (["fit", "coin", "--bogus"], "--bogus"),
        (["fit", "gaussian", "--data", "/nowhere.csv"], "/nowhere.csv"),
        (["nothing"], "nothing"),
        (["penalty", "ridge", "--alpha", "3"], "--sigma"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words in shown.err
    assert len(shown.err.splitlines()) == 1


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "seven").mkdir()
    (tmp_path / "seven" / "thesis.tex").write_text("years of work")
    assert main([*COIN, "--out", str(tmp_path)]) == 2
    assert "thesis.tex" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "seven").iterdir()] == ["thesis.tex"]


def test_help_names_every_option_of_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "--help"]) == 0
    shown = capsys.readouterr().out
    for option in (
        "--heads",
        "--column",
        "--outcome",
        "--formula",
        "--no-intercept",
        "--components",
        "--family",
        "--fix",
    ):
        assert option in shown

"""Stored results made again: what agrees, what does not and is named, and what cannot be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from comparisons import replay, store
from comparisons.__main__ import main
from comparisons.calls import FROM_MEMORY
from comparisons.comparison import Comparison
from comparisons.fit import fit
from comparisons.fit_command import planned
from comparisons.plan import built_in
from comparisons.results import NUMBERS, plan_again, read_stored
from comparisons.settings import SETTINGS
from models.contract import BadInput

pytestmark = pytest.mark.slow
SMALL: dict[str, Any] = {"draws": 200, "chains": 2}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of data, its results in ``coins``, and built-in results in ``small``."""
    place = tmp_path_factory.mktemp("home")
    pd.DataFrame({"heads": [3, 4, 1], "flips": [5, 6, 7]}).to_csv(place / "coins.csv", index=False)
    return place


@pytest.fixture(scope="module")
def comparison(home: Path) -> Comparison:
    given = {"data": str(home / "coins.csv"), "prior": ("weak", "flat"), **SMALL}
    found = fit(planned("coin", given))
    found.write(home / "coins")
    return found


@pytest.fixture
def place(home: Path, comparison: Comparison, tmp_path: Path) -> Path:
    """A copy of the results that may be damaged."""
    shutil.copytree(home / "coins", tmp_path / "coins")
    return tmp_path / "coins"


def change(place: Path, **parts: Any) -> None:
    """Change parts of the record."""
    record = json.loads((place / "checks.json").read_text())
    (place / "checks.json").write_text(json.dumps(record | parts))


def request(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "checks.json").read_text())["request"]
    return found


def test_a_replay_agrees_and_changes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    assert main(["replay", str(place)]) == 0
    said = capsys.readouterr().out
    assert "all 24 numbers agree with the stored ones" in said
    assert " was " not in said  # the versions are the same
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_another_seed_agrees_within_error_and_a_file_may_move(
    place: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moved = tmp_path / "moved.csv"
    shutil.copy(home / "coins.csv", moved)
    assert main(["replay", str(place), "--seed", "7", "--data", str(moved)]) == 0
    said = capsys.readouterr().out
    assert "all 24 numbers agree" in said
    posterior = next(line.split() for line in said.splitlines() if "posterior" in line)
    assert 0 < float(posterior[4]) < 1  # other draws: not the same, but near


def test_highest_density_intervals_are_made_again_from_the_record(tmp_path: Path) -> None:
    settings = replace(SETTINGS, **SMALL, interval="hdi", level=0.8)
    fit(built_in("coin-small", settings)).write(tmp_path)
    stored = read_stored(tmp_path)
    plan = plan_again(stored, seed=11)
    assert plan.settings == replace(settings, seed=11)
    assert replay.agreement(stored, fit(plan))["agrees"].all()


@pytest.mark.parametrize("reading", ["mle", "map", "posterior"])
@pytest.mark.parametrize("column", NUMBERS)
def test_a_planted_change_is_found_and_named(
    place: Path, comparison: Comparison, reading: str, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_csv(place / "comparison.csv")
    row = table.index[(table["prior"] == "flat") & (table["reading"] == reading)][0]
    sound = replay.agreement(read_stored(place), comparison)
    assert sound["agrees"].all()
    same = (sound["prior"] == "flat") & (sound["reading"] == reading) & (sound["number"] == column)
    # What is allowed is five errors of two results; ten errors of one, or ten tolerances, are more.
    size = 10 * table["mcse"][row] if (reading, column) == ("posterior", "estimate") else 2 * sound["allowed"][same]
    table.loc[row, column] += float(np.max(size))
    table.to_csv(place / "comparison.csv", index=False)
    stored = read_stored(place)
    numbers = replay.agreement(stored, comparison)
    assert list(numbers.index[~numbers["agrees"]]) == list(numbers.index[same])
    said = replay.said(stored, comparison, numbers)
    assert f"! flat, theta, {reading}, {column}: stored" in said
    assert "1 of 24 numbers does not agree" in said


def test_other_versions_are_named(place: Path, comparison: Comparison) -> None:
    now = store.versions()
    change(place, versions={**now, "scipy": "1.0\x1b[31m"})
    stored = read_stored(place)
    assert replay.other_versions(stored) == [f"scipy is {now['scipy']}, was 1.0[31m"]
    assert "scipy is" in replay.said(stored, comparison, replay.agreement(stored, comparison))


def damage(name: str, content: bytes | None) -> Callable[[Path], None]:
    def do(place: Path) -> None:
        (place / name).unlink()
        if content is not None:
            (place / name).write_bytes(content)

    return do


def cut(place: Path) -> None:
    whole = (place / "fit.nc").read_bytes()
    (place / "fit.nc").write_bytes(whole[: len(whole) // 2])


def twice(place: Path) -> None:
    lines = (place / "comparison.csv").read_text().splitlines()
    (place / "comparison.csv").write_text("\n".join([*lines, lines[-1]]))


def forget_request(place: Path) -> None:
    record = json.loads((place / "checks.json").read_text())
    del record["request"]
    (place / "checks.json").write_text(json.dumps(record))


def ask(**parts: Any) -> Callable[[Path], None]:
    """Change the request of the record."""
    return lambda place: change(place, request={**request(place), **parts})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (shutil.rmtree, "there is no folder"),
        (damage("checks.json", None), "has no checks.json: give a folder with results"),
        (damage("checks.json", b'{"fit": '), "checks.json in .* is damaged"),
        (forget_request, "earlier version and does not say what was asked for: make the results again"),
        (lambda place: change(place, request=[]), "damaged \\(request\\)"),
        (lambda place: change(place, draws="many"), "damaged \\(draws\\)"),
        (lambda place: change(place, level=7.0), "--level 7"),
        (ask(scenario=3), "damaged \\(scenario\\)"),
        (ask(scenario="../../etc"), "no scenario named"),
        (ask(prior=[1]), "damaged \\(prior, fix\\)"),
        (ask(prior=["__import__('os')"]), "the named priors are"),
        (ask(options={"settings": 1}), "damaged \\(options\\)"),
        (ask(options={"heads": [1]}), "heads=.*: give a text"),
        (ask(file={"data": 1}), "damaged \\(data\\)"),
        (ask(file=FROM_MEMORY), "was in no file: give a file that holds it with --data FILE"),
        (ask(file={**FROM_MEMORY, "data": "gone.csv"}), "'gone.csv' of these results is gone: .* --data FILE"),
        (damage("comparison.csv", None), "has no comparison.csv"),
        (damage("comparison.csv", b""), "comparison.csv in .* is damaged"),
        (damage("comparison.csv", b"prior,parameter\n1,2\n"), "comparison.csv in .* is damaged"),
        (damage("comparison.csv", b"\xff\xfe\x00"), "comparison.csv in .* is damaged"),
        (twice, "comparison.csv in .* is damaged \\(a row occurs twice\\)"),
        (damage("fit.nc", None), "has no fit.nc"),
        (damage("fit.nc", b""), "fit.nc in .* is damaged"),
        (damage("fit.nc", b"no netCDF"), "fit.nc in .* is damaged"),
        (cut, "fit.nc in .* is damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    place: Path, spoil: Callable[[Path], None], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(place)
    assert main(["replay", str(place)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    with pytest.raises(BadInput, match=said):
        plan_again(read_stored(place))


def test_changed_data_are_refused(place: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.csv"
    pd.DataFrame({"heads": [3, 4, 2], "flips": [5, 6, 7]}).to_csv(changed, index=False)
    stored = read_stored(place)
    with pytest.raises(BadInput, match=r"changed\.csv' is not what these results were made from: give the right one"):
        plan_again(stored, data=changed)
    change(place, request={**request(place), "file": {**request(place)["file"], "data": str(changed)}})
    with pytest.raises(BadInput, match="has changed since: give the old one with --data FILE"):
        plan_again(read_stored(place))


def test_a_table_from_memory_is_replayed_from_a_file(place: Path, home: Path) -> None:
    change(place, request={**request(place), "file": FROM_MEMORY})
    plan = plan_again(read_stored(place), data=home / "coins.csv")
    assert store.data_digest(plan.data) == json.loads((place / "checks.json").read_text())["data_sha256"]


def test_built_in_data_need_no_file_and_may_have_changed(place: Path, home: Path) -> None:
    change(place, request={"fit": "coin-small"})
    with pytest.raises(BadInput, match="--data: these results are not about a table"):
        plan_again(read_stored(place), data=home / "coins.csv")
    with pytest.raises(BadInput, match="built-in data are not what these results were made from: make the results"):
        plan_again(read_stored(place))


def test_another_table_of_rows_is_refused(place: Path, comparison: Comparison) -> None:
    table = pd.read_csv(place / "comparison.csv").iloc[:-1]
    table.to_csv(place / "comparison.csv", index=False)
    with pytest.raises(BadInput, match="differ in a row \\(flat, theta, posterior\\)"):
        replay.agreement(read_stored(place), comparison)

"""How a benchmark goes on: who is there, what is worth running, who agrees with whom. No peer is needed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import pytest

from benchmarks import bench, environments, jobs, process, run
from benchmarks.bench import Bench, Judge, fingerprint
from benchmarks.environments import Missing, Peer, interpreter
from benchmarks.peers.contract import Answer, Job
from benchmarks.process import Cost
from benchmarks.table import Row, from_csv
from tests.tolerances import ROUNDING

ROW = Row("rows", "gaussian", "n", "Peer", False, "warm", "")


def done(wall: float) -> Row:
    return replace(ROW, status="measured", wall=wall, imported=2.0)


class TestForeseen:
    """Runs that are not made, and what is said instead."""

    def test_a_first_and_a_cheap_run_are_made(self) -> None:
        assert run.foreseen("rows", 1_000, [], 60, ROW) is None
        assert run.foreseen("rows", 10_000, [(1_000, done(50.0))], 60, ROW) is None
        assert run.foreseen("rows", 100_000, [(1_000, done(5.0)), (10_000, done(6.0))], 60, ROW) is None

    def test_what_would_pass_the_cap_is_skipped(self) -> None:
        found = run.foreseen("rows", 1_000_000, [(10_000, done(5.0)), (100_000, done(14.0))], 60, ROW)
        assert found is not None
        assert found.status == "skipped"
        assert found.reason == "about 104 s expected, 14.0 s at n = 100,000"

    def test_after_a_capped_run_nothing_larger_is_tried(self) -> None:
        found = run.foreseen("predictors", 100, [(50, replace(ROW, status="capped"))], 60, ROW)
        assert found is not None
        assert (found.status, found.reason) == ("skipped", "a smaller one was capped")

    def test_data_sets_are_scaled_on_the_line_of_those_measured(self) -> None:
        past = [(1, done(5.0)), (10, done(23.0))]
        hundred = run.foreseen("worlds", 100, past, 60, ROW)
        assert hundred is not None
        assert hundred.status == "scaled"
        assert hundred.wall == pytest.approx(23 + 90 * 2)
        thousand = run.foreseen("worlds", 1_000, [*past, (100, hundred)], 60, ROW)
        assert thousand is not None
        assert thousand.status == "scaled"
        assert thousand.wall == pytest.approx(23 + 990 * 2)
        assert thousand.reason == "from runs of 1 and 10 data sets, 2 s each"

    def test_who_is_missing_once_is_missing_always(self) -> None:
        found = run.foreseen("rows", 10, [(1, replace(ROW, status="missing", reason="why"))], 60, ROW)
        assert found is not None
        assert (found.status, found.reason) == ("missing", "why")


class TestPeersThatAreNotThere:
    """A reason, and no failure."""

    def test_a_program(self) -> None:
        found = interpreter(Peer("x", "X", "jags", program="no-such-program"))
        assert found == Missing("no program no-such-program on the path: install Debian's package no-such-program")

    def test_a_package(self) -> None:
        assert interpreter(Peer("x", "X", "pymc", package="no_such_package")) == Missing(
            "no package no_such_package in this environment"
        )

    def test_a_python(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path)
        found = interpreter(Peer("pystan", "X", "pystan", pythons=("2.0", "2.1")))
        assert found == Missing("no Python 2.0 or 2.1 found: put one on the path")

    def test_an_environment_that_cannot_be_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "peers").mkdir()
        (tmp_path / "peers" / "x.txt").write_text("./not-a-folder\n")
        monkeypatch.setattr(environments, "HERE", tmp_path)
        monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path / "environments")
        monkeypatch.setattr(environments, "find_python", lambda version: Path(sys.executable))
        found = interpreter(Peer("x", "X", "pystan", pythons=("3.13",)))
        assert isinstance(found, Missing)
        assert found.reason.startswith("its environment could not be made: ")
        assert not (tmp_path / "environments" / "x.complete").exists()

    def test_rows_say_so(self, tmp_path: Path) -> None:
        asker = Bench(tmp_path, cap=1.0, pythons={"jags": Missing("not here")})
        (jags,) = (peer for peer in environments.PEERS if peer.name == "jags")
        (only,) = run.scenarios(asker, ("coin",), (jags,), ("coin",))
        assert (only.status, only.reason) == ("missing", "not here")
        grown = list(run.growth(asker, "rows", (10, 100), (jags,)))
        assert [(one.status, one.reason) for one in grown] == [("missing", "not here")] * 2


def test_the_python_that_runs_this_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert environments.find_python(version) is not None
    assert environments.find_python("2.0") is None


class TestJudge:
    """The first that converged is what the others are compared with."""

    def test_distance_from_the_first_that_converged(self) -> None:
        rng, judge, job = np.random.default_rng(1), Judge(), jobs.teaching("coin")
        stuck = rng.normal(size=(4, 500)) + np.arange(4)[:, None]
        draws = [stuck, *rng.normal(size=(2, 4, 500)), 1 + rng.normal(size=(4, 500))]
        rows = [judge.judged(ROW, job, Answer("", 0, 0, 1, {"theta": one})) for one in draws]
        assert [one.verdict.split(":")[0] for one in rows] == ["not converged", "yes", "yes", "NO"]
        assert rows[1].distance == 0.0
        assert rows[2].ess > 1_000

    def test_no_answer_is_no_number(self) -> None:
        assert Judge().judged(ROW, jobs.teaching("coin"), None) == ROW


def test_words_of_an_option_are_checked() -> None:
    known = ("coin", "gaussian")
    assert run.chosen("", known, "--scenarios") == known
    assert run.chosen("gaussian, coin", known, "--scenarios") == known
    with pytest.raises(click.BadParameter, match="'coins' is not one of coin, gaussian"):
        run.chosen("coins", known, "--scenarios")


def test_a_first_run_fills_the_caches_and_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Again when what is compiled has changed, and for another size if that is compiled anew."""
    asked: list[int] = []

    def ask(self: Bench, python: Path, peer: Peer, job: Job, caches: Path, cap: float) -> tuple[Cost, Answer]:
        asked.append(job.seed)
        caches.mkdir(parents=True, exist_ok=True)
        return Cost(1.0, 1.0, 1.0, "measured"), Answer("x", 0, 0, 1, {})

    monkeypatch.setattr(bench, "CACHES", tmp_path)
    monkeypatch.setattr(Bench, "ask", ask)
    asker, job = Bench(tmp_path, cap=1.0, pythons={"x": Path(sys.executable)}), jobs.teaching("coin", seed=10)
    shapes, any_shape = Peer("x", "X", "pymc"), Peer("x", "X", "pystan", compiles_shapes=False)
    for peer, fills in ((shapes, [11, 10, 10, 11, 10]), (any_shape, [11, 10, 10, 10])):
        asked.clear()
        for size in ("n = 1,000", "n = 1,000", "n = 2,000"):
            asker.run(replace(ROW, size=size), peer, job)
        assert asked == fills
    asked.clear()
    monkeypatch.setattr(bench, "fingerprint", lambda peer: "changed")
    asker.run(replace(ROW, size="n = 1,000"), shapes, job)
    assert asked == [11, 10]


def test_a_first_run_without_end_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "CACHES", tmp_path)
    monkeypatch.setattr(Bench, "ask", lambda self, python, peer, job, caches, cap: (Cost(cap, 0, 0, "capped"), None))
    asker = Bench(tmp_path, cap=5.0, pythons={"x": Path(sys.executable)})
    row, answer = asker.run(ROW, Peer("x", "X", "pymc"), jobs.teaching("coin"), 5.0)
    assert (row.status, row.reason, answer) == ("capped", "its first run was ended after 15 s", None)


def test_caches_depend_on_what_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = (peer for peer in environments.PEERS if peer.name in ("posterior", "pystan"))
    files = {"lock": tmp_path / "uv.lock", "model": tmp_path / "models" / "coin.py"}
    files["program"] = tmp_path / "peers" / "stan" / "coin.stan"
    for path in files.values():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    monkeypatch.setattr(process, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "HERE", tmp_path)
    for changed, who in (("model", [True, False]), ("program", [False, True]), ("lock", [True, True])):
        before = [fingerprint(peer) for peer in (ours, theirs)]
        files[changed].write_text("two")
        assert [fingerprint(peer) != known for peer, known in zip((ours, theirs), before, strict=True)] == who


def test_tables_of_two_runs_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path)
    grown = [replace(done(5.0), size="n = 10", peer="PyMC"), replace(done(7.0), size="n = 100", peer="PyMC")]
    run.write(grown, 40)
    coin, again = (replace(done(wall), part="scenarios", case="coin", rhat=1.0) for wall in (3.0, 4.0))
    run.write([coin], 40)
    run.write([again, replace(again, case="logistic"), replace(again, peer="JAGS")], 40)
    rows = from_csv((tmp_path / "table.csv").read_text())
    assert [(one.part, one.case, one.peer, one.wall) for one in rows] == [
        ("scenarios", "coin", "Peer", 4.0),
        ("scenarios", "logistic", "Peer", 4.0),
        ("scenarios", "coin", "JAGS", 4.0),
        ("rows", "gaussian", "PyMC", 5.0),
        ("rows", "gaussian", "PyMC", 7.0),
    ]
    assert {path.name for path in tmp_path.iterdir()} == {"table.csv", "table.md"}


def test_a_peer_answers_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From job to row, with a peer that needs no sampler: the fit of SciPy is the closed form."""
    monkeypatch.setattr(bench, "CACHES", tmp_path / "caches")
    asker = Bench(tmp_path, cap=60.0)
    peer = Peer("classical", "SciPy", "classical", caches=False)
    job = jobs.teaching("gaussian", reading="mle")
    row, answer = asker.run(ROW, peer, job)
    assert row.status == "measured", row.reason
    assert row.version.startswith("scipy ")
    assert row.wall > row.imported > 0
    assert answer is not None
    y = job.data["y"]
    np.testing.assert_allclose([answer.draws["mu"], answer.draws["sigma"]], [y.mean(), y.std()], rtol=ROUNDING)
    broken, nothing = asker.run(ROW, peer, replace(job, scenario="family"))
    assert (broken.status, nothing) == ("failed", None)
    assert broken.reason

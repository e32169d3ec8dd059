"""Chunks of a study in one process, in several, on a Dask cluster: the same worlds, whatever happens on the way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xarray as xr

from comparisons import store
from comparisons.job import Job
from comparisons.scale_out import DEATHS, Lost, path_of, read_chunk, run, write_chunk
from models.contract import BadInput
from tests import chunks

if TYPE_CHECKING:
    from distributed import LocalCluster

ROOT = Path(__file__).parents[2]
JOB = Job("coin", "weak", worlds=55, size=10, seed=1)
ROOTS = ("root", "root")  # where scheduler and worker are started
Cluster = tuple[str, list[subprocess.Popen[str]]]
NOBODY = "tcp://127.0.0.1:9"  # the port of the discard service, which nobody runs


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """The study as this process does it."""
    return run(chunks.coin, JOB, tmp_path_factory.mktemp("alone"))


class Counting:
    """The coin, with the numbers of the chunks that were computed."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def __call__(self, job: Job, index: int) -> xr.Dataset:
        self.done.append(index)
        return chunks.coin(job, index)


def stopping(after: int) -> Callable[[Job, int], xr.Dataset]:
    """Ctrl-C in the midst of a chunk."""

    def chunk(job: Job, index: int) -> xr.Dataset:
        if index >= after:
            raise KeyboardInterrupt
        return chunks.coin(job, index)

    return chunk


def test_all_worlds_are_there_once_and_in_order(alone: xr.Dataset) -> None:
    assert alone["world"].values.tolist() == list(range(55))
    assert alone.attrs == {"level": 0.95, "L": chunks.DRAWS, "digest": JOB.digest}
    assert alone["failed"].dtype == bool
    assert len(set(alone["truth"].values.ravel())) == 55


def test_seeds_differ_between_chunks_jobs_and_seeds_and_do_not_depend_on_the_number_of_worlds() -> None:
    def state(job: Job, index: int) -> tuple[int, ...]:
        return tuple(job.seeds(index).generate_state(4).tolist())

    others = [Job("coin", "flat", 55, size=10, seed=1), Job("coin", "weak", 55, size=10, seed=2)]
    states = [state(JOB, 0), state(JOB, 1), *(state(job, 0) for job in others)]
    assert len(set(states)) == 4
    longer = Job("coin", "weak", 1_000, size=10, seed=1)
    assert state(longer, 3) == state(JOB, 3)
    assert longer.digest == JOB.digest


def test_the_digest_follows_the_job() -> None:
    others = [
        Job("coin", "flat", 55, size=10, seed=1),
        Job("coin", "weak", 55, "fixed", size=10, seed=1),
        Job("coin-small", "weak", 55, size=10, seed=1),
        Job("coin", "weak", 55, size=11, seed=1),
        Job("coin", "weak", 55, size=10, seed=2),
        Job("coin", "weak", 55, size=10, seed=1, level=0.9),
    ]
    assert len({JOB.digest, *(job.digest for job in others)}) == 7


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"fit": "coim"}, "no fit named 'coim'"),
        ({"truth": "fix"}, "--truth 'fix'"),
        ({"worlds": 0}, "--worlds 0"),
        ({"size": 0}, "--size 0"),
        ({"seed": -1}, "--seed -1"),
        ({"level": 1.0}, "--level 1"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(BadInput, match=re.escape(named)):
        Job(**{"fit": "coin", "prior": "weak", "worlds": 10, **arguments})  # type: ignore[arg-type]


def test_two_processes_find_what_one_finds(tmp_path: Path, alone: xr.Dataset) -> None:
    xr.testing.assert_identical(run(chunks.coin, JOB, tmp_path, jobs=2), alone)


def test_an_interrupted_study_goes_on_with_what_is_there(tmp_path: Path, alone: xr.Dataset) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(stopping(2), JOB, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chunk-00000.nc", "chunk-00001.nc"]
    rest = Counting()
    xr.testing.assert_identical(run(rest, JOB, tmp_path), alone)
    assert rest.done == [2, 3, 4, 5]
    again = Counting()
    run(again, JOB, tmp_path)
    assert again.done == []


def test_a_larger_study_begins_with_the_chunks_of_a_smaller_one(tmp_path: Path) -> None:
    run(chunks.coin, JOB, tmp_path)
    more = Counting()
    run(more, Job("coin", "weak", worlds=70, size=10, seed=1), tmp_path)
    assert more.done == [5, 6]  # chunk 5 was a part of itself


@pytest.mark.parametrize("damage", ["cut", "empty", "turned", "text", "folder of another job"])
def test_damaged_chunks_are_made_anew(tmp_path: Path, alone: xr.Dataset, damage: str) -> None:
    run(chunks.coin, JOB, tmp_path)
    path = path_of(tmp_path, 3)
    content = path.read_bytes()
    if damage == "turned":  # one bit of the compressed numbers
        where = content.index(b"\x78\x01") + 20
        path.write_bytes(content[:where] + bytes([content[where] ^ 4]) + content[where + 1 :])
    elif damage == "folder of another job":
        other = Job("coin", "weak", worlds=55, size=10, seed=2)
        write_chunk(tmp_path, other, 3, chunks.coin(other, 3))
    else:
        path.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "text": b"not NetCDF"}[damage])
    assert read_chunk(tmp_path, JOB, 3) is None
    again = Counting()
    xr.testing.assert_identical(run(again, JOB, tmp_path), alone)
    assert again.done == [3]


def test_a_chunk_with_other_worlds_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="chunk 1 does not hold the worlds"):
        write_chunk(tmp_path, JOB, 1, chunks.coin(JOB, 0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_chunk_is_not_hidden(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(ZeroDivisionError, match="in chunk"):
        run(chunks.refusing, JOB, tmp_path, jobs=jobs)


@pytest.mark.slow
def test_a_killed_process_loses_nothing(tmp_path: Path, alone: xr.Dataset) -> None:
    place = tmp_path / "marks"
    place.mkdir()
    found = run(chunks.Killing(place, {1: 1, 4: 1}), JOB, tmp_path / "chunks", jobs=2)
    xr.testing.assert_identical(found, alone)
    assert not list(place.iterdir())


@pytest.mark.slow
def test_processes_killed_again_and_again_are_given_up(tmp_path: Path) -> None:
    place = tmp_path / "marks"
    place.mkdir()
    with pytest.raises(Lost, match=f"{DEATHS} processes in a row"):
        run(chunks.Killing(place, dict.fromkeys(range(6), 10)), JOB, tmp_path / "chunks", jobs=2)


def test_a_second_run_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    with store.locked(tmp_path / "chunks"), pytest.raises(store.CannotWrite, match="another run is writing"):
        run(chunks.coin, JOB, tmp_path / "chunks")


def test_a_scheduler_that_answers_nobody_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comparisons.scale_out.ANSWER", 1)
    for address in (NOBODY, "127.0.0.1:9", "tcp://no.such.host.invalid:8786", "tcp://127.0.0.1:99999999"):
        with pytest.raises(BadInput, match=re.escape(f"--scheduler {address}: nobody answers there")):
            run(chunks.coin, JOB, tmp_path, scheduler=address)
    for address in ("nonsense", "host:port", ":8786", "tcp://host"):
        with pytest.raises(BadInput, match=re.escape(f"--scheduler {address}: give an address such as")):
            run(chunks.coin, JOB, tmp_path, scheduler=address)


def test_something_else_at_the_address_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is no scheduler: it takes the connection and says nothing."""
    monkeypatch.setattr("comparisons.scale_out.ANSWER", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(BadInput, match="nobody answers there"):
            run(chunks.coin, JOB, tmp_path, scheduler=address)


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A scheduler and a worker as programs of their own, started where they find the code, or elsewhere."""
    homes = [ROOT if home == "root" else tmp_path_factory.mktemp(home) for home in getattr(request, "param", ROOTS)]
    started: list[subprocess.Popen[str]] = []
    try:
        started.append(start(homes[0], "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"))
        address = said(started[0], r"Scheduler at:\s+(tcp://\S+)")
        started.append(start(homes[1], "worker", address, "--nthreads", "2", "--no-dashboard", "--no-nanny"))
        yield address, started
    finally:
        for process in started:
            process.kill()
            process.wait()
            if process.stderr:
                process.stderr.close()


def start(home: Path, program: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "dask", program, *options]
    return subprocess.Popen(command, cwd=home, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str], pattern: str) -> str:
    """What a program says about itself; the rest of its words are read, and dropped, by a thread."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(pattern, line):
            threading.Thread(target=drained, args=(process,), daemon=True).start()
            return found[1]
    raise AssertionError("the scheduler did not start")


def drained(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    try:
        for _ in process.stderr:
            pass
    except ValueError:  # closed at the end of the test
        return


@pytest.mark.slow
def test_an_external_scheduler_finds_the_same(tmp_path: Path, alone: xr.Dataset, cluster: Cluster) -> None:
    address, _ = cluster
    xr.testing.assert_identical(run(chunks.coin, JOB, tmp_path, scheduler=address), alone)
    with pytest.raises(ZeroDivisionError, match="in chunk"):
        run(chunks.refusing, Job("coin", "flat", 20, size=10), tmp_path / "refusing", scheduler=address)


@pytest.mark.slow
def test_a_scheduler_that_ends_is_said_and_its_chunks_are_kept(tmp_path: Path, cluster: Cluster) -> None:
    address, (scheduler, _) = cluster

    def end() -> None:
        while not list(tmp_path.glob("chunk-*.nc")):
            time.sleep(0.05)
        scheduler.kill()

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(Lost, match="has ended"):
        run(chunks.slow, Job("coin", "weak", 400, size=10, seed=1), tmp_path, scheduler=address)
    ending.join()
    assert list(tmp_path.glob("chunk-*.nc"))


@pytest.mark.slow
def test_a_scheduler_without_workers_is_refused(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, (_, worker) = cluster
    worker.kill()
    worker.wait()
    monkeypatch.setattr("comparisons.scale_out.ANSWER", 1)
    with pytest.raises(BadInput, match="has no worker"):
        run(chunks.coin, JOB, tmp_path, scheduler=address)


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [("elsewhere", "elsewhere")], indirect=True)
def test_workers_without_the_code_are_refused_in_one_line(tmp_path: Path, cluster: Cluster) -> None:
    with pytest.raises(
        BadInput, match=re.escape("a worker says \"No module named 'comparisons'\"; start it in the root")
    ):
        run(chunks.coin, JOB, tmp_path, scheduler=cluster[0])


@pytest.mark.slow
@pytest.mark.parametrize("cluster", [("elsewhere", "root")], indirect=True)
def test_workers_with_other_code_are_refused_and_the_scheduler_needs_none(
    tmp_path: Path, alone: xr.Dataset, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    xr.testing.assert_identical(run(chunks.coin, JOB, tmp_path, scheduler=cluster[0]), alone)
    monkeypatch.setattr("comparisons.job._inputs", lambda scenario: "what is here and not there")
    with pytest.raises(BadInput, match="a worker has other code, data or package versions"):
        run(chunks.coin, JOB, tmp_path / "other", scheduler=cluster[0])


@pytest.fixture
def fragile() -> Iterator[LocalCluster]:
    """A cluster of one worker that blames the task at once if it dies."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as local,
    ):
        yield local


@pytest.mark.slow
def test_a_task_that_took_its_worker_along_is_tried_again_and_given_up(tmp_path: Path, fragile: LocalCluster) -> None:
    place = tmp_path / "marks"
    place.mkdir()
    job = Job("coin", "weak", 10, size=10, seed=1)  # one chunk: others on a worker that dies would be blamed too
    found = run(chunks.Killing(place, {0: DEATHS - 1}), job, tmp_path / "a", scheduler=fragile.scheduler_address)
    xr.testing.assert_identical(found, run(chunks.coin, job, tmp_path / "b"))
    with pytest.raises(Lost, match="chunk 0 was lost with its workers"):
        run(chunks.Killing(place, {0: 10}), job, tmp_path / "c", scheduler=fragile.scheduler_address)
    assert not path_of(tmp_path / "c", 0).exists()


@pytest.mark.slow
def test_workers_killed_in_the_middle_lose_nothing(tmp_path: Path, alone: xr.Dataset) -> None:
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as local,
        Client(local) as client,
    ):
        address = local.scheduler_address
        pids = client.run(os.getpid)

        def kill() -> None:
            while not list(tmp_path.glob("chunk-*.nc")):
                time.sleep(0.02)
            os.kill(next(iter(pids.values())), signal.SIGKILL)

        killing = threading.Thread(target=kill)
        killing.start()
        found = run(chunks.slow, JOB, tmp_path, scheduler=address)
        killing.join()
        assert set(client.run(os.getpid).values()) != set(pids.values())
    xr.testing.assert_identical(found, alone)

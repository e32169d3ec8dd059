"""Chunks of a study on a Dask cluster: those of one process, whoever computes them, dies, or does not answer."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import xarray as xr

from comparisons.job import Job
from comparisons.scale_out import DEATHS, Lost, path_of, run
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

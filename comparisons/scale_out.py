"""The chunks of a study, shared among the cores of this machine or the workers of a Dask cluster.

What a chunk contains depends on its number alone. It is written as soon as it is done, by this process and no other, so
that workers need no disk in common with it; an interrupted study goes on with the chunks that are there. A worker that
is lost loses the chunk it was at, which another does again.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from comparisons import store
from comparisons.job import Job
from comparisons.progress import Progress
from models.contract import BadInput

Chunk = Callable[[Job, int], xr.Dataset]
DEATHS = 3  # workers that may die one after the other without a chunk done in between
ANSWER = 10  # seconds that a scheduler and its first worker have to answer
ONE_AT_A_TIME = threading.Lock()  # compilers are not made for the threads of a Dask worker


class Lost(RuntimeError):
    """Workers or scheduler died, again and again or for good; one line."""


def run(chunk: Chunk, job: Job, folder: Path, jobs: int = 1, scheduler: str = "") -> xr.Dataset:
    """Do what is left to do of a study, and return the whole.

    Parameters
    ----------
    chunk : callable
        Computes one chunk of a job by its number; importable by the workers. Returns a data set with the dim
        ``world`` and its coordinate ``job.numbers(index)``.
    job : Job
    folder : pathlib.Path
        Of the chunks; made if need be.
    jobs : int
        Processes on this machine.
    scheduler : str
        Address of a Dask scheduler, such as ``tcp://host:8786``, whose workers do it instead.

    Returns
    -------
    xarray.Dataset
        All worlds in the order of their numbers.

    Raises
    ------
    BadInput
        If no scheduler or no worker answers at the address, or workers have other code.
    Lost
        If workers die `DEATHS` times in a row, or the scheduler ends.
    store.CannotWrite
    """
    with store.locked(folder):
        store.tidy(folder)
        left = [index for index in range(job.chunks) if read_chunk(folder, job, index) is None]
        if left:
            done = _on_cluster(chunk, job, left, scheduler) if scheduler else _here(chunk, job, left, jobs)
            progress = Progress(f"study {job.fit}", "chunks", job.chunks, job.chunks - len(left))
            try:
                for index, found in done:
                    write_chunk(folder, job, index, found)
                    progress.step()
            finally:
                done.close()
                progress.close()
        parts = [read_chunk(folder, job, index) for index in range(job.chunks)]
    whole = [part for part in parts if part is not None]
    if len(whole) != len(parts):
        raise Lost(f"chunks in {folder} were damaged while the study ran: run it again")
    return xr.concat(whole, "world", data_vars="minimal", coords="minimal", compat="override", join="override")


def path_of(folder: Path, index: int) -> Path:
    """File of a chunk."""
    return folder / f"chunk-{index:05d}.nc"


def write_chunk(folder: Path, job: Job, index: int, found: xr.Dataset) -> None:
    """Write a chunk whole or not at all, with checksums.

    Raises
    ------
    ValueError
        If it does not hold the worlds it should.
    """
    if not np.array_equal(found["world"].values, job.numbers(index)):
        raise ValueError(f"chunk {index} does not hold the worlds {job.numbers(index)[[0, -1]]} and those between")
    labelled = found.assign_attrs(digest=job.digest)
    write_dataset(path_of(folder, index), labelled)


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Write NetCDF, compressed and with checksums, to a temporary name and rename it."""
    encoding = {
        name: {"zlib": True, "complevel": 1, "fletcher32": True}
        for name, variable in dataset.variables.items()
        if variable.dims and variable.dtype.kind in "fiub"
    }
    store.write(path, lambda temporary: dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding))


def read_chunk(folder: Path, job: Job, index: int) -> xr.Dataset | None:
    """A finished chunk, or None if it is absent, damaged, of other code, or holds other worlds."""
    path = path_of(folder, index)
    if not path.is_file():
        return None
    try:
        with xr.open_dataset(path, engine="netcdf4") as opened:
            found = opened.load()
    except (OSError, RuntimeError, ValueError, KeyError, AttributeError):
        return None
    same = found.attrs.get("digest") == job.digest and "world" in found.coords
    return found if same and np.array_equal(found["world"].values, job.numbers(index)) else None


def _work(chunk: Chunk, job: Job, index: int, digest: str) -> tuple[int, xr.Dataset]:
    """Compute one chunk in a worker, if its code is the one that the results will be named after."""
    with ONE_AT_A_TIME:
        if job.digest != digest:
            raise BadInput("a worker has other code, data or package versions: start all from the same copy")
        return index, chunk(job, index)


class Call:
    """A call of `_work` that is made when it is read from its pickle.

    A Dask worker that cannot read a task, because it does not find the code, ends without a word, and the study would
    wait for ever. It can always read ``pickle.loads`` and bytes, and what fails then is an error of the task.
    """

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """Say how it is read."""
        return _work, self.arguments


def _here(chunk: Chunk, job: Job, left: list[int], jobs: int) -> Generator[tuple[int, xr.Dataset]]:
    """Chunks as they are done by processes of this machine; one process is this one."""
    from joblib import Parallel, delayed, parallel_config

    waiting, deaths = set(left), 0
    while waiting:
        tasks = (delayed(_work)(chunk, job, index, job.digest) for index in sorted(waiting))
        settings = {"n_jobs": min(jobs, len(waiting)), "inner_max_num_threads": 1}
        try:
            with parallel_config("loky", **settings, initializer=_serve, initargs=(os.getpid(),)):
                results = Parallel(return_as="generator_unordered", batch_size=1)(tasks)
                try:
                    for index, found in results:
                        waiting.discard(index)
                        deaths = 0
                        yield index, found
                finally:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")  # that a study which is stopped does not use all it started
                        results.close()
        except BrokenProcessPool:
            deaths += 1
            if deaths == DEATHS:
                raise Lost(f"{DEATHS} processes in a row were ended from outside (is memory short?)") from None


def _serve(parent: int) -> None:
    """Leave Ctrl-C to the parent, which ends its workers without a traceback from each; end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """End this process when its parent has ended: nobody waits for its work any more."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _on_cluster(chunk: Chunk, job: Job, left: list[int], address: str) -> Generator[tuple[int, xr.Dataset]]:
    """Chunks as they are done by the workers of a Dask cluster, which is asked first whether it is there.

    Dask's own client rather than joblib's backend for it: that one can neither return results as they come nor do
    again what a lost worker had.
    """
    try:
        from distributed import Client
    except ImportError:
        raise BadInput("--scheduler needs Dask: uv sync --extra cluster, or pip install distributed") from None
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        raise BadInput(f"--scheduler {address}: give an address such as tcp://host:8786")
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it has to say is raised too
    nobody = f"--scheduler {address}: nobody answers there; give the address of a dask scheduler"
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER) as line:
            if not line.recv(1):  # a scheduler speaks first; the client would wait for ever for one that is silent
                raise BadInput(nobody)
        # Not the default client, or xarray would ask the cluster before it writes a file here.
        client = Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, OverflowError, ValueError):
        raise BadInput(nobody) from None
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except TimeoutError:
        client.close()
        raise BadInput(f"--scheduler {address}: it has no worker; start some with dask worker") from None
    return _gathered(client, chunk, job, left, address)


def _gathered(client: Any, chunk: Chunk, job: Job, left: list[int], address: str) -> Generator[tuple[int, xr.Dataset]]:
    """Chunks as a client gets them; those of workers that died are asked for again."""
    from distributed import KilledWorker, as_completed

    def submit(index: int) -> object:
        return client.submit(pickle.loads, pickle.dumps(Call(chunk, job, index, job.digest)), pure=False)

    with client:
        indices, deaths = {submit(index): index for index in left}, 0
        running = as_completed(indices, loop=client.loop)
        for future in running:
            index = indices.pop(future)
            try:
                result = future.result()
            except KilledWorker:
                deaths += 1
                if deaths == DEATHS:
                    raise Lost(f"chunk {index} was lost with its workers again and again (is memory short?)") from None
                again = submit(index)
                indices[again] = index
                running.add(again)
            except ImportError as problem:
                where = "start it in the root of a copy of this repository, in its environment"
                raise BadInput(f"--scheduler {address}: a worker says {str(problem)!r}; {where}") from None
            except CancelledError:
                raise Lost(f"the scheduler {address} has ended") from None
            else:
                deaths = 0
                future.release()
                yield result

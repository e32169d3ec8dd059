"""Chunks of a study in one process and in several: the same worlds, whatever happens on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import xarray as xr

from comparisons import store
from comparisons.job import Job
from comparisons.scale_out import DEATHS, Lost, path_of, read_chunk, run, write_chunk
from models.contract import BadInput
from tests import chunks

JOB = Job("coin", "weak", worlds=55, size=10, seed=1)


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

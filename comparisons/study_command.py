"""``study FIT``: many simulated worlds of one fit, and how good its three readings are in the long run."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import models
from comparisons import store
from comparisons.settings import SETTINGS
from models.contract import BadInput

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from comparisons.calibration import Calibration
    from comparisons.checks import Check
    from comparisons.job import Job
    from comparisons.scale_out import Chunk

HELP = """Simulate many worlds of a built-in fit, read each of them three ways, and say how good the readings are.

\b
  study coin --worlds 100000
  study regression --prior laplace --truth fixed      the same truth in all worlds
  study coin --worlds 1000000 --scheduler tcp://10.0.0.5:8786

Coverage, width, bias and error come with their Monte Carlo errors; if the truths are drawn from the prior, the ranks of
the truths among the draws say whether the posteriors are right. What is done is kept: an interrupted study goes on, and
a larger one begins with the worlds of a smaller one. The numbers do not depend on who computes them.

For a Dask cluster: `dask scheduler` on one machine, then `dask worker ADDRESS --nthreads 1` in the root of a copy of
this repository on each.
"""
INTERRUPTED = "\ninterrupted: chunks that are done are kept, and the same command does the others"
LARGEST_GRID = 2_000  # flips up to which exact sums are made on a grid of truths
PATIENCE = 5  # seconds that processes have to end after Ctrl-C
FIXED = "ranks are uniform only if the truth is drawn from the prior: no calibration"


@click.command("study", help=HELP, short_help="simulate many worlds: coverage, bias, calibration")
@click.argument("fit")
@click.option("--worlds", type=int, default=10_000, show_default=True, help="how many")
@click.option("--prior", help="under which they are read (default: the first of the scenario)")
@click.option("--truth", help="prior (drawn anew in every world, the default) or fixed")
@click.option("--scheduler", default="", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786")
@click.option("--jobs", type=int, help="processes on this machine (default: one per core)")
@click.option("--seed", type=int, help=f"of everything random (default {SETTINGS.seed})")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="of the results (reports/results)")
def study(fit: str, scheduler: str, jobs: int | None, out: Path | None, **options: Any) -> int:
    """Run a study; returns the exit status."""
    jobs = os.cpu_count() or 1 if jobs is None else jobs
    if jobs < 1:
        raise BadInput(f"--jobs {jobs}: give at least 1")
    if out is not None and out.is_file():
        raise BadInput(f"--out {out}: this is a file, give a folder")
    models.check_fit(fit)  # before seconds of imports
    studies = importlib.import_module("comparisons.studies")
    job = studies.job(fit, **{key: value for key, value in options.items() if value is not None})
    return run_study(studies.chunk, job, out or store.RESULTS, jobs, scheduler)


def run_study(chunk: Chunk, job: Job, results: Path = store.RESULTS, jobs: int = 1, scheduler: str = "") -> int:
    """Run a study by its chunk function, write its results and print them.

    The results go to ``<fit>/studies/<prior>-<truth>/``: ``coverage.csv``, ``calibration.json`` and ``study.nc``, all
    worlds; its chunks to a folder of their own beside it, named after everything they depend on.

    Returns
    -------
    int
        Exit status: 0, 130 if interrupted, 1 if processes or cluster died.
    """
    from comparisons.scale_out import Lost, run

    try:
        with _stoppable(chunks_of(results, job)):
            worlds = run(chunk, job, chunks_of(results, job), jobs, scheduler)
    except KeyboardInterrupt:
        store.tidy(chunks_of(results, job))
        print(INTERRUPTED, file=sys.stderr)
        return 130
    except Lost as problem:
        print(f"comparisons: {problem}; chunks that are done are kept, run it again", file=sys.stderr)
        return 1
    print(write_study(job, worlds, results))
    print(f"\nresults: {place_of(results, job)}")
    return 0


def chunks_of(results: Path, job: Job) -> Path:
    """Folder of the chunks of a study."""
    return results / job.fit / "studies" / job.digest[:16]


def place_of(results: Path, job: Job) -> Path:
    """Folder of the results of a study."""
    return results / job.fit / "studies" / f"{job.prior}-{job.truth}"


def is_current(job: Job, results: Path = store.RESULTS) -> bool:
    """Whether the results of this study are there, or those of a larger one that begins with its worlds."""
    record = store.read_json(place_of(results, job) / "calibration.json")
    request = record.get("request")
    worlds = request.get("worlds", 0) if isinstance(request, dict) else 0
    return record.get("digest") == job.digest and worlds >= job.worlds


def write_study(job: Job, worlds: xr.Dataset, results: Path = store.RESULTS) -> str:
    """Judge the worlds of a study, write ``study.nc``, ``coverage.csv`` and, last, ``calibration.json``.

    A coin has ``exact.csv`` beside them: the same by sums over all possible numbers of heads, without simulation.

    Returns
    -------
    str
        Table and checks, for the terminal.
    """
    from comparisons.calibration import calibrate, of_failed
    from comparisons.coverage import operating_characteristics
    from comparisons.scale_out import write_dataset

    table = operating_characteristics(worlds)
    calibration = calibrate(worlds) if job.truth == "prior" else None
    checks = calibration.checks if calibration else [of_failed(int(worlds["failed"].sum()), job.worlds)]
    content = calibration.as_json() if calibration else {"reason": FIXED, "checks": [asdict(one) for one in checks]}
    named = place_of(results, job)
    write_dataset(named / "study.nc", worlds.assign_attrs(job=json.dumps(asdict(job), sort_keys=True)))
    labelled = table.assign(fit=job.fit, prior=job.prior, truth=job.truth, seed=job.seed)
    first = ["fit", "prior", "truth", "seed"]
    ordered = labelled[first + [column for column in labelled if column not in first]]
    store.write(named / "coverage.csv", lambda temporary: ordered.to_csv(temporary, index=False))
    lines = []
    exact = _exact(job)
    if exact is not None:
        store.write(named / "exact.csv", lambda temporary: exact.to_csv(temporary, index=False))
        lines = ["", *_exactly(exact)]
    store.write_json(named / "calibration.json", content | {"request": asdict(job), "digest": job.digest})
    return "\n".join([text(job, table, checks, calibration), *lines])


def _exact(job: Job) -> pd.DataFrame | None:
    """What the study of a coin estimates, by exact sums, averaged over the prior and at truths from 0 to 1."""
    import numpy as np
    import pandas as pd

    from comparisons import exact

    name, dataset = models.fits()[job.fit]
    if name != "coin":
        return None
    scenario = models.load(name)
    data = scenario.datasets[dataset]()
    h = scenario.priors(data)[job.prior]["theta"].hyperparameters
    alpha, beta = float(h["alpha"]), float(h["beta"])
    coin = exact.Coin(int(data["flips"].sum()), alpha, beta, job.level)
    averaged = exact.averaged(coin, alpha, beta).assign(truth="prior")
    if coin.flips > LARGEST_GRID:
        return averaged
    return pd.concat([averaged, exact.at(coin, np.linspace(0.005, 0.995, 199))], ignore_index=True)


def _exactly(exact: pd.DataFrame) -> list[str]:
    """Exact coverage of every interval, averaged over the prior."""
    rows = exact[exact["truth"] == "prior"]
    return [
        "exact, averaged over the prior: "
        + ", ".join(f"{row['interval']} {row['coverage']:.4f}" for row in rows.to_dict("records"))
    ]


@contextlib.contextmanager
def _stoppable(folder: Path) -> Iterator[None]:
    """Let Ctrl-C end the program even where the interrupt leaves a pool of processes unable to shut down.

    What is done is on disk, and workers end when their parent does: nothing is lost by leaving at once.
    """

    def leave() -> None:
        store.tidy(folder)
        print(INTERRUPTED, file=sys.stderr, flush=True)
        os._exit(130)

    timer = threading.Timer(PATIENCE, leave)
    timer.daemon = True

    def stop(number: int, frame: object) -> None:
        if not timer.is_alive():
            timer.start()
        raise KeyboardInterrupt

    usual = signal.getsignal(signal.SIGINT)
    wanted = threading.current_thread() is threading.main_thread() and usual is signal.default_int_handler
    if wanted:
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        timer.cancel()
        if wanted:
            signal.signal(signal.SIGINT, usual)


def text(job: Job, table: pd.DataFrame, checks: list[Check], calibration: Calibration | None) -> str:
    """Table of the long-run behaviour and the checks; without calibration where the truth is fixed."""
    from comparisons.digits import count, percent

    truth = "drawn from the prior" if job.truth == "prior" else "the same in all"
    title = f"Study {job.fit}, prior {job.prior}: {count(job.worlds)} worlds, truth {truth}, level {percent(job.level)}"
    missing = int(table["missing"].sum())
    notes = ["  ± is one Monte Carlo standard error; all last digits are the first it reaches"]
    if missing:
        notes.append("  missing intervals count as misses; widths, biases and errors are of what exists")
    return "\n".join([title, "", *_aligned(table), *notes, "", *_checked(checks, calibration)])


def _aligned(table: pd.DataFrame) -> list[str]:
    """The table, a line per interval; bias and error once per reading."""
    from comparisons.digits import number, percent, significant
    from comparisons.terminal import READINGS
    from comparisons.writing import plain

    lines = [["parameter", "reading", "interval", "coverage", "missing", "width", "bias", "rmse"]]
    last = ("", "")
    for row in table.to_dict("records"):
        here = (str(row["parameter"]), str(row["reading"]))
        # A share of 0 or 1 has no binomial error; half the Wilson interval says how well it is known.
        error = row["coverage_se"] or (row["coverage_upper"] - row["coverage_lower"]) / 2
        lines.append(
            [
                plain(here[0]) if here[0] != last[0] else "",
                READINGS[here[1]] if here != last else "",
                row["interval"],
                f"{number(row['coverage'], error)} ± {significant(error, 1)}",
                percent(round(row["missing"] / row["worlds"], 4)),
                number(row["width"], max(row["width_se"], 1e-4 * row["width"])),  # widths may all be the same
                *(number(row[key], row[f"{key}_se"]) if here != last else "" for key in ("bias", "rmse")),
            ]
        )
        last = here
    widths = [max(len(line[j]) for line in lines) for j in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _checked(checks: list[Check], calibration: Calibration | None) -> list[str]:
    """The checks, the failed ones marked, and what is wrong with which parameter."""
    from comparisons.writing import plain

    marks = {True: "passed", False: "! failed"}
    lines = [f"{marks[check.passed]:<8}  {check.name}: {check.detail}" for check in checks]
    if calibration is None:
        return [*lines, FIXED]
    bad = calibration.table[~calibration.table["passed"]]
    lines += [f"  ! {plain(row['parameter'])}: {row['shape']}" for row in bad.to_dict("records")]
    if not bad.empty:
        lines.append("  do not read the posteriors of this model, nor their coverage, before this is understood")
    return lines

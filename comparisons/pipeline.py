"""All stale fits, shared among processes: one scenario per process at a time.

This is the only level of parallelism. A process keeps what it has compiled, so that the fits of a scenario belong
together; the chains of a fit run one after the other. All processes are forks of one that has imported PyMC and does
nothing else (``forkserver``), so that the imports, seconds of them, are paid once; the one thread there, of pyarrow's
allocator, is made for forks.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing.connection import wait
from pathlib import Path

import models
from comparisons import store
from comparisons.plan import Plan, built_in
from comparisons.settings import SETTINGS
from models.contract import BadInput

# What costs most starts first, new scenarios before all.
ORDER = ("mixture", "regression", "logistic", "gaussian", "coin", "family")
APART = ("mixture",)  # its fits differ in components and dimensions and so share no machine code: one process each
# Before processes part:
IMPORTED = ["comparisons.fit", "comparisons.sweeps", "comparisons.studies", "pytensor.link.numba.dispatch", "netCDF4"]

After = Callable[[Path], None]


def fit_stale(names: list[str], jobs: int, after: After | None = None) -> int:
    """Fit those built-in fits of ``names`` that are not up to date, one scenario per process at a time.

    Parameters
    ----------
    names : list of str
        All built-in fits if empty.
    jobs : int
        Processes.
    after : callable, optional
        Called with the folder of each finished fit, its studies made too, in the process that made it; a function
        that can be pickled.

    Returns
    -------
    int
        Exit status: 0, 2 if another run is at work on one of them, 130 if interrupted, 1 if a process died.

    Raises
    ------
    BadInput
        If there is no such fit.
    """
    known = models.fits()
    names = names or list(known)
    for name in names:
        models.check_fit(name)
    stale = [name for name in names if not (_is_current(name) and _is_studied(name))]
    if not stale:
        print(f"fits: all {len(names)} up to date")
        return 0
    groups: dict[str, list[str]] = {}
    for name in stale:
        scenario = known[name][0]
        groups.setdefault(name if scenario in APART else scenario, []).append(name)
    ordered = sorted(groups, key=lambda group: _place(known[groups[group][0]][0]))
    print(f"fits: {len(stale)} of {len(names)} to do: {' '.join(stale)}", flush=True)
    damaged = [name for name in stale if store.is_damaged(store.RESULTS / name)]
    if damaged:
        print(f"fits: results cut short or damaged, made anew: {' '.join(damaged)}", flush=True)
    return _run([(groups[group], store.RESULTS) for group in ordered], jobs, after)


def _inputs(name: str) -> str:
    return store.inputs_of_fit(models.fits()[name][0], asdict(SETTINGS))


def _is_current(name: str) -> bool:
    return store.is_current(store.RESULTS / name, _inputs(name))


def _is_studied(name: str) -> bool:
    """Whether a fit has the studies it should have: those of teaching data."""
    return models.fits()[name][1] != "teaching" or store.is_studied(store.RESULTS / name, _inputs(name))


def _place(scenario: str) -> int:
    return ORDER.index(scenario) if scenario in ORDER else -1


def fit_plan(plan: Plan, results: Path) -> int:
    """Fit a user's own plan into a folder of ``results``, unless it is up to date; returns an exit status as above."""
    if store.is_current(results / plan.name, plan.inputs):
        print(f"{plan.name}: up to date", flush=True)
        return 0
    if store.is_damaged(results / plan.name):
        print(f"{plan.name}: its results are cut short or damaged, and are made anew", flush=True)
    elif (results / plan.name / "checks.json").exists():
        print(
            f"{plan.name}: earlier results (of other data, options or version) are replaced; --name keeps both",
            flush=True,
        )
    return _run([([plan], results)], 1)


def _run(groups: list[tuple[Sequence[str | Plan], Path]], jobs: int, after: After | None = None) -> int:
    """Fit groups of built-in names or plans, a group per process at a time."""
    with ProcessPoolExecutor(min(jobs, len(groups)), mp_context=context(IMPORTED), initializer=serve) as pool:
        # Ctrl-C is for this process; those that it starts inherit that they do not hear it.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        tasks = [pool.submit(_fit_group, group, results, after) for group, results in groups]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        try:
            for task in tasks:
                task.result()
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                process.terminate()
            print("\ninterrupted: fits that are finished are kept, and the next run does the others", flush=True)
            return 130
        except BrokenProcessPool:
            print("comparisons: a process was ended from outside; is memory short? Run it again", file=sys.stderr)
            return 1
        except (store.CannotWrite, BadInput) as problem:
            pool.shutdown(cancel_futures=True)
            print(f"comparisons: {problem}", file=sys.stderr)
            return 2
    return 0


def context(imported: list[str]) -> multiprocessing.context.BaseContext:
    """How processes are started: as forks of one that has imported some modules, each to compute on one core."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # one level of parallelism: processes
    os.environ["MPLBACKEND"] = "agg"  # no window is ever opened
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(imported)
    return made


def serve() -> None:
    """Leave Ctrl-C to the parent, which ends its workers without a traceback from each; end when the parent ends."""
    gc.freeze()  # what was imported stays: looking through it again and again for garbage takes a tenth of the time
    gc.set_threshold(20_000, 50, 1_000)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    """End this process when its parent has ended: nobody waits for its work any more, but others for its lock."""
    wait([sentinel])
    os._exit(1)


def _fit_group(group: Sequence[str | Plan], results: Path, after: After | None) -> None:
    """Fit several fits in this process, saying what happens."""
    for one in group:
        if not isinstance(one, str):
            _fit(one, results, False)
            continue
        if not _is_current(one):
            _fit(built_in(one), results, True)
        if not _is_studied(one):
            _study(one, results)
        if after is not None:
            began = time.perf_counter()
            after(results / one)
            print(f"  {one:<20} {'page':<28} {time.perf_counter() - began:6.1f} s", flush=True)


def _fit(plan: Plan, results: Path, swept: bool) -> None:
    """Make one fit and its sweeps."""
    from comparisons.broken import write_broken
    from comparisons.fit import fit
    from comparisons.sweeps import write_sweeps

    began = last = time.perf_counter()

    def report(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        print(f"  {plan.name:<20} {stage:<28} {now - last:6.1f} s", flush=True)
        last = now

    with store.locked(results / plan.name):
        store.tidy(results / plan.name)
        comparison = fit(plan, report)
        if swept:
            write_sweeps(plan, results / plan.name)
            report("sweeps")
            write_broken(plan, results / plan.name)
            report("broken")
        comparison.write(results / plan.name)
    failed = [check for check in comparison.checks if not check.passed]
    verdict = "all checks passed" if not failed else f"{len(failed)} of {len(comparison.checks)} checks failed"
    print(f"* {plan.name:<20} {verdict:<28} {time.perf_counter() - began:6.1f} s", flush=True)


def _study(name: str, results: Path) -> None:
    """Make those studies of a fit that a report has and that are not there."""
    from comparisons import scale_out, studies
    from comparisons.study_command import chunks_of, is_current, place_of, write_study

    inputs = _inputs(name)
    for job in studies.reported(name):
        began = time.perf_counter()
        if not is_current(job, results):
            write_study(job, scale_out.run(studies.chunk, job, chunks_of(results, job)), results)
        checks = store.read_json(place_of(results, job) / "calibration.json").get("checks", [])
        failed = [check["name"] for check in checks if not check["passed"]]
        what = f"study {job.prior}, truth {job.truth}"
        said = f"  ! failed: {', '.join(failed)}" if failed else ""
        print(f"  {name:<20} {what:<28} {time.perf_counter() - began:6.1f} s{said}", flush=True)
    store.write_json(results / name / "studies" / "report.json", {"inputs": inputs})

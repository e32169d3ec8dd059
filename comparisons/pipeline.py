"""All stale fits, shared among processes: one scenario per process at a time.

This is the only level of parallelism. A process imports PyMC once and keeps what it has compiled, so that the fits of a
scenario belong together; the chains of a fit run one after the other.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict

import models
from comparisons import store
from comparisons.settings import SETTINGS

# What costs most starts first, new scenarios before all.
ORDER = ("mixture", "regression", "logistic", "gaussian", "coin")


def fit_stale(names: list[str], jobs: int) -> int:
    """Fit those of ``names`` that are not up to date, one scenario per process at a time."""
    known = models.fits()
    stale = [
        name for name in names if not store.is_current(name, store.inputs_of_fit(known[name][0], asdict(SETTINGS)))
    ]
    if not stale:
        print(f"fits: all {len(names)} up to date")
        return 0
    groups: dict[str, list[str]] = {}
    for name in stale:
        groups.setdefault(known[name][0], []).append(name)
    ordered = sorted(groups, key=lambda group: ORDER.index(group) if group in ORDER else -1)
    print(f"fits: {len(stale)} of {len(names)} to do: {' '.join(stale)}", flush=True)
    workers = min(jobs, len(groups))
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # one level of parallelism: processes
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts) as pool:
        tasks = [pool.submit(_fit_group, groups[group]) for group in ordered]
        try:
            for task in tasks:
                task.result()
        except KeyboardInterrupt:
            for process in multiprocessing.active_children():
                process.terminate()
            print("\ninterrupted: fits that are finished are kept, and the next run does the others", flush=True)
            return 130
    return 0


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which ends its workers without a traceback from each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _fit_group(names: list[str]) -> None:
    """Fit several fits in this process, saying what happens."""
    from comparisons.fit import fit
    from comparisons.plan import built_in

    for name in names:
        began = last = time.perf_counter()

        def report(stage: str, name: str = name) -> None:
            nonlocal last
            now = time.perf_counter()
            print(f"  {name:<20} {stage:<28} {now - last:6.1f} s", flush=True)
            last = now

        comparison = fit(built_in(name), report)
        comparison.write(store.folder(name))
        checks = comparison.checks
        failed = [check for check in checks if not check.passed]
        verdict = "all checks passed" if not failed else f"{len(failed)} of {len(checks)} checks failed"
        print(f"* {name:<20} {verdict:<28} {time.perf_counter() - began:6.1f} s", flush=True)

"""One run of one peer: its process, its caches, and what its draws are worth beside those of the others."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks import process
from benchmarks.environments import ENVIRONMENTS, HERE, Missing, Peer, interpreter
from benchmarks.peers.contract import Answer, Array, Job
from benchmarks.summary import Summary, comparable, pivot, summarise
from benchmarks.table import Row

CACHES = ENVIRONMENTS / "caches"
LONGEST = 600.0  # seconds: the cap of runs that are not part of a growth
FIRST = 3.0  # times the cap: what a run that fills the caches may take, and is not measured


@dataclass
class Bench:
    """Runs jobs in fresh processes.

    Attributes
    ----------
    folder : pathlib.Path
        For jobs and answers.
    cap : float
        Seconds that one run of a growth may take.
    """

    folder: Path
    cap: float
    pythons: dict[str, Path | Missing] = field(default_factory=dict)

    def python(self, peer: Peer) -> Path | Missing:
        """The interpreter of a peer, or why there is none; asked once."""
        if peer.name not in self.pythons:
            self.pythons[peer.name] = interpreter(peer)
        return self.pythons[peer.name]

    def run(self, row: Row, peer: Peer, job: Job, cap: float = LONGEST) -> tuple[Row, Answer | None]:
        """Run a job, and complete the row with what it cost; an answer if there is one."""
        python = self.python(peer)
        if isinstance(python, Missing):
            return self.say(replace(row, status="missing", reason=python.reason)), None
        caches = CACHES / f"{peer.script}-{job.scenario}"
        size = f"{row.part}-{row.size}" if peer.compiles_shapes and row.size else "any"
        filled, current = caches / f"filled {size.replace(',', '')}", fingerprint(peer)
        if row.state == "cold":
            shutil.rmtree(caches, ignore_errors=True)
        elif peer.caches and not (filled.exists() and filled.read_text(encoding="utf-8") == current):
            longest = min(FIRST * cap, LONGEST)
            cost, answer = self.ask(python, peer, replace(job, seed=job.seed + 1), caches, longest)
            if answer is None:
                reason = cost.said or f"its first run was ended after {longest:.0f} s"
                return self.say(replace(row, status=cost.status, reason=reason, wall=cost.wall)), None
        caches.mkdir(parents=True, exist_ok=True)
        cost, answer = self.ask(python, peer, job, caches, cap)
        row = replace(row, status=cost.status, reason=cost.said, wall=cost.wall, cpu=cost.cpu, memory=cost.memory)
        if cost.status == "capped":
            return self.say(replace(row, reason=f"ended after {cap:.0f} s")), None
        if answer is None:
            return self.say(row), None
        filled.write_text(current, encoding="utf-8")
        seconds = {name: getattr(answer, name) for name in ("imported", "built", "sampled")}
        return self.say(replace(row, version=answer.version, wall=cost.wall - answer.repeated, **seconds)), answer

    def ask(self, python: Path, peer: Peer, job: Job, caches: Path, cap: float) -> tuple[process.Cost, Answer | None]:
        """Have a peer answer a job in a folder of its own."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = Path(name)
            job.write(folder)
            environment = {
                "PYTHONPATH": str(process.ROOT),
                "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
                "NUMBA_CACHE_DIR": str(caches / "numba"),
                "JAX_COMPILATION_CACHE_DIR": str(caches / "jax"),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            }
            if peer.script == "pystan":
                environment["XDG_CACHE_HOME"] = str(caches)
            command = [str(python), "-m", f"benchmarks.peers.{peer.script}", str(folder)]
            cost = process.run(command, folder / "log.txt", environment=environment, folder=folder, cap=cap)
            return cost, Answer.read(folder) if cost.status == "measured" else None

    @staticmethod
    def say(row: Row) -> Row:
        """One line per run while it goes on."""
        what = f"{row.part} {row.case} {row.size} {row.peer} {row.state}".replace("  ", " ")
        print(f"{what}: {row.status} {row.reason or f'{row.wall:.1f} s, sampling {row.sampled:.2f} s'}", flush=True)
        return row


class Judge:
    """Summarises the draws of one job and measures their distance from those of the first peer that converged."""

    def __init__(self) -> None:
        self.first: Summary | None = None
        self.pivot: dict[str, Array] | None = None

    def judged(self, row: Row, job: Job, answer: Answer | None) -> Row:
        """The row with effective sample size, R-hat and distance."""
        if answer is None:
            return row
        if self.pivot is None:
            self.pivot = pivot(job)
        summary = summarise(comparable(job, answer.draws, self.pivot))
        distance = summary.distance(self.first) if self.first else np.nan
        if self.first is None and summary.converged:
            self.first, distance = summary, 0.0
        return replace(row, ess=summary.ess, rhat=summary.rhat, distance=distance)


def fingerprint(peer: Peer) -> str:
    """A digest of everything that what a peer compiles may depend on, but for data and packages of the system."""
    files = [process.ROOT / "uv.lock", *(HERE / "peers").rglob(f"{peer.script}*")]
    files += (HERE / "peers" / "stan").glob("*.stan") if peer.script == "pystan" else []
    if peer.ours:
        files += [path for layer in ("models", "comparisons") for path in (process.ROOT / layer).rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file() and path.suffix != ".pyc"):
        digest.update(path.read_bytes())
    return digest.hexdigest()

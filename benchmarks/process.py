"""A command in a fresh process: what it cost, and where it was stopped.

The system counts as a process's largest memory what its parent had when it was started. So that this is little, a
command is started by a process that has imported nothing but this module.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAUSE = 0.01  # seconds between two looks at a running process: the resolution of a wall time


@dataclass(frozen=True)
class Cost:
    """What a process cost.

    Attributes
    ----------
    wall, cpu : float
        Seconds; ``cpu`` counts the processes it started and waited for.
    memory : float
        Largest resident memory of any one of these processes, in MB.
    status : {"measured", "capped", "failed"}
    said : str
        If it failed, the last line it said.
    """

    wall: float
    cpu: float
    memory: float
    status: str
    said: str = ""


def run(
    arguments: list[str],
    log: Path,
    *,
    environment: dict[str, str] | None = None,
    folder: Path = ROOT,
    cap: float = 600,
) -> Cost:
    """Run a command in a folder, and end it with all it started after ``cap`` seconds.

    Raises
    ------
    RuntimeError
        If the measuring process itself fails.
    """
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(__file__)), str(log), str(cap), *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()[-500:]}")
    return Cost(**json.loads(done.stdout))


def measured(arguments: list[str], log: Path, cap: float) -> Cost:
    """Run a command in this folder and environment; arguments as in `run`."""
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        capped, ended, parent = False, False, os.getppid()
        try:
            while not ended:
                time.sleep(PAUSE)
                found, status, usage = os.wait4(process.pid, os.WNOHANG)
                ended = found != 0
                # Too long, or nobody is there any more who wants to know.
                if not ended and (time.perf_counter() - began > cap or os.getppid() != parent):
                    capped = True
                    os.killpg(process.pid, signal.SIGKILL)
                    _, status, usage = os.wait4(process.pid, 0)
                    ended = True
        finally:
            if not ended:  # interrupted: nothing that was started goes on
                os.killpg(process.pid, signal.SIGKILL)
                os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1.024e-3
    if capped:
        return Cost(*cost, "capped")
    if process.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return Cost(*cost, "failed", lines[-1][:200] if lines else f"exit status {process.returncode}")
    return Cost(*cost, "measured")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # by way of what ends the command
    print(json.dumps(asdict(measured(sys.argv[3:], Path(sys.argv[1]), float(sys.argv[2])))))

"""What a process cost, told of processes whose cost is planted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import process
from benchmarks.process import run


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code]


def test_memory_is_that_of_the_process_and_not_of_the_one_that_asks(tmp_path: Path) -> None:
    ballast = b"x" * 200_000_000
    little = run(python("pass"), tmp_path / "log")
    much = run(python("x = b'x' * 150_000_000"), tmp_path / "log")
    assert len(ballast) / 1e6 > little.memory
    assert little.memory < 60
    assert 150 < much.memory < 180


def test_processor_time_counts_children(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    cost = run(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {busy!r}])"), tmp_path / "log"
    )
    assert cost.status == "measured"
    assert cost.cpu >= 0.3
    assert cost.wall >= 0.3


def test_a_failure_says_its_last_line(tmp_path: Path) -> None:
    cost = run(python("raise ValueError('no such prior')"), tmp_path / "log")
    assert (cost.status, cost.said) == ("failed", "ValueError: no such prior")


def test_environment_and_folder_reach_the_process(tmp_path: Path) -> None:
    code = "import os, sys; sys.exit(0 if (os.environ['CACHE'], os.getcwd()) == ('here', sys.argv[1]) else 1)"
    arguments = [*python(code), str(tmp_path.resolve())]
    assert run(arguments, tmp_path / "log", environment={"CACHE": "here"}, folder=tmp_path).status == "measured"


def test_a_capped_process_ends_with_its_children(tmp_path: Path) -> None:
    child = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {child!r}])"
    cost = run(python(code), tmp_path / "log", cap=2)
    assert cost.status == "capped"
    assert 2 <= cost.wall < 30
    number = int((tmp_path / "pid").read_text())
    for _ in range(100):  # an orphan is gone when the system has collected it
        if not alive(number):
            break
        time.sleep(0.05)
    assert not alive(number)


def test_who_is_told_to_stop_stops_what_it_measures(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    command = [sys.executable, str(process.ROOT / "benchmarks" / "process.py"), str(tmp_path / "log"), "60"]
    measuring = subprocess.Popen([*command, *python(code)], stdout=subprocess.DEVNULL)
    for _ in range(200):
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
        time.sleep(0.05)
    measuring.send_signal(signal.SIGTERM)
    assert measuring.wait(10) == 128 + signal.SIGTERM
    assert not alive(int((tmp_path / "pid").read_text()))


def alive(number: int) -> bool:
    """Whether a process runs; one that ended and was not collected yet does not."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no-such-program"):
        run(["no-such-program"], tmp_path / "log")

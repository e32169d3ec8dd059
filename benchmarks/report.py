"""What `make report` costs, cold and warm, in units of ``python -c "import pymc"`` on the same machine.

``python benchmarks/report.py`` copies the sources to a temporary folder, so that nothing you have is touched, and runs
there what ``make report`` runs: *cold* with empty compilation caches, *warm* with filled ones but no results, *again*
with nothing to do. Each ratio uses an import timed just before and just after.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("models", "comparisons", "reports", "pyproject.toml", "uv.lock")


def seconds(arguments: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Wall time of a command that must succeed."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Run the stages and print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for source in SOURCES:
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            options = (
                {"ignore": shutil.ignore_patterns("results", "site", "__pycache__")} if copy is shutil.copytree else {}
            )
            copy(ROOT / source, folder / source, **options)
        caches = str(folder / "caches")
        environment = {**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={caches}", "NUMBA_CACHE_DIR": caches}

        def unit() -> float:
            return seconds(["-c", "import pymc"], folder, environment)

        unit()  # byte code and file cache
        print("| run | units | seconds | one unit |")
        print("|---|---|---|---|")
        for run in ("cold", "warm", "again"):
            if run == "warm":
                shutil.rmtree(folder / "reports" / "results")
                shutil.rmtree(folder / "reports" / "site")
            before = unit()
            report = seconds(["-m", "reports", "--fit"], folder, environment)
            one = statistics.mean([before, unit()])
            print(f"| {run} | {report / one:.1f} | {report:.1f} | {one:.1f} |", flush=True)


if __name__ == "__main__":
    main()

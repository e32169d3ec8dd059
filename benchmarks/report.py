"""What `make report` costs, cold and warm, in units of ``python -c "import pymc"`` on the same machine.

The sources are copied to a temporary folder, so that nothing you have is touched, and what ``make report`` runs is run
there: *cold* with empty compilation caches, *warm* with filled ones but no results, *again* with nothing to do, and
*pages* from the stored results alone. Each ratio uses an import timed just before and just after; that of the pages is
of ArviZ, since they need no PyMC.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import process

UNITS = ("pymc", "arviz")
SOURCES = ("models", "comparisons", "reports", "pyproject.toml", "uv.lock")


def stages(folder: Path, caches: Path) -> Iterator[tuple[str, float, float]]:
    """Run the report in a copy of the sources: each run's name, its seconds, and those of an import of what it needs.

    Parameters
    ----------
    folder : pathlib.Path
        Empty, for the copy.
    caches : pathlib.Path
        For compiled code; the cold run is left out if it is not empty.

    Raises
    ------
    RuntimeError
        If a stage fails.
    """
    for source in SOURCES:
        if (process.ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("results", "site", "__pycache__")
            shutil.copytree(process.ROOT / source, folder / source, ignore=ignored)
        else:
            shutil.copy(process.ROOT / source, folder / source)
    environment = {"PYTENSOR_FLAGS": f"base_compiledir={caches}", "NUMBA_CACHE_DIR": str(caches)}

    def seconds(*arguments: str) -> float:
        cost = process.run(
            [sys.executable, *arguments], folder / "log.txt", environment=environment, folder=folder, cap=1_800
        )
        if cost.status != "measured":
            raise RuntimeError(f"python {' '.join(arguments)}: {cost.status}: {cost.said}")
        return cost.wall

    seconds("-c", "import pymc")  # byte code and file cache
    runs = ("warm", "again", "pages") if any(caches.iterdir()) else ("cold", "warm", "again", "pages")
    for run in runs:
        if run == "warm":
            shutil.rmtree(folder / "reports" / "results", ignore_errors=True)
        if run in ("warm", "pages"):
            shutil.rmtree(folder / "reports" / "site", ignore_errors=True)
        unit = UNITS[run == "pages"]
        before = seconds("-c", f"import {unit}")
        spent = seconds("-m", "reports") if run == "pages" else seconds("-m", "reports", "--fit")
        yield run, spent, (before + seconds("-c", f"import {unit}")) / 2

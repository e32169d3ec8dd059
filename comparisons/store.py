"""Results on disk: written to a temporary name and renamed, and up to date if their inputs have the same digest.

Nothing here imports PyMC or xarray: a second ``make report`` only compares digests.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "reports" / "results"
SWEEPS = ("sweep_prior.nc", "sweep_n.nc", "sweep_k.nc", "broken.nc")
"""What reports have of built-in fits, and fits of users' own data have not."""
FILES = ("fit.nc", "comparison.csv", "verdict.md", "fit.ipynb", *SWEEPS)
NO_NUMBERS = (
    "__main__",
    "_command",
    "penalty",
    "penalty_forms",
    "terminal",
    "replay",
    "results",
    "colours",
    "markup",
    "plots",
    "exact",
    "coverage",
    "calibration",
    "job",
    "progress",
    "scale_out",
)
"""Modules of the readings that results do not depend on, by the ends of their names."""
PACKAGES = ("arviz", "arviz-stats", "numba", "numpy", "nutpie", "pymc", "pytensor", "scikit-learn", "scipy", "xarray")


TEMPORARY = "."
"""Begins the name of a file that is being written; the number of the process and the name it will have follow."""


class CannotWrite(OSError):
    """The results cannot be written: one line with the folder, the reason and what to do."""


def write(path: Path, writer: Callable[[Path], object]) -> None:
    """Let ``writer`` write a temporary file beside ``path``, then rename it: there is never half a file.

    Raises
    ------
    CannotWrite
        If the disk is full, or the folder cannot be written to.
    """
    temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer(temporary)
        temporary.replace(path)
    except (OSError, RuntimeError) as problem:
        # The NetCDF library says RuntimeError where the system said that the disk is full.
        if isinstance(problem, RuntimeError) and "HDF" not in str(problem):
            raise
        raise CannotWrite(_no_writing(path.parent, problem)) from problem
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def tidy(place: Path) -> None:
    """Remove what writers that were ended left in a folder; only for who holds it `locked`, since others may write."""
    for left in place.glob(f"{TEMPORARY}[0-9]*-*"):
        with contextlib.suppress(OSError):
            left.unlink(missing_ok=True)


def _no_writing(place: Path, problem: Exception) -> str:
    why = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return f"cannot write into {place}: {why}; make room or allow it, or give another folder with --out"


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """Hold a folder of results; the lock ends with the process that holds it, however that ends.

    Raises
    ------
    CannotWrite
        If another process holds it, or the folder cannot be written to.
    """
    from filelock import FileLock, Timeout

    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place.parent / f".{place.name}.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise CannotWrite(f"another run is writing into {place}: wait for it, or give another --name") from None
    except OSError as problem:
        raise CannotWrite(_no_writing(place.parent, problem)) from problem
    try:
        yield
    finally:
        lock.release()


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, atomically."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> dict[str, Any]:
    """Read JSON; an absent or damaged file counts as empty."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def versions() -> dict[str, str]:
    """Versions of the packages that make the numbers."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def digest(files: Iterable[Path], *texts: str) -> str:
    """SHA-256 of the contents of files, in the order of their names, and of texts."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for text in texts:
        total.update(text.encode() + b"\0")
    return total.hexdigest()


def data_digest(data: xr.Dataset) -> str:
    """SHA-256 of names, dims, types and values of a data set."""
    total = hashlib.sha256()
    for name in sorted(map(str, data.variables)):
        variable = data[name]
        total.update(f"{name} {variable.dims} {variable.dtype.kind}".encode())
        kind = "U" if variable.dtype.kind in "OUT" else float
        total.update(np.ascontiguousarray(variable.values.astype(kind, copy=False)).view(np.uint8))
    return total.hexdigest()


def inputs_of_fit(scenario: str, settings: dict[str, Any], *texts: str) -> str:
    """Digest of everything a fit depends on: its scenario, the contract, the readings, the data, versions, settings.

    ``texts`` are what else it depends on: a user's own data and wishes.
    """
    files = [
        ROOT / "models" / f"{scenario}.py",
        ROOT / "models" / "__init__.py",
        *(ROOT / "models" / "contract").glob("*.py"),
        *(ROOT / "models" / "data").glob("*.csv"),
        *(path for path in (ROOT / "comparisons").glob("*.py") if not path.stem.endswith(NO_NUMBERS)),
    ]
    return digest(files, json.dumps(versions(), sort_keys=True), json.dumps(settings, sort_keys=True), *texts)


def sizes(place: Path) -> dict[str, int]:
    """Bytes of the results beside ``checks.json``; a file that is not there, and the notebook, are left out.

    A reader may run the notebook and save it: that does not make the numbers stale.
    """
    numbers = (place / name for name in FILES if not name.endswith(".ipynb"))
    return {path.name: path.stat().st_size for path in numbers if path.is_file()}


def is_current(place: Path, inputs: str) -> bool:
    """Whether all results of a fit are there, as long as they were written, and were made from these inputs."""
    record = read_json(place / "checks.json")
    return record.get("inputs") == inputs and record.get("sizes") == sizes(place)


def is_studied(place: Path, inputs: str) -> bool:
    """Whether the studies that a report has of a fit are there, and were made from these inputs."""
    return read_json(place / "studies" / "report.json").get("inputs") == inputs


def is_damaged(place: Path) -> bool:
    """Whether there are results that are not as they were written: a file cut short, changed in length or gone."""
    if not any((place / name).exists() for name in (*FILES, "checks.json")):
        return False
    record = read_json(place / "checks.json")
    return "sizes" not in record or record["sizes"] != sizes(place)

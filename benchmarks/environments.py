"""Peers and where they live: this environment, a program of the system, or an environment of their own.

An environment of a peer is made at first use in ``benchmarks/.environments/<name>``, from
``benchmarks/peers/<name>.txt``, with uv if it is there and with Python's own venv and pip otherwise. What cannot be had
is a reason in the table.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".environments"


@dataclass(frozen=True)
class Peer:
    """Something to compare with.

    Attributes
    ----------
    name : str
        On the command line.
    label : str
        In the tables.
    script : str
        Module of `benchmarks.peers`.
    reading : str
        What its jobs ask for.
    package, program : str
        What must be importable here, or be on the path.
    pythons : tuple of str
        For an environment of its own: versions of Python it works with, the best first.
    caches : bool
        Whether it keeps compiled code on disk, so that a first run costs more.
    compiles_shapes : bool
        Whether what it compiles depends on the sizes of data and parameters.
    """

    name: str
    label: str
    script: str
    reading: str = "posterior"
    package: str = ""
    program: str = ""
    pythons: tuple[str, ...] = ()
    caches: bool = True
    compiles_shapes: bool = True

    @property
    def ours(self) -> bool:
        """Whether this is Threefold itself."""
        return self.script == "threefold"


PEERS = (
    Peer("compare", "Threefold, compare()", "threefold", reading="comparison"),
    Peer("posterior", "Threefold, posterior alone", "threefold"),
    Peer("pymc", "PyMC", "pymc", package="pymc"),
    Peer("numpyro", "NumPyro", "numpyro", pythons=("3.13", "3.12", "3.11")),
    Peer("pystan", "PyStan", "pystan", pythons=("3.12", "3.11"), compiles_shapes=False),
    Peer("jags", "JAGS", "jags", program="jags", caches=False),
)


@dataclass(frozen=True)
class Missing:
    """Why a peer is not there."""

    reason: str


def interpreter(peer: Peer) -> Path | Missing:
    """The Python that runs a peer's script; its environment is made if need be."""
    if peer.program and shutil.which(peer.program) is None:
        return Missing(f"no program {peer.program} on the path: install Debian's package {peer.program}")
    if peer.package and importlib.util.find_spec(peer.package) is None:
        return Missing(f"no package {peer.package} in this environment")
    return _own(peer) if peer.pythons else Path(sys.executable)


def _own(peer: Peer) -> Path | Missing:
    wanted = (HERE / "peers" / f"{peer.name}.txt").read_text(encoding="utf-8")
    folder, complete = ENVIRONMENTS / peer.name, ENVIRONMENTS / f"{peer.name}.complete"
    python = folder / "bin" / "python"
    if complete.exists() and complete.read_text(encoding="utf-8") == wanted and python.exists():
        return python
    base = next((found for version in peer.pythons if (found := find_python(version))), None)
    if base is None:
        return Missing(f"no Python {' or '.join(peer.pythons)} found: put one on the path")
    complete.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(exist_ok=True)
    requirements = str(HERE / "peers" / f"{peer.name}.txt")
    beside = Path(sys.executable).parent / "uv"
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", str(base), str(folder)],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "-r", requirements],
        ]
    else:
        steps = [
            [str(base), "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
        ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            return Missing(f"its environment could not be made: {said[:200]}")
    complete.write_text(wanted, encoding="utf-8")
    return python


def find_python(version: str) -> Path | None:
    """A working Python of that version: on the path, or one of pyenv's."""
    found = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [Path(found)] if found else []
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    for candidate in candidates:
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([str(candidate), "-c", code], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return candidate
    return None

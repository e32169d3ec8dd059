"""The contract of a peer: ``python -m benchmarks.peers.<peer> FOLDER`` reads a job there and writes its answer.

A job is ``job.json`` with the arrays of the data in ``data.npz``; an answer is ``answer.json`` (seconds, version) with
the draws in ``draws.npz``. A peer lives in an environment of its own, so that this module needs NumPy and nothing else.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FAMILIES = {
    "coin": {"theta": "Beta"},
    "gaussian": {"mu": "Normal", "sigma": "Exponential"},
    "regression": {"intercept": "Normal", "beta": "Normal", "sigma": "Exponential"},
    "mixture": {"weight": "Dirichlet", "mu": "Normal", "sigma": "LogNormal", "fisher_z": "Normal"},
    "logistic": {"intercept": "Normal", "beta": "Normal"},
}
COMPARED = {
    "coin": ("theta",),
    "gaussian": ("mu", "sigma"),
    "regression": ("intercept", "beta", "sigma"),
    "mixture": ("weight", "mu", "sigma", "rho"),
    "logistic": ("intercept", "beta"),
}


@dataclass(frozen=True)
class Job:
    """What is asked of a peer.

    Attributes
    ----------
    scenario : str
        ``coin``, ``gaussian``, ``regression``, ``mixture`` or ``logistic``.
    prior : dict
        Hyperparameters by variable, ``{"mu": {"mu": 0.0, "sigma": 2.5}}``, by the names of PyMC.
    families : dict
        The distribution of each variable, by the name of PyMC's class; `FAMILIES` are those the peers have written.
    prior_name : str
        What Threefold calls this prior.
    data : dict of str to array
        By the names of the scenario; predictors are centred. With ``worlds`` a leading axis, one entry per data set.
    components : int
        Of a mixture; 0 otherwise.
    worlds : int
        Number of data sets of one shape; 0 for one data set without the leading axis.
    chains, draws, tune, seed : int
    repeat : bool
        Whether to sample a second time within the process, where that is what it takes to time sampling alone.
    reading : {"posterior", "mle", "map"}
        A point reading or the posterior.
    """

    scenario: str
    prior: dict[str, dict[str, Any]]
    families: dict[str, str]
    prior_name: str
    data: dict[str, Array] = field(repr=False)
    components: int = 0
    worlds: int = 0
    chains: int = 4
    draws: int = 1_000
    tune: int = 1_000
    seed: int = 1
    repeat: bool = True
    reading: str = "posterior"

    def write(self, folder: Path) -> None:
        """Write ``job.json`` and ``data.npz``."""
        content = {key: value for key, value in asdict(self).items() if key != "data"}
        (folder / "job.json").write_text(json.dumps(content, indent=1), encoding="utf-8")
        np.savez(folder / "data.npz", allow_pickle=False, **self.data)

    @classmethod
    def read(cls, folder: Path) -> Job:
        """Read what `write` wrote."""
        content = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        with np.load(folder / "data.npz") as stored:
            data = {name: stored[name] for name in stored.files}
        return cls(data=data, **content)

    def world(self, index: int) -> dict[str, Array]:
        """The data of one world; without worlds all of it."""
        return {name: values[index] for name, values in self.data.items()} if self.worlds else self.data

    @property
    def compared(self) -> tuple[str, ...]:
        """The parameters that every peer returns; ``rho`` with one entry per component."""
        return COMPARED[self.scenario]

    def flat(self, index: int = 0) -> dict[str, Any]:
        """Data of one world, sizes and hyperparameters, as languages without structures want them.

        Hyperparameters are ``<variable>_<hyperparameter>``; ``n`` rows, ``p`` predictors, ``k`` components.
        """
        data: dict[str, Any] = dict(self.world(index))
        data["n"] = len(next(iter(data.values())))
        if "x" in data:
            data["p"] = data["x"].shape[1]
        if self.components:
            data["k"] = self.components
        hyperparameters = {
            f"{variable}_{key}": np.asarray(value) if isinstance(value, list) else value
            for variable, values in self.prior.items()
            for key, value in values.items()
        }
        return {**data, **hyperparameters}


@dataclass(frozen=True)
class Answer:
    """What a peer says.

    Attributes
    ----------
    version : str
        What answered, with its version.
    imported, built, sampled : float
        Seconds: importing packages; from the model to the first draw (compilation); sampling, warm-up draws included.
        NaN where a peer cannot tell.
    repeated : float
        Seconds spent on being measured and on nothing a user would want; they are taken off the wall time.
    note : str
        What else the reader must know.
    draws : dict of str to array, shape (chains, draws, ...)
        Or a point ``{parameter: value}``; of the first world if there are many.
    """

    version: str
    imported: float
    built: float
    sampled: float
    draws: dict[str, Array] = field(repr=False)
    repeated: float = 0.0
    note: str = ""

    def write(self, folder: Path) -> None:
        """Write ``draws.npz``, then ``answer.json``: where the second exists the first is whole."""
        np.savez(folder / "draws.npz", allow_pickle=False, **self.draws)
        content = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "draws"}
        (folder / "answer.json").write_text(json.dumps(content, indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Answer:
        """Read what `write` wrote."""
        content = json.loads((folder / "answer.json").read_text(encoding="utf-8"))
        with np.load(folder / "draws.npz") as stored:
            return cls(draws={name: stored[name] for name in stored.files}, **content)


class Watch:
    """Seconds since it was made, or since it was last read."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.perf_counter()
        self._began, passed = now, now - self._began
        return passed


def main(answer: Callable[[Job, Path], Answer]) -> None:
    """Read the job in the folder named on the command line, answer it, write the answer."""
    folder = Path(sys.argv[1])
    answer(Job.read(folder), folder).write(folder)

"""What a study is asked to do, and how its worlds are numbered, seeded and named: by chunks, never by workers."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import models
from comparisons import store
from comparisons.settings import SEEDS, SETTINGS, check_numbers
from models.contract import BadInput

TRUTHS = ("prior", "fixed")


@dataclass(frozen=True)
class Job:
    """One study: many simulated worlds of one fit under one prior.

    Attributes
    ----------
    fit : str
        A built-in fit; its worlds have its model and its design.
    prior : str
        Name of the prior under which all worlds are read.
    worlds : int
        How many. A larger study with everything else equal begins with the same chunks.
    truth : {"prior", "fixed"}
        Whether the truth of every world is drawn from the prior, or is the same in all.
    size : int
        Worlds per chunk, which are read together; the last chunk may be smaller.
    seed : int
    level : float
        Of all intervals.

    Raises
    ------
    BadInput
        If one of them makes no sense.
    """

    fit: str
    prior: str
    worlds: int
    truth: str = "prior"
    size: int = 500
    seed: int = SETTINGS.seed
    level: float = SETTINGS.level

    def __post_init__(self) -> None:
        models.check_fit(self.fit)
        if self.truth not in TRUTHS:
            raise BadInput(f"--truth {self.truth!r}: prior (drawn anew in every world) or fixed")
        counts = ("--worlds", self.worlds, (1, 100_000_000)), ("--size", self.size, (1, 1_000_000))
        check_numbers(self.level, [*counts, ("--seed", self.seed, SEEDS)])

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.worlds // self.size)

    def numbers(self, index: int) -> NDArray[np.int64]:
        """Numbers of the worlds of a chunk, counted over the whole study from 0."""
        return np.arange(index * self.size, min((index + 1) * self.size, self.worlds))

    @property
    def identity(self) -> str:
        """Everything but the number of worlds, as JSON."""
        return json.dumps({key: value for key, value in asdict(self).items() if key != "worlds"}, sort_keys=True)

    def seeds(self, index: int) -> np.random.SeedSequence:
        """The source of everything random in a chunk, whoever computes it."""
        return np.random.SeedSequence([self.seed, zlib.crc32(self.identity.encode()), index])

    @property
    def digest(self) -> str:
        """SHA-256 of everything that a chunk depends on: the job, the code, the data, versions of packages."""
        scenario, _ = models.fits()[self.fit]
        return hashlib.sha256(f"{_inputs(scenario)} {self.identity}".encode()).hexdigest()


@cache
def _inputs(scenario: str) -> str:
    """Digest of code, data and versions, as they were when this process first asked: what it has loaded since."""
    return store.inputs_of_fit(scenario, {}, Path(__file__).read_text(encoding="utf-8"))

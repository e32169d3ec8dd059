"""The shape of a lesson: what a scenario's words are made of, and where they are found.

A file ``reports/teaching/<scenario>.py`` holds the words of one scenario: functions of a `Fit`, so that every number in
them is that fit's own. All have the shape of `Lesson`; `reports.teaching.generic` is the lesson of a scenario without
a file, and of data for which a scenario's own words would be wrong.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from reports.ranking import readable
from reports.stored import Fit

FOLDER = Path(__file__).parent / "teaching"
MOST = 6  # pairs on a page
GRADES = ("warm-up", "standard", "stretch")


@dataclass(frozen=True)
class Question:
    """A question to guess at, and the answer that the run gives."""

    asked: str
    answer: str


@dataclass(frozen=True)
class Pair:
    """A belief that this run shows to be false.

    Attributes
    ----------
    name : str
        The belief as a plain short statement without a full stop, as a list of what is often believed has it: the
        same words wherever the belief is the same, with no number of one fit in them.
    said : str
        The belief as one hears it, about these data or this kind of model.
    fact : str
        What is true, with the numbers of this fit.
    """

    name: str
    said: str
    fact: str

    @property
    def key(self) -> str:
        """Anchor in the page."""
        return "said-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def kept(found: Iterable[Pair | None]) -> list[Pair]:
    """The first `MOST` pairs of those whose premise holds for a fit."""
    return [pair for pair in found if pair is not None][:MOST]


@dataclass(frozen=True)
class Exercise:
    """Something to work out, how hard it is (one of `GRADES`), and the answer."""

    grade: str
    task: str
    answer: str


@dataclass(frozen=True)
class Source:
    """Something to read."""

    authors: str
    year: int
    title: str
    where: str


class Lesson(Protocol):
    """What a module of `reports.teaching` defines.

    Attributes
    ----------
    READING : tuple of Source
    suits : callable
        Whether these words are right for a fit; if not, the generic ones are taken.
    answer : callable
        The page's question answered in one sentence.
    quiz : callable
        One or two questions for a guess.
    pairs : callable
        Three to six pairs of often said and in fact.
    take_home : callable
        Three lines.
    exercises : callable
        Four to six exercises, the easy ones first.
    """

    READING: tuple[Source, ...]

    # What they are stands above, once.
    def suits(self, fit: Fit) -> bool: ...  # noqa: D102
    def answer(self, fit: Fit) -> str: ...  # noqa: D102
    def quiz(self, fit: Fit) -> list[Question]: ...  # noqa: D102
    def pairs(self, fit: Fit) -> list[Pair]: ...  # noqa: D102
    def take_home(self, fit: Fit) -> list[str]: ...  # noqa: D102
    def exercises(self, fit: Fit) -> list[Exercise]: ...  # noqa: D102


def lesson(fit: Fit) -> Lesson:
    """Return the words for a fit: its scenario's own if there are any that suit it, else the generic ones."""
    scenario = fit.text("scenario")
    if scenario in {path.stem for path in FOLDER.glob("[a-z]*.py")} and is_sound(fit):
        own = _module(scenario)
        if own.suits(fit):
            return own
    return _module("generic")


def _module(name: str) -> Lesson:
    module: Any = importlib.import_module(f"reports.teaching.{name}")
    return cast(Lesson, module)


def is_sound(fit: Fit) -> bool:
    """Whether mode and posterior under the default prior exist and may be read, for every parameter."""
    return all(readable(fit, fit.default, label, reading) for label in fit.labels for reading in ("map", "posterior"))

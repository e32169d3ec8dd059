"""What is believed: one file per scenario, found by its name.

A scenario is a file ``models/<scenario>.py`` that defines ``SCENARIO`` (see `models.contract.Scenario`). There is no
list to edit: `names` reads the folder. A *fit* is a scenario with one of its data sets; its name is ``<scenario>`` for
the teaching data and ``<scenario>-<dataset>`` for the others.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from models.contract.bad_input import BadInput

if TYPE_CHECKING:
    from models.contract import Scenario

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of all scenarios, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem[0] != "_")


def load(name: str) -> Scenario:
    """Return the scenario of that name.

    Raises
    ------
    KeyError
        If there is no file of that name.
    BadInput
        If the file is no scenario yet.
    """
    if name not in names():
        raise KeyError(f"no scenario named {name!r}; known scenarios: {', '.join(names())}")
    hint = "copy models/coin.py, or begin the name of the file with an underscore while it is not finished"
    try:
        scenario: Scenario | None = getattr(import_module(f"models.{name}"), "SCENARIO", None)
    except SyntaxError as problem:
        raise BadInput(f"models/{name}.py, line {problem.lineno}: {problem.msg}; {hint}") from problem
    if scenario is None:
        raise BadInput(f"models/{name}.py defines no SCENARIO: {hint}")
    return scenario


def fits() -> dict[str, tuple[str, str]]:
    """Names of all built-in fits, each with its scenario and its data set."""
    return {
        name if dataset == "teaching" else f"{name}-{dataset}": (name, dataset)
        for name in names()
        for dataset in load(name).datasets
    }


def check_fit(name: str) -> None:
    """Refuse a name that no built-in fit has.

    Raises
    ------
    BadInput
        If there is no such fit; it says what was perhaps meant.
    """
    known = fits()
    if name not in known:
        near = difflib.get_close_matches(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known fits: {', '.join(known)}"
        raise BadInput(f"no fit named {name!r}; {hint}")

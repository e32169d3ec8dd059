"""The lines of a scenario's file that write its model down, read without importing it."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

import models


@dataclass(frozen=True)
class Code:
    """Some lines of a file.

    Attributes
    ----------
    path : str
        From the root of the repository.
    first, last : int
        Numbers of the lines.
    text : str
    """

    path: str
    first: int
    last: int
    text: str


def model_code(scenario: str) -> Code | None:
    """The function that the scenario names as its ``model``; None if there is no such file or function in it."""
    if scenario not in models.names():
        return None
    text = (models.FOLDER / f"{scenario}.py").read_text(encoding="utf-8")
    tree = ast.parse(text)
    named = {
        keyword.value.id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Scenario"
        for keyword in call.keywords
        if keyword.arg == "model" and isinstance(keyword.value, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in named and node.end_lineno is not None:
            lines = "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno])
            return Code(f"models/{scenario}.py", node.lineno, node.end_lineno, textwrap.dedent(lines))
    return None

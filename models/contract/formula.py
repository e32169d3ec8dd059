"""Wilkinson formulas, ``price ~ area * town``: read and checked, never evaluated.

The library `formulae` scans and parses the text. It would evaluate calls and attributes as Python, so that every part
of the syntax tree must be on a short list before anything is computed, and what is computed is computed in
`models.contract.terms`.

References
----------
Wilkinson, G. N. and Rogers, C. E. (1973), Symbolic description of factorial models for analysis of variance,
doi:10.2307/2346786. Capretto, T., formulae, https://bambinos.github.io/formulae/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.contract.bad_input import BadInput
from models.contract.categories import quoted
from models.contract.columns import LARGEST, shown

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "I": lambda x: x,
    "abs": np.abs,
    "center": lambda x: x - np.mean(x),
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "log1p": np.log1p,
    "log2": np.log2,
    "scale": lambda x: (x - np.mean(x)) / np.std(x),
    "sqrt": np.sqrt,
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
}
ALLOWED = ", ".join([*FUNCTIONS, "C(x)", "T(x, 'reference')", "poly(x, degree)"])
HIGHEST = 10  # degree of a polynomial, order of interactions
LONGEST = 10_000  # characters


@dataclass(frozen=True)
class Formula:
    """A formula that was read and found harmless.

    Attributes
    ----------
    text : str
    left, right : object
        Syntax trees of `formulae` for the outcome and the predictors.
    outcomes : tuple of str
        Columns of the left side; successes and trials for ``successes/trials``.
    predictors : tuple of str
        Columns of the right side, in order of appearance.
    """

    text: str
    left: Any
    right: Any
    outcomes: tuple[str, ...]
    predictors: tuple[str, ...]

    @property
    def is_ratio(self) -> bool:
        """Whether the outcome is ``successes/trials``."""
        return _is_ratio(self.left)


def read(text: str) -> Formula:
    """Read a formula ``outcome ~ predictors`` and check every part of it.

    Parameters
    ----------
    text : str
        Right of ``~`` the operators ``+``, ``-``, ``:``, ``*``, ``/`` and ``**`` of Wilkinson and Rogers, ``0`` or
        ``-1`` for no intercept; names that are not plain words between backticks. Calls of log, log2, log10, log1p,
        exp, sqrt, abs, center, scale and I (or braces) hold arithmetic; ``C(x)`` declares a categorical column,
        ``T(x, "b")`` its reference level; ``poly(x, 2)`` gives orthogonal polynomials.

    Returns
    -------
    Formula

    Raises
    ------
    BadInput
        If it cannot be parsed, holds anything else, or names no outcome or no predictor.
    """
    from formulae.parser import ParseError, Parser
    from formulae.scanner import ScanError, Scanner

    if len(text) > LONGEST:
        raise BadInput(f"the formula has more than {LONGEST:,} characters: name the predictors instead")
    if "~" not in text:
        raise BadInput(f"formula {shown(text)} has no '~' between outcome and predictors: write 'outcome ~ predictors'")
    scanner, parser = Scanner(text), None
    try:
        parser = Parser(scanner.scan(add_intercept=False))
        tree = parser.parse()
    except RecursionError:
        raise too_long() from None
    except (ScanError, ParseError, ValueError, IndexError):
        tree = None
    if sum(token.kind == "TILDE" for token in scanner.tokens) > 1:
        raise BadInput(f"formula {shown(text)} has more than one '~': write 'outcome ~ predictors'")
    if any(token.kind == "PIPE" for token in scanner.tokens):
        raise BadInput(f"formula {shown(text)} has a group-specific term (|): such models are not offered; remove it")
    if tree is None or not parser or not parser.at_end():
        rest = parser.tokens[parser.current].lexeme if parser else text[scanner.start :]
        place = f"from {shown(rest, 30)} on" if rest else "to its end"
        advice = "write outcome ~ predictors, names that are not plain words between backticks"
        raise BadInput(f"formula {shown(text)} cannot be read {place}: {advice}")
    if type(tree).__name__ != "Binary" or tree.operator.kind != "TILDE":
        raise BadInput(
            f"formula {shown(text)} needs its '~' between outcome and predictors: write 'outcome ~ predictors'"
        )
    try:
        outcomes, predictors = tuple(_outcome_names(tree.left)), tuple(dict.fromkeys(_names(tree.right)))
    except RecursionError:
        raise too_long() from None
    if not outcomes or not predictors:
        side = "outcome column to the left" if not outcomes else "predictor to the right"
        raise BadInput(f"formula {shown(text)} has no {side} of '~': write 'outcome ~ predictors'")
    return Formula(text.strip(), tree.left, tree.right, outcomes, predictors)


def too_long() -> BadInput:
    """What is said of formulas that exhaust Python's stack."""
    return BadInput("the formula is too long or too deeply nested: name the predictors instead")


def bare(node: Any) -> Any:
    """A node without the parentheses around it."""
    while type(node).__name__ == "Grouping":
        node = node.expression
    return node


def name_of(node: Any) -> str:
    """The column a node names, or an empty string if it is something else."""
    if type(node).__name__ == "QuotedName":
        return str(node.expression.lexeme[1:-1])
    return str(node.name.lexeme) if type(node).__name__ == "Variable" else ""


def arguments(node: Any) -> tuple[str, Any, Any]:
    """Name, first and second argument of a call that was checked; the second is the value of a literal, or None."""
    second: Any = node.args[1] if len(node.args) > 1 else None
    if type(second).__name__ == "Assign":
        second = second.value
    return node.callee.name.lexeme, node.args[0], None if second is None else second.value


def written(node: Any) -> str:
    """The text of a part of a formula, in one way of writing it."""
    match type(node).__name__:
        case "Grouping":
            return f"({written(node.expression)})"
        case "Binary":
            return f"{written(node.left)} {node.operator.lexeme} {written(node.right)}"
        case "Unary":
            return f"{node.operator.lexeme}{written(node.right)}"
        case "Call":
            return f"{written(node.callee)}({', '.join(written(argument) for argument in node.args)})"
        case "Assign":
            return f"{written(node.name)}={written(node.value)}"
        case "Literal":
            return repr(node.value)
        case _:
            return quoted(name_of(node))


def _is_ratio(left: Any) -> bool:
    ratio = type(left).__name__ == "Binary" and left.operator.lexeme == "/"
    return ratio and bool(name_of(bare(left.left)) and name_of(bare(left.right)))


def _outcome_names(left: Any) -> Iterator[str]:
    """Both columns of a ratio, the columns of a call, or the one column that is named."""
    if not _is_ratio(left) and not name_of(bare(left)) and type(bare(left)).__name__ != "Call":
        raise _refused(left, "is no outcome: write a column, a function of it, or successes/trials")
    if type(bare(left)).__name__ == "Call" and _callee(bare(left)) not in FUNCTIONS:
        raise _refused(left, f"is no outcome: the functions are {', '.join(FUNCTIONS)}")
    names = list(_names(left, "term"))
    yield from names if _is_ratio(left) else dict.fromkeys(names)


def _refused(node: Any, why: str) -> BadInput:
    return BadInput(f"in the formula, {shown(written(node))} {why}")


def _callee(node: Any) -> str:
    plain = type(node.callee).__name__ == "Variable" and node.callee.level is None
    return str(node.callee.name.lexeme) if plain else ""


def _names(node: Any, place: str = "top") -> Iterator[str]:
    """Check one part of the tree and give the columns it names.

    ``place`` is ``top`` where 0 and 1 stand for the intercept, ``term`` in interactions, ``arithmetic`` in calls.
    """
    arithmetic = place == "arithmetic"
    match type(node).__name__:
        case "Grouping":
            yield from _names(node.expression, place)
        case "QuotedName":
            yield name_of(node)
        case "Variable" if node.level is None:
            yield name_of(node)
        case "Variable":
            raise BadInput(
                f"in the formula, {shown(name_of(node))} has brackets: write T({name_of(node)}, 'reference')"
            )
        case "Literal":
            _check_number(node, place)
        case "Unary" if arithmetic or type(bare(node.right)).__name__ == "Literal":
            yield from _names(node.right, place)
        case "Binary":
            yield from _binary_names(node, place)
        case "Call":
            yield from _call_names(node, arithmetic)
        case "Unary" | "Assign":
            raise _refused(node, "is not allowed here: terms are joined by +, :, *, /, ** and removed by -")
        case other:
            raise BadInput(f"in the formula, a part ({other}) is not allowed: use names, operators and {ALLOWED}")


def _check_number(node: Any, place: str) -> None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
        raise _refused(node, "is not allowed here: only numbers of moderate size are")
    if place == "term" or (place == "top" and value not in (0, 1)):
        raise _refused(node, "is a number among terms: write I(...) around arithmetic; 0 or 1 alone is the intercept")


def _binary_names(node: Any, place: str) -> Iterator[str]:
    operator = node.operator.lexeme
    if operator not in (OPERATORS if place == "arithmetic" else {*OPERATORS, ":"}):
        allowed = "+, -, *, / and **" if place == "arithmetic" else "+, -, :, *, / and **"
        raise _refused(node, f"uses {operator!r}: the operators here are {allowed}")
    if operator == "**" and place == "arithmetic":
        if type(node.left).__name__ == "Unary" or getattr(getattr(node.left, "operator", None), "lexeme", "") == "**":
            raise _refused(node, "can be read in two ways: add parentheses around the base of **")
    elif operator == "**":
        if type(bare(node.left)).__name__ != "Binary":
            raise _refused(node, f"is no power here, where ** makes interactions: write I({written(node)})")
        order = getattr(bare(node.right), "value", None)
        if not isinstance(order, int) or not 1 <= order <= HIGHEST:
            raise _refused(node, f"needs a whole number from 1 to {HIGHEST} after **")
        yield from _names(node.left, "term")
        return
    inner = "term" if place == "top" and operator not in ("+", "-") else place
    yield from _names(node.left, inner)
    yield from _names(node.right, inner)


def _call_names(node: Any, arithmetic: bool) -> Iterator[str]:
    """Check a call: the function, the number and kind of its arguments, and what they hold."""
    function, keyword = _callee(node), {"T": "ref", "poly": "degree"}
    if function not in FUNCTIONS and (arithmetic or function not in ("C", "T", "poly")):
        raise _refused(node, f"is not allowed here: the functions are {ALLOWED}")
    expected = 2 if function in keyword else 1
    if len(node.args) != expected or type(node.args[0]).__name__ == "Assign":
        raise _refused(node, f"needs {expected} argument{'s' * (expected - 1)}")
    first = node.args[0]
    if function in ("C", "T") and not name_of(first):
        raise _refused(node, "needs a column's name as its first argument")
    names = list(_names(first, "arithmetic"))
    if not names:
        raise _refused(node, "holds no column")
    if expected == 2:
        second = node.args[1]
        if type(second).__name__ == "Assign" and name_of(second.name) == keyword[function]:
            second = second.value
        value = getattr(second, "value", None)
        right = (
            isinstance(value, str | int | float) if function == "T" else type(value) is int and 1 <= value <= HIGHEST
        )
        if type(second).__name__ != "Literal" or not right:
            needed = "a level between quotes" if function == "T" else f"a whole number from 1 to {HIGHEST}"
            raise _refused(node, f"needs {needed} as its second argument")
    yield from names

"""Priors as a user writes them: ``theta ~ Beta(2, 2)``, ``beta ~ StudentT(3, 0, 1)``, ``sigma = 1.5``.

The text is read as Python's grammar reads it and never evaluated: a name, numbers and lists of numbers are all that is
understood.
"""

from __future__ import annotations

import ast
import difflib
from typing import Any

import numpy as np

from models.contract.bad_input import BadInput
from models.contract.distribution import Distribution
from models.contract.families import families

HIDDEN = ("Fixed",)
SYNONYMS = {"Lognormal": "LogNormal"}


def parse_prior(text: str) -> tuple[str, Distribution]:
    """Read ``variable ~ Name(hyperparameters)``.

    Parameters
    ----------
    text : str
        Hyperparameters are numbers or lists of numbers, in PyMC's order or by PyMC's names; Normal, StudentT, Gamma,
        Beta and Exponential may also be given by their other hyperparameters (``tau``, ``lam``, mean and ``sigma``,
        ``scale``).

    Returns
    -------
    variable : str
    distribution : Distribution

    Raises
    ------
    BadInput
        With one line on what is wrong.
    """
    variable, tilde, right = text.partition("~")
    variable = variable.strip()
    if not tilde or not variable.isidentifier():
        raise BadInput(
            f'prior {text!r}: write it as "variable ~ Distribution(numbers)", for example "sigma ~ HalfCauchy(5)"'
        )
    call = _parsed(right.strip(), f"prior {text!r}")
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        raise BadInput(
            f"prior {text!r}: after ~ stands the name of a distribution with its numbers, like Normal(0, 10)"
        )
    name = SYNONYMS.get(call.func.id, call.func.id)
    known = [family for family in families() if family not in HIDDEN]
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.5)
        raise BadInput(
            f"prior {text!r}: there is no distribution {name!r} here; "
            + (f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}")
        )
    order = list(families()[name].arguments)
    usage = f"{name}({', '.join(order)})"
    if len(call.args) > len(order):
        raise BadInput(f"prior {text!r}: {len(call.args)} numbers are too many for {usage}")
    given = {key: _numbers(node, text) for key, node in zip(order, call.args, strict=False)}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in given:
            raise BadInput(f"prior {text!r}: {keyword.arg or '**'} is given twice or cannot be used; write {usage}")
        given[keyword.arg] = _numbers(keyword.value, text)
    given = _converted(name, given)
    unknown = [key for key in given if key not in order]
    if unknown:
        raise BadInput(f"prior {text!r}: {name} has no hyperparameter {', '.join(map(repr, unknown))}; write {usage}")
    complete = {key: given.get(key, default) for key, default in families()[name].arguments.items()}
    missing = [key for key, value in complete.items() if value is None]
    if missing:
        raise BadInput(f"prior {text!r}: {name} needs {', '.join(missing)}; write {usage}")
    distribution = Distribution(name, **complete)
    check_values(distribution, text)
    return variable, distribution


def parse_fixed(text: str) -> tuple[str, Distribution]:
    """Read ``variable = number``; arguments and errors as in `parse_prior`."""
    variable, equals, right = text.partition("=")
    variable = variable.strip()
    if not equals or not variable.isidentifier():
        raise BadInput(f'fix {text!r}: write it as "variable = number", for example "sigma = 1.5"')
    return variable, Distribution("Fixed", value=_numbers(_parsed(right.strip(), f"fix {text!r}"), text))


def check_support(variable: str, distribution: Distribution, support: tuple[float, float] | str) -> None:
    """Refuse a prior that reaches values the variable cannot have.

    Parameters
    ----------
    variable : str
    distribution : Distribution
    support : tuple of float or "simplex"
        Where the variable lives (`models.contract.Scenario`).

    Raises
    ------
    BadInput
    """
    if distribution.fixed:
        value = distribution.hyperparameters["value"]
        if support != "simplex" and not (np.all(value > support[0]) and np.all(value < support[1])):
            raise BadInput(f"--fix {variable} = {np.ravel(value)[0]:g}: {variable} must be {_words(support)}")
        return
    if support == "simplex":
        if distribution.name != "Dirichlet":
            raise BadInput(f"prior {variable} ~ {distribution}: {variable} are shares that sum to one; use Beta(a, a)")
        return
    if distribution.name == "Dirichlet":
        raise BadInput(
            f"prior {variable} ~ {distribution}: Dirichlet is for weights; {variable} must be {_words(support)}"
        )
    low, high = distribution.support
    if np.any(low < support[0]) or np.any(high > support[1]):
        choices = {
            (0.0, np.inf): "HalfNormal, HalfCauchy, Exponential, Gamma, InverseGamma, LogNormal or HalfFlat",
            (0.0, 1.0): "Beta or Uniform",
        }
        raise BadInput(
            f"prior {variable} ~ {distribution}: {variable} must be {_words(support)}, and this reaches "
            f"from {np.min(low):g} to {np.max(high):g}; use {choices[(float(support[0]), float(support[1]))]}"
        )


def _words(support: tuple[float, float] | str) -> str:
    words = {(0.0, np.inf): "positive", (0.0, 1.0): "between 0 and 1", (-np.inf, np.inf): "a number"}
    return words.get((float(support[0]), float(support[1])), str(support))


def _parsed(text: str, about: str) -> ast.expr:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise BadInput(f"{about}: not understood; is a bracket or a comma missing?") from error


def _numbers(node: ast.expr, text: str) -> Any:
    """A number, or a list of numbers."""
    if isinstance(node, ast.List | ast.Tuple) and node.elts:
        if any(isinstance(element, ast.List | ast.Tuple) for element in node.elts):
            raise BadInput(f"{text!r}: give a number or a list of numbers, not a list of lists")
        return [_numbers(element, text) for element in node.elts]
    sign = 1.0
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign, node = (-sign if isinstance(node.op, ast.USub) else sign), node.operand
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e308:
        return sign * float(value)
    raise BadInput(f"{text!r}: {ast.unparse(node)!r} is not a finite number; give numbers such as 2, -0.5 or 1e3")


def _converted(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Other ways to give the hyperparameters of a family, in those of `families`."""
    h = {key: np.asarray(value, dtype=float) for key, value in given.items()}
    with np.errstate(all="ignore"):
        match name, set(h):
            case ("Normal" | "HalfNormal" | "LogNormal" | "SkewNormal" | "TruncatedNormal", keys) if "tau" in keys:
                precision = h.pop("tau")
            case ("StudentT" | "HalfStudentT", keys) if "lam" in keys:
                precision = h.pop("lam")
            case ("Exponential", keys) if keys == {"scale"}:
                return {"lam": 1 / h["scale"]}
            case ("Gamma", keys) if keys == {"mu", "sigma"}:
                return {"alpha": (h["mu"] / h["sigma"]) ** 2, "beta": h["mu"] / h["sigma"] ** 2}
            case ("InverseGamma", keys) if keys == {"mu", "sigma"}:
                alpha = 2 + (h["mu"] / h["sigma"]) ** 2
                return {"alpha": alpha, "beta": h["mu"] * (alpha - 1)}
            case ("Beta", keys) if keys in ({"mu", "sigma"}, {"mu", "nu"}):
                count = h["nu"] if "nu" in h else h["mu"] * (1 - h["mu"]) / h["sigma"] ** 2 - 1
                return {"alpha": h["mu"] * count, "beta": (1 - h["mu"]) * count}
            case _:
                return given
    if "sigma" in h:
        return given  # both: named as unknown below
    return h | {"sigma": precision**-0.5}


def check_values(distribution: Distribution, text: str) -> None:
    """Refuse hyperparameters that are no distribution's: scales and shapes of 0 or less, bounds in the wrong order.

    Raises
    ------
    BadInput
    """
    family, h = distribution.family, distribution.hyperparameters
    for key, value in h.items():
        if value.ndim > 1:
            raise BadInput(f"prior {text!r}: {key} may be a number or a list of numbers, not a table")
        if key not in (*family.shifts, *family.free) and not np.all(value > 0):
            raise BadInput(f"prior {text!r}: {key} of {distribution.name} must be greater than 0")
    if "lower" in h and not np.all(h["lower"] < h["upper"]):
        raise BadInput(f"prior {text!r}: lower must be less than upper")
    if "c" in h and not np.all((h["lower"] <= h["c"]) & (h["c"] <= h["upper"])):
        raise BadInput(f"prior {text!r}: c must lie between lower and upper")
    lengths = {value.size for value in h.values()} - {1}
    if len(lengths) > 1:
        raise BadInput(f"prior {text!r}: its lists have different lengths")

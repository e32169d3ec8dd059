"""The design matrix of a formula: terms are expanded and columns computed here, `formulae` codes the categories.

It never sees what a user wrote, but made-up names of columns (``1 + v0 + v1 + v0:v1``): it has nothing to evaluate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.bad_input import BadInput
from models.contract.categories import levels
from models.contract.columns import kind, listed, numbers, row, shown
from models.contract.formula import FUNCTIONS, OPERATORS, Formula, arguments, bare, name_of, too_long, written

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Terms = dict[frozenset[str], None]  # sets of made-up names, in order; the empty one is the intercept

MOST_COLUMNS = 1000  # of an interaction, if every level had one
INTERCEPT: frozenset[str] = frozenset()


@dataclass
class Columns:
    """Columns computed for a formula, and the made-up names under which `formulae` sees them."""

    table: pd.DataFrame
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)

    def add(self, label: str, values: Any, width: int = 1) -> str:
        """The made-up name of a column, which may be categorical with ``width`` levels."""
        name = f"v{len(self.labels)}"
        self.labels[name], self.values[name], self.widths[name] = label, values, width
        return name

    def found(self, label: str) -> str:
        """The made-up name of a column that was added before, or an empty string."""
        return next((name for name, known in self.labels.items() if known == label), "")


def outcome(formula: Formula, table: pd.DataFrame) -> tuple[str, Array]:
    """Label and numbers of the left side of a formula: a column, or a function of columns."""
    left = bare(formula.left)
    return name_of(left) or written(left), _numeric(left, table)


def matrix(formula: Formula, table: pd.DataFrame) -> tuple[Array, list[str], bool, dict[str, str]]:
    """The right side of a formula as a design matrix.

    Parameters
    ----------
    formula : Formula
    table : pandas.DataFrame
        Holds the columns of the formula, without missing values.

    Returns
    -------
    x : array of float, shape (n, p)
        Without the column of the intercept; main effects first.
    labels : list of str, length p
    intercept : bool
    references : dict of str to str
        Of each category that is coded against a reference level: that level.

    Raises
    ------
    BadInput
        If a column cannot be used, a transformation is not finite, or the design has more than 1,000 columns.
    """
    from formulae import design_matrices
    from formulae.environment import Environment
    from pandas import DataFrame

    columns = Columns(table)
    try:
        terms = _added(formula.right, {INTERCEPT: None}, columns)
        intercept = INTERCEPT in terms
        names = list(columns.labels)  # in order of appearance, which is the order of names within a term, as in R
        flat = [":".join(sorted(term, key=names.index)) for term in sorted(terms, key=len) if term]
        if not flat:
            raise BadInput(f"formula {shown(formula.text)} has no predictor left to the right of '~': add one")
        with np.errstate(over="ignore", under="ignore"):
            design = design_matrices(
                f"{int(intercept)} + {' + '.join(flat)}",
                DataFrame(columns.values, index=table.index),
                na_action="error",
                env=Environment([{}]),  # not the variables of this function
            ).common
    except RecursionError:
        raise too_long() from None
    labels, references = [], dict[str, str]()
    for term in design.terms.values():
        parts = []
        for component in getattr(term, "components", []):
            label = columns.labels[component.name]
            if component.kind == "categoric":
                parts.append([f"{label}[{level}]" for level in component.contrast_matrix.labels])
                if not component.spans_intercept:
                    references[label] = str(component.levels[0])
            else:
                parts.append([label])
        if parts:
            labels += [":".join(part) for part in product(*parts)]
    x = np.asarray(design.design_matrix, float)
    return x[:, x.shape[1] - len(labels) :], labels, intercept, references


def _added(node: Any, terms: Terms, columns: Columns) -> Terms:
    """Terms with those of a part of a formula; 0 takes the intercept out."""
    node = bare(node)
    kind_of_node, operator = type(node).__name__, getattr(getattr(node, "operator", None), "lexeme", "")
    if kind_of_node == "Binary" and operator == "+":
        return _added(node.right, _added(node.left, terms, columns), columns)
    if kind_of_node == "Binary" and operator == "-":
        return _removed(node.right, _added(node.left, terms, columns), columns)
    if kind_of_node == "Unary":
        return _removed(node.right, terms, columns) if operator == "-" else _added(node.right, terms, columns)
    if kind_of_node == "Literal":
        kept = {term: None for term in terms if term != INTERCEPT}
        return {INTERCEPT: None, **kept} if node.value else kept
    return terms | _products(node, columns)


def _removed(node: Any, terms: Terms, columns: Columns) -> Terms:
    node = bare(node)
    if type(node).__name__ == "Literal":
        kept = {term: None for term in terms if term != INTERCEPT}
        return kept if node.value else {INTERCEPT: None, **kept}
    gone = _added(node, {}, columns)
    return {term: None for term in terms if term not in gone}


def _products(node: Any, columns: Columns) -> Terms:
    """Terms of an interaction, a nesting or a power, or of one column."""
    if type(node).__name__ != "Binary":
        return {frozenset([name]): None for name in _atom(node, columns)}
    operator, left = node.operator.lexeme, _added(node.left, {}, columns)
    if operator == "**":
        result = left
        for _ in range(1, bare(node.right).value):
            result = left | _crossed(left, result, columns)
        return result
    right = _added(node.right, {}, columns)
    if operator == "/":
        return left | _crossed({frozenset().union(*left): None} if left else {}, right, columns)
    return (left | right if operator == "*" else {}) | _crossed(left, right, columns)


def _crossed(left: Terms, right: Terms, columns: Columns) -> Terms:
    """Every term of one side joined with every term of the other."""
    result: Terms = {}
    total = 0
    for one, other in product(left, right):
        term = one | other
        if term not in result:
            result[term] = None
            total += prod(columns.widths[name] for name in term)
        if total > MOST_COLUMNS:
            raise BadInput(
                f"the formula asks for more than the {MOST_COLUMNS:,} columns that are allowed: leave interactions out"
            )
    return result


def _atom(node: Any, columns: Columns) -> list[str]:
    """A column, a declared category, or a function of columns."""
    name, label = name_of(node), name_of(node) or written(node)
    function, first, second = ("", node, None) if name else arguments(node)
    if second is not None and function == "poly":
        return _polynomials(label, _numeric(first, columns.table), second, columns)
    known = columns.found(label)
    category = function in ("C", "T") or (name and kind(columns.table[name]) != "numbers")
    if not category:
        return [known or columns.add(label, _numeric(node, columns.table))]
    texts, codes = levels(columns.table, name or name_of(first), declared=not name)
    if not known:
        if function == "T":
            if str(second) not in texts:
                raise BadInput(
                    f"in the formula, {shown(label)} names a level that does not occur: choose among {listed(texts)}"
                )
            order = [str(second), *(text for text in texts if text != str(second))]
            codes = np.array([order.index(text) for text in texts])[codes]
            texts = order
        import pandas as pd

        dtype = pd.CategoricalDtype(texts, ordered=True)
        known = columns.add(label, pd.Categorical.from_codes(codes, dtype=dtype), len(texts))
    return [known]


def _polynomials(label: str, values: Array, degree: int, columns: Columns) -> list[str]:
    """Orthonormal polynomials of degree 1 to ``degree``, as so many columns."""
    from formulae.transforms import Polynomial

    different = len(np.unique(values))
    if degree >= different:
        raise BadInput(f"in the formula, {shown(label)} needs more than {degree} different values, not {different}")
    basis = Polynomial()((values - values.mean()) / values.std(), degree)
    names = [f"{label}[{k + 1}]" for k in range(degree)]
    return [columns.found(name) or columns.add(name, basis[:, k]) for k, name in enumerate(names)]


def _numeric(node: Any, table: pd.DataFrame) -> Array:
    """A column of numbers, or the finite values of a function of such columns."""
    if name_of(node):
        return numbers(table, name_of(node))
    with np.errstate(all="ignore"):
        values: Array = np.asarray(_value(node, table), float)
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise BadInput(
            f"in the formula, {shown(written(node))} is {values[bad[0]]}, not finite, in {row(table, bad[0])}: "
            "transform another way, or leave the row out"
        )
    return values


def _value(node: Any, table: pd.DataFrame) -> Any:
    """Arithmetic in double precision on columns and numbers."""
    match type(node).__name__:
        case "Grouping":
            return _value(node.expression, table)
        case "Literal":
            return np.float64(node.value)
        case "Unary":
            value = _value(node.right, table)
            return -value if node.operator.lexeme == "-" else value
        case "Binary":
            return OPERATORS[node.operator.lexeme](_value(node.left, table), _value(node.right, table))
        case "Call":
            return FUNCTIONS[node.callee.name.lexeme](_value(node.args[0], table))
        case _:
            return numbers(table, name_of(node))

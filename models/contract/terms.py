"""The design matrix of a formula, `formulae` expanding and coding terms whose columns are computed here.

`formulae` never sees what a user wrote, but made-up names of columns (``v0 + v1 + v0:v1``): it has nothing to evaluate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations, product
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

MOST_COLUMNS = 1000  # of a design, before repeated terms are joined


@dataclass
class Terms:
    """Columns computed for a formula, and the made-up names under which `formulae` sees them."""

    table: pd.DataFrame
    labels: dict[str, str] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)

    def add(self, label: str, column: Any) -> str:
        """The made-up name of a column."""
        name = f"v{len(self.labels)}"
        self.labels[name], self.columns[name] = label, column
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
    from formulae.model_description import model_description
    from pandas import DataFrame

    terms = Terms(table)
    try:
        expanded, _ = _expand(formula.right, terms)
        model = model_description(expanded)
        plain = [term for term in model.common_terms if type(term).__name__ == "Term"]
        if not plain:
            raise BadInput(f"formula {shown(formula.text)} has no predictor left to the right of '~': add one")
        intercept = any(type(term).__name__ == "Intercept" for term in model.common_terms)
        # Once more without operators: `a / b` and others share coded columns between terms; main effects come first.
        flat = " + ".join(term.name for term in sorted(plain, key=lambda term: len(term.components)))
        with np.errstate(over="ignore", under="ignore"):
            design = design_matrices(
                flat if intercept else f"0 + {flat}",
                DataFrame(terms.columns, index=table.index),
                na_action="error",
                env=Environment([{}]),  # not the variables of this function
            ).common
    except RecursionError:
        raise too_long() from None
    except (AttributeError, TypeError) as problem:
        raise BadInput(
            f"formula {shown(formula.text)} combines terms in a way that has no meaning: write them out with + and :"
        ) from problem
    labels, references = [], dict[str, str]()
    for term in design.terms.values():
        parts = []
        for component in getattr(term, "components", []):
            label = terms.labels[component.name]
            if component.kind == "categoric":
                parts.append([f"{label}[{level}]" for level in component.contrast_matrix.labels])
                if not component.spans_intercept:
                    references[label] = str(component.levels[0])
            else:
                parts.append([label])
        if parts:
            labels += [":".join(names) for names in product(*parts)]
    x = np.asarray(design.design_matrix, float)
    return x[:, x.shape[1] - len(labels) :], labels, intercept, references


def _expand(node: Any, terms: Terms) -> tuple[str, list[int]]:
    """The made-up text of a part of a formula, and the most columns each of its terms can have."""
    match type(node).__name__:
        case "Grouping":
            text, sizes = _expand(node.expression, terms)
            return f"({text})", sizes
        case "Literal":
            return str(int(node.value)), []
        case "Unary":
            return f"{node.operator.lexeme}{_expand(node.right, terms)[0]}", []
        case "Binary":
            return _expand_binary(node, terms)
        case _:
            return _atom(node, terms)


def _expand_binary(node: Any, terms: Terms) -> tuple[str, list[int]]:
    operator = node.operator.lexeme
    left, a = _expand(node.left, terms)
    if operator == "**":
        order = min(bare(node.right).value, len(a))
        by_size = [1, *[0] * order]  # elementary symmetric polynomials of the sizes
        for size in a:
            by_size = [1, *(by_size[k] + size * by_size[k - 1] for k in range(1, order + 1))]
        _check_width(sum(by_size[1:]))
        return f"{left}**{order}", [prod(some) for k in range(1, order + 1) for some in combinations(a, k)]
    right, b = _expand(node.right, terms)
    both = sum(a) * sum(b)
    _check_width(
        {"+": sum(a) + sum(b), ":": both, "*": sum(a) + sum(b) + both, "/": sum(a) + prod(a) * sum(b)}.get(operator, 0)
    )
    products = [one * other for one in a for other in b]
    sizes = {"+": a + b, ":": products, "*": a + b + products, "/": a + [prod(a) * other for other in b]}.get(
        operator, a
    )
    return f"{left} {operator} {right}", sizes


def _check_width(columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise BadInput(
            f"the formula asks for up to {columns:,} columns, {MOST_COLUMNS:,} are allowed: leave interactions out"
        )


def _atom(node: Any, terms: Terms) -> tuple[str, list[int]]:
    """A column, a declared category, or a function of columns."""
    name, label = name_of(node), name_of(node) or written(node)
    function, first, second = ("", node, None) if name else arguments(node)
    if second is not None and function == "poly":
        return _polynomials(label, _numeric(first, terms.table), second, terms)
    known = terms.found(label)
    category = function in ("C", "T") or (name and kind(terms.table[name]) != "numbers")
    if not category:
        return known or terms.add(label, _numeric(node, terms.table)), [1]
    texts, codes = levels(terms.table, name or name_of(first), declared=not name)
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
        known = terms.add(label, pd.Categorical.from_codes(codes, dtype=dtype))
    return known, [len(texts)]


def _polynomials(label: str, values: Array, degree: int, terms: Terms) -> tuple[str, list[int]]:
    """Orthonormal polynomials of degree 1 to ``degree``, as so many columns."""
    from formulae.transforms import Polynomial

    different = len(np.unique(values))
    if degree >= different:
        raise BadInput(f"in the formula, {shown(label)} needs more than {degree} different values, not {different}")
    unit = (values - values.mean()) / values.std()
    columns = Polynomial()(unit, degree)
    names = []
    for k in range(degree):
        one = f"{label}[{k + 1}]"
        names.append(terms.found(one) or terms.add(one, columns[:, k]))
    return f"({' + '.join(names)})", [1] * degree


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

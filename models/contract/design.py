"""From a user's table to outcome and design matrix, for regression and logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.contract import formula as formulas
from models.contract import terms
from models.contract.bad_input import BadInput
from models.contract.categories import levels, quoted
from models.contract.columns import chosen, complete, kind, listed, numbers, representable, shown, varying
from models.contract.outcomes import binary, outcome_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """What a regression needs of a table.

    Attributes
    ----------
    x : array of float, shape (n, p)
        The predictors, categories as columns of 0 and 1; no column for the intercept.
    predictors : tuple of str, length p
        Labels of the columns of ``x``: ``area``, ``town[Oslo]``, ``area:rooms``, ``log(area)``.
    y : array, shape (n,)
        The outcome: floats, or whole numbers for a logistic outcome, the events of each row (0 or 1 without
        ``trials``).
    outcome : str
        Its name.
    intercept : bool
    references : dict of str to str
        Of each category coded against a reference: the level that has no column.
    dropped : int
        Rows left out because of missing values.
    formula : str
    trials : array of int, shape (n,), or None
        Of a logistic outcome ``successes/trials``.
    event : str
        Of a logistic outcome, what counts as 1; else empty.
    """

    x: Array
    predictors: tuple[str, ...]
    y: Array | Whole
    outcome: str
    intercept: bool
    references: dict[str, str]
    dropped: int
    formula: str
    trials: Whole | None = None
    event: str = ""


def design(
    table: pd.DataFrame,
    outcome: str = "",
    predictors: Sequence[str] = (),
    formula: str = "",
    intercept: bool = True,
    missing: str = "stop",
    *,
    logistic: bool = False,
) -> Design:
    """Read outcome and predictors out of a table, by their names or by a formula.

    Parameters
    ----------
    table : pandas.DataFrame
    outcome : str
        A column, or ``successes/trials`` of a logistic outcome. With a formula it is empty.
    predictors : sequence of str
        Columns; none means all others. Text, truth values and categories are coded by columns of 0 and 1, the first
        level in sorted order being the reference. With a formula it is empty.
    formula : str
        A Wilkinson formula (`models.contract.formula.read`).
    intercept : bool
        Without one, the first category has a column for every level.
    missing : str
        ``"stop"`` or ``"drop"`` (`models.contract.columns.complete`); only the columns in use count.
    logistic : bool
        Whether the outcome is one of two values, or ``successes/trials``.

    Returns
    -------
    Design

    Raises
    ------
    BadInput
        If the table, the names or the formula cannot be used. Predictors that determine each other are not refused:
        which readings exist then is for the model to say.
    """
    if formula:
        if outcome or predictors:
            raise BadInput("both a formula and columns are given: name outcome and predictors in one of the two ways")
        parsed = formulas.read(formula)
        columns, names = parsed.outcomes, list(parsed.predictors)
        if parsed.is_ratio and not logistic:
            raise BadInput(
                f"the outcome {shown(formulas.written(parsed.left))} is a ratio of columns: write I(...) around it"
            )
    elif not outcome:
        raise BadInput(
            f"no outcome is named: choose one of the columns {listed([str(name) for name in table.columns])}"
        )
    else:
        parsed = None
        columns = outcome_columns(table, outcome) if logistic else (outcome,)
        names = list(predictors) or [str(name) for name in table.columns if str(name) not in columns]
    for name in columns:
        if name in names:
            raise BadInput(f"column {shown(name)} is the outcome and a predictor: leave it out of the predictors")
    if not names:
        raise BadInput(f"there is no column beside the outcome {shown(outcome)}: add a predictor to the table")
    used, dropped = complete(chosen(table, [*columns, *names]), missing)
    if len(used) < 2:
        raise BadInput(f"the table has {len(used)} usable row: a regression needs at least two")
    trials, event = None, ""
    y: Array | Whole
    if logistic:
        if parsed and not parsed.is_ratio and not formulas.name_of(formulas.bare(parsed.left)):
            raise BadInput(
                f"the outcome {shown(formulas.written(parsed.left))} is no column: write a column, or successes/trials"
            )
        label, found = "/".join(columns), binary(used, columns)
        y, trials, event = found.successes, found.trials, found.event
    else:
        label, y = terms.outcome(parsed, used) if parsed else (outcome, numbers(used, outcome))
        representable(y, label)
        if np.all(y == y[0]):
            raise BadInput(f"outcome {shown(label)} is constant ({y[0]:g} in all rows): there is nothing to explain")
    if parsed:
        x, labels, within, references = terms.matrix(parsed, used)
        intercept, text = intercept and within, parsed.text
    else:
        x, labels, references = _plain(used, names, intercept)
        left = "/".join(quoted(name) for name in columns)
        text = f"{left} ~ {'' if intercept else '0 + '}{' + '.join(quoted(name) for name in names)}"
    rows = [int(at) for at in used.index]
    for j, name in enumerate(labels):
        if name in labels[:j]:
            raise BadInput(f"two columns of the design are called {shown(name)}: rename a column or a level")
        varying(x[:, j], name)
        representable(x[:, j], name, rows)
    return Design(x, tuple(labels), y, label, intercept, references, dropped, text, trials, event)


def _plain(table: pd.DataFrame, names: Sequence[str], intercept: bool) -> tuple[Array, list[str], dict[str, str]]:
    """Predictors side by side: matrix, labels and reference levels."""
    blocks, labels, references, full = [], list[str](), dict[str, str](), not intercept
    for name in names:
        if kind(table[name]) == "numbers":
            blocks.append(numbers(table, name)[:, None])
            labels.append(name)
            continue
        texts, codes = levels(table, name)
        first = 0 if full else 1
        blocks.append((codes[:, None] == np.arange(first, len(texts))).astype(float))
        labels += [f"{name}[{text}]" for text in texts[first:]]
        if not full:
            references[name] = texts[0]
        full = False
    return np.hstack(blocks), labels, references

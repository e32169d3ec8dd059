"""Outcomes of two values, and of successes among trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.contract.bad_input import BadInput
from models.contract.columns import kind, listed, numbers, row, shown, whole

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Binary:
    """An outcome that occurs or does not.

    Attributes
    ----------
    successes : array of int, shape (n,)
        How often the event occurred in each row; 0 or 1 if there are no trials.
    trials : array of int, shape (n,), or None
        How often it could have.
    event : str
        What counts as the event: the value of the column, or the column of successes.
    """

    successes: Whole
    trials: Whole | None
    event: str


def outcome_columns(table: pd.DataFrame, outcome: str) -> tuple[str, ...]:
    """The column called ``outcome``, or the two of ``successes/trials``; unknown names are for `chosen` to refuse."""
    known = {str(name) for name in table.columns}
    if outcome in known:
        return (outcome,)
    for position in (position for position, letter in enumerate(outcome) if letter == "/"):
        successes, trials = outcome[:position].strip(), outcome[position + 1 :].strip()
        if successes in known and trials in known:
            return (successes, trials)
    return tuple(part.strip() for part in outcome.split("/")) if outcome.count("/") == 1 else (outcome,)


def binary(table: pd.DataFrame, columns: Sequence[str]) -> Binary:
    """An outcome of two values (one column), or of successes among trials (two).

    Parameters
    ----------
    table : pandas.DataFrame
        Without missing values in these columns.
    columns : sequence of str
        One column of 0 and 1, of truth values, or of two texts, whose second in sorted order is the event; or a column
        of successes and one of trials.

    Returns
    -------
    Binary

    Raises
    ------
    BadInput
        For any other values, if all rows have the same outcome, if successes exceed trials, or if there are no trials.
    """
    if len(columns) == 2:
        return _grouped(table, *columns)
    (name,) = columns
    column, held, say = table[name], kind(table[name]), f"outcome column {shown(name)}"
    if held in ("dates", "mixed values"):
        raise BadInput(f"{say} holds {held}: a logistic outcome is 0 or 1, true or false, or one of two texts")
    if held == "numbers":
        values = numbers(table, name)
        found = np.unique(values)
        if not np.isin(found, (0, 1)).all():
            texts = [f"{value:g}" for value in found]
            if len(found) == 2:
                raise BadInput(
                    f"{say} holds {texts[0]} and {texts[1]}: write 0 where nothing happened and 1 for the event"
                )
            advice = (
                "if these are counts, name the trials too, as in successes/trials" if found[0] >= 0 else "write 0 and 1"
            )
            raise BadInput(
                f"{say} holds numbers other than 0 and 1 ({', '.join(texts[:5])}{', ...' * (len(texts) > 5)}): {advice}"
            )
        levels, codes = [f"{value:g}" for value in found], values.astype(np.int64)
    else:
        texts = [str(value) for value in column]
        levels = sorted(set(texts))
        if held == "categories" and column.cat.ordered:
            levels = [str(value) for value in column.cat.categories if str(value) in levels]
        codes = (
            np.array([levels.index(text) for text in texts], np.int64) if len(levels) == 2 else np.zeros(0, np.int64)
        )
    if len(levels) == 1:
        raise BadInput(f"{say} is {shown(levels[0])} in all rows: without both outcomes nothing can be learned")
    if len(levels) > 2:
        raise BadInput(
            f"{say} has {len(levels)} different values ({listed(levels, 5)}): a logistic outcome has two; join some, "
            "or leave rows out"
        )
    return Binary(codes, None, levels[1])


def _grouped(table: pd.DataFrame, successes: str, trials: str) -> Binary:
    k, n = whole(table, successes), whole(table, trials)
    if np.any(k > n):
        at = int(np.argmax(k > n))
        raise BadInput(
            f"{row(table, at)} has {k[at]} in column {shown(successes)} and only {n[at]} in column {shown(trials)}: "
            "there cannot be more successes than trials; correct it, or name them in the order successes/trials"
        )
    if n.max() == 0:
        raise BadInput(f"column {shown(trials)} is 0 in all rows: without trials nothing can be learned")
    if k.max() == 0 or np.array_equal(k, n):
        which = "0" if k.max() == 0 else f"equal to column {shown(trials)}"
        raise BadInput(
            f"column {shown(successes)} is {which} in all rows: without both outcomes nothing can be learned"
        )
    return Binary(k, n, successes)

"""Categorical columns: their levels, and how a model names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.contract.bad_input import BadInput
from models.contract.columns import NUMBER, kind, listed, shown, text_among_numbers

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

MOST_LEVELS = 50  # a column with more of them is taken for an identifier


def quoted(name: str) -> str:
    """A column's name as it is written in a formula: between backticks unless it is a plain word."""
    plain = name.isidentifier() and name[0] != "_" and name not in ("True", "False", "None")
    return name if plain else f"`{name}`"


def levels(table: pd.DataFrame, name: str, declared: bool = False) -> tuple[list[str], Whole]:
    """The levels of a categorical column, in sorted order (in their own order if they are ordered categories).

    Parameters
    ----------
    table : pandas.DataFrame
    name : str
    declared : bool
        Whether the user said that the column is categorical: then numbers and text that looks like numbers are levels.

    Returns
    -------
    levels : list of str
    codes : array of int, shape (n,)
        Which level each row has.

    Raises
    ------
    BadInput
        If the column holds dates or mixed values, numbers among text, one level only, or so many that it looks like an
        identifier.
    """
    import pandas as pd

    column, held = table[name], kind(table[name])
    if held == "dates" or held == "mixed values" or (held == "numbers" and not declared):
        advice = "give the time since some day, in days or years" if held == "dates" else "leave it out, or write text"
        raise BadInput(f"column {shown(name)} holds {held} where numbers or categories are needed: {advice}")
    if held == "text" and not declared and any(NUMBER.fullmatch(value) for value in column.unique()):
        raise BadInput(
            text_among_numbers(table, name, f"; if they are categories, write C({quoted(name)}) in a formula")
        )
    if held == "categories":
        categories = column.astype(column.dtype).cat.remove_unused_categories().cat
        if categories.ordered:
            found, codes = categories.categories, categories.codes.to_numpy(np.int64)
        else:
            codes, found = pd.factorize(column.astype(categories.categories.dtype), sort=True)
    else:
        codes, found = pd.factorize(column, sort=True)
    texts = [str(int(one)) if isinstance(one, float) and one.is_integer() else str(one) for one in found]
    if len(texts) < 2:
        raise BadInput(f"column {shown(name)} is constant ({listed(texts)} in all rows): leave it out")
    if len(texts) > MOST_LEVELS or (len(texts) == len(table) and held == "text"):
        raise BadInput(
            f"column {shown(name)} has {len(texts)} different values in {len(table)} rows, at most {MOST_LEVELS} and "
            "fewer than rows are allowed: it looks like an identifier; leave it out"
        )
    if len(set(texts)) < len(texts):
        raise BadInput(f"column {shown(name)} has different levels that read alike: {listed(texts)}; rename them")
    return texts, np.asarray(codes, np.int64)

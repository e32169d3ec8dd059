"""Columns of a user's table, chosen, completed and turned into arrays, or refused in one line.

Rows are counted from 1, below the header, as they stand in the user's table: leaving rows out does not renumber them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.bad_input import BadInput

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]

LARGEST = 1e30  # fourth powers of ratios of larger and smaller numbers leave the range of double precision
SMALLEST = 1e-30  # a spread below it: the same from the other side
RESOLVED = 1e4 * float(np.finfo(float).eps)  # smallest spread in units of the values: leaves it four digits
COUNTED = 2**53  # larger whole numbers are not all doubles
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")


def shown(value: object, most: int = 60) -> str:
    """A name or value for a message: quoted, on one line whatever it holds, and not longer than ``most`` characters."""
    text = repr(value) if isinstance(value, str) else repr(str(value))[1:-1]
    return text if len(text) <= most else f"{text[: most - 4]}...{text[-1] if isinstance(value, str) else ''}"


def listed(values: Sequence[object], most: int = 10) -> str:
    """The first of several names or values, separated by commas."""
    return ", ".join(shown(value) for value in values[:most]) + (", ..." if len(values) > most else "")


def needed(table: pd.DataFrame | None) -> pd.DataFrame:
    """The table; raises `BadInput` if there is none."""
    if table is None:
        raise BadInput("there is no table: give one with --data FILE")
    return table


def only_column(table: pd.DataFrame) -> str:
    """The name of the only column; raises `BadInput` if there are several."""
    names = [str(name) for name in table.columns]
    if len(names) != 1:
        raise BadInput(f"name one column with --column; the columns are {listed(names)}")
    return names[0]


def chosen(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Some columns of a table, in the order of ``names``.

    Parameters
    ----------
    table : pandas.DataFrame
        Labels of its columns that are not text are compared as text.
    names : sequence of str

    Returns
    -------
    pandas.DataFrame
        A copy; its index counts the rows of ``table`` from 0, which is what messages name rows by.

    Raises
    ------
    BadInput
        If the table has no rows or two columns of one name, or if ``names`` is empty, repeats a name or holds one that
        is no column.
    """
    known = [str(name) for name in table.columns]
    if len(table) == 0:
        raise BadInput("the table has no rows")
    twice = [name for name in dict.fromkeys(known) if known.count(name) > 1] if len(set(known)) < len(known) else []
    if twice:
        raise BadInput(f"two columns of the table are called {shown(twice[0])}: rename one")
    if not names:
        raise BadInput(f"no column is named: choose among {listed(known)}")
    for position, name in enumerate(names):
        if name not in known:
            folded = {other.strip().casefold(): other for other in known}
            near = [folded[key] for key in difflib.get_close_matches(str(name).strip().casefold(), folded)]
            hint = f"did you mean {listed(near)}?" if near else f"the columns are {listed(known)}"
            raise BadInput(f"there is no column {shown(name)}: {hint}")
        if name in names[:position]:
            raise BadInput(f"column {shown(name)} is named twice: name it once")
    result = table.iloc[:, [known.index(name) for name in names]].copy()
    result.columns = list(names)
    return result.reset_index(drop=True)


def complete(table: pd.DataFrame, missing: str = "stop") -> tuple[pd.DataFrame, int]:
    """A table without missing values.

    Parameters
    ----------
    table : pandas.DataFrame
    missing : str
        ``"stop"`` refuses missing values, ``"drop"`` leaves out every row that has one.

    Returns
    -------
    table : pandas.DataFrame
        The rows that are kept have their old index.
    dropped : int
        How many rows were left out.

    Raises
    ------
    BadInput
        If a value is missing under ``"stop"``, if no row is left, or if ``missing`` is another word.
    """
    if missing not in ("stop", "drop"):
        raise BadInput(f"--missing {shown(missing)} is not known: it is 'stop' or 'drop'")
    absent = table.isna()
    incomplete = absent.any(axis=1).to_numpy(bool)
    if missing == "stop":
        for name in table.columns:
            where = np.flatnonzero(absent[name])
            if where.size:
                raise BadInput(
                    f"column {shown(name)} has {where.size} missing value{'s' * (where.size > 1)}, the first in "
                    f"{row(table, where[0])}: fill in, or leave out incomplete rows with --missing drop"
                )
    kept = table[~incomplete].infer_objects()
    if len(kept) == 0:
        emptiest = absent.sum().idxmax() if len(table) else ""
        raise BadInput(
            "every row has a missing value, so that --missing drop leaves none: leave out the column with the most, "
            f"{shown(emptiest)}"
        )
    return kept, int(incomplete.sum())


def kind(column: pd.Series[Any]) -> str:
    """What a column holds: ``numbers``, ``text``, ``categories``, ``truth values``, ``dates`` or ``mixed values``."""
    import pandas as pd
    from pandas.api import types

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "categories"
    if types.is_bool_dtype(dtype):
        return "truth values"
    if types.is_numeric_dtype(dtype):
        return "mixed values" if types.is_complex_dtype(dtype) else "numbers"
    return {
        "integer": "numbers",
        "floating": "numbers",
        "mixed-integer-float": "numbers",
        "decimal": "numbers",
        "string": "text",
        "boolean": "truth values",
        **dict.fromkeys(("datetime", "datetime64", "date", "time", "timedelta", "timedelta64", "period"), "dates"),
    }.get(types.infer_dtype(column, skipna=True), "mixed values")


def numbers(table: pd.DataFrame, name: str) -> Array:
    """A column of finite numbers that double precision can square and tell apart.

    Parameters
    ----------
    table : pandas.DataFrame
    name : str

    Returns
    -------
    array of float, shape (n,)

    Raises
    ------
    BadInput
        If a value is text, a truth value, a date, missing or infinite, or if `representable` refuses the column.
    """
    column = table[name]
    held = kind(column)
    if held == "text":
        raise BadInput(text_among_numbers(table, name))
    if held == "dates":
        raise BadInput(
            f"column {shown(name)} holds dates ({row(table, 0)}: {shown(column.iloc[0])}) where numbers are needed: "
            "give the time since some day, in days or years"
        )
    if held != "numbers":
        advice = "write 0 and 1" if held == "truth values" else "write numbers, or leave it out"
        raise BadInput(
            f"column {shown(name)} holds {held} ({row(table, 0)}: {shown(column.iloc[0])}) where numbers are needed: "
            f"{advice}"
        )
    try:
        values: Array = column.to_numpy(float, na_value=np.nan)
    except OverflowError:
        raise BadInput(
            f"column {shown(name)} holds whole numbers beyond the range of double precision: rescale it"
        ) from None
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size and np.isnan(values[bad[0]]):
        raise BadInput(
            f"column {shown(name)} has no value in {row(table, bad[0])}: fill it in, or leave such rows out with "
            "--missing drop"
        )
    if bad.size:
        raise BadInput(
            f"column {shown(name)} is infinite in {row(table, bad[0])} ({values[bad[0]]}): correct or empty the cell"
        )
    representable(values, name, [int(row) for row in table.index] if _counted(table) else None)
    return values


def representable(values: Array, name: str, rows: Sequence[int] | None = None) -> None:
    r"""Refuse finite numbers whose squares overflow, or whose spread vanishes or drowns in rounding.

    A value near :math:`m` is stored to within :math:`m \epsilon / 2`, :math:`\epsilon = 2^{-52}`; of a spread below
    :math:`10^4 m \epsilon`, fewer than four digits are left once the values are centred.
    """
    if values.size == 0:
        return
    at = int(np.argmax(np.abs(values)))
    size, spread = abs(float(values[at])), float(np.ptp(values)) if np.abs(values).max() <= LARGEST else np.inf
    if size > LARGEST:
        where = f" in row {(rows[at] if rows else at) + 1} below the header"
        raise BadInput(f"column {shown(name)} reaches {values[at]:g}{where}, too large to compute with: rescale it")
    if 0 < size < SMALLEST or 0 < spread < SMALLEST:
        raise BadInput(
            f"column {shown(name)} differs by {max(spread, size):g} at most, too little to compute with: rescale it"
        )
    if 0 < spread < RESOLVED * size:
        raise BadInput(
            f"column {shown(name)} differs by {spread:g} only, around {values[at]:g}, which double precision cannot "
            "resolve: subtract a constant and rescale it"
        )


def whole(table: pd.DataFrame, name: str) -> Whole:
    """A column of counts: whole numbers of at least 0 and at most 2^53.

    Returns
    -------
    array of int, shape (n,)

    Raises
    ------
    BadInput
        Of `numbers`, and for a value that is negative, not whole or too large.
    """
    values = numbers(table, name)
    for wrong, what in (
        (values < 0, "negative"),
        (values != np.floor(values), "not a whole number"),
        (values > COUNTED, "too large to be counted exactly"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            raise BadInput(
                f"column {shown(name)} must hold counts, whole numbers of at least 0: {row(table, at)} holds "
                f"{values[at]:.17g}, which is {what}"
            )
    return values.astype(np.int64)


def varying(values: Array, name: str) -> None:
    """Refuse a column whose values are all equal."""
    if values.size and np.all(values == values[0]):
        raise BadInput(f"column {shown(name)} is constant ({values[0]:g} in all rows): leave it out")


def _counted(table: pd.DataFrame) -> bool:
    """Whether the index counts the rows of a longer table, as that of `chosen` does."""
    return table.index.dtype.kind == "i"


def row(table: pd.DataFrame, position: int | np.integer[Any]) -> str:
    """Where a row stands in the user's table, ``position`` counting from 0 in this one."""
    return f"row {(int(table.index[int(position)]) if _counted(table) else int(position)) + 1} below the header"


def text_among_numbers(table: pd.DataFrame, name: str, otherwise: str = "") -> str:
    """The message that names the first cell of a text column which is no number."""
    texts = [str(value) for value in table[name]]
    wrong = [at for at, text in enumerate(texts) if not NUMBER.fullmatch(text)]
    at = wrong[0] if wrong else 0
    place = f"column {shown(name)} holds text where a number is needed: {shown(texts[at])} in {row(table, at)}"
    if not wrong:
        return f"{place} looks like a number, but is text: convert the column to numbers{otherwise}"
    if DECIMAL_COMMA.fullmatch(texts[at]):
        return f"{place}; write decimals with a point{otherwise}"
    return f"{place}; correct the cell, or empty it and use --missing drop{otherwise}"

"""Texts that a spreadsheet does not take for formulas.

A spreadsheet evaluates a cell that begins with ``=``, ``+``, ``-`` or ``@`` (or their wide forms). Names of columns and
categories come from users, and a file with commas may be read as one with semicolons or tabs, so that a cell may begin
anywhere after one of these. An apostrophe before the sign makes it text; nothing else of the text is changed. See
OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

BREAKS = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")
FORMULA = re.compile(r"(^|[;|])([\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def inert(text: str) -> str:
    """Text on one line that begins no formula, wherever a spreadsheet may cut it.

    Examples
    --------
    >>> inert("=1+1"), inert("beta[a;=cmd]"), inert("beta[a-b]")
    ("'=1+1", "beta[a;'=cmd]", 'beta[a-b]')
    """
    return FORMULA.sub(r"\1'\2", BREAKS.sub(" ", text))


def inert_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts and names of columns are all `inert`; numbers stay as they are."""
    return table.rename(columns=inert).map(lambda value: inert(value) if isinstance(value, str) else value)

"""A comparison in a notebook: the table of each prior as HTML, with everything that users named escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from comparisons import writing
from comparisons.terminal import READINGS, cells, head
from comparisons.verdict import Verdict

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 300  # characters of a prior in a caption; hyperparameters of a hundred predictors are in the results
LEFT = 'style="text-align: left"'


def html(title: str, table: pd.DataFrame, priors: Mapping[str, str], verdicts: Sequence[Verdict]) -> str:
    """Write a comparison as a fragment of HTML, without styles or scripts of its own.

    Parameters
    ----------
    title : str
    table : pandas.DataFrame
        With the columns of `comparisons.table`.
    priors : mapping of str to str
        What each prior says, for the captions.
    verdicts : sequence of Verdict

    Returns
    -------
    str
        The headline of the verdict, and per prior one table; a number that must not be read carries an exclamation
        mark, and the last column says why.
    """
    parts = [f"<p><strong>{_shown(title)}</strong>: {_shown(writing.headline(verdicts))}</p>"]
    for prior, rows in table.groupby("prior", sort=False):
        said = priors[str(prior)]
        parts.append(_prior(f"Prior {prior}: {said[:LONGEST]}{'…' * (len(said) > LONGEST)}", rows))
    # In notebooks, dollar signs in names would begin mathematics.
    return '<div class="tex2jax_ignore mathjax_ignore">\n' + "\n".join(parts) + "\n</div>"


def _prior(caption: str, rows: pd.DataFrame) -> str:
    columns = "".join(f'<th scope="col" {LEFT}>{_shown(name)}</th>' for name in [*head(rows), "note"])
    lines = []
    for row in cells(rows):
        first = row.reading == READINGS["mle"]
        name = f'<th scope="row" rowspan="{len(READINGS)}" {LEFT}>{_shown(row.parameter)}</th>' if first else ""
        mark = " <strong>!</strong>" if row.failed else ""
        note = "; ".join(filter(None, [f"do not read: {row.failed} failed" if row.failed else "", row.reason]))
        values = [
            _shown(row.reading),
            _shown(row.estimate) + mark,
            *map(_shown, (row.sd, row.interval, row.kind, note)),
        ]
        lines.append(f"<tr>{name}{''.join(f'<td {LEFT}>{value}</td>' for value in values)}</tr>")
    return (
        f"<table>\n<caption {LEFT}>{_shown(caption)}</caption>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n"
        + "\n".join(lines)
        + "\n</tbody>\n</table>"
    )


def _shown(text: str) -> str:
    """Text as it is, on one line."""
    return escape(writing.plain(text))

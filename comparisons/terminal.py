"""Stored results as a few lines of plain text."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from comparisons.digits import MISSING, exists, number, percent

READINGS = {"mle": "MLE", "map": "MAP", "posterior": "posterior mean"}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """A label on one line: what would move the cursor or turn the line around is shown as a space."""
    return CONTROL.sub(" ", str(text))


def printed(place: Path) -> str:
    """The comparison table and the verdict of a folder of results."""
    table = pd.read_csv(place / "comparison.csv", keep_default_na=True)
    parts = [_prior(str(prior), rows) for prior, rows in table.groupby("prior", sort=False)]
    return "\n\n".join(parts)


def _prior(prior: str, rows: pd.DataFrame) -> str:
    """The table of one prior, aligned."""
    level = percent(float(rows["level"].iloc[0]))
    head = ["parameter", "reading", "estimate", "sd", f"{level} interval", "kind of interval"]
    spread = rows[rows["reading"] == "posterior"].set_index("parameter")["sd"]
    lines = [head]
    for row in rows.to_dict("records"):
        error = row["mcse"] if row["reading"] == "posterior" else spread[row["parameter"]] / 100
        low, high = (number(row[end], error) for end in ("lower", "upper"))
        mark = " !" if isinstance(row["failed"], str) else ""
        lines.append(
            [
                plain(row["parameter"]) if row["reading"] == "mle" else "",
                READINGS[row["reading"]],
                number(row["estimate"], error) + mark,
                number(row["sd"], error),
                f"{low} to {high}" if exists(row["lower"]) and exists(row["upper"]) else MISSING,
                str(row["interval"]),
            ]
        )
    widths = [max(len(line[j]) for line in lines) for j in range(len(head))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    reasons = dict.fromkeys(str(reason) for reason in rows["reason"] if isinstance(reason, str))
    notes = [f"  {plain(reason)}" for reason in reasons]
    failed = [f"  ! do not read: the check {name} failed" for name in dict.fromkeys(rows["failed"].dropna())]
    return "\n".join([f"Prior {plain(prior)}", *texts, *notes, *failed])

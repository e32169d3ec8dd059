"""Stored results as a few lines of plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from comparisons import store, writing
from comparisons.digits import MISSING, exists, number, percent
from comparisons.verdict import Verdict, judge

READINGS = {"mle": "MLE", "map": "MAP", "posterior": "posterior mean"}
DRAWS = {"r_hat", "ess_bulk", "ess_tail", "mcse"}  # checks that more draws may pass


def printed(place: Path) -> str:
    """The comparison table and the verdict of a folder of results."""
    table = pd.read_csv(place / "comparison.csv", keep_default_na=True)
    return text(table, stored_verdicts(place))


def text(table: pd.DataFrame, verdicts: Sequence[Verdict]) -> str:
    """A comparison table and its verdict."""
    parts = [_prior(str(prior), rows) for prior, rows in table.groupby("prior", sort=False)]
    return "\n\n".join([*parts, writing.text(verdicts)])


def stored_verdicts(place: Path) -> list[Verdict]:
    """The verdicts that follow from a folder of results."""
    import xarray as xr

    table, checks = pd.read_csv(place / "comparison.csv"), store.read_json(place / "checks.json")["checks"]
    with xr.open_datatree(place / "fit.nc", engine="netcdf4") as tree:
        predictions = {prior: tree[prior]["prediction"].to_dataset().load() for prior in table["prior"].unique()}
    return [judge(prior, table[table["prior"] == prior], found, checks) for prior, found in predictions.items()]


@dataclass(frozen=True)
class Cells:
    """One row of the comparison table as it is read, on one line whatever the names hold.

    ``failed`` names the failed checks, ``reason`` says why a number does not exist or what to know of it; both may be
    empty.
    """

    parameter: str
    reading: str
    estimate: str
    sd: str
    interval: str
    kind: str
    failed: str
    reason: str


def head(rows: pd.DataFrame) -> list[str]:
    """Names of the columns that are shown of the rows of one prior."""
    level = percent(float(rows["level"].iloc[0]))
    return ["parameter", "reading", "estimate", "sd", f"{level} interval", "kind of interval"]


def cells(rows: pd.DataFrame) -> list[Cells]:
    """The rows of one prior as texts, each number with the digits that its error allows."""
    spread = rows[rows["reading"] == "posterior"].set_index("parameter")["sd"]
    result = []
    for row in rows.to_dict("records"):
        error = row["mcse"] if row["reading"] == "posterior" else spread[row["parameter"]] / 100
        low, high = (number(row[end], error) for end in ("lower", "upper"))
        failed, reason = (writing.plain(row[key]) if isinstance(row[key], str) else "" for key in ("failed", "reason"))
        result.append(
            Cells(
                parameter=writing.plain(str(row["parameter"])),
                reading=READINGS[row["reading"]],
                estimate=number(row["estimate"], error),
                sd=number(row["sd"], error),
                interval=f"{low} to {high}" if exists(row["lower"]) and exists(row["upper"]) else MISSING,
                kind=str(row["interval"]),
                failed=failed,
                reason=reason,
            )
        )
    return result


def _prior(prior: str, rows: pd.DataFrame) -> str:
    """The table of one prior, aligned."""
    lines, found = [head(rows)], cells(rows)
    for row in found:
        name = row.parameter if row.reading == READINGS["mle"] else ""
        mark = " !" if row.failed else ""
        lines.append([name, row.reading, row.estimate + mark, row.sd, row.interval, row.kind])
    widths = [max(len(line[j]) for line in lines) for j in range(len(lines[0]))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    notes = [f"  {reason}" for reason in dict.fromkeys(row.reason for row in found if row.reason)]
    names = list(dict.fromkeys(name for row in found for name in row.failed.split("; ") if name))
    failed = [f"  ! do not read: failed {'check' if len(names) == 1 else 'checks'} {', '.join(names)}"] if names else []
    if set(names) & DRAWS:
        failed.append("  too few draws to judge: run again with more, such as --draws 4000")
    return "\n".join([f"Prior {writing.plain(prior)}", *texts, *notes, *failed])

"""Measured rows as a tidy CSV, and as Markdown with the ratios of Threefold to the best of its peers."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from benchmarks.summary import AGREE, CONVERGED

NAN = math.nan
TITLES = {
    "scenarios": "The five scenarios on their teaching data",
    "rows": "Growth with the number of rows",
    "predictors": "Growth with the number of predictors (regression, 500 rows)",
    "components": "Growth with the number of components (mixture, 100 points each)",
    "worlds": "Growth with the number of data sets (Gaussian, 100 rows each; Threefold makes all three readings)",
    "points": "Point readings",
    "report": 'The whole `make report`, in units of `python -c "import pymc"`; pages alone in those of `import arviz`',
}


@dataclass(frozen=True)
class Row:
    """One run of one peer.

    Attributes
    ----------
    part, case, size : str
        A part of the benchmark (`TITLES`), a scenario or reading, and what grows with its value.
    peer, ours, version
        The label, whether it is Threefold itself, and what answered.
    state : {"cold", "warm"}
        With empty or with filled caches of compiled code.
    status : {"measured", "scaled", "capped", "skipped", "failed", "missing"}
    reason : str
        Why it was not measured.
    wall, cpu, memory : float
        Seconds and MB of the process (`benchmarks.process.Cost`).
    imported, built, sampled : float
        Seconds within (`benchmarks.peers.contract.Answer`).
    ess, rhat : float
        Smallest bulk effective sample size, largest R-hat.
    distance : float
        From the first peer that converged, in Monte Carlo standard errors; for a point the largest difference.
    at : str
        When it ended: date and time, UTC.
    """

    part: str
    case: str
    size: str
    peer: str
    ours: bool
    state: str
    status: str
    reason: str = ""
    version: str = ""
    wall: float = NAN
    cpu: float = NAN
    memory: float = NAN
    imported: float = NAN
    built: float = NAN
    sampled: float = NAN
    ess: float = NAN
    rhat: float = NAN
    distance: float = NAN
    at: str = ""

    @property
    def ess_per_second(self) -> float:
        """Of sampling alone."""
        return self.ess / self.sampled if self.sampled > 0 else NAN

    @property
    def verdict(self) -> str:
        """Whether the draws are of the same posterior as those of the first peer."""
        if math.isnan(self.rhat):
            return ""
        if self.rhat > CONVERGED:
            return "not converged"
        if math.isnan(self.distance):
            return ""
        return "yes" if self.distance <= AGREE else f"NO: {self.distance:.1f} errors apart"

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against its answer, so that Threefold may be compared with it."""
        return self.verdict in ("", "yes")


def to_csv(rows: Iterable[Row]) -> str:
    """One line per run, every digit kept."""
    output = io.StringIO()
    names = [one.name for one in fields(Row)]
    writer = csv.DictWriter(output, [*names, "ess_per_second", "verdict"], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**asdict(row), "ess_per_second": row.ess_per_second, "verdict": row.verdict})
    return output.getvalue()


def from_csv(text: str) -> list[Row]:
    """Rows that `to_csv` wrote; none if it was a version of it with other columns."""
    lines = list(csv.DictReader(io.StringIO(text)))
    kinds = {one.name: one.type for one in fields(Row)}
    read: dict[str, Callable[[str], Any]] = {"str": str, "float": float, "bool": lambda word: word == "True"}
    return [
        Row(**{name: read[str(kind)](line[name]) for name, kind in kinds.items()})
        for line in lines
        if line.keys() >= kinds.keys()
    ]


def merged(old: Iterable[Row], new: Iterable[Row]) -> list[Row]:
    """New rows in the places of the old ones of the same runs, others behind them; parts in the order of `TITLES`."""
    rows = {(row.part, row.case, row.size, row.peer, row.state): row for row in (*old, *new)}
    parts = list(TITLES)
    return sorted(rows.values(), key=lambda row: parts.index(row.part))


def number(value: float, digits: int = 3) -> str:
    """A number in so many significant digits without an exponent; a dash if there is none."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    decimals = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    return f"{value:,.{decimals}f}"


def ratio(
    rows: Sequence[Row], ours: str, measure: Callable[[Row], float], *, state: str = "warm", more: bool = False
) -> str:
    """Threefold over the best peer, with the name of that peer: below 1 is faster; with ``more``, above 1 is better.

    Parameters
    ----------
    rows : sequence of Row
        Of one case and size.
    ours : str
        The label of Threefold's run.
    measure : callable
    state : {"cold", "warm"}
    more : bool
        Whether more of it is better.
    """
    values = {
        row.peer: measure(row)
        for row in rows
        if row.status in ("measured", "scaled") and row.state == state and measure(row) > 0
    }
    others = {row.peer: values[row.peer] for row in rows if row.peer in values and not row.ours and row.sound}
    if ours not in values or not others:
        return "-"
    best = (max if more else min)(others, key=lambda peer: others[peer])
    return f"{number(values[ours] / others[best], 2)} ({best})"


def grouped(rows: Iterable[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """Rows by a key, in the order of their first appearance."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def markdown(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    cells = [header, ["---"] * len(header), *lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def to_markdown(rows: Sequence[Row], about: str) -> str:
    """All parts that have rows, the ratios first.

    Parameters
    ----------
    rows : sequence of Row
    about : str
        A paragraph: the machine, the time, what was asked.
    """
    parts = grouped(rows, lambda row: row.part)
    text = f"# Threefold beside its peers\n\n{about}\n"
    if "scenarios" in parts:
        text += "\n## In short: Threefold over the best of its peers\n\n" + _in_short(parts["scenarios"])
    for name, title in TITLES.items():
        if name in parts:
            ended = sorted(row.at for row in parts[name] if row.at)
            when = f"Measured from {ended[0]} to {ended[-1]} UTC.\n\n" if ended else ""
            text += f"\n## {title}\n\n{when}{WRITERS.get(name, _growth)(parts[name])}"
    return text


def _in_short(rows: Sequence[Row]) -> str:
    header = ["scenario", "compare(), cold", "compare(), warm", "posterior alone, warm", "sampling", "ESS per second"]
    both = "Threefold, compare()", "Threefold, posterior alone"
    lines = [
        [
            case,
            ratio(of, both[0], lambda row: row.wall, state="cold"),
            ratio(of, both[0], lambda row: row.wall),
            ratio(of, both[1], lambda row: row.wall),
            ratio(of, both[1], lambda row: row.sampled),
            ratio(of, both[1], lambda row: row.ess_per_second, more=True),
        ]
        for case, of in grouped(rows, lambda row: row.case).items()
    ]
    return (
        markdown(header, lines)
        + "\nTimes: below 1 Threefold is faster. ESS per second: above 1 it is better. `compare()` makes three "
        "readings with their intervals, references, leave-one-out predictions, checks and verdict; the peers sample "
        "the posterior alone.\n"
    )


def _scenarios(rows: Sequence[Row]) -> str:
    header = ["peer", "cold s", "warm s", "CPU s", "MB", "import s", "build s", "sampling s"]
    header += ["min ESS", "max R-hat", "ESS/s", "agrees"]
    text = ""
    for case, of in grouped(rows, lambda row: row.case).items():
        lines = []
        for peer, runs in grouped(of, lambda row: row.peer).items():
            by_state = {row.state: row for row in runs}
            warm, cold = by_state.get("warm"), by_state.get("cold")
            shown = warm or cold
            if shown is None or shown.status != "measured":
                known = shown or runs[0]
                lines.append([peer, f"{known.status}: {known.reason}", *[""] * (len(header) - 2)])
                continue
            seconds = [number(one.wall) if one else "-" for one in (cold, warm)]
            parts = [shown.cpu, shown.memory, shown.imported, shown.built, shown.sampled, shown.ess]
            lines.append(
                [peer, *seconds, *map(number, parts), f"{shown.rhat:.3f}", number(shown.ess_per_second), shown.verdict]
            )
        text += f"### {case}\n\n{markdown(header, lines)}\n"
    return text.rstrip("\n") + "\n"


def _growth(rows: Sequence[Row]) -> str:
    peers = list(grouped(rows, lambda row: row.peer))
    text = ""
    for case, of in grouped(rows, lambda row: row.case).items():
        lines, notes = [], list[str]()
        for size, runs in grouped(of, lambda row: row.size).items():
            by_peer = {row.peer: row for row in runs}
            cells = [_cell(by_peer[peer]) if peer in by_peer else "" for peer in peers]
            lines.append([size, *cells, ratio(runs, "Threefold, posterior alone", lambda row: row.wall)])
            notes += [f"{row.peer}, {size}: {row.status}: {row.reason}" for row in runs if row.reason]
            notes += [f"{row.peer}, {size}: {row.verdict}" for row in runs if row.verdict not in ("", "yes")]
        text += f"### {case}\n\n{markdown([*('size', *peers), 'ratio'], lines)}\n"
        text += "".join(f"* {note}\n" for note in notes) + ("\n" if notes else "")
    return text + "Warm wall time in seconds, in brackets sampling alone; the ratio is that of the wall times.\n"


def _cell(row: Row) -> str:
    if row.status == "measured":
        return f"{number(row.wall)} ({number(row.sampled)})"
    if row.status == "scaled":
        return f"≈ {number(row.wall)} (scaled)"
    return f"> {number(row.wall)}" if row.status == "capped" else row.status


def _points(rows: Sequence[Row]) -> str:
    header = ["reading", "by", "version", "warm s", "import s", "first s", "again s", "largest difference"]
    lines = []
    for row in rows:
        if row.status == "measured":
            seconds = [row.wall, row.imported, row.built, row.sampled]
            lines.append([row.case, row.peer, row.version, *map(number, seconds), f"{row.distance:.1e}"])
        else:
            lines.append([row.case, row.peer, f"{row.status}: {row.reason}", *[""] * 5])
    return (
        markdown(header, lines)
        + "\nThreefold's time includes ten starts, the audit of the maximum and its intervals (profile likelihood, "
        "Laplace). *First*: the first answer in a process; *again*: the second.\n"
    )


def _report(rows: Sequence[Row]) -> str:
    lines = [[row.state, number(row.wall), number(row.imported), number(row.wall / row.imported)] for row in rows]
    return markdown(["run", "seconds", "the import, seconds", "units"], lines)


WRITERS: dict[str, Callable[[Sequence[Row]], str]] = {"scenarios": _scenarios, "points": _points, "report": _report}

"""Threefold beside its peers: every run in a fresh process, one table at the end. ``make bench``, or see ``--help``.

A *cold* run starts with empty caches of compiled code, a *warm* one with those the cold run left; they are kept in
``benchmarks/.environments/caches``, so that a part can be run alone. All peers get the same data, hyperparameters,
chains, draws and seed. The table is written after every run, and keeps what was measured before of other parts.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np

from benchmarks import jobs, process, report
from benchmarks.bench import CACHES, Bench, Judge, fingerprint
from benchmarks.environments import PEERS, Peer
from benchmarks.peers.classical import PACKAGES
from benchmarks.peers.contract import COMPARED, Answer, Job
from benchmarks.summary import AGREE, CONVERGED
from benchmarks.table import TITLES, Row, from_csv, merged, to_csv, to_markdown

RESULTS = Path(__file__).parent / "results"
SIZES = {
    "rows": (1_000, 100_000, 10_000_000),
    "predictors": (5, 30, 100),
    "components": (2, 4),
    "worlds": (1, 10, 1_000),
}
COLD = ("coin", "mixture")
"""The smallest and the largest model: a first run of every peer on every scenario would take the most time of all."""
POINTS = ("regression", "mixture", "logistic")
DEFAULT = tuple(part for part in TITLES if part != "report")
QUICK = ("scenarios", "points")
GROWTH: dict[str, tuple[str, str, Callable[[int], Job]]] = {
    "rows": ("gaussian", "n", lambda n: jobs.of_rows("gaussian", n)),
    "predictors": ("regression", "p", jobs.of_predictors),
    "components": ("mixture", "K", jobs.of_components),
    "worlds": ("gaussian", "data sets", jobs.of_worlds),
}
POSTERIOR_PEERS = tuple(peer for peer in PEERS if peer.reading == "posterior")
POINT_PEERS = (
    Peer("mle", "Threefold", "threefold", reading="mle"),
    Peer("map", "Threefold", "threefold", reading="map"),
    Peer("classical", "scikit-learn, statsmodels, SciPy", "classical", package="statsmodels"),
    Peer("pymc", "PyMC, find_MAP", "pymc", package="pymc"),
)


def scenarios(bench: Bench, names: tuple[str, ...], peers: tuple[Peer, ...], cold: tuple[str, ...]) -> Iterator[Row]:
    """Every peer on the teaching data of every scenario, warm, and of some of them first cold."""
    for scenario in names:
        judge = Judge()
        for peer in peers:
            # Threefold's posterior alone finds the caches that its whole comparison has left.
            first_of_caches = peer.caches and not (peer.ours and peer.reading == "posterior")
            for state in ("cold", "warm") if first_of_caches and scenario in cold else ("warm",):
                # Another seed, since PyStan keeps whole fits.
                seed = jobs.SEED + (state == "cold")
                job = jobs.teaching(scenario, reading=peer.reading, seed=seed)
                row, answer = bench.run(Row("scenarios", scenario, "", peer.label, peer.ours, state, ""), peer, job)
                yield judge.judged(row, job, answer)
                if row.status == "missing":
                    break


def growth(bench: Bench, part: str, sizes: tuple[int, ...], peers: tuple[Peer, ...]) -> Iterator[Row]:
    """One peer after the other on growing problems, warm, each until a run would pass the cap."""
    scenario, letter, make = GROWTH[part]
    judges: dict[int, Judge] = {size: Judge() for size in sizes}
    for peer in peers:
        past: list[tuple[int, Row]] = []
        for size in sizes:
            row = Row(part, scenario, f"{letter} = {size:,}", peer.label, peer.ours, "warm", "")
            known = foreseen(part, size, past, bench.cap, row)
            if known is None:
                job = replace(make(size), reading=peer.reading)
                row, answer = bench.run(row, peer, job, bench.cap)
                row = judges[size].judged(row, replace(job, worlds=0), answer)
            else:
                row = bench.say(known)
            past.append((size, row))
            yield row


def foreseen(part: str, size: int, past: Sequence[tuple[int, Row]], cap: float, row: Row) -> Row | None:
    """The row of a run that is not to be made: the peer is not there, or the run is known to pass the cap.

    Rows and data sets cost in proportion: the next run is foreseen on the line through the last two. What is foreseen
    of data sets is given as *scaled*.
    """
    if not past:
        return None
    last = past[-1][1]
    if last.status == "missing":
        return replace(row, status="missing", reason=last.reason)
    if last.status in ("capped", "skipped", "failed"):
        return replace(row, status="skipped", reason=f"a smaller one was {last.status}")
    made = [(at, one) for at, one in past if one.status == "measured"]
    if part not in ("rows", "worlds") or len(made) < 2:
        return None
    (fewer, first), (more, second) = made[-2:]
    slope = max((second.wall - second.imported) - (first.wall - first.imported), 0.0) / (more - fewer)
    expected = second.wall + slope * (size - more)
    if expected <= cap:
        return None
    if part == "worlds":
        reason = f"from runs of {fewer:,} and {more:,} data sets, {slope:.2g} s each"
        return replace(row, status="scaled", reason=reason, wall=expected)
    return replace(
        row, status="skipped", reason=f"about {expected:,.0f} s expected, {second.wall:.1f} s at n = {more:,}"
    )


def points(bench: Bench, names: tuple[str, ...]) -> Iterator[Row]:
    """Maximum likelihood and mode beside what one would take for them."""
    for reading in ("mle", "map"):
        for scenario in names:
            ours: Answer | None = None
            for peer in POINT_PEERS:
                if peer.ours != (peer.name == reading) or (peer.name == "pymc" and reading != "map"):
                    continue
                if peer.name == "classical" and (scenario, reading) not in PACKAGES:
                    continue
                job = jobs.teaching(scenario, reading=reading)
                row = Row("points", f"{scenario}, {reading.upper()}", "", peer.label, peer.ours, "warm", "")
                row, answer = bench.run(row, peer, job)
                ours = ours or answer
                if answer is not None and ours is not None:
                    apart = [np.max(np.abs(answer.draws[key] - ours.draws[key])) for key in COMPARED[scenario]]
                    row = replace(row, distance=float(max(apart)))
                yield row


def reports(bench: Bench) -> Iterator[Row]:
    """The whole `make report`; cold only where its code has changed since the last time."""
    caches = CACHES / "report" / fingerprint(PEERS[0])
    if not caches.exists():
        shutil.rmtree(caches.parent, ignore_errors=True)
        caches.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=bench.folder) as name:
        for state, seconds, unit in report.stages(Path(name), caches):
            row = Row("report", "report", "", "Threefold", True, state, "measured", wall=seconds, imported=unit)
            print(f"report {state}: {seconds:.1f} s, {seconds / unit:.1f} units of {unit:.1f} s", flush=True)
            yield row


def about(cap: float) -> str:
    """The paragraph above the tables."""
    return (
        f"Made by `make bench` on {os.process_cpu_count()} cores ({platform.system()}, {platform.machine()}, Python "
        f"{platform.python_version()}). Every run is a fresh process with the data, hyperparameters and seeds of the "
        "others; four chains, 1,000 draws after 1,000 of warm-up. *Cold*: empty caches of compiled code; *warm*: "
        "filled ones. *Build* is everything between imports and sampling. *MB*: the largest process of a run. *ESS*: "
        "smallest bulk effective sample size of all parameters, *ESS/s* per second of sampling alone. *Agrees*: means "
        f"and standard deviations within {AGREE:g} Monte Carlo standard errors of the first peer's that converged "
        f"(R-hat at most {CONVERGED:g}). In growths a run is ended after {cap:.0f} s."
    )


def write(rows: list[Row], cap: float) -> None:
    """Put rows into both tables, under temporary names first; what was measured before of other parts stays."""
    RESULTS.mkdir(exist_ok=True)
    before = RESULTS / "table.csv"
    known = from_csv(before.read_text(encoding="utf-8")) if before.exists() else []
    everything = merged(known, rows)
    for name, text in (("table.csv", to_csv(everything)), ("table.md", to_markdown(everything, about(cap)))):
        temporary = RESULTS / f".{name}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(RESULTS / name)


def chosen(text: str, known: tuple[str, ...], option: str) -> tuple[str, ...]:
    """Words of an option, all of them if there is none.

    Raises
    ------
    click.BadParameter
        If a word is not known.
    """
    words = tuple(text.replace(",", " ").split())
    for word in words:
        if word not in known:
            raise click.BadParameter(f"{word!r} is not one of {', '.join(known)}", param_hint=option)
    return tuple(name for name in known if name in words) if words else known


@click.command(help=__doc__)
@click.option("--parts", default="", help=f"Of {', '.join(TITLES)}; all but the last if not given.")
@click.option(
    "--scenarios", "names", default="", help=f"Of {', '.join(COMPARED)}; all, two of them cold, if not given."
)
@click.option("--peers", default="", help=f"Of {', '.join(peer.name for peer in PEERS)}; all if not given.")
@click.option("--cap", default=40.0, show_default=True, help="Seconds that one run of a growth may take.")
@click.option("--quick", is_flag=True, help="The coin alone, and nothing that grows: about two minutes.")
def main(parts: str, names: str, peers: str, cap: float, quick: bool) -> None:
    """Run the chosen parts and write the table."""
    wanted = chosen(parts or " ".join(QUICK if quick else DEFAULT), tuple(TITLES), "--parts")
    given = names or ("coin" if quick else "")
    scenario_names = chosen(given, tuple(COMPARED), "--scenarios")
    keys = chosen(peers, tuple(peer.name for peer in PEERS), "--peers")
    several = tuple(peer for peer in PEERS if peer.name in keys)
    alone = tuple(peer for peer in several if peer in POSTERIOR_PEERS)
    began = time.time()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), cap)
        runs: dict[str, Callable[[], Iterator[Row]]] = {
            "scenarios": lambda: scenarios(bench, scenario_names, several, scenario_names if given else COLD),
            "points": lambda: points(bench, scenario_names if given else POINTS),
            "report": lambda: reports(bench),
        }
        rows: list[Row] = []
        for part in wanted:
            for row in runs[part]() if part in runs else growth(bench, part, SIZES[part], alone):
                rows.append(replace(row, at=f"{datetime.now(UTC):%Y-%m-%d %H:%M}"))
                write(rows, cap)
    print(f"{RESULTS.relative_to(process.ROOT) / 'table.md'}, table.csv: {(time.time() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    sys.exit(main())

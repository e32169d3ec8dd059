"""``fit [NAME ...]``: built-in fits, or a user's own data."""

from __future__ import annotations

import inspect
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

import models
from comparisons import store
from comparisons.pipeline import fit_plan, fit_stale
from comparisons.plan import Plan, own
from comparisons.settings import SETTINGS
from comparisons.wishes import flag
from models.contract import BadInput

HELP = """Fit built-in fits that are not up to date (all, or those named), or your own data under one scenario.

\b
  fit coin mixture-faithful                                     built-in fits
  fit coin --heads 65 --flips 100                               your own counts
  fit gaussian --data timings.csv --column seconds
  fit regression --data houses.parquet --outcome price --predictors area,rooms,year --prior laplace --scale 0.5
  fit regression --data houses.csv --formula "price ~ area + rooms + area:rooms" --prior "sigma ~ HalfCauchy(5)"
  fit logistic --data launches.csv --outcome damaged/tested --predictors temperature
  fit mixture --data geysers.csv --columns eruptions,waiting --components 2
  fit coin-small --prior "theta ~ Beta(3, 1)"                   built-in data, a prior of your own

The results go to reports/results/<name>/, their page to reports/site/<name>.html; table and verdict are printed.
Bad input is refused in one line, with exit status 2, before anything is written.
"""
TYPES: dict[str, Any] = {"int": click.INT, "float": click.FLOAT, "bool": click.BOOL, "str": click.STRING}
DATA, PRIORS, READINGS, RESULTS = "Your table", "Priors", "Readings", "Results"
GENERAL = {
    DATA: [
        click.Option(["--data"], metavar="FILE", help="CSV or Parquet file, perhaps compressed"),
        click.Option(
            ["--delimiter"], metavar="CHARACTER", help="between the cells of a CSV file, or tab (default: comma)"
        ),
    ],
    PRIORS: [
        click.Option(
            ["--prior"],
            multiple=True,
            help='name of a prior, or one of your own such as "beta ~ StudentT(3, 0, 1)"; may be repeated. Without it '
            "all named priors are compared",
        ),
        click.Option(["--fix"], multiple=True, help='hold a variable fixed, such as "sigma = 1.5"; may be repeated'),
    ],
    READINGS: [
        click.Option(["--level"], type=float, help=f"level of all intervals (default {SETTINGS.level})"),
        click.Option(["--interval"], metavar="KIND", help="of the posterior: eti (equal-tailed, default) or hdi"),
        click.Option(["--draws"], type=int, help=f"kept draws of each chain (default {SETTINGS.draws})"),
        click.Option(["--chains"], type=int, help=f"chains (default {SETTINGS.chains})"),
        click.Option(["--seed"], type=int, help=f"seed of everything random (default {SETTINGS.seed})"),
    ],
    RESULTS: [
        click.Option(["--name"], help="of folder and page (default: made of scenario and file)"),
        click.Option(["--out"], metavar="FOLDER", help="where the results of your data go (default reports/results)"),
        click.Option(["--jobs"], type=int, help="processes for built-in fits (default: one per core)"),
    ],
}
SETTING = ("level", "interval", "draws", "chains", "seed")


def scenario_options() -> dict[str, list[click.Option]]:
    """Options of the scenarios, by the scenarios that have them."""
    found: dict[str, tuple[list[str], str, str]] = {}
    for name in models.names():
        scenario = models.load(name)
        for function, helps in ((scenario.read, scenario.options), (scenario.priors, scenario.hyperparameters)):
            annotations = inspect.signature(function).parameters
            for key, text in helps.items():
                users, _, _ = found.setdefault(key, ([], text, str(annotations[key].annotation)))
                users.append(name)
    sections: dict[str, list[click.Option]] = {}
    for key, (users, text, annotation) in found.items():
        long = flag(key)
        kind = annotation.removesuffix(" | None")
        both = f"{long}/--no-{long[2:]}" if kind == "bool" else long
        made = click.Option([both], default=None, type=TYPES.get(kind, click.STRING), help=text)
        where = "Several scenarios" if len(users) > 3 else ", ".join(users)
        sections.setdefault(where, []).append(made)
    return dict(sorted(sections.items(), key=lambda item: item[0] == "Several scenarios"))


class FitCommand(click.Command):
    """A command that lists its options under headings."""

    def __init__(self) -> None:
        self.sections = {DATA: GENERAL[DATA], **scenario_options()}
        self.sections |= {key: options for key, options in GENERAL.items() if key != DATA}
        options = [option for section in self.sections.values() for option in section]
        names = click.Argument(["names"], nargs=-1, metavar="[NAME]...")
        super().__init__("fit", params=[names, *options], callback=fit, help=HELP, short_help="fit three ways, compare")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, section by section."""
        for title, options in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([record for option in options if (record := option.get_help_record(ctx))])


def fit(names: tuple[str, ...], jobs: int | None, out: str | None, **options: Any) -> int:
    """Fit what is asked for; returns the exit status."""
    jobs = os.cpu_count() or 1 if jobs is None else jobs
    if jobs < 1:
        raise BadInput(f"--jobs {jobs}: give at least 1")
    given = {key: value for key, value in options.items() if value not in (None, (), "")}
    if not given and out is None:
        return fit_stale(list(names), jobs)
    if len(names) != 1:
        raise BadInput(f"{' '.join(map(flag, given))}: name one scenario: {', '.join(models.names())}")
    results = Path(out) if out else store.RESULTS
    plan = planned(names[0], given)
    if results == store.RESULTS or not results.exists() or results.is_dir():
        _check_place(results / plan.name)
    else:
        raise BadInput(f"--out {out}: this is a file, give a folder")
    status = fit_plan(plan, results)
    return status or show(plan, results)


def planned(name: str, given: dict[str, Any]) -> Plan:
    """The plan that a command line asks for."""
    from comparisons.files import digest_of_file, read_file

    given = dict(given)
    settings = replace(SETTINGS, **{key: given.pop(key) for key in SETTING if key in given})
    path, delimiter = given.pop("data", ""), given.pop("delimiter", "")
    delimiter = "\t" if delimiter == "tab" else delimiter
    if delimiter and not path:
        raise BadInput("--delimiter: give the table too, with --data FILE")
    table = read_file(Path(path), *([delimiter] if delimiter else [])) if path else None
    file = {"data": path, "delimiter": delimiter, "sha256": digest_of_file(Path(path))} if path else {}
    return own(
        name,
        table,
        source=Path(path).name if path else "",
        settings=settings,
        command=f"python -m comparisons {shlex.join(sys.argv[1:])}",
        file=file,
        **given,
    )


def show(plan: Plan, results: Path) -> int:
    """Print table and verdict, and build the page: another program, because nothing here knows how a page looks."""
    from comparisons.terminal import printed

    print(printed(results / plan.name))
    place = [] if results == store.RESULTS else ["--results", str(results), "--site", str(results / "site")]
    return subprocess.run([sys.executable, "-m", "reports", plan.name, *place], check=False).returncode


def _check_place(place: Path) -> None:
    """Refuse a folder that holds something else."""
    if place.is_file():
        raise BadInput(f"{place} is a file: give another --name or --out")
    if place.is_dir() and any(place.iterdir()) and not (place / "checks.json").exists():
        strangers = [path.name for path in place.iterdir() if path.name not in store.FILES and path.name[0] != "."]
        if strangers:
            raise BadInput(f"{place} holds {strangers[0]!r}, which is no result of a fit: give another --name or --out")

"""``python -m reports.handout FIT [--seed SEED]``: the page of a fit as PDF, a version for students, and the key.

The editions are the page itself with a class on its body; that for students and the key have some of its sections only,
and the former no answer. Chromium prints them. With a seed the scenario's teaching data are simulated anew and fitted,
so that every student can have data of one's own.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import models
from comparisons import store
from comparisons.pipeline import fit_plan
from comparisons.plan import built_in
from models.contract import BadInput
from reports.pipeline import SITE, NoResults, build, fit_and_build, processes

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EDITIONS = {
    "full": ("", "Handout, with all answers"),
    "student": ("-student", "Handout for students"),
    "key": ("-key", "Key to the questions and exercises"),
}
"""Of each edition the end of the name of its file, and what stands at its top."""
KEPT = {"student": ("data", "guess", "model", "exercises"), "key": ("guess", "exercises")}
"""Sections of the editions that have not all: of these none tells students what the fits say."""
LEFT_OUT = (
    "This version has the question, the data, the model and the exercises. The three fits and all answers are left "
    "out: they are on the page of this fit, whose comparison table has the estimates that an exercise may ask for."
)
SECTION = re.compile(r'<section id="(\w+)"[^>]*>.*?</section>\s*', re.DOTALL)
CONTENTS = re.compile(r"<nav\b.*?</nav>\s*", re.DOTALL)
TOLD = re.compile(r'(<p class="data-title">.*?</p>).*?(?=</header>)', re.DOTALL)
"""The title of the data, and what stands below: the lesson, and how the fits turned out."""
ANSWER = re.compile(r'<details class="answer">.*?</details>\s*', re.DOTALL)
SCRIPT = re.compile(r"<script\b.*?</script>\s*", re.DOTALL)
AWAY = re.compile(r' href="(?!#)[^"]*"')  # to other files, which paper does not have
SECONDS = 180  # that printing may take


class CannotPrint(Exception):
    """There is no browser, or it failed: one line that says what to do."""


def edition(page: str, kind: str) -> str:
    """The page as one of the `EDITIONS`: without scripts and links to other files, everything unfolded.

    Parameters
    ----------
    page : str
        HTML of the page of a fit.
    kind : {"full", "student", "key"}
        What an edition has not is left out of the document, not only hidden.
    """
    page = AWAY.sub("", SCRIPT.sub("", page))
    if kind in KEPT:
        page = SECTION.sub(lambda found: found[0] if found[1] in KEPT[kind] else "", CONTENTS.sub("", page))
        page = TOLD.sub(rf"\1\n<p>{LEFT_OUT}</p>\n" if kind == "student" else r"\1\n", page, count=1)
    if kind == "student":
        page = ANSWER.sub("", page)
    page = page.replace("<details", "<details open").replace("<body>", f'<body class="handout {kind}">', 1)
    title = f'<p class="edition">{EDITIONS[kind][1]}</p>'
    return re.sub(r"<header[^>]*>", lambda found: f"{found[0]}\n{title}", page, count=1)


def browser() -> str:
    """Path of a browser that prints.

    Raises
    ------
    CannotPrint
        If there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise CannotPrint(f"handouts are printed by Chromium: install one of {', '.join(BROWSERS)} (Debian: chromium)")
    return found


def write(name: str, site: Path, program: str) -> list[Path]:
    """Print the three editions of a page; returns the files."""
    page = (site / f"{name}.html").read_text(encoding="utf-8")
    places = []
    for kind, (end, _) in EDITIONS.items():
        place = site / "handouts" / f"{name}{end}.pdf"
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / f"{name}{end}.html"
            source.write_text(edition(page, kind), encoding="utf-8")
            store.write(place, partial(print_page, program, source))
        places.append(place)
    return places


def print_page(program: str, source: Path, target: Path) -> None:
    """Let a browser print a file.

    Raises
    ------
    CannotPrint
        If it failed, or took too long.
    """
    profile = source.parent / "profile"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--no-pdf-header-footer"]
    try:
        done = subprocess.run(
            [program, *options, f"--print-to-pdf={target}", source.as_uri()],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotPrint(f"{program} did not finish printing {source.name} within {SECONDS} seconds") from None
    if done.returncode or not target.is_file():
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotPrint(f"{program} could not print {source.name}: {last}")


def seeded(name: str, seed: str) -> str:
    """Name of the fit of the scenario's data simulated with a seed.

    Raises
    ------
    BadInput
        If the name is no scenario, or the seed no whole number.
    """
    if name not in models.names():
        raise BadInput(f"no scenario named {name!r} to simulate data of; known scenarios: {', '.join(models.names())}")
    if not (seed.isdecimal() and seed.isascii() and len(seed) <= 18):
        raise BadInput(f"--seed {seed!r}: give a whole number of at most 18 digits, such as 7")
    return f"{name}-seed-{int(seed)}"


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, make what is missing, print; exit status 2 for what cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m reports.handout", description=__doc__)
    parser.add_argument("fit", metavar="FIT", help="a fit with a page, or a scenario")
    parser.add_argument("--seed", help="simulate the scenario's teaching data anew with this seed, and fit them")
    parser.add_argument("--jobs", default=str(os.cpu_count() or 1), help="processes (default: one per core)")
    options = parser.parse_args(arguments)
    try:
        jobs = processes(options.jobs)
        program = browser()
        name = options.fit if options.seed is None else seeded(options.fit, options.seed)
        status = 0
        if options.seed is not None:
            status = fit_plan(built_in(name), store.RESULTS)
        elif name in models.fits():
            status = fit_and_build([name], jobs, SITE)
        if status:
            return status
        build([name], 1)
        for place in write(name, SITE, program):
            print(place)
    except (BadInput, NoResults, CannotPrint, store.CannotWrite) as error:
        print(f"handout: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

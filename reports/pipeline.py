"""Which pages are stale, and their building, shared among processes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import models
from comparisons import store
from comparisons.pipeline import context, fit_stale, serve
from models.contract import BadInput
from reports.digests import code_digest, guide_digest, page_digest, written_digest

HERE = Path(__file__).parent
SITE = HERE / "site"
FILES = ("fit.nc", "comparison.csv", "checks.json")
TAKEN = ("comparison.csv", "checks.json", "verdict.md", "fit.ipynb", "fit.nc", *store.SWEEPS)
"""Results that a site has copies of, so that it can be carried away."""
HANDOUT = "handouts/{}.pdf"
"""The page on paper, if it was made."""


class NoResults(Exception):
    """A fit that cannot be shown."""


def processes(jobs: str) -> int:
    """Number of processes from what was typed.

    Raises
    ------
    BadInput
        If it is no whole number, or less than 1.
    """
    if not (jobs.isdecimal() and jobs.isascii() and 1 <= len(jobs) <= 4 and int(jobs) >= 1):
        raise BadInput(f"--jobs {jobs!r}: give a whole number of processes, at least 1")
    return int(jobs)


def is_complete(folder: Path) -> bool:
    """Whether a fit has all its results."""
    return all((folder / name).is_file() for name in FILES) and "checks" in store.read_json(folder / "checks.json")


def own_fits(results: Path) -> list[str]:
    """Names of the fits of users' own data, in alphabetical order."""
    return sorted(path.parent.name for path in results.glob("*/checks.json") if path.parent.name[0] != ".")


def build(
    names: list[str], jobs: int, known: list[str] | None = None, results: Path = store.RESULTS, site: Path = SITE
) -> Path:
    """Build the pages that are not up to date, and the index.

    Parameters
    ----------
    names : list of str
        Fits wanted; if empty, all that have results.
    jobs : int
        Processes.
    known : list of str, optional
        Fits that exist, in the order of the index (default: those of `models.fits`, then all others with results).
    results, site : pathlib.Path
        Where the results are, and where the pages go.

    Returns
    -------
    pathlib.Path
        The index.

    Raises
    ------
    NoResults
        If a fit asked for is unknown or has no results.
    """
    if known is None:
        known = [*models.fits(), *(name for name in own_fits(results) if name not in models.fits())]
    complete = [name for name in known if is_complete(results / name)]
    for name in names:
        if name not in known:
            raise NoResults(f"no fit named {name!r}; known fits: {', '.join(known)}")
        if name not in complete:
            raise NoResults(f"the fit {name!r} has no results yet; make them with: python -m comparisons fit {name}")
    if not complete:
        raise NoResults("there are no results yet; make them with: python -m comparisons fit")
    code = code_digest()
    wanted = names or complete
    stale = {name: digest for name in wanted if (digest := _stale(results / name, site, code))}
    tasks: dict[str, Callable[[], float]] = {
        name: partial(build_page, results / name, site, stale[name]) for name in _largest_first(stale, results)
    }
    guide = guide_digest()
    if written_digest(site / "reading.html") != guide:
        tasks["how to read the plots"] = partial(build_guide, site, guide)
    if tasks:
        _run(tasks, jobs, partial(_build_shared, site, code))
    else:
        print(f"pages: all {len(wanted)} up to date")
        _build_shared(site, code)
    _build_index(complete, code, site)
    return site / "index.html"


def _stale(folder: Path, site: Path, code: str) -> str:
    """The digest a page should carry, if it does not; else an empty string."""
    digest = page_digest(folder, code)
    if (site / HANDOUT.format(folder.name)).is_file():
        digest = store.digest([], digest, "with a handout")  # to which the page has a link
    whole = all((site / "assets" / f"{folder.name}{suffix}").is_file() for suffix in (".json", ".svg"))
    return "" if whole and written_digest(site / f"{folder.name}.html") == digest else digest


def _largest_first(names: Iterable[str], results: Path) -> list[str]:
    """The largest results take longest: they go first."""
    return sorted(names, key=lambda name: -(results / name / "fit.nc").stat().st_size)


def _run(tasks: Mapping[str, Callable[[], float]], jobs: int, meanwhile: Callable[[], None]) -> None:
    """Build pages, shared among processes, and do something else while these import what they need."""
    print(f"pages: {len(tasks)} to build", flush=True)
    sections = sorted(path.stem for path in (HERE / "sections").glob("[!_]*.py"))
    processes = context(["reports.page", *(f"reports.sections.{name}" for name in sections)])
    if min(jobs, len(tasks)) == 1:
        meanwhile()
        for name, task in tasks.items():
            _report(name, task())
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed

    with ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=processes, initializer=serve) as pool:
        running = {pool.submit(task): name for name, task in tasks.items()}
        meanwhile()
        for done in as_completed(running):
            if done.exception() is not None:
                pool.shutdown(cancel_futures=True)  # what fails, fails the build, and at once
            _report(running[done], done.result())


def _report(name: str, seconds: float) -> None:
    print(f"  {name:<24} {seconds:6.1f} s", flush=True)


def fit_and_build(names: list[str], jobs: int, site: Path = SITE) -> int:
    """Make the built-in fits that are not up to date, and the page of each in the process that made it.

    Parameters
    ----------
    names, jobs, site
        As for `build`, which then does what is left: pages of older results and of users' own data, and the index.

    Returns
    -------
    int
        Exit status, that of `comparisons.pipeline.fit_stale`.
    """
    own = set(own_fits(store.RESULTS)) - set(models.fits())
    wanted = [name for name in names if name not in own]
    return 0 if names and not wanted else fit_stale(wanted, jobs, partial(build_stale_page, site=site))


def build_stale_page(folder: Path, site: Path) -> None:
    """Build the page of a fit if it is not up to date."""
    digest = _stale(folder, site, code_digest())
    if digest:
        build_page(folder, site, digest)


def build_page(folder: Path, site: Path, digest: str) -> float:
    """Build one page, its card and its thumbnail; return the seconds it took, imports left out."""
    from reports.page import render
    from reports.stored import Fit

    began = time.perf_counter()
    page, card, thumbnail = render(Fit(folder), digest, _take(folder, site))
    assets = site / "assets"
    _write(assets / f"{folder.name}.svg", thumbnail)
    _write(
        assets / f"{folder.name}.json",
        json.dumps(card | {"version": _card_version()}, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        + "\n",
    )
    _write(site / f"{folder.name}.html", page)  # last: its digest says that the others are there
    return time.perf_counter() - began


def build_guide(site: Path, digest: str) -> float:
    """Build the page on how to read the plots; return the seconds it took, imports left out."""
    from reports.guide import render

    began = time.perf_counter()
    _write(site / "reading.html", render(digest))
    return time.perf_counter() - began


def _take(folder: Path, site: Path) -> list[str]:
    """Copy the results of a fit into the site, those that are not there yet; returns the addresses of all."""
    place = site / "downloads" / folder.name
    taken = [folder / name for name in TAKEN if (folder / name).is_file()]
    for path in taken:
        if not _same(path, place / path.name):
            store.write(place / path.name, partial(shutil.copy2, path))  # with its time, by which `_same` knows it
    handout = [HANDOUT.format(folder.name)] if (site / HANDOUT.format(folder.name)).is_file() else []
    return [*(f"downloads/{folder.name}/{path.name}" for path in taken), *handout]


def _same(original: Path, copy: Path) -> bool:
    """Whether a copy is of this very file, by size and time."""
    if not copy.is_file():
        return False
    theirs, ours = original.stat(), copy.stat()
    return (theirs.st_size, theirs.st_mtime_ns) == (ours.st_size, ours.st_mtime_ns)


def _card_version() -> str:
    """Digest of the code that says what a card holds."""
    return store.digest([], (HERE / "page.py").read_text(encoding="utf-8"))


def _build_shared(site: Path, code: str) -> None:
    """Write what pages share: their assets and the glossary."""
    _build_assets(site)
    if written_digest(site / "glossary.html") != code:
        from reports import glossary

        _write(site / "glossary.html", glossary.render(code))


def _build_assets(site: Path) -> None:
    """Write the script of the figures with knobs, and the library that draws them, once per version."""
    from importlib.metadata import version

    place, wanted = site / "assets", version("vl-convert-python")
    if store.read_json(place / "library.json").get("version") != wanted:
        import vl_convert

        library = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub is behind its code
        _write(place / "vega.js", library)
        store.write_json(place / "library.json", {"version": wanted})
    script = (HERE / "templates" / "page.js").read_text(encoding="utf-8")
    if not (place / "page.js").is_file() or (place / "page.js").read_text(encoding="utf-8") != script:
        _write(place / "page.js", script)


def _write(path: Path, text: str) -> None:
    store.write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _build_index(complete: list[str], code: str, site: Path) -> None:
    """Build the index of all fits with results, from their cards; one without a page is listed by its name.

    A card of another version counts as none: it may lack what the index shows.
    """
    cards: list[dict[str, Any]] = []
    for name in complete:
        card = store.read_json(site / "assets" / f"{name}.json") if (site / f"{name}.html").is_file() else {}
        cards.append(card if card.get("version") == _card_version() else {"fit": name})
    digest = store.digest([], code, json.dumps(cards, sort_keys=True))
    if written_digest(site / "index.html") == digest:
        return
    from reports.index import render

    _write(site / "index.html", render(cards, digest))

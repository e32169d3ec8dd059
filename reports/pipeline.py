"""Which pages are stale, and their building, shared among processes.

A page carries the digest of everything it was made from. Comparing digests needs neither ArviZ nor matplotlib nor
xarray, so that nothing slow is imported if nothing is to do.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import models
from comparisons import store
from comparisons.pipeline import context, fit_stale

HERE = Path(__file__).parent
SITE = HERE / "site"
FILES = ("fit.nc", "comparison.csv", "checks.json")
PACKAGES = ("altair", "arviz", "arviz-plots", "arviz-stats", "docutils", "jinja2", "matplotlib", "vl-convert-python")
TAKEN = (
    "comparison.csv",
    "checks.json",
    "verdict.md",
    "fit.ipynb",
    "fit.nc",
    "sweep_prior.nc",
    "sweep_n.nc",
    "sweep_k.nc",
)
"""Results that a site has copies of, so that it can be carried away."""
META = re.compile(r'<meta name="threefold-inputs" content="([0-9a-f]{64})">')


class NoResults(Exception):
    """A fit that cannot be shown."""


def code_digest() -> str:
    """Digest of the code and the templates of the pages, and of the libraries that draw them."""
    from importlib.metadata import version

    files = [
        path for kind in ("*.py", "*.j2", "*.css", "*.js") for path in HERE.rglob(kind) if SITE not in path.parents
    ]
    parts = [f"{path.relative_to(HERE).as_posix()}\0{path.read_text(encoding='utf-8')}" for path in sorted(files)]
    return store.digest([], *parts, *(f"{package} {version(package)}" for package in PACKAGES))


def page_digest(folder: Path, code: str) -> str:
    """Digest of the inputs of a page. ``checks.json`` is written last and holds the digest of what made the others."""
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("checks.json", "comparison.csv")]
    studies = sorted((folder / "studies").glob("*/calibration.json"))
    texts += [f"{path.parent.name}\0{path.read_text(encoding='utf-8')}" for path in studies]
    return store.digest([], code, folder.name, *texts, str((folder / "fit.nc").stat().st_size))


def is_complete(folder: Path) -> bool:
    """Whether a fit has all its results."""
    return all((folder / name).is_file() for name in FILES) and "checks" in store.read_json(folder / "checks.json")


def own_fits(results: Path) -> list[str]:
    """Names of the fits of users' own data, in alphabetical order."""
    return sorted(path.parent.name for path in results.glob("*/checks.json") if path.parent.name[0] != ".")


def written_digest(page: Path) -> str:
    """The digest that a page carries; an empty string if there is no such page."""
    try:
        with page.open(encoding="utf-8") as file:
            found = META.search(file.read(2_000))
    except FileNotFoundError:
        return ""
    return found.group(1) if found else ""


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
    if stale:
        _build_pages(stale, jobs, results, site)
    else:
        print(f"pages: all {len(wanted)} up to date")
    _build_assets(site)
    _build_index(complete, code, site)
    return site / "index.html"


def _stale(folder: Path, site: Path, code: str) -> str:
    """The digest a page should carry, if it does not; else an empty string."""
    digest = page_digest(folder, code)
    whole = all((site / "assets" / f"{folder.name}{suffix}").is_file() for suffix in (".json", ".svg"))
    return "" if whole and written_digest(site / f"{folder.name}.html") == digest else digest


def _build_pages(stale: dict[str, str], jobs: int, results: Path, site: Path) -> None:
    print(f"pages: {len(stale)} to build", flush=True)
    processes = context(["reports.page"])
    # The largest results take longest: they go first.
    order = sorted(stale, key=lambda name: -(results / name / "fit.nc").stat().st_size)
    if min(jobs, len(stale)) == 1:
        for name in order:
            _report(name, build_page(results / name, site, stale[name]))
        return
    from concurrent.futures import ProcessPoolExecutor, as_completed

    with ProcessPoolExecutor(min(jobs, len(stale)), mp_context=processes) as pool:
        tasks = {pool.submit(build_page, results / name, site, stale[name]): name for name in order}
        for task in as_completed(tasks):
            if task.exception() is not None:
                pool.shutdown(cancel_futures=True)  # what fails, fails the build, and at once
            _report(tasks[task], task.result())


def _report(name: str, seconds: float) -> None:
    print(f"  {name:<24} {seconds:6.1f} s", flush=True)


def fit_and_build(names: list[str], jobs: int, site: Path = SITE) -> int:
    """Make the built-in fits that are not up to date, and the page of each in the process that made it.

    Parameters
    ----------
    names, jobs, site
        As for `build`, which then does what is left: pages of older results, and the index.

    Returns
    -------
    int
        Exit status, that of `comparisons.pipeline.fit_stale`.
    """
    return fit_stale(names, jobs, partial(build_stale_page, site=site))


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
        json.dumps(card, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n",
    )
    _write(site / f"{folder.name}.html", page)  # last: its digest says that the others are there
    return time.perf_counter() - began


def _take(folder: Path, site: Path) -> list[str]:
    """Copy the results of a fit into the site; returns their addresses."""
    place = site / "downloads" / folder.name
    taken = [folder / name for name in TAKEN if (folder / name).is_file()]
    for path in taken:
        store.write(place / path.name, partial(shutil.copyfile, path))
    return [f"downloads/{folder.name}/{path.name}" for path in taken]


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
    """Build the index of all fits with results, from their cards; one without a page is listed by its name."""
    cards: list[dict[str, Any]] = []
    for name in complete:
        built = (site / f"{name}.html").is_file()
        cards.append((store.read_json(site / "assets" / f"{name}.json") if built else {}) or {"fit": name})
    digest = store.digest([], code, json.dumps(cards, sort_keys=True))
    if written_digest(site / "index.html") == digest:
        return
    from reports.index import render

    _write(site / "index.html", render(cards, digest))

"""What pages were made from, as digests that they carry: by these a page is known to be up to date.

Comparing digests needs neither ArviZ nor matplotlib nor xarray, so that nothing slow is imported if nothing is to do.
"""

from __future__ import annotations

import re
from pathlib import Path

from comparisons import store

HERE = Path(__file__).parent
COMPARISONS = HERE.parent / "comparisons"
MADE = ("site", "results")
"""Folders here that are no code."""
PACKAGES = (
    "altair",
    "arviz",
    "arviz-plots",
    "arviz-stats",
    "docutils",
    "jinja2",
    "matplotlib",
    "scikit-learn",
    "vl-convert-python",
)
GUIDE = (
    *("guide.py", "planted.py", "glossary.py", "glossary.toml", "draw.py", "panels.py", "style.py", "templating.py"),
    "templates/style.css",
)
"""What the reading guide is made by, with the templates of its own; it is not drawn anew when other code changes."""
KINDS = ("*.py", "*.toml", "*.j2", "*.css", "*.js")
"""Files that pages are made by: code, words and looks."""
META = re.compile(r'<meta name="threefold-inputs" content="([0-9a-f]{64})">')


def code_digest() -> str:
    """Digest of the code and the templates of the pages, and of the libraries that draw them.

    Code of `comparisons` is part of it: not all that pages take from there makes results stale too, as colours do not.
    """
    files = [path for kind in KINDS for path in HERE.rglob(kind) if path.relative_to(HERE).parts[0] not in MADE]
    return _digest([*sorted(files), *sorted(COMPARISONS.glob("*.py"))])


def _digest(files: list[Path]) -> str:
    from importlib.metadata import version

    parts = [f"{path.name}\0{path.read_text(encoding='utf-8')}" for path in files]
    return store.digest([], *parts, *(f"{package} {version(package)}" for package in PACKAGES))


def page_digest(folder: Path, code: str) -> str:
    """Digest of the inputs of a page. ``checks.json`` is written last and holds the digest of what made the others."""
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("checks.json", "comparison.csv")]
    studies = sorted((folder / "studies").glob("*/calibration.json"))
    texts += [f"{path.parent.name}\0{path.read_text(encoding='utf-8')}" for path in studies]
    return store.digest([], code, folder.name, *texts, str((folder / "fit.nc").stat().st_size))


def guide_digest() -> str:
    """Digest of everything that goes into the reading guide."""
    own = [HERE / name for name in (*GUIDE, *(f"templates/{name}.html.j2" for name in ("base", "macros", "reading")))]
    return _digest([*own, COMPARISONS / "colours.py", COMPARISONS / "digits.py"])


def written_digest(page: Path) -> str:
    """The digest that a page carries; an empty string if there is no such page."""
    try:
        with page.open(encoding="utf-8") as file:
            found = META.search(file.read(2_000))
    except FileNotFoundError:
        return ""
    return found.group(1) if found else ""

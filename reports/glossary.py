"""The glossary: what every term of the pages means, and links from the first use of a term in a section to it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape

PAGE = "glossary.html"
ENTRIES = Path(__file__).with_name("glossary.toml")
WITHIN = ("p", "li", "dd", "figcaption")  # where terms become links
NOT_WITHIN = ("a", "svg", "script", "style", "pre", "code", "summary", "label", "button", "h1", "h2", "h3", "h4", "dt")
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"</?\s*([a-zA-Z0-9]+)")


@dataclass(frozen=True)
class Term:
    """One entry.

    Attributes
    ----------
    name : str
        As the heading of the entry.
    theme : str
        Under which it stands.
    meaning : str
        Two or three sentences; the first alone is what a pointer resting on a link shows.
    formula : str
        In plain text; empty if words are better.
    words : str
        Regular expression of what stands for the term in texts; the name itself if empty.
    """

    name: str
    theme: str
    meaning: str
    formula: str = ""
    words: str = ""

    @property
    def key(self) -> str:
        """Anchor in the page of the glossary."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def short(self) -> str:
        """The first sentence."""
        return re.split(r"(?<=[.:;]) ", self.meaning)[0].rstrip(":;")


@cache
def terms() -> tuple[Term, ...]:
    """All entries (``glossary.toml``), in the order of the page."""
    themes = tomllib.loads(ENTRIES.read_text(encoding="utf-8"))
    return tuple(
        Term(name, theme, " ".join(written["meaning"].split()), written.get("formula", ""), written.get("words", ""))
        for theme, names in themes.items()
        for name, written in names.items()
    )


def term(name: str, text: str = "") -> Markup:
    """Link to the entry of a term by its name, with another text if one is given.

    Raises
    ------
    KeyError
        If the glossary has no such entry.
    """
    found = {one.name: one for one in terms()}[name]
    return _link(found, text or name)


def link(html: str) -> Markup:
    """Link the first use of every term in running text to its entry; what is no running text stays as it is."""
    depth = dict.fromkeys((*WITHIN, *NOT_WITHIN), 0)
    seen: set[str] = set()
    parts = TAG.split(html)
    for at, part in enumerate(parts):
        if part.startswith("<"):
            name = NAME.match(part)
            if name and name[1].lower() in depth and not part.endswith("/>"):
                depth[name[1].lower()] += -1 if part.startswith("</") else 1
        elif part.strip() and any(depth[one] for one in WITHIN) and not any(depth[one] for one in NOT_WITHIN):
            parts[at] = _linked(part, seen)
    return Markup("".join(parts))  # of our own templates, in which names from data are escaped


@cache
def _pattern() -> re.Pattern[str]:
    alternatives = [f"(?P<t{at}>{one.words or re.escape(one.name)})" for at, one in enumerate(terms())]
    # More words first: "posterior predictive" before "posterior".
    longest = sorted(alternatives, key=lambda text: -len(text))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])")


def _linked(text: str, seen: set[str]) -> str:
    def replace(match: re.Match[str]) -> str:
        found = terms()[int(str(match.lastgroup)[1:])]
        if found.key in seen:
            return match[0]
        seen.add(found.key)
        return str(_link(found, Markup(match[0])))

    return _pattern().sub(replace, text)


def _link(found: Term, text: str | Markup) -> Markup:
    return Markup('<a class="term" href="{page}#{key}" title="{short}">{text}</a>').format(
        page=PAGE, key=found.key, short=found.short, text=text
    )


def render(digest: str) -> str:
    """Render the page of the glossary; in an entry all other terms are links."""
    from reports.templating import environment

    themes: dict[str, list[dict[str, object]]] = {}
    for one in terms():
        meaning = link(f"<p>{escape(one.meaning)}</p>")
        own = re.compile(rf'<a class="term" href="{re.escape(PAGE)}#{one.key}"[^>]*>([^<]*)</a>')
        entry = {"term": one, "meaning": Markup(own.sub(r"\1", meaning).replace(f'href="{PAGE}#', 'href="#'))}
        themes.setdefault(one.theme, []).append(entry)
    return environment().get_template("glossary.html.j2").render(themes=themes, digest=digest)

"""The templates."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.glossary import term

TEMPLATES = Path(__file__).parent / "templates"

UNBROKEN = re.compile(
    r"<(script|style|svg|pre|code|math)\b.*?</\1>|<[^>]*>"  # left as it is
    r"|(?<=\d)[ \n](?=%|sd\b|posterior sd\b)|(?<=\bn)[ \n]=[ \n](?=\d)",
    re.DOTALL,
)


def unbroken(html: str) -> Markup:
    """Keep a number and its unit on one line: no-break spaces in "95 %", "0.3 sd" and "n = 10", in texts only."""
    return Markup(
        UNBROKEN.sub(lambda found: found[0] if found[0][0] == "<" else re.sub(r"\s", "\u00a0", found[0]), html)
    )


@cache
def environment() -> Environment:
    """Return the templates, compiled once; every name from data is escaped, and a missing name is an error."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.globals["css"] = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))  # ours, not data
    found.globals["term"] = term
    found.filters["unbroken"] = unbroken
    return found

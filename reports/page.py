"""A page of one fit: its sections in their order, and the card that the index shows of it."""

from __future__ import annotations

import importlib
from typing import Any

import matplotlib
from altair.utils.schemapi import debug_mode

from comparisons.digits import significant
from reports import figures, glossary, matters, pictures, style, words
from reports.lesson import is_sound, lesson
from reports.stored import POINTS, Fit
from reports.templating import environment

SECTIONS = (
    "question",
    "data",
    "guess",
    "model",
    "fits",
    "comparison",
    "posterior",
    "knob",
    "path",
    "scale",
    "prediction",
    "groups",
    "break_it",
    "long_run",
    "decision",
    "competition",
    "said",
    "exercises",
    "checks",
    "provenance",
)
"""The order of a page."""


def render(fit: Fit, digest: str, downloads: list[str]) -> tuple[str, dict[str, Any], str]:
    """Render a page.

    Parameters
    ----------
    fit : Fit
    digest : str
        Of everything that goes into the page; kept in it.
    downloads : list of str
        Addresses of the results, relative to the page.

    Returns
    -------
    page : str
        HTML.
    card : dict
        What the index says of this fit.
    thumbnail : str
        SVG.
    """
    # Altair would validate every part of every drawing, a third of their cost; the tests let it do so.
    with matplotlib.rc_context(rc=style.rc()), debug_mode(False):
        thumbnail = figures.thumbnail(fit)
        sections = [found for name in SECTIONS if (found := section(fit, name, downloads)) is not None]
    card = card_of(fit)
    about = {name: card[name] for name in ("verdict", "refusals", "absences")}
    html = (
        environment().get_template("page.html.j2").render(fit=fit, digest=digest, card=card, sections=sections, **about)
    )
    return html, card, thumbnail


def section(fit: Fit, name: str, downloads: list[str]) -> dict[str, Any] | None:
    """One section: its name, title and HTML; None if this fit has nothing for it."""
    module = importlib.import_module(f"reports.sections.{name}")
    context = module.context(fit)
    if context is None:
        return None
    template = environment().get_template(f"sections/{name}.html.j2")
    return {
        "name": name,
        "title": module.TITLE,
        "html": glossary.link(template.render(fit=fit, downloads=downloads, **context)),
    }


def card_of(fit: Fit) -> dict[str, Any]:
    """What the index shows of a fit; plain JSON."""
    matrix = []
    for prior in fit.priors:
        gaps = fit.gaps(prior)
        cell: dict[str, Any] = {"prior": prior}
        for reading in POINTS:
            farthest = words.largest(gaps, reading)
            reasons = [fit.reason(prior, label, reading) for label in fit.labels]
            missing = [gap.parameter for gap in gaps if getattr(gap, reading) is None]
            failed = sorted({name for label in fit.labels for name in fit.failed(prior, label, reading)})
            cell[reading] = {
                "gap": None if farthest is None else abs(farthest[1]),
                "at": None if farthest is None else farthest[1],
                "text": "—" if farthest is None else significant(abs(farthest[1]), 2),
                "parameter": "" if farthest is None else farthest[0],
                "reason": next((text for text in reasons if text), "does not exist") if missing else "",
                "failed": failed,
                "local": reading == "mle" and any(words.is_local(fit, prior, label) for label in fit.labels),
            }
        cell["failed"] = sorted({name for label in fit.labels for name in fit.failed(prior, label, "posterior")})
        matrix.append(cell)
    return {
        "fit": fit.name,
        "scenario": fit.text("scenario"),
        "question": fit.text("question"),
        "lesson": fit.text("lesson"),
        "title": str(fit.data.attrs["title"]),
        "size": pictures.size(fit),
        "matters": matters.in_short(fit.verdicts[0]),
        "traps": [[pair.name, pair.key] for pair in lesson(fit).pairs(fit)] if is_sound(fit) else [],
        "matrix": matrix,
        "checks": len(fit.checks),
        "failed": len(words.real_failures(fit)),
        "verdict": words.verdict(fit),
        "refusals": words.refusals(fit),
        "absences": words.absences(fit),
        "alt": f"Small version of the main figure of {fit.name}. {words.readings_sentence(fit, fit.default, 1)}",
    }

"""A page of one fit: everything on it, and the card that the index shows of it."""

from __future__ import annotations

from typing import Any

import matplotlib

from comparisons import rules, writing
from comparisons.digits import percent, significant
from reports import components, diagnostics, figures, groups, pictures, posteriors, predictions, style, tables, words
from reports.draw import Image
from reports.stored import POINTS, Fit
from reports.templating import environment

OWN = {
    "outcome": "Outcome",
    "event": "Counted as event",
    "design": "Design",
    "coding": "Categories",
    "dropped": "Left out",
    "stored": "Kept and drawn",
    "scales": "Scales of the priors",
}
"""What a user's own data say of themselves, by attribute, and how the page calls it."""


def render(fit: Fit, digest: str, results: str) -> tuple[str, dict[str, Any], str]:
    """Render a page.

    Parameters
    ----------
    fit : Fit
    digest : str
        Of everything that goes into the page; kept in it.
    results : str
        Address of the folder of the fit's results, relative to the page.

    Returns
    -------
    page : str
        HTML.
    card : dict
        What the index says of this fit.
    thumbnail : str
        SVG.
    """
    with matplotlib.rc_context(rc=style.rc()):
        thumbnail = figures.thumbnail(fit)
        context = _context(fit)
    card = card_of(fit)
    html = environment().get_template("page.html.j2").render(digest=digest, results=results, card=card, **context)
    return html, card, thumbnail


def _context(fit: Fit) -> dict[str, Any]:
    """Words, tables and pictures of a page, in the order of the page."""
    name = pictures.outcome(fit)
    attributes = {key: fit.data.attrs[key] for key in ("seed", "knowledge") if key in fit.data.attrs}
    return {
        "fit": fit,
        "level": percent(fit.level),
        "verdict": words.verdict(fit),
        "refusals": words.refusals(fit),
        "apart_sentences": [words.apart_sentence(fit, prior) for prior in fit.priors],
        "matters": _matters(fit),
        "headline": figures.headline(fit),
        "data": {
            "title": fit.data.attrs["title"],
            "source": fit.data.attrs["source"],
            "size": pictures.size(fit),
            "truth": truth(fit),
            "own": {term: fit.data.attrs[key] for key, term in OWN.items() if key in fit.data.attrs},
            **attributes,
        },
        "data_picture": pictures.data_picture(fit),
        "formula": fit.text("formula"),
        "comparisons": [tables.comparison(fit, prior) for prior in fit.priors],
        "apart": figures.apart(fit),
        "posterior": _present(
            posteriors.distributions(fit), posteriors.priors_overlaid(fit), posteriors.forest(fit), posteriors.pair(fit)
        ),
        "prior_posterior": posteriors.prior_posterior(fit),
        "sampler": [diagnostics.rank(fit), diagnostics.energy(fit)],
        "predictive": predictions.predictive(fit),
        "prediction": tables.prediction(fit),
        "sensitivity": tables.sensitivity(fit),
        "mixture": _mixture(fit, name) if groups.extras(fit, fit.default) else None,
        "identified": fit.text("identified"),
        "checks": tables.checks(fit),
        "audits": tables.audits(fit),
        "record": fit.record,
    }


def _present(*images: Image | None) -> list[Image]:
    return [image for image in images if image is not None]


def _mixture(fit: Fit, name: str) -> dict[str, Any]:
    """What users of a mixture read off; each part only if it was stored."""
    unusual, tails = groups.anomalies(fit)
    chosen, bic = components.criterion(fit)
    return {
        "changes": groups.changes(fit),
        "membership": groups.membership(fit),
        "unusual": unusual,
        "tails": tails,
        "new": components.new_data(fit, name),
        "chosen": chosen,
        "bic": bic,
        "tables": [table for table in (components.types(fit), components.k_means(fit)) if table is not None],
    }


def _matters(fit: Fit) -> dict[str, Any]:
    """The verdict: a headline, what is concluded under each prior, and the rules."""
    priors = [
        {
            "name": one.prior,
            "judged": [writing.judged(one, reading) for reading in POINTS],
            "sentences": [(line.parameter, " ".join(writing.sentences(one, line))) for line in one.lines],
            "predicted": [writing.predicted(one, reading) for reading in POINTS],
        }
        for one in fit.verdicts
    ]
    return {"headline": writing.headline(fit.verdicts), "priors": priors, "rules": rules.stated(fit.level)}


def truth(fit: Fit) -> str:
    """The true values of simulated data, in words."""
    rows = fit.table[(fit.table["prior"] == fit.default) & (fit.table["reading"] == "mle") & fit.table["truth"].notna()]
    return ", ".join(f"{label} = {value:g}" for label, value in zip(rows["parameter"], rows["truth"], strict=True))


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
        "matrix": matrix,
        "checks": len(fit.checks),
        "failed": len(fit.failures),
        "refusals": words.refusals(fit),
        "alt": f"Small version of the main figure of {fit.name}. {words.readings_sentence(fit, fit.default, 1)}",
    }

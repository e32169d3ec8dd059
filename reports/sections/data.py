"""The data: what they are, where they come from, and a picture of them."""

from __future__ import annotations

from typing import Any

from reports import pictures, words
from reports.stored import Fit

TITLE = "Data"
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


def context(fit: Fit) -> dict[str, Any]:
    """What the data say of themselves, and their picture."""
    own = {term: fit.data.attrs[key] for key, term in OWN.items() if key in fit.data.attrs}
    attributes = {key: fit.data.attrs[key] for key in ("seed", "knowledge") if key in fit.data.attrs}
    about = {"title": fit.data.attrs["title"], "source": fit.data.attrs["source"], "size": pictures.size(fit)}
    return {"data": about | {"truth": words.truth(fit), "own": own} | attributes, "picture": pictures.data_picture(fit)}

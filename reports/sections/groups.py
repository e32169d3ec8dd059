"""Groups: what users of a mixture read off, and how labels were identified."""

from __future__ import annotations

from typing import Any

from reports import components, groups, pictures
from reports.stored import Fit

TITLE = "Groups"


def context(fit: Fit) -> dict[str, Any] | None:
    """Membership, unusual points, new data, number and kind of components; None for a model without groups."""
    identified = fit.text("identified")
    mixture = _mixture(fit) if groups.extras(fit, fit.default) else None
    return {"mixture": mixture, "identified": identified} if mixture or identified else None


def _mixture(fit: Fit) -> dict[str, Any]:
    """Each part only if it was stored."""
    unusual, tails = groups.anomalies(fit)
    chosen, bic = components.criterion(fit)
    return {
        "changes": groups.changes(fit),
        "membership": groups.membership(fit),
        "unusual": unusual,
        "tails": tails,
        "new": components.new_data(fit, pictures.outcome(fit)),
        "chosen": chosen,
        "bic": bic,
        "tables": [table for table in (components.types(fit), components.k_means(fit)) if table is not None],
    }

"""Groups: what users of a mixture read off, how sure it is, and how labels were identified."""

from __future__ import annotations

from typing import Any

from reports import by_number, components, groups, labels, pictures, restarts
from reports.stored import Fit

TITLE = "Groups"


def context(fit: Fit) -> dict[str, Any] | None:
    """Membership, pairs, labels, restarts, number and kind of components; None for a model without groups."""
    identified = fit.text("identified")
    mixture = _mixture(fit) if groups.extras(fit, fit.default) else None
    if not (mixture or identified):
        return None
    number_of = labels.drawn(fit)
    switching = None
    if number_of is not None:
        switching = {
            "sentences": labels.switch_sentences(number_of),
            "traces": labels.traces(fit),
            "table": labels.convergence(fit),
        }
    return {"mixture": mixture, "identified": identified, "switching": switching}


def _mixture(fit: Fit) -> dict[str, Any]:
    """Each part only if it was stored."""
    name = pictures.outcome(fit)
    unusual, tails = groups.anomalies(fit)
    chosen, bic = components.criterion(fit)
    return {
        "changes": groups.changes(fit),
        "membership": groups.membership(fit),
        "pairs": labels.matrix(fit, name),
        "unusual": unusual,
        "tails": tails,
        "new": components.new_data(fit, name),
        "atlas": restarts.atlas(fit, name),
        "chosen": chosen,
        "bic": bic,
        "numbers": by_number.by_number(fit),
        "kinds": restarts.kinds(fit, name),
        "tables": [table for table in (components.types(fit), components.k_means(fit)) if table is not None],
    }

"""Which model: priors, families, hypotheses or numbers of components beside each other, and what that cannot say."""

from __future__ import annotations

from typing import Any

from reports import fairness, rivals
from reports import families as families_of
from reports.stored import Fit

TITLE = "Which model?"


def context(fit: Fit) -> dict[str, Any] | None:
    """Comparisons that make sense for this fit; None if there is none."""
    found = rivals.rivals(fit)
    flipped = fairness.heads_and_flips(fit)
    families, own = families_of.families(fit), str(fit.data.attrs.get("family", ""))
    groups = "component" in fit.data.sizes
    if not (found or flipped or families or groups):
        return None
    priors = factor = kinds = None
    if found:
        priors = {
            "sentences": rivals.rival_sentences(found),
            "chart": rivals.rival_chart(found),
            "table": rivals.rival_table(found),
        }
    if flipped:
        factor = {
            "sentences": fairness.factor_sentences(*flipped),
            "chart": fairness.factor_chart(fit, *flipped),
            "table": fairness.factor_table(*flipped),
        }
    if families:
        kinds = {
            "sentences": families_of.family_sentences(families, own),
            "table": families_of.family_table(families, own),
        }
    return {"priors": priors, "factor": factor, "kinds": kinds, "groups": groups}

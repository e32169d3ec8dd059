"""Decide: what to do depends on the loss; the best action is a posterior quantile, a point is the best for one loss."""

from __future__ import annotations

from typing import Any

from comparisons.digits import significant
from reports import actions, loss
from reports.stored import Fit

TITLE = "Decide"


def context(fit: Fit) -> dict[str, Any] | None:
    """A loss to turn, the regret of acting on a point, and the points under three losses."""
    found = loss.margins(fit, fit.default)
    if not found:
        return None
    first, ratio = found[loss.lead(found)], loss.RATIOS[loss.START]
    told = actions.compared(first)
    return {
        "loss": loss.figure(found),
        "sentence": loss.sentence(first, ratio),
        "table": loss.table(found),
        "winners": actions.winners_sentence(first),
        "compared": told,
        "known": "exactly, of " + first.exact
        if first.exact
        else f"probabilities have a Monte Carlo error of {significant(told.hit_error, 1)}",
        "regrets": "" if first.exact else " ± Monte Carlo error",
        "label": first.label,
        "hit": f"{actions.HIT:g}",
        "refused": [label for label in fit.labels[: loss.MOST] if label not in {margin.label for margin in found}],
    }

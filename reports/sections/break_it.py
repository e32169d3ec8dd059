"""Break it: the pathology of the scenario, as a switch."""

from __future__ import annotations

from typing import Any

from reports.breaks import coin, family, gaussian, logistic, mixture, regression
from reports.stored import Fit

TITLE = "Break it"
BREAKS = {
    "coin": coin.context,
    "family": family.context,
    "gaussian": gaussian.context,
    "logistic": logistic.context,
    "mixture": mixture.context,
    "regression": regression.context,
}


def context(fit: Fit) -> dict[str, Any] | None:
    """What breaks this scenario; None if nothing is known to, or it was not computed for these data."""
    find = BREAKS.get(fit.text("scenario"))
    found = find(fit) if find is not None else None
    return None if found is None else {"broken": found}

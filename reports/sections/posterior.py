"""The posterior looked at: its densities, its dependences, and what the prior does to it."""

from __future__ import annotations

from typing import Any

from reports import posteriors, tables
from reports.stored import Fit

TITLE = "Posterior"


def context(fit: Fit) -> dict[str, Any]:
    """Pictures by ArviZ, and the sensitivity to prior and likelihood."""
    drawn = [
        posteriors.distributions(fit), posteriors.priors_overlaid(fit), posteriors.forest(fit), posteriors.pair(fit)
    ]  # fmt: skip
    return {
        "posterior": [image for image in drawn if image is not None],
        "prior_posterior": posteriors.prior_posterior(fit),
        "sensitivity": tables.sensitivity(fit),
    }

"""Provenance: command, seed, versions, digests, and the results to take along."""

from __future__ import annotations

from typing import Any

from comparisons.digits import percent
from reports.stored import Fit

TITLE = "Provenance"
ABOUT = {
    "comparison.csv": "the comparison table",
    "checks.json": "every check, versions, seed, digests",
    "verdict.md": "does it matter? in words",
    "fit.ipynb": "a notebook that makes the fit again",
    "fit.nc": "everything, draws included: xarray and ArviZ open it",
    "sweep_prior.nc": "weaker and stronger priors",
    "sweep_n.nc": "fewer and more rows",
    "sweep_k.nc": "fewer and more components",
    "broken.nc": "what is broken under “Break it”: data and fits",
}
"""What the files are, by name."""


def context(fit: Fit) -> dict[str, Any]:
    """The record of the fit."""
    passed = len(fit.checks) - len(fit.failures)
    return {"level": percent(fit.level), "record": fit.record, "passed": passed, "about": ABOUT}

"""Checks that travel with a fit: may these numbers be read?

All limits stand here. Each check says what it measured and what it allows; a failed one is shown wherever the number
is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from comparisons.optimum import SAME_VALUE
from models.contract import Reference

if TYPE_CHECKING:
    from comparisons.points import Point

R_HAT = 1.01  # Vehtari and others (2021), doi:10.1214/20-BA1221
ESS = 400  # bulk and tail, over all chains: same source
MCSE = 0.06  # of the posterior sd; an ESS of 400 gives 0.05 for independent draws
ENERGY = 0.3  # BFMI; Betancourt (2016), arXiv:1604.00695, and (2017), arXiv:1701.02434, section 6.1
STANDARD_ERRORS = 5.0  # allowed distance of a posterior mean from its reference, in Monte Carlo standard errors
TOLERANCE = 1e-4  # allowed distance of a point reading from its reference, in posterior standard deviations
GRADIENT = 1e-4  # largest allowed slope at a maximum, in log density per standard error
AGREEING = 2  # starts that must reach the maximum


@dataclass(frozen=True)
class Check:
    """One check of one reading.

    Attributes
    ----------
    name : str
    reading : str
        What it is about: ``mle``, ``map`` or ``posterior``.
    passed : bool
    detail : str
        What was measured and what is allowed.
    parameters : tuple of str
        Labels of the parameters that failed; empty if it is about the whole reading.
    prior : str
        Under which prior, once the check is part of a fit.
    """

    name: str
    reading: str
    passed: bool
    detail: str
    parameters: tuple[str, ...] = ()
    prior: str = ""


def of_point(point: Point, reading: str) -> list[Check]:
    """Audit of an optimum: does it exist, is it stationary, is it a maximum, do the starts agree?"""
    optimum = point.optimum
    reasons = [text for array in point.reason.values() for text in np.ravel(array) if text]
    boundary = optimum.failure == "boundary"
    detail = (
        "a maximum in the interior" if point.exists and not boundary else (reasons[0] if reasons else optimum.failure)
    )
    checks = [Check("maximum exists", reading, point.exists, detail)]
    if optimum.failure in ("boundary", "infinite", "unbounded"):
        return checks
    return [
        *checks,
        Check(
            "gradient",
            reading,
            optimum.gradient <= GRADIENT,
            f"largest slope {optimum.gradient:.1e} per standard error, allowed {GRADIENT:g}",
        ),
        Check("curvature", reading, optimum.regular, "minus the Hessian is positive definite"),
        Check(
            "starts agree",
            reading,
            optimum.agreeing >= min(AGREEING, optimum.starts),
            f"{optimum.agreeing} of {optimum.starts} starts reach this value (needed {AGREEING}), "
            f"{optimum.collapsed} ran past it without a maximum",
        ),
    ]


def of_posterior(summary: pd.DataFrame, statistics: xr.Dataset, improper: str = "") -> list[Check]:
    """Existence of the posterior, its mean and its standard deviation, and convergence of the chains.

    Parameters
    ----------
    summary : pandas.DataFrame
        One row per parameter label, with columns ``r_hat``, ``ess_bulk``, ``ess_tail``, ``mcse``, ``sd``.
    statistics : xarray.Dataset
        ``sample_stats`` with ``diverging`` and ``energy``, dims ``(chain, draw)``.
    improper : str
        Why posterior or moments do not exist; chains can look healthy all the same.
    """
    ratio = summary["mcse"] / summary["sd"]

    def worst(name: str, values: pd.Series, bad: pd.Series, extreme: float, limit: str) -> Check:
        labels = tuple(str(label) for label in values.index[bad | values.isna()])
        return Check(name, "posterior", not labels, f"worst {extreme:.4g}, {limit}", labels)

    divergences = int(statistics["diverging"].sum())
    energy = float(np.min(az.bfmi(statistics["energy"].values)))
    return [
        Check("posterior exists", "posterior", not improper, improper or "with its mean and standard deviation"),
        worst("r_hat", summary["r_hat"], summary["r_hat"] > R_HAT, summary["r_hat"].max(), f"allowed {R_HAT}"),
        *(
            worst(name, summary[name], summary[name] < ESS, np.floor(summary[name].min()), f"needed {ESS}")
            for name in ("ess_bulk", "ess_tail")
        ),
        worst("mcse", ratio, ratio > MCSE, ratio.max(), f"of the posterior sd, allowed {MCSE}"),
        Check("divergences", "posterior", divergences == 0, f"{divergences} divergent transitions, allowed 0"),
        Check("energy", "posterior", energy >= ENERGY, f"lowest BFMI {energy:.2f}, needed {ENERGY}"),
    ]


def of_references(table: pd.DataFrame) -> list[Check]:
    """Agreement with the independent answers, for the rows of one prior in the comparison table."""
    checks = []
    for reading, rows in table[table["source"].notna()].groupby("reading", sort=False):
        far = rows["distance"].isna() | (rows["distance"] > rows["limit"])
        unit = rows["unit"].iloc[0] if reading == "posterior" else f"times {rows['unit'].iloc[0]}"
        detail = f"largest distance {rows['distance'].max():.3g} {unit}, allowed {rows['limit'].iloc[0]:g}"
        if rows["distance"].isna().any():
            detail = f"no reference for all parameters: {rows['source'][rows['distance'].isna()].iloc[0]}"
        checks.append(Check("reference", str(reading), not far.any(), detail, tuple(rows["parameter"][far])))
    return checks


def of_log_likelihood(mle: Point, references: list[Reference]) -> list[Check]:
    """Agreement of the log likelihood at the MLE with a reference's, where one is given: is it the same maximum?"""
    checks = []
    for reference in references:
        if reference.parameter == "log_likelihood":
            gap = abs(mle.optimum.value - float(reference.value))
            detail = f"log likelihood differs by {gap:.1e} from {reference.source}, allowed {SAME_VALUE:g}"
            checks.append(Check("same maximum", "mle", gap <= SAME_VALUE, detail))
    return checks


def failures(checks: Iterable[Check], reading: str, parameter: str) -> str:
    """Names of the failed checks that concern one row of the table, separated by semicolons."""
    return "; ".join(
        check.name
        for check in checks
        if not check.passed and check.reading == reading and (not check.parameters or parameter in check.parameters)
    )

"""Families of one column beside each other, at the maximum of their likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import models
from comparisons.digits import MISSING, significant
from models.contract import flat
from models.contract.univariate import Column, univariate
from models.contract.univariate_maximum import maximum
from reports.components import Table
from reports.stored import Fit
from reports.words import listed, plural

BARE = 2.0  # of BIC: "not worth more than a bare mention" (Kass and Raftery 1995, doi:10.1080/01621459.1995.10476572)
STRONG = 10.0  # of BIC: "very strong"


@dataclass(frozen=True)
class Family:
    """The maximum of the likelihood of one family."""

    name: str
    parameters: int
    log_likelihood: float
    bic: float
    reason: str


def families(fit: Fit) -> list[Family]:
    """The families that can hold the data, of the kind of the fit's own (counts or not), the lowest BIC first."""
    own = str(fit.data.attrs.get("family", ""))
    known = univariate()
    if own not in known or "trials" in fit.data or "stored" in fit.data.attrs:
        return []
    scenario, y = models.load("family"), fit.data["y"].values.astype(float)
    found = []
    for name, family in known.items():
        if name == "Binomial" or family.counts != known[own].counts or not np.all(family.holds(y, None)):
            continue
        data = fit.data.assign_attrs(family=name)
        k = len(family.arguments)
        reason = scenario.obstacle(data, flat(scenario.priors(data)["weak"]))
        if reason:
            found.append(Family(name, k, np.nan, np.nan, reason.split(":")[0]))
            continue
        column = Column(name, y)
        point = {key: np.array([value]) for key, value in maximum(column)[0].items()}
        height = float(column.log_likelihood()(point)[0])
        found.append(Family(name, k, height, -2 * height + k * np.log(len(y)), ""))
    found.sort(key=lambda one: (not np.isfinite(one.bic), one.bic))
    return found if sum(np.isfinite(one.bic) for one in found) > 1 else []


def family_table(found: list[Family], own: str) -> Table:
    """Every family in a row."""
    rows = []
    for one in found:
        name = f"{one.name} (this page)" if one.name == own else one.name
        if one.reason:
            rows.append([name, str(one.parameters), f"no maximum ({one.reason})", MISSING, MISSING])
            continue
        above = one.bic - found[0].bic
        rows.append([name, str(one.parameters), f"{one.log_likelihood:.2f}", f"{one.bic:.1f}", f"{above:.1f}"])
    head = ["Family", "Parameters", "Largest log likelihood", "BIC", "Above the lowest"]
    return Table("Families that can hold these data, at the maximum of their likelihood", head, rows)


def family_sentences(found: list[Family], own: str) -> list[str]:
    """Which families BIC cannot tell apart, and where the family of the page stands."""
    known = [one for one in found if np.isfinite(one.bic)]
    lowest = known[0]
    near = [one.name for one in known if one.bic - lowest.bic <= BARE]
    far = [one.name for one in known if one.bic - lowest.bic > STRONG]
    said = []
    if len(near) > 1:
        said.append(
            f"BIC does not tell {listed(near)} apart: they lie within {BARE:g} of each other, which is not worth more "
            "than a bare mention."
        )
    else:
        said.append(f"BIC is lowest for {lowest.name}, by {significant(known[1].bic - lowest.bic, 2)}.")
    if far:
        lie = "lies" if len(far) == 1 else "lie"
        said.append(f"{listed(far)} {lie} more than {STRONG:g} above the lowest.")
    place = next((one for one in known if one.name == own), None)
    if place is not None and place.name not in near:
        said.append(f"The family of this page, {own}, lies {significant(place.bic - lowest.bic, 2)} above the lowest.")
    return [*said, f"{plural(len(known), 'family', 'families')} compared."]

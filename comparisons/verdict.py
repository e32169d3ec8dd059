"""Does it matter here which of the three readings is used? Rules with their limits, and what follows from them.

A point reading is *enough* if it exists, passes its checks, lies close to the posterior mean for every parameter, has
an interval that holds about as much of the posterior as it says, and predicts about as well (`comparisons.rules`).
Everything here follows
from the comparison table with its measures (`comparisons.measures`), the stored predictive densities
(`comparisons.prediction`) and the checks; nothing is fitted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.digits import number, percent, significant
from comparisons.rules import DIFFERS, LARGE, STANDARD_ERRORS, UNKNOWN, Loss, holds, loss, word

POINTS = ("mle", "map")
NAMES = {"mle": "MLE", "map": "MAP", "posterior": "posterior"}

YES, NO, CANNOT_SAY = "yes", "no", "cannot say"
MAXIMUM, POSTERIOR = "maximum exists", "posterior exists"
COARSE = 0.002  # error of a share that leaves no more than whole percents


@dataclass(frozen=True)
class Distance:
    """One point reading of one parameter beside the posterior; NaN where something does not exist.

    Attributes
    ----------
    estimate : float
    gap, gap_error : float
        In posterior standard deviations; positive above the posterior mean.
    mass, mass_error : float
        Share of the posterior within the reading's own interval.
    word : str
        ``agrees``, ``differs slightly``, ``differs``, or empty.
    holds : bool or None
        Whether the mass is close to the level; None without an interval.
    reason : str
        Why something does not exist, or what to know.
    """

    estimate: float
    gap: float
    gap_error: float
    mass: float
    mass_error: float
    word: str
    holds: bool | None
    reason: str


@dataclass(frozen=True)
class Line:
    """One parameter: the posterior, its distance from the two points, and why."""

    parameter: str
    mean: float
    sd: float
    mcse: float
    pull: float
    skew: float
    mle: Distance
    map: Distance

    @property
    def points(self) -> dict[str, Distance]:
        """The two points by name."""
        return {"mle": self.mle, "map": self.map}


@dataclass(frozen=True)
class Judgement:
    """Is a point reading enough? ``yes``, ``no`` or ``cannot say``, with the reasons that decide.

    A reading that does not ``exist`` may be shown all the same, as the largest local maximum that was found.
    """

    enough: str
    reasons: tuple[str, ...] = ()
    exists: bool = True


@dataclass(frozen=True)
class Verdict:
    """What is concluded under one prior."""

    prior: str
    level: float
    mle: Judgement
    map: Judgement
    lines: tuple[Line, ...]
    losses: tuple[Loss, Loss]

    @property
    def judgements(self) -> dict[str, Judgement]:
        """The two judgements by reading."""
        return {"mle": self.mle, "map": self.map}


def judge(
    prior: str, rows: pd.DataFrame, prediction: xr.Dataset | None, checks: Iterable[Mapping[str, Any]]
) -> Verdict:
    """Conclude what follows under one prior.

    Parameters
    ----------
    prior : str
    rows : pandas.DataFrame
        Comparison table of this prior, joined with its measures (`comparisons.measures.measures`).
    prediction : xarray.Dataset or None
        Made by `comparisons.prediction.together`, if it was.
    checks : iterable of mapping
        As in ``checks.json``: ``name``, ``reading``, ``passed``, ``detail``, ``parameters``, ``prior``.
    """
    level = float(rows["level"].iloc[0])
    lines = tuple(_line(group, level) for _, group in rows.groupby("parameter", sort=False))
    failed: dict[str, dict[str, str]] = {"mle": {}, "map": {}, "posterior": {}}
    for check in checks:
        if not check["passed"] and check["prior"] in ("", prior):
            failed[check["reading"]].setdefault(check["name"], check["detail"])
    for reading, names in zip(rows["reading"], rows["failed"], strict=True):
        for name in filter(None, _said(names).split("; ")):
            failed[reading].setdefault(name, "")
    improper = next((text for text in rows["reason"][rows["reading"] == "posterior"].map(_said) if text), "")
    losses = loss(prediction, "mle"), loss(prediction, "map")
    mle, map_ = (
        _judgement(reading, lines, failed, improper, level, lost) for reading, lost in zip(POINTS, losses, strict=True)
    )
    return Verdict(prior, level, mle, map_, lines, losses)


def _said(value: Any) -> str:
    """A text of the table; an empty string where there is none."""
    return value if isinstance(value, str) else ""


def _line(group: pd.DataFrame, level: float) -> Line:
    row = {str(one["reading"]): one for one in group.to_dict("records")}
    posterior = row["posterior"]

    def distance(reading: str) -> Distance:
        one = row[reading]
        gap, error, mass, mass_error = (float(one[key]) for key in ("gap", "gap_error", "mass", "mass_error"))
        held = holds(mass, mass_error, level)
        return Distance(
            float(one["estimate"]), gap, error, mass, mass_error, word(gap, error), held, _said(one["reason"])
        )

    mean, sd, mcse = (float(posterior[key]) for key in ("estimate", "sd", "mcse"))
    pull, skew = float(row["map"]["pull"]), float(posterior["skew"])
    return Line(str(posterior["parameter"]), mean, sd, mcse, pull, skew, distance("mle"), distance("map"))


def _judgement(
    reading: str,
    lines: Sequence[Line],
    failed: Mapping[str, Mapping[str, str]],
    improper: str,
    level: float,
    lost: Loss,
) -> Judgement:
    """The rules in their order: existence, checks, then distances, intervals and predictions."""
    points = [(line, line.points[reading]) for line in lines]
    own = dict(failed[reading])
    missing = all(not np.isfinite(point.estimate) for _, point in points)
    if MAXIMUM in own or missing:
        why = next((point.reason for _, point in points if point.reason), own.get(MAXIMUM, ""))
        return Judgement(NO, (f"it does not exist: {why}" if why else "it does not exist",), exists=False)
    if improper or POSTERIOR in failed["posterior"]:
        why = improper or failed["posterior"][POSTERIOR]
        return Judgement(CANNOT_SAY, (f"there is no posterior to compare with ({why})" if why else "no posterior",))
    refused = [("posterior", failed["posterior"]), (reading, own)]
    reasons = [
        f"do not read the {NAMES[of]}: the check “{name}” failed" + (f" ({detail})" if detail else "")
        for of, found in refused
        for name, detail in found.items()
    ]
    reasons += [f"the distance for {line.parameter} is not known" for line, point in points if point.word == UNKNOWN]
    reasons += [
        f"the Monte Carlo error of the posterior mean of {line.parameter} is too large"
        for line, point in points
        if STANDARD_ERRORS * point.gap_error > LARGE
    ]
    if reasons:
        return Judgement(CANNOT_SAY, tuple(reasons))
    reasons = [*_far(points), *_off(points, level), *_without(points)]
    if lost.matters:
        reasons.append(_loses(lost))
    return Judgement(NO if reasons else YES, tuple(reasons))


def _far(points: list[tuple[Line, Distance]]) -> list[str]:
    far = sorted((pair for pair in points if pair[1].word == DIFFERS), key=lambda pair: -abs(pair[1].gap))
    if not far:
        return []
    line, point = far[0]
    near = f"; its Monte Carlo error leaves open whether that is more than {LARGE:g}" if at_limit(point) else ""
    return [f"for {line.parameter} it lies {away(point)} the posterior mean{_more(len(far))}{near}"]


def _off(points: list[tuple[Line, Distance]], level: float) -> list[str]:
    off = sorted((pair for pair in points if pair[1].holds is False), key=lambda pair: -abs(pair[1].mass - level))
    if not off:
        return []
    line, point = off[0]
    held = share(point.mass, point.mass_error)
    return [f"its interval for {line.parameter} holds {held} of the posterior, not {percent(level)}{_more(len(off))}"]


def _without(points: list[tuple[Line, Distance]]) -> list[str]:
    found = [(line, point) for line, point in points if point.holds is None]
    if not found:
        return []
    line, point = found[0]
    why = f" ({point.reason})" if point.reason else ""
    return [f"it has no interval for {line.parameter}{_more(len(found))}{why}"]


def _loses(lost: Loss) -> str:
    if np.isinf(lost.total):
        return f"it rules out what was observed: {lost.reason}"
    return (
        f"it loses {significant(lost.total, 2)} ± {significant(lost.error, 2)} in leave-one-out log density "
        f"against the posterior, over {lost.rows:,} observations"
    )


def _more(count: int) -> str:
    """How many parameters beside the one that is named: it is the worst."""
    return "" if count == 1 else f" (and {count - 1} other parameter{'s' if count > 2 else ''} likewise)"


def at_limit(point: Distance) -> bool:
    """Whether a distance is as near to the limit as its Monte Carlo error."""
    return abs(abs(point.gap) - LARGE) <= STANDARD_ERRORS * point.gap_error


def away(point: Distance) -> str:
    """Distance, its Monte Carlo error and its side: "0.31 ± 0.02 posterior sd above"."""
    gap, error = point.gap, point.gap_error
    if not error > 0:
        return f"{significant(abs(gap), 2)} posterior sd {'above' if gap > 0 else 'below' if gap < 0 else 'from'}"
    if abs(gap) < error:
        return f"less than its Monte Carlo error, {significant(error, 1)} posterior sd, from"
    return f"{number(abs(gap), error)} ± {significant(error, 1)} posterior sd {'above' if gap > 0 else 'below'}"


def share(mass: float, error: float = 0.0) -> str:
    """Format a share of the posterior: a tenth of a percent if its error is less than `COARSE`, else whole percents.

    Neither 0 nor 100 % stands for a share that is not exactly so.
    """
    if 0 < mass < 0.0005 or 0.9995 <= mass < 1:
        return "less than 0.1 %" if mass < 0.5 else "more than 99.9 %"
    return percent(round(mass, 2 if error > COARSE and 0.01 <= mass < 0.99 else 3))

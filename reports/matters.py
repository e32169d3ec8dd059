"""Does it matter which reading is used? In a few words for a card of the index, in sentences for the top of a page.

Everything follows from the stored verdict (`comparisons.verdict`): distances from the posterior mean in posterior
standard deviations, what intervals hold, and predictions. Which part of a distance is the prior's and which is that of
the shape of the posterior is told apart as in the figure of the steps (`reports.steps`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comparisons.digits import significant
from comparisons.rules import LARGE, SMALL
from comparisons.verdict import CANNOT_SAY, NAMES, NO, POINTS, YES, Line, Verdict, share
from comparisons.writing import TWICE, judged
from reports.words import ABSENT, listed

BOUNDARY = "on the boundary"
"""How a reason begins that says where a maximum lies."""


def farthest(verdict: Verdict, reading: str) -> Line | None:
    """Parameter of the largest distance of a reading from the posterior mean; None if none is known."""
    known = [line for line in verdict.lines if np.isfinite(line.points[reading].gap)]
    return max(known, key=lambda line: abs(line.points[reading].gap)) if known else None


def in_short(verdict: Verdict) -> str:
    """What matters under one prior, and how much, in about a dozen words."""
    if all(judgement.enough == CANNOT_SAY for judgement in verdict.judgements.values()):
        none = verdict.mle.reasons[0].startswith(("there is no posterior", "no posterior"))
        return "No posterior to compare with" if none else "Cannot be judged: a check failed"
    near = [reading for reading in POINTS if _is_near(verdict, reading)]
    if len(near) < len(POINTS):
        parts = [_off(verdict, reading) for reading in POINTS]
        both = _both(verdict)
        return both or f"{parts[0]}, {parts[1]}"
    bound = max(_size(verdict, reading) for reading in POINTS)
    within = f"within {f'{SMALL:g}' if bound <= SMALL else significant(bound, 2)} sd"
    if defects := [defect for reading in POINTS if (defect := _defect(verdict, reading))]:
        return f"MLE and MAP {within}, but {defects[0]}"
    if bound <= SMALL:
        return f"MLE and MAP agree with the posterior mean {within}"
    return f"MLE and MAP {within} of the posterior mean"


def _size(verdict: Verdict, reading: str) -> float:
    line = farthest(verdict, reading)
    return float("nan") if line is None else abs(line.points[reading].gap)


def _is_near(verdict: Verdict, reading: str) -> bool:
    """Whether a reading exists, can be judged, and is far from the mean for no parameter."""
    judgement = verdict.judgements[reading]
    return judgement.exists and judgement.enough != CANNOT_SAY and _size(verdict, reading) <= LARGE


def _off(verdict: Verdict, reading: str) -> str:
    """How far one reading lies off at most, where, and by what."""
    judgement, name = verdict.judgements[reading], NAMES[reading]
    if not judgement.exists:
        return f"{'no' if reading == 'map' else 'No'} {name} exists{_kind(judgement.reasons[0])}"
    line = farthest(verdict, reading)
    if judgement.enough == CANNOT_SAY or line is None:
        return f"{name} cannot be judged"
    size = significant(_size(verdict, reading), 2)
    if _is_near(verdict, reading):
        return f"{name} within {f'{SMALL:g}' if _size(verdict, reading) <= SMALL else size} sd"
    said = [text for text in (line.parameter * (len(verdict.lines) > 1), cause(line, reading)) if text]
    return f"{name} {size} sd off{f' ({": ".join(said)})' if said else ''}"


def _both(verdict: Verdict) -> str:
    """One clause where MLE and MAP lie equally far off, for the same parameter and reason; else empty."""
    lines = [farthest(verdict, reading) for reading in POINTS]
    offs = [_off(verdict, reading).partition(" ")[2] for reading in POINTS]
    alike = offs[0] == offs[1] and " sd off" in offs[0] and lines[0] is not None
    if not alike or lines[0] is None or lines[0].mle.gap * lines[0].map.gap < 0:
        return ""
    return f"MLE and MAP both {offs[0]}"


def _kind(reason: str) -> str:
    """In brackets, how a maximum fails to exist, if the reason begins with it."""
    kind = reason.removeprefix("it does not exist: ").partition(":")[0]
    return f" ({kind})" if kind in ABSENT else ""


def cause(line: Line, reading: str) -> str:
    """By what a point lies off: the boundary, the prior, the shape of the posterior, or both; empty if not known."""
    edge = "at the boundary" if line.points[reading].reason.startswith(BOUNDARY) else ""
    if not np.isfinite(line.skew):
        return edge
    if reading == "map":
        return edge or "shape"
    if not np.isfinite(line.pull):
        return edge
    pull, skew = abs(line.pull), abs(line.skew)
    larger = "prior" if pull >= TWICE * skew else "shape" if skew >= TWICE * pull else "prior and shape"
    return f"{larger}, {edge}" if edge else larger


def _defect(verdict: Verdict, reading: str) -> str:
    """Why a reading that is near is not enough all the same; empty if it is."""
    if verdict.judgements[reading].enough != NO:
        return ""
    name, points = NAMES[reading], [line.points[reading] for line in verdict.lines]
    off = [point for point in points if point.holds is False]
    if off:
        worst = max(off, key=lambda point: abs(point.mass - verdict.level))
        return f"the {name}'s interval holds {share(worst.mass, worst.mass_error)}"
    if any(point.holds is None for point in points):
        return f"the {name} has no interval"
    return f"the {name} predicts worse"


def answer(verdicts: Sequence[Verdict]) -> str:
    """Whether it matters, in a sentence: under the default prior, which is the first, and under the others."""
    said = {one.prior: {judgement.enough for judgement in one.judgements.values()} for one in verdicts}
    matters = [prior for prior, found in said.items() if NO in found]
    enough = [prior for prior, found in said.items() if found == {YES}]
    unclear = [prior for prior in said if prior not in matters and prior not in enough]
    parts = []
    if matters:
        parts.append(f"{_under(matters, said)} it matters which reading you take")
    if enough:
        parts.append(f"{_under(enough, said)} MLE and MAP are both close enough to stand for the posterior")
    if unclear:
        parts.append(f"{_under(unclear, said)} not everything can be judged")
    parts.sort(key=lambda part: verdicts[0].prior not in part)
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _under(some: Sequence[str], every: Sequence[str] | dict[str, set[str]]) -> str:
    if len(some) == len(every) > 1:
        return "under every prior"
    return f"under the prior{'s' if len(some) > 1 else ''} {listed(some)}"


def reasons(verdict: Verdict) -> list[str]:
    """The judgement of both readings under one prior; why one does not exist is said at the top of the page."""
    found = []
    for reading in POINTS:
        judgement = verdict.judgements[reading]
        if judgement.exists:
            found.append(judged(verdict, reading))
        else:
            found.append(f"The {NAMES[reading]} is not enough: it does not exist.")
    return found

"""Verdicts in words, for a page, a Markdown file and a terminal. Every word follows from a number of the verdict."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

from comparisons import rules
from comparisons.digits import MISSING, number, percent, significant
from comparisons.rules import AGREES, UNKNOWN
from comparisons.verdict import CANNOT_SAY, NAMES, NO, POINTS, YES, Distance, Line, Verdict, at_limit, away, share

TWICE = 2.0  # one part of a distance is called the larger if it is twice the other


def headline(verdicts: Sequence[Verdict]) -> str:
    """Return the answer for a whole fit, over its priors, in one sentence or two."""
    said = {verdict.judgements[reading].enough for verdict in verdicts for reading in POINTS}
    clauses = "; ".join(f"the {NAMES[reading]} {_over_priors(verdicts, reading)}" for reading in POINTS)
    if said == {YES}:
        return f"Here a point estimate is enough: MLE and MAP are both close to the posterior {_under(verdicts)}."
    if said == {CANNOT_SAY}:
        reason = plain(verdicts[0].mle.reasons[0])
        return f"Here nothing can be said yet: {reason}."
    lead = "Here it matters" if NO in said else "Here a point estimate is enough where anything can be said"
    return f"{lead}: {clauses}."


def _over_priors(verdicts: Sequence[Verdict], reading: str) -> str:
    """What is said of one reading: "is enough under the prior a, but not under the prior b: it does not exist"."""
    parts = []
    for answer, phrase in ((YES, "is enough"), (NO, "is not enough"), (CANNOT_SAY, "cannot be judged")):
        found = [verdict for verdict in verdicts if verdict.judgements[reading].enough == answer]
        if found:
            reasons = found[0].judgements[reading].reasons
            differ = len({verdict.judgements[reading].reasons[:1] for verdict in found}) > 1
            why = f" ({f'{plain(found[0].prior)}: ' * differ}{plain(reasons[0])})" if reasons else ""
            parts.append(f"{phrase} {_under(found)}{why}" if len(verdicts) > 1 else f"{phrase}{why}")
    return ", and ".join(parts)


def _under(verdicts: Sequence[Verdict]) -> str:
    names = [plain(verdict.prior) for verdict in verdicts]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"under the prior{'s' if len(names) > 1 else ''} {listed}"


def judged(verdict: Verdict, reading: str) -> str:
    """Return the judgement of one reading as a sentence."""
    judgement, name = verdict.judgements[reading], NAMES[reading]
    if judgement.enough == YES:
        near = [line.parameter for line in verdict.lines if at_limit(line.points[reading])]
        if near:
            more = f" and {len(near) - 1} more" if len(near) > 1 else ""
            return (
                f"The {name} is enough, though the Monte Carlo error of its distance for {near[0]}{more} leaves open "
                f"whether that is below {rules.LARGE:g} posterior sd."
            )
        return f"The {name} is enough."
    lead = f"The {name} is not enough" if judgement.enough == NO else f"Nothing can be said of the {name}"
    return f"{lead}: {'; '.join(judgement.reasons)}."


def sentences(verdict: Verdict, line: Line) -> list[str]:
    """Say of one parameter how far the points lie, what their intervals hold, and why."""
    found = [text for reading, point in line.points.items() if (text := _distance(verdict, reading, point))]
    return [*found, *filter(None, [_why(verdict, line)])] if found else ["Nothing can be compared here."]


def _distance(verdict: Verdict, reading: str, point: Distance) -> str:
    judgement = verdict.judgements[reading]
    if judgement.enough == CANNOT_SAY or not judgement.exists or point.word == UNKNOWN:
        return ""
    name, place = NAMES[reading], f"{away(point)} it"
    if point.word == AGREES:
        text = f"The {name} agrees with the posterior mean ({place})."
    else:
        text = f"The {name} {point.word} from the posterior mean ({place})."
    if point.holds is None:
        return f"{text} It has no interval."
    if not point.holds:
        text += (
            f" Its interval holds {share(point.mass, point.mass_error)} of the posterior, not {percent(verdict.level)}."
        )
    return text


def _why(verdict: Verdict, line: Line) -> str:
    """Say which part of the way from the MLE to the mean is the prior's, and which the way from mode to mean."""
    if not np.isfinite(line.skew):
        return ""
    known = verdict.mle.exists and np.isfinite(line.pull)
    pull, skew = abs(line.pull) if known else 0.0, abs(line.skew)
    if max(pull, skew) <= rules.SMALL:
        return ""
    prior = f"the prior moves the mode {significant(pull, 2)} posterior sd {'up' if line.pull > 0 else 'down'}"
    place, several = f"{significant(skew, 2)} sd {_side(line.skew)} its", len(verdict.lines) > 1
    shape = f"the posterior is not symmetric: its mean lies {place} mode"
    if several:  # the mean of a symmetric margin too lies off the joint mode
        shape = (
            f"the mean of {line.parameter} lies {place} coordinate of the joint mode: the other parameters are "
            "integrated out, and skewness"
        )
    if skew <= rules.SMALL:
        return f"Why: {prior}."
    if pull <= rules.SMALL:
        return f"Why: {shape}."
    if line.pull * line.skew < 0:
        return f"Why: {prior}, and {shape}; the two work against each other."
    rest = "mostly the way from mode to mean" if several else "mostly the shape"
    larger = "mostly the prior" if pull >= TWICE * skew else rest if skew >= TWICE * pull else "both"
    return f"Why: {prior}, and {shape}; it is {larger}."


def _side(value: float) -> str:
    return "above" if value > 0 else "below"


def predicted(verdict: Verdict, reading: str) -> str:
    """Return the comparison of predictions as a sentence."""
    loss = verdict.losses[POINTS.index(reading)]
    name = NAMES[reading] if verdict.judgements[reading].exists else f"{NAMES[reading]} (largest local maximum)"
    if np.isposinf(loss.total):
        return f"The {name} predicts worse than the posterior: {loss.reason}."
    if np.isnan(loss.total):
        return f"Predictions of the {name} are not compared: {loss.reason}."
    size, error = significant(abs(loss.total), 2), significant(loss.error, 2)
    side = "higher" if loss.total > 0 else "lower"
    if loss.matters:
        said = "this matters"
    elif loss.small:
        said = f"the {NAMES[reading]} loses too little to matter"
    else:
        said = f"whether this matters cannot be told with n = {loss.rows:,} observations"
    known = f" ({loss.reason})" if loss.reason else ""
    return (
        f"Leave-one-out log density of {loss.rows:,} observations: the posterior's is {size} ± {error} {side} than the "
        f"{name}'s{known}; {said}."
    )


def plain(text: str) -> str:
    """One line without control or invisible formatting characters."""
    spaced = re.sub(r"\s+", " ", text)
    return "".join(one for one in spaced if unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co")).strip()


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a sentence and in the cell of a table."""
    text = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*|~#{}$])", r"\\\1", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    # A bracket means something only before another bracket, a colon or a parenthesis, or where a line begins.
    return re.sub(r"([\[\]!])", r"\\\1", text) if re.search(r"\][(:\[]|^\[", text) else text


def markdown(verdicts: Sequence[Verdict], title: str = "") -> str:
    """Write the verdict of a fit as Markdown.

    Parameters
    ----------
    verdicts : sequence of Verdict
        Under each prior.
    title : str
        Name of the fit.

    Returns
    -------
    str
        The headline, a section per prior with a table and sentences, and the rules with their limits.
    """
    parts = [f"# Does it matter here? {escape(title)}".rstrip(), escape(headline(verdicts))]
    for verdict in verdicts:
        parts += [
            f"## Prior: {escape(verdict.prior)}",
            "\n".join(f"- {escape(judged(verdict, reading))}" for reading in POINTS),
            _table(verdict),
            "\n".join(_about(verdict)),
            "\n".join(f"- {escape(predicted(verdict, reading))}" for reading in POINTS),
        ]
    stated = "\n".join(f"- {escape(rule)}" for rule in rules.stated(verdicts[0].level))
    return "\n\n".join([*parts, "## Rules", stated]) + "\n"


def _about(verdict: Verdict) -> list[str]:
    """Items about the parameters; those about which there is nothing to say share one."""
    quiet = [line for line in verdict.lines if _quiet(verdict, line)]
    items = [
        f"- **{escape(line.parameter)}**: {escape(' '.join(sentences(verdict, line)))}"
        for line in verdict.lines
        if line not in quiet or len(verdict.lines) == 1
    ]
    if quiet and len(verdict.lines) > 1:
        whom = "For every parameter" if not items else f"For {', '.join(escape(line.parameter) for line in quiet)}"
        items.append(f"- {whom} the points agree with the posterior mean, and their intervals hold what they say.")
    return items


def _quiet(verdict: Verdict, line: Line) -> bool:
    """Whether both points can be judged and agree, and their intervals hold what they say."""
    return all(
        judgement.exists and judgement.enough != CANNOT_SAY and point.word == AGREES and point.holds is True
        for judgement, point in zip(verdict.judgements.values(), line.points.values(), strict=True)
    )


def _table(verdict: Verdict) -> str:
    head = ["parameter", "MLE", "MAP", "posterior mean ± MCSE", "gap of MLE", "gap of MAP", "MLE holds", "MAP holds"]
    rows = [head, ["---"] + ["---:"] * (len(head) - 1)]
    for line in verdict.lines:
        points = line.points.values()
        local = ["" if judgement.exists else " (local)" for judgement in verdict.judgements.values()]
        mean = f"{number(line.mean, line.mcse)} ± {significant(line.mcse, 2)}" if np.isfinite(line.mean) else MISSING
        gaps = [("+" if point.gap > 0 else "") + number(point.gap, point.gap_error) for point in points]
        held = [share(point.mass, point.mass_error) if np.isfinite(point.mass) else MISSING for point in points]
        estimates = [
            number(point.estimate, line.sd / 100) + where * bool(np.isfinite(point.estimate))
            for point, where in zip(points, local, strict=True)
        ]
        rows.append([escape(line.parameter), *estimates, mean, *gaps, *held])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\nGaps are in posterior standard deviations."


def text(verdicts: Sequence[Verdict]) -> str:
    """Return the verdict in a few plain lines, for a terminal."""
    said = [f"{verdict.prior}: {judged(verdict, reading)}" for verdict in verdicts for reading in POINTS]
    return "\n".join([plain(headline(verdicts)), *(f"  {plain(line)}" for line in said)]) + "\n"

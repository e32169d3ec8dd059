"""Sentences computed from the numbers of a fit, so that they cannot contradict its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from comparisons.digits import exists, number, significant
from comparisons.rules import SMALL
from comparisons.verdict import POSTERIOR
from reports.stored import MAXIMUM, POINTS, Fit, Gap

NAMES = {"mle": "MLE", "map": "MAP", "posterior": "posterior mean"}
ABSENT = ("unbounded", "infinite", "improper", "no mean", "no standard deviation")
"""How the finding of a check of existence begins, if it is a property of model and data."""
BY_NATURE = "by the nature of model and data, not by an error"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Join names: "a, b and c", or the first ones and how many more."""
    names = list(names)
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def called(fit: Fit, prior: str, label: str, reading: str) -> str:
    """Name of a reading for one number: a largest local maximum is never called the maximum."""
    if reading == "mle" and is_local(fit, prior, label):
        return "largest local maximum of the likelihood"
    return NAMES[reading]


def is_local(fit: Fit, prior: str, label: str) -> bool:
    """Whether an MLE is shown although no maximum exists."""
    return exists(fit.value(prior, label, "mle")) and MAXIMUM in fit.failed(prior, label, "mle")


def error_of(fit: Fit, prior: str, label: str, reading: str) -> float:
    """The error that limits the digits of an estimate (`comparisons.digits`)."""
    if reading == "posterior":
        return fit.value(prior, label, reading, "mcse")
    return fit.value(prior, label, "posterior", "sd") / 100


def readings_sentence(fit: Fit, prior: str, most: int = 2) -> str:
    """The three numbers of the first parameters, or why one of them does not exist."""
    parts = []
    for label in fit.labels[:most]:
        said = []
        for reading in ("mle", "map", "posterior"):
            value = fit.value(prior, label, reading)
            name = called(fit, prior, label, reading)
            if exists(value):
                refused = " (do not read)" if fit.failed(prior, label, reading) else ""
                said.append(f"{name} {number(value, error_of(fit, prior, label, reading))}{refused}")
            else:
                said.append(f"{name} does not exist")
        parts.append(f"{label}: {', '.join(said)}.")
    return " ".join(parts)


def interval_kinds(fit: Fit, prior: str) -> str:
    """Kind of the interval of each reading."""
    label = fit.labels[0]
    kinds = [str(fit.row(prior, label, reading)["interval"]) for reading in ("mle", "map", "posterior")]
    return "; ".join(f"{name}: {kind_of(kind)}" for name, kind in zip(("MLE", "MAP", "posterior"), kinds, strict=True))


def kind_of(interval: str) -> str:
    """Kind of an interval, with the name of a person as such."""
    return interval.replace("laplace", "Laplace")


def largest(gaps: Iterable[Gap], reading: str) -> tuple[str, float] | None:
    """Parameter with the largest distance of a reading from the posterior mean, and the distance with its sign."""
    known = [(gap.parameter, value) for gap in gaps if (value := getattr(gap, reading)) is not None]
    return max(known, key=lambda pair: abs(pair[1])) if known else None


def apart_sentence(fit: Fit, prior: str) -> str:
    """How far the two points lie from the posterior mean under a prior, at most over all parameters."""
    gaps, said = fit.gaps(prior), []
    for reading in POINTS:
        name = NAMES[reading]
        farthest = largest(gaps, reading)
        if farthest is None:
            said.append(f"the {name} does not exist")
            continue
        label, value = farthest
        name = called(fit, prior, label, reading)
        refused = " (do not read)" if fit.failed(prior, label, reading) else ""
        where = "above" if value > 0 else "below"
        of = "" if len(fit.labels) == 1 else f" for {label}"
        if abs(value) <= SMALL:
            said.append(f"the {name}{refused} agrees with the posterior mean to within {SMALL:g} posterior sd")
        else:
            size = significant(abs(value), 2)
            said.append(f"the {name}{refused} lies {size} posterior sd {where} the posterior mean{of}")
    lead = "" if len(fit.labels) == 1 else "where they differ most, "
    return f"Under the prior {prior}, {lead}{said[0]}; {said[1]}."


def is_absence(check: Mapping[str, Any]) -> bool:
    """Whether a failed check finds that something does not exist, which is a property of model and data, no error."""
    return (
        not check["passed"]
        and check["name"] in (MAXIMUM, POSTERIOR)
        and str(check["detail"]).partition(":")[0] in ABSENT
    )


def real_failures(fit: Fit) -> list[dict[str, Any]]:
    """The failed checks that are no absences."""
    return [check for check in fit.failures if not is_absence(check)]


def verdict(fit: Fit) -> str:
    """What the checks allow, in one sentence."""
    failures, absent = len(real_failures(fit)), len(fit.failures) - len(real_failures(fit))
    count = plural(len(fit.checks), "check")
    if failures:
        return f"{failures} of {count} failed: do not read the numbers concerned as estimates."
    if absent:
        others = f"other {absent} fail" if absent > 1 else "other fails"
        return f"{len(fit.checks) - absent} of {count} passed; the {others} {BY_NATURE}."
    return f"All {len(fit.checks)} checks passed."


def refusals(fit: Fit) -> list[str]:
    """Per failed check, which reading under which priors, what for, and what was found; equal findings once."""
    found: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for check in real_failures(fit):
        key = check["reading"], check["name"], check["detail"], tuple(check["parameters"])
        found.setdefault(key, []).append(check["prior"])
    lines = []
    for (reading, name, detail, parameters), priors in found.items():
        about = f" of {listed(parameters)}" if parameters else ""
        lines.append(f"{NAMES.get(reading, reading)}{about}, {_priors(priors)}: the check “{name}” failed ({detail}).")
    return lines


def absences(fit: Fit) -> list[str]:
    """What does not exist, and why, from the checks that found it; equal findings once."""
    found: dict[tuple[str, str], list[str]] = {}
    for check in fit.failures:
        if is_absence(check):
            found.setdefault((check["reading"], check["detail"]), []).append(check["prior"])
    lines = []
    for (reading, detail), priors in found.items():
        kind, _, why = detail.partition(":")
        under = f" under the {_priors(priors)}"
        if reading == "mle":
            what = "The likelihood has no maximum"
        elif reading == "map":
            what = f"The density that the MAP maximises has no maximum{under}"
        else:
            what = f"There is no posterior{under}" if kind == "improper" else f"The posterior has {kind}{under}"
        lines.append(f"{what}: {why.strip()}.")
    return lines


def _priors(names: Sequence[str]) -> str:
    return f"prior {names[0]}" if len(names) == 1 else f"priors {listed(names)}"


def truth(fit: Fit) -> str:
    """The true values of simulated data, in words."""
    rows = fit.table[(fit.table["prior"] == fit.default) & (fit.table["reading"] == "mle") & fit.table["truth"].notna()]
    return ", ".join(f"{label} = {value:g}" for label, value in zip(rows["parameter"], rows["truth"], strict=True))

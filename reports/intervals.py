"""What an interval says and what it does not: the intervals of the three readings of one parameter, side by side."""

from __future__ import annotations

from comparisons.digits import exists, number, percent
from reports.stored import Fit
from reports.words import error_of, is_local, kind_of, listed

FEW = 30  # observations
TITLES = {"mle": "Confidence interval", "map": "Approximate credible interval", "posterior": "Credible interval"}


def said(fit: Fit, prior: str, label: str) -> list[dict[str, str]]:
    """Title, numbers and meaning of the intervals of the three readings of one parameter."""
    return [
        {
            "key": reading,
            "title": TITLES[reading],
            "numbers": _numbers(fit, prior, label, reading),
            "text": _meaning(fit, prior, label, reading),
        }
        for reading in ("mle", "map", "posterior")
    ]


def _ends(fit: Fit, prior: str, label: str, reading: str) -> str:
    error = error_of(fit, prior, label, reading) * (3 if reading == "posterior" else 1)
    low, high = (fit.value(prior, label, reading, end) for end in ("lower", "upper"))
    return f"{number(low, error)} to {number(high, error)}" if exists(low) and exists(high) else ""


def _numbers(fit: Fit, prior: str, label: str, reading: str) -> str:
    ends, row = _ends(fit, prior, label, reading), fit.row(prior, label, reading)
    return f"{ends} ({kind_of(str(row['interval']))}, {percent(float(row['level']))})" if ends else "none"


def _meaning(fit: Fit, prior: str, label: str, reading: str) -> str:
    if not _ends(fit, prior, label, reading):
        reason = fit.reason(prior, label, reading)
        return f"There is none here{f': {reason}' if reason else ''}."
    failed = fit.failed(prior, label, reading)
    if failed:
        if is_local(fit, prior, label) and reading == "mle":
            return "Do not read it: it belongs to the largest local maximum that was found; the likelihood has none."
        return f"Do not read it: failed {listed(failed)}."
    level = percent(float(fit.row(prior, label, reading)["level"]))
    held = _held(fit, prior, label, reading)
    if reading == "mle":
        return (
            f"Of many data sets drawn anew from one true {label}, nominally about {level} would give an interval that "
            f"covers it. {nominal(fit)} It does not say how probable it is that {label} lies in this one.{held}"
        )
    if reading == "map":
        return (
            f"The normal curve at the mode, read as if it were the posterior: {label} in it with about {level}.{held}"
        )
    return (
        f"Given the model, the prior {prior} and these data, {label} lies in it with a probability of {level}. "
        "It does not say how often such intervals would cover the truth."
    )


def nominal(fit: Fit) -> str:
    """What the level of a confidence interval of a likelihood is worth: its theory is for many data."""
    counts = next((fit.data[name] for name in ("flips", "trials") if name in fit.data), None)
    if (fit.data.sizes["observation"] if counts is None else int(counts.sum())) < FEW:
        return "The level is that of many data: with as few as here the share can be far from it."
    return "The level is that of many data: with few the share can be far from it."


def _held(fit: Fit, prior: str, label: str, reading: str) -> str:
    mass = fit.value(prior, label, reading, "mass")
    if not exists(mass) or fit.failed(prior, label, "posterior"):
        return ""
    return f" The posterior under the prior {prior} puts {percent(round(mass, 3))} into it."

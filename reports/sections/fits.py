"""Three fits: of each its objective, how it was computed, its result and its own audit."""

from __future__ import annotations

from typing import Any

from comparisons.digits import MISSING, count, exists, number, significant
from reports import diagnostics, mathematics, words
from reports.stored import Fit
from reports.style import READINGS
from reports.words import error_of, is_local, listed, plural

TITLE = "Three fits"
MOST = 5  # results shown per reading
OBJECTIVES = {
    "mle": (r"\max_{\theta}\; \log p(y \mid \theta)", "the parameters under which the data are most probable"),
    "map": (
        r"\max_{\theta}\; \left( \log p(y \mid \theta) + \log p(\theta) \right)",
        "the highest point of the posterior density, on the scale of the priors",
    ),
    "posterior": (
        r"p(\theta \mid y) \propto p(y \mid \theta)\; p(\theta)",
        "all parameters, each as probable as data and prior together make it",
    ),
}
CALLED = {
    "r_hat": "R-hat",
    "ess_bulk": "effective draws, bulk",
    "ess_tail": "effective draws, tails",
    "mcse": "Monte Carlo error",
}


def context(fit: Fit) -> dict[str, Any]:
    """One column per reading under the default prior, and the sampler's work: its energy only where that is slow."""
    columns = [column(fit, reading) for reading in ("mle", "map", "posterior")]
    slow = any(check["name"] == "energy" for check in columns[-1]["failed"])
    pictures = [diagnostics.rank(fit), *([diagnostics.energy(fit)] if slow else [])]
    return {"columns": columns, "prior": fit.default, "sampler": pictures}


def column(fit: Fit, reading: str) -> dict[str, Any]:
    """What there is to say of one reading."""
    tex, meaning = OBJECTIVES[reading]
    checks = [check for check in fit.checks if check["reading"] == reading and check["prior"] in ("", fit.default)]
    absent = [check for check in checks if words.is_absence(check)]
    failed = [check for check in checks if not check["passed"] and check not in absent]
    return {
        "key": reading,
        "symbol": READINGS[reading].symbol,
        "name": {"mle": "MLE", "map": "MAP", "posterior": "Posterior"}[reading],
        "objective": mathematics.mathml(tex),
        "meaning": meaning,
        "how": how(fit, reading),
        "local": all(reading == "mle" and is_local(fit, fit.default, label) for label in fit.labels),
        "results": [_result(fit, label, reading) for label in fit.labels[:MOST]],
        "more": max(0, len(fit.labels) - MOST),
        "verdict": _verdict(len(failed), len(absent), len(checks)),
        "passed": [called(check) for check in checks if check["passed"]],
        "absent": [called(check) for check in absent],
        "failed": [called(check) for check in failed],
    }


def called(check: dict[str, Any]) -> dict[str, Any]:
    """A check with its name in words."""
    return check | {"called": CALLED.get(check["name"], check["name"])}


def _verdict(failed: int, absent: int, checks: int) -> str:
    if not checks:
        return "Nothing was checked."
    if failed:
        return f"{failed} of {checks} checks failed." if checks > 1 else "The one check failed."
    if absent:
        lead = f"{checks - absent} of {checks} checks passed; one" if checks > 1 else "The one check"
        return f"{lead} fails {words.BY_NATURE}."
    return f"All {checks} checks passed." if checks > 1 else "The one check passed."


def how(fit: Fit, reading: str) -> str:
    """How a reading was computed, from the record of the fit."""
    if reading == "posterior":
        record = fit.record
        return (
            f"Sampled by NUTS: {record['chains']} chains of {record['draws']:,} draws, after {record['tune']:,} of "
            f"warm-up. {_effective(fit)}"
        )
    audit = fit.tree[fit.default][reading].attrs
    starts, agreeing = int(audit["starts"]), int(audit["agreeing"])
    climbed = f"Climbed from {plural(starts, 'dispersed start')}"
    found = f"{agreeing} of them reached this value" if agreeing else "none found a top inside the parameter space"
    past = int(audit["collapsed"])
    ran = f", {past} ran past it without a maximum" if past else ""
    steepest = float(audit["gradient"])
    slope = f" Slope left at the top: {significant(steepest, 2)} per standard error." if exists(steepest) else ""
    return f"{climbed}; {found}{ran}.{slope}"


def _effective(fit: Fit) -> str:
    worst = [fit.value(fit.default, label, "posterior", "ess_bulk") for label in fit.labels]
    if not all(exists(value) for value in worst):
        return "Their effective number is not known."
    at = min(range(len(worst)), key=worst.__getitem__)
    of = "" if len(worst) == 1 else f", for {fit.labels[at]}"
    return f"For a mean they are worth at least {count(worst[at])} independent ones{of}."


def _result(fit: Fit, label: str, reading: str) -> dict[str, Any]:
    value, spread = (fit.value(fit.default, label, reading, key) for key in ("estimate", "sd"))
    error = error_of(fit, fit.default, label, reading)
    refused = fit.failed(fit.default, label, reading)
    said = f"{number(value, error)} ± {number(spread, error)}" if exists(spread) else number(value, error)
    return {
        "label": label,
        "said": said if exists(value) else MISSING,
        "reason": "" if exists(value) else fit.reason(fit.default, label, reading) or "does not exist",
        "refused": listed(refused) if refused else "",
    }

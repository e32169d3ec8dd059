"""Tables of a page, as plain text: the comparison, the checks, the audits, prediction and sensitivity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from comparisons.digits import MISSING, count, exists, number, percent, significant
from comparisons.sensitivity import COMPONENTS, THRESHOLD
from reports import closed_form
from reports.stored import Fit
from reports.style import READINGS
from reports.words import error_of, is_local, kind_of

NAMES = {"mle": "MLE", "map": "MAP, declared scale", "posterior": "posterior mean"}


@dataclass
class Notes:
    """Remarks that many rows share, each written once and called by a letter."""

    texts: list[str] = field(default_factory=list)

    def letter(self, text: str) -> str:
        """Return the letter of a remark, a new one if it is new."""
        if text not in self.texts:
            self.texts.append(text)
        index = self.texts.index(text)
        return (chr(ord("a") + index // 26 - 1) if index >= 26 else "") + chr(ord("a") + index % 26)

    @property
    def lettered(self) -> list[tuple[str, str]]:
        """All remarks with their letters."""
        return [(self.letter(text), text) for text in self.texts]


def comparison(fit: Fit, prior: str) -> dict[str, Any]:
    """Rows of the comparison table under one prior, grouped by parameter, with the notes below it."""
    notes = Notes()
    groups = [
        (label, [_row(fit, prior, label, reading, notes) for reading in ("mle", "map", "posterior")])
        for label in fit.labels
    ]
    shared = _shared([rows for _, rows in groups])
    return {
        "prior": prior,
        "level": percent(fit.level),
        "groups": groups,
        "shared": shared,
        "remarks": any(
            (row["remarks"] or row["failed"] or row["note"]) and row["key"] not in shared
            for _, rows in groups
            for row in rows
        ),
        "truth": any(row["truth"] != MISSING for _, rows in groups for row in rows),
        "notes": notes.lettered,
    }


def _shared(groups: list[list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """One row of each reading whose numbers are all refused in the same words: they are said once."""
    found = {}
    for rows in zip(*groups, strict=True):
        same = all(row[key] == rows[0][key] for row in rows for key in ("failed", "note"))
        numbers = not any(row["remarks"] for row in rows)  # a missing one says in its own row why
        if len(rows) > 1 and rows[0]["failed"] and same and numbers:
            found[rows[0]["key"]] = rows[0]
    return found


def _row(fit: Fit, prior: str, label: str, reading: str, notes: Notes) -> dict[str, Any]:
    row = fit.row(prior, label, reading)
    error = error_of(fit, prior, label, reading)
    known = closed_form.known(fit, prior) if reading == "posterior" else None
    ends = 3 * error if reading == "posterior" else error  # a quantile in the tail is known less well than the mean
    reason, failed = fit.reason(prior, label, reading), fit.failed(prior, label, reading)
    incomplete = not all(exists(row[column]) for column in ("estimate", "sd", "lower", "upper"))
    remarks = [reason] if reason and incomplete else []
    noted = reason if reason and not incomplete else "" if known is None else _exactly(known, fit.level)
    kind, level = kind_of(str(row["interval"])), percent(float(row["level"]))
    return {
        "reading": NAMES[reading],
        "key": reading,
        "symbol": READINGS[reading].symbol,
        "local": reading == "mle" and is_local(fit, prior, label),
        "estimate": number(row["estimate"], error),
        "sd": number(row["sd"], error),
        "interval": _interval(row["lower"], row["upper"], ends),
        "kind": kind if level == percent(fit.level) else f"{kind}, {level}",
        "wald": _interval(row["wald_lower"], row["wald_upper"], ends) if reading == "mle" else "",
        "median": number(row["median"], ends) if known is None else number(known.quantile(0.5), known.error),
        "truth": f"{row['truth']:.6g}" if exists(row["truth"]) else MISSING,
        "mcse": significant(row["mcse"], 2),
        "ess": f"{count(row['ess_bulk'])} / {count(row['ess_tail'])}" if exists(row["ess_bulk"]) else MISSING,
        "r_hat": f"{row['r_hat']:.4f}" if exists(row["r_hat"]) else MISSING,
        "reference": number(row["reference"], error),
        "source": notes.letter(f"reference: {row['source']}") if exists(row["reference"]) else "",
        "distance": _distance(row),
        "remarks": remarks,
        "note": notes.letter(noted) if noted else "",
        "failed": failed,
    }


def _exactly(known: closed_form.Known, level: float) -> str:
    """What draws of a posterior are draws of."""
    low, high = (number(known.quantile(share), known.error) for share in ((1 - level) / 2, (1 + level) / 2))
    return (
        f"from draws, whose error this is; exactly, the posterior is {known.name}, with mean "
        f"{number(known.mean, known.error)} and the {percent(level)} interval {low} to {high}, as the sections on "
        "knobs, scales, predictions and decisions have it"
    )


def _interval(lower: float, upper: float, error: float) -> str:
    if not exists(lower) and not exists(upper):
        return MISSING
    return f"{number(lower, error)} to {number(upper, error)}"


def _distance(row: dict[str, Any]) -> str:
    """Distance from the reference, its unit and its limit."""
    if not exists(row["distance"]):
        return MISSING
    unit = str(row["unit"])
    if unit[:1].isdigit():  # a tolerance and what it is a multiple of
        tolerance, of = unit.split(" ", 1)
        if row["distance"] <= row["limit"]:
            return f"below {tolerance} {of}"
        return f"{significant(row['distance'] * float(tolerance), 2)} {of} (limit {tolerance})"
    return f"{significant(row['distance'], 2)} {unit} (limit {row['limit']:g})"


def checks(fit: Fit) -> list[dict[str, Any]]:
    """All checks, grouped by prior and reading; within a group and among the groups, the failed ones first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for check in fit.checks:
        groups.setdefault((check["prior"], check["reading"]), []).append(check)
    result = [
        {
            "prior": prior,
            "reading": NAMES.get(reading, reading),
            "failed": sum(not check["passed"] for check in found),
            "checks": sorted(found, key=lambda check: bool(check["passed"])),
        }
        for (prior, reading), found in groups.items()
    ]
    return sorted(result, key=lambda group: group["failed"] == 0)


def audits(fit: Fit) -> list[dict[str, str]]:
    """How each maximum was found."""
    result = []
    for prior in fit.priors:
        for reading in ("mle", "map"):
            attributes = fit.tree[prior][reading].attrs
            result.append(
                {
                    "prior": prior,
                    "reading": NAMES[reading],
                    "exists": "yes" if int(attributes["exists"]) else "no",
                    "starts": str(int(attributes["starts"])),
                    "agreeing": str(int(attributes["agreeing"])) if int(attributes["agreeing"]) else MISSING,
                    "collapsed": str(int(attributes["collapsed"])),
                    "gradient": significant(float(attributes["gradient"]), 2),
                    "log_density": significant(float(attributes["log_density"]), 7),
                }
            )
    return result


def prediction(fit: Fit) -> dict[str, Any] | None:
    """Leave-one-out predictive accuracy of the three readings under every prior; None with a single observation."""
    rows, notes, limit, subsample, failed = [], Notes(), "", "", False
    for prior in fit.priors:
        stored = fit.dataset(prior, "prediction")
        if stored is None or int(stored.attrs["rows"]) < 2:
            return None
        elpd, n = stored["elpd"], int(stored.attrs["rows"])
        m = elpd.sizes["observation"]
        posterior = elpd.sel(reading="posterior").values
        bad = int(np.sum(~(stored["khat"].values <= float(stored.attrs["good_k"]))))
        limit = f"{float(stored.attrs['good_k']):.2g}"
        subsample = "" if m == n else f"from a random {m:,} of {n:,} observations, which the errors take into account"
        cells = []
        for reading in ("mle", "map", "posterior"):
            values = elpd.sel(reading=reading).values
            reason = str(stored.attrs[f"reason_{reading}"])
            if not np.isfinite(values).all():
                infinite = bool(np.isneginf(values).any())
                cells.append({"elpd": "-∞" if infinite else MISSING, "loss": MISSING, "note": notes.letter(reason)})
                continue
            difference = posterior - values
            compared = reading != "posterior" and bool(np.isfinite(posterior).all())
            # Over n observations, and of a subsample of m of them (`comparisons.rules.loss`).
            spread = np.sqrt(n + n**2 * (1 - m / n) / m)
            error = float(spread * difference.std(ddof=1))
            total = number(float(n * values.mean()), float(spread * values.std(ddof=1)) / 10)
            size = (
                f"{number(float(n * difference.mean()), error / 10)} ± {significant(error, 2)}" if compared else MISSING
            )
            cells.append({"elpd": total, "loss": size, "note": ""})
        known = bool(np.isfinite(posterior).all())
        failed = failed or (known and bad > 0)
        rows.append({"prior": prior, "cells": cells, "bad": f"{bad} of {m:,}" if known else MISSING})
    verdict = f"No Pareto k-hat exceeds {limit}: the posterior's densities can be trusted."
    if failed:
        verdict = f"Pareto k-hat values above {limit}: do not trust the posterior's densities in these rows."
    return {
        "rows": rows,
        "verdict": verdict,
        "failed": failed,
        "limit": limit,
        "subsample": subsample,
        "notes": notes.lettered,
    }


def sensitivity(fit: Fit) -> dict[str, Any] | None:
    """Power-scaling sensitivity under every proper prior that is not constant."""
    found = {prior: stored for prior in fit.priors if (stored := fit.dataset(prior, "sensitivity")) is not None}
    if not found:
        return None
    rows = []
    for position, label in enumerate(fit.labels):
        both = [[float(stored[key][position]) for key in COMPONENTS] for stored in found.values()]
        cells = [
            {key: _share(one) for key, one in zip(COMPONENTS, shares, strict=True)} | {"said": _diagnosis(*shares)}
            for shares in both
        ]
        rows.append({"parameter": label, "cells": cells})
    others = [prior for prior in fit.priors if prior not in found]
    return {"priors": list(found), "rows": rows, "threshold": f"{THRESHOLD:g}", "others": others}


def _share(value: float) -> str:
    return f"{value:.3f}" if exists(value) else MISSING


def _diagnosis(prior: float, likelihood: float) -> str:
    """What sensitivities above the threshold mean (Kallioinen and others 2024, doi:10.1007/s11222-023-10366-5)."""
    if prior >= THRESHOLD and likelihood >= THRESHOLD:
        return "potential prior-data conflict"
    return "potential strong prior or weak likelihood" if prior > THRESHOLD > likelihood else ""

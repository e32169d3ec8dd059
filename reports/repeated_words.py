"""What studies say: coverage, bias and calibration in sentences and tables, and what the level of an interval means."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from scipy.stats import t as student

from comparisons.digits import exists, number, percent, significant
from comparisons.uniformity import ALARM
from reports.intervals import nominal
from reports.ranking import span
from reports.stored import Fit, Study
from reports.words import is_local, listed, plural

NAMES = {
    "wald": "Wald (MLE)",
    "profile": "profile likelihood (MLE)",
    "laplace": "Laplace (MAP)",
    "eti": "equal-tailed (posterior)",
    "hdi": "highest density (posterior)",
}
FEW = 100  # worlds; ranks of fewer show only gross errors
POINT = {"mle": "MLE", "map": "MAP", "posterior": "posterior mean"}


def called(study: Study) -> str:
    """A study in words."""
    worlds = plural(int(study.table["worlds"].iloc[0]), "world")
    if study.truth == "prior":
        return f"{worlds}, the truth of each drawn from the prior {study.prior}"
    return f"{worlds} with one and the same truth, read under the prior {study.prior}"


@cache
def _p_value(hits: int, worlds: int, level: float) -> float:
    """How probable a coverage as far from the level is; the same few counts come again and again."""
    return float(binomtest(hits, worlds, level).pvalue)


def coverage_sentence(study: Study) -> str:
    """Which kinds of intervals visibly miss their level, after Bonferroni with a false alarm of `ALARM`."""
    table, level = study.table, float(study.table["level"].iloc[0])
    limit = ALARM / len(table)
    hits = (table["coverage"] * table["worlds"]).round().astype(int)
    p = [_p_value(int(hit), int(n), level) for hit, n in zip(hits, table["worlds"], strict=True)]
    off = table[[value < limit for value in p]]
    if off.empty:
        few = "; so few worlds would show only gross misses" if table["worlds"].iloc[0] < FEW else ""
        found = f"no kind of interval visibly misses its {percent(level)}{few}"
    else:
        kinds = [kind for kind in NAMES if kind in set(off["interval"])]
        missed = "; ".join(_off(kind, off[off["interval"] == kind], level) for kind in kinds)
        found = f"instead of {percent(level)}, {missed}"
    missing = table[table["missing"] > 0].groupby("interval")["missing"].max()
    lost = [f"{NAMES[kind]} in up to {plural(int(missing[kind]), 'world')}" for kind in NAMES if kind in missing.index]
    counted = f" An interval that does not exist counts as a miss: {listed(lost)}." if lost else ""
    return f"In {called(study)}: {found}.{counted}"


def _off(kind: str, rows: pd.DataFrame, level: float) -> str:
    worst = rows.iloc[int((rows["coverage"] - level).abs().argmax())]
    others = f", the worst of {len(rows)} parameters" if len(rows) > 1 else ""
    found = number(100 * worst["coverage"], 100 * (worst["coverage_upper"] - worst["coverage_lower"]) / 4)
    return f"{NAMES[kind]} intervals hold the truth in {found} % ({worst['parameter']}{others})"


def bias_sentence(study: Study) -> str:
    """Which estimates are visibly off on average, after Bonferroni with a false alarm of `ALARM`."""
    table = study.table.drop_duplicates(["parameter", "reading"])
    worlds, unknown = int(table["worlds"].max()), table.groupby("reading", sort=False)["unknown"].max()
    lost = [
        f" The {POINT[str(reading)]} is judged only among the {worlds - int(many):,} of {worlds:,} worlds where it "
        f"{'exists and can be trusted' if reading == 'posterior' else 'exists'}."
        for reading, many in unknown.items()
        if many
    ]
    note = "".join([*lost, " An estimate that may not exist has no mean."]) if unknown.get("mle", 0) else "".join(lost)
    table = table[np.isfinite(table["bias"]) & (table["bias_se"] > 0)]
    # The errors are estimated from the worlds themselves: of ten worlds that makes a difference.
    used = (table["worlds"] - table["unknown"]).clip(lower=2)
    limit = student.isf(ALARM / 2 / max(len(table), 1), used - 1)
    off = table[table["bias"].abs() > limit * table["bias_se"]]
    if off.empty:
        return f"No estimate is visibly biased.{note}"
    parts = []
    for reading, rows in off.groupby("reading", sort=False):
        worst = rows.iloc[int((rows["bias"].abs() / rows["bias_se"]).argmax())]
        size = f"{number(worst['bias'], worst['bias_se'])} ± {significant(worst['bias_se'], 1)}"
        more = f", the clearest of {len(rows)}" if len(rows) > 1 else ""
        parts.append(f"the {POINT[str(reading)]} of {worst['parameter']} by {size}{more}")
    return f"On average off the truth by more than chance: {'; '.join(parts)}.{note}"


def table(study: Study) -> list[list[str]]:
    """Coverage, width, bias and error of one study, a row per parameter and kind of interval."""
    rows = []
    for row in study.table.to_dict("records"):
        rows.append(
            [
                f"{row['parameter']}, {NAMES[row['interval']]}",
                share(row),
                f"{int(row['missing']):,}",
                number(row["width"], row["width_se"]),
                _with_error(row["bias"], row["bias_se"]),
                _with_error(row["rmse"], row["rmse_se"]),
            ]
        )
    return rows


def share(row: dict[Any, Any]) -> str:
    """A coverage with its Wilson interval, which is right at 0 and 1 too."""
    low, high = 100 * row["coverage_lower"], 100 * row["coverage_upper"]
    error = min((high - low) / 4, 5.0)  # whole percents at least
    return f"{number(100 * row['coverage'], error)} % ({number(low, error)} to {number(high, error)})"


def _with_error(value: float, error: float) -> str:
    return f"{number(value, error)} ± {significant(error, 1)}" if exists(value) and exists(error) else "—"


def calibration_sentence(study: Study) -> str:
    """Whether the ranks of a study are uniform, and which are not, how."""
    record = study.record
    if not record.get("worlds"):
        return ""
    bad = [one for one in record["parameters"] if not one["passed"]]
    worlds, left = int(record["worlds"]), int(record["left_out"])
    under = f"Under the prior {study.prior}"
    out = f", {plural(left, 'world')} dropped whose chains do not agree" if left else ""
    if bad:
        shapes = listed([f"{one['parameter']} ({one['shape']})" for one in bad])
        return f"{under} the ranks of {plural(worlds, 'world')} are not uniform{out}: {shapes}. Do not read them."
    if unreadable(study):
        return f"{under} do not read the ranks: {left:,} of {worlds + left:,} worlds had to be dropped."
    few = " So few can show only gross errors." if worlds < FEW else ""
    return f"{under} the ranks of {plural(worlds, 'world')} are uniform, as they should be{out}.{few}"


def unreadable(study: Study) -> str:
    """What the checks of a study refuse; empty if nothing."""
    failed = [check for check in study.record["checks"] if not check["passed"]]
    details = "; ".join(str(check["detail"]) for check in failed)
    return f"Do not read the study of {called(study)}: {details}." if failed else ""


def apart(fit: Fit, study: Study) -> str:
    """In how many of the worlds that failed the chains stayed far apart; empty if in none.

    Where components are interchangeable, worlds whose chains stay far apart are not sampled again
    (`comparisons.batch_posterior`): chains that have found different modes would find them again.
    """
    worlds = study.worlds
    if not fit.text("identified") or "again" not in worlds:
        return ""
    failed, again = worlds["failed"].values.astype(bool), worlds["again"].values.astype(bool)
    far, rest = int(np.sum(failed & ~again)), int(np.sum(failed & again))
    if not far:
        return ""
    others = (
        f"; the other {f'{rest:,} were' if rest > 1 else 'one was'} sampled again and longer, in vain" if rest else ""
    )
    return f"In {'this one' if far + rest == 1 else f'{far:,} of these'} the chains stayed far apart{others}."


MODES = (
    "Chains stay far apart where a posterior has several modes, beyond those that differ only in the names of the "
    "components: groups that overlap, or hold few points, can be told apart in more than one way. A chain explores the "
    "mode that it found and seldom crosses to another, so that longer chains hardly help. It is the sampling that "
    "fails there, not the model; and what is quoted from the worlds that are left would be quoted from the easy ones."
)
"""Why worlds of a mixture fail."""


def meanings(fit: Fit, studies: list[Study], label: str) -> list[str]:
    """What the level of a confidence interval means and what that of a credible interval means, side by side."""
    level, prior = percent(fit.level), fit.default
    ends = {
        reading: [fit.value(prior, label, reading, end) for end in ("lower", "upper")]
        for reading in ("mle", "posterior")
    }
    shown = {
        reading: f"from {span(fit, prior, label, reading)}" if all(map(exists, both)) else ""
        for reading, both in ends.items()
    }
    if is_local(fit, prior, label):
        shown["mle"] = ""
    found = []
    fixed = _share(studies, "fixed", label, "profile")
    own = f"whether this one, {shown['mle']}, does is not a matter of probability" if shown["mle"] else (
        "here there is none"
    )  # fmt: skip
    found.append(
        f"{level} confidence is a property of the recipe: of repeated data sets from one truth, whatever it is, "
        f"nominally {level} give a profile likelihood interval that holds it{fixed}. {nominal(fit)} And {own}."
    )
    drawn = _share([study for study in studies if study.prior == prior], "prior", label, "eti")
    own = f"{label} lies {shown['posterior']} with probability {level}" if shown["posterior"] else (
        f"there is no interval of {label} to be read here"
    )  # fmt: skip
    found.append(
        f"{level} credibility is a statement about this data set under the prior {prior}: {own}. In the long run it "
        f"holds as often only on average over truths drawn from that prior{drawn}, not for every single one."
    )
    return found


def _share(studies: list[Study], truth: str, label: str, kind: str) -> str:
    """How often intervals of one kind held the truth, in brackets; empty if there is no such study."""
    for study in studies:
        rows = study.table[(study.table["parameter"] == label) & (study.table["interval"] == kind)]
        if study.truth == truth and len(rows) and not unreadable(study):
            row = rows.iloc[0].to_dict()
            known = f"here {share(row)}, in {plural(int(row['worlds']), 'world')}"
            return f" ({known}{_exactly(study, kind)})"
    return ""


def _exactly(study: Study, kind: str) -> str:
    """The coverage that the worlds of a study estimate, summed over all data; empty where there are no such sums."""
    if study.exact is None:
        return ""
    rows = study.exact[study.exact["interval"] == kind]
    if study.truth == "prior":
        return f"; exactly {100 * float(rows.loc[rows['truth'] == 'prior', 'coverage'].iloc[0]):.1f} %"
    truths = np.unique(study.worlds["truth"].values)
    at = rows[pd.to_numeric(rows["truth"], errors="coerce").sub(truths[0]).abs() < 1e-9]
    return f"; exactly {100 * float(at['coverage'].iloc[0]):.1f} %" if len(truths) == 1 and len(at) else ""

"""Words for any fit: everything here is read off its table."""

from __future__ import annotations

import math

import arviz as az

from comparisons import writing
from comparisons.digits import exists, number, percent, significant
from comparisons.rules import STANDARD_ERRORS
from reports import ranking
from reports.beliefs import general
from reports.lesson import Exercise, Pair, Question, Source, is_sound, kept
from reports.ranking import farthest, readable, share_of, shown, span, square_errors
from reports.stored import Fit
from reports.words import NAMES, error_of, listed, plural

READING = (
    Source("Gelman, A., Vehtari, A., Simpson, D. and others", 2020, "Bayesian workflow", "arXiv:2011.01808"),
    Source(
        "Talts, S., Betancourt, M., Simpson, D., Vehtari, A. and Gelman, A.",
        2018,
        "Validating Bayesian inference algorithms with simulation-based calibration",
        "arXiv:1804.06788",
    ),
)
MOST = 3  # parameters in an answer


def suits(fit: Fit) -> bool:
    """Always."""
    return True


def answer(fit: Fit) -> str:
    """The posterior of the first parameters, or why there is nothing to read."""
    readable_labels = [label for label in fit.labels if readable(fit, fit.default, label, "posterior")]
    if not readable_labels:
        why, failed = (say(fit.default, fit.labels[0], "posterior") for say in (fit.reason, fit.failed))
        told = why or (f"failed: {', '.join(failed)}" if failed else "it does not exist")
        return f"This run cannot say: its posterior must not be read ({told})."
    parts = [
        f"{label} is about {shown(fit, fit.default, label, 'posterior')} "
        f"({span(fit, fit.default, label)} with probability {percent(fit.level)})"
        for label in readable_labels[:MOST]
    ]
    rest = len(fit.labels) - len(parts)
    more = f"; {plural(rest, 'more parameter')} in the table below" if rest else ""
    return f"Under the prior {fit.default}, {listed(parts)}{more}."


def quiz(fit: Fit) -> list[Question]:
    """Which estimate is largest, and which interval is widest, if there are two or more to compare."""
    label = farthest(fit)
    found = [(ranking.estimates, largest), (ranking.widths, widest)]
    return [question(fit) for entries, question in found if len(entries(fit, fit.default, label)) > 1]


def largest(fit: Fit) -> Question:
    """Which of the three estimates is largest?"""
    label = farthest(fit)
    asked = f"Which estimate of {label} is the largest under the prior {fit.default}: MLE, MAP or posterior mean?"
    told = [ranking.ranked(ranking.estimates(fit, fit.default, label)), ranking.left_out(fit, fit.default, label)]
    line = next(line for line in fit.verdicts[0].lines if line.parameter == label)
    if is_sound(fit):
        told.append(" ".join(writing.sentences(fit.verdicts[0], line)))
    return Question(asked, " ".join(filter(None, told)))


def widest(fit: Fit) -> Question:
    """Which of the three intervals is widest?"""
    label = farthest(fit)
    kinds = _kinds(fit, label)
    asked = f"Three {percent(fit.level)} intervals for {label}, one for each reading. Which is the widest?"
    told = [ranking.ranked(ranking.widths(fit, fit.default, label)), f"The kinds: {listed(kinds)}."]
    for reading in ("mle", "map"):
        ends = [fit.value(fit.default, label, reading, end) for end in ("lower", "upper")]
        if readable(fit, fit.default, label, reading) and not all(map(exists, ends)):
            told.append(f"The {NAMES[reading]} has no interval here.")
    told.append(ranking.left_out(fit, fit.default, label))
    return Question(asked, " ".join(filter(None, told)))


def _kinds(fit: Fit, label: str) -> list[str]:
    found = []
    for reading in ranking.ORDER:
        row = fit.row(fit.default, label, reading)
        if exists(row["lower"]) and exists(row["upper"]):
            kind = str(row["interval"]).replace("laplace", "Laplace")
            found.append(f"{kind} ({NAMES[reading].removesuffix(' mean')})")
    return found


def steadiest(fit: Fit) -> Question | None:
    """Which estimate do more data move most? None without a sweep of the rows."""
    label = farthest(fit)
    found = ranking.moves(fit, label)
    if found is None:
        return None
    few, many, moved = found
    rows = plural(few, "row, chosen", "rows, chosen")
    asked = (
        f"Take {rows} at random, instead of all {many:,}. Which estimate of {label} then lies farthest from its value "
        "with all rows?"
    )
    return Question(asked, f"{ranking.ranked(moved)} These are distances from the value with all rows.")


def pairs(fit: Fit) -> list[Pair]:
    """Claims about any model that this run can show to be false."""
    return kept(
        [
            general.most_probable(fit),
            general.held(fit),
            general.washed_out(fit),
            general.flat(fit),
            general.typical(fit),
            general.digits(fit),
        ]
    )


def take_home(fit: Fit) -> list[str]:
    """The verdict, and what each reading is."""
    return [
        "MLE: the parameters under which these data are most probable. MAP: the peak of prior times likelihood, on one "
        "scale. Posterior: all of it.",
        writing.headline(fit.verdicts),
        "A mode says nothing of how far one may be off; look at the whole posterior, or at an interval whose kind "
        "you know.",
    ]


def exercises(fit: Fit) -> list[Exercise]:
    """Exercises on the table alone."""
    if not is_sound(fit):
        return []
    found = [_by_hand(fit), _read_interval(fit), _probability(fit), _more_draws(fit), _square(fit)]
    return [exercise for exercise in found if exercise is not None]


def _by_hand(fit: Fit) -> Exercise | None:
    label = farthest(fit)
    if not readable(fit, fit.default, label, "mle"):
        return None
    mean, sd, mcse = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "sd", "mcse"))
    gap = (fit.value(fit.default, label, "mle") - mean) / sd
    return Exercise(
        "warm-up",
        f"How many posterior standard deviations lie between the MLE and the posterior mean of {label}? "
        "Take both from the table. Would you mind?",
        f"({shown(fit, fit.default, label, 'mle')} - {shown(fit, fit.default, label, 'posterior')}) / "
        f"{number(sd, error_of(fit, fit.default, label, 'posterior'))} = {number(gap, mcse / sd)}. Up to a tenth "
        "nobody should; from two on the MLE lies where the posterior hardly is.",
    )


def _read_interval(fit: Fit) -> Exercise | None:
    label = fit.labels[0]
    if not exists(fit.value(fit.default, label, "mle", "lower")) or not readable(fit, fit.default, label, "mle"):
        return None
    return Exercise(
        "warm-up",
        f"Say in one sentence each what the {percent(fit.level)} interval of the MLE and that of the posterior mean "
        f"for {label}.",
        f"Posterior: given this model, the prior {fit.default} and these data, {label} lies in "
        f"{span(fit, fit.default, label)} with probability {percent(fit.level)}. MLE: intervals made in this way cover "
        f"the true {label} in about {percent(fit.level)} of repeated experiments; of this one interval that says "
        "nothing more.",
    )


def _probability(fit: Fit) -> Exercise:
    label = farthest(fit)
    draws = fit.draws(fit.default)[label]
    middle = fit.value(fit.default, label, "posterior", "median")
    below = draws.values < fit.value(fit.default, label, "posterior")
    told = (
        "half of it, as far as the draws can tell: this posterior is nearly symmetric"
        if abs(below.mean() - 0.5) <= STANDARD_ERRORS * float(az.mcse(below.astype(float), method="mean"))
        else f"{share_of(below)} of it: a long tail draws the mean away from the median"
    )
    return Exercise(
        "standard",
        f"Which share of the posterior of {label} lies below its mean? What does a share other than one half tell?",
        f"About {told}. The median is {number(middle, 3 * error_of(fit, fit.default, label, 'posterior'))}, the mean "
        f"{shown(fit, fit.default, label, 'posterior')}.",
    )


def _more_draws(fit: Fit) -> Exercise:
    label = farthest(fit)
    mcse, sd = (fit.value(fit.default, label, "posterior", key) for key in ("mcse", "sd"))
    wanted = sd / 1000
    times = (mcse / wanted) ** 2
    told = f"{significant(times, 2)} times as many" if times > 1 else "no more than there are"
    return Exercise(
        "standard",
        f"How many more effective draws would bring the Monte Carlo error of the posterior mean of {label} to a "
        "thousandth of the posterior sd? Is that worth while?",
        f"The error falls with the root of their number: ({significant(mcse, 2)} / {significant(wanted, 2)})² = "
        f"{significant(times, 2)}, so {told}. It hardly ever is: the uncertainty that matters is the posterior sd.",
    )


def _square(fit: Fit) -> Exercise:
    label = farthest(fit)
    mean, sd = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "sd"))
    errors = square_errors(fit, fit.default, label)
    return Exercise(
        "stretch",
        f"Is the posterior mean of the square of {label} the square of its posterior mean? By how much do they differ?",
        f"The mean of the square is the squared mean plus the variance: {number(mean**2, errors[0])} + "
        f"{number(sd**2, errors[1])} = {number(mean**2 + sd**2, math.hypot(*errors))}. A point plugged into a formula "
        "leaves that second part out.",
    )

"""Words for any fit: everything here is read off its table."""

from __future__ import annotations

import math
from itertools import combinations

import arviz as az

from comparisons import writing
from comparisons.digits import exists, number, percent, significant
from comparisons.rules import SMALL, STANDARD_ERRORS
from comparisons.verdict import share
from reports import pictures, ranking
from reports.lesson import Exercise, Pair, Question, Source, is_sound
from reports.ranking import readable, shown, span
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


def farthest(fit: Fit) -> str:
    """The parameter whose points lie farthest from the posterior mean under the default prior."""
    gaps = fit.gaps(fit.default)
    return max(gaps, key=lambda gap: max(abs(gap.mle or 0.0), abs(gap.map or 0.0))).parameter


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
    found = [most_probable(fit), held(fit), washed_out(fit), flat(fit), digits(fit)]
    return [pair for pair in found if pair is not None]


def most_probable(fit: Fit) -> Pair | None:
    """T1: a mode is not a probable value."""
    label = farthest(fit)
    if not is_sound(fit):
        return None
    mode, draws = fit.value(fit.default, label, "map"), fit.draws(fit.default)[label].values.ravel()
    return Pair(
        "the mode as the most probable value",
        "The MAP is the most probable value.",
        "No single value of a continuous parameter has any probability. The MAP, "
        f"{shown(fit, fit.default, label, 'map')} for {label}, is where the density of all parameters together is "
        f"highest on the scale of the priors; {share(float((draws < mode).mean()))} of the posterior lies below it. "
        "On another scale the mode is elsewhere, while the posterior's quantiles only change their units.",
    )


def held(fit: Fit) -> Pair | None:
    """How much of the posterior the intervals of the points hold."""
    lines = [
        (abs(point.mass - fit.level), line.parameter, reading, point)
        for line in fit.verdicts[0].lines
        for reading, point in line.points.items()
        if exists(point.mass) and readable(fit, fit.default, line.parameter, reading)
    ]
    if not lines or not is_sound(fit):
        return None
    _, label, reading, point = max(lines, key=lambda item: item[0])
    kind = str(fit.row(fit.default, label, reading)["interval"]).replace("laplace", "Laplace")
    close = "close to" if point.holds else "not"
    return Pair(
        "all intervals of one level as one",
        f"A {percent(fit.level)} interval is a {percent(fit.level)} interval, whoever made it.",
        "The three answer different questions: a profile interval would cover the truth in about "
        f"{percent(fit.level)} of repeated experiments, a posterior interval holds {percent(fit.level)} of the "
        f"posterior. Here the {NAMES[reading]}'s ({kind}) interval for {label} holds {share(point.mass)} of the "
        f"posterior, {close} {percent(fit.level)}, and that is the worst of them.",
    )


def washed_out(fit: Fit) -> Pair | None:
    """T26: how far two priors put the posterior mean apart, of all pairs of priors, with its Monte Carlo error."""
    found = []
    for pair in combinations([fit.default, *(prior for prior in fit.priors if prior != fit.default)], 2):
        for label in fit.labels:
            if all(readable(fit, one, label, "posterior") for one in pair):
                first, second = (fit.value(one, label, "posterior") for one in pair)
                sd = fit.value(pair[0], label, "posterior", "sd")
                mcse = math.hypot(*(fit.value(one, label, "posterior", "mcse") for one in pair))
                found.append((abs(first - second) / sd, STANDARD_ERRORS * mcse / sd, pair, label))
    if not found:
        return None
    apart, noise, pair, label = max(found, key=lambda item: item[0])
    values = [shown(fit, one, label, "posterior") for one in pair]
    told = f"the posterior mean of {label} is {values[0]} under the prior {pair[0]} and {values[1]} under {pair[1]}"
    if apart + noise <= SMALL:
        end = "here they nearly have."
    elif apart <= noise:
        end = "no more than Monte Carlo error can do: these draws show no difference."
    elif apart - noise > SMALL:
        end = "here they have not."
    else:
        end = f"but Monte Carlo error leaves open whether that is more than {SMALL:g}."
    return Pair(
        "data wash the prior out",
        "Enough data always wash the prior out.",
        f"In regular models, in time, if no prior excludes the truth. With {pictures.size(fit)}, {told}: "
        f"{significant(apart, 2)} posterior sd (under {pair[0]}) apart, the largest such difference between any two "
        f"priors; {end}",
    )


def flat(fit: Fit) -> Pair | None:
    """A flat prior gives the MLE as mode, not as mean."""
    for prior, texts in fit.priors.items():
        known = all(
            readable(fit, prior, label, reading) for label in fit.labels for reading in ("mle", "map", "posterior")
        )
        if known and all(
            text in ("Flat()", "HalfFlat()", "Beta(alpha=1, beta=1)", "Beta(1, 1)") for text in texts.values()
        ):
            gaps = [(abs(gap.mle or 0.0), gap.parameter) for gap in fit.gaps(prior)]
            gap, label = max(gaps)
            apart = (
                "agrees with it to within a tenth of a posterior sd"
                if gap <= SMALL
                else (f"lies {significant(gap, 2)} posterior sd from it")
            )
            return Pair(
                "flat as without influence",
                "With a flat prior the Bayesian answer is the maximum likelihood estimate.",
                "The mode is: flat on this scale, MAP and MLE are the same point. The posterior mean is a centre of "
                f"mass, not a peak: under the prior {prior} that of {label} is "
                f"{shown(fit, prior, label, 'posterior')}, and the MLE, {shown(fit, prior, label, 'mle')}, {apart}. "
                "And a prior flat on one scale is not flat on another.",
            )
    return None


def digits(fit: Fit) -> Pair | None:
    """T30: equal-looking numbers, and their Monte Carlo error."""
    label = farthest(fit)
    if not readable(fit, fit.default, label, "posterior"):
        return None
    row = fit.row(fit.default, label, "posterior")
    return Pair(
        "digits as precision",
        "The sampler prints six digits, so six digits are known.",
        f"The posterior mean of {label} is known to a Monte Carlo standard error of {significant(row['mcse'], 2)}: "
        f"{shown(fit, fit.default, label, 'posterior')} is all that can be said. The effective sample size is "
        f"{int(row['ess_bulk']):,}; four times as many effective draws halve that error, and leave the posterior sd, "
        f"{number(row['sd'], error_of(fit, fit.default, label, 'posterior'))}, where it is.",
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
    mean, sd = (fit.value(fit.default, label, "posterior", key) for key in ("estimate", "sd"))
    gap = (fit.value(fit.default, label, "mle") - mean) / sd
    return Exercise(
        "warm-up",
        f"How many posterior standard deviations lie between the MLE and the posterior mean of {label}? "
        "Take both from the table. Would you mind?",
        f"({shown(fit, fit.default, label, 'mle')} - {shown(fit, fit.default, label, 'posterior')}) / "
        f"{number(sd, error_of(fit, fit.default, label, 'posterior'))} = {significant(gap, 2)}. Up to a tenth nobody "
        "should; from two on the MLE lies where the posterior hardly is.",
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
        else f"{share(float(below.mean()))} of it: a long tail draws the mean away from the median"
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
    return Exercise(
        "stretch",
        f"Is the posterior mean of the square of {label} the square of its posterior mean? By how much do they differ?",
        f"The mean of the square is the squared mean plus the variance: {significant(mean**2, 4)} + "
        f"{significant(sd**2, 3)} = {significant(mean**2 + sd**2, 4)}. A point plugged into a formula leaves that "
        "second part out.",
    )

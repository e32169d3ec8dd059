"""Beliefs about the parameters of a textbook distribution: one by one, and together."""

from __future__ import annotations

import math
from collections.abc import Callable

import arviz as az
import numpy as np

from comparisons.digits import number, percent, significant
from reports.beliefs import general
from reports.lesson import Pair
from reports.stored import Array, Fit

Mean = Callable[[dict[str, Array]], Array]


def means() -> dict[str, tuple[str, Mean]]:
    """Mean of a distribution as a function of its parameters, with the formula; of those with a simple one."""
    return {
        "Gamma": ("shape / rate", lambda one: one["shape"] / one["rate"]),
        "Exponential": ("1 / rate", lambda one: 1 / one["rate"]),
        "Poisson": ("rate", lambda one: one["rate"]),
        "Normal": ("mu", lambda one: one["mu"]),
    }


def together(fit: Fit) -> tuple[str, str, float] | None:
    """The two parameters that are most correlated under the default prior, and their correlation."""
    if len(fit.labels) < 2:
        return None
    values = np.corrcoef([fit.draws(fit.default)[label].values.ravel() for label in fit.labels])
    found = [(fit.labels[i], fit.labels[j], float(values[i, j])) for i in range(len(values)) for j in range(i)]
    return max(found, key=lambda item: abs(item[2]))


def _relative(values: Array) -> float:
    return float(values.std() / abs(values.mean()))


def mean_of(fit: Fit) -> tuple[str, Array, float] | None:
    """Mean of the distribution: its formula, its draws (chain, draw), and the Monte Carlo error of their average."""
    found = means().get(family(fit))
    if found is None:
        return None
    formula, function = found
    draws = {label: fit.draws(fit.default)[label].values for label in fit.labels}
    if not set(formula.replace("1 /", "").replace("/", " ").split()) <= set(draws):
        return None
    values = function(draws)
    return formula, values, float(az.mcse(values, method="mean"))


def family(fit: Fit) -> str:
    """Name of the distribution."""
    return str(fit.data.attrs.get("family", ""))


def pairs(fit: Fit) -> list[Pair | None]:
    """All pairs of a textbook distribution, and the general ones."""
    return [
        side_by_side(fit),
        nothing_known(fit),
        general.most_probable(fit),
        general.held(fit),
        general.flat(fit),
        general.washed_out(fit),
    ]


def side_by_side(fit: Fit) -> Pair | None:
    """Correlated parameters are known better together than apart."""
    found = together(fit)
    if found is None:
        return None
    first, second, correlation = found
    left = math.sqrt(1 - correlation**2)
    return Pair(
        "Intervals side by side say all that is known",
        "The intervals of the parameters, side by side, say what is known.",
        f"They leave out how the parameters go together. {first} and {second} have a posterior correlation of "
        f"{significant(correlation, 2)}: if one were known, the other would be known to about {significant(left, 2)} "
        "of its sd. Look at pairs, or at the quantity you need.",
    )


def nothing_known(fit: Fit) -> Pair | None:
    """The mean of a distribution may be known well although its parameters are not."""
    found = mean_of(fit)
    if found is None or len(fit.labels) < 2:
        return None
    formula, values, error = found
    relative = {label: float(_relative(fit.draws(fit.default)[label].values)) for label in fit.labels}
    worst = max(relative, key=lambda label: relative[label])
    better = float(_relative(values))
    shares = [percent(float(significant(one, 2))) for one in (relative[worst], better)]
    side = "better" if better < relative[worst] else "no better"
    return Pair(
        "If the parameters are hardly known, nothing is known",
        "If the parameters are hardly known, nothing is.",
        f"{worst} is known to {shares[0]} of itself (sd over mean); the mean of the distribution, {formula}, to "
        f"{shares[1]}: {side}. It is "
        f"{number(float(values.mean()), error)}, and the average of the data can be seen through any combination that "
        "keeps it.",
    )

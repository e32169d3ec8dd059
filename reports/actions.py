"""Mean, median and mode as actions: each is the best answer to some loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comparisons.digits import exists, number
from reports.densities import kernel
from reports.loss import NAMES, Margin
from reports.stored import Array

HIT = 0.25  # posterior sd: an action this near counts as a hit
KERNEL = 0.3  # posterior sd: nearer to the mean a mode of a kernel density estimate is not told from it
TINY = 1e-300
SAME = 1e-9  # of a loss: a difference of rounding


@dataclass(frozen=True)
class Compared:
    """Actions under three losses: rows of a table, the best of each loss, and whether the last is told by the draws."""

    rows: list[list[str]]
    squared: str
    absolute: str
    hit: str
    hit_error: float
    told: bool


def compared(margin: Margin) -> Compared:
    """Mean, median and points under three losses.

    Rows have the name of the action, the action, the root of its expected squared loss, its expected absolute loss and
    the posterior probability within `HIT` posterior sd of it.
    """
    draws = margin.draws
    actions = {"mean": float(draws.mean()), "median": float(np.median(draws))}
    actions |= {NAMES[reading]: value for reading, value in margin.points.items() if exists(value)}
    near = {name: np.abs(draws - action) <= HIT * margin.sd for name, action in actions.items()}
    squared = {name: float(np.sqrt(np.mean((draws - action) ** 2))) for name, action in actions.items()}
    absolute = {name: float(np.mean(np.abs(draws - action))) for name, action in actions.items()}
    # Actions that are the same to all digits differ by rounding alone: then what is the best by theory is called so.
    least = min(absolute.values())
    absolute["median"] = least if absolute["median"] <= least * (1 + SAME) else absolute["median"]
    hits = {name: float(np.mean(one)) for name, one in near.items()}
    first = max(hits, key=lambda name: hits[name])
    others = [name for name in hits if name != first]
    # Paired: the same draws count for both. Quantiles without noise are wrong by one in all, at most.
    clear = [
        hits[first] - hits[name]
        > 2 * (1 / len(draws) if margin.exact else np.std(near[first].astype(float) - near[name]) / np.sqrt(margin.ess))
        for name in others
    ]
    texts = {name: number(value, margin.sd / 100) for name, value in actions.items()}
    texts |= {"mean": margin.mean_text, "median": margin.median_text}
    return Compared(
        rows=[
            [name, texts[name], number(squared[name], margin.error), number(absolute[name], margin.error),
             f"{hits[name]:.3f}"]
            for name in actions
        ],
        squared=min(squared, key=lambda name: squared[name]),
        absolute="median" if absolute["median"] == least else min(absolute, key=lambda name: absolute[name]),
        hit=first,
        hit_error=float(np.sqrt(hits[first] * (1 - hits[first]) / margin.ess)),
        told=all(clear),
    )  # fmt: skip


def winners_sentence(margin: Margin) -> str:
    """Which action is best for which loss."""
    found = compared(margin)
    most = f"the {found.hit} has most" if found.told else "none has clearly the most"
    return (
        f"Each point is the best answer to some loss. For {margin.label}, of these the {found.squared} has the least "
        f"squared loss and the {found.absolute} the least absolute loss; {most} of the posterior within {HIT:g} sd, "
        "which is the loss of a hit or a miss. With an ever narrower target, the best answer to that is "
        f"{_mode(margin)}"
    )


def _mode(margin: Margin) -> str:
    """The mode of a margin: the MAP of an only parameter, one known without draws, or where these are densest."""
    map_ = margin.points["map"]
    if margin.alone and exists(map_):
        return f"the mode, which with one parameter is the MAP: {number(map_, margin.sd / 100)}."
    known = f"{number(margin.mode, margin.sd / 100)}, the other parameters integrated out by formula"
    at = densest(margin.draws)
    about = f"about {number(at, 2 * margin.sd)} by a kernel density estimate"
    if abs(at - float(np.mean(margin.draws))) <= KERNEL * margin.sd:
        about = "which a kernel density estimate from these draws does not tell from the mean"
    return (
        f"the mode of this margin, {known if exists(margin.mode) else about}. The MAP is the mode of all parameters "
        "together, another point if there are several."
    )


def densest(draws: Array) -> float:
    """Where a kernel density estimate is highest; of positive draws, one made on the scale of their logarithms.

    The estimate smooths less where a positive parameter is small. The density of x is that of log x divided by x.
    """
    positive = bool((draws > 0).all())
    x, y = kernel(np.log(draws) if positive else draws)
    return float(np.exp(x[np.argmax(np.log(np.maximum(y, TINY)) - x)])) if positive else float(x[np.argmax(y)])

"""What a sweep says of one parameter between its two ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from comparisons.digits import exists, number, significant

ERRORS = 3.0  # standard errors of a difference, above which it is more than noise
STILL = 0.01  # posterior standard deviations; a smaller movement is none
NEAR = 1.25  # factor by which a spread may miss 1 / sqrt(n) and still be said to follow it


@dataclass(frozen=True)
class World:
    """What is said of one parameter in one world of a sweep; ``mcse`` is the error of the posterior mean."""

    setting: float
    mle: float
    map: float
    mean: float
    sd: float
    mcse: float
    failed: bool = False


def worlds(one: xr.Dataset, along: str) -> list[World]:
    """The worlds of one parameter under one prior."""
    estimate = one["estimate"].transpose(along, "reading").values
    sd = one["sd"].sel(reading="posterior").values
    with np.errstate(invalid="ignore", divide="ignore"):
        error = sd / np.sqrt(one["ess_bulk"].values)
    return [
        World(
            setting=float(setting),
            mle=float(estimate[k, 0]),
            map=float(estimate[k, 1]),
            mean=float(estimate[k, 2]),
            sd=float(sd[k]),
            mcse=float(error[k]),
            failed=bool(one["failed"].values[k]),
        )
        for k, setting in enumerate(one[along].values)
    ]


def prior_sentence(label: str, prior: str, found: list[World], local: bool = False) -> str:
    """What the strength of the prior does to one parameter, between the ends that can be read.

    A ``local`` maximum is not called an MLE.
    """
    good = [world for world in found if not world.failed]
    if len(good) < 2:
        return (
            f"Under the prior {prior} fewer than two strengths have chains that can be trusted: do not read the means."
        )
    first, last = good[0], good[-1]
    usual = min(good, key=lambda world: abs(np.log(world.setting)))
    start = f"{label}, prior {prior}: from {first.setting:.3g} to {times(last.setting)} its strength"
    point = moved("MAP", first.map, last.map, usual.sd, usual.sd / 100)
    noise = ERRORS * float(np.hypot(first.mcse, last.mcse))
    mean = moved("posterior mean", first.mean, last.mean, usual.sd, max(first.mcse, last.mcse), noise)
    return f"{start}, {point}, and {mean}; {_mle(found, usual.sd, local)}."


def _mle(found: list[World], sd: float, local: bool) -> str:
    values = [world.mle for world in found if exists(world.mle)]
    name = "largest local maximum of the likelihood" if local else "MLE"
    if not values:
        return "an MLE does not exist, and no strength changes that"
    if len(values) < len(found) or max(values) - min(values) > STILL * sd:
        ends = f"{number(min(values), sd / 100)} and {number(max(values), sd / 100)}"
        return f"the optimiser did not find the same {name} everywhere (between {ends}), although no prior enters it"
    return f"the {name} stays at {number(values[0], sd / 100)}, since no prior enters it"


def moved(name: str, first: float, last: float, sd: float, error: float, noise: float = 0.0) -> str:
    """How a number moves, and how far in posterior standard deviations.

    A move of up to ``noise`` is none that can be told from Monte Carlo error. Points have no such error, and their
    tolerance is far below `STILL`.
    """
    if not (exists(first) and exists(last)):
        where = "at either end" if not (exists(first) or exists(last)) else "at one of the ends"
        return f"the {name} does not exist {where}"
    far = (last - first) / sd if sd > 0 else 0.0
    if abs(far) < STILL or number(first, error) == number(last, error):
        return f"the {name} stays at {number(last, error)}"
    if abs(last - first) <= noise:
        return f"the {name} stays within its error, at about {number(last, error)}"
    way = "rises" if last > first else "falls"
    ends = f"from {number(first, error)} to {number(last, error)}"
    return f"the {name} {way} {ends} ({significant(abs(far), 2)} posterior sd)"


def size_sentence(label: str, found: list[World]) -> str:
    """What more data do to the spread and to the distance between MAP and MLE."""
    good = [world for world in found if not world.failed and exists(world.sd) and world.sd > 0]
    if len(good) < 2:
        return (
            f"{label}: fewer than two sizes have chains that can be trusted, so that nothing can be said of more data."
        )
    first, last = good[0], good[-1]
    ratio, expected = first.sd / last.sd, float(np.sqrt(last.setting / first.setting))
    start = f"{label}: from n = {first.setting:,.0f} to n = {last.setting:,.0f}"
    ends = f"from {significant(first.sd, 2)} to {significant(last.sd, 2)}"
    # The relative error of the sd of normal draws is 1 / sqrt(2 ess), and that of their mean is sd / sqrt(ess).
    noise = ERRORS * float(np.hypot(*(world.mcse / world.sd / np.sqrt(2) for world in (first, last))))
    if abs(np.log(ratio)) <= noise:
        way = "falls by no more than its error" if ratio > 1 else "does not fall; it moves within its error"
        spread = f"the posterior sd {way} ({ends}), although 1/sqrt(n) falls by a factor "
        spread += significant(expected, 2)
    elif ratio <= 1:
        spread = (
            f"the posterior sd does not fall ({ends}), although 1/sqrt(n) falls by a factor {significant(expected, 2)}"
        )
    else:
        how = (
            "about as"
            if 1 / NEAR < ratio / expected < NEAR
            else "faster than"
            if ratio > expected
            else "more slowly than"
        )
        spread = f"the posterior sd falls {ends}, a factor {significant(ratio, 2)}, {how} 1/sqrt(n)"
        spread += f", which falls by {significant(expected, 2)}"
    gaps = [abs(world.map - world.mle) for world in (first, last)]
    if not all(exists(gap) for gap in gaps):
        return f"{start} {spread}. MAP and MLE do not both exist at both ends."
    far = [gap / world.sd for gap, world in zip(gaps, (first, last), strict=True)]
    if max(far) < STILL:
        return f"{start} {spread}. MAP and MLE are less than {STILL:g} posterior sd apart at both ends."
    return (
        f"{start} {spread}. MAP and MLE are {significant(far[0], 2)} posterior sd apart at first and "
        f"{significant(far[1], 2)} at last."
    )


def times(strength: float) -> str:
    """A strength in words."""
    return f"{strength:.3g} times"

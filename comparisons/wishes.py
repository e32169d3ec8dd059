"""The priors that a user asks for: named ones, his own, and numbers held fixed, checked against the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import BadInput, Distribution, Prior, Scenario, restated
from models.contract.prior_text import check_support, check_values, parse_fixed, parse_prior

if TYPE_CHECKING:
    import xarray as xr

OWN = "own"


def flag(key: str) -> str:
    """The option of the command line for a keyword."""
    return "--" + key.replace("_", "-")


def _shape(scenario: Scenario, data: xr.Dataset, variable: str) -> tuple[int, ...]:
    return np.shape(scenario.start(data, np.random.default_rng(0))[variable])


def _fits(scenario: Scenario, data: xr.Dataset, variable: str, distribution: Distribution, text: str) -> None:
    """Refuse lists of numbers that are longer or shorter than the variable."""
    shape = _shape(scenario, data, variable)
    for key, value in distribution.hyperparameters.items():
        try:
            same = np.broadcast_shapes(value.shape, shape) == shape
        except ValueError:
            same = False
        if not same:
            size = shape[-1] if shape else 1
            raise BadInput(f"{text!r}: {key} has {value.size} numbers, but {variable} has {size}")


def fixed_numbers(scenario: Scenario, data: xr.Dataset, fix: list[str]) -> dict[str, Distribution]:
    """Variables held fixed, by name; raises `BadInput`."""
    result, variables = {}, next(iter(scenario.priors(data).values()))
    for text in fix:
        variable, distribution = parse_fixed(text)
        if variable not in scenario.fixable or variable not in variables:
            can = " and ".join(one for one in scenario.fixable if one in variables) or "no variable"
            raise BadInput(f"--fix {text!r}: here {can} can be held fixed")
        check_support(variable, distribution, scenario.support[variable])
        _fits(scenario, data, variable, distribution, f"--fix {text}")
        result[variable] = distribution
    return result


def wanted_priors(
    scenario: Scenario, data: xr.Dataset, prior: list[str], hyperparameters: Mapping[str, Any]
) -> dict[str, Prior]:
    """The priors asked for, by name; all named ones if none is. Raises `BadInput`."""
    usual, named = scenario.priors(data), scenario.priors(data, **hyperparameters)
    names, texts = [text for text in prior if "~" not in text], [text for text in prior if "~" in text]
    for name in names:
        if name not in named:
            raise BadInput(
                f"--prior {name!r}: the named priors are {', '.join(named)}; or write one like "
                f'"{next(iter(named[next(iter(named))]))} ~ Normal(0, 1)"'
            )
    chosen = {name: named[name] for name in names or named}
    numbers = [key for key in hyperparameters if key != "standardize"]
    if numbers and not any(str(chosen[key]) != str(usual.get(key)) for key in chosen):
        raise BadInput(f"{' '.join(map(flag, numbers))} changes nothing: prior {', '.join(chosen)} does not use it")
    for one in chosen.values():
        for variable, distribution in one.items():
            asked = " ".join(f"{flag(key)} {hyperparameters[key]:g}" for key in numbers)
            check_values(distribution, f"{asked or variable}")
    if not texts:
        return chosen
    if len(names) > 1:
        raise BadInput("--prior: with priors of your own, name at most one prior to complete them")
    base = dict(chosen[names[0]] if names else next(iter(chosen.values())))
    said: set[str] = set()
    for text in texts:
        variable, distribution = parse_prior(text)
        if variable in said:
            raise BadInput(f"--prior {text!r}: {variable} is given two priors; leave one out")
        said.add(variable)
        if variable not in base:
            raise BadInput(f"--prior {text!r}: there is no {variable!r} here; the variables are {', '.join(base)}")
        distribution = _exchangeable(variable, distribution, _shape(scenario, data, variable), scenario)
        check_support(variable, distribution, scenario.support[variable])
        _fits(scenario, data, variable, distribution, text)
        if hyperparameters.get("standardize"):
            try:
                distribution = restated({variable: distribution}, scenario.units(data))[variable]
            except ValueError as error:
                raise BadInput(
                    f"--prior {text!r}: {error}; state it in the units of the data, without --standardize"
                ) from error
        base[variable] = distribution
    return {OWN: base}


def _exchangeable(
    variable: str, distribution: Distribution, shape: tuple[int, ...], scenario: Scenario
) -> Distribution:
    """A Beta prior of the first of two weights as a Dirichlet; weights of interchangeable components are alike."""
    if scenario.support[variable] != "simplex":
        return distribution
    if distribution.name == "Beta" and shape == (2,):
        h = distribution.hyperparameters
        distribution = Distribution("Dirichlet", a=[float(h["alpha"]), float(h["beta"])])
    if distribution.name == "Dirichlet":
        a = np.broadcast_to(distribution.hyperparameters["a"], shape)
        if np.any(a != a[0]):
            raise BadInput(
                f"--prior {variable} ~ {distribution}: components have no names, their weights need equal numbers"
            )
        return Distribution("Dirichlet", a=a.copy())
    return distribution

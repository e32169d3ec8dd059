"""Numbers of priors have words for names, none of which is the name of a parameter."""

from __future__ import annotations

import re

import numpy as np
import pytest

import models
from models.contract.families import families
from models.contract.univariate import SUPPORT
from reports import mathematics
from reports.hyperparameters import WORDS, word

PARAMETERS = {"theta", "weight", "rho", "tau", "intercept", *SUPPORT} - {"mean", "scale", "shape", "rate"}


def test_every_number_of_every_family_has_its_word() -> None:
    assert {name: list(one) for name, one in WORDS.items()} == {
        name: list(family.arguments) for name, family in families().items()
    }


@pytest.mark.parametrize("name", list(WORDS))
def test_no_name_is_greek_and_none_stands_for_two_numbers(name: str) -> None:
    named = [one for one in WORDS[name].values() if one]
    assert len(set(named)) == len(named)
    for one in named:
        assert not set(re.findall(r"[a-z]+", one)) & (mathematics.GREEK | PARAMETERS)


@pytest.mark.parametrize("scenario", ["coin", "gaussian", "family", "regression", "logistic", "mixture"])
def test_priors_of_all_scenarios_are_set_without_greek_but_for_the_parameter(scenario: str) -> None:
    one = models.load(scenario)
    data = one.simulate(np.random.default_rng(0))
    for prior in one.priors(data).values():
        for variable, distribution in prior.items():
            written = distribution.as_json()
            drawn = mathematics.distributed(variable, written["name"], written["hyperparameters"])
            inside = re.sub(r"<[^>]*>", "", str(drawn)).partition("(")[2]
            assert not re.search("[\u03b1-\u03c9]", inside)


def test_words_tell_scale_from_rate_as_scipy_does() -> None:
    """What is called a rate divides the unit, and what is called a scale or an sd multiplies it."""
    for name, family in families().items():
        for argument in family.arguments:
            called = word(name, argument)
            if called == "rate":
                assert argument in family.rates
            if called in ("scale", "sd", "least value"):
                assert argument in family.scales
            if called in ("centre", "location", "mode"):
                assert argument in family.shifts

"""What a user asks for, and what he is told if it cannot be."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models
from comparisons.plan import built_in, own, slug
from comparisons.settings import Settings
from comparisons.wishes import OWN
from models.contract import BadInput, Distribution
from tests.made_up import refused

RNG = np.random.default_rng(4)
HOUSES = pd.DataFrame(
    {"price": RNG.normal(200, 40, 30), "area": RNG.normal(100, 20, 30), "rooms": RNG.integers(1, 7, 30).astype(float)}
)
POINTS = pd.DataFrame({"a": RNG.normal(size=30), "b": RNG.normal(size=30)})


def houses(**options: Any) -> Any:
    return own("regression", HOUSES, outcome="price", **options)


def texts(prior: Any) -> dict[str, str]:
    return {name: str(one) for name, one in prior.items()}


def test_without_wishes_all_named_priors_are_compared() -> None:
    assert list(houses().priors) == ["normal", "laplace", "flat"]
    assert houses().likelihood == next(iter(houses().priors.values())) or texts(houses().likelihood) == texts(
        houses().priors["normal"]
    )


def test_a_named_prior_takes_its_scale_for_standardised_data_or_as_it_is() -> None:
    spread = HOUSES["price"].std() / HOUSES[["area", "rooms"]].std().to_numpy()
    b = houses(prior="laplace", scale=0.5).priors["laplace"]["beta"].hyperparameters["b"]
    np.testing.assert_allclose(b, 0.5 * spread)
    raw = houses(prior=["laplace"], scale=0.5, standardize=False).priors["laplace"]["beta"].hyperparameters["b"]
    np.testing.assert_allclose(raw, [0.5, 0.5])


def test_priors_of_ones_own_replace_those_of_a_named_one() -> None:
    plan = houses(prior=["laplace", "sigma ~ HalfCauchy(5)", "intercept ~ Flat()"])
    assert list(plan.priors) == [OWN]
    said = texts(plan.priors[OWN])
    assert (said["sigma"], said["intercept"]) == ("HalfCauchy(beta=5)", "Flat()")
    assert said["beta"].startswith("Laplace")
    assert texts(plan.likelihood)["sigma"].startswith("Exponential")  # the likelihood is free of the user's supports


def test_priors_of_ones_own_are_in_the_units_of_the_data_unless_standardised() -> None:
    text = ["beta ~ StudentT(3, 0, 1)", "sigma ~ HalfCauchy(2)", "intercept ~ Normal(1, 2)"]
    assert texts(houses(prior=text).priors[OWN])["beta"] == "StudentT(nu=3, mu=0, sigma=1)"
    restated = houses(prior=text, standardize=True).priors[OWN]
    mean, spread = HOUSES["price"].mean(), HOUSES["price"].std()
    h = restated["intercept"].hyperparameters
    assert (float(h["mu"]), float(h["sigma"])) == pytest.approx((mean + spread, 2 * spread))
    assert float(restated["sigma"].hyperparameters["beta"]) == pytest.approx(2 * spread)
    np.testing.assert_allclose(
        restated["beta"].hyperparameters["sigma"], spread / HOUSES[["area", "rooms"]].std().to_numpy()
    )


def test_a_beta_weight_of_two_components_is_a_dirichlet() -> None:
    plan = own("mixture", POINTS, columns="a", prior=["weight ~ Beta(5, 5)", "sigma ~ HalfNormal(2)"])
    assert texts(plan.priors[OWN])["weight"] == "Dirichlet(a=5)"
    uniform = own("mixture", POINTS, columns="a", components=3, prior="weight ~ Dirichlet(1)")
    np.testing.assert_array_equal(uniform.priors[OWN]["weight"].hyperparameters["a"], [1, 1, 1])


def test_a_number_held_fixed_is_fixed_in_all_priors_and_leaves_no_two_alike() -> None:
    data = pd.DataFrame({"seconds": [1.0, 2.0, 4.0]})
    plan = own("gaussian", data, fix="sigma = 1.5")
    assert list(plan.priors) == ["weak", "flat"]  # flat and reference differed in sigma alone
    for prior in [*plan.priors.values(), plan.likelihood]:
        assert texts(prior)["sigma"] == "Fixed(value=1.5)"


def test_without_intercept_there_is_no_prior_of_it() -> None:
    plan = houses(intercept=False)
    assert all(set(prior) == {"beta", "sigma"} for prior in plan.priors.values())
    assert own("regression", HOUSES, formula="price ~ 0 + area").data.attrs["intercept"] == 0


def test_built_in_data_under_a_prior_of_ones_own() -> None:
    plan = own("coin-small", None, prior="theta ~ Beta(3, 1)")
    assert (plan.name, plan.dataset, int(plan.data["heads"].sum())) == ("coin-small-own", "small", 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prior": "ridge"}, "the named priors are normal, laplace, flat"),
        ({"prior": "tau ~ Normal(0, 1)"}, "the variables are intercept, beta, sigma"),
        ({"prior": "sigma ~ Normal(0, 1)"}, "sigma must be positive"),
        ({"prior": "beta ~ Normal([0, 1, 2], 1)"}, "mu has 3 numbers, but beta has 2"),
        ({"prior": "beta ~ Dirichlet(1)"}, "Dirichlet is for weights"),
        ({"prior": ["normal", "flat", "sigma ~ HalfNormal(1)"]}, "name at most one"),
        ({"prior": ["beta ~ Normal(0, 1)", "beta ~ Normal(0, 2)"]}, "beta is given two priors"),
        ({"prior": "sigma ~ HalfNormal(1)", "fix": "sigma = 1"}, "held fixed by --fix"),
        ({"prior": "sigma ~ Uniform(-1, 2)"}, "reaches from -1 to 2"),
        ({"prior": "beta ~ Beta(1, 1)", "standardize": True}, "cannot be stretched"),
        ({"prior": "flat", "scale": 2.0}, "--scale changes nothing"),
        ({"scale": -1.0}, "--scale -1"),
        ({"heads": "3"}, "regression has no option --heads"),
        ({"fix": "beta = 1"}, "intercept and sigma can be held fixed"),
        ({"fix": "sigma = 0"}, "sigma must be positive"),
        ({"fix": "sigma"}, "variable = number"),
        ({"name": "a/b"}, "--name"),
        ({"name": "coin"}, "a built-in fit has this name"),
        ({"settings": Settings(level=1.0)}, "--level 1"),
        ({"settings": Settings(interval="95")}, "--interval"),
        ({"settings": Settings(draws=10)}, "--draws 10"),
        ({"settings": Settings(chains=1)}, "--chains 1"),
        ({"settings": Settings(seed=-1)}, "--seed -1"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        houses(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("scenario", "options", "words"),
    [
        ("dice", {}, "no scenario named 'dice'"),
        ("mixture", {"prior": "weight ~ Beta(2, 5)"}, "their weights need equal numbers"),
        ("mixture", {"prior": "weight ~ Normal(0, 1)"}, "shares that sum to one"),
        ("mixture", {"fix": "mu = 1"}, "sigma can be held fixed"),
        ("gaussian", {"column": "a", "fix": ["mu = 0", "sigma = 1"]}, "nothing to estimate"),
        ("gaussian", {"column": "a", "mean": 1.0}, "both --mean and --sd"),
        ("coin-small", {"heads": "a"}, "name the scenario coin"),
    ],
)
def test_scenarios_refuse_what_is_not_theirs(scenario: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)):
        own(scenario, POINTS, **options)


def test_the_line_names_the_file() -> None:
    with pytest.raises(BadInput, match=r"^file 'houses.csv': there is no column 'prize': did you mean 'price'"):
        own("regression", HOUSES, source="houses.csv", outcome="prize")


def test_a_request_is_json_and_makes_the_same_plan_again() -> None:
    plan = houses(prior=["laplace"], scale=0.5, predictors=["area"], source="houses.csv")
    request = json.loads(json.dumps(plan.request))
    again = own(
        request["scenario"],
        HOUSES,
        prior=request["prior"],
        fix=request["fix"],
        source=request["source"],
        **request["options"],
    )
    assert again.inputs == plan.inputs
    assert texts(again.priors["laplace"]) == texts(plan.priors["laplace"])
    assert houses(prior=["laplace"], scale=0.6, predictors=["area"], source="houses.csv").inputs != plan.inputs


@given(st.text(max_size=30))
def test_every_name_made_of_a_file_is_a_name(source: str) -> None:
    found = slug("coin", source)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", found)
    assert found not in models.fits()


TOKENS = st.lists(
    st.sampled_from(
        ["beta", "sigma", "~", "=", "Normal", "(", ")", "0", "1", "-", ",", "[", "]", "nu", "1e400", "**", "x", '"']
    ),
    max_size=12,
)


@given(TOKENS, TOKENS)
def test_any_text_is_a_prior_or_bad_input(prior: list[str], fix: list[str]) -> None:
    for options in ({"prior": " ".join(prior) or "flat"}, {"fix": " ".join(fix) or "sigma = 1"}):
        line = refused(houses, **options)
        assert "\n" not in line
        if not line:
            for believed in houses(**options).priors.values():
                assert all(isinstance(one, Distribution) for one in believed.values())


def test_a_built_in_plan_is_that_of_its_scenario() -> None:
    plan = built_in("gaussian-small")
    assert (plan.scenario, plan.dataset, next(iter(plan.priors))) == ("gaussian", "small", "weak")
    with pytest.raises(BadInput, match="known fits"):
        built_in("nothing")

"""Priors as text: read by Python's grammar, never run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models.contract import BadInput
from models.contract.families import families
from models.contract.prior_text import check_support, parse_fixed, parse_prior
from tests.made_up import refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theta ~ Beta(2, 2)", "Beta(alpha=2, beta=2)"),
        ("beta~StudentT(3,0,1)", "StudentT(nu=3, mu=0, sigma=1)"),
        ("beta ~ StudentT(nu=3)", "StudentT(nu=3, mu=0, sigma=1)"),
        ("sigma ~ HalfCauchy(5)", "HalfCauchy(beta=5)"),
        ("intercept ~ Flat()", "Flat()"),
        ("sigma ~ Reciprocal()", "Reciprocal()"),
        ("beta ~ Normal([0, -1], [1, 2])", "Normal(mu=[0, -1], sigma=[1, 2])"),
        ("beta ~ Normal(0, tau=4)", "Normal(mu=0, sigma=0.5)"),
        ("rate ~ Exponential(scale=4)", "Exponential(lam=0.25)"),
        ("beta ~ Normal(+1e3, 2)", "Normal(mu=1000, sigma=2)"),
        ("sigma ~ Lognormal(0, 1)", "LogNormal(mu=0, sigma=1)"),
    ],
)
def test_good_texts(text: str, said: str) -> None:
    assert str(parse_prior(text)[1]) == said


@pytest.mark.parametrize(
    ("text", "mean", "sd"),
    [
        ("x ~ Gamma(mu=3, sigma=2)", 3, 2),
        ("x ~ InverseGamma(mu=3, sigma=2)", 3, 2),
        ("x ~ Beta(mu=0.3, sigma=0.1)", 0.3, 0.1),
    ],
)
def test_mean_and_standard_deviation_may_stand_for_the_hyperparameters(text: str, mean: float, sd: float) -> None:
    found = parse_prior(text)[1].scipy
    assert (float(found.mean()), float(found.std())) == pytest.approx((mean, sd))


def test_beta_by_mean_and_count() -> None:
    h = parse_prior("x ~ Beta(mu=0.25, nu=8)")[1].hyperparameters
    assert (float(h["alpha"]), float(h["beta"])) == pytest.approx((2, 6))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "theta",
        "~",
        "theta ~",
        "~ Beta(1, 1)",
        "theta ~ Beta",
        "theta ~ Beta(1",
        "theta ~ Beta(1, 1",
        "2 ~ Beta(1, 1)",
        "theta ~ Beta(0, 1)",
        "theta ~ Beta(1, 2, 3)",
        "theta ~ Beta(1)",
        "theta ~ Beta(alpha=1, alpha=2)",
        "theta ~ Beta(1, gamma=2)",
        "x ~ Normal(0, -1)",
        "x ~ Normal(0, 0)",
        "x ~ Normal(0, True)",
        "x ~ Normal(0, 1j)",
        "x ~ Normal(0, '1')",
        "x ~ Normal(0, 1e999)",
        "x ~ Normal(nan, 1)",
        "x ~ Normal(1 + 1, 1)",
        "x ~ Normal(2 ** 9, 1)",
        "x ~ Normal([], 1)",
        "x ~ Normal([[1, 2]], 1)",
        "x ~ Normal([1, 2], [1, 2, 3])",
        "x ~ Normal(*[1, 2])",
        "x ~ Normal(**{})",
        "x ~ Uniform(2, 1)",
        "x ~ Triangular(0, 1, 3)",
        "x ~ Nrmal(0, 1)",
        "x ~ Poisson(3)",
        "x ~ MvNormal(0, 1)",
        "x ~ Fixed(3)",
        "x ~ pm.Normal(0, 1)",
        "x ~ Normal(0, 1).x",
        "x ~ (lambda: 1)()",
        "x ~ [Normal(0, 1)][0]",
        "x ~ Normal(0, sigma=1, tau=1)",
        "x ~ AsymmetricLaplace(1, 0, 1)",
    ],
)
def test_bad_texts_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_prior(text)
    assert "\n" not in str(caught.value)


def test_near_names_are_suggested() -> None:
    with pytest.raises(BadInput, match="did you mean StudentT"):
        parse_prior("x ~ Student(3, 0, 1)")


def test_nothing_is_ever_run(tmp_path: Path) -> None:
    target = tmp_path / "written"
    for code in (
        f"__import__('pathlib').Path('{target}').touch()",
        f"open('{target}', 'w')",
        f'exec(\'open("{target}", "w")\')',
    ):
        for text in (f"x ~ {code}", f"x ~ Normal({code}, 1)", f"x ~ Normal(0, [1, {code}])"):
            with pytest.raises(BadInput):
                parse_prior(text)
        with pytest.raises(BadInput):
            parse_fixed(f"x = {code}")
    assert not target.exists()


@given(st.text(max_size=40))
def test_any_text_is_a_distribution_or_bad_input(text: str) -> None:
    for parse, lead in ((parse_prior, "x ~ "), (parse_fixed, "x = ")):
        for whole in (text, lead + text, f"{lead}Normal({text})"):
            line = refused(parse, whole)
            assert "\n" not in line
            if not line:
                variable, distribution = parse(whole)
                assert variable.isidentifier()
                assert distribution.name in families()


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_what_is_written_is_read_to_every_digit(mu: float, sigma: float) -> None:
    h = parse_prior(f"x ~ Normal({mu!r}, {sigma!r})")[1].hyperparameters
    assert (float(h["mu"]), float(h["sigma"])) == (mu, sigma)
    assert float(parse_prior(f"x ~ Normal({mu!r}, {sigma!r})")[1].log_density(0.5)) == stats.norm.logpdf(0.5, mu, sigma)


@pytest.mark.parametrize(
    ("text", "support", "fits"),
    [
        ("x ~ Normal(0, 1)", (-np.inf, np.inf), True),
        ("x ~ Normal(0, 1)", (0, np.inf), False),
        ("x ~ HalfNormal(1)", (0, np.inf), True),
        ("x ~ HalfNormal(1)", (-np.inf, np.inf), True),
        ("x ~ Uniform(0.1, 0.9)", (0, 1), True),
        ("x ~ Uniform(0, 1.1)", (0, 1), False),
        ("x ~ Uniform([0, -1], [1, 1])", (0, np.inf), False),
        ("x ~ TruncatedNormal(0, 1, lower=0, upper=1)", (0, 1), True),
        ("x ~ Flat()", (0, np.inf), False),
        ("x ~ Flat()", (0, 1), False),
        ("x ~ HalfFlat()", (0, np.inf), True),
        ("x ~ Pareto(1, 2)", (0, np.inf), True),
        ("x ~ Gamma(1, 1)", (0, 1), False),
    ],
)
def test_a_prior_must_live_where_its_variable_does(text: str, support: tuple[float, float], fits: bool) -> None:
    variable, distribution = parse_prior(text)
    if fits:
        check_support(variable, distribution, support)
    else:
        with pytest.raises(BadInput, match=r"x must be .* use "):
            check_support(variable, distribution, support)

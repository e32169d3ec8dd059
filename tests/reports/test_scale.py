"""The section on scales: its sentences, its curves, its table, and what its knob moves."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import digamma, expit
from scipy.stats import beta, invgamma, lognorm

from comparisons.digits import number
from comparisons.rules import SMALL
from comparisons.scales import Scale, scales_of
from models.contract.families import POSITIVE, UNIT
from reports import scales
from reports.scales import shortest
from reports.sections import scale
from reports.stored import Fit
from tests.toys import coin_toy, separated_toy, values_toy, write_fit

numbers = st.floats(0.01, 100)


@given(
    median=numbers,
    values=st.lists(st.one_of(st.none(), numbers), min_size=1, max_size=4),
    sd=st.floats(0.01, 10),
)
def test_the_sentence_says_what_the_modes_do(median: float, values: list[float | None], sd: float) -> None:
    modes = {f"scale{k}": np.nan if value is None else value for k, value in enumerate(values)}
    said = scale.sentence("theta", median, modes, sd, sd / 10)
    known = [value for value in values if value is not None]
    assert f"The median is {number(median, sd / 10)} on every scale" in said
    if len(known) < 2:
        assert "fewer than two scales" in said
        return
    moved = (max(known) - min(known)) / sd
    assert ("So is the mode" in said) == (moved == 0)
    if moved == 0:
        return
    assert f"from {number(min(known), sd / 100)} " in said
    assert f" to {number(max(known), sd / 100)} " in said
    assert ("hardly matters" in said) == (moved < SMALL)
    if moved >= SMALL:
        assert float(re.findall(r"by ([\d.e+]+) posterior", said)[0]) == pytest.approx(moved, rel=0.06)


@given(mode=st.one_of(st.just(np.nan), numbers), declared=st.one_of(st.just(np.nan), numbers), single=st.booleans())
def test_the_unconstrained_mode_is_said_or_missing(mode: float, declared: float, single: bool) -> None:
    said = scale.unconstrained("sigma", mode, declared, 1.0, single)
    assert ("all parameters" in said) != single
    if np.isnan(mode):
        assert "does not exist" in said
    elif np.isnan(declared):
        assert "there is none" in said
    else:
        assert said.endswith(f"from the MAP of this page, {number(declared, 0.01)}.")
        assert ("less than 0.005" in said) == (abs(mode - declared) < 0.005)


@given(a=st.floats(2, 30), b=st.floats(2, 30))
def test_the_shortest_interval_of_a_beta(a: float, b: float) -> None:
    """On its own scale the two ends have the same density, and the interval its level."""
    x = np.linspace(0, 1, 4_001)
    low, high = shortest(x, beta(a, b).pdf(x), scales_of(UNIT)[0], 0.9)
    assert beta(a, b).cdf(high) - beta(a, b).cdf(low) == pytest.approx(0.9, abs=2e-3)
    assume(low > 1e-3)
    assume(high < 1 - 1e-3)
    assert beta(a, b).pdf(low) == pytest.approx(beta(a, b).pdf(high), abs=0.06 * beta(a, b).pdf(x).max())


def test_the_shortest_interval_of_a_lognormal_is_equal_tailed_on_the_log() -> None:
    truth = lognorm(0.7)
    x = np.geomspace(1e-3, 1e3, 5_001)
    log = next(one for one in scales_of(POSITIVE) if one.name == "log")
    low, high = shortest(x, truth.pdf(x), log, 0.95)
    # The length is flat about its smallest value: the grid of ends decides the third digit.
    assert (low, high) == pytest.approx(tuple(truth.ppf([0.025, 0.975])), rel=0.02)


def test_the_switch_moves_the_mode_and_leaves_the_median(tmp_path: Path) -> None:
    write_fit(tmp_path, "coin", coin_toy())
    fit = Fit(tmp_path / "coin")
    found = scale.context(fit)
    assert found is not None
    cells = {row[0]: row for row in found["rows"]}
    assert set(cells) == {"theta", "logit theta", "arcsin √theta"}
    assert len({row[1] for row in cells.values()}) == 3  # modes
    assert len({row[4] for row in cells.values()}) == 1  # medians
    assert len({row[5] for row in cells.values()}) == 1  # equal-tailed intervals
    below = float(cells["logit theta"][2].removesuffix(" %")) / 100
    assert below == pytest.approx(beta(5, 2).cdf(5 / 7), abs=0.006)
    # By digamma functions, what the logit of a Beta(5, 2) is on average.
    assert float(cells["logit theta"][3]) == pytest.approx(expit(digamma(5) - digamma(2)), abs=1e-3)
    figure = found["figure"]
    assert [knob.choice for knob in figure.knobs] == [True]
    assert figure.knobs[0].settings == ["theta", "logit theta", "arcsin √theta"]
    texts = [re.findall(r">(mode [\d.]+|median [\d.]+)<", svg) for _, svg in figure.stills]
    assert len({one[0] for one in texts}) == 3
    assert len({one[1] for one in texts}) == 1


def scale_called(name: str) -> Scale:
    return next(one for one in scales_of(POSITIVE) if one.name == name)


@pytest.mark.parametrize(("power", "said"), [(8.0, False), (1.1, True), (0.8, True)])
def test_a_mean_that_draws_cannot_tell_is_not_shown(power: float, said: bool) -> None:
    """If sigma² has an inverse gamma distribution with so much for a shape, its mean exists from 1 on."""
    draws = np.sqrt(invgamma(power).rvs((4, 1000), random_state=np.random.default_rng(1)))
    why = scales.doubt(scale_called("square"), draws, "")
    assert ("Pareto k-hat" in why) == said
    assert scales.doubt(scale_called("log"), draws, "") == ""


def test_moments_that_do_not_exist_are_named_on_the_scales_that_need_them() -> None:
    draws = np.exp(np.random.default_rng(1).normal(size=(4, 500)) / 4)
    first, second = "no mean: too few rows", "no standard deviation: too few rows"
    found = {
        reason: [scales.doubt(scale_called(name), draws, reason) for name in ("declared", "square", "log")]
        for reason in (first, second)
    }
    assert found == {first: [first, first, ""], second: ["", second, ""]}
    nothing = scales.View(scale_called("square"), "sigma²", 1.0, np.nan, "", second, (1.0, 2.0), (1.0, 2.0))
    assert scale.missing([nothing]) == f"Of the mean on sigma²: {second}."


def test_without_another_scale_there_is_no_section(tmp_path: Path) -> None:
    for name, toy in (("values", values_toy()), ("separated", separated_toy())):
        write_fit(tmp_path, name, toy)
        assert scale.context(Fit(tmp_path / name)) is None

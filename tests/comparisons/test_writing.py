"""Verdicts in words: they never contradict the numbers, and no label breaks them."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from comparisons import rules, writing
from comparisons.verdict import CANNOT_SAY, MAXIMUM, NO, YES, Verdict, judge
from tests.made_up import EVIL, LEVEL, check, predictions, table, verdict


def test_parameters_that_agree_share_a_sentence() -> None:
    frame = table(["a|1", "b", "c"])
    assert "For every parameter the points agree" in writing.markdown([judge("weak", frame, None, [])])
    frame.loc[frame["reading"] == "map", "gap"] = [0.01, 0.5, 0.02]
    shown = writing.markdown([judge("weak", frame, None, [])])
    assert "- **b**: The MLE agrees" in shown
    assert "- For a\\|1, c the points agree" in shown
    refused = writing.markdown([judge("weak", frame, None, [check("r_hat", "posterior")])])
    assert "the points agree" not in refused


@pytest.mark.parametrize(
    ("pull", "skew", "words"),
    [
        (-1.2, -0.5, "moves the mode 1.2 posterior sd down.*0.50 sd below its mode; it is mostly the prior"),
        (0.4, 0.3, "it is both"),
        (0.2, 0.9, "mostly the shape"),
        (0.5, -0.5, "posterior sd up.*below its mode; the two work against each other"),
        (0.01, 0.6, "^Why: the posterior is not symmetric: its mean lies 0.60 sd above its mode.$"),
        (np.nan, 0.6, "^Why: the posterior is not symmetric"),
        (0.6, 0.01, "^Why: the prior moves the mode 0.60 posterior sd up.$"),
    ],
)
def test_why_follows_from_pull_and_skew(pull: float, skew: float, words: str) -> None:
    one = verdict(map_pull=pull, posterior_skew=skew)
    assert re.search(words, writing.sentences(one, one.lines[0])[-1])
    assert "Why" not in " ".join(writing.sentences(verdict(), verdict().lines[0]))


@pytest.mark.parametrize(
    ("pull", "end"),
    [
        (0.01, "skewness."),
        (0.2, "skewness; it is mostly the way from mode to mean."),
        (-0.8, "skewness; the two work against each other."),
    ],
)
def test_with_several_parameters_the_joint_mode_is_no_sign_of_asymmetry(pull: float, end: str) -> None:
    """Three normal values, flat priors: the margin of mu is symmetric, that of sigma has its mode off the joint one."""
    one = judge("weak", table(["sigma", "mu"], map_pull=pull, posterior_skew=0.82), None, [])
    why = writing.sentences(one, one.lines[0])[-1]
    assert "the mean of sigma lies 0.82 sd above its coordinate of the joint mode: the other parameters are" in why
    assert why.endswith(end)
    assert "symmetric" not in writing.markdown([one])
    assert "the shape" not in why


def test_a_headline_over_priors_names_each() -> None:
    weak, flat = verdict(), replace(verdict(mle_gap=1.0), prior="flat")
    refused = replace(verdict(checks=(check("r_hat", "posterior"),)), prior="odd")
    text = writing.headline([weak, flat, refused])
    assert text.startswith(
        "Here it matters: the MLE is enough under the prior weak, and is not enough under the prior flat"
    )
    assert "cannot be judged under the prior odd" in text
    assert writing.headline([weak, refused]).startswith("Here a point estimate is enough where anything can be said")


FINITE = st.floats(-3, 3)
CELL = st.one_of(FINITE, st.just(np.nan), st.sampled_from([0.0, 0.1, -0.1, 0.25, -0.25, 1e-9]))
SHARE = st.one_of(st.floats(0, 1), st.just(np.nan))
ERROR = st.one_of(st.floats(0, 0.15), st.just(np.nan))


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    changes: dict[str, Any] = {}
    for reading in ("mle", "map"):
        changes |= {f"{reading}_gap": draw(CELL), f"{reading}_mass": draw(SHARE), f"{reading}_gap_error": draw(ERROR)}
        changes |= {f"{reading}_mass_error": draw(ERROR), f"{reading}_reason": draw(st.sampled_from(["", "planted"]))}
        changes |= {f"{reading}_estimate": draw(CELL)}
    changes |= {"map_pull": draw(CELL), "posterior_skew": draw(CELL), "posterior_mcse": draw(ERROR)}
    names = st.sampled_from(["r_hat", "reference", MAXIMUM, "posterior exists"])
    failed = draw(st.lists(st.builds(check, names, st.sampled_from(["mle", "map", "posterior"])), max_size=2))
    loss = draw(st.one_of(st.none(), st.builds(predictions, FINITE, FINITE, st.integers(2, 60))))
    return judge("weak", table([draw(st.sampled_from(["theta", EVIL]))], **changes), loss, failed)


@given(verdicts())
def test_words_never_contradict_numbers(one: Verdict) -> None:
    line = one.lines[0]
    for reading, judgement in one.judgements.items():
        point, lost = line.points[reading], one.losses[("mle", "map").index(reading)]
        assert (judgement.enough == YES) == (judgement.reasons == ())
        near = np.isfinite(point.gap_error) and abs(point.gap) <= max(
            rules.LARGE, rules.STANDARD_ERRORS * point.gap_error
        )
        if judgement.enough == YES:
            assert near
            assert np.isfinite(point.mass)
            assert not lost.matters
        if judgement.enough == NO and judgement.exists:
            assert not near or point.holds is not True or lost.matters
        said = " ".join(judgement.reasons)
        assert "above" not in said or point.gap > 0
        assert "below" not in said or point.gap < 0
        if lost.matters and np.isfinite(lost.total):
            assert lost.total > 0
            assert "higher than" in writing.predicted(one, reading)
        assert not (lost.matters and lost.small)
        if lost.small:
            assert lost.total <= rules.LOSS
    for text in writing.sentences(one, line):
        for reading, name in (("mle", "The MLE"), ("map", "The MAP")):
            if text.startswith(name):
                gap = line.points[reading].gap
                assert ("above it" in text) == (gap > 0)
                assert ("below it" in text) == (gap < 0)
                assert ("agrees" in text) == (line.points[reading].word == rules.AGREES)
        if text.startswith("Why"):
            assert "mode up" not in text or line.pull > 0
            assert ("above its mode" in text) <= (line.skew > 0)
            assert ("below its mode" in text) <= (line.skew < 0)


@given(verdicts())
def test_no_nan_is_read_as_a_number_and_nothing_escapes(one: Verdict) -> None:
    for text in (writing.markdown([one], EVIL), writing.text([one]), writing.headline([one])):
        assert not re.search(r"\b(nan|NaN|None|inf)\b", text)
        assert "significant" not in text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    html = MarkdownIt("commonmark").enable("table").render(writing.markdown([one], EVIL))
    assert "<script" not in html
    assert "<a " not in html
    assert "<img" not in html
    assert "<code" not in html
    assert html.count("<h1>") == 1
    assert html.count("<td") == 8  # one parameter, eight columns


@given(st.floats(-5, 5), st.floats(0, 1), st.floats(0, 0.3))
def test_a_smaller_gap_never_makes_it_worse(gap: float, factor: float, error: float) -> None:
    order = [rules.AGREES, rules.SLIGHTLY, rules.DIFFERS]
    assert order.index(rules.word(factor * gap, error)) <= order.index(rules.word(gap, error))
    answers = [CANNOT_SAY, YES, NO] if 3 * error > rules.LARGE else [YES, NO]
    small, large = (verdict(mle_gap=size, mle_gap_error=error).mle.enough for size in (factor * gap, gap))
    assert answers.index(small) <= answers.index(large)


@given(st.floats(0, 1), st.floats(0, 0.02), st.floats(0.5, 0.99), st.floats(0, 1))
def test_a_mass_nearer_to_the_level_never_makes_it_worse(
    mass: float, error: float, level: float, factor: float
) -> None:
    nearer = level + factor * (mass - level)
    assert rules.holds(nearer, error, level) or not rules.holds(mass, error, level)
    assert 0 < rules.allowed(level) <= rules.MOST_OFF


@given(st.text(max_size=30))
def test_any_text_is_shown_by_markdown_as_it_is(label: str) -> None:
    shown = (
        MarkdownIt("commonmark")
        .enable("table")
        .render(f"| a | b |\n| --- | --- |\n| {writing.escape('x' + label)} | 2 |")
    )
    assert shown.count("<td>") == 2
    assert shown.count("<") == shown.count(">") == shown.count("</") * 2
    inside = re.search(r"<td>(.*?)</td>", shown, re.DOTALL)
    assert inside is not None
    assert "<" not in inside.group(1)


def test_the_rules_are_stated_with_their_limits() -> None:
    stated = " ".join(rules.stated(LEVEL))
    for limit in (rules.SMALL, rules.LARGE, rules.STANDARD_ERRORS, rules.LOSS, rules.LOSS_EACH, rules.LOSS_ERRORS):
        assert f"{limit:g}" in stated
    assert "95 % of the posterior to within 2.5 percentage points" in stated


def test_a_page_can_judge_without_pymc() -> None:
    code = (
        "import sys, comparisons.measures, comparisons.writing; print(sorted({'pymc', 'pytensor'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Does it matter: words of cards and of the top of a page follow from the distances that the matrix shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparisons import rules, store
from comparisons.digits import significant
from comparisons.verdict import CANNOT_SAY, MAXIMUM, NO, POINTS, YES, Verdict, judge
from reports import matters
from reports.index import darkest, shade
from tests.made_up import LEVEL, check, predictions, table, verdict
from tests.toys import TOYS, soup, text

GAPS = st.one_of(st.floats(-4, 4), st.sampled_from([0.0, 0.1, -0.1, 0.25, -0.25, 0.1000001]))
FAILED = st.lists(
    st.builds(check, st.sampled_from(["r_hat", MAXIMUM, "posterior exists"]), st.sampled_from(["mle", "posterior"])),
    max_size=1,
)


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    labels = ["mu", "sigma", "nu"][: draw(st.integers(1, 3))]
    frame = table(labels)
    points = frame["reading"].isin(POINTS)
    frame.loc[points, "gap"] = [draw(GAPS) for _ in range(points.sum())]
    frame.loc[points, "mass"] = [draw(st.sampled_from([LEVEL, LEVEL, 0.8])) for _ in range(points.sum())]
    frame.loc[frame["reading"] == "map", "pull"] = draw(GAPS)
    frame.loc[frame["reading"] == "posterior", "skew"] = draw(GAPS)
    frame["reason"] = draw(st.sampled_from(["", "", "on the boundary: planted"]))
    loss = draw(st.sampled_from([None, predictions(mle=0.3)]))
    return judge("weak", frame, loss, draw(FAILED))


def largest(one: Verdict, reading: str) -> float:
    """As the matrix of the index has it."""
    return max((abs(line.points[reading].gap) for line in one.lines), default=np.nan)


@given(verdicts())
def test_no_card_contradicts_its_row_of_the_matrix(one: Verdict) -> None:
    said = matters.in_short(one)
    sizes = {name.upper(): largest(one, name) for name in POINTS}
    assert len(said.split()) <= 14
    if all(judgement.enough == CANNOT_SAY for judgement in one.judgements.values()):
        assert not re.search(r"\d", said)
        return
    assert ("No MLE exists" in said) == (not one.mle.exists)
    for name, size in re.findall(r"(MLE|MAP) ([\d.]+) sd off", said):
        assert size == significant(sizes[name], 2)
        assert sizes[name] > rules.LARGE
    if both := re.search(r"MLE and MAP both ([\d.]+) sd off", said):
        assert {both[1]} == {significant(size, 2) for size in sizes.values()}
    together = "MLE and MAP within" in said
    for name, size in [] if together else re.findall(r"(MLE|MAP) within ([\d.]+) sd", said):
        assert size in ("0.1", significant(sizes[name], 2))
        assert sizes[name] <= (rules.SMALL if size == "0.1" else rules.LARGE)
    if bound := re.search(r"(?:agree|MLE and MAP) within ([\d.]+) sd", said):
        worst = max(sizes.values())
        assert bound[1] == (f"{rules.SMALL:g}" if worst <= rules.SMALL else significant(worst, 2))
        assert worst <= rules.LARGE
        assert ("agree" in said) <= (worst <= rules.SMALL)
        assert ("but" in said) == (NO in {judgement.enough for judgement in one.judgements.values()})
    off = [line.points[reading].holds is False for reading in POINTS for line in one.lines]
    assert ("holds" in said) <= any(off)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "MLE and MAP agree with the posterior mean within 0.1 sd"),
        ({"mle_gap": 0.2}, "MLE and MAP within 0.20 sd of the posterior mean"),
        ({"mle_gap": 1.4, "map_pull": -1.4}, "MLE 1.4 sd off (prior), MAP within 0.1 sd"),
        (
            {"mle_gap": 1.4, "map_gap": 0.5, "map_pull": -0.9, "posterior_skew": -0.5},
            "MLE 1.4 sd off (prior and shape), MAP 0.50 sd off (shape)",
        ),
        ({"mle_gap": 0.5, "map_gap": 0.5, "posterior_skew": -0.5}, "MLE and MAP both 0.50 sd off (shape)"),
        ({"mle_mass": 0.8}, "MLE and MAP within 0.1 sd, but the MLE's interval holds 80 %"),
        ({"mle_gap": 1.8, "mle_reason": "on the boundary: 3 heads in 3 flips are best explained by 1"},
         "MLE 1.8 sd off (shape, at the boundary), MAP within 0.1 sd"),
    ],
)  # fmt: skip
def test_a_card_says_what_matters_and_how_much(changes: dict[str, Any], said: str) -> None:
    assert matters.in_short(verdict(**changes)) == said


def test_what_does_not_exist_or_failed_is_said_on_the_card() -> None:
    absent = check(MAXIMUM, "mle", detail="unbounded: a component shrinks")
    assert matters.in_short(verdict(checks=(absent,))) == "No MLE exists (unbounded), MAP within 0.1 sd"
    assert matters.in_short(verdict(checks=(check("r_hat", "posterior"),))) == "Cannot be judged: a check failed"
    assert matters.in_short(verdict(checks=(check("gradient", "mle"),))) == "MLE cannot be judged, MAP within 0.1 sd"


@given(st.lists(verdicts(), min_size=1, max_size=3))
def test_the_answer_names_the_priors_under_which_it_matters(some: list[Verdict]) -> None:
    named = [
        Verdict(f"p{number}", one.level, one.mle, one.map, one.lines, one.losses) for number, one in enumerate(some)
    ]
    said = matters.answer(named)
    for one in named:
        found = {judgement.enough for judgement in one.judgements.values()}
        part = next(part for part in said.split(";") if one.prior in part or "every prior" in part)
        assert ("it matters" in part) == (NO in found)
        assert ("close enough" in part) == (found == {YES})


def test_cards_and_their_shades_are_those_of_the_matrix(home: Path) -> None:
    shown = soup(home, "index")
    for name in TOYS:
        card = store.read_json(home / "site" / "assets" / f"{name}.json")
        article = shown.select_one(f"article a[href='{name}.html']").find_parent("article")  # type: ignore[union-attr]
        said = article.select_one(".matters")  # type: ignore[union-attr]
        assert said is not None
        assert card["matters"] == text(said)
        first = card["matrix"][0]
        assert f"shade{darkest(first)}" in said["class"]
        for reading, size in re.findall(r"(MLE|MAP) ([\d.]+) sd off", card["matters"]):
            assert size == first[reading.lower()]["text"]
            assert darkest(first) >= shade(first[reading.lower()]["gap"])
        assert len(article.select(".track")) == len(card["matrix"])  # type: ignore[union-attr]


def test_a_page_says_it_once(home: Path) -> None:
    for name in TOYS:
        page = soup(home, name)
        assert len([h for h in page.select("h2, h3") if "matter here" in text(h)]) == 1
        assert page.select_one("#question #verdict")

"""Handouts: what each edition holds, data of one's own by a seed, and bad input in one line."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import html5lib
import numpy as np
import pytest
from bs4 import BeautifulSoup

import models
from comparisons.plan import built_in, own
from models.contract import BadInput
from reports import handout
from reports.lesson import is_sound, lesson
from reports.page import render
from reports.stored import Fit
from tests.made_up import refused
from tests.reports.lessons import MAKERS, fit_of
from tests.toys import ROOT

BROWSER = next(filter(None, map(shutil.which, handout.BROWSERS)), None)


@pytest.fixture
def page(home: Path) -> str:
    return (home / "site" / "coin.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", handout.EDITIONS)
def test_editions_are_valid_pages_for_paper(page: str, kind: str) -> None:
    found = handout.edition(page, kind)
    html5lib.HTMLParser(strict=True).parse(found)
    soup = BeautifulSoup(found, "html5lib")
    assert not soup.select("script")
    assert all(str(tag["href"]).startswith("#") for tag in soup.select("[href]"))
    assert all(tag.has_attr("open") for tag in soup.select("details"))
    assert soup.select_one(f"body.handout.{kind}")
    assert soup.select(".edition")[0].get_text() == handout.EDITIONS[kind][1]


def test_students_get_the_questions_and_no_answer(page: str) -> None:
    whole = BeautifulSoup(page, "html5lib")
    answers = [tag.get_text() for tag in whole.select(".answer p")]
    student = BeautifulSoup(handout.edition(page, "student"), "html5lib")
    assert len(answers) > 5
    assert not any(answer in student.get_text() for answer in answers)
    assert len(student.select(".questions > li")) == len(answers)
    for kind in ("full", "key"):
        found = [tag.get_text() for tag in BeautifulSoup(handout.edition(page, kind), "html5lib").select(".answer p")]
        assert found == answers


def test_students_get_no_section_that_says_what_the_fits_say(page: str) -> None:
    whole, student = (BeautifulSoup(one, "html5lib") for one in (page, handout.edition(page, "student")))
    assert [tag["id"] for tag in student.select("section")] == ["data", "guess", "model", "exercises"]
    told = (".answer", ".lesson", ".verdict", ".short-answer", "#fits", "#said", "#checks", "nav")
    assert all(whole.select(one) for one in told)
    assert not any(student.select(one) for one in told)
    key = BeautifulSoup(handout.edition(page, "key"), "html5lib")
    assert [tag["id"] for tag in key.select("section")] == ["guess", "exercises"]
    for one in ("h1", ".data-title", ".trail"):
        assert len(student.select(one)) == len(key.select(one)) == 1
    assert handout.LEFT_OUT in student.get_text()
    assert handout.LEFT_OUT not in key.get_text()


def numbers(text: str) -> set[str]:
    """What is written as a number with a decimal point: whole ones are counts, which stand everywhere."""
    return set(re.findall(r"\d[\d,]*\.\d+(?:e[+-]?\d+)?", text))


def given_away(fit: Fit, page: str) -> set[str]:
    """Numbers of answers in the students' edition that neither a task nor data or model say.

    Answers and tasks are those of the lesson, data and model those of the stored fit; whatever can be read counts,
    also descriptions of pictures, but for the ticks of axes.
    """
    words = lesson(fit)
    asked, solved = words.quiz(fit), words.exercises(fit) if is_sound(fit) else []
    answers = [*(one.answer for one in asked), *(one.answer for one in solved)]
    tasks = [*(one.asked for one in asked), *(one.task for one in solved)]
    known = [*tasks, str(fit.data.attrs), fit.text("formula"), fit.text("distributions")]
    student = BeautifulSoup(handout.edition(page, "student"), "html5lib")
    for drawing in student.select("svg, style"):
        drawing.decompose()
    described = [str(tag.get(key, "")) for tag in student.select("*") for key in ("alt", "title", "aria-label")]
    told = numbers(" ".join([student.get_text(" "), *described]))
    return (numbers(" ".join(answers)) - numbers(" ".join(known))) & told


@pytest.mark.parametrize("scenario", MAKERS)
def test_no_number_of_an_answer_is_given_away(scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fit_of(scenario, tmp_path)
    html, _, _ = render(fit, "0", [])
    assert given_away(fit, html) == set()
    # Did a caption of the data say a solution, or were sections of the fits kept, this would be noticed.
    if is_sound(fit):
        solution = " ".join(one.answer for one in lesson(fit).exercises(fit))
        assert given_away(fit, html.replace("</figcaption>", f" {solution}</figcaption>"))
        monkeypatch.setattr(handout, "KEPT", {"student": (*handout.KEPT["student"], "question", "fits", "comparison")})
        assert given_away(fit, html)


@pytest.mark.skipif(BROWSER is None, reason="no Chromium to print with")
def test_chromium_prints_them(home: Path, tmp_path: Path) -> None:
    assert BROWSER is not None
    (tmp_path / "coin.html").write_bytes((home / "site" / "coin.html").read_bytes())
    places = handout.write("coin", tmp_path, BROWSER)
    assert [place.name for place in places] == ["coin.pdf", "coin-student.pdf", "coin-key.pdf"]
    sizes = [place.stat().st_size for place in places]
    assert all(place.read_bytes().startswith(b"%PDF") for place in places)
    assert not any(b"file://" in place.read_bytes() for place in places)
    assert sizes[0] > sizes[2]
    assert sorted(path.name for path in (tmp_path / "handouts").iterdir()) == sorted(place.name for place in places)


def test_without_a_browser_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert handout.main(["coin"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "install" in said


def test_a_browser_that_fails_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(handout.CannotPrint, match=r"could not print page\.html"):
        handout.print_page(str(Path(sys.executable)), tmp_path / "page.html", tmp_path / "page.pdf")


@pytest.mark.parametrize("seed", ["7x", "-1", "1.5", "", "٣", "1" * 19])
def test_a_bad_seed_is_one_line(seed: str) -> None:
    line = refused(handout.seeded, "coin", seed)
    assert "--seed" in line
    assert "whole number" in line


def test_only_scenarios_can_be_simulated() -> None:
    assert "known scenarios" in refused(handout.seeded, "coin-small", "7")
    assert handout.seeded("coin", "007") == "coin-seed-7"


@pytest.mark.parametrize("scenario", models.names())
def test_a_seed_makes_the_teaching_data_anew(scenario: str) -> None:
    plan = built_in(f"{scenario}-seed-7")
    expected = models.load(scenario).simulate(np.random.default_rng(7))
    assert plan.data.drop_attrs().identical(expected.drop_attrs())
    assert plan.data.attrs["seed"] == 7
    assert plan.request == {"fit": plan.name}
    assert plan.command == f"make handout SCENARIO={scenario} SEED=7"
    other = built_in(f"{scenario}-seed-8")
    assert not other.data.drop_attrs().identical(plan.data.drop_attrs())


def test_seeds_of_no_scenario_are_no_fits() -> None:
    with pytest.raises(BadInput, match="no fit named"):
        built_in("nothing-seed-7")


@pytest.mark.parametrize("name", ["index", "glossary", "reading"])
def test_pages_of_the_site_are_no_names_for_fits(name: str) -> None:
    with pytest.raises(BadInput, match="another page of the site"):
        own("coin", None, heads="3", flips="5", name=name)


def test_make_says_what_is_missing() -> None:
    done = subprocess.run(
        ["make", "handout", f"PYTHON={sys.executable}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "make handout SCENARIO=coin" in done.stderr

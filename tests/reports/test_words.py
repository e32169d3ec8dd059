"""Words of a lesson: they never contradict the table, say ties as ties, and refuse what must not be read."""

from __future__ import annotations

import importlib
import inspect
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from comparisons import rules
from reports import lesson, ranking
from reports.beliefs import general
from reports.beliefs import mixture as mixture_beliefs
from reports.lesson import FOLDER, GRADES, is_sound
from reports.page import section
from reports.ranking import Entry
from reports.sections import exercises, guess, question, said
from reports.stored import Fit
from reports.teaching import generic, mixture, regression
from tests.made_up import LEVEL, check
from tests.reports.lessons import MAKERS, fit_of, made_fit

NAMES = ("the MLE", "the MAP", "the posterior mean")
VALUES = st.floats(-5, 5).map(lambda value: round(value, 2))
ENTRIES = st.lists(st.tuples(VALUES, st.sampled_from([0.0, 0.01, 0.3])), min_size=2, max_size=3).map(
    lambda pairs: [Entry(name, value, error, 0.01) for name, (value, error) in zip(NAMES, pairs, strict=False)]
)


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fit]:
    results = tmp_path_factory.mktemp("words")
    return {scenario: fit_of(scenario, results) for scenario in MAKERS}


def modules() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def checked(entries: list[Entry], sentence: str) -> None:
    """Whatever a sentence of `ranked` claims follows from the numbers."""
    value = {entry.name: entry for entry in entries}
    tied = "cannot be told apart" in sentence
    if match := re.match(r"([Tt]he [\w ]+?): \S+, against (.*)\.$", sentence):
        first = value[match[1][0].lower() + match[1][1:]]
        for entry in entries:
            assert entry is first or first.value - entry.value > ranking.noise(first, entry)
        assert not tied
        return
    if sentence.startswith("No single one"):
        top = max(entries, key=lambda entry: entry.value)
        assert all(top.value - entry.value <= ranking.noise(top, entry) for entry in entries)
        return
    if tied:
        names = [
            name
            for name in NAMES
            if name in sentence.lower().partition("cannot")[0].replace("map", "MAP").replace("mle", "MLE")
        ]
        rest = [entry for entry in entries if entry.name not in names]
        assert len(names) > 1
        assert rest
        assert all(
            value[name].value - entry.value > ranking.noise(value[name], entry) for name in names for entry in rest
        )
        return
    match = re.match(r"(The [\w ]+?) \(\S+\) is larger than (.*); (.*) can be told from neither\.$", sentence)
    assert match
    first = value[match[1][0].lower() + match[1][1:]]
    for name in NAMES:
        if name in match[2]:
            assert first.value - value[name].value > ranking.noise(first, value[name])
        if name in match[3]:
            assert abs(first.value - value[name].value) <= ranking.noise(first, value[name])


@given(ENTRIES)
def test_a_ranking_claims_only_what_the_numbers_allow(entries: list[Entry]) -> None:
    checked(entries, ranking.ranked(entries))


def test_a_difference_within_the_error_is_a_tie() -> None:
    mean = Entry("the posterior mean", 1.02, 0.01, 0.001)
    assert ranking.ranked([Entry("the MLE", 1.0, 0.0, 0.001), mean]).startswith("No single one")
    assert ranking.ranked([Entry("the MLE", 0.9, 0.0, 0.001), mean]).startswith("The posterior mean: ")
    assert ranking.ranked([mean]) == "There are no two numbers to compare."


@given(VALUES, VALUES, VALUES, st.sampled_from([0.001, 0.05, 0.4]))
def test_the_quiz_agrees_with_the_table(mle: float, mode: float, mean: float, mcse: float) -> None:
    fit = made_fit([{"mle_estimate": mle, "map_estimate": mode, "posterior_estimate": mean, "posterior_mcse": mcse}])
    checked(ranking.estimates(fit, "p0", "theta"), generic.largest(fit).answer.partition(". The ")[0].rstrip(".") + ".")


@given(st.floats(0.2, 1.0), st.floats(0.2, 1.0))
def test_what_is_said_of_an_interval_is_the_rule(mle: float, mode: float) -> None:
    fit = made_fit([{"mle_mass": mle, "map_mass": mode}])
    pair = general.held(fit)
    assert pair is not None
    worst = max((mle, mode), key=lambda mass: abs(mass - LEVEL))
    close = rules.holds(worst, 0.004, LEVEL)
    assert f"of the posterior, {'close to' if close else 'not'} 95 %" in pair.fact


@given(st.lists(VALUES, min_size=2, max_size=4), st.sampled_from([0.001, 0.01, 0.2]))
def test_whether_the_prior_is_washed_out_follows_from_the_means(means: list[float], mcse: float) -> None:
    fit = made_fit([{"posterior_estimate": one, "posterior_mcse": mcse} for one in means])
    pair = general.washed_out(fit)
    assert pair is not None
    apart, noise = (max(means) - min(means)) / 0.5, 3 * math.hypot(mcse, mcse) / 0.5
    assert ("here they nearly have" in pair.fact) == (apart + noise <= 0.1)
    assert ("here they have not" in pair.fact) == (apart - noise > 0.1)
    assert ("show no difference" in pair.fact) == (apart <= noise and apart + noise > 0.1)
    assert ("leaves open" in pair.fact) == (noise < apart and apart - noise <= 0.1 < apart + noise)


def test_the_largest_difference_is_that_of_any_two_priors() -> None:
    fit = made_fit([{"posterior_estimate": one} for one in (2.0, 1.0, 2.7)])
    pair = general.washed_out(fit)
    assert pair is not None
    assert "under the prior p1 and" in pair.fact
    assert "under p2: 3.40 posterior sd" in pair.fact


def test_far_is_where_a_normal_posterior_hardly_is(fits: dict[str, Fit]) -> None:
    """Beyond one sd lie 32 % of a normal posterior, beyond two 4.6 %."""
    (first, *_) = generic.exercises(fits["coin"])
    assert "from two on the MLE lies where the posterior hardly is" in first.answer


def test_priors_without_sensitivity_are_left_out_for_the_right_reason() -> None:
    """1 / sigma is improper but not constant, so that a constant density cannot be the only reason."""
    template = Path(generic.__file__).parents[1] / "templates/sections/posterior.html.j2"
    assert "An improper prior is left out; a constant one has no power to change." in template.read_text()


def test_a_reading_that_fails_is_left_out_and_named() -> None:
    fit = made_fit([{"mle_estimate": np.nan, "mle_reason": "infinite"}])
    assert "The MLE does not exist." in generic.largest(fit).answer
    fit = made_fit([{"mle_estimate": 9.0}], [check("gradient", "mle", "p0")])
    said_of = generic.largest(fit).answer
    assert "9.0" not in said_of
    assert "do not read it (failed: gradient)" in said_of


def test_nothing_is_taught_from_numbers_that_must_not_be_read() -> None:
    for reading in ("map", "posterior"):
        fit = made_fit([{"mle_estimate": 2.1}], [check("r_hat", reading, "p0")])
        assert not is_sound(fit)
        assert exercises.context(fit) is None
        assert said.context(fit) is None
        assert guess.context(fit)
    fit = made_fit([{}], [check("r_hat", "posterior", "p0")])
    assert generic.answer(fit) == "This run cannot say: its posterior must not be read (failed: r_hat)."


def test_where_nothing_exists_nothing_is_asked() -> None:
    nothing = {"estimate": np.nan, "sd": np.nan, "lower": np.nan, "upper": np.nan}
    changes = {f"{reading}_{key}": value for reading in ("mle", "map", "posterior") for key, value in nothing.items()}
    fit = made_fit([changes | {"posterior_reason": "improper: too few rows"}])
    assert guess.context(fit) is None
    assert generic.answer(fit) == "This run cannot say: its posterior must not be read (improper: too few rows)."
    fit = made_fit([{"mle_lower": np.nan, "mle_upper": np.nan, "map_lower": np.nan, "map_upper": np.nan}])
    assert len(generic.quiz(fit)) == 1


def test_all_lessons_have_one_shape() -> None:
    wanted = {name for name, _ in inspect.getmembers(lesson.Lesson, inspect.isfunction) if not name.startswith("_")}
    assert wanted == {"suits", "answer", "quiz", "pairs", "take_home", "exercises"}
    for name in modules():
        module = importlib.import_module(f"reports.teaching.{name}")
        assert module.READING
        for function in wanted:
            assert list(inspect.signature(getattr(module, function)).parameters) == ["fit"], (name, function)
            assert getattr(module, function).__module__ == module.__name__


def test_every_scenario_has_its_own_words() -> None:
    import models

    assert set(models.names()) | {"generic"} == set(modules())


@pytest.mark.parametrize("scenario", MAKERS)
def test_words_of_every_scenario(fits: dict[str, Fit], scenario: str) -> None:
    fit = fits[scenario]
    words = lesson.lesson(fit)
    assert getattr(words, "__name__", "").endswith("generic" if scenario == "stranger" else scenario)
    assert words.answer(fit).endswith(".")
    assert 1 <= len(words.quiz(fit)) <= 3
    assert 3 <= len(words.pairs(fit)) <= 6
    assert len(words.take_home(fit)) == 3
    found = words.exercises(fit)
    assert 4 <= len(found) <= 6
    grades = [GRADES.index(exercise.grade) for exercise in found]
    assert grades == sorted(grades)
    everything = [words.answer(fit), *words.take_home(fit)]
    everything += [text for one in words.quiz(fit) for text in (one.asked, one.answer)]
    everything += [text for one in words.pairs(fit) for text in (one.said, one.fact)]
    everything += [text for one in found for text in (one.task, one.answer)]
    for text in everything:
        assert not re.search(r"\b(nan|inf|None)\b|  |\.\.", text), text
        assert text.strip()[-1] in ".?\u201d", text


@pytest.mark.parametrize("scenario", MAKERS)
def test_answers_are_folded_and_marked(fits: dict[str, Fit], scenario: str) -> None:
    for name in ("guess", "exercises"):
        found = section(fits[scenario], name, [])
        assert found is not None
        html = str(found["html"])
        assert html.count('<details class="answer">') == html.count("<details") == html.count("</details>") > 0


def test_a_file_outside_the_folder_is_no_lesson(tmp_path: Path) -> None:
    fit = made_fit([{}])
    fit.tree.attrs["scenario"] = "../lesson"
    assert getattr(lesson.lesson(fit), "__name__", "").endswith("generic")


def test_counts_in_the_answers_are_those_of_the_table(fits: dict[str, Fit]) -> None:
    for scenario in ("regression", "logistic"):
        fit = fits[scenario]
        rows = fit.table.query("prior == 'normal' and reading == 'posterior' and parameter.str.startswith('beta')")
        clear = int((rows["lower"] * rows["upper"] > 0).sum())
        assert clear == 1
        told = lesson.lesson(fit).answer(fit)
        assert told.count("age") == 1
        assert "size" not in told
        expected = {"regression": "Of 2 predictors, 1 has a coefficient", "logistic": "These are the 1 of 2 whose"}
        assert expected[scenario] in told


def test_exact_zeros_are_those_of_the_mode_only(tmp_path: Path) -> None:
    fit_of("regression", tmp_path)
    place = tmp_path / "regression" / "comparison.csv"
    table = pd.read_csv(place)
    chosen = (table["prior"] == "laplace") & (table["reading"] == "map") & (table["parameter"] == "beta[size]")
    table.loc[chosen, "estimate"] = 0.0
    table.to_csv(place, index=False)
    fit = Fit(tmp_path / "regression")
    told = regression.quiz(fit)[1].answer
    assert told == "In the MAP 1, in the posterior mean 0: and of all 2,000 drawn values 0 are zero."
    assert any("1 coefficient of the MAP is exactly zero" in pair.fact for pair in regression.pairs(fit))


def test_who_is_surer_follows_from_the_memberships(fits: dict[str, Fit]) -> None:
    plugged, averaged = mixture_beliefs.unsure(fits["mixture"])
    told = mixture.quiz(fits["mixture"])[0].answer
    assert told.startswith(f"{plugged:,} with the MAP plugged in, {averaged:,} averaged: ")
    assert ("MAP is the surer" in told) == (plugged < averaged)
    assert ("memberships are the surer" in told) == (plugged > averaged)


def test_fewer_rows_move_an_estimate_as_the_sweep_says(tmp_path: Path) -> None:
    fit = fit_of("coin", tmp_path)
    assert ranking.moves(fit, "theta") is None
    values = np.array([[[9.0], [9.0], [9.0]], [[1.0], [0.8], [0.7]], [[0.6], [0.6], [0.6]]])
    coords = {"n": [1, 4, 100], "reading": ["mle", "map", "posterior"], "parameter": ["theta"]}
    dims = ("n", "reading", "parameter")
    sweep = xr.Dataset({"estimate": (dims, values), "sd": (dims, np.full(values.shape, 0.05))}, coords=coords)
    sweep["ess_bulk"] = (("n", "parameter"), np.full((3, 1), 400.0))
    sweep["failed"] = ("n", [True, False, False])  # what failed is not taken
    sweep.to_netcdf(tmp_path / "coin" / "sweep_n.nc", engine="netcdf4")
    found = ranking.moves(fit, "theta")
    assert found is not None
    assert found[:2] == (4, 100)
    assert [entry.value for entry in found[2]] == pytest.approx([0.4, 0.2, 0.1])
    assert found[2][2].error == pytest.approx(math.hypot(0.05 / 20, 0.05 / 20))
    asked = generic.steadiest(fit)
    assert asked is not None
    assert "Take 4 rows, chosen at random, instead of all 100" in asked.asked
    assert asked.answer.startswith("The MLE: 0.4000, against")


def test_a_truth_that_all_intervals_miss_is_spoken_of() -> None:
    fit = made_fit([{}])
    assert question.missed(fit) == ""  # nobody knows the truth
    for truth, said_so in ((2.0, False), (90.0, True)):
        fit = made_fit([{}])
        fit.table["truth"] = truth
        assert ("outside of all three intervals" in question.missed(fit)) == said_so

"""Losses: quantiles and regrets against closed forms of a Normal posterior, and sentences against their numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from reports import actions, loss
from reports.loss import RATIOS, Margin
from reports.sections import decision
from reports.stored import Fit
from tests.tolerances import within_errors
from tests.toys import blend_toy, separated_toy, values_toy, write_fit

EVEN = norm.ppf((np.arange(20_000) + 0.5) / 20_000, 3, 2)  # N(3, 2) without noise


def expected_loss(action: float, ratio: tuple[int, int], mu: float = 3, sd: float = 2) -> float:
    """E of the loss under N(mu, sd): sd (phi(z) + z Phi(z)) is the expected excess of the action over theta."""
    z = (action - mu) / sd
    over = sd * (norm.pdf(z) + z * norm.cdf(z))
    under = over - (action - mu)
    return float(2 * (ratio[0] * under + ratio[1] * over) / sum(ratio))


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_best_action_is_the_quantile(ratio: tuple[int, int]) -> None:
    margin = Margin("theta", EVEN, 20_000, {"mle": 2.0, "map": 3.0})
    q = ratio[0] / sum(ratio)
    action, error = loss.best(margin, ratio)
    assert action == pytest.approx(norm.ppf(q, 3, 2), abs=2e-3)
    # The error of a sample quantile: sqrt(q (1 - q) / n) / density.
    assert error == pytest.approx(math.sqrt(q * (1 - q) / 20_000) / norm.pdf(action, 3, 2), rel=0.02)
    for point in margin.points.values():
        found = loss.regret(margin, point, ratio)
        truth = expected_loss(point, ratio) - expected_loss(norm.ppf(q, 3, 2), ratio)
        assert found.loss == pytest.approx(expected_loss(point, ratio), rel=1e-3)
        assert found.regret == pytest.approx(truth, abs=2e-3)


def test_the_error_of_a_regret_is_its_error() -> None:
    ratio, truth = (9, 1), expected_loss(2.0, (9, 1)) - expected_loss(norm.ppf(0.9, 3, 2), (9, 1))
    found = []
    for seed in range(200):
        draws = np.random.default_rng(seed).normal(3, 2, 400)
        found.append(loss.regret(Margin("theta", draws, 400, {"mle": 2.0, "map": 3.0}), 2.0, ratio))
    regrets, errors = np.array([one.regret for one in found]), np.array([one.error for one in found])
    assert errors.mean() == pytest.approx(regrets.std(ddof=1), rel=0.25)  # the spread of 200 is known to 5 %
    within_errors(regrets.mean(), truth, errors.mean() / math.sqrt(200) + 0.01)  # bias of order 1/n of a quantile


@given(
    st.lists(st.floats(-100, 100), min_size=5, max_size=40, unique=True),
    st.floats(-120, 120),
    st.floats(-120, 120),
    st.sampled_from(RATIOS),
)
def test_nothing_beats_the_best_action(draws: list[float], mle: float, map_: float, ratio: tuple[int, int]) -> None:
    values = np.array(draws)
    margin = Margin("theta", values, len(values), {"mle": mle, "map": map_})
    if margin.sd < 1e-3:
        return
    action, _ = loss.best(margin, ratio)
    best = loss.losses(values, action, ratio).mean()
    # NumPy's quantile lies between two draws; the loss is straight there, and its least value at one of them.
    slack = 2 * np.diff(np.sort(values)).max() / len(values) * max(ratio) / sum(ratio)
    assert all(best <= loss.losses(values, other, ratio).mean() + slack for other in [*draws, mle, map_])
    assert loss.regret(margin, mle, ratio).regret >= 0
    found = actions.compared(margin)
    assert found.squared == "mean" or mle == pytest.approx(values.mean()) or map_ == pytest.approx(values.mean())
    said = loss.sentence(margin, ratio)
    assert "nan" not in said
    for reading, name in (("mle", "MLE"), ("map", "MAP")):
        lost = loss.regret(margin, margin.points[reading], ratio)
        assert (f"{name} loses too little" in said) == (lost.regret <= 2 * lost.error)
    if "times" in said:
        assert ("low costs" in said) == (ratio[0] > ratio[1])
    winners = actions.winners_sentence(margin)
    assert f"the {found.squared} has the least squared loss" in winners
    assert ("none has clearly" in winners) == (not found.told)


def test_the_mean_median_and_mode_of_a_skewed_posterior_each_win_their_loss() -> None:
    draws = -np.log1p(-(np.arange(8000) + 0.5) / 8000)  # Exponential(1): mode 0, median log 2, mean 1
    found = actions.compared(Margin("rate", draws, 8000, {"mle": math.nan, "map": 0.25}))
    assert (found.squared, found.absolute, found.hit, found.told) == ("mean", "median", "MAP", True)
    rows = {row[0]: [float(cell) for cell in row[1:]] for row in found.rows}
    assert set(rows) == {"mean", "median", "MAP"}
    assert rows["mean"][1] == pytest.approx(1, abs=0.01)  # the standard deviation
    assert rows["median"][2] == pytest.approx(math.log(2), abs=0.006)  # mean absolute deviation, with two decimals
    assert rows["MAP"][3] == pytest.approx(1 - math.exp(-0.5), abs=2e-3)


def test_where_mean_and_median_are_one_each_wins_its_own_loss() -> None:
    """A symmetric posterior: which of the two has the smaller loss would be decided by rounding."""
    for shift in range(20):
        margin = Margin("theta", EVEN + shift / 7, 20_000, {"mle": math.nan, "map": math.nan}, exact="Normal")
        found = actions.compared(margin)
        assert (found.squared, found.absolute) == ("mean", "median")


def test_curves_and_marks_are_the_expected_losses() -> None:
    margins = [Margin(name, EVEN + k, 4000, {"mle": 2.0 + k, "map": 3.5 + k}) for k, name in enumerate("ab")]
    spec = json.loads(loss.figure(margins).spec)["datasets"]
    for curve in spec["curves"]:
        draws = margins[curve["part"]].draws
        assert curve["u"] == pytest.approx(np.maximum(draws - curve["a"], 0).mean(), rel=1e-3, abs=1e-4)
        assert curve["o"] == pytest.approx(np.maximum(curve["a"] - draws, 0).mean(), rel=1e-3, abs=1e-4)
    for mark in spec["marks"]:
        own = expected_loss(mark["a"] - mark["part"], RATIOS[mark["ratio"]])
        assert mark["loss"] == pytest.approx(own, rel=2e-3)
        others = [one for one in spec["marks"] if (one["part"], one["ratio"]) == (mark["part"], mark["ratio"])]
        lowest = min(others, key=lambda one: one["loss"])
        assert lowest["loss"] == pytest.approx(next(o["loss"] for o in others if o["reading"] == "posterior"))


def test_a_page_of_any_fit_has_the_section(tmp_path: Path) -> None:
    for name, toy in (("values", values_toy), ("blend", blend_toy), ("separated", separated_toy)):
        write_fit(tmp_path, name, toy())
        context = decision.context(Fit(tmp_path / name))
        assert context is not None
        assert len(context["table"]) <= loss.MOST * len(loss.IN_TABLE)
    assert context is not None
    assert any("does not exist" in row for row in context["table"])  # separated: no MLE
    assert "there is no MLE to act on" in context["sentence"]


def test_a_posterior_that_failed_is_left_out(tmp_path: Path) -> None:
    write_fit(tmp_path, "values", values_toy())
    fit = Fit(tmp_path / "values")
    fit.checks.append(
        {"prior": "weak", "reading": "posterior", "passed": False, "name": "r_hat", "parameters": ["mu"], "detail": ""}
    )
    context = decision.context(fit)
    assert context is not None
    assert context["refused"] == ["mu"]
    fit.checks[-1]["parameters"] = []
    assert decision.context(fit) is None

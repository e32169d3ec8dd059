"""The verdict: every rule can fail, and the built-in fits are judged as their closed forms say."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy.stats import beta

from comparisons import checks, rules, writing
from comparisons import table as comparison
from comparisons.measures import COLUMNS, measures
from comparisons.verdict import CANNOT_SAY, MAXIMUM, NO, YES, Verdict, away, judge, share
from tests.cases import case
from tests.made_up import LEVEL, check, predictions, table, verdict


def test_where_everything_agrees_a_point_is_enough() -> None:
    one = verdict(predictions())
    assert (one.mle.enough, one.map.enough) == (YES, YES)
    assert one.mle.reasons == ()
    assert writing.headline([one]).startswith("Here a point estimate is enough")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mle_gap": 0.3}, "for theta it lies 0.30 ± 0.02 posterior sd above the posterior mean"),
        ({"mle_gap": -1.2}, "for theta it lies 1.20 ± 0.02 posterior sd below the posterior mean"),
        ({"mle_mass": 0.8}, "its interval for theta holds 80 % of the posterior, not 95 %"),
        ({"mle_mass": 0.99}, "holds 99 % of the posterior"),
        ({"mle_mass": np.nan, "mle_reason": "planted"}, "it has no interval for theta (planted)"),
    ],
)
def test_each_rule_can_fail_and_says_so(changes: dict[str, Any], words: str) -> None:
    one = verdict(predictions(), **changes)
    assert (one.mle.enough, one.map.enough) == (NO, YES)
    assert words in one.mle.reasons[0]
    assert words in writing.judged(one, "mle")
    assert writing.headline([one]).startswith("Here it matters: the MLE is not enough")


def test_a_loss_in_prediction_matters_by_size_and_error() -> None:
    assert not rules.loss(predictions(mle=0.01, n=50), "mle").matters  # a total of half a unit
    assert rules.loss(predictions(mle=0.2, n=50), "mle").matters
    assert rules.loss(predictions(mle=0.2, n=9), "mle").matters  # small in all, but a fifth of each density
    noisy = predictions(mle=0.2, n=50)
    noisy["elpd"][0] += np.random.default_rng(1).normal(0, 5, 50)
    lost = rules.loss(noisy, "mle")
    assert lost.matters == (lost.total > max(rules.LOSS, rules.LOSS_ERRORS * lost.error))
    assert not lost.matters
    one = verdict(predictions(map_=0.2))
    assert (one.mle.enough, one.map.enough) == (YES, NO)
    assert "leave-one-out log density" in one.map.reasons[0]


@pytest.mark.parametrize(
    ("each", "spread", "n", "words"),
    [  # totals and standard errors by hand: n * each, and spread * n / sqrt(n - 1)
        (0.2, 0.1, 50, "; this matters."),  # 10 +- 0.7 against a limit of 4
        (0.01, 0.1, 50, "; the MLE loses too little to matter."),  # 0.5 +- 0.7
        (-0.2, 0.1, 50, "; the MLE loses too little to matter."),  # -10 +- 0.7
        (0.06, 0.1, 50, "; whether this matters cannot be told with n = 50 observations."),  # 3 +- 0.7
        (0.15, 0.6, 8, "; whether this matters cannot be told with n = 8 observations."),  # 1.2 +- 1.8, limit 0.8
    ],
)
def test_what_is_not_measured_is_not_called_small(each: float, spread: float, n: int, words: str) -> None:
    found = predictions(n=n)
    found["elpd"][0] = found["elpd"][2] - each + spread * np.tile([-1.0, 1.0], n // 2)
    one = verdict(found)
    assert writing.predicted(one, "mle").endswith(words)
    assert one.mle.enough == (NO if "this matters." in words else YES)


def test_the_error_of_a_loss_is_that_of_a_sum_and_of_a_subsample() -> None:
    full = rules.loss(predictions(mle=0.1, n=50), "mle")
    found = predictions(mle=0.1, n=50)
    difference = (found["elpd"][2] - found["elpd"][0]).values
    assert full.total == pytest.approx(difference.sum())
    assert full.error == pytest.approx(np.std(difference, ddof=1) * np.sqrt(50))
    part = rules.loss(predictions(mle=0.1, n=50, rows=5_000), "mle")
    assert part.total == pytest.approx(100 * full.total)
    # A mean of 50 estimates that of 5,000 with sd / sqrt(50) (1 - 1/100)^(1/2); their sum has the error of a sum too.
    sd = np.std(difference, ddof=1)
    assert part.error == pytest.approx(np.hypot(5_000 * sd / np.sqrt(50) * np.sqrt(0.99), sd * np.sqrt(5_000)))
    assert "random 50 of 5,000" in part.reason


def test_a_point_that_rules_out_what_was_observed_is_not_enough() -> None:
    found = predictions(reason_mle="without observation 3 the point rules it out (1 such of 50)")
    found["elpd"][0, 3] = -np.inf
    one = verdict(found)
    assert one.mle.enough == NO
    assert "it rules out what was observed: without observation 3" in one.mle.reasons[0]
    assert "predicts worse" in writing.predicted(one, "mle")


@pytest.mark.parametrize("plant", ["khat", "nan", "none"])
def test_predictions_that_cannot_be_compared_decide_nothing_and_say_why(plant: str) -> None:
    found = predictions(mle=3.0)
    if plant == "khat":
        found["khat"][5] = 0.9
    elif plant == "nan":
        found["elpd"][0, 2] = np.nan
        found.attrs["reason_mle"] = "without observation 2 there is no maximum"
    one = verdict(None if plant == "none" else found)
    assert one.mle.enough == YES
    reason = {"khat": "1 of 50 Pareto k-hat", "nan": "without observation 2", "none": "were not compared"}[plant]
    assert reason in writing.predicted(one, "mle")


def test_failed_checks_forbid_reading() -> None:
    posterior = verdict(checks=(check("r_hat", "posterior"),), mle_gap=2.0)
    assert (posterior.mle.enough, posterior.map.enough) == (CANNOT_SAY, CANNOT_SAY)
    assert "do not read the posterior: the check “r_hat” failed (planted)" in posterior.mle.reasons[0]
    assert writing.headline([posterior]).startswith("Here nothing can be said yet")
    assert writing.sentences(posterior, posterior.lines[0]) == ["Nothing can be compared here."]
    mode = verdict(checks=(check("gradient", "map"),))
    assert (mode.mle.enough, mode.map.enough) == (YES, CANNOT_SAY)
    elsewhere = verdict(checks=(check("r_hat", "posterior", prior="flat"),))
    assert elsewhere.mle.enough == YES
    in_the_table = verdict(posterior_failed="divergences; energy")
    assert in_the_table.mle.enough == CANNOT_SAY
    assert "divergences" in in_the_table.mle.reasons[0]


def test_a_maximum_that_does_not_exist_is_not_enough_and_leaves_the_mode_alone() -> None:
    gone: dict[str, Any] = {
        "mle_estimate": np.nan,
        "mle_gap": np.nan,
        "mle_mass": np.nan,
        "mle_reason": "infinite: separation",
    }
    one = verdict(checks=(check(MAXIMUM, "mle"),), map_pull=np.nan, **gone)
    assert (one.mle.enough, one.map.enough) == (NO, YES)
    assert one.mle.reasons == ("it does not exist: infinite: separation",)
    assert not one.mle.exists
    local = verdict(checks=(check(MAXIMUM, "mle"),), mle_reason="unbounded; shown is the largest local maximum found")
    assert local.mle.enough == NO
    assert "(local)" in writing.markdown([local])
    assert not any("The MLE" in text for text in writing.sentences(local, local.lines[0]))
    pulled = verdict(checks=(check(MAXIMUM, "mle"),), map_pull=2.0, posterior_skew=0.5)
    assert writing.sentences(pulled, pulled.lines[0])[-1].startswith("Why: the posterior is not symmetric")


def test_without_a_posterior_nothing_can_be_said() -> None:
    one = verdict(posterior_reason="improper: planted", checks=(check("posterior exists", "posterior"),))
    assert (one.mle.enough, one.map.enough) == (CANNOT_SAY, CANNOT_SAY)
    assert "there is no posterior to compare with (improper: planted)" in one.map.reasons[0]


def test_too_much_monte_carlo_error_is_no_agreement() -> None:
    one = verdict(mle_gap=0.2, mle_gap_error=0.1)
    assert one.mle.enough == CANNOT_SAY
    assert verdict(mle_gap=0.2, mle_gap_error=0.07).lines[0].mle.word == rules.AGREES
    assert verdict(mle_gap=0.2).lines[0].mle.word == rules.SLIGHTLY


@pytest.mark.parametrize(
    ("gap", "enough", "open_"), [(0.26, NO, True), (0.24, YES, True), (0.4, NO, False), (0.1, YES, False)]
)
def test_a_distance_within_its_error_of_the_limit_says_so(gap: float, enough: str, open_: bool) -> None:
    """The Monte Carlo error is 0.02: three of it on either side of the limit decide nothing."""
    one = verdict(mle_gap=gap)
    assert one.mle.enough == enough
    assert ("leaves open whether" in writing.judged(one, "mle")) == open_


def test_a_distance_is_written_as_far_as_it_is_known() -> None:
    line = verdict(mle_gap=0.0042).lines[0]
    assert away(line.mle) == "less than its Monte Carlo error, 0.02 posterior sd, from"
    assert share(0.8718, 0.008) == "87 %"
    assert share(0.8718, 0.0005) == "87.2 %"
    assert share(0.9996, 0.0005) == "more than 99.9 %"


def test_the_reasons_name_the_worst_and_count_the_others() -> None:
    frame = table(["a", "b", "c"])
    frame.loc[frame["reading"] == "mle", "gap"] = [0.3, -0.9, 0.01]
    one = judge("weak", frame, None, [])
    assert one.mle.reasons == (
        "for b it lies 0.90 ± 0.02 posterior sd below the posterior mean (and 1 other parameter likewise)",
    )


def three_heads(prior: str, alpha: float) -> tuple[Verdict, dict[str, float]]:
    """The verdict on three heads in three flips, with independent draws of the conjugate posterior."""
    one = case("coin-small", prior)
    draws = xr.Dataset({"theta": (("chain", "draw"), np.random.default_rng(3).beta(alpha + 3, alpha, (4, 1_000)))})
    rows = comparison.rows({"mle": one.mle, "map": one.map_}, draws, comparison.summarise(draws, LEVEL), [], {}, LEVEL)
    rows["failed"] = ""
    rows = rows.drop(columns=COLUMNS, errors="ignore").join(measures(rows, draws))
    found = [*checks.of_point(one.mle, "mle"), *checks.of_point(one.map_, "map")]
    exact = beta(alpha + 3, alpha)
    mode = (alpha + 2) / (2 * alpha + 1)
    # Three heads: the profile interval at 95 % is where theta^3 > exp(-1.92).
    held = {"mass": exact.sf(np.exp(-1.920729 / 3)), "gap": (1 - exact.mean()) / exact.std()}
    parts = {"pull": (mode - 1) / exact.std(), "skew": (exact.mean() - mode) / exact.std()}
    return judge(prior, rows, None, [asdict(check) for check in found]), held | parts


@pytest.mark.parametrize(("prior", "alpha", "mode"), [("weak", 2, NO), ("flat", 1, NO), ("sceptical", 20, YES)])
def test_three_heads_in_three_flips(prior: str, alpha: float, mode: str) -> None:
    one, exact = three_heads(prior, alpha)
    line = one.lines[0]
    # Mean and standard deviation of 4,000 draws: a sixtieth of a standard deviation, times five, and a ninetieth of it.
    tolerance = 5 / np.sqrt(4_000) * (1 + exact["gap"])
    assert line.mle.gap == pytest.approx(exact["gap"], abs=tolerance)
    assert line.mle.mass == pytest.approx(exact["mass"], abs=5 * line.mle.mass_error)
    assert line.pull == pytest.approx(exact["pull"], abs=tolerance)
    assert line.skew == pytest.approx(exact["skew"], abs=tolerance)
    assert one.mle.exists
    assert (one.mle.enough, one.map.enough) == (NO, mode)
    assert "above the posterior mean" in one.mle.reasons[0]
    if prior == "flat":
        assert "it has no interval for theta (on the boundary" in one.map.reasons[1]


@pytest.mark.slow
def test_challenger_matters_because_the_posterior_is_skewed() -> None:
    one = case("logistic-challenger", "flat")
    rows = one.rows.assign(failed="")
    found = judge("flat", rows.drop(columns=COLUMNS).join(measures(rows, one.draws[one.parameters])), None, [])
    line = next(line for line in found.lines if line.parameter.startswith("beta"))
    assert found.map.enough == NO
    assert abs(line.pull) < 1e-3  # under flat priors mode and maximum are one
    assert line.skew < -rules.LARGE
    assert (
        "of the joint mode: the other parameters are integrated out, and skewness" in writing.sentences(found, line)[-1]
    )

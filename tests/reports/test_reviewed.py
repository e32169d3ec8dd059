"""Sentences that said more than their numbers: modes, spikes, Bayes factors, and priors that have seen the data."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from models.contract import dataset
from reports import actions, expected, fairness, groups
from reports.beliefs import mixture as beliefs
from reports.breaks import logistic
from reports.loss import Margin
from reports.teaching import coin


def runs(widths: list[float], bic: list[float], monkeypatch: pytest.MonkeyPatch) -> Any:
    """BIC of one restart for every number of components."""
    found = xr.Dataset(
        {"bic": (("components", "restart"), np.array(bic)[:, None]),
         "bic_width": (("components", "restart"), np.array(widths)[:, None])},
        coords={"components": np.arange(1, len(bic) + 1)},
    )  # fmt: skip
    monkeypatch.setattr(groups, "extras", lambda fit, prior: found)
    return SimpleNamespace(default="weak")


def test_spikes_do_not_count_the_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = runs([1.0, 0.4, 0.3, 1e-5], [300.0, 200.0, 210.0, 100.0], monkeypatch)
    assert beliefs.chosen(fit) == (2, {2: 1}, [4])
    pair = beliefs.criterion(fit)
    assert pair is not None
    assert "here 2, leaving out 4, whose lowest BIC is a spike" in pair.fact
    assert beliefs.chosen(runs([1e-5], [100.0], monkeypatch)) is None


def test_three_heads_of_three_move_the_posterior_by_flat_sds() -> None:
    """Beta(1 + 3, 1) has mean 4/5 and sd 0.163; Beta(0.01 + 3, 0.01) has mean 3.01/3.02."""
    said = " ".join(fairness.factor_sentences(3, 3))
    assert f"moves by {(3.01 / 3.02 - 0.8) / 0.16330:.1f} posterior sd" in said
    assert "1.00" in said
    assert "Under every one" not in said
    assert "Not one of these priors makes the data speak for a fair coin" in said


@pytest.mark.parametrize(("heads", "flips", "still"), [(3, 3, False), (0, 10, False), (65, 100, True), (5, 10, True)])
def test_the_posterior_is_said_to_stand_still_only_if_it_does(heads: int, flips: int, still: bool) -> None:
    assert ("even where the posterior hardly does" in coin._bayes_factor(heads, flips).answer) == still


def test_one_parameter_has_its_map_for_a_mode() -> None:
    draws = stats.beta(5, 2).ppf((np.arange(2000) + 0.5) / 2000)
    points = {"mle": 1.0, "map": 0.8}
    alone = actions.winners_sentence(Margin("theta", draws, 2000, points, alone=True))
    assert "is the MAP: 0.800." in alone
    assert "about" not in alone
    assert "another point if there are several" in actions.winners_sentence(Margin("theta", draws, 2000, points))


def test_the_densest_place_of_a_skewed_margin() -> None:
    """The mode of an inverse gamma's root, as of a standard deviation of few values: sqrt(2 b / (2 a + 1))."""
    a, b = 3.0, 12.0
    draws = np.sqrt(stats.invgamma(a, scale=b).ppf((np.arange(8000) + 0.5) / 8000))
    assert actions.densest(draws) == pytest.approx(np.sqrt(2 * b / (2 * a + 1)), rel=0.03)
    assert actions.densest(np.asarray(stats.norm(-1, 1).ppf((np.arange(8000) + 0.5) / 8000))) == pytest.approx(
        -1, abs=0.05
    )


def fitted(scenario: str, data: xr.Dataset, variables: list[str], **request: Any) -> Any:
    priors = {"weak": dict.fromkeys(variables, "")}
    return SimpleNamespace(
        text=lambda key: scenario, data=data, priors=priors, default="weak", record={"request": request}
    )


def test_a_restated_prior_has_seen_the_data() -> None:
    values = dataset({"y": ("observation", np.array([1.0, 2.0, 4.0]))}, title="three", source="made up")
    flips = dataset({"heads": ("observation", [1]), "flips": ("observation", [1])}, title="one", source="made up")
    assert expected.from_data(fitted("gaussian", values, ["mu", "sigma"]))
    assert not expected.from_data(fitted("gaussian", values, ["mu", "sigma"], prior=["mu ~ Normal(0, 1)"]))
    assert expected.from_data(
        fitted("gaussian", values, ["mu"], prior=["mu ~ Normal(0, 1)"], options={"standardize": True})
    )
    assert not expected.from_data(fitted("gaussian", values, ["mu"], prior=[], options={"standardize": False}))
    assert not expected.from_data(fitted("coin", flips, ["theta"]))
    events = values.assign(x=(("observation", "predictor"), [[1.0], [2.0], [4.0]]), trials=("observation", [1, 1, 1]))
    assert not expected.from_data(fitted("logistic", events, ["intercept", "beta"]))
    assert not expected.from_data(fitted("somebody's own", values, ["mu"]))
    one = expected.Compared("y", np.arange(100.0), np.array([1.0, 2.0, 4.0]))
    assert expected.sentence("weak", one, True).startswith("The prior weak, restated in the centre and spread of these")
    assert expected.sentence("weak", one).startswith("Before any outcome is seen")


def test_the_table_of_separation_names_failed_chains() -> None:
    readings = ["mle", "map", "posterior"]
    found = xr.Dataset(
        {
            "setting": (("world", "switch"), [["0.5", "10"]]),
            "estimate": (("world", "reading", "parameter"), [[[np.nan], [7.3], [np.nan]]]),
            "sd": (("world", "reading", "parameter"), [[[np.nan], [1.0], [np.nan]]]),
            "ess_bulk": (("world", "parameter"), [[50.0]]),
        },
        coords={"switch": ["gap", "prior sd"], "reading": readings},
    )
    assert logistic.table(found, ["0.5"], ["10"]).rows[0][3] == logistic.UNREADABLE

"""Beliefs about labels that are left out, and about criteria computed at a mode, against exact answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.special import expit

from reports import criteria, labelled
from reports.beliefs import logistic, mixture
from reports.stored import Fit
from tests.reports.lessons import MAKERS, fit_of
from tests.toys import write_fit


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fit]:
    results = tmp_path_factory.mktemp("beliefs")
    return {scenario: fit_of(scenario, results) for scenario in MAKERS}


def blend(weight: list[float], mu: list[float], draws: int, sd: float = 0.0) -> xr.Dataset:
    """Two components of unit spread in one dimension, their centres known to a standard deviation."""
    lead = ("chain", "draw", "component")
    ones = np.ones((2, draws // 2, 2))
    centre = mu + sd * np.random.default_rng(1).normal(size=ones.shape)
    each = {name: ((*lead, "feature"), value[..., None]) for name, value in (("mu", centre), ("sigma", ones))}
    return xr.Dataset({"weight": (lead, ones * weight), **each})


def test_labels_are_drawn_as_often_as_they_are_probable() -> None:
    y, draws = np.array([[0.5], [2.0]]), 40_000
    weight, mu = [0.3, 0.7], [0.0, 3.0]
    found = labelled.labelled(y, blend(weight, mu, draws), np.random.default_rng(0)).reshape(draws, 2)
    for at, value in enumerate(y[:, 0]):
        parts = stats.norm.logpdf(value, mu)
        assert set(np.round(found[:, at], 9)) == set(np.round(parts, 9))
        share = weight[1] * np.exp(parts[1]) / (np.array(weight) @ np.exp(parts))
        assert np.mean(np.isclose(found[:, at], parts[1])) == pytest.approx(
            share, abs=5 * np.sqrt(share * (1 - share) / draws)
        )


def test_labels_that_never_change_flatter_what_is_left_out() -> None:
    """If the parameters are known nothing is learnt from a point: leave-one-out is its density, which labels beat."""
    rng = np.random.default_rng(2)
    y = np.concatenate([rng.normal(0, 1, 20), rng.normal(4, 1, 20)])[:, None]
    drawn, bad = labelled.importance(labelled.labelled(y, blend([0.5, 0.5], [0, 4], 2_000, 0.001), rng), 0.7) or (
        0.0,
        0,
    )
    true = np.logaddexp(stats.norm.logpdf(y, 0), stats.norm.logpdf(y, 4)).sum() + len(y) * np.log(0.5)
    assert drawn - true > 0.5 * len(y) * np.log(2)
    assert bad > 0


def test_importance_sampling_of_a_normal_mean() -> None:
    """The posterior of a Normal mean under a flat prior: left out, y[i] is Normal around the mean of the others."""
    rng = np.random.default_rng(3)
    y = rng.normal(size=12)
    mu = rng.normal(y.mean(), 1 / np.sqrt(12), (4, 5_000))
    found, bad = labelled.importance(stats.norm.logpdf(y, mu[..., None]), 0.7) or (0.0, 1)
    others = (y.sum() - y) / 11
    exact = stats.norm.logpdf(y, others, np.sqrt(1 + 1 / 11)).sum()
    assert found == pytest.approx(exact, abs=0.02)
    assert bad == 0


def test_labels_are_spoken_of_where_they_mislead(fits: dict[str, Fit], monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fits["mixture"]
    for drawn, told in ((-50.0, True), (-100.0, False), (-101.5, False)):
        found = labelled.LeftOut(drawn, -100.5, 7, 0, 60)
        monkeypatch.setattr(labelled, "left_out", lambda fit, found=found: found)
        pair = mixture.left_out(fit)
        assert (pair is not None) == told
        if pair is not None:
            assert "says about -50 for" in pair.fact
            assert "warns at 10 %" in pair.fact  # 7 of 60, to tens
            assert "says -100 and" in pair.fact


def test_nothing_is_left_out_where_there_are_no_labels(fits: dict[str, Fit]) -> None:
    assert labelled.left_out(fits["coin"]) is None
    assert labelled.left_out(fits["mixture"]) is not None
    same = np.zeros((2, 100, 3))
    assert labelled.importance(same, 0.7) is None


# Criteria.


def test_minus_twice_the_log_likelihood() -> None:
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(30), rng.normal(size=(30, 2))])
    trials, point = rng.integers(1, 4, 30), np.array([0.3, -1.0, 2.0])
    y = rng.binomial(trials, expit(design @ point))
    sums = [stats.binom(m, expit(row @ point)).logpmf(k) for m, k, row in zip(trials, y, design, strict=True)]
    assert criteria.deviance(design, y.astype(float), trials.astype(float), point) == pytest.approx(-2 * sum(sums))


def test_criteria_at_a_mode_are_told_where_the_prior_pulls(
    fits: dict[str, Fit], monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = fits["logistic"]
    for maps, told in (({"normal": 10.05}, False), ({}, False), ({"normal": 10.05, "laplace": 12.0}, True)):
        found = criteria.Criteria(10.0, maps, 3, -6.0, 2.5)
        monkeypatch.setattr(criteria, "at_modes", lambda fit, found=found: found)
        pair = logistic.at_the_map(fit)
        assert (pair is not None) == told
        if pair is not None:
            assert "is 10.00 there, and 10.05 at the MAP under normal and 12.00 at the MAP under laplace" in pair.fact
            assert "minus twice the elpd is 12.0" in pair.fact
            assert "with 2.5 effective parameters" in pair.fact


def test_criteria_of_a_fit(fits: dict[str, Fit], tmp_path: Path) -> None:
    """Log densities are Normal(-1, 0.2) in the toy: their mean density is half a variance above the mean."""
    toy = MAKERS["logistic"]()
    toy.data = toy.data.assign(trials=("observation", np.ones(50, int)))
    write_fit(tmp_path, "logistic", toy)
    fit = Fit(tmp_path / "logistic")
    found = criteria.at_modes(fit)
    assert found is not None
    assert found.parameters == 3
    assert set(found.maps) == {"normal", "laplace"}
    point = np.array([fit.value("normal", label, "mle") for label in fit.labels])
    x = fit.data["x"].values
    p = expit(point[0] + (x - x.mean(axis=0)) @ point[1:])
    assert found.mle == pytest.approx(-2 * stats.bernoulli(p).logpmf(fit.data["y"].values).sum())
    assert criteria.at_modes(fits["logistic"]) is None  # without trials
    assert found.loo == pytest.approx(-50)  # as the toy has it
    assert found.effective == pytest.approx(50 * 0.2**2 / 2, rel=0.2)

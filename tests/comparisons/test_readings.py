"""The contract of every fit: readings meet independent answers, the MLE ignores the prior, much data ends all quarrels.

Points are compared under all priors of all fits; the posterior where its mean is known without a Markov chain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import models
from comparisons import checks, table
from models import gaussian, logistic
from tests.cases import LEVEL, Case, all_cases, case
from tests.tolerances import within_errors

SAMPLED = ("coin", "coin-small", "gaussian-small", "gaussian-newcomb", "regression", "logistic-challenger")
"""Fits whose posterior means are known otherwise, with few distinct graphs to compile."""


def first_prior(fit: str) -> str:
    scenario, dataset = models.fits()[fit]
    return next(iter(models.load(scenario).priors(models.load(scenario).datasets[dataset]())))


def has_flat_prior(fit: str, prior: str) -> bool:
    return prior == "flat" and fit != "coin-small"  # three heads of three have their maximum on the boundary


@all_cases()
def test_points_meet_their_references(fit: str, prior: str) -> None:
    one = case(fit, prior)
    found = {"mle": one.mle, "map": one.map_}
    compared = 0
    for reference in one.references:
        if reference.reading in found and reference.parameter != "log_likelihood":
            point = found[reference.reading]
            gap = np.abs(point.estimate[reference.parameter] - reference.value)
            # A value held by the kink of its prior is exact, and one on the boundary has no standard error.
            sd = np.nan_to_num(point.sd[reference.parameter], nan=1e-3)
            assert np.all(gap <= checks.TOLERANCE * sd), f"{reference}: {gap / sd}"
            compared += 1
    expected = 2 if fit.startswith("coin") or not fit.startswith("mixture") else 1
    assert compared >= expected


@all_cases(lambda fit, prior: fit.startswith("mixture"))
def test_mixture_reaches_the_maximum_of_expectation_maximisation(fit: str, prior: str) -> None:
    one = case(fit, prior)
    (check,) = checks.of_log_likelihood(one.mle, one.references)
    assert check.passed, check.detail


@all_cases()
def test_mle_does_not_know_the_prior(fit: str, prior: str) -> None:
    one, first = case(fit, prior), case(fit, first_prior(fit))
    for name, estimate in one.mle.estimate.items():
        sd = np.nan_to_num(first.mle.sd[name], nan=1e-3)
        assert np.all(np.abs(estimate - first.mle.estimate[name]) <= checks.TOLERANCE * sd)
        np.testing.assert_allclose(one.mle.sd[name], first.mle.sd[name], rtol=1e-4)
    assert one.mle.optimum.value == pytest.approx(first.mle.optimum.value, abs=1e-8 * abs(first.mle.optimum.value))


@all_cases(has_flat_prior)
def test_flat_prior_makes_the_map_the_mle(fit: str, prior: str) -> None:
    one = case(fit, prior)
    for name, estimate in one.map_.estimate.items():
        assert np.all(np.abs(estimate - one.mle.estimate[name]) <= checks.TOLERANCE * one.mle.sd[name])
        np.testing.assert_allclose(one.map_.sd[name], one.mle.sd[name], rtol=1e-4)


@all_cases(lambda fit, prior: fit in SAMPLED, fast=())
def test_every_reading_is_within_its_limit_in_the_table(fit: str, prior: str) -> None:
    rows = case(fit, prior).rows
    known = rows[rows["reference"].notna()]
    assert set(known["reading"]) == {"mle", "map", "posterior"}
    assert (known["distance"] <= known["limit"]).all(), known[["parameter", "reading", "distance"]]
    # Every number of the posterior has a reference in these fits.
    assert known["reading"].eq("posterior").sum() == rows["reading"].eq("posterior").sum()


@all_cases(lambda fit, prior: fit in SAMPLED, fast=())
def test_chains_pass_their_checks(fit: str, prior: str) -> None:
    one = case(fit, prior)
    summary = table.summarise(one.draws[one.parameters], LEVEL)
    found = checks.of_posterior(summary, one.sampled[0]["sample_stats"].to_dataset())
    assert [check for check in found if not check.passed] == []


@pytest.mark.parametrize("module", [gaussian, logistic])
def test_with_much_data_mode_and_maximum_meet(module: Any) -> None:
    # A prior with slope s in the log density moves the mode by about sd^2 s, that is sd s standard errors, and both
    # the slope (in units of the data, at most about one per unit of the outcome's spread here) and sd sqrt(n) are
    # of order one: the gap is of order 1 / sqrt(n).
    n = 20_000
    data = module.simulate(np.random.default_rng(4), n)
    one = Case(module.SCENARIO, data, next(iter(module.priors(data).values())), starts=2)
    for parameter, estimate in one.map_.estimate.items():
        mle = one.mle
        assert np.all(np.abs(estimate - mle.estimate[parameter]) <= 10 / np.sqrt(n) * mle.sd[parameter])
        np.testing.assert_allclose(one.map_.sd[parameter], mle.sd[parameter], rtol=10 / np.sqrt(n))
        truth = data[f"true_{parameter}"].values
        within_errors(estimate, truth, mle.sd[parameter])


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["weak", "flat", "sceptical"])
def test_with_much_data_three_readings_meet(prior: str) -> None:
    one = case("coin-flips", prior)
    sd = float(one.mle.sd["theta"])
    seen = float(sum(one.prior["theta"].hyperparameters.values()))
    allowed = seen / np.sqrt(float(one.data["flips"].sum())) * sd  # the prior is worth so many flips
    rows = one.rows.set_index("reading")[["estimate", "mcse", "lower", "upper"]].astype(float).T.to_dict()
    assert abs(rows["map"]["estimate"] - rows["mle"]["estimate"]) <= allowed
    gap = abs(rows["posterior"]["estimate"] - rows["mle"]["estimate"])
    assert gap <= allowed + 5 * rows["posterior"]["mcse"]
    for end in ("lower", "upper"):
        assert np.ptp([row[end] for row in rows.values()]) <= 0.15 * sd

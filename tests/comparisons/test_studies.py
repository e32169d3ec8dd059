"""Studies of real fits: their worlds, their seeds, what is refused, and wrong models that calibration must find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import models
from comparisons import posterior, studies, worlds
from comparisons.batch import World
from comparisons.calibration import calibrate
from comparisons.coverage import operating_characteristics
from comparisons.exact import Coin, averaged
from comparisons.job import Job
from models.contract import BadInput, Distribution
from tests.tolerances import within_errors

WORLDS = 400


def a_job(fit: str, prior: str, worlds: int = WORLDS, truth: str = "prior") -> Job:
    return replace(studies.job(fit, worlds, prior, truth), size=worlds)


@pytest.fixture(scope="module")
def coin() -> xr.Dataset:
    return studies.chunk(a_job("coin", "weak"), 0)


@pytest.mark.slow
def test_coin_behaves_as_exact_sums_say(coin: xr.Dataset) -> None:
    found = operating_characteristics(coin).set_index("interval")
    exact = averaged(Coin(100, 2, 2), 2, 2).set_index("interval")
    for interval in found.index:
        share = exact.loc[interval, "coverage"]
        within_errors(found.loc[interval, "coverage"], share, np.sqrt(share * (1 - share) / WORLDS))
        within_errors(found.loc[interval, "width"], exact.loc[interval, "width"], found.loc[interval, "width_se"])
        within_errors(found.loc[interval, "rmse"], exact.loc[interval, "rmse"], found.loc[interval, "rmse_se"])


@pytest.mark.slow
def test_coin_is_calibrated_and_the_same_again(coin: xr.Dataset) -> None:
    assert all(check.passed for check in calibrate(coin).checks)
    assert coin.identical(studies.chunk(a_job("coin", "weak"), 0))
    assert not coin["truth"].equals(studies.chunk(replace(a_job("coin", "weak"), seed=1), 0)["truth"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fit", "prior"), [("gaussian", "weak"), ("gaussian-small", "informative"), ("family", "weak")]
)
def test_readings_are_calibrated(fit: str, prior: str) -> None:
    found = studies.chunk(a_job(fit, prior), 0)
    assert all(check.passed for check in calibrate(found).checks)
    assert found["exists"].all()


@pytest.mark.slow
@pytest.mark.parametrize("prior", ["normal", "laplace"])
def test_regressions_are_calibrated(prior: str) -> None:
    found = studies.chunk(a_job("regression", prior, 60), 0)
    assert all(check.passed for check in calibrate(found).checks)
    assert found.sizes["parameter"] == 12


@pytest.mark.slow
def test_a_wrong_prior_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Truths come from the prior of the study; the readings are given another one."""
    honest = worlds.read_worlds

    def dishonest(name: str, given: list[World], **options: object) -> object:
        other = {"theta": Distribution("Beta", alpha=20, beta=20)}
        return honest(name, [replace(world, prior=other) for world in given], **options)  # type: ignore[arg-type]

    monkeypatch.setattr(worlds, "read_worlds", dishonest)
    found = calibrate(studies.chunk(a_job("coin", "weak"), 0))
    assert not found.checks[0].passed
    assert found.checks[0].parameters == ("theta",)


@pytest.mark.slow
def test_a_wrong_likelihood_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that vary a third more than the model says."""
    honest = posterior.simulated

    def noisy(*arguments: object) -> dict[str, xr.Dataset]:
        found = honest(*arguments)  # type: ignore[arg-type]
        y, mu = found["data"]["y"], found["truth"]["mu"]
        return found | {"data": found["data"].assign(y=mu + 1.3 * (y - mu))}

    monkeypatch.setattr(posterior, "simulated", noisy)
    found = calibrate(studies.chunk(a_job("gaussian-small", "weak"), 0))
    assert "sigma" in found.checks[0].parameters


@pytest.mark.slow
def test_a_fixed_truth_is_the_same_in_all_worlds() -> None:
    found = studies.chunk(a_job("gaussian", "weak", 50, "fixed"), 0)
    assert (found["truth"] == xr.DataArray([5.0, 2.0], dims="parameter")).all()
    assert (found["estimate"].std("world") > 0).all()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("coin", 100, "nice"), "--prior 'nice'"),
        (("gaussian", 100, "flat"), "improper"),
        (("gaussian-newcomb", 100, "weak", "fixed"), "--truth fixed"),
        (("coins", 100), "no fit named 'coins'"),
        (("coin", 0), "--worlds 0"),
        (("coin", 100, "weak", "wished"), "--truth 'wished'"),
    ],
)
def test_what_cannot_be_studied_is_refused(arguments: tuple[object, ...], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        studies.job(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", models.names())
def test_reports_study_every_proper_prior(name: str) -> None:
    scenario = models.load(name)
    priors = scenario.priors(scenario.datasets["teaching"]())
    proper = [key for key, prior in priors.items() if all(one.proper for one in prior.values())]
    jobs = studies.reported(name)
    assert [job.prior for job in jobs if job.truth == "prior"] == proper
    assert [job.prior for job in jobs if job.truth == "fixed"] == proper[:1]
    assert jobs[0].worlds == scenario.worlds


@pytest.mark.parametrize("n", [99, 1200])
def test_intervals_of_independent_draws_cover_what_they_say(n: int) -> None:
    """Of uniform draws an interval covers its length; an equal-tailed one the level on average, the shortest less."""
    level, rng = 0.9, np.random.default_rng(8)
    draws = rng.uniform(size=(2_000, n, 1))
    lower, upper = np.quantile(draws, (0.05, 0.95), axis=1, method="weibull")
    length = (upper - lower)[:, 0]
    within_errors(length.mean(), level, length.std() / np.sqrt(len(length)))
    lower, upper = studies.shortest(draws, level)
    inside = ((draws >= lower[:, None]) & (draws <= upper[:, None])).sum(axis=1)
    assert (inside == np.ceil(level * (n + 1)) + 1).all()
    assert ((upper - lower)[:, 0] <= length + 1e-12).mean() > 0.99


def test_shortest_intervals_are_the_shortest_by_enumeration() -> None:
    draws = np.random.default_rng(2).normal(size=(3, 50, 2))
    lower, upper = studies.shortest(draws, 0.8)
    for world, q in np.ndindex(3, 2):
        ordered = np.sort(draws[world, :, q])
        lengths = [ordered[k + 41] - ordered[k] for k in range(50 - 41)]  # 41 = ceil(0.8 * 51)
        assert upper[world, q] - lower[world, q] == pytest.approx(min(lengths))

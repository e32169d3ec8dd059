"""Every check is fed the failure it must catch, and the healthy counterpart it must let pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.typing import NDArray

from comparisons import checks, table
from comparisons.optimum import Optimum
from comparisons.points import PROFILE, Point
from models.contract import Reference
from tests.cases import LEVEL

CHAINS, DRAWS = 4, 1_000
NAMES = ["posterior exists", "r_hat", "ess_bulk", "ess_tail", "mcse", "divergences", "energy"]
POINT_NAMES = ["maximum exists", "gradient", "curvature", "starts agree"]


def healthy() -> NDArray[Any]:
    """Independent draws, shape (chain, draw)."""
    return np.random.default_rng(3).normal(size=(CHAINS, DRAWS))


def statistics() -> xr.Dataset:
    """Sampler statistics as they should be: the energy varies as much between draws as in all."""
    energy = np.random.default_rng(4).normal(size=(CHAINS, DRAWS))
    dims = ("chain", "draw")
    return xr.Dataset({"diverging": (dims, np.zeros((CHAINS, DRAWS), bool)), "energy": (dims, energy)})


def verdicts(draws: NDArray[Any], sampler: xr.Dataset | None = None) -> dict[str, checks.Check]:
    """Checks of a posterior of two parameters: ``a`` has the given draws, ``b`` healthy ones."""
    dims = ("chain", "draw")
    posterior = xr.Dataset({"a": (dims, draws), "b": (dims, np.random.default_rng(5).normal(size=draws.shape))})
    found = checks.of_posterior(table.summarise(posterior, LEVEL), sampler or statistics())
    return {check.name: check for check in found}


def stuck() -> NDArray[Any]:
    draws = healthy()
    draws[2] = draws[2, 0]
    return draws


def shifted() -> NDArray[Any]:
    draws = healthy()
    draws[1] += 1
    return draws


def autocorrelated() -> NDArray[Any]:
    """AR(1) with coefficient .98: 4,000 draws are worth about 4,000 (1 - .98) / (1 + .98) = 40."""
    noise, draws = healthy(), np.zeros((CHAINS, DRAWS))
    for t in range(1, DRAWS):
        draws[:, t] = 0.98 * draws[:, t - 1] + noise[:, t]
    return draws


def sticky_tails() -> NDArray[Any]:
    """The middle mixes, but draws beyond the 5 % point stay out there 200 times in a row."""
    draws = np.clip(healthy(), -1.6, 1.6)
    draws[:, 300:500] = -4 + 0.01 * draws[:, 300:500]
    return np.asarray(draws)


def test_healthy_chains_pass_every_check() -> None:
    found = verdicts(healthy())
    assert list(found) == NAMES
    assert [name for name, check in found.items() if not check.passed] == []


@pytest.mark.parametrize(
    ("plant", "caught"),
    [
        (stuck, {"r_hat"}),
        (shifted, {"r_hat", "ess_bulk"}),
        (autocorrelated, {"ess_bulk", "ess_tail", "mcse"}),
        (sticky_tails, {"ess_tail"}),
        (lambda: healthy()[:, :60], {"ess_bulk", "ess_tail"}),
    ],
    ids=["stuck", "shifted", "autocorrelated", "sticky-tails", "few"],
)
def test_bad_chains_are_caught_and_named(plant: Any, caught: set[str]) -> None:
    found = verdicts(plant())
    failed = {name for name, check in found.items() if not check.passed}
    assert failed >= caught
    for name in caught - {"ess_bulk", "ess_tail"}:
        assert found[name].parameters == ("a",)
    assert "a" in found[next(iter(caught))].parameters


def test_a_posterior_that_does_not_exist_is_caught_however_healthy_its_chains() -> None:
    posterior = xr.Dataset({"a": (("chain", "draw"), healthy())})
    found = checks.of_posterior(table.summarise(posterior, LEVEL), statistics(), "improper: planted")
    assert failed(found) == ["posterior exists"]
    assert found[0].detail == "improper: planted"
    assert checks.failures(found, "posterior", "a") == "posterior exists"


def test_a_constant_parameter_fails_rather_than_being_nan() -> None:
    with pytest.warns(RuntimeWarning, match="invalid value"):
        found = verdicts(np.ones((CHAINS, DRAWS)))
    assert not found["r_hat"].passed
    assert found["r_hat"].parameters == ("a",)


def test_one_divergence_is_one_too_many() -> None:
    sampler = statistics()
    sampler["diverging"][1, 7] = True
    found = verdicts(healthy(), sampler)
    assert not found["divergences"].passed
    assert found["divergences"].detail.startswith("1 divergent")


def test_slow_energy_is_caught_in_one_chain() -> None:
    # BFMI is the mean squared step of the energy over its variance: .02 for a random walk of 1,000 steps or less.
    sampler = statistics()
    sampler["energy"][3] = np.cumsum(sampler["energy"][3].values)
    found = verdicts(healthy(), sampler)
    assert not found["energy"].passed


def point(**changes: Any) -> Point:
    """A regular optimum of one parameter at 1 with standard error 0.1, with some things changed."""
    optimum = Optimum(
        u=np.array([1.0]),
        value=-10.0,
        covariance=np.array([[0.01]]),
        held=np.array([False]),
        regular=True,
        failure="",
        gradient=1e-9,
        starts=10,
        agreeing=9,
        collapsed=1,
    )
    audited = {key: changes.pop(key) for key in list(changes) if key in Optimum.__dataclass_fields__}
    one = {"theta": np.array(1.0)}
    healthy_point = Point(
        estimate=one,
        sd={"theta": np.array(0.1)},
        lower={"theta": np.array(0.8)},
        upper={"theta": np.array(1.2)},
        wald_lower={"theta": np.array(0.8)},
        wald_upper={"theta": np.array(1.2)},
        interval={"theta": PROFILE},
        reason={"theta": np.array("", dtype=object)},
        exists=True,
        optimum=replace(optimum, **audited),
    )
    return replace(healthy_point, **changes)


def failed(found: list[checks.Check]) -> list[str]:
    return [check.name for check in found if not check.passed]


def test_a_regular_maximum_passes() -> None:
    found = checks.of_point(point(), "mle")
    assert [check.name for check in found] == POINT_NAMES
    assert failed(found) == []


def test_a_slope_at_the_maximum_is_caught() -> None:
    assert failed(checks.of_point(point(gradient=2 * checks.GRADIENT), "mle")) == ["gradient"]


def test_a_lonely_start_is_caught() -> None:
    assert failed(checks.of_point(point(agreeing=1), "mle")) == ["starts agree"]
    assert failed(checks.of_point(point(agreeing=2), "mle")) == []


def test_a_maximum_that_does_not_exist_is_caught_with_its_reason() -> None:
    reason = {"theta": np.array("infinite: complete separation", dtype=object)}
    found = checks.of_point(point(exists=False, regular=False, failure="infinite", reason=reason), "mle")
    assert failed(found) == ["maximum exists"]
    assert found[0].detail == "infinite: complete separation"


def test_a_maximum_on_the_boundary_exists() -> None:
    reason = {"theta": np.array("on the boundary: 3 heads in 3 flips", dtype=object)}
    found = checks.of_point(point(regular=False, failure="boundary", reason=reason), "mle")
    assert failed(found) == []
    assert "boundary" in found[0].detail


def compared(offset_mcse: float = 0.0, offset_sd: float = 0.0, reading: str = "posterior") -> pd.DataFrame:
    """Rows of a healthy posterior whose reference is wrong by so many standard errors or standard deviations."""
    posterior = xr.Dataset({"theta": (("chain", "draw"), 1 + 0.1 * healthy())})
    summary = table.summarise(posterior, LEVEL)
    row = summary.loc["theta"]
    value = row["estimate"] if reading == "posterior" else 1.0
    reference = Reference(reading, "theta", value + offset_mcse * row["mcse"] + offset_sd * row["sd"], "planted")
    return table.rows({"mle": point(), "map": point()}, posterior, summary, [reference], {}, LEVEL)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_posterior_mean_six_errors_off_is_caught(sign: int) -> None:
    assert failed(checks.of_references(compared(sign * 6.0))) == ["reference"]
    assert failed(checks.of_references(compared(sign * 4.0))) == []


@pytest.mark.parametrize("reading", ["mle", "map"])
def test_a_point_off_by_twice_the_tolerance_is_caught(reading: str) -> None:
    assert failed(checks.of_references(compared(offset_sd=2e-4, reading=reading))) == ["reference"]
    assert failed(checks.of_references(compared(offset_sd=5e-5, reading=reading))) == []


def test_an_estimate_that_is_missing_where_the_reference_is_not_is_caught() -> None:
    rows = compared(reading="mle")
    rows.loc[rows["reading"] == "mle", "distance"] = np.nan
    assert failed(checks.of_references(rows)) == ["reference"]


def test_another_local_maximum_is_caught() -> None:
    reference = [Reference("mle", "log_likelihood", -9.0, "planted"), Reference("mle", "mu", 0.0, "planted")]
    (check,) = checks.of_log_likelihood(point(), reference)
    assert not check.passed
    (check,) = checks.of_log_likelihood(point(value=-9.0), reference)
    assert check.passed


def test_failures_name_the_checks_of_a_row() -> None:
    found = [
        checks.Check("r_hat", "posterior", False, "", ("a",)),
        checks.Check("energy", "posterior", False, ""),
        checks.Check("mcse", "posterior", True, "", ("a",)),
        checks.Check("gradient", "mle", False, ""),
    ]
    assert checks.failures(found, "posterior", "a") == "r_hat; energy"
    assert checks.failures(found, "posterior", "b") == "energy"
    assert checks.failures(found, "mle", "b") == "gradient"
    assert checks.failures(found, "map", "a") == ""

"""Large data: readings from all rows, quantities of single rows from a labelled subsample, whitened searches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import models
from comparisons import left_out, prediction, rows
from comparisons.fit import fit
from comparisons.functions import Functions
from comparisons.plan import Plan, built_in
from comparisons.points import map_, mle
from comparisons.rules import loss
from comparisons.settings import Settings
from comparisons.whitened import Whitened
from models.contract import flat, summarised
from tests.cases import LEVEL, case
from tests.tolerances import ROUNDING, same_points, within_errors

FITS = [("coin", "weak"), ("gaussian-small", "weak"), ("logistic-challenger", "normal"), ("regression", "normal")]


@pytest.mark.parametrize(("fit", "prior"), [*FITS, ("regression", "laplace"), ("regression", "flat")])
def test_points_of_compact_data_are_those_of_all_rows(fit: str, prior: str) -> None:
    one = case(fit, prior)
    compact, model = summarised(one.scenario, one.data, one.prior)
    whiten = one.scenario.whiten
    for find, expected, believed in ((mle, one.mle, flat(one.prior)), (map_, one.map_, one.prior)):
        found = whiten(compact, believed) if whiten is not None else None
        functions = Functions(model, one.candidates[0]) if found is None else Whitened(model, one.candidates[0], *found)
        assert (found is not None) == (fit == "regression" and (find is mle or prior != "laplace"))
        starts = [functions.unconstrain(candidate) for candidate in one.candidates]
        point = find(functions, one.parameters, starts, LEVEL)
        constant = compact.attrs["log_constant"]
        assert point.optimum.value + constant == pytest.approx(expected.optimum.value, rel=ROUNDING)
        for name, sd in expected.sd.items():
            same_points(point.estimate[name], expected.estimate[name], np.nan_to_num(sd, nan=1e-3), 10)
            np.testing.assert_allclose(point.sd[name], sd, rtol=1e-4)
            for ends in ("lower", "upper"):
                gap = np.abs(getattr(point, ends)[name] - getattr(expected, ends)[name]) / np.nan_to_num(sd, nan=1.0)
                assert np.all(~(gap > 1e-3))


@pytest.mark.parametrize(("fit", "prior"), [*FITS, ("regression", "laplace")])
def test_a_row_left_out_of_the_whole_is_the_row_left_out_of_the_rows(fit: str, prior: str) -> None:
    one = case(fit, prior)
    n = one.data.sizes["observation"]
    some = np.arange(n)[:: max(1, n // 12)]
    whole = Functions(summarised(one.scenario, one.data, one.prior)[1], one.candidates[0])
    among = Functions(one.scenario.model(one.scenario.part(one.data, some), one.prior), one.candidates[0])
    for point, reading in ((one.mle, "mle"), (one.map_, "map")):
        expected = left_out.of_point(one.functions, point, reading, some)
        found = left_out.of_point(among, point, reading, np.arange(len(some)), whole)
        # Refits end within 1e-4 standard errors of the maximum, and totals differ by rounding.
        np.testing.assert_allclose(found.elpd, expected.elpd, atol=2e-4)
        assert found.refits == expected.refits


def test_functions_in_other_coordinates_are_the_same_functions() -> None:
    one = case("regression", "normal")
    rng = np.random.default_rng(2)
    names, p = ("intercept", "beta"), one.data.sizes["predictor"]
    matrix = rng.normal(size=(p + 1, p + 1))
    other = Whitened(one.model, one.candidates[0], names, matrix)
    u = one.starts[0]
    v = other.unconstrain(one.candidates[0])
    np.testing.assert_allclose(other.basis @ v, u, rtol=1e-8)
    every = [*one.model.free_RVs, *one.model.observed_RVs]
    (value, gradient), (same, slope) = one.functions.density(every)(u), other.density(every)(v)
    assert same == pytest.approx(value, rel=ROUNDING)
    np.testing.assert_allclose(slope, gradient @ other.basis, rtol=1e-8, atol=1e-8 * np.abs(slope).max())
    for name, values in other.declared()(v).items():
        np.testing.assert_allclose(values, one.candidates[0][name], rtol=1e-7)
        np.testing.assert_allclose(other.each_declared(v[None])[name][0], values, rtol=ROUNDING)


@pytest.mark.parametrize("name", ["coin", "gaussian", "regression", "logistic", "mixture"])
def test_rows_of_large_data_are_a_random_subsample_with_its_labels(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = models.load(name)
    data = scenario.datasets["teaching"]()
    n = data.sizes["observation"]
    monkeypatch.setattr(rows, "MOST_ROWS", 20)
    monkeypatch.setattr(prediction, "MOST_ROWS", 20)
    small = rows.sample(scenario, data, np.random.default_rng(0))
    assert small.complete
    assert small.data is data
    assert len(small.left) == 20
    monkeypatch.setattr(rows, "WHOLE", 50)
    large = rows.sample(scenario, data, np.random.default_rng(0))
    assert not large.complete
    assert large.total == n
    np.testing.assert_array_equal(large.data["observation"], small.left)
    np.testing.assert_array_equal(large.left, np.arange(20))


def test_what_is_stored_of_large_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "WHOLE", 5)
    monkeypatch.setattr(rows, "MOST_ROWS", 4)
    monkeypatch.setattr(prediction, "MOST_ROWS", 4)

    def stored(name: str) -> dict[str, xr.Dataset]:
        scenario = models.load(name)
        data = scenario.datasets["teaching"]()
        return rows.groups(data, scenario.compact(data), rows.sample(scenario, data, np.random.default_rng(0)))

    assert stored("gaussian")["/data"].sizes["observation"] == 1_000
    monkeypatch.setattr(rows, "STORED", 50)
    coin, gaussian, mixture = stored("coin"), stored("gaussian"), stored("mixture")
    assert (int(coin["/data"]["heads"].sum()), int(coin["/data"]["flips"].sum())) == (65, 100)
    assert coin["/data"].attrs["stored"] == "100 rows, added up to 1"
    assert gaussian["/data"].sizes["observation"] == 4
    assert (gaussian["/data"].attrs["rows"], gaussian["/data"].attrs["stored"]) == (1_000, "a random 4 of 1,000 rows")
    assert float(gaussian["/compact"]["rows"]) == 1_000
    assert mixture["/data"].sizes["observation"] == 300  # it has no compact form
    assert list(stored("logistic")) == ["/data"]  # nor has this one a smaller


def planned(name: str, prior: str) -> Plan:
    plan = built_in(name, Settings(draws=200, tune=300))
    return Plan(**{**vars(plan), "priors": {prior: plan.priors[prior]}})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "prior"), [("coin", "weak"), ("gaussian", "weak"), ("regression", "normal")])
def test_a_fit_of_large_data_is_that_of_small_data(name: str, prior: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(name, prior)
    n = plan.data.sizes["observation"]
    small = fit(plan)
    for module in (rows, prediction):
        monkeypatch.setattr(module, "MOST_ROWS", 40)
    monkeypatch.setattr(rows, "WHOLE", 50)
    large = fit(plan)
    columns = ["estimate", "sd", "lower", "upper"]
    tables = [one.table.set_index("reading")[[*columns, "mcse"]].astype(float) for one in (large, small)]
    for reading in ("mle", "map"):
        first, second = (table.loc[[reading], columns].to_numpy() for table in tables)
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-5)
    # Chains may part where starts differ by rounding.
    ours, theirs = (table.loc[["posterior"]] for table in tables)
    within_errors(ours["estimate"], theirs["estimate"], np.hypot(ours["mcse"], theirs["mcse"]))
    some, every = large.tree[prior], small.tree[prior]
    labels = some["log_likelihood"].to_dataset()["observation"].values
    assert len(labels) == 40 < n
    for group in ("posterior_predictive", "observed_data", "prediction"):
        np.testing.assert_array_equal(some[group]["observation"], labels)
    outcome = str(next(iter(some["observed_data"].data_vars)))
    np.testing.assert_array_equal(some["observed_data"][outcome], plan.data[outcome].sel(observation=labels))
    if name != "regression":  # the same draws
        terms = every["log_likelihood"][outcome].sel(observation=labels)
        np.testing.assert_allclose(some["log_likelihood"][outcome], terms, rtol=1e-4)
        total = every["log_likelihood"][outcome].astype(float).sum("observation")
        np.testing.assert_allclose(some["log_likelihood_total"][outcome], total, rtol=1e-5)
    assert int(some["prediction"].attrs["rows"]) == n
    lost, all_of_it = (loss(one["prediction"].to_dataset(), "mle") for one in (some, every))
    assert lost.reason == f"estimated from a random 40 of {n:,} observations"
    assert abs(lost.total - all_of_it.total) < 5 * lost.error
    assert some["mle"].attrs["log_density"] == pytest.approx(every["mle"].attrs["log_density"], rel=ROUNDING)


@pytest.mark.parametrize("tail", [0, 7])
def test_a_row_that_the_others_rule_out_is_ruled_out_of_the_whole_coin(tail: int) -> None:
    """Twenty heads and a tail: without it theta is 1, where its density is zero and so is that of the whole."""
    scenario = models.load("coin")
    flips = np.ones(21, dtype=int)
    flips[tail] = 0
    data = scenario.read(pd.DataFrame({"heads": flips}))
    prior = scenario.priors(data)["flat"]
    point = scenario.start(data, np.random.default_rng(0))
    whole = Functions(summarised(scenario, data, prior)[1], point)
    likelihood = mle(whole, ["theta"], [whole.unconstrain(point)] * 2, LEVEL)
    some = np.arange(10)
    among = Functions(scenario.model(scenario.part(data, some), prior), point)
    found = left_out.of_point(among, likelihood, "mle", some, whole)
    assert found.elpd[tail] == -np.inf
    assert f"without observation {tail} the point rules it out (1 such of 10)" in found.reason
    np.testing.assert_allclose(np.delete(found.elpd, tail), np.log(19 / 20), atol=1e-4)

"""The comparison table: its columns, its rows, its labels, and every number of the posterior by NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from comparisons import checks, table
from models.contract import Reference
from tests.cases import LEVEL, case
from tests.tolerances import ROUNDING

READINGS = ["mle", "map", "posterior"]


def posterior() -> xr.Dataset:
    """Draws of a scalar and of a matrix, chains that agree."""
    rng = np.random.default_rng(6)
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "sigma": (dims, rng.gamma(3, size=(4, 500))),
            "mu": ((*dims, "component", "feature"), rng.normal(size=(4, 500, 2, 2))),
        },
        coords={"component": ["1", "2"], "feature": ["a", "b"]},
    )


def rows(references: list[Reference], truth: dict[str, np.ndarray] | None = None) -> pd.DataFrame:
    """Rows of the planted posterior beside point readings whose estimate of each element is its index."""
    draws = posterior()
    point = case("gaussian-small", "weak").mle
    values = {"sigma": np.array(2.0), "mu": np.arange(4.0).reshape(2, 2)}
    keys = ("estimate", "sd", "lower", "upper", "wald_lower", "wald_upper")
    numbers: dict[str, Any] = {key: {name: value + i for name, value in values.items()} for i, key in enumerate(keys)}
    reason = {name: np.full(np.shape(value), "", dtype=object) for name, value in values.items()}
    mle = replace(point, **numbers, reason=reason, interval=dict.fromkeys(values, "kind"))
    summary = table.summarise(draws, LEVEL)
    return table.rows({"mle": mle, "map": mle}, draws, summary, references, truth or {}, LEVEL)


def test_summary_is_numpys() -> None:
    draws = posterior()
    summary = table.summarise(draws, 0.9)
    flat = {
        "sigma": draws["sigma"].values,
        **{f"mu[{k + 1}, {f}]": draws["mu"].values[..., k, j] for k in range(2) for j, f in enumerate("ab")},
    }
    assert list(summary.index) == list(flat)
    for label, values in flat.items():
        row = summary.loc[label]
        expected = [values.mean(), values.std(ddof=1), *np.quantile(values, [0.05, 0.95, 0.5])]
        # The standard deviation of 2,000 draws does not care for its divisor beyond 3e-4.
        np.testing.assert_allclose(row[["estimate", "lower", "upper", "median"]], np.delete(expected, 1), rtol=1e-3)
        assert row["estimate"] == pytest.approx(values.mean(), rel=ROUNDING, abs=1e-12)
        assert row["median"] == pytest.approx(np.median(values), rel=ROUNDING)
        assert row["sd"] == pytest.approx(values.std(), rel=1 / values.size)
        assert row["r_hat"] == pytest.approx(float(az.rhat(values)), rel=ROUNDING)
        assert row["ess_bulk"] == pytest.approx(float(az.ess(values)), rel=ROUNDING)
        # Independent draws: the standard error of the mean is sd / sqrt(number of draws), up to the noise of ESS.
        assert row["mcse"] == pytest.approx(values.std() / np.sqrt(values.size), rel=0.15)


def test_one_row_per_parameter_and_reading_in_the_order_of_the_table() -> None:
    found = rows([])
    labels = table.summarise(posterior(), LEVEL).index
    assert list(found["parameter"]) == [label for label in labels for _ in READINGS]
    assert list(found["reading"]) == READINGS * len(labels)
    assert list(found.columns) == table.COLUMNS[2:]


def cells(found: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows by parameter and reading."""
    records = ({str(key): value for key, value in row.items()} for row in found.to_dict("records"))
    return {(row["parameter"], row["reading"]): row for row in records}


def test_every_element_of_a_point_reaches_its_own_row() -> None:
    found = rows([], truth={"mu": np.array([[9.0, 8.0], [7.0, 6.0]])})
    cell = cells(found)
    assert cell["mu[1, b]", "mle"]["estimate"] == 1
    columns = ("estimate", "sd", "lower", "upper", "wald_lower", "wald_upper", "truth")
    assert [cell["mu[2, a]", "mle"][column] for column in columns] == [2, 3, 4, 5, 6, 7, 7]
    assert np.isnan(cell["sigma", "mle"]["truth"])
    assert set(found.loc[found["reading"] == "posterior", "interval"]) == {"equal-tailed"}


def test_points_are_as_far_as_tolerances_and_means_as_far_as_standard_errors() -> None:
    summary = table.summarise(posterior(), LEVEL).loc["sigma"]
    away = [
        Reference("mle", "sigma", 2.0 - 3 * checks.TOLERANCE * summary["sd"], "planted"),
        Reference("posterior", "sigma", summary["estimate"] + 2 * summary["mcse"], "planted"),
    ]
    cell = cells(rows(away))
    mle, mean = cell["sigma", "mle"], cell["sigma", "posterior"]
    assert (mle["distance"], mle["unit"], mle["limit"]) == (pytest.approx(3), "0.0001 posterior sd", 1.0)
    assert (mean["distance"], mean["unit"], mean["limit"]) == (pytest.approx(2), "MCSE", checks.STANDARD_ERRORS)
    assert np.isnan(cell["sigma", "map"]["distance"])


def test_the_error_of_the_reference_itself_is_counted() -> None:
    summary = table.summarise(posterior(), LEVEL).loc["sigma"]
    value = summary["estimate"] + 5 * summary["mcse"]
    reference = Reference("posterior", "sigma", value, "planted", 2 * summary["mcse"])
    assert cells(rows([reference]))["sigma", "posterior"]["distance"] == pytest.approx(np.sqrt(5))


def test_a_reference_that_failed_leaves_its_words() -> None:
    found = rows([Reference("posterior", "mu", np.nan, "importance sampling failed")])
    means = found[(found["reading"] == "posterior") & found["parameter"].str.startswith("mu")]
    assert set(means["source"]) == {"importance sampling failed"}
    assert means["distance"].isna().all()


@pytest.mark.slow
def test_labels_of_a_fit_are_arvizs() -> None:
    one = case("regression", "normal")
    labels = list(az.summary(one.draws[one.parameters]).index)
    assert list(one.rows["parameter"].unique()) == labels
    assert "beta[x10]" in labels

"""Design matrices of formulas: the columns of patsy, the values of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols

from models.contract.design import design
from tests.homes import HOMES
from tests.tolerances import ROUNDING


def plain(label: str) -> str:
    """A label without spaces, the names in an interaction sorted."""
    return ":".join(sorted(label.replace(" ", "").split(":")))


def by_patsy(formula: str, table: pd.DataFrame) -> dict[str, Any]:
    """Columns of the design matrix of patsy (of statsmodels), whose reduced codings are called [T.level]."""
    model = ols(formula, table)
    return {
        plain(name.replace("[T.", "[")): model.exog[:, j]
        for j, name in enumerate(model.exog_names)
        if name != "Intercept"
    }


FORMULAS = [
    "price ~ area",
    "price ~ area + rooms + area:rooms",
    "price ~ area * rooms",
    "price ~ town",
    "price ~ town + garden",
    "price ~ area + town",
    "price ~ area * town",
    "price ~ area:town",
    "price ~ town / area",
    "price ~ town * garden",
    "price ~ town:garden",
    "price ~ garden + town:garden",
    "price ~ (area + rooms + town) ** 2",
    "price ~ (area + rooms) ** 2 - area:rooms",
    "price ~ (area + rooms) / town",
    "price ~ area / (rooms + town)",
    "price ~ area * town * garden",
    "price ~ 0 + town",
    "price ~ 0 + town + garden",
    "price ~ 0 + town * garden",
    "price ~ town + area - 1",
    "price ~ -1 + area",
    "price ~ 0 + town:garden",
    "price ~ 0 + area:town",
    "price ~ C(rooms)",
    "price ~ C(rooms) * area",
    "price ~ I(area**2) + I(2*area - rooms/3)",
    "price ~ center(area):town",
    "price ~ new",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_give_the_columns_of_patsy(formula: str) -> None:
    found = design(HOMES, formula=formula)
    expected = by_patsy(formula, HOMES)
    ours = {plain(name): found.x[:, j] for j, name in enumerate(found.predictors)}
    assert set(ours) == set(expected)
    for name, values in ours.items():
        np.testing.assert_allclose(values, expected[name], rtol=ROUNDING, atol=ROUNDING)
    assert found.intercept == ("- 1" not in formula and "-1" not in formula and "0 +" not in formula)
    assert found.outcome == "price"
    np.testing.assert_array_equal(found.y, HOMES["price"])


def test_transformations_are_those_of_numpy() -> None:
    area, rooms = HOMES["area"].to_numpy(), HOMES["rooms"].to_numpy(float)
    expected = {
        "log(area)": np.log(area),
        "log10(area + 1)": np.log10(area + 1),
        "log1p(area)": np.log1p(area),
        "log2(area)": np.log2(area),
        "exp(-area)": np.exp(-area),
        "sqrt(area * rooms)": np.sqrt(area * rooms),
        "abs(area - 3)": np.abs(area - 3),
        "scale(area)": (area - area.mean()) / area.std(),
        "I((-area) ** 3)": (-area) ** 3,
        "I(rooms ** 30)": rooms**30,  # whole numbers would overflow
    }
    found = design(HOMES, formula=f"log(tested) ~ rooms + {' + '.join(list(expected)[1:])}")
    np.testing.assert_allclose(found.y, np.log(HOMES["tested"]), rtol=ROUNDING)
    assert found.outcome == "log(tested)"
    assert found.predictors == ("rooms", *list(expected)[1:])
    for name, column in zip(found.predictors[1:], found.x.T[1:], strict=True):
        np.testing.assert_allclose(column, expected[name], rtol=ROUNDING)


def test_polynomials_are_orthonormal_and_span_the_powers() -> None:
    found = design(HOMES, formula="price ~ poly(area, 3)")
    assert found.predictors == ("poly(area, 3)[1]", "poly(area, 3)[2]", "poly(area, 3)[3]")
    basis = np.column_stack([np.ones(len(HOMES)), found.x])
    np.testing.assert_allclose(found.x.T @ basis, np.eye(4)[1:] @ np.diag([1, 1, 1, 1]), atol=ROUNDING)
    powers = np.vander(HOMES["area"], 4)
    np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, powers)[0], powers, rtol=ROUNDING)
    interaction = design(HOMES, formula="price ~ poly(area, 2):rooms").x
    np.testing.assert_allclose(
        interaction, design(HOMES, formula="price ~ poly(area, 2)").x * HOMES[["rooms"]].to_numpy()
    )


def test_terms_are_sets_and_factors_in_them_too() -> None:
    """Terms written twice, or in another order, are one term."""
    for formula, same in {
        "area + area": "area",
        "area:rooms + rooms:area": "area:rooms",
        "area*rooms - rooms:area": "area + rooms",
        "area*rooms*town - area:rooms:town": "(area + rooms + town)**2",
        "area:area": "area",
        "(area + rooms)*(area + rooms)": "area + rooms + area:rooms",
        "((area + rooms) + (town / area))**3": "area*rooms*town",
        "town:area + area": "area + area:town",
        "area - 0": "area",
        "0 + area + 1": "area",
        "area - (1 + rooms)": "0 + area",
        "1 + area": "area",
        "area + (0 + rooms)": "0 + area + rooms",
    }.items():
        one, other = design(HOMES, formula=f"price ~ {formula}"), design(HOMES, formula=f"price ~ {same}")
        assert one.intercept == other.intercept, formula
        ours = {frozenset(name.split(":")): one.x[:, j] for j, name in enumerate(one.predictors)}
        assert len(ours) == len(one.predictors) == len(other.predictors), formula
        for j, name in enumerate(other.predictors):
            np.testing.assert_array_equal(ours[frozenset(name.split(":"))], other.x[:, j])

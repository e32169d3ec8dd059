"""Penalties beside statsmodels and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.contract import Distribution, dataset
from reports import conversions, odds, penalties
from tests.reports.penalised import N, Stub, cells, regression

Array = NDArray[np.float64]


def test_every_equality_of_the_table_holds_for_modes_found_by_other_means() -> None:
    fit = regression()
    given_problem = penalties.problem(fit)  # type: ignore[arg-type]
    assert given_problem is not None
    table, said = penalties.dictionary(fit, given_problem)  # type: ignore[arg-type]
    found = dict(zip(cells(table, 0), cells(table), strict=True))
    assert found["least squares"].startswith("the same")
    for library in ("scikit-learn", "glmnet", "statsmodels"):
        assert found[f"ridge, {library}"].startswith("the same")
        assert found[f"lasso, {library}"].startswith("the same")
    assert found["elastic net, scikit-learn"].startswith("the mode")
    assert said[0].startswith("All 7 equalities hold")


def test_a_mode_that_is_not_ridge_is_seen() -> None:
    fit = regression()
    fit.estimates["normal", "map"][1] += 0.01
    given_problem = penalties.problem(fit)  # type: ignore[arg-type]
    assert given_problem is not None
    table, said = penalties.dictionary(fit, given_problem)  # type: ignore[arg-type]
    found = dict(zip(cells(table, 0), cells(table), strict=True))
    assert found["ridge, scikit-learn"].startswith("not the same: 0.050")
    assert said == ["3 of 7 equalities do not hold on these data: see the last column."]


def test_what_statsmodels_minimises_is_what_it_finds() -> None:
    given_problem = penalties.problem(regression())  # type: ignore[arg-type]
    assert given_problem is not None
    alpha = 0.3
    theirs = sm.OLS(given_problem.y, given_problem.x).fit_regularized(alpha=alpha, L1_wt=0).params
    ours = penalties.quadratic(given_problem, 1 / (2 * N), alpha / 2)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    np.testing.assert_allclose(penalties.ridge(given_problem, N * alpha), theirs, rtol=1e-9)


def test_slope_left_is_nothing_at_the_mode_and_seen_beside_it() -> None:
    x = np.eye(2)
    given_problem = penalties.Problem(x, np.array([3.0, 0.1]), 2, np.ones(2), "as they are", 1.0)
    # With orthonormal columns the mode is soft thresholding at 1 / b, shrunk by 1 + 1 / tau^2.
    b, tau = 2.0, 1.5
    mode = np.array([(3.0 - 1 / b) / (1 + 1 / tau**2), 0.0])
    assert penalties.slope_left(given_problem, mode, 1.0, b, tau) < 1e-12
    assert penalties.slope_left(given_problem, mode + np.array([0.1, 0.0]), 1.0, b, tau) > 0.1
    assert penalties.slope_left(given_problem, mode * 0, 1.0, b, tau) > 1


def test_an_intercept_that_interferes_has_no_table() -> None:
    fit = regression()
    fit.data.attrs["centred"] = 0
    assert penalties.problem(fit) is None  # type: ignore[arg-type]


def test_statistics_in_place_of_rows_say_the_same() -> None:
    from models import regression as scenario

    fit = regression()
    rows = penalties.problem(fit)  # type: ignore[arg-type]
    fit.tree = xr.DataTree.from_dict({"/compact": scenario.compact(fit.data)})
    few = penalties.problem(fit)  # type: ignore[arg-type]
    assert rows is not None
    assert few is not None
    assert len(few.x) < len(rows.x)
    np.testing.assert_allclose(penalties.ridge(few, 2.0), penalties.ridge(rows, 2.0), rtol=1e-9)
    np.testing.assert_allclose(penalties.lasso(few, 0.1), penalties.lasso(rows, 0.1), rtol=1e-6, atol=1e-9)
    assert few.sd_y == pytest.approx(rows.sd_y)


@pytest.mark.parametrize("kind", ["ridge", "lasso"])
def test_wrong_conversions_are_other_priors_and_only_the_right_one_has_length_one(kind: str) -> None:
    fit = regression()
    given_problem = penalties.problem(fit)  # type: ignore[arg-type]
    assert given_problem is not None
    one = penalties.mode(fit, given_problem, kind)  # type: ignore[arg-type]
    assert one is not None
    table = conversions.wrong(given_problem, one)
    right, *others = table.rows
    assert right[0].startswith("Right")
    assert right[3] == "1.00 times"
    assert all(row[0].startswith("Wrong") and row[3] != "1.00 times" for row in others)
    scale = f"{one.scale:.3f}"
    assert scale in right[2]
    assert all(scale not in row[2] for row in others)


def test_ridge_with_sigma_forgotten_on_one_orthogonal_column() -> None:
    """With x'x = n the estimate is n w / (n + alpha): the ratio of lengths follows by hand."""
    n, s, t = 25, 1.5, 0.4
    x = np.ones((n, 1))
    y = np.full(n, 2.0)
    given_problem = penalties.Problem(x, y, n, np.ones(1), "as they are", 1.0)
    right = penalties.ridge(given_problem, s**2 / t**2)
    one = penalties.Mode("normal", "ridge", t, s, right)
    found = {row[0]: row[3] for row in conversions.wrong(given_problem, one).rows}
    ratio = (n + s**2 / t**2) / (n + 1 / t**2)
    assert found["Wrong: alpha = 1 / tau² (sigma forgotten)"] == f"{ratio:.2f} times"


@given(st.floats(0, 10) | st.just(float("nan")))
def test_agreement_says_same_only_of_what_is_the_same(distance: float) -> None:
    said = penalties.agreement(distance)
    assert said.startswith("the same") == (distance <= penalties.SAME)
    assert said.startswith("not the same") == (distance > penalties.SAME)


def test_logistic_c_is_the_variance_of_the_prior() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(N, 2)) * [1, 5]
    y = (rng.uniform(size=N) < 1 / (1 + np.exp(-x[:, 0]))).astype(int)
    width = x.std(axis=0, ddof=1)
    data = dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y), "trials": ("observation", np.ones(N, int))},
        coords={"predictor": ["a", "b"]},
        title="made up",
        source="here",
    )
    tau, first = 1.7, 6.0

    def objective(w: Array, c: float) -> float:
        eta = w[0] + (x - x.mean(axis=0)) @ (w[1:] / width)
        return float(np.logaddexp(0, eta).sum() - y @ eta + w[0] ** 2 / (2 * first**2) + w[1:] @ w[1:] / (2 * c))

    w = minimize(objective, np.zeros(3), args=(tau**2,), method="BFGS", options={"gtol": 1e-9}).x
    written = {
        "normal": {
            "intercept": Distribution("Normal", mu=0, sigma=first),
            "beta": Distribution("Normal", mu=np.zeros(2), sigma=tau / width),
        }
    }
    point = np.array([w[0], *(w[1:] / width)])
    labels = ["intercept", "beta[a]", "beta[b]"]
    fit = Stub(data, written, {("normal", "map"): point, ("normal", "posterior"): point}, labels)
    found = odds.odds(fit)  # type: ignore[arg-type]
    assert found is not None
    table = odds.dictionary(fit, found)  # type: ignore[arg-type]
    assert table is not None
    assert table.rows[0][3] == "C = tau² = 2.890"
    assert table.rows[0][-1].startswith("the same")
    right, *others = odds.wrong(fit, found).rows  # type: ignore[arg-type, union-attr]
    assert right[3] == "1.00 times"
    assert all(row[3] != "1.00 times" for row in others)
    fit.estimates["normal", "map"] = point * 1.1
    assert odds.dictionary(fit, found).rows[0][-1].startswith("not the same")  # type: ignore[arg-type, union-attr]

"""The path of the penalty: equalities beside statsmodels and closed forms, and sentences beside their numbers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.contract import Distribution, dataset
from reports import conversions, odds, penalties, shrinkage, zeros
from reports.components import Table
from reports.sections import path
from reports.stored import Study

Array = NDArray[np.float64]
P, N = 4, 60


@dataclass
class Stub:
    """As much of a fit as these sections ask for; estimates by prior, reading and label."""

    data: xr.Dataset
    distributions: dict[str, dict[str, Distribution]]
    estimates: dict[tuple[str, str], Array]
    labels: list[str]
    sweep_of: xr.Dataset | None = None
    studies: list[Study] = field(default_factory=list)
    draw: dict[str, xr.Dataset] = field(default_factory=dict)
    tree: Any = field(default_factory=xr.DataTree)

    @property
    def priors(self) -> dict[str, dict[str, str]]:
        return {name: {key: str(one) for key, one in prior.items()} for name, prior in self.distributions.items()}

    @property
    def default(self) -> str:
        return next(iter(self.distributions))

    def text(self, key: str) -> str:
        assert key == "distributions"
        found = {n: {k: d.as_json() for k, d in prior.items()} for n, prior in self.distributions.items()}
        return json.dumps(found)

    def value(self, prior: str, label: str, reading: str, column: str = "estimate") -> float:
        if column != "estimate":
            return {"sd": 0.2, "mcse": 0.002, "median": 0.1}[column]
        return float(self.estimates[prior, reading][self.labels.index(label)])

    def reason(self, prior: str, label: str, reading: str) -> str:
        return ""

    def sweep(self, name: str) -> xr.Dataset | None:
        return self.sweep_of

    def draws(self, prior: str) -> xr.Dataset:
        return self.draw[prior]


def columns(seed: int = 1) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, P)) @ (np.eye(P) + 0.4) * [1.0, 10.0, 0.1, 1.0]
    y = x @ [1.0, 0.0, -3.0, 0.05] + rng.normal(0, 1.5, N)
    return x, y


def joint(x: Array, y: Array, scale: Array, laplace: bool, sigma: float) -> Array:
    """The mode of centred data under independent priors of these scales, given sigma, by a general optimiser.

    A Laplace prior's coefficients are split into positive and negative parts, so that the objective is smooth.
    """
    x, y = x - x.mean(axis=0), y - y.mean()
    if not laplace:
        found: Array = np.linalg.solve(x.T @ x / sigma**2 + np.diag(scale**-2.0), x.T @ y / sigma**2)
        return found

    def objective(parts: Array) -> tuple[float, Array]:
        b = (parts[:P] - parts[P:]) * scale
        rest = y - x @ b
        slope = -(x * scale).T @ rest / sigma**2
        return float(rest @ rest / (2 * sigma**2) + parts.sum()), np.concatenate([slope + 1, 1 - slope])

    done = minimize(
        objective,
        np.ones(2 * P),
        jac=True,
        bounds=[(0, None)] * (2 * P),
        options={"ftol": 1e-15, "gtol": 1e-11, "maxiter": 10_000},
    )
    return np.asarray((done.x[:P] - done.x[P:]) * scale)


def regression(sigma: float = 1.4, tau: float = 0.6, b: float = 0.2) -> Stub:
    x, y = columns()
    width = x.std(axis=0, ddof=1)
    data = dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y)},
        coords={"predictor": [f"x{j}" for j in range(P)]},
        title="made up",
        source="here",
    )
    about = {"intercept": Distribution("Normal", mu=0, sigma=9), "sigma": Distribution("Exponential", lam=1)}
    written = {
        "normal": about | {"beta": Distribution("Normal", mu=np.zeros(P), sigma=tau / width)},
        "laplace": about | {"beta": Distribution("Laplace", mu=np.zeros(P), b=b / width)},
        "flat": {"intercept": Distribution("Flat"), "beta": Distribution("Flat"), "sigma": Distribution("HalfFlat")},
    }
    ols = np.asarray(sm.OLS(y, sm.add_constant(x - x.mean(axis=0))).fit().params)
    modes = {
        "normal": joint(x, y, tau / width, False, sigma),
        "laplace": joint(x, y, b / width, True, sigma),
        "flat": ols[1:],
    }
    estimates = {}
    for prior, mode in modes.items():
        estimates[prior, "map"] = np.array([ols[0], *mode, sigma])
        estimates[prior, "posterior"] = estimates[prior, "map"] + 0.01
        estimates[prior, "mle"] = np.array([ols[0], *ols[1:], sigma])
    return Stub(data, written, estimates, ["intercept", *(f"beta[x{j}]" for j in range(P)), "sigma"])


def cells(table: Table, column: int = -1) -> list[str]:
    return [row[column] for row in table.rows]


# Penalties.


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


# Logistic.


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


# Zeros.


def lasso_fit() -> Stub:
    fit = regression()
    rng = np.random.default_rng(4)
    draws = {
        label: (("chain", "draw"), rng.normal(0, 0.5, (2, 400)) * fit.data["x"].values.std() / 9)
        for label in fit.labels
    }
    fit.draw = {"laplace": xr.Dataset(draws)}
    return fit


def test_zeros_are_counted_and_draws_are_not_zero() -> None:
    fit = lasso_fit()
    fit.estimates["laplace", "map"][2] = 0.0
    found = zeros.zeros(fit)  # type: ignore[arg-type]
    assert found is not None
    modes = fit.estimates["laplace", "map"][1 : 1 + P]
    many = int(np.sum(modes == 0))
    assert f"sets {many} of {P} coefficients" in found.sentences[0]
    assert found.sentences[1] == f"Of the {800 * P:,} posterior draws of all coefficients, none is exactly 0."
    assert all(row[-1] == "0 of 800" for row in found.rows)


def test_a_draw_at_zero_is_seen() -> None:
    fit = lasso_fit()
    fit.draw["laplace"]["beta[x1]"].values[0, :7] = 0.0
    found = zeros.zeros(fit)  # type: ignore[arg-type]
    assert found is not None
    assert "7 is exactly 0" in found.sentences[1]
    assert next(row for row in found.rows if row[0] == "beta[x1]")[-1] == "7 of 800"


def test_without_a_laplace_prior_there_are_no_zeros() -> None:
    fit = regression()
    del fit.distributions["laplace"]
    assert zeros.zeros(fit) is None  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1), st.integers(0, 5)), min_size=1, max_size=8))
def test_zero_sentences_agree_with_their_numbers(given_: list[tuple[bool, float, int]]) -> None:
    modes = {f"b{j}": 0.0 if zero else 1.0 for j, (zero, _, _) in enumerate(given_)}
    inside = {f"b{j}": [share, share / 10] for j, (_, share, _) in enumerate(given_)}
    exact = {f"b{j}": count for j, (_, _, count) in enumerate(given_)}
    said = zeros.zero_sentences(modes, inside, exact, 1000)
    at_zero = [label for label, mode in modes.items() if mode == 0]
    assert f"sets {len(at_zero)} of {len(modes)} coefficient" in said[0]
    assert ("none is exactly" in said[1]) == (sum(exact.values()) == 0)
    asked = [inside[label][0] for label in (at_zero or modes)]
    assert f"{min(asked):.2f}" in said[2]
    assert f"{max(asked):.2f}" in said[2]


# The path.


def sweep(zeros_at: list[int]) -> xr.Dataset:
    """MAP estimates of which so many are exactly zero at each strength."""
    strengths = np.logspace(-2, 2, len(zeros_at))
    labels = ["intercept", *(f"beta[x{j}]" for j in range(P)), "sigma"]
    estimate = np.ones((1, len(strengths), 3, len(labels)))
    for place, count in enumerate(zeros_at):
        estimate[0, place, 1, 1 : 1 + count] = 0
    shares = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975]
    quantiles = np.ones((1, len(strengths), 7, len(labels))) * np.linspace(-1, 1, 7)[:, None]
    return xr.Dataset(
        {
            "estimate": (("prior", "strength", "reading", "parameter"), estimate),
            "quantile": (("prior", "strength", "share", "parameter"), quantiles),
            "draws": (("prior", "strength", "draw", "parameter"), np.ones((1, len(strengths), 5, len(labels)))),
        },
        coords={
            "prior": ["laplace"],
            "strength": strengths,
            "reading": ["mle", "map", "posterior"],
            "parameter": labels,
            "share": shares,
        },
        attrs={"swept": "beta"},
    )


@given(st.lists(st.integers(0, P), min_size=1, max_size=9))
def test_path_sentences_name_every_count_in_order(counts: list[int]) -> None:
    fit = regression()
    (said,) = shrinkage.path_sentences(fit, sweep(counts))  # type: ignore[arg-type]
    if max(counts) == 0:
        assert "no coefficient is exactly zero" in said
        return
    runs = [count for place, count in enumerate(counts) if place == 0 or counts[place - 1] != count]
    assert [int(found) for found in re.findall(r"(\d+) at ", said)] == runs
    assert "none of its" in said


def test_figures_of_the_path_are_drawn_for_every_setting_of_their_knobs() -> None:
    fit = regression()
    fit.sweep_of = sweep([0, 1, 4])
    swept = shrinkage.swept(fit)  # type: ignore[arg-type]
    assert swept is not None
    whole, one = shrinkage.paths(fit, swept), shrinkage.bands(fit, swept)  # type: ignore[arg-type]
    assert [knob.name for knob in whole.knobs] == ["view", "strength"]
    assert [len(knob.settings) for knob in one.knobs] == [1, P, 3]
    assert len(one.stills) == 3
    assert all(svg.count('stroke-width="1.6"') == P for _, svg in whole.stills)  # a line per coefficient
    assert all(svg.count('stroke-width="1.8"') == 3 for _, svg in one.stills)  # and one per reading
    fit.sweep_of.attrs["swept"] = "beta, sigma"
    assert shrinkage.swept(fit) is None  # type: ignore[arg-type]


# Risk under the prior itself.


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=6))
def test_the_average_ratio_of_errors_is_geometric(ratios: list[float]) -> None:
    said = path.better_sentences((np.array(ratios), None), (np.ones(len(ratios)), None), 200)
    assert f"is {np.exp(np.mean(np.log(ratios))):.2f} times" in said[0]
    assert f"larger for {sum(ratio > 1 for ratio in ratios)} of {len(ratios)}" in said[0]


def test_modes_that_do_not_exist_leave_no_table() -> None:
    fit = regression()
    for prior in ("normal", "laplace"):
        fit.estimates[prior, "map"] = np.full(P + 2, np.nan)
    assert path.context(fit) is None  # type: ignore[arg-type]


def test_a_fit_without_penalised_coefficients_has_no_path() -> None:
    fit = regression()
    fit.distributions = {"flat": fit.distributions["flat"]}
    assert path.context(fit) is None  # type: ignore[arg-type]


def test_a_mode_that_does_not_exist_has_no_zeros() -> None:
    fit = lasso_fit()
    fit.estimates["laplace", "map"][:] = np.nan
    assert zeros.zeros(fit) is None  # type: ignore[arg-type]

"""The path of the penalty and its zeros: sentences beside their numbers."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from reports import shrinkage, zeros
from reports.sections import path
from tests.reports.penalised import P, lasso_fit, regression


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

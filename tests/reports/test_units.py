"""Coefficients are compared in posterior standard deviations: a column in other units changes no comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.stored import Fit
from reports.teaching import regression
from tests.reports.lessons import linear_toy
from tests.toys import write_fit

UNIT = 1e6


@pytest.mark.parametrize("unit", [1.0, UNIT])
def test_a_small_unit_does_not_make_a_coefficient_large(tmp_path: Path, unit: float) -> None:
    """The coefficient of size, 0.1 with an sd of 0.2, in a unit that makes its number a million times as large."""
    toy = linear_toy(spread=True)
    for prior, draws in toy.draws.items():
        scaled = draws["beta"].copy()
        scaled[..., 1] *= unit
        toy.draws[prior] = draws.assign(beta=scaled)
    write_fit(tmp_path, "regression", toy)
    fit = Fit(tmp_path / "regression")
    biggest = max(fit.labels[1:3], key=lambda label: abs(fit.value(fit.default, label, "mle")))
    assert biggest == ("beta[age]" if unit == 1 else "beta[size]")
    assert "age has the MLE farthest from zero" in regression.farthest_out(fit).asked

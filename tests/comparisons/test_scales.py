"""Scales: there and back, and how densities change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparisons.scales import changing, log_change, scales_of
from models.contract.families import POSITIVE, REAL, UNIT

CASES = [pytest.param(support, scale, id=scale.name) for support in (UNIT, POSITIVE) for scale in scales_of(support)]


@pytest.mark.parametrize(("support", "scale"), CASES)
@given(share=st.floats(0.001, 0.999))
def test_there_and_back(support: tuple[float, float], scale: object, share: float) -> None:
    x = np.asarray(share if support == UNIT else -np.log(share))
    assert scale.backward(scale.forward(x)) == pytest.approx(x, rel=1e-9)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("support", "scale"), CASES)
@given(share=st.floats(0.01, 0.99))
def test_slopes_are_derivatives_and_densities_their_inverse(
    support: tuple[float, float], scale: object, share: float
) -> None:
    x = np.array([share if support == UNIT else -np.log(share)])
    step = 1e-6 * min(float(x[0]), 1 - float(x[0]) if support == UNIT else 1.0)
    forward, slope = scale.forward, scale.slope  # type: ignore[attr-defined]
    assert slope(x) == pytest.approx(np.abs(forward(x + step) - forward(x - step)) / (2 * step), rel=1e-5)

    def change(at: np.ndarray) -> float:
        return log_change(scale, support, at)[0]  # type: ignore[arg-type]

    constant = change(x) + float(np.log(slope(x))[0])
    other = np.array([0.3])
    assert change(other) + float(np.log(slope(other))[0]) == pytest.approx(constant, abs=1e-9)
    derivative = (change(x + step) - change(x - step)) / (2 * step)
    assert log_change(scale, support, x)[1][0] == pytest.approx(derivative, rel=1e-4, abs=1e-4)  # type: ignore[arg-type]


def test_beyond_the_range_is_the_end_of_the_support() -> None:
    back = {scale.name: scale.backward for support in (UNIT, POSITIVE) for scale in scales_of(support)}
    assert back["square"](np.array(-1.0)) == 0
    assert back["inverse square"](np.array(-1.0)) == np.inf
    assert back["arcsine"](np.array([-0.1, 2.0])).tolist() == [0, 1]


def test_the_first_parameter_with_other_scales() -> None:
    support = {"mu": REAL, "weight": "simplex", "sigma": POSITIVE, "p": UNIT}
    assert changing(support, ["mu", "weight", "sigma", "p"]) == "sigma"
    assert changing(support, ["p", "sigma"]) == "p"
    assert changing(support, ["mu", "weight"]) == ""

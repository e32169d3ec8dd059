"""The C function of a density: its coordinates, its edges, and that the disk keeps it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from comparisons import functions, native
from comparisons.functions import Functions
from tests.cases import Case, case
from tests.tolerances import ROUNDING


def model() -> pm.Model:
    ten, five = np.array([10.0, 5.0])  # PyTensor takes Python's own floats as single precision
    with pm.Model() as built:
        mu, sigma = pm.Normal("mu", 0, ten), pm.HalfNormal("sigma", five)
        pm.Normal("y", mu, sigma, observed=pm.Data("y_data", [1.0, 2.0, 4.0]))
    return built


def test_the_density_is_scipys_in_any_coordinates() -> None:
    known = Functions(model(), {"mu": np.array(1.0), "sigma": np.array(2.0)})
    location, factor, v = np.array([1.0, 0.3]), np.array([[2.0, 0.0], [0.7, 0.5]]), np.array([0.4, -1.2])
    mu, log_sigma = location + factor @ v
    sigma = np.exp(log_sigma)
    expected = stats.norm.logpdf([1, 2, 4], mu, sigma).sum() + stats.norm.logpdf(mu, 0, 10)
    expected += stats.halfnorm.logpdf(sigma, scale=5) + log_sigma  # the last is the Jacobian
    value, gradient = known.native(location=location, factor=factor)(v)
    assert value == pytest.approx(expected, rel=ROUNDING)
    np.testing.assert_allclose(gradient, factor.T @ known.native()(location + factor @ v)[1], rtol=ROUNDING)


def test_what_does_not_count_does_not_spoil_what_does() -> None:
    """A prior that is minus infinity here leaves the likelihood alone, and its gradient."""
    with pm.Model() as built:
        mu = pm.Uniform("mu", 0.0, 1.0, default_transform=None)
        pm.Normal("y", mu, 1.0, observed=np.array([1.0, 3.0]))
    known = Functions(built, {"mu": np.array(0.5)})
    value, gradient = known.density(built.observed_RVs)(np.array([5.0]))
    assert value == pytest.approx(stats.norm.logpdf([1, 3], 5, 1).sum(), rel=ROUNDING)
    np.testing.assert_allclose(gradient, [-6.0], rtol=ROUNDING)
    assert known.sampled()(np.array([5.0]))[0] == -np.inf


def test_machine_code_is_read_from_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    known = case("coin-small", "weak")
    first = known.functions.native()
    monkeypatch.setattr(functions, "_compiled", [])
    again = Case(known.scenario, known.data, known.prior).functions.native()
    assert again.callback is not first.callback
    assert again.callback.cache_hits == 1
    assert again(known.starts[0])[0] == first(known.starts[0])[0]


BITS = """
import numpy as np
import models
from comparisons.functions import Functions
from models.contract import summarised
scenario = models.load("gaussian")
data = scenario.datasets["small"]()
start = scenario.start(data, np.random.default_rng(0))
found = Functions(summarised(scenario, scenario.compact(data), scenario.priors(data)["weak"])[1], start)
density, u = found.native(), found.unconstrain(start)
for point in u + np.random.default_rng(1).normal(0, 0.3, (100, len(u))):
    value, gradient = density(point)
    print(value.hex(), *(float(slope).hex() for slope in gradient))
"""


@pytest.mark.slow
def test_code_just_compiled_and_code_from_disk_agree_to_the_last_bit(tmp_path: Path) -> None:
    """A chain makes other draws of a rounding: the first run on a machine would have other numbers than the second."""
    environment = {**os.environ, "PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}
    command = [sys.executable, "-c", BITS]
    runs = [subprocess.run(command, env=environment, capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout.count("\n") == 100
    assert runs[0].stdout == runs[1].stdout


def test_a_vector_of_another_size_is_refused_by_the_machine_code() -> None:
    density = case("coin-small", "weak").functions.native()
    out = np.zeros(2)
    pointers = [array.ctypes.data_as(native._POINTER) for array in (np.zeros(2), out, out)]
    assert density.callback.ctypes(2, *pointers, density.table.ctypes.data) < 0

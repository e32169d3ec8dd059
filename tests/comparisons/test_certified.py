"""Least squares as certified by NIST: how many digits of the maximum of the likelihood are right.

Coefficients are as exact as the data determine them in double precision: a design whose columns of unit length have
condition :math:`\\kappa` leaves errors of order :math:`\\epsilon \\kappa` of a coefficient and of its standard error
(Golub, G. H. and Van Loan, C. F. 2013, Matrix Computations, section 5.3.8). The search adds next to nothing: what is
left after a last Newton step shorter than `CONVERGED` is of the order of its square.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from comparisons import points
from comparisons.functions import Array, Functions
from comparisons.optimum import CONVERGED, STARTS
from comparisons.points import Point
from comparisons.whitened import Whitened
from models import gaussian, regression
from models.contract import Distribution, Prior, dataset, flat, summarised
from tests import certified
from tests.cases import LEVEL
from tests.certified import Certified

EPS = np.finfo(float).eps
SEARCH = 100 * CONVERGED**2  # of a standard error


def searched(data: xr.Dataset, prior: Prior) -> Point:
    """The maximum of the likelihood, as a fit finds it."""
    scenario = regression.SCENARIO
    compact, model = summarised(scenario, data, prior)
    rng = np.random.default_rng(1)
    candidates = [scenario.start(compact, rng) for _ in range(STARTS)]
    found = regression.whiten(compact, flat(prior))
    functions = Functions(model, candidates[0]) if found is None else Whitened(model, candidates[0], *found)
    starts = [functions.unconstrain(one) for one in candidates]
    names = [name for name, one in prior.items() if not one.fixed]
    return points.mle(functions, names, starts, LEVEL, scenario.obstacle(compact, flat(prior)))


def labelled(problem: Certified, centred: int) -> xr.Dataset:
    return dataset(
        {"x": (("observation", "predictor"), problem.x), "y": ("observation", problem.y)},
        coords={"predictor": [f"x{j + 1}" for j in range(problem.x.shape[1])]},
        title="certified",
        source="NIST",
        intercept=int(problem.intercept),
        centred=centred,
    )


def coefficients(problem: Certified, point: Point, centred: int) -> Array:
    """Estimates with the intercept at zero, as they are certified."""
    beta = point.estimate["beta"]
    if not problem.intercept:
        return beta
    away = problem.x.mean(axis=0) @ beta if centred else 0.0
    return np.append(point.estimate["intercept"] - away, beta)


def allowed(problem: Certified) -> Array:
    """Errors that double precision cannot avoid, and the optimiser's."""
    x, first = problem.x, int(problem.intercept)
    moved = x - first * x.mean(axis=0)
    condition = float(np.linalg.cond(moved / np.linalg.norm(moved, axis=0)))
    design = np.column_stack([np.ones(len(x))[:, None][:, :first], x])
    length = np.linalg.norm(design, axis=0)
    inverse = np.linalg.inv(np.linalg.qr(design / length, mode="r"))
    errors = problem.residual * np.linalg.norm(inverse, axis=1) / length
    size = np.abs(problem.coefficients) + errors
    return np.asarray(10 * EPS * condition * size + SEARCH * errors)


PROBLEMS: dict[str, Callable[[], Certified]] = {
    "Norris": certified.norris,
    "NoInt1": certified.no_intercept,
    "Longley": certified.longley,
    "Wampler3": lambda: certified.wampler(3),
    "Wampler4": lambda: certified.wampler(4),
    "Wampler5": lambda: certified.wampler(5),
    "Filip": certified.filip,
}


@pytest.mark.parametrize("centred", [1, 0])
@pytest.mark.parametrize("name", PROBLEMS)
def test_least_squares_are_as_certified(name: str, centred: int) -> None:
    problem = PROBLEMS[name]()
    data = labelled(problem, centred)
    point = searched(data, regression.priors(data)["flat"])
    assert point.exists
    assert point.optimum.agreeing == STARTS
    gap = np.abs(coefficients(problem, point, centred) - problem.coefficients)
    assert np.all(gap <= allowed(problem)), gap / allowed(problem)
    n, k = len(problem.y), len(problem.coefficients)
    assert point.estimate["sigma"] * np.sqrt(n / (n - k)) == pytest.approx(problem.residual, rel=1e-7)


@pytest.mark.parametrize("centred", [1, 0])
def test_filips_coefficients_have_seven_digits(centred: int) -> None:
    problem = certified.filip()
    data = labelled(problem, centred)
    point = searched(data, regression.priors(data)["flat"])
    np.testing.assert_allclose(coefficients(problem, point, centred), problem.coefficients, rtol=1e-7)
    for ends, side in ((point.lower, -1), (point.upper, 1)):
        assert np.all(side * (ends["beta"] - point.estimate["beta"]) > 0)


@pytest.mark.parametrize("number", [1, 2])
def test_an_exact_polynomial_has_no_maximum_unless_sigma_is_known(number: int) -> None:
    problem = certified.wampler(number)
    data = labelled(problem, 1)
    prior = regression.priors(data)["flat"]
    assert regression.obstacle(regression.compact(data), prior).startswith("unbounded")
    known = {**prior, "sigma": Distribution("Fixed", value=1.0)}
    found = coefficients(problem, searched(data, known), 1)
    # Not whitened, for there is no residual: the search is as exact as standard errors for sigma = 1 are small.
    x = np.column_stack([np.ones(21), problem.x])
    errors = np.sqrt(np.diag(np.linalg.inv(x.T @ x)))
    assert np.all(np.abs(found - problem.coefficients) <= 10 * CONVERGED * errors)


@pytest.mark.parametrize(("number", "mean"), [(3, 1_000_000.2), (4, 10_000_000.2)])
def test_mean_and_spread_of_numbers_with_many_equal_digits(number: int, mean: float) -> None:
    y = certified.accuracy(number)
    data = dataset({"y": ("observation", y)}, title="certified", source="NIST")
    found = gaussian.compact(data)
    # Decimal numbers are rounded when they are read: by half a unit of 2^-52 of their size, against a spread of 0.1.
    read = EPS * mean
    assert float(found["mean"]) == pytest.approx(mean, abs=read)
    assert np.sqrt(found["squares"] / found["freedom"]) == pytest.approx(0.1, abs=read)
    prior = gaussian.priors(data)["flat"]
    candidates = [gaussian.start(found, np.random.default_rng(k)) for k in range(3)]
    functions = Functions(gaussian.compact_model(found, prior), candidates[0])
    point = points.mle(functions, ["mu", "sigma"], [functions.unconstrain(one) for one in candidates], LEVEL)
    assert point.estimate["mu"] == pytest.approx(mean, abs=read)
    assert point.estimate["sigma"] * np.sqrt(1001 / 1000) == pytest.approx(0.1, abs=2 * read)

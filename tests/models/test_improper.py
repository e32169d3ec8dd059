"""Which posteriors exist, and which have moments: decided from how fast their tails fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

import models
from models import gaussian, logistic, mixture, regression
from models.contract import Distribution, Prior, dataset, flat
from tests.cases import all_cases, case

FLAT: Prior = {"mu": Distribution("Flat"), "sigma": Distribution("HalfFlat")}


def tail_power(n: int) -> float:
    """Power with which the marginal posterior of sigma under flat priors falls, by integrating mu out numerically."""
    y = np.arange(float(n))

    def log_marginal(sigma: float) -> float:
        # Relative to its greatest value, so that nothing underflows far out.
        top = norm.logpdf(y, y.mean(), sigma).sum()
        width = sigma / np.sqrt(n)
        area = quad(lambda mu: np.exp(norm.logpdf(y, mu, sigma).sum() - top), *(y.mean() + width * np.array([-9, 9])))
        return float(top + np.log(area[0]))

    return float((log_marginal(1e4) - log_marginal(1e5)) / np.log(10))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_few_observations_under_flat_priors(n: int) -> None:
    # The moment of order m of a density with tail sigma^-power exists for power - m > 1.
    power = tail_power(n)
    missing = next(
        (word for m, word in enumerate(("improper", "no mean", "no standard deviation")) if power - m < 1.01), ""
    )
    data = dataset({"y": ("observation", np.arange(float(n)))}, title="few", source="here")
    assert gaussian.improper(data, FLAT).partition(":")[0] == missing
    assert gaussian.improper(data, gaussian.priors(data)["weak"]) == ""


@pytest.mark.parametrize(("n", "word"), [(4, "improper"), (5, "improper"), (6, "no mean"), (7, "no standard"), (8, "")])
def test_rows_and_coefficients_count_alike(n: int, word: str) -> None:
    """As the Gaussian, whose one coefficient is mu, with three coefficients more: n - 3 takes the place of n."""
    rng = np.random.default_rng(n)
    data = dataset(
        {"x": (("observation", "predictor"), rng.normal(size=(n, 3))), "y": ("observation", rng.normal(size=n))},
        coords={"predictor": list("abc")},
        title="few",
        source="here",
    )
    priors = regression.priors(data)
    assert regression.improper(data, priors["flat"]).startswith(word)
    assert bool(regression.improper(data, priors["flat"])) == bool(word)
    if n > 4:
        assert regression.improper(data, priors["normal"]) == ""


def test_separated_events_under_a_flat_prior() -> None:
    data = dataset(
        {
            "x": (("observation", "predictor"), np.arange(6.0)[:, None]),
            "y": ("observation", [0, 0, 0, 1, 1, 1]),
            "trials": ("observation", np.ones(6, int)),
        },
        coords={"predictor": ["x"]},
        title="separated",
        source="here",
    )
    priors = logistic.priors(data)
    assert logistic.improper(data, priors["flat"]).startswith("improper: infinite: complete separation")
    assert logistic.improper(data, priors["normal"]) == ""
    half = {**priors["flat"], "intercept": Distribution("Normal", mu=0, sigma=10)}
    assert logistic.improper(data, half) != ""


@all_cases(fast=models.fits())
def test_built_in_posteriors_exist(fit: str, prior: str) -> None:
    one = case(fit, prior)
    assert one.scenario.improper(one.data, one.prior) == ""


def cauchy(scale: float) -> Distribution:
    return Distribution("Cauchy", alpha=0, beta=scale)


def radial_power(log_density: Any, dimension: int) -> float:
    """Power with which the mass of a density in a shell falls with its radius, far out, by Monte Carlo angles."""
    angles = np.random.default_rng(3).normal(size=(200_000, dimension))
    angles /= np.linalg.norm(angles, axis=1, keepdims=True)
    near, far = (np.mean(np.exp(log_density(radius * angles))) * radius ** (dimension - 1) for radius in (1e4, 1e5))
    return float(np.log10(near / far)) if far > 0 else float("inf")


@pytest.mark.parametrize(
    ("columns", "priors", "said"),
    [
        (1, {"intercept": Distribution("Flat"), "beta": cauchy(2.5)}, "improper"),
        (1, {"intercept": cauchy(10), "beta": cauchy(2.5)}, "no standard deviation"),
        (1, {"intercept": cauchy(10), "beta": Distribution("StudentT", nu=3, mu=0, sigma=2.5)}, ""),
        (2, {"intercept": Distribution("Flat"), "beta": cauchy(2.5)}, "no mean"),
        (1, {"intercept": cauchy(10), "beta": Distribution("Normal", mu=0, sigma=2.5)}, ""),
    ],
)
def test_separation_with_heavy_tails(columns: int, priors: Prior, said: str) -> None:
    """The mass in shells of the whole posterior falls as r to the minus power: order q exists if power - q > 1."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, columns)) + 0.7
    y = (x.sum(axis=1) > 1.1).astype(int)
    table = pd.DataFrame({f"x{j}": x[:, j] for j in range(columns)} | {"y": y})
    data = logistic.read(table, outcome="y")
    assert logistic.improper(data, priors).partition(":")[0] == said
    design = np.column_stack([np.ones(30), x - x.mean(axis=0)])

    def log_density(points: Any) -> Any:
        linear = points @ design.T
        value = linear @ y - np.logaddexp(0, linear).sum(axis=1) + priors["intercept"].log_density(points[:, 0])
        return value + priors["beta"].log_density(points[:, 1:]).sum(axis=1)

    power = radial_power(log_density, columns + 1)
    missing = [word for q, word in enumerate(("improper", "no mean", "no standard deviation")) if power - q < 1.2]
    assert (missing[0] if missing else "") == said


def test_a_slope_that_cannot_be_negative_does_not_run_to_minus_infinity() -> None:
    data = logistic.read(pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [1, 1, 0, 0]}), outcome="y")
    normal = Distribution("Normal", mu=0, sigma=5)
    assert logistic.improper(data, {"intercept": normal, "beta": Distribution("HalfCauchy", beta=2.5)}) == ""
    assert logistic.obstacle(data, {"intercept": normal, "beta": Distribution("HalfFlat")}) == ""
    assert logistic.obstacle(data, {"intercept": normal, "beta": Distribution("Flat")}) != ""


def test_mixtures_whose_density_has_no_bound() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30)})
    data = mixture.read(table)
    weak = mixture.priors(data)["weak"]
    assert mixture.obstacle(data, weak) == ""
    for change in (
        {"weight": Distribution("Dirichlet", a=[0.5, 0.5])},
        {"sigma": Distribution("HalfNormal", sigma=1)},
        {"fisher_z": Distribution("Cauchy", alpha=0, beta=1)},
    ):
        assert mixture.obstacle(data, {**weak, **change}).startswith("unbounded")
    held = {**weak, "sigma": Distribution("Fixed", value=1.0)}
    assert mixture.obstacle(data, flat(held)).startswith("unbounded")  # a component may still collapse onto a line
    assert mixture.reference(data, held) == []
    # One mean on a point and a correlation that runs to one, by SciPy: the likelihood rises without end.
    y, heights = table.to_numpy(), []
    for z in (4.0, 6.0, 8.0):
        spike = multivariate_normal(y[0], [[1, np.tanh(z)], [np.tanh(z), 1]], allow_singular=False)
        heights.append(float(np.log(0.1 * spike.pdf(y) + 0.9 * multivariate_normal([0, 0], np.eye(2)).pdf(y)).sum()))
    assert np.all(np.diff(heights) > 1.5)

"""Which posteriors exist, and which have moments: decided from how fast their tails fall."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

import models
from models import gaussian, logistic, regression
from models.contract import Distribution, Prior, dataset
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

"""Power-scaling sensitivity against normal models, where every power of prior and likelihood has a closed form."""

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import norm

from comparisons import sensitivity

Array = NDArray[np.float64]
CHAINS, DRAWS, REPEATS = 4, 500, 24
K = 4.0  # Monte Carlo standard errors
DIMS = ("chain", "draw")


def conjugate(prior_mean: float, prior_sd: float, powers: tuple[float, float]) -> tuple[float, float]:
    """Mean and sd of theta | y = 0 for y ~ N(theta, 1), prior and likelihood to these powers."""
    precision = powers[0] / prior_sd**2 + powers[1]
    return powers[0] * prior_mean / prior_sd**2 / precision, precision**-0.5


def terms(theta: Array, prior_mean: float, prior_sd: float) -> tuple[xr.Dataset, xr.Dataset]:
    """Log prior, and the log likelihood of one observation at 0, at draws."""
    numbers = {"chain": np.arange(theta.shape[0]), "draw": np.arange(theta.shape[1])}
    prior = xr.Dataset({"theta": (DIMS, norm(prior_mean, prior_sd).logpdf(theta))}, coords=numbers)
    likelihood = xr.Dataset({"y": ((*DIMS, "observation"), norm.logpdf(theta)[..., None])}, coords=numbers)
    return prior, likelihood


def distance(one: tuple[float, float], other: tuple[float, float], x: Array) -> float:
    """Root of the cumulative Jensen-Shannon divergence of two normals, over its bound (Nguyen and Vreeken 2015)."""

    def half(p: Array, q: Array) -> float:
        integrand = p * np.log2(2 * p / (p + q)) + (q - p) / 2 / np.log(2)
        return float(np.trapezoid(integrand, x))

    found = []
    for sides in (norm.cdf, norm.sf):  # of x, and of -x
        p, q = (sides(x, mean, sd) for mean, sd in (one, other))
        found.append(np.sqrt((half(p, q) + half(q, p)) / np.trapezoid(p + q, x)))
    return float(max(found))


@pytest.mark.parametrize(("prior_mean", "prior_sd"), [(0.0, 1.0), (3.0, 1.0), (0.0, 10.0)])
def test_sensitivities_are_those_of_the_closed_form(prior_mean: float, prior_sd: float) -> None:
    rng = np.random.default_rng(11)
    mean, sd = conjugate(prior_mean, prior_sd, (1, 1))
    found, wanted = [], []
    for _ in range(REPEATS):
        theta = rng.normal(mean, sd, (CHAINS, DRAWS))
        draws = xr.Dataset({"theta": (DIMS, theta)}, coords=terms(theta, 0, 1)[0].coords)
        one = sensitivity.of_posterior(draws, *terms(theta, prior_mean, prior_sd))
        assert one is not None
        found.append([float(one["prior"][0]), float(one["likelihood"][0])])
        x = np.linspace(theta.min(), theta.max(), 2_000)  # the distance is taken where there are draws
        here = []
        for part in (0, 1):
            slopes = []
            for power in (0.99, 1.01):
                powers = (power, 1.0) if part == 0 else (1.0, power)
                scaled = conjugate(prior_mean, prior_sd, powers)
                slopes.append(distance((mean, sd), scaled, x) / abs(np.log2(power)))
            here.append(np.mean(slopes))
        wanted.append(here)
    differences = np.array(found) - np.array(wanted)
    error = differences.std(axis=0, ddof=1) / np.sqrt(REPEATS)
    # Besides its error, a distance of draws is off by the steps of their distribution function, 1 / (2 n).
    assert (np.abs(differences.mean(axis=0)) < K * error + 0.5 / np.sqrt(CHAINS * DRAWS)).all()


def test_a_conflict_shows_in_both_and_a_vague_prior_in_the_likelihood_alone() -> None:
    rng = np.random.default_rng(5)
    for prior_mean, prior_sd, sensitive in ((4.0, 1.0, True), (0.0, 50.0, False)):
        mean, sd = conjugate(prior_mean, prior_sd, (1, 1))
        theta = rng.normal(mean, sd, (CHAINS, 1_000))
        prior, likelihood = terms(theta, prior_mean, prior_sd)
        draws = xr.Dataset({"theta": (DIMS, theta)}, coords=prior.coords)
        found = sensitivity.of_posterior(draws, prior, likelihood)
        assert found is not None
        assert (float(found["prior"][0]) > sensitivity.THRESHOLD) == sensitive
        assert float(found["likelihood"][0]) > sensitivity.THRESHOLD


def test_elements_keep_their_order_whatever_they_are_called() -> None:
    """``alpha`` is ArviZ's own word for the power; only the second element is touched by the prior."""
    rng = np.random.default_rng(6)
    theta = rng.normal(2, 0.5**0.5, (CHAINS, 1_000))
    prior, likelihood = terms(theta, 4.0, 1.0)
    other = rng.normal(size=(CHAINS, 1_000, 1))
    draws = xr.Dataset({"alpha": ((*DIMS, "component"), other), "log_prior": (DIMS, theta)}, coords=prior.coords)
    found = sensitivity.of_posterior(draws, prior, likelihood)
    assert found is not None
    assert found.sizes["element"] == 2
    assert float(found["prior"][0]) < sensitivity.THRESHOLD < float(found["prior"][1])


def test_thinned_terms_are_enough_and_a_constant_prior_has_no_sensitivity() -> None:
    rng = np.random.default_rng(7)
    theta = rng.normal(2, 0.5**0.5, (CHAINS, 1_000))
    prior, likelihood = terms(theta, 4.0, 1.0)
    draws = xr.Dataset({"theta": (DIMS, theta)}, coords=prior.coords)
    assert sensitivity.of_posterior(draws, prior, likelihood.isel(draw=slice(None, None, 4))) is not None
    assert sensitivity.of_posterior(draws, prior * 0 - 1.5, likelihood) is None

"""Mixture: labels that can be undone, densities by scikit-learn and SciPy, no anomalies where there are none."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import arviz as az
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import stats
from sklearn.mixture import GaussianMixture

from models import mixture
from models.contract import components, expectation_maximisation
from models.contract.components import (
    correlation_matrix,
    density,
    draw_points,
    log_components,
    new_points,
    partial_correlations,
    responsibilities,
)
from tests.tolerances import ROUNDING, within_errors

Array = NDArray[np.float64]
PARTS = ("weight", "mu", "sigma", "rho")
DIMS: dict[str, tuple[str, ...]] = {
    "weight": ("component",),
    "mu": ("component", "feature"),
    "sigma": ("component", "feature"),
    "rho": ("component", "pair"),
}


def truth() -> dict[str, Array]:
    """Three components in two dimensions."""
    values = {name: np.asarray(mixture.TRUTH[name], float) for name in PARTS}
    return {**values, "rho": values["rho"][:, None]}


def labelled(values: dict[str, Array], leading: tuple[str, ...] = ()) -> xr.Dataset:
    return xr.Dataset({name: ((*leading, *DIMS[name]), value) for name, value in values.items()})


def chains(many: int = 50) -> xr.Dataset:
    """Draws about the truth that never change their labels: 2 chains."""
    rng = np.random.default_rng(2)
    noise = {name: rng.normal(0, 0.03, (2, many, *value.shape)) for name, value in truth().items()}
    values = {name: value + noise[name] for name, value in truth().items()}
    values["weight"] /= values["weight"].sum(axis=-1, keepdims=True)
    return labelled(values, ("chain", "draw"))


def permuted(draws: xr.Dataset, index: NDArray[np.int64]) -> xr.Dataset:
    """Components of each draw in another order, index of shape (chain, draw, component)."""
    result = draws.copy()
    for name, values in draws.items():
        shaped = index.reshape(index.shape + (1,) * (values.ndim - 3))
        result[name] = values.copy(data=np.take_along_axis(values.values, shaped, axis=2))
    return result


def shuffled(draws: xr.Dataset) -> xr.Dataset:
    every = np.array(list(permutations(range(3))))
    rng = np.random.default_rng(3)
    return permuted(draws, every[rng.integers(6, size=(draws.sizes["chain"], draws.sizes["draw"]))])


def points() -> xr.Dataset:
    return mixture.simulate(np.random.default_rng(4), 200)


# Labels.


def test_identify_undoes_every_permutation_exactly() -> None:
    draws, pivot = chains(), labelled(truth())
    mixed = shuffled(draws)
    assert not mixed.equals(draws)
    xr.testing.assert_equal(mixture.identify(mixed, pivot, points()), draws)
    xr.testing.assert_equal(mixture.identify(draws, pivot, points()), draws)


def test_identify_puts_the_components_in_the_order_of_the_pivot() -> None:
    index = [2, 0, 1]
    pivot = labelled({name: value[index] for name, value in truth().items()})
    found = mixture.identify(shuffled(chains()), pivot, points())
    xr.testing.assert_equal(found, chains().isel(component=index))


def test_chains_with_switched_labels_agree_again() -> None:
    draws = chains(200)
    index = np.tile(np.arange(3), (2, 200, 1))
    index[1] = [1, 2, 0]
    switched = permuted(draws, index)
    apart = az.rhat(switched["mu"].values[:, :, 0, 0])
    together = az.rhat(mixture.identify(switched, labelled(truth()), points())["mu"].values[:, :, 0, 0])
    assert apart > 1.5
    assert together < 1.02


def test_density_and_responsibilities_do_not_know_labels() -> None:
    draws, y = chains(), points()["y"].values
    mixed = shuffled(draws)
    np.testing.assert_allclose(density(y, mixed), density(y, draws), rtol=ROUNDING)
    one, other = labelled(truth()), labelled({name: value[[1, 2, 0]] for name, value in truth().items()})
    np.testing.assert_allclose(responsibilities(y, other), responsibilities(y, one)[:, [1, 2, 0]], rtol=ROUNDING)


def test_order_sorts_by_the_first_mean_and_keeps_components_whole() -> None:
    values = truth()
    mixed = {name: value[[2, 0, 1]] for name, value in values.items()}
    for name, value in mixture.order(mixed).items():
        np.testing.assert_array_equal(value, values[name])


# Densities.


def scikit_learn(values: dict[str, Array]) -> Any:
    """scikit-learn's mixture with these parameters."""
    k, d = values["mu"].shape
    covariance = np.array(
        [np.outer(s, s) * correlation_matrix(r) for s, r in zip(values["sigma"], values["rho"], strict=True)]
    )
    result = GaussianMixture(k)
    result.weights_, result.means_, result.covariances_ = values["weight"], values["mu"], covariance
    result.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(covariance)).reshape(k, d, d)
    return result


def test_responsibilities_and_density_are_scikit_learns() -> None:
    y, theirs = points()["y"].values, scikit_learn(truth())
    np.testing.assert_allclose(responsibilities(y, labelled(truth())), theirs.predict_proba(y), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(np.log(density(y, labelled(truth()))), theirs.score_samples(y), rtol=ROUNDING)


def test_draws_are_averaged() -> None:
    draws, y = chains(6), points()["y"].values
    each = [scikit_learn({name: draws[name].values[c, i] for name in PARTS}) for c in range(2) for i in range(6)]
    shares = np.mean([one.predict_proba(y) for one in each], axis=0)
    heights = np.mean([np.exp(one.score_samples(y)) for one in each], axis=0)
    np.testing.assert_allclose(responsibilities(y, draws), shares, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(density(y, draws), heights, rtol=1e-7)


@settings(max_examples=30)
@given(arrays(float, 3, elements=st.floats(-0.95, 0.95)), arrays(float, 3, elements=st.floats(-3, 3)))
def test_three_dimensions_are_scipys(rho: Array, y: Array) -> None:
    # From partial correlations to correlations by the textbook's recursion.
    r21, r31, partial = rho
    r32 = partial * np.sqrt((1 - r21**2) * (1 - r31**2)) + r21 * r31
    correlation = np.array([[1, r21, r31], [r21, 1, r32], [r31, r32, 1]])
    sigma, mu = np.array([0.5, 1.0, 2.0]), np.array([1.0, 0.0, -1.0])
    np.testing.assert_allclose(correlation_matrix(rho), correlation, atol=1e-12)
    found = log_components(y[None], np.ones((1, 1)), mu[None, None], sigma[None, None], rho[None, None], np)
    expected = stats.multivariate_normal.logpdf(y, mu, np.outer(sigma, sigma) * correlation)
    assert found[0, 0] == pytest.approx(expected, rel=1e-7)


@given(st.integers(2, 5).flatmap(lambda d: arrays(float, d * (d - 1) // 2, elements=st.floats(-0.95, 0.95))))
def test_partial_correlations_and_correlation_matrices_are_inverses(rho: Array) -> None:
    matrix = correlation_matrix(rho)
    np.testing.assert_allclose(np.diag(matrix), 1, atol=1e-12)
    assert np.linalg.eigvalsh(matrix)[0] > 0
    # Small eigenvalues, down to (1 - .95^2)^4 = 1e-4, cost as many digits.
    np.testing.assert_allclose(partial_correlations(matrix), rho, atol=1e-8)


# New points and anomalies.


def moments(values: dict[str, Array]) -> tuple[Array, Array]:
    """Mean and covariance of a mixture."""
    covariance = [np.outer(s, s) * correlation_matrix(r) for s, r in zip(values["sigma"], values["rho"], strict=True)]
    mean = values["weight"] @ values["mu"]
    deviation = values["mu"] - mean
    total = sum(w * (c + np.outer(m, m)) for w, c, m in zip(values["weight"], covariance, deviation, strict=True))
    return mean, np.asarray(total)


@pytest.mark.parametrize("source", ["point", "draws"])
def test_new_points_have_the_moments_of_the_mixture(source: str) -> None:
    parameters = (
        labelled(truth())
        if source == "point"
        else labelled(
            {name: np.broadcast_to(value, (2, 3, *value.shape)) for name, value in truth().items()}, ("chain", "draw")
        )
    )
    n = 40_000
    new = new_points(n, parameters, np.random.default_rng(6))
    mean, covariance = moments(truth())
    within_errors(new.mean(axis=0), mean, np.sqrt(np.diag(covariance) / n))
    products = (new - mean)[:, :, None] * (new - mean)[:, None, :]
    within_errors(products.mean(axis=0), covariance, products.std(axis=0) / np.sqrt(n))


def extras_of(y: Array, readings: dict[str, xr.Dataset], seed: int) -> xr.Dataset:
    data = mixture.labelled(y, 3, ["y1", "y2"], title="planted", source="here")
    return components.extras(data, readings, np.random.default_rng(seed))


def test_data_of_the_model_itself_seldom_hold_anomalies() -> None:
    """Benjamini and Hochberg: with no anomaly at all, the chance of flagging any is at most the rate, 5 %."""
    rng, sets = np.random.default_rng(7), 200
    alarms = 0
    parameters = {"mle": labelled(truth())}
    for seed in range(sets):
        found = extras_of(draw_points(rng, 100, **truth()), parameters, seed)
        alarms += bool(found["anomaly"].any())
    rate = components.FALSE_ALARM
    assert alarms <= stats.binom.isf(3e-7, sets, rate)
    assert alarms > 0  # a check that never fires is not calibrated either: probability .95^200 = 4e-5


def test_tail_probabilities_of_new_data_are_uniform() -> None:
    y = draw_points(np.random.default_rng(8), 2_000, **truth())
    tail = extras_of(y, {"mle": labelled(truth())}, 1)["tail"].values[0]
    assert stats.kstest(tail, "uniform").pvalue > 6e-7


def test_a_planted_outlier_is_an_anomaly_in_every_reading() -> None:
    y = np.vstack([draw_points(np.random.default_rng(9), 150, **truth()), [[9.0, -9.0]]])
    readings = {"mle": labelled(truth()), "posterior": chains()}
    found = extras_of(y, readings, 2)
    for reading in readings:
        anomaly = found["anomaly"].sel(reading=reading).values
        assert anomaly[-1]
        assert anomaly.sum() <= 1 + stats.binom.isf(3e-7, 150, components.FALSE_ALARM / 10)
    np.testing.assert_allclose(found["responsibility"].sum("component"), 1, rtol=ROUNDING)


# Peers.


@pytest.mark.slow
def test_bic_prefers_as_many_components_as_there_are_far_groups() -> None:
    rng = np.random.default_rng(10)
    y = np.concatenate([rng.normal(centre, 1, (60, 2)) for centre in ([0, 0], [12, 0], [0, 12])])
    found = expectation_maximisation.peers(y, 3, np.random.default_rng(1))
    assert int(found["bic"].min("restart").idxmin("components")) == 3
    labels = found["kmeans"].values.reshape(3, 60)
    assert all(len(set(group)) == 1 for group in labels)
    assert len(set(labels[:, 0])) == 3
    # BIC of one Gaussian, in the units of the data: -2 log likelihood + 5 log n.
    top = stats.multivariate_normal(y.mean(axis=0), np.cov(y.T, ddof=0)).logpdf(y).sum()
    assert float(found["bic"].sel(components=1).min()) == pytest.approx(-2 * top + 5 * np.log(len(y)), rel=1e-5)


@pytest.mark.slow
def test_restarts_of_em_that_reach_one_top_reach_it_to_a_tenth() -> None:
    rng = np.random.default_rng(11)
    y = np.concatenate([rng.normal(centre, 1, (100, 2)) for centre in ([0, 0], [2.5, 0], [0, 3])])
    found = expectation_maximisation.peers(y, 3, np.random.default_rng(2))["bic"].sel(components=3).values
    # Truth: scikit-learn's EM, run to its end from where the groups are.
    centres = np.array([[0.0, 0.0], [2.5, 0.0], [0.0, 3.0]])
    top = GaussianMixture(3, tol=1e-12, max_iter=50_000, reg_covar=1e-6, means_init=centres).fit(y).bic(y)
    near = found[np.abs(found - top) < 2]
    assert len(near) > 0
    assert np.abs(near - top).max() < 0.1

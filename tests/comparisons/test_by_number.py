"""Other numbers of components: leave-one-out prediction beside quadrature; and the labels that draws came with."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import lognorm, norm

import models
from comparisons.by_number import LARGEST, by_number
from comparisons.fit import _identified
from comparisons.plan import built_in
from tests.models.test_mixture import chains, labelled, points, truth
from tests.tolerances import K


@pytest.mark.slow
def test_one_component_predicts_as_quadrature_says() -> None:
    """With one component the model is a Normal, whose leave-one-out density is 1 / E[1 / p(y[i])], on a lattice."""
    plan = built_in("mixture-waiting")
    found = by_number(plan, np.random.SeedSequence(1))
    assert found["components"].values.tolist() == [k for k in range(1, LARGEST + 1) if k != 2]
    y = plan.data["y"].values[:, 0]
    one = plan.data.drop_dims("component").assign_coords(component=["1"])
    prior = models.load("mixture").priors(one)["weak"]
    n, middle, spread = len(y), y.mean(), y.std()
    mu = middle + spread / np.sqrt(n) * np.linspace(-6, 6, 121)
    sigma = spread * np.exp(np.linspace(-6, 6, 121) / np.sqrt(2 * n))
    m, s = (grid.ravel() for grid in np.meshgrid(mu, sigma))
    terms = norm(m, s).logpdf(y[:, None])
    a, b = prior["mu"].hyperparameters, prior["sigma"].hyperparameters
    log_prior = norm(a["mu"], a["sigma"]).logpdf(m) + lognorm(b["sigma"], scale=np.exp(b["mu"])).logpdf(s)
    log_weight = terms.sum(axis=0) + log_prior + np.log(s)  # the lattice is even in log sigma
    log_weight -= logsumexp(log_weight)
    exact = -logsumexp(log_weight - terms, axis=1)
    # The estimate moves as the mean of the log likelihood does: its sd over at least a hundred effective draws.
    total = terms.sum(axis=0)
    sd = np.sqrt(np.exp(log_weight) @ (total - np.exp(log_weight) @ total) ** 2)
    first = found.sel(components=1)
    assert float(first["elpd"].sum()) == pytest.approx(exact.sum(), abs=K * sd / 10)
    assert float(first["r_hat"]) < 1.05
    assert (first["khat"] < found.attrs["good_k"]).all()
    # Two groups lie far apart: one component cannot predict them, and a third is not needed.
    elpd = found["elpd"].sum("observation")
    assert float(elpd.sel(components=3) - elpd.sel(components=1)) > 40


def test_the_numbers_that_draws_came_with_are_kept() -> None:
    draws, pivot, scenario = chains(20), labelled(truth()), models.load("mixture")
    rng = np.random.default_rng(1)
    every = np.array(list(permutations(range(3))))
    index = every[rng.integers(6, size=(draws.sizes["chain"], draws.sizes["draw"]))]
    mixed = xr.Dataset(
        {
            name: values.copy(
                data=np.take_along_axis(values.values, index.reshape(index.shape + (1,) * (values.ndim - 3)), axis=2)
            )
            for name, values in draws.items()
        }
    )
    found, drawn = _identified(scenario, mixed, pivot, points(), list(draws))
    xr.testing.assert_equal(found, draws)
    assert drawn.dims == ("chain", "draw", "component")
    # What was drawn in place j is component index[j]: found again at index[j], under the number j.
    for chain, draw in np.ndindex(2, 20):
        np.testing.assert_array_equal(index[chain, draw][drawn.values[chain, draw]], np.arange(3))

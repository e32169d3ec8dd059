"""How many parts? The posterior predictive of a mixture with other numbers of components, beside that of the fit.

The leave-one-out density is that of the model with the labels summed out, which no relabelling touches. Short chains
suffice: their Monte Carlo error is small beside the variation among observations.
"""

from __future__ import annotations

import arviz as az
import numpy as np
import xarray as xr

import models
from comparisons import points, posterior, prediction
from comparisons.functions import Functions
from comparisons.optimum import STARTS
from comparisons.plan import Plan
from models.contract import Scenario

LARGEST = 4
CHAINS, DRAWS, TUNE = 4, 150, 300
AROUND = 0.1  # of the unconstrained scale: how far from the mode chains start


def by_number(plan: Plan, seed: np.random.SeedSequence) -> xr.Dataset:
    """Read the posterior with 1 to `LARGEST` components, that of the fit left out, under the default prior for each.

    Parameters
    ----------
    plan : Plan
        Of a scenario with interchangeable parts, and its own priors.
    seed : numpy.random.SeedSequence

    Returns
    -------
    xarray.Dataset
        ``elpd`` and ``khat`` (components, observation): leave-one-out log predictive density and its Pareto k-hat
        (`comparisons.prediction`); ``r_hat`` (components): of the log likelihood of all observations, which does not
        know labels. Attributes: ``prior``, ``good_k``.
    """
    scenario = models.load(plan.scenario)
    name = next(iter(plan.priors))
    numbers = [k for k in range(1, LARGEST + 1) if k != plan.data.sizes[scenario.interchangeable]]
    found = [_one(scenario, plan.data, name, k, own) for k, own in zip(numbers, seed.spawn(len(numbers)), strict=True)]
    whole = xr.concat(found, "components", combine_attrs="drop_conflicts")
    return whole.assign_coords(components=numbers).assign_attrs(prior=name, fit=plan.name)


def _one(scenario: Scenario, data: xr.Dataset, prior: str, number: int, seed: np.random.SeedSequence) -> xr.Dataset:
    dim = scenario.interchangeable
    resized = data.drop_dims(dim).assign_coords({dim: [str(k + 1) for k in range(number)]})
    start_seed, sampler_seed = seed.spawn(2)
    rng = np.random.default_rng(start_seed)
    starts = [scenario.start(resized, rng) for _ in range(STARTS)]
    functions = Functions(scenario.model(resized, scenario.priors(resized)[prior]), starts[0])
    inside = [functions.unconstrain(start) for start in starts]
    # With the wrong number of parts there are poor modes with next to no probability, which a short chain never leaves.
    mode = points.map_(functions, ["weight"], inside, 0.95).optimum.u
    around = [mode + AROUND * rng.normal(size=mode.size) for _ in range(CHAINS)]
    tree, draws = posterior.sample(functions, around, int(sampler_seed.generate_state(1)[0]), draws=DRAWS, tune=TUNE)
    terms = posterior.pointwise(functions, draws)["log_likelihood"]
    total = next(iter(terms.data_vars.values())).sum("observation", dtype=float)
    # Labels may differ from chain to chain, so that the efficiency of the draws is asked of what does not know them.
    elpd, khat, good, _ = prediction.of_posterior(
        terms, xr.Dataset({"total": total}), np.arange(data.sizes["observation"])
    )
    diverging = int(tree["sample_stats"]["diverging"].sum())
    return xr.Dataset(
        {
            "elpd": ("observation", elpd),
            "khat": ("observation", khat),
            "r_hat": float(az.rhat(total.transpose("chain", "draw").values)),
            "diverging": diverging,
        },
        attrs={"good_k": good},
    )

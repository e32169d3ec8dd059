"""The third reading: the full posterior, by NUTS (nutpie), with everything ArviZ needs to judge and to show it.

nutpie compiles the log density of a model once; a model with an equal graph is sampled with the same machine code and
its own data. Chains start at the scenario's dispersed points, so that draws depend on the seed alone and not on what
else the process has compiled.
"""

from __future__ import annotations

import logging
from itertools import cycle
from typing import Any

import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from pymc.backends.arviz import find_observations

from comparisons import native, points
from comparisons.functions import PYTHON, Array, Functions
from comparisons.optimum import Optimum

PREDICTIVE_DRAWS = 500
LARGEST_LOG_LIKELIHOOD = 20_000_000  # elements; above it the draws are thinned
BLOCK = 2_000_000  # elements of it computed at once
CURVED = 1e-10  # least eigenvalue of a curvature with ones on its diagonal, with which coordinates are made
STATISTICS = ("diverging", "energy", "depth", "n_steps", "step_size", "mean_tree_accept")


def sample(
    functions: Functions,
    starts: list[Array],
    seed: int,
    optimum: Optimum | None = None,
    *,
    draws: int = 1_000,
    tune: int = 1_000,
) -> tuple[xr.DataTree, Array]:
    """Sample the posterior, one chain per start.

    Parameters
    ----------
    functions : Functions
        Of the model.
    starts : list of array, shape (d,)
    seed : int
    optimum : Optimum, optional
        The mode, whose curvature makes coordinates in which NUTS is quick.
    draws, tune : int
        Kept draws and warm-up draws per chain.

    Returns
    -------
    tree : xarray.DataTree
        Groups ``posterior`` (declared parameters, dims ``(chain, draw, ...)``) and ``sample_stats``.
    unconstrained : array, shape (chains, draws, d)
    """
    location, factor = _coordinates(functions, starts, optimum)
    density = functions.native(location=location, factor=factor)
    inside = [np.linalg.solve(factor, start - location) for start in starts]
    order = cycle(inside)  # asked again if the density is zero at a start
    compiled = native.compiled_model(density, lambda _: next(order))
    result = nutpie.sample(
        compiled,
        draws=draws,
        tune=tune,
        chains=len(starts),
        cores=1,
        seed=seed,
        save_warmup=False,
        progress_bar=False,
    )
    unconstrained = location + result["posterior"]["v"].values @ factor.T
    kept = result["sample_stats"].to_dataset()[list(STATISTICS)]
    values = functions.each_declared(unconstrained.reshape(-1, functions.size))
    posterior = xr.Dataset(
        {
            name: (("chain", "draw", *dims(functions.model, name)), value.reshape(len(starts), draws, *value.shape[1:]))
            for name, value in values.items()
        },
        coords={"chain": np.arange(len(starts)), "draw": np.arange(draws), **coords(functions.model)},
    )
    return xr.DataTree.from_dict(
        {"posterior": posterior, "sample_stats": kept.assign_attrs(tuning_steps=tune)}
    ), unconstrained


def _coordinates(functions: Functions, starts: list[Array], optimum: Optimum | None) -> tuple[Array, Array]:
    """Location and factor of the coordinates ``v`` in which chains move, ``u = location + factor @ v``.

    nutpie adapts a scale per coordinate, within bounds. At a regular mode the curvature there makes all directions
    alike; otherwise the unit is the spread of the starts, so that no unit of the data is beyond the bounds.
    """
    if optimum is not None and optimum.regular:
        curvature = points.curvature(functions, optimum)
        unit = np.sqrt(np.maximum(np.diag(curvature), np.finfo(float).tiny))
        if np.linalg.eigvalsh(curvature / np.outer(unit, unit))[0] > CURVED:
            return optimum.u, np.linalg.cholesky(np.linalg.inv(curvature))
    scale = np.std(starts, axis=0)
    return np.mean(starts, axis=0), np.diag(np.where(scale > 0, scale, 1.0))


def dims(model: pm.Model, name: str) -> tuple[str, ...]:
    """Dims of a variable of the model."""
    return tuple(str(dim) for dim in model.named_vars_to_dims.get(name, ()))


def coords(model: pm.Model) -> dict[str, Any]:
    """Coordinates of the model's parameters."""
    used = {dim for variable in [*model.free_RVs, *model.deterministics] for dim in dims(model, variable.name)}
    return {dim: np.asarray(model.coords[dim]) for dim in used}


def pointwise(functions: Functions, unconstrained: Array) -> dict[str, xr.Dataset]:
    """Groups ``log_likelihood`` (per observation) and ``log_prior`` (per parameter), at every draw."""
    chains, draws, size = unconstrained.shape
    model = functions.model
    observed = model.observed_RVs
    rows = sum(value.size for value in functions.each_term(observed, unconstrained[0, :1]).values())
    stride = max(1, int(np.ceil(chains * draws * rows / LARGEST_LOG_LIKELIHOOD)))
    labels = {dim: np.asarray(model.coords[dim]) for one in observed for dim in dims(model, one.name)[:1]}
    result = {}
    for group, variables, step in (("log_likelihood", observed, stride), ("log_prior", model.free_RVs, 1)):
        chosen = unconstrained[:, ::step]
        points = chosen.reshape(-1, size)
        blocks = np.array_split(points, int(np.ceil(points.shape[0] * rows / BLOCK)) or 1)
        terms = [functions.each_term(variables, block) for block in blocks if len(block)]
        data = {}
        for name in terms[0]:
            shaped = np.concatenate([block[name].astype(np.float32) for block in terms])
            shaped = shaped.reshape(*chosen.shape[:2], *shaped.shape[1:])
            if group == "log_prior":
                shaped = shaped.reshape(*chosen.shape[:2], -1).sum(axis=-1)
            data[name] = (("chain", "draw", *dims(model, name)[: shaped.ndim - 2]), shaped)
        numbers = {"chain": np.arange(chains), "draw": np.arange(0, draws, step)}
        result[group] = xr.Dataset(data, coords=numbers | (labels if group == "log_likelihood" else {}))
    return result


def total(functions: Functions, unconstrained: Array, constant: float, terms: xr.Dataset) -> xr.Dataset:
    """Log likelihood of all observations together, at the draws at which the terms of single rows are stored.

    Parameters
    ----------
    functions : Functions
        Of the compact model.
    unconstrained : array, shape (chains, draws, d)
    constant : float
        What the log likelihood of the rows has more than that of their compact form.
    terms : xarray.Dataset
        Made by `pointwise`; it has the draws.
    """
    chosen = unconstrained[:, terms["draw"].values]
    values = functions.each_term(functions.model.observed_RVs, chosen.reshape(-1, chosen.shape[2]))
    sums = sum(one.reshape(*chosen.shape[:2], -1).sum(axis=2) for one in values.values())
    name = next(iter(terms.data_vars))
    return xr.Dataset(
        {name: (("chain", "draw"), sums + constant)}, coords={key: terms[key] for key in ("chain", "draw")}
    )


def predictive(functions: Functions, posterior: xr.Dataset, proper: bool, seed: int) -> dict[str, xr.Dataset]:
    """Draws of new data, from the posterior and, if it is proper, from the prior.

    Returns
    -------
    dict of str to xarray.Dataset
        ``posterior_predictive``, ``observed_data`` and, for a proper prior, ``prior`` and ``prior_predictive``.
    """
    options: dict[str, Any] = {"model": functions.model, "random_seed": seed, "compile_kwargs": {"mode": PYTHON}}
    total = posterior.sizes["chain"] * posterior.sizes["draw"]
    thinned = posterior.isel(draw=slice(None, None, max(1, total // PREDICTIVE_DRAWS)))
    frozen = [variable.name for variable in functions.parameters]
    logging.getLogger("pymc.sampling.forward").setLevel(logging.WARNING)
    model, rows = functions.model, [variable.name for variable in functions.model.observed_RVs]
    new = pm.sample_posterior_predictive(
        thinned, freeze_vars=frozen, progressbar=False, return_inferencedata=False, **options
    )
    numbers = {name: thinned[name].values for name in ("chain", "draw")}
    observed = {name: np.asarray(value) for name, value in find_observations(model).items()}
    result = {
        "posterior_predictive": _labelled(model, {name: new[name] for name in rows}, numbers),
        "observed_data": _labelled(model, observed, {}),
    }
    if proper:
        drawn = pm.sample_prior_predictive(PREDICTIVE_DRAWS, return_inferencedata=False, **options)
        numbers = {"chain": np.arange(1), "draw": np.arange(PREDICTIVE_DRAWS)}
        before = {name: value[None] for name, value in drawn.items()}
        result["prior"] = _labelled(model, {name: before[name] for name in before if name not in rows}, numbers)
        result["prior_predictive"] = _labelled(model, {name: before[name] for name in rows}, numbers)
    return result


def _labelled(model: pm.Model, values: dict[str, Array], numbers: dict[str, Array]) -> xr.Dataset:
    """Arrays whose first dims are numbered and whose others are those of the model's variables."""
    data = {name: ((*numbers, *dims(model, name)), value) for name, value in values.items()}
    used = {dim for name in values for dim in dims(model, name)}
    return xr.Dataset(data, coords=numbers | {dim: np.asarray(model.coords[dim]) for dim in used})


def simulated(model: pm.Model, count: int, seed: int, truth: dict[str, Array] | None = None) -> dict[str, xr.Dataset]:
    """Draw worlds from a model: parameters from their prior, or the same in all, and data given these.

    Parameters
    ----------
    model : pymc.Model
        With a proper prior, if the truth is drawn from it.
    count : int
        How many.
    seed : int
    truth : dict of str to array, optional
        Parameters that are the same in all worlds.

    Returns
    -------
    dict of str to xarray.Dataset
        ``truth``, the parameters, and ``data``, the observed variables; first dim ``world``.
    """
    logging.getLogger("pymc.sampling.forward").setLevel(logging.WARNING)
    options: dict[str, Any] = {"model": model, "random_seed": seed, "compile_kwargs": {"mode": PYTHON}}
    if truth is None:
        tree = pm.sample_prior_predictive(count, **options)
        found = tree["prior"].to_dataset(), tree["prior_predictive"].to_dataset()
    else:
        same = {
            name: (("chain", "draw", *dims(model, name)), np.broadcast_to(value, (1, count, *np.shape(value))))
            for name, value in truth.items()
        }
        given = xr.Dataset(same, coords=coords(model))
        tree = pm.sample_posterior_predictive(given, freeze_vars=list(truth), progressbar=False, **options)
        found = given, tree["posterior_predictive"].to_dataset()
    worlds = [one.isel(chain=0, drop=True).rename(draw="world").drop_attrs() for one in found]
    return dict(zip(("truth", "data"), worlds, strict=True))

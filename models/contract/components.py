"""Mathematics of Gaussian mixtures, shared by the model's graph and everything read off a fit.

A mixture has weights ``weight`` (k), means ``mu`` (k, d), standard deviations ``sigma`` (k, d) and correlations ``rho``
(k, d (d - 1) / 2). In more than two dimensions ``rho`` holds canonical partial correlations in the order (2,1), (3,1),
(3,2), ...: any values between -1 and 1 make a correlation matrix (Lewandowski, D., Kurowicka, D. and Joe, H. 2009,
doi:10.1016/j.jmva.2009.04.008).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FALSE_ALARM = 0.05


def log_components(y: Any, weight: Any, mu: Any, sigma: Any, rho: Any, xp: Any) -> Any:
    r"""Log of weight times density of every component at every point.

    With :math:`L` the Cholesky factor of a component's correlation matrix, built row by row from partial correlations,
    the whitened point :math:`L^{-1} (y - \mu) / \sigma` is found by forward substitution: no matrix is ever formed.

    Parameters
    ----------
    y : array, shape (..., d)
    weight : array, shape (..., k)
    mu, sigma : array, shape (..., k, d)
    rho : array, shape (..., k, d (d - 1) / 2)
        Canonical partial correlations.
    xp : module
        `numpy`, or `pytensor.tensor` for the model's graph: one formula for both.

    Returns
    -------
    array, shape (..., k)
        The leading dims of the arguments broadcast.
    """
    d = y.shape[-1] if xp is np else y.type.shape[-1]
    log_density = xp.log(weight) - d / 2 * np.log(2 * np.pi)
    white: list[Any] = []
    pair = 0
    for j in range(d):
        # What belongs to a component alone is divided, rooted and logged once for it, not once for every point.
        remaining: Any = 1.0
        factors = []
        for _ in range(j):
            partial = rho[..., pair]
            factors.append(partial * xp.sqrt(remaining))
            remaining = remaining * (1 - partial**2)
            pair += 1
        root = xp.sqrt(remaining)
        scale = sigma[..., j] * root
        log_density = log_density - xp.log(scale)
        residual = (y[..., None, j] - mu[..., j]) * (1 / scale)
        for i in range(j):
            residual = residual - (factors[i] / root) * white[i]
        white.append(residual)
    return log_density - sum(part**2 for part in white) / 2


def most_ties(y: Array) -> int:
    """The largest number of points, shape (n, d), that are equal in one variable."""
    return max(int(np.unique(column, return_counts=True)[1].max()) for column in y.T)


def correlation_matrix(rho: Array) -> Array:
    """Correlation matrices from canonical partial correlations, shape (..., d (d - 1) / 2) to (..., d, d)."""
    d = int((1 + np.sqrt(1 + 8 * rho.shape[-1])) / 2)
    factor = np.zeros((*rho.shape[:-1], d, d))
    pair = 0
    for j in range(d):
        remaining = np.ones(rho.shape[:-1])
        for i in range(j):
            factor[..., j, i] = rho[..., pair] * np.sqrt(remaining)
            remaining = remaining * (1 - rho[..., pair] ** 2)
            pair += 1
        factor[..., j, j] = np.sqrt(remaining)
    return factor @ np.swapaxes(factor, -1, -2)


def partial_correlations(correlation: Array) -> Array:
    """Canonical partial correlations of correlation matrices, the inverse of `correlation_matrix`."""
    factor = np.linalg.cholesky(correlation)
    columns = []
    for j in range(correlation.shape[-1]):
        remaining = np.ones(correlation.shape[:-2])
        for i in range(j):
            partial = factor[..., j, i] / np.sqrt(remaining)
            remaining = remaining * (1 - partial**2)
            columns.append(partial)
    return np.stack(columns, axis=-1)


def draw_points(rng: np.random.Generator, n: int, weight: Array, mu: Array, sigma: Array, rho: Array) -> Array:
    """Draw ``n`` new points from one mixture, shape (n, d)."""
    component = rng.choice(len(weight), size=n, p=weight / weight.sum())
    factor = np.linalg.cholesky(correlation_matrix(rho))
    noise = rng.normal(size=(n, mu.shape[-1]))
    points: Array = mu[component] + sigma[component] * np.einsum("nij,nj->ni", factor[component], noise)
    return points


def arrays(parameters: xr.Dataset) -> dict[str, Array]:
    """The parameters of one mixture, or of many along leading dims, as arrays; ``rho`` is empty in one dimension."""
    leading = [dim for dim in ("chain", "draw") if dim in parameters.dims]
    result = {
        "weight": parameters["weight"].transpose(*leading, "component").values,
        "mu": parameters["mu"].transpose(*leading, "component", "feature").values,
        "sigma": parameters["sigma"].transpose(*leading, "component", "feature").values,
    }
    if "rho" in parameters:
        result["rho"] = parameters["rho"].transpose(*leading, "component", "pair").values
    else:
        result["rho"] = np.zeros((*result["weight"].shape, 0))
    return result


def terms_at(points: Array, parameters: xr.Dataset) -> Array:
    """Log of weight times density, shape (..., n, k), with the leading dims of the parameters."""
    values = arrays(parameters)
    spread = {name: np.expand_dims(value, -2 if name == "weight" else -3) for name, value in values.items()}
    terms: Array = log_components(points, **spread, xp=np)
    return terms


def log_responsibilities(points: Array, parameters: xr.Dataset) -> Array:
    """Log probability that each point belongs to each component, shape (..., n, k), leading dims as the draws."""
    terms = terms_at(points, parameters)
    shares: Array = terms - np.logaddexp.reduce(terms, axis=-1, keepdims=True)
    return shares


def responsibilities(points: Array, parameters: xr.Dataset) -> Array:
    """Probability that each point belongs to each component, averaged over draws if there are any; shape (n, k)."""
    shares = np.exp(log_responsibilities(points, parameters))
    average: Array = shares.reshape(-1, *shares.shape[-2:]).mean(axis=0)
    return average


def density(points: Array, parameters: xr.Dataset) -> Array:
    """Density at each point, averaged over draws if there are any (the posterior predictive density); shape (n,)."""
    values = np.exp(terms_at(points, parameters)).sum(axis=-1)
    average: Array = values.reshape(-1, values.shape[-1]).mean(axis=0)
    return average


def new_points(n: int, parameters: xr.Dataset, rng: np.random.Generator) -> Array:
    """Draw ``n`` new points from a fit; with draws, each point from a mixture of its own (posterior predictive)."""
    values = arrays(parameters)
    many = int(np.prod(values["weight"].shape[:-1], dtype=int))
    flat = {
        name: value.reshape(many, *value.shape[-(1 if name == "weight" else 2) :]) for name, value in values.items()
    }
    which = rng.integers(len(flat["weight"]), size=n)
    used, counts = np.unique(which, return_counts=True)
    parts = [draw_points(rng, m, *(flat[name][i] for name in flat)) for i, m in zip(used, counts, strict=True)]
    return rng.permutation(np.concatenate(parts))


def extras(data: xr.Dataset, readings: Mapping[str, xr.Dataset], rng: np.random.Generator) -> xr.Dataset:
    """What users of a mixture expect to read off: see the variables of the result.

    Anomalies are calibrated: ``tail`` is the probability that a new point of the fitted mixture has a density as low as
    this one, by simulation, and a point is an ``anomaly`` if its tail probability survives the false discovery control
    of Benjamini and Hochberg (1995) at 5 %. Data from the model itself then rarely hold any, whatever their number.
    """
    import xarray as xr
    from scipy.stats import false_discovery_control

    y = data["y"].values
    readings = {name: value for name, value in readings.items() if np.isfinite(value["mu"]).all()}
    reading = list(readings)
    # A tail probability must be able to fall below 5 % of one in n, or no single point could ever be flagged.
    fresh_points = max(20_000, int(np.ceil(2 * len(y) / FALSE_ALARM)))
    # Every tenth draw: 20,000 new points under 4,000 mixtures would take minutes for a third digit nobody reads.
    readings = {
        name: value.isel(draw=slice(None, None, 10)) if "draw" in value.dims else value
        for name, value in readings.items()
    }
    share = [responsibilities(y, readings[name]) for name in reading]
    height = [density(y, readings[name]) for name in reading]
    tails, fresh = [], []
    for name, here in zip(reading, height, strict=True):
        sample = new_points(fresh_points, readings[name], rng)
        level = np.sort(np.concatenate([density(part, readings[name]) for part in np.array_split(sample, 40)]))
        tails.append((np.searchsorted(level, here, side="right") + 1) / (len(level) + 1))
        fresh.append(sample[: len(y)])
    anomaly = [false_discovery_control(tail) <= FALSE_ALARM for tail in tails]
    result = xr.Dataset(
        {
            "responsibility": (("reading", "observation", "component"), share),
            "density": (("reading", "observation"), height),
            "tail": (("reading", "observation"), tails),
            "anomaly": (("reading", "observation"), anomaly),
            "new_points": (("reading", "new_point", "feature"), fresh),
        },
        coords={"reading": reading},
    )
    return result.assign_attrs(false_discovery_rate=FALSE_ALARM)

"""Curves: prior densities in closed form, the posterior, the likelihood from stored terms, and densities of draws."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import arviz as az
import numpy as np

from models.contract import Distribution
from models.contract.families import REAL, UNIT
from reports import closed_form
from reports.stored import Array, Fit

Density = Callable[[Array], Array]
CURVE = 400  # points of a curve
FAR = 0.0005  # share of draws beyond what a density is made for, on either side, if nothing else is said
REACH = 4.0  # widths of the kernel beyond the last draw: there a Normal kernel has fallen to exp(-8)


def prior_densities(fit: Fit, prior: str) -> dict[str, Density]:
    """Densities of the priors of the compared elements, where they are proper and known in closed form."""
    posterior = fit.tree[prior]["posterior"].to_dataset()
    parameters = [str(name) for name in json.loads(fit.text("parameters")) if name in posterior]
    written: dict[str, dict[str, dict[str, Any]]] = json.loads(fit.text("distributions"))
    labels = iter(fit.labels)
    found: dict[str, Density] = {}
    for name in parameters:
        shape = posterior[name].transpose("chain", "draw", ...).shape[2:]
        one = written[prior].get(name)
        for index in np.ndindex(*shape):
            label = next(labels)
            density = _element(Distribution.from_json(one), shape, index) if one else None
            if density is not None:
                found[label] = density
    return found


def _element(distribution: Distribution, shape: tuple[int, ...], index: tuple[int, ...]) -> Density | None:
    """The marginal density of one element, or None."""
    if not distribution.proper:
        return None
    if distribution.name == "Dirichlet":
        a = np.broadcast_to(distribution.hyperparameters["a"], shape)
        return _pdf(Distribution("Beta", alpha=a[index], beta=a.sum() - a[index]))
    hyperparameters = {key: np.broadcast_to(value, shape)[index] for key, value in distribution.hyperparameters.items()}
    return _pdf(Distribution(distribution.name, **hyperparameters))


def _pdf(distribution: Distribution) -> Density | None:
    try:
        distribution.log_density(0.5)
    except KeyError:
        return None  # no closed form is known here; the picture goes without
    return lambda x: np.exp(np.asarray(distribution.log_density(x), dtype=float))


def supports(fit: Fit, prior: str) -> dict[str, tuple[float, float]]:
    """Ends of the support of every compared element, as far as its prior says; the whole line where it says nothing."""
    posterior = fit.tree[prior]["posterior"].to_dataset()
    written: dict[str, dict[str, dict[str, Any]]] = json.loads(fit.text("distributions"))
    labels, found = iter(fit.labels), {}
    for name in json.loads(fit.text("parameters")):
        if name not in posterior:
            continue
        shape = posterior[name].transpose("chain", "draw", ...).shape[2:]
        one = written[prior].get(name)
        known = Distribution.from_json(one) if one else None
        ends = REAL if known is None else UNIT if known.name == "Dirichlet" else known.support
        low, high = (np.broadcast_to(end, shape) for end in ends)
        for index in np.ndindex(*shape):
            found[next(labels)] = float(low[index]), float(high[index])
    return found


def kernel(
    draws: Array,
    support: tuple[float, float] = REAL,
    ends: tuple[float, float] | None = None,
    points: int | None = None,
    factor: float = 1.0,
) -> tuple[Array, Array]:
    """Kernel density of draws by ArviZ: zero outside of the support, and drawn until it is negligible.

    At an end of the support the kernel is reflected, so that no mass is lost there. Where there is no end, the curve
    goes on for `REACH` widths of the kernel beyond the last draw.

    Parameters
    ----------
    draws : array
    support : tuple of float
        Its ends; infinite where there is none.
    ends : tuple of float, optional
        Of what is shown: nothing beyond is returned. Draws farther out than the width of this range are left out of the
        estimate but not of the total, since one far draw would make the grid too coarse for all the others.
    points : int, optional
        How many points to return, evenly spaced; ArviZ's own if not given.
    factor : float
        Width of the kernel, in ArviZ's own.

    Returns
    -------
    x, height : array
        Of draws that are all equal, a spike of height 1.
    """
    draws = np.asarray(draws, dtype=float).ravel()
    low, high = ends if ends is not None else np.quantile(draws, (FAR, 1 - FAR))
    near = draws[(draws >= 2 * low - high) & (draws <= 2 * high - low)]
    if not len(near):
        return near, near
    if np.ptp(near) == 0:
        return np.repeat(near[:1], 2), np.array([0.0, 1.0])
    width = float(az.kde(near, bw_fct=factor)[2])
    limits = [max(near.min() - REACH * width, min(support[0], near.min())),
              min(near.max() + REACH * width, max(support[1], near.max()))]  # fmt: skip
    middle, density, _ = az.kde(near, bw=width, custom_lims=limits, bound_correction=True)
    # ArviZ gives the middles of its cells; the outermost ones end where the curve does.
    x = np.concatenate([limits[:1], np.asarray(middle, dtype=float), limits[1:]])
    height = np.pad(np.asarray(density, dtype=float), 1, mode="edge") * (len(near) / len(draws))
    first, last = (limits[0], limits[1]) if ends is None else (max(limits[0], ends[0]), min(limits[1], ends[1]))
    if first >= last:
        return np.array([]), np.array([])
    inside = x[(x > first) & (x < last)]
    grid = np.concatenate([[first], inside, [last]]) if points is None else np.linspace(first, last, points)
    return grid, np.interp(grid, x, height)


def posterior_curve(fit: Fit, prior: str, label: str) -> tuple[Array, Array]:
    """Density of the posterior: in closed form, or prior times likelihood where both are curves, or of the draws."""
    known = closed_form.known(fit, prior)
    if known is not None:
        return known.curve(CURVE)
    likelihood, density = likelihood_curve(fit), prior_densities(fit, prior).get(label)
    if likelihood is not None and density is not None:
        x, height = likelihood[0], density(likelihood[0]) * likelihood[1]
        return x, height / np.trapezoid(height, x)
    return kernel(fit.draws(prior)[label].values, supports(fit, prior)[label])


def likelihood_curve(fit: Fit) -> tuple[Array, Array] | None:
    """The likelihood of a model with one parameter, at the draws of all priors, as a fraction of its largest value.

    The log likelihood was stored at every draw; with a single parameter it is a curve.
    """
    if len(fit.labels) != 1:
        return None
    x, height = [], []
    for prior in fit.priors:
        stored = fit.log_likelihood(prior)
        if stored is None:
            return None
        terms = stored[next(iter(stored.data_vars))].transpose("chain", "draw", ...).astype(float)
        total = terms.sum([dim for dim in terms.dims if dim not in ("chain", "draw")])
        draws = fit.draws(prior)[fit.labels[0]].sel(draw=total["draw"])
        x.append(draws.values.ravel())
        height.append(total.values.ravel())
    points, heights = np.concatenate(x), np.concatenate(height)
    order = np.argsort(points)
    even = np.searchsorted(points[order], np.linspace(points.min(), points.max(), CURVE))
    chosen = order[np.unique(even)]
    top = float(fit.tree[fit.default]["mle"].attrs["log_density"])
    top = top if np.isfinite(top) else heights.max()
    return points[chosen], np.exp(np.minimum(heights[chosen] - top, 0))

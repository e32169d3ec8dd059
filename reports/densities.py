"""Curves: prior densities in closed form, the posterior, the likelihood from stored terms."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import arviz as az
import numpy as np

from models.contract import Distribution
from reports.stored import Array, Fit

Density = Callable[[Array], Array]
CURVE = 400  # points of a curve


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


def posterior_curve(fit: Fit, prior: str, label: str) -> tuple[Array, Array]:
    """Density of the posterior: prior times likelihood where both are known as curves, else ArviZ's kernel estimate."""
    likelihood, density = likelihood_curve(fit), prior_densities(fit, prior).get(label)
    if likelihood is not None and density is not None:
        x, height = likelihood[0], density(likelihood[0]) * likelihood[1]
        return x, height / np.trapezoid(height, x)
    curve = az.kde(fit.draws(prior)[label].values.ravel())
    return np.asarray(curve[0], dtype=float), np.asarray(curve[1], dtype=float)


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

"""Leave-one-out of a mixture whose labels are drawn: the same question, put so that importance sampling cannot answer.

Leaving out an observation leaves out what chose its label. The draws of a label come from the posterior that has seen
it, and the component it would need to be weighted towards is hardly ever among them. With the labels summed out every
draw holds all components (Vehtari, A., Gelman, A. and Gabry, J. 2017, doi:10.1007/s11222-016-9696-4; Merkle, E. C.,
Furr, D. and Rabe-Hesketh, S. 2019, doi:10.1007/s11336-019-09679-0).
"""

from __future__ import annotations

from dataclasses import dataclass

import arviz_stats  # noqa: F401  (gives arrays the accessor azstats)
import numpy as np
import xarray as xr
from scipy.special import logsumexp

from models.contract.components import terms_at
from reports.stored import Array, Fit

SEED = 0  # of the labels
MOST = 300_000  # draws times observations that are looked at
LEAD = ("chain", "draw", "observation")


@dataclass(frozen=True)
class LeftOut:
    """Leave-one-out log density of all observations, with labels drawn and with labels summed out.

    Attributes
    ----------
    drawn, summed : float
    drawn_bad, summed_bad : int
        Observations whose Pareto k-hat is too high.
    n : int
    """

    drawn: float
    summed: float
    drawn_bad: int
    summed_bad: int
    n: int


def left_out(fit: Fit) -> LeftOut | None:
    """Under the default prior; None where the stored prediction is not one of all observations, or is missing."""
    stored = fit.dataset(fit.default, "prediction")
    if stored is None or "component" not in fit.data.sizes:
        return None
    summed, khat = stored["elpd"].sel(reading="posterior").values, stored["khat"].values
    draws, y = fit.dataset(fit.default, "posterior"), fit.data["y"].transpose("observation", "feature").values
    if draws is None or len(summed) != len(y) or not np.isfinite(summed).all():
        return None
    good = float(stored.attrs["good_k"])
    step = max(1, int(np.ceil(draws.sizes["chain"] * draws.sizes["draw"] * len(y) / MOST)))
    thinned = draws.isel(draw=slice(None, None, step))
    drawn = importance(labelled(y, thinned, np.random.default_rng(SEED)), good)
    if drawn is None:
        return None
    return LeftOut(drawn[0], float(summed.sum()), drawn[1], int(np.sum(~(khat <= good))), len(y))


def labelled(y: Array, draws: xr.Dataset, rng: np.random.Generator) -> Array:
    """Log density of every point, shape (n, d), in a component drawn for it, shape (chain, draw, n)."""
    terms = terms_at(y, draws)  # log of weight times density
    share = np.exp(terms - np.logaddexp.reduce(terms, axis=-1, keepdims=True))
    below = np.cumsum(share, axis=-1)[..., :-1] < rng.random((*share.shape[:-1], 1))
    label = below.sum(axis=-1)[..., None]
    weight = np.log(draws["weight"].transpose("chain", "draw", "component").values)[:, :, None, :]
    found: Array = np.take_along_axis(terms - weight, label, axis=-1)[..., 0]
    return found


def importance(log_density: Array, good: float) -> tuple[float, int] | None:
    """Sum of leave-one-out log densities by Pareto smoothed importance sampling, and k-hat values above ``good``.

    None if the density of an observation is the same at all draws that matter: then there are no weights.
    """
    terms = xr.DataArray(log_density, dims=LEAD)
    try:
        weights, khat = terms.azstats.psislw(dim=list(LEAD[:2]))
    except ValueError as problem:
        if "tail" not in str(problem):
            raise
        return None
    total = logsumexp(weights.transpose(*LEAD).values + log_density, axis=(0, 1))
    return float(total.sum()), int(np.sum(~(khat.values <= good)))

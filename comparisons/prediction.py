r"""How well does each reading predict an observation it has not seen?

The leave-one-out log predictive density of observation :math:`i` is :math:`\log p(y_i \mid y_{-i})` for the posterior,
by Pareto smoothed importance sampling (PSIS; Vehtari, Gelman and Gabry 2017, doi:10.1007/s11222-016-9696-4), and the
plug-in density at the maximum found without it for a point (`comparisons.left_out`).
"""

from __future__ import annotations

import arviz as az
import numpy as np
import xarray as xr
from scipy.special import logsumexp

from comparisons.functions import Array
from comparisons.left_out import ONE_ROW, LeftOut, Rows

READINGS = ("mle", "map", "posterior")
MOST_ROWS = 1_000  # of which each is left out; of more, a random subsample of this size
UNWEIGHTABLE = "the posterior's likelihood of an observation is the same at all the draws that matter: no weights"
GOOD = 0.7  # the largest k-hat to be trusted with any number of draws (Vehtari and others 2024, jmlr.org/v25/19-556)
LOO_ELEMENTS = 1_000_000  # of the log likelihood given to PSIS; above it the draws are thinned, for speed


def chosen(n: int, rng: np.random.Generator) -> Rows:
    """Rows that are left out in turn: all, or a random subsample of `MOST_ROWS`, in increasing order."""
    return np.arange(n) if n <= MOST_ROWS else np.sort(rng.choice(n, MOST_ROWS, replace=False))


def of_posterior(
    log_likelihood: xr.Dataset, draws: xr.Dataset, rows: Rows, improper: str = ""
) -> tuple[Array, Array, float, str]:
    """Leave-one-out log predictive density of the posterior, by PSIS.

    Parameters
    ----------
    log_likelihood : xarray.Dataset
        At stored draws, dims ``(chain, draw, observation)``.
    draws : xarray.Dataset
        Of the parameters, dims ``(chain, draw, ...)``, with those draws among them.
    rows : array of int, shape (m,)
    improper : str
        Why there is no posterior; empty if there is one.

    Returns
    -------
    elpd, khat : array, shape (m,)
    good : float
        The largest k-hat that can be trusted, for this number of draws.
    reason : str
        Why there is none; empty if there is one.
    """
    nothing = np.full(len(rows), np.nan)
    stored = next(iter(log_likelihood.data_vars.values()))
    if improper or stored.ndim < 3 or stored.shape[2] < 2:
        return nothing, nothing, float("nan"), improper or ONE_ROW
    chosen_rows = stored.isel({stored.dims[2]: rows})
    stride = max(1, int(np.ceil(chosen_rows.size / LOO_ELEMENTS)))
    thinned = chosen_rows.isel(draw=slice(None, None, stride)).transpose("chain", "draw", ...)
    values = thinned.values.astype(float).reshape(*thinned.shape[:2], len(rows), -1).sum(axis=-1)
    kept = draws.sel(draw=thinned["draw"])
    # Plain names: data may use one that ArviZ uses itself (alpha, component).
    parameters = xr.Dataset(
        {
            f"q{k}": (
                ("chain", "draw", *(f"q{k}_{j}" for j in range(one.ndim - 2))),
                one.transpose("chain", "draw", ...).data,
            )
            for k, one in enumerate(kept.data_vars.values())
        }
    )
    # As `az.loo`, which after the weights sums observation by observation.
    size = values.shape[0] * values.shape[1]
    terms = xr.DataArray(values, dims=("chain", "draw", "observation"))
    try:
        weights, khat = terms.azstats.psislw(r_eff=_efficiency(parameters) / size, dim=["chain", "draw"])
    except ValueError as problem:
        if "tail" not in str(problem):
            raise
        return nothing, nothing, float("nan"), UNWEIGHTABLE
    weighted = (weights.transpose("chain", "draw", "observation").values + values).reshape(size, len(rows))
    return logsumexp(weighted, axis=0), khat.values, min(1 - 1 / float(np.log10(size)), GOOD), ""


def _efficiency(parameters: xr.Dataset) -> float:
    """Effective sample size of the mean, averaged over the parameters; of a single chain, all draws."""
    sizes = parameters.sizes
    if sizes["chain"] == 1:
        return float(sizes["chain"] * sizes["draw"])
    found = az.ess(parameters, method="mean")
    return float(np.concatenate([one.values.ravel() for one in found.data_vars.values()]).mean())


def together(
    points: dict[str, LeftOut],
    log_likelihood: xr.Dataset,
    draws: xr.Dataset,
    rows: Rows,
    improper: str = "",
    total: int | None = None,
) -> xr.Dataset:
    """Predictive densities of the three readings under one prior, as they are stored.

    Parameters
    ----------
    points : dict of str to LeftOut
        ``mle`` and ``map`` (`of_point`).
    log_likelihood, draws, rows, improper
        As in `of_posterior`.
    total : int, optional
        Observations in all, if the log likelihood has only some of them.

    Returns
    -------
    xarray.Dataset
        ``elpd`` with dims ``(reading, observation)`` and ``khat`` with dim ``observation``. Attributes: ``rows``, how
        many observations there are in all; ``good_k``; ``reason_<reading>``, why there are NaN or what to know; and
        ``refits_<reading>``.
    """
    elpd, khat, good, reason = of_posterior(log_likelihood, draws, rows, improper)
    stored = next(iter(log_likelihood.data_vars.values()))
    labels = log_likelihood["observation"].values[rows] if "observation" in log_likelihood.coords else rows
    return xr.Dataset(
        {
            "elpd": (("reading", "observation"), np.stack([points["mle"].elpd, points["map"].elpd, elpd])),
            "khat": ("observation", khat),
        },
        coords={"reading": list(READINGS), "observation": labels},
        attrs={
            "rows": total or (int(stored.shape[2]) if stored.ndim > 2 else 1),
            "good_k": good,
            "reason_posterior": reason,
            **{f"reason_{reading}": left.reason for reading, left in points.items()},
            **{f"refits_{reading}": left.refits for reading, left in points.items()},
        },
    )

"""How far does the posterior move if the prior, or the likelihood, counted a little more or less?

Power-scaling sensitivity: the distance between the distribution of a parameter and the one reweighted by a power of
the prior, or of the likelihood, near 1, per doubling of that power (Kallioinen, Paananen, Bürkner and Vehtari 2024,
doi:10.1007/s11222-023-10366-5), by ArviZ.
"""

from __future__ import annotations

import arviz as az
import numpy as np
import xarray as xr

THRESHOLD = 0.05  # above it ArviZ, as the authors, counts a parameter as sensitive
COMPONENTS = ("prior", "likelihood")


def of_posterior(draws: xr.Dataset, log_prior: xr.Dataset, log_likelihood: xr.Dataset) -> xr.Dataset | None:
    """Sensitivity of every element of the parameters.

    Parameters
    ----------
    draws : xarray.Dataset
        Of the compared parameters, dims ``(chain, draw, ...)``.
    log_prior, log_likelihood : xarray.Dataset
        Terms at those draws, or at some of them.

    Returns
    -------
    xarray.Dataset or None
        ``prior`` and ``likelihood`` over ``element``: the elements of all parameters, in the order of the comparison
        table. None under a prior that is constant: a power of a constant is a constant.
    """
    kept = log_likelihood["draw"]
    prior = log_prior.sel(draw=kept).astype(float)
    if all(np.ptp(variable.values) == 0 for variable in prior.values()):
        return None
    values = [one.sel(draw=kept).transpose("chain", "draw", ...).values for one in draws.data_vars.values()]
    elements = [one[:, :, *index] for one in values for index in np.ndindex(*one.shape[2:])]
    # ArviZ would sum over the observations too, but a copy of all of them. Elements get names of their own: data may
    # use one that ArviZ uses itself (alpha).
    rows = [dim for dim in log_likelihood.dims if dim not in ("chain", "draw")]
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({f"q{k}": (("chain", "draw"), one) for k, one in enumerate(elements)}),
            "log_prior": prior.drop_vars(["chain", "draw"]),
            "log_likelihood": log_likelihood.sum(rows, dtype=float).drop_vars(["chain", "draw"]),
        }
    )
    # Above the threshold ArviZ logs a warning that repeats what the numbers say; with none above, it is silent.
    table = az.psense_summary(tree, threshold=np.inf, round_to=12)
    names = [f"q{k}" for k in range(len(elements))]
    return xr.Dataset({one: ("element", table.loc[names, one].to_numpy(dtype=float)) for one in COMPONENTS})

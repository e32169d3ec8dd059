"""Made-up sweeps of a toy, as `comparisons.sweeps` stores them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

STRENGTHS = np.geomspace(0.01, 100, 5)
SIZES = [1, 2, 3]
SHARES = [0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975]
DRAWS = 120


def sweep(parameter: str, along: str, values: list[float] | list[int]) -> xr.Dataset:
    """Three readings that move towards one half and towards one another along the sweep; no MLE at its first end."""
    rng = np.random.default_rng(5)
    coords = {along: values, "reading": ["mle", "map", "posterior"], "parameter": [parameter], "share": SHARES}
    steps = len(values)
    width = np.linspace(0.12, 0.05, steps)[:, None, None] * np.ones((steps, 3, 1))
    place = np.linspace([0.9, 0.8, 0.7], [0.9, 0.52, 0.51], steps)[:, :, None]
    place[0, 0] = np.nan
    draws = rng.normal(place[:, 2], width[:, 2], (steps, DRAWS))[..., None]
    good = np.ones((steps, 1))
    dims = (along, "reading", "parameter")
    return xr.Dataset(
        {
            "estimate": (dims, place),
            "sd": (dims, width),
            "lower": (dims, place - 2 * width),
            "upper": (dims, place + 2 * width),
            "quantile": ((along, "share", "parameter"), np.quantile(draws, SHARES, axis=1).swapaxes(0, 1)),
            "draws": ((along, "draw", "parameter"), draws.astype("f4")),
            "r_hat": ((along, "parameter"), good),
            "ess_bulk": ((along, "parameter"), 900 * good),
            "ess_tail": ((along, "parameter"), 800 * good),
            "failed": (along, np.zeros(steps, bool)),
        },
        coords=coords,
        attrs={"level": 0.95, "intervals": "wald, laplace, eti", "seed": 1},
    )


def write_sweeps(folder: Path, parameter: str, prior: str) -> None:
    """Write both sweeps beside the results of a toy."""
    strengths = sweep(parameter, "strength", STRENGTHS.tolist()).expand_dims(prior=[prior])
    strengths.assign_attrs(fit=folder.name, swept=parameter).to_netcdf(folder / "sweep_prior.nc", engine="netcdf4")
    sizes = sweep(parameter, "n", SIZES)
    sizes.assign_attrs(fit=folder.name, prior=prior).to_netcdf(folder / "sweep_n.nc", engine="netcdf4")

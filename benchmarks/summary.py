"""What draws are worth: effective sample size, convergence, agreement; by ArviZ and the same way for all peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import arviz as az
import numpy as np

import models
from benchmarks.peers.contract import Array, Job

CONVERGED = 1.05  # R-hat above this: errors of the means are not to be trusted, and peers are not compared
AGREE = 5.0  # Monte Carlo standard errors: at most so far apart are means and sds of the same posterior

DIMS: dict[str, tuple[str, ...]] = {
    "weight": ("component",),
    "mu": ("component", "feature"),
    "sigma": ("component", "feature"),
    "rho": ("component", "pair"),
}


@dataclass(frozen=True)
class Summary:
    """Draws of one posterior, summarised.

    Attributes
    ----------
    ess, rhat : float
        Smallest bulk effective sample size and largest R-hat of all parameters (Vehtari, A. and others 2021,
        doi:10.1214/20-BA1221).
    values, errors : array, shape (2 q,)
        Posterior means and standard deviations of the q parameters, and their Monte Carlo standard errors.
    """

    ess: float
    rhat: float
    values: Array = field(repr=False)
    errors: Array = field(repr=False)

    @property
    def converged(self) -> bool:
        """Whether R-hat is fit for a comparison."""
        return self.rhat <= CONVERGED

    def distance(self, other: Summary) -> float:
        """Largest difference of a mean or a standard deviation, in Monte Carlo standard errors of the difference."""
        return float(np.max(np.abs(self.values - other.values) / np.hypot(self.errors, other.errors)))


def summarise(draws: Mapping[str, Array]) -> Summary:
    """Summarise draws ``{parameter: array of shape (chains, draws, ...)}``; parameters in alphabetical order."""
    elements = [
        np.asarray(values[:, :, *index], dtype=float)
        for _, values in sorted(draws.items())
        for index in np.ndindex(*values.shape[2:])
    ]
    return Summary(
        ess=min(float(az.ess(one, method="bulk")) for one in elements),
        rhat=max(float(az.rhat(one)) for one in elements),
        values=np.array([one.mean() for one in elements] + [one.std(ddof=1) for one in elements]),
        errors=np.array([float(az.mcse(one, method=kind)) for kind in ("mean", "sd") for one in elements]),
    )


def pivot(job: Job) -> dict[str, Array]:
    """What the labels of a mixture's components are fixed by: a fit by scikit-learn; empty for other scenarios."""
    if job.scenario != "mixture":
        return {}
    from sklearn.mixture import GaussianMixture

    fit = GaussianMixture(job.components, n_init=5, random_state=0).fit(job.data["y"])
    sigma = np.sqrt(np.diagonal(fit.covariances_, axis1=1, axis2=2))
    rho = fit.covariances_[:, 0, 1] / sigma.prod(axis=1)
    return {"weight": fit.weights_, "mu": fit.means_, "sigma": sigma, "rho": rho}


def comparable(job: Job, draws: Mapping[str, Array], fixed: Mapping[str, Array]) -> dict[str, Array]:
    """Draws with the labels of a mixture's components undone by one rule for all peers, nearest to the pivot.

    The rule is that of `models.mixture.identify`. Draws of other scenarios, whose pivot is empty, are left alone.
    """
    identify = models.load(job.scenario).identify
    if not fixed or identify is None:
        return dict(draws)
    import xarray as xr

    def labelled(values: Mapping[str, Array], *leading: str) -> xr.Dataset:
        variables = {name: ((*leading, *DIMS[name]), values[name]) for name in DIMS if name != "rho"}
        variables["rho"] = ((*leading, *DIMS["rho"]), values["rho"][..., None])
        return xr.Dataset(variables)

    data = xr.Dataset({"y": (("observation", "feature"), job.data["y"])})
    relabelled = identify(labelled(draws, "chain", "draw"), labelled(fixed), data)
    return {name: relabelled[name].values.reshape(values.shape) for name, values in draws.items()}

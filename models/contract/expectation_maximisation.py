"""Gaussian mixtures and K-means by scikit-learn: the reference for the mixture, and what its users compare it with."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from models.contract.components import partial_correlations
from models.contract.reference import Array, Reference

if TYPE_CHECKING:
    import xarray as xr

MOST_COMPONENTS = 7
RESTARTS = 10
LANDINGS = 40  # starts of EM whose ends are kept whole
COVARIANCE_TYPES = ("full", "tied", "diag", "spherical")
# scikit-learn adds this to every variance: on standardised data it is below the tolerance of the comparison, and it
# keeps a component that shrinks onto one point from dividing by zero. It is a prior in disguise.
FLOOR = 1e-10


def reference(y: Array, components: int) -> list[Reference]:
    """Largest local maximum of the likelihood by expectation maximisation (EM), components in the order of their means.

    Parameters
    ----------
    y : array, shape (n, d)
    components : int

    References
    ----------
    Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977), doi:10.1111/j.2517-6161.1977.tb01600.x.
    """
    from sklearn.mixture import GaussianMixture

    unit = y.std(axis=0)
    rough = GaussianMixture(components, n_init=20, reg_covar=FLOOR, tol=1e-6, max_iter=500, random_state=0)
    rough.fit(y / unit)
    # EM is slow near the top: these settings bring it to within 1e-6 standard errors.
    em = GaussianMixture(
        components,
        reg_covar=FLOOR,
        tol=1e-15,
        max_iter=5_000,
        weights_init=rough.weights_,
        means_init=rough.means_,
        precisions_init=rough.precisions_,
    ).fit(y / unit)
    order = np.argsort(em.means_[:, 0])
    sigma = np.sqrt(np.diagonal(em.covariances_, axis1=1, axis2=2))
    correlation = em.covariances_ / sigma[:, :, None] / sigma[:, None, :]
    log_likelihood = float(em.score(y / unit)) * len(y) - len(y) * float(np.log(unit).sum())
    source = "scikit-learn GaussianMixture, EM from 20 starts"
    answers = [
        Reference("mle", "weight", em.weights_[order], source),
        Reference("mle", "mu", (em.means_ * unit)[order], source),
        Reference("mle", "sigma", (sigma * unit)[order], source),
        Reference("mle", "log_likelihood", log_likelihood, source),
    ]
    if y.shape[1] > 1:
        answers.append(Reference("mle", "rho", partial_correlations(correlation)[order], source))
    return answers


def peers(y: Array, components: int, rng: np.random.Generator) -> xr.Dataset:
    """What EM and K-means say of the same points.

    Parameters
    ----------
    y : array, shape (n, d)
    components : int
        Number of components of the fit.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        ``bic`` (components, restart): Bayesian information criterion, smaller is better, of EM from single random
        starts; ``bic_width`` (components, restart): about the smallest standard deviation of a component in any
        direction, where the data have 1; ``bic_type`` (covariance_type, restart): BIC for the four kinds of covariance
        at the number of components of the fit; ``kmeans`` (observation): labels of K-means on standardised points.
        BIC's theory needs regularity that mixtures lack (Drton, M. and Plummer, M. 2017, doi:10.1111/rssb.12187): read
        it as a description. And what `landings` returns.
    """
    import xarray as xr
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    points = (y - y.mean(axis=0)) / y.std(axis=0)
    seeds = rng.integers(2**31, size=RESTARTS)
    # The likelihood of raw points differs from that of standardised ones by the Jacobian of the scales.
    shift = 2 * len(y) * float(np.log(y.std(axis=0)).sum())

    def bic(k: int, kind: str, seed: int) -> tuple[float, float]:
        """The criterion, and the smallest standard deviation of a component in any direction, of 1 in the data."""
        mixture = GaussianMixture(
            k,
            covariance_type=kind,
            init_params="random_from_data",
            reg_covar=1e-6,
            # The default 1e-3 stops up to one unit of the criterion short of the same top; this costs a second.
            tol=1e-5,
            max_iter=1_000,
            random_state=int(seed),
        )
        found = mixture.fit(points)
        return float(found.bic(points)) + shift, float(1 / np.abs(found.precisions_cholesky_).max())

    # In one dimension a full, a diagonal and a spherical covariance are the same.
    kinds = COVARIANCE_TYPES if y.shape[1] > 1 else COVARIANCE_TYPES[:2]
    numbers = np.arange(1, min(MOST_COMPONENTS, len(np.unique(y, axis=0))) + 1)
    with warnings.catch_warnings():
        # A start that needs more than 1,000 iterations is part of the spread that is shown.
        warnings.simplefilter("ignore", ConvergenceWarning)
        by_number = np.array([[bic(int(k), "full", seed) for seed in seeds] for k in numbers])
        by_type = [[bic(components, kind, seed)[0] for seed in seeds] for kind in kinds]
        labels = KMeans(components, n_init=RESTARTS, random_state=int(seeds[0])).fit_predict(points)
    found = xr.Dataset(
        {
            "bic": (("components", "restart"), by_number[..., 0]),
            "bic_width": (("components", "restart"), by_number[..., 1]),
            "bic_type": (("covariance_type", "restart"), by_type),
            "kmeans": ("observation", labels),
        },
        coords={
            "components": numbers,
            "restart": np.arange(RESTARTS),
            "covariance_type": list(kinds),
            "observation": np.arange(len(y)),
        },
    )
    return found.merge(landings(y, components, rng))


def landings(y: Array, components: int, rng: np.random.Generator) -> xr.Dataset:
    """Where EM ends from single random starts, each with its means at random points of the data.

    Parameters
    ----------
    y : array, shape (n, d)
    components : int
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        ``landing_log_likelihood`` (landing), in the units of the data; ``landing_mu`` and ``landing_sigma`` (landing,
        part, feature), parts in the order of their means on the first axis; ``landing_weight`` (landing, part).
        Landings are in the order of their log likelihoods, the largest first.
    """
    import xarray as xr
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    middle, unit = y.mean(axis=0), y.std(axis=0)
    points = (y - middle) / unit
    ends = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for seed in rng.integers(2**31, size=LANDINGS):
            em = GaussianMixture(
                components,
                init_params="random_from_data",
                reg_covar=1e-6,
                tol=1e-5,
                max_iter=500,
                random_state=int(seed),
            ).fit(points)
            order = np.argsort(em.means_[:, 0])
            sigma = np.sqrt(np.diagonal(em.covariances_, axis1=1, axis2=2))
            ends.append((float(em.score(points)), em.weights_[order], em.means_[order], sigma[order]))
    ends.sort(key=lambda end: -end[0])
    height, weight, mu, sigma = (np.array(one) for one in zip(*ends, strict=True))
    return xr.Dataset(
        {
            # The likelihood of raw points differs from that of standardised ones by the Jacobian of the scales.
            "landing_log_likelihood": ("landing", len(y) * (height - float(np.log(unit).sum()))),
            "landing_weight": (("landing", "part"), weight),
            "landing_mu": (("landing", "part", "feature"), middle + unit * mu),
            "landing_sigma": (("landing", "part", "feature"), unit * sigma),
        }
    )

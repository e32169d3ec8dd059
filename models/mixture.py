"""Gaussian mixture: how many groups are there, which point belongs to which, and how sure is that?

The likelihood of a mixture has no maximum: put a component on one point and let it shrink. What every program reports,
this one too, is the largest local maximum it found that is not such a spike. The posterior is the same under every
permutation of the components, and each draw is relabelled after sampling (`identify`). Components have full
covariances: standard deviations ``sigma`` and correlations ``rho = tanh(fisher_z)``, which in more than two dimensions
are canonical partial correlations in the order (2,1), (3,1), (3,2), ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import (
    BadInput,
    Distribution,
    Prior,
    Reference,
    Scenario,
    constant,
    coordinates,
    dataset,
    expectation_maximisation,
    read_table,
    restated,
)
from models.contract.columns import chosen, complete, needed, numbers, varying
from models.contract.components import draw_points, extras, log_components, log_responsibilities, most_ties
from models.contract.families import POSITIVE, REAL

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TRUTH: dict[str, Any] = {
    "weight": [0.4, 0.35, 0.25],
    "mu": [[-2.0, 0.0], [0.5, 2.0], [2.0, -1.0]],
    "sigma": [[1.0, 1.2], [0.9, 0.8], [0.7, 1.1]],
    "rho": [0.5, -0.4, 0.0],
}
SEED = 5
MOST = 20  # components of a user's mixture
LIGHT = ("Normal", "SkewNormal", "TruncatedNormal", "Uniform", "Triangular")  # tails below every exp(-c |z|)


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Mixture with the labels summed out: ``y[i] ~ sum over k of weight[k] MvNormal(mu[k], covariance[k])``."""
    import pymc as pm
    import pytensor.tensor as pt

    d = data.sizes["feature"]

    def log_likelihood(value: Any, weight: Any, mu: Any, sigma: Any, rho: Any) -> Any:
        value = pt.specify_shape(value, (None, d))
        return pt.logsumexp(log_components(value, weight, mu, sigma, rho, pt), axis=-1)

    def draw(weight: Array, mu: Array, sigma: Array, rho: Array, rng: np.random.Generator, size: tuple[int]) -> Array:
        # PyTensor gives every parameter a leading dim of length one beside the dim of the observations.
        one = weight.reshape(-1), mu.reshape(-1, d), sigma.reshape(-1, d), rho.reshape(weight.size, -1)
        return draw_points(rng, size[0], *one)

    with pm.Model(coords=coordinates(data)) as result:
        weight = prior["weight"].variable("weight", dims="component")
        mu = prior["mu"].variable("mu", dims=("component", "feature"))
        sigma = prior["sigma"].variable("sigma", dims=("component", "feature"))
        if d > 1:
            fisher_z = prior["fisher_z"].variable("fisher_z", dims=("component", "pair"))
            rho = pm.Deterministic("rho", pt.tanh(fisher_z), dims=("component", "pair"))
        else:
            rho = pt.zeros((data.sizes["component"], 0))
        pm.CustomDist(
            "y",
            weight,
            mu,
            sigma,
            rho,
            logp=log_likelihood,
            random=draw,
            signature="(k),(k,d),(k,d),(k,p)->(d)",
            observed=constant(data, "y"),
            dims=("observation", "feature"),
        )
    return result


def priors(data: xr.Dataset, *, concentration: float | None = None, standardize: bool = True) -> dict[str, Prior]:
    """Scales in the units of the data. LogNormal sigma and Normal Fisher z bound the density."""
    k, d = data.sizes["component"], data.sizes["feature"]

    def prior(a: float, reach: float, sigma: float, fisher_z: float) -> Prior:
        zeros = np.zeros(d)
        result: Prior = {
            "weight": Distribution("Dirichlet", a=np.full(k, a if concentration is None else concentration)),
            "mu": Distribution("Normal", mu=zeros, sigma=reach),
            "sigma": Distribution("LogNormal", mu=zeros - np.log(k) / 2, sigma=sigma),
            **({} if d == 1 else {"fisher_z": Distribution("Normal", mu=0, sigma=fisher_z)}),
        }
        return restated(result, units(data)) if standardize else result

    return {"weak": prior(2, 2, 0.7, 0.7), "informative": prior(10, 1, 0.3, 0.3)}


def units(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Mean and standard deviation of each variable."""
    y = data["y"].values
    spread = y.std(axis=0, ddof=1)
    return {"mu": (y.mean(axis=0), spread), "sigma": (0.0, spread)}


def labelled(y: Array, components: int, features: list[str], **about: Any) -> xr.Dataset:
    """A data set of points with the labels of components, variables and pairs of variables."""
    pairs = [f"{a}~{b}" for j, b in enumerate(features) for a in features[:j]]
    coords = {"feature": features, "component": [str(k + 1) for k in range(components)], "pair": pairs}
    return dataset({"y": (("observation", "feature"), y)}, coords=coords, **about)


def simulate(rng: np.random.Generator, n: int = 300) -> xr.Dataset:
    """Three overlapping groups in two dimensions."""
    truth = {name: np.asarray(value, dtype=float) for name, value in TRUTH.items()}
    truth["rho"] = truth["rho"][:, None]
    return labelled(
        draw_points(rng, n, **truth),
        3,
        ["y1", "y2"],
        title=f"{n} points in three overlapping groups",
        source="simulated from a mixture of three Gaussians with full covariances",
        truth={
            "weight": ("component", truth["weight"]),
            "mu": (("component", "feature"), truth["mu"]),
            "sigma": (("component", "feature"), truth["sigma"]),
            "rho": (("component", "pair"), truth["rho"]),
        },
        seed=SEED,
    )


def faithful(*features: str) -> xr.Dataset:
    """Old Faithful: eruptions (minutes) and waiting time to the next (minutes), in two groups."""
    table = read_table("faithful.csv")
    return labelled(
        table[list(features)].to_numpy(float),
        2,
        list(features),
        title=f"272 eruptions of Old Faithful: {' and '.join(features)} (minutes)",
        source="R's data set faithful, from Hardle (1991), Smoothing Techniques with Implementation in S",
    )


def read(
    table: pd.DataFrame | None, *, columns: tuple[str, ...] = (), components: int = 2, missing: str = "stop"
) -> xr.Dataset:
    """Read numeric columns, all of them if none is named, as points of a mixture of so many components."""
    table = needed(table)
    names = list(columns) or [str(name) for name in table.columns]
    used, dropped = complete(chosen(table, names), missing)
    values = np.column_stack([numbers(used, name) for name in names])
    for name, column in zip(names, values.T, strict=True):
        varying(column, name)
    distinct = len(np.unique(values, axis=0))
    if components < 2:
        raise BadInput(f"--components {components}: a mixture has at least 2; for one group use the scenario gaussian")
    if components > min(distinct, MOST):
        raise BadInput(
            f"--components {components}: the table has {distinct:,} distinct points; give at most {min(distinct, MOST)}"
        )
    return labelled(
        values,
        components,
        names,
        title=f"{len(values):,} points of {', '.join(names)}, {components} components",
        source="your table",
        dropped=dropped,
    )


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """Means at random observations, spread of the whole data divided by the number of groups, equal weights."""
    y, k, d = data["y"].values, data.sizes["component"], data.sizes["feature"]
    point = {
        "weight": np.full(k, 1 / k),
        "mu": y[rng.choice(len(y), k, replace=False)],
        "sigma": np.tile(y.std(axis=0) / np.sqrt(k), (k, 1)) * 1.5 ** rng.uniform(-1, 1, (k, d)),
    }
    return point if d == 1 else {**point, "fisher_z": rng.normal(0, 0.2, (k, d * (d - 1) // 2))}


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """The likelihood of a Gaussian mixture is unbounded, whatever the data; a prior can bound the joint."""
    if prior["weight"].name == "Dirichlet" and np.any(prior["weight"].hyperparameters["a"] < 1):
        return "unbounded: a Dirichlet concentration below 1 makes the density infinite where a weight is 0"
    if "fisher_z" in prior and prior["fisher_z"].name not in (*LIGHT, "Fixed"):
        return "unbounded: a component collapsing onto a line lifts the density without limit"
    if prior["sigma"].at_zero >= most_ties(data["y"].values):
        return ""
    return "unbounded: a component shrinking onto one point lifts the density without limit"


def improper(data: xr.Dataset, prior: Prior) -> str:
    r"""Whether a component without points, or one on equal points, leaves the posterior without a norm.

    A component that holds no point has its prior as posterior. One that shrinks onto :math:`t` observations equal in a
    variable has density :math:`\sigma^{-t}` there within :math:`\sigma` of them, so that :math:`\int \sigma^{1 - t +
    q}` must exist, with a prior of sigma that behaves near zero as :math:`\sigma^q`.
    """
    flat_ones = [name for name, one in prior.items() if not one.proper]
    if flat_ones:
        return f"improper: a component without points leaves {' and '.join(flat_ones)} as flat as before"
    ties = most_ties(data["y"].values)
    if prior["sigma"].at_zero - ties + 1 <= -1:
        return f"improper: {ties} observations are equal in a variable, and sigma ~ {prior['sigma']} reaches down to 0"
    order = min(float(np.min(one.tail)) for one in prior.values()) - 1
    if order > 2:
        return ""
    return (
        f"no {'mean' if order <= 1 else 'standard deviation'}: a component without points has its prior's heavy tails"
    )


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """EM by scikit-learn, for the local maximum of the likelihood; no other reading has an independent answer."""
    if any(one.fixed for one in prior.values()):
        return []
    return expectation_maximisation.reference(data["y"].values, data.sizes["component"])


def peers(data: xr.Dataset, rng: np.random.Generator) -> xr.Dataset:
    """BIC by number and kind of components, K-means, and where EM lands (`expectation_maximisation.peers`)."""
    return expectation_maximisation.peers(data["y"].values, data.sizes["component"], rng)


def order(point: dict[str, Array]) -> dict[str, Array]:
    """Put the components of a point in the order of their means on the first axis."""
    index = np.argsort(point["mu"][:, 0])
    return {name: value[index] for name, value in point.items()}


def identify(draws: xr.Dataset, pivot: xr.Dataset, data: xr.Dataset) -> xr.Dataset:
    """Relabel each draw so that its responsibilities are as near as possible to those of the pivot.

    Near is meant as the Kullback-Leibler divergence of the draw's responsibilities from the pivot's, summed over the
    observations: step 2 of the algorithm of Stephens, M. (2000), Dealing with label switching in mixture models,
    doi:10.1111/1467-9868.00265, with the pivot in place of the running mean. A pivot that does not exist (NaN) leaves
    the draws as they are.
    """
    from scipy.optimize import linear_sum_assignment

    target, shares = log_responsibilities(data["y"].values, pivot), log_responsibilities(data["y"].values, draws)
    if not np.isfinite(target).all():
        return draws
    # agreement[..., j, l]: how well the draw's component l plays the part of the pivot's component j.
    agreement = np.einsum("nj,...nl->...jl", target, np.exp(shares))
    best = np.array(
        [linear_sum_assignment(one, maximize=True)[1] for one in agreement.reshape(-1, *agreement.shape[-2:])]
    )
    best = best.reshape(agreement.shape[:-1])
    result = draws.copy()
    for name, variable in draws.items():
        if "component" in variable.dims:
            values = variable.transpose("chain", "draw", "component", ...)
            index = best.reshape(best.shape + (1,) * (values.ndim - 3))
            result[name] = values.copy(data=np.take_along_axis(values.values, index, axis=2)).transpose(*variable.dims)
    return result


SCENARIO = Scenario(
    question="Which points belong together, and how sure is that?",
    lesson=(
        "A plugged-in estimate usually overstates how surely a point between two groups belongs to one of them; "
        "averaging over the posterior tells. And the maximum of the likelihood is local: there is no global one."
    ),
    formula="y[i] ~ sum over k of weight[k] MvNormal(mu[k], covariance(sigma[k], rho[k]))",
    parameters=("weight", "mu", "sigma", "rho"),
    datasets={
        "teaching": lambda: simulate(np.random.default_rng(SEED)),
        "faithful": lambda: faithful("eruptions", "waiting"),
        "waiting": lambda: faithful("waiting"),
    },
    simulate=simulate,
    read=read,
    priors=priors,
    units=units,
    support={"weight": "simplex", "mu": REAL, "sigma": POSITIVE, "fisher_z": REAL},
    options={
        "columns": "columns of the points, separated by commas; all if not given",
        "components": "number of components (default 2)",
        "missing": "stop at missing values, or drop rows that have one",
    },
    hyperparameters={
        "concentration": "Dirichlet concentration of the weights",
        "standardize": "take the scales of the prior for standardised data, or as they are written",
    },
    fixable=("sigma",),
    worlds=10,  # one takes two to five seconds
    model=model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
    order=order,
    identify=identify,
    interchangeable="component",
    identified=(
        "Each draw is relabelled after sampling, so that its responsibilities are nearest (Kullback-Leibler) to those "
        "of the MAP, whose components are in the order of their means on the first axis (Stephens 2000, "
        "doi:10.1111/1467-9868.00265)."
    ),
    extras=extras,
    peers=peers,
)

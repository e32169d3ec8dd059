"""The two point readings: maximum likelihood (MLE) and maximum a posteriori (MAP).

Both maximise a log density of the same model without Jacobian: the MLE that of the observed variables alone, the MAP
that of all variables. The MAP is therefore the mode in the declared parametrisation, on the scale on which the priors
are written; another parametrisation has another mode. Uncertainty is made on the declared scale too:

* MLE: standard error (Wald) from the observed information, and a profile likelihood interval,
* MAP: Laplace approximation, a Normal distribution at the mode with the curvature of the joint density there; a
  quantity computed from the declared parameters gets its interval by the delta method, and is named so. Coefficients
  that a Laplace prior holds at zero have no curvature; the others' intervals are given those zeros, and are named so.

At a maximum the covariance is that of the unconstrained vector, carried over by the Jacobian of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pymc as pm
from pytensor.graph.traversal import ancestors
from scipy.stats import norm

from comparisons import profile
from comparisons.declared import Declared
from comparisons.functions import PYTHON, Array, Functions
from comparisons.optimum import Density, Kinks, Optimum, hessian, maximise

FAILURES = {
    "infinite": "infinite: the density rises for ever as the parameters grow",
    "unbounded": "unbounded: the density grows without limit",
    "boundary": "on the boundary of the parameter space",
    "not a maximum": "not found: the optimiser did not converge to a maximum",
}
NO_LAPLACE = "; there is no curvature there and no Laplace approximation"
NOMINAL = "; the level of an interval is nominal there"
NO_PROFILE = "; there is no curvature there, and with several parameters no profile interval"
LAPLACE = "laplace, declared scale"
GIVEN = ", given the zeros"
DELTA = "laplace, delta method"
PROFILE = "profile likelihood"


@dataclass(frozen=True)
class Point:
    """A point reading.

    Attributes
    ----------
    estimate, sd, lower, upper : dict of str to array
        By parameter, in its shape; NaN where the value does not exist.
    wald_lower, wald_upper : dict of str to array
        The Normal interval ``estimate +- z sd``.
    interval : dict of str to str
        Kind of the interval ``lower`` to ``upper``, by parameter.
    reason : dict of str to array of str
        Why a value does not exist or what to know of it, per element; empty where there is nothing to say.
    exists : bool
        Whether the maximum exists, at least on the boundary of the parameter space.
    optimum : Optimum
        The audit.
    """

    estimate: dict[str, Array]
    sd: dict[str, Array]
    lower: dict[str, Array]
    upper: dict[str, Array]
    wald_lower: dict[str, Array]
    wald_upper: dict[str, Array]
    interval: dict[str, str]
    reason: dict[str, Any]
    exists: bool
    optimum: Optimum


Order = Callable[[dict[str, Array]], dict[str, Array]]


def mle(
    functions: Functions,
    parameters: list[str],
    starts: list[Array],
    level: float,
    obstacle: str = "",
    order: Order | None = None,
) -> Point:
    """Maximise the likelihood.

    Parameters
    ----------
    functions : Functions
    parameters : list of str
        The parameters compared.
    starts : list of array, shape (d,)
    level : float
        Of the interval.
    obstacle : str
        What the scenario knows from the data alone about why there is no maximum.
    order : callable, optional
        Canonical order of interchangeable parts (`models.contract.Scenario`).
    """
    density = functions.density(functions.model.observed_RVs)
    declared = Declared(functions, parameters)
    optimum = maximise_in_order(functions, density, starts, Kinks(), declared, order)
    lower, upper = profile.intervals(density, optimum, declared, level)
    return _point(declared, optimum, level, dict.fromkeys(parameters, PROFILE), (lower, upper), obstacle)


def map_(
    functions: Functions,
    parameters: list[str],
    starts: list[Array],
    level: float,
    obstacle: str = "",
    order: Order | None = None,
) -> Point:
    """Maximise the joint density of data and parameters; arguments as in `mle`, the obstacle of the joint."""
    model = functions.model
    kinks = kinks_of(functions)
    density = functions.density(smooth_of(functions))
    declared = Declared(functions, parameters)
    optimum = maximise_in_order(functions, density, starts, kinks, declared, order)
    free = {variable.name for variable in model.free_RVs}
    given = GIVEN if optimum.held.any() else ""
    interval = {name: (LAPLACE if name in free else DELTA) + given for name in parameters}
    return _point(declared, optimum, level, interval, None, obstacle)


def maximise_in_order(
    functions: Functions,
    density: Density,
    starts: list[Array],
    kinks: Kinks,
    declared: Declared,
    order: Order | None,
) -> Optimum:
    """Maximise, and where parts are interchangeable move to the same maximum with its parts in order."""
    found = maximise(density, starts, kinks, declared)
    if order is None or not found.regular:
        return found
    u = functions.unconstrain(order(functions.declared()(found.u)))
    ordered = maximise(density, [u], kinks, declared)
    return replace(ordered, starts=found.starts, agreeing=found.agreeing, collapsed=found.collapsed)


def curvature(functions: Functions, optimum: Optimum) -> Array:
    """Minus the Hessian of the joint density at the mode, shape (d, d), with bells for the kinks of Laplace priors.

    A kink has no curvature; in its place stands that of the Normal distribution with the same variance.
    """
    kinks = kinks_of(functions)
    step = optimum.step
    step[kinks.index] = np.minimum(step[kinks.index], 1e-3 / kinks.rate)
    density = functions.density(smooth_of(functions))
    found: Array = -hessian(density, optimum.u, step)
    found[kinks.index, kinks.index] += kinks.rate**2 / 2
    return found


def is_laplace(variable: Any) -> bool:
    """Whether a free variable of a model has a Laplace prior, and so its log density a kink."""
    return isinstance(variable.owner.op, pm.Laplace.rv_type)


def smooth_of(functions: Functions) -> list[Any]:
    """All variables of a model whose log densities have no kink."""
    free = [variable for variable in functions.model.free_RVs if not is_laplace(variable)]
    return [*free, *functions.model.observed_RVs]


def kinks_of(functions: Functions) -> Kinks:
    """Kinks of all variables with a Laplace prior; raises `ValueError` if its hyperparameters are not constants."""
    index, location, rate = [], [], []
    for variable in functions.model.free_RVs:
        if is_laplace(variable):
            where = np.arange(functions.size)[functions.slices[variable.name]]
            parameters = variable.owner.op.dist_params(variable.owner)
            if set(ancestors(parameters)) & set(functions.model.free_RVs):
                raise ValueError(f"the Laplace prior of {variable.name!r} must have constant hyperparameters")
            centre, scale = (parameter.eval(mode=PYTHON) for parameter in parameters)
            index.append(where)
            location.append(np.broadcast_to(centre, where.shape))
            rate.append(np.broadcast_to(1 / scale, where.shape))
    return Kinks(np.concatenate(index), np.concatenate(location), np.concatenate(rate)) if index else Kinks()


def _point(
    declared: Declared,
    optimum: Optimum,
    level: float,
    interval: dict[str, str],
    ends: tuple[Array, Array] | None,
    obstacle: str,
) -> Point:
    """Put estimates, standard deviations, intervals and reasons together."""
    estimate = declared(optimum.u)
    size, nothing = len(estimate), np.full(len(estimate), np.nan)
    # A spike found by no start still leaves a local maximum worth reporting; separation and rank deficiency leave none.
    local = optimum.regular and optimum.agreeing > 0 and obstacle.startswith("unbounded")
    exists = (optimum.regular and not obstacle) or optimum.failure == "boundary"
    sd = nothing
    shown = "; shown is the largest local maximum found" if local else ""
    reason = np.full(size, obstacle + shown, dtype=object)
    if optimum.regular and (exists or local):
        slope = declared.slope(optimum.u, optimum.step)
        variance = np.einsum("ij,jk,ik->i", slope, optimum.covariance, slope)
        sd = np.where(variance > 0, np.sqrt(variance), np.nan)
        if optimum.held.any():
            reason[np.isnan(sd)] = "exactly at the kink of its Laplace prior: no curvature, no standard deviation"
    elif exists:
        profiled = NOMINAL if len(optimum.u) == 1 else NO_PROFILE
        reason[:] = (obstacle or FAILURES["boundary"]) + (NO_LAPLACE if ends is None else profiled)
    else:
        estimate = nothing
        reason[:] = obstacle or FAILURES[optimum.failure or "not a maximum"]
    z = float(norm.ppf((1 + level) / 2))
    wald = estimate - z * sd, estimate + z * sd
    low, high = wald if ends is None else ends
    if not (exists or local):
        low, high = nothing, nothing
    missing = np.isnan(low) | np.isnan(high)
    reason[missing & (reason == "")] = "no interval: its ends were not found"
    return Point(
        estimate=declared.split(estimate),
        sd=declared.split(sd),
        lower=declared.split(low),
        upper=declared.split(high),
        wald_lower=declared.split(wald[0]),
        wald_upper=declared.split(wald[1]),
        interval=interval,
        reason=declared.split(reason),
        exists=exists,
        optimum=optimum,
    )

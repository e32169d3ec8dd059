r"""The mode of the joint density on other scales than the declared one, mapped back.

The mode of a density moves when a parameter is read on another scale; the MAP is the mode on the declared one. Here one
parameter of the model is read on each of its scales (`comparisons.scales`), all others as declared; and on the
``unconstrained`` scale all parameters are read as the sampler sees them, which is what Stan maximises with
``jacobian=1`` (Carpenter, B. and others 2017, doi:10.18637/jss.v076.i01). The Laplace approximation there is Normal on
that scale, and its interval is mapped back too: its ends stay in the support.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import norm

from comparisons import points, posterior
from comparisons.declared import Declared
from comparisons.functions import Array, Functions
from comparisons.optimum import Density, Optimum
from comparisons.points import Order, Point
from comparisons.scales import DECLARED, UNCONSTRAINED, Scale, changing, log_change, scales_of

OTHERS = 2  # dispersed starts beside the MAP


def on_scales(
    functions: Functions,
    compared: list[str],
    support: Mapping[str, Any],
    map_: Point,
    starts: list[Array],
    level: float,
    order: Order | None = None,
    obstacle: str = "",
) -> xr.Dataset | None:
    """Modes on all scales of the first compared parameter that has some.

    Parameters
    ----------
    functions : Functions
    compared : list of str
        The parameters compared.
    support : mapping
        As of `models.contract.Scenario`.
    map_ : Point
        The mode on the declared scale.
    starts : list of array, shape (d,)
    level : float
        Of the Laplace intervals.
    order : callable, optional
        Canonical order of interchangeable parts.
    obstacle : str
        What the scenario knows about why the joint density has no maximum on the declared scale.

    Returns
    -------
    xarray.Dataset or None
        By the dim ``on``: every compared parameter at the mode, mapped back; ``lower`` and ``upper``, the Laplace
        interval of the one that is read on other scales, which the attribute ``parameter`` names; and ``reason``, why
        there is no mode. None if there is no such parameter.
    """
    free = {variable.name for variable in functions.model.free_RVs}
    name = changing(support, [one for one in compared if one in free])
    if not name:
        return None
    declared, names, columns = Declared(functions, compared), [], []
    # Parts that change places have as many modes as orders: the search stays at the MAP's.
    near = [map_.optimum.u, *([] if order else starts[:OTHERS])] if map_.optimum.regular else starts
    for scale in (*scales_of(support[name]), None):
        found = map_.optimum
        if scale is None or scale.name != DECLARED:
            density = _density(functions, name, support[name], scale)
            found = points.maximise_in_order(functions, density, near, points.kinks_of(functions), declared, order)
        names.append(UNCONSTRAINED if scale is None else scale.name)
        columns.append(_column(functions, declared, found, name, scale, float(norm.ppf((1 + level) / 2)), obstacle))
    model = functions.model
    variables: dict[str, Any] = {
        key: (("on", *posterior.dims(model, name if key in ("lower", "upper") else key)), [one[key] for one in columns])
        for key in (*compared, "lower", "upper")
    }
    variables["reason"] = ("on", [one["reason"] for one in columns])
    found_there = xr.Dataset(variables, coords={"on": names, **posterior.coords(model)})
    return found_there.assign_attrs(parameter=name, level=level)


def _density(functions: Functions, name: str, support: Any, scale: Scale | None) -> Density:
    """The smooth part of the joint log density on a scale (None: the unconstrained one), as a function of ``u``."""
    smooth = points.smooth_of(functions)
    base = functions.density(smooth)
    if scale is None:
        everything = functions.density([*functions.model.free_RVs, *functions.model.observed_RVs])
        sampled = functions.sampled()

        def unconstrained(u: Array) -> tuple[float, Array]:
            (value, slope), (joint, down), (with_volume, up) = base(u), everything(u), sampled(u)
            if not (np.isfinite(value) and np.isfinite(joint) and np.isfinite(with_volume)):
                return -np.inf, np.zeros_like(u)
            return value + with_volume - joint, slope + up - down

        return unconstrained
    elements, where = functions.elements(name), functions.slices[name]

    def density(u: Array) -> tuple[float, Array]:
        value, slope = base(u)
        x, stretch = elements(u)
        total = np.array(slope)
        with np.errstate(all="ignore"):  # far out, at the edge of the support: told by what is not finite below
            change, derivative = log_change(scale, support, x)
            total[where] += derivative * stretch
        if not (np.isfinite(value + change) and np.isfinite(total).all()):
            return -np.inf, np.zeros_like(u)
        return value + change, total

    return density


def _column(
    functions: Functions, declared: Declared, found: Optimum, name: str, scale: Scale | None, z: float, obstacle: str
) -> dict[str, Any]:
    """The parameters at one mode, the Laplace interval of one of them, and why there is none."""
    values = declared.split(declared(found.u))
    nothing = np.full_like(values[name], np.nan)
    edges = {"lower": nothing, "upper": nothing}
    local = obstacle.startswith("unbounded")
    # What keeps the declared maximum away (flat priors, say) need not do so on another scale.
    lost_there = bool(scale is not None and scale.name == DECLARED and obstacle) and not local
    if not found.regular or lost_there:
        there = found.failure == "boundary"
        lost = values if there else {key: np.full_like(one, np.nan) for key, one in values.items()}
        told = obstacle if local or lost_there else ""
        return {**lost, **edges, "reason": told or points.FAILURES[found.failure or "not a maximum"]}
    where = functions.slices[name]
    sd = np.sqrt(np.diag(found.covariance)[where])
    if scale is None:
        ends = []
        for sign in (-1.0, 1.0):
            u = found.u.copy()
            u[where] += sign * z * sd
            ends.append(declared.split(declared(u))[name])
    else:
        x, stretch = functions.elements(name)(found.u)
        # A covariance at a maximum is a tensor: sd on the scale is sd in u times the slopes on the way.
        reach = z * sd * np.abs(stretch) * scale.slope(x)
        ends = [scale.backward(scale.forward(x) + sign * reach).reshape(nothing.shape) for sign in (-1.0, 1.0)]
    lower, upper = np.sort(ends, axis=0)
    reason = "the largest local maximum found" if found.collapsed or local else ""
    return {**values, "lower": lower, "upper": upper, "reason": reason}

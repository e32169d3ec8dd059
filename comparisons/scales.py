r"""Scales on which a bounded parameter may be read: forth, back, and what its density is there.

The density on the scale :math:`g(x)` is the declared one over :math:`|g'(x)|`. On all scales here that is a power, of
:math:`x` for a positive parameter and of :math:`x (1 - x)` for a probability: a scale is a function and a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.contract.families import POSITIVE, UNIT

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """A scale.

    Attributes
    ----------
    name : str
    text : str
        With ``{}`` where the parameter's name goes.
    forward, backward : callable
        Onto the scale, and from it; what lies beyond its range comes back as the end of the support.
    slope : callable
        Size of the derivative of ``forward``.
    power : float
        The density there is the declared one times ``x ** power``, or ``(x (1 - x)) ** power``, and a constant.
    """

    name: str
    text: str
    forward: Callable[[Array], Array]
    backward: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    power: float


def _logit(x: Array) -> Array:
    return np.log(x) - np.log1p(-x)


def _back_from_logit(z: Array) -> Array:
    return 1 / (1 + np.exp(-np.asarray(z, dtype=float)))


def _arcsine(x: Array) -> Array:
    return np.arcsin(np.sqrt(x))


def _back_from_arcsine(z: Array) -> Array:
    return np.sin(np.clip(z, 0, np.pi / 2)) ** 2


def _back_from_square(z: Array) -> Array:
    return np.sqrt(np.maximum(z, 0.0))


def _back_from_inverse_square(z: Array) -> Array:
    with np.errstate(divide="ignore"):
        return 1 / np.sqrt(np.maximum(z, 0.0))


DECLARED = "declared"
UNCONSTRAINED = "unconstrained"
"""The scale of the sampler: every parameter on the whole line, as PyMC's transforms put it there."""
_IDENTITY = Scale(DECLARED, "{}", np.asarray, np.asarray, np.ones_like, 0.0)
_OF_UNIT = (
    _IDENTITY,
    Scale("logit", "logit {}", _logit, _back_from_logit, lambda x: 1 / (x * (1 - x)), 1.0),
    Scale("arcsine", "arcsin √{}", _arcsine, _back_from_arcsine, lambda x: 0.5 / np.sqrt(x * (1 - x)), 0.5),
)
_OF_POSITIVE = (
    _IDENTITY,
    Scale("log", "log {}", np.log, np.exp, lambda x: 1 / x, 1.0),
    Scale("square", "{}²", np.square, _back_from_square, lambda x: 2 * x, -1.0),
    Scale("inverse square", "1/{}²", lambda x: x**-2.0, _back_from_inverse_square, lambda x: 2 * x**-3.0, 3.0),
)


def scales_of(support: Any) -> tuple[Scale, ...]:
    """The scales of a parameter with this support, the declared one first; none on the whole line or a simplex."""
    if support == UNIT:
        return _OF_UNIT
    return _OF_POSITIVE if support == POSITIVE else ()


def changing(support: Mapping[str, Any], parameters: list[str]) -> str:
    """The first parameter that has other scales, or an empty string."""
    return next((name for name in parameters if scales_of(support.get(name))), "")


def log_change(scale: Scale, support: Any, x: Array) -> tuple[float, Array]:
    """Log density on the scale minus the declared one, up to a constant, summed over elements; and its derivative."""
    total, slope = np.log(x), 1 / x
    if support == UNIT:
        total, slope = total + np.log1p(-x), slope - 1 / (1 - x)
    return scale.power * float(total.sum()), scale.power * slope

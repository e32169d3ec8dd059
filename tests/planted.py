"""Densities and parameters that are written down, in the place of a batch of worlds and of its declared parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comparisons.declared import slopes
from comparisons.functions import Array


class Planted:
    """What the searches of many worlds ask of a `comparisons.batch.Batch`.

    Parameters
    ----------
    size : int
        Coordinates of a world.
    density : callable
        Of numbers of worlds, shape (m,), and points, shape (m, d): values and gradients.
    """

    def __init__(self, size: int, density: Callable[[Any, Array], tuple[Array, Array]]) -> None:
        self.size, self.density = size, density

    def densities(self, which: Any, counts: Any, centre: Any = None, factor: Any = None) -> Any:
        """The densities of some worlds, in coordinates ``v`` with ``u = centre + factor @ v``."""

        def evaluate(v: Array) -> tuple[Array, Array]:
            if centre is None:
                return self.density(which, v)
            value, gradient = self.density(which, centre + np.einsum("mij,mj->mi", factor, v))
            return value, np.einsum("mij,mi->mj", factor, gradient)

        return evaluate


class Written:
    """Declared parameters by a function of many points, shape (s, d) to (s, q)."""

    def __init__(self, each: Callable[[Array], Array]) -> None:
        self.each = each

    def __call__(self, u: Array) -> Array:
        """Of one point, shape (d,) to (q,)."""
        return np.asarray(self.each(u[None])[0])

    def slope(self, u: Array, step: Array, along: Any = None) -> Array:
        """As `comparisons.declared.Declared`."""
        return slopes(self.each, u, step, along)

"""The compared parameters as a function of the coordinates in which is searched and sampled, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from comparisons.functions import Array, Functions


def slopes(each: Callable[[Array], Array], u: Array, step: Array, along: Sequence[int] | None = None) -> Array:
    """Jacobians of ``each``, which takes many points, shape (s, d) to (s, q); arguments as of `Declared.slope`."""
    size = u.shape[-1]
    axes = np.eye(size) if along is None else np.eye(size)[list(along)]
    shifts = step[..., None, :] * axes
    points = u[..., None, :] + np.array([1.0, -1.0, 2.0, -2.0]).reshape(4, *[1] * shifts.ndim) * shifts
    ahead, behind, far_ahead, far_behind = each(points.reshape(-1, size)).reshape(*points.shape[:-1], -1)
    lengths = (step @ axes.T)[..., None]
    difference: Array = (8 * (ahead - behind) - (far_ahead - far_behind)) / (12 * lengths)
    return np.swapaxes(difference, -1, -2)


class Declared:
    """The compared parameters as one vector, and back as arrays in their shapes."""

    def __init__(self, functions: Functions, parameters: list[str]) -> None:
        self._evaluate = functions.declared()
        self._each = functions.each_declared
        self.parameters = parameters
        example = self._evaluate(np.zeros(functions.size))
        self.shapes = {name: example[name].shape for name in parameters}

    def __call__(self, u: Array) -> Array:
        """The vector of compared parameters at ``u``, shape (q,)."""
        values = self._evaluate(u)
        return np.concatenate([np.ravel(values[name]) for name in self.parameters])

    def each(self, points: Array) -> Array:
        """Many vectors at once, shape (s, d) to (s, q)."""
        values = self._each(points)
        return np.concatenate([values[name].reshape(len(points), -1) for name in self.parameters], axis=1)

    def slope(self, u: Array, step: Array, along: Sequence[int] | None = None) -> Array:
        """Jacobians by central differences of fourth order.

        Parameters
        ----------
        u : array, shape (d,) or (worlds, d)
            One point, or one for every world.
        step : array, shape of u
            Of the differences, per coordinate.
        along : sequence of int, optional
            The coordinates wanted; without it all d.

        Returns
        -------
        array, shape (q, coordinates) or (worlds, q, coordinates)
        """
        return slopes(self.each, u, step, along)

    def split(self, vector: Any) -> dict[str, Any]:
        """Cut a vector of shape (q,) into arrays in the shapes of the parameters."""
        parts, at = {}, 0
        for name, shape in self.shapes.items():
            size = int(np.prod(shape, dtype=int))
            parts[name] = np.reshape(vector[at : at + size], shape)
            at += size
        return parts

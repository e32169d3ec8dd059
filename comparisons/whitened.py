"""The functions of a model in coordinates in which neither search nor chains meet a narrow valley.

Predictors that nearly determine each other make a likelihood whose curvature in one direction is 1e20 times that in
another: no optimiser, and no inverse of a Hessian, survives that in double precision. In coordinates of about unit
curvature (`models.contract.Scenario.whiten`) it is a ball. The parameters stay those that the model declares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from comparisons.functions import Array, Functions
from comparisons.native import Density


class Whitened(Functions):
    """Functions of coordinates ``v``, of which the unconstrained vector is ``basis @ v``.

    Parameters
    ----------
    model, point
        As of `Functions`.
    names : tuple of str
        Untransformed free variables, neighbours in the model.
    matrix : array, shape (k, k)
        Their values, one after the other, are this matrix times coordinates.
    """

    def __init__(self, model: Any, point: dict[str, Array], names: tuple[str, ...], matrix: Array) -> None:
        super().__init__(model, point)
        where = np.concatenate([np.arange(self.size)[self.slices[name]] for name in names])
        self.basis = np.eye(self.size)
        self.basis[np.ix_(where, where)] = matrix

    def unconstrain(self, point: dict[str, Array]) -> Array:
        """The coordinates of a point in the declared parametrisation."""
        return np.linalg.solve(self.basis, super().unconstrain(point))

    def native(
        self, variables: Sequence[Any] | None = None, location: Array | None = None, factor: Array | None = None
    ) -> Density:
        """As of `Functions`, of coordinates; with Jacobian up to the constant volume of the basis."""
        location = np.zeros(self.size) if location is None else location
        factor = np.eye(self.size) if factor is None else factor
        return super().native(variables, self.basis @ location, self.basis @ factor)

    def declared(self) -> Callable[[Array], dict[str, Array]]:
        """As of `Functions`, of coordinates."""
        inner = super().declared()
        return lambda v: inner(self.basis @ v)

    def elements(self, name: str) -> Callable[[Array], tuple[Array, Array]]:
        """As of `Functions`; of a variable that is not among the whitened ones."""
        inner = super().elements(name)
        return lambda v: inner(self.basis @ v)

    def each_declared(self, draws: Array) -> dict[str, Array]:
        """As of `Functions`, of coordinates."""
        return super().each_declared(draws @ self.basis.T)

    def each_term(self, variables: Sequence[Any], draws: Array) -> dict[str, Array]:
        """As of `Functions`, of coordinates."""
        return super().each_term(variables, draws @ self.basis.T)

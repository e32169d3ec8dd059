"""A PyMC model as plain functions of one unconstrained vector.

Everything the readings need, log densities with gradients, pointwise terms and the declared parameters, is a function
of the vector ``u`` of the model's transformed free variables. Compilation is what costs time, not evaluation, so that

* functions are compiled for PyTensor's Python linker (a tenth of a second, against seconds for Numba), the one the
  sampler calls a million times excepted,
* data and hyperparameters are inputs, and a compiled function is used again for every model with an equal graph. That
  the graphs are equal is established by PyTensor (`equal_computations`), constants included: a wrong reuse is
  impossible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.compile.mode import Mode
from pytensor.graph.basic import Variable, equal_computations
from pytensor.graph.replace import graph_replace, vectorize_graph

from comparisons import native
from comparisons.native import Density

Array = NDArray[np.float64]
PYTHON = Mode(linker="py", optimizer="fast_compile")

_compiled: list[tuple[tuple[Any, ...], list[Variable], list[Variable], Any]] = []


def equal_graphs(a: tuple[list[Variable], list[Variable]], b: tuple[list[Variable], list[Variable]]) -> bool:
    """Whether two graphs, each given as (inputs, outputs), compute the same function of their inputs."""
    return (
        len(a[0]) == len(b[0])
        and len(a[1]) == len(b[1])
        and all(x.type == y.type for x, y in zip(a[0], b[0], strict=True))
        and equal_computations(a[1], b[1], in_xs=a[0], in_ys=b[0])
    )


def python_function(inputs: list[Variable], outputs: list[Variable]) -> Any:
    """Compile for PyTensor's Python linker."""
    # Without a C++ compiler, or inner graphs (simplex transforms) would still be compiled, for seconds, by one.
    with pytensor.config.change_flags(cxx=""):
        return pytensor.function(inputs, outputs, mode=PYTHON, on_unused_input="ignore")


class Functions:
    """The functions of one model.

    Parameters
    ----------
    model : pymc.Model
    point : dict of str to array
        Any point in the declared parametrisation, ``{free variable: value}``: it gives the shapes.
    """

    def __init__(self, model: pm.Model, point: dict[str, Array]) -> None:
        self.model = model
        self.parameters = [*model.free_RVs, *model.deterministics]
        self._counted = [*model.observed_RVs, *model.free_RVs]
        self._each_terms: dict[tuple[str, ...], Any] = {}
        self._values = [model.rvs_to_values[variable] for variable in model.free_RVs]
        shared = [*model.data_vars, *(length for length in model.dim_lengths.values() if hasattr(length, "get_value"))]
        self._shared = list(dict.fromkeys(shared))
        self._data = [variable.get_value() for variable in self._shared]
        self.inputs: list[Variable] = [*self._values, *self._shared]
        self.shapes = [value.shape for value in self._transformed(point)]
        self.size = int(sum(np.prod(shape, dtype=int) for shape in self.shapes))
        edges = np.cumsum([0, *(int(np.prod(shape, dtype=int)) for shape in self.shapes)])
        self.slices = {
            variable.name: slice(int(a), int(b))
            for variable, a, b in zip(model.free_RVs, edges[:-1], edges[1:], strict=True)
        }

    def _forward(self) -> tuple[list[Variable], list[Variable]]:
        """Variables for a point in the declared parametrisation, and its values on the unconstrained scale."""
        given = [variable.type() for variable in self.model.free_RVs]
        outputs = []
        for variable, value in zip(self.model.free_RVs, given, strict=True):
            transform = self.model.rvs_to_transforms[variable]
            outputs.append(value if transform is None else transform.forward(value, *variable.owner.inputs))
        return given, outputs

    def _transformed(self, point: dict[str, Array]) -> list[Array]:
        """Values of the free variables on the unconstrained scale."""
        given, outputs = self._forward()

        def build(data: list[Variable]) -> Any:
            replace = dict(zip(self._shared, data, strict=True))
            return python_function([*given, *data], graph_replace(outputs, replace, strict=False))

        function = self._find(("unconstrain",), [*given, *self._shared], outputs, build)
        values: list[Array] = function(*(point[variable.name] for variable in self.model.free_RVs), *self._data)
        return values

    def each_unconstrained(self, points: Sequence[dict[str, Array]]) -> Array:
        """The vectors ``u`` of many points in the declared parametrisation, shape (s, d)."""
        given, outputs = self._forward()

        def build(data: list[Variable]) -> Any:
            many = [pt.tensor(dtype=one.type.dtype, shape=(None, *one.type.shape)) for one in given]
            graph = list(graph_replace(outputs, dict(zip(self._shared, data, strict=True)), strict=False))
            return python_function([*many, *data], vectorize_graph(graph, dict(zip(given, many, strict=True))))

        function = self._find(("each unconstrained",), [*given, *self._shared], outputs, build)
        names = [variable.name for variable in self.model.free_RVs]
        values = function(*(np.stack([np.asarray(one[name]) for one in points]) for name in names), *self._data)
        return np.concatenate([value.reshape(len(points), -1) for value in values], axis=1)

    def unconstrain(self, point: dict[str, Array]) -> Array:
        """The vector ``u`` of a point in the declared parametrisation."""
        return np.concatenate([np.ravel(value) for value in self._transformed(point)])

    def _parts(self, u: Variable) -> list[Variable]:
        """The free variables' unconstrained values, cut out of ``u``."""
        return [u[where].reshape(shape) for where, shape in zip(self.slices.values(), self.shapes, strict=True)]

    def _of_u(
        self, name: str, terms: Sequence[Variable], derive: Callable[[list[Variable], Any], list[Variable]]
    ) -> Any:
        """Compile ``derive(terms, u)`` as a function of ``u`` and the data, or find it compiled.

        Names that begin with "each" make functions of many vectors, shape (s, d).
        """

        def build(data: list[Variable]) -> Any:
            u = pt.vector("u", shape=(self.size,))
            replace = dict(zip([*self._values, *self._shared], [*self._parts(u), *data], strict=True))
            graph = derive(list(graph_replace(list(terms), replace, strict=False)), u)
            if name.startswith("each"):
                draws = pt.matrix("draws", shape=(None, self.size))
                graph, u = vectorize_graph(graph, {u: draws}), draws
            return python_function([u, *data], graph)

        return self._find((name, *self.shapes), self.inputs, terms, build)

    def _find(
        self, key: tuple[Any, ...], inputs: list[Variable], terms: Sequence[Variable], build: Callable[[Any], Any]
    ) -> Any:
        """The compiled function of an equal graph under the same key, or a new one from ``build(data variables)``."""
        for known, known_inputs, known_terms, function in _compiled:
            if key == known and equal_graphs((inputs, list(terms)), (known_inputs, known_terms)):
                return function
        function = build([variable.type() for variable in self._shared])
        _compiled.append((key, list(inputs), list(terms), function))
        return function

    @cached_property
    def _terms(self) -> list[Variable]:
        """Log density of each variable, elementwise and without Jacobian."""
        terms: list[Variable] = self.model.logp(vars=self._counted, jacobian=False, sum=False)
        return terms

    @cached_property
    def _jacobian(self) -> Variable:
        """Log volume of the transforms, a sum."""
        model, logs = self.model, [pt.zeros(())]
        for variable, value in zip(model.free_RVs, self._values, strict=True):
            transform = model.rvs_to_transforms[variable]
            if transform is not None:
                logs.append(transform.log_jac_det(value, *variable.owner.inputs).sum())
        (total,) = model.replace_rvs_by_values([sum(logs[1:], logs[0])])
        return total

    @cached_property
    def _native(self) -> Any:
        """The C function of the density: every term and the Jacobian, each counted or not as the data say."""
        terms = [*self._terms, self._jacobian]
        counted = pt.vector("counted", shape=(len(terms),))

        def build(data: list[Variable]) -> Any:
            u = pt.vector("u", shape=(self.size,))
            replace = dict(zip([*self._values, *self._shared], [*self._parts(u), *data], strict=True))
            sums = [term.sum() for term in graph_replace(terms, replace, strict=False)]
            # A switch and not a product: 0 times the infinity of a term that does not count would be no number.
            total = pt.add(*(pt.switch(counted[k] > 0, one, 0.0) for k, one in enumerate(sums)))
            graph = [total, pt.grad(total, u, disconnected_inputs="ignore")]
            function = native.linked([u, counted, *data], graph)
            return native.compile_density(function, self.size, [counted, *data])

        return self._find(("native", *self.shapes), self.inputs, terms, build)

    def native(
        self, variables: Sequence[Any] | None = None, location: Array | None = None, factor: Array | None = None
    ) -> Density:
        """The log density that optimisers and sampler call, with its gradient, off the support ``-inf`` and zero.

        Parameters
        ----------
        variables : sequence of variables, optional
            Whose log densities are summed, without Jacobian; without it the joint density of ``u``, Jacobian and all.
        location : array, shape (d,), optional
        factor : array, shape (d, d), optional
            Its argument is ``v``, with ``u = location + factor @ v``; without them ``u`` itself.
        """
        function = self._native
        names = {variable.name for variable in (self._counted if variables is None else variables)}
        counted = [float(variable.name in names) for variable in self._counted]
        return Density(
            function,
            self.size,
            [np.array([*counted, float(variables is None)]), *self._data],
            np.zeros(self.size) if location is None else location,
            np.eye(self.size) if factor is None else factor,
        )

    def density(self, variables: Sequence[Variable]) -> Callable[[Array], tuple[float, Array]]:
        """Sum of the log densities of some variables, without Jacobian, and its gradient; ``-inf`` off the support."""
        return self.native(variables)

    def sampled(self) -> Callable[[Array], tuple[float, Array]]:
        """The joint log density with Jacobian and its gradient: what NUTS samples."""
        return self.native()

    def declared(self) -> Callable[[Array], dict[str, Array]]:
        """The declared parameters, deterministic ones included, of a vector ``u``."""
        terms = self.model.replace_rvs_by_values(self.parameters)
        function = self._of_u("declared", terms, lambda t, _: t)
        names = [variable.name for variable in self.parameters]

        def evaluate(u: Array) -> dict[str, Array]:
            with np.errstate(all="ignore"):
                return dict(zip(names, function(u, *self._data), strict=True))

        return evaluate

    def elements(self, name: str) -> Callable[[Array], tuple[Array, Array]]:
        """The elements of a free variable that is transformed one by one, and their derivatives by their own ``u``."""
        (value,) = self.model.replace_rvs_by_values([self.model[name]])
        where = self.slices[name]
        function = self._of_u(f"elements {name}", [value], lambda t, u: [t[0].ravel(), pt.grad(t[0].sum(), u)[where]])

        def evaluate(u: Array) -> tuple[Array, Array]:
            with np.errstate(all="ignore"):
                value, derivative = function(u, *self._data)
            return value, derivative

        return evaluate

    @cached_property
    def _each_declared(self) -> Any:
        return self._of_u("each declared", self.model.replace_rvs_by_values(self.parameters), lambda t, _: t)

    def each_declared(self, draws: Array) -> dict[str, Array]:
        """The declared parameters of many vectors, ``draws`` of shape (s, d)."""
        values = self._each_declared(draws, *self._data)
        return {variable.name: value for variable, value in zip(self.parameters, values, strict=True)}

    def each_term(self, variables: Sequence[Any], draws: Array) -> dict[str, Array]:
        """Log density of each variable, elementwise and without Jacobian, for many vectors of shape (s, d)."""
        function = self._each_term(tuple(variable.name for variable in variables))
        values = function(draws, *self._data)
        return {variable.name: value for variable, value in zip(variables, values, strict=True)}

    def _each_term(self, names: tuple[str, ...]) -> Any:
        if names not in self._each_terms:
            terms = dict(zip((one.name for one in self._counted), self._terms, strict=True))
            self._each_terms[names] = self._of_u("each term", [terms[name] for name in names], lambda t, _: t)
        return self._each_terms[names]

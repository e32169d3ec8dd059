"""Many worlds at once: the density of one `pm.Model`, copied over a leading dimension.

A *world* is a data set with a prior. The model is built once, for the first world; its graph is copied over a
leading dimension by PyTensor (`vectorize_graph`), with every data set and hyperparameter in its place. One C function
then gives the log densities of all worlds and their gradients, and their sum is a density that a sampler can take for
one model.

Every term counts a number of times that may differ between worlds: 0 leaves it out, 1 takes it as it is, and ``s``
makes a prior ``s`` times as strong, ``p(theta) ** s``. A prior of strength 0 is flat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import xarray as xr
from pymc.logprob.utils import local_check_parameter_to_ninf_switch
from pytensor.graph.basic import Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.replace import graph_replace, vectorize_graph
from pytensor.graph.rewriting.basic import MergeOptimizer, out2in
from pytensor.graph.traversal import ancestors
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Shape, Shape_i

from comparisons import native
from comparisons.functions import Array, Functions, python_function
from comparisons.native import Densities
from models.contract import Prior, Scenario, compacted, summarised

ROWS = "observation"
MOST_KNOWN = 16  # arrays that are computed once: Numba cannot read a call with more than thirty arguments


@dataclass(frozen=True)
class World:
    """A data set and a prior.

    Attributes
    ----------
    data : xarray.Dataset
        As the scenario makes them, or their compact form.
    prior : Prior
    strength : dict of str to float
        How many times the priors of some variables count; those not named count once.
    weight : array, shape (rows,), optional
        How many times each row of the compact data counts, if those have rows: 0 leaves it out.
    """

    data: xr.Dataset
    prior: Prior
    strength: dict[str, float] | None = None
    weight: Array | None = None


def _kind(world: World) -> tuple[Any, ...]:
    """What must be the same for all worlds of a batch, shapes apart."""
    form = (str(world.data.attrs.get(key)) for key in ("compact", "family"))
    return (*form, *((name, one.name) for name, one in world.prior.items()))


def _padded(worlds: Sequence[World]) -> list[World]:
    """Give all worlds equally many rows: the last row again, counting nothing."""
    sizes = [world.data.sizes.get(ROWS, 0) for world in worlds]
    result = []
    for world, size in zip(worlds, sizes, strict=True):
        weight = np.ones(size) if world.weight is None else np.asarray(world.weight, dtype=float)
        if weight.shape != (size,):
            raise ValueError(f"a world has {size} rows in its compact form, and weights of shape {weight.shape}")
        more = max(sizes) - size
        data = world.data.isel({ROWS: np.r_[:size, [size - 1] * more]}) if more else world.data
        result.append(replace(world, data=data, weight=np.append(weight, np.zeros(more))))
    return result


def _value(name: str, world: World) -> Any:
    """The value of a `pm.Data`, by its name (`models.contract.Scenario.compact`)."""
    variable, _, what = name.rpartition("_")
    if what == "data" and variable in world.data:
        return world.data[variable].values
    return world.prior[variable].hyperparameters[what]


def _without_errors(terms: list[Variable]) -> list[Variable]:
    """Let a world off the support have density zero, instead of ending the computation of all."""
    graph = FunctionGraph(outputs=terms, clone=False)
    out2in(local_check_parameter_to_ninf_switch).rewrite(graph)
    return list(graph.outputs)


def _sources(variable: Variable) -> set[Variable]:
    """What the values of a variable are computed from; all worlds have the same shapes."""
    found, left = set(), [variable]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            if one.owner is not None and not isinstance(one.owner.op, Shape | Shape_i):
                left.extend(one.owner.inputs)
    return found


def _known(total: Variable, moving: set[Variable]) -> list[Variable]:
    """What the density is computed from that does not depend on moving variables: it is computed once.

    Log factorials of the data, checks of hyperparameters and normalising constants are among it.
    """
    order = FunctionGraph(outputs=[total], clone=False).toposort()
    moves, known = set(moving), dict[Variable, None]()
    for node in order:
        if moves.intersection(node.inputs):
            moves.update(node.outputs)
    for node in order:
        if moves.intersection(node.inputs):
            known |= {one: None for one in node.inputs if one not in moves and _has_rows(one)}
    return list(known)[:MOST_KNOWN]


def _has_rows(variable: Variable) -> bool:
    """Whether a variable is computed, and has more than one element."""
    computed = variable.owner is not None and not isinstance(variable.owner.op, DimShuffle)
    return computed and any(length != 1 for length in variable.type.shape)


def _merged(total: Variable) -> Variable:
    """The same graph with equal computations made one."""
    graph = FunctionGraph(outputs=[total], clone=False)
    MergeOptimizer().rewrite(graph)
    return graph.outputs[0]


def _input(variable: Variable) -> Any:
    """A new variable for the values of another; truth values are numbers in C."""
    dtype = "int8" if variable.type.dtype == "bool" else variable.type.dtype
    return pt.tensor(dtype=dtype, shape=variable.type.shape)


def _read(variable: Variable, given: Any) -> Any:
    """What stands in the place of a variable that is given."""
    return pt.neq(given, 0) if variable.type.dtype == "bool" else given


def _many(variable: Any) -> Any:
    """One of these for every world."""
    return pt.tensor(name=variable.name, dtype=variable.dtype, shape=(None, *variable.type.shape))


def _weighted(term: Variable, weight: Variable) -> Variable:
    """Each row of a term as many times as it counts."""
    times = weight.reshape((-1, *[1] * (term.type.ndim - 1)))
    return pt.switch(times > 0, times * term, 0.0)


class Batch:
    """The functions of many worlds of one scenario.

    Parameters
    ----------
    scenario : Scenario
    worlds : sequence of World
        Whose compact data have the same shapes, rows apart, and whose priors are of the same families.
    point : dict of str to array
        Any point in the declared parametrisation.

    Raises
    ------
    ValueError
        If the worlds are not of the same kind.
    """

    def __init__(self, scenario: Scenario, worlds: Sequence[World], point: dict[str, Array]) -> None:
        compact = [replace(world, data=compacted(scenario, world.data)) for world in worlds]
        kinds = {_kind(world) for world in compact}
        if len(kinds) > 1:
            raise ValueError(f"worlds of one batch must be of one kind, and here are {sorted(kinds)}")
        self.worlds = _padded(compact)
        first = self.worlds[0]
        self.functions = Functions(summarised(scenario, first.data, first.prior)[1], point)
        self.model = self.functions.model
        self.size = self.functions.size
        self.observed, self.free = list(self.model.observed_RVs), list(self.model.free_RVs)
        self._stacked = [variable in self.model.data_vars for variable in self.functions._shared]
        self._data = self._stack()
        self._weight = np.stack([np.asarray(world.weight, dtype=float) for world in self.worlds])
        self.strength = np.array([[(w.strength or {}).get(one.name, 1.0) for one in self.free] for w in self.worlds])
        last = self.worlds[-1]
        self._check(Functions(summarised(scenario, last.data, last.prior)[1], point))

    def _stack(self) -> list[Any]:
        """Data and hyperparameters of all worlds; lengths of dims are the same for all."""
        result = []
        for variable, stacked, value in zip(self.functions._shared, self._stacked, self.functions._data, strict=True):
            dtype = np.asarray(value).dtype
            values = [_value(variable.name, world) for world in self.worlds] if stacked else [value]
            result.append(np.stack(values).astype(dtype) if stacked else value)
        return result

    def _check(self, last: Functions) -> None:
        """See that values found by their names are those that the model itself has taken."""
        for functions, at in ((self.functions, 0), (last, -1)):
            for variable, stacked, own, mine in zip(
                functions._shared, self._stacked, functions._data, self._data, strict=True
            ):
                if stacked and not np.array_equal(mine[at], own, equal_nan=True):
                    raise ValueError(f"the model takes {variable.name} in another form than data and prior have it")
        terms = self.model.replace_rvs_by_values(self.functions.parameters)
        known = set(ancestors(terms))
        for variable, stacked, values in zip(self.functions._shared, self._stacked, self._data, strict=True):
            if stacked and variable in known and np.any(values != values[0]):
                raise ValueError(f"{variable.name} decides what the parameters mean, and differs between the worlds")

    @cached_property
    def _compiled(self) -> Any:
        """The C function of all densities, that of what it needs, and which of that differs between worlds."""
        functions, model = self.functions, self.model
        observed = model.logp(vars=self.observed, jacobian=False, sum=False)
        prior = model.logp(vars=self.free, jacobian=False, sum=False)
        jacobian = functions._jacobian
        rows = [model.named_vars_to_dims.get(one.name, ("",))[:1] == (ROWS,) for one in self.observed]
        stacked = self._stacked

        def build(data: list[Variable]) -> Any:
            u, weight = pt.vector("u", shape=(self.size,)), pt.vector("weight")
            counted = pt.vector("counted", shape=(len(prior) + 2,))
            replaced = dict(zip([*functions._values, *functions._shared], [*functions._parts(u), *data], strict=True))
            terms = _without_errors(list(graph_replace([*observed, *prior, jacobian], replaced, strict=False)))
            seen = terms[: len(rows)]
            # Switches, not products: 0 times the infinity of a term that does not count would be no number.
            kept = [_weighted(term, weight) if by_row else term for term, by_row in zip(seen, rows, strict=True)]
            sums = [pt.add(pt.zeros(()), *(term.sum() for term in kept)), *(t.sum() for t in terms[len(rows) :])]
            total = pt.add(*(pt.switch(counted[k] > 0, counted[k] * one, 0.0) for k, one in enumerate(sums)))
            total = _merged(total)
            known = _known(total, {u, weight, counted})
            given = [_input(one) for one in known]
            read = {one: _read(one, g) for one, g in zip(known, given, strict=True)}
            total = graph_replace(total, read, strict=False) if known else total
            used = set(ancestors([total]))
            known, given = [*known, *(one for one in data if one in used)], [*given, *(o for o in data if o in used)]
            many = [_many(one) if is_stacked else one for one, is_stacked in zip(data, stacked, strict=True)]
            differing = {one: other for one, other in zip(data, many, strict=True) if one is not other}
            apart = [bool(set(differing) & _sources(one)) for one in known]
            computed = [pt.cast(one, g.dtype) for one, g in zip(known, given, strict=True)]
            before = python_function([*many], vectorize_graph(computed, differing) if known else [])
            v = pt.matrix("v", shape=(None, self.size))
            centre, factor = _many(u), _many(pt.matrix("factor", shape=(self.size, self.size)))
            weights, counts = _many(weight), _many(counted)
            inputs = [_many(g) if one else g for g, one in zip(given, apart, strict=True)]
            batched = {g: other for g, other in zip(given, inputs, strict=True) if g is not other}
            batched |= {u: centre + (factor * v[:, None, :]).sum(axis=-1), weight: weights, counted: counts}
            values = vectorize_graph(total, batched)
            graph = [values, pt.grad(values.sum(), v, disconnected_inputs="ignore")]
            inputs = [centre, factor, weights, counts, *inputs]
            function = pm.compile([v, *inputs], graph, mode="NUMBA", on_unused_input="ignore").vm.jit_fn
            return native.compile_batch(function, self.size, inputs), before, apart

        terms = [*observed, *prior, jacobian]
        return functions._find(("batch", *functions.shapes), functions.inputs, terms, build)

    @cached_property
    def _given(self) -> list[Any]:
        """What the densities need of data and hyperparameters, computed once."""
        return [np.asarray(value) for value in self._compiled[1](*self._data)]

    def counts(self, *, likelihood: bool = True, prior: bool = True, jacobian: bool = False) -> Array:
        """How many times each term counts in each world, shape (worlds, terms)."""
        strength = self.strength * prior
        ones = np.ones((len(self.worlds), 1))
        return np.hstack([ones * likelihood, strength, ones * jacobian])

    def densities(
        self, which: Any, counts: Array, centre: Array | None = None, factor: Array | None = None
    ) -> Densities:
        """The densities of some worlds, each in coordinates ``v`` with ``u = centre + factor @ v``.

        Parameters
        ----------
        which : array of int, shape (m,)
            Numbers of worlds; one may come several times.
        counts : array, shape (worlds, terms)
            As `counts` makes them, of all worlds.
        centre : array, shape (m, d), optional
        factor : array, shape (m, d, d), optional
        """
        m, d = len(which), self.size
        return Densities(
            self._compiled[0],
            m,
            d,
            [
                np.zeros((m, d)) if centre is None else centre,
                np.tile(np.eye(d), (m, 1, 1)) if factor is None else factor,
                self._weight[which],
                counts[which],
                *(
                    values[which] if apart else values
                    for values, apart in zip(self._given, self._compiled[2], strict=True)
                ),
            ],
        )

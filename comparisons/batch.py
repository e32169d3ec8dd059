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
import xarray as xr
from pytensor.graph.basic import Variable
from pytensor.graph.replace import graph_replace
from pytensor.graph.traversal import ancestors

from comparisons import batch_graph
from comparisons.functions import Array, Functions
from comparisons.native import Densities
from models.contract import Prior, Scenario, compacted, summarised

ROWS = "observation"


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


def _padded(scenario: Scenario, worlds: Sequence[World]) -> list[World]:
    """Give all worlds equally many rows: one of their own again, counting nothing.

    That row also stands for rows of weight 0, whose own slopes, times 0, would be no number where they are infinite.
    """
    sizes = [world.data.sizes.get(ROWS, 0) for world in worlds]
    result = []
    for world, size in zip(worlds, sizes, strict=True):
        weight = np.ones(size) if world.weight is None else np.asarray(world.weight, dtype=float)
        if weight.shape != (size,):
            raise ValueError(f"a world has {size} rows in its compact form, and weights of shape {weight.shape}")
        weight = np.append(weight, np.zeros(max(sizes) - size))
        counting = np.flatnonzero(weight > 0)
        data = world.data
        if len(counting) < len(weight):
            spare = counting[-1] if len(counting) else 0
            data = scenario.part(data, np.where(weight > 0, np.arange(len(weight)), spare))
        result.append(replace(world, data=data, weight=weight))
    return result


def _value(name: str, world: World, shape: tuple[int, ...]) -> Any:
    """The value of a `pm.Data`, by its name (`models.contract.Scenario.compact`); one number may stand for several."""
    variable, _, what = name.rpartition("_")
    if what == "data" and variable in world.data:
        return world.data[variable].values
    return np.broadcast_to(world.prior[variable].hyperparameters[what], shape)


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
        self.worlds = _padded(scenario, compact)
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
            own = np.asarray(value)
            values = [_value(variable.name, world, own.shape) for world in self.worlds] if stacked else []
            result.append(np.stack(values).astype(own.dtype) if stacked else value)
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
        terms = [*observed, *prior, functions._jacobian]
        by_row = [model.named_vars_to_dims.get(one.name, ("",))[:1] == (ROWS,) for one in self.observed]

        def build(data: list[Variable]) -> Any:
            one = batch_graph.one_world(self.size, len(prior) + 2)
            replaced = dict(
                zip([*functions._values, *functions._shared], [*functions._parts(one.u), *data], strict=True)
            )
            total = batch_graph.total(one, list(graph_replace(terms, replaced, strict=False)), by_row)
            total, known, given = batch_graph.cut(one, total, data)
            before, apart = batch_graph.computed_once(known, given, data, self._stacked)
            return batch_graph.compiled(one, total, given, apart), before, apart

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

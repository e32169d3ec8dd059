"""From the graph of one world's density to the C function of the densities of many.

The graph is cut where the parameters come in: what does not depend on them (log factorials of the data, checks of
hyperparameters, normalising constants) is computed once for every world. What is left is copied over a leading
dimension by PyTensor (`vectorize_graph`) and compiled together with its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytensor.tensor as pt
from pymc.logprob.utils import local_check_parameter_to_ninf_switch
from pytensor.graph.basic import Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.replace import graph_replace, vectorize_graph
from pytensor.graph.rewriting.basic import MergeOptimizer, out2in
from pytensor.graph.traversal import ancestors
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Shape, Shape_i

from comparisons import native
from comparisons.functions import python_function

MOST_KNOWN = 16  # arrays that are computed once: Numba cannot read a call with more than thirty arguments


@dataclass(frozen=True)
class OneWorld:
    """What moves in the density of one world: its vector ``u``, weights of rows, and how often each term counts."""

    u: Any
    weight: Any
    counted: Any


def one_world(size: int, terms: int) -> OneWorld:
    """Variables of a world with ``size`` coordinates and ``terms`` terms, all that is observed being the first."""
    u, weight = pt.vector("u", shape=(size,)), pt.vector("weight")
    return OneWorld(u, weight, pt.vector("counted", shape=(terms,)))


def total(one: OneWorld, terms: list[Variable], by_row: Sequence[bool]) -> Variable:
    """The density of one world: of its terms, observed ones first, each as many times as it counts.

    Parameters
    ----------
    one : OneWorld
    terms : list of variable
        Log densities, elementwise.
    by_row : sequence of bool
        Of every observed term, whether its elements are the rows of the data.
    """
    terms = _without_errors(terms)
    seen, others = terms[: len(by_row)], terms[len(by_row) :]
    # Switches, not products: 0 times the infinity of a term that does not count would be no number.
    kept = [_weighted(term, one.weight) if rows else term for term, rows in zip(seen, by_row, strict=True)]
    sums = [pt.add(pt.zeros(()), *(term.sum() for term in kept)), *(term.sum() for term in others)]
    counted = (pt.switch(one.counted[k] > 0, one.counted[k] * term, 0.0) for k, term in enumerate(sums))
    return _merged(pt.add(*counted))


def cut(one: OneWorld, total: Variable, data: list[Variable]) -> tuple[Variable, list[Variable], list[Variable]]:
    """The density as a function of what is computed once and of the data it still needs.

    Returns
    -------
    total : variable
        In which the latter are inputs.
    known, given : list of variable
        What these inputs are, as functions of the data, and the inputs.
    """
    known = _known(total, {one.u, one.weight, one.counted})
    given = [_input(variable) for variable in known]
    read = {variable: _read(variable, g) for variable, g in zip(known, given, strict=True)}
    total = graph_replace(total, read, strict=False) if known else total
    above = set(ancestors([total]))
    used = [variable for variable in data if variable in above]
    return total, [*known, *used], [*given, *used]


def computed_once(
    known: list[Variable], given: list[Variable], data: list[Variable], stacked: Sequence[bool]
) -> tuple[Any, list[bool]]:
    """A function of the data of all worlds for what is computed once, and which of that differs between worlds.

    Parameters
    ----------
    known, given : list of variable
        As `cut` makes them.
    data : list of variable
    stacked : sequence of bool
        Which of the data have the worlds as their first dimension; the others are the same for all.
    """
    many = [_many(one) if differs else one for one, differs in zip(data, stacked, strict=True)]
    differing = {one: other for one, other in zip(data, many, strict=True) if one is not other}
    apart = [bool(set(differing) & _sources(one)) for one in known]
    computed = [pt.cast(one, g.dtype) for one, g in zip(known, given, strict=True)]
    return python_function([*many], vectorize_graph(computed, differing) if known else []), apart


def compiled(one: OneWorld, total: Variable, given: list[Variable], apart: Sequence[bool]) -> Any:
    """The C function of the densities of many worlds, each in coordinates ``v`` with ``u = centre + factor @ v``.

    After ``v`` it takes centres, factors, weights of rows, how often each term counts, and what is ``given``, one for
    every world where worlds are ``apart``.
    """
    size = one.u.type.shape[0]
    v = pt.matrix("v", shape=(None, size))
    centre, factor = _many(one.u), _many(pt.matrix("factor", shape=(size, size)))
    weights, counts = _many(one.weight), _many(one.counted)
    inputs = [_many(g) if differs else g for g, differs in zip(given, apart, strict=True)]
    batched = {g: other for g, other in zip(given, inputs, strict=True) if g is not other}
    batched |= {one.u: centre + (factor * v[:, None, :]).sum(axis=-1), one.weight: weights, one.counted: counts}
    values = vectorize_graph(total, batched)
    graph = [values, pt.grad(values.sum(), v, disconnected_inputs="ignore")]
    inputs = [centre, factor, weights, counts, *inputs]
    return native.compile_batch(native.linked([v, *inputs], graph), size, inputs)


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

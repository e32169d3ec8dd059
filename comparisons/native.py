"""A log density as a C function: what optimisers and sampler call a million times, without Python in between.

PyTensor's Numba linker makes a function of arrays. Here a few lines are generated around it that take the arrays from a
table of addresses and shapes, so that the whole has the signature that nutpie calls,

    int64 density(uint64 size, const double *v, double *gradient, double *value, const int64 *table),

zero on success and positive off the support. Numba keeps the machine code on disk under PyTensor's own key of the
graph: a later process loads one file, in a tenth of a second, whatever the data are.

The argument may be in other coordinates than the density's own, ``u = location + factor @ v``; the gradient is then
that with respect to ``v``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numba
import numpy as np
import pymc as pm
import pytensor
from numba import carray, types  # type: ignore[attr-defined]  # Numba comes without types
from numpy.typing import NDArray
from nutpie.compile_pymc import CompiledPyMCModel, address_as_void_pointer
from pytensor.graph.basic import Variable
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

Array = NDArray[np.float64]

_POINTER = ctypes.POINTER(ctypes.c_double)
_DOUBLES: Any = types.CPointer(types.double)  # type: ignore[no-untyped-call]  # Numba comes without types
DENSITY = types.int64(types.uint64, _DOUBLES, _DOUBLES, _DOUBLES, types.voidptr)
EXPAND = types.int64(types.uint64, types.uint64, _DOUBLES, _DOUBLES, types.voidptr)
HEAD = 3  # entries of the table before those of the data: size, location, factor

# Numba compiles no other handler than that of all exceptions; what is caught is a parameter off its support.
_DENSITY = """
def density(size, v_, gradient_, value_, table_):
    table = carray(table_, ({entries},), int64)
    if size != table[0]:
        return -1
    v, gradient, value = carray(v_, ({size},)), carray(gradient_, ({size},)), carray(value_, ())
    location = carray(address_as_void_pointer(table[1]), ({size},), float64)
    factor = carray(address_as_void_pointer(table[2]), ({size}, {size}), float64)
    try:
        u = location.copy()
        for i in range({size}):
            for j in range({size}):
                u[i] += factor[i, j] * v[j]
        found, slope = function(u, {arrays})
        value[()] = found
        total = 0.0
        for j in range({size}):
            gradient[j] = 0.0
            for i in range({size}):
                gradient[j] += factor[i, j] * slope[i]
            total += gradient[j]
        if not isfinite(total + value[()]):
            return 3
    except Exception:
        return 1
    return 0
"""

_EXPAND = """
def expand(size, expanded, v_, out_, table_):
    v, out = carray(v_, (size,)), carray(out_, (size,))
    for j in range(size):
        out[j] = v[j]
    return 0
"""


def _callback(source: str, name: str, signature: Any, names: dict[str, Any], key: str | None) -> Any:
    """Compile generated source as a C function, or load it from disk if it has a key."""
    names = {"__name__": __name__, **names}  # Numba imports this module when it loads the code
    python = compile_numba_function_src(source, name, global_env=names, cache_key=key)
    return numba.cfunc(signature, cache=key is not None)(python)


def linked(inputs: Sequence[Variable], outputs: Sequence[Variable]) -> Any:
    """A graph as a function of Numba, by PyTensor, without fast mathematics.

    With it LLVM may sum in another order, and does so differently when it compiles a function and when it meets the
    same one on the disk: the last digits of a gradient, and with them whole chains, would depend on what was compiled
    before. The densities here are slower without by a tenth at most, most of them by nothing.
    """
    with pytensor.config.change_flags(numba__fastmath=False):
        return pm.compile(list(inputs), list(outputs), mode="NUMBA", on_unused_input="ignore").vm.jit_fn


def compile_density(function: Any, size: int, data: Sequence[Any]) -> Any:
    """The C function of a density.

    Parameters
    ----------
    function : callable
        Made by PyTensor's Numba linker, of ``u`` and the data; returns the value and the gradient in ``u``.
    size : int
        Of ``u``.
    data : sequence of PyTensor variables
        What it takes after ``u``; their types count.
    """
    return _compile(_DENSITY, HEAD, function, size, data)


def _compile(template: str, head: int, function: Any, size: int, data: Sequence[Any]) -> Any:
    """Fill in a template and compile it, or load it from disk."""
    arrays, at = [], head
    for variable in data:
        shape = "".join(f"table[{at + 1 + axis}], " for axis in range(variable.type.ndim))
        arrays.append(f"carray(address_as_void_pointer(table[{at}]), ({shape}), {variable.type.dtype})")
        at += 1 + variable.type.ndim
    source = template.format(entries=at, size=size, arrays=", ".join(arrays))
    names = {variable.type.dtype: getattr(types, variable.type.dtype) for variable in data}
    names |= {
        "carray": carray,
        "address_as_void_pointer": address_as_void_pointer,
        "int64": types.int64,
        "float64": types.float64,
        "isfinite": np.isfinite,
        "function": function,
    }
    graph = CACHED_SRC_FUNCTIONS.get(function.py_func)
    key = None if graph is None else sha256(f"{graph} {source}".encode()).hexdigest()
    return _callback(source, "density", DENSITY, names, key)


@dataclass(frozen=True)
class Density:
    """A density with its data, called as a function of ``v``.

    Attributes
    ----------
    callback : numba C function
    size : int
    data : list of array
    location : array, shape (d,)
    factor : array, shape (d, d)
    table : array of int
        What the C function is given: addresses and shapes of all these.
    """

    callback: Any
    size: int
    data: list[NDArray[Any]]
    location: Array
    factor: Array
    table: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("location", "factor"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=float))
        object.__setattr__(self, "data", [np.array(value, order="C") for value in self.data])
        table = [self.size, self.location.ctypes.data, self.factor.ctypes.data]
        for value in self.data:
            table += [value.ctypes.data, *value.shape]
        object.__setattr__(self, "table", np.array(table, dtype=np.int64))

    def __call__(self, v: Array) -> tuple[float, Array]:
        """Value and gradient; ``-inf`` and zero off the support."""
        v, gradient, value = np.ascontiguousarray(v, dtype=float), np.empty(self.size), ctypes.c_double()
        addresses = (v.ctypes.data_as(_POINTER), gradient.ctypes.data_as(_POINTER), ctypes.byref(value))
        status = self.callback.ctypes(self.size, *addresses, self.table.ctypes.data)
        return (value.value, gradient) if status == 0 else (-np.inf, np.zeros(self.size))


# All exceptions are caught for the reason given at `_DENSITY`; here they end the evaluation of all worlds at once.
_BATCH = """
def density(size, v_, gradient_, value_, table_):
    table = carray(table_, ({entries},), int64)
    if size != table[0]:
        return -1
    worlds = size // {size}
    v, gradient, value = carray(v_, (worlds, {size})), carray(gradient_, (worlds, {size})), carray(value_, ())
    each = carray(address_as_void_pointer(table[1]), (worlds,), float64)
    total = 0.0
    try:
        found, slope = function(v, {arrays})
        for w in range(worlds):
            each[w] = found[w]
            total += found[w]
            for j in range({size}):
                gradient[w, j] = slope[w, j]
        value[()] = total
        if not isfinite(total + gradient.sum()):
            return 3
    except Exception:
        return 1
    return 0
"""


def compile_batch(function: Any, size: int, data: Sequence[Any]) -> Any:
    """The C function of the densities of many worlds and of their sum, the world first in every array.

    Parameters
    ----------
    function : callable
        Made by PyTensor's Numba linker, of ``v``, shape (worlds, d), and the data; returns values, shape (worlds,), and
        their gradients, shape (worlds, d).
    size : int
        d.
    data : sequence of PyTensor variables
    """
    return _compile(_BATCH, 2, function, size, data)


@dataclass(frozen=True)
class Densities:
    """The densities of many worlds with their data, called as a function of one ``v`` per world.

    Attributes
    ----------
    callback : numba C function
    worlds, dims : int
        Number of worlds, and of coordinates of each.
    data : list of array
    each : array, shape (worlds,)
        Where the C function leaves the value of every world.
    table : array of int
    """

    callback: Any
    worlds: int
    dims: int
    data: list[NDArray[Any]]
    each: Array = field(init=False)
    table: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "each", np.empty(self.worlds))
        object.__setattr__(self, "data", [np.asarray(value, order="C") for value in self.data])
        table = [self.size, self.each.ctypes.data]
        for value in self.data:
            table += [value.ctypes.data, *value.shape]
        object.__setattr__(self, "table", np.array(table, dtype=np.int64))

    @property
    def size(self) -> int:
        """Number of all coordinates."""
        return self.worlds * self.dims

    def __call__(self, v: Array) -> tuple[Array, Array]:
        """Values, shape (worlds,), and gradients, shape (worlds, d); ``-inf`` and zero off the support.

        Raises
        ------
        FloatingPointError
            If the C function failed for all worlds at once.
        """
        v, gradient, value = np.ascontiguousarray(v, dtype=float), np.empty((self.worlds, self.dims)), ctypes.c_double()
        addresses = (v.ctypes.data_as(_POINTER), gradient.ctypes.data_as(_POINTER), ctypes.byref(value))
        status = self.callback.ctypes(self.size, *addresses, self.table.ctypes.data)
        if status not in (0, 3):
            raise FloatingPointError("the density of a batch of worlds could not be evaluated")
        fine = np.isfinite(self.each) & np.isfinite(gradient).all(axis=1)
        return np.where(fine, self.each, -np.inf), np.where(fine[:, None], gradient, 0.0)


def compiled_model(density: Density | Densities, initial: Callable[[int], Array]) -> CompiledPyMCModel:
    """What nutpie samples: a density, and the points at which chains start; the draws are named ``v``."""
    size = density.size
    names = {"carray": carray}
    return CompiledPyMCModel(
        dims={},
        compiled_logp_func=density.callback,
        compiled_expand_func=_callback(_EXPAND, "expand", EXPAND, names, sha256(_EXPAND.encode()).hexdigest()),
        initial_point_func=initial,
        shared_data={"density": density},  # kept alive as long as nutpie holds its addresses
        shared_var_keys={},
        user_data=density.table,
        n_expanded=size,
        shape_info=(["v"], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={"v": (size,)},
        _coords={},
    )

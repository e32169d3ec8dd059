"""The contract of a scenario: everything that must be said to read one model three ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from models.contract.compact import itself, some_rows

if TYPE_CHECKING:
    import numpy as np
    import pymc as pm
    import xarray as xr
    from numpy.typing import NDArray

    from models.contract.broken import Broken
    from models.contract.distribution import Prior
    from models.contract.reference import Reference


@dataclass(frozen=True)
class Scenario:
    """One question, one model, several priors, several data sets.

    Attributes
    ----------
    question : str
        What the reader wants to know, as a question.
    lesson : str
        What comparing the three readings teaches here, in one or two sentences.
    formula : str
        The likelihood in plain mathematical text, one line per statement.
    parameters : tuple of str
        The variables of the model that are compared, in the order of the table.
    datasets : mapping of str to callable
        Data sets by name; the first is ``"teaching"``. Each value is called without arguments and returns an
        `xarray.Dataset` made by `models.contract.dataset`.
    simulate : callable
        ``simulate(rng)`` draws a teaching data set from known parameters with a `numpy.random.Generator`. The truth is
        kept in the data set as ``true_<parameter>``.
    read : callable
        ``read(table, **options)`` turns a user's `pandas.DataFrame` into a data set, or raises
        `models.contract.BadInput` with one clear line. The table is None if the options alone say everything (65 heads
        in 100 flips). The annotations of its keyword arguments (``str``, ``int``, ``bool``, ``tuple[str, ...]``) are
        the types of the options of the command line.
    priors : callable
        ``priors(data)`` returns the named priors for this data set; the first is the default, and its support is that
        of the parameters. Keyword arguments are hyperparameters a user may give, among them ``standardize``: whether
        scales are meant in the units of ``units(data)`` or as they are.
    units : callable
        ``units(data)`` returns location and unit of each variable, ``{variable: (location, unit)}``: a prior stated for
        standardised data is that of ``(variable - location) / unit``. Variables without unit are left out.
    support : mapping of str to tuple of float, or "simplex"
        Ends of the support of every free variable.
    model : callable
        ``model(data, prior)`` returns the `pymc.Model`. Data and hyperparameters enter it as named `pymc.Data`, so
        that one compilation serves every data set and hyperparameter of the same shape of graph.
    start : callable
        ``start(data, rng)`` returns a random, widely dispersed point, ``{free variable: value}`` in the declared
        parametrisation. Optimisers and chains start there.
    obstacle : callable
        ``obstacle(data, prior)`` says in words why the joint density has no finite maximum inside the parameter space,
        or returns an empty string. The likelihood is the joint density under a flat prior (`models.contract.flat`). It
        is decided without an optimiser. A text that begins with ``unbounded`` leaves local maxima worth reporting.
    improper : callable
        ``improper(data, prior)`` says in words why the posterior cannot be normalised, or has no mean or no standard
        deviation; an empty string if it has all three.
    reference : callable
        ``reference(data, prior)`` returns independent answers (`models.contract.Reference`).
    compact : callable
        ``compact(data)`` returns a data set with the same likelihood up to a constant factor and as few rows as it can;
        the data themselves if there is no smaller one, which is the default. What it returns says so in its attributes
        (`models.contract.compact.marked`). It also serves ``start``, ``obstacle``, ``improper`` and ``reference``.
    compact_model : callable, optional
        ``compact_model(data, prior)``, the model of a compact data set that holds statistics instead of rows; ``model``
        itself is the model of all others. Of every model of a compact data set ``<variable>_data`` is the variable of
        the data set unchanged, and ``<variable>_<hyperparameter>`` the hyperparameter of the prior.
    part : callable
        ``part(data, rows)`` returns some rows of the data, whose likelihood is what it is among all of them.
    whiten : callable, optional
        ``whiten(compact, prior)`` returns names of free variables and a matrix; their values, one after the other, are
        the matrix times coordinates in which search and chains meet no narrow valley. None if it knows none.
    options, hyperparameters : mapping of str to str
        The keyword arguments of ``read`` and of ``priors``, each with a line of help for the command line.
    swept : tuple of str
        Variables whose prior becomes weaker and stronger when its strength is swept; all if empty.
    worlds : int
        How many worlds a report draws from the model of the teaching data to see how the readings do in the long run;
        as many as a few tens of seconds allow.
    fixable : tuple of str
        Free variables that may be held fixed at a number.
    order : callable, optional
        ``order(point)`` puts the interchangeable parts of a point ``{variable: value}`` in their canonical order.
    identify : callable, optional
        ``identify(draws, pivot, data)`` undoes a symmetry of the posterior (the labels of mixture components).
        ``draws`` and ``pivot`` are datasets of parameters; the first has dims ``(chain, draw, ...)``, the second is a
        point.
    interchangeable : str
        The dim along which ``order`` and ``identify`` move parts, in every variable that has it.
    identified : str
        How ``identify`` does it, in one sentence for the reader.
    extras : callable, optional
        ``extras(data, readings, rng)`` computes what users of this model expect beside its parameters, as an
        `xarray.Dataset`; ``readings`` maps ``mle``, ``map`` and ``posterior`` to datasets of parameters.
    broken : callable, optional
        ``broken()`` returns settings of a switch that takes this scenario to where its readings part or fail
        (`models.contract.Broken`): no event at all, separation. They are read three ways beside the fit of the
        teaching data, and the page lets its reader turn the switch. Few and small ones: a report waits for them.
    peers : callable, optional
        ``peers(data, rng)`` asks other methods about the same data, once per fit, as an `xarray.Dataset`.
    """

    question: str
    lesson: str
    formula: str
    parameters: tuple[str, ...]
    datasets: Mapping[str, Callable[[], xr.Dataset]]
    simulate: Callable[[np.random.Generator], xr.Dataset]
    read: Callable[..., xr.Dataset]
    priors: Callable[..., dict[str, Prior]]
    units: Callable[[xr.Dataset], dict[str, tuple[Any, Any]]]
    support: Mapping[str, tuple[float, float] | str]
    model: Callable[[xr.Dataset, Prior], pm.Model]
    start: Callable[[xr.Dataset, np.random.Generator], dict[str, NDArray[np.float64]]]
    obstacle: Callable[[xr.Dataset, Prior], str]
    improper: Callable[[xr.Dataset, Prior], str]
    reference: Callable[[xr.Dataset, Prior], list[Reference]]
    compact: Callable[[xr.Dataset], xr.Dataset] = itself
    compact_model: Callable[[xr.Dataset, Prior], pm.Model] | None = None
    part: Callable[[xr.Dataset, Any], xr.Dataset] = some_rows
    whiten: Callable[[xr.Dataset, Prior], tuple[tuple[str, ...], NDArray[np.float64]] | None] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    swept: tuple[str, ...] = ()
    worlds: int = 200
    fixable: tuple[str, ...] = ()
    order: Callable[[dict[str, NDArray[np.float64]]], dict[str, NDArray[np.float64]]] | None = None
    identify: Callable[[xr.Dataset, xr.Dataset, xr.Dataset], xr.Dataset] | None = None
    interchangeable: str = ""
    identified: str = ""
    extras: Callable[[xr.Dataset, Mapping[str, xr.Dataset], np.random.Generator], xr.Dataset] | None = None
    broken: Callable[[], list[Broken]] | None = None
    peers: Callable[[xr.Dataset, np.random.Generator], xr.Dataset] | None = None

"""ArviZ's plots of one posterior, with the two point readings marked; for notebooks.

Every function takes the subtree of one prior and its rows of the comparison table, and returns a figure that pyplot
does not keep, so that a notebook shows it once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import arviz as az
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from comparisons.colours import READINGS, Mark, rc
from comparisons.digits import percent

POINTS = ("mle", "map")
REACH = 6.0  # posterior standard deviations shown on either side of the posterior mean, at most
COLUMNS = 3
OFFSETS = {"mle": 0.22, "map": -0.22}  # of the intervals of the points in a forest, in rows

Element = tuple[str, tuple[int, ...]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Scale:
    """Where a value of an element is drawn: as it is, or from the posterior mean in posterior standard deviations."""

    middle: float
    unit: float
    standardize: bool

    def place(self, value: float) -> float:
        """Place of a value; of one out of reach, the place where reach ends."""
        near = float(np.clip(value, self.middle - REACH * self.unit, self.middle + REACH * self.unit))
        return (near - self.middle) / self.unit if self.standardize else near


def posterior(tree: xr.DataTree, rows: pd.DataFrame, names: Sequence[str], interval: str) -> Figure:
    """Densities of all elements with their interval; MLE, MAP and posterior mean are marked on the baseline.

    Parameters
    ----------
    tree : xarray.DataTree
        With the group ``posterior``.
    rows : pandas.DataFrame
        Of this prior, in the order of the elements.
    names : sequence of str
        The compared parameters.
    interval : {"eti", "hdi"}
    """
    elements = _elements(tree, rows, names)
    columns = min(COLUMNS, len(elements))
    height = 0.6 + 2.2 * int(np.ceil(len(elements) / columns))
    level = float(rows["level"].iloc[0])
    with _settings():
        shown = az.plot_dist(
            tree,
            var_names=list(names),
            kind="kde",
            ci_kind=interval,
            ci_prob=level,
            col_wrap=columns,
            backend="matplotlib",
            visuals={
                "dist": {"color": READINGS["posterior"].colour},
                "credible_interval": {"color": READINGS["posterior"].colour, "alpha": 0.5},
                "point_estimate": False,
                "point_estimate_text": False,
            },
            figure_kwargs={"figsize": (max(5.0, 3.1 * columns), height), "figsize_units": "inches", "layout": "none"},
        )
        figure = _figure(shown)
        figure.subplots_adjust(left=0.06, right=0.97, bottom=0.45 / height, top=1 - 0.75 / height, hspace=0.45)
        for (name, index), of_element in elements.items():
            _mark(shown.viz["plot"][name].values[index], _draws(tree, name)[:, :, *index], of_element)
        _legend(figure, [_key(mark, line="") for mark in READINGS.values()])
    return figure


def _mark(axes: Axes, draws: NDArray[np.float64], of_element: dict[str, Row]) -> None:
    """Mark the three readings, within reach of the posterior."""
    mean, sd = float(np.mean(draws)), float(np.std(draws))
    left, right = axes.get_xlim()
    for reading, mark in READINGS.items():
        value = mean if reading == "posterior" else of_element[reading]["estimate"]
        if abs(value - mean) <= REACH * sd:
            axes.axvline(value, color=mark.colour, linestyle=mark.line, linewidth=1)
            axes.plot(value, 0, mark.marker, color=mark.colour, markersize=6, clip_on=False, zorder=5)
            left, right = min(left, value - 0.1 * sd), max(right, value + 0.1 * sd)
    axes.set_xlim(max(left, mean - REACH * sd), min(right, mean + REACH * sd))


def trace(tree: xr.DataTree, rows: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Density and course of every chain for all elements; parameters as in `posterior`."""
    height = 0.4 + 1.5 * len(_elements(tree, rows, names))
    with _settings():
        shown = az.plot_trace_dist(
            tree,
            var_names=list(names),
            compact=False,
            kind="kde",
            backend="matplotlib",
            figure_kwargs={"figsize": (8.5, height), "figsize_units": "inches", "layout": "constrained"},
        )
        return _figure(shown)


def forest(tree: xr.DataTree, rows: pd.DataFrame, names: Sequence[str], interval: str, standardize: bool) -> Figure:
    """Intervals of the posterior with those of the two points above and below; other parameters as in `posterior`.

    Parameters
    ----------
    standardize : bool
        Whether every element is measured from its posterior mean in posterior standard deviations.
    """
    draws = tree["posterior"].to_dataset()[list(names)]
    mean, sd = draws.mean(("chain", "draw")), draws.std(("chain", "draw"))
    level = float(rows["level"].iloc[0])
    elements = _elements(tree, rows, names)
    colour = READINGS["posterior"].colour
    with _settings():
        shown = az.plot_forest(
            xr.DataTree.from_dict({"posterior": (draws - mean) / sd if standardize else draws}),
            var_names=list(names),
            combined=True,
            point_estimate="mean",
            ci_kind=interval,
            ci_probs=(level / 2, level),
            backend="matplotlib",
            visuals={
                "trunk": {"color": colour},
                "twig": {"color": colour},
                "point_estimate": {"color": colour, "facecolor": colour, "marker": READINGS["posterior"].marker},
            },
            figure_kwargs={
                "figsize": (7.5, 1.6 + 0.42 * len(elements)),
                "figsize_units": "inches",
                "layout": "constrained",
            },
        )
        axes = shown.viz["plot"].sel(column="forest").item()
        for (name, index), of_element in elements.items():
            height = float(shown.aes["y"][name].values[index])
            scale = Scale(float(mean[name].values[index]), float(sd[name].values[index]), standardize)
            for reading in POINTS:
                _interval(axes, of_element[reading], READINGS[reading], height + OFFSETS[reading], scale)
        axes.set_xlabel("posterior standard deviations from the posterior mean" if standardize else "")
        keys = [_key(mark) for mark in READINGS.values()]
        axes.figure.legend(handles=keys, loc="outside upper left", ncols=3, title=f"{percent(level)} intervals")
        return _figure(shown)


def _interval(axes: Axes, row: Row, mark: Mark, height: float, scale: Scale) -> None:
    """Estimate and interval of a point reading, as far as they exist and are within reach."""
    ends = [row[end] if np.isfinite(row[end]) else row["estimate"] for end in ("lower", "upper")]
    if np.isfinite(ends).all():
        axes.plot([scale.place(end) for end in ends], [height, height], color=mark.colour, linestyle=mark.line)
    if abs(row["estimate"] - scale.middle) <= REACH * scale.unit:
        axes.plot(scale.place(row["estimate"]), height, mark.marker, color=mark.colour, markersize=4.5)


def _elements(tree: xr.DataTree, rows: pd.DataFrame, names: Sequence[str]) -> dict[Element, dict[str, Row]]:
    """Rows of the table by reading, for every element of the parameters, in the order of the table."""
    of_label: dict[str, dict[str, Row]] = {}
    for row in rows.to_dict("records"):
        of_label.setdefault(row["parameter"], {})[row["reading"]] = {str(key): value for key, value in row.items()}
    shapes = {name: _draws(tree, name).shape[2:] for name in names}
    elements = [(name, index) for name, shape in shapes.items() for index in np.ndindex(*shape)]
    return dict(zip(elements, of_label.values(), strict=True))


def _draws(tree: xr.DataTree, name: str) -> Any:
    """Draws of one parameter, chains and draws first."""
    return tree["posterior"].to_dataset()[name].transpose("chain", "draw", ...).values


@contextlib.contextmanager
def _settings() -> Iterator[None]:
    """Our colours and letters; and as many panels as there are parameters."""
    with mpl.rc_context(rc()), az.rc_context({"plot.max_subplots": None}):
        yield


def _figure(shown: Any) -> Figure:
    figure: Figure = shown.viz["figure"].item()
    plt.close(figure)
    return figure


def _key(mark: Mark, line: str | None = None) -> Line2D:
    options: dict[str, Any] = {"linestyle": mark.line if line is None else line, "marker": mark.marker}
    return Line2D([], [], color=mark.colour, label=mark.label, **options)


def _legend(figure: Figure, keys: list[Line2D]) -> None:
    figure.legend(handles=keys, loc="upper left", ncols=len(keys), borderaxespad=0.2)

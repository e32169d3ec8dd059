"""A stored fit: the tree, the comparison table and the checks, with the few questions a page asks of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from comparisons import store
from comparisons.verdict import Verdict, judge

Array = NDArray[np.float64]
POINTS = ("mle", "map")
MAXIMUM = "maximum exists"


@dataclass(frozen=True)
class Gap:
    """Distance of the two points from the posterior mean, in posterior standard deviations; None if there is none."""

    parameter: str
    mle: float | None
    map: float | None


@dataclass(frozen=True)
class Study:
    """A study of a fit (`comparisons.studies`).

    Attributes
    ----------
    prior : str
        Under which the worlds were read.
    truth : {"prior", "fixed"}
    table : pandas.DataFrame
        ``coverage.csv``: long-run behaviour by parameter, reading and interval (`comparisons.coverage`).
    exact : pandas.DataFrame or None
        ``exact.csv`` of a coin.
    record : dict
        ``calibration.json``: checks, and the ranks if the truths came from the prior (`comparisons.calibration`).
    path : pathlib.Path
        Of ``study.nc``, all worlds.
    """

    prior: str
    truth: str
    table: pd.DataFrame
    exact: pd.DataFrame | None
    record: dict[str, Any]
    path: Path

    @cached_property
    def worlds(self) -> xr.Dataset:
        """All worlds."""
        found = _read(self.path)
        if found is None:
            raise FileNotFoundError(self.path)
        return found


def _read(path: Path) -> xr.Dataset | None:
    """A data set, or None if there is no such file."""
    if not path.is_file():
        return None
    with xr.open_dataset(path, engine="netcdf4") as opened:
        return opened.load()


class Fit:
    """Results of one fit, read from a folder.

    Parameters
    ----------
    folder : pathlib.Path
        With ``fit.nc``, ``comparison.csv`` and ``checks.json``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with xr.open_datatree(folder / "fit.nc", engine="netcdf4") as tree:
            self.tree: xr.DataTree = tree.load()
        self.table = pd.read_csv(folder / "comparison.csv", keep_default_na=True)
        self.record = store.read_json(folder / "checks.json")
        self.checks: list[dict[str, Any]] = self.record["checks"]
        self.name = folder.name
        self._draws: dict[tuple[str, str], xr.Dataset] = {}

    def text(self, key: str) -> str:
        """Return an attribute of the root, or an empty string."""
        return str(self.tree.attrs.get(key, ""))

    @cached_property
    def priors(self) -> dict[str, dict[str, str]]:
        """Texts of the priors by name and variable; the first is the default."""
        known: dict[str, dict[str, str]] = json.loads(self.text("priors"))
        return {name: texts for name, texts in known.items() if name in self.tree.children}

    @property
    def default(self) -> str:
        """Name of the default prior."""
        return next(iter(self.priors))

    @property
    def level(self) -> float:
        """Level of every interval."""
        return float(self.tree.attrs["level"])

    @cached_property
    def data(self) -> xr.Dataset:
        """The data set."""
        return self.tree["data"].to_dataset()

    @cached_property
    def labels(self) -> list[str]:
        """Labels of the compared parameters, in the order of the table."""
        return [str(label) for label in self.table["parameter"].unique()]

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        keys = zip(self.table["prior"], self.table["parameter"], self.table["reading"], strict=True)
        rows = ({str(column): value for column, value in row.items()} for row in self.table.to_dict("records"))
        return dict(zip(keys, rows, strict=True))

    def row(self, prior: str, label: str, reading: str) -> dict[str, Any]:
        """Return a row of the comparison table."""
        return self._rows[prior, label, reading]

    def value(self, prior: str, label: str, reading: str, column: str = "estimate") -> float:
        """Return a number of the comparison table; NaN where it is missing."""
        return float(self.row(prior, label, reading)[column])

    def dataset(self, prior: str, group: str) -> xr.Dataset | None:
        """Return a group under a prior, if it was stored."""
        groups = self.tree[prior].children
        return groups[group].to_dataset() if group in groups else None

    def log_likelihood(self, prior: str) -> xr.Dataset | None:
        """Return the log likelihood of all observations: of each, or in one sum if only some have their own."""
        total = self.dataset(prior, "log_likelihood_total")
        return self.dataset(prior, "log_likelihood") if total is None else total

    def draws(self, prior: str, group: str = "posterior") -> xr.Dataset:
        """Return the draws of the compared parameters, each element a scalar variable named by its label."""
        if (prior, group) not in self._draws:
            self._draws[prior, group] = self._elements(prior, group)
        return self._draws[prior, group]

    def _elements(self, prior: str, group: str) -> xr.Dataset:
        source = self.dataset(prior, group)
        if source is None:
            raise KeyError(f"{self.name}: no group {group!r} under the prior {prior!r}")
        elements = []
        for name in json.loads(self.text("parameters")):
            if name in source:
                values = source[name].transpose("chain", "draw", ...).values
                elements += [values[:, :, *index] for index in np.ndindex(*values.shape[2:])]
        return xr.Dataset(
            {label: (("chain", "draw"), values) for label, values in zip(self.labels, elements, strict=True)},
            coords={"chain": source["chain"].values, "draw": source["draw"].values},
        )

    def sweep(self, name: str) -> xr.Dataset | None:
        """Return ``sweep_prior``, ``sweep_n``, ``sweep_k`` or ``broken``; None if it was not made, as of own data."""
        return _read(self.folder / f"{name}.nc")

    @cached_property
    def studies(self) -> list[Study]:
        """The studies of this fit, that of the default prior with truths from it first."""
        found = []
        for place in sorted((self.folder / "studies").glob("*/calibration.json")):
            table = pd.read_csv(place.with_name("coverage.csv"))
            exact = place.with_name("exact.csv")
            record = store.read_json(place)
            found.append(
                Study(
                    prior=str(record["request"]["prior"]),
                    truth=str(record["request"]["truth"]),
                    table=table,
                    exact=pd.read_csv(exact) if exact.is_file() else None,
                    record=record,
                    path=place.with_name("study.nc"),
                )
            )
        names = list(self.priors)
        return sorted(found, key=lambda study: (names.index(study.prior), study.truth != "prior"))

    def failed(self, prior: str, label: str, reading: str) -> list[str]:
        """Names of the failed checks that concern one number, from the table and from the checks."""
        written = self.row(prior, label, reading)["failed"]
        names = [] if pd.isna(written) else str(written).split("; ")
        for check in self.checks:
            concerns = check["prior"] == prior and check["reading"] == reading
            concerns = concerns and (not check["parameters"] or label in check["parameters"])
            if concerns and not check["passed"] and check["name"] not in names:
                names.append(check["name"])
        return names

    def reason(self, prior: str, label: str, reading: str) -> str:
        """Why a number does not exist, or what to know of it."""
        written = self.row(prior, label, reading)["reason"]
        return "" if pd.isna(written) else str(written)

    def gaps(self, prior: str) -> list[Gap]:
        """Distances of the MLE and the MAP from the posterior mean, in posterior standard deviations, per parameter."""
        result = []
        for label in self.labels:
            mean, sd = self.value(prior, label, "posterior"), self.value(prior, label, "posterior", "sd")
            both = [(self.value(prior, label, reading) - mean) / sd if sd > 0 else np.nan for reading in POINTS]
            result.append(Gap(label, *(float(gap) if np.isfinite(gap) else None for gap in both)))
        return result

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What is concluded under each prior; nothing if predictions were not stored."""
        rows = {prior: self.table[self.table["prior"] == prior] for prior in self.priors}
        return [judge(prior, rows[prior], self.dataset(prior, "prediction"), self.checks) for prior in self.priors]

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The failed checks."""
        return [check for check in self.checks if not check["passed"]]

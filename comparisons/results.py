"""Results on disk, read back: what was asked for, the table, the draws; and the plan they were made by."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

import models
from comparisons import calls, store
from comparisons.files import digest_of_file, read_file
from comparisons.plan import Plan, built_in, check_settings, own
from comparisons.settings import Settings
from models.contract import BadInput
from models.contract.columns import shown

KEYS = ["prior", "parameter", "reading"]
NUMBERS = ["estimate", "sd", "lower", "upper"]
AGAIN = "make the results again"


@dataclass(frozen=True)
class Stored:
    """Results read from a folder.

    Attributes
    ----------
    place : pathlib.Path
    record : dict
        Of ``checks.json``, its parts of the types they must have.
    table : pandas.DataFrame
        Of ``comparison.csv``, indexed by prior, parameter and reading.
    tree : xarray.DataTree
        Of ``fit.nc``.
    """

    place: Path
    record: dict[str, Any]
    table: pd.DataFrame
    tree: xr.DataTree

    @property
    def settings(self) -> Settings:
        """Settings the results were made with."""
        return Settings(**{field.name: self.record[field.name] for field in fields(Settings)})


def read_stored(place: Path) -> Stored:
    """Read the results of a fit; nothing in them is evaluated.

    Raises
    ------
    BadInput
        If there are none, or if a part is missing or damaged.
    """
    name = shown(str(place), 300)
    if not place.is_dir():
        raise BadInput(f"there is no folder {name}: give one with results, such as reports/results/coin")
    if not (place / "checks.json").is_file():
        raise BadInput(f"{name} has no checks.json: give a folder with results, such as reports/results/coin")
    record = store.read_json(place / "checks.json")
    if not record:
        raise BadInput(f"checks.json in {name} is damaged: {AGAIN}")
    if "request" not in record:
        raise BadInput(f"checks.json in {name} is of an earlier version and does not say what was asked for: {AGAIN}")
    _check_record(record, name)
    return Stored(place, record, _read_table(place / "comparison.csv", name), _read_tree(place / "fit.nc", name))


def _check_record(record: dict[str, Any], name: str) -> None:
    """Refuse a record whose parts are not of the types they must have."""
    request = record["request"]
    wanted: dict[str, type] = {field.name: type(field.default) for field in fields(Settings)}
    wanted |= {"request": dict, "versions": dict, "data_sha256": str, "fit": str}
    parts = [(record, wanted)]
    if isinstance(request, dict):
        own_parts = dict.fromkeys(("scenario", "source", "dataset"), str) | {"options": dict, "file": dict}
        parts.append((request, {"fit": str} if "fit" in request else own_parts | {"prior": list, "fix": list}))
    if isinstance(request, dict) and isinstance(request.get("file"), dict) and request["file"]:
        parts.append((request["file"], dict.fromkeys(calls.FROM_MEMORY, str)))
    for content, types in parts:
        for key, kind in types.items():
            if type(content.get(key)) is not kind:
                raise BadInput(f"checks.json in {name} is damaged ({key}): {AGAIN}")
    asked = [request, request.get("options", {})] if "fit" not in request else []
    texts = [one for part in asked[:1] for key in ("prior", "fix") for one in part[key]]
    if any(key in inspect.signature(own).parameters for part in asked[1:] for key in part):
        raise BadInput(f"checks.json in {name} is damaged (options): {AGAIN}")
    if not all(isinstance(one, str) for one in texts):
        raise BadInput(f"checks.json in {name} is damaged (prior, fix): {AGAIN}")


def _read_table(path: Path, name: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(KEYS, str), keep_default_na=True)
        table[NUMBERS] = table[NUMBERS].astype(float)
        if table.duplicated(KEYS).any():
            raise ValueError("a row occurs twice")
        return table.set_index(KEYS)
    except FileNotFoundError:
        raise BadInput(f"{name} has no comparison.csv: {AGAIN}") from None
    except (OSError, ValueError, KeyError) as problem:
        raise BadInput(f"comparison.csv in {name} is damaged ({brief(problem)}): {AGAIN}") from None


def _read_tree(path: Path, name: str) -> xr.DataTree:
    if not path.is_file():
        raise BadInput(f"{name} has no fit.nc: {AGAIN}")
    try:
        with xr.open_datatree(path, engine="netcdf4") as tree:
            return tree.load()
    except (OSError, RuntimeError, ValueError, KeyError, AttributeError) as problem:
        raise BadInput(f"fit.nc in {name} is damaged ({brief(problem)}): {AGAIN}") from None


def plan_again(stored: Stored, seed: int | None = None, data: Path | None = None) -> Plan:
    """The plan that stored results were made by, perhaps with another seed, or with the data in another place.

    Raises
    ------
    BadInput
        If the data are gone or are not those of the results, or if the request cannot be used.
    """
    record, settings = stored.record, stored.settings
    request = record["request"]
    file = request.get("file", {}) if "fit" not in request else {}
    settings = settings if seed is None else replace(settings, seed=seed)
    check_settings(settings)
    if data is not None and not file:
        raise BadInput("--data: these results are not about a table from a file; leave it out")
    if "fit" in request:
        plan = built_in(request["fit"], settings)
    else:
        fits = {pair: name for name, pair in models.fits().items()}
        plan = own(
            fits.get((request["scenario"], request["dataset"]), request["scenario"]),
            _table(file, data) if file else None,
            name=record["fit"],
            source=request["source"],
            prior=request["prior"],
            fix=request["fix"],
            settings=settings,
            command=str(record.get("command", "")),
            file=file,
            **{key: calls.typed(request["scenario"], key, value) for key, value in request["options"].items()},
        )
    if store.data_digest(plan.data) != record["data_sha256"]:
        what = f"the table in {shown(str(data or file['data']), 300)} is" if file else "the built-in data are"
        advice = "give the right one with --data FILE" if file else AGAIN
        raise BadInput(f"{what} not what these results were made from: {advice}")
    return plan


def _table(file: dict[str, str], data: Path | None) -> pd.DataFrame:
    """The user's table."""
    path = data or Path(file["data"])
    if data is None and not file["data"]:
        raise BadInput(
            "these results are about a table that was in no file: give a file that holds it with --data FILE"
        )
    if data is None and not path.is_file():
        raise BadInput(f"the file {shown(str(path), 300)} of these results is gone: say where it is with --data FILE")
    if data is None and digest_of_file(path) != file["sha256"]:
        raise BadInput(f"the file {shown(str(path), 300)} has changed since: give the old one with --data FILE")
    return read_file(path, *([file["delimiter"]] if file["delimiter"] else []))


def brief(problem: BaseException) -> str:
    """The message of a library on one line."""
    return shown(str(problem), 100)[1:-1] or type(problem).__name__

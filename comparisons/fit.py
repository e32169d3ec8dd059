"""One fit from beginning to end: data, three readings under each prior, references, checks, results on disk."""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import models
from comparisons import checks, points, posterior, store, table
from comparisons.checks import Check
from comparisons.functions import Array, Functions
from comparisons.optimum import STARTS
from comparisons.points import Point
from comparisons.settings import SETTINGS
from models.contract import Prior, Scenario

Report = Callable[[str], None]


def fit(name: str, report: Report = lambda stage: None) -> list[Check]:
    """Fit a built-in fit under all its priors and write its results.

    Parameters
    ----------
    name : str
        Name of the fit.
    report : callable
        Told each stage as it ends.

    Returns
    -------
    list of Check
        All checks, passed or not.
    """
    began = time.perf_counter()
    scenario_name, dataset = models.fits()[name]
    inputs = store.inputs_of_fit(scenario_name, asdict(SETTINGS))
    scenario = models.load(scenario_name)
    data = scenario.datasets[dataset]()
    priors = scenario.priors(data)
    root = np.random.SeedSequence([SETTINGS.seed, zlib.crc32(name.encode())])
    start_seed, peer_seed, *prior_seeds = root.spawn(2 + len(priors))
    rng = np.random.default_rng(start_seed)
    candidates = [scenario.start(data, rng) for _ in range(STARTS)]

    groups: dict[str, xr.Dataset] = {"/data": data}
    tables: list[pd.DataFrame] = []
    every: list[Check] = []
    mle: Point | None = None
    for (prior_name, prior), seed in zip(priors.items(), prior_seeds, strict=True):
        functions = Functions(scenario.model(data, prior), candidates[0])
        starts = [functions.unconstrain(candidate) for candidate in candidates]
        if mle is None:  # the likelihood does not know the prior
            compared = _compared(scenario, functions)
            mle = points.mle(functions, compared, starts, SETTINGS.level, scenario.obstacle(data), scenario.order)
            report("maximum likelihood")

        def stage(text: str, prior_name: str = prior_name) -> None:
            report(f"{prior_name}: {text}")

        one = _under_prior(scenario, data, prior, functions, starts, mle, seed, stage)
        found = [replace(check, prior=prior_name) for check in one.checks]
        groups |= {f"/{prior_name}/{group}": content for group, content in one.groups.items()}
        tables.append(one.rows.assign(prior=prior_name))
        every += found
    if scenario.peers is not None:
        groups["/peers"] = scenario.peers(data, np.random.default_rng(peer_seed))
        report("peers")

    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "fit": name,
        "scenario": scenario_name,
        "dataset": dataset,
        "question": scenario.question,
        "lesson": scenario.lesson,
        "formula": scenario.formula,
        "identified": scenario.identified,
        "parameters": json.dumps(scenario.parameters),
        "priors": json.dumps({key: {k: str(v) for k, v in prior.items()} for key, prior in priors.items()}),
        **asdict(SETTINGS),
    }
    comparison = pd.concat(tables).assign(scenario=scenario_name, data=dataset)[table.COLUMNS]
    place = store.folder(name)
    store.write(place / "fit.nc", lambda path: tree.to_netcdf(path, engine="netcdf4"))
    store.write(place / "comparison.csv", lambda path: comparison.to_csv(path, index=False))
    record = {
        "fit": name,
        "inputs": inputs,
        "sizes": store.sizes(place),
        "checks": [asdict(check) for check in every],
        "versions": store.versions(),
        **asdict(SETTINGS),
        "command": f'make report FITS="{name}"',
        "data_sha256": data_digest(data),
        "seconds": round(time.perf_counter() - began, 2),
    }
    store.write_json(place / "checks.json", record)  # last: its digest says that the others are complete
    return every


@dataclass(frozen=True)
class _Conclusions:
    """What the readings conclude under one prior: groups of the tree, rows of the table, checks."""

    groups: dict[str, xr.Dataset]
    rows: pd.DataFrame
    checks: list[Check]


def _under_prior(
    scenario: Scenario,
    data: xr.Dataset,
    prior: Prior,
    functions: Functions,
    starts: list[Array],
    mle: Point,
    seed: np.random.SeedSequence,
    report: Report,
) -> _Conclusions:
    """Mode, posterior, predictions, references and checks under one prior."""
    model, level, compared = functions.model, SETTINGS.level, _compared(scenario, functions)
    sampler_seed, predictive_seed, extras_seed = (int(part) for part in seed.generate_state(3))
    map_ = points.map_(functions, compared, starts, level, scenario.obstacle(data, prior), scenario.order)
    report("mode")
    sampled, unconstrained = posterior.sample(
        functions, starts[: SETTINGS.chains], sampler_seed, draws=SETTINGS.draws, tune=SETTINGS.tune
    )
    statistics = sampled["sample_stats"].to_dataset()
    draws = sampled["posterior"].to_dataset()
    if scenario.identify is not None:
        draws = scenario.identify(draws, _dataset(model, map_.estimate), data)
    report("posterior")
    proper = all(distribution.proper for distribution in prior.values())
    groups = {
        "mle": _reading(model, mle, level),
        "map": _reading(model, map_, level),
        "posterior": draws,
        "sample_stats": statistics,
        **posterior.pointwise(functions, unconstrained),
        **posterior.predictive(functions, draws, proper, predictive_seed),
    }
    if scenario.extras is not None:
        readings = {"mle": _dataset(model, mle.estimate), "map": _dataset(model, map_.estimate), "posterior": draws}
        groups["extras"] = scenario.extras(data, readings, np.random.default_rng(extras_seed))
    report("predictions")
    improper = scenario.improper(data, prior)
    references = [one for one in scenario.reference(data, prior) if not (improper and one.reading == "posterior")]
    summary = table.summarise(draws[compared], level)
    rows = table.rows({"mle": mle, "map": map_}, draws[compared], summary, references, _truth(data), level)
    found = [
        *checks.of_point(mle, "mle"),
        *checks.of_point(map_, "map"),
        *checks.of_log_likelihood(mle, references),
        *checks.of_posterior(summary, statistics, improper),
        *checks.of_references(rows),
    ]
    rows.loc[rows["reading"] == "posterior", "reason"] = improper
    rows["failed"] = [
        checks.failures(found, reading, parameter)
        for reading, parameter in zip(rows["reading"], rows["parameter"], strict=True)
    ]
    report("references")
    return _Conclusions(groups, rows, found)


def _compared(scenario: Scenario, functions: Functions) -> list[str]:
    """The compared parameters that this model has; a mixture in one dimension has no correlations."""
    return [name for name in scenario.parameters if name in functions.model.named_vars]


def data_digest(data: xr.Dataset) -> str:
    """SHA-256 of names, dims, types and values of a data set."""
    total = hashlib.sha256()
    for name in sorted(map(str, data.variables)):
        variable = data[name]
        total.update(f"{name} {variable.dims} {variable.dtype.kind}".encode())
        total.update(
            np.ascontiguousarray(variable.values.astype("U" if variable.dtype.kind in "OUT" else float)).tobytes()
        )
    return total.hexdigest()


def _truth(data: xr.Dataset) -> dict[str, np.ndarray]:
    return {
        str(name).removeprefix("true_"): value.values for name, value in data.items() if str(name).startswith("true_")
    }


def _dataset(model: Any, values: dict[str, Any]) -> xr.Dataset:
    """Parameters of one point, labelled."""
    coords = posterior.coords(model)
    return xr.Dataset({name: (posterior.dims(model, name), value) for name, value in values.items()}, coords=coords)


def _reading(model: Any, point: Point, level: float) -> xr.Dataset:
    """A point reading as a data set with the leading dim ``statistic``, its audit in the attributes."""
    statistics = ("estimate", "sd", "lower", "upper", "wald_lower", "wald_upper")
    variables = {
        name: (("statistic", *posterior.dims(model, name)), np.stack([getattr(point, key)[name] for key in statistics]))
        for name in point.estimate
    }
    optimum = point.optimum
    result = xr.Dataset(variables, coords={"statistic": list(statistics), **posterior.coords(model)})
    return result.assign_attrs(
        interval=json.dumps(point.interval),
        level=level,
        exists=int(point.exists),
        log_density=optimum.value,
        gradient=optimum.gradient,
        starts=optimum.starts,
        agreeing=optimum.agreeing,
        collapsed=optimum.collapsed,
    )

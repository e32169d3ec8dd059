"""One fit from beginning to end: three readings under each prior of a plan, references, checks."""

from __future__ import annotations

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
from comparisons import checks, left_out, measures, points, posterior, prediction, store, table
from comparisons.checks import Check
from comparisons.comparison import Comparison
from comparisons.functions import Array, Functions
from comparisons.left_out import LeftOut, Rows
from comparisons.optimum import STARTS
from comparisons.plan import Plan
from comparisons.points import Point
from models.contract import Prior, Reference, Scenario, flat

Report = Callable[[str], None]


def fit(plan: Plan, report: Report = lambda stage: None) -> Comparison:
    """Fit under all priors of a plan.

    Parameters
    ----------
    plan : Plan
    report : callable
        Told each stage as it ends.

    Returns
    -------
    Comparison
    """
    began = time.perf_counter()
    scenario, data, settings = models.load(plan.scenario), plan.data, plan.settings
    root = np.random.SeedSequence([settings.seed, zlib.crc32(store.data_digest(data).encode())])
    start_seed, peer_seed, *prior_seeds = root.spawn(2 + len(plan.priors))
    rng = np.random.default_rng(start_seed)
    candidates = [scenario.start(data, rng) for _ in range(max(STARTS, settings.chains))]

    likelihood = Functions(scenario.model(data, plan.likelihood), candidates[0])
    compared = _compared(scenario, likelihood)
    starts = [likelihood.unconstrain(candidate) for candidate in candidates]
    obstacle = scenario.obstacle(data, flat(plan.likelihood))
    mle = points.mle(likelihood, compared, starts, settings.level, obstacle, scenario.order)
    observed = data.sizes["observation"]
    left_rows = prediction.chosen(observed, rng)
    mle_left = left_out.of_point(likelihood, mle, "mle", left_rows)
    report("maximum likelihood")

    groups: dict[str, xr.Dataset] = {"/data": data}
    tables: list[pd.DataFrame] = []
    every: list[Check] = []
    for (prior_name, prior), seed in zip(plan.priors.items(), prior_seeds, strict=True):

        def stage(text: str, prior_name: str = prior_name) -> None:
            report(f"{prior_name}: {text}")

        one = _under_prior(plan, prior, candidates, mle, mle_left, left_rows, seed, stage)
        groups |= {f"/{prior_name}/{group}": content for group, content in one.groups.items()}
        tables.append(one.rows.assign(prior=prior_name))
        every += [replace(check, prior=prior_name) for check in one.checks]
    if scenario.peers is not None:
        groups["/peers"] = scenario.peers(data, np.random.default_rng(peer_seed))
        report("peers")

    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "fit": plan.name,
        "scenario": plan.scenario,
        "dataset": plan.dataset,
        "question": scenario.question,
        "lesson": scenario.lesson,
        "formula": data.attrs.get("formula", scenario.formula),
        "identified": scenario.identified,
        "parameters": json.dumps(compared),
        "priors": json.dumps({key: {k: str(v) for k, v in prior.items()} for key, prior in plan.priors.items()}),
        "distributions": json.dumps(
            {key: {k: v.as_json() for k, v in prior.items()} for key, prior in plan.priors.items()}
        ),
        **asdict(settings),
    }
    rows = pd.concat(tables, ignore_index=True).assign(scenario=plan.scenario, data=plan.dataset)[table.COLUMNS]
    return Comparison(plan, rows, tree, every, round(time.perf_counter() - began, 2))


@dataclass(frozen=True)
class _Conclusions:
    """What the readings conclude under one prior: groups of the tree, rows of the table, checks."""

    groups: dict[str, xr.Dataset]
    rows: pd.DataFrame
    checks: list[Check]


def _under_prior(
    plan: Plan,
    prior: Prior,
    candidates: list[dict[str, Array]],
    mle: Point,
    mle_left: LeftOut,
    left_rows: Rows,
    seed: np.random.SeedSequence,
    report: Report,
) -> _Conclusions:
    """Mode, posterior, predictions, references and checks under one prior."""
    scenario, data, settings = models.load(plan.scenario), plan.data, plan.settings
    sampler_seed, predictive_seed, extras_seed, start_seed = (int(part) for part in seed.generate_state(4))
    rng = np.random.default_rng(start_seed)
    functions = Functions(scenario.model(data, prior), candidates[0])
    # A prior of the user's own may have a smaller support than the parameters.
    inside = [{name: one.inside(point[name], rng) for name, one in prior.items()} for point in candidates]
    starts = [functions.unconstrain(point) for point in inside]
    model, level, compared = functions.model, settings.level, _compared(scenario, functions)
    map_ = points.map_(functions, compared, starts, level, scenario.obstacle(data, prior), scenario.order)
    report("mode")
    lengths = {"draws": settings.draws, "tune": settings.tune}
    # Where parts are interchangeable, chains are at different modes: the curvature at one says little of the others.
    mode = map_.optimum if scenario.order is None else None
    sampled, unconstrained = posterior.sample(functions, starts[: settings.chains], sampler_seed, mode, **lengths)
    statistics = sampled["sample_stats"].to_dataset()
    draws = sampled["posterior"].to_dataset()
    if scenario.identify is not None:
        draws = scenario.identify(_with_fixed(draws, model, prior), _of_point(model, map_, prior), data)[list(draws)]
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
        readings = {"mle": _of_point(model, mle, prior), "map": _of_point(model, map_, prior)}
        readings["posterior"] = _with_fixed(draws, model, prior)
        groups["extras"] = scenario.extras(data, readings, np.random.default_rng(extras_seed))
    report("predictions")
    improper = scenario.improper(data, prior)
    left = {"mle": mle_left, "map": left_out.of_point(functions, map_, "map", left_rows)}
    groups["prediction"] = prediction.together(
        left, groups["log_likelihood"], draws[compared], left_rows, improper if improper.startswith("improper") else ""
    )
    report("left out")
    references = _references(scenario, data, prior, improper)
    summary = table.summarise(draws[compared], level, settings.interval)
    both = {"mle": mle, "map": map_}
    rows = table.rows(both, draws[compared], summary, references, _truth(data), level, settings.interval)
    found = [
        *checks.of_point(mle, "mle"),
        *checks.of_point(map_, "map"),
        *checks.of_log_likelihood(mle, references),
        *checks.of_posterior(summary, statistics, improper),
        *checks.of_references(rows),
    ]
    rows.loc[rows["reading"] == "posterior", "reason"] = improper
    rows.loc[rows["reading"] == "posterior", table.missing(improper)] = np.nan
    rows = rows.drop(columns=measures.COLUMNS).join(measures.measures(rows, draws[compared]))[list(rows)]
    rows["failed"] = [
        checks.failures(found, reading, parameter)
        for reading, parameter in zip(rows["reading"], rows["parameter"], strict=True)
    ]
    report("references")
    return _Conclusions(groups, rows, found)


def _references(scenario: Scenario, data: xr.Dataset, prior: Prior, improper: str) -> list[Reference]:
    """Independent answers; none where their own arithmetic fails, as it may on data at the edge of what is possible."""
    try:
        found = scenario.reference(data, prior)
    except (ArithmeticError, np.linalg.LinAlgError):
        return []
    return [one for one in found if not (improper and one.reading == "posterior")]


def _compared(scenario: Scenario, functions: Functions) -> list[str]:
    """The compared parameters that this model has; a mixture in one dimension has no correlations."""
    return [name for name in scenario.parameters if name in functions.model.named_vars]


def _truth(data: xr.Dataset) -> dict[str, np.ndarray]:
    return {
        str(name).removeprefix("true_"): value.values for name, value in data.items() if str(name).startswith("true_")
    }


def _dataset(model: Any, values: dict[str, Any]) -> xr.Dataset:
    """Parameters of one point, labelled."""
    coords = posterior.coords(model)
    return xr.Dataset({name: (posterior.dims(model, name), value) for name, value in values.items()}, coords=coords)


def _of_point(model: Any, point: Point, prior: Prior) -> xr.Dataset:
    """All parameters of a point reading, those held fixed among them."""
    return _with_fixed(_dataset(model, point.estimate), model, prior)


def _with_fixed(parameters: xr.Dataset, model: Any, prior: Prior) -> xr.Dataset:
    """Parameters of a point, or of draws, together with the numbers held fixed."""
    leading = {dim: parameters.sizes[dim] for dim in ("chain", "draw") if dim in parameters.dims}
    held = {}
    for name in (name for name, one in prior.items() if one.fixed):
        value = model[f"{name}_value"].get_value()
        array = np.broadcast_to(value, (*leading.values(), *value.shape))
        held[name] = ((*leading, *posterior.dims(model, f"{name}_value")), array)
    return parameters.assign(held)


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

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
from comparisons import checks, left_out, measures, modes, points, posterior, prediction, sensitivity, store, table
from comparisons.checks import Check
from comparisons.comparison import Comparison
from comparisons.functions import Array, Functions
from comparisons.left_out import LeftOut
from comparisons.optimum import STARTS
from comparisons.plan import Plan
from comparisons.points import Point
from comparisons.rows import Sample, sample
from comparisons.rows import groups as stored
from comparisons.whitened import Whitened
from models.contract import Prior, Reference, Scenario, flat, summarised

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
    start_seed, peer_seed, row_seed, *prior_seeds = root.spawn(3 + len(plan.priors))
    rng = np.random.default_rng(start_seed)
    rows = sample(scenario, data, np.random.default_rng(row_seed))
    compact = scenario.compact(data)
    known = data if rows.complete else compact  # references see small data row by row, as the models do not
    candidates = [scenario.start(known, rng) for _ in range(max(STARTS, settings.chains))]

    likelihood = _functions(scenario, compact, compact, plan.likelihood, flat(plan.likelihood), candidates[0])
    compared = _compared(scenario, likelihood)
    starts = [likelihood.unconstrain(candidate) for candidate in candidates]
    obstacle = scenario.obstacle(known, flat(plan.likelihood))
    mle = points.mle(likelihood, compared, starts, settings.level, obstacle, scenario.order)
    among = _functions(scenario, rows.data, compact, plan.likelihood, flat(plan.likelihood), candidates[0])
    mle_left = left_out.of_point(among, mle, "mle", rows.left, None if rows.complete else likelihood)
    report("maximum likelihood")

    given = _Given(scenario, compact, known, rows, candidates, mle, mle_left)
    groups: dict[str, xr.Dataset] = stored(data, compact, rows)
    tables: list[pd.DataFrame] = []
    every: list[Check] = []
    for (prior_name, prior), seed in zip(plan.priors.items(), prior_seeds, strict=True):

        def stage(text: str, prior_name: str = prior_name) -> None:
            report(f"{prior_name}: {text}")

        one = _under_prior(plan, prior, given, seed, stage)
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
    result = pd.concat(tables, ignore_index=True).assign(scenario=plan.scenario, data=plan.dataset)[table.COLUMNS]
    return Comparison(plan, result, tree, every, round(time.perf_counter() - began, 2))


@dataclass(frozen=True)
class _Given:
    """What all priors share.

    Attributes
    ----------
    scenario : Scenario
    compact : xarray.Dataset
        The data in their compact form: what is maximised and sampled.
    known : xarray.Dataset
        What obstacles and references are found from: the rows of small data, the compact form of large ones.
    rows : Sample
        Rows with quantities of their own.
    candidates : list of dict
        Dispersed points, declared parametrisation.
    mle : Point
    mle_left : LeftOut
    """

    scenario: Scenario
    compact: xr.Dataset
    known: xr.Dataset
    rows: Sample
    candidates: list[dict[str, Array]]
    mle: Point
    mle_left: LeftOut


@dataclass(frozen=True)
class _Conclusions:
    """What the readings conclude under one prior: groups of the tree, rows of the table, checks."""

    groups: dict[str, xr.Dataset]
    rows: pd.DataFrame
    checks: list[Check]


def _functions(
    scenario: Scenario, data: xr.Dataset, compact: xr.Dataset, prior: Prior, searched: Prior, point: dict[str, Array]
) -> Functions:
    """Functions of the model of some data, in the coordinates in which all data are searched under a prior."""
    model = summarised(scenario, data, prior)[1] if data is compact else scenario.model(data, prior)
    found = scenario.whiten(compact, searched) if scenario.whiten is not None else None
    return Functions(model, point) if found is None else Whitened(model, point, *found)


def _under_prior(plan: Plan, prior: Prior, given: _Given, seed: np.random.SeedSequence, report: Report) -> _Conclusions:
    """Mode, posterior, predictions, references and checks under one prior."""
    scenario, data, settings = given.scenario, plan.data, plan.settings
    rows_of, mle = given.rows, given.mle
    sampler_seed, predictive_seed, extras_seed, start_seed = (int(part) for part in seed.generate_state(4))
    rng = np.random.default_rng(start_seed)
    point = given.candidates[0]
    searched = _functions(scenario, given.compact, given.compact, prior, prior, point)
    # A prior of the user's own may have a smaller support than the parameters.
    inside = [{name: one.inside(point[name], rng) for name, one in prior.items()} for point in given.candidates]
    starts = [searched.unconstrain(point) for point in inside]
    level, compared = settings.level, _compared(scenario, searched)
    obstacle = scenario.obstacle(given.known, prior)
    map_ = points.map_(searched, compared, starts, level, obstacle, scenario.order)
    elsewhere = modes.on_scales(searched, compared, scenario.support, map_, starts, level, scenario.order, obstacle)
    report("mode")
    lengths = {"draws": settings.draws, "tune": settings.tune}
    # Where parts are interchangeable, chains are at different modes: the curvature at one says little of the others.
    mode = map_.optimum if scenario.order is None else None
    sampled, unconstrained = posterior.sample(searched, starts[: settings.chains], sampler_seed, mode, **lengths)
    statistics = sampled["sample_stats"].to_dataset()
    draws = sampled["posterior"].to_dataset()
    model = searched.model
    if scenario.identify is not None:
        whole = _with_fixed(draws, model, prior)
        draws, drawn = _identified(scenario, whole, _of_point(model, map_, prior), data, list(draws))
        statistics = statistics.assign(drawn=drawn)
    report("posterior")
    proper = all(distribution.proper for distribution in prior.values())
    constant = given.compact.attrs.get("log_constant", 0.0)
    among = _functions(scenario, rows_of.data, given.compact, prior, prior, point)
    groups = {
        "mle": _reading(model, mle, level, constant),
        "map": _reading(model, map_, level, constant),
        "posterior": draws,
        "sample_stats": statistics,
        **posterior.pointwise(among, unconstrained),
        **posterior.predictive(among, draws, proper, predictive_seed),
    }
    if elsewhere is not None:
        groups["modes"] = elsewhere
    if not rows_of.complete:  # what is asked of all rows together, as sensitivity is, cannot be asked of a subsample
        groups["log_likelihood_total"] = posterior.total(searched, unconstrained, constant, groups["log_likelihood"])
    if proper:
        terms = groups.get("log_likelihood_total", groups["log_likelihood"])
        scaled = sensitivity.of_posterior(draws[compared], groups["log_prior"], terms)
        groups |= {} if scaled is None else {"sensitivity": scaled}
    if scenario.extras is not None:
        readings = {"mle": _of_point(model, mle, prior), "map": _of_point(model, map_, prior)}
        readings["posterior"] = _with_fixed(draws, model, prior)
        groups["extras"] = scenario.extras(data, readings, np.random.default_rng(extras_seed))
    report("predictions")
    improper = scenario.improper(given.known, prior)
    map_left = left_out.of_point(among, map_, "map", rows_of.left, None if rows_of.complete else searched)
    left = {"mle": given.mle_left, "map": map_left}
    none = improper if improper.startswith("improper") else ""
    groups["prediction"] = prediction.together(
        left, groups["log_likelihood"], draws[compared], rows_of.left, none, rows_of.total
    )
    report("left out")
    references = _references(scenario, given.known, prior, improper)
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


def _identified(
    scenario: Scenario, draws: xr.Dataset, pivot: xr.Dataset, data: xr.Dataset, kept: list[Any]
) -> tuple[xr.Dataset, xr.DataArray]:
    """Draws with their symmetry undone, and what number the sampler had given to each part, ``(chain, draw, part)``."""
    assert scenario.identify is not None
    dim = scenario.interchangeable
    number = xr.DataArray(np.arange(draws.sizes[dim], dtype=np.int8), dims=dim)
    sizes = {"chain": draws.sizes["chain"], "draw": draws.sizes["draw"]}
    found = scenario.identify(draws.assign(drawn=number.expand_dims(sizes)), pivot, data)
    return found[kept], found["drawn"].transpose("chain", "draw", dim).drop_vars(dim, errors="ignore")


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


def _reading(model: Any, point: Point, level: float, constant: float) -> xr.Dataset:
    """A point reading as a data set with the leading dim ``statistic``, its audit in the attributes.

    ``constant`` is what the log likelihood of the rows has more than that of their compact form.
    """
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
        log_density=optimum.value + constant,
        gradient=optimum.gradient,
        starts=optimum.starts,
        agreeing=optimum.agreeing,
        collapsed=optimum.collapsed,
    )

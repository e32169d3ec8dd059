"""Threefold, called as its user calls it: `comparisons.compare`, or one of the three readings alone."""

from __future__ import annotations

import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.contract import Answer, Array, Job, Watch, main

OPTIONS: dict[str, dict[str, Any]] = {
    "coin": {"heads": "heads", "flips": "flips"},
    "gaussian": {"column": "y"},
    "regression": {"outcome": "y"},
    "mixture": {},
    "logistic": {"outcome": "y"},
}


def answer(job: Job, folder: Path) -> Answer:
    """The whole comparison under the default prior, or the reading that the job asks for."""
    if job.worlds:
        return many(job)
    return whole(job) if job.reading == "comparison" else alone(job)


def whole(job: Job) -> Answer:
    """Three readings, references, leave-one-out predictions, checks and verdict, under one prior."""
    watch = Watch()
    from comparisons import compare

    import_module("comparisons.fit")  # what compare would import at its first call
    imported = watch.lap()
    spent = timed_sampler()
    comparison = compare(
        job.scenario,
        table(job.data),
        prior=job.prior_name,
        draws=job.draws,
        chains=job.chains,
        seed=job.seed,
        **options(job),
    )
    total = watch.lap()
    posterior = comparison.tree[job.prior_name]["posterior"].to_dataset()
    draws = {name: squeezed(name, posterior[name].values) for name in job.compared}
    sampled = sum(spent)
    return Answer(f"Threefold {version()}", imported, total - sampled, sampled, draws)


def alone(job: Job) -> Answer:
    """One reading alone, from the table to the optimiser or the sampler, as `comparisons.fit` goes."""
    watch = Watch()
    from comparisons import points, posterior
    from comparisons.functions import Functions
    from comparisons.optimum import STARTS
    from comparisons.whitened import Whitened
    from models import load
    from models.contract import Distribution, flat, summarised

    imported = watch.lap()
    scenario = load(job.scenario)
    data = scenario.read(table(job.data), **options(job))
    prior = {variable: Distribution(job.families[variable], **values) for variable, values in job.prior.items()}
    compact, model = summarised(scenario, data, prior)
    rng = np.random.default_rng(job.seed)
    candidates = [scenario.start(compact, rng) for _ in range(max(STARTS, job.chains))]
    searched = flat(prior) if job.reading == "mle" else prior
    basis = scenario.whiten(compact, searched) if scenario.whiten is not None else None
    functions = Functions(model, candidates[0]) if basis is None else Whitened(model, candidates[0], *basis)
    starts = [functions.unconstrain(one) for one in candidates]
    obstacle = scenario.obstacle(compact, searched)

    def find() -> points.Point:
        reading = points.mle if job.reading == "mle" else points.map_
        return reading(functions, list(job.compared), starts, 0.95, obstacle, scenario.order)

    if job.reading == "posterior":
        # Chains move in coordinates of the curvature at the mode; those of interchangeable parts have no one mode.
        mode = find().optimum if scenario.order is None else None
        functions.sampled()(starts[0])
        built, spent = watch.lap(), timed_sampler()
        tree, _ = posterior.sample(functions, starts[: job.chains], job.seed, mode, draws=job.draws, tune=job.tune)
        total, sampled = watch.lap(), sum(spent)
        found = tree["posterior"].to_dataset()
        draws = {name: squeezed(name, found[name].values) for name in job.compared}
        return Answer(f"Threefold {version()}", imported, built + total - sampled, sampled, draws)
    point = find()
    first, sampled, repeated = watch.lap(), np.nan, 0.0
    if job.repeat:
        find()
        sampled = repeated = watch.lap()
    estimate = {name: squeezed(name, np.asarray(point.estimate[name])) for name in job.compared}
    return Answer(f"Threefold {version()}", imported, first, sampled, estimate, repeated)


def many(job: Job) -> Answer:
    """All worlds at once, three readings of each; the draws of the first."""
    watch = Watch()
    from comparisons.batch import World
    from comparisons.worlds import read_worlds
    from models import load
    from models.contract import Distribution

    imported, spent = watch.lap(), timed_sampler()
    scenario = load(job.scenario)
    prior = {variable: Distribution(job.families[variable], **values) for variable, values in job.prior.items()}
    tables = [table(job.world(index)) for index in range(job.worlds)]
    worlds = [World(scenario.read(one, **options(job)), prior) for one in tables]
    readings = read_worlds(job.scenario, worlds, seed=job.seed, draws=job.draws, tune=job.tune)
    total, sampled = watch.lap(), sum(spent)
    found = readings.tree(0.95)["posterior"].to_dataset().isel(world=0)
    first = {name: squeezed(name, found[name].values) for name in job.compared}
    return Answer(f"Threefold {version()}", imported, total - sampled, sampled, first)


def timed_sampler() -> list[float]:
    """Time every call of ``nutpie.sample`` from now on; the list fills with seconds."""
    import nutpie

    spent: list[float] = []
    original = nutpie.sample

    def sample(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        result = original(*arguments, **named)
        spent.append(time.perf_counter() - began)
        return result

    nutpie.sample = sample
    return spent


def table(data: dict[str, Array]) -> Any:
    """The data as a user has them: a table with a column per variable."""
    import pandas as pd

    columns: dict[str, Array] = {}
    for name, values in data.items():
        if values.ndim == 2:
            columns |= {f"{name}{j + 1}": values[:, j] for j in range(values.shape[1])}
        elif name != "trials":
            columns[name] = values
    return pd.DataFrame(columns)


def options(job: Job) -> dict[str, Any]:
    """Options of the scenario's ``read``."""
    given = OPTIONS[job.scenario]
    return {**given, "components": job.components} if job.components else given


def squeezed(name: str, values: Array) -> Array:
    """``rho`` without its dim of one pair."""
    return values[..., 0] if name == "rho" else values


def version() -> str:
    """The version in pyproject.toml: nothing is installed as a package."""
    import tomllib

    project = Path(__file__).parents[2] / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


if __name__ == "__main__":
    main(answer)

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
    """One reading alone: the model, its functions, and the optimiser or the sampler."""
    watch = Watch()
    import models
    from comparisons import points, posterior
    from comparisons.functions import Functions
    from comparisons.optimum import STARTS

    imported = watch.lap()
    scenario = models.load(job.scenario)
    data = scenario.read(table(job.data), **options(job))
    prior = scenario.priors(data)[job.prior_name]
    rng = np.random.default_rng(job.seed)
    candidates = [scenario.start(data, rng) for _ in range(max(STARTS, job.chains))]
    functions = Functions(scenario.model(data, prior), candidates[0])
    starts = [functions.unconstrain(candidate) for candidate in candidates]
    if job.reading == "posterior":
        functions.sampled()(starts[0])
        spent = timed_sampler()
        built = watch.lap()
        tree, _ = posterior.sample(functions, starts[: job.chains], job.seed, draws=job.draws, tune=job.tune)
        total, sampled = watch.lap(), sum(spent)
        draws = {name: squeezed(name, tree["posterior"].to_dataset()[name].values) for name in job.compared}
        return Answer(f"Threefold {version()}", imported, built + total - sampled, sampled, draws)
    find = {"mle": points.mle, "map": points.map_}[job.reading]
    point = find(functions, list(job.compared), starts, 0.95, order=scenario.order)
    first = watch.lap()
    sampled = repeated = np.nan
    if job.repeat:
        find(functions, list(job.compared), starts, 0.95, order=scenario.order)
        sampled = repeated = watch.lap()
    estimate = {name: squeezed(name, np.asarray(point.estimate[name])) for name in job.compared}
    return Answer(f"Threefold {version()}", imported, first, sampled, estimate, repeated)


def many(job: Job) -> Answer:
    """The posterior of every world; the draws of the first.

    The models of all worlds have one graph, so that `Functions` compiles once.
    """
    watch = Watch()
    import models
    from comparisons import posterior
    from comparisons.functions import Functions

    imported = watch.lap()
    scenario = models.load(job.scenario)
    draws: dict[str, Array] = {}
    spent = timed_sampler()
    total = 0.0
    for index in range(job.worlds):
        data = scenario.read(table(job.world(index)), **options(job))
        prior = scenario.priors(data)[job.prior_name]
        rng = np.random.default_rng([job.seed, index])
        starts = [scenario.start(data, rng) for _ in range(job.chains)]
        functions = Functions(scenario.model(data, prior), starts[0])
        functions.sampled()
        tree, _ = posterior.sample(
            functions, [functions.unconstrain(one) for one in starts], job.seed + index, draws=job.draws, tune=job.tune
        )
        draws = draws or {name: squeezed(name, tree["posterior"].to_dataset()[name].values) for name in job.compared}
        total += watch.lap()
    sampled = sum(spent)
    return Answer(f"Threefold {version()}", imported, total - sampled, sampled, draws)


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

"""Threefold, called as its user calls it: `comparisons.compare`, or one of the three readings alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
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
    """One reading alone: the compact data, their model, its functions, and the optimiser or the sampler."""
    watch = Watch()
    from comparisons import points
    from comparisons.functions import Functions
    from comparisons.whitened import Whitened
    from models import load
    from models.contract import flat

    import_module("comparisons.posterior")
    imported = watch.lap()
    if job.reading == "posterior":
        made = posterior_of(job, 0)
        made.functions.sampled()(made.starts[0])
        built, spent = watch.lap(), timed_sampler()
        draws = made.draws(job, job.seed)
        total, sampled = watch.lap(), sum(spent)
        return Answer(f"Threefold {version()}", imported, built + total - sampled, sampled, draws)

    scenario = load(job.scenario)

    def find() -> Any:
        made = posterior_of(job, 0)
        prior = made.prior if job.reading == "map" else flat(made.prior)
        white = scenario.whiten(made.compact, prior) if scenario.whiten is not None else None
        model, point = made.functions.model, made.candidates[0]
        functions = Functions(model, point) if white is None else Whitened(model, point, *white)
        starts = [functions.unconstrain(one) for one in made.candidates]
        reading = points.map_ if job.reading == "map" else points.mle
        obstacle = scenario.obstacle(made.compact, prior)
        return reading(functions, list(job.compared), starts, 0.95, obstacle, scenario.order)

    point = find()
    first, sampled, repeated = watch.lap(), np.nan, 0.0
    if job.repeat:
        find()
        sampled = repeated = watch.lap()
    estimate = {name: squeezed(name, np.asarray(point.estimate[name])) for name in job.compared}
    return Answer(f"Threefold {version()}", imported, first, sampled, estimate, repeated)


@dataclass(frozen=True)
class Made:
    """Everything between a table and the sampler: compact data, functions of their model, where to start."""

    compact: Any
    prior: Any
    candidates: list[dict[str, Array]]
    functions: Any
    starts: list[Array]

    def draws(self, job: Job, seed: int) -> dict[str, Array]:
        """Draws of the posterior."""
        from comparisons import posterior

        tree, _ = posterior.sample(self.functions, self.starts[: job.chains], seed, draws=job.draws, tune=job.tune)
        found = tree["posterior"].to_dataset()
        return {name: squeezed(name, found[name].values) for name in job.compared}


def posterior_of(job: Job, world: int) -> Made:
    """Read a table, and make what the sampler needs, as `comparisons.fit` does."""
    from comparisons.functions import Functions
    from comparisons.optimum import STARTS
    from models import load
    from models.contract import Distribution, summarised

    scenario = load(job.scenario)
    data = scenario.read(table(job.world(world)), **options(job))
    prior = {variable: Distribution(job.families[variable], **values) for variable, values in job.prior.items()}
    compact, model = summarised(scenario, data, prior)
    rng = np.random.default_rng([job.seed, world])
    candidates = [scenario.start(compact, rng) for _ in range(max(STARTS, job.chains))]
    functions = Functions(model, candidates[0])
    return Made(compact, prior, candidates, functions, [functions.unconstrain(one) for one in candidates])


def many(job: Job) -> Answer:
    """The posterior of every world; the draws of the first.

    The models of all worlds have one graph, so that `Functions` compiles once.
    """
    watch = Watch()
    import_module("comparisons.posterior")
    imported = watch.lap()
    spent = timed_sampler()
    first: dict[str, Array] = {}
    for index in range(job.worlds):
        draws = posterior_of(job, index).draws(job, job.seed + index)
        first = first or draws
    total, sampled = watch.lap(), sum(spent)
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

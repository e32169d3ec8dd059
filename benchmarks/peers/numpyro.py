"""NumPyro: NUTS compiled as a whole by JAX, in double precision, one device per chain.

On two cores four devices with ``chain_method="parallel"`` were faster than the chains vectorised, which step together
and wait for the deepest tree of the four.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.contract import Answer, Job, Watch, main

COMPILING = {
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
}
"""What JAX itself reports of the time it compiles; it compiles again for every call of a sampler on many devices."""


def answer(job: Job, folder: Path) -> Answer:
    """Sample; JAX compiles again for every world, but finds what it compiled in its cache on disk."""
    watch = Watch()
    import numpyro

    numpyro.set_host_device_count(job.chains)
    numpyro.enable_x64()
    import jax
    from numpyro.infer import MCMC, NUTS

    imported = watch.lap()
    compiling: list[tuple[float, float]] = []

    def listen(event: str, seconds: float, **about: Any) -> None:
        if event in COMPILING:
            now = time.perf_counter()
            compiling.append((now - seconds, now))

    jax.monitoring.register_event_duration_secs_listener(listen)
    sampler = MCMC(
        NUTS(model(job)),
        num_warmup=job.tune,
        num_samples=job.draws,
        num_chains=job.chains,
        chain_method="parallel",
        progress_bar=False,
        jit_model_args=job.worlds > 0,
    )

    def run(index: int, seed: int) -> dict[str, Any]:
        sampler.run(jax.random.PRNGKey(seed), **job.world(index))
        return {name: np.asarray(values) for name, values in sampler.get_samples(group_by_chain=True).items()}

    draws = run(0, job.seed)
    for index in range(1, job.worlds):
        run(index, job.seed + index)
    total, built = watch.lap(), covered(compiling)
    kept = {name: draws[name] for name in job.compared}
    return Answer(f"NumPyro {numpyro.__version__}", imported, built, total - built, kept)


def covered(spans: list[tuple[float, float]]) -> float:
    """Seconds covered by spans of time that may lie within each other: a function is traced while another one is."""
    total, until = 0.0, -np.inf
    for begin, end in sorted(spans):
        total += max(end - max(begin, until), 0.0)
        until = max(until, end)
    return total


def model(job: Job) -> Callable[..., None]:
    """The model of a scenario, a function of the arrays of its data."""
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist

    h = {variable: {key: jnp.asarray(v) for key, v in values.items()} for variable, values in job.prior.items()}

    def normal(name: str) -> Any:
        prior = dist.Normal(h[name]["mu"], h[name]["sigma"])
        return numpyro.sample(name, prior.to_event(1) if h[name]["mu"].ndim else prior)

    def coin(heads: Any, flips: Any) -> None:
        theta = numpyro.sample("theta", dist.Beta(h["theta"]["alpha"], h["theta"]["beta"]))
        numpyro.sample("heads", dist.Binomial(flips, probs=theta), obs=heads)

    def gaussian(y: Any) -> None:
        mu = normal("mu")
        sigma = numpyro.sample("sigma", dist.Exponential(h["sigma"]["lam"]))
        numpyro.sample("y", dist.Normal(mu, sigma), obs=y)

    def regression(x: Any, y: Any) -> None:
        intercept, beta = normal("intercept"), normal("beta")
        sigma = numpyro.sample("sigma", dist.Exponential(h["sigma"]["lam"]))
        numpyro.sample("y", dist.Normal(intercept + x @ beta, sigma), obs=y)

    def logistic(x: Any, y: Any, trials: Any) -> None:
        intercept, beta = normal("intercept"), normal("beta")
        numpyro.sample("y", dist.Bernoulli(logits=intercept + x @ beta), obs=y)

    def mixture(y: Any) -> None:
        weight = numpyro.sample("weight", dist.Dirichlet(h["weight"]["a"]))
        with numpyro.plate("component", job.components):
            mu = numpyro.sample("mu", dist.Normal(h["mu"]["mu"], h["mu"]["sigma"]).to_event(1))
            sigma = numpyro.sample("sigma", dist.LogNormal(h["sigma"]["mu"], h["sigma"]["sigma"]).to_event(1))
            fisher_z = numpyro.sample("fisher_z", dist.Normal(h["fisher_z"]["mu"], h["fisher_z"]["sigma"]))
        rho = numpyro.deterministic("rho", jnp.tanh(fisher_z))
        zero = jnp.zeros_like(rho)
        rows = [[sigma[:, 0], zero], [rho * sigma[:, 1], jnp.sqrt(1 - rho**2) * sigma[:, 1]]]
        factor = jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
        components = dist.MultivariateNormal(mu, scale_tril=factor)
        numpyro.sample("y", dist.MixtureSameFamily(dist.Categorical(weight), components), obs=y)

    models: dict[str, Callable[..., None]] = {
        "coin": coin,
        "gaussian": gaussian,
        "regression": regression,
        "logistic": logistic,
        "mixture": mixture,
    }
    return models[job.scenario]


if __name__ == "__main__":
    main(answer)

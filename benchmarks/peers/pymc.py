"""PyMC as its textbooks write it: ``pm.sample()`` with its defaults, and ``pm.find_MAP()``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.contract import Answer, Array, Job, Watch, main


def answer(job: Job, folder: Path) -> Answer:
    """Sample, or find the mode; another world is ``pm.set_data`` and the same call again."""
    watch = Watch()
    import pymc as pm

    logging.getLogger("pymc").setLevel(logging.ERROR)
    imported = watch.lap()
    version = f"PyMC {pm.__version__}"
    with model(job):
        if job.reading == "map":
            made = watch.lap()
            point = pm.find_MAP(progressbar=False)
            first = watch.lap()
            sampled = repeated = np.nan
            if job.repeat:
                pm.find_MAP(progressbar=False)
                sampled = repeated = watch.lap()
            kept = {name: np.asarray(point[name]) for name in job.compared}
            return Answer(version, imported, made + first, sampled, kept, repeated)
        total, sampled = watch.lap(), 0.0
        draws: dict[str, Array] = {}
        for index in range(job.worlds or 1):
            if index:
                pm.set_data(job.world(index))
            tree = pm.sample(
                draws=job.draws,
                tune=job.tune,
                chains=job.chains,
                random_seed=job.seed + index,
                progressbar=False,
                compute_convergence_checks=False,
            )
            total += watch.lap()
            sampled += float(tree["posterior"].attrs["sampling_time"])
            draws = draws or {name: tree["posterior"][name].values for name in job.compared}
    return Answer(version, imported, total - sampled, sampled, draws)


def model(job: Job) -> Any:
    """The model of a scenario; data are `pm.Data` where many worlds are to go through it."""
    import pymc as pm
    import pytensor.tensor as pt

    h = {variable: {key: np.asarray(v) for key, v in values.items()} for variable, values in job.prior.items()}
    data: dict[str, Any] = dict(job.world(0))
    with pm.Model() as result:
        if job.worlds:
            data = {name: pm.Data(name, values) for name, values in data.items()}
        if job.scenario == "coin":
            theta = pm.Beta("theta", **h["theta"])
            pm.Binomial("outcome", n=data["flips"], p=theta, observed=data["heads"])
        elif job.scenario == "gaussian":
            mu, sigma = pm.Normal("mu", **h["mu"]), pm.Exponential("sigma", **h["sigma"])
            pm.Normal("outcome", mu=mu, sigma=sigma, observed=data["y"])
        elif job.scenario in ("regression", "logistic"):
            intercept = pm.Normal("intercept", **h["intercept"])
            beta = pm.Normal("beta", shape=h["beta"]["mu"].shape, **h["beta"])
            linear = intercept + data["x"] @ beta
            if job.scenario == "regression":
                pm.Normal("outcome", mu=linear, sigma=pm.Exponential("sigma", **h["sigma"]), observed=data["y"])
            else:
                pm.Bernoulli("outcome", logit_p=linear, observed=data["y"])
        else:
            k = job.components
            weight = pm.Dirichlet("weight", **h["weight"])
            mu = pm.Normal("mu", shape=(k, 2), **h["mu"])
            sigma = pm.LogNormal("sigma", shape=(k, 2), **h["sigma"])
            rho = pm.Deterministic("rho", pt.tanh(pm.Normal("fisher_z", shape=k, **h["fisher_z"])))
            zero = pt.zeros_like(rho)
            rows = [[sigma[:, 0], zero], [rho * sigma[:, 1], pt.sqrt(1 - rho**2) * sigma[:, 1]]]
            factor = pt.stack([pt.stack(row, axis=-1) for row in rows], axis=-2)
            components = [pm.MvNormal.dist(mu=mu[j], chol=factor[j]) for j in range(k)]
            pm.Mixture("outcome", w=weight, comp_dists=components, observed=data["y"])
    return result


if __name__ == "__main__":
    main(answer)

"""PyStan: Stan's NUTS, chains in parallel processes, a model compiled by the C++ compiler and kept on disk."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np

from benchmarks.peers.contract import Answer, Array, Job, Watch, main

PROGRAMS = Path(__file__).parent / "stan"
USED = {
    "coin": {"heads", "flips"},
    "gaussian": {"y"},
    "regression": {"x", "y"},
    "mixture": {"y"},
    "logistic": {"x", "y"},
}


def answer(job: Job, folder: Path) -> Answer:
    """Build the program and sample; another world is another build of a known program."""
    watch = Watch()
    import stan

    imported = watch.lap()
    program = (PROGRAMS / f"{job.scenario}.stan").read_text(encoding="utf-8")
    built = sampled = 0.0
    first: dict[str, Array] = {}
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stderr(nowhere),
        contextlib.redirect_stdout(nowhere),
    ):
        for index in range(job.worlds or 1):
            data = {name: value for name, value in job.flat(index).items() if name != "trials"}
            model = stan.build(program, data=data, random_seed=job.seed + index)
            built += watch.lap()
            fit = model.sample(num_chains=job.chains, num_samples=job.draws, num_warmup=job.tune)
            sampled += watch.lap()
            first = first or {name: by_chain(fit[name], job) for name in job.compared}
    return Answer(f"PyStan {stan.__version__}", imported, built, sampled, first)


def by_chain(values: Array, job: Job) -> Array:
    """From PyStan's (..., draws x chains), chains fastest, to (chains, draws, ...); a number has no dims."""
    apart = np.reshape(values, (*values.shape[:-1], job.draws, job.chains))
    draws = np.moveaxis(apart, (-1, -2), (0, 1))
    return draws[..., 0] if draws.shape[2:] == (1,) else draws


if __name__ == "__main__":
    main(answer)

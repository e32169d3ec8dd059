"""JAGS from its own command line: one process per chain, as many at a time as there are cores, module ``glm`` loaded.

Timing: a run that stops when the chains are initialised is what "built" means, the whole run less that is sampling.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.contract import Answer, Array, Job, Watch, main

PROGRAMS = Path(__file__).parent / "jags"


def answer(job: Job, folder: Path) -> Answer:
    """Run all chains of all worlds and read their files."""
    built = sampled = repeated = 0.0
    first: dict[str, Array] = {}
    version = "JAGS"
    for index in range(job.worlds or 1):
        watch = Watch()
        data = {name: value for name, value in job.flat(index).items() if name != "trials"}
        (folder / "data.R").write_text(dump(data), encoding="utf-8")
        for chain in range(job.chains):
            start = starting_point(job, data, chain, job.seed + 1_000 * index)
            (folder / f"start{chain}.R").write_text(dump(start), encoding="utf-8")
        written = watch.lap()
        with ThreadPoolExecutor(os.process_cpu_count()) as pool:
            list(pool.map(lambda chain: run(job, folder, chain, sample=False), range(job.chains)))
            initialised = watch.lap()
            said = list(pool.map(lambda chain: run(job, folder, chain, sample=True), range(job.chains)))
        version = re.search(r"JAGS [\d.]+\d", said[0]).group()  # type: ignore[union-attr]  # its output begins so
        whole = watch.lap()
        built += written + initialised
        sampled += whole - initialised
        repeated += initialised
        first = first or read_draws(job, folder)
    return Answer(version, 0.0, built, sampled, first, repeated)


def dump(values: dict[str, Any]) -> str:
    """R's dump format: numbers, vectors, and arrays with the first index fastest."""
    lines = []
    for name, value in values.items():
        array = np.asarray(value)
        text = f'"{value}"' if isinstance(value, str) else ",".join(map(repr, array.ravel(order="F").tolist()))
        if array.ndim > 1:
            text = f"structure(c({text}), .Dim=c({','.join(map(str, array.shape))}))"
        elif array.ndim == 1:
            text = f"c({text})"
        lines.append(f'"{name}" <- {text}\n')
    return "".join(lines)


def starting_point(job: Job, data: dict[str, Any], chain: int, seed: int) -> dict[str, Any]:
    """The generator of a chain, and for a mixture means at random observations, as its manuals advise."""
    result: dict[str, Any] = {".RNG.name": "base::Mersenne-Twister", ".RNG.seed": seed + chain}
    if job.scenario == "mixture":
        rng = np.random.default_rng([seed, chain])
        result["mu"] = data["y"][rng.choice(data["n"], job.components, replace=False)]
    return result


def run(job: Job, folder: Path, chain: int, *, sample: bool) -> str:
    """Run one chain, and return what JAGS says."""
    lines = [
        "load glm",
        f'model in "{PROGRAMS / job.scenario}.bug"',
        f'data in "{folder / "data.R"}"',
        "compile, nchains(1)",
        f'parameters in "{folder / f"start{chain}.R"}", chain(1)',
        "initialize",
    ]
    if sample:
        lines += [
            f"adapt {job.tune // 2}",
            f"update {job.tune - job.tune // 2}",
            *(f"monitor {name}" for name in job.compared),
            f"update {job.draws}",
            f'coda *, stem("{folder / f"chain{chain}"}-")',
        ]
    script = folder / f"script{chain}.cmd"
    script.write_text("\n".join([*lines, "exit", ""]), encoding="utf-8")
    program = shutil.which("jags") or "jags"
    done = subprocess.run([program, str(script)], capture_output=True, text=True, check=False)
    if done.returncode or "rror" in done.stdout + done.stderr:
        raise RuntimeError(done.stdout + done.stderr)
    return done.stdout


def read_draws(job: Job, folder: Path) -> dict[str, Array]:
    """Draws from CODA files: an index of ``name[i,j] first last``, and lines of iteration and value."""
    chains: list[dict[str, Array]] = []
    for chain in range(job.chains):
        values = np.loadtxt(folder / f"chain{chain}-chain1.txt")[:, 1]
        parts: dict[str, dict[tuple[int, ...], Array]] = {}
        for line in (folder / f"chain{chain}-index.txt").read_text(encoding="utf-8").splitlines():
            label, begin, end = line.split()
            name, _, index = label.rstrip("]").partition("[")
            where = tuple(int(one) - 1 for one in index.split(",")) if index else ()
            parts.setdefault(name, {})[where] = values[int(begin) - 1 : int(end)]
        chains.append({name: _stack(elements, job.draws) for name, elements in parts.items()})
    return {name: np.stack([one[name] for one in chains]) for name in job.compared}


def _stack(elements: dict[tuple[int, ...], Array], draws: int) -> Array:
    """Elements by their index as one array, shape (draws, ...)."""
    shape = tuple(np.max(list(elements), axis=0).astype(int) + 1) if () not in elements else ()
    result: Array = np.empty((*shape, draws))
    for index, values in elements.items():
        result[index] = values
    return np.moveaxis(result, -1, 0)


if __name__ == "__main__":
    main(answer)

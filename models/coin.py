"""Coin: how probable is heads?

The smallest model there is, and the only one here whose posterior can be written down: with a Beta(a, b) prior and k
heads in n flips it is Beta(a + k, b + n - k). The three readings are k / n (MLE), the mode (a + k - 1) / (a + b + n -
2) (MAP) and the mean (a + k) / (a + b + n); with 100 flips and a weak prior they agree to the second digit, with three
they do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract import (
    BadInput,
    Broken,
    Distribution,
    Prior,
    Reference,
    Scenario,
    constant,
    coordinates,
    dataset,
    read_table,
)
from models.contract.columns import chosen, complete, row, shown, whole
from models.contract.compact import log_orders, marked
from models.contract.families import UNIT

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr
    from numpy.typing import NDArray

TRUTH = 0.6
SEED = 11  # of the seeds from 1 on, the first that gives the textbook's 65 heads in 100 flips


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """Binomial model: ``heads[i] ~ Binomial(flips[i], theta)``; a row with ``flips`` 1 is a single (Bernoulli) flip."""
    import pymc as pm

    with pm.Model(coords=coordinates(data)) as result:
        theta = prior["theta"].variable("theta")
        pm.Binomial("heads", n=constant(data, "flips"), p=theta, observed=constant(data, "heads"), dims="observation")
    return result


def compact(data: xr.Dataset) -> xr.Dataset:
    """All flips in one row: heads in all, of flips in all."""
    heads, flips = data["heads"].values, data["flips"].values
    several = flips > 1  # a single flip can fall in one order only
    total = {"heads": heads.sum(keepdims=True), "flips": flips.sum(keepdims=True)}
    orders = log_orders(heads[several], flips[several]).sum() - log_orders(total["heads"], total["flips"]).sum()
    rows = data.drop_vars(["heads", "flips", "observation"])
    rows = rows.assign({name: ("observation", value) for name, value in total.items()})
    return marked(rows.assign_coords(observation=[0]), "rows", float(orders))


def priors(data: xr.Dataset, *, alpha: float | None = None, beta: float | None = None) -> dict[str, Prior]:
    """Beta priors, each worth alpha + beta flips seen before; ``beta`` is the user's own."""
    if (alpha is None) != (beta is None):
        raise BadInput("give both --alpha and --beta of the Beta prior")
    own = {} if alpha is None or beta is None else {"beta": {"theta": Distribution("Beta", alpha=alpha, beta=beta)}}
    return {
        "weak": {"theta": Distribution("Beta", alpha=2, beta=2)},
        "flat": {"theta": Distribution("Beta", alpha=1, beta=1)},
        "sceptical": {"theta": Distribution("Beta", alpha=20, beta=20)},
        **own,
    }


def units(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """A probability has no unit."""
    return {}


def simulate(rng: np.random.Generator) -> xr.Dataset:
    """One hundred single flips of a coin with theta = 0.6."""
    return dataset(
        {"heads": ("observation", rng.binomial(1, TRUTH, 100)), "flips": ("observation", np.ones(100, int))},
        title="100 flips of a coin that is not quite fair",
        source=f"simulated with theta = {TRUTH}; the seed was chosen to give the textbook's 65 heads",
        truth={"theta": TRUTH},
        seed=SEED,
    )


def counts(heads: int, flips: int, title: str, source: str) -> xr.Dataset:
    """A data set of which only the counts are known."""
    return dataset({"heads": ("observation", [heads]), "flips": ("observation", [flips])}, title=title, source=source)


def same_side() -> xr.Dataset:
    """Hand-flipped coins; "heads" stands for landing on the side it started from."""
    table = read_table("flips.csv")
    return counts(
        int(table["same_side"].iloc[0]),
        int(table["flips"].iloc[0]),
        title="350,757 flips by 48 people, pooled; a success is landing on the side the coin started from",
        source="Bartos and others (2023), arXiv:2310.04153",
    )


def read(table: pd.DataFrame | None, *, heads: str = "heads", flips: str = "", missing: str = "stop") -> xr.Dataset:
    """Read counts: two numbers, or a column of heads (successes) and, unless they are single flips, one of trials."""
    import pandas as pd

    if table is None:
        for option, text in (("--heads", heads), ("--flips", flips)):
            if not str(text).isdecimal() or len(str(text)) > 15:
                raise BadInput(
                    f"{option} {shown(str(text)) if text else 'is missing'}: give a count of at least 0, or --data"
                )
        table, heads, flips = pd.DataFrame({"heads": [int(heads)], "flips": [int(flips)]}), "heads", "flips"
    flips = flips or ("flips" if "flips" in table and heads != "flips" else "")
    used, dropped = complete(chosen(table, [heads, flips] if flips else [heads]), missing)
    successes = whole(used, heads)
    trials = whole(used, flips) if flips else np.ones(len(successes), int)
    over = np.flatnonzero(successes > trials)
    if over.size:
        why = (
            f"more than the {trials[over[0]]} in {shown(flips)}"
            if flips
            else "not 0 or 1: name the trials with --flips"
        )
        raise BadInput(f"column {shown(heads)}, {row(used, over[0])}: {successes[over[0]]} is {why}")
    if trials.sum() == 0:
        raise BadInput("there are no flips: nothing can be learned from them; give at least one")
    return dataset(
        {"heads": ("observation", successes), "flips": ("observation", trials)},
        title=f"{successes.sum():,} {heads} in {trials.sum():,} {flips or 'flips'}",
        source="two numbers" if used.shape == (1, 2) and flips == "flips" else "your table",
        dropped=dropped,
    )


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Anywhere between 0 and 1."""
    return {"theta": np.asarray(rng.uniform(0.01, 0.99))}


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """All heads or all tails put the maximum on the boundary, unless the prior is zero there."""
    heads, flips, theta = int(data["heads"].sum()), int(data["flips"].sum()), prior["theta"]
    if flips == 0 and not theta.proper:
        return "not unique: without flips every theta is as likely as any other"
    if heads not in (0, flips) or theta.name not in ("Flat", "Beta", "Uniform"):
        return ""
    end = f"theta = {heads / flips:.0f}" if flips else "theta = 0"
    if theta.name == "Flat":
        return f"on the boundary: {heads} heads in {flips} flips are best explained by {end}"
    if theta.name == "Uniform":
        end = f"theta = {float(theta.hyperparameters['upper' if heads else 'lower']):g}"
    pull = float(theta.hyperparameters["beta" if heads else "alpha"]) if theta.name == "Beta" else 1.0
    if pull > 1:
        return ""
    if pull < 1:
        return f"unbounded: the prior's density is infinite at {end}"
    return f"on the boundary: the prior is flat, and {heads} heads in {flips} flips are best explained by {end}"


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Never: priors of a probability are proper."""
    return ""


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """The relative frequency; the conjugate Beta posterior, its mode and its mean; for other priors quadrature."""
    heads, flips = float(data["heads"].sum()), float(data["flips"].sum())
    answers = [Reference("mle", "theta", heads / flips, "relative frequency k / n")] if flips else []
    if prior["theta"].name != "Beta":
        return answers + _by_quadrature(heads, flips, prior["theta"])
    alpha = float(prior["theta"].hyperparameters["alpha"]) + heads
    beta = float(prior["theta"].hyperparameters["beta"]) + flips - heads
    answers.append(Reference("posterior", "theta", alpha / (alpha + beta), f"mean of Beta({alpha:g}, {beta:g})"))
    if alpha >= 1 and beta >= 1 and alpha + beta > 2:
        mode = (alpha - 1) / (alpha + beta - 2)
        answers.append(Reference("map", "theta", mode, f"mode of Beta({alpha:g}, {beta:g})"))
    return answers


def _by_quadrature(heads: float, flips: float, prior: Distribution) -> list[Reference]:
    """The posterior mean by adaptive quadrature over the prior's support, for priors whose density SciPy knows."""
    from scipy.integrate import quad
    from scipy.special import xlog1py, xlogy

    low, high = (float(end) for end in prior.support)
    peak = min(max(heads / flips if flips else 0.5, low), high)
    top = float(xlogy(heads, peak) + xlog1py(flips - heads, -peak))

    def density(theta: float) -> float:
        log_likelihood = xlogy(heads, theta) + xlog1py(flips - heads, -theta)
        return float(np.exp(log_likelihood - top + prior.log_density(theta)))

    width = np.sqrt(0.25 / max(flips, 1.0))
    points = [at for at in (peak - 6 * width, peak, peak + 6 * width) if low < at < high]
    try:
        mass = quad(density, low, high, points=points, epsrel=1e-11, limit=500)[0]
        mean = quad(lambda theta: theta * density(theta), low, high, points=points, epsrel=1e-11, limit=500)[0] / mass
    except (KeyError, ZeroDivisionError):
        return []
    return [Reference("posterior", "theta", mean, "adaptive quadrature (SciPy)")]


def broken() -> list[Broken]:
    """No heads, or a few, in few or many flips: the relative frequency is sure of itself where it knows least."""
    return [
        Broken(
            {"heads": str(heads), "flips": str(flips), "prior": name},
            counts(heads, flips, title=f"{heads} heads in {flips} flips", source="a thought experiment"),
            prior,
        )
        for flips in (3, 10, 100)
        for heads in range(4)
        for name, prior in priors(simulate(np.random.default_rng(SEED))).items()
    ]


SCENARIO = Scenario(
    question="How probable is heads?",
    lesson=(
        "The more flips there are for what the prior is worth, the closer the three readings. With three flips, all "
        "heads, the maximum likelihood estimate is heads for ever; the posterior is not so sure."
    ),
    formula="heads[i] ~ Binomial(flips[i], theta)",
    parameters=("theta",),
    datasets={
        "teaching": lambda: simulate(np.random.default_rng(SEED)),
        "small": lambda: counts(3, 3, title="Three flips, three heads", source="a thought experiment"),
        "flips": same_side,
    },
    simulate=simulate,
    read=read,
    priors=priors,
    units=units,
    support={"theta": UNIT},
    options={
        "heads": "number of heads, or column of heads (successes)",
        "flips": "number of flips, or column of flips (trials); each row is a single flip if not given",
        "missing": "stop at missing values, or drop rows that have one",
    },
    hyperparameters={
        "alpha": "heads that the Beta prior called beta is worth",
        "beta": "tails that it is worth",
    },
    worlds=1_000,
    model=model,
    compact=compact,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
    broken=broken,
)

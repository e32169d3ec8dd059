"""Family: which numbers belong to a textbook distribution of one column of data?

Eleven distributions, each one line of a model, read three ways. Where a parameter has a symmetric likelihood the three
agree; where it is skewed (shapes, rates, spreads) the mean of the posterior lies away from the mode, by a distance that
shrinks as one over the number of values. And some likelihoods have no maximum at all: that of a StudentT grows without
bound at every observation, that of a NegativeBinomial rises for ever if the counts vary no more than a Poisson's.
"""

from __future__ import annotations

import difflib
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
    flat,
    read_table,
    restated,
)
from models.contract import univariate_existence as existence
from models.contract.columns import chosen, complete, listed, needed, numbers, only_column, row, shown, whole
from models.contract.univariate import PURE, SUPPORT, Array, Column, univariate
from models.contract.univariate_reference import univariate_reference

if TYPE_CHECKING:
    import pandas as pd
    import pymc as pm
    import xarray as xr

TRUTH = {"shape": 2.0, "rate": 0.5}
SEED = 2  # of the seeds from 1 on, the first whose 95% intervals hold the truth; seed 1 is one of the few that miss it
SLIPS = (1, 2, 5, 10, 30, 100)  # factors by which one value is wrong
LARGEST_COUNT = 2**53  # larger whole numbers are not all doubles

REAL_LINE = {"mu": Distribution("Normal", mu=0, sigma=2.5), "sigma": Distribution("Exponential", lam=1)}
POSITIVE = Distribution("HalfNormal", sigma=2.5)
SIMPLER_FAR_OUT = Distribution("Gamma", alpha=2, beta=0.1)
WEAK: dict[str, Prior] = {
    "Normal": REAL_LINE,
    "StudentT": REAL_LINE | {"sigma": Distribution("LogNormal", mu=0, sigma=1), "nu": SIMPLER_FAR_OUT},
    "LogNormal": REAL_LINE,
    "Gamma": {"shape": POSITIVE, "rate": POSITIVE},
    "Weibull": {"shape": POSITIVE, "scale": POSITIVE},
    "Exponential": {"rate": Distribution("Exponential", lam=1)},
    "Poisson": {"rate": Distribution("Exponential", lam=1)},
    "NegativeBinomial": {"mean": POSITIVE, "dispersion": SIMPLER_FAR_OUT},
    "Geometric": {"probability": Distribution("Beta", alpha=2, beta=2)},
    "Beta": {"alpha": POSITIVE, "beta": POSITIVE},
    "Binomial": {"probability": Distribution("Beta", alpha=2, beta=2)},
}
IMPROPER_UNDER_FLAT = ("StudentT", "Weibull", "NegativeBinomial")
UNSCALED = ("nu", "dispersion", "probability")


def _column(data: xr.Dataset) -> Column:
    trials = data["trials"].values.astype(float) if "trials" in data else None
    return Column(str(data.attrs["family"]), data["y"].values.astype(float), trials)


def model(data: xr.Dataset, prior: Prior) -> pm.Model:
    """One line: ``y[i] ~ Family(parameters)``, the family that the data set names in its attributes.

    A NegativeBinomial has mean ``mean`` and variance ``mean + mean ** 2 / dispersion``; ``scale`` stretches a Weibull;
    ``mu`` and ``sigma`` of a LogNormal are those of ``log y``; a Geometric counts trials up to the first success.
    """
    import pymc as pm

    name = str(data.attrs["family"])
    with pm.Model(coords=coordinates(data)) as result:
        free = {argument: prior[key].variable(key) for key, argument in univariate()[name].arguments.items()}
        if name == "Binomial":
            free["n"] = constant(data, "trials")
        getattr(pm, name)("y", **free, observed=constant(data, "y"), dims="observation")
    return result


def priors(data: xr.Dataset, *, standardize: bool = True) -> dict[str, Prior]:
    """Weak: wide in the units of the data. Flat: constant, where a few values that differ make that proper.

    Scales are multiples of rough estimates by moments (`typical` of `models.contract.univariate.Univariate`), and reach
    to about five times those. A rate's prior of one unit is worth one value. Beta(2, 2) is worth two successes and two
    failures. Three are of another kind:

    * Far out in ``nu`` and ``dispersion`` the likelihood is constant, that of a Normal or a Poisson, so that the prior
      must end there: Gamma(2, 0.1), with mean 20 (Juarez, M. A. and Steel, M. F. J. 2010, doi:10.1198/jbes.2009.07145).
    * ``sigma`` of a StudentT is LogNormal, because a prior that is positive at 0 leaves the joint density unbounded: at
      any observation for a small ``nu``, and the more so at values that rounding has made equal.
    """
    name = str(data.attrs["family"])
    weak = dict(restated(WEAK[name], _scales(data)) if standardize else WEAK[name])
    if name in IMPROPER_UNDER_FLAT:
        return {"weak": weak}
    constant = {"mu": Distribution("Flat"), "probability": Distribution("Beta", alpha=1, beta=1)}
    return {"weak": weak, "flat": {key: constant.get(key, Distribution("HalfFlat")) for key in weak}}


def _scales(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Location and scale of every parameter but those whose size is known beforehand."""
    column = _column(data)
    typical = column.family.typical(column.y, column.trials)
    return {
        key: (value, typical["sigma"]) if key == "mu" else (0.0, value)
        for key, value in typical.items()
        if key not in UNSCALED
    }


def units(data: xr.Dataset) -> dict[str, tuple[Any, Any]]:
    """Centre and spread of the values (of their logarithms for a LogNormal), rough estimates of rates and scales."""
    return {key: unit for key, unit in _scales(data).items() if key not in PURE}


def simulate(rng: np.random.Generator, n: int = 60) -> xr.Dataset:
    """``n`` waiting times with a Gamma distribution, 4 minutes on average."""
    return _labelled(
        "Gamma",
        rng.gamma(TRUTH["shape"], 1 / TRUTH["rate"], n),
        title=f"{n} waiting times, in minutes",
        source="simulated from a Gamma distribution with shape 2 and rate 0.5",
        truth=TRUTH,
        seed=SEED,
    )


def kicks() -> xr.Dataset:
    """Soldiers killed by the kick of a horse, the textbook's Poisson counts."""
    table = read_table("horse_kicks.csv")
    return _labelled(
        "Poisson",
        np.repeat(table["deaths"].to_numpy(), table["corps_years"]),
        title="Deaths by horse kick in ten corps of the Prussian army, 1875 to 1894, per corps and year",
        source="von Bortkiewicz (1898), Das Gesetz der kleinen Zahlen, as tabulated by Fisher (1925)",
    )


def _labelled(name: str, y: Array, trials: Array | None = None, **attributes: Any) -> xr.Dataset:
    """A data set that names its family and its formula."""
    inside = [*(["trials[i]"] if name == "Binomial" else []), *univariate()[name].arguments]
    variables: dict[str, tuple[str | tuple[str, ...], Any]] = {"y": ("observation", y)}
    if trials is not None:
        variables["trials"] = ("observation", trials)
    return dataset(variables, family=name, formula=f"y[i] ~ {name}({', '.join(inside)})", **attributes)


def read(
    table: pd.DataFrame | None, *, column: str = "", family: str = "Normal", trials: str = "", missing: str = "stop"
) -> xr.Dataset:
    """Read one numeric column; a Binomial also needs its trials, a number or a column."""
    table = needed(table)
    known = univariate()
    if family not in known:
        folded = {name.casefold(): name for name in known}
        near = [folded[key] for key in difflib.get_close_matches(family.casefold(), folded)]
        hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
        raise BadInput(f"--family {shown(family)}: there is no family of this name here; {hint}")
    if (family == "Binomial") != bool(trials):
        what = "a Binomial needs the number of trials, or a column of trials"
        raise BadInput(f"--trials: {what}" if not trials else f"--trials {shown(trials)}: only a Binomial has trials")
    beside = trials if trials in [str(label) for label in table.columns] else ""
    name = column or only_column(table.drop(columns=[label for label in table.columns if str(label) == beside]))
    if beside == name:
        raise BadInput(f"--trials {shown(trials)}: this is the column of successes; name another, or a number")
    used, dropped = complete(chosen(table, [name, beside] if beside else [name]), missing)
    values, attempts = numbers(used, name), _trials(used, trials, beside)
    _check(used, name, family, values, attempts)
    return _labelled(
        family,
        values.astype(np.int64) if known[family].counts else values,
        attempts,
        title=f"{len(values):,} values of {name}",
        source="your table",
        outcome=name,
        dropped=dropped,
    )


def _trials(table: pd.DataFrame, trials: str, beside: str) -> Any:
    """Trials of each row, or None."""
    if not trials:
        return None
    if not beside and not (trials.isdecimal() and 0 < int(trials) <= LARGEST_COUNT):
        raise BadInput(f"--trials {shown(trials)}: give a whole number of at least 1, or a column of the table")
    attempts = whole(table, beside) if beside else np.full(len(table), int(trials), dtype=np.int64)
    if attempts.sum() == 0:
        raise BadInput(f"column {shown(beside)} holds no trials at all: nothing can be learned from it")
    return attempts


def _check(table: pd.DataFrame, name: str, family: str, y: Array, trials: Any) -> None:
    """Refuse values that the family cannot hold, or from which it learns nothing."""
    known, say = univariate(), f"column {shown(name)}"
    wrong = np.flatnonzero(~known[family].holds(y, trials))
    if wrong.size:
        at, article = wrong[0], "an" if family[0] in "AEIOU" else "a"
        # A Binomial holds any counts with enough trials; it is named only to those who gave trials.
        others = [other for other, one in known.items() if other != "Binomial" and np.all(one.holds(y, None))]
        hint = "; if you counted failures before the success, add 1" if family == "Geometric" and y[at] == 0 else ""
        over = f" of {trials[at]:,} trials" if trials is not None and y[at] > trials[at] else ""
        raise BadInput(
            f"{say}: {article} {family} needs {known[family].needs}, and {row(table, at)} holds {y[at]:.17g}{over}"
            f"{hint}; families that hold these values are {listed(others)}"
        )
    if known[family].counts and y.max() > LARGEST_COUNT:
        raise BadInput(f"{say} reaches {y.max():g}, too large to be counted exactly: choose a family of real numbers")
    if known[family].spread and np.ptp(y) == 0:
        many = f"is constant ({y[0]:g} in all {len(y):,} rows)" if len(y) > 1 else "has one value"
        raise BadInput(f"{say} {many}: a {family} needs values that differ, or its likelihood has no bound")
    if family == "Exponential" and not y.any():
        raise BadInput(f"{say} is 0 in all rows: an Exponential needs a value above 0, or its likelihood has no bound")


def start(data: xr.Dataset, rng: np.random.Generator) -> dict[str, Array]:
    """One of the observations for ``mu``; all else within a factor of three of rough estimates."""
    column = _column(data)
    result: dict[str, Array] = {}
    for key, value in column.family.typical(column.y, column.trials).items():
        if key == "probability":
            result[key] = np.asarray(rng.uniform(0.01, 0.99))
        elif key == "mu":
            chosen_one = rng.choice(column.y)
            result[key] = np.asarray(np.log(chosen_one) if column.name == "LogNormal" else chosen_one)
        else:
            result[key] = np.asarray(value * 3 ** rng.uniform(-1, 1))
    return result


def obstacle(data: xr.Dataset, prior: Prior) -> str:
    """Constant data, spikes at ties, counts at the end of a range, counts that vary too little; see `existence`."""
    column = _column(data)
    return existence.obstacle(column.name, column.y, column.trials, prior)


def improper(data: xr.Dataset, prior: Prior) -> str:
    """Priors whose tails the likelihood does not end, and too few or constant data; see `existence`."""
    column = _column(data)
    return existence.improper(column.name, column.y, prior)


def reference(data: xr.Dataset, prior: Prior) -> list[Reference]:
    """Closed forms, conjugate posteriors, score equations, searches and quadrature; see `univariate_reference`."""
    found = obstacle(data, flat(prior)), obstacle(data, prior)
    likelihood, mode = (not text or (text.startswith("unbounded") and "StudentT" in str(data.family)) for text in found)
    return univariate_reference(_column(data), prior, likelihood, mode, not improper(data, prior))


def broken() -> list[Broken]:
    """The teaching data with their longest waiting time written down wrongly, more and more so."""
    data = simulate(np.random.default_rng(SEED))
    prior, y = priors(data)["weak"], data["y"].values
    return [
        Broken({"slip": f"{times:g}"}, data.assign(y=("observation", np.where(y == y.max(), times * y, y))), prior)
        for times in SLIPS
    ]


SCENARIO = Scenario(
    question="Which parameters of a textbook distribution fit this column?",
    lesson=(
        "Shapes, rates and spreads have skewed likelihoods, so that mode and mean of the posterior part, less and less "
        "as values are added; and two parameters that trade off against each other are known better together "
        "than each alone."
    ),
    formula="y[i] ~ Family(parameters)",
    parameters=tuple(SUPPORT),
    datasets={"teaching": lambda: simulate(np.random.default_rng(SEED)), "kicks": kicks},
    simulate=simulate,
    read=read,
    priors=priors,
    units=units,
    support=SUPPORT,
    options={
        "column": "the numeric column; need not be named if it is the only one",
        "family": "Normal (default), StudentT, LogNormal, Gamma, Weibull, Exponential, Poisson, NegativeBinomial, "
        "Geometric, Beta or Binomial",
        "trials": "trials of a Binomial: a number, or a column",
        "missing": "stop at missing values, or drop rows that have one",
    },
    hyperparameters={"standardize": "take the scales of the prior in units of the data, or as they are written"},
    fixable=tuple(SUPPORT),
    model=model,
    start=start,
    obstacle=obstacle,
    improper=improper,
    reference=reference,
    broken=broken,
)

"""What is to be fitted: which data, under which priors, with which settings; of a built-in fit or of a user's own data.

Everything a user says is checked here, before anything is computed, and kept as a ``request``: plain JSON from which
the same plan can be made again.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from comparisons import store
from comparisons.settings import SEEDS, SETTINGS, Settings, check_numbers
from comparisons.wishes import OWN, fixed_numbers, flag, wanted_priors
from models.contract import BadInput, Prior, Scenario
from models.contract.columns import shown

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
SIMULATED = re.compile(r"(\w+)-seed-(\d{1,18})")
PAGES = ("index", "glossary", "reading")  # of the site, beside those of fits


@dataclass(frozen=True)
class Plan:
    """One fit to be made.

    Attributes
    ----------
    name : str
        Of the folder of its results and of its page.
    scenario, dataset : str
        ``dataset`` is the name of built-in data, or says what a user's own data are.
    data : xarray.Dataset
    priors : dict of str to Prior
        By name; the first is the default.
    likelihood : Prior
        Under which the likelihood is maximised: any prior whose support is that of the parameters, with the numbers
        that are held fixed.
    settings : Settings
    request : dict
        What was asked for, as JSON.
    command : str
        The command line that asks for it.
    """

    name: str
    scenario: str
    dataset: str
    data: xr.Dataset
    priors: dict[str, Prior]
    likelihood: Prior
    settings: Settings
    request: dict[str, Any]
    command: str

    @property
    def inputs(self) -> str:
        """Digest of everything the results depend on."""
        if "fit" in self.request:  # the scenario's file says what its data are
            return store.inputs_of_fit(self.scenario, asdict(self.settings))
        texts = json.dumps(self.request, sort_keys=True), store.data_digest(self.data), self.command
        return store.inputs_of_fit(self.scenario, asdict(self.settings), *texts)


def built_in(name: str, settings: Settings = SETTINGS) -> Plan:
    """Plan of a built-in fit, or of ``<scenario>-seed-<number>``: its teaching data simulated anew with that seed.

    Raises
    ------
    BadInput
        If there is none of that name.
    """
    seeded = SIMULATED.fullmatch(name)
    if seeded and seeded[1] in models.names():
        scenario_name, dataset, seed = seeded[1], name.removeprefix(f"{seeded[1]}-"), int(seeded[2])
        scenario = models.load(scenario_name)
        data = scenario.simulate(np.random.default_rng(seed)).assign_attrs(
            seed=seed, source=f"simulated as the teaching data are, with the seed {seed}"
        )
        command = f"make handout SCENARIO={scenario_name} SEED={seed}"
    else:
        models.check_fit(name)
        scenario_name, dataset = models.fits()[name]
        scenario = models.load(scenario_name)
        data = scenario.datasets[dataset]()
        command = f'make report FITS="{name}"'
    priors = scenario.priors(data)
    likelihood = next(iter(priors.values()))
    return Plan(name, scenario_name, dataset, data, priors, likelihood, settings, {"fit": name}, command)


def own(
    scenario_name: str,
    table: pd.DataFrame | None,
    *,
    name: str = "",
    source: str = "",
    prior: Iterable[str] = (),
    fix: Iterable[str] = (),
    settings: Settings = SETTINGS,
    command: str = "",
    file: Mapping[str, str] | None = None,
    **options: Any,
) -> Plan:
    """Plan of a fit of a user's own data, or of built-in data under a prior or settings of his own.

    Parameters
    ----------
    scenario_name : str
        A scenario; or a built-in fit, whose data are taken if there is neither a table nor an option that reads.
    table : pandas.DataFrame or None
    name : str
        Of the results; by default made of the scenario and the source.
    source : str
        Where the table comes from, for the reader.
    prior : iterable of str
        Names of priors, and priors per variable such as ``"sigma ~ HalfCauchy(5)"``.
    fix : iterable of str
        Variables held fixed, such as ``"sigma = 1.5"``.
    settings : Settings
    command : str
    file : mapping of str to str, optional
        Path, delimiter and digest of the table's file, for `replay`.
    **options
        Options of the scenario's ``read`` and ``priors``; ``standardize`` among them.

    Raises
    ------
    BadInput
    """
    scenario_name, dataset = models.fits().get(scenario_name, (scenario_name, ""))
    if scenario_name not in models.names():
        raise BadInput(f"no scenario named {scenario_name!r}; known scenarios: {', '.join(models.names())}")
    scenario, prior, fix = models.load(scenario_name), _texts(prior), _texts(fix)
    given = {key: value for key, value in options.items() if value is not None}
    unknown = [key for key in given if key not in scenario.options and key not in scenario.hyperparameters]
    if unknown:
        known = ", ".join(flag(key) for key in [*scenario.options, *scenario.hyperparameters])
        raise BadInput(f"{scenario_name} has no option {flag(unknown[0])}; it has {known}")
    check_settings(settings)
    read = {key: _listed(scenario, key, given[key]) for key in scenario.options if key in given}
    if dataset and table is None and not read:
        data = scenario.datasets[dataset]()
    elif dataset not in ("", "teaching"):
        raise BadInput(f"{scenario_name}-{dataset} has data of its own; for yours name the scenario {scenario_name}")
    else:
        try:
            data, dataset = scenario.read(table, **read), ""
        except BadInput as problem:
            raise BadInput(f"file {shown(source)}: {problem}" if source else str(problem)) from None
    if source:
        data = data.assign_attrs(source=source)
    if "standardize" in scenario.hyperparameters:
        data = data.assign_attrs(scales=_scales(prior, given.get("standardize")))
    hyperparameters = {key: given[key] for key in scenario.hyperparameters if key in given}
    fixed = fixed_numbers(scenario, data, fix)
    both = [text for text in prior if "~" in text and text.partition("~")[0].strip() in fixed]
    if both:
        raise BadInput(f"--prior {both[0]!r}: this variable is held fixed by --fix; leave one out")
    priors: dict[str, Prior] = {
        key: {**one, **fixed} for key, one in wanted_priors(scenario, data, prior, hyperparameters).items()
    }
    # Numbers held fixed can leave two priors alike.
    distinct = {str(one): key for key, one in reversed(priors.items())}
    priors = {key: one for key, one in priors.items() if distinct[str(one)] == key}
    likelihood = {**next(iter(scenario.priors(data).values())), **fixed}
    if all(one.fixed for one in likelihood.values()):
        raise BadInput("--fix leaves nothing to estimate: leave one variable free")
    name = name or slug(scenario_name, source or dataset or str(data.attrs["title"]))
    if not NAME.fullmatch(name):
        raise BadInput(f"--name {name!r}: use letters, digits, dots, hyphens and underscores, at most 80")
    if name in models.fits() or name in PAGES:
        what = "a built-in fit" if name in models.fits() else "another page of the site"
        raise BadInput(f"--name {name}: {what} has this name; give another")
    request = {
        "scenario": scenario_name,
        "options": {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()},
        "prior": prior,
        "fix": fix,
        "source": source,
        "dataset": dataset,
        "file": dict(file or {}),
    }
    return Plan(name, scenario_name, dataset or OWN, data, priors, likelihood, settings, request, command)


def _scales(prior: list[str], standardize: bool | None) -> str:
    """What the scales of the priors refer to, for the reader."""
    standardised = "meant for standardised data, and restated here in the units of the data"
    plain = "in the units of the data"
    if standardize is not None or not any("~" in text for text in prior):
        return f"the priors are {plain if standardize is False else standardised}"
    return f"priors by name are {standardised}; those written by the user are {plain}"


def slug(scenario_name: str, source: str) -> str:
    """A name for the results, made of the scenario and the name of the source; not one of a built-in fit."""
    stem = re.sub(r"[^A-Za-z0-9]+", "-", source.replace("\\", "/").split("/")[-1].split(".")[0]).strip("-").lower()
    name = f"{scenario_name}-{stem[:50] or OWN}"
    return f"{name}-{OWN}" if name in models.fits() else name


def check_settings(settings: Settings) -> None:
    """Refuse settings that make no sense; raises `BadInput`."""
    counts = ("--draws", settings.draws, (100, 1_000_000)), ("--chains", settings.chains, (2, 64))
    check_numbers(settings.level, [*counts, ("--seed", settings.seed, SEEDS)])
    if settings.interval not in ("eti", "hdi"):
        raise BadInput(f"--interval {settings.interval!r}: eti (equal-tailed) or hdi (highest density)")


def _texts(values: Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _listed(scenario: Scenario, key: str, value: Any) -> Any:
    """Columns may be given as a list, or as a text with commas."""
    if "tuple" not in str(inspect.signature(scenario.read).parameters[key].annotation):
        return value
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else tuple(value)

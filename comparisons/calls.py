"""`comparisons.compare`: from the call to the plan, and from a plan to the text of the call that asks for it."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from comparisons.plan import Plan, built_in, own
from comparisons.settings import SETTINGS, Settings
from models.contract import BadInput
from models.contract.columns import shown

if TYPE_CHECKING:
    import pandas as pd

FROM_MEMORY = {"data": "", "delimiter": "", "sha256": ""}
"""What a request says of a table that was no file."""
WANTED = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "True or False"}
SETTING = ("level", "interval", "draws", "chains", "seed")


def asked(
    scenario: str,
    table: pd.DataFrame | None,
    *,
    prior: str | Iterable[str],
    fix: str | Iterable[str],
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    name: str = "",
    source: str = "",
) -> Plan:
    """Plan of a call; arguments as in `comparisons.compare`, settings and options by their names.

    Raises
    ------
    BadInput
    """
    import pandas as pd

    if not isinstance(scenario, str):
        raise BadInput(f"the scenario is of type {type(scenario).__name__}: give its name")
    if not (table is None or isinstance(table, pd.DataFrame)):
        raise BadInput(f"the table is of type {type(table).__name__}: give a pandas.DataFrame")
    chosen = _settings(settings)
    prior, fix = _texts("prior", prior), _texts("fix", fix)
    given = {key: typed(scenario, key, value) for key, value in options.items() if value is not None}
    for key in given.keys() & inspect.signature(own).parameters.keys():
        raise BadInput(f"{key} is no option of a scenario: leave it out")
    if not (prior or fix or given or name or source) and table is None and chosen == SETTINGS:
        return built_in(scenario, chosen)
    file = {} if table is None else FROM_MEMORY
    plan = own(scenario, table, name=name, source=source, prior=prior, fix=fix, settings=chosen, file=file, **given)
    return replace(plan, command=f"comparisons.{text(plan)}")


def needs_table(request: Mapping[str, Any]) -> bool:
    """Whether a plan's request is about a table, and not about built-in data or numbers given as options."""
    return bool(request.get("file"))


def text(plan: Plan, separator: str = " ") -> str:
    """The call that asks for a plan, with every option spelled out.

    Parameters
    ----------
    plan : Plan
    separator : str
        Between the arguments, after the comma; with a line break and an indent, every argument has a line.
    """
    request = plan.request
    fits = {pair: name for name, pair in models.fits().items()}
    arguments = [repr(request.get("fit") or fits.get((plan.scenario, request["dataset"]), plan.scenario))]
    if needs_table(request):
        arguments.append("table")
    named: dict[str, Any] = {}
    if "fit" not in request:
        named |= {"name": plan.name, "source": request["source"]} | request["options"]
        named |= {"prior": request["prior"], "fix": request["fix"]}
    named |= {key: getattr(plan.settings, key) for key in SETTING}
    arguments += [f"{key}={value!r}" for key, value in named.items()]
    line = f",{separator}".join(arguments)
    return f"compare({line})" if "\n" not in separator else f"compare({separator}{line},\n)"


def _settings(settings: Mapping[str, Any]) -> Settings:
    """Settings of the types they must have."""
    values = dict[str, Any]()
    for key, value in settings.items():
        kind = type(getattr(SETTINGS, key)).__name__
        values[key] = _cast(key, kind, _plain(value))
    return replace(SETTINGS, **values)


def typed(scenario: str, key: str, value: Any) -> Any:
    """An option of the type that the scenario's function asks for; an unknown one as it is, to be refused with help."""
    name = models.fits().get(scenario, (scenario, ""))[0]
    if name not in models.names():
        return value
    known = models.load(name)
    for function, helps in ((known.read, known.options), (known.priors, known.hyperparameters)):
        if key in helps:
            kind = str(inspect.signature(function).parameters[key].annotation).removesuffix(" | None")
            return _texts(key, value) if "tuple" in kind else _cast(key, kind, _plain(value))
    return value


def _cast(key: str, kind: str, value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "str" and (isinstance(value, str) or number):
        return str(value)  # 65 heads, a column called 3
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "float" and number:
        return float(value)
    if kind == "int" and number and value == np.floor(value) and abs(value) < 2**63:
        return operator.index(int(value))
    raise BadInput(f"{key}={shown(value)}: give {WANTED.get(kind, kind)}")


def _texts(key: str, value: Any) -> str | list[str]:
    """Texts in a list, or one text."""
    value = _plain(value)
    if isinstance(value, str):
        return value
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"{key}={shown(value)}: give a text, or a list of texts")
    return list(value)


def _plain(value: Any) -> Any:
    """A value without the types of NumPy and pandas, as JSON can hold it."""
    return value.tolist() if hasattr(value, "tolist") else value

"""`comparisons.compare`: the plan a call asks for, its text, and the numbers of the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from comparisons import calls, compare, store
from comparisons.fit import fit
from comparisons.fit_command import planned
from comparisons.plan import Plan, built_in
from comparisons.settings import SETTINGS
from models.contract import BadInput

SMALL: dict[str, Any] = {"draws": 200, "chains": 2}


def ask(scenario: Any, table: Any = None, prior: Any = (), fix: Any = (), **options: Any) -> Plan:
    """The plan of a call."""
    settings = {key: options.pop(key, getattr(SETTINGS, key)) for key in calls.SETTING}
    about = {key: options.pop(key) for key in ("name", "source") if key in options}
    return calls.asked(scenario, table, prior=prior, fix=fix, settings=settings, options=options, **about)


def houses() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    area, rooms = rng.uniform(1, 5, 30), rng.integers(1, 6, 30)
    return pd.DataFrame({"price": 2 * area + rooms + rng.normal(size=30), "area": area, "rooms": rooms})


def same_request(one: Plan, other: Plan) -> None:
    assert one.request == other.request
    assert one.settings == other.settings
    assert store.data_digest(one.data) == store.data_digest(other.data)
    assert {key: str(prior) for key, prior in one.priors.items()} == {
        key: str(prior) for key, prior in other.priors.items()
    }


@pytest.mark.slow
def test_the_numbers_are_those_of_the_command_line(tmp_path: Path) -> None:
    values = pd.DataFrame({"seconds": np.random.default_rng(1).normal(5, 2, 12)})
    values.to_csv(tmp_path / "timings.csv", index=False)
    line = {"data": str(tmp_path / "timings.csv"), "column": "seconds", "prior": ("weak",), **SMALL}
    theirs = fit(planned("gaussian", line))
    ours = compare("gaussian", values, column="seconds", prior="weak", **SMALL)
    assert ours.plan.name != theirs.plan.name  # names do not matter
    pd.testing.assert_frame_equal(ours.table, theirs.table, check_exact=True)


def test_a_name_alone_is_the_built_in_fit() -> None:
    plan = ask("coin-small")
    assert plan.request == {"fit": "coin-small"}
    assert plan.inputs == built_in("coin-small").inputs


def test_other_settings_or_priors_keep_the_built_in_data() -> None:
    whole = built_in("coin-small")
    for plan in (ask("coin-small", level=0.9), ask("coin-small", prior="theta ~ Beta(3, 1)")):
        assert plan.dataset == "small"
        assert store.data_digest(plan.data) == store.data_digest(whole.data)
    assert ask("coin-small", level=0.9).settings == replace(SETTINGS, level=0.9)


def test_columns_may_be_a_list_a_text_or_an_index() -> None:
    frame = houses()
    one = ask("regression", frame, outcome="price", predictors="area,rooms")
    for predictors in (["area", "rooms"], ("area", "rooms"), frame.columns[1:], np.array(["area", "rooms"])):
        other = ask("regression", frame, outcome="price", predictors=predictors)
        assert store.data_digest(one.data) == store.data_digest(other.data)
        assert other.inputs  # the request is JSON


def test_numbers_of_numpy_are_numbers() -> None:
    plain = ask("coin", heads=65, flips=100, draws=300, level=0.9)
    same_request(plain, ask("coin", heads=np.int64(65), flips=np.int8(100), draws=np.int32(300), level=np.float64(0.9)))
    same_request(ask("coin-small", alpha=3, beta=1), ask("coin-small", alpha=np.float64(3), beta=np.int64(1)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dice",), "no scenario named 'dice'|no fit named 'dice'"),
        ((3,), "the scenario is of type int"),
        (("coin", [1, 0]), "the table is of type list: give a pandas.DataFrame"),
        (("regression", houses(), {"outcom": "price"}), "has no option --outcom; it has --outcome"),
        (("regression", houses(), {"outcome": "prize"}), "did you mean 'price'"),
        (("regression", houses(), {"outcome": "price", "predictors": 3}), "predictors=3: give a text, or a list"),
        (("regression", houses(), {"outcome": "price", "intercept": "no"}), "intercept='no': give True or False"),
        (("regression", houses(), {"outcome": "price", "scale": "big"}), "scale='big': give a number"),
        (("regression", houses(), {"outcome": ["price"]}), "outcome=.*: give a text"),
        (("coin-small", None, {"draws": "many"}), "draws='many': give a whole number"),
        (("coin-small", None, {"draws": 200.5}), "draws=200.5: give a whole number"),
        (("coin-small", None, {"seed": float("nan")}), "seed=nan: give a whole number"),
        (("coin-small", None, {"level": 95}), "--level 95"),
        (("coin-small", None, {"interval": None}), "interval=None: give a text"),
        (("coin-small", None, {"prior": [3]}), "prior=.*: give a text, or a list of texts"),
        (("coin-small", None, {"file": {}}), "file is no option"),
        (("coin", None, {"heads": 5, "flips": 3}), "5 is more than the 3"),
        (("gaussian", None, {"column": "a"}), "there is no table"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(arguments: tuple[Any, ...], said: str) -> None:
    *positional, options = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(BadInput, match=said) as caught:
        ask(*positional, **options)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "plan",
    [
        built_in("coin-small"),
        ask("coin", heads=65, flips=100, level=0.9, interval="hdi"),
        ask("coin-small", prior=["theta ~ Beta(3, 1)"], seed=7),
        ask("regression", houses(), outcome="price", fix="sigma = 1", prior=["laplace"], scale=0.5, name="x"),
        ask("regression", houses(), formula="price ~ area + I(area ** 2)", intercept=False, source="o\"\n'f.csv"),
    ],
)
@pytest.mark.parametrize("separator", [" ", "\n    "])
def test_the_text_of_a_call_asks_for_the_same_plan(plan: Plan, separator: str) -> None:
    text = calls.text(plan, separator)
    asked = eval(text, {"compare": ask, "table": houses()})
    same_request(plan, asked)
    assert asked.name == plan.name
    assert ("table" in text.split("(", 1)[1].split(",")[1]) == calls.needs_table(plan.request)

"""Formulas of users: nothing in them is run, and what cannot be read is refused in one line."""

from __future__ import annotations

import builtins
import os
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.contract.design import design
from tests.homes import HOMES, design_or_refusal, refusal

BY_FORMULA = {
    "price area": "no '~'",
    "price ~": "cannot be read to its end",
    "~ area": "cannot be read from '~' on",
    "price ~ area ~ rooms": "more than one '~'",
    "price ~ I(area ~ rooms)": "more than one '~'",
    "I(price ~ area)": "needs its '~' between",
    "price ~ area +": "cannot be read to its end",
    "price ~ (area": "cannot be read to its end",
    "price ~ area) + rooms": r"cannot be read from '\)' on",
    "price ~ area rooms": "cannot be read from 'rooms' on",
    "price ~ `area": "cannot be read from '`area' on.*backticks",
    "price ~ _area": "cannot be read from '_area' on.*backticks",
    "price ~ .": "cannot be read from '.' on",
    "price ~ area % rooms": "cannot be read from '%' on",
    "price ~ ²": "cannot be read",
    "price ~ 1": "no predictor",
    "1 ~ area": "is no outcome",
    "price ~ area - area": "no predictor",
    "price ~ aera": "did you mean 'area'",
    "price ~ area + price": "'price' is the outcome and a predictor",
    "price ~ log(price)": "'price' is the outcome and a predictor",
    "price ~ (1 | town)": r"group-specific term \(\|\).*remove it",
    "price ~ area + (area | town)": "group-specific term",
    "price ~ area | town": "group-specific term",
    "price ~ area ** 2": r"write I\(area \*\* 2\)",
    "price ~ (area) ** 2": "write I",
    "price ~ (area + rooms) ** 99999999999": "whole number from 1 to 10",
    "price ~ (area + rooms) ** rooms": "whole number from 1 to 10",
    "price ~ 2 * area": "'2' is a number among terms: write I",
    "price ~ area + 3": "'3' is a number among terms",
    "price ~ (1 + area):rooms": "'1' is a number among terms",
    "price ~ -area": "is not allowed here",
    "price ~ 'area'": "only numbers",
    "price ~ True": "only numbers",
    "price ~ area == 2": "cannot be read from '==' on",
    "price ~ I(area == 2)": "uses '=='",
    "price ~ I(area:rooms)": "uses ':'",
    "price ~ I(-area**2)": "two ways: add parentheses",
    "price ~ I(area**2**3)": "two ways: add parentheses",
    "price ~ I(area * 'x')": "only numbers",
    "price ~ I(2)": "holds no column",
    "price ~ I()": "needs 1 argument",
    "price ~ log(area, 2)": "needs 1 argument",
    "price ~ log(x=area)": "needs 1 argument",
    "price ~ sin(area)": "the functions are I, abs, center",
    "price ~ town['Oslo']": "has brackets",
    "price ~ T(town)": "needs 2 arguments",
    "price ~ T(town, 'Rome')": "does not occur: choose among 'Bergen', 'Kiruna', 'Oslo'",
    "price ~ T(town, rooms)": "a level between quotes",
    "price ~ C(area * rooms)": "needs a column's name",
    "price ~ I(C(area))": "is not allowed here",
    "price ~ C(area)": "looks like an identifier",
    "price ~ poly(area, 0)": "whole number from 1 to 10",
    "price ~ poly(area, rooms)": "whole number from 1 to 10",
    "price ~ poly(rooms, 4)": "more than 4 different values, not 4",
    "price ~ log(rooms - 1)": r"'log\(rooms - 1\)' is -inf, not finite, in row \d+ below the header",
    "price ~ sqrt(-area)": "is nan, not finite",
    "price ~ I(area ** 999)": "is inf, not finite",
    "price ~ log(town)": "'town' holds text where a number is needed",
    "price ~ I(new + 1)": "'new' holds truth values",
    "log(town) ~ area": "'town' holds text",
    "damaged/tested ~ area": r"ratio of columns: write I\(...\)",
    "price + area ~ rooms": "is no outcome",
    "C(town) ~ area": "is no outcome: the functions are",
    "price ~ I(" + "9" * 400 + " * area)": "moderate size",
    "price ~ I(" + "9" * 5000 + " * area)": "cannot be read",
    "price ~ " + "area + " * 2000 + "area": "more than 10,000 characters",
    "price ~ (C(rooms) + town + garden + C(tested)) ** 4 * (area + damaged) ** 2 * C(sold)": "1,000 columns",
}


@pytest.mark.parametrize("formula", BY_FORMULA, ids=lambda formula: formula[:40])
def test_formulas_that_are_refused(formula: str, capfd: pytest.CaptureFixture[str]) -> None:
    line = refusal(formula=formula)
    assert re.search(BY_FORMULA[formula], line), line
    assert capfd.readouterr() == ("", ""), "the library prints where it fails"


DEEP = {
    "parentheses": "price ~ " + "(" * 900 + "area" + ")" * 900,
    "terms": "price ~ " + " + ".join(["area"] * 1200),
    "arithmetic": "price ~ I(" + " + ".join(["area"] * 1200) + ")",
    "outcome": "I(" + " + ".join(["area"] * 1200) + ") ~ price",
    "signs": "price ~ I(" + "-" * 5000 + "area)",
}


@pytest.mark.parametrize("case", DEEP)
def test_formulas_that_exhaust_the_stack_are_refused(case: str) -> None:
    """At Python's own limit, which other packages raise: then they are read, or refused for other reasons."""
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(1000)
        line = refusal(formula=DEEP[case])
    finally:
        sys.setrecursionlimit(limit)
    assert "too long or too deeply nested" in line
    design_or_refusal(DEEP[case], False)


def test_formulas_of_very_many_terms_are_refused_and_the_same_names_are_not() -> None:
    rng = np.random.default_rng(2)
    wide = pd.DataFrame(rng.normal(size=(5, 480)), columns=[f"x{j}" for j in range(480)])
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(1000)
        line = refusal(wide, formula="x0 ~ " + " + ".join(wide.columns[1:]))
        assert "name the predictors instead" in line
        assert design(wide, "x0").x.shape == (5, 479)
    finally:
        sys.setrecursionlimit(limit)


def test_logistic_formulas_that_are_refused() -> None:
    for formula, match in {
        "log(sold) ~ area": "is no column: write a column, or successes/trials",
        "damaged/(tested + 1) ~ area": "is no outcome",
        "damaged/tested/area ~ rooms": "is no outcome",
        "damaged/damaged ~ rooms": "named twice",
        "tested/damaged ~ area": "more successes than trials",
        "rooms ~ area": "other than 0 and 1",
        "town ~ area": "3 different values",
    }.items():
        line = refusal(formula=formula, logistic=True)
        assert match in line, line


# Nothing is run

ATTACKS = [
    "__import__('os').system('touch HACKED')",
    "`__import__`('os')",
    "`__import__('os').system('touch HACKED')`",
    "eval('1')",
    "exec('1')",
    "open('HACKED')",
    "open(area)",
    "os.system('touch HACKED')",
    "np.save('HACKED', area)",
    "np.log(area)",
    "builtins.eval('1')",
    "print(area)",
    "getattr(area, 'x')",
    "area.to_pickle('HACKED')",
    "area.__class__",
    "area.__class__.__mro__",
    "log.__globals__",
    "I.__globals__",
    "I(I)",
    "I(log)",
    "I(area.__class__)",
    "I((lambda: 1)())",
    "lambda: 1",
    "log(area)(rooms)",
    "{__import__('os')}",
    "{open(area)}",
    "I(open(area))",
    "log(open('HACKED'))",
    "C(area, open('HACKED'))",
    "C(town, contrast=os.system)",
    "T(town, ref=open('HACKED'))",
    "poly(area, degree=os.getcwd())",
    "offset(area)",
    "hsgp(area, m=1)",
    "bs(area, df=4)",
    "p(area, rooms)",
    "binary(town)",
    "self.run(area)",
    "terms.table(area)",
    "design_matrices(area)",
    "DataFrame.to_pickle(area, 'HACKED')",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_formula_is_run(attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import formulae.terms.call_resolver as resolver

    ran: list[str] = []

    def planted(*arguments: object, **options: object) -> None:
        ran.append(attack)

    for formula in (
        f"price ~ {attack}",
        f"{attack} ~ area",
        f"price ~ area + {attack}:rooms",
        f"price ~ log({attack})",
    ):
        with monkeypatch.context() as planting:
            for module, name in ((os, "system"), (os, "getcwd"), (subprocess, "Popen"), (np, "save")):
                planting.setattr(module, name, planted)
            planting.setattr(pd.Series, "to_pickle", planted)
            planting.setattr(resolver, "get_function_from_module", planted)  # where formulae looks functions up
            planting.setattr(builtins, "eval", planted)
            planting.setattr(builtins, "exec", planted)
            refusal(formula=formula)
            refusal(formula=formula, logistic=True)
    assert ran == []


TOKENS = [
    *("area", "rooms", "town", "new", "price", "sold", "damaged", "tested", "nowhere", "`area`", "`x y`", "_x"),
    *(
        "+",
        "-",
        "*",
        "/",
        ":",
        "**",
        "~",
        "|",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        "=",
        "==",
        "%",
        ".",
        "`",
        "'",
        '"',
        "!",
    ),
    *("0", "1", "2", "3.5", "1e9", "log(", "I(", "C(", "T(", "poly(", "center(", "scale(", "exp(", "eval(", "'Oslo'"),
    *("True", "None", "lambda", "\n", "²", "\0"),
]


@given(tokens=st.lists(st.sampled_from(TOKENS), max_size=9), logistic=st.booleans())
@settings(max_examples=300)
def test_arbitrary_tokens_are_a_design_or_refused(tokens: list[str], logistic: bool) -> None:
    design_or_refusal(f"{'sold' if logistic else 'price'} ~ {' '.join(tokens)}", logistic)
    design_or_refusal(" ".join(tokens), logistic)


TERM = st.recursive(
    st.sampled_from(
        ["area", "rooms", "town", "new", "log(area)", "C(rooms)", "poly(area, 2)", "T(town, 'Oslo')", "1", "0"]
    ),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", ":"]), inner)
        | st.builds("({} + {})**{}".format, inner, inner, st.sampled_from(["1", "2", "3"]))
    ),
    max_leaves=5,
)


@given(term=TERM)
@settings(max_examples=150)
@example(term="((area + rooms) + (town / area))**3")
def test_arbitrary_terms_are_a_design_or_refused(term: str) -> None:
    design_or_refusal(f"price ~ {term}", False)


def test_the_library_alone_would_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The danger is real, and what is planted above would notice it."""
    import formulae

    ran: list[str] = []

    def planted() -> Any:
        ran.append("getcwd")
        return HOMES["area"]

    monkeypatch.setattr(os, "getcwd", planted)
    formulae.design_matrices("price ~ os.getcwd()", HOMES)
    assert ran

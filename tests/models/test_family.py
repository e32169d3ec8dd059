"""One column of data under eleven families: the model and its readings, priors, users' tables, built-in data."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import family
from models.contract import BadInput
from models.contract.prior_text import check_support
from models.contract.univariate import SUPPORT, Column, univariate
from tests.cases import Case
from tests.drawn import drawn, known, labelled, weak
from tests.tolerances import ROUNDING, mean_and_error, same_points, within_errors

NAMES = list(univariate())
UNEVEN = ("StudentT", "NegativeBinomial", "Weibull", "Beta", "Gamma")  # without a conjugate or Normal posterior


# The model and its points.


@pytest.mark.parametrize("name", NAMES)
def test_points_of_the_model_agree_with_independent_answers(name: str) -> None:
    one = weak(name)
    for reading, point in (("mle", one.mle), ("map", one.map_)):
        found = known(one.references, reading)
        assert list(found) == list(one.prior), reading
        assert set(one.parameters) == set(one.prior)
        for parameter, reference in found.items():
            same_points(point.estimate[parameter], reference.value, point.sd[parameter])
            assert point.exists or (name, reading) == ("StudentT", "mle")
    assert set(known(one.references, "posterior")) == set(one.prior)


@pytest.mark.parametrize("name", NAMES)
def test_the_likelihood_of_the_model_is_scipys(name: str) -> None:
    one = weak(name, 1)
    y, trials = drawn(name)
    candidate = one.candidates[0]
    density = one.functions.density(one.model.observed_RVs)(one.starts[0])[0]
    expected = Column(name, y, trials).log_likelihood()({key: value[None] for key, value in candidate.items()})[0]
    assert density == pytest.approx(expected, rel=ROUNDING)


@pytest.mark.slow
@pytest.mark.parametrize("name", UNEVEN)
def test_chains_have_the_means_of_the_references(name: str) -> None:
    one = weak(name, 4)
    draws = one.sample()[0]["posterior"]
    for parameter, reference in known(one.references, "posterior").items():
        mean, error = mean_and_error(np.asarray(draws[parameter]))
        within_errors(mean, reference.value, error)


@pytest.mark.parametrize("name", NAMES)
def test_priors_live_where_their_parameters_do(name: str) -> None:
    data = labelled(name)
    for kind, prior in family.priors(data).items():
        assert list(prior) == list(univariate()[name].arguments)
        for variable, distribution in prior.items():
            if distribution.name != "Flat":
                check_support(variable, distribution, SUPPORT[variable])
        assert family.improper(data, prior) == ""
        assert (kind == "weak") <= all(one.proper for one in prior.values())
    raw = family.priors(data, standardize=False)["weak"]
    assert {key: str(one) for key, one in raw.items()} == {key: str(one) for key, one in family.WEAK[name].items()}
    assert set(family.units(data)) <= set(raw)


@pytest.mark.parametrize("name", ["Normal", "Gamma", "Weibull", "Exponential"])
def test_a_change_of_unit_changes_nothing_but_the_unit(name: str) -> None:
    """The posterior of data ten times as large is that of ten times the variable."""
    y, means = drawn(name)[0][:12], []
    for unit in (1.0, 10.0):
        data = labelled(name, y * unit)
        found = known(family.reference(data, family.priors(data)["weak"]), "posterior")
        power = {"mu": -1, "sigma": -1, "scale": -1, "rate": 1}
        means.append([reference.value * unit ** power.get(key, 0) for key, reference in found.items()])
    np.testing.assert_allclose(means[0], means[1], rtol=1e-4)


# Tables of users.

BAD: list[tuple[dict[str, list[Any]] | None, dict[str, Any], str]] = [
    (None, {}, "--data"),
    (
        {"a": [1.0, 2.0]},
        {"family": "Gama"},
        "--family 'Gama': there is no family of this name here; did you mean Gamma",
    ),
    ({"a": [1.0, 2.0]}, {"family": "gamma"}, "did you mean Gamma?"),
    ({"a": [1.0, 2.0]}, {"family": "zzz"}, "known are Normal, StudentT"),
    ({"a": [1.0, 2.0], "b": [1.0, 2.0]}, {}, "--column; the columns are 'a', 'b'"),
    ({"a": [1.0, -2.0]}, {"family": "Gamma"}, "row 2 below the header holds -2; families that hold these values are"),
    ({"a": [1.0, -2.0]}, {"family": "Gamma"}, "'Normal', 'StudentT'"),
    ({"a": [1.0, 0.0]}, {"family": "Weibull"}, "'Normal', 'StudentT', 'Exponential', 'Poisson', 'NegativeBinomial'"),
    ({"a": [1.5, 1.0]}, {"family": "Poisson"}, "row 1 below the header holds 1.5"),
    ({"a": [2, 0]}, {"family": "Geometric"}, "holds 0; if you counted failures before the success, add 1"),
    ({"a": [0.5, 1.0]}, {"family": "Beta"}, "both excluded, and row 2 below the header holds 1"),
    ({"a": [0.5, 0.0]}, {"family": "Beta"}, "holds 0"),
    ({"a": [1.0, -1.0]}, {"family": "Exponential"}, "an Exponential needs numbers of at least 0"),
    ({"a": [0.0, 0.0]}, {"family": "Exponential"}, "0 in all rows"),
    ({"a": [2.0, 2.0]}, {"family": "Gamma"}, "is constant (2 in all 2 rows)"),
    ({"a": [2.0]}, {"family": "Normal"}, "has one value"),
    ({"a": [1, 2]}, {"family": "Binomial"}, "--trials: a Binomial needs"),
    ({"a": [1, 2]}, {"family": "Poisson", "trials": "3"}, "only a Binomial has trials"),
    ({"a": [1, 2]}, {"family": "Binomial", "trials": "3.5"}, "--trials '3.5': give a whole number"),
    ({"a": [1, 2]}, {"family": "Binomial", "trials": "0"}, "--trials '0'"),
    ({"a": [1, 4]}, {"family": "Binomial", "trials": "3"}, "row 2 below the header holds 4 of 3 trials"),
    ({"a": [1, 4], "n": [5, 3]}, {"family": "Binomial", "trials": "n"}, "holds 4 of 3 trials"),
    ({"a": [0, 0], "n": [0, 0]}, {"family": "Binomial", "trials": "n"}, "no trials at all"),
    ({"a": [0, 1]}, {"family": "Binomial", "trials": "a", "column": "a"}, "this is the column of successes"),
    ({"a": [1.0, None]}, {"family": "Gamma"}, "--missing drop"),
    ({"a": [1, 1e17]}, {"family": "Poisson"}, "too large to be counted"),
]


@pytest.mark.parametrize(("columns", "options", "words"), BAD)
def test_a_bad_table_is_refused_in_one_line(
    columns: dict[str, list[Any]] | None, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        family.read(None if columns is None else pd.DataFrame(columns), **options)
    assert "\n" not in str(caught.value)


def test_good_tables_are_read() -> None:
    data = family.read(pd.DataFrame({"time": [1.0, 2.5]}), family="Gamma")
    assert (data["y"].values.tolist(), data.attrs["formula"]) == ([1.0, 2.5], "y[i] ~ Gamma(shape, rate)")
    assert data.attrs["outcome"] == "time"
    data = family.read(pd.DataFrame({"k": [1, 0], "n": [4, 5]}), family="Binomial", trials="n")
    assert (data["y"].values.tolist(), data["trials"].values.tolist()) == ([1, 0], [4, 5])
    data = family.read(pd.DataFrame({"k": [1, 0]}), family="Binomial", trials="7")
    assert data["trials"].values.tolist() == [7, 7]
    assert data.attrs["formula"] == "y[i] ~ Binomial(trials[i], probability)"
    data = family.read(pd.DataFrame({"k": [1.0, None, 3.0]}), family="Poisson", missing="drop")
    assert (data["y"].dtype.kind, data["y"].values.tolist(), data.attrs["dropped"][:5]) == ("i", [1, 3], "1 row")


def test_built_in_data() -> None:
    kicks = family.kicks()["y"].values
    assert (len(kicks), kicks.sum(), np.bincount(kicks).tolist()) == (200, 122, [109, 65, 22, 3, 1])
    teaching = family.SCENARIO.datasets["teaching"]()
    assert teaching.sizes["observation"] == 60
    one = Case(family.SCENARIO, teaching, family.priors(teaching)["weak"], 3)
    for name, truth in family.TRUTH.items():
        assert one.mle.lower[name] < truth < one.mle.upper[name]

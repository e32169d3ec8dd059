"""The command ``penalty``: what it prints, and what it refuses in one line."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from comparisons.penalty_command import penalty
from comparisons.penalty_forms import KINDS
from models.contract.bad_input import BadInput


def run(*arguments: str) -> str:
    result = CliRunner().invoke(penalty, arguments)
    assert result.exit_code == 0, result.exception or result.output
    return result.output


def test_the_scale_of_the_prior_and_every_library() -> None:
    output = run("ridge", "--alpha", "3", "--sigma", "1.5")
    for text in (
        "Ridge(alpha=3)",
        "lambda=3 * sd_y / n",
        "alpha=[0, 3 / n, ...]",
        '--prior "beta ~ Normal(0, 0.866025)"',
    ):
        assert text in output
    back = run("ridge", "--tau", "0.8660254", "--sigma", "1.5", "--n", "100", "--sd-y", "2")
    for text in ("Ridge(alpha=3)", "lambda=0.06,", "alpha=[0, 0.03, ...]"):
        assert text in back
    assert "sd_y: the standard deviation" in output
    assert "sd_y: the standard deviation" not in back


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        ("lasso --alpha 0.02 --sigma 1.5 --n 100", ["Laplace(0, 1.125)", "Lasso(alpha=0.02)", "lambda=0.02"]),
        ("lasso --b 1.125 --sigma 1.5 --n 100", ["Lasso(alpha=0.02)", "l1_slsqp"]),
        ("ridge --lambda 0.1 --n 100 --sigma 1 --sd-y 2", ["Ridge(alpha=5)", "Normal(0, 0.447214)"]),
        ("ridge --library statsmodels --alpha 0.04 --n 100 --sigma 1", ["Ridge(alpha=4)", "Normal(0, 0.5)"]),
        ("logistic-ridge --C 4", ["Normal(0, 2)", "lambda=0.25 / n"]),
        ("logistic-lasso --C 0.5 --n 10", ["Laplace(0, 0.5)", 'method="l1", alpha=[0, 2, ...]', "lambda=0.2,"]),
        ("elastic-net --alpha 0.1 --l1-ratio 0.5 --sigma 1 --n 10 --sd-y 3", ["lambda=0.2, alpha=0.25,", "(0, 2)"]),
        ("elastic-net --b 2 --tau 1.41421356 --sigma 1 --n 10", ["ElasticNet(alpha=0.1, l1_ratio=0.5)", "0.05 * sd_y"]),
        ("ridge --alpha 0", ["flat prior", "Flat()"]),
        ("elastic-net --alpha 0 --l1-ratio 0.5", ["flat prior"]),
    ],
)
def test_answers(arguments: str, texts: list[str]) -> None:
    output = run(*arguments.split())
    assert all(text in output for text in texts), output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("ridge --alpha 3", "--sigma is needed: .* a penalty alone does not fix a prior"),
        ("ridge --tau 3", "--sigma is needed"),
        ("lasso --alpha 3 --sigma 1", "--n is needed"),
        ("ridge --lambda 3 --sigma 1 --n 5", "--sd-y is needed: glmnet divides y"),
        ("ridge", "give exactly one of --alpha, --lambda, --tau"),
        ("ridge --alpha 1 --tau 2 --sigma 1", "not 2 of them"),
        ("ridge --library glmnet --alpha 1 --sigma 1", "the penalty of glmnet is --lambda"),
        ("ridge --library glmnet --tau 1 --sigma 1", "drop it"),
        ("logistic-lasso --alpha 2 --n 5", "statsmodels or statsmodels-logit"),
        ("logistic-ridge --C 0", "--C 0: .* above 0"),
        ("ridge --alpha nan --sigma 1", "--alpha nan"),
        ("ridge --alpha -1 --sigma 1", "--alpha -1"),
        ("ridge --alpha 1 --sigma inf", "--sigma inf"),
        ("lasso --alpha 1 --sigma 1 --n 0", "--n 0"),
        ("elastic-net --alpha 1 --sigma 1 --n 5", "--l1-ratio"),
        ("elastic-net --alpha 1 --l1-ratio 1 --sigma 1 --n 5", "that is lasso"),
        ("elastic-net --b 1 --tau 1 --sigma 1", "--n is needed"),
    ],
)
def test_refusals_are_one_line(arguments: str, line: str) -> None:
    result = CliRunner().invoke(penalty, arguments.split())
    assert isinstance(result.exception, BadInput)
    assert re.search(line, str(result.exception))
    assert "\n" not in str(result.exception)
    assert not result.output


FORMULAS = {
    "": "Ridge(alpha=3)",
    "ridge": "sigma^2 sd_y / (n tau^2)",
    "logistic-ridge": "C      = tau^2",
    "logistic-lasso": "C      = b",
    "elastic-net": "n alpha l1_ratio",
}


@pytest.mark.parametrize("kind", ["", *KINDS, "elastic-net"])
def test_help_has_the_formulas(kind: str) -> None:
    text = run(*kind.split(), "--help")
    assert FORMULAS.get(kind, "sigma^2 / (n") in text

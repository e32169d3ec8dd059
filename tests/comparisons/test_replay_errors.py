"""What a replay forgives: the errors of highest-density ends, and nothing where no error is known."""

from __future__ import annotations

from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, expon, norm

from comparisons import checks, replay
from tests.tolerances import K


def test_ten_standard_errors_are_more_than_is_allowed() -> None:
    assert checks.STANDARD_ERRORS * np.sqrt(2) < 10


@pytest.mark.parametrize(
    ("old", "new", "agrees"),
    [
        (np.nan, np.nan, True),
        (np.nan, 1.0, False),
        (1.0, np.nan, False),
        (np.inf, np.inf, True),
        (np.inf, -np.inf, False),
        (np.inf, 1.0, False),
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-6, False),
        (0.0, 1e-300, False),
    ],
)
@pytest.mark.parametrize("allowed", [np.nan, 0.0, np.inf])
def test_where_no_error_is_known_nothing_is_forgiven(old: float, new: float, agrees: bool, allowed: float) -> None:
    found = replay._distances(pd.DataFrame({"stored": [old], "again": [new], "allowed": [allowed]}))
    assert bool(found["agrees"][0]) is agrees


@pytest.mark.parametrize("prob", [0.025, 0.25, 0.975])
@pytest.mark.parametrize("distribution", [norm(), expon(), beta(5, 2)], ids=["norm", "expon", "beta"])
def test_the_error_of_a_quantile_is_that_of_theory_and_never_much_too_small(distribution: Any, prob: float) -> None:
    """Of independent draws: ``sqrt(p (1 - p) / n) / density``, in every sample and not on the average alone."""
    rng = np.random.default_rng(6)
    samples = [distribution.rvs(size=(2, 500), random_state=rng) for _ in range(60)]
    theory = np.sqrt(prob * (1 - prob) / 1000) / distribution.pdf(distribution.ppf(prob))
    found = np.array([replay.quantile_error(sample, prob) for sample in samples]) / theory
    assert 0.85 < found.mean() < 1.15  # the density is not constant over ten standard errors
    assert found.min() > 0.5  # ArviZ's own falls to 0.3


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("kind", ["independent", "correlated", "skewed"])
def test_the_errors_of_highest_density_ends_are_honest(level: float, kind: str) -> None:
    """Over repeated samples: about as large as the spread, and differences stay within the limit."""
    rng = np.random.default_rng(4)
    ends, errors = [], []
    for _ in range(60):
        draws = rng.gamma(3, size=(4, 250)) if kind == "skewed" else rng.normal(size=(4, 250))
        if kind == "correlated":
            for t in range(1, 250):
                draws[:, t] = 0.6 * draws[:, t - 1] + 0.8 * draws[:, t]
        ends.append(az.hdi(draws.ravel(), prob=level))
        errors.append(replay.highest_density_errors(draws, level))
    spread, error = np.std(ends, axis=0, ddof=1), np.mean(errors, axis=0)
    # The spread of 60 values is known to 1 / sqrt(120) of itself, 9 %; the batches are a little wider than the whole.
    assert np.all(error > spread * (1 - K / np.sqrt(120)))
    assert np.all(error < 2.5 * spread)
    gaps = np.abs(np.diff(ends, axis=0))[::2] / np.hypot(errors[::2], errors[1::2])
    assert np.all(gaps < checks.STANDARD_ERRORS)

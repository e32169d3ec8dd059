"""A small table of homes, and what every design made of it must keep to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.contract.bad_input import BadInput
from models.contract.design import Design, design
from models.contract.formula import read


def homes(n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "price": rng.normal(size=n),
            "area": rng.uniform(1, 5, n),
            "rooms": rng.integers(1, 5, n),
            "town": rng.choice(["Oslo", "Bergen", "Kiruna"], n),
            "new": rng.random(n) < 0.5,
            "garden": rng.choice(["no", "yes"], n),
            "tested": rng.integers(5, 9, n),
            "damaged": rng.integers(0, 5, n),
            "sold": rng.integers(0, 2, n),
        }
    )


HOMES = homes()


def refusal(table: pd.DataFrame = HOMES, **arguments: Any) -> str:
    """The one line with which a design is refused."""
    with pytest.raises(BadInput) as caught:
        design(table, **arguments)
    line = str(caught.value)
    assert line.isprintable(), line
    return line


def design_or_refusal(formula: str, logistic: bool) -> None:
    try:
        found = design(HOMES, formula=formula, logistic=logistic)
    except BadInput:
        refusal(formula=formula, logistic=logistic)
        return
    assert isinstance(found, Design)
    assert found.x.shape == (60, len(found.predictors))
    assert len(set(found.predictors)) == len(found.predictors) > 0
    assert np.isfinite(found.x).all()
    assert np.isfinite(found.y).all()
    assert np.all(np.ptp(found.x, axis=0) > 0)
    again = read(found.formula)
    assert set(again.outcomes).isdisjoint(again.predictors)

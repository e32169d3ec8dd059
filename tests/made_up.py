"""What tests make up: a comparison table in which any cell can be changed, and the line of a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.measures import COLUMNS
from comparisons.verdict import Verdict, judge
from models.contract import BadInput

LEVEL = 0.95
EVIL = "a|b `<script>alert(1)</script>`\n# [x](javascript:1) *b* __c__ \x1b[31m $y$ ![i](u)"


def table(labels: list[str] | None = None, **changes: Any) -> pd.DataFrame:
    """Rows with measures of a fit in which everything agrees; ``mle_gap=0.3`` changes a cell of the first parameter."""
    result = []
    for label in labels or ["theta"]:
        for reading in ("mle", "map", "posterior"):
            row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan) | {"parameter": label, "reading": reading}
            row |= {"estimate": 2.0, "sd": 0.5, "lower": 1.0, "upper": 3.0, "mcse": 0.01, "level": LEVEL}
            row |= {"reason": "", "failed": ""}
            if reading != "posterior":
                row |= {"gap": 0.02, "gap_error": 0.02, "mass": LEVEL, "mass_error": 0.004}
            row |= {"pull": 0.01} if reading == "map" else {"skew": -0.02} if reading == "posterior" else {}
            result.append(row)
    frame = pd.DataFrame(result)
    for key, value in changes.items():
        reading, column = key.split("_", 1)
        frame.loc[frame.index[frame["reading"] == reading][0], column] = value
    return frame


def predictions(mle: float = 0.0, map_: float = 0.0, n: int = 50, **attributes: Any) -> xr.Dataset:
    """Densities of ``n`` observations; the points lose so much for each, and a tenth more or less."""
    posterior = np.full(n, -1.0 if n > 1 else np.nan)
    spread = 0.1 * np.random.default_rng(0).choice([-1, 1], n)
    elpd = np.stack([posterior - mle + spread, posterior - map_ + spread, posterior])
    attrs = {"rows": n, "good_k": 0.7, "reason_mle": "", "reason_map": "", "reason_posterior": "", **attributes}
    return xr.Dataset(
        {"elpd": (("reading", "observation"), elpd), "khat": ("observation", np.full(n, 0.1))},
        coords={"reading": ["mle", "map", "posterior"]},
        attrs=attrs,
    )


def check(name: str, reading: str, prior: str = "weak", detail: str = "planted") -> dict[str, Any]:
    return {"name": name, "reading": reading, "passed": False, "detail": detail, "parameters": [], "prior": prior}


def verdict(found: xr.Dataset | None = None, checks: tuple[dict[str, Any], ...] = (), **changes: Any) -> Verdict:
    return judge("weak", table(**changes), found, checks)


def refused(call: Callable[..., object], *arguments: Any, **options: Any) -> str:
    """The line with which a call refuses its input; an empty string if it does not."""
    try:
        call(*arguments, **options)
    except BadInput as problem:
        return str(problem)
    return ""

"""One knob: the same data under a prior from weak to strong, and more and more of the data."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from comparisons.digits import significant
from reports import charts
from reports.stored import Fit

TITLE = "One knob"


def context(fit: Fit) -> dict[str, Any] | None:
    """The sweep of the prior; None for own data, which are not swept."""
    sweep = fit.sweep("sweep_prior")
    if sweep is None:
        return None
    prior = str(sweep["prior"].values[0])
    label = str(sweep["parameter"].values[0])
    one = sweep.sel(prior=prior, parameter=label)
    k, reading = (
        values.ravel() for values in np.meshgrid(range(one.sizes["strength"]), one["reading"].values, indexing="ij")
    )
    columns = {key: one[key].transpose("strength", "reading").values.ravel() for key in ("estimate", "lower", "upper")}
    shown = charts.data(charts.rows(strength=k, reading=reading, **columns))
    base = (
        alt.Chart(shown)
        .transform_filter("datum.strength == strength")
        .encode(
            y=alt.Y("reading:N", title=None, sort=None),
            color=alt.Color("reading:N", scale=charts.reading_scale(), legend=None),
        )
    )
    x = alt.Scale(domain=[float(np.nanmin(columns["lower"])), float(np.nanmax(columns["upper"]))])
    drawing = alt.layer(
        base.mark_rule(strokeWidth=2).encode(x=alt.X("lower:Q", title=label, scale=x), x2="upper:Q"),
        base.mark_point(filled=True, size=90).encode(
            x=alt.X("estimate:Q", title=label, scale=x),
            shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None),
        ),
    ).properties(height=120)
    knob = charts.Knob(
        "strength",
        "prior counts",
        [f"{significant(s, 2)} times" for s in sweep["strength"].values],
        one.sizes["strength"] // 2,
    )
    return {"prior": charts.chart("knob-prior", drawing, "Three intervals.", "Turn the prior.", [knob])}

"""A slip of the pen: one value written down wrongly, and all three readings follow it together."""

from __future__ import annotations

import altair as alt
import numpy as np
import xarray as xr

from comparisons.digits import exists, number, significant
from reports import charts
from reports.breaks.broken import Break, Table, settings, stored
from reports.stored import Array, Fit


def context(fit: Fit) -> Break | None:
    """The worlds with a slip; None if they were not stored."""
    found = stored(fit)
    if found is None:
        return None
    label, times = str(found["parameter"].values[0]), [one["slip"] for one in settings(found)]
    values = found["estimate"].isel(parameter=0).values
    sd = found["sd"].isel(parameter=0).sel(reading="posterior").values
    return Break(
        title="One wrong value",
        opening="The longest of the waiting times is written down wrongly, as twice, five times, a hundred times "
        "what it was. All else is as it was, and the model and its prior know nothing of slips.",
        figure=figure(found, label, times),
        sentences=[sentence(label, times, values, sd)],
        tables=[table(found, times)],
        remedy="Estimate, mode and posterior share one likelihood, and if that has no place for such a value all "
        "three bend to make one. Priors and averaging answer what is not known within a model; for a model that is "
        "wrong, look at the data and at predictions, and write down a model with heavier tails.",
    )


def sentence(label: str, times: list[str], values: Array, sd: Array) -> str:
    """How far the readings move together, and how far apart they are.

    Parameters
    ----------
    label : str
    times : list of str
        Factors by which one value is wrong, 1 first.
    values : array, shape (worlds, 3)
        MLE, MAP and posterior mean.
    sd : array, shape (worlds,)
        Of the posterior.
    """
    if not (np.isfinite(values).all() and np.isfinite(sd).all()):
        return f"Not all readings of {label} can be read here."
    moved = np.abs(values[-1] - values[0]).min() / sd[0]
    apart = float(((values.max(axis=1) - values.min(axis=1)) / sd).max())
    means = [number(value, spread / 30) for value, spread in zip(values[:, 2], sd, strict=True)]
    lead = (
        f"The posterior mean of {label} goes from {means[0]} to {means[-1]} with one value {times[-1]} times too large"
    )
    both = f"every reading moves by at least {significant(float(moved), 2)} posterior standard deviations"
    end = f"they are never more than {significant(apart, 2)} apart"
    more = "" if moved > apart else "; they move less than they differ"
    return f"{lead}: {both}, and {end}{more}."


def table(found: xr.Dataset, times: list[str]) -> Table:
    """All readings of all parameters."""
    rows = []
    for k, factor in enumerate(times):
        cells = []
        for label in found["parameter"].values:
            here = found.isel(world=k).sel(parameter=label)
            sd = float(here["sd"].sel(reading="posterior"))
            errors = (sd / 100, sd / 100, sd / np.sqrt(float(here["ess_bulk"])))
            cells += [
                number(float(v), e) if exists(float(v)) else "—" for v, e in zip(here["estimate"], errors, strict=True)
            ]
        rows.append([f"{factor} times", *cells])
    head = [
        "longest value",
        *(f"{label}, {name}" for label in found["parameter"].values for name in ("MLE", "MAP", "mean")),
    ]
    return Table("Readings with one value wrong", head, rows)


def figure(found: xr.Dataset, label: str, times: list[str]) -> charts.Chart:
    """Points and intervals of the first parameter, by the size of the slip."""
    one, records = found.isel(parameter=0), []
    for k, factor in enumerate(times):
        columns = {key: one[key].isel(world=k).values for key in ("estimate", "lower", "upper")}
        records += charts.rows(slip=[factor] * 3, reading=["mle", "map", "posterior"], **columns)
    base = alt.Chart(charts.data(records)).encode(
        x=alt.X("slip:N", sort=times, title="one value wrong by this factor", axis=alt.Axis(labelAngle=0)),
        xOffset=alt.XOffset("reading:N", sort=["mle", "map", "posterior"]),
        color=alt.Color("reading:N", scale=charts.reading_scale(), legend=None),
    )
    y = alt.Y("lower:Q", title=label, scale=alt.Scale(zero=True))
    shape = alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
    drawing = charts.layer(
        base.mark_rule(strokeWidth=2).encode(y=y, y2=alt.Y2("upper:Q")),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=alt.Y("estimate:Q"), shape=shape),
    )
    return charts.chart(
        "break-family",
        drawing,
        f"MLE, MAP and posterior mean of {label} with their intervals, for one value wrong by factors up to "
        f"{times[-1]}",
        f"MLE, MAP and posterior mean of {label}, from left to right, with their "
        f"{100 * float(found.attrs['level']):g} % intervals. Look at how they stay together while they leave the "
        "place where the first three are: the slip moves all three alike.",
    )

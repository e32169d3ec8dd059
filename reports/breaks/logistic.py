"""Separation: when a gap opens between events and non-events, the likelihood has no maximum and the prior decides."""

from __future__ import annotations

import altair as alt
import numpy as np
import xarray as xr
from scipy.special import expit, log_expit
from scipy.stats import norm

from comparisons.digits import MISSING, exists, number, significant
from reports import charts
from reports.breaks.broken import Break, Table, choices, settings, stored
from reports.stored import Array, Fit
from reports.style import READINGS

CURVE = 41
LOCATIONS = 4  # of the curves, in units of the predictor, either side of the middle
UNREADABLE = "not readable (its chains failed a check)"
SLOPES = (1.0, 3.0, 10.0, 50.0)


def context(fit: Fit) -> Break | None:
    """The worlds with a gap; None if they were not stored."""
    found = stored(fit)
    if found is None:
        return None
    gaps, widths = choices(found, "gap"), choices(found, "prior sd")
    open_ = next(gap for gap in gaps if float(gap) > 0)
    slopes = {width: reading(found, open_, width) for width in widths}
    overlapping = reading(found, gaps[0], widths[-1])
    return Break(
        title="Separation",
        opening="Ten events and ten non-events along one predictor. Slide the gap between the highest non-event and "
        "the lowest event from below 0, where they overlap, to above 0, where one cut tells them apart.",
        figure=figure(found, gaps, widths),
        sentences=[sentence(float(open_), slopes), climb(float(open_)), before(float(gaps[0]), overlapping)],
        tables=[table(found, gaps, widths)],
        remedy="Software that reports a slope here reports where it stopped. Say that the data are separated; if a "
        "number is needed it must come from what is known beforehand, and then its prior belongs beside it.",
    )


def reading(found: xr.Dataset, gap: str, width: str) -> tuple[float, float, float]:
    """The slope at one setting: MLE, MAP and posterior mean; NaN where there is none."""
    world = settings(found).index({"gap": gap, "prior sd": width})
    values = found["estimate"].isel(world=world, parameter=-1).values
    return float(values[0]), float(values[1]), float(values[2])


def sentence(gap: float, slopes: dict[str, tuple[float, float, float]]) -> str:
    """What is left of the slope when the data are separated.

    Parameters
    ----------
    gap : float
    slopes : dict of str to tuple of float
        MLE, MAP and posterior mean by the standard deviation of the prior; NaN where there is none.
    """
    said = [
        f"{_said(map_)} and {_mean(mean)} with prior sd {width}" for width, (_, map_, mean) in slopes.items()
    ]  # fmt: skip
    lost = not any(exists(mle) for mle, _, _ in slopes.values())
    lead = "the MLE of the slope does not exist" if lost else "the MLE of the slope exists"
    end = ": the answer follows the prior" if lost else ""
    return f"With a gap of {gap:g}, {lead}. Its MAP and posterior mean are {'; '.join(said)}{end}."


def _said(value: float) -> str:
    return significant(value, 2) if exists(value) else "none"


def _mean(value: float) -> str:
    """A posterior mean: under these proper priors it always exists, but its chains may have failed (`stored`)."""
    return significant(value, 2) if exists(value) else UNREADABLE


def before(gap: float, values: tuple[float, float, float]) -> str:
    """The readings where events and non-events overlap most."""
    return (
        f"Where they overlap by {-gap:g}, under the widest prior, MLE, MAP and posterior mean are "
        f"{', '.join(_said(value) for value in values[:2])} and {_mean(values[2])}."
    )


def log_likelihood(gap: float, slope: float) -> float:
    """Log likelihood of the data at a slope; the intercept is best at 0, since the data are symmetric."""
    return float(log_expit(slope * positions(gap)).sum() * 2)


def positions(gap: float) -> Array:
    """Where the events are; the non-events are their mirror image (`models.logistic.broken`)."""
    scores = norm.ppf((np.arange(10) + 0.5) / 10)
    return np.asarray(scores + (gap + 2 * scores[-1]) / 2)


def climb(gap: float) -> str:
    """How the likelihood rises along the slope."""
    values = [log_likelihood(gap, slope) for slope in SLOPES]
    said = ", ".join(significant(value, 2) for value in values)
    rises = "it rises for ever, towards 0, and no slope is the best" if gap > 0 else "it comes down again"
    slopes = f"{', '.join(f'{slope:g}' for slope in SLOPES[:-1])} and {SLOPES[-1]:g}"
    return f"The log likelihood at slopes of {slopes} is {said}: {rises}."


def table(found: xr.Dataset, gaps: list[str], widths: list[str]) -> Table:
    """Slopes at all settings."""
    rows = []
    for gap in gaps:
        cells = []
        for width in widths:
            world = settings(found).index({"gap": gap, "prior sd": width})
            sd = float(found["sd"].isel(world=world, parameter=-1).sel(reading="posterior"))
            ess = float(found["ess_bulk"].isel(world=world, parameter=-1))
            mle, map_, mean = reading(found, gap, width)
            cells += [number(map_, sd / 100), number(mean, sd / np.sqrt(ess)) if exists(mean) else UNREADABLE]
            first = number(mle, sd / 100) if exists(mle) else f"{MISSING} (infinite)"
        rows.append([gap, first, *cells])
    head = ["gap", "MLE", *(f"{name}, prior sd {width}" for width in widths for name in ("MAP", "mean"))]
    return Table("Slope by gap and by the standard deviation of its Normal prior", head, rows)


def figure(found: xr.Dataset, gaps: list[str], widths: list[str]) -> charts.Chart:
    """The probability of an event along the predictor, with the data."""
    reach = LOCATIONS
    x, curves, data = np.linspace(-reach, reach, CURVE), [], []
    for world, one in enumerate(settings(found)):
        here, draws = found.isel(world=world), found["draws"].isel(world=world).values
        lines = {"map": here["estimate"].sel(reading="map").values}
        if one["prior sd"] == widths[0]:
            lines["mle"] = here["estimate"].sel(reading="mle").values  # the same under every prior
        curved = {key: expit(value[0] + value[1] * x) for key, value in lines.items()}
        curved["posterior"] = expit(draws[:, :1] + draws[:, 1:] * x).mean(axis=0)
        for key, line in curved.items():
            if key == "posterior" and not np.isfinite(line).all():
                continue  # its chains failed a check
            at, height = x, np.round(line, 3)
            if not np.isfinite(line).all():
                at, height = (
                    np.array([-reach, 0.0, 0.0, reach]),
                    np.array([0.0, 0.0, 1.0, 1.0]),
                )  # the likelihood's limit
            many = {"gap": [gaps.index(one["gap"])] * len(at)}
            many["spread"] = [charts.EVERY if key == "mle" else widths.index(one["prior sd"])] * len(at)
            curves += charts.rows(**many, reading=[key] * len(at), x=at, y=height)
    for k, gap in enumerate(gaps):
        events = positions(float(gap))
        data += charts.rows(gap=[k] * 20, x=np.r_[-events, events], y=[0] * 10 + [1] * 10)
    both = f"datum.gap == gap && (datum.spread == spread || datum.spread == {charts.EVERY})"
    names = {"mle": "MLE (separated: its limit)", "map": "MAP", "posterior": "posterior, averaged"}
    label = " : ".join(f"datum.value == '{key}' ? '{name}'" for key, name in names.items()) + " : ''"
    legend = alt.Legend(labelExpr=label, columns=1, labelLimit=220)
    axis = alt.X("x:Q", title="predictor", scale=alt.Scale(domain=[-reach, reach]))
    drawing = charts.layer(
        alt.Chart(charts.data(data)).transform_filter("datum.gap == gap")
        .mark_tick(thickness=1.5, size=14, color="currentColor", clip=True).encode(x=axis, y=alt.Y("y:Q")),
        alt.Chart(charts.data(curves)).transform_filter(both).mark_line(strokeWidth=2, clip=True).encode(
            x=axis,
            y=alt.Y("y:Q", title="probability of an event"),
            color=alt.Color("reading:N", scale=charts.reading_scale(), legend=legend),
            strokeDash=alt.StrokeDash("reading:N", scale=charts.reading_scale("strokeDash"), legend=legend),
        ))  # fmt: skip
    knobs = [
        charts.Knob("gap", "gap", gaps, next(k for k, gap in enumerate(gaps) if float(gap) > 0)),
        charts.Knob("spread", "prior sd of the slope", widths, 1, choice=True),
    ]
    last, first = len(gaps) - 1, 0
    return charts.chart(
        "break-logistic",
        drawing,
        "Fitted probability of an event along one predictor, by the gap between events and non-events and by the prior",
        "Ticks are the twenty observations, non-events below and events above; the curves are fitted to them under "
        f"the prior chosen ({', '.join(mark.label.split(' (')[0] for mark in READINGS.values())}, the last averaged "
        "over the draws). Look at the MLE as the gap opens: it becomes a step, sure of every future outcome. Then "
        "change the prior: the other two follow it.",
        knobs,
        [{"gap": first, "spread": 1}, {"gap": last, "spread": 0}, {"gap": last, "spread": 2}],
    )

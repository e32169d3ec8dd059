"""Collapse: one component on one observation, and the likelihood grows without limit."""

from __future__ import annotations

import json
from dataclasses import dataclass

import altair as alt
import numpy as np
from scipy.special import logsumexp

from comparisons.digits import MISSING, exists
from models.contract import Distribution
from models.contract.components import arrays, density, log_components
from reports import charts
from reports.breaks.broken import Break, Table
from reports.stored import Array, Fit

POWERS = (0, -3, -12, -50)  # of ten: how small the component becomes
CURVE = 70
MOST_ROWS = 20_000  # a page does not wait for hundreds of likelihoods of more
DEEPEST = 250  # decades, over dimensions: what double precision can square
ROOM = 0.3  # of the drawing, above the level of the MLE


@dataclass(frozen=True)
class Collapse:
    """A mixture with one of its components on one observation.

    Attributes
    ----------
    row : int
        The observation, from 0 on.
    others : array, shape (n,)
        Log density of the other components, weights and all.
    weight, sigma, rho : array
        Of the component as it was fitted.
    y : array, shape (n, d)
    prior : Distribution or None
        Of the spreads, in the shape of one component; None if it has no closed form here.
    """

    row: int
    others: Array
    weight: Array
    sigma: Array
    rho: Array
    y: Array
    prior: Distribution | None

    def log_likelihood(self, power: float) -> float:
        """Log likelihood with the component's spread ``10 ** power`` times what it was."""
        mu, sigma = self.y[[self.row]], self.sigma * 10.0**power
        with np.errstate(over="ignore"):  # so far from a spike that its square is infinite, and its density 0
            own = log_components(self.y, self.weight, mu, sigma, self.rho, np)[:, 0]
        return float(np.logaddexp(self.others, own).sum())

    @property
    def equal(self) -> int:
        """How many observations lie there."""
        return int(np.all(self.y == self.y[self.row], axis=1).sum())

    def log_prior(self, power: float) -> float:
        """Log prior of its spread, against what it was."""
        if self.prior is None:
            return 0.0
        here, before = (self.prior.log_density(self.sigma[0] * scale) for scale in (10.0**power, 1.0))
        return float(np.sum(here) - np.sum(before))

    def crossing(self, level: float) -> float:
        """The power of ten below which the log likelihood lies above a level; NaN if it is too small to be written."""
        d = self.y.shape[1]
        powers = np.linspace(-DEEPEST / d, 0, DEEPEST + 1)
        above = np.array([self.log_likelihood(power) for power in powers]) > level
        return float(powers[above].max()) if above.any() else np.nan


def context(fit: Fit) -> Break | None:
    """From the fitted mixture and its data; None for one component, no fitted one, or many rows."""
    prior = fit.default
    point = next((one for name in ("mle", "map") if (one := fit.dataset(prior, name)) is not None), None)
    if point is None or "y" not in fit.data or fit.data.sizes.get("component", 1) < 2 or len(fit.data["y"]) > MOST_ROWS:
        return None
    fitted = point.sel(statistic="estimate")
    values, y = arrays(fitted), fit.data["y"].values
    if not all(np.isfinite(value).all() for value in values.values()):
        return None
    smallest = int(np.argmin(values["weight"]))
    rows = chosen_rows(y, density(y, fitted), values["mu"][smallest])
    collapses = [collapse(fit, prior, values, y, smallest, row) for row in rows]
    level = float(logsumexp(log_components(y, **values, xp=np), axis=1).sum())
    name = str(fitted["component"].values[smallest])
    return Break(
        title="Collapse",
        opening=f"Take the fitted mixture, put its smallest component ({name}) on one single observation and let it "
        "shrink.",
        figure=figure(collapses, level, prior),
        sentences=[sentence(collapses[0], level, prior), rates(y.shape[1], collapses[0].equal)],
        tables=[table(collapses, level)],
        remedy="The likelihood of a mixture has no maximum. What programs report, and this page as its MLE, is the "
        "largest local maximum that is not such a spike. A small number added to every variance (reg_covar) is a "
        "prior by another name; a prior that vanishes fast enough at 0 says so openly.",
    )


def chosen_rows(y: Array, height: Array, centre: Array) -> list[int]:
    """The observation nearest to the component, the one that fits worst, and one in between; each once."""
    away = np.sum((y - centre) ** 2, axis=1)
    wanted = [int(np.argmin(away)), int(np.argmin(height)), int(np.argsort(height)[len(y) // 2])]
    return list(dict.fromkeys(wanted))


def collapse(fit: Fit, prior: str, values: dict[str, Array], y: Array, which: int, row: int) -> Collapse:
    """One component of a fitted mixture, moved onto an observation."""
    rest = np.arange(len(values["weight"])) != which
    others = logsumexp(log_components(y, **{name: value[rest] for name, value in values.items()}, xp=np), axis=1)
    one = {name: values[name][[which]] for name in ("weight", "sigma", "rho")}
    return Collapse(row, others, **one, y=y, prior=_prior_of(fit, prior, values["sigma"].shape, which))


def _prior_of(fit: Fit, prior: str, shape: tuple[int, ...], which: int) -> Distribution | None:
    """The prior of the spreads of one component."""
    written = json.loads(fit.text("distributions"))[prior].get("sigma")
    if written is None:
        return None
    whole = Distribution.from_json(written)
    parts = {key: np.broadcast_to(value, shape)[which] for key, value in whole.hyperparameters.items()}
    found = Distribution(whole.name, **parts)
    try:
        found.log_density(np.ones(shape[1]))
    except KeyError:
        return None  # no closed form is known here
    return None if found.fixed else found


def sentence(one: Collapse, level: float, prior: str) -> str:
    """How the likelihood falls first and then passes every level."""
    powers = np.linspace(0, -12, 61)
    values = np.array([one.log_likelihood(power) for power in powers])
    lowest, crossing = float(values.min()), one.crossing(level)
    lead = f"The log likelihood of the fitted mixture is {level:.1f}. With the component on observation {one.row + 1}"
    first = f" it falls to {lowest:.1f}" if lowest < min(values[0], level) else " it does not fall far"
    then = (
        f", and passes {level:.1f} again when its spread is 1e{crossing:.0f} times what it was; after that it passes "
        "every number."
        if exists(crossing)
        else f", and passes {level:.1f} again only where its spread is too small for double precision, but it does."
    )
    return lead + first + then + cure(one, prior)


def cure(one: Collapse, prior: str) -> str:
    """What the prior of the spread does about it."""
    if one.prior is None:
        return ""
    far, near = (one.log_likelihood(power) + one.log_prior(power) for power in (-60, -6))
    if far < near:
        end = "falls instead: its prior of sigma vanishes faster than the likelihood grows"
    else:
        end = "rises with it: its prior of sigma does not vanish fast enough at 0"
    return f" The density under the prior {prior} {end}."


def rates(d: int, equal: int) -> str:
    """How fast it grows with so many variables and equal observations, and why searches seldom find the spike."""
    each = "" if d == 1 else f" of all {d} variables"
    who = "that one observation" if equal == 1 else f"each of the {equal} equal observations there"
    return (
        f"Once the others are far away, every factor of ten in the spread{each} adds {d * np.log(10):.1f} to the log "
        f"density of {who} and takes nothing from the others. The fall before the rise is why a search seldom falls "
        "into the spike by itself."
    )


def table(collapses: list[Collapse], level: float) -> Table:
    """Log likelihoods for a few sizes of the component."""
    rows = []
    for power in POWERS:
        cells = [
            f"{one.log_likelihood(power):.1f}" if abs(power) * one.y.shape[1] < DEEPEST else MISSING
            for one in collapses
        ]
        rows.append([f"1e{power}" if power else "1", *cells])
    head = ["spread, in fitted ones", *(f"on observation {one.row + 1}" for one in collapses)]
    return Table(
        f"Log likelihood with one component on one observation; the fitted mixture has {level:.1f}", head, rows
    )


def figure(collapses: list[Collapse], level: float, prior: str) -> charts.Chart:
    """Log likelihood, and log joint density, as the component shrinks."""
    curves = []
    for k, one in enumerate(collapses):
        crossing = one.crossing(level)
        deepest = 1.3 * crossing if exists(crossing) else -DEEPEST / one.y.shape[1]
        powers = -np.geomspace(1, 1 - deepest, CURVE) + 1
        likelihood = np.array([one.log_likelihood(power) for power in powers])
        floor = likelihood.min() - ROOM * (max(likelihood.max(), level) - likelihood.min())
        curves += charts.rows(datum_on=[k] * CURVE, what=["log likelihood"] * CURVE, x=powers, y=likelihood)
        joint = likelihood + np.array([one.log_prior(power) for power in powers])
        shown = np.flatnonzero(joint >= floor)
        if one.prior is not None:
            what = [f"with the prior {prior}"] * len(shown)
            curves += charts.rows(datum_on=[k] * len(shown), what=what, x=powers[shown], y=joint[shown])
    names = ["log likelihood", f"with the prior {prior}"]
    scale = alt.Scale(domain=names, range=["var(--mle)", "var(--map)"])
    dash = alt.Scale(domain=names, range=[[6, 3], [6, 3, 1, 3]])
    legend = alt.Legend(columns=1, symbolType="stroke", symbolSize=300)
    base = alt.Chart(charts.data(charts.rows(y=[level])))
    drawing = charts.layer(
        base.mark_rule(color="currentColor").encode(y=alt.Y("y:Q")),
        base.mark_text(align="right", dy=-7).encode(x=alt.value("width"), y=alt.Y("y:Q"), text=alt.value("the MLE")),
        alt.Chart(charts.data(curves)).transform_filter("datum.datum_on == datum_on").mark_line(strokeWidth=2).encode(
            x=alt.X("x:Q", title=["log10 of the component's spread,", "in fitted ones"], scale=alt.Scale(reverse=True)),
            y=alt.Y("y:Q", title="log density", scale=alt.Scale(zero=False)),
            color=alt.Color("what:N", scale=scale, legend=legend),
            strokeDash=alt.StrokeDash("what:N", scale=dash, legend=legend),
        ),
    )  # fmt: skip
    knob = charts.Knob(
        "datum_on", "the component sits on observation", [str(one.row + 1) for one in collapses], 0, choice=True
    )
    return charts.chart(
        "break-mixture",
        drawing,
        "Log likelihood of the mixture as one of its components shrinks onto one observation: it falls, then rises "
        "without end",
        "From left to right the component shrinks onto one observation. Look at the fall at first, and then at the "
        "straight rise, past the level of what is reported as the maximum; the density with the prior (shifted to "
        "begin where the likelihood does) turns down.",
        [knob],
        [{"datum_on": k} for k in range(len(collapses))],
    )

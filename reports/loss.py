r"""What to do with a posterior: the best action under a loss, and what it costs to act on a point instead.

Under the loss :math:`c_u (\theta - a)_+ + c_o (a - \theta)_+` of an action a, which costs :math:`c_u` for every unit it
is too low and :math:`c_o` for every unit too high, the best action is the posterior quantile of
:math:`c_u / (c_u + c_o)`. Costs here add up to 2, so that equal ones make the loss the absolute error. Raiffa, H. and
Schlaifer, R. (1961), Applied Statistical Decision Theory, section 6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from comparisons.digits import exists, number, significant
from reports import charts, closed_form
from reports.charts import Chart, Knob
from reports.spread import mode as mode_alone
from reports.stored import POINTS, Array, Fit
from reports.words import is_local

RATIOS = ((1, 19), (1, 9), (1, 4), (1, 2), (1, 1), (2, 1), (4, 1), (9, 1), (19, 1))  # c_under : c_over
START = 7
IN_TABLE = (1, 4, 7)
MOST = 6  # parameters
CURVE = 49  # actions of a curve
REACH = 2.4  # posterior standard deviations on either side of the mean
NAMES = {"mle": "MLE", "map": "MAP", "posterior": "posterior quantile"}


@dataclass(frozen=True)
class Margin:
    """The draws of one parameter and its points.

    Attributes
    ----------
    label : str
    draws : array, shape (draws,)
    ess : float
        Effective number of draws, for the errors.
    points : dict of str to float
        ``mle`` and ``map``; NaN where there is none.
    mcse : float
        Monte Carlo error of the posterior mean as in the table; NaN if it is not known.
    alone : bool
        Whether the model has no other parameter.
    mode : float
        Mode of this margin, where it is known without draws; else NaN.
    exact : str
        The posterior in closed form, of which ``draws`` are quantiles without noise; empty if it has none.
    """

    label: str
    draws: Array
    ess: float
    points: dict[str, float]
    mcse: float = np.nan
    alone: bool = False
    mode: float = np.nan
    exact: str = ""

    @property
    def sd(self) -> float:
        """Posterior standard deviation."""
        return float(self.draws.std(ddof=1))

    @property
    def error(self) -> float:
        """The error that limits the digits of the mean."""
        return self.mcse if exists(self.mcse) else self.sd / float(np.sqrt(self.ess))

    @property
    def mean_text(self) -> str:
        """The posterior mean, as the comparison table writes it."""
        return number(float(self.draws.mean()), self.error)

    @property
    def median_text(self) -> str:
        """The median, as the comparison table writes it."""
        return number(float(np.median(self.draws)), self.error if self.exact else 3 * self.error)


@dataclass(frozen=True)
class Regret:
    """What an action loses against the best one, per decision, with the Monte Carlo error of that."""

    loss: float
    regret: float
    error: float


def margins(fit: Fit, prior: str) -> list[Margin]:
    """The first `MOST` parameters whose posterior can be read."""
    found = []
    for label in fit.labels[:MOST]:
        spread = fit.value(prior, label, "posterior", "sd")
        if not (exists(fit.value(prior, label, "posterior")) and spread > 0) or fit.failed(prior, label, "posterior"):
            continue
        points = {reading: fit.value(prior, label, reading) for reading in POINTS}
        if is_local(fit, prior, label):  # no MLE exists
            points["mle"] = float("nan")
        known = closed_form.known(fit, prior)
        if known is not None:  # as good as so many draws that the error is in the digit after the last one written
            found.append(
                Margin(label, known.values(), closed_form.DIGITS**2, points, known.error, alone=True, exact=known.name)
            )
            continue
        draws = np.asarray(fit.draws(prior)[label].values, dtype=float).ravel()
        ess = min(fit.value(prior, label, "posterior", column) for column in ("ess_bulk", "ess_tail"))
        ess = min(ess, len(draws)) if exists(ess) else len(draws)
        mcse, mode = fit.value(prior, label, "posterior", "mcse"), mode_alone(fit, prior, label)
        found.append(Margin(label, draws, ess, points, mcse, alone=len(fit.labels) == 1, mode=mode))
    return found


def share(ratio: tuple[int, int]) -> float:
    """The share of the posterior that lies below the best action."""
    return ratio[0] / sum(ratio)


def losses(draws: Array, action: float, ratio: tuple[int, int]) -> Array:
    """Loss of an action at every draw, shape (draws,); the two costs add up to 2."""
    under, over = (2 * cost / sum(ratio) for cost in ratio)
    return under * np.maximum(draws - action, 0) + over * np.maximum(action - draws, 0)


def best(margin: Margin, ratio: tuple[int, int]) -> tuple[float, float]:
    """The best action and its Monte Carlo error: that of a quantile, from the density there.

    The error of the q-quantile is sqrt(q (1 - q) / ess) divided by the density, which the distance between the
    quantiles one error to either side says directly.
    """
    q = share(ratio)
    step = float(np.sqrt(q * (1 - q) / margin.ess))
    low, middle, high = np.quantile(margin.draws, np.clip([q - step, q, q + step], 0, 1))
    return float(middle), float(high - low) / 2


def action_text(margin: Margin, ratio: tuple[int, int]) -> str:
    """The best action with the digits that its error allows."""
    action, error = best(margin, ratio)
    return margin.median_text if ratio[0] == ratio[1] else number(action, margin.mcse if margin.exact else error)


def regret(margin: Margin, action: float, ratio: tuple[int, int]) -> Regret:
    """Expected loss of an action under the posterior, and how much of it the best action would save."""
    own = losses(margin.draws, action, ratio)
    lost = own - losses(margin.draws, best(margin, ratio)[0], ratio)
    # The best action is the best for these very draws, so that the regret is never negative.
    return Regret(float(own.mean()), max(float(lost.mean()), 0.0), float(lost.std(ddof=1) / np.sqrt(margin.ess)))


def written(ratio: tuple[int, int]) -> str:
    """The ratio in words."""
    under, over = ratio
    if under == over:
        return "a unit too low costs as much as one too high"
    times, way, other = (under // over, "low", "high") if under > over else (over // under, "high", "low")
    return f"a unit too {way} costs {times} times as much as one too {other}"


def lead(found: list[Margin]) -> int:
    """The parameter to begin with: whose points lie farthest from its posterior mean."""
    far = [[abs(point - one.draws.mean()) / one.sd for point in one.points.values() if exists(point)] for one in found]
    return int(np.argmax([max(own, default=0.0) for own in far]))


def _records(found: list[Margin]) -> dict[str, list[dict[str, Any]]]:
    """What the figure shows: both halves of the loss of every action, what the readings would do, the highest loss."""
    records: dict[str, list[dict[str, Any]]] = {"curves": [], "marks": [], "highest": []}
    for part, margin in enumerate(found):
        mean, far = float(margin.draws.mean()), REACH * margin.sd
        ends = [
            max(mean - far, margin.draws.min()),
            min(mean + far, margin.draws.max()),
            *(value for value in margin.points.values() if exists(value)),
        ]
        low, high = max(min(ends), mean - 2 * far), min(max(ends), mean + 2 * far)
        grid = np.linspace(low, high, CURVE)
        below, above = (_shortfall(side * margin.draws, side * grid) for side in (1, -1))
        records["curves"] += [{"part": part} | row for row in charts.rows(a=grid, u=below, o=above)]
        extremes = [losses(margin.draws, end, ratio).mean() for end in (low, high) for ratio in (RATIOS[0], RATIOS[-1])]
        records["highest"].append({"part": part} | charts.rows(a=[low], loss=[float(max(extremes))])[0])
        for turn, ratio in enumerate(RATIOS):
            actions = margin.points | {"posterior": best(margin, ratio)[0]}
            for reading, action in actions.items():
                if exists(action) and low <= action <= high:
                    loss = float(losses(margin.draws, action, ratio).mean())
                    row = charts.rows(a=[action], loss=[loss])[0]
                    records["marks"].append({"part": part, "ratio": turn, "reading": reading} | row)
    return records


def figure(found: list[Margin]) -> Chart:
    """Expected loss of every action, with what the readings would do."""
    shown = "datum.part == part && " if len(found) > 1 else ""
    costs = [[float(f"{2 * ratio[side] / sum(ratio):.6g}") for ratio in RATIOS] for side in (0, 1)]
    curve = alt.Chart(charts.named("curves"))
    curve = curve.transform_filter("datum.part == part") if len(found) > 1 else curve
    x = alt.X("a:Q", title=found[0].label if len(found) == 1 else "action", scale=alt.Scale(zero=False, nice=False),
              axis=alt.Axis(tickCount=6, labelOverlap=True))  # fmt: skip
    y = alt.Y("loss:Q", title="expected loss", scale=alt.Scale(zero=True))
    # The same axis for all costs: an unseen mark as high as the highest curve.
    highest = alt.Chart(charts.named("highest"))
    highest = highest.transform_filter("datum.part == part") if len(found) > 1 else highest
    curve = curve.transform_calculate(loss=f"datum.u * {costs[0]}[ratio] + datum.o * {costs[1]}[ratio]")
    mark = alt.Chart(charts.named("marks")).transform_filter(f"{shown}datum.ratio == ratio")
    colour = alt.Color("reading:N", scale=charts.reading_scale(), legend=None)
    drawing = charts.layer(
        highest.mark_point(opacity=0).encode(x=x, y=y),
        curve.mark_line(color=charts.INK, strokeWidth=1.5).encode(x=x, y=y),
        mark.mark_rule(strokeDash=[3, 3]).encode(x=x, color=colour),
        mark.mark_point(filled=True, size=110, opacity=1).encode(
            x=x, y=y, color=colour, shape=alt.Shape("reading:N", scale=charts.reading_scale("shape"), legend=None)
        ),
        height=230,
    )
    knobs = [Knob("ratio", "cost of too low : too high =", [f"{under} : {over}" for under, over in RATIOS], START)]
    if len(found) > 1:
        knobs.append(Knob("part", "parameter", [margin.label for margin in found], lead(found), choice=True))
    alternative = (
        "Expected loss under the posterior against the action, with the actions of MLE, MAP and posterior on the "
        "curve: the posterior's at its lowest point."
    )
    caption = (
        "Turn the costs: the best action (circle) moves to another quantile of the posterior and stays at the bottom; "
        "MLE (square) and MAP (triangle) stay where they are and climb. Costs per unit add up to 2."
    )
    stills = [{"ratio": turn} for turn in IN_TABLE]
    return charts.chart("decision-loss", drawing, alternative, caption, knobs, stills,
                        _records(found))  # fmt: skip


def _shortfall(draws: Array, actions: Array) -> Array:
    """Mean of max(draw - action, 0) at every action, from sorted draws and their sums."""
    ordered = np.sort(draws)
    after = np.concatenate([np.cumsum(ordered[::-1])[::-1], [0.0]])
    first = np.searchsorted(ordered, actions)
    return np.asarray((after[first] - actions * (len(ordered) - first)) / len(ordered))


def table(found: list[Margin]) -> list[list[str]]:
    """Per parameter and ratio: the best action, and the regret of both points in posterior sd and in units."""
    rows = []
    for margin in found:
        for turn in IN_TABLE:
            ratio = RATIOS[turn]
            cells = [f"{margin.label}, {ratio[0]} : {ratio[1]}", action_text(margin, ratio)]
            for reading in POINTS:
                cells += _cell(margin, reading, ratio)
            rows.append(cells)
    return rows


def _cell(margin: Margin, reading: str, ratio: tuple[int, int]) -> list[str]:
    if not exists(margin.points[reading]):
        return ["does not exist", "—"]
    lost = regret(margin, margin.points[reading], ratio)
    error = max(lost.error, 1e-12 * margin.sd)
    if margin.exact:
        return [significant(lost.regret, 3), significant(lost.regret / margin.sd, 3)]
    units = f"{number(lost.regret, error)} ± {significant(lost.error, 1)}"
    return [units, number(lost.regret / margin.sd, error / margin.sd)]


def sentence(margin: Margin, ratio: tuple[int, int]) -> str:
    """What a lopsided loss makes of one parameter."""
    lead = (
        f"If {written(ratio)}, the best action for {margin.label} is the {share(ratio):.0%} quantile of the posterior, "
        f"{action_text(margin, ratio)}".replace("%", " %")
    )
    parts = []
    for reading in POINTS:
        point = margin.points[reading]
        if not exists(point):
            parts.append(f"there is no {NAMES[reading]} to act on")
            continue
        lost = regret(margin, point, ratio)
        size = number(lost.regret / margin.sd, max(lost.error / margin.sd, 1e-12))
        if margin.exact:
            parts.append(f"acting on the {NAMES[reading]} loses {significant(lost.regret / margin.sd, 2)} posterior sd")
        elif lost.regret <= 2 * lost.error:
            parts.append(f"acting on the {NAMES[reading]} loses too little for these draws to tell")
        else:
            parts.append(f"acting on the {NAMES[reading]} loses {size} posterior sd on average")
    return f"{lead}; {parts[0]}, and {parts[1]}."

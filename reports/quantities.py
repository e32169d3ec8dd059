"""One test quantity for the data at hand, chosen by their shape: do predicted data sets have it too?

Gelman, A., Meng, X.-L. and Stern, H. (1996), Posterior predictive assessment of model fitness via realized
discrepancies, Statistica Sinica 6, 733-760.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import altair as alt
import numpy as np
import xarray as xr
from scipy.stats import skew

from comparisons.digits import significant
from reports import charts, pictures
from reports.charts import Chart
from reports.stored import Array, Fit

UNUSUAL = 0.025  # tail on either side below which the model is said to make such data rarely
FEWEST = 5  # observations
GROUPS = 5
BARS = 25
TITLE = 55  # letters of a line below an axis


@dataclass(frozen=True)
class Quantity:
    """A test quantity.

    Attributes
    ----------
    name : str
        As in "the observed <name> is 3".
    large, small : str
        What it means if the observed one is unusually large or small.
    of : callable
        From data sets, shape (sets, rows, ...), to their quantity, shape (sets,).
    """

    name: str
    large: str
    small: str
    of: Callable[[Array], Array]


@dataclass(frozen=True)
class Found:
    """The quantity of the data and of the predicted data sets, and how many of these have as much or more, and less."""

    quantity: Quantity
    observed: float
    predicted: Array

    @property
    def sets(self) -> int:
        """Number of predicted data sets."""
        return len(self.predicted)

    @property
    def above(self) -> float:
        """Share of predicted data sets with as much or more."""
        return float(np.mean(self.predicted >= self.observed - 1e-9 * abs(self.observed)))

    @property
    def below(self) -> float:
        """Share of predicted data sets with as much or less."""
        return float(np.mean(self.predicted <= self.observed + 1e-9 * abs(self.observed)))


def longest_run(values: Array) -> Array:
    """Longest run of ones, shape (sets,)."""
    run = longest = np.zeros(len(values), dtype=int)
    for column in values.T:
        run = (run + 1) * (column > 0)
        longest = np.maximum(longest, run)
    return longest.astype(float)


def dispersion(values: Array) -> Array:
    """Variance divided by the mean, 0 where all are 0, shape (sets,)."""
    mean = values.mean(axis=1)
    return np.divide(values.var(axis=1, ddof=1), mean, out=np.zeros(len(values)), where=mean > 0)


def skewness(values: Array) -> Array:
    """Skewness, shape (sets,)."""
    return np.asarray(skew(values, axis=1), dtype=float)


def kurtosis(values: Array) -> Array:
    """Mardia's kurtosis: mean fourth power of the distance from the mean, in units of the covariance, shape (sets,).

    Mardia, K. V. (1970), doi:10.1093/biomet/57.3.519; of one Gaussian in d dimensions d (d + 2).
    """
    centred = values - values.mean(axis=1, keepdims=True)
    covariance = np.einsum("sni,snj->sij", centred, centred) / values.shape[1]
    solved = np.linalg.solve(covariance, np.swapaxes(centred, 1, 2))
    return np.asarray(np.mean(np.einsum("sni,sin->sn", centred, solved) ** 2, axis=1))


def largest_residual(design: Array) -> Callable[[Array], Array]:
    """Largest absolute residual of least squares, in residual standard deviations.

    Parameters
    ----------
    design : array, shape (rows, columns)
        With the intercept.
    """
    basis = np.linalg.qr(design)[0]

    def of(values: Array) -> Array:
        residual = values - (values @ basis) @ basis.T
        spread = np.sqrt(np.sum(residual**2, axis=1) / (values.shape[1] - design.shape[1]))
        return np.asarray(np.abs(residual).max(axis=1) / spread)

    return of


def worst_group(probability: Array, trials: Array) -> Callable[[Array], Array]:
    """Largest difference between the share of events and its mean probability in groups of rising probability.

    Parameters
    ----------
    probability : array, shape (rows,)
        Of an event in one trial.
    trials : array, shape (rows,)
    """
    parts = np.array_split(np.argsort(probability, kind="stable"), min(GROUPS, len(probability) // 4))

    def of(values: Array) -> Array:
        excess = [np.abs((values - trials * probability)[:, part].sum(axis=1)) / trials[part].sum() for part in parts]
        return np.max(excess, axis=0)

    return of


def chosen(fit: Fit, observed: xr.DataArray, predicted: Array) -> Quantity | None:
    """The quantity for data of this shape; None where there is none, or too few data for it.

    Parameters
    ----------
    observed : xarray.DataArray
        Of the rows that were kept, dim ``observation`` first.
    predicted : array, shape (sets, rows, ...)
    """
    rows = observed.sizes["observation"]
    if rows < FEWEST:
        return None
    data = fit.data
    if data.sizes["observation"] != rows:
        data = data.sel(observation=observed["observation"]) if "observation" in data.indexes else data
        if data.sizes["observation"] != rows:
            return None
    name, beside = pictures.outcome(fit), pictures.covariates(data, pictures.outcome(fit))
    whole = bool(np.issubdtype(observed.dtype, np.integer))
    trials = next((one.values for one in beside.values() if one.ndim == 1 and whole), np.ones(rows))
    match pictures.shape(fit), whole:
        case "counts", _ if np.all(trials == 1):
            return Quantity(
                f"longest run of {name}",
                "runs are longer than independent trials make them",
                "trials alternate more than independent ones do",
                longest_run,
            )
        case (("binary regression" | "regression"), True):
            if rows < 4 * 2 or np.any(trials <= 0):
                return None
            return Quantity(
                "largest difference between events and predicted probability in a group of similar rows",
                "some probabilities are not those of the data: the shape of the curve may be wrong",
                "groups agree better than chance allows",
                worst_group(predicted.mean(axis=0) / trials, trials),
            )
        case "regression", False:
            x = next(one for one in beside.values() if one.ndim == 2).transpose("observation", ...).values
            design = np.column_stack([np.ones(rows), x])
            if rows <= design.shape[1] + 1:
                return None
            return Quantity(
                "largest residual, in residual standard deviations",
                "an outlier, or errors with heavier tails than the model's",
                "errors have lighter tails than the model's",
                largest_residual(design),
            )
        case "values", True:
            return Quantity(
                "variance divided by the mean",
                "the data scatter more than the model lets them",
                "the data scatter less than the model does",
                dispersion,
            )
        case "values", False:
            return Quantity(
                "skewness",
                "a longer right tail than the model's",
                "a longer left tail than the model's, or a shorter right one",
                skewness,
            )
        case "points", False:
            return Quantity(
                "kurtosis of the whole cloud",
                "points far out that the components do not explain",
                "a cloud more compact than the model's",
                kurtosis,
            )
    return None


def find(fit: Fit) -> Found | None:
    """The quantity of the data beside those of data sets from the posterior predictive; None where there is none."""
    groups = [fit.dataset(fit.default, group) for group in ("observed_data", "posterior_predictive")]
    if any(group is None for group in groups):
        return None
    name = pictures.outcome(fit)
    observed, new = (group[name] for group in groups if group is not None)
    observed = observed.transpose("observation", ...)
    predicted = new.transpose("chain", "draw", "observation", ...).values.astype(float)
    predicted = predicted.reshape(-1, *predicted.shape[2:])
    quantity = chosen(fit, observed, predicted)
    if quantity is None:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        own, others = quantity.of(observed.values.astype(float)[None]), quantity.of(predicted)
    if not (np.isfinite(own).all() and np.isfinite(others).all()):
        return None
    return Found(quantity, float(own[0]), others)


def sentence(found: Found) -> str:
    """How far out the data are, with the Monte Carlo error, and what that would mean."""
    p, n = found.above, found.sets
    error = float(np.sqrt(p * (1 - p) / n))
    if p in (0.0, 1.0):
        share = f"{'none' if p == 0 else 'all'} of {n:,} data sets from the posterior predictive have"
    else:
        share = f"of {n:,} data sets from the posterior predictive a share of {p:.3f} ± {significant(error, 1)} has"
    lead = f"The observed {found.quantity.name} is {shown(found)}; {share} as much or more."
    if min(found.above, found.below) >= UNUSUAL:
        return f"{lead} To this quantity the data look like what the model makes."
    meaning = found.quantity.large if found.above < found.below else found.quantity.small
    return f"{lead} The model rarely makes such data: {meaning}."


def shown(found: Found) -> str:
    """The observed quantity: a whole number if it is always one."""
    whole = bool(np.all(np.append(found.predicted, found.observed) % 1 == 0))
    return f"{found.observed:,.0f}" if whole else significant(found.observed, 3)


def figure(found: Found) -> Chart:
    """Histogram of the quantity in predicted data sets, the observed one as a line."""
    values = found.predicted
    whole = bool(np.all(values == np.round(values))) and np.ptp(values) <= 2 * BARS
    edges = np.arange(values.min() - 0.5, values.max() + 1.5) if whole else np.histogram_bin_edges(values, BARS)
    counts, edges = np.histogram(values, edges)
    records = {
        "bars": charts.rows(low=edges[:-1], high=edges[1:], count=counts, floor=np.zeros(len(counts))),
        "seen": charts.rows(x=[found.observed]),
    }
    x = alt.X("low:Q", title=textwrap.wrap(found.quantity.name, TITLE), scale=alt.Scale(zero=False, nice=False))
    bars = alt.Chart(charts.named("bars")).mark_bar(color=charts.COLOURS["posterior"], opacity=0.5)
    line = alt.Chart(charts.named("seen")).mark_rule(color=charts.INK, strokeWidth=2.5).encode(x=alt.X("x:Q"))
    drawing = charts.layer(
        bars.encode(
            x=x,
            x2=alt.X2("high:Q"),
            y=alt.Y("count:Q", title="data sets", axis=alt.Axis(tickCount=4)),
            y2=alt.Y2("floor:Q"),
        ),
        line,
        width=420,
        height=150,
    )
    alternative = (
        f"Histogram of the {found.quantity.name} in {found.sets:,} data sets from the posterior predictive; the "
        f"observed one, {shown(found)}, is a line."
    )
    caption = "Line: the data. Bars: data sets from the posterior predictive. The line should not stand at the edge."
    return charts.chart("prediction-quantity", drawing, alternative, caption, datasets=records)

"""LOO-PIT: where does each observation lie in what the model predicts of it from all the others?

If the model is right, the shares of the leave-one-out predictive distributions that lie below the observations are
uniform, up to their small dependence. Gelman and others (2013), Bayesian Data Analysis, section 6.3; weights by Pareto
smoothed importance sampling (Vehtari, Gelman and Gabry 2017, doi:10.1007/s11222-016-9696-4), by ArviZ.
"""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import arviz as az
import numpy as np
import xarray as xr

from comparisons import uniformity
from comparisons.digits import percent
from reports import charts, pictures
from reports.charts import Chart
from reports.stored import Array, Fit
from reports.words import listed, plural

FEWEST = 20  # observations
MOST = 250  # observations, evenly spaced, of more
POINTS = 50
VISIBLE = 3.0  # standard errors from which on a shape is named


@dataclass(frozen=True)
class Pit:
    """The shares below the observations of one variable.

    Attributes
    ----------
    name : str
    values : array, shape (n,)
    rows : int
        Observations there are, of which ``values`` are an evenly spaced sample.
    bad : int
        Observations without which the posterior is too different to be weighted (k-hat).
    """

    name: str
    values: Array
    rows: int
    bad: int


def find(fit: Fit) -> list[Pit]:
    """LOO-PIT of every outcome; none for whole numbers, few observations, or without pointwise terms."""
    groups = [fit.dataset(fit.default, name) for name in ("posterior", "log_likelihood", "posterior_predictive")]
    observed, stored = fit.dataset(fit.default, "observed_data"), fit.dataset(fit.default, "prediction")
    if observed is None or stored is None or any(group is None for group in groups):
        return []
    posterior, terms, new = (group for group in groups if group is not None)
    name = pictures.outcome(fit)
    rows = observed.sizes["observation"]
    known = next(iter(terms.data_vars.values()))
    if np.issubdtype(observed[name].dtype, np.integer) or rows < FEWEST or known.sizes.get("observation") != rows:
        return []
    kept = np.unique(np.linspace(0, rows - 1, min(rows, MOST)).round().astype(int))
    draws = new["draw"]
    if not np.isin(draws.values, known["draw"].values).all() or stored.sizes["observation"] != rows:
        return []
    khat = stored["khat"].values[kept]
    bad = int(np.sum(~(khat <= float(stored.attrs["good_k"]))))
    # Plain names: data may use one that ArviZ uses itself.
    weights = known.sel(draw=draws).isel(observation=kept).astype(float).transpose("chain", "draw", "observation")
    flat = posterior.sel(draw=draws)
    elements = {f"q{k}": (("chain", "draw"), one) for k, one in enumerate(_elements(flat))}
    found = []
    for label, seen, predicted in _features(observed[name], new[name]):
        tree = xr.DataTree.from_dict(
            {
                "posterior": xr.Dataset(elements),
                "log_likelihood": xr.Dataset({"y": (("chain", "draw", "observation"), weights.values)}),
                "posterior_predictive": xr.Dataset({"y": (("chain", "draw", "observation"), predicted[..., kept])}),
                "observed_data": xr.Dataset({"y": ("observation", seen[kept])}),
            }
        )
        try:
            values = az.loo_pit(tree)["y"].values
        except ValueError as problem:
            if "tail" not in str(problem):
                raise
            return []  # the same density at all draws that matter: no weights
        found.append(Pit(label, np.asarray(values, dtype=float), rows, bad))
    return found


def _elements(posterior: xr.Dataset) -> list[Array]:
    values = [one.transpose("chain", "draw", ...).values for one in posterior.data_vars.values()]
    return [one[:, :, *index] for one in values for index in np.ndindex(*one.shape[2:])]


def _features(observed: xr.DataArray, new: xr.DataArray) -> list[tuple[str, Array, Array]]:
    """Each outcome: its name, what was seen, shape (rows,), and predicted, shape (chains, draws, rows)."""
    seen = observed.transpose("observation", ...).values
    predicted = new.transpose("chain", "draw", "observation", ...).values
    if seen.ndim == 1:
        return [(str(observed.name), seen, predicted)]
    names = observed[next(dim for dim in observed.dims if dim != "observation")].values
    return [(str(label), seen[:, k], predicted[..., k]) for k, label in enumerate(names)]


def shares(n: int) -> Array:
    """Where distribution functions are compared."""
    return np.linspace(0, 1, min(POINTS, n) + 2)[1:-1]


def probability(pit: Pit) -> float:
    """How probable uniform shares as uneven as these are."""
    at = shares(len(pit.values))
    counts = np.searchsorted(np.sort(pit.values), at, side="right")
    return uniformity.probability(counts, len(pit.values), at)


def figure(found: list[Pit]) -> Chart:
    """Distribution functions minus the uniform one, one line per outcome, in their envelope."""
    n = len(found[0].values)
    at = shares(n)
    low, high = uniformity.envelope(n, at, uniformity.ALARM / len(found))
    lines = []
    for pit in found:
        above = np.searchsorted(np.sort(pit.values), at, side="right") / n - at
        lines += [{"name": pit.name} | row for row in charts.rows(z=at, d=above)]
    records = {"envelope": charts.rows(z=at, low=low / n - at, high=high / n - at), "lines": lines}
    x = alt.X("z:Q", title="share of the prediction below the observation", scale=alt.Scale(domain=[0, 1]))
    title = "more or fewer"
    band = alt.Chart(charts.named("envelope")).mark_area(color=charts.QUIET, opacity=0.25, interpolate="step")
    line = alt.Chart(charts.named("lines")).mark_line(color=charts.COLOURS["posterior"], strokeWidth=1.5)
    drawing = charts.layer(
        band.encode(x=x, y=alt.Y("low:Q", title=title, axis=alt.Axis(tickCount=5)), y2=alt.Y2("high:Q")),
        line.encode(x=x, y=alt.Y("d:Q", title=title), strokeDash=alt.StrokeDash("name:N", legend=None)),
        width=420,
        height=170,
    )
    names = listed([pit.name for pit in found])
    alternative = f"Distribution function of LOO-PIT values of {names} minus the uniform one, in its band."
    caption = (
        f"The line should stay in the band, as {percent(1 - uniformity.ALARM)} do if the model is right. "
        "An S that begins above: predictions too narrow; below: too wide; one bow: too high or too low."
    )
    return charts.chart("prediction-pit", drawing, alternative, caption, datasets=records)


def sentence(pit: Pit, outcomes: int) -> str:
    """Whether the values are uniform, and if not, how."""
    n, p = len(pit.values), probability(pit)
    values = f"the {n:,} values" if n == pit.rows else f"{n:,} of the {pit.rows:,} values, evenly spaced,"
    trust = ""
    if pit.bad:
        trust = (
            f" For {plural(pit.bad, 'observation')} the weights cannot be trusted (k-hat), nor this where they matter."
        )
    if p > uniformity.ALARM / outcomes:
        return f"LOO-PIT of {pit.name}: {values} look uniform.{trust}"
    return f"LOO-PIT of {pit.name}: {values} are not uniform; {shape(pit.values)}.{trust}"


def shape(values: Array) -> str:
    """What uneven values say of the predictions, by their mean and variance."""
    n = len(values)
    centre = (np.mean(values) - 0.5) / np.sqrt(1 / 12 / n)
    spread = (np.mean((values - 0.5) ** 2) - 1 / 12) / np.sqrt(1 / 180 / n)
    if max(abs(centre), abs(spread)) < VISIBLE:
        return "neither place nor width stands out, so that it is the form of the distribution"
    if abs(centre) > abs(spread):
        return f"predictions are too {'low' if centre > 0 else 'high'}"
    return f"predictions are too {'narrow' if spread > 0 else 'wide'}"

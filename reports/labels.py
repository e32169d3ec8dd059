"""Labels of components: as the sampler drew them and as they are shown, and a summary that needs none."""

from __future__ import annotations

import base64
import io
from typing import Any

import altair as alt
import arviz as az
import numpy as np
from numpy.typing import NDArray

from comparisons.digits import count, number, significant
from models.contract.components import log_responsibilities
from reports import charts
from reports.charts import QUIET, Chart, Knob
from reports.components import Table
from reports.groups import log_likelihoods, points
from reports.stored import Array, Fit
from reports.style import EITHER, component_colours
from reports.words import plural

Labels = NDArray[np.int64]
SHOWN = 40  # draws of a chain that are drawn
MATRIX = 300  # points of the co-clustering matrix at most
THINNED = 200  # draws it is averaged over
SURE = 0.05  # a pair is settled if its probability is this near to 0 or to 1


def drawn(fit: Fit) -> Labels | None:
    """The number the sampler had given to each component of each draw, shape (chain, draw, k); None if not stored."""
    statistics = fit.dataset(fit.default, "sample_stats")
    if statistics is None or "drawn" not in statistics:
        return None
    return np.asarray(statistics["drawn"].transpose("chain", "draw", ...).values)


def means(fit: Fit) -> tuple[Array, Array, str]:
    """Component means on the first axis, as drawn and relabelled, shape (chain, draw, k), and what they are."""
    draws = fit.tree[fit.default]["posterior"]["mu"].transpose("chain", "draw", "component", "feature")
    after = draws.values[..., 0]
    number_of = drawn(fit)
    assert number_of is not None
    before = np.take_along_axis(after, np.argsort(number_of, axis=2), axis=2)
    return before, after, f"mean of {draws['feature'].values[0]}"


def switches(number_of: Labels) -> tuple[int, int]:
    """How often the labels changed from one draw to the next within a chain, and how many numberings there were."""
    changed = (number_of[:, 1:] != number_of[:, :-1]).any(axis=2)
    return int(changed.sum()), len(np.unique(number_of.reshape(-1, number_of.shape[2]), axis=0))


def switch_sentences(number_of: Labels) -> list[str]:
    """What the sampler did with the labels."""
    within, numberings = switches(number_of)
    chains, k = number_of.shape[0], number_of.shape[2]
    possible = int(np.prod(np.arange(1, k + 1)))
    said = [
        f"The posterior is the same under each of the {possible:,} ways to number its {k} components, and a sampler "
        "cannot know which one is meant."
    ]
    if numberings == 1:
        own = "that of this page" if (number_of == np.arange(k)).all() else "another than that of this page"
        return [*said, f"Here all {plural(chains, 'chain')} kept one numbering, {own}."]
    return [
        *said,
        f"Here {plural(chains, 'chain')} used {numberings} of them; within a chain the numbering changed "
        f"{plural(within, 'time')}.",
    ]


def traces(fit: Fit) -> Chart:
    """The chains one after the other, coloured by label: as drawn, and relabelled."""
    before, after, title = means(fit)
    chains, draws, k = before.shape
    kept = np.linspace(0, draws - 1, min(SHOWN, draws)).astype(int)
    c, i, j = (grid.ravel() for grid in np.meshgrid(range(chains), kept, range(k), indexing="ij"))
    records: list[dict[str, Any]] = []
    for view, values in enumerate((before, after)):
        same = {"view": np.full(c.size, view), "position": c * draws + i, "component": j, "chain": c}
        records += charts.rows(**same, value=values[c, i, j])
    x = alt.X(
        "position:Q",
        title="draw, one chain after the other",
        scale=alt.Scale(domain=[0, chains * draws], nice=False),
        axis=alt.Axis(values=[draws * chain for chain in range(chains + 1)], format="d"),
    )
    colours = alt.Scale(domain=list(range(k)), range=component_colours(k))
    drawing = (
        alt.Chart(charts.named("traces"))
        .transform_filter("datum.view == view")
        .mark_line(strokeWidth=1, aria=False)
        .encode(
            x=x,
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
            color=alt.Color("component:N", scale=colours, legend=None),
            detail="chain:N",
        )
        .properties(height=200)
    )
    number_of = drawn(fit)
    assert number_of is not None
    return charts.chart(
        "groups-traces",
        drawing,
        f"Traces of the {title} of {plural(k, 'component')} in {plural(chains, 'chain')}, coloured by label. "
        + " ".join(switch_sentences(number_of)),
        "One colour per label. As drawn, the colours may change places at the grid lines, where another chain begins; "
        "relabelled, each keeps its band. The bands themselves are the same in both.",
        [Knob("view", "labels", ["as drawn", "relabelled"], 0, choice=True)],
        [{"view": 0}, {"view": 1}],
        {"traces": records},
    )


def convergence(fit: Fit) -> Table:
    """R-hat, ESS and mean of every label before and after relabelling, and of a quantity without labels."""
    before, after, title = means(fit)
    rows = []
    for j in range(before.shape[2]):
        cells = [f"{title}, label {j + 1}"]
        for values in (before[..., j], after[..., j]):
            cells += _diagnosed(values)
        rows.append(cells)
    likelihood = log_likelihoods(fit)
    if likelihood is not None:
        cells = _diagnosed(likelihood)
        rows.append(["log likelihood of all points", *cells, *cells])
    return Table(
        "What relabelling changes, and what never needed it",
        ["Quantity", "Mean as drawn", "R-hat", "Bulk ESS", "Mean relabelled", "R-hat", "Bulk ESS"],
        rows,
    )


def _diagnosed(values: Array) -> list[str]:
    error = float(az.mcse(values, method="mean"))
    r_hat = float(az.rhat(values))
    return [number(float(values.mean()), error), f"{r_hat:.3f}", count(float(az.ess(values, method="bulk")))]


# Which points belong together.


def together(fit: Fit, name: str) -> tuple[Array, Array, Labels] | None:
    """Posterior probability that two points are of one component.

    Returns
    -------
    probability, plugged : array, shape (m, m)
        Averaged over draws, and with the MAP plugged in; 1 on the diagonal. The points are in the order of their most
        probable components at the MAP, the surest first.
    component : array of int, shape (m,)
    """
    y, _ = points(fit, name)
    if len(y) > MATRIX:
        y = y[np.linspace(0, len(y) - 1, MATRIX).astype(int)]
    point = fit.tree[fit.default]["map"].to_dataset().sel(statistic="estimate", drop=True)
    draws = fit.tree[fit.default]["posterior"].to_dataset()
    needed = [key for key in ("weight", "mu", "sigma", "rho") if key in draws]
    if {"weight", "mu", "sigma"} - set(needed) or not np.isfinite(point["mu"].values).all():
        return None
    share = np.exp(log_responsibilities(y, point[needed]))
    component = share.argmax(axis=1)
    order = np.lexsort((-share.max(axis=1), component))
    step = max(1, draws.sizes["chain"] * draws.sizes["draw"] // THINNED)
    shares = np.exp(log_responsibilities(y[order], draws[needed].isel(draw=slice(None, None, step))))
    shares = shares.reshape(-1, *share.shape)
    probability = np.einsum("sik,sjk->ij", shares, shares, optimize=True) / len(shares)
    plugged = share[order] @ share[order].T
    for matrix in (probability, plugged):
        np.fill_diagonal(matrix, 1.0)
    return probability, plugged, component[order]


def together_sentences(probability: Array, plugged: Array) -> list[str]:
    """How many pairs are settled, averaged and plugged in."""
    pairs = np.triu_indices(len(probability), 1)
    share = [float(np.mean((one[pairs] > SURE) & (one[pairs] < 1 - SURE))) for one in (probability, plugged)]
    moved = float(np.max(np.abs(probability[pairs] - plugged[pairs])))
    return [
        f"Of all pairs of points, {significant(100 * share[0], 2)} % are open: the posterior probability that they "
        f"belong together lies between {SURE:g} and {1 - SURE:g}. With the MAP plugged in it is "
        f"{significant(100 * share[1], 2)} %; the largest change of a pair is {moved:.2f}."
    ]


def matrix(fit: Fit, name: str) -> tuple[Chart, list[str]] | None:
    """The co-clustering matrix as a picture, and what it says."""
    found = together(fit, name)
    if found is None:
        return None
    probability, plugged, component = found
    said = together_sentences(probability, plugged)
    m = len(probability)
    image = alt.Chart(charts.data([{"x": m / 2, "y": m / 2, "url": _png(probability)}]))
    side = 320
    scale = alt.Scale(domain=[0, m], nice=False, zero=False)
    down = alt.Scale(domain=[m, 0], nice=False, zero=False)
    picture = image.mark_image(width=side, height=side, aspect=False).encode(
        x=alt.X("x:Q", scale=scale, title="point", axis=alt.Axis(grid=False)),
        y=alt.Y("y:Q", scale=down, title="point", axis=alt.Axis(grid=False)),
        url=alt.Url("url:N"),
    )
    edges = np.flatnonzero(np.diff(component)) + 1
    borders = alt.Chart(charts.data([{"edge": int(edge)} for edge in edges])).mark_rule(color=QUIET, strokeWidth=0.8)
    lines = [] if not len(edges) else [borders.encode(x=alt.X("edge:Q")), borders.encode(y=alt.Y("edge:Q"))]
    drawing = charts.layer(picture, *lines, width=side, height=side)
    drawn_chart = charts.chart(
        "groups-together",
        drawing,
        f"Matrix of the probabilities that two of {m} points are of one component. " + said[0],
        "The stronger the green, the more probable that two points belong together, whatever the components are "
        "called. Points are in the order of their most probable component at the MAP, the surest first; lines stand "
        "between components. Look at the ends of the blocks: points that two groups share.",
    )
    return drawn_chart, said


def _png(probability: Array) -> str:
    """The matrix as an image, transparent where the probability is 0."""
    from matplotlib.colors import to_rgb
    from matplotlib.image import imsave

    pixels = np.empty((*probability.shape, 4))
    pixels[..., :3] = to_rgb(EITHER)
    pixels[..., 3] = probability
    file = io.BytesIO()
    imsave(file, pixels, format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")

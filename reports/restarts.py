"""Other methods on the points of a mixture: where EM lands beside the posterior, and K-means."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
from scipy.optimize import linear_sum_assignment

from comparisons.digits import significant
from reports import charts
from reports.charts import COLOURS, INK, QUIET, Chart, Knob
from reports.groups import extras, log_likelihoods, points, shares
from reports.labels import Labels
from reports.stored import Array, Fit
from reports.style import component_colours
from reports.words import plural

SAME = 0.05  # log likelihood: ends of EM this near are one maximum, at its tolerance
CLOUD = 60  # posterior draws of every component that are drawn


# The atlas.


def maxima(height: Array) -> list[tuple[float, int]]:
    """Different maxima, the highest first, and how many starts ended at each; heights in falling order."""
    found: list[tuple[float, int]] = []
    for one in height.tolist():
        if found and found[-1][0] - one <= SAME:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((one, 1))
    return found


def atlas_sentences(height: Array, chains: Array) -> list[str]:
    """Where EM ended, and where the chains were.

    Parameters
    ----------
    height : array, shape (starts,)
        Log likelihoods that EM reached, in falling order.
    chains : array, shape (chain, draw)
        Log likelihood of all points at the draws.
    """
    found = maxima(height)
    best, many = found[0]
    said = [
        f"Of {plural(len(height), 'random start')} of EM, {many} ended at the highest log likelihood found, {best:.1f}."
    ]
    if len(found) > 1:
        depth = best - found[-1][0]
        rest = len(height) - many
        if rest == 1:
            said.append(f"The other one stopped {significant(depth, 2)} below: a single start would not have told.")
        else:
            said.append(
                f"The other {rest} stopped at {plural(len(found) - 1, 'lower end')}, up to {significant(depth, 2)} "
                "below: a single start would not have told."
            )
    low, high = np.quantile(chains, (0.025, 0.975))
    means = chains.mean(axis=1)
    said.append(
        f"The posterior's draws have log likelihoods from {low:.1f} to {high:.1f} (95 %), none above "
        f"{chains.max():.1f}; the means of the {plural(len(means), 'chain')} lie between {means.min():.1f} and "
        f"{means.max():.1f}. Draws spread around a maximum and do not sit on it."
    )
    return said


def atlas(fit: Fit, name: str) -> tuple[Chart, Chart, list[str]] | None:
    """Where the component means of EM land, and how high; None if it was not stored."""
    found, chains = extras(fit, fit.default), log_likelihoods(fit)
    if "landing_mu" not in found or chains is None:
        return None
    height = found["landing_log_likelihood"].values
    said = atlas_sentences(height, chains)
    return _landings(fit, name, height, said), _heights(height, chains, said), said


def _landings(fit: Fit, name: str, height: Array, said: list[str]) -> Chart:
    found = extras(fit, fit.default)
    y, features = points(fit, name)
    draws = fit.tree[fit.default]["posterior"].to_dataset()
    mu = draws["mu"].transpose("chain", "draw", "component", "feature").values
    ends = found["landing_mu"].transpose("landing", "part", "feature").values
    if len(features) > 1:
        titles = features[:2]
        cloud, landed = mu[..., :2].reshape(-1, 2), ends[..., :2]
    else:
        titles = [f"mean of {features[0]}", f"sd of {features[0]}"]
        sigma = draws["sigma"].transpose("chain", "draw", "component", "feature").values
        cloud = np.stack([mu[..., 0], sigma[..., 0]], axis=-1).reshape(-1, 2)
        spread = found["landing_sigma"].transpose("landing", "part", "feature").values
        landed = np.stack([ends[..., 0], spread[..., 0]], axis=-1)
    k = landed.shape[1]
    kept = cloud[np.linspace(0, len(cloud) - 1, min(len(cloud), CLOUD * k)).astype(int)]
    top = height >= height[0] - SAME
    x = alt.X("x:Q", title=titles[0], scale=alt.Scale(zero=False))
    up = alt.Y("y:Q", title=titles[1], scale=alt.Scale(zero=False))
    layers = []
    if len(features) > 1:
        layers.append(_dots(y[:, :2]).mark_circle(aria=False, size=9, color=QUIET, opacity=0.45).encode(x=x, y=up))
    layers.append(
        _dots(kept).mark_circle(aria=False, size=10, color=COLOURS["posterior"], opacity=0.5).encode(x=x, y=up)
    )
    low = np.unique(np.round(landed[~top].reshape(-1, 2), 6), axis=0)
    if len(low):
        crosses = _dots(low).mark_point(shape="cross", angle=45, size=90, color=INK, strokeWidth=1.6, filled=False)
        layers.append(crosses.encode(x=x, y=up))
    square = _dots(landed[0]).mark_point(shape="square", size=110, color=COLOURS["mle"], strokeWidth=2.5, filled=False)
    layers.append(square.encode(x=x, y=up))
    drawing = charts.layer(*layers, height=380)
    data_too = "small grey points: the data; " if len(features) > 1 else ""
    return charts.chart(
        "groups-landings",
        drawing,
        f"Component means where EM ended from {plural(len(height), 'start')}, among draws of the posterior. " + said[0],
        f"Squares: component means at the highest end of EM; crosses: at lower ends; {data_too}green points: draws "
        "of the component means from the posterior. A cross away from every green cloud is a place where an optimiser "
        "stops and the posterior has next to nothing.",
    )


def _dots(values: Array) -> alt.Chart:
    return alt.Chart(charts.data(charts.rows(x=values[:, 0], y=values[:, 1])))


def _heights(height: Array, chains: Array, said: list[str]) -> Chart:
    low, high = np.quantile(chains, (0.025, 0.975))
    starts = charts.data(charts.rows(start=np.arange(1, len(height) + 1), height=height))
    y = alt.Y("height:Q", title="log likelihood", scale=alt.Scale(zero=False))
    dots = alt.Chart(starts).mark_point(shape="square", size=35, color=COLOURS["mle"], filled=True, opacity=1)
    band = alt.Chart(charts.data([{"low": float(f"{low:.6g}"), "high": float(f"{high:.6g}")}]))
    drawing = charts.layer(
        band.mark_rect(color=COLOURS["posterior"], opacity=0.25).encode(
            y=alt.Y("low:Q", scale=alt.Scale(zero=False)), y2=alt.Y2("high:Q")
        ),
        dots.encode(x=alt.X("start:Q", title="starts of EM, the best first", axis=alt.Axis(format="d")), y=y),
        height=170,
    )
    return charts.chart(
        "groups-heights",
        drawing,
        "Log likelihood reached by every start of EM, in falling order, with the range of the posterior's draws. "
        + " ".join(said),
        "Squares: where a start of EM ended; band: the middle 95 % of the log likelihoods at posterior draws. Steps to "
        "the right are lower maxima.",
    )


# K-means.


def matched(labels: Labels, component: Labels, k: int) -> Labels:
    """Clusters renumbered so that as many points as possible have the number of their component."""
    counts = np.zeros((k, k))
    np.add.at(counts, (labels, component), 1)
    _, target = linear_sum_assignment(counts, maximize=True)
    return np.asarray(target[labels])


def kinds(fit: Fit, name: str) -> tuple[Chart, list[str]] | None:
    """K-means and the mixture on the same points, and where they disagree."""
    found, share = extras(fit, fit.default), shares(fit, "map")
    if "kmeans" not in found or share is None:
        return None
    k, labels = share.shape[1], found["kmeans"].values.astype(int)
    if labels.max() >= k:
        return None
    component = share.argmax(axis=1)
    cluster = matched(labels, component, k)
    said = kind_sentences(cluster, component, share.max(axis=1))
    y, features = points(fit, name)
    first = y[:, 0]
    # In one dimension a height that means nothing, so that points do not hide each other.
    second = y[:, 1] if y.shape[1] > 1 else (np.arange(len(y)) * 0.618034) % 1
    records: list[dict[str, Any]] = []
    for view, group in enumerate((cluster, component)):
        apart = cluster != component
        records += charts.rows(view=np.full(len(y), view), x=first, y=second, group=group, apart=apart)
    base = alt.Chart(charts.named("points")).transform_filter("datum.view == view")
    colours = alt.Scale(domain=list(range(k)), range=component_colours(k))
    x = alt.X("x:Q", title=features[0], scale=alt.Scale(zero=False))
    axis = alt.Axis() if y.shape[1] > 1 else None
    up = alt.Y("y:Q", title=features[1] if y.shape[1] > 1 else None, axis=axis, scale=alt.Scale(zero=False))
    drawing = charts.layer(
        base.mark_circle(aria=False, size=22, opacity=0.9).encode(
            x=x, y=up, color=alt.Color("group:N", scale=colours, legend=None)
        ),
        base.transform_filter("datum.apart").mark_point(size=75, color=INK, strokeWidth=1.1).encode(x=x, y=up),
        height=260 if y.shape[1] > 1 else 120,
    )
    return charts.chart(
        "groups-kinds",
        drawing,
        f"The points coloured by {k} clusters of K-means, and by the most probable component at the MAP. " + said[0],
        "Rings: points that the two put into different groups. K-means cuts halfway between centres, in straight lines "
        "and without a doubt; the mixture lets groups differ in size, width and direction.",
        [Knob("view", "coloured by", ["K-means", "mixture, at the MAP"], 0, choice=True)],
        [{"view": 0}, {"view": 1}],
        {"points": records},
    ), said


def kind_sentences(cluster: Labels, component: Labels, surest: Array) -> list[str]:
    """On how many points K-means and mixture disagree, and how sure the mixture is there."""
    apart = cluster != component
    n = len(apart)
    if not apart.any():
        return [f"K-means and the mixture group all {n:,} points alike."]
    sure = float(np.median(surest[apart]))
    said = f"K-means and the mixture disagree on {plural(int(apart.sum()), 'point')} of {n:,}"
    if apart.all():
        return [f"{said}; the median of their largest membership is {sure:.2f}."]
    return [
        f"{said}. The mixture's largest membership there has a median of {sure:.2f}, against "
        f"{float(np.median(surest[~apart])):.2f} where they agree."
    ]

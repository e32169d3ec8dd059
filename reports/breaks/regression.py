r"""A learnt scale: the joint density of the coefficients and of the scale of their prior has no maximum.

With :math:`\beta_j \sim N(0, \tau^2)`, known :math:`\sigma` and singular values :math:`d_r` of the design, the best
coefficients and the integral over them are closed forms in :math:`\tau`. With :math:`z = U^T y` the smallest value of
:math:`|y - X \beta|^2 / \sigma^2 + |\beta|^2 / \tau^2` is :math:`\sum_r z_r^2 / (\sigma^2 + \tau^2 d_r^2)` and a
constant. The maximum over the coefficients keeps :math:`-p \log \tau`, which grows without bound; the integral makes it
:math:`-\frac12 \sum_r \log(\sigma^2 + \tau^2 d_r^2)`, which does not (MacKay 1999, doi:10.1162/089976699300016331).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import altair as alt
import numpy as np
from scipy.stats import halfnorm

from comparisons.digits import exists, significant
from reports import charts
from reports.breaks.broken import Break, Table
from reports.stored import Array, Fit
from reports.words import listed

GRID = np.logspace(-8, 2, 2001)
SHOWN = (1e-4, 3.0)
CURVE = 110
STARTS = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
PRINTED = (1.0, 0.1, 0.01, 1e-4, 1e-8)


@dataclass(frozen=True)
class Learnt:
    """Standardised data of a regression whose coefficients have the prior N(0, tau²), and tau a half-Normal one.

    Attributes
    ----------
    x : array, shape (n, p)
    y : array, shape (n,)
    sigma : float
    """

    x: Array
    y: Array
    sigma: float

    @cached_property
    def _triangle(self) -> Array:
        """The triangle of predictors and outcome: as good as all rows."""
        found: Array = np.linalg.qr(np.column_stack([self.x, self.y]), mode="r")
        return found

    @cached_property
    def _directions(self) -> tuple[Array, Array, float]:
        """Singular values, projections of the outcome, and the rest of its squares over the variance."""
        x, y = self._triangle[:, :-1], self._triangle[:, -1]
        u, d, _ = np.linalg.svd(x, full_matrices=False)
        z = u.T @ y
        return d, z, max(float(y @ y - z @ z), 0.0) / self.sigma**2

    def _parts(self, tau: Array) -> tuple[Array, Array]:
        """Twice the misfit at the best coefficients, and the log determinant, up to what does not depend on tau."""
        d, z, rest = self._directions
        variance = self.sigma**2 + np.asarray(tau)[..., None] ** 2 * d**2
        return (z**2 / variance).sum(axis=-1) + rest, np.log(variance).sum(axis=-1)

    def log_joint(self, tau: Array) -> Array:
        """Log joint density of data, best coefficients and tau."""
        n, p = self.x.shape
        constant = -(n + p) / 2 * np.log(2 * np.pi) - n * np.log(self.sigma)
        return np.asarray(constant - self._parts(tau)[0] / 2 - p * np.log(tau) + halfnorm.logpdf(tau))

    def log_marginal(self, tau: Array) -> Array:
        """Log joint density of data and tau, the coefficients integrated out."""
        n, rank = len(self.y), min(self.x.shape)
        constant = -n / 2 * np.log(2 * np.pi) - (n - rank) * np.log(self.sigma)
        misfit, determinant = self._parts(tau)
        return np.asarray(constant - misfit / 2 - determinant / 2 + halfnorm.logpdf(tau))

    def coefficients(self, tau: float) -> Array:
        """The best coefficients at a scale."""
        p = self.x.shape[1]
        scaled = np.vstack([self._triangle[:, :-1] * tau, self.sigma * np.eye(p)])
        found: Array = tau * np.linalg.lstsq(scaled, np.append(self._triangle[:, -1], np.zeros(p)))[0]
        return found

    def end(self, start: float) -> float:
        """Where a search uphill ends that begins at a scale, with the best coefficients for it; 0 if it falls to 0."""
        height = self.log_joint(GRID)
        at = int(np.argmin(np.abs(np.log(GRID / start))))
        while 0 < at < len(GRID) - 1:
            step = int(np.argmax(height[[at - 1, at, at + 1]])) - 1
            if step == 0:
                return float(GRID[at])
            at += step
        return 0.0 if at == 0 else float(GRID[at])

    def summary(self) -> tuple[float, float]:
        """Mode and mean of the posterior of tau."""
        height = self.log_marginal(GRID)
        weight = np.exp(height - height.max())
        return float(GRID[np.argmax(height)]), float(np.trapezoid(weight * GRID, GRID) / np.trapezoid(weight, GRID))


def learnt(fit: Fit) -> Learnt | None:
    """From the rows and the fitted sigma; None without rows, or if sigma is held fixed."""
    if not {"x", "y"} <= set(fit.data) or "sigma" not in fit.labels:
        return None
    sigma = fit.value(fit.default, "sigma", "posterior")
    x, y = fit.data["x"].values, fit.data["y"].values
    spread = float(y.std(ddof=1)) if len(y) > 1 else 0.0
    if not exists(sigma) or spread == 0 or not np.all(x.std(axis=0) > 0):
        return None
    return Learnt((x - x.mean(axis=0)) / x.std(axis=0, ddof=1), (y - y.mean()) / spread, sigma / spread)


def context(fit: Fit) -> Break | None:
    """The search for the joint mode; None where there is nothing to learn the scale from (`learnt`)."""
    found = learnt(fit)
    if found is None:
        return None
    return Break(
        title="Let the data choose the prior's scale",
        opening="How wide should the Normal prior of the coefficients be? Let its scale tau be learnt: beta ~ "
        "Normal(0, tau), tau ~ HalfNormal(1), in standardised predictors and outcome, with sigma held at its "
        "posterior mean. Now ask for the MAP of beta and tau together, and slide to where its search begins.",
        figure=figure(found),
        sentences=sentences(found),
        tables=[heights(found), ends(found)],
        remedy="The joint mode of coefficients and of their scale is degenerate: all coefficients at 0 with a prior "
        "that is a spike there. The coefficients must be integrated out first, to maximise over tau (empirical "
        "Bayes) or to average over it (full posterior).",
    )


def sentences(learnt: Learnt) -> list[str]:
    """What a search for the joint mode finds, and what the posterior of tau says."""
    found = {start: learnt.end(start) for start in STARTS}
    local = max(found.values())
    lost = [start for start, end in found.items() if end == 0]
    p = learnt.x.shape[1]
    if local == 0:
        first = "From every start shown the search for the joint mode runs to tau = 0 and takes all coefficients along."
    elif not lost:
        first = f"From all starts shown the search stops at the local maximum tau = {significant(local, 2)}."
    else:
        first = (
            f"A search that begins at tau = {max(found):g} stops at tau = {significant(found[max(found)], 2)}, a local "
            f"maximum. Those that begin at {listed([f'{start:g}' for start in lost])} run to 0, where the density is "
            "infinite: same data, same model, and the answer is chosen by the start."
        )
    mode, mean = learnt.summary()
    second = (
        "With the coefficients integrated out, tau has a posterior like any other: its mode is "
        f"{significant(mode, 2)} and its mean {significant(mean, 2)}. Every factor of ten towards 0 adds "
        f"{p * np.log(10):.1f} to the joint density at its best coefficients (all of them near 0), and nothing to the "
        "marginal one."
    )
    return [first, second]


def heights(learnt: Learnt) -> Table:
    """The profile of the joint density, and the marginal one, at a few scales."""
    taus = np.array(PRINTED)
    both = zip(PRINTED, learnt.log_joint(taus), learnt.log_marginal(taus), strict=True)
    rows = [[f"{tau:g}", f"{joint:.1f}", f"{marginal:.1f}"] for tau, joint, marginal in both]
    return Table("Log density at a few tau", ["tau", "joint, best coefficients", "coefficients integrated out"], rows)


def ends(learnt: Learnt) -> Table:
    """What tau and the coefficients are in the end, by method."""
    mode, mean = learnt.summary()
    rows = []
    for start in (1.0, 0.01, 1e-3):
        end = learnt.end(start)
        rows.append([f"joint MAP, search begun at {start:g}", significant(end, 2), significant(_norm(learnt, end), 2)])
    rows.append(["marginal mode (empirical Bayes)", significant(mode, 2), significant(_norm(learnt, mode), 2)])
    rows.append(["posterior mean of tau", significant(mean, 2), significant(_norm(learnt, mean), 2)])
    return Table("Tau, and the length of the best coefficients given it", ["method", "tau", "length of beta"], rows)


def _norm(learnt: Learnt, tau: float) -> float:
    return float(np.linalg.norm(learnt.coefficients(tau))) if tau > 0 else 0.0


def figure(learnt: Learnt) -> charts.Chart:
    """The joint density along its ridge, with the way of a search on it, and the posterior of tau behind."""
    tau = np.geomspace(*SHOWN, CURVE)
    joint, marginal = learnt.log_joint(tau), learnt.log_marginal(tau)
    behind = np.exp(marginal - marginal.max()) * tau  # on the axis of log tau
    x = alt.X(
        "tau:Q",
        title="tau",
        scale=alt.Scale(type="log", domain=list(SHOWN)),
        axis=alt.Axis(format="~g", tickCount=5, grid=False),
    )
    searches = []
    for k, start in enumerate(STARTS):
        end = learnt.end(start)
        stop = max(end, SHOWN[0])
        text = "runs to tau = 0" if end == 0 else f"stops at tau = {significant(end, 2)}"
        path = np.geomspace(start, stop, 20)
        searches += charts.rows(
            start=[k] * 20,
            tau=path,
            y=learnt.log_joint(path),
            last=np.arange(20) == 19,
            lost=[text if end == 0 else ""] * 20,
            stopped=["" if end == 0 else text] * 20,
        )
    body = alt.Chart(charts.data(charts.rows(tau=tau, y=joint, behind=behind / behind.max())))
    way = alt.Chart(charts.data(searches)).transform_filter("datum.start == start")
    last = way.transform_filter("datum.last")
    y = alt.Y("y:Q", title="log joint density at the best beta", scale=alt.Scale(zero=False))
    lines = charts.layer(
        body.mark_line(color="var(--map)", strokeWidth=1.5, strokeDash=[6, 3, 1, 3]).encode(x=x, y=y),
        way.mark_line(color="var(--map)", strokeWidth=4, opacity=0.6).encode(x=x, y=y, order=alt.Order("tau:Q")),
        way.transform_filter("datum.last").mark_point(
            filled=True, size=130, color="var(--map)", shape="triangle-up", opacity=1
        ).encode(x=x, y=y),
        last.mark_text(align="left", dx=10, dy=-12).encode(x=x, y=y, text=alt.Text("lost:N")),
        last.mark_text(align="right", dx=-8, dy=-14).encode(x=x, y=y, text=alt.Text("stopped:N")),
    )  # fmt: skip
    height = alt.Y("behind:Q", axis=None, scale=alt.Scale(domain=[0, 1.6]))
    back = body.mark_area(color="var(--posterior)", opacity=0.25).encode(x=x, y=height)
    drawing = charts.layer(back, lines, resolve={"scale": {"y": "independent"}})
    return charts.chart(
        "break-regression",
        drawing,
        "Log joint density of coefficients and their prior's scale tau, at the best coefficients for every tau, with "
        "the posterior of tau behind",
        "Line: the joint density at the best coefficients for every tau, on a log scale; thick: the way of a search "
        "uphill, to the triangle. Shaded: the posterior of tau, coefficients integrated out, as a density of log "
        "tau. Look at the left end: the line rises for ever where the posterior has nothing.",
        [charts.Knob("start", "search begins at tau =", [f"{start:g}" for start in STARTS], STARTS.index(1.0))],
        [{"start": STARTS.index(one)} for one in (1.0, 0.03, 1e-3)],
    )

"""One estimate under many names: penalties of other libraries as this page's priors, each equality computed here.

scikit-learn is called on the data of the fit; what glmnet and statsmodels minimise is minimised here, from their
documented objectives (`comparisons.penalty_forms`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from comparisons.digits import number, significant
from comparisons.penalty import Data, elastic_net_parts, penalty_of
from comparisons.penalty_forms import KINDS
from models.contract.predictors import count, design_matrix, has_intercept, is_centred, outcome
from reports import shrinkage
from reports.components import Table
from reports.priors import scales_of
from reports.stored import Array, Fit
from reports.words import listed

SAME = 1e-4  # posterior standard deviations: two optimisers at one optimum are nearer
SLOPE = 1e-6  # of the slope of the penalty: what an optimiser may leave
EQUAL = 1e-8  # relative: two scales of a prior that are one


@dataclass(frozen=True)
class Problem:
    """Penalised least squares without intercept, on columns that share one prior scale.

    Attributes
    ----------
    x : array, shape (m, p)
        Columns of the fit times ``unit``.
    y : array, shape (m,)
        What the intercept leaves of the outcome.
    n : int
        Rows of the data; the m rows here have the same sums of products.
    unit : array, shape (p,)
        A coefficient of the fit is ``unit`` times one here.
    columns : str
        What was done to the columns, for the reader.
    sd_y : float
        Of the outcome, divisor n.
    """

    x: Array
    y: Array
    n: int
    unit: Array
    columns: str
    sd_y: float


@dataclass(frozen=True)
class Mode:
    """A penalised mode of the fit: its prior, kind, scale and coefficients on the columns of a problem, and noise."""

    prior: str
    kind: str
    scale: float
    sigma: float
    w: Array


def problem(fit: Fit) -> Problem | None:
    """The problem of a regression whose intercept does not interfere with its penalty; None for any other."""
    data = shrinkage.source(fit)
    if data is None or "sigma" not in fit.priors[fit.default] or not shrinkage.coefficients(fit):
        return None
    design, y = design_matrix(data), outcome(data)
    if has_intercept(data):
        if not is_centred(data):
            return None
        first = design[:, 0]
        y = y - first * (first @ y) / (first @ first)
        design = design[:, 1:]
    width = shrinkage.widths(fit)
    scales = [scale for name in fit.priors if (scale := prior_scales(fit, name)) is not None]
    n = count(data)
    sd_y = float(np.sqrt(y @ y / n))
    for unit, said in ((1 / width, "divided by their standard deviations"), (np.ones(len(width)), "as they are")):
        if all(np.ptp(scale / unit) <= EQUAL * np.max(scale / unit) for scale in scales):
            return Problem(design * unit, y, n, unit, said, sd_y)
    return None


def prior_scales(fit: Fit, prior: str) -> Array | None:
    """Scale of the prior of every coefficient, in its unit; None if it is no penalty towards zero."""
    if prior not in shrinkage.kinds(fit, [prior]):
        return None
    return np.broadcast_to(scales_of(fit, prior, "beta"), len(shrinkage.coefficients(fit)))


def _sigma(fit: Fit, prior: str) -> float:
    """The noise with which the mode of a prior is a penalised estimate."""
    if "sigma" in fit.labels:
        return fit.value(prior, "sigma", "map")
    written = json.loads(fit.text("distributions"))[prior]["sigma"]
    return float(np.ravel(written["hyperparameters"]["value"])[0])


def _point(fit: Fit, prior: str, reading: str) -> Array:
    return np.array([fit.value(prior, label, reading) for label in shrinkage.coefficients(fit)])


def mode(fit: Fit, given: Problem, kind: str) -> Mode | None:
    """The first mode of a kind; None if no prior has it or it does not exist."""
    for prior, found in shrinkage.kinds(fit, list(fit.priors)).items():
        scales, w = prior_scales(fit, prior), _point(fit, prior, "map") / given.unit
        if found == kind and scales is not None and np.isfinite(w).all():
            return Mode(prior, kind, float(scales[0] / given.unit[0]), _sigma(fit, prior), w)
    return None


def ridge(given: Problem, penalty: float) -> Array:
    """Coefficients of scikit-learn's ``Ridge(alpha=penalty)``."""
    from sklearn.linear_model import Ridge

    found: Array = Ridge(alpha=penalty, fit_intercept=False, solver="cholesky").fit(given.x, given.y).coef_
    return found


def lasso(given: Problem, penalty: float, l1_ratio: float = 1.0) -> Array:
    """Coefficients of scikit-learn's ``Lasso(alpha=penalty)``, or of its elastic net; it divides by n."""
    from sklearn.linear_model import ElasticNet

    rows = given.n / len(given.x)  # what stands for n rows has fewer
    net = ElasticNet(alpha=penalty * rows, l1_ratio=l1_ratio, fit_intercept=False, tol=1e-12, max_iter=100_000)
    found: Array = net.fit(given.x, given.y).coef_
    return found


def quadratic(given: Problem, misfit: float, penalty: float) -> Array:
    """Minimise ``misfit RSS + penalty |w|^2`` by its normal equations."""
    square = misfit * given.x.T @ given.x + penalty * np.eye(given.x.shape[1])
    found: Array = np.linalg.solve(square, misfit * given.x.T @ given.y)
    return found


def slope_left(given: Problem, w: Array, sigma: float, b: float, tau: float) -> float:
    """How far ``w`` is from the mode under Laplace(0, b) times Normal(0, tau), as a share of the slope 1 / b."""
    return float(np.max(kinked(given.x.T @ (given.y - given.x @ w) / sigma**2 - w / tau**2, w, b)))


def kinked(slope: Array, w: Array, b: float) -> Array:
    """How far each of ``w`` is from the mode under Laplace(0, b), as a share of the slope 1 / b.

    ``slope`` is that of everything but this prior: at the mode it is 1 / b times the sign of ``w``, or anything smaller
    where ``w`` is zero.
    """
    left = np.where(w == 0, np.maximum(np.abs(slope) - 1 / b, 0), np.abs(slope - np.sign(w) / b))
    return np.asarray(left * b)


def apart(given: Problem, fit: Fit, prior: str, w: Array, reading: str = "map") -> float:
    """Largest distance of coefficients from a reading of the fit, in posterior standard deviations."""
    sd = np.array([fit.value(prior, label, "posterior", "sd") for label in shrinkage.coefficients(fit)])
    return float(np.max(np.abs(w * given.unit - _point(fit, prior, reading)) / sd))


def agreement(distance: float) -> str:
    """What a distance in posterior standard deviations is called: the same estimate, or not."""
    if not np.isfinite(distance):
        return "cannot be compared"
    if distance <= SAME:
        return f"the same, to {distance:.0e} sd"
    return f"not the same: {significant(distance, 2)} sd apart"


def dictionary(fit: Fit, given: Problem) -> tuple[Table, list[str]]:
    """The table of methods with what was found for each, and what it says in sentences."""
    rows: list[list[str]] = []
    equal: list[float] = []
    flat = next((name for name in fit.priors if _point_exists(fit, name)), None)
    if flat is not None and len(given.x) > given.x.shape[1]:
        distance = apart(
            given, fit, flat, ridge(given, 0.0) if _full(given) else np.full(len(given.unit), np.nan), "mle"
        )
        rows.append(["least squares", "RSS", "flat", "LinearRegression()", agreement(distance)])
        equal.append(distance)
    found = {kind: mode(fit, given, kind) for kind in ("ridge", "lasso")}
    for one in found.values():
        if one is not None:
            more, distances = _libraries(fit, given, one)
            rows += more
            equal += distances
    if found["ridge"] is not None and found["lasso"] is not None:
        rows.append(_net(given, found["ridge"], found["lasso"]))
    means = [row for one in found.values() if one is not None and (row := _mean(fit, given, one)) is not None]
    head = ["Method", "Minimises", "Prior of a coefficient", "As it is typed", "On these data"]
    caption = (
        f"Penalties and priors, columns {given.columns}; distances are the largest over the coefficients, "
        "in posterior standard deviations"
    )
    return Table(caption, head, rows + means), _said(equal)


def _full(given: Problem) -> bool:
    return bool(np.linalg.matrix_rank(given.x) == given.x.shape[1])


def _point_exists(fit: Fit, prior: str) -> bool:
    return bool(np.isfinite(_point(fit, prior, "mle")).all())


def _said(equal: list[float]) -> list[str]:
    known = [one for one in equal if np.isfinite(one)]
    if not known:
        return []
    if len(known) == len(equal) and max(known) <= SAME:
        return [f"All {len(equal)} equalities hold on these data, the worst to {max(known):.0e} posterior sd."]
    bad = len(equal) - sum(one <= SAME for one in known)
    return [f"{bad} of {len(equal)} equalities do not hold on these data: see the last column."]


def _libraries(fit: Fit, given: Problem, one: Mode) -> tuple[list[list[str]], list[float]]:
    """One row per library: its call with the number in it, and its estimate beside the mode."""
    kind, data = KINDS[one.kind], Data(sigma=one.sigma, n=given.n, sd_y=given.sd_y)
    rows, distances = [], []
    for form in kind.forms:
        penalty = penalty_of(one.kind, form.library, one.scale, data).number
        if one.kind == "lasso":
            w = lasso(given, penalty)  # all three have one objective
        elif form.library == "scikit-learn":
            w = ridge(given, penalty)
        else:
            scale = given.sd_y if form.library == "glmnet" else 1.0
            w = quadratic(given, 1 / (2 * given.n), penalty / (2 * scale))
        distances.append(apart(given, fit, one.prior, w))
        call = f"{form.name} = {form.formula(kind.scale)} = {significant(penalty, 4)}"
        prior = f"{kind.family}(0, {kind.scale} = {significant(one.scale, 3)})"
        rows.append(
            [
                f"{one.kind}, {form.library}",
                form.objective,
                prior,
                f"{form.call.format(form.name)}, {call}",
                agreement(distances[-1]),
            ]
        )
    return rows, distances


def _net(given: Problem, ridge_: Mode, lasso_: Mode) -> list[str]:
    """Elastic net: the product of both priors of the page."""
    data = Data(sigma=lasso_.sigma, n=given.n, sd_y=given.sd_y)
    absolute, square = elastic_net_parts("scikit-learn", lasso_.scale, ridge_.scale, data)
    alpha = absolute.number + square.number
    ratio = absolute.number / alpha
    left = slope_left(given, lasso(given, alpha, ratio), lasso_.sigma, lasso_.scale, ridge_.scale)
    found = f"the mode: slope left {left:.0e}" if left <= SLOPE else f"not the mode: slope left {significant(left, 2)}"
    return [
        "elastic net, scikit-learn",
        "RSS / (2 n) + alpha l1_ratio |beta|_1 + alpha (1 - l1_ratio) |beta|^2 / 2",
        "Laplace(0, b) times Normal(0, tau)",
        f"ElasticNet(alpha={significant(alpha, 4)}, l1_ratio={significant(ratio, 4)})",
        found,
    ]


def _mean(fit: Fit, given: Problem, one: Mode) -> list[str] | None:
    """The posterior mean beside the mode under the same prior."""
    means = _point(fit, one.prior, "posterior")
    if not np.isfinite(means).all():
        return None
    error = max(
        fit.value(one.prior, label, "posterior", "mcse") / fit.value(one.prior, label, "posterior", "sd")
        for label in shrinkage.coefficients(fit)
    )
    distance = apart(given, fit, one.prior, one.w, "posterior")
    fixed = "sigma" not in fit.labels
    about = {
        "ridge": "as ridge: sigma is fixed" if fixed else "the mean of ridge estimates, over what is believed of sigma",
        "lasso": "none of these: no penalty above has it as its minimum",
    }
    return [
        f"posterior mean, prior {one.prior}",
        about[one.kind],
        f"{KINDS[one.kind].family}(0, {significant(one.scale, 3)})",
        "this page",
        f"{number(distance, error)} ± {significant(error, 1)} sd from {one.kind}",
    ]


def problem_sentence(given: Problem, found: list[Mode]) -> str:
    """What the penalties see: columns and noise."""
    noise = listed([f"{significant(one.sigma, 3)} ({one.prior})" for one in found])
    return (
        f"The columns are {given.columns}, and sigma is the one at the mode: {noise}. A penalty alone is not a prior; "
        "penalty and noise together are."
    )

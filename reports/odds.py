"""Penalised logistic regression under other libraries' names, each equality computed here."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from comparisons.digits import significant
from models.contract import Distribution
from models.contract.predictors import design_matrix, has_intercept
from reports import shrinkage
from reports.components import Table
from reports.penalties import EQUAL, SLOPE, agreement, kinked, prior_scales
from reports.stored import Array, Fit

TIGHT = 1e-10  # tolerance of scikit-learn's Newton method


@dataclass(frozen=True)
class Odds:
    """A logistic regression on columns divided by their standard deviations, ones first if there is an intercept.

    Attributes
    ----------
    x : array, shape (n, k)
    successes, trials : array, shape (n,)
    unit : array, shape (k,)
        A coefficient of the fit is ``unit`` times one here.
    """

    x: Array
    successes: Array
    trials: Array
    unit: Array


def odds(fit: Fit) -> Odds | None:
    """The problem of a logistic regression whose rows are all there; None for any other fit."""
    data = shrinkage.source(fit)
    if data is None or "trials" not in data or "x" not in data:
        return None
    unit = 1 / shrinkage.widths(fit)
    if has_intercept(data):
        unit = np.append(1.0, unit)
    return Odds(design_matrix(data) * unit, data["y"].values.astype(float), data["trials"].values.astype(float), unit)


def _labels(fit: Fit, given: Odds) -> list[str]:
    first = ["intercept"] if given.x.shape[1] > len(shrinkage.coefficients(fit)) else []
    return [*first, *shrinkage.coefficients(fit)]


def _scales(fit: Fit, prior: str, given: Odds) -> Array:
    """Scale of the prior of every coefficient on the columns here; of a prior that penalises them."""
    scales = prior_scales(fit, prior)
    assert scales is not None
    return np.asarray(scales / given.unit[-len(scales) :])


def logistic(given: Odds, c: float, unit: Array) -> Array:
    """Coefficients of scikit-learn's ``LogisticRegression(C=c)`` on columns times ``unit``, put back."""
    from sklearn.linear_model import LogisticRegression

    x = given.x * unit
    both, y = np.vstack([x, x]), np.repeat([1, 0], len(x))
    counts = np.concatenate([given.successes, given.trials - given.successes])
    used = counts > 0
    method = LogisticRegression(C=c, fit_intercept=False, solver="newton-cholesky", tol=TIGHT, max_iter=1_000)
    found: Array = method.fit(both[used], y[used], sample_weight=counts[used]).coef_[0] * unit
    return found


def slope_left(given: Odds, w: Array, b: float, first: float | None) -> float:
    """How far ``w`` is from the minimum of ``NLL + |beta|_1 / b``, as a share of the penalty's slope.

    ``first`` is the standard deviation of the intercept's Normal prior about 0, None without an intercept.
    """
    p = 1 / (1 + np.exp(-(given.x @ w)))
    slope = given.x.T @ (given.successes - given.trials * p)
    start = 0 if first is None else 1
    rest = [] if first is None else [b * abs(slope[0] - w[0] / first**2)]
    return float(np.max([*kinked(slope[start:], w[start:], b), *rest]))


def _written(fit: Fit, prior: str) -> dict[str, Distribution]:
    """The prior of every variable."""
    return {key: Distribution.from_json(one) for key, one in json.loads(fit.text("distributions"))[prior].items()}


def dictionary(fit: Fit, given: Odds) -> Table | None:
    """Unpenalised, ridge and lasso as scikit-learn types them, and whether that is what this page found."""
    rows = []
    labels, ones = _labels(fit, given), np.ones(len(given.unit))
    for prior in fit.priors:
        point = np.array([fit.value(prior, label, "map") for label in labels])
        sd = np.array([fit.value(prior, label, "posterior", "sd") for label in labels])
        if not np.isfinite(point).all():
            continue
        written = _written(fit, prior)
        kind = shrinkage.kinds(fit, [prior]).get(prior)
        if kind is None:
            if all(one.name == "Flat" for one in written.values()):
                distance = float(np.max(np.abs(logistic(given, np.inf, ones) * given.unit - point) / sd))
                rows.append([f"no penalty ({prior})", "NLL", "flat", "C = ∞", agreement(distance)])
            continue
        scales = _scales(fit, prior, given)
        first = _first(written, labels)
        if np.ptp(scales) > EQUAL * scales[0] or first == 0:
            continue
        scale = float(scales[0])
        if kind == "ridge":
            unit = ones.copy()
            unit[: len(unit) - len(scales)] = (first or 0) / scale
            distance = float(np.max(np.abs(logistic(given, scale**2, unit) * given.unit - point) / sd))
            rows.append(
                [
                    f"ridge ({prior})",
                    "C NLL + |beta|² / 2",
                    f"Normal(0, tau = {significant(scale, 3)})",
                    f"C = tau² = {significant(scale**2, 4)}",
                    agreement(distance),
                ]
            )
        else:
            left = slope_left(given, point / given.unit, scale, first)
            said = f"the minimum: slope left {left:.0e}" if left <= SLOPE else f"slope left {significant(left, 2)}"
            rows.append(
                [
                    f"lasso ({prior})",
                    "C NLL + |beta|_1",
                    f"Laplace(0, b = {significant(scale, 3)})",
                    f"C = b = {significant(scale, 4)}, l1_ratio = 1",
                    said,
                ]
            )
    if not rows:
        return None
    caption = (
        "scikit-learn's LogisticRegression(C) as a prior, columns divided by their standard deviations; the intercept, "
        "which here has a prior of its own, enters as a column of ones times its prior's sd over tau"
    )
    return Table(caption, ["Method", "Minimises", "Prior of a coefficient", "As it is typed", "On these data"], rows)


def _first(written: dict[str, Distribution], labels: list[str]) -> float | None:
    """Standard deviation of the intercept's Normal prior about 0; None without intercept, 0 if it has another prior."""
    if labels[0] != "intercept":
        return None
    one = written["intercept"]
    return (
        float(one.hyperparameters["sigma"]) if one.name == "Normal" and not np.any(one.hyperparameters["mu"]) else 0.0
    )


def wrong(fit: Fit, given: Odds) -> Table | None:
    """What ridge becomes if C is taken for something else."""
    kinds = shrinkage.kinds(fit, list(fit.priors))
    prior = next((name for name, kind in kinds.items() if kind == "ridge"), None)
    if prior is None:
        return None
    everything = _written(fit, prior)
    p, scales = len(shrinkage.coefficients(fit)), _scales(fit, prior, given)
    right = np.array([fit.value(prior, label, "map") for label in shrinkage.coefficients(fit)]) / given.unit[-p:]
    first = _first(everything, _labels(fit, given))
    if np.ptp(scales) > EQUAL * scales[0] or first == 0 or not np.isfinite(right).all() or not np.any(right):
        return None
    t, rows = float(scales[0]), []
    tries = {
        "Right: C = tau²": t**2,
        "Wrong: C = tau (sd for variance)": t,
        "Wrong: C = 1 / tau² (C taken for a penalty)": 1 / t**2,
        "Wrong: C = 1 (left at its default)": 1.0,
    }
    for text, c in tries.items():
        unit = np.ones(len(given.unit))
        unit[:-p] = (first or 0) / np.sqrt(c)  # the intercept keeps its own prior
        w = logistic(given, c, unit)[-p:]
        length = float(np.linalg.norm(w) / np.linalg.norm(right))
        rows.append(
            [text, significant(c, 3), f"Normal(0, {significant(np.sqrt(c), 3)})", f"{significant(length, 3)} times"]
        )
    return Table(
        f"What ridge becomes under other conversions; tau = {significant(t, 3)}",
        ["LogisticRegression(C), with", "C", "Prior it really is", "Length of the coefficients"],
        rows,
    )

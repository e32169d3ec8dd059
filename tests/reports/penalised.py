"""A regression with a stub of a fit, for what is tested of the path of the penalty."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import statsmodels.api as sm
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.contract import Distribution, dataset
from reports.components import Table
from reports.stored import Study

Array = NDArray[np.float64]
P, N = 4, 60


@dataclass
class Stub:
    """As much of a fit as these sections ask for; estimates by prior, reading and label."""

    data: xr.Dataset
    distributions: dict[str, dict[str, Distribution]]
    estimates: dict[tuple[str, str], Array]
    labels: list[str]
    sweep_of: xr.Dataset | None = None
    studies: list[Study] = field(default_factory=list)
    draw: dict[str, xr.Dataset] = field(default_factory=dict)
    tree: Any = field(default_factory=xr.DataTree)

    @property
    def priors(self) -> dict[str, dict[str, str]]:
        return {name: {key: str(one) for key, one in prior.items()} for name, prior in self.distributions.items()}

    @property
    def default(self) -> str:
        return next(iter(self.distributions))

    def text(self, key: str) -> str:
        assert key == "distributions"
        found = {n: {k: d.as_json() for k, d in prior.items()} for n, prior in self.distributions.items()}
        return json.dumps(found)

    def value(self, prior: str, label: str, reading: str, column: str = "estimate") -> float:
        if column != "estimate":
            return {"sd": 0.2, "mcse": 0.002, "median": 0.1}[column]
        return float(self.estimates[prior, reading][self.labels.index(label)])

    def reason(self, prior: str, label: str, reading: str) -> str:
        return ""

    def sweep(self, name: str) -> xr.Dataset | None:
        return self.sweep_of

    def draws(self, prior: str) -> xr.Dataset:
        return self.draw[prior]


def columns(seed: int = 1) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, P)) @ (np.eye(P) + 0.4) * [1.0, 10.0, 0.1, 1.0]
    y = x @ [1.0, 0.0, -3.0, 0.05] + rng.normal(0, 1.5, N)
    return x, y


def joint(x: Array, y: Array, scale: Array, laplace: bool, sigma: float) -> Array:
    """The mode of centred data under independent priors of these scales, given sigma, by a general optimiser.

    A Laplace prior's coefficients are split into positive and negative parts, so that the objective is smooth.
    """
    x, y = x - x.mean(axis=0), y - y.mean()
    if not laplace:
        found: Array = np.linalg.solve(x.T @ x / sigma**2 + np.diag(scale**-2.0), x.T @ y / sigma**2)
        return found

    def objective(parts: Array) -> tuple[float, Array]:
        b = (parts[:P] - parts[P:]) * scale
        rest = y - x @ b
        slope = -(x * scale).T @ rest / sigma**2
        return float(rest @ rest / (2 * sigma**2) + parts.sum()), np.concatenate([slope + 1, 1 - slope])

    done = minimize(
        objective,
        np.ones(2 * P),
        jac=True,
        bounds=[(0, None)] * (2 * P),
        options={"ftol": 1e-15, "gtol": 1e-11, "maxiter": 10_000},
    )
    return np.asarray((done.x[:P] - done.x[P:]) * scale)


def regression(sigma: float = 1.4, tau: float = 0.6, b: float = 0.2) -> Stub:
    x, y = columns()
    width = x.std(axis=0, ddof=1)
    data = dataset(
        {"x": (("observation", "predictor"), x), "y": ("observation", y)},
        coords={"predictor": [f"x{j}" for j in range(P)]},
        title="made up",
        source="here",
    )
    about = {"intercept": Distribution("Normal", mu=0, sigma=9), "sigma": Distribution("Exponential", lam=1)}
    written = {
        "normal": about | {"beta": Distribution("Normal", mu=np.zeros(P), sigma=tau / width)},
        "laplace": about | {"beta": Distribution("Laplace", mu=np.zeros(P), b=b / width)},
        "flat": {"intercept": Distribution("Flat"), "beta": Distribution("Flat"), "sigma": Distribution("HalfFlat")},
    }
    ols = np.asarray(sm.OLS(y, sm.add_constant(x - x.mean(axis=0))).fit().params)
    modes = {
        "normal": joint(x, y, tau / width, False, sigma),
        "laplace": joint(x, y, b / width, True, sigma),
        "flat": ols[1:],
    }
    estimates = {}
    for prior, mode in modes.items():
        estimates[prior, "map"] = np.array([ols[0], *mode, sigma])
        estimates[prior, "posterior"] = estimates[prior, "map"] + 0.01
        estimates[prior, "mle"] = np.array([ols[0], *ols[1:], sigma])
    return Stub(data, written, estimates, ["intercept", *(f"beta[x{j}]" for j in range(P)), "sigma"])


def cells(table: Table, column: int = -1) -> list[str]:
    return [row[column] for row in table.rows]


def lasso_fit() -> Stub:
    fit = regression()
    rng = np.random.default_rng(4)
    draws = {
        label: (("chain", "draw"), rng.normal(0, 0.5, (2, 400)) * fit.data["x"].values.std() / 9)
        for label in fit.labels
    }
    fit.draw = {"laplace": xr.Dataset(draws)}
    return fit

r"""The posterior of a Normal's standard deviation alone, its centre integrated out: a curve, no draws.

With n values of mean :math:`\bar y` and sum of squares S about it, the centre given sigma is integrated in closed form
under a Normal(m, t) prior, a flat one (t infinite) or a fixed centre (t zero):

.. math:: p(\sigma | y) \propto p(\sigma)\, \sigma^{-n} e^{-S / 2 \sigma^2} \cdot \sigma v^{-1/2}
          e^{-(\bar y - m)^2 / 2 v}, \quad v = t^2 + \sigma^2 / n

(Gelman, A. and others 2013, Bayesian data analysis, section 3.3). Under flat priors its mode is the root of
S / (n - 1), with the prior 1 / sigma that of S / n.
"""

from __future__ import annotations

import json
import math

import numpy as np
from scipy.optimize import minimize_scalar

from models.contract import Distribution
from models.contract.compact import has_statistics
from reports.shrinkage import source
from reports.stored import Fit

MU, SIGMA = "mu", "sigma"
REACH = 3.0  # on the scale of log sigma, beyond the spread of the data and the distance to the prior's mean


def statistics(fit: Fit) -> tuple[int, float, float] | None:
    """Number of values, their mean and their sum of squares about it; None if they were not all kept in some form."""
    data = source(fit)
    if data is None:
        return None
    if has_statistics(data):
        return int(data["rows"]), float(data["mean"]), float(data["squares"])
    if "y" not in data or data["y"].ndim != 1:
        return None
    y = data["y"].values.astype(float)
    return len(y), float(y.mean()), float(np.sum((y - y.mean()) ** 2))


def mode(fit: Fit, prior: str, label: str = SIGMA) -> float:
    """Mode of the posterior of one parameter alone, where it is known without draws.

    Parameters
    ----------
    fit : Fit
    prior, label : str

    Returns
    -------
    float
        NaN for all but sigma of values from one Normal(mu, sigma), for priors of mu under which it is not integrated in
        closed form, and if there is none.
    """
    own = label == SIGMA and fit.labels == [MU, SIGMA] and fit.text("scenario") == "gaussian"
    known, written = statistics(fit) if own else None, json.loads(fit.text("distributions") or "{}").get(prior, {})
    if known is None or not {MU, SIGMA} <= set(written):
        return math.nan
    centre, spread = (Distribution.from_json(written[name]) for name in (MU, SIGMA))
    return marginal_mode(*known, centre, spread)


def marginal_mode(n: int, mean: float, squares: float, centre: Distribution, spread: Distribution) -> float:
    """As `mode`, from the statistics of the data and the priors of mu and sigma."""
    if centre.name not in ("Normal", "Flat", "Fixed") or n < 2 or squares <= 0:
        return math.nan
    h = centre.hyperparameters
    location = float(h.get("value", h.get("mu", mean)))
    t = 0.0 if centre.fixed else float(h.get("sigma", np.inf))

    def minus(log_sigma: float) -> float:
        sigma = float(np.exp(log_sigma))
        try:
            total = float(spread.log_density(sigma)) - n * log_sigma - squares / (2 * sigma**2) + log_sigma
        except KeyError:
            return np.inf
        if not np.isfinite(t):
            return -total
        v = t**2 + sigma**2 / n
        return float(-(total - np.log(v) / 2 - (mean - location) ** 2 / (2 * v)))

    width = float(np.sqrt(squares / n))
    ends = (np.log(width) - REACH, np.log(width + abs(mean - location)) + REACH)
    found = minimize_scalar(minus, bounds=ends, method="bounded", options={"xatol": 1e-10})
    inside = min(found.x - ends[0], ends[1] - found.x) > 1e-3
    return float(np.exp(found.x)) if inside and np.isfinite(found.fun) else math.nan

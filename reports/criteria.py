r"""What information criteria start from, minus twice the log likelihood: at its maximum, and at the modes of priors.

AIC adds twice the number of parameters to :math:`-2 \log L(\hat\theta)`, BIC the number of parameters times log n, both
derived at the maximum of the likelihood (Akaike 1974, doi:10.1109/TAC.1974.1100705; Schwarz 1978,
doi:10.1214/aos/1176344136). A prior moves its mode away from there. The effective number of parameters is by how much
leave-one-out prediction is worse than that of the same data (Vehtari, Gelman and Gabry 2017,
doi:10.1007/s11222-016-9696-4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp
from scipy.stats import binom

from models.contract.predictors import design_matrix
from reports.ranking import readable
from reports.stored import Array, Fit


@dataclass(frozen=True)
class Criteria:
    """Minus twice the log likelihood at the points of a logistic regression.

    Attributes
    ----------
    mle : float
        At the maximum of the likelihood.
    maps : dict of str to float
        At the MAP by prior, of those whose MAP is another point than the MLE.
    parameters : int
    loo, effective : float or None
        Leave-one-out log predictive density under the default prior, and the effective number of parameters; None
        where a density is missing.
    """

    mle: float
    maps: dict[str, float]
    parameters: int
    loo: float | None
    effective: float | None


def at_modes(fit: Fit) -> Criteria | None:
    """None without all rows, or if the MLE does not exist or must not be read."""
    data = fit.data
    whole = {"x", "y", "trials"} <= set(data) and not str(data.attrs.get("stored", "")).startswith("a random")
    if not whole or not all(readable(fit, fit.default, label, "mle") for label in fit.labels):
        return None
    design = design_matrix(data)
    if design.shape[1] != len(fit.labels):
        return None

    def minus_twice(prior: str, reading: str) -> float:
        point = np.array([fit.value(prior, label, reading) for label in fit.labels])
        return deviance(design, data["y"].values, data["trials"].values, point)

    mle = minus_twice(fit.default, "mle")
    maps = {
        prior: minus_twice(prior, "map")
        for prior in fit.priors
        if all(readable(fit, prior, label, "map") for label in fit.labels) and any(_moved(fit, prior))
    }
    loo, effective = _left_out(fit, len(design))
    return Criteria(mle, maps, len(fit.labels), loo, effective)


def deviance(design: Array, successes: Array, trials: Array, point: Array) -> float:
    """Minus twice the log likelihood of binomial outcomes, design of shape (n, k), at coefficients of shape (k,)."""
    p = 1 / (1 + np.exp(-(design @ point)))
    return -2 * float(binom.logpmf(successes, trials, p).sum())


def _moved(fit: Fit, prior: str) -> list[bool]:
    """Whether the prior moves the mode of each parameter visibly: by more than a hundredth of its posterior sd."""
    return [
        abs(fit.value(prior, label, "map") - fit.value(prior, label, "mle"))
        > fit.value(prior, label, "posterior", "sd") / 100
        for label in fit.labels
    ]


def _left_out(fit: Fit, n: int) -> tuple[float | None, float | None]:
    stored, terms = fit.dataset(fit.default, "prediction"), fit.dataset(fit.default, "log_likelihood")
    if stored is None or terms is None:
        return None, None
    elpd = stored["elpd"].sel(reading="posterior").values
    values = terms[next(iter(terms.data_vars))].transpose("chain", "draw", ...).values.astype(float)
    values = values.reshape(values.shape[0] * values.shape[1], -1)
    good = bool(np.all(stored["khat"].values <= float(stored.attrs["good_k"])))
    if len(elpd) != n or values.shape[1] != n or not np.isfinite(elpd).all() or not good:
        return None, None
    seen = float((logsumexp(values, axis=0) - np.log(len(values))).sum())
    return float(elpd.sum()), seen - float(elpd.sum())

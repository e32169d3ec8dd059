r"""The coin's posterior under a Beta prior, Beta(a, b): all that its words state has a closed form.

With k heads in n flips and the prior Beta(alpha, beta), a = alpha + k and b = beta + n - k.
"""

from __future__ import annotations

import json

import numpy as np
from scipy.special import betaln, expit, logit
from scipy.stats import beta as beta_distribution
from scipy.stats import norm

from models.contract import Distribution
from reports.closed_form import Known, known
from reports.stored import Fit

THETA = "theta"
AHEAD = 5  # flips to predict
AGREE = 0.1  # posterior sd


def beta_prior(fit: Fit, prior: str) -> tuple[float, float] | None:
    """Both parameters of a Beta prior; None for another."""
    written = json.loads(fit.text("distributions")).get(prior, {}).get(THETA)
    one = Distribution.from_json(written) if written else None
    if one is None or one.name != "Beta":
        return None
    return float(one.hyperparameters["alpha"]), float(one.hyperparameters["beta"])


def counts(fit: Fit) -> tuple[int, int]:
    """Heads and flips."""
    return int(fit.data["heads"].sum()), int(fit.data["flips"].sum())


def posterior(fit: Fit, name: str = "") -> tuple[float, float]:
    """Both parameters of the Beta posterior under a prior (default: the default one).

    Raises
    ------
    ValueError
        If the prior is no Beta.
    """
    found = known(fit, name or fit.default)
    if found is None:
        raise ValueError(f"{fit.name}: the prior {name or fit.default} is no Beta")
    return found.a, found.b


def all_heads(a: float, b: float, ahead: int = AHEAD) -> float:
    """Probability of heads only in the next flips if theta is Beta(a, b): the product of (a + i) / (a + b + i)."""
    return Known(a, b).power(ahead)


def log_bayes_factor(heads: int, flips: int, a: float, b: float) -> float:
    """Log Bayes factor of theta ~ Beta(a, b) against theta = 1/2."""
    return float(betaln(a + heads, b + flips - heads) - betaln(a, b) + flips * np.log(2))


def flips_to_agree(rate: float, a: float, b: float) -> int | None:
    """Smallest number of flips with a share ``rate`` of heads whose MLE lies within `AGREE` sd of the posterior mean.

    With n flips of which n r are heads the mean is off by (a + b)(r - m) / (a + b + n), m = a / (a + b); the sd falls
    with the root of n. None if all or none are heads: the sd then falls as fast as the distance.
    """
    if not 0 < rate < 1:
        return None
    n = np.unique(np.geomspace(1, 1e9, 20_000).round())
    first, second = a + n * rate, b + n * (1 - rate)
    sd = np.sqrt(first * second / (first + second) ** 2 / (first + second + 1))
    near = np.abs(rate - first / (first + second)) <= AGREE * sd
    return None if not near[-1] else int(n[int(np.max(np.flatnonzero(~near), initial=-1)) + 1])


def sd(a: float, b: float) -> float:
    """Standard deviation of Beta(a, b)."""
    return float(beta_distribution.std(a, b))


def held(a: float, b: float, lower: float, upper: float) -> float:
    """Probability that Beta(a, b) puts on an interval."""
    return float(beta_distribution.cdf(upper, a, b) - beta_distribution.cdf(lower, a, b))


def equal_tailed(a: float, b: float, level: float) -> tuple[float, float]:
    """Ends of the equal-tailed interval of Beta(a, b)."""
    tail = (1 - level) / 2
    return float(beta_distribution.ppf(tail, a, b)), float(beta_distribution.isf(tail, a, b))


def laplace(a: float, b: float, level: float) -> dict[str, tuple[float, float]]:
    r"""Three intervals called the Laplace approximation of Beta(a, b), a and b above 1; ends mapped back to theta.

    ``declared`` is Normal in theta, at the mode :math:`m = (a - 1) / (a + b - 2)` with variance
    :math:`m (1 - m) / (a + b - 2)`. ``unconstrained`` is Normal in the log-odds, at the mode of the density there,
    :math:`a / (a + b)` mapped back, with variance :math:`1 / a + 1 / b`. ``mixed`` is Normal in the log-odds too, but
    of the density without its Jacobian: at m, with variance :math:`1 / (a - 1) + 1 / (b - 1)`.
    """
    z, m = float(norm.ppf((1 + level) / 2)), (a - 1) / (a + b - 2)
    half = z * float(np.sqrt(m * (1 - m) / (a + b - 2)))
    found = {"declared": (m - half, m + half)}
    for name, first, second in (("unconstrained", a, b), ("mixed", a - 1, b - 1)):
        reach = z * float(np.sqrt(1 / first + 1 / second))
        low, high = expit(logit(first / (first + second)) + np.array([-reach, reach]))
        found[name] = (float(low), float(high))
    return found

r"""The posterior of a probability in closed form: where it is known, no section works from draws instead.

With s successes in n trials and the prior Beta(a, b), the posterior is Beta(a + s, b + n - s). Of it

.. math:: E[\theta^m] = \prod_{i=0}^{m-1} \frac{a + s + i}{a + b + n + i} .

Gelman, A. and others (2013), Bayesian Data Analysis, third edition, section 2.4.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from models.contract import Distribution
from reports import pictures
from reports.stored import Array, Fit

POINTS = 4_000  # that stand for the posterior where draws would
DIGITS = 100  # parts of a standard deviation to which exact numbers are written, as points are


@dataclass(frozen=True)
class Known:
    """The posterior Beta(``a``, ``b``)."""

    a: float
    b: float

    @property
    def name(self) -> str:
        """As it is written."""
        return f"Beta({self.a:,.12g}, {self.b:,.12g})"

    @property
    def mean(self) -> float:
        """Its mean."""
        return self.a / (self.a + self.b)

    @property
    def error(self) -> float:
        """What limits the digits of numbers that have no error."""
        return float(beta.std(self.a, self.b)) / DIGITS

    def quantile(self, share: float) -> float:
        """The value below which a share of it lies."""
        return float(beta.ppf(share, self.a, self.b))

    def power(self, trials: int) -> float:
        """Probability that so many further trials all succeed."""
        return float(np.prod([(self.a + i) / (self.a + self.b + i) for i in range(trials)]))

    def values(self) -> Array:
        """Its quantiles at evenly spaced shares, rising."""
        return np.asarray(beta.ppf((np.arange(POINTS) + 0.5) / POINTS, self.a, self.b))


def known(fit: Fit, prior: str) -> Known | None:
    """The posterior of a fit with one probability, successes in trials and a Beta prior; None for any other."""
    if len(fit.labels) != 1 or pictures.shape(fit) != "counts":
        return None
    written = next(iter(json.loads(fit.text("distributions"))[prior].values()))
    one, name = Distribution.from_json(written), pictures.outcome(fit)
    if one.name != "Beta":
        return None
    successes = float(fit.data[name].sum())
    trials = float(sum(variable.sum() for variable in pictures.covariates(fit.data, name).values()))
    a, b = (float(np.ravel(one.hyperparameters[key])[0]) for key in ("alpha", "beta"))
    return Known(a + successes, b + trials - successes)

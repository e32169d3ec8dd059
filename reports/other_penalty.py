r"""A posterior mean as a penalised fit: its penalty is minus the log density of another prior.

One coefficient is seen as :math:`z \sim N(\beta, s^2)`. Under any prior its posterior mean is
:math:`\psi(z) = z + s^2 l'(z)` with :math:`l = \log p(z)`, and it is also the minimum over u of
:math:`(z - u)^2 / 2 s^2 + \varphi(u)` for the penalty

.. math:: \varphi(\psi(z)) = -\frac{(z - \psi(z))^2}{2 s^2} - l(z)

(Gribonval, R. 2011, Should penalized least squares regression be interpreted as maximum a posteriori estimation?,
doi:10.1109/TSP.2011.2107908). Under a Laplace(0, b) prior mean and density have closed forms (Pericchi, L. R. and
Smith, A. F. M. 1992, Exact and approximate posterior moments for a normal location parameter, JRSS B 54).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm


def _sides(z: float, s: float, b: float) -> tuple[float, float]:
    """Log weights of positive and of negative coefficients, up to what they share."""
    return (
        -z / b + float(norm.logcdf((z - s**2 / b) / s)),
        z / b + float(norm.logcdf((-z - s**2 / b) / s)),
    )


def posterior_mean(z: float, s: float, b: float) -> float:
    """Mean of beta given z under a Laplace prior of scale b."""
    positive, negative = _sides(z, s, b)
    share = 1 / (1 + np.exp(negative - positive))
    return float(z + s**2 / b * (1 - 2 * share))


def log_marginal(z: float, s: float, b: float) -> float:
    """Log density of z."""
    return float(np.logaddexp(*_sides(z, s, b)) + s**2 / (2 * b**2) - np.log(2 * b))


def mode(z: float, s: float, b: float) -> float:
    """Mode of beta given z: the lasso's."""
    return float(np.sign(z) * max(abs(z) - s**2 / b, 0.0))


def penalty(u: float, s: float, b: float) -> float:
    """The penalty whose minimum is the posterior mean, less its value at zero."""
    size = abs(u)
    far = size + s**2 / b
    z = 0.0 if size == 0 else float(brentq(lambda at: posterior_mean(at, s, b) - size, 0.0, far + s))

    def written(z: float) -> float:
        return -((z - posterior_mean(z, s, b)) ** 2) / (2 * s**2) - log_marginal(z, s, b)

    return written(z) - written(0.0)

r"""Are values uniform? Their empirical distribution function against exact probabilities.

The count of n uniform values below a share z is Binomial(n, z). Compared are the counts at several shares at once, and
the test statistic is the smallest tail probability anywhere. Its distribution is computed here, not simulated: the
level of ArviZ's
simulated envelope depends on the seed of its thousand simulations (false alarms from 0.7 to 2.4 % were measured where
1 % was meant), and the correction for several parameters needs levels far smaller than a thousandth.

Säilynoja, T., Bürkner, P.-C. and Vehtari, A. (2022), Graphical test for discrete uniformity and its
applications in goodness-of-fit evaluation and multiple sample comparison, doi:10.1007/s11222-022-10090-6; the exact
probabilities are those of its section 2.2, with the process of counts written as a Poisson process given its total.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy
from scipy.stats import binom

Array = NDArray[np.float64]

ALARM = 0.01  # probability that a correct program fails the check of a whole study
TIE = 1e-9  # relative: tail probabilities this close are the same


def probability(counts: NDArray[np.int64], n: int, shares: Array) -> float:
    """Probability that n uniform values are as uneven as those that were counted.

    Parameters
    ----------
    counts : array of int, shape (points,)
        How many values lie below each of the shares.
    n : int
    shares : array, shape (points,)
        Rising, between 0 and 1.

    Returns
    -------
    float
        Right to about 1e-9.
    """
    tail = float(np.min(np.minimum(binom.cdf(counts, n, shares), binom.cdf(n - counts, n, 1 - shares))))
    return 1 - staying(*band(n, shares, tail), n, shares) if tail > 0 else 0.0


def envelope(n: int, shares: Array, alarm: float) -> tuple[Array, Array]:
    """Smallest and largest counts, each of shape (points,), that uniform values leave with probability ``alarm``.

    Counts are whole numbers, so that the probability is the largest one not above ``alarm``.
    """
    low, high = alarm / (4 * len(shares)), alarm  # one point alone has two tails, all together at most 2 points
    for _ in range(30):
        middle = np.sqrt(low * high)
        if 1 - staying(*band(n, shares, middle), n, shares) > alarm:
            high = middle
        else:
            low = middle
    return band(n, shares, low)


def band(n: int, shares: Array, tail: float) -> tuple[Array, Array]:
    """Counts whose tail probabilities are all larger than ``tail``: smallest and largest, each of shape (points,)."""
    larger = tail * (1 + TIE)
    return binom.ppf(larger, n, shares), n - binom.ppf(larger, n, 1 - shares)


def staying(lower: Array, upper: Array, n: int, shares: Array) -> float:
    """Probability that the counts of n uniform values below each share are all between two bounds.

    The counts are a Poisson process of rate n, given that its total is n: from one share to the next they grow by an
    independent Poisson number, so that the probabilities of all counts within the bounds follow by one convolution.
    """
    state, before, reached = np.ones(1), 0, 0.0
    for low, high, share in zip(lower.astype(int), upper.astype(int), shares, strict=True):
        if high < max(low, before):
            return 0.0
        state = np.convolve(state, _poisson(np.arange(high - before + 1), n * (share - reached)))
        state, before, reached = state[max(low - before, 0) : high - before + 1], max(low, before), share
    rest = _poisson(n - before - np.arange(len(state)), n * (1 - reached))
    return min(1.0, float(np.sum(state * rest) / _poisson(np.array(n), n)))


def _poisson(counts: NDArray[np.int64], rate: float) -> Array:
    """Poisson probabilities; without what `scipy.stats` does around them, which is most of the time of an envelope."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Array = np.where(counts >= 0, np.exp(xlogy(counts, rate) - rate - gammaln(counts + 1.0)), 0.0)
    return found

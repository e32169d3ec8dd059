r"""Exact long-run behaviour of the coin's readings: sums over all possible numbers of heads, no simulation.

Of n flips, k heads have probability :math:`f(k) = Binomial(k; n, \theta)`, and whatever a reading concludes from k, it
concludes with that probability. Coverage at :math:`\theta` is therefore :math:`\sum_k f(k) 1[l_k \le \theta \le u_k]`,
and bias, error and width are such sums too. Averaged over worlds whose :math:`\theta` is drawn from a Beta
distribution, k is Beta-binomial and :math:`\theta` given k is Beta again, so that the average is a sum as well.

Brown, L. D., Cai, T. T. and DasGupta, A. (2001), Interval estimation for a binomial proportion,
doi:10.1214/ss/1009213286.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize.elementwise import find_root
from scipy.special import xlog1py, xlogy
from scipy.stats import beta as beta_distribution
from scipy.stats import betabinom, binom, chi2, norm

from comparisons.coverage import READING_OF

Array = NDArray[Any]


@dataclass(frozen=True)
class Coin:
    """A coin flipped ``flips`` times, read under a Beta(``alpha``, ``beta``) prior.

    Attributes
    ----------
    flips : int
        At least 1.
    alpha, beta : float
        Of the prior under which the coin is read; positive.
    level : float
        Of all intervals.
    """

    flips: int
    alpha: float = 1.0
    beta: float = 1.0
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.flips < 1 or not (self.alpha > 0 and self.beta > 0 and 0 < self.level < 1):
            raise ValueError(f"a coin needs flips, a proper prior and a level between 0 and 1: {self}")

    @property
    def heads(self) -> NDArray[np.int64]:
        """All possible numbers of heads, shape (flips + 1,)."""
        return np.arange(self.flips + 1)

    @property
    def posterior(self) -> tuple[Array, Array]:
        """Both parameters of the Beta posterior for every number of heads, each of shape (flips + 1,)."""
        return self.alpha + self.heads, self.beta + self.flips - self.heads

    def estimates(self, reading: str) -> Array:
        """What a reading (``mle``, ``map``, ``posterior``) estimates for every number of heads; NaN: no maximum."""
        a, b = self.posterior
        if reading == "mle":
            return self.heads / self.flips
        if reading == "posterior":
            return np.asarray(a / (a + b))
        return np.where((a < 1) | (b < 1), np.nan, (a - 1) / np.where(a + b > 2, a + b - 2, np.nan))

    def ends(self, interval: str) -> tuple[Array, Array]:
        """Ends of an interval for every number of heads, each of shape (flips + 1,); NaN where it does not exist.

        Parameters
        ----------
        interval : {"wald", "profile", "laplace", "eti", "hdi"}
            As the readings make them: Wald and Laplace intervals on the scale of theta, without any at a maximum on
            the boundary, where there is no curvature.
        """
        a, b = self.posterior
        if interval == "eti":
            tail = (1 - self.level) / 2
            return beta_distribution.ppf(tail, a, b), beta_distribution.isf(tail, a, b)
        if interval == "hdi":
            return self._highest_density(a, b)
        if interval == "profile":
            return self._profile()
        weight = float(self.flips) if interval == "wald" else a + b - 2
        mode = self.estimates(READING_OF[interval])
        inside = (mode > 0) & (mode < 1)
        half = norm.ppf((1 + self.level) / 2) * np.sqrt(np.where(inside, mode * (1 - mode), np.nan) / weight)
        return mode - half, mode + half

    def _profile(self) -> tuple[Array, Array]:
        """Where twice the log likelihood has fallen by the chi-squared quantile; at an end of the support, that end."""
        heads, top = self.heads, self.heads / self.flips
        drop = chi2.ppf(self.level, 1) / 2
        highest = xlogy(heads, top) + xlog1py(self.flips - heads, -top)

        def excess(theta: Array, heads: Array, highest: Array) -> Array:
            return np.asarray(xlogy(heads, theta) + xlog1py(self.flips - heads, -theta) - highest + drop)

        lower, upper = np.zeros(len(heads)), np.ones(len(heads))
        for end, far, searched in ((lower, 0.0, heads > 0), (upper, 1.0, heads < self.flips)):
            bracket = np.full(searched.sum(), far), top[searched]
            end[searched] = find_root(excess, bracket, args=(heads[searched], highest[searched])).x
        return lower, upper

    def _highest_density(self, a: Array, b: Array) -> tuple[Array, Array]:
        """The shortest interval of that probability: equally dense at both ends, or up to the end where it is densest.

        With one flip or more a Beta posterior has one mode, inside or at an end.
        """
        lower, upper = np.zeros(len(a)), np.ones(len(a))
        falling, rising = (a <= 1) & (b > 1), (b <= 1) & (a > 1)
        upper[falling] = beta_distribution.ppf(self.level, a[falling], b[falling])
        lower[rising] = beta_distribution.isf(self.level, a[rising], b[rising])
        inside = (a > 1) & (b > 1)

        def slope(tail: Array, a: Array, b: Array) -> Array:
            ends = beta_distribution.ppf(tail, a, b), beta_distribution.ppf(tail + self.level, a, b)
            with np.errstate(divide="ignore"):
                first, second = (xlogy(a - 1, end) + xlog1py(b - 1, -end) for end in ends)
            return np.asarray(np.clip(first, -1e300, None) - np.clip(second, -1e300, None))

        a, b = a[inside], b[inside]
        tail = find_root(slope, (np.zeros(len(a)), np.full(len(a), 1 - self.level)), args=(a, b)).x
        lower[inside] = beta_distribution.ppf(tail, a, b)
        upper[inside] = beta_distribution.ppf(tail + self.level, a, b)
        return lower, upper


def at(coin: Coin, theta: ArrayLike) -> pd.DataFrame:
    """Long-run behaviour at given truths.

    Parameters
    ----------
    coin : Coin
    theta : array_like, shape (m,)
        Probabilities of heads between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row per truth and interval: ``truth``, ``reading``, ``interval``, ``level``; ``coverage``, in which an
        interval that does not exist misses the truth; ``missing``, the probability of that; expected ``width`` of
        those that exist; ``bias``, ``rmse`` of the reading's estimate where it exists.
    """
    truths = np.atleast_1d(np.asarray(theta, dtype=float))
    probability = binom.pmf(coin.heads, coin.flips, truths[:, None])
    frames = []
    for interval, reading in READING_OF.items():
        (lower, upper), estimate = coin.ends(interval), coin.estimates(reading)
        covers = (lower <= truths[:, None]) & (truths[:, None] <= upper)
        error = estimate - truths[:, None]
        frames.append(_rows(coin, interval, probability, covers, upper - lower, error, error**2).assign(truth=truths))
    return _ordered(pd.concat(frames), ["truth"])


def averaged(coin: Coin, alpha: float, beta: float) -> pd.DataFrame:
    """Long-run behaviour over worlds whose theta is drawn from Beta(``alpha``, ``beta``), which need not be the prior.

    Returns
    -------
    pandas.DataFrame
        One row per interval, columns as in `at` without ``truth``. An exact posterior interval under the same prior
        has coverage ``level``.
    """
    probability = betabinom.pmf(coin.heads, coin.flips, alpha, beta)[None]
    a, b = alpha + coin.heads, beta + coin.flips - coin.heads
    truth = beta_distribution(a, b)
    frames = []
    for interval, reading in READING_OF.items():
        (lower, upper), estimate = coin.ends(interval), coin.estimates(reading)
        covers = np.where(np.isnan(lower), 0.0, truth.cdf(upper) - truth.cdf(lower))
        error = estimate - truth.mean()
        frames.append(_rows(coin, interval, probability, covers, upper - lower, error, error**2 + truth.var()))
    return _ordered(pd.concat(frames), [])


def _rows(
    coin: Coin, interval: str, probability: Array, covers: Array, width: Array, error: Array, squared: Array
) -> pd.DataFrame:
    """Expectations over the numbers of heads, the last axis; those of width and errors given that they exist."""

    def mean(values: Array) -> Array:
        known = ~np.isnan(values)
        with np.errstate(invalid="ignore"):
            expected = np.sum(probability * np.where(known, values, 0), axis=-1) / np.sum(probability * known, axis=-1)
        return np.asarray(expected)

    return pd.DataFrame(
        {
            "reading": READING_OF[interval],
            "interval": interval,
            "level": coin.level,
            "coverage": np.sum(probability * covers, axis=-1),
            "missing": np.sum(probability * np.isnan(width), axis=-1),
            "width": mean(width),
            "bias": mean(error),
            "rmse": np.sqrt(mean(squared)),
        }
    )


def _ordered(frame: pd.DataFrame, first: list[str]) -> pd.DataFrame:
    return frame[first + [column for column in frame if column not in first]].reset_index(drop=True)

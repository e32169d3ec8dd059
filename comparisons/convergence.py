"""R-hat and effective sample sizes of many quantities at once.

The same numbers as ArviZ's, which computes them one quantity after the other and spends as much time on it as the
sampler needs for a small world (Vehtari, A. and others 2021, doi:10.1214/20-BA1221; Geyer, C. J. 1992,
doi:10.1214/ss/1177011137).
"""

from __future__ import annotations

import arviz as az
import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri
from scipy.stats import rankdata

from comparisons.functions import Array

BLOCK = 500_000  # draws handled at once


def convergence(draws: Array) -> tuple[Array, Array, Array]:
    """R-hat, bulk and tail effective size.

    Parameters
    ----------
    draws : array, shape (worlds, chains, draws, q)
        At least four draws of two chains.

    Returns
    -------
    r_hat, ess_bulk, ess_tail : array, shape (worlds, q)
        NaN where a draw is no finite number.
    """
    worlds, chains, length, q = draws.shape
    rows = np.moveaxis(draws, 3, 1).reshape(-1, chains, length)
    blocks = np.array_split(rows, -(-rows.size // BLOCK))
    found = np.concatenate([_measures(block) for block in blocks if len(block)])
    r_hat, bulk, tail = found.T.reshape(3, worlds, q)
    return r_hat, bulk, tail


def _measures(rows: Array) -> Array:
    """All three of quantities, shape (m, chains, draws) to (m, 3)."""
    fine = np.isfinite(rows).all(axis=(1, 2))
    rows = np.where(fine[:, None, None], rows, 0.0)
    split = _split(rows)
    scores = _scores(split)
    folded = _scores(np.abs(split - np.median(split, axis=(1, 2), keepdims=True)))
    high = az.rcParams["stats.ci_prob"]
    ends = [rows <= np.quantile(rows, p, axis=(1, 2))[:, None, None] for p in (1 - high, high)]
    tail = np.minimum(*(_effective(_split(end.astype(float))) for end in ends))
    found = np.stack([np.maximum(_ratio(scores), _ratio(folded)), _effective(scores), tail], axis=1)
    return np.where(fine[:, None], found, np.nan)


def _split(rows: Array) -> Array:
    """Halves of chains as chains."""
    half = rows.shape[2] // 2
    return np.concatenate([rows[:, :, :half], rows[:, :, -half:]], axis=1)


def _scores(rows: Array) -> Array:
    """Normal scores of the ranks of all draws of a quantity."""
    flat = rows.reshape(len(rows), -1)
    rank = (rankdata(flat, axis=1) - 3 / 8) / (flat.shape[1] + 1 / 4)
    return np.asarray(ndtri(rank).reshape(rows.shape))


def _ratio(rows: Array) -> Array:
    """R-hat: the root of the variance of all chains together over that within chains."""
    length = rows.shape[2]
    between, within = length * rows.mean(axis=2).var(axis=1, ddof=1), rows.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(all="ignore"):
        return np.asarray(np.sqrt((between / within + length - 1) / length))


def _effective(rows: Array) -> Array:
    """Effective size: sums of pairs of autocorrelations, as long as they are positive, and made to fall."""
    _, chains, length = rows.shape
    total, padded = chains * length, next_fast_len(2 * length)
    spectrum = rfft(rows - rows.mean(axis=2, keepdims=True), n=padded, axis=2)
    covariance = irfft(spectrum * np.conj(spectrum), n=padded, axis=2)[:, :, :length].mean(axis=1) / length
    within = covariance[:, :1] * length / (length - 1)
    spread = covariance[:, :1] + rows.mean(axis=2).var(axis=1, ddof=1)[:, None]
    with np.errstate(all="ignore"):
        correlation = 1 - (within - covariance) / spread
    correlation[:, 0] = 1.0
    pairs = correlation[:, : length // 2 * 2].reshape(len(rows), -1, 2)
    sums = pairs.sum(axis=2)
    number = np.arange(sums.shape[1])
    ends = (~(sums > 0)) | (number == -(-(length - 2) // 2) - 1)
    last = np.argmax(ends, axis=1)  # the pair at which the sum stops, of which the first may still count
    falling = np.where(number < last[:, None], np.minimum.accumulate(sums, axis=1), 0.0)
    everyone = np.arange(len(rows))
    first, both = pairs[everyone, last, 0], sums[everyone, last]
    time = -1 + 2 * falling.sum(axis=1) + np.where((both >= 0) | (first > 0), first, 0.0)
    constant = np.ptp(rows, axis=(1, 2)) < np.finfo(float).resolution
    return np.asarray(np.where(constant, total, total / np.maximum(time, 1 / np.log10(total))))

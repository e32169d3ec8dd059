r"""Sufficient statistics of Normal linear models: as much as ten million rows can say, in as many rows as columns.

With a column of ones, :math:`p` predictors centred at their means :math:`\bar x`, :math:`X - \bar x = Q R` and
:math:`z = Q^T y`, the likelihood of :math:`y_i \sim N(\alpha + x_i^T \beta, \sigma)` is, up to a factor without
parameters, that of three independent statistics (Fisher, R. A. 1925, doi:10.1017/S0305004100009580; Rao, C. R. 1973,
Linear Statistical Inference, section 3b.5):

.. math:: \bar y \sim N(\alpha + \bar x^T \beta, \sigma / \sqrt n), \quad z_j \sim N((R \beta)_j, \sigma), \quad
   \text{RSS} \sim \text{Gamma}((n - p - 1) / 2, 1 / (2 \sigma^2)).

Without intercept the first is left out, nothing is centred and the shape is :math:`(n - p) / 2`. The Gaussian has no
:math:`z`. The mean stands beside :math:`\alpha` and not :math:`\sqrt n \bar y` beside :math:`\sqrt n \alpha`: two
numbers close to each other are subtracted without rounding, multiples of them are not.

:math:`R` comes from QR decompositions of blocks of rows, each stacked under the triangle of those before (TSQR: Demmel,
J. and others 2012, doi:10.1137/080731992). Memory is bounded by the block; no sum of products is ever formed, which
would lose half of the digits; and Householder's reflections are as exact in a column of millions as in one of
millionths, so that columns need no scaling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.contract.reference import Array

BLOCK = 8_192  # rows: their part of a design of a few columns stays in the processor's cache
MOST = 1_000  # rows: the rounding of a triangle made of blocks grows no further with them
NOTHING = 1e-20  # of the sum of squares about the mean: a residual below it is rounding


@dataclass(frozen=True)
class Moments:
    """First and second moments of predictors and outcome, without loss.

    Attributes
    ----------
    rows : int
    location : array, shape (p,)
        Means of the predictors.
    mean : float
        Of the outcome.
    triangle : array, shape (p + 1, p + 1)
        Upper triangle: the same products as all rows of predictors and outcome, the last column, about their means.
    """

    rows: int
    location: Array
    mean: float
    triangle: Array

    @property
    def width(self) -> Array:
        """Standard deviations of the predictors, divisor n - 1, shape (p,)."""
        return np.asarray(np.linalg.norm(self.triangle[:, :-1], axis=0) / np.sqrt(self.rows - 1))

    @property
    def spread(self) -> float:
        """Standard deviation of the outcome, divisor n - 1."""
        return float(np.linalg.norm(self.triangle[:, -1]) / np.sqrt(self.rows - 1))

    def about_zero(self) -> Array:
        """Upper triangle with the products about zero, for a model without intercept."""
        return _triangle(np.vstack([np.sqrt(self.rows) * np.append(self.location, self.mean), self.triangle]))


def _parts(values: Array) -> Iterator[Array]:
    """Blocks of rows."""
    return (values[at : at + BLOCK] for at in range(0, len(values), BLOCK))


def _triangle(matrix: Array) -> Array:
    """Triangle of a QR decomposition with a diagonal that is not negative; square, with rows of zeros if need be."""
    triangle = np.linalg.qr(matrix, mode="r")
    triangle = triangle * np.where(np.diag(triangle) < 0, -1.0, 1.0)[:, None]
    return np.pad(triangle, ((0, triangle.shape[1] - len(triangle)), (0, 0)))


def means(values: Array) -> Array:
    """Means of columns, shape (n, p) to (p,), in two passes of which the second corrects the first."""
    n, one = len(values), np.ones(BLOCK)
    centre = sum((one[: len(part)] @ part for part in _parts(values)), np.zeros(values.shape[1])) / n
    rest = sum((one[: len(part)] @ (part - centre) for part in _parts(values)), np.zeros(values.shape[1])) / n
    return np.asarray(centre + rest)


def widths(values: Array, centre: Array) -> Array:
    """Standard deviations of columns about their means, divisor n - 1, shape (n, p) to (p,)."""
    deviations = (part - centre for part in _parts(values))
    squares = sum((np.einsum("ij,ij->j", part, part) for part in deviations), np.zeros(values.shape[1]))
    return np.asarray(np.sqrt(squares / (len(values) - 1)))


def moments(x: Array, y: Array) -> Moments:
    """Moments of predictors, shape (n, p), and outcome, shape (n,), with memory for one block of rows."""
    n, p = x.shape
    location, mean = means(x), means(y[:, None])[0]
    triangle = np.zeros((p + 1, p + 1))
    for rows, outcomes in zip(_parts(x), _parts(y), strict=True):
        triangle = _triangle(np.vstack([triangle, np.column_stack([rows - location, outcomes - mean])]))
    return Moments(n, location, float(mean), triangle)


def rank(design: Array, rows: int) -> int:
    """Rank of a matrix with columns of any units that stands for so many rows, rounding taken into account."""
    length = np.linalg.norm(design, axis=0)
    tolerance = np.finfo(float).eps * max(design.shape[1], min(rows, MOST))
    return int(np.linalg.matrix_rank(design / np.where(length > 0, length, 1.0), rtol=tolerance)) if design.size else 0


def log_constant(rows: int, freedom: int, squares: float, intercept: bool) -> float:
    """Log of what the likelihood of the rows is more than that of their statistics.

    Parameters
    ----------
    rows, freedom : int
        n, and n minus the number of columns.
    squares : float
        Sum of squared residuals.
    intercept : bool
        Whether the mean of the outcome is one of the statistics.
    """
    from scipy.special import gammaln

    shape = freedom / 2
    gamma = (shape - 1) * np.log(squares) - shape * np.log(2) - gammaln(shape)
    return float(-shape * np.log(2 * np.pi) - gamma - intercept * np.log(rows) / 2)

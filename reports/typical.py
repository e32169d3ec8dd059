r"""How far the draws of a posterior lie from its mode: in many dimensions hardly any lies near.

Distances are Mahalanobis distances, :math:`r^2 = (x - m)^T S^{-1} (x - m)` with the covariance S of the draws: in
posterior standard deviations, however the parameters are correlated. Around the mean of a d-dimensional Normal,
:math:`r^2` has the chi-squared distribution with d degrees of freedom. What follows for sampling is told by Betancourt,
M. (2017), A conceptual introduction to Hamiltonian Monte Carlo, arXiv:1701.02434.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import chi, chi2

from comparisons.digits import number, significant
from reports import draw
from reports.draw import Image
from reports.ranking import readable
from reports.stored import Array, Fit
from reports.style import NEUTRAL, READINGS
from reports.words import plural

NEAR = 0.5  # posterior sd: what "near the mode" means here
FEWEST = 3  # dimensions from which a picture shows something
FLAT = 1e-9  # of the largest variance: a direction without any, as of weights that add up to one


@dataclass(frozen=True)
class Distances:
    """Distances of all draws from the MAP.

    Attributes
    ----------
    values : array, shape (draws,)
        In posterior standard deviations.
    d : int
        Directions in which the draws vary: parameters, those left out that the others determine.
    mode : float
        Distance of the MAP from the posterior mean.
    """

    values: Array
    d: int
    mode: float

    @property
    def near(self) -> int:
        """Draws within `NEAR` of the MAP."""
        return int((self.values <= NEAR).sum())

    @property
    def normal(self) -> float:
        """Probability within `NEAR` of the mode of a Normal of so many dimensions."""
        return float(chi2.cdf(NEAR**2, self.d))


def distances(fit: Fit) -> Distances | None:
    """Under the default prior; None if the MAP or the posterior of a parameter must not be read, or cannot vary."""
    prior = fit.default
    if not all(readable(fit, prior, label, reading) for label in fit.labels for reading in ("map", "posterior")):
        return None
    draws = np.stack([fit.draws(prior)[label].values.ravel().astype(float) for label in fit.labels], axis=1)
    return around(draws, np.array([fit.value(prior, label, "map") for label in fit.labels]))


def around(draws: Array, mode: Array) -> Distances | None:
    """Distances of draws, shape (s, d), from a point; None if there is no direction in which they vary."""
    mean, spread = draws.mean(axis=0), draws.std(axis=0)
    if not np.all(spread > 0):
        return None
    size, basis = np.linalg.eigh(np.cov((draws - mean) / spread, rowvar=False).reshape(len(mean), -1))
    free = size > FLAT * size.max()
    axes = basis[:, free] / np.sqrt(size[free])
    from_mode = np.linalg.norm((draws - mode) / spread @ axes, axis=1)
    return Distances(from_mode, int(free.sum()), float(np.linalg.norm((mean - mode) / spread @ axes)))


def picture(fit: Fit) -> Image | None:
    """The distances beside those of a Normal of one and of as many dimensions; None in few dimensions."""
    found = distances(fit)
    if found is None or found.d < FEWEST:
        return None
    figure = Figure(figsize=(6.5, 2.4))
    draw.margins(figure, left=0.3, bottom=0.45, top=0.12)
    axes = figure.subplots()
    colour = READINGS["posterior"].colour
    right = float(max(np.quantile(found.values, 0.998), chi.ppf(0.998, found.d)))
    axes.hist(found.values, bins=40, range=(0, right), density=True, color=colour, alpha=0.3)
    r = np.linspace(0, right, 300)
    axes.plot(r, chi.pdf(r, found.d), color=colour)
    axes.plot(r, chi.pdf(r, 1), color=NEUTRAL, linestyle=(0, (4, 3)), linewidth=1.2)
    mark = READINGS["map"]
    axes.plot(0, 0, marker=mark.marker, color=mark.colour, markersize=8, clip_on=False, zorder=5)
    axes.axvspan(0, NEAR, color=mark.colour, alpha=0.12, linewidth=0)
    axes.set(xlim=(0, right), ylim=(0, None), yticks=[], xlabel="distance from the MAP, in posterior sd")
    draws = plural(len(found.values), "draw")
    alternative = (
        f"Histogram of the distances of {draws} from the MAP: {found.near:,} within {NEAR:g} sd, half of them farther "
        f"than {significant(float(np.median(found.values)), 2)}."
    )
    caption = (
        f"How far from the MAP (triangle) the posterior is. Shaded: distances of {draws} of {found.d} parameters, in "
        f"posterior standard deviations with all correlations taken out; line: those of a Normal in {found.d} "
        f"dimensions; dashed: in one. The joint density is highest at the MAP, and yet {near(found)}: there is hardly "
        "any room so near."
    )
    return draw.image(figure, alternative, caption)


def near(found: Distances) -> str:
    """How many draws are near, in words."""
    lie = f"{found.near:,} lie" if found.near > 1 else "one lies" if found.near else "none lies"
    return f"of {len(found.values):,} draws {lie} within {NEAR:g} posterior sd of the MAP"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def told(found: Distances) -> str:
    """The distances in two sentences."""
    low, middle = float(found.values.min()), float(np.median(found.values))
    one = float(chi2.cdf(NEAR**2, 1))
    return (
        f"{_capital(near(found))}, all correlations taken out; the nearest is {number(low, 0.1)} away, and half of "
        f"them are farther than {number(middle, 0.1)}. Of a Normal in {found.d} dimensions a share of "
        f"{significant(found.normal, 1)} lies so near, in one dimension {significant(one, 2)}."
    )

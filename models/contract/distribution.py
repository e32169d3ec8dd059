"""Prior distributions as data: a name and its hyperparameters, readable by PyMC, by SciPy and by people."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pytensor.tensor import TensorVariable
    from scipy.stats.distributions import rv_frozen

IMPROPER = ("Flat", "HalfFlat")


class Distribution:
    """A PyMC distribution, named, with its hyperparameters.

    Parameters
    ----------
    name : str
        The name of a class of `pymc`, for example ``"Beta"``.
    **hyperparameters : float or array_like
        The arguments of that class, by its own names. Arrays broadcast against the dims of the variable.

    Examples
    --------
    >>> str(Distribution("Beta", alpha=2, beta=2))
    'Beta(alpha=2, beta=2)'
    """

    def __init__(self, name: str, **hyperparameters: Any) -> None:
        self.name = name
        self.hyperparameters = {key: np.asarray(value, dtype=float) for key, value in hyperparameters.items()}

    @property
    def keeps_from_zero(self) -> bool:
        """Whether the density of a scale vanishes at zero faster than any power: no likelihood outgrows it.

        It bounds the joint density. It does not rule out a high and narrow mode where many observations are tied.
        """
        return self.name in ("LogNormal", "InverseGamma")

    @property
    def proper(self) -> bool:
        """Whether the density integrates to one."""
        return self.name not in IMPROPER

    def variable(self, name: str, dims: str | tuple[str, ...] | None = None) -> TensorVariable:
        """Add the variable to the open PyMC model; its hyperparameters are the data ``<name>_<hyperparameter>``."""
        import pymc as pm

        hyperparameters = {key: pm.Data(f"{name}_{key}", value) for key, value in self.hyperparameters.items()}
        variable: TensorVariable = getattr(pm, self.name)(name, dims=dims, **hyperparameters)
        return variable

    @cached_property
    def scipy(self) -> rv_frozen:
        """Return the same distribution from `scipy.stats`: an implementation independent of PyMC's.

        Raises
        ------
        KeyError
            If the distribution is improper or has no counterpart here.
        """
        from scipy import stats

        h = self.hyperparameters
        match self.name:
            case "Beta":
                return stats.beta(h["alpha"], h["beta"])
            case "Normal":
                return stats.norm(h["mu"], h["sigma"])
            case "Laplace":
                return stats.laplace(h["mu"], h["b"])
            case "Exponential":
                return stats.expon(scale=1 / h["lam"])
            case "HalfNormal":
                return stats.halfnorm(scale=h["sigma"])
            case "LogNormal":
                return stats.lognorm(s=h["sigma"], scale=np.exp(h["mu"]))
        raise KeyError(f"no counterpart of {self.name} in SciPy is known here")

    def log_density(self, value: Any) -> Any:
        """Log density by SciPy, elementwise; zero for an improper flat distribution."""
        return np.zeros_like(value) if not self.proper else self.scipy.logpdf(value)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={_text(value)}' for key, value in self.hyperparameters.items())})"

    __repr__ = __str__


Prior = Mapping[str, Distribution]
"""A prior: one `Distribution` per free variable of the model."""


def _text(value: np.ndarray) -> str:
    if value.ndim == 0 or np.all(value == value.flat[0]):
        return f"{value.flat[0]:.4g}"
    return "[" + ", ".join(f"{element:.4g}" for element in value.ravel()) + "]"

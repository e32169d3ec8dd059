"""Prior distributions as data: a name and its hyperparameters, readable by PyMC, by SciPy and by people."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.contract.families import Family, families

if TYPE_CHECKING:
    from pytensor.tensor import TensorVariable
    from scipy.stats.distributions import rv_frozen

IMPROPER = ("Flat", "HalfFlat", "Reciprocal")


class Distribution:
    """A distribution, named, with its hyperparameters.

    Parameters
    ----------
    name : str
        The name of a class of `pymc`, for example ``"Beta"``; or ``"Reciprocal"``, the improper density ``1 / x`` of a
        positive ``x``; or ``"Fixed"``, all of it at ``value``.
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
    def family(self) -> Family:
        """What is known of the family."""
        return families()[self.name]

    @property
    def proper(self) -> bool:
        """Whether the density integrates to one."""
        return self.name not in IMPROPER

    @property
    def fixed(self) -> bool:
        """Whether this is a number held fixed."""
        return self.name == "Fixed"

    @property
    def support(self) -> tuple[Any, Any]:
        """Ends of the support, each a number or an array in the shape of the hyperparameters."""
        support = self.family.support
        return support(self.hyperparameters) if callable(support) else support

    @property
    def low(self) -> Any:
        """Lower end of the support."""
        return self.support[0]

    @property
    def high(self) -> Any:
        """Upper end of the support."""
        return self.support[1]

    @property
    def unbounded(self) -> bool:
        """Whether it lives on the whole line, so that a search may go anywhere."""
        return bool(np.all(np.isneginf(self.low)) and np.all(np.isposinf(self.high)))

    @property
    def at_zero(self) -> float:
        """The density vanishes as ``x ** at_zero`` at zero; the least of all elements."""
        return float(np.min(self.family.at_zero(self.hyperparameters)))

    @property
    def tail(self) -> Any:
        """The density falls as ``|x| ** -tail`` far out, by element: 0 if flat, 2 of a Cauchy, inf of a Normal."""
        return self.family.tail(self.hyperparameters)

    def variable(self, name: str, dims: str | tuple[str, ...] | None = None) -> TensorVariable:
        """Add the variable to the open PyMC model; its hyperparameters are the data ``<name>_<hyperparameter>``."""
        import pymc as pm
        import pytensor.tensor as pt
        from pymc.distributions.transforms import log

        if self.fixed:
            coords = pm.modelcontext(None).coords
            shape = [len(coords[dim] or ()) for dim in ([dims] if isinstance(dims, str) else dims or ())]
            value = np.broadcast_to(self.hyperparameters["value"], shape)
            constant: TensorVariable = pm.Data(f"{name}_value", value, dims=dims)
            return constant
        hyperparameters = {key: pm.Data(f"{name}_{key}", value) for key, value in self.hyperparameters.items()}
        variable: TensorVariable
        if self.name == "Reciprocal":
            variable = pm.CustomDist(
                name,
                logp=lambda x: pt.switch(x > 0, -pt.log(x), -np.inf),
                default_transform=log,
                signature="->()",
                dims=dims,
            )
        else:
            variable = getattr(pm, self.name)(name, dims=dims, **hyperparameters)
        return variable

    @cached_property
    def scipy(self) -> rv_frozen:
        """Return the same distribution from `scipy.stats`: an implementation independent of PyMC's.

        Raises
        ------
        KeyError
            If the distribution is improper or has no counterpart in SciPy.
        """
        from scipy import stats

        if self.family.scipy is None:
            raise KeyError(f"no counterpart of {self.name} in SciPy is known here")
        return self.family.scipy(stats, self.hyperparameters)

    def log_density(self, value: Any) -> Any:
        """Log density by SciPy, elementwise; zero for a constant one and for a number held fixed.

        Raises
        ------
        KeyError
            If there is none in SciPy.
        """
        if self.name in ("Flat", "HalfFlat", "Fixed"):
            return np.zeros_like(value)
        if self.name == "Reciprocal":
            return -np.log(value)
        if self.name == "HalfStudentT":
            from scipy import stats

            h = self.hyperparameters
            return np.where(np.asarray(value) >= 0, np.log(2) + stats.t.logpdf(value, h["nu"], 0, h["sigma"]), -np.inf)
        return self.scipy.logpdf(value)

    def restated(self, unit: Any, location: Any = 0.0) -> Distribution:
        """Return the distribution of ``location + unit * x``, if ``x`` has this one.

        Raises
        ------
        ValueError
            If the family does not hold it.
        """
        family, h = self.family, dict(self.hyperparameters)
        if np.any(location) and not family.shifts and self.name not in ("Flat", "Fixed"):
            raise ValueError(f"{self.name} cannot be moved")
        if self.name == "LogNormal":
            h["mu"] = h["mu"] + np.log(unit)
        elif family.support == (0.0, 1.0) or self.name == "Dirichlet":
            raise ValueError(f"{self.name} cannot be stretched")
        h |= {key: location + h[key] * unit for key in family.shifts}
        h |= {key: h[key] * unit for key in family.scales}
        h |= {key: h[key] / unit for key in family.rates}
        if self.fixed:
            h["value"] = h["value"] + location
        return Distribution(self.name, **h)

    def inside(self, value: Any, rng: np.random.Generator) -> Any:
        """Return the value, with elements outside of the support put somewhere inside."""
        low, high = (np.broadcast_to(end, np.shape(value)) for end in self.support)
        share, far = rng.uniform(0.2, 0.8, np.shape(value)), 1 + rng.exponential(size=np.shape(value))
        with np.errstate(invalid="ignore"):  # infinite ends: what they make is not chosen
            bounded = low + share * (high - low)
            beyond = low + far * np.where(low == 0, np.abs(value) + 0.1, np.abs(low))
            before = high - far * np.where(high == 0, np.abs(value) + 0.1, np.abs(high))
            one_sided = np.where(np.isfinite(low), beyond, before)
            within = np.where(np.isfinite(high) & np.isfinite(low), bounded, one_sided)
        return np.where((value > low) & (value < high), value, within)

    def as_json(self) -> dict[str, Any]:
        """The distribution as plain JSON, every digit kept; `from_json` reads it."""
        return {"name": self.name, "hyperparameters": {key: h.tolist() for key, h in self.hyperparameters.items()}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Distribution:
        """Read what `as_json` wrote."""
        return cls(content["name"], **content["hyperparameters"])

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{key}={_text(value)}' for key, value in self.hyperparameters.items())})"

    __repr__ = __str__


Prior = Mapping[str, Distribution]
"""A prior: one `Distribution` per free variable of the model."""


def flat(prior: Prior) -> Prior:
    """Return the prior under which the joint density is the likelihood; what is held fixed stays fixed."""
    return {name: one if one.fixed else Distribution("Flat") for name, one in prior.items()}


def restated(prior: Prior, units: Mapping[str, tuple[Any, Any]]) -> Prior:
    """Return a prior stated for standardised data in the units of the data (`models.contract.Scenario.units`)."""
    return {name: one.restated(units[name][1], units[name][0]) if name in units else one for name, one in prior.items()}


def _text(value: np.ndarray) -> str:
    if value.ndim == 0 or np.all(value == value.flat[0]):
        return f"{value.flat[0]:.4g}"
    return "[" + ", ".join(f"{element:.4g}" for element in value.ravel()) + "]"

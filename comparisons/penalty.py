"""The penalty dictionary: penalties of other libraries as scales of a prior, and back.

Formulas and sources: `comparisons.penalty_forms`. Columns are taken as the penalty sees them, and the intercept has no
penalty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from comparisons.penalty_forms import KINDS, QUADRATIC, Form
from models.contract.bad_input import BadInput

OPTIONS = {name: f"--{name.replace('_', '-')}" for name in ("tau", "b", "sigma", "n", "sd_y", "l1_ratio")}


@dataclass(frozen=True)
class Data:
    """What a penalty may depend on beside the prior; what is not known is left out.

    Attributes
    ----------
    sigma : float, optional
        Noise standard deviation of a Gaussian likelihood, in the unit of y.
    n : int, optional
        Number of rows.
    sd_y : float, optional
        Standard deviation of y with divisor n; only glmnet asks for it.

    Raises
    ------
    BadInput
        If a number is not finite and positive.
    """

    sigma: float | None = None
    n: int | None = None
    sd_y: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.known.items():
            _check(OPTIONS[name], value)

    @property
    def known(self) -> dict[str, float]:
        """The numbers that were given."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Value:
    """A penalty: a number, times what is not known of the data.

    Attributes
    ----------
    number : float
    unknown : mapping of str to int
        Powers of ``n`` and ``sd_y`` that were not given.
    """

    number: float
    unknown: Mapping[str, int]

    def __str__(self) -> str:
        factors = sorted(self.unknown.items(), key=lambda item: -item[1])
        return f"{self.number:.6g}" + "".join(f" {'*' if power > 0 else '/'} {name}" for name, power in factors)


def scale_of(kind: str, library: str, penalty: float, data: Data) -> float:
    """Prior scale that a library's penalty stands for.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    library : str
        Whose penalty it is.
    penalty : float
        Positive; or 0 where that is no penalty, and the prior flat.
    data : Data

    Returns
    -------
    float
        ``tau`` of Normal(0, tau) or ``b`` of Laplace(0, b), in the unit of the coefficients; infinite if flat.

    Raises
    ------
    BadInput
        If a number that is needed is absent, or one is not finite and positive.
    """
    form = KINDS[kind].form(library)
    own = form.powers["scale"]
    if penalty == 0 and own < 0:
        return np.inf
    _check(f"--{form.name}", penalty)
    rest = _product(_needed(form, form.powers, data), form.powers)
    with np.errstate(all="ignore"):
        scale = (np.float64(penalty) / rest) ** (1 / own)
    return _representable(scale, f"--{form.name}")


def penalty_of(kind: str, library: str, scale: float, data: Data) -> Value:
    """Penalty with which a library's estimate is the mode under a prior of this scale.

    Parameters
    ----------
    kind, library
        As in `scale_of`.
    scale : float
        ``tau`` or ``b``, positive.
    data : Data
        Where ``n`` or ``sd_y`` is needed and not given, it stays in the answer as a symbol.

    Raises
    ------
    BadInput
        If sigma is needed and absent, or the scale is not finite and positive.
    """
    form = KINDS[kind].form(library)
    return _value(form, form.powers, OPTIONS[KINDS[kind].scale], scale, data)


def elastic_net_scales(library: str, penalty: float, l1_ratio: float, data: Data) -> tuple[float, float]:
    r"""Scales ``(b, tau)`` of the two factors of the prior whose mode is an elastic net.

    The prior has density proportional to :math:`\exp(-|\beta|_1 / b - |\beta|_2^2 / (2 \tau^2))`: Laplace(0, b) times
    Normal(0, tau), up to a constant. The mode needs no constant; ``b`` and ``tau`` are scales of the factors, the
    product is narrower than either.

    Parameters
    ----------
    library : str
    penalty : float
        ``alpha`` of scikit-learn and statsmodels, ``lambda`` of glmnet.
    l1_ratio : float
        Between 0 and 1: ``l1_ratio`` of scikit-learn, ``L1_wt`` of statsmodels, ``alpha`` of glmnet.
    data : Data

    Raises
    ------
    BadInput
        If a number that is needed is absent or out of its range.
    """
    lasso, quadratic = KINDS["lasso"].form(library), QUADRATIC[library]
    option = f"--{lasso.name}"
    _check(option, penalty)
    if not 0 < l1_ratio < 1:
        raise BadInput(f"--l1-ratio {l1_ratio:g}: give a number between 0 (that is ridge) and 1 (that is lasso)")
    known = _needed(lasso, quadratic, data)
    with np.errstate(all="ignore"):
        b = _product(known, lasso.powers) / (np.float64(penalty) * l1_ratio)
        tau = np.sqrt(_product(known, quadratic) / (np.float64(penalty) * (1 - l1_ratio)))
    return _representable(b, option), _representable(tau, option)


def elastic_net_parts(library: str, b: float, tau: float, data: Data) -> tuple[Value, Value]:
    """Weights of the absolute and of the quadratic part of a library's elastic net, for the prior of these scales.

    Their sum is the library's penalty, the first over the sum is its ``l1_ratio``.

    Returns
    -------
    absolute, quadratic : Value
        Weights of ``|beta|_1`` and of ``|beta|^2 / 2``. glmnet's second grows with ``sd_y``, so that its ratio is not
        scikit-learn's.

    Raises
    ------
    BadInput
        If sigma or n is absent, or a scale is not finite and positive.
    """
    lasso = KINDS["lasso"].form(library)
    _needed(lasso, lasso.powers, data)
    return (
        _value(lasso, lasso.powers, "--b", b, data),
        _value(lasso, QUADRATIC[library], "--tau", tau, data),
    )


def _value(form: Form, powers: Mapping[str, int], option: str, scale: float, data: Data) -> Value:
    _check(option, scale)
    if "sigma" in powers and data.sigma is None:
        raise BadInput(_why("sigma", form))
    given = {"scale": scale, **data.known}
    unknown = {name: power for name, power in powers.items() if name not in given}
    return Value(_representable(_product(given, powers), option), unknown)


def _product(values: Mapping[str, float], powers: Mapping[str, int]) -> np.float64:
    with np.errstate(all="ignore"):
        factors = [np.float64(value) ** powers[name] for name, value in values.items() if name in powers]
        return np.float64(np.prod(np.array(factors)))


def _representable(value: np.float64, option: str) -> float:
    if not 0 < value < np.inf:
        raise BadInput(
            f"{option}: with the other numbers it is too large or too small to compute with; change the units"
        )
    return float(value)


def _check(option: str, value: float) -> None:
    if not 0 < value < np.inf:
        hint = "; no penalty at all is a flat prior" if value in (0, np.inf) else ""
        raise BadInput(f"{option} {value:g}: give a finite number above 0{hint}")


def _needed(form: Form, powers: Mapping[str, int], data: Data) -> dict[str, float]:
    """The numbers that these powers ask for, or a refusal that says why one is needed."""
    for name in ("sigma", "n", "sd_y"):
        if name in powers and name not in data.known:
            raise BadInput(_why(name, form))
    return data.known


def _why(name: str, form: Form) -> str:
    reasons = {
        "sigma": f"the {form.name} of {form.library} grows with the noise variance, so a penalty alone does not fix "
        "a prior, nor a prior a penalty",
        "n": f"{form.library} divides the misfit by the number of rows, so its {form.name} depends on it",
        "sd_y": "glmnet divides y by its standard deviation (divisor n) before it applies lambda; "
        "give 1 if y is standardised",
    }
    return f"{OPTIONS[name]} is needed: {reasons[name]}"

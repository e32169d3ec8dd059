"""How many digits a number deserves, in one place.

The last digit shown is the first one that the error reaches: the Monte Carlo standard error of a posterior mean, a
hundredth of the posterior standard deviation for a point (whose own tolerance is a hundred times finer). A missing
value is an em dash.
"""

from __future__ import annotations

import math

MISSING = "—"
LARGEST_DECIMALS = 12
LARGEST_PLAIN = 1e12  # larger numbers are shown as powers of ten


def exists(value: float | None) -> bool:
    """Whether there is a finite number."""
    return value is not None and math.isfinite(value)


def number(value: float | None, error: float | None = None) -> str:
    """Format a number so that its last digit is the first that ``error`` reaches.

    Parameters
    ----------
    value : float or None
    error : float or None
        Size of the error; if unknown or zero, four significant digits are shown.

    Examples
    --------
    >>> number(-0.25474, 0.0021)
    '-0.255'
    >>> number(152.1335, 0.03)
    '152.13'
    >>> number(0.64423, None)
    '0.6442'
    >>> number(float("nan"), 0.1)
    '—'
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"  # exactly: the lasso's mode
    if error is None or not math.isfinite(error) or error <= 0:
        return significant(value, 4)
    if abs(value) >= LARGEST_PLAIN:
        return f"{value:.3g}"
    decimals = -math.floor(math.log10(error))
    if decimals > LARGEST_DECIMALS:
        return significant(value, max(2, math.floor(math.log10(abs(value))) + decimals + 1))
    if decimals <= 0:
        return plain(f"{round(value, decimals):.0f}")
    return plain(f"{value:.{decimals}f}")


def significant(value: float | None, digits: int = 3) -> str:
    """Format a number to so many significant digits, in plain notation where that is short.

    Examples
    --------
    >>> significant(0.000012345), significant(1234.5), significant(1.0), significant(0.5, 2)
    ('1.23e-05', '1230', '1.00', '0.50')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if not -4 <= exponent < 7:
        return plain(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - exponent
    return plain(f"{round(value, decimals):.{max(decimals, 0)}f}")


def count(value: float | None) -> str:
    """Format a count, rounded down, with separators: an effective sample size never looks larger than it is."""
    return MISSING if value is None or not math.isfinite(value) else f"{math.floor(value):,}"


def plain(text: str) -> str:
    """Drop the sign of a zero, and write minus as the character that lines up with digits."""
    if text.startswith("-") and not text.strip("-0."):
        text = text[1:]
    return text


def percent(level: float) -> str:
    """Format a probability as a percentage.

    Examples
    --------
    >>> percent(0.95), percent(0.055)
    ('95 %', '5.5 %')
    """
    return f"{100 * level:.4g} %"

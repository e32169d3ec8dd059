r"""Stored results made again: which numbers agree with the stored ones, within the errors that both have?

Nothing is asked to be equal: another machine rounds differently, and another seed draws differently. A number of the
posterior may differ by `comparisons.checks.STANDARD_ERRORS` combined Monte Carlo standard errors (:math:`K`), each
estimated from its own draws: of means and standard deviations as ArviZ does (Vehtari and others, 2021,
doi:10.1214/20-BA1221), of quantiles as they do, but over :math:`K` standard errors instead of one (`quantile_error`).
The ends of a highest-density interval are no quantiles at fixed probabilities; they converge with the cube root of the
number of draws (Kim and Pollard, 1990, doi:10.1214/aos/1176347498), so that their error comes from subsampling (Politis
and Romano, 1994, doi:10.1214/aos/1176325770): of :math:`b` batches of consecutive draws, the standard deviation of the
batches' ends times :math:`b^{-1/3}`. It is never taken to be less than the error of the quantile there.

A number of a point reading may differ by `comparisons.checks.TOLERANCE` (:math:`\tau`) posterior standard deviations,
or its own if these are larger. An end of an interval lies about :math:`z` standard deviations away, where the log
density falls by :math:`z` per standard deviation: with the tolerances :math:`\delta` of the contour and :math:`\gamma`
of the direction of `comparisons.profile`, it may differ by :math:`\tau (1 + z) + \delta / z + \gamma z`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import beta, norm

from comparisons import spreadsheet, store, writing
from comparisons.checks import STANDARD_ERRORS, TOLERANCE
from comparisons.digits import number, significant
from comparisons.profile import ON_CONTOUR, PARALLEL
from comparisons.results import AGAIN, KEYS, NUMBERS, Stored, brief
from comparisons.settings import Settings
from models.contract import BadInput
from models.contract.columns import shown

if TYPE_CHECKING:
    from comparisons.comparison import Comparison

BATCHES, SHORTEST = 20, 50  # batches of draws for the error of highest-density ends, and draws in one, at least
ROUNDING = 1e-9  # relative; between machines, and in files
MOST_LINES = 20


def agreement(stored: Stored, comparison: Comparison) -> pd.DataFrame:
    """Compare every number of two results.

    Parameters
    ----------
    stored : Stored
    comparison : Comparison
        The same fit made again.

    Returns
    -------
    pandas.DataFrame
        One row per prior, parameter, reading and number (``estimate``, ``sd``, ``lower``, ``upper``), with the columns
        ``stored``, ``again``, ``allowed`` (largest distance allowed), ``distance`` (in units of what is allowed) and
        ``agrees``. Two numbers that do not exist agree.

    Raises
    ------
    BadInput
        If the two do not have the same rows.
    """
    again = spreadsheet.inert_cells(comparison.table).set_index(KEYS)
    missing = again.index.symmetric_difference(stored.table.index)
    if len(missing):
        row = ", ".join(writing.plain(str(part)) for part in missing[0])
        place = shown(str(stored.place), 300)
        raise BadInput(f"comparison.csv in {place} and the fit made again differ in a row ({row}): {AGAIN}")
    old_numbers, new_numbers = _numbers(stored.table), _numbers(again)
    settings, result = comparison.plan.settings, []
    for prior in comparison.plan.priors:
        labels = list(dict.fromkeys(key[1] for key in new_numbers if key[0] == prior))
        both = [_errors(stored.tree, prior, labels, stored.settings), _errors(comparison.tree, prior, labels, settings)]
        for key in (key for key in new_numbers if key[0] == prior):
            label, reading = key[1:]
            if reading == "posterior":
                most = STANDARD_ERRORS * np.hypot(both[0][label], both[1][label])
            else:
                sizes = np.array(
                    [new_numbers[prior, label, one][NUMBERS.index("sd")] for one in (reading, "posterior")]
                )
                most = _of_point(settings.level) * np.max(sizes, initial=0.0, where=np.isfinite(sizes))
            both_rows = (old_numbers[key], new_numbers[key])
            result += [[*key, *cells] for cells in zip(NUMBERS, *both_rows, most, strict=True)]
    return _distances(pd.DataFrame(result, columns=[*KEYS, "number", "stored", "again", "allowed"]))


def _distances(found: pd.DataFrame) -> pd.DataFrame:
    """Add how far the numbers lie apart, and whether they agree."""
    old, new = found["stored"].to_numpy(float), found["again"].to_numpy(float)
    with np.errstate(invalid="ignore"):
        gap = np.where((old == new) | (np.isnan(old) & np.isnan(new)), 0.0, np.abs(old - new))
    gap = np.where(np.isnan(gap), np.inf, gap)  # one of the two does not exist
    rounding = ROUNDING * np.where(np.isfinite(old), np.abs(old), 0.0)
    error = found["allowed"].to_numpy(float)
    allowed = np.where(np.isfinite(error), error, 0.0) + rounding  # where no error is known, nothing is forgiven
    distance = np.divide(gap, allowed, out=np.where(gap > 0, np.inf, 0.0), where=allowed > 0)
    return found.assign(allowed=allowed, distance=distance, agrees=distance <= 1)


def _numbers(table: pd.DataFrame) -> dict[tuple[str, str, str], list[float]]:
    """The `NUMBERS` of every row, by prior, parameter and reading."""
    keys = ((str(prior), str(parameter), str(reading)) for prior, parameter, reading in table.index)
    return dict(zip(keys, table[NUMBERS].to_numpy(float).tolist(), strict=True))


def _of_point(level: float) -> NDArray[np.float64]:
    """What the `NUMBERS` of a point reading may differ by, in standard deviations."""
    z = float(norm.ppf((1 + level) / 2))
    end = TOLERANCE * (1 + z) + ON_CONTOUR / z + PARALLEL * z
    return np.array([TOLERANCE, TOLERANCE, end, end])


def _errors(tree: xr.DataTree, prior: str, labels: list[str], settings: Settings) -> dict[str, NDArray[np.float64]]:
    """Monte Carlo standard errors of the posterior's `NUMBERS` by label."""
    try:
        draws = tree[prior]["posterior"].to_dataset()[json.loads(tree.attrs["parameters"])]
        errors = [_of_draws(values, settings) for values in _elements(draws)]
        return dict(zip(labels, errors, strict=True))
    except (KeyError, ValueError, TypeError) as problem:
        raise BadInput(f"the draws under the prior {prior} do not fit the table ({brief(problem)}): {AGAIN}") from None


def _elements(draws: xr.Dataset) -> Iterator[NDArray[np.float64]]:
    """Draws of every element, shape (chain, draw), in the order of the table."""
    for variable in draws.data_vars.values():
        values = variable.transpose("chain", "draw", ...).values.astype(float)
        yield from (values[:, :, *index] for index in np.ndindex(*values.shape[2:]))


def _of_draws(values: NDArray[np.float64], settings: Settings) -> NDArray[np.float64]:
    tail = (1 - settings.level) / 2
    if settings.interval == "hdi":
        ends = highest_density_errors(values, settings.level)
    else:
        ends = [quantile_error(values, prob) for prob in (tail, 1 - tail)]
    return np.array([*(float(az.mcse(values, method=method)) for method in ("mean", "sd")), *ends])


def quantile_error(values: NDArray[np.float64], prob: float) -> float:
    """Standard error of a quantile, from the draws within `STANDARD_ERRORS` of it.

    With E effective draws, the probability below the quantile is Beta(E p + 1, E (1 - p) + 1) distributed. ArviZ takes
    half the distance between the draws one standard error either side. In the tails these are so few draws that the
    error itself is uncertain by a third, and now and then less than half of what it should be; here the draws lie
    `STANDARD_ERRORS` either side.

    Parameters
    ----------
    values : array, shape (chain, draw)
    prob : float
    """
    effective = float(az.ess(values, method="quantile", prob=prob))
    reach = norm.cdf([-STANDARD_ERRORS, STANDARD_ERRORS])
    low, high = np.quantile(values, beta(effective * prob + 1, effective * (1 - prob) + 1).ppf(reach))
    return float(high - low) / (2 * STANDARD_ERRORS)


def highest_density_errors(values: NDArray[np.float64], level: float) -> list[float]:
    """Standard errors of both ends of a highest-density interval, by subsampling.

    Parameters
    ----------
    values : array, shape (chain, draw)
    level : float

    Returns
    -------
    list of float
        Of the lower and the upper end.
    """
    chains, draws = values.shape
    pieces = max(1, min(-(-BATCHES // chains), draws // SHORTEST))
    length = draws // pieces
    batches = values[:, : pieces * length].reshape(chains * pieces, length)
    ends = np.array([az.hdi(batch, prob=level) for batch in batches])
    spread = ends.std(axis=0, ddof=1) * len(batches) ** (-1 / 3)
    result = []
    for end, error in zip(az.hdi(values.ravel(), prob=level), spread, strict=True):
        prob = float(np.clip(np.mean(values <= end), 1 / values.size, 1 - 1 / values.size))
        result.append(max(float(error), quantile_error(values, prob)))
    return result


def said(stored: Stored, comparison: Comparison, numbers: pd.DataFrame) -> str:
    """A small table per prior and reading, every number that does not agree, other versions, and the conclusion."""
    lines = [["prior", "reading", "numbers", "agree", "largest distance / allowed", "at"]]
    for (prior, reading), rows in numbers.groupby(["prior", "reading"], sort=False):
        worst = rows.iloc[int(rows["distance"].argmax())]
        at = writing.plain(f"{worst['parameter']} {worst['number']}") if worst["distance"] > 0 else ""
        agree = int(rows["agrees"].sum())
        lines.append([str(prior), str(reading), str(len(rows)), str(agree), significant(worst["distance"], 2), at])
    widths = [max(len(line[j]) for line in lines) for j in range(len(lines[0]))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    far = numbers[~numbers["agrees"]]
    for row in far.head(MOST_LINES).to_dict("records"):
        old, new = (number(row[key], row["allowed"] / STANDARD_ERRORS) for key in ("stored", "again"))
        name = writing.plain(f"{row['prior']}, {row['parameter']}, {row['reading']}, {row['number']}")
        texts.append(f"  ! {name}: stored {old}, now {new}, allowed distance {significant(row['allowed'], 2)}")
    if len(far) > MOST_LINES:
        texts.append(f"  ! and {len(far) - MOST_LINES} more")
    if store.data_digest(comparison.plan.data) != stored.record["data_sha256"]:
        texts.append("  ! the data are not those of the stored results")
    texts += [f"  {line}" for line in other_versions(stored)]
    rule = f"{STANDARD_ERRORS:g} Monte Carlo standard errors, the optimiser's tolerance for points"
    count = (
        f"all {len(numbers)} numbers agree"
        if far.empty
        else f"{len(far)} of {len(numbers)} numbers do{'es' * (len(far) == 1)} not agree"
    )
    return "\n".join([*texts, f"{writing.plain(stored.record['fit'])}: {count} with the stored ones (within {rule})"])


def other_versions(stored: Stored) -> list[str]:
    """Packages whose versions differ from those of the stored results."""
    return [
        writing.plain(f"{package} is {now}, was {stored.record['versions'].get(package, 'absent')}")
        for package, now in store.versions().items()
        if stored.record["versions"].get(package, "absent") != now
    ]

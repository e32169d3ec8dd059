"""The path of the penalty: priors as penalties, from weak to strong, and what the lasso's zeros are."""

from __future__ import annotations

from typing import Any

import numpy as np

from reports import conversions, odds, penalties, shrinkage
from reports.components import Table
from reports.stored import Fit
from reports.zeros import zeros

TITLE = "The path of the penalty"


def context(fit: Fit) -> dict[str, Any] | None:
    """Paths, zeros, and the table of penalties; None without a prior that penalises ``beta``."""
    if not shrinkage.kinds(fit, list(fit.priors)) or not shrinkage.coefficients(fit):
        return None
    sweep, at_zero = shrinkage.swept(fit), zeros(fit)
    linear = penalties.problem(fit)
    table: Table | None = None
    said: list[str] = []
    wrongs: list[Table] = []
    if linear is not None:
        found = [penalties.mode(fit, linear, kind) for kind in ("ridge", "lasso")]
        modes = [one for one in found if one is not None]
        if modes:  # without a mode there is nothing that a penalty could be equal to
            table, said = penalties.dictionary(fit, linear)
            said = [penalties.problem_sentence(linear, modes), *said]
            wrongs = [conversions.wrong(linear, one) for one in modes]
    elif (given := odds.odds(fit)) is not None:
        table = odds.dictionary(fit, given)
        wrongs = [one for one in [odds.wrong(fit, given)] if one is not None]
    if sweep is None and at_zero is None and table is None:
        return None
    return {
        "paths": None if sweep is None else shrinkage.paths(fit, sweep),
        "bands": None if sweep is None else shrinkage.bands(fit, sweep),
        "along": [] if sweep is None else shrinkage.path_sentences(fit, sweep),
        "zeros": at_zero,
        "other": better(fit),
        "table": table,
        "said": said,
        "wrongs": wrongs,
        "regression": linear is not None,
    }


def better(fit: Fit) -> list[str]:
    """Squared error of mode and mean where coefficients come from the Laplace prior itself, from a study."""
    kinds = shrinkage.kinds(fit, list(fit.priors))
    for study in fit.studies:
        if kinds.get(study.prior) == "lasso" and study.truth == "prior":
            table = study.table[study.table["parameter"].isin(shrinkage.coefficients(fit))]
            means = {reading: _squares(table, reading) for reading in ("map", "posterior")}
            return better_sentences(means["map"], means["posterior"], int(table["worlds"].max()))
    return []


def _squares(table: Any, reading: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Mean squared error per coefficient and its standard error."""
    one = table[table["reading"] == reading].drop_duplicates("parameter")
    rmse, error = one["rmse"].to_numpy(float), one["rmse_se"].to_numpy(float)
    return rmse**2, 2 * rmse * error


def better_sentences(lasso: Any, mean: Any, worlds: int) -> list[str]:
    """What the errors of lasso and posterior mean under the Laplace prior say."""
    ratio = lasso[0] / mean[0]
    if not np.isfinite(ratio).all():
        return []
    smaller = int(np.sum(ratio > 1))
    average = float(np.exp(np.mean(np.log(ratio))))
    return [
        f"In {worlds:,} simulated worlds whose coefficients do come from the Laplace prior, the mean squared error of "
        f"the lasso is {average:.2f} times that of the posterior mean, on average over the coefficients (it is larger "
        f"for {smaller} of {len(ratio)})."
    ]

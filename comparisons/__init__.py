"""What three readings of one model conclude: MLE, MAP and posterior, their checks and their table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from comparisons.settings import SETTINGS

if TYPE_CHECKING:
    import pandas as pd

    from comparisons.comparison import Comparison


def compare(
    scenario: str,
    table: pd.DataFrame | None = None,
    *,
    prior: str | Iterable[str] = (),
    fix: str | Iterable[str] = (),
    level: float = SETTINGS.level,
    interval: str = SETTINGS.interval,
    draws: int = SETTINGS.draws,
    chains: int = SETTINGS.chains,
    seed: int = SETTINGS.seed,
    name: str = "",
    source: str = "",
    progress: bool = False,
    **options: Any,
) -> Comparison:
    """Fit three ways and compare; for notebooks and programs, with the numbers of the command line.

    Parameters
    ----------
    scenario : str
        A scenario, or a built-in fit whose data are taken if there is neither a table nor an option that reads.
    table : pandas.DataFrame, optional
        One row per observation.
    prior : iterable of str
        Names of priors, or priors per variable such as ``"sigma ~ HalfCauchy(5)"``; by default all named ones.
    fix : iterable of str
        Variables held fixed, such as ``"sigma = 1.5"``.
    level : float
        Of all intervals.
    interval : {"eti", "hdi"}
        Kind of the posterior's intervals.
    draws, chains, seed : int
        Kept draws of each chain, chains, and the seed of everything random (together with the data).
    name, source : str
        What the results are called, and where the table comes from.
    progress : bool
        Whether to print each stage as it ends.
    **options
        Of the scenario, as on the command line: ``outcome="price"``, ``predictors=["area", "rooms"]``, ``heads=65``.

    Returns
    -------
    Comparison

    Raises
    ------
    models.contract.BadInput
        In one line, if data, priors or options cannot be used.

    Examples
    --------
    >>> compare("coin", heads=65, flips=100).table  # doctest: +SKIP
    >>> compare("regression", frame, outcome="price", prior="laplace").plot_forest()  # doctest: +SKIP
    """
    from comparisons.calls import asked
    from comparisons.fit import fit

    plan = asked(
        scenario,
        table,
        prior=prior,
        fix=fix,
        settings={"level": level, "interval": interval, "draws": draws, "chains": chains, "seed": seed},
        options=options,
        name=name,
        source=source,
    )
    return fit(plan, (lambda stage: print(f"{plan.name}: {stage}", flush=True)) if progress else lambda stage: None)

"""``replay FOLDER``: make stored results again, and say which numbers agree."""

from __future__ import annotations

from pathlib import Path

import click

HELP = """Make stored results again in this process, and say of every number whether it agrees with the stored one.

\b
  replay reports/results/coin                  built-in data
  replay reports/results/regression-houses     your own data, read from the same file
  replay FOLDER --seed 7                       with other random numbers
  replay FOLDER --data moved/houses.csv        the file has moved

Nothing is overwritten. The exit status is 0 if all numbers agree, 1 if one does not, 2 if the results cannot be read or
the data are not the same.
"""


@click.command("replay", help=HELP, short_help="make stored results again, say what agrees")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="another seed (default: that of the results)")
@click.option("--data", type=click.Path(path_type=Path), metavar="FILE", help="where the file of the data is now")
def replay(folder: Path, seed: int | None, data: Path | None) -> int:
    """Make stored results again; returns the exit status."""
    from comparisons.results import plan_again, read_stored

    stored = read_stored(folder)
    plan = plan_again(stored, seed, data)
    print(f"{plan.name}: {len(plan.priors)} priors, {plan.settings.chains} chains of {plan.settings.draws}", flush=True)
    from comparisons.fit import fit
    from comparisons.replay import agreement, said

    comparison = fit(plan)
    numbers = agreement(stored, comparison)
    print(said(stored, comparison, numbers))
    return 0 if numbers["agrees"].all() else 1

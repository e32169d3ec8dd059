"""Settings of a fit; the defaults are those of all built-in fits."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.contract import BadInput

SEEDS = (0, 2**63 - 1)


@dataclass(frozen=True)
class Settings:
    """How a fit is made.

    Attributes
    ----------
    seed : int
        Together with the data, the seed of everything random.
    level : float
        Of every interval.
    interval : {"eti", "hdi"}
        Kind of the posterior's intervals: equal-tailed, or highest density.
    chains, draws, tune : int
        Chains, and kept and warm-up draws of each.
    """

    seed: int = 20_261_123
    level: float = 0.95
    interval: str = "eti"
    chains: int = 4
    draws: int = 1_000
    tune: int = 1_000


SETTINGS = Settings()


def check_numbers(level: float, whole: Iterable[tuple[str, int, tuple[int, int]]]) -> None:
    """Refuse a level that is none, and whole numbers, ``(option, value, (low, high))``, outside their ranges.

    Raises
    ------
    BadInput
    """
    for option, value, (low, high) in whole:
        if not low <= value <= high:
            raise BadInput(f"{option} {value}: give a whole number from {low:,} to {high:,}")
    if not 0.01 <= level <= 0.999:
        raise BadInput(f"--level {level:g}: give a probability between 0.01 and 0.999, such as 0.95")

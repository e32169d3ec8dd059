"""Settings of a fit; the defaults are those of all built-in fits."""

from dataclasses import dataclass


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

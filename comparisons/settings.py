"""Settings of all built-in fits."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What every fit has in common.

    Attributes
    ----------
    seed : int
        Together with the name of the fit, the seed of everything random.
    level : float
        Of every interval.
    chains, draws, tune : int
        Chains, and kept and warm-up draws of each.
    """

    seed: int = 20_261_123
    level: float = 0.95
    chains: int = 4
    draws: int = 1_000
    tune: int = 1_000


SETTINGS = Settings()

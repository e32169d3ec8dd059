"""How far a long run is and how long it will take, on standard error: one line that changes, or a few plain ones."""

from __future__ import annotations

import sys
import time
from typing import TextIO

STEPS = 10  # plain lines, where nobody watches


class Progress:
    """Parts of a whole as they are done.

    Parameters
    ----------
    what : str
        Begins the line.
    unit : str
        What the parts are, in the plural.
    total : int
        How many there are.
    kept : int
        How many were done before; they say nothing about the time.
    stream : file
        A terminal gets one line that changes.
    """

    def __init__(self, what: str, unit: str, total: int, kept: int = 0, stream: TextIO | None = None) -> None:
        self.what, self.unit, self.total, self.kept, self.done = what, unit, total, kept, kept
        self.stream = sys.stderr if stream is None else stream
        self.began, self.said = time.monotonic(), -1
        self._say()

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        self._say()

    def close(self) -> None:
        """End the line."""
        if self.stream.isatty():
            print(file=self.stream, flush=True)

    def line(self) -> str:
        """What is said now."""
        text = f"{self.what}: {self.done:,} of {self.total:,} {self.unit}"
        fresh, left = self.done - self.kept, self.total - self.done
        if fresh and left:
            text += f", {duration((time.monotonic() - self.began) / fresh * left)} left"
        return text

    def _say(self) -> None:
        if self.stream.isatty():
            print(f"\r{self.line()}\x1b[K", end="", file=self.stream, flush=True)
        elif (step := STEPS * self.done // max(self.total, 1)) > self.said:
            self.said = step
            print(self.line(), file=self.stream, flush=True)


def duration(seconds: float) -> str:
    """A time in the unit that suits it.

    Examples
    --------
    >>> duration(0.4), duration(59), duration(61), duration(7400)
    ('1 s', '59 s', '2 min', '2 h 4 min')
    """
    whole = max(1, -int(-seconds // 1))
    if whole < 60:
        return f"{whole} s"
    minutes = -(-whole // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

"""What a long run says on the way, to a terminal and to a file."""

from __future__ import annotations

import io

import pytest

from comparisons.progress import STEPS, Progress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("comparisons.progress.time.monotonic", clock)
    return clock


def test_a_terminal_gets_one_line_that_changes(clock: Clock) -> None:
    stream = Terminal()
    progress = Progress("study coin", "chunks", 3, stream=stream)
    for _ in range(3):
        clock.now += 40
        progress.step()
    progress.close()
    texts = stream.getvalue().split("\r")[1:]
    assert [text.removesuffix("\n").removesuffix("\x1b[K") for text in texts] == [
        "study coin: 0 of 3 chunks",
        "study coin: 1 of 3 chunks, 2 min left",
        "study coin: 2 of 3 chunks, 40 s left",
        "study coin: 3 of 3 chunks",
    ]
    assert stream.getvalue().count("\n") == 1


def test_a_file_gets_a_few_plain_lines(clock: Clock) -> None:
    stream = io.StringIO()
    progress = Progress("study coin", "chunks", 1_000, stream=stream)
    for _ in range(1_000):
        progress.step()
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == STEPS + 1
    assert "\r" not in stream.getvalue()
    assert lines[-1] == "study coin: 1,000 of 1,000 chunks"


def test_what_was_kept_says_nothing_about_the_time(clock: Clock) -> None:
    progress = Progress("study coin", "chunks", 100, kept=90, stream=io.StringIO())
    assert progress.line() == "study coin: 90 of 100 chunks"
    clock.now += 10
    progress.step()
    assert progress.line() == "study coin: 91 of 100 chunks, 2 min left"  # 9 more at 10 s each


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (59.2, "1 min"), (60, "1 min"), (61, "2 min"), (3_600, "1 h 0 min"), (7_261, "2 h 2 min")],
)
def test_durations_are_never_too_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text

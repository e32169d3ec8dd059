"""The switch of scales in a browser: the mode moves, the median keeps its place in the posterior."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reports.stored import Fit
from tests.browser.conftest import Open
from tests.browser.test_browser import live

BACK: tuple[Callable[[float], float], ...] = (float, lambda z: 1 / (1 + np.exp(-z)), lambda z: np.sin(z) ** 2)
MODES = (0.8, 5 / 7, 0.75)
PLACE = """(figure, what) => {
  const mark = figure.querySelector(`.drawing .mark-symbol.role-mark path[aria-label*="what: ${what}"]`);
  return figure.view.scale("x").invert(Number(/translate\\(([-\\d.]+)/.exec(mark.getAttribute("transform"))[1]));
}"""


def test_the_switch_moves_the_mode_and_leaves_the_median(opened: Open, home: Path) -> None:
    draws = Fit(home / "results" / "coin").draws("a")["theta"].values.ravel()
    with opened("coin") as found:
        figure = live(found.page, "scale-density")
        choice = figure.locator("select")
        assert choice.locator("option").all_inner_texts() == ["theta", "logit theta", "arcsin √theta"]
        said = set()
        for position, (back, mode) in enumerate(zip(BACK, MODES, strict=True)):
            choice.select_option(str(position))
            places = {what: back(figure.evaluate(PLACE, what)) for what in ("mode here", "median", "MAP")}
            assert places["mode here"] == pytest.approx(mode, abs=0.005)
            assert np.mean(draws < places["median"]) == pytest.approx(0.5, abs=0.02)
            said.add(tuple(re.findall(r"(?:mode|median) [\d.]+", figure.locator(".drawing").inner_text())))
        assert len(said) == len(BACK)
        assert len({median for _, median in said}) == 1
        assert not found.complaints

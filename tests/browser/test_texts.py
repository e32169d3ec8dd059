"""Words in drawings: within the frame, and none over another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.toys import TOYS

# Pixels. Drawings are measured with another font than the browser's when they are made.
OUT, OVER = 8, 2
FOUND = """([out, over]) => {
  const wrong = [], drawings = [...document.querySelectorAll(".still svg, body > svg")];
  for (const drawing of drawings) {
    const frame = drawing.getBoundingClientRect(), seen = [];
    for (const word of drawing.querySelectorAll("text")) {
      const box = word.getBoundingClientRect();
      const opacity = getComputedStyle(word).opacity;
      if (!word.textContent.trim() || opacity === "0" || !box.width) continue;
      const across = Math.max(frame.left - box.left, box.right - frame.right);
      const along = Math.max(frame.top - box.top, box.bottom - frame.bottom);
      if (Math.max(across, along) > out) wrong.push(`outside: ${word.textContent}`);
      // The height of a line is more than that of its letters.
      const upright = box.height > box.width, lines = 0.15 * Math.min(box.width, box.height);
      const x = [box.left + (upright ? lines : 0), box.right - (upright ? lines : 0)];
      const y = [box.top + (upright ? 0 : lines), box.bottom - (upright ? 0 : lines)];
      for (const other of seen) {
        const width = Math.min(x[1], other.x[1]) - Math.max(x[0], other.x[0]);
        const height = Math.min(y[1], other.y[1]) - Math.max(y[0], other.y[0]);
        if (Math.min(width, height) > over) wrong.push(`${other.text} | ${word.textContent}`);
      }
      seen.push({ x, y, text: word.textContent });
    }
  }
  return [drawings.length, wrong];
}"""


def check(page: Any, out: float) -> None:
    """Fail where words of a drawing are outside of it by more than ``out`` pixels, or lie over one another."""
    count, wrong = page.evaluate(FOUND, [out, OVER])
    assert count
    assert not wrong


@pytest.mark.parametrize("name", TOYS)
def test_no_word_of_a_still_is_cut_off_or_written_over(opened: Open, name: str) -> None:
    with opened(name, 1000) as found:
        found.page.evaluate("for (const one of document.querySelectorAll('.stills')) one.hidden = false")
        found.page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
        check(found.page, OUT)


def test_no_number_of_a_thumbnail_is_cut_off(browser: Any, home: Path) -> None:
    page = browser.new_page()
    for file in sorted((home / "site" / "assets").glob("*.svg")):
        drawing = file.read_text(encoding="utf-8")
        page.set_content(drawing[drawing.index("<svg") :])
        check(page, 0)
    page.close()


def test_words_over_words_and_outside_are_found(browser: Any) -> None:
    page = browser.new_page()
    words = '<text x="5" y="20">here</text><text x="{}" y="22">there</text>'
    for place, wrong in ((60, 0), (15, 1), (195, 1)):
        page.set_content(f'<body><svg width="200" height="40">{words.format(place)}</svg></body>')
        assert len(page.evaluate(FOUND, [0, OVER])[1]) == wrong
    page.close()

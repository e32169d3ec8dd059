"""Numbers stay with their units, and only texts are changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from bs4.element import NavigableString

from reports.templating import unbroken
from tests.toys import TOYS, soup

LEFT = ("script", "style", "svg", "pre", "code", "math", "head")


@pytest.mark.parametrize("name", [*TOYS, "index", "glossary", "reading"])
def test_no_line_ends_between_a_number_and_its_unit(home: Path, name: str) -> None:
    page = soup(home, name)
    for node in page.find_all(string=True):
        if isinstance(node, NavigableString) and not any(node.find_parent(tag) for tag in LEFT):
            assert not re.search(r"\d[ \n](%|sd\b)|\bn[ \n]=[ \n]\d", str(node)), node
    if name in TOYS:
        assert re.search(r"\d\u00a0%", page.get_text())


def test_code_drawings_data_and_attributes_are_left_as_they_are() -> None:
    data = json.dumps({"said": "95 % of n = 10"})
    html = (
        f'<p title="95 % <\u00a0">95 % and 0.3 sd, n = 10, 5 % off</p><script type="application/json">{data}</script>'
        "<pre>95 % 2</pre><code>3 % 2</code><svg><text>95 %</text></svg><p>mean = 2</p>"
    )
    found = str(unbroken(html))
    assert found.replace("\u00a0", " ") == html.replace("\u00a0", " ")
    assert '<p title="95 % <\u00a0">95\u00a0% and 0.3\u00a0sd, n\u00a0=\u00a010, 5\u00a0% off</p>' in found
    for part in (data, "<pre>95 % 2</pre>", "<code>3 % 2</code>", "<text>95 %</text>", "<p>mean = 2</p>"):
        assert part in found

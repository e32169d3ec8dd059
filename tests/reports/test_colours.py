"""Colours of marks are seen on both papers: contrast by WCAG 2.2, section 1.4.11, at least 3 to 1."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb

from reports import style

SHEET = (Path(style.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
BOTH = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\);", SHEET)
}
MARKS = [
    name
    for name in BOTH
    if re.fullmatch(r"mle|map|posterior|prior-\d|component-\d|ink|quiet|link|bad", name) is not None
]


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in to_rgb(colour)]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#777", "#fff") == pytest.approx(4.48, abs=0.01)  # the guideline's well-known example


@pytest.mark.parametrize("name", MARKS)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_mark_stands_out_from_the_paper(name: str, scheme: int) -> None:
    assert contrast(BOTH[name][scheme], BOTH["paper"][scheme]) >= 3


def test_a_colour_of_light_paper_would_be_found_on_dark_paper() -> None:
    assert contrast(style.COMPONENTS[5], BOTH["paper"][1]) < 3


def test_components_have_as_many_colours_as_pictures_and_the_same_on_light_paper() -> None:
    found = [BOTH[f"component-{k + 1}"][0] for k in range(len(style.COMPONENTS))]
    assert [to_rgb(one) for one in found] == [to_rgb(one) for one in style.COMPONENTS]
    assert "component-8" not in BOTH
    assert style.component_colours(8) == [*(f"var(--component-{k})" for k in range(1, 8)), "var(--component-1)"]
    for one, other in pairwise(range(1, 8)):
        assert BOTH[f"component-{one}"][1] != BOTH[f"component-{other}"][1]


def test_a_picture_without_background_is_seen_on_both_papers() -> None:
    assert min(contrast(style.EITHER, paper) for paper in BOTH["paper"]) >= 3

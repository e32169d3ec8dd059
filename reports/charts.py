"""From an Altair chart to a figure of a page that needs no script, and comes alive where there is one.

The chart is written once. Drawn at build time for some settings of its knobs it gives the small multiples that every
reader sees; its Vega-Lite specification, in the page beside them, gives the figure that follows the knobs. Colours are
the variables of the style sheet, so that both follow light and dark.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import vl_convert
from altair.utils import schemapi
from markupsafe import Markup

from reports.style import READINGS

INK, QUIET, RULE, CARD = "currentColor", "var(--quiet)", "var(--rule)", "var(--card)"
COLOURS = {reading: f"var(--{reading})" for reading in READINGS}
SHAPES = {"o": "circle", "s": "square", "D": "diamond", "^": "triangle-up", "v": "triangle-down"}
EVERY = -1  # in the place of the position of a knob: shown at all of them
DIGITS = 5  # significant digits of what is drawn
WIDE, NARROW, HEIGHT = 620, 205, 230  # pixels: a chart alone, one of small multiples, and the height of both
FONT = "system-ui, sans-serif"
CONFIG: dict[str, Any] = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "titleColor": INK, "tickColor": RULE, "domainColor": RULE, "gridColor": RULE,
        "gridOpacity": 0.5, "titleFontWeight": "normal", "labelFontSize": 12, "titleFontSize": 12,
        "titlePadding": 8, "labelOverlap": "greedy", "labelSeparation": 10,
    },
    # A limit to the width of numbers would have each measured once more, which is half of the cost of a drawing.
    "axisQuantitative": {"tickCount": 5, "labelLimit": 0},
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
    "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "orient": "top", "title": None},
    "title": {"color": INK, "fontSize": 12, "fontWeight": "normal", "anchor": "start"},
    "text": {"color": INK},
    "rule": {"color": INK},
    # A percentage is written as in the text: "95 %", on one line.
    "locale": {"number": {
        "decimal": ".", "thousands": ",", "grouping": [3], "currency": ["$", ""], "percent": "\u00a0%",
    }},
}  # fmt: skip
# Pixels around a still: fonts of browsers are up to a sixth wider than the one that drawings are measured with here.
ROOM = {"left": 16, "right": 16, "top": 5, "bottom": 5}


@dataclass(frozen=True)
class Knob:
    """What a reader can turn.

    Attributes
    ----------
    name : str
        Of the parameter of the chart; its value is the position in ``settings``, from 0 on.
    label : str
        What it turns.
    settings : list of str
        What stands beside it at each position.
    start : int
        Position at first.
    choice : bool
        Whether to choose from a list instead of sliding: for settings that have no order.
    """

    name: str
    label: str
    settings: list[str]
    start: int
    choice: bool = False


@dataclass(frozen=True)
class Chart:
    """A figure with knobs, or a still one.

    Attributes
    ----------
    key : str
        Unique in its page.
    knobs : list of Knob
    stills : list of (str, Markup)
        Drawn at build time: what the setting is, and the SVG.
    spec : Markup
        Vega-Lite, as JSON; empty without knobs.
    alt, caption : str
        What is to be seen, and what to look for.
    """

    key: str
    knobs: list[Knob]
    stills: list[tuple[str, Markup]]
    spec: Markup
    alt: str
    caption: str


def layer(*layers: alt.Chart | alt.LayerSpec, **properties: Any) -> alt.LayerSpec:
    """Layers as one drawing; not by `alt.layer`, which copies everything in them several times over."""
    with schemapi.debug_mode(False):  # its parts are no drawings yet, as Altair would have them be: `chart` validates
        return alt.LayerSpec(layer=list(layers), **properties)


def panels(drawing: alt.LayerSpec, **properties: Any) -> alt.FacetSpec:
    """One drawing for each part of the data."""
    with schemapi.debug_mode(False):
        return alt.FacetSpec(spec=drawing, **properties)


def chart(
    key: str,
    drawing: alt.Chart | alt.LayerSpec | alt.FacetSpec,
    alternative: str,
    caption: str,
    knobs: Sequence[Knob] = (),
    stills: Sequence[Mapping[str, int]] = (),
    datasets: Mapping[str, list[dict[str, Any]]] | None = None,
) -> Chart:
    """Make a figure of a drawing.

    Parameters
    ----------
    key : str
        Unique in its page: letters, digits and hyphens.
    drawing : altair chart
        Without its own width where it has knobs. Shows what ``datum.<knob> == <knob>`` lets through; its knobs are
        added here. One ``description`` per chart is given here too.
    alternative, caption : str
        What is to be seen, for those who do not see it, and what to look for.
    knobs : sequence of Knob
    stills : sequence of mappings of knob to position
        The small multiples that stand in where there is no script; the first three positions of the first knob if none
        is given, and the drawing itself if it has no knob.
    datasets : mapping of str to records, optional
        What the drawing names as its data (`named`): many records, which Altair would copy and check again and again.
        A record may have a field of the name of a knob: the position at which it is shown. Stills are drawn without
        the others.
    """
    records: dict[str, Any] = {}
    context: dict[str, Any] = {"datasets": records, "top_level": False}
    if isinstance(drawing, alt.FacetSpec):
        context["data"] = drawing.data  # or Altair gives its parts empty data of their own, and panels show nothing
    live = drawing.to_dict(validate=schemapi.DEBUG_MODE, context=context)
    live["$schema"] = alt.SCHEMA_URL
    live["datasets"] = records | dict(datasets or {})
    live["config"] = CONFIG
    live["description"] = alternative
    live["params"] = [*live.get("params", []), *({"name": knob.name, "value": knob.start} for knob in knobs)]
    if not knobs:
        return Chart(key, [], [("", _svg(live, key))], Markup(), alternative, caption)
    chosen = stills or [{knobs[0].name: position} for position in _spread(len(knobs[0].settings))]
    drawn = []
    for number, setting in enumerate(chosen):
        values = {knob.name: setting.get(knob.name, knob.start) for knob in knobs}
        still = live | {"width": NARROW, "params": [_at(one, values) for one in live["params"]]}
        still["datasets"] = {name: _there(records, values) for name, records in live.get("datasets", {}).items()}
        said = ", ".join(f"{knob.label} {knob.settings[values[knob.name]]}" for knob in knobs if knob.name in setting)
        drawn.append((said, _svg(still, f"{key}-{number}")))
    wide = live | {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    # Nothing in JSON may close the element that holds it.
    text = json.dumps(wide, separators=(",", ":"), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return Chart(key, list(knobs), drawn, Markup(text.replace("<", "\\u003c")), alternative, caption)


def _spread(count: int) -> list[int]:
    """First, middle and last of so many positions."""
    return sorted({0, (count - 1) // 2, count - 1})


def _at(parameter: dict[str, Any], values: Mapping[str, int]) -> dict[str, Any]:
    return parameter | {"value": values[parameter["name"]]} if parameter["name"] in values else parameter


def _there(records: list[dict[str, Any]], values: Mapping[str, int]) -> list[dict[str, Any]]:
    """Records that are shown at these positions of the knobs: `EVERY` stands for all positions of one."""
    return [record for record in records if all(record.get(name, at) in (at, EVERY) for name, at in values.items())]


def _svg(spec: dict[str, Any], key: str) -> Markup:
    """Draw a specification; the same one gives the same bytes, with ids that begin with ``key``."""
    size = {} if "spec" in spec else {"width": WIDE, "height": HEIGHT}  # panels have sizes of their own
    drawn = vl_convert.vegalite_to_svg({"padding": ROOM} | size | spec)
    # Vega counts the ids of all drawings of a process; those of a page must not depend on what was drawn before it.
    numbers: dict[str, int] = {}

    def own(found: re.Match[str]) -> str:
        return f"{found.group(1)}{key}-{numbers.setdefault(found.group(2), len(numbers))}"

    def tidied(tag: re.Match[str]) -> str:
        """A tag without words for screen readers, which stand beside the drawing, not in every mark of it."""
        return re.sub(r'(\bid="|url\(#)([\w-]+)', own, re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", tag.group()))

    return Markup(re.sub(r"<\w[^<>]*>", tidied, drawn))


def rows(**columns: Any) -> list[dict[str, Any]]:
    """Records for a drawing from columns of one length; numbers with `DIGITS` digits, and None where there is none."""
    lists = [_plain(np.asarray(column)) for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def _plain(values: np.ndarray[Any, Any]) -> list[Any]:
    if values.dtype.kind != "f":
        found: list[Any] = values.tolist()
        return found
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in values.tolist()]


def data(records: list[dict[str, Any]]) -> alt.InlineData:
    """Records as the data of a drawing: a tuple, for Altair copies lists, whole, with every layer and encoding."""
    return alt.InlineData(values=tuple(records))


def named(name: str) -> alt.NamedData:
    """Data of a drawing that `chart` is given beside it."""
    return alt.NamedData(name=name)


def reading_scale(channel: str = "color") -> Any:
    """The scale of colour, shape or dash over the readings ``mle``, ``map``, ``posterior``, the same everywhere."""
    dashes = {"-": [1, 0], "--": [6, 3], "-.": [6, 3, 1, 3], ":": [1, 3]}
    ranges: dict[str, list[Any]] = {
        "color": list(COLOURS.values()),
        "shape": [SHAPES[mark.marker] for mark in READINGS.values()],
        "strokeDash": [dashes[mark.line] if isinstance(mark.line, str) else [4, 2] for mark in READINGS.values()],
    }
    return alt.Scale(domain=list(READINGS), range=ranges[channel])

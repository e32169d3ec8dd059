"""From a matplotlib figure to an image in a page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image as images  # matplotlib's own

from reports.style import Mark

PIXELS_PER_INCH = 96  # of CSS
SHARP = 2 * PIXELS_PER_INCH  # of a PNG: two dots per pixel, for fine screens and paper
HEAVY = 100_000  # bytes of an SVG above which a PNG may be smaller
COLOURS = 96  # of a PNG: figures have few


@dataclass(frozen=True)
class Image:
    """An image with what must be said about it.

    Attributes
    ----------
    src : str
        A ``data:`` address, so that a page needs no other file.
    alt : str
        What is to be seen.
    caption : str
        What to look for.
    width, height : int
        In CSS pixels.
    """

    src: str
    alt: str
    caption: str
    width: int
    height: int


def image(figure: Figure, alt: str, caption: str, kind: str = "svg") -> Image:
    """Encode a figure; the same figure gives the same bytes on every day.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    alt, caption : str
        See `Image`.
    kind : {"svg", "png"}
        PNG for figures known to have many points. An SVG larger than `HEAVY` becomes a PNG too if that is smaller.
    """
    content = _encoded(figure, kind)
    if kind == "svg" and len(content) > HEAVY:
        other = _encoded(figure, "png")
        kind, content = ("png", other) if len(other) < len(content) else (kind, content)
    encoded = base64.b64encode(content).decode("ascii")
    mime = "image/svg+xml" if kind == "svg" else "image/png"
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    return Image(f"data:{mime};base64,{encoded}", alt, caption, round(width), round(height))


def _encoded(figure: Figure, kind: str) -> bytes:
    """A figure as a file; the same bytes every time."""
    buffer = io.BytesIO()
    if kind == "svg":
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()
    # A palette has a third of the bytes and is made in less time than a full PNG is compressed.
    figure.savefig(buffer, format="raw", dpi=SHARP)
    width, height = (int(side) for side in figure.get_size_inches() * SHARP)
    drawn = images.frombytes("RGBA", (width, height), buffer.getvalue()).convert("RGB")
    buffer = io.BytesIO()
    drawn.quantize(COLOURS, images.Quantize.FASTOCTREE, dither=images.Dither.NONE).save(buffer, format="png")
    return buffer.getvalue()


def svg_text(figure: Figure) -> str:
    """Return a figure as an SVG document."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def margins(
    figure: Figure,
    *,
    left: float = 0.5,
    right: float = 0.15,
    top: float = 0.3,
    bottom: float = 0.45,
    wspace: float = 0.25,
    hspace: float = 0.5,
) -> None:
    """Set the margins in inches: much faster than a layout engine, and the same at every size of figure."""
    width, height = (float(size) for size in figure.get_size_inches())
    figure.set_layout_engine(None)  # not "none", for which matplotlib would still draw twice to lay out
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        top=1 - top / height,
        bottom=bottom / height,
        wspace=wspace,
        hspace=hspace,
    )


def handle(mark: Mark, *, line: bool = True, marker: bool = True, label: str = "") -> Line2D:
    """Return a key for a legend."""
    options: dict[str, Any] = {"linestyle": mark.line if line else "", "marker": mark.marker if marker else ""}
    return Line2D([], [], color=mark.colour, label=label or mark.label, markersize=5, **options)


def legend(figure: Figure, handles: list[Line2D], top: float = 0.02) -> None:
    """Put one legend above all panels, ``top`` inches below the upper edge."""
    height = float(figure.get_size_inches()[1])
    options: dict[str, Any] = {
        "loc": "upper left",
        "bbox_to_anchor": (0.01, 1 - top / height),
        "ncols": min(4, len(handles)),
    }
    figure.legend(handles=handles, **options, columnspacing=1.4, handlelength=2.2, borderaxespad=0)

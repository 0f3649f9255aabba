"""A figure as SVG for a page, with the value of a point, bar or cell shown where the pointer rests."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure, SubFigure

from spikeprune.plots.figure import STYLE

__all__ = ["svg"]

#: Lines of more points and images of more cells get no values: they could not be pointed at.
MOST_POINTS, MOST_CELLS = 400, 600
#: Width on a page of an inch on paper, at most.
PIXELS = 133
RADIUS = 4.5  # of the invisible disc around a point, in points


def svg(figure: Figure, name: str, title: str) -> str:
    """Return the figure as an SVG element for an HTML page.

    Parameters
    ----------
    figure : Figure
    name : str
        Put before every identifier, so that several figures may stand on one page.
    title : str
        What the figure shows, for readers who do not see it.

    Returns
    -------
    str
        ``<svg …>…</svg>``; all text of the figure is escaped.
    """
    stream = io.StringIO()
    with matplotlib.rc_context(fname=STYLE):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].rstrip()
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    # A page sets the width; the aspect stays because of the view box.
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    style = f"max-width: {PIXELS * figure.get_size_inches()[0]:.0f}px"
    text = text.replace("<svg", f'<svg role="img" aria-label={quoteattr(title)} style="{style}"', 1)
    width, height = (72 * size for size in figure.get_size_inches())
    marks = "".join(mark for ax in _all_axes(figure) for mark in _marks(ax, width, height))
    return text.removesuffix("</svg>") + f'<g class="values">{marks}</g></svg>'


def _all_axes(figure: Figure | SubFigure) -> Iterator[Axes]:
    # Those of a figure include those of its parts.
    yield from figure.axes


def _marks(ax: Axes, width: float, height: float) -> Iterator[str]:
    root = ax.get_figure(root=True)
    assert root is not None
    scale = np.array([width, height]) / [root.bbox.width, root.bbox.height]

    def place(x: float, y: float) -> tuple[float, float]:
        left, bottom = ax.transData.transform((x, y)) * scale
        return float(left), height - float(bottom)

    names = (ax.get_xlabel() or "x", ax.get_ylabel() or "y")
    for line in ax.lines:
        label, points = str(line.get_label()), np.asarray(line.get_xydata(), dtype=np.float64)
        if label.startswith("_") or len(points) > MOST_POINTS:
            continue
        for x, y in points[np.isfinite(points).all(axis=1)]:
            left, top = place(x, y)
            words = f"{label}\n{_one_line(names[0])}: {_number(x)}\n{_one_line(names[1])}: {_number(y)}"
            yield f'<circle cx="{left:.1f}" cy="{top:.1f}" r="{RADIUS}"><title>{escape(words)}</title></circle>'
    for bars in ax.containers:
        if isinstance(bars, BarContainer):
            for bar in bars:
                box = bar.get_bbox()
                value = box.width if bars.orientation == "horizontal" else box.height
                yield _box(place(box.x0, box.y1), place(box.x1, box.y0), f"{bars.get_label()}\n{_number(value)}")
    for image in ax.images:
        cells = np.ma.asarray(image.get_array())
        if cells.ndim == 2 and cells.size <= MOST_CELLS and ax.get_xlabel():
            rows, columns = ([tick.get_text().replace("\n", " ") for tick in ticks]
                             for ticks in (ax.get_yticklabels(), ax.get_xticklabels()))  # fmt: skip
            for (row, column), value in np.ndenumerate(cells):
                if row < len(rows) and column < len(columns):
                    words = f"{rows[row]} → {columns[column]}\n{value:.1f} %"
                    yield _box(place(column - 0.5, row - 0.5), place(column + 0.5, row + 0.5), words)


def _box(one: tuple[float, float], other: tuple[float, float], words: str) -> str:
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(one, other, strict=True))
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 1):.1f}" height="{max(bottom - top, 1):.1f}">'
        f"<title>{escape(words)}</title></rect>"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _one_line(text: str) -> str:
    return " ".join(text.replace("$", "").split())

"""One receptive field that forms and is pruned: a strip of frames for print, and a film."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from spikeprune.plots.fields import COLORS, REMOVED
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved
from spikeprune.plots.record import Record

__all__ = ["FRAMES", "film", "forming"]

#: Frames of the strip; pixels of the film's width; milliseconds of a frame and of the last.
FRAMES = 10
WIDTH = 480
FRAME, LAST = 120, 2500


@matplotlib.rc_context(fname=STYLE)
def forming(record: Record, path: PathLike | None = None, frames: int = FRAMES) -> Figure:
    """Draw one neuron's receptive field at several times, with its remaining synapses and threshold below.

    Times are closer where the field changes most.  Removed synapses are white.

    Parameters
    ----------
    record : Record
        Followed chunk by chunk.
    path : path-like, optional
        PNG, PDF or SVG file to write.
    frames : int
        Number of frames.

    Returns
    -------
    Figure
        Axes: the frames; remaining synapses, and with its own axis the threshold, over training.

    Raises
    ------
    DataError
        If the record was not followed.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    fields, images = _fields(record), np.concatenate([[0], record.images])
    chosen = _moments(fields, min(frames, len(fields)))
    figure = Figure(figsize=(PAGE, 2.35))
    parts: Any = figure.subfigures(2, 1, height_ratios=(1, 1.5))
    strip, below = parts
    strongest = _strongest(fields)
    for ax, k in zip(strip.subplots(1, len(chosen), gridspec_kw={"wspace": 0.04}), chosen, strict=True):
        ax.imshow(fields[k], COLORS.with_extremes(bad=REMOVED), vmin=0, vmax=strongest, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, linewidth=0.5, color="0.45")
        ax.set_title(f"{images[k]:,}", size=7, loc="center", pad=2)
    ax = below.subplots()
    remaining = np.array([np.ma.count(field) for field in fields])
    ax.plot(images, remaining, color="#0072B2", label="remaining synapses")
    ax.plot(images[chosen], remaining[chosen], "o", color="#0072B2", markersize=3)
    ax.set(xlabel="training images", ylabel="remaining synapses", xlim=(0, images[-1]), ylim=(0, None))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    if "course/threshold" in record.arrays:
        other = ax.twinx()
        other.spines["right"].set_visible(True)
        threshold = record.arrays["course/threshold"][:, int(record.array("forming/neuron"))]
        other.plot(images, [0, *threshold], color="#D55E00", linestyle=(0, (4, 1)), label="threshold")
        other.set(ylabel="threshold $h_j$ (weight)", ylim=(0, None))
        lines = [ax.lines[0], other.lines[0]]
        ax.legend(lines, [str(line.get_label()) for line in lines], loc="center right")
    return saved(figure, path)


def film(record: Record) -> bytes:
    """Draw the receptive field's forming as a GIF that starts anew when it is over.

    Parameters
    ----------
    record : Record
        Followed chunk by chunk.

    Returns
    -------
    bytes
        Contents of the GIF file.

    Raises
    ------
    DataError
        If the record was not followed.
    """
    fields, images = _fields(record), np.concatenate([[0], record.images])
    strongest = _strongest(fields)
    remaining = np.array([np.ma.count(field) for field in fields])
    frames = [_frame(fields, images, remaining, k, strongest) for k in range(len(fields))]
    palette = frames[-1].quantize(64)
    small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    stream = BytesIO()
    durations = [FRAME] * (len(small) - 1) + [LAST]
    small[0].save(stream, "GIF", save_all=True, append_images=small[1:], duration=durations, loop=0, optimize=True)
    return stream.getvalue()


def _frame(
    fields: list[Any], images: NDArray[np.int64], remaining: NDArray[np.int64], k: int, strongest: float
) -> Image.Image:
    with matplotlib.rc_context(fname=str(STYLE)):
        figure = Figure(figsize=(4.8, 2.3), dpi=WIDTH / 4.8)
        figure.set_layout_engine("none")
        field, course = figure.add_axes((0.02, 0.05, 0.38, 0.79)), figure.add_axes((0.53, 0.21, 0.41, 0.63))
        field.imshow(fields[k], COLORS.with_extremes(bad=REMOVED), vmin=0, vmax=strongest, interpolation="nearest")
        field.set(xticks=[], yticks=[])
        field.spines[:].set(visible=True, linewidth=0.5, color="0.45")
        field.set_title("weights of one neuron")
        course.plot(images, remaining, color="0.85")
        course.plot(images[: k + 1], remaining[: k + 1], color="#0072B2")
        course.plot(images[k], remaining[k], "o", color="#0072B2")
        course.set(xlim=(0, images[-1]), ylim=(0, 1.05 * remaining.max()), xlabel="training images")
        course.set_xticks([0, images[-1]])
        course.set_title(f"{images[k]:,} images, {remaining[k]} synapses left")
        course.xaxis.set_major_formatter("{x:,.0f}")
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _fields(record: Record) -> list[Any]:
    """Return the weights of the followed neuron as images, removed synapses masked."""
    weights, alive = record.array("forming/weights").astype(np.float64), record.array("forming/alive")
    return [np.ma.masked_array(w, ~a).reshape(record.image_shape) for w, a in zip(weights, alive, strict=True)]


def _strongest(fields: list[Any]) -> float:
    return float(max(field.filled(0).max() for field in fields[len(fields) // 2 :]))


def _moments(fields: list[Any], count: int) -> NDArray[np.int64]:
    """Choose frames so that the field changes about as much from each to the next; the first and the last are there."""
    # Square roots, so that slow changes get frames too.
    change = np.sqrt([np.abs(b.filled(0) - a.filled(0)).sum() for a, b in pairwise(fields)])
    way = np.concatenate([[0], np.cumsum(change)])
    chosen = np.searchsorted(way, np.linspace(0, way[-1], count))
    chosen[-1] = len(fields) - 1
    for k in range(count - 2, -1, -1):  # no frame twice
        chosen[k] = min(chosen[k], chosen[k + 1] - 1)
    return np.maximum(chosen, np.arange(count))

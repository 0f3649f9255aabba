"""What a network confuses: confusion matrix, misclassified images, and one presentation step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved
from spikeprune.plots.record import Record
from spikeprune.plots.scores import draw_confusion
from spikeprune.readout import NO_ANSWER, UNASSIGNED

__all__ = ["mistakes"]

#: Misclassified images in a row, rows, and how the traced neurons look.
COLUMNS, ROWS = 6, 4
TRACES = (("#D55E00", "-"), ("#0072B2", (0, (4, 1))), ("#000000", (0, (1.5, 0.8))))


@matplotlib.rc_context(fname=STYLE)
def mistakes(record: Record, path: PathLike | None = None) -> Figure:
    """Draw the confusion matrix, misclassified test images, and raster and membranes of one presentation.

    Parameters
    ----------
    record : Record
        Evaluated, with a recorded presentation.
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: confusion matrix, misclassified images (one each), the image shown, raster (input, excitatory,
        inhibitory), membrane potentials.

    Raises
    ------
    DataError
        If the record is not evaluated or has no presentation.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    images, numbers = record.array("mistakes/images"), record.array("mistakes/number")
    names = record.class_names
    record.array("presentation/v")
    figure = Figure(figsize=(PAGE, 6.3))
    parts: Any = figure.subfigures(2, 1, height_ratios=(1, 1.05))
    above, below = parts
    left, right = above.subfigures(1, 2, width_ratios=(1, 1.02))
    matrix = left.subplots()
    draw_confusion(matrix, np.array(record.evaluated[0]["confusion"]), names)
    matrix.set_title(f"a   {record.label}: {record.evaluated[0]['accuracy']:.1f} % classified correctly")
    right.suptitle("b   Misclassified test images: class → answer", x=0.02, ha="left", size=8.5)
    labels, predictions = record.array("labels"), record.array("predictions")
    wrong = [k for k, number in enumerate(numbers) if labels[number] != predictions[number]][: COLUMNS * ROWS]
    for ax, k in zip(right.subplots(ROWS, COLUMNS, gridspec_kw={"wspace": 0.08}).flat, wrong, strict=False):
        ax.imshow(images[k], cmap="Greys", interpolation="nearest")
        answer = _name(int(predictions[numbers[k]]), names)
        ax.set_title(f"{names[labels[numbers[k]]]} → {answer}", size=7, loc="center", pad=2)
    for ax in right.axes:
        ax.axis("off")
    _presentation(below, record)
    return saved(figure, path)


def _presentation(figure: Figure, record: Record) -> None:
    """Draw the spikes of all populations and the membranes of three neurons."""
    names = record.class_names
    dt, traced = float(record.array("presentation/dt")), record.array("presentation/traced")
    duration = float(record.array("presentation/duration"))
    number = int(record.array("presentation/image"))
    answer = int(record.array("presentation/answer")[0])
    grid = figure.add_gridspec(4, 2, width_ratios=(1, 6.2), height_ratios=(1.25, 0.75, 0.75, 1.5))
    picture = figure.add_subplot(grid[:2, 0])
    picture.imshow(record.array("mistakes/images")[list(record.array("mistakes/number")).index(number)], cmap="Greys",
                   interpolation="nearest")  # fmt: skip
    picture.set(xticks=[], yticks=[])
    picture.spines[:].set(visible=True, linewidth=0.5, color="0.45")
    picture.set_title(f"c   class {names[record.array('labels')[number]]}", pad=3)
    picture.set_xlabel(f"answer: {_name(answer, names)}")
    first: Axes | None = None
    assignment = record.arrays["assignment"]
    for row, (population, color) in enumerate((("input", "0.3"), ("excitatory", "black"), ("inhibitory", "0.45"))):
        ax = figure.add_subplot(grid[row, 1], sharex=first)
        first = first or ax
        steps, neurons = record.array(f"presentation/{population}")
        many = population == "input"
        ax.scatter(steps * dt, neurons, s=1 if many else 9, marker="." if many else "|", color=color,
                   linewidths=0.2 if many else 0.9, rasterized=many)  # fmt: skip
        for neuron, (hue, _) in zip(traced, TRACES, strict=False):
            own = neurons == neuron
            if population != "input" and own.any():
                ax.scatter(steps[own] * dt, neurons[own], s=14, marker="|", color=hue, linewidths=1.3)
        size = record.arrays["weights"].shape[0] if population == "input" else record.neurons
        ax.set(ylim=(-0.03 * size, 1.03 * size), yticks=[0, size])
        ax.set_ylabel(population, rotation=0, ha="right", va="center")
        ax.tick_params(labelbottom=False)
    membrane = figure.add_subplot(grid[3, 1], sharex=first)
    time = dt * np.arange(record.array("presentation/v").shape[1])
    for neuron, v, level, (hue, line) in zip(
        traced, record.array("presentation/v"), record.array("presentation/v_threshold"), TRACES, strict=False
    ):
        membrane.plot(time, v, color=hue, linewidth=0.9, linestyle=line,
                      label=f"neuron {neuron}, class {_name(int(assignment[neuron]), names, UNASSIGNED)}")  # fmt: skip
        membrane.axhline(level, color=hue, linewidth=0.6, linestyle=line, alpha=0.6)
    membrane.set(xlabel="time (ms)", xlim=(0, duration), ylabel="membrane\npotential (mV)")
    membrane.legend(loc="lower right", ncols=3, bbox_to_anchor=(1, 1.0), borderaxespad=0.1)
    figure.align_ylabels()


def _name(value: int, names: Sequence[str], missing: int = NO_ANSWER) -> str:
    return "none" if value == missing else names[value]

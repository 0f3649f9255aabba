"""Receptive fields: the weights of each neuron as an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved, some_networks
from spikeprune.plots.record import Record
from spikeprune.readout import UNASSIGNED
from spikeprune.state import initial_weights

if TYPE_CHECKING:
    from spikeprune.run import Run

__all__ = ["fields_of_networks", "receptive_fields"]

REMOVED = "1.0"  # white, which no weight is, in colour or in grey
FROZEN = "#B7D2EA"
#: Weights from 0, a light yellow well below white, to the strongest.
COLORS = LinearSegmentedColormap.from_list("weights", matplotlib.colormaps["viridis_r"](np.linspace(0.08, 1, 256)))
LINES = "0.45"


@matplotlib.rc_context(fname=STYLE)
def receptive_fields(run: Run, path: PathLike | None = None, most: int = 100) -> Figure:
    """Draw the weights of each neuron as an image, before and after training.

    The neurons are sorted by assigned class, those without a class last, and keep their places from before to after.
    Removed synapses are white.

    Parameters
    ----------
    run : Run
    path : path-like, optional
        PNG file to write.
    most : int, default 100
        Neurons to draw; of more than that, as many are picked at equal distances in the sorted order.

    Returns
    -------
    Figure
        Axes: before, after, colour bar.

    Raises
    ------
    ParameterError, RunFolderError
        If `most` is less than 1 or the path does not end in .png; if the file cannot be written.
    """
    settings, shape, assignment = run.settings, run.data.image_shape, run.assignment
    _, order = _sorted(assignment, run.data.n_classes, most)
    before = initial_weights(settings.parameters, settings.seed)[:, order]
    after = np.ma.masked_array(run.weights, ~run.alive)[:, order]
    strongest = max(before.max(), after.filled(0).max())

    figure = Figure(figsize=(PAGE, 3.35))
    axes = figure.subplots(1, 2)
    for ax, weights in zip(axes, (before, after), strict=True):
        image = _draw(ax, weights, shape, strongest, assignment[order])
    shown = "neurons" if len(order) == len(assignment) else f"{len(order)} of {len(assignment)} neurons"
    axes[0].set(title="Before training", ylabel=f"{shown}, by assigned class")
    removed, frozen = 1 - run.alive.mean(), run.history[-1]["frozen_share"] if run.history else 0
    fate = f": {removed:.0%} removed (white)" if removed else f": {frozen:.0%} frozen" if frozen else ""
    axes[1].set_title(f"After training{fate}".replace("%", " %"))
    figure.colorbar(image, ax=axes, label="weight", aspect=30, pad=0.02).outline.set_visible(False)
    return saved(figure, path)


@matplotlib.rc_context(fname=STYLE)
def fields_of_networks(records: Sequence[Record], path: PathLike | None = None, most: int = 64) -> Figure:
    """Draw receptive fields of several trained networks side by side, each sorted by assigned class.

    Removed synapses are white, frozen ones light blue.

    Parameters
    ----------
    records : sequence of Record
    path : path-like, optional
        PNG, PDF or SVG file to write.
    most : int, default 64
        Neurons to draw of each network, picked at equal distances in the sorted order.

    Returns
    -------
    Figure
        Axes: one for each network, colour bar.

    Raises
    ------
    DataError, ParameterError, RunFolderError
        If there is no network; if `most` is less than 1 or the path does not end in .png, .pdf or .svg; if the file
        cannot be written.
    """
    some_networks(records, "fields")
    columns = min(3, len(records))
    rows = -(-len(records) // columns)
    figure = Figure(figsize=(PAGE, 0.2 + 2.35 * rows * 3 / columns))
    axes = figure.subplots(rows, columns, squeeze=False)
    # A strength that few weights exceed, so that one extreme weight does not fade all others.
    strongest = max(float(np.quantile(record.arrays["weights"], 0.999)) for record in records)
    for ax, record in zip(axes.flat, records, strict=False):
        classes, order = _sorted(record.arrays["assignment"], len(record.class_names), most)
        alive = record.arrays["alive"]
        weights = np.ma.masked_array(record.arrays["weights"].astype(np.float64), ~alive)[:, order]
        image = _draw(ax, weights, record.image_shape, strongest, classes)
        frozen = alive & ~record.arrays["plastic"]
        if frozen.any():
            still_ones = _mosaic(np.ma.masked_array(np.ones(weights.shape), ~frozen[:, order]), record.image_shape)
            ax.imshow(still_ones, ListedColormap([FROZEN]), interpolation="nearest")
        removed, still = 1 - alive.mean(), frozen.mean()
        share = f": {removed:.0%} removed" if removed else f": {still:.0%} frozen (blue)" if still else ""
        ax.set_title(record.label + share.replace("%", " %"))
    for ax in axes.flat[len(records) :]:
        ax.remove()
    drawn = list(axes.flat[: len(records)])
    bar = figure.colorbar(image, ax=drawn, label="weight (removed: white)", aspect=40, pad=0.02, extend="max")
    bar.outline.set_visible(False)
    return saved(figure, path)


def _sorted(assignment: NDArray[np.int64], n_classes: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return classes and numbers of at most `most` neurons, sorted by class, those without a class last."""
    if most < 1:
        raise ParameterError(f"most is {most}, but at least 1 neuron is needed: give a larger number.")
    order = np.argsort(np.where(assignment == UNASSIGNED, n_classes, assignment), kind="stable")
    if len(order) > most:
        order = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    return assignment[order], order


def _draw(ax: Axes, weights: Any, shape: tuple[int, int], strongest: float, classes: NDArray[np.int64]) -> Any:
    """Draw the mosaic of some neurons; the classes of each row stand beside it."""
    count = weights.shape[1]
    image = ax.imshow(_mosaic(weights, shape), COLORS.with_extremes(bad=REMOVED), vmin=0, vmax=strongest,
                      interpolation="nearest")  # fmt: skip
    rows, columns = np.array(image.get_size()) // shape
    for column in range(1, columns):
        ax.axvline(column * shape[1] - 0.5, color=LINES, linewidth=0.5)
    for row in range(1, rows):
        ax.axhline(row * shape[0] - 0.5, color=LINES, linewidth=0.5)
    empty = rows * columns - count
    corner = ((columns - empty) * shape[1] - 0.5, (rows - 1) * shape[0] - 0.5)
    ax.add_patch(Rectangle(corner, empty * shape[1] + 1, shape[0] + 1, color="white", zorder=3))
    ax.set_xticks([])
    ax.set_yticks((np.arange(rows) + 0.5) * shape[0] - 0.5, _row_classes(classes, columns))
    ax.tick_params(length=0)
    ax.spines[:].set(visible=not empty, color=LINES, linewidth=0.5)
    return image


def _mosaic(weights: Any, shape: tuple[int, int]) -> Any:
    """Lay images [pixels, neurons] out in a square grid, row by row; places without a neuron are masked."""
    side = int(np.ceil(np.sqrt(weights.shape[1])))
    rows = int(np.ceil(weights.shape[1] / side))
    tiles = np.ma.masked_all((rows * side, *shape))
    tiles[: weights.shape[1]] = weights.T.reshape(-1, *shape)
    return tiles.reshape(rows, side, *shape).swapaxes(1, 2).reshape(rows * shape[0], side * shape[1])


def _row_classes(classes: NDArray[np.int64], side: int) -> list[str]:
    """Name the classes in each row of the grid."""
    ends = [(part[0], part[-1]) for part in np.split(classes, range(side, len(classes), side))]
    return ["–".join(dict.fromkeys("none" if end == UNASSIGNED else str(end) for end in pair)) for pair in ends]

"""Receptive fields: the weights of each neuron as an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.plots.figure import STYLE, PathLike, saved
from spikeprune.readout import UNASSIGNED
from spikeprune.state import initial_weights

if TYPE_CHECKING:
    from spikeprune.run import Run

__all__ = ["receptive_fields"]

REMOVED = "0.88"  # a grey that no weight's colour comes near


@matplotlib.rc_context(fname=STYLE)
def receptive_fields(run: Run, path: PathLike | None = None, most: int = 100) -> Figure:
    """Draw the weights of each neuron as an image, before and after training.

    The neurons are sorted by assigned class, those without a class last, and keep their places from before to after.
    Removed synapses are grey.

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
    if most < 1:
        raise ParameterError(f"most is {most}, but at least 1 neuron is needed: give a larger number.")
    settings, shape, assignment = run.settings, run.data.image_shape, run.assignment
    order = np.argsort(np.where(assignment == UNASSIGNED, run.data.n_classes, assignment), kind="stable")
    if len(order) > most:
        order = order[np.linspace(0, len(order) - 1, most).round().astype(int)]
    before = initial_weights(settings.parameters, settings.seed)[:, order]
    after = np.ma.masked_array(run.weights, ~run.alive)[:, order]
    strongest = max(before.max(), after.filled(0).max())

    figure = Figure(figsize=(7.2, 3.35))
    axes = figure.subplots(1, 2)
    colors = matplotlib.colormaps[matplotlib.rcParams["image.cmap"]].with_extremes(bad=REMOVED)
    for ax, weights in zip(axes, (before, after), strict=True):
        image = ax.imshow(_mosaic(weights, shape), colors, vmin=0, vmax=strongest, interpolation="nearest")
        rows, columns = np.array(image.get_size()) // shape
        empty = rows * columns - len(order)
        corner = ((columns - empty) * shape[1] - 0.5, (rows - 1) * shape[0] - 0.5)
        ax.add_patch(Rectangle(corner, empty * shape[1], shape[0], color="white"))
        for column in range(1, columns):
            ax.axvline(column * shape[1] - 0.5, color="white", linewidth=0.8)
        for row in range(1, rows):
            ax.axhline(row * shape[0] - 0.5, color="white", linewidth=0.8)
        ax.set_xticks([])
        ax.set_yticks((np.arange(rows) + 0.5) * shape[0] - 0.5, _row_classes(assignment[order], columns))
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    shown = "neurons" if len(order) == len(assignment) else f"{len(order)} of {len(assignment)} neurons"
    axes[0].set(title="Before training", ylabel=f"{shown}, by assigned class")
    removed, frozen = 1 - run.alive.mean(), run.history[-1]["frozen_share"] if run.history else 0
    fate = f": {removed:.0%} removed (grey)" if removed else f": {frozen:.0%} frozen" if frozen else ""
    axes[1].set_title(f"After training{fate}".replace("%", " %"))
    figure.colorbar(image, ax=axes, label="weight", aspect=30, pad=0.02).outline.set_visible(False)
    return saved(figure, path)


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

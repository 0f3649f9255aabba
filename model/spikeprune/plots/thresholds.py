"""What becomes of every neuron: threshold, remaining synapses, spikes and theta, chunk by chunk."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, MaxNLocator
from numpy.typing import NDArray

from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved
from spikeprune.plots.record import COURSE, Record

__all__ = ["TRACES", "thresholds", "traced_neurons"]

#: Title, unit of the colour bar and colour map of each array; light is little.
KINDS = {
    "course/spikes": ("Spikes", "spikes per 1000 images", "Greys"),
    "course/threshold": ("Pruning threshold", "threshold $h_j$ (weight)", "Blues"),
    "course/remaining": ("Remaining synapses", "synapses", "viridis_r"),
    "course/theta": ("Adaptive firing threshold", "θ (mV)", "Purples"),
}
#: Quantiles of the number of spikes at which neurons are picked for single traces: name, colour, line.
TRACES = {
    0.98: ("busy", "#D55E00", "-"),
    0.5: ("average", "#000000", (0, (5, 1.2))),
    0.02: ("quiet", "#0072B2", (0, (1.5, 0.9))),
}


@matplotlib.rc_context(fname=STYLE)
def thresholds(record: Record, path: PathLike | None = None) -> Figure:
    """Draw threshold and remaining synapses of all neurons over training, beside their spikes and theta.

    Above, every neuron is a row, the one that fired most in the first third of training at the top; below, single
    neurons: one that was busy then, an average one and a quiet one.

    Parameters
    ----------
    record : Record
        Of a rule with thresholds, followed chunk by chunk.
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: four heat maps (spikes, threshold, remaining synapses, theta), four single traces, scatter of remaining
        synapses over spikes a third of the way; colour bars.

    Raises
    ------
    DataError
        If the record was not followed, or its rule has no threshold.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    arrays = {name: record.array(name).astype(np.float64) for name in (COURSE[2], COURSE[0], COURSE[1], COURSE[3])}
    images = record.images
    arrays[COURSE[2]] *= 1000 / np.diff(images, prepend=0)[:, np.newaxis]
    order, traced, third = traced_neurons(record)
    figure = Figure(figsize=(PAGE, 4.5))
    axes = figure.subplots(2, 4, height_ratios=(1.35, 1), sharex=True)
    chunk = images[0]
    for (above, below), (name, values) in zip(axes.T, arrays.items(), strict=True):
        title, label, colors = KINDS[name]
        mesh = above.imshow(
            values.T[order], cmap=colors, aspect="auto", interpolation="nearest",
            extent=(images[0] - chunk, images[-1], len(order), 0), vmax=np.quantile(values, 0.995),
        )  # fmt: skip
        bar = figure.colorbar(mesh, ax=above, location="top", aspect=18, pad=0.02)
        bar.set_label(title + "\n" + label, size=7.5)
        bar.ax.tick_params(labelsize=6.5)
        bar.ax.xaxis.set_major_locator(MaxNLocator(3))
        bar.outline.set_visible(False)
        above.set_yticks([])
        for neuron, (text, color, line) in zip(traced, TRACES.values(), strict=True):
            below.plot(images, values[:, neuron], color=color, linestyle=line, label=f"{text} neuron")
        below.set(xlabel="training images", ylabel=label.replace("spikes per 1000 images", "spikes / 1000 images"))
        below.set_ylim(0 if name != "course/theta" else None, None)
        below.set_xlim(0, images[-1])
        below.xaxis.set_major_locator(MaxNLocator(3))
        below.xaxis.set_major_formatter(EngFormatter(sep=" "))
        below.axvline(images[third], color="0.7", linewidth=0.7, zorder=0)
    axes[0, 0].set_ylabel("neurons: busy ones above")
    figure.legend(*axes[1, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return saved(figure, path)


def traced_neurons(record: Record) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Sort the neurons by their spikes in the first third of training.

    Returns
    -------
    order : ndarray [neurons]
        The busiest first.
    traced : ndarray [3]
        The neurons at the quantiles `TRACES`.
    third : int
        The chunk at whose end they were counted.
    """
    third = max(len(record.images) // 3 - 1, 0)
    early = record.array("course/spikes")[: third + 1].sum(axis=0)
    order = np.argsort(-early.astype(np.int64), kind="stable")
    places = [round((1 - quantile) * (len(order) - 1)) for quantile in TRACES]
    return order, order[places], third

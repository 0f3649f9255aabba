"""Distributions of weights before and after training, with the thresholds of the neurons."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from spikeprune.parameters import NetworkParameters
from spikeprune.plots.figure import PAGE, STYLE, PathLike, note, saved, some_networks
from spikeprune.plots.looks import looks
from spikeprune.plots.record import Record
from spikeprune.state import initial_weights

__all__ = ["BINS", "distributions"]

#: Bins of weights, which lie between 0 and 1, and of thresholds.
BINS = 50
BEFORE = "0.55"


@matplotlib.rc_context(fname=STYLE)
def distributions(records: Sequence[Record], path: PathLike | None = None) -> Figure:
    """Draw how many synapses have which weight, before and after training, and how many neurons which threshold.

    Parameters
    ----------
    records : sequence of Record
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes, for each record: weights, thresholds.

    Raises
    ------
    DataError
        If there is no record.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    some_networks(records, "weights")
    look = looks(str(record.rule["name"]) for record in records)
    columns = min(3, len(records))
    rows = -(-len(records) // columns)
    figure = Figure(figsize=(PAGE, 0.4 + 2.2 * rows))
    grid = figure.add_gridspec(2 * rows, columns, height_ratios=[1, 0.42] * rows)
    edges = np.linspace(0, 1, BINS + 1)
    aims = [record.arrays["threshold"].max() for record in records if "threshold" in record.arrays]
    fine = np.linspace(0, 1.05 * max(aims, default=0.1) or 0.1, BINS + 1)
    shared: Axes | None = None
    below: Axes | None = None
    for number, record in enumerate(records):
        row, column = divmod(number, columns)
        weights = figure.add_subplot(grid[2 * row, column], sharex=shared, sharey=shared)
        thresholds = figure.add_subplot(grid[2 * row + 1, column], sharex=below)
        shared, below = shared or weights, below or thresholds
        color, alive = look[record.rule["name"]].color, record.arrays["alive"]
        before = initial_weights(NetworkParameters.from_dict(record.settings["parameters"]), record.seeds[0])
        _stairs(weights, before, edges, BEFORE, filled=False)
        _stairs(weights, record.arrays["weights"][alive], edges, color, filled=True)
        weights.set(title=record.label, yscale="log", ylim=(8, None), xlim=(0, 1), xlabel="weight")
        if "threshold" in record.arrays:
            _stairs(thresholds, record.arrays["threshold"], fine, color, filled=True)
        else:
            note(thresholds, "no threshold of a neuron", size=7)
            thresholds.set_yticks([])
        thresholds.set(xlim=(0, fine[-1]), xlabel="threshold $h_j$ (weight)", ylim=(0, None))
        if column == 0:
            weights.set_ylabel("synapses")
            thresholds.set_ylabel("neurons")
        else:
            weights.tick_params(labelleft=False)
    handles = [
        Line2D([], [], color=BEFORE, label="before training"),
        Patch(color="0.3", label="after training, existing synapses"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    figure.align_ylabels()
    return saved(figure, path)


def _stairs(ax: Axes, values: object, edges: object, color: str, filled: bool) -> None:
    counts, _ = np.histogram(np.asarray(values, dtype=np.float64), np.asarray(edges))
    look = {"alpha": 0.75, "baseline": 0.5, "linewidth": 0} if filled else {"linewidth": 1}
    ax.stairs(
        counts, np.asarray(edges), color=color, fill=filled, label="after" if filled else "before", **look
    )  # fmt: skip

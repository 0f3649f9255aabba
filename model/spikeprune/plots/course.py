"""The course of a training: threshold, removed share, accuracy, operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, MaxNLocator

from spikeprune.operations import OperationCounts
from spikeprune.plots.figure import STYLE, PathLike, named, saved

if TYPE_CHECKING:
    from spikeprune.run import Run

__all__ = ["history"]


@matplotlib.rc_context(fname=STYLE)
def history(runs: Run | Mapping[str, Run], path: PathLike | None = None) -> Figure:
    """Draw how training went: pruning threshold, removed share, accuracy and operations over the images seen.

    Of the pruning threshold, the line is the median over the neurons, the band holds the quartiles, and thin lines are
    the extremes; a rule without threshold has no curve.  Each value is that of a chunk, at the chunk's last image.

    Parameters
    ----------
    runs : Run or mapping of str to Run
        One run, or several by the names to give them.
    path : path-like, optional
        PNG file to write.

    Returns
    -------
    Figure
        Axes: threshold, removed share, accuracy, operations.

    Raises
    ------
    ParameterError, RunFolderError
        If there are no runs or the path does not end in .png; if the file cannot be written.
    """
    runs_by_name = named(runs)
    figure = Figure(figsize=(7.2, 4.6))
    (threshold, removed), (accuracy, operations) = figure.subplots(2, 2, sharex=True)
    for number, (name, run) in enumerate(runs_by_name.items()):
        entries, color = run.history, f"C{number}"
        images = [entry["images"] for entry in entries]
        if entries and all(entry["threshold"] for entry in entries):
            low, first, median, third, high = np.transpose([entry["threshold"] for entry in entries])
            threshold.plot(images, median, color=color, label=name)
            threshold.fill_between(images, first, third, color=color, alpha=0.25, linewidth=0)
            threshold.plot(images, low, images, high, color=color, linewidth=0.6)
        removed.plot(images, [100 * entry["removed_share"] for entry in entries], color=color, label=name)
        frozen = [100 * entry["frozen_share"] for entry in entries]
        if any(frozen):
            removed.plot(images, frozen, color=color, linestyle="--", label=f"{name}, frozen")
        known = [entry["accuracy"] if entry["accuracy"] is not None else np.nan for entry in entries]
        accuracy.plot(images, known, color=color, label=name)
        per_image = [OperationCounts.from_dict(entry["counts"]).per_image() for entry in entries]
        operations.plot(images, [n["transmissions"] for n in per_image], color=color, label=name)
        operations.plot(
            images, [n["updates"] for n in per_image], color=color, linestyle="--", label=f"{name}, updates"
        )

    threshold.set(title="Pruning threshold: median, quartiles, extremes", ylabel="weight", ylim=(0, None))
    if not threshold.lines:
        threshold.text(0.5, 0.5, "no threshold", transform=threshold.transAxes, ha="center", color="0.5")
        threshold.set_yticks([])
    removed.set(title="Removed weights", ylabel="share of the weights (%)", ylim=(-2, 100))
    accuracy.set(title="Running accuracy", xlabel="images seen", ylabel="classified correctly (%)", xlim=(0, None))
    operations.set(title="Synaptic operations", xlabel="images seen", ylabel="operations per image", ylim=(0, None))
    operations.yaxis.set_major_formatter(EngFormatter())
    accuracy.xaxis.set_major_formatter("{x:,.0f}")
    accuracy.xaxis.set_major_locator(MaxNLocator(5))
    solid, dashed = (Line2D([], [], color="0.3", linestyle=style) for style in ("-", "--"))
    operations.legend([solid, dashed], ["transmissions", "weight updates"])
    if len(removed.lines) > len(runs_by_name):
        removed.legend([solid, dashed], ["removed", "frozen"])
    if any(runs_by_name):
        handles = [Line2D([], [], color=f"C{number}", linewidth=2) for number in range(len(runs_by_name))]
        figure.legend(handles, list(runs_by_name), loc="outside upper center", ncols=min(len(runs_by_name), 5))
    figure.align_ylabels()
    return saved(figure, path)

"""What came of runs: confusion matrix; accuracy and operations side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import EngFormatter, MaxNLocator
from numpy.typing import NDArray

from spikeprune.operations import OperationCounts
from spikeprune.plots.figure import STYLE, PathLike, evaluated, named, saved, signed

if TYPE_CHECKING:
    from spikeprune.run import Run

__all__ = ["OPERATIONS", "comparison", "confusion", "draw_confusion"]

#: Label and colour of each class of operation: transmissions are blue, updates orange.
OPERATIONS = {
    "input_to_excitatory": ("transmission, input → excitatory", "#0072B2"),
    "excitatory_to_inhibitory": ("transmission, excitatory → inhibitory", "#56B4E9"),
    "inhibitory_to_excitatory": ("transmission, inhibitory → excitatory", "#B5DBF2"),
    "updates_on_input_spikes": ("weight update on input spike", "#D55E00"),
    "updates_on_excitatory_spikes": ("weight update on excitatory spike", "#F5B27A"),
}


@matplotlib.rc_context(fname=STYLE)
def confusion(run: Run, path: PathLike | None = None) -> Figure:
    """Draw what the test images of each class were taken for, in percent of the class.

    Parameters
    ----------
    run : Run
        With an evaluation.
    path : path-like, optional
        PNG file to write.

    Returns
    -------
    Figure
        Axes: matrix with a last column "no answer", colour bar.

    Raises
    ------
    DataError, ParameterError, RunFolderError
        If the run has not been evaluated; if the path does not end in .png; if the file cannot be written.
    """
    evaluation, names = evaluated(run, "run"), run.data.class_names
    figure = Figure(figsize=(4.9, 4.2))
    ax = figure.subplots()
    image = draw_confusion(ax, evaluation.readout.confusion, names)
    ax.set_title(f"Test accuracy {evaluation.accuracy:.1f} % on {len(evaluation.labels)} images")
    figure.colorbar(image, ax=ax, label="share of the class (%)", shrink=0.9, aspect=30).outline.set_visible(False)
    return saved(figure, path)


def draw_confusion(ax: Axes, table: NDArray[np.integer], names: Sequence[str]) -> AxesImage:
    """Draw the matrix [classes, classes + 1] into axes."""
    percent = 100 * table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(percent, cmap="Blues", vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(percent):
        if value >= 0.5:
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", color="white" if value > 55 else "0.15")
    ax.axvline(len(names) - 0.5, color="0.2", linewidth=0.7)
    ax.set_yticks(range(len(names)), names)
    if max(map(len, names)) > 3:
        ax.set_xticks(range(len(names) + 1), [*names, "no answer"], rotation=45, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks(range(len(names) + 1), [*names, "no\nanswer"])
    ax.tick_params(length=0)
    ax.set(xlabel="answer of the network", ylabel="class of the image")
    return image


@matplotlib.rc_context(fname=STYLE)
def comparison(runs: Mapping[str, Run], path: PathLike | None = None) -> Figure:
    """Draw accuracy and operations of several runs, with the change against the first one.

    Parameters
    ----------
    runs : mapping of str to Run
        Evaluated runs by the names to give them, the baseline first.
    path : path-like, optional
        PNG file to write.

    Returns
    -------
    Figure
        Axes: accuracy, operations in training, operations in inference.

    Raises
    ------
    DataError, ParameterError, RunFolderError
        If a run has not been evaluated; if there are no runs or the path does not end in .png; if the file cannot be
        written.
    """
    runs_by_name = named(runs)
    evaluations = [evaluated(run, name) for name, run in runs_by_name.items()]
    places = np.arange(len(runs_by_name))
    figure = Figure(figsize=(7.2, 1.5 + 0.34 * len(runs_by_name)))
    left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=(0.8, 1, 1))

    accuracy = np.array([evaluation.accuracy for evaluation in evaluations])
    room = max(2.5, 0.3 * np.ptp(accuracy))
    left.plot(accuracy, places, "o", color="0.2")
    left.axvline(accuracy[0], color="0.6", linewidth=0.7, zorder=0)
    for place, change in zip(places, accuracy - accuracy[0], strict=True):
        text = f"{accuracy[place]:.1f}" + (f" ({signed(change)})" if place else "")
        note = left.annotate(text, (accuracy[place], place), (0, 6), textcoords="offset points", ha="center", size=7)
        note.set_bbox({"facecolor": "white", "linewidth": 0, "pad": 0.8})
    left.set(title="Test accuracy", xlabel="classified correctly (%)", yticks=places, yticklabels=list(runs_by_name))
    left.set(xlim=(accuracy.min() - room, accuracy.max() + room), ylim=(len(runs_by_name) - 0.5, -0.7))

    training, inference = (
        [run.counts for run in runs_by_name.values()],
        [evaluation.counts for evaluation in evaluations],
    )
    _bars(middle, training, tuple(OPERATIONS), "training_sops")
    _bars(right, inference, tuple(OPERATIONS)[:3], "inference_sops")
    middle.set_title("Operations in training")
    right.set_title("Operations in inference")
    bars, labels = middle.get_legend_handles_labels()
    by_row = [0, 3, 1, 4, 2]  # a legend is filled by columns: transmissions above updates
    figure.legend([bars[n] for n in by_row], [labels[n] for n in by_row], loc="outside lower center", ncols=3)
    return saved(figure, path)


def _bars(ax: Axes, counts: Sequence[OperationCounts], kinds: Sequence[str], total: str) -> None:
    """Stack the operations of each run, and write their sum and its change against the first run at the end."""
    per_image, ends = [count.per_image() for count in counts], np.zeros(len(counts))
    for kind in kinds:
        label, color = OPERATIONS[kind]
        widths = np.array([numbers[kind] for numbers in per_image])
        ax.barh(np.arange(len(counts)), widths, 0.6, ends, color=color, label=label)
        ends += widths
    for place, count in enumerate(counts):
        value, change = per_image[place][total], count.change_against(counts[0])[total]
        text = EngFormatter(places=2 if value >= 1e6 else 0)(value)
        text += f" ({signed(change, 0)} %)" * (place > 0)
        ax.annotate(text, (value, place), (3, 0), textcoords="offset points", va="center", size=7)
    ax.set(xlabel="operations per image", xlim=(0, 1.45 * ends.max()))
    ax.xaxis.set_major_formatter(EngFormatter())
    ax.xaxis.set_major_locator(MaxNLocator(4))

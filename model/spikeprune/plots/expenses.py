"""Synaptic operations by class over training and in inference, and what they cost on chips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator

from spikeprune.operations import OperationCounts
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved, signed, some_networks
from spikeprune.plots.looks import looks
from spikeprune.plots.record import Record
from spikeprune.plots.scores import OPERATIONS
from spikeprune.prices import PRICES, EnergyPrice, energy

__all__ = ["energies", "operations"]

#: Classes that there are in inference: transmissions.
TRANSMISSIONS = tuple(OPERATIONS)[:3]


@matplotlib.rc_context(fname=STYLE)
def operations(records: Sequence[Record], path: PathLike | None = None) -> Figure:
    """Draw the operations of an image by class: over training as stacked areas, in inference as stacked bars.

    Means over seeds.

    Parameters
    ----------
    records : sequence of Record
        Evaluated.
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: training of each record, then inference of all.

    Raises
    ------
    DataError
        If there is no record or one is not evaluated.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    some_networks(records, "operations")
    inference = [_inference(record) for record in records]
    columns = min(3, len(records))
    rows = -(-len(records) // columns)
    figure = Figure(figsize=(PAGE, 1.3 * rows + 1.05 + 0.19 * len(records)))
    grid = figure.add_gridspec(rows + 1, columns, height_ratios=[1.3] * rows + [0.35 + 0.19 * len(records)])
    first = None
    for number, record in enumerate(records):
        ax = figure.add_subplot(grid[number // columns, number % columns], sharex=first, sharey=first)
        first = first or ax
        counts = [_per_image([history[k] for history in record.histories]) for k in range(len(record.images))]
        ax.stackplot(
            record.images, [[numbers[name] for numbers in counts] for name in OPERATIONS],
            colors=[color for _, color in OPERATIONS.values()], labels=list(OPERATIONS), linewidth=0,
        )  # fmt: skip
        ax.set_title(record.label)
        ax.set(xlim=(0, record.images[-1]), ylim=(0, None))
        ax.yaxis.set_major_formatter(EngFormatter(sep=""))
        ax.xaxis.set_major_locator(MaxNLocator(3))
        ax.xaxis.set_major_formatter(EngFormatter(sep=" "))
        if number % columns == 0:
            ax.set_ylabel("SOPs per image")
        else:
            ax.tick_params(labelleft=False)
        if number + columns >= len(records):
            ax.set_xlabel("training images seen")
        else:
            ax.tick_params(labelbottom=False)
    bars = figure.add_subplot(grid[rows, :])
    places, ends = np.arange(len(records)), np.zeros(len(records))
    for name in TRANSMISSIONS:
        widths = np.array([numbers[name] for numbers in inference])
        bars.barh(places, widths, 0.65, ends, color=OPERATIONS[name][1], label=name)
        ends += widths
    for place, end in zip(places, ends, strict=True):
        change = f" ({signed(100 * (end / ends[0] - 1), 0)} %)" if place and ends[0] else ""
        text = EngFormatter(places=2 if end >= 1e6 else 0)(end) + change
        bars.annotate(text, (end, place), (3, 0), textcoords="offset points", va="center", size=7)
    bars.set(title="Inference", xlabel="SOPs per test image", yticks=places, yticklabels=[r.label for r in records])
    bars.set(xlim=(0, 1.15 * ends.max()), ylim=(len(records) - 0.5, -0.5))
    bars.xaxis.set_major_formatter(EngFormatter(sep=" "))
    patches = [Patch(color=color, label=text) for text, color in OPERATIONS.values()]
    figure.legend(handles=[patches[n] for n in (0, 3, 1, 4, 2)], loc="outside lower center", ncols=3)
    return saved(figure, path)


@matplotlib.rc_context(fname=STYLE)
def energies(
    records: Sequence[Record], prices: Mapping[str, EnergyPrice] = PRICES, path: PathLike | None = None
) -> Figure:
    """Draw the estimated energy of an image in training and in inference at published prices, on a logarithmic axis.

    Parameters
    ----------
    records : sequence of Record
        Evaluated.
    prices : mapping of str to EnergyPrice
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes: training, inference.

    Raises
    ------
    DataError
        If there is no record or one is not evaluated.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    some_networks(records, "energies")
    look = looks(str(record.rule["name"]) for record in records)
    names = sorted(prices, key=lambda name: -prices[name].picojoule_per_sop)
    figure = Figure(figsize=(PAGE, 0.95 + 0.3 * len(names)))
    axes = figure.subplots(1, 2, sharey=True)
    step = 0.66 / max(len(records) - 1, 1)
    for number, record in enumerate(records):
        shape = look[record.rule["name"]]
        training = _per_image([entry for history in record.histories for entry in history])["training_sops"]
        for ax, sops in zip(axes, (training, _inference(record)["inference_sops"]), strict=True):
            places = np.arange(len(names)) + step * (number - (len(records) - 1) / 2)
            ax.plot([energy(sops, prices[name]) for name in names], places, linestyle="none", label=record.label,
                    color=shape.color, marker=shape.marker, markersize=4)  # fmt: skip
    for ax, title in zip(axes, ("Training", "Inference"), strict=True):
        ax.set(title=title, xscale="log", xlabel="estimated energy per image", ylim=(len(names) - 0.5, -0.5))
        ax.margins(x=0.05)
        ax.xaxis.set_major_locator(LogLocator(numticks=12))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(EngFormatter("J"))
        for place in range(1, len(names)):
            ax.axhline(place - 0.5, color="0.85", linewidth=0.5, zorder=0)
    axes[0].set_yticks(range(len(names)), [f"{name}\n{prices[name].picojoule_per_sop:g} pJ" for name in names])
    axes[0].tick_params(axis="y", labelsize=6.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return saved(figure, path)


def _per_image(entries: Sequence[Mapping[str, Mapping[str, int]]]) -> dict[str, float]:
    return sum((OperationCounts.from_dict(e["counts"]) for e in entries), OperationCounts.zero()).per_image()


def _inference(record: Record) -> dict[str, float]:
    return _per_image(record.evaluated)

"""Network sizes and data sets: accuracy beside published figures, and what pruning saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from spikeprune.errors import DataError
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved
from spikeprune.plots.looks import looks
from spikeprune.plots.reference import Group

__all__ = ["sizes"]

ROWS = (
    ("training.training_sops", "SOPs saved\nin training (%)"),
    ("inference.inference_sops", "SOPs saved\nin inference (%)"),
)


@matplotlib.rc_context(fname=STYLE)
def sizes(
    groups: Sequence[Group], accuracies: Sequence[Mapping[str, Any]] = (), path: PathLike | None = None
) -> Figure:
    """Draw accuracy and saved operations against the number of neurons, a column for each kind of data.

    Parameters
    ----------
    groups : sequence of Group
        Each is a marker; lines join those of one experiment.  Open markers are of more than one epoch, or of a network
        with other constants.
    accuracies : sequence of mapping
        Published accuracies (:class:`~spikeprune.plots.reference.Claims`).
    path : path-like, optional
        PNG, PDF or SVG file to write.

    Returns
    -------
    Figure
        Axes, for each kind of data: accuracy, operations saved in training, operations saved in inference.

    Raises
    ------
    DataError
        If there is no group.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    if not groups:
        raise DataError("There are 0 groups of runs, but a picture of sizes needs at least one: name more runs.")
    kinds = list(dict.fromkeys(group.data for group in groups))
    count = [len({group.neurons for group in groups if group.data == kind}) for kind in kinds]
    look = looks(str(group.rule["name"]) for group in groups)
    figure = Figure(figsize=(PAGE, 5.2))
    widths = [max(number + 1, 2.6) for number in count]
    axes = figure.subplots(3, len(kinds), squeeze=False, sharex="col", height_ratios=(1.7, 1, 1), width_ratios=widths)
    for (accuracy, *savings), kind in zip(axes.T, kinds, strict=True):
        here = [group for group in groups if group.data == kind]
        published = [entry for entry in accuracies if entry["data"] == kind.lower()]
        # Rules lie side by side, so that none hides another.
        dodges = 1.025 ** (np.arange(len(look)) - (len(look) - 1) / 2)
        for (name, shape), dodge in zip(look.items(), dodges, strict=True):
            # Lines join what one experiment measured, with the same constants and epochs.
            of_rule = [group for group in here if group.rule["name"] == name]
            for series in dict.fromkeys((group.experiment, group.epochs) for group in of_rule):
                chosen = [group for group in of_rule if (group.experiment, group.epochs) == series]
                _curve(accuracy, chosen, "accuracy", name, shape, dodge)
                for ax, (value, _) in zip(savings, ROWS, strict=True):
                    _curve(ax, [group for group in chosen if group.compared], value, name, shape, dodge)
        for number, entry in enumerate(published):
            line = ("--", ":")[number % 2]
            accuracy.errorbar(
                entry["neurons"], entry["accuracy"], yerr=entry.get("sd"), color="0.55", linestyle=line,
                marker=("*", "P")[number % 2], markersize=8, markerfacecolor="white", linewidth=0.9, zorder=1,
                label=f"{entry['label']} (published)",
            )  # fmt: skip
        ticks = sorted({group.neurons for group in here} | {n for entry in published for n in entry["neurons"]})
        for ax in (accuracy, *savings):
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(FixedLocator(_sparse(ticks)))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.xaxis.set_minor_formatter(NullFormatter())
            ax.xaxis.set_major_formatter("{x:.0f}")
            ax.set_xlim(min(ticks) / 1.35, max(ticks) * 1.35)
        # A network that failed makes a wide interval, which would press everything else together.
        means = [group.value("accuracy").mean for group in here] + [a for entry in published for a in entry["accuracy"]]
        accuracy.set_ylim(min(means) - 2.5, max(means) + 2.5)
        for ax in savings:
            ax.axhline(0, color="0.6", linewidth=0.7, zorder=0)
        accuracy.set_title(_title(kind))
        savings[-1].set_xlabel("excitatory neurons")
    axes[0, 0].set_ylabel("accuracy (%)")
    for ax, (_, label) in zip(axes[1:, 0], ROWS, strict=True):
        ax.set_ylabel(label)
    for row in axes[1:]:
        low = min(ax.get_ylim()[0] for ax in row)
        high = max(ax.get_ylim()[1] for ax in row)
        for ax in row:
            ax.set_ylim(low, high)
    known = {label: handle for ax in axes[0] for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(known.values(), known.keys(), loc="outside lower center", ncols=4)
    figure.align_ylabels()
    return saved(figure, path)


def _curve(ax: Axes, groups: Sequence[Group], value: str, name: str, shape: Any, dodge: float) -> None:
    """Draw the settings of a rule as markers and a line through their means, all moved sideways by a factor."""
    if not groups:
        return
    sign = 1 if value == "accuracy" else -1
    found = [group.value(value) if value == "accuracy" else group.change(value) for group in groups]
    usual = groups[0].epochs == 1 and not groups[0].network
    label = name + (", tuned network" if groups[0].network else "")
    label += f", {groups[0].epochs} epochs" if groups[0].epochs > 1 else ""
    means, bars = [sign * each.mean for each in found], [each.confidence for each in found]
    ax.errorbar(
        [group.neurons * dodge for group in groups], means, yerr=bars,
        color=shape.color, marker=shape.marker, linestyle="none", elinewidth=0.7, markersize=4, zorder=3,
        label=label, fillstyle="full" if usual else "none",
    )  # fmt: skip
    neurons = sorted({group.neurons for group in groups})
    joined = [np.mean([mean for g, mean in zip(groups, means, strict=True) if g.neurons == n]) for n in neurons]
    ax.plot(np.multiply(neurons, dodge), joined, color=shape.color, linestyle=shape.line, linewidth=1, zorder=2)


def _sparse(ticks: Sequence[int]) -> list[int]:
    """Leave out ticks that would touch, on a logarithmic axis."""
    kept: list[int] = []
    for tick in ticks:
        if not kept or tick >= 1.5 * kept[-1]:
            kept.append(tick)
    return kept


def _title(kind: str) -> str:
    return {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}.get(kind.lower(), kind)

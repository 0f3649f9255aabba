"""The front: accuracy lost against operations saved, every rule and setting, in training and in inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from spikeprune.errors import DataError
from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved, signed
from spikeprune.plots.looks import Look, looks
from spikeprune.plots.reference import Group
from spikeprune.sweep.results import pareto_front

__all__ = ["PHASES", "front"]

#: Value of the operations, title of the axes, and key of a published change.
PHASES = (
    ("training.training_sops", "Training", "training"),
    ("inference.inference_sops", "Inference", "inference"),
)  # fmt: skip
#: A loss of more points than this is drawn at the edge and written beside.
MOST = 4.4


@matplotlib.rc_context(fname=STYLE)
def front(
    groups: Sequence[Group], claims: Sequence[Mapping[str, Any]] = (), path: PathLike | None = None, width: float = PAGE
) -> Figure:
    """Draw the change of accuracy against the operations saved, of networks of one size on one kind of data.

    Filled markers are results on test images, with the 95 % confidence interval of the mean paired difference; small
    open ones, results on a validation split; open ones of full size, networks from which nothing was removed.  The line
    joins the settings on test images that no other beats.

    Parameters
    ----------
    groups : sequence of Group
    claims : sequence of mapping
        Published changes (:class:`~spikeprune.plots.reference.Claims`).
    path : path-like, optional
        PNG, PDF or SVG file to write.
    width : float
        Inches; one column has the axes one above the other.

    Returns
    -------
    Figure
        Axes: training, inference.

    Raises
    ------
    DataError
        If no group has an unpruned network to be compared with.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    compared = [group for group in groups if group.compared and group.rule["name"] != "none"]
    if not compared:
        raise DataError("No pruned network has an unpruned one of the same seeds: train one with '--rule none'.")
    look = looks(str(group.rule["name"]) for group in compared)
    narrow = width < PAGE
    figure = Figure(figsize=(width, 8.2 if narrow else 4.6))
    left, right = figure.subplots(*((2, 1) if narrow else (1, 2)), sharey=True, sharex=narrow)
    for ax, (cost, title, _) in zip((left, right), PHASES, strict=True):
        _points(ax, compared, cost, look)
        ax.axhline(0, color="0.6", linewidth=0.7, zorder=0)
        ax.axvline(0, color="0.6", linewidth=0.7, zorder=0)
        ax.set(title=title, xlabel="synaptic operations saved (%)")
        ax.set_xlim(min(-4.0, ax.get_xlim()[0]), None)
    for ax in (left, right) if narrow else (left,):
        ax.set_ylabel("change of accuracy (percentage points)")
    means = [0.0, *(group.change("accuracy").mean for group in compared), *(claim["accuracy"] for claim in claims)]
    left.set_ylim(max(-MOST - 0.35, min(means) - 1), max(means) + 1)
    if layout := figure.get_layout_engine():
        layout.execute(figure)  # labels are placed where the axes will be
    for ax, (cost, _, key) in zip((left, right), PHASES, strict=True):
        drawn = [(-group.change(cost).mean, group.change("accuracy").mean) for group in compared]
        _claims(ax, [claim for claim in claims if key in claim], key, drawn)
    handles = [
        Line2D([], [], color=shape.color, marker=shape.marker, linestyle="none", label=name)
        for name, shape in look.items()
    ]
    handles.append(Line2D([], [], color="0.6", linewidth=0.9, label="not beaten (test images)"))
    if any(not group.removes for group in compared):
        handles.append(Line2D([], [], color="0.3", marker="o", fillstyle="none", linestyle="none",
                              label="nothing removed"))  # fmt: skip
    if any(group.validation for group in compared):
        handles.append(Line2D([], [], color="0.5", marker="o", fillstyle="none", linestyle="none", markersize=3,
                              label="validation split"))  # fmt: skip
    if claims:
        handles.append(Line2D([], [], color="white", markeredgecolor="black", marker="*", markersize=11,
                              linestyle="none", label="claim of a paper"))  # fmt: skip
    longest = max(len(str(handle.get_label())) for handle in handles)
    figure.legend(handles=handles, loc="outside lower center", ncols=max(1, int(72 * width / (4.1 * longest + 30))))
    return saved(figure, path)


def _points(ax: Axes, groups: Sequence[Group], cost: str, look: Mapping[str, Look]) -> None:
    for group in groups:
        shape = look[group.rule["name"]]
        saving, change = group.change(cost), group.change("accuracy")
        open_ = group.validation or not group.removes
        size = 3.2 if group.validation else 5.5
        if change.mean < -MOST:  # at the edge
            ax.plot(-saving.mean, -MOST - 0.15, marker=shape.marker, color=shape.color, markersize=size,
                    label=_name(group), fillstyle="none" if open_ else "full", clip_on=False)  # fmt: skip
            if not group.validation:
                ax.annotate(f"{signed(change.mean)}\n↓", (-saving.mean, -MOST - 0.15), (0, 4),
                            textcoords="offset points", ha="center", size=6.5, color=shape.color)  # fmt: skip
            continue
        ax.errorbar(
            -saving.mean, change.mean, yerr=None if group.validation else change.confidence, label=_name(group),
            marker=shape.marker, color=shape.color, markersize=size, elinewidth=0.8, linestyle="none",
            fillstyle="none" if open_ else "full", markeredgewidth=0.7, alpha=0.65 if group.validation else 1,
            zorder=2 if group.validation else 4,
        )  # fmt: skip
    test = [group for group in groups if not group.validation and group.removes]
    if test:
        best = pareto_front([g.change("accuracy").mean for g in test], [g.change(cost).mean for g in test])
        steps = np.array([(-test[k].change(cost).mean, test[k].change("accuracy").mean) for k in best])[::-1]
        # From the most accurate setting to the most saving one; what lies below and to the left is beaten.
        ax.step([0, *steps[:, 0]], [steps[0, 1], *steps[:, 1]], where="pre", color="0.6", linewidth=0.9, zorder=1,
                label="front")  # fmt: skip


def _claims(ax: Axes, claims: Sequence[Mapping[str, Any]], key: str, drawn: Sequence[tuple[float, float]]) -> None:
    """Draw published points as stars, their labels where they hide the fewest of the points drawn."""
    for number, claim in enumerate(claims):
        place = (-claim[key], claim["accuracy"])
        ax.plot(*place, marker="*", color="white", markeredgecolor="black", markersize=12, zorder=6, linestyle="none",
                label="_claim" if number else "claim")  # fmt: skip
        points = (ax.transData.transform(drawn) - ax.transData.transform(place)) * 72 / ax.figure.dpi
        reach = 2.1 * len(claim["label"])  # half the label's width in points
        corners = ax.transAxes.transform([(0, 0), (1, 1)]) - ax.transData.transform(place)
        shifts = list(product((0, -60, 60), (-34, 34, -70)))
        hidden = [_hidden(shift, points, corners * 72 / ax.figure.dpi, reach) for shift in shifts]
        shift = shifts[int(np.argmin(hidden))]
        ax.annotate(
            claim["label"], place, shift, textcoords="offset points", ha="center", va="center", size=6.5, zorder=7,
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5, "alpha": 0.8},
            arrowprops={"arrowstyle": "-", "linewidth": 0.6, "color": "0.3", "shrinkB": 5, "shrinkA": 0},
        )  # fmt: skip


def _hidden(shift: tuple[int, int], points: Any, corners: Any, reach: float) -> int:
    """Count the points that a label would hide, and nine for each side on which it would leave the axes."""
    x, y = shift
    (left, bottom), (right, _) = corners
    outside = (x - reach < left) + (x + reach > right) + (y - 14 < bottom)
    return int((np.abs(points - shift) < (reach, 9)).all(axis=1).sum()) + 9 * outside


def _name(group: Group) -> str:
    return f"{group.experiment}: {group.label}"

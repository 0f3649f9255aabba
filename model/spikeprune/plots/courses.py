"""Accuracy and removed synapses over training, rule by rule, with bands over seeds."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from spikeprune.plots.figure import PAGE, STYLE, PathLike, saved, some_networks
from spikeprune.plots.looks import looks
from spikeprune.plots.record import Record

__all__ = ["courses"]


@matplotlib.rc_context(fname=STYLE)
def courses(records: Sequence[Record], path: PathLike | None = None, width: float = PAGE) -> Figure:
    """Draw running accuracy and the share of removed or frozen synapses over the images seen.

    Lines are means over seeds, bands go from the least to the greatest seed.

    Parameters
    ----------
    records : sequence of Record
    path : path-like, optional
        PNG, PDF or SVG file to write.
    width : float
        Inches; one column has the axes one above the other.

    Returns
    -------
    Figure
        Axes: accuracy, removed share.

    Raises
    ------
    DataError
        If there is no record.
    ParameterError, RunFolderError
        If the path does not end in .png, .pdf or .svg; if the file cannot be written.
    """
    some_networks(records, "training")
    look = looks(str(record.rule["name"]) for record in records)
    narrow = width < PAGE
    figure = Figure(figsize=(width, 4.9 if narrow else 2.9))
    left, right = figure.subplots(*((2, 1) if narrow else (1, 2)))
    freezing = [record.label for record in records if over_seeds(record, "frozen_share").any()]
    for record in records:
        shape = look[record.rule["name"]]
        for ax, key, factor in ((left, "accuracy", 1), (right, "removed_share", 100), (right, "frozen_share", 100)):
            values = factor * over_seeds(record, key)
            frozen = record.label in freezing
            if (key, frozen) in (("frozen_share", False), ("removed_share", True)) and not values.any():
                continue
            label = f"{record.label}, frozen" if key == "frozen_share" else record.label
            known = ~np.isnan(values).all(axis=0)
            images, values = record.images[known], values[:, known]
            ax.plot(images, values.mean(axis=0), color=shape.color, linestyle=shape.line, label=label)
            if len(values) > 1:
                ax.fill_between(
                    images, values.min(axis=0), values.max(axis=0), color=shape.color, alpha=0.2, linewidth=0
                )
    left.set(title="Running accuracy", xlabel="training images seen", ylabel="classified correctly (%)")
    right.set(xlabel="training images seen", ylabel="share of the synapses (%)")
    right.set_title("Removed synapses" + (f" ({', '.join(freezing)}: frozen)" if freezing else ""))
    right.set_ylim(-2, 100)
    for ax in (left, right):
        ax.set_xlim(0, None)
        ax.xaxis.set_major_formatter("{x:,.0f}")
    handles = [
        Line2D([], [], color=look[r.rule["name"]].color, linestyle=look[r.rule["name"]].line, label=r.label)
        for r in records
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3 if narrow else 6)
    return saved(figure, path)


def over_seeds(record: Record, key: str) -> NDArray[np.float64]:
    """Return a value of the history [seeds, chunks], NaN where it is not known."""
    return np.array([[np.nan if entry[key] is None else entry[key] for entry in h] for h in record.histories], float)

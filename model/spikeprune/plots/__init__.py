"""Pictures of one run or a few, drawn from their stored arrays.

Each function returns the figure and, given a path, writes it as a PNG file as well.  Pictures neither use nor change
matplotlib's global state, and the user's own settings do not change them: the style is ``spikeprune.mplstyle``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeprune.plots.course import history
from spikeprune.plots.distributions import distributions
from spikeprune.plots.expenses import operations as operations_of_records
from spikeprune.plots.fields import receptive_fields
from spikeprune.plots.figure import STYLE, PathLike
from spikeprune.plots.record import Record
from spikeprune.plots.scores import OPERATIONS, comparison, confusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from spikeprune.run import Run

__all__ = ["OPERATIONS", "STYLE", "comparison", "confusion", "history", "operations", "receptive_fields", "weights"]


def weights(run: Run, path: PathLike | None = None) -> Figure:
    """Draw the distribution of a run's weights before and after training; see `distributions`."""
    return distributions([Record.of(run)], path)


def operations(run: Run, path: PathLike | None = None) -> Figure:
    """Draw the operations of an evaluated run by class; see `expenses.operations`."""
    return operations_of_records([Record.of(run)], path)

"""Pictures of one run or a few, drawn from their stored arrays.

Each function returns the figure and, given a path, writes it as a PNG file as well.  Pictures neither use nor change
matplotlib's global state, and the user's own settings do not change them: the style is ``spikeprune.mplstyle``.
"""

from spikeprune.plots.course import history
from spikeprune.plots.fields import receptive_fields
from spikeprune.plots.figure import STYLE
from spikeprune.plots.scores import OPERATIONS, comparison, confusion

__all__ = ["OPERATIONS", "STYLE", "comparison", "confusion", "history", "receptive_fields"]

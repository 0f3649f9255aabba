"""Random removal: the control.  A rule that does no better than this is worth nothing.

Synapses are removed while the network learns, as many as asked for, and which ones has nothing to do with weights or
activity: each synapse has a random number of its own, uniform between 0 and 1, and at the m-th pruning event every
synapse is removed whose number is below ``share * min(m / events, 1)``.  With ``start`` and ``interval`` of the rule
that it is compared with and the ``share`` that this one removed, the two end with as many synapses; the control reaches
that number after `events` events, the adaptive rule later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import REMOVE, PruningRule, PruningState

__all__ = ["RandomRemoval"]

#: ``Stream.REMOVAL`` of :mod:`spikeprune.encoding`, which is not imported here because it needs Brian2.
STREAM = 3


@dataclass(frozen=True)
class RandomRemoval(PruningRule):
    """Remove a given share of the synapses at random during training.

    Parameters
    ----------
    share : float
        Share of the synapses that is removed in the end, up to the scatter sqrt(share (1 - share) / n) of n draws.
    events : int
        Pruning events over which the removal is spread evenly.
    start, interval : int
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.

    Examples
    --------
    >>> RandomRemoval(share=0.8).events_in(60_000)
    60
    """

    share: float = parameter(0.8, "1", "share of the synapses that is removed", "design", "share")
    events: int = parameter(10, "1", "pruning events over which the removal is spread", "project", "positive")
    start: int = parameter(0, "1", "images before the first pruning event", "design", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

    name: ClassVar[str] = "random"
    variables: ClassVar[str] = """
key                          : integer  # seed of the run
event                        : 1        # pruning events so far, at most `events`
target                       : 1        # share of the synapses that is removed by now
"""
    update_neurons: ClassVar[str] = """
key = seed
event = clip(event + 1, 0, events)
target = share*event/events
"""
    update_synapses: ClassVar[str] = REMOVE.format(criterion=f"uniform(key_post, {STREAM}, 0, i, j) < target_post")

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zeros; the key is taken from the run at the first event."""
        return {name: np.zeros(neurons) for name in ("key", "event", "target")}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do, but for the key, which the caller sets."""
        from spikeprune.encoding import uniform_array

        event, target = state.neurons["event"], state.neurons["target"]
        event[:] = np.minimum(event + 1, self.events)
        target[:] = self.share * event / self.events
        i, j = np.indices(state.w.shape)
        state.remove(uniform_array(state.neurons["key"].astype(np.int64), STREAM, 0, i, j) < target)

"""Critical-period pruning: weak neurons' weights, no depression, and removal late, for a while, and then no more.

Of this project's own making, like the adaptive rule [1]_; it knows less: a neuron's own weights, not even its spikes.
Three things differ.

*Weaker neurons.*  The weights of a neuron are normalised to the share `strength` of what Diehl and Cook's sum to, from
the start.  A spike then changes a larger share of them, so receptive fields become those of fewer, more alike images,
which fewer synapses can tell.

*No depression.*  Normalisation keeps receptive fields in shape without it, and half of all operations of training are
spared.

*A critical period.*  Nothing is removed while receptive fields still form, since small weights of an early field become
large ones later; then thresholds rise, event by event, to a share of the mean weight of the neuron's strength (the
weights averaged with themselves as weights, as in the focused rule [2]_); after the period, what is left stays and
learns on.  The threshold of a rule without an end follows the weights that remain, and never comes to rest.

At each pruning event of the period, for neuron `j` with remaining weights `w_ij` of sum `W_j`::

    h_j <-  h_j + eta * (beta * (sum_i w_ij^2) / W_j - h_j)        threshold
    remove every synapse i -> j with w_ij < h_j

and normalisation scales the weights of neuron `j` to the sum ``strength * weight_sum``, so that the synapses that
remain receive all that the removed ones held.

References
----------
.. [1] :mod:`spikeprune.pruning.adaptive`, after W. Guo et al., Frontiers in Neuroscience 14:598876 (2020).
.. [2] :mod:`spikeprune.pruning.focused`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.parameters import parameter
from spikeprune.pruning.base import REMOVE, PruningRule, PruningState
from spikeprune.pruning.focused import FocusedPruning, mean_weight_of_strength

__all__ = ["CriticalPeriodPruning"]


@dataclass(frozen=True)
class CriticalPeriodPruning(PruningRule):
    """Remove synapses below a per-neuron threshold in one period of training, in weaker neurons without depression.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the contraharmonic mean of the neuron's weights; with 0, nothing is
        removed.
    eta : float
        Share of the way that it goes at one event.
    strength : float
        Share of the network's ``weight_sum`` that the weights of a neuron are normalised to.
    start, stop, interval : int
        Between `start` and `stop` images there is a pruning event whenever their number is a multiple of `interval`.

    Raises
    ------
    ParameterError
        If a value is not allowed, or `stop` comes before `start`.

    Examples
    --------
    >>> CriticalPeriodPruning(start=2000, stop=3000, interval=100).events_in(60_000)
    11
    """

    beta: float = parameter(0.9, "1", "share of the strength's mean weight that h heads for", "search", "not negative")
    eta: float = parameter(0.3, "1", "rate of adaptation", "search", "share")
    strength: float = parameter(0.7, "1", "share of weight_sum that weights are normalised to", "search", "positive")
    start: int = parameter(37_000, "1", "images before the first pruning event", "search", "not negative")
    stop: int = parameter(46_000, "1", "images after which there is no pruning event", "search", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

    name: ClassVar[str] = "critical-period"
    variables: ClassVar[str] = """
h                            : 1        # pruning threshold h_j
squares                      : 1        # sum of squared weights at a pruning event, else 0
"""
    add_synapses: ClassVar[str] = FocusedPruning.add_synapses
    update_neurons: ClassVar[str] = f"""
h += eta*(beta*{FocusedPruning.aim} - h)
squares = 0
"""
    update_synapses: ClassVar[str] = REMOVE.format(criterion="w < h_post")
    normalised_sum: ClassVar[str] = "strength*weight_sum"
    threshold: ClassVar[str] = "h"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stop < self.start:
            raise ParameterError(
                f"Parameter 'stop' is {self.stop}: it must not be less than 'start', which is {self.start} "
                f"(pruning events come between the two)."
            )

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds, and neurons that are not depressed."""
        return {"h": np.zeros(neurons), "depressible": np.zeros(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        h = state.neurons["h"]
        h += self.eta * (self.beta * mean_weight_of_strength(state.w) - h)
        state.remove(state.w < h)

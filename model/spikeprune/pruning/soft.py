"""Online soft pruning: settled neurons freeze their small weights at a constant low value.

The rule of Shi et al. (2019) [1]_ as far as it is known here: pruning during training, decided for each output neuron
from its own firing history.  Frozen weights are never updated again but *still transmit*, so the rule saves weight
updates and no transmissions.  What "settled" means, the threshold and the frozen value are parameters.

References
----------
.. [1] Y. Shi, L. Nguyen, S. Oh, X. Liu, D. Kuzum, "A soft-pruning method applied during training of spiking neural
   networks for in-memory computing applications", Frontiers in Neuroscience 13:405 (2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import FREEZE, PruningRule, PruningState

__all__ = ["SoftPruning"]


@dataclass(frozen=True)
class SoftPruning(PruningRule):
    """Freeze the weights below a threshold of every neuron that has fired often enough.

    Parameters
    ----------
    h : float
        Weights below this threshold are frozen.
    settled : int
        Spikes after which a neuron counts as settled.
    value : float
        The value at which weights are frozen.
    start, interval : int
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.
    """

    h: float = parameter(0.1, "1", "weights below are frozen", "design", "not negative")
    settled: int = parameter(50, "1", "spikes after which a neuron is settled", "design", "not negative")
    value: float = parameter(0.03, "1", "value of a frozen weight", "design", "share")
    start: int = parameter(0, "1", "images before the first pruning event", "design", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

    name: ClassVar[str] = "soft"
    variables: ClassVar[str] = """
history                      : 1        # spikes since training began
"""
    on_spike: ClassVar[str] = "history += 1"
    update_synapses: ClassVar[str] = FREEZE.format(
        criterion="history_post >= settled_post and w < h_post", value="value_post"
    )
    freezes: ClassVar[bool] = True
    threshold: ClassVar[str] = "h"

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero spike histories."""
        return {"history": np.zeros(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        state.freeze((state.neurons["history"] >= self.settled) & (state.w < self.h), self.value)

"""Adaptive pruning, and no more depression of neurons that have settled.

Of this project's own making, like the adaptive rule [1]_ that it extends.  Updates are operations as well, and most of
them are depressions: one for every input spike and existing synapse.  A neuron that has fired `settled` times has found
its receptive field, which normalisation and potentiation keep in shape: from the next pruning event on, its synapses
are not depressed any more.  Transmission, potentiation, normalisation and pruning go on.

All of this is known where it is needed: weights and spikes of the neuron itself; no label is used.

References
----------
.. [1] :mod:`spikeprune.pruning.adaptive`, after W. Guo et al., Frontiers in Neuroscience 14:598876 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.adaptive import AdaptivePruning
from spikeprune.pruning.base import PruningState

__all__ = ["SETTLE", "SETTLE_SYNAPSE", "SETTLING", "SETTLING_SPIKE", "SettlingPruning"]

SETTLING = """history                      : 1        # spikes since training began
settling                     : 1        # 1 at the pruning event at which the neuron settles
"""
SETTLING_SPIKE = "\nhistory += learning"
SETTLE = """settling = depressible*int(history >= settled)
depressible -= settling
"""
# Before removal, which takes from `plastic_out` what has not been taken here.
SETTLE_SYNAPSE = "plastic_out_pre -= int(plastic)*int(settling_post)\n"


@dataclass(frozen=True)
class SettlingPruning(AdaptivePruning):
    """Remove what the adaptive rule removes, and stop depressing the synapses of settled neurons.

    Parameters
    ----------
    beta, eta, a_max, start, interval
        See :class:`~spikeprune.pruning.AdaptivePruning`.
    settled : int
        Spikes after which the synapses of a neuron are not depressed any more.

    Examples
    --------
    >>> SettlingPruning(settled=1000).beta
    0.5
    """

    settled: int = parameter(500, "1", "spikes after which synapses are not depressed", "search", "not negative")

    name: ClassVar[str] = "settling"
    variables: ClassVar[str] = AdaptivePruning.variables + SETTLING
    on_spike: ClassVar[str] = AdaptivePruning.on_spike + SETTLING_SPIKE
    update_neurons: ClassVar[str] = AdaptivePruning.update_neurons + SETTLE
    update_synapses: ClassVar[str] = SETTLE_SYNAPSE + AdaptivePruning.update_synapses.lstrip()

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds and counts."""
        return {**super().initial(neurons), "history": np.zeros(neurons), "depressible": np.ones(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        super().reference(state)
        state.neurons["depressible"][state.neurons["history"] >= self.settled] = 0

"""Focused pruning, and no more depression of neurons that have settled: the savings of both.

Of this project's own making: thresholds, removal and what is given back are those of the focused rule [1]_, and
depression ends as in the settling rule [2]_.

References
----------
.. [1] :mod:`spikeprune.pruning.focused`
.. [2] :mod:`spikeprune.pruning.settling`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import PruningState
from spikeprune.pruning.focused import FocusedPruning
from spikeprune.pruning.settling import SETTLE, SETTLE_SYNAPSE, SETTLING, SETTLING_SPIKE

__all__ = ["FocusedSettlingPruning"]


@dataclass(frozen=True)
class FocusedSettlingPruning(FocusedPruning):
    """Remove what the focused rule removes, and stop depressing the synapses of settled neurons.

    Parameters
    ----------
    beta, eta, a_max, start, interval, given_back
        See :class:`~spikeprune.pruning.FocusedPruning`.
    settled : int
        Spikes after which the synapses of a neuron are not depressed any more.

    Examples
    --------
    >>> FocusedSettlingPruning(settled=1000).given_back
    0.5
    """

    settled: int = parameter(500, "1", "spikes after which synapses are not depressed", "search", "not negative")

    name: ClassVar[str] = "focused-settling"
    variables: ClassVar[str] = FocusedPruning.variables + SETTLING
    on_spike: ClassVar[str] = FocusedPruning.on_spike + SETTLING_SPIKE
    update_neurons: ClassVar[str] = FocusedPruning.update_neurons + SETTLE
    update_synapses: ClassVar[str] = SETTLE_SYNAPSE + FocusedPruning.update_synapses

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return what the focused rule starts with, and zero histories of neurons that are depressed."""
        return {**super().initial(neurons), "history": np.zeros(neurons), "depressible": np.ones(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        super().reference(state)
        state.neurons["depressible"][state.neurons["history"] >= self.settled] = 0

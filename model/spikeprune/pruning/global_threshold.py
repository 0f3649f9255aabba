"""Adaptive pruning with one threshold for all neurons: an ablation, to see what a threshold for each is good for.

At each pruning event, with `W` the summed weight and `n` the number of all remaining synapses of all neurons::

    h <-  h + eta * (beta * W / n - h)                  threshold of all neurons
    remove every synapse i -> j with w_ij < h

The activity of the adaptive rule is the spikes of a neuron relative to the population mean; that of the population
itself is 1, so there is no such factor here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from spikeprune.pruning.base import PruningState
from spikeprune.pruning.without_activity import AdaptiveWithoutActivity

__all__ = ["AdaptiveGlobalThreshold"]


@dataclass(frozen=True)
class AdaptiveGlobalThreshold(AdaptiveWithoutActivity):
    """Remove synapses below one threshold that adapts to the mean remaining weight of all neurons together.

    Parameters are those of :class:`~spikeprune.pruning.AdaptiveWithoutActivity`.
    """

    name: ClassVar[str] = "adaptive-global-threshold"
    variables: ClassVar[str] = """
h                            : 1        # pruning threshold h, the same in all neurons
"""
    population_sums: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"population_total": "total", "population_fan_in": "fan_in"}
    )
    update_neurons: ClassVar[str] = """
h += eta*(beta*population_total/clip(population_fan_in, 1, 1e9) - h)
"""

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        h = state.neurons["h"]
        h += self.eta * (self.beta * state.w.sum() / max(state.alive.sum(), 1) - h)
        state.remove(state.w < h)

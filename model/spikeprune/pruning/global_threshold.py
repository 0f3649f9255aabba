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

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import REMOVE, PruningRule, PruningState

__all__ = ["AdaptiveGlobalThreshold"]


@dataclass(frozen=True)
class AdaptiveGlobalThreshold(PruningRule):
    """Remove synapses below one threshold that adapts to the mean remaining weight of all neurons together.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the mean remaining weight.
    eta : float
        Share of the way that it goes at one event.
    start, interval : int
        First pruning event and distance of events, in images.
    """

    beta: float = parameter(0.5, "1", "share of the mean weight that the threshold heads for", "design", "not negative")
    eta: float = parameter(0.2, "1", "rate of adaptation", "design", "share")
    start: int = parameter(0, "1", "images before the first pruning event", "design", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

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
    update_synapses: ClassVar[str] = REMOVE.format(criterion="w < h_post")
    threshold: ClassVar[str] = "h"

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return a zero threshold."""
        return {"h": np.zeros(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        h = state.neurons["h"]
        h += self.eta * (self.beta * state.w.sum() / max(state.alive.sum(), 1) - h)
        state.remove(state.w < h)

"""Adaptive pruning without the activity factor: an ablation, to see what that factor is good for.

At each pruning event, for neuron `j` with `n_j` remaining synapses of summed weight `W_j`::

    h_j <-  h_j + eta * (beta * W_j / n_j - h_j)        threshold
    remove every synapse i -> j with w_ij < h_j

Quiet neurons are pruned as fast as busy ones.  With ``eta = 1`` the threshold has no memory either: it is that share of
the mean weight that the neuron has at the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import REMOVE, PruningRule, PruningState

__all__ = ["AdaptiveWithoutActivity"]


@dataclass(frozen=True)
class AdaptiveWithoutActivity(PruningRule):
    """Remove synapses below a per-neuron threshold that adapts to the neuron's weights alone.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the neuron's mean remaining weight.
    eta : float
        Share of the way that it goes at one event.
    start, interval : int
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.
    """

    beta: float = parameter(0.5, "1", "share of the mean weight that the threshold heads for", "design", "not negative")
    eta: float = parameter(0.2, "1", "rate of adaptation", "design", "share")
    start: int = parameter(0, "1", "images before the first pruning event", "design", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

    name: ClassVar[str] = "adaptive-without-activity"
    variables: ClassVar[str] = """
h                            : 1        # pruning threshold h_j
"""
    update_neurons: ClassVar[str] = """
h += eta*(beta*total/clip(fan_in, 1, inputs) - h)
"""
    update_synapses: ClassVar[str] = REMOVE.format(criterion="w < h_post")
    threshold: ClassVar[str] = "h"

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds."""
        return {"h": np.zeros(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        h = state.neurons["h"]
        mean_weight: NDArray[Any] = state.w.sum(axis=0) / np.maximum(state.alive.sum(axis=0), 1)
        h += self.eta * (self.beta * mean_weight - h)
        state.remove(state.w < h)

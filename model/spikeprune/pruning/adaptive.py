"""Adaptive pruning: a threshold for each neuron that follows its weights as fast as the neuron is active.

This rule is spikeprune's own reading of Guo et al. (2020) [1]_, whose threshold equation was not at hand: it is built
to satisfy what the abstract says (unsupervised and online; a threshold for each neuron that changes over time, driven
by its dynamics and firing activity; weak neurons are pruned less; small weights go first).

At each pruning event, for neuron `j` with `n_j` remaining synapses of summed weight `W_j` and `c_j` spikes since the
last event, `c` being the population mean of `c_j`::

    a_j  =  min(c_j / c, a_max)                         activity
    h_j <-  h_j + eta * a_j * (beta * W_j / n_j - h_j)  threshold
    remove every synapse i -> j with w_ij < h_j

A busy neuron, whose receptive field has formed, moves quickly towards a threshold set by its own mean remaining weight;
a quiet neuron hardly moves and keeps its inputs; normalisation gives the removed strength back to what remains.

References
----------
.. [1] W. Guo, M. E. Fouda, H. E. Yantir, A. M. Eltawil, K. N. Salama, "Unsupervised adaptive weight pruning for
   energy-efficient neuromorphic systems", Frontiers in Neuroscience 14:598876 (2020), doi 10.3389/fnins.2020.598876.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import REMOVE, PruningRule, PruningState

__all__ = ["AdaptivePruning"]


@dataclass(frozen=True)
class AdaptivePruning(PruningRule):
    """Remove synapses below a per-neuron threshold that adapts to the neuron's weights and activity.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the neuron's mean remaining weight.
    eta : float
        Share of the way that a neuron of average activity goes at one event.
    a_max : float
        Upper bound of the activity, relative to the population mean.
    start, interval : int
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.

    Examples
    --------
    >>> AdaptivePruning(beta=0.6).events_in(60_000)
    60
    """

    beta: float = parameter(0.5, "1", "share of the mean weight that the threshold heads for", "design", "not negative")
    eta: float = parameter(0.2, "1", "rate of adaptation", "design", "share")
    a_max: float = parameter(2.0, "1", "upper bound of the relative activity", "design", "positive")
    start: int = parameter(0, "1", "images before the first pruning event", "design", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

    name: ClassVar[str] = "adaptive"
    variables: ClassVar[str] = """
h                            : 1        # pruning threshold h_j
count                        : 1        # spikes since the last pruning event, c_j
"""
    on_spike: ClassVar[str] = "count += 1"
    #: What the threshold heads for a share of: the mean remaining weight.
    aim: ClassVar[str] = "total/clip(fan_in, 1, inputs)"
    adapt: ClassVar[str] = """
activity = clip(count*N/clip(interval_spikes, 1, 1e9), 0, a_max)
h += clip(eta*activity, 0, 1)*(beta*{aim} - h)
count = 0
"""
    update_neurons: ClassVar[str] = adapt.format(aim=aim)
    update_synapses: ClassVar[str] = REMOVE.format(criterion="w < h_post")
    threshold: ClassVar[str] = "h"

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds and counts."""
        return {"h": np.zeros(neurons), "count": np.zeros(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        self.move_thresholds(state)
        state.remove(state.w < state.neurons["h"])

    def move_thresholds(self, state: PruningState) -> None:
        """Let the thresholds of the reference implementation adapt."""
        h, count = state.neurons["h"], state.neurons["count"]
        mean_count = max(state.interval_spikes, 1) / len(h)
        activity = np.clip(count / mean_count, 0, self.a_max)
        h += np.clip(self.eta * activity, 0, 1) * (self.beta * self.aims(state) - h)
        count[:] = 0

    def aims(self, state: PruningState) -> NDArray[np.float64]:
        """What thresholds of the reference implementation head for a share of, [neurons]."""
        mean_weight: NDArray[np.float64] = state.w.sum(axis=0) / np.maximum(state.alive.sum(axis=0), 1)
        return mean_weight

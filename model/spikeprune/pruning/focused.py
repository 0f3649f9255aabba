"""Focused pruning: a threshold that follows where a neuron's strength lies, and half of what is removed given back.

Of this project's own making, like the adaptive rule [1]_ that it extends.  Two things differ.  The threshold heads for
a share of the mean weight *of the neuron's strength*, the weights averaged with themselves as weights (their
contraharmonic mean), instead of the mean weight of its synapses: a neuron whose strength is focused on few strong
synapses may lose more of the others than one whose strength is spread.  And normalisation gives only the share
`given_back` of the removed strength to the synapses that remain.

At each pruning event, for neuron `j` with remaining weights `w_ij` of sum `W_j`, and the activity `a_j` of the adaptive
rule::

    h_j <-  h_j + eta * a_j * (beta * (sum_i w_ij^2) / W_j - h_j)        threshold
    remove every synapse i -> j with w_ij < h_j, together of weight R_j
    s_j <-  s_j - (1 - given_back) * R_j / W_j                           share of weight_sum that is left

and normalisation scales the weights of neuron `j` to the sum ``s_j * weight_sum``, where `s_j` is 1 at first.

All of this is known where it is needed: weights and spikes of the neuron itself; no label is used.

References
----------
.. [1] :mod:`spikeprune.pruning.adaptive`, after W. Guo et al., Frontiers in Neuroscience 14:598876 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.adaptive import AdaptivePruning
from spikeprune.pruning.base import PruningState

__all__ = ["FocusedPruning", "mean_weight_of_strength"]


@dataclass(frozen=True)
class FocusedPruning(AdaptivePruning):
    """Remove synapses below a threshold that follows the neuron's strength, and give back a part of it only.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the contraharmonic mean of the neuron's weights.
    eta, a_max, start, interval
        See :class:`~spikeprune.pruning.AdaptivePruning`.
    given_back : float
        Share of the removed strength that the remaining synapses receive; 1 is all of it, as in the other rules.

    Examples
    --------
    >>> FocusedPruning(given_back=1).beta
    0.55
    """

    beta: float = parameter(0.55, "1", "share of the strength's mean weight that h heads for", "search", "not negative")
    eta: float = parameter(0.1, "1", "rate of adaptation", "project", "share")
    given_back: float = parameter(0.5, "1", "share of the removed strength that is given back", "search", "share")

    name: ClassVar[str] = "focused"
    variables: ClassVar[str] = (
        AdaptivePruning.variables
        + """squares                      : 1        # sum of squared weights at a pruning event, else 0
strength                     : 1        # summed weight at the last pruning event, W_j
left                         : 1        # share of weight_sum that is left, s_j
"""
    )
    add_synapses: ClassVar[str] = "squares_post += w*w"
    aim: ClassVar[str] = "squares/clip(total, 1e-6, 1e6)"
    update_neurons: ClassVar[str] = (
        AdaptivePruning.adapt.format(aim=aim) + "strength = clip(total, 1e-6, 1e6)\nsquares = 0\n"
    )
    update_synapses: ClassVar[str] = (
        "left_post -= (1 - given_back_post)*w*int(alive and w < h_post)/strength_post\n"
        + AdaptivePruning.update_synapses.lstrip()
    )
    normalised_sum: ClassVar[str] = "clip(left, 0, 1)*weight_sum"

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds and counts, and nothing lost."""
        return {**super().initial(neurons), "left": np.ones(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        before, strength = state.w.copy(), np.clip(state.w.sum(axis=0), 1e-6, 1e6)
        super().reference(state)
        state.neurons["left"] -= (1 - self.given_back) * (before - state.w).sum(axis=0) / strength

    def aims(self, state: PruningState) -> NDArray[np.float64]:
        """What thresholds of the reference implementation head for a share of, [neurons]."""
        return mean_weight_of_strength(state.w)


def mean_weight_of_strength(w: NDArray[Any]) -> NDArray[Any]:
    """Return the contraharmonic mean of each neuron's weights [inputs, neurons]: the twin of ``FocusedPruning.aim``."""
    mean: NDArray[Any] = (w**2).sum(axis=0) / np.clip(w.sum(axis=0), 1e-6, 1e6)
    return mean

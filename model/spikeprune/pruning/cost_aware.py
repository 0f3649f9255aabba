"""Cost-aware adaptive pruning: the more spikes a synapse has to carry, the stronger it must be to stay.

Of this project's own making, like the adaptive rule [1]_ that it extends.  What a synapse costs are its operations: one
for every spike of its input.  What it is worth is its weight.  So the threshold of neuron `j` is scaled for each of its
inputs by the spikes `r_i` that have arrived there since training began, relative to the mean `r` that a spike sees::

    a_j  =  min(c_j / c, a_max)                         activity
    h_j <-  h_j + eta * a_j * (beta * W_j / n_j - h_j)  threshold of the neuron
    r    =  sum_i r_i^2 / sum_i r_i
    remove every synapse i -> j with w_ij < h_j * (r_i / r)^kappa

Inputs that hardly ever fire keep their synapses, which cost nothing.  A neuron that has fired less than `mature` times
since training began has weights that still tell more of its random start than of its receptive field: it is left alone.

Updates are operations as well, and of the two kinds most are depressions: one for every input spike and synapse.  A
neuron that has fired `settled` times has found its receptive field, which normalisation and potentiation keep in shape;
from the next pruning event on, its synapses are not depressed any more.

With ``kappa = 0``, ``mature = 0`` and a `settled` beyond reach, this is the adaptive rule.

All of this is known where it is needed: weights, spikes of the neuron, and spikes that arrive; no label is used.

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

__all__ = ["CostAwarePruning"]


@dataclass(frozen=True)
class CostAwarePruning(AdaptivePruning):
    """Remove synapses below a per-neuron threshold that is higher for inputs that fire much; stop idle updates.

    Parameters
    ----------
    beta, eta, a_max, start, interval
        See :class:`~spikeprune.pruning.AdaptivePruning`.
    kappa : float
        How much the threshold depends on the rate of the input; 0 is not at all, 1 in proportion.
    mature : int
        Spikes before which a neuron is not pruned.
    settled : int
        Spikes after which the synapses of a neuron are not depressed any more.

    Examples
    --------
    >>> CostAwarePruning(kappa=0.5).beta
    1.2
    """

    beta: float = parameter(1.2, "1", "share of the mean weight that the threshold heads for", "search", "not negative")
    eta: float = parameter(0.1, "1", "rate of adaptation", "search", "share")
    kappa: float = parameter(0.3, "1", "exponent of the input's relative rate", "search", "not negative")
    mature: int = parameter(200, "1", "spikes before which a neuron is not pruned", "search", "not negative")
    settled: int = parameter(500, "1", "spikes after which synapses are not depressed", "search", "not negative")

    name: ClassVar[str] = "cost-aware"
    input_variables: ClassVar[str] = """
arrivals                     : 1        # spikes of this input since training began, r_i
"""
    on_input_spike: ClassVar[str] = "arrivals += learning"
    variables: ClassVar[str] = (
        AdaptivePruning.variables
        + """history                      : 1        # spikes since training began
settling                     : 1        # 1 at the pruning event at which the neuron settles
drive                        : 1        # sum of r_i
drive2                       : 1        # sum of r_i^2
mean_arrivals                : 1        # r
"""
    )
    on_spike: ClassVar[str] = AdaptivePruning.on_spike + "\nhistory += learning"
    gather: ClassVar[str] = """
drive_post += arrivals_pre
drive2_post += arrivals_pre**2
"""
    update_neurons: ClassVar[str] = (
        AdaptivePruning.update_neurons.replace("eta*activity", "eta*activity*int(history >= mature)")
        + """mean_arrivals = drive2/clip(drive, 1, 1e30)
drive = 0
drive2 = 0
settling = depressible*int(history >= settled)
depressible -= settling
"""
    )
    update_synapses: ClassVar[str] = "plastic_out_pre -= int(plastic)*int(settling_post)\n" + (
        AdaptivePruning.update_synapses.replace(
            "w < h_post",
            "history_post >= mature_post and w < h_post*(arrivals_pre/clip(mean_arrivals_post, 1, 1e30))**kappa_post",
        ).lstrip()
    )

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds and counts."""
        return {**super().initial(neurons), "history": np.zeros(neurons), "depressible": np.ones(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        mature = state.neurons["history"] >= self.mature
        before = state.neurons["h"].copy()
        self.move_thresholds(state)
        state.neurons["h"][~mature] = before[~mature]
        arrivals = state.inputs["arrivals"]
        mean = max((arrivals**2).sum() / max(arrivals.sum(), 1), 1)
        state.neurons["depressible"][state.neurons["history"] >= self.settled] = 0
        scale: NDArray[np.float64] = (arrivals / mean) ** self.kappa
        state.remove(mature & (state.w < state.neurons["h"] * scale[:, None]))

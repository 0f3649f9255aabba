"""Adaptive pruning that does not give removed strength back: an ablation, to see what normalisation adds to pruning.

Thresholds and removal are those of the adaptive rule.  But the summed weight `R_j` that a pruning event takes from
neuron `j` is taken for good::

    L_j <-  L_j + R_j                                   strength lost so far
    normalisation scales the weights of neuron j to the sum weight_sum - L_j

where the other rules go on scaling them to weight_sum, so that the remaining synapses grow as others are removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.pruning.adaptive import AdaptivePruning
from spikeprune.pruning.base import PruningState

__all__ = ["AdaptiveWithoutRenormalisation"]


@dataclass(frozen=True)
class AdaptiveWithoutRenormalisation(AdaptivePruning):
    """Remove what the adaptive rule removes, and leave the strength of the remaining synapses as it is.

    Parameters are those of :class:`~spikeprune.pruning.AdaptivePruning`.
    """

    name: ClassVar[str] = "adaptive-without-renormalisation"
    variables: ClassVar[str] = (
        AdaptivePruning.variables
        + """lost                         : 1        # summed weight removed so far, L_j
"""
    )
    update_synapses: ClassVar[str] = (
        "lost_post += w*int(alive and w < h_post)\n" + AdaptivePruning.update_synapses.lstrip()
    )
    # Never below 0: learning may have raised the sum beyond weight_sum before all of it is removed.
    normalised_sum: ClassVar[str] = "clip(weight_sum - lost, 0, weight_sum)"

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return zero thresholds, counts and losses."""
        return {**super().initial(neurons), "lost": np.zeros(neurons)}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        before = state.w.copy()
        super().reference(state)
        state.neurons["lost"] += (before - state.w).sum(axis=0)

"""Post-training magnitude pruning: the smallest weights of the finished network are removed at once.

References
----------
.. [1] S. Han, J. Pool, J. Tran, W. Dally, "Learning both weights and connections for efficient neural networks",
   Advances in Neural Information Processing Systems 28 (2015): magnitude pruning (there with retraining).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning.base import PruningRule

__all__ = ["PostTrainingPruning"]


@dataclass(frozen=True)
class PostTrainingPruning(PruningRule):
    """Train unpruned, then remove the given share of all weights, smallest first.

    The weights that remain are scaled to the neuron's sum once more when the network is evaluated.
    """

    share: float = parameter(0.8, "1", "share of the weights that is removed", "design", "share")

    name: ClassVar[str] = "post-training"

    def finish(self, w: NDArray[Any], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which synapses remain, [inputs, neurons]: exactly ``share`` of all is removed, ties by index."""
        order = np.argsort(w, axis=None, kind="stable")
        remains = alive.copy()
        remains.flat[order[: round(self.share * w.size)]] = False
        return remains

"""Constant threshold: the same for all neurons at all times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikeprune.parameters import parameter
from spikeprune.pruning.base import REMOVE, PruningRule, PruningState

__all__ = ["ConstantPruning"]


@dataclass(frozen=True)
class ConstantPruning(PruningRule):
    """Remove every synapse whose weight is below one constant threshold.

    The simplest online rule, and the one that the adaptive rule has to beat.

    Examples
    --------
    >>> ConstantPruning(h=0.03).neuron_parameters()
    {'h': 0.03}
    """

    h: float = parameter(0.03, "1", "threshold of all neurons", "design", "not negative")
    start: int = parameter(0, "1", "images before the first pruning event", "design", "not negative")
    interval: int = parameter(1000, "1", "images between two pruning events", "design", "positive")

    name: ClassVar[str] = "constant"
    update_synapses: ClassVar[str] = REMOVE.format(criterion="w < h_post")
    threshold: ClassVar[str] = "h"

    def reference(self, state: PruningState) -> None:
        """Do in NumPy what the strings do."""
        state.remove(state.w < self.h)

"""Pruning and counting on any Brian2 synapses: the hosts of pruning rules."""

from __future__ import annotations

from spikeprune.synapses.counting import OperationCounter, SynapticOperations, count_operations
from spikeprune.synapses.dense import PrunedDenseSynapses
from spikeprune.synapses.pruned import PrunedSynapses

__all__ = [
    "OperationCounter",
    "PrunedDenseSynapses",
    "PrunedSynapses",
    "SynapticOperations",
    "count_operations",
]

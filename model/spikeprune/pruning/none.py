"""No pruning: the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikeprune.pruning.base import PruningRule

__all__ = ["NoPruning"]


@dataclass(frozen=True)
class NoPruning(PruningRule):
    """Keep every synapse: the unpruned network of Diehl & Cook (2015)."""

    name: ClassVar[str] = "none"

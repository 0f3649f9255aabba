"""Soft pruning: weights that are frozen at a low value instead of removed.

References
----------
.. [1] Y. Shi, L. Nguyen, S. Oh, X. Liu, D. Kuzum, "A soft-pruning method applied during training of spiking neural
   networks for in-memory computing applications", Frontiers in Neuroscience 13:405 (2019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from spikeprune.parameters import parameter
from spikeprune.pruning import parts, shared
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import PruningState

__all__ = ["SoftPruning"]


def _settled_and_small(rule: Any, state: PruningState) -> Any:
    return (state.neurons["history"] >= rule.settled) & (state.w < rule.h)


@dataclass(frozen=True)
class SoftPruning(PruningRule):
    """Freeze the weights below a threshold of every neuron that has fired often enough.

    The rule of Shi et al. (2019) as far as it is known here: pruning during training, decided for each output
    neuron from its own firing history.  Frozen weights are never updated again but *still transmit*, so the rule saves
    weight updates and no transmissions.  What "settled" means, the threshold and the frozen value are parameters.

    Parameters
    ----------
    h : float
        Weights below this threshold are frozen.
    settled : int
        Spikes after which a neuron counts as settled.
    value : float
        The value at which weights are frozen.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.  Floats up
        to 1 are shares of the training.
    """

    h: float = parameter(0.1, "1", "weights below are frozen", "design", "not negative")
    settled: int = parameter(50, "1", "spikes after which a neuron is settled", "design", "not negative")
    value: float = parameter(0.03, "1", "value of a frozen weight", "design", "share")
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "soft"
    parts = (
        parts.history,
        parts.freeze("history_post >= settled_post and w < h_post", _settled_and_small, threshold="h"),
    )

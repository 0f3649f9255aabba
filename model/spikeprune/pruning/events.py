"""What happens at a pruning event: the statements that remove and freeze synapses, and their NumPy twins.

A host (:class:`spikeprune.PrunedSynapses`) surrounds these statements with what has to follow from them: a removed
synapse gets weight 0, transmits nothing and is counted no more.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FREEZE", "REMOVE", "PruningState", "statements"]

# Where `criterion` holds, a synapse is removed for ever.
REMOVE = """
removed = int(alive and {criterion})
alive = alive and removed < 1
plastic = plastic and removed < 1
"""
# Where `criterion` holds, a synapse is frozen at `value`: it goes on transmitting, and is never updated again.
FREEZE = """
frozen = int(plastic and {criterion})
plastic = plastic and frozen < 1
w = w*(1 - frozen) + {value}*frozen
"""


def statements(*parts: str) -> str:
    """Join Brian2 statements or equations, however they begin and end; what is empty is left out.

    Examples
    --------
    >>> statements("a = 1\\n", "", "b = 2")
    'a = 1\\nb = 2'
    """
    return "\n".join(filter(None, (textwrap.dedent(part).strip("\n") for part in parts)))


@dataclass
class PruningState:
    """What a rule sees and changes at a pruning event, for the NumPy reference implementations.

    Attributes
    ----------
    w : ndarray [inputs, neurons], float
        Weights.
    alive, plastic : ndarray [inputs, neurons], bool
        Which synapses exist, and which of them still learn.
    interval_spikes : float
        Spikes of all neurons since the last pruning event.
    neurons : dict of str to ndarray [neurons]
        The variables that the rule adds to the neurons, and ``depressible`` where it uses that.
    synapses : dict of str to ndarray [inputs, neurons]
        The rule's ``synapse_variables``.
    """

    w: NDArray[Any]
    alive: NDArray[np.bool_]
    plastic: NDArray[np.bool_]
    interval_spikes: float = 0.0
    neurons: dict[str, NDArray[Any]] = field(default_factory=dict)
    synapses: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def total(self) -> NDArray[Any]:
        """Summed weight of each neuron [neurons]."""
        total: NDArray[Any] = self.w.sum(axis=0)
        return total

    @property
    def fan_in(self) -> NDArray[Any]:
        """Remaining synapses of each neuron [neurons]."""
        count: NDArray[Any] = self.alive.sum(axis=0)
        return count

    def remove(self, criterion: NDArray[np.bool_]) -> None:
        """Remove the synapses where `criterion` holds (the twin of ``REMOVE``)."""
        removed = self.alive & criterion
        self.alive &= ~removed
        self.plastic &= ~removed
        self.w[removed] = 0

    def freeze(self, criterion: NDArray[np.bool_], value: float) -> None:
        """Freeze the synapses where `criterion` holds at `value` (the twin of ``FREEZE``)."""
        frozen = self.plastic & criterion
        self.plastic &= ~frozen
        self.w[frozen] = value

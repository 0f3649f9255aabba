"""What goes into a built network and what comes out of it, variable by variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["CHUNK_INPUTS", "COUNTERS", "BuiltNetwork", "StateLayout", "joined", "of_one", "part"]

#: Variables that are set anew for each chunk.  `learning` is there twice: synapses cannot see linked variables.
CHUNK_INPUTS = (
    "presenter.image", "presenter.images", "presenter.first_image", "presenter.seed", "presenter.stream",
    "presenter.prune_start", "presenter.prune_stop", "presenter.prune_interval", "presenter.stopped",
    "presenter.learning", "excitatory.learning",
)  # fmt: skip

#: Variables that count within a chunk and start from 0 in the next.
COUNTERS = (
    "input.spikes", "excitatory.spikes", "inhibitory.spikes", "outgoing.spent_out", "outgoing.spent_plastic",
    "incoming.spent_in",
)  # fmt: skip


#: ``group.variable`` to type and size.
StateLayout = dict[str, tuple["np.dtype[Any]", int]]


@dataclass
class BuiltNetwork:
    """A Brian2 network together with the names of what goes in and comes out.

    Attributes
    ----------
    network : brian2.Network
    groups : dict of str to Brian2 group
        ``presenter``, ``input``, ``excitatory``, ``inhibitory``, ``pool``, ``plastic`` (the synapses), ``incoming`` and
        ``outgoing`` (of each excitatory and each input neuron, what concerns its synapses), ``rule`` (its parameters,
        where it has some).
    pixels : brian2.TimedArray
        Pixels of the chunk's images [chunk, inputs]; of event data, bytes of times [chunk*2*slots, inputs].
    spike_monitor, presentation_monitor
        Excitatory spikes; image, attempt and spikes of each presentation.
    state : dict of str to (dtype, int)
        Type and size of each ``group.variable`` of the state carried from chunk to chunk; of several networks, the
        values of each follow those of the one before.
    given : dict of str to (dtype, int)
        The same of what every run is given and does not give back, the parameters of the rule among them.
    duration : float
        Longest possible run in seconds: every image of the chunk with every attempt.
    stopped : ArrayVariable
        Not 0 once the program is finished.
    kept : dict of str to str
        Of several networks: the ``group.variable`` that holds what a variable of the state was at the end of the chunk
        of its network; others hold it themselves.
    """

    network: Any
    groups: dict[str, Any]
    pixels: Any
    spike_monitor: Any
    presentation_monitor: Any
    state: StateLayout
    given: StateLayout
    duration: float
    stopped: Any
    kept: dict[str, str] = field(default_factory=dict)

    def variable(self, name: str) -> Any:
        """Return the Brian2 variable with the name ``group.variable``."""
        group, variable = name.split(".")
        return self.groups[group].variables[variable]

    def result(self, name: str) -> Any:
        """Return the Brian2 variable that holds a variable of the state after a run."""
        return self.variable(self.kept.get(name, name))


def of_one(layout: StateLayout, networks: int) -> StateLayout:
    """Return the layout of one of several networks side by side."""
    # All neurons of a network learn or none does: alone, it has one number for them.
    return {
        name: (kind, 1 if size == 1 or name == "excitatory.learning" else size // networks)
        for name, (kind, size) in layout.items()
    }


def joined(values: Sequence[ArrayLike], size: int) -> Any:
    """Return the `size` values of several networks from those of each; one value may stand for all of a network."""
    if len(values) == 1 or size == 1:
        return values[0]
    return np.concatenate([np.broadcast_to(value, (size // len(values),)) for value in values])


def part(values: NDArray[Any], number: int, networks: int, size: int) -> NDArray[Any]:
    """Return the `size` values of one of several networks from those of all; a single value belongs to all of them."""
    return values if len(values) == 1 else values.reshape(networks, -1)[number, :size]

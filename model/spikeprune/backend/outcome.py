"""What came out of a program, taken apart by network and made into results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import BackendError
from spikeprune.fans import fan_operations
from spikeprune.layout import StateLayout, part
from spikeprune.operations import OperationCounts
from spikeprune.parameters import NetworkParameters

__all__ = ["PRESENTATION_OUTPUTS", "SPIKE_OUTPUTS", "ChunkResult", "State", "collect", "parts_of"]

#: ``group.variable`` to array: everything that the network carries from one chunk to the next, in SI base units.
State = dict[str, NDArray[Any]]

SPIKE_OUTPUTS = ("spike_monitor.i", "spike_monitor.t")
PRESENTATION_OUTPUTS = tuple(f"presentation_monitor.{name}" for name in ("image", "attempt", "population_spikes"))


@dataclass(frozen=True)
class ChunkResult:
    """What one chunk of images brought.

    Attributes
    ----------
    state : dict of str to ndarray
        State of the network after the chunk.
    responses : ndarray [images, neurons], int32
        Spikes of each excitatory neuron in the accepted presentation of each image.
    attempts : ndarray [images], int32
        Presentations that each image took.
    counts : OperationCounts
        Synaptic operations of the chunk, retries included.
    spikes : ndarray [spikes, 3], int64
        Excitatory spikes of all presentations: neuron, presentation of the chunk, time step within it.
    records : dict of str to ndarray
        What the program's recorders have recorded (:func:`spikeprune.recorders.recorder_outputs`), times in time steps
        of the chunk.
    """

    state: State
    responses: NDArray[np.int32]
    attempts: NDArray[np.int32]
    counts: OperationCounts
    spikes: NDArray[np.int64]
    records: dict[str, NDArray[Any]] = field(default_factory=dict)


def parts_of(
    output: Mapping[str, NDArray[Any]], layout: StateLayout, p: NetworkParameters, replicas: int, rows: Sequence[int]
) -> list[Mapping[str, NDArray[Any]]]:
    """Return what came out of each of the first of several networks, as if it had been alone.

    Parameters
    ----------
    output : mapping of str to ndarray
        Of all networks.
    layout : mapping of str to (dtype, int)
        The state of one network.
    p : NetworkParameters
    replicas : int
        How many networks there are.
    rows : sequence of int
        Where the images of each began in the pixels that all share.
    """
    if replicas == 1:
        return [output]
    spikes = _by_network(output["spike_monitor.i"] // p.neurons, replicas)
    presentations = _by_network(output["presentation_monitor.i"], replicas)
    parts: list[Mapping[str, NDArray[Any]]] = []
    for number, row in enumerate(rows):
        own = {name: part(output[name], number, replicas, size).copy() for name, (_, size) in layout.items()}
        for name, shift in (("image", -row), ("images", -row), ("first_image", row)):
            own[f"presenter.{name}"] += shift
        own |= {name: output[name][spikes[number]] for name in SPIKE_OUTPUTS}
        own["spike_monitor.i"] -= number * p.neurons
        own |= {name: output[name][presentations[number]] for name in PRESENTATION_OUTPUTS}
        own["presentation_monitor.image"] -= row
        parts.append(own)
    return parts


def _by_network(networks: NDArray[Any], replicas: int) -> list[NDArray[np.intp]]:
    """Where each network occurs, in the order in which it does."""
    order = np.argsort(networks, kind="stable")
    return np.split(order, np.searchsorted(networks[order], np.arange(1, replicas)))


def collect(
    output: Mapping[str, NDArray[Any]], layout: StateLayout, p: NetworkParameters, count: int, learning: bool
) -> ChunkResult:
    """Make the result of a chunk of `count` images of what came out of a network of this layout."""
    learns = int(learning)

    def operations(group: str, fan: str, spent: str) -> int:
        return fan_operations(output[f"{group}.spikes"], output[fan], output[spent])

    image = output["presentation_monitor.image"].astype(np.int64)
    steps = np.rint(output["spike_monitor.t"] / (p.dt * 1e-3)).astype(np.int64)
    neuron, presentation = output["spike_monitor.i"].astype(np.int64), steps // p.slot_steps
    if len(image) == 0 or image[-1] != count - 1:
        raise BackendError("The program ended before it had shown all images: this is a bug, please report it.")
    attempts = np.bincount(image, minlength=count).astype(np.int32)
    # The last presentation of an image is the accepted one; spikes of a simulated rest belong to no presentation.
    accepted = np.cumsum(attempts) - 1
    row = np.full(len(image), -1)
    row[accepted] = np.arange(count)
    shown = (row[presentation] >= 0) & (steps % p.slot_steps < p.presentation_steps)
    responses = np.zeros((count, p.neurons), dtype=np.int32)
    # one index instead of two, which NumPy adds at many times as fast
    np.add.at(responses.reshape(-1), row[presentation][shown] * p.neurons + neuron[shown], 1)
    counts = OperationCounts(
        input_to_excitatory=operations("input", "outgoing.fan_out", "outgoing.spent_out"),
        excitatory_to_inhibitory=len(neuron),
        inhibitory_to_excitatory=int(output["inhibitory.spikes"].sum(dtype=np.int64)) * (p.neurons - 1),
        updates_on_input_spikes=learns * operations("input", "outgoing.plastic_out", "outgoing.spent_plastic"),
        updates_on_excitatory_spikes=learns * operations("excitatory", "incoming.plastic_in", "incoming.spent_in"),
        images=count,
        presentations=len(image),
        input_spikes=int(output["input.spikes"].sum(dtype=np.int64)),
        excitatory_spikes=len(neuron),
        inhibitory_spikes=int(output["inhibitory.spikes"].sum(dtype=np.int64)),
    )
    spikes = np.stack([neuron, presentation, steps % p.slot_steps], axis=1)
    state = {name: output[name] for name in layout}
    return ChunkResult(state, responses, attempts, counts, spikes, _records(output, p.dt))


def _records(output: Mapping[str, NDArray[Any]], dt: float) -> dict[str, NDArray[Any]]:
    records = {}
    for name in (name for name in output if name.startswith(("spikes_", "trace_"))):
        monitor, variable = name.split(".")
        records[name] = output[name]
        if variable == "t":
            records[name] = np.rint(output[name] / (dt * 1e-3)).astype(np.int64)
        elif monitor.startswith("trace_"):
            records[name] = output[name].reshape(len(output[f"{monitor}.t"]), -1)
    return records

"""One presentation of one image to a frozen network, with every spike and the variables that are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import Program, State
from spikeprune.errors import ParameterError
from spikeprune.frozen import frozen_state
from spikeprune.operations import OperationCounts
from spikeprune.recorders import RECORDED, with_group

__all__ = ["RECORDING", "Presentation", "Spikes", "present"]

#: Back ends that can record.
RECORDING = ("cpp_standalone", "cython", "numpy")


class Spikes(NamedTuple):
    """Spikes of a group: times in ms from the begin of the presentation [spikes], and which neuron fired [spikes]."""

    t: NDArray[np.float64]
    i: NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class Presentation:
    """What a frozen network does while it is shown an image.

    Attributes
    ----------
    response : ndarray [neurons], int32
        Spikes of each excitatory neuron.
    attempts : int
        How often the image was shown until it drew enough spikes; only the last showing is recorded.
    duration, dt : float
        Of the presentation, and of a time step, in ms.
    counts : OperationCounts
        Synaptic operations of all showings.
    spikes : mapping of str to Spikes
        Of ``input``, ``excitatory`` and ``inhibitory``.
    traces : mapping of str to ndarray [neurons, time steps]
        What was recorded by its full name, such as ``excitatory.v``, in SI base units (V), after the state update of
        each time step and before its spikes.
    """

    response: NDArray[np.int32]
    attempts: int
    duration: float
    dt: float
    counts: OperationCounts
    spikes: Mapping[str, Spikes]
    traces: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of each column of the traces, in ms: the end of its time step."""
        return np.arange(1, round(self.duration / self.dt) + 1, dtype=np.float64) * self.dt

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a recorded variable by its name; of excitatory neurons, ``v`` is enough."""
        name = with_group(name)
        if name not in self.traces:
            raise ParameterError(f"'{name}' was not recorded: ask for it with record=[…, '{name}'].")
        return self.traces[name]

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self.spikes[group].t):,} {group}" for group in RECORDED)
        traces = f"; {', '.join(self.traces)} in {len(self.times)} time steps" if self.traces else ""
        shown = "" if self.attempts == 1 else f", shown {self.attempts} times"
        return f"Presentation({self.duration:g} ms{shown}: {counts} spikes{traces})"


def present(
    program: Program, state: State, image: NDArray[np.uint8], *, seed: int, number: int = 0
) -> Presentation:
    """Show an image to a frozen network whose program records.

    Parameters
    ----------
    program : Program
        Built with ``record=`` for one image or more.
    state : dict of str to ndarray
        Of the trained network.
    image : ndarray [pixels], uint8
    seed, number : int
        Of the run, and of the image in it: they determine the input spikes.
    """
    p = program.parameters
    typed = {name: np.asarray(value, program.layout[name][0]) for name, value in state.items()}
    result = program.run(
        frozen_state(program, typed), image[np.newaxis], seed=seed, first_image=number, learning=False
    )  # fmt: skip
    attempts = int(result.attempts[0])
    begin = p.slot_steps * (attempts - 1)

    def shown(steps: NDArray[Any]) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (steps >= begin) & (steps < begin + p.presentation_steps)
        return inside

    spikes, traces = {}, {}
    for group in ("input", "inhibitory"):
        steps, neurons = (result.records[f"spikes_{group}.{name}"] for name in "ti")
        kept = shown(steps)
        spikes[group] = Spikes((steps[kept] - begin) * p.dt, neurons[kept].astype(np.int64))
    neuron, slot, step = result.spikes.T
    own = (slot == attempts - 1) & (step < p.presentation_steps)
    spikes["excitatory"] = Spikes(step[own] * p.dt, neuron[own])
    for name, values in result.records.items():
        monitor, variable = name.split(".")
        if monitor.startswith("trace_") and variable != "t":
            kept = shown(result.records[f"{monitor}.t"])
            traces[f"{monitor.removeprefix('trace_')}.{variable}"] = values[kept].T.copy()
    return Presentation(result.responses[0], attempts, p.presentation, p.dt, result.counts, spikes, traces)


def recording_backend(own: str, asked: str | None) -> str:
    """Return the back end to record with: the run's own unless another is asked for.

    Raises
    ------
    ParameterError
        If it cannot record.
    """
    backend = own if asked is None else asked
    if backend not in RECORDING:
        raise ParameterError(
            f"Back end '{backend}' records no single presentation: choose one of {', '.join(RECORDING)} (backend=)."
        )
    return backend


def recorded(names: Sequence[str] | str) -> tuple[str, ...]:
    """Return full names of what is to be recorded, each once."""
    return tuple(dict.fromkeys(with_group(name) for name in ([names] if isinstance(names, str) else names)))

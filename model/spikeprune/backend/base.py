"""What every back end offers: a program that runs one chunk of images after another.

A program is built once for its parameters, rule and precision.  :meth:`Program.run` takes the state of the network as
arrays, shows a chunk of images and returns the new state, the responses and the counts of synaptic operations.  A back
end only implements :meth:`Program.execute`: arrays in, arrays out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import brian2 as b2
import numpy as np
from brian2.devices.device import RuntimeDevice
from numpy.typing import NDArray

from spikeprune.encoding import Stream
from spikeprune.errors import BackendError, ParameterError, SpikepruneError, unknown_name
from spikeprune.network import COUNTERS, StateLayout
from spikeprune.operations import OperationCounts
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.recorders import with_group
from spikeprune.synapses import fan_operations

__all__ = ["PRECISIONS", "ChunkResult", "Program", "State", "brian2_preferences", "explained"]

#: ``group.variable`` to array: everything that the network carries from one chunk to the next, in SI base units.
State = dict[str, NDArray[Any]]

PRECISIONS: dict[str, type] = {"single": np.float32, "double": np.float64}

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


class Program(ABC):
    """A network built for one back end, ready to run chunk after chunk.

    Parameters
    ----------
    parameters : NetworkParameters
    rule : PruningRule
        Only its strings are built in; its parameters are given to each run.
    chunk : int
        Largest number of images in a chunk.
    precision : {'single', 'double'}
    record : sequence of str, optional
        Record the spikes of all neurons and these variables, ``group.variable``; nothing unless given.

    Raises
    ------
    ParameterError
        If `chunk` or `precision` is not allowed, or there is nothing of that name to record.
    BackendError
        If the program cannot be built.
    """

    #: Name of the back end.
    backend: str = ""

    def __init__(
        self,
        parameters: NetworkParameters,
        rule: PruningRule,
        chunk: int,
        precision: str = "single",
        record: Sequence[str] | None = None,
    ) -> None:
        if precision not in PRECISIONS:
            raise ParameterError(unknown_name("precision", precision, PRECISIONS))
        if chunk < 1:
            raise ParameterError(f"A chunk of {chunk} images cannot be run: it must hold at least 1.")
        self.parameters, self.rule, self.chunk, self.precision = parameters, rule, chunk, precision
        self.record = None if record is None else list(dict.fromkeys(with_group(name) for name in record))
        #: What the network carries from chunk to chunk, and the parameters of the rule, which every run is given.
        self.layout: StateLayout = {}
        self.given: StateLayout = {}

    @property
    def dtype(self) -> type:
        """NumPy type of floating-point variables."""
        return PRECISIONS[self.precision]

    @abstractmethod
    def execute(self, inputs: Mapping[str, Any], pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Set the variables in `inputs`, show `pixels` [chunk, inputs], and return state, counters and monitors."""

    def stop(self) -> None:  # noqa: B027, what runs in this process ends with it
        """End what other threads are running, without a result."""

    def run(
        self,
        state: State,
        images: NDArray[np.uint8],
        *,
        seed: int,
        first_image: int = 0,
        learning: bool = True,
        rule: PruningRule | None = None,
    ) -> ChunkResult:
        """Show a chunk of images.

        Parameters
        ----------
        state : dict of str to ndarray
            State to start from; it is not changed.
        images : ndarray [images, inputs], uint8
            Pixel values, at most `chunk` images.
        seed : int
            Key of the random numbers.
        first_image : int
            Number of the first image in the whole run; with the seed it determines the input spikes.
        learning : bool
            Whether weights and thresholds change and pruning events happen.
        rule : PruningRule, optional
            Another rule of the same strings: its parameters and its schedule hold for this run.  A training needs the
            schedule in images (:meth:`~spikeprune.pruning.PruningRule.for_images`).

        Returns
        -------
        ChunkResult

        Raises
        ------
        ParameterError
            If the images or the rule do not fit the program.
        """
        rule = rule or self.rule
        if rule is not self.rule and rule.strings() != self.rule.strings():
            raise ParameterError(
                f"The program was built for rule '{self.rule.name}' and cannot run '{rule.name}', whose strings "
                "differ: build one for it."
            )
        count = len(images)
        size = self.parameters.image_bytes
        if not 0 < count <= self.chunk or images.shape[1] != size:
            raise ParameterError(
                f"Images of shape {images.shape} do not fit: this program takes 1 to {self.chunk} images of "
                f"{size} {'bytes of event data' if self.parameters.event_slots else 'pixels'}."
            )
        pixels = np.zeros((self.chunk, size), dtype=np.uint8)
        pixels[:count] = images
        start, stop, interval = rule.schedule if learning else (0, 0, 1)
        stream = Stream.TRAINING_SPIKES if learning else Stream.EVALUATION_SPIKES
        inputs: dict[str, Any] = dict(state)
        inputs |= {name: np.zeros_like(state[name]) for name in COUNTERS}
        inputs |= {
            "presenter.image": 0, "presenter.images": count, "presenter.first_image": first_image,
            "presenter.seed": seed, "presenter.stream": int(stream),
            "presenter.prune_start": start, "presenter.prune_stop": stop, "presenter.prune_interval": interval,
            "presenter.learning": int(learning), "excitatory.learning": int(learning),
            "presenter.attempt": 0, "presenter.intensity": self.parameters.intensity,
        }  # fmt: skip
        if self.given:
            inputs |= {f"rule.{name}": value for name, value in rule.neuron_parameters().items()}
        output = self.execute(inputs, pixels)
        return self._collect(output, count, learning)

    def _collect(self, output: dict[str, NDArray[Any]], count: int, learning: bool) -> ChunkResult:
        p, learns = self.parameters, int(learning)

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
        state = {name: output[name] for name in self.layout}
        return ChunkResult(state, responses, attempts, counts, spikes, self._records(output))

    def _records(self, output: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        records = {}
        for name in (name for name in output if name.startswith(("spikes_", "trace_"))):
            monitor, variable = name.split(".")
            records[name] = output[name]
            if variable == "t":
                records[name] = np.rint(output[name] / (self.parameters.dt * 1e-3)).astype(np.int64)
            elif monitor.startswith("trace_"):
                records[name] = output[name].reshape(len(output[f"{monitor}.t"]), -1)
        return records


@contextmanager
def explained(rule: PruningRule) -> Iterator[None]:
    """Turn what Brian2 has against a network into one sentence, which names the identifier or the statement.

    Raises
    ------
    BackendError
        In place of any error that is not our own, nor one of the system.
    """
    try:
        yield
    except (SpikepruneError, OSError, MemoryError):
        raise
    except Exception as error:
        innermost: BaseException = error
        while innermost.__cause__ is not None:
            innermost = innermost.__cause__
        reason = " ".join(str(innermost.args[0] if innermost.args else innermost).split()).rstrip(".")
        raise BackendError(
            f"Brian2 cannot build the network with rule '{rule.name}' ({type(innermost).__name__}: {reason}): correct "
            "the strings of the rule."
        ) from error


@contextmanager
def brian2_preferences(**values: Any) -> Iterator[None]:
    """Set Brian2 preferences (with ``__`` for the dots) and the device for a while, then put all back."""
    names = {name.replace("__", "."): value for name, value in values.items()}
    before = {name: b2.prefs[name] for name in names}
    dt = b2.defaultclock.dt if isinstance(b2.get_device(), RuntimeDevice) else None
    try:
        for name, value in names.items():
            b2.prefs[name] = value
        yield
    finally:
        for name, value in before.items():
            b2.prefs[name] = value
        if dt is not None:
            b2.defaultclock.dt = dt

"""What every back end offers: a program that runs one chunk of images after another.

A program is built once for its parameters, rule and precision.  :meth:`Program.run` takes the state of the network as
arrays, shows a chunk of images and returns the new state, the responses and the counts of synaptic operations.  A back
end only implements :meth:`Program.execute`: arrays in, arrays out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend.outcome import PRESENTATION_OUTPUTS, SPIKE_OUTPUTS, ChunkResult, State, collect, parts_of
from spikeprune.encoding import Stream
from spikeprune.equations import Equations
from spikeprune.errors import BackendError, ParameterError, SpikepruneError, unknown_name
from spikeprune.layout import COUNTERS, StateLayout, joined, of_one
from spikeprune.parameters import LARGEST, NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.recorders import with_group

__all__ = ["PRECISIONS", "ChunkResult", "Program", "State", "explained"]

PRECISIONS: dict[str, type] = {"single": np.float32, "double": np.float64}

#: What is different of a network that waits from the first step on.
IDLE = {
    "presenter.stopped": 1, "presenter.waiting": 1, "presenter.prune": 0, "presenter.intensity": 0,
    "excitatory.learning": 0,
}  # fmt: skip


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
    replicas : int
        Number of networks side by side.
    room : int
        Number of images that there is room for in any case, however small `chunk` is.

    Raises
    ------
    ParameterError
        If `chunk`, `precision` or `replicas` is not allowed, or there is nothing of that name to record.
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
        replicas: int = 1,
        room: int = 0,
    ) -> None:
        if precision not in PRECISIONS:
            raise ParameterError(unknown_name("precision", precision, PRECISIONS))
        if chunk < 1:
            raise ParameterError(f"A chunk of {chunk} images cannot be run: it must hold at least 1.")
        most = LARGEST // (parameters.inputs * parameters.neurons)
        if not 1 <= replicas <= most:
            raise ParameterError(
                f"{replicas} networks of {parameters.neurons} neurons do not fit side by side: choose 1 to {most} "
                "replicas."
            )
        self.parameters, self.rule, self.chunk, self.precision = parameters, rule, max(chunk, room), precision
        if replicas > 1 and record is not None:
            raise ParameterError("Several networks side by side are not recorded: leave record or replicas out.")
        self.record = None if record is None else list(dict.fromkeys(with_group(name) for name in record))
        self.replicas = replicas
        #: What all networks together carry from chunk to chunk, and what else every run is given.
        self.carried: StateLayout = {}
        self.given: StateLayout = {}

    @property
    def layout(self) -> StateLayout:
        """Type and size of each variable of the state of a network."""
        return of_one(self.carried, self.replicas)

    @property
    def recorded(self) -> tuple[str, ...]:
        """What is recorded of each spike and each presentation."""
        of_network = ("presentation_monitor.i",) if self.replicas > 1 else ()
        return SPIKE_OUTPUTS + PRESENTATION_OUTPUTS + of_network

    @property
    def dtype(self) -> type:
        """NumPy type of floating-point variables."""
        return PRECISIONS[self.precision]

    @abstractmethod
    def execute(self, inputs: Mapping[str, Any], pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Set the variables in `inputs`, show `pixels` [images, inputs], and return state, counters and monitors."""

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
        return self.run_all([state], [images], seeds=[seed], first_images=[first_image], learning=learning,
                            rules=[rule])[0]  # fmt: skip

    def run_all(
        self,
        states: Sequence[State],
        images: Sequence[NDArray[np.uint8]],
        *,
        seeds: Sequence[int],
        first_images: Sequence[int],
        learning: bool = True,
        rules: Sequence[PruningRule | None] | None = None,
    ) -> list[ChunkResult]:
        """Show each of several networks a chunk of images; the result of each is that of :meth:`run` alone.

        Parameters
        ----------
        states, images, seeds, first_images, rules
            For each network what :meth:`run` takes; at most as many as the program has replicas.  Different images
            must together be no more than `chunk`; the same images for all count once.
        learning : bool
            Whether the networks learn.

        Returns
        -------
        list of ChunkResult
        """
        chosen = [rule or self.rule for rule in rules or [None] * len(states)]
        self._check(len(states), images, chosen)
        rows, pixels = self._rows(images)
        each = [
            self._inputs(state, row, len(shown), seed, first, rule, learning)
            for state, row, shown, seed, first, rule in zip(
                states, rows, images, seeds, first_images, chosen, strict=True
            )
        ]
        idle = each[0] | IDLE | {"presenter.image": 0, "presenter.images": 0}
        each += [idle] * (self.replicas - len(each))
        whole = self.carried | self.given
        inputs = {name: joined([values[name] for values in each], size) for name, (_, size) in whole.items()}
        output = self.execute(inputs, pixels)
        layout = self.layout
        parts = parts_of(output, layout, self.parameters, self.replicas, rows)
        return [
            collect(own, layout, self.parameters, len(shown), learning)
            for own, shown in zip(parts, images, strict=True)
        ]

    def _check(self, networks: int, images: Sequence[NDArray[np.uint8]], rules: Sequence[PruningRule]) -> None:
        if not 1 <= networks <= self.replicas:
            raise ParameterError(f"This program runs 1 to {self.replicas} networks, not {networks}: build another one.")
        for rule in rules:
            if rule is not self.rule and rule.strings() != self.rule.strings():
                raise ParameterError(
                    f"The program was built for rule '{self.rule.name}' and cannot run '{rule.name}', whose strings "
                    "differ: build one for it."
                )
        for shown in images:
            size = self.parameters.image_bytes
            if not 0 < len(shown) <= self.chunk or shown.shape[1] != size:
                raise ParameterError(
                    f"Images of shape {shown.shape} do not fit: this program takes 1 to {self.chunk} images of "
                    f"{size} {'bytes of event data' if self.parameters.event_slots else 'pixels'}."
                )

    def _rows(self, images: Sequence[NDArray[np.uint8]]) -> tuple[list[int], NDArray[np.uint8]]:
        """Put images that differ below each other; return the row where those of each network begin, and the pixels."""
        first: dict[bytes, int] = {}
        rows, end, different = [], 0, []
        for shown in images:
            same = shown.tobytes() if len(images) > 1 else b""
            if same not in first:
                if end + len(shown) > self.chunk:
                    raise ParameterError(
                        f"The networks are shown more than {self.chunk} different images, which the program holds: "
                        "show fewer at once."
                    )
                first[same] = end
                different.append(shown)
                end += len(shown)
            rows.append(first[same])
        return rows, np.concatenate(different)

    def _inputs(
        self, state: State, row: int, count: int, seed: int, first_image: int, rule: PruningRule, learning: bool
    ) -> dict[str, Any]:
        """What a network is given: its state, and what is new in this chunk."""
        start, stop, interval = rule.schedule if learning else (0, 0, 1)
        stream = Stream.TRAINING_SPIKES if learning else Stream.EVALUATION_SPIKES
        inputs: dict[str, Any] = dict(state)
        inputs |= {name: np.zeros_like(state[name]) for name in COUNTERS}
        # The presenter counts images as rows of the pixels.
        inputs |= {
            "presenter.image": row, "presenter.images": row + count, "presenter.first_image": first_image - row,
            "presenter.seed": seed, "presenter.stream": int(stream), "excitatory.seed": seed,
            "presenter.prune_start": start, "presenter.prune_stop": stop, "presenter.prune_interval": interval,
            "presenter.learning": int(learning), "excitatory.learning": int(learning),
            "presenter.attempt": 0, "presenter.intensity": self.parameters.intensity,
            "presenter.stopped": 0, "presenter.waiting": 0,
        }  # fmt: skip
        return inputs | {f"rule.{name}": value for name, value in rule.neuron_parameters().items()}


@contextmanager
def explained(rule: PruningRule, equations: Equations) -> Iterator[None]:
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
        own = f" and the equations {', '.join(equations)}" if equations else ""
        raise BackendError(
            f"Brian2 cannot build the network with rule '{rule.name}'{own} ({type(innermost).__name__}: {reason}): "
            f"correct the strings{'' if own else ' of the rule'}."
        ) from error

"""A program that becomes smaller as a rule removes neurons: less time and memory, the same spikes.

Between two pruning events the neurons that exist are known, so a chunk is cut after each event, and each piece is run
by a program for the neurons that are left, in their order.  A removed neuron has no synapses: it receives nothing,
never fires, and leaves the sums over all neurons as they are, so leaving it out changes no spike.  Sizes go down in
eighths of the network, so that few programs are compiled, and several runs share them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend.base import ChunkResult, Program, State
from spikeprune.errors import ParameterError
from spikeprune.operations import OperationCounts
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.timing import events_between

__all__ = ["CompactProgram"]

#: The number of neurons of a program is a multiple of this part of all.
STEPS = 8
#: Builds a program for a number of neurons.
Builder = Callable[[NetworkParameters], Program]


class CompactProgram(Program):
    """A network whose removed neurons are left out of what is simulated.

    Outside, everything has the size of the whole network: states, responses, spikes.

    Parameters
    ----------
    build : callable
        Returns a program for the parameters that it is given.
    parameters, rule, chunk, precision
        See :class:`spikeprune.backend.base.Program`.

    Raises
    ------
    ParameterError
        If the rule names `N`, which is another number in a smaller program.
    """

    def __init__(
        self, build: Builder, parameters: NetworkParameters, rule: PruningRule, chunk: int, precision: str = "single"
    ) -> None:
        super().__init__(parameters, rule, chunk, precision)
        named = [name for name, text in rule.strings().items() if re.search(r"\bN\b", re.sub("#.*", "", str(text)))]
        if named:
            raise ParameterError(
                f"Rule '{rule.name}' removes neurons and names N in {', '.join(named)}, but N is the number of neurons "
                "that are simulated, which becomes smaller: keep the first number in a variable of the rule."
            )
        self._build, self._programs = build, dict[int, Program]()
        whole = self._program(parameters.neurons)
        self.chunk = whole.chunk
        self.carried, self.given, self.backend = whole.carried, whole.given, whole.backend

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._programs[self.parameters.neurons], name)  # such as the version of the compiler

    def execute(self, inputs: Mapping[str, Any], pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Run the whole network; :meth:`run` takes smaller ones."""
        return self._program(self.parameters.neurons).execute(inputs, pixels)

    def stop(self) -> None:
        for program in list(self._programs.values()):
            program.stop()

    def size(self, existing: int) -> int:
        """Return the number of neurons of the smallest program that has room for so many."""
        n = self.parameters.neurons
        return next(size for size in (-(-n * step // STEPS) for step in range(1, STEPS + 1)) if size >= existing)

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
        """See :meth:`spikeprune.backend.base.Program.run_all`; one network is run after the other."""
        return [
            self._run(state, shown, seed=seed, first_image=first, learning=learning, rule=rule)
            for state, shown, seed, first, rule in zip(
                states, images, seeds, first_images, rules or [None] * len(states), strict=True
            )
        ]

    def _run(
        self, state: State, images: NDArray[np.uint8], *, seed: int, first_image: int, learning: bool,
        rule: PruningRule | None,
    ) -> ChunkResult:  # fmt: skip
        cuts = [0, len(images)]
        if learning:
            schedule = (rule or self.rule).schedule
            so_far = [events_between(*schedule, first_image + shown) for shown in range(len(images))]
            cuts[1:1] = [shown for shown, (before, now) in enumerate(pairwise(so_far), 1) if now > before]
        pieces: list[ChunkResult] = []
        for start, stop in pairwise(cuts):
            pieces.append(
                self._piece(
                    state, images[start:stop], seed=seed, first_image=first_image + start, learning=learning, rule=rule,
                )
            )  # fmt: skip
            state = pieces[-1].state
        return pieces[0] if len(pieces) == 1 else _joined(pieces)

    def _program(self, neurons: int) -> Program:
        if neurons not in self._programs:
            self._programs[neurons] = self._build(replace(self.parameters, neurons=neurons))
        return self._programs[neurons]

    def _piece(self, state: State, images: NDArray[np.uint8], **options: Any) -> ChunkResult:
        """Show images between which no neuron is removed."""
        exists = state["incoming.fan_in"] > 0
        size = self.size(int(exists.sum()))
        program = self._program(size)
        # Those that exist, and as many removed ones as there is room for, in their order.
        kept = np.sort(np.argsort(~exists, kind="stable")[:size])
        result = program.run(self._without(state, program, kept), images, **options)
        counts = replace(
            result.counts, inhibitory_to_excitatory=result.counts.inhibitory_spikes * (int(exists.sum()) - 1)
        )
        responses = np.zeros((len(images), self.parameters.neurons), dtype=np.int32)
        responses[:, kept] = result.responses
        spikes = result.spikes.copy()
        spikes[:, 0] = kept[spikes[:, 0]]
        return ChunkResult(self._with(state, result.state, kept), responses, result.attempts, counts, spikes)

    def _shape(self, name: str) -> tuple[int, int]:
        """A variable of synapses is [inputs, neurons], one of neurons [1, neurons]."""
        return (self.parameters.inputs if name.startswith("plastic.") else 1, self.parameters.neurons)

    def _without(self, state: State, program: Program, kept: NDArray[np.int64]) -> State:
        """Leave out what belongs to other neurons than those `kept`."""
        layout = program.layout
        return {
            name: values if len(values) == layout[name][1]
            else values.reshape(self._shape(name))[:, kept].ravel()
            for name, values in state.items()
        }  # fmt: skip

    def _with(self, state: State, smaller: State, kept: NDArray[np.int64]) -> State:
        """Put the state of the neurons `kept` into that of all; the others stay as they were when they were removed."""
        whole = dict(smaller)
        for name, values in state.items():
            if len(values) != len(smaller[name]):
                whole[name] = values.copy()
                whole[name].reshape(self._shape(name))[:, kept] = smaller[name].reshape(-1, len(kept))
        return whole


def _joined(pieces: list[ChunkResult]) -> ChunkResult:
    """Put the results of consecutive images together."""
    before = np.cumsum([0, *(piece.counts.presentations for piece in pieces)])
    spikes = [piece.spikes + np.array([0, first, 0]) for piece, first in zip(pieces, before, strict=False)]
    return ChunkResult(
        pieces[-1].state,
        np.concatenate([piece.responses for piece in pieces]),
        np.concatenate([piece.attempts for piece in pieces]),
        sum((piece.counts for piece in pieces), OperationCounts.zero()),
        np.concatenate(spikes),
    )

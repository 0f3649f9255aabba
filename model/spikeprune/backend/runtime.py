"""The runtime back ends: Brian2 inside the Python process, with Cython or NumPy code.

Slower than a compiled program by one or two orders of magnitude, but nothing needs to be compiled (NumPy), and the
network is at hand for debugging.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import brian2 as b2
import numpy as np
from numpy.typing import NDArray

from spikeprune.backend.base import Program, explained
from spikeprune.backend.preferences import brian2_preferences
from spikeprune.network import build_network
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.recorders import add_recorders, recorder_outputs

__all__ = ["RuntimeProgram"]


class RuntimeProgram(Program):
    """A network that Brian2 runs step by step from Python.

    Parameters
    ----------
    parameters, rule, chunk, precision, record, replicas
        See :class:`spikeprune.backend.base.Program`.
    target : {'cython', 'numpy'}
        What Brian2 generates.
    """

    def __init__(
        self,
        parameters: NetworkParameters,
        rule: PruningRule,
        chunk: int,
        precision: str = "double",
        target: str = "cython",
        record: Sequence[str] | None = None,
        replicas: int = 1,
    ) -> None:
        super().__init__(parameters, rule, chunk, precision, record, replicas)
        self.backend = target
        with self._preferences():
            self.built = build_network(parameters, rule, chunk, replicas=replicas)
            names = self.record
            self.recorders = {} if names is None else add_recorders(self.built.network, self.built.groups, names)
        self.carried, self.given = self.built.state, self.built.given

    def _preferences(self) -> Any:
        # Strict arithmetic, so that Cython rounds as a strictly compiled standalone program does; -O1 because the
        # compiler takes half the time and the steps in Python dominate anyway.
        return brian2_preferences(
            codegen__target=self.backend,
            core__default_float_dtype=self.dtype,
            core__stop_on_keyboard_interrupt=False,  # Brian2 would stop quietly, as if all images had been shown
            codegen__cpp__extra_compile_args_gcc=["-w", "-O1", "-ffp-contract=off"],
        )

    def execute(self, inputs: Mapping[str, Any], pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        """Run the network in this process."""
        built = self.built
        for name, value in inputs.items():
            built.variable(name).set_value(value)
        shown = pixels.reshape(-1, built.pixels.values.shape[1])
        built.pixels.values[: len(shown)], built.pixels.values[len(shown) :] = shown, 0
        monitors = {"spike_monitor": built.spike_monitor, "presentation_monitor": built.presentation_monitor}
        monitors |= self.recorders
        recorded = {name: len(monitor.variables["t"].get_value()) for name, monitor in monitors.items()}
        start = float(built.network.t / b2.second)
        with explained(self.rule, self.parameters.equations), self._preferences():
            built.network.run(built.duration * b2.second, namespace={})
        output = {name: np.atleast_1d(built.result(name).get_value()).copy() for name in self.carried}
        for name in (*self.recorded, *recorder_outputs(self.recorders)):
            monitor, variable = name.split(".")
            output[name] = monitors[monitor].variables[variable].get_value()[recorded[monitor] :].copy()
            if variable == "t":
                output[name] = output[name] - start
        return output

"""Back ends: the same network run by Brian2 in Python or as a compiled program, in C++ or CUDA."""

from __future__ import annotations

from typing import Any

from spikeprune.backend.base import PRECISIONS, ChunkResult, Program, State, explained
from spikeprune.backend.compact import CompactProgram
from spikeprune.errors import ParameterError, unknown_name
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule
from spikeprune.quiet import import_brian2, leave_interrupts_ignored

__all__ = ["BACKENDS", "COMPILED", "PRECISIONS", "ChunkResult", "Program", "State", "make_program"]

#: Names of the back ends; the first is the default.
BACKENDS = ("cpp_standalone", "cuda_standalone", "cython", "numpy")

#: Those whose programs are compiled once, kept, and report before that.
COMPILED = ("cpp_standalone", "cuda_standalone")


def make_program(
    backend: str,
    parameters: NetworkParameters,
    rule: PruningRule,
    chunk: int,
    precision: str = "single",
    **options: Any,
) -> Program:
    """Build a network for a back end, or find the program built before.

    Parameters
    ----------
    backend : {'cpp_standalone', 'cuda_standalone', 'cython', 'numpy'}
    parameters : NetworkParameters
    rule : PruningRule
    chunk : int
        Largest number of images in a chunk.
    precision : {'single', 'double'}
    **options
        Passed to the program, for example ``report`` (a function that is told what is going on) or ``replicas`` (the
        number of networks side by side).

    Raises
    ------
    ParameterError
        If a name is unknown.
    BackendError
        If the program cannot be built.
    """
    if backend not in BACKENDS:
        raise ParameterError(unknown_name("back end", backend, BACKENDS))
    leave_interrupts_ignored()
    if rule.removes_neurons:
        if options.pop("replicas", 1) > 1:
            raise ParameterError(
                f"Rule '{rule.name}' removes neurons, and its program becomes smaller with them, which several "
                "networks side by side cannot: train them one after the other."
            )

        def build(smaller: NetworkParameters) -> Program:
            return _build(backend, smaller, rule, chunk, precision, options)

        return CompactProgram(build, parameters, rule, chunk, precision)
    return _build(backend, parameters, rule, chunk, precision, options)


def _build(
    backend: str, parameters: NetworkParameters, rule: PruningRule, chunk: int, precision: str, options: dict[str, Any]
) -> Program:
    with explained(rule, parameters.equations):
        if backend == "cpp_standalone":
            from spikeprune.backend.standalone import StandaloneProgram

            return StandaloneProgram(parameters, rule, chunk, precision, **options)
        import_brian2()
        if backend == "cuda_standalone":
            from spikeprune.backend.cuda import CudaProgram

            return CudaProgram(parameters, rule, chunk, precision, **options)
        from spikeprune.backend.runtime import RuntimeProgram

        return RuntimeProgram(parameters, rule, chunk, precision, target=backend, **options)

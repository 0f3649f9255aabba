"""The programs that ``gpu.py`` measures: compiled side by side, shown images, and what each run cost."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from spikeprune import AdaptivePruning, NetworkParameters
from spikeprune.backend import ChunkResult, Program, make_program
from spikeprune.quiet import quiet_brian2
from spikeprune.state import initial_state

TESTS = Path(__file__).parents[1] / "tests"
RULE = AdaptivePruning(interval=100)
#: For a rehearsal: few time steps, on images of 7 x 7 pixels.
SHORT = {
    "presentation": 60, "rest": 20, "weight_share": 0.3, "pixel_per_hertz": 1.0, "theta_plus": 0.4, "tau_theta": 1e4,
    "minimum_spikes": 5, "attempts": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A program: so many networks of so many neurons, for images of so many pixels, in chunks of so many."""

    backend: str
    neurons: int
    replicas: int
    precision: str
    inputs: int
    chunk: int
    standin: bool = False

    @property
    def parameters(self) -> NetworkParameters:
        """Of each network."""
        return NetworkParameters(neurons=self.neurons, inputs=self.inputs, **(SHORT if self.standin else {}))

    @property
    def name(self) -> str:
        """For JSON."""
        return f"{self.backend}, {self.replicas} x {self.neurons}, {self.precision}"

    def program(self) -> Program:
        """Compile it, or find it."""
        if self.backend == "cuda_standalone" and self.standin:
            return self._on_cpu()
        return make_program(self.backend, self.parameters, RULE, self.chunk, self.precision, replicas=self.replicas)

    def _on_cpu(self) -> Program:
        sys.path.insert(0, str(TESTS))
        from cuda_on_cpu.build import StandIn
        from cuda_on_cpu.program import CudaOnCpu

        folder = Path(os.environ["SPIKEPRUNE_CACHE"]) / "standin-of-benchmark"
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            CudaOnCpu.standin = StandIn(folder)
        return CudaOnCpu(self.parameters, RULE, self.chunk, self.precision, replicas=self.replicas)


def _compile(case: Case) -> float:
    quiet_brian2()
    start = time.perf_counter()
    case.program()
    return time.perf_counter() - start


def compile_all(cases: list[Case], processes: int) -> Iterator[tuple[Case, float | str]]:
    """Compile programs side by side; give each with its seconds, or with what is wrong."""
    # Brian2 has one device at a time, so each has a process of its own.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        futures = {pool.submit(_compile, case): case for case in cases}
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], future.result() if error is None else str(error)


@dataclass(frozen=True)
class Shown:
    """What came of a run of a program, what it took, and what its time loop has counted."""

    results: list[ChunkResult]
    seconds: float
    calls: dict[str, int]

    @property
    def presentations(self) -> int:
        """Of all networks."""
        return sum(int(result.attempts.sum()) for result in self.results)

    @property
    def slots(self) -> int:
        """Presentations of the network that took most."""
        return max(int(result.attempts.sum()) for result in self.results)


def show(program: Program, images: np.ndarray, learning: bool = True, graph: bool = True) -> Shown:
    """Show images to untrained networks, which differ in their seeds."""
    state = initial_state(program.parameters, RULE, 0, program.layout)
    number = program.replicas

    def run() -> Shown:
        start = time.perf_counter()
        results = program.run_all(
            [state] * number, [images] * number, seeds=range(number), first_images=[0] * number, learning=learning
        )
        return Shown(results, time.perf_counter() - start, getattr(program, "calls", {}))

    if program.backend != "cuda_standalone":
        return run()
    if hasattr(program, "graph"):  # the stand-in has its own ways to be told and to tell
        program.graph = graph
        return run()
    with tempfile.NamedTemporaryFile("r") as told:
        os.environ |= {"SPIKEPRUNE_CUDA_CALLS": told.name, "SPIKEPRUNE_CUDA_GRAPH": str(int(graph))}
        shown = run()
        return replace(shown, calls=json.load(told))


def cost(
    program: Program, images: np.ndarray, seconds: float, learning: bool = True, graph: bool = True
) -> dict[str, Any]:
    """What a presentation costs, without what a start of the program does.

    A CUDA program tells the time of its loop, which is to take some `seconds`; of a C++ program, a run with all images
    and one with a fifth of them are compared.
    """
    if program.backend != "cuda_standalone":
        short, long = (show(program, images[:number], learning) for number in (len(images) // 5, len(images)))
        presentations = long.presentations - short.presentations
        return {
            "presentations": presentations,
            "ms_a_presentation": 1e3 * (long.seconds - short.seconds) / presentations,
        }
    few = 2
    trial = show(program, images[:few], learning, graph)
    number = int(np.clip(few * seconds / trial.calls["seconds"], 3 * few, len(images)))
    shown = show(program, images[:number], learning, graph)
    slots, took = shown.slots, 1e3 * shown.calls["seconds"]
    found = {"slots": slots, "ms_a_slot": took / slots, "ms_a_presentation": took / shown.presentations}
    found |= {f"{name}_a_slot": shown.calls[name] / slots for name in ("launches", "graphs", "copies")}
    return found | {"device_bytes": shown.calls["bytes"], "whole_run_s": shown.seconds}

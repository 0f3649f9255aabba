"""The CUDA back end against C++ on one machine: the same numbers, and how long they take.

``benchmarks/gpu.sh`` starts it on a machine with a GPU; ``--stand-in`` rehearses everything on a CPU, where the times
mean nothing.  Images are the digits that scikit-learn bundles, so nothing is downloaded; where more are shown than
there are, they come again.

What is measured comes in order of importance, and nothing is begun for which there is no time left.  Each entry of the
JSON file is written when it is there; one that fails holds a sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from gpu_programs import RULE, Case, compile_all, cost, show

from spikeprune import Dataset
from spikeprune.backend import ChunkResult, Program
from spikeprune.frozen import respond
from spikeprune.opening import begin
from spikeprune.quiet import quiet_brian2
from spikeprune.settings import Settings
from spikeprune.state import initial_state
from spikeprune.together import evaluate_together, train_together

CORES = len(os.sched_getaffinity(0))


class Record:
    """What has been found, written as it comes, within a time."""

    def __init__(self, path: Path, seconds: float, **about: Any) -> None:
        self.path, self.end = path, time.perf_counter() + seconds
        self.found: dict[str, Any] = about

    def left(self) -> float:
        """Seconds."""
        return self.end - time.perf_counter()

    def add(self, part: str, name: str, find: Callable[[], Any], least: float = 20) -> Any:
        """Find something out if at least so many seconds are left, and keep it, or what was wrong."""
        start = time.perf_counter()
        try:
            value = find() if self.left() > least else f"not begun: {self.left():.0f} s were left"
        except Exception as error:  # whatever it is, the rest is still to be measured
            value = f"failed: {type(error).__name__}: {error}"
        self.found.setdefault(part, {})[name] = value
        self.path.write_text(json.dumps(self.found, indent=1, default=float) + "\n")
        print(f"{time.perf_counter() - start:6.1f} s  {part}: {name}: {json.dumps(value, default=float)}", flush=True)
        return value


def compare(cuda: ChunkResult, cpp: ChunkResult) -> dict[str, Any]:
    """Say whether two results are the same, where the first spike differs, and by which share variables do.

    The potentials of inhibitory neurons may: fast C++ code leaves those alone that have nothing to do.
    """
    least = min(len(cuda.spikes), len(cpp.spikes))
    different = np.flatnonzero((cuda.spikes[:least] != cpp.spikes[:least]).any(axis=1))
    where = int(different[0]) if len(different) else least
    same = len(cuda.spikes) == len(cpp.spikes) == where
    first = None if same else {"spike": where, "neuron, presentation, step": cpp.spikes[where : where + 1].tolist()}
    return {
        "spikes": len(cpp.spikes), "same_spikes": same, "first_difference": first,
        "unequal_state": {
            name: float(np.max(np.abs(cuda.state[name] - value) / np.maximum(np.abs(value), 1e-300)))
            for name, value in cpp.state.items()
            if not np.array_equal(value, cuda.state[name])
        },
    }  # fmt: skip


def equality(cuda: Program, cpp: Program, images: np.ndarray) -> dict[str, Any]:
    """Compare each network with a C++ program of its own; explain the first difference by the state before it.

    Spikes that differ although the state differs by no more than rounding tell of another last bit of a mathematical
    function; a larger difference is an error.
    """
    state = initial_state(cpp.parameters, RULE, 0, cpp.layout)
    shown = show(cuda, images).results
    found = {}
    for seed in sorted({0, cuda.replicas // 2, cuda.replicas - 1}):
        entry = compare(shown[seed], cpp.run(state, images, seed=seed))
        if not entry["same_spikes"] and entry["first_difference"]["neuron, presentation, step"]:
            before = entry["first_difference"]["neuron, presentation, step"][0][1]
            shorter = max(1, min(before, len(images)))
            entry["state_before"] = compare(
                show(cuda, images[:shorter]).results[seed], cpp.run(state, images[:shorter], seed=seed)
            )["unequal_state"]
        found[f"seed {seed}"] = entry
    return found


def all_cores(program: Program, images: np.ndarray, seconds: float) -> dict[str, Any]:
    """Train a network on every core at a time; the median of their presentations, divided by the cores."""
    with ThreadPoolExecutor(CORES) as pool:  # each thread waits for a program of its own
        each = list(pool.map(lambda _: cost(program, images, seconds)["ms_a_presentation"], range(CORES)))
    return {"cores": CORES, "ms_a_presentation": np.median(each) / CORES}


def evaluation(program: Program, images: np.ndarray, workers: int = 1) -> tuple[np.ndarray, dict[str, Any]]:
    """Show test images to a frozen network, all blocks that the program has networks for at a time."""
    state = initial_state(program.parameters, RULE, 0, program.layout)
    start = time.perf_counter()
    responses, _ = respond(program, state, images, seed=0, workers=workers)
    return responses, {"images": len(images), "seconds": time.perf_counter() - start}


def accuracy(program: Program, data: Dataset) -> dict[str, Any]:
    """Train a network for each seed, side by side; return the accuracy of each."""
    settings = [
        Settings(program.parameters, RULE, seed, 1, False, program.backend, program.precision, program.chunk)
        for seed in range(program.replicas)
    ]
    runs = [begin(own, data, program=program) for own in settings]
    train_together(runs)
    evaluate_together(runs)
    reached = [run.evaluation.accuracy for run in runs]
    return {"accuracy": reached, "mean": np.mean(reached), "sd": np.std(reached, ddof=1)}


def break_even(found: dict[str, Any], neurons: int) -> dict[str, Any]:
    """Say how many networks at once are as fast on the GPU as C++ on one core, and on all."""
    costs = {
        int(name.split(" x ")[0].split()[-1]): entry["ms_a_presentation"]
        for name, entry in found.get("cost", {}).items()
        if name.startswith("cuda") and f" x {neurons}," in name and isinstance(entry, dict) and "direct" not in name
    }
    answers = {}
    for what in ("one core", "all cores"):
        cpu = found.get("cpu", {}).get(f"{what}, {neurons}")
        if isinstance(cpu, dict):
            enough = [number for number, took in sorted(costs.items()) if took <= cpu["ms_a_presentation"]]
            answers[what] = enough[0] if enough else f"not with up to {max(costs, default=0)}"
    return answers


def gpu() -> str | None:
    """Name, driver and memory of the GPU."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def arguments() -> argparse.Namespace:
    """What is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[400, 100, 800, 6400], help="most important first")
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 16, 64, 256])
    parser.add_argument("--most", type=int, default=102_400, help="neurons of all networks of a program together")
    parser.add_argument("--images", type=int, default=500, help="images of a measurement, at most")
    parser.add_argument("--evaluated", type=int, default=10_000, help="images of the evaluation")
    parser.add_argument("--seconds", type=float, default=500, help="for everything")
    parser.add_argument("--each", type=float, default=4, help="seconds of a measurement, about")
    parser.add_argument("--json", type=Path, default=Path("gpu.json"))
    parser.add_argument("--stand-in", action="store_true", help="rehearse on a CPU")
    return parser.parse_args()


def main() -> None:
    """Compile everything, then equality, cost, evaluation, accuracy."""
    given = arguments()
    quiet_brian2()
    data = Dataset.load("digits")
    if given.stand_in:
        small = (data.train_images[:, ::4, ::4], data.train_labels, data.test_images[:, ::4, ::4], data.test_labels)
        data = Dataset.from_arrays(*small, name="digits").subset(train=given.images, test=given.images)
    flat = np.ascontiguousarray(data.train_images.reshape(len(data.train_images), -1))
    images = np.resize(flat, (given.images, flat.shape[1]))
    chunk = max(given.images, given.evaluated)
    record = Record(given.json, given.seconds, gpu=gpu(), machine=platform.machine(), cores=CORES)

    def case(backend: str, neurons: int, replicas: int, precision: str) -> Case:
        return Case(backend, neurons, replicas, precision, flat.shape[1], chunk, given.stand_in)

    one, several = given.neurons[0], [number for number in given.replicas if number > 1]
    smallest = min(given.neurons)
    double = [case("cuda_standalone", one, 1, "double"), case("cuda_standalone", smallest, several[0], "double")]
    sizes = [(neurons, number) for neurons in given.neurons for number in given.replicas]
    single = [case("cuda_standalone", *size, "single") for size in sizes if np.prod(size) <= given.most]
    # The same programs in C++, where one network is compared or timed, or several are trained.
    alone = {c.neurons: case("cpp_standalone", c.neurons, 1, "single") for c in single}
    trained = case("cuda_standalone", smallest, several[0], "single")
    others = [*(replace(c, backend="cpp_standalone", replicas=1) for c in double), *alone.values()]
    others.append(replace(trained, backend="cpp_standalone"))
    for compiled, seconds in compile_all([*double, *single, *dict.fromkeys(others)], CORES):
        record.add("compiled", compiled.name, lambda seconds=seconds: seconds, 0)

    for c in double:
        cpp = replace(c, backend="cpp_standalone", replicas=1)
        record.add("equality", c.name, lambda c=c, cpp=cpp: equality(c.program(), cpp.program(), images[:10]))
    for neurons, c in alone.items():
        record.add("cpu", f"one core, {neurons}", lambda c=c: cost(c.program(), images, given.each))
        record.add("cpu", f"all cores, {neurons}", lambda c=c: all_cores(c.program(), images, given.each))
    for c in single:
        record.add("cost", c.name, lambda c=c: cost(c.program(), images, given.each))
    for c in (c for c in single if c.neurons == one):
        for how, options in (("direct launches", {"graph": False}), ("frozen", {"learning": False})):
            record.add(
                "cost of", f"{how}: {c.name}",
                lambda c=c, options=options: cost(c.program(), images, given.each, **options),
            )  # fmt: skip
    for neurons in given.neurons:
        record.add("break_even", str(neurons), lambda neurons=neurons: break_even(record.found, neurons), 0)

    # An evaluation has blocks of 500 images: more networks than blocks have nothing to do.
    useful = [c for c in single if c.neurons == one and 1 < c.replicas <= max(64, several[0])]
    measure_evaluation(record, np.resize(flat, (given.evaluated, flat.shape[1])), alone[one], useful)
    both = [
        record.add("accuracy", c.name, lambda c=c: accuracy(c.program(), data), 60)
        for c in (trained, replace(trained, backend="cpp_standalone"))
    ]
    if all(isinstance(entry, dict) for entry in both):
        scatter = np.hypot(both[0]["sd"], both[1]["sd"]) / np.sqrt(trained.replicas)
        difference = both[0]["mean"] - both[1]["mean"]
        record.add(
            "accuracy",
            "difference",
            lambda: {
                "mean": difference,
                "standard_error": scatter,
                "within_scatter": bool(abs(difference) <= 3 * scatter),
            },
            0,
        )


def measure_evaluation(record: Record, images: np.ndarray, alone: Case, several: list[Case]) -> None:
    """Evaluate the images on one core, on all, and on the GPU; compare the responses."""
    reference: np.ndarray | None = None
    for workers in dict.fromkeys((1, CORES)):
        kept: dict[str, np.ndarray] = {}

        def on_cores(workers: int = workers, kept: dict[str, np.ndarray] = kept) -> dict[str, Any]:
            kept["responses"], told = evaluation(alone.program(), images, workers)
            return told

        record.add("evaluation", f"{workers} core(s), {alone.neurons}", on_cores)
        reference = kept.get("responses", reference)
    for c in several:

        def on_gpu(c: Case = c) -> dict[str, Any]:
            responses, told = evaluation(c.program(), images)
            if reference is not None:
                told["same_responses"] = float(np.mean((responses == reference).all(axis=1)))
            return told

        record.add("evaluation", c.name, on_gpu, 40)


if __name__ == "__main__":
    main()

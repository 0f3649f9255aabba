"""The CUDA back end against C++ on one machine: the same numbers, and how long they take.

``benchmarks/gpu.sh`` starts it on a machine with a GPU; ``--stand-in`` rehearses everything on a CPU, where the times
mean nothing.  Images are the digits that scikit-learn bundles, so nothing is downloaded.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune import AdaptivePruning, Dataset, NetworkParameters
from spikeprune.backend import ChunkResult, Program, make_program
from spikeprune.quiet import quiet_brian2
from spikeprune.state import initial_state

TESTS = Path(__file__).parents[1] / "tests"
RULE = AdaptivePruning(interval=10)


def cuda_program(parameters: NetworkParameters, chunk: int, precision: str, standin: bool) -> Program:
    """Compile for CUDA, or for the stand-in."""
    if not standin:
        return make_program("cuda_standalone", parameters, RULE, chunk, precision)
    sys.path.insert(0, str(TESTS))
    from cuda_on_cpu.build import StandIn
    from cuda_on_cpu.program import CudaOnCpu

    folder = Path(os.environ["SPIKEPRUNE_CACHE"]) / "standin-of-benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    CudaOnCpu.standin = StandIn(folder)
    return CudaOnCpu(parameters, RULE, chunk, precision)


def timed(program: Program, images: np.ndarray, learning: bool = True) -> tuple[ChunkResult, float]:
    """Show images to the untrained network; return the result and the seconds that it took, start included."""
    state = initial_state(program.parameters, RULE, 0, program.layout)
    start = time.perf_counter()
    return program.run(state, images, seed=0, learning=learning), time.perf_counter() - start


def slope(program: Program, images: np.ndarray, learning: bool = True) -> float:
    """Seconds for a presentation, without what a start of the program costs."""
    (few, short), (all_of_them, long) = (timed(program, images[:n], learning) for n in (len(images) // 5, len(images)))
    return (long - short) / int(all_of_them.attempts.sum() - few.attempts.sum())


def compare(cuda: ChunkResult, cpp: ChunkResult) -> dict[str, Any]:
    """Say whether two results are the same, and where the first spike differs."""
    least = min(len(cuda.spikes), len(cpp.spikes))
    different = np.flatnonzero((cuda.spikes[:least] != cpp.spikes[:least]).any(axis=1))
    where = int(different[0]) if len(different) else least
    same = len(cuda.spikes) == len(cpp.spikes) == where
    unequal = [name for name, value in cpp.state.items() if not np.array_equal(value, cuda.state[name])]
    first = None if same else {"spike": where, "neuron, presentation, step": cpp.spikes[where : where + 1].tolist()}
    return {"spikes": len(cpp.spikes), "same_spikes": same, "first_difference": first, "unequal_state": unequal}


def all_cores(program: Program, images: np.ndarray) -> tuple[int, float]:
    """Evaluate the images on every core at a time; return the cores and the milliseconds for an image."""
    cores = len(os.sched_getaffinity(0))
    start = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:  # each thread waits for a program of its own
        list(pool.map(lambda _: timed(program, images, learning=False), range(cores)))
    return cores, 1e3 * (time.perf_counter() - start) / (cores * len(images))


def measure(neurons: int, images: np.ndarray, standin: bool) -> dict[str, Any]:
    """Everything about one size of the network."""
    found: dict[str, Any] = {"neurons": neurons}
    parameters = NetworkParameters(neurons=neurons, inputs=images.shape[1])
    for precision in ("double", "single"):
        start = time.perf_counter()
        cuda = cuda_program(parameters, len(images), precision, standin)
        cpp = make_program("cpp_standalone", parameters, RULE, len(images), precision)
        entry: dict[str, Any] = {"compiled_in_s": time.perf_counter() - start}
        entry["equal"] = compare(timed(cuda, images[:10])[0], timed(cpp, images[:10])[0])
        entry["again"] = compare(timed(cuda, images[:10])[0], timed(cuda, images[:10])[0])["same_spikes"]
        for name, program in (("cuda", cuda), ("cpp", cpp)):
            entry[f"{name}_ms_a_presentation"] = 1e3 * slope(program, images)
            entry[f"{name}_ms_an_evaluated_image"] = 1e3 * slope(program, images, learning=False)
        entry["cores"], entry["cpp_all_cores_ms_an_evaluated_image"] = all_cores(cpp, images)
        found[precision] = entry
    return found


def gpu() -> str | None:
    """Name and driver of the GPU."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def main() -> None:
    """Measure one size after another, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--neurons", type=int, nargs="+", default=[100, 400, 800, 6400])
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--json", type=Path, default=Path("gpu.json"))
    parser.add_argument("--stand-in", action="store_true", help="rehearse on a CPU")
    parser.add_argument("--seconds", type=float, default=480, help="begin no further size after so long")
    given = parser.parse_args()
    quiet_brian2()
    digits = Dataset.load("digits").train_images[: given.images]
    images = digits.reshape(len(digits), -1)
    if given.stand_in:
        images = np.ascontiguousarray(digits[:, ::4, ::4].reshape(len(digits), -1))
    result: dict[str, Any] = {"gpu": gpu(), "machine": platform.processor() or platform.machine(), "sizes": []}
    start = time.perf_counter()
    for neurons in given.neurons:
        if time.perf_counter() - start > given.seconds:
            break
        result["sizes"].append(measure(neurons, images, given.stand_in))
        given.json.write_text(json.dumps(result, indent=1) + "\n")
        print(json.dumps(result["sizes"][-1], indent=1), flush=True)


if __name__ == "__main__":
    main()

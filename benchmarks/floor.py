"""Compile and run the hand-written kernel `floor.cpp`: what the hardware does with this network on one core.

    python benchmarks/floor.py --neurons 400 --images 60000 --test 10000 --seed 0 --json out.json

One epoch over the first `--images` training images, then the first `--test` test images with weights and thresholds
frozen.  Neurons are assigned to classes by their responses to the last 10,000 training images.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SOURCE = Path(__file__).with_name("floor.cpp")
FLAGS = ("-std=c++17", "-O3", "-march=native", "-ffast-math")
ASSIGNMENT_IMAGES = 10_000
CLASSES = 10


def mnist_folder() -> Path:
    """Folder of the four MNIST files, below the torchvision root named by ``SPIKEPRUNE_DATA``.

    Raises
    ------
    SystemExit
        Where the files are not there.
    """
    folder = Path(os.environ.get("SPIKEPRUNE_DATA", "data")) / "MNIST" / "raw"
    names = [
        f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3-ubyte.gz", "labels-idx1-ubyte.gz")
    ]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise SystemExit(
            f"{folder} lacks {', '.join(missing)}: set SPIKEPRUNE_DATA to the folder that holds MNIST/raw, "
            "or fill it with torchvision.datasets.MNIST(root, download=True)."
        )
    return folder


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Array of unsigned bytes in a gzipped IDX file.

    Parameters
    ----------
    path : Path
        The file; its header gives the shape.
    """
    data = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape.tolist())


def compile_floor() -> Path:
    """Compile `floor.cpp` and return the program; nothing is compiled twice for the same source and flags.

    Raises
    ------
    SystemExit
        Where there is no g++.
    subprocess.CalledProcessError
        Where the compiler fails.
    """
    compiler = shutil.which("g++")
    if compiler is None:
        raise SystemExit("g++ is not on the PATH: install a C++ compiler to measure the floor.")
    key = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:12]
    folder = SOURCE.with_name("build")
    folder.mkdir(exist_ok=True)
    program = folder / f"floor-{key}"
    if not program.exists():
        partial = program.with_suffix(f".{os.getpid()}")
        subprocess.run([compiler, *FLAGS, "-o", str(partial), str(SOURCE)], check=True)
        partial.replace(program)
    return program


def assign(responses: NDArray[np.uint16], labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Class to which each neuron responds most, −1 for one that never fired.

    Parameters
    ----------
    responses : array [images, neurons]
        Spike counts.
    labels : array [images]
        Class of each image.
    """
    members = np.equal.outer(np.arange(CLASSES), labels).astype(float)
    means = members @ responses / np.maximum(members.sum(axis=1, keepdims=True), 1)
    return np.where(means.any(axis=0), means.argmax(axis=0), -1)


def predict(responses: NDArray[np.uint16], assignment: NDArray[np.intp]) -> NDArray[np.intp]:
    """Class whose neurons fired most on average, for each image.

    Parameters
    ----------
    responses : array [images, neurons]
        Spike counts.
    assignment : array [neurons]
        Class of each neuron, −1 for none.
    """
    members = np.equal.outer(assignment, np.arange(CLASSES)).astype(float)
    return (responses @ members / np.maximum(members.sum(axis=0), 1)).argmax(axis=1)


def run_floor(neurons: int, images: int, test: int, seed: int) -> dict[str, Any]:
    """Train and test once.

    Parameters
    ----------
    neurons : int
        Excitatory neurons.
    images : int
        Training images, from the first on; more than the file holds go round again.
    test : int
        Test images.
    seed : int
        Seed of initial weights and input spikes.

    Returns
    -------
    dict
        Times in milliseconds per image and per presentation, and ``accuracy`` in percent (None without test images).
    """
    folder = mnist_folder()
    count = min(images, ASSIGNMENT_IMAGES)
    with tempfile.TemporaryDirectory() as name:
        temporary = Path(name)
        for part, number in (("train", images), ("t10k", test)):
            pixels = read_idx(folder / f"{part}-images-idx3-ubyte.gz").reshape(-1, 784)
            pixels[np.arange(number) % len(pixels)].tofile(temporary / part)
        command = [compile_floor(), neurons, seed, temporary / "train", images, temporary / "t10k", test, count]
        done = subprocess.run(
            [*map(str, command), str(temporary / "counts")], check=True, capture_output=True, text=True
        )
        responses = np.fromfile(temporary / "counts", np.uint16).reshape(count + test, neurons)
    times = json.loads(done.stdout)
    peak_bytes = times.pop("peak_bytes")
    result: dict[str, Any] = {"neurons": neurons, "seed": seed, "flags": FLAGS, "peak_bytes": peak_bytes}
    for phase, measured in times.items():
        result[phase] = measured
        if measured["images"]:
            measured["ms_per_image"] = 1e3 * measured["seconds"] / measured["images"]
            measured["ms_per_presentation"] = 1e3 * measured["seconds"] / measured["presentations"]
            measured["cpu_ms_per_presentation"] = 1e3 * measured["cpu_seconds"] / measured["presentations"]
    result["accuracy"] = None
    if test:
        labels = read_idx(folder / "train-labels-idx1-ubyte.gz")
        assignment = assign(responses[:count], labels[np.arange(images - count, images) % len(labels)])
        truth = read_idx(folder / "t10k-labels-idx1-ubyte.gz")
        predicted = predict(responses[count:], assignment)
        result["accuracy"] = 100 * float(np.mean(predicted == truth[np.arange(test) % len(truth)]))
    return result


def main() -> None:
    """Run from the command line and print or write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=400, help="excitatory neurons")
    parser.add_argument("--images", type=int, default=60_000, help="training images")
    parser.add_argument("--test", type=int, default=10_000, help="test images")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights and input spikes")
    parser.add_argument("--json", type=Path, help="file to write; standard output where it is not given")
    arguments = parser.parse_args()
    text = json.dumps(run_floor(arguments.neurons, arguments.images, arguments.test, arguments.seed), indent=2) + "\n"
    if arguments.json is None:
        sys.stdout.write(text)
    else:
        arguments.json.write_text(text)


if __name__ == "__main__":
    main()

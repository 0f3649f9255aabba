"""What removing neurons saves in wall time and memory, in training and in inference.

    python benchmarks/fewer_neurons.py --neurons 800 --share 0.5 --shown 6000 --rounds 3 --json fewer.json

Two networks are trained on the same images, one without a rule and one under `least-active-neurons`, which removes
that share of its neurons after the last of them.  Then, in turn in every round, each goes on training on the next
images (no pruning event falls on them), and each is shown them frozen.  The pruned network is run by the program for
the neurons that it has left.
Ratios are of the same round; the start of the program once a thousand images, and what the state of the whole network
takes to go in and out, are part of the time.  Memory is the peak of the program's process.  Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from bench import spread
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import spikeprune as sp
from spikeprune.backend import Program
from spikeprune.provenance import provenance
from spikeprune.pruning import LeastActiveNeurons
from spikeprune.scaling import scaled_values

CHUNK = 1000
WHOLE, FEWER = "all neurons", "fewer neurons"
#: Writes the peak of the resident memory of a program, in kB, as the last line of a file.
WATCH = ["/usr/bin/env", "python3", "-c", (
    "import os, resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[2:])\n"
    "with open(sys.argv[1], 'a') as file: print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)\n"
    "sys.exit(done.returncode)"
)]  # fmt: skip


def seconds(run: Any, images: NDArray[np.uint8], first: int, learning: bool) -> float:
    """Wall-clock time in which a run's network is shown images, chunk by chunk, the first of which has a number."""
    state, start = run.state, time.perf_counter()
    for at in range(0, len(images), CHUNK):
        shown = images[at : at + CHUNK]
        state = run.program.run(state, shown, seed=1, first_image=first + at, learning=learning).state
    return time.perf_counter() - start


def peak_megabytes(run: Any, images: NDArray[np.uint8], first: int) -> float:
    """Memory of the process that simulates the network of a run."""
    run.program.run(run.state, images[:1], seed=1, first_image=first)  # compiles the smaller program
    programs: list[Program] = [run.program, *getattr(run.program, "_programs", {}).values()]
    with tempfile.NamedTemporaryFile("r") as file:
        for program in programs:
            program.launcher = [*WATCH, file.name]  # type: ignore[attr-defined]
        try:
            run.program.run(run.state, images[:CHUNK], seed=1, first_image=first)
        finally:
            for program in programs:
                program.launcher = ()  # type: ignore[attr-defined]
        return int(file.read().split()[-1]) * 1024 / 1e6


def main() -> None:
    """Train, take turns, print the table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist", help="data set")
    parser.add_argument("--neurons", type=int, default=800, help="excitatory neurons at first")
    parser.add_argument("--share", type=float, default=0.5, help="share of them that is removed")
    parser.add_argument("--images", type=int, default=10_000, help="training images before the measurement")
    parser.add_argument("--shown", type=int, default=6000, help="images of a measurement")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each of four measurements")
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    images, shown = arguments.images, arguments.shown
    whole = sp.Dataset.load(arguments.data)
    if shown >= images:
        parser.error("A pruning event falls on the images that are measured: choose --images above --shown.")
    if images + shown > len(whole.train_images):
        parser.error(f"{whole.name} has {len(whole.train_images)} training images only: lower --images or --shown.")
    pixels = whole.train_images[images : images + shown].reshape(shown, -1)
    rules = {
        WHOLE: sp.NoPruning(),
        FEWER: LeastActiveNeurons(share=arguments.share, events=1, start=images, interval=images),
    }
    constants = scaled_values(arguments.neurons, whole.train_images.mean() / 255)
    data = whole.subset(train=images, test=1)
    runs = {
        name: sp.train(data, rule, neurons=arguments.neurons, chunk=CHUNK, parameters=constants)
        for name, rule in rules.items()
    }
    left = {name: int(np.count_nonzero(run.state["incoming.fan_in"] > 0)) for name, run in runs.items()}
    memory = {name: peak_megabytes(run, pixels, images) for name, run in runs.items()}
    times: dict[str, list[dict[str, float]]] = {"training": [], "inference": []}
    for number in range(arguments.rounds):
        for phase, rounds in times.items():
            names = list(runs) if number % 2 else list(runs)[::-1]
            rounds.append({name: seconds(runs[name], pixels, images, phase == "training") for name in names})
        print(f"Round {number + 1} of {arguments.rounds}")
    table = Table(title=f"{whole.name}, {left[WHOLE]} neurons against {left[FEWER]} of them")
    for heading in ("", *(f"{name} ({left[name]})" for name in runs), "ratio (range over rounds)"):
        table.add_column(heading, justify="right" if heading else "left")
    document: dict[str, Any] = {"neurons": left, "images": shown, "seconds": times, "megabytes": memory, "ratio": {}}
    for phase, rounds in times.items():
        ratio = document["ratio"][phase] = spread([entry[WHOLE] / entry[FEWER] for entry in rounds])
        cells = [f"{1e3 * np.median([entry[name] for entry in rounds]) / shown:.3f} ms an image" for name in runs]
        table.add_row(phase, *cells, f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})")
    cells = [f"{memory[name]:.0f} MB" for name in runs]
    table.add_row("memory of the program", *cells, f"{memory[WHOLE] / memory[FEWER]:.2f}")
    Console(highlight=False).print(table)
    if arguments.json is not None:
        document["provenance"] = provenance(getattr(runs[WHOLE].program, "compiler", None))
        arguments.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

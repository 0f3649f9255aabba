"""What pruning saves in wall time and memory, in training and in inference; operations are another matter.

    python benchmarks/pruned.py --neurons 800 --images 10000 --rounds 5 --json pruned.json

Two networks are trained on the same images, one without a rule and one under a rule.  Then, in turn in every round,
each of the two programs goes on training its network on the next images (no pruning event falls on them), and shows
them to the frozen network.  Ratios are of the same round; the start of the program is part of the time.  A rule that
removes neurons has a smaller program for those that are left.  Memory is the peak of the program's process.  Run it on
an idle machine.

The last lines say how full the rows of weights are that are read: a row is added 16 synapses at a time, so that time
can only be saved where none of 16 exists.  Rows count as often as their input fires (as its mean pixel, that is).
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
from scipy.cluster.hierarchy import leaves_list, linkage

import spikeprune as sp
from spikeprune.backend import Program
from spikeprune.cli.options import pruning_rule
from spikeprune.provenance import provenance

LANES = 16
#: Starts a program, and writes the peak of its resident memory, in kB, as a line of a file.
WATCH = ["/usr/bin/env", "python3", "-c", (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[2:])\n"
    "with open(sys.argv[1], 'a') as file: print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=file)\n"
    "sys.exit(done.returncode)"
)]  # fmt: skip


def occupied(alive: NDArray[np.bool_], weight: NDArray[np.float64], order: NDArray[np.int64]) -> float:
    """Share of the blocks of 16 neurons, taken in `order`, in which a row of weights has a synapse.

    Parameters
    ----------
    alive : ndarray [inputs, neurons]
    weight : ndarray [inputs]
        How often each row is read; sums to 1.
    order : ndarray [neurons]
    """
    inputs, neurons = alive.shape
    padded = np.pad(alive[:, order], ((0, 0), (0, -neurons % LANES)))
    return float(padded.reshape(inputs, -1, LANES).any(axis=2).mean(axis=1) @ weight)


def fullness(alive: NDArray[np.bool_], images: NDArray[np.uint8]) -> dict[str, float]:
    """How full the rows are that are read, and their blocks, with the neurons as they are and sorted by likeness."""
    rate = images.reshape(len(images), -1).mean(axis=0, dtype=float)
    weight = rate / rate.sum()
    alike = leaves_list(linkage(alive.T * np.sqrt(weight), "ward"))
    return {
        "synapses": float(alive.mean(axis=1) @ weight),
        "blocks": occupied(alive, weight, np.arange(alive.shape[1])),
        "blocks of sorted neurons": occupied(alive, weight, alike),
    }


def seconds(run: Any, images: NDArray[np.uint8], learning: bool) -> float:
    """Wall-clock time of one start of the run's program."""
    start = time.perf_counter()
    run.program.run(run.state, images, seed=1, learning=learning)
    return time.perf_counter() - start


def megabytes(run: Any, images: NDArray[np.uint8]) -> float:
    """Peak memory of the process that goes on training the network of a run."""
    run.program.run(run.state, images[:1], seed=1)  # compiles the smaller program of a rule that removes neurons
    programs: list[Program] = [run.program, *getattr(run.program, "_programs", {}).values()]
    with tempfile.NamedTemporaryFile("r") as file:
        for program in programs:
            program.launcher = [*WATCH, file.name]  # type: ignore[attr-defined]
        try:
            run.program.run(run.state, images, seed=1)
        finally:
            for program in programs:
                program.launcher = ()  # type: ignore[attr-defined]
        return int(file.read().split()[-1]) * 1024 / 1e6


def main() -> None:
    """Train, take turns, print the table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist", help="data set")
    parser.add_argument("--neurons", type=int, default=800, help="excitatory neurons")
    parser.add_argument("--images", type=int, default=10_000, help="training images before the measurement")
    parser.add_argument("--shown", type=int, default=3000, help="images of a measurement")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each of four measurements")
    parser.add_argument("--rule", default="adaptive", help="pruning rule")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="parameter of the rule")
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    whole = sp.Dataset.load(arguments.data)
    if arguments.images + arguments.shown > len(whole.train_images):
        parser.error(f"{whole.name} has {len(whole.train_images)} training images only: lower --images or --shown.")
    shown = whole.train_images[arguments.images : arguments.images + arguments.shown]
    shown = shown.reshape(len(shown), -1)
    data = whole.subset(train=arguments.images, test=1)
    rules = {"no rule": sp.NoPruning(), "pruning": pruning_rule(arguments.rule, arguments.set)}
    runs = {
        name: sp.train(data, rule, neurons=arguments.neurons, chunk=arguments.shown) for name, rule in rules.items()
    }
    # Before the first image there is no pruning, so that no event falls on the images that are measured.
    for run in runs.values():
        run.state["presenter.seen"][:] = -len(whole.train_images)
    memory = {name: megabytes(run, shown) for name, run in runs.items()}
    times: dict[str, list[dict[str, float]]] = {"training": [], "inference": []}
    for number in range(arguments.rounds):
        for phase, rounds in times.items():
            names = list(runs) if number % 2 else list(runs)[::-1]
            rounds.append({name: seconds(runs[name], shown, phase == "training") for name in names})
        print(f"Round {number + 1} of {arguments.rounds}")
    removed = float(1 - runs["pruning"].alive.mean())
    neurons = int(runs["pruning"].alive.any(axis=0).sum())
    table = Table(
        title=f"{data.name}, N = {arguments.neurons}, {arguments.rule}, {100 * removed:.1f} % of the synapses removed, "
        f"{neurons} neurons left"
    )  # fmt: skip
    for heading in ("", "no rule", "pruning", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    document: dict[str, Any] = {
        "neurons": arguments.neurons,
        "rule": arguments.rule,
        "removed_share": removed,
        "neurons_left": neurons,
        "megabytes": memory,
        "seconds": times,
        "ratio": {},
    }
    for phase, rounds in times.items():
        ratio = spread([entry["pruning"] / entry["no rule"] for entry in rounds])
        cells = [f"{1e3 * np.median([entry[name] for entry in rounds]) / len(shown):.3f}" for name in runs]
        table.add_row(
            f"{phase}, ms an image", *cells, f"{ratio['median']:.3f} ({ratio['min']:.3f} to {ratio['max']:.3f})"
        )
        document["ratio"][phase] = ratio
    cells = [f"{taken:.0f}" for taken in memory.values()]
    table.add_row("memory of the program, MB", *cells, f"{memory['pruning'] / memory['no rule']:.2f}")
    full = document["fullness"] = fullness(runs["pruning"].alive, data.train_images)
    console = Console(highlight=False)
    console.print(table)
    for name, share in full.items():
        console.print(f"Of what is read, {100 * share:.1f} % of the {name} exist.")
    if arguments.json is not None:
        document["provenance"] = provenance(getattr(runs["pruning"].program, "compiler", None))
        arguments.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

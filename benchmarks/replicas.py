"""What several networks in one C++ program cost a network, against one network in a program of its own.

    python benchmarks/replicas.py --neurons 100 400 --replicas 1 4 16 --rounds 5 --json replicas.json

Processor time of the program, on one core.  In turn in every round, each program trains all of its networks on the same
images, with a seed for each.  A presentation is the difference between a long and a short run of a program, so without
its start, divided by the presentations of all its networks; ratios are to one network, of the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
from pathlib import Path
from typing import Any

import numpy as np
from bench import spread
from rich.console import Console
from rich.table import Table

import spikeprune as sp
from spikeprune.backend import Program, make_program
from spikeprune.provenance import provenance
from spikeprune.state import initial_state


def took(program: Program, images: np.ndarray) -> tuple[float, int]:
    """Processor time of one start of the program, and presentations of all its networks."""
    number = program.replicas
    state = initial_state(program.parameters, program.rule, 0, program.layout)
    before = _of_children()
    results = program.run_all(
        [state] * number,
        [images] * number,
        seeds=range(number),
        first_images=[0] * number,
        rules=[program.rule] * number,
    )
    return _of_children() - before, sum(int(result.attempts.sum()) for result in results)


def _of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def milliseconds(program: Program, images: np.ndarray) -> float:
    """Of a presentation of a network."""
    (short, few), (long, many) = (took(program, images[:number]) for number in (len(images) // 5, len(images)))
    return 1e3 * (long - short) / (many - few)


def main() -> None:
    """Compile, take turns, print the table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist", help="data set")
    parser.add_argument("--neurons", type=int, nargs="+", default=[100, 400], help="excitatory neurons of a network")
    parser.add_argument("--replicas", type=int, nargs="+", default=[1, 4, 16], help="networks of a program; 1 first")
    parser.add_argument("--images", type=int, default=500, help="images of a long run of one network")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="file to write")
    given = parser.parse_args()
    if given.replicas[0] != 1:
        parser.error(f"--replicas begins with {given.replicas[0]}: ratios are to one network, so give 1 first.")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    images = sp.Dataset.load(given.data).train_images[: given.images]
    images = images.reshape(len(images), -1)
    rule = sp.AdaptivePruning().for_images(60_000)
    document: dict[str, Any] = {"provenance": provenance(), "images": len(images), "ms_a_presentation": {}, "ratio": {}}
    table = Table(title="Training in C++, one core")
    for heading in ("neurons", "networks", "ms a presentation of a network", "ratio (range over the rounds)"):
        table.add_column(heading, justify="right")
    for neurons in given.neurons:
        parameters = sp.NetworkParameters(neurons=neurons, inputs=images.shape[1])
        programs = {
            number: make_program("cpp_standalone", parameters, rule, len(images), replicas=number)
            for number in given.replicas
        }
        rounds = []
        for turn in range(given.rounds):
            order = given.replicas if turn % 2 else given.replicas[::-1]
            # Fewer images for more networks, so that each program runs about as long.
            shown = {number: images[: max(50, 2 * len(images) // (number + 1))] for number in order}
            rounds.append({number: milliseconds(programs[number], shown[number]) for number in order})
            told = ", ".join(f"{number}: {rounds[-1][number]:.3f} ms" for number in given.replicas)
            print(f"N = {neurons}, round {turn + 1} of {given.rounds}: {told}", flush=True)
        for number in given.replicas:
            times = [each[number] for each in rounds]
            ratio = spread([each[number] / each[1] for each in rounds])
            document["ms_a_presentation"][f"{number} x {neurons}"] = times
            document["ratio"][f"{number} x {neurons}"] = ratio
            cells = (str(neurons), str(number), f"{np.median(times):.3f}")
            table.add_row(*cells, f"{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})")
        if given.json is not None:
            given.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()

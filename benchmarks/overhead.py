"""What adaptive pruning costs by itself, against the same training without it: time, memory, operations, energy, area.

    python benchmarks/overhead.py --neurons 400 --images 20000 --rounds 5 --json overhead.json

Time is **measured**: four trainings in turn in every round, each round in another order:

- no rule;
- the rule before its start: its program, which counts spikes, but no pruning event;
- the rule with beta = 0: every threshold is 0 and no weight is below it, so it does all its work and removes nothing;
- the rule.

The first three have the same spikes and operations, which is checked, so that their times differ by the scheme's own
alone; the second and the third are one program, while two programs may differ by some per cent because their code lies
elsewhere in memory.  The fourth also saves what it removes.  Ratios are of trainings of one round; the start of the
program, once a chunk, is part of the time.  Run it on an idle machine.

All else is **estimated** by `spikeprune.overhead`, from the strings of the rule, the events of the last training and
published figures for 45 nm; its assumptions are printed and written with the numbers.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from bench import spread
from rich.console import Console
from rich.table import Table

import spikeprune as sp
from spikeprune.overhead import ASSUMPTIONS, Tally, area, extra_memory, scheme_operations, training_tally
from spikeprune.provenance import provenance
from spikeprune.training import Run

NONE, ASLEEP, SCHEME, PRUNED = "no rule", "no event", "no removal", "pruning"
#: What is compared with what.
COMPARED = ((ASLEEP, NONE), (SCHEME, NONE), (SCHEME, ASLEEP), (PRUNED, NONE))


def measure(data: sp.Dataset, rule: sp.PruningRule, options: dict[str, Any]) -> tuple[Run, dict[str, float]]:
    """Train once; wall-clock seconds of the program, and CPU seconds of all its processes."""
    before = sum(os.times()[2:4])
    run = sp.train(data, rule, allow_inert=True, **options)
    wall = sum(entry["seconds"] for entry in run.history)
    return run, {"wall": wall, "cpu": sum(os.times()[2:4]) - before}


def take_turns(
    data: sp.Dataset, rules: dict[str, sp.PruningRule], options: dict[str, Any], rounds: int
) -> tuple[dict[str, Run], list[dict[str, dict[str, float]]]]:
    """Train under every rule in every round, each round beginning with the next rule."""
    warm = data.subset(train=1)
    for rule in rules.values():
        measure(warm, rule, options | {"assignment_images": 1})  # compiles where that has not been done
    times: list[dict[str, dict[str, float]]] = []
    runs: dict[str, Run] = {}
    names = list(rules)
    for number in range(rounds):
        order = names[number % len(names) :] + names[: number % len(names)]
        times.append({})
        for name in order:
            runs[name], times[-1][name] = measure(data, rules[name], options)
        print(f"Round {number + 1} of {rounds}: " + ", ".join(f"{n} {times[-1][n]['wall']:.2f} s" for n in names))
    return runs, times


def ratios(times: list[dict[str, dict[str, float]]], clock: str) -> dict[str, Any]:
    """Time of each training against that of another in the same round."""
    found = {}
    for name, other in COMPARED:
        values = [entry[name][clock] / entry[other][clock] for entry in times]
        found[f"{name} / {other}"] = {**spread(values), "values": values}
    return found


def largest_count(run: Run, interval: int) -> int:
    """Most spikes of a neuron between two pruning events, in accepted presentations."""
    edges = np.arange(0, len(run.responses), interval)
    return int(np.add.reduceat(run.responses, edges, axis=0).max())


def estimate(runs: dict[str, Run], rule: sp.AdaptivePruning, weight_bits: int) -> dict[str, Any]:
    """Estimate operations, energy, memory and area from the training under the rule."""
    run, plain = runs[PRUNED], runs[NONE]
    p, counts = run.settings.parameters, run.counts
    synapses = p.inputs * p.neurons
    existing = [synapses] + [round(synapses * (1 - entry["removed_share"])) for entry in run.history]
    # A chunk is as long as an interval, so an event comes at the end of every full chunk from `start` on.
    shown = [entry["images"] for entry in run.history]
    events = [k for k, images in enumerate(shown) if images >= rule.start and images % rule.interval == 0]
    parts = scheme_operations(
        rule, p.neurons, [existing[k] for k in events], synapses - existing[-1], counts.excitatory_spikes
    )
    scheme = sum(parts.values(), Tally())
    training = {"of this run": training_tally(counts), "without the rule": training_tally(plain.counts)}
    most = largest_count(run, rule.interval)
    layout, plain_layout = (made.program.layout | made.program.given for made in (run, plain))
    memory = extra_memory(rule, layout, plain_layout, most, weight_bits)
    weights = synapses * weight_bits
    return {
        "images": counts.images,
        "pruning_events": len(events),
        "removed_share": 1 - existing[-1] / synapses,
        "operations_per_image": {name: (part * (1 / counts.images)).arithmetic for name, part in parts.items()},
        "accesses_per_image": scheme.accesses / counts.images,
        "scheme_operations_per_image": scheme.arithmetic / counts.images,
        "training_sops_per_image": counts.per_image()["training_sops"],
        "scheme_joule_per_image": scheme.joule / counts.images,
        "training_joule_per_image": {name: tally.joule / counts.images for name, tally in training.items()},
        "energy_share": {name: scheme.joule / tally.joule for name, tally in training.items()},
        "largest_spike_count": most,
        "memory_bits": {name: asdict(made) for name, made in memory.items()},
        "memory_share": memory["hardware"].total(p.neurons, p.inputs) / weights,
        "area_um2": area(memory["hardware"], p.neurons, p.inputs, weight_bits),
        "weight_bits": weight_bits,
    }


def report(document: dict[str, Any]) -> None:
    """Print what was measured, what was estimated, and under which assumptions."""
    found, speed = document["estimated"], document["measured"]
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(width=120, highlight=False)
    table = Table(
        title=f"Overhead of adaptive pruning: {document['data']}, N = {document['neurons']}, "
        f"{found['images']:,} images, {found['pruning_events']} pruning events, "
        f"{100 * found['removed_share']:.1f} % removed"
    )  # fmt: skip
    for heading in ("", "quantity", "value", "of training"):
        table.add_column(heading, justify="left" if heading in ("", "quantity") else "right")
    for clock, compared in speed.items():
        for name, value in compared.items():
            bounds = f"{value['min']:.3f} to {value['max']:.3f}"
            table.add_row("measured", f"{clock} time, {name}", f"{value['median']:.3f} ({bounds})", "ratio")
    operations = found["scheme_operations_per_image"]
    share = operations / found["training_sops_per_image"]
    table.add_row("counted", "operations an image", f"{operations:,.0f}", f"{100 * share:.3f} % of its SOPs")
    for name, value in found["operations_per_image"].items():
        table.add_row("", f"  {name}", f"{value:,.1f}", "")
    for name, value in found["energy_share"].items():
        joule = found["scheme_joule_per_image"]
        table.add_row("estimated", "energy an image, 45 nm", f"{1e9 * joule:,.1f} nJ", f"{100 * value:.3f} % {name}")
    for name, memory in found["memory_bits"].items():
        per_neuron, per_synapse = (sum(memory[key].values()) for key in ("per_neuron", "per_synapse"))
        kind = "read off" if name == "program" else "estimated"
        value = f"{per_neuron} bits a neuron, {per_synapse} a synapse"
        of_weights = "" if name == "program" else f"{100 * found['memory_share']:.2f} % of the weights"
        table.add_row(kind, f"extra memory, {name}", value, of_weights)
    surface = found["area_um2"]
    mine = surface["memory"] + surface["operators"]
    table.add_row("estimated", "extra area, 45 nm", f"{1e-6 * mine:.3f} mm²", f"{100 * surface['share']:.2f} %")
    console.print(table)
    console.print("What the estimates assume (they are no measurements):")
    for number, sentence in enumerate(document["assumptions"], 1):
        console.print(f"  {number}. {sentence}")


def main() -> None:
    """Measure, estimate, print the table and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist", help="data set")
    parser.add_argument("--neurons", type=int, default=400, help="excitatory neurons")
    parser.add_argument("--images", type=int, default=20_000, help="training images")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each of four trainings")
    parser.add_argument("--interval", type=int, default=1000, help="images between two pruning events, and of a chunk")
    parser.add_argument("--beta", type=float, default=sp.AdaptivePruning().beta, help="parameter of the rule")
    parser.add_argument("--weight-bits", type=int, default=32, help="bits of a weight and threshold in hardware")
    parser.add_argument("--backend", default="cpp_standalone", help="back end")
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    data = sp.Dataset.load(arguments.data)
    data = data.subset(train=min(arguments.images, len(data.train_images)), test=1)
    rule = sp.AdaptivePruning(beta=arguments.beta, interval=arguments.interval)
    never = replace(rule, start=len(data.train_images) + 1)
    rules = {NONE: sp.NoPruning(), ASLEEP: never, SCHEME: replace(rule, beta=0.0), PRUNED: rule}
    options = {
        "neurons": arguments.neurons, "chunk": arguments.interval, "backend": arguments.backend,
        "assignment_images": len(data.train_images),
    }  # fmt: skip
    runs, times = take_turns(data, rules, options, arguments.rounds)
    for name in (ASLEEP, SCHEME):
        if runs[name].counts != runs[NONE].counts or not runs[name].alive.all():
            raise SystemExit(f"The training of '{name}' is not that without a rule, so times say nothing: a bug.")
    document = {
        "data": data.name,
        "neurons": arguments.neurons,
        "rule": rule.as_dict(),
        "rounds": arguments.rounds,
        "measured": {clock: ratios(times, clock) for clock in ("wall", "cpu")},
        "seconds": times,
        "estimated": estimate(runs, rule, arguments.weight_bits),
        "assumptions": [*ASSUMPTIONS, f"Weights and thresholds have {arguments.weight_bits} bits in hardware memory."],
        "load": os.getloadavg(),
        "provenance": provenance(getattr(runs[PRUNED].program, "compiler", None)),
    }
    report(document)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

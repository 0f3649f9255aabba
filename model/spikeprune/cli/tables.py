"""Tables of finished runs for the terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from spikeprune.equations import names_only
from spikeprune.parameters import NetworkParameters
from spikeprune.prices import PRICES
from spikeprune.summary import Summary

__all__ = ["breakdown_table", "events_text", "results_table", "run_table", "si", "system_table", "unbroken"]

CLASSES = {
    "input_to_excitatory": "input →\nexc.",
    "excitatory_to_inhibitory": "exc. →\ninh.",
    "inhibitory_to_excitatory": "inh. →\nexc.",
    "updates_on_input_spikes": "updates,\ninput spikes",
    "updates_on_excitatory_spikes": "updates,\nexc. spikes",
}


def si(value: float | None, unit: str = "") -> str:
    """Write a number with three digits and an SI prefix.

    Examples
    --------
    >>> si(912_345), si(2.15e-5, "J"), si(0)
    ('912 k', '21.5 µJ', '0')
    """
    if value is None:
        return "–"
    if value == 0:
        return f"0 {unit}".strip()
    rounded = f"{value:.2e}"
    exponent = int(rounded.partition("e")[2])
    power = min(max(exponent // 3, -4), 4)
    number = float(rounded) / 1000**power
    return f"{number:.{max(0, 2 - exponent + 3 * power)}f} {'pnµm kMGT'[power + 4].strip()}{unit}".strip()


def events_text(number: float | None) -> str:
    """Write a number of pruning events; a dash where it is not known."""
    return "–" if number is None or math.isnan(number) else f"{number:,.0f}"


def signed(value: float | None, digits: int = 1, unit: str = " %") -> str:
    """Write a change with its sign; a dash where there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:+.{digits}f}{unit}".replace("-", "−")


def unbroken(table: Table) -> Table:
    """Keep the columns that do not wrap as wide as what they hold, however narrow the terminal."""
    for column in table.columns:
        if column.no_wrap:
            cells = (column.header, *column.cells)
            column.min_width = max(cell_len(line) for cell in cells for line in str(cell).splitlines())
    return table


def results_table(summaries: Sequence[Summary], price: str, title: str | None = None) -> Group:
    """Compare runs: accuracy, weights removed, operations and energy of an image, change against the first.

    Parameters
    ----------
    summaries : sequence of Summary
        The first one is the baseline.
    price : str
        Name of an energy price.
    title : str, optional

    Returns
    -------
    rich.console.Group
        A table and what it means.  Data set, neurons and number of images have columns where the runs differ in them.
    """
    table = Table(title=title, box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    baseline = summaries[0]
    differing = _differing(summaries)
    table.add_column("Run", overflow="fold", min_width=8)
    for heading in (*differing, "Accuracy\n%", "Pruning\nevents", "Removed\n%", "Training\nSOPs", "Inference\nSOPs"):
        table.add_column(heading, justify="left" if heading == "Data" else "right", no_wrap=True)
    table.add_column("Training\nenergy", justify="right", no_wrap=True)
    table.add_column("Inference\nenergy", justify="right", no_wrap=True)
    for summary in summaries:
        change = summary.change_against(baseline)
        energies = summary.energy(price)
        compared = summary is not baseline
        training = summary.training.per_image()["training_sops"]
        inference = summary.inference.per_image()["inference_sops"] if summary.inference else None
        accuracy = "–" if summary.accuracy is None else f"{summary.accuracy:.1f}"
        table.add_row(
            Text(summary.name),
            *(value(summary) for value in differing.values()),
            accuracy + (f"\n({signed(change['accuracy_points'], 1, '')})" if compared else ""),
            events_text(summary.pruning_events),
            f"{100 * summary.removed_share:.1f}"
            + (f"\n({100 * summary.frozen_share:.1f} frozen)" if summary.frozen_share else ""),
            si(training) + (f"\n({signed(change['training_sops_percent'], 0)})" if compared else ""),
            si(inference) + (f"\n({signed(change['inference_sops_percent'], 0)})" if compared else ""),
            *(si(value, "J") for value in energies),
        )
    return Group(unbroken(table), Text(_caption(summaries, price), style="dim"))


def breakdown_table(summaries: Sequence[Summary]) -> Table:
    """Show the operations of an image by class, in training and in inference."""
    table = Table(title="Synaptic operations per image by class", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("Run", overflow="fold", min_width=8)
    table.add_column("Phase", no_wrap=True, min_width=9)
    for heading in (*CLASSES.values(), "sum"):
        table.add_column(heading, justify="right", no_wrap=True)
    for summary in summaries:
        for phase, counts in (("training", summary.training), ("inference", summary.inference)):
            if counts is not None:
                per_image = counts.per_image()
                numbers = [per_image[name] for name in (*CLASSES, "training_sops")]
                table.add_row(Text(summary.name), phase, *(si(number) for number in numbers))
    return unbroken(table)


def run_table(summary: Summary) -> Table:
    """Describe one run: data, network, rule, training, result, origin."""
    s, p = summary.settings, names_only(summary.settings["parameters"])
    rule = ", ".join(f"{key} = {value}" for key, value in s["rule"].items() if key != "name")
    defaults = {field.name: field.default for field in fields(NetworkParameters)}
    other = ", ".join(
        f"{key} = {value}"
        for key, value in p.items()
        if key not in ("neurons", "inputs") and value != defaults.get(key, value)
    )
    source = summary.provenance
    commit = f"commit {source['commit'][:10]}{', changed since' if source['dirty'] else ''}" if source["commit"] else ""
    versions = ", ".join(f"{name} {source['versions'].get(name)}" for name in ("spikeprune", "brian2", "numpy"))
    rows = {
        "Folder": str(summary.folder),
        "Data": summary.data,
        "Network": f"{p['inputs']} inputs, {p['neurons']} excitatory and {p['neurons']} inhibitory neurons",
        "Parameters": other,
        "Rule": s["rule"]["name"] + (f": {rule}" if rule else ""),
        "Training": f"{summary.training.images:,} images ({_plural(s['epochs'], 'epoch')}), seed {s['seed']}, "
        f"{s['backend']}, {s['precision']} precision",
        "Pruning": ""
        if summary.pruning_events is None
        else f"{_plural(summary.pruning_events, 'event')}, {100 * summary.removed_share:.1f} % of the weights removed",
        "Speed": f"{summary.images_per_second:,.0f} images/s, {summary.seconds:,.1f} s in all",
        "Accuracy": "not evaluated yet"
        if summary.accuracy is None
        else f"{summary.accuracy:.2f} % of {summary.test_images:,} test images",
        "Silent": ""
        if summary.silent_neurons is None
        else f"{_plural(summary.silent_neurons, 'neuron')} never fired "
        f"at the end of training, {_plural(summary.dead_neurons or 0, 'neuron')} in the evaluation",
        "NeuroBench": ", ".join(f"{name} {_plain(value)}" for name, value in (summary.neurobench or {}).items()),
        "Made": ", ".join(filter(None, (str(source["started"]), versions, commit))),
    }
    return _facts(rows, f"Run {summary.name}")


def system_table(information: dict[str, Any]) -> Table:
    """Show what `spikeprune.cli.system.system_information` found."""
    cuda, cache, compiler = (information[key] for key in ("cuda", "cache", "compiler"))
    versions = ", ".join(f"{name} {version}" for name, version in information["versions"].items() if version)
    absent = [name for name, version in information["versions"].items() if not version]
    dirty = " (changed since)" if information["dirty"] else ""
    missing = [name for name, folder in information["data_sets"].items() if folder is None]
    rows = {
        "Versions": versions + (f"; not installed: {', '.join(absent)}" if absent else ""),
        "Commit": f"{information['commit']}{dirty}" if information["commit"] else "not in a git repository",
        "Processor": f"{information['processor']}, {information['cores']} cores, {information['platform']}",
        "Compiler": compiler["missing"] or f"{compiler['command']}: {compiler['version']}",
        "make": information["make"] or "not found",
        "CUDA": f"nvcc {cuda['nvcc'] or 'not found'}, {', '.join(cuda['devices']) or 'no device found'}, "
        f"brian2cuda {cuda['brian2cuda'] or 'not installed'}",
        **{
            f"Back end {name}": "usable" if not lacking else lacking if lacking.endswith(".") else f"lacks {lacking}"
            for name, lacking in information["backends"].items()
        },
        "Data folder": information["data_folder"],
        **{f"Data {name}": folder for name, folder in information["data_sets"].items() if folder},
        "Data not found": f"{', '.join(missing)} (spikeprune fetch NAME)" if missing else "",
        "Cache": f"{cache['folder']}: {_plural(cache['programs'], 'compiled program')}, {cache['bytes'] / 1e6:,.1f} MB",
    }
    return _facts(rows)


def _facts(rows: dict[str, str], title: str | None = None) -> Table:
    table = Table(title=title, box=None, show_header=False, title_justify="left", padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in rows.items():
        if value:
            table.add_row(key, Text(value))
    return table


def _differing(summaries: Sequence[Summary]) -> dict[str, Callable[[Summary], str]]:
    columns: dict[str, Callable[[Summary], str]] = {
        "Data": lambda summary: summary.data,
        "Neurons": lambda summary: f"{summary.neurons:,}",
        "Images": lambda summary: f"{summary.training.images:,}",
    }
    return {name: value for name, value in columns.items() if len({value(summary) for summary in summaries}) > 1}


def _caption(summaries: Sequence[Summary], price: str) -> str:
    sentences = [
        "Removed: share of the weights.  SOPs: synaptic operations per image, retries included; in training they "
        "include weight updates."
    ]
    if len(summaries) > 1:
        sentences.append(f"In brackets: change against {summaries[0].name} (accuracy in points).")
    again = [text for summary in summaries if (text := _showings(summary))]
    if again:
        sentences.append(f"Too few spikes, so shown again (and counted): {'; '.join(again)}.")
    dead = [
        f"{_plural(summary.dead_neurons, 'neuron')} of {summary.name}" for summary in summaries if summary.dead_neurons
    ]
    if dead:
        sentences.append(f"Dead (no spike in the evaluation): {', '.join(dead)}.")
    if any(summary.frozen_share for summary in summaries):
        sentences.append("Frozen weights are not removed: they no longer learn, but still transmit.")
    sentences.append(
        f"Energy per image is an estimate, SOPs × {PRICES[price].picojoule_per_sop:g} pJ ({price}), not a measurement."
    )
    return "\n".join(sentences)


def _showings(summary: Summary) -> str:
    """Say how often an image was shown where that is worth knowing: it raises the operations of an image."""
    phases = {"training": summary.training, "inference": summary.inference}
    often = {phase: counts.presentations / counts.images for phase, counts in phases.items() if counts is not None}
    said = [f"{number:.2f} times in {phase}" for phase, number in often.items() if number >= 1.005]
    return f"{summary.name} {' and '.join(said)}" if said else ""


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _plain(value: float) -> str:
    return f"{value:.3f}" if 0 < value < 1 else f"{value:,.0f}"

"""What a report says of runs, as words and tables; nothing here knows of HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spikeprune.parameters import NetworkParameters
from spikeprune.plots.figure import signed
from spikeprune.plots.looks import rule_text
from spikeprune.plots.record import Record
from spikeprune.plots.reference import Group, Value
from spikeprune.prices import PRICES
from spikeprune.settings import Settings
from spikeprune.summary import Summary

__all__ = [
    "Table", "class_table", "group_table", "operations_table", "parameter_table", "provenance_table", "run_table",
    "verdict",
]  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A table: head, rows of cells, and what it means."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


def verdict(groups: Sequence[Group]) -> list[str]:
    """Say in a sentence each what came of every rule, the unpruned network of each size first."""
    sentences = []
    for group in sorted(groups, key=lambda group: (group.data, group.neurons, group.rule["name"] != "none")):
        name, accuracy = (
            rule_text(group.rule),
            f"{_mean(group.value('accuracy'), 1)} % of the test images are classified correctly",
        )
        removed, frozen = (100 * group.value(name).mean for name in ("removed_share", "frozen_share"))
        if group.rule["name"] == "none":
            fate = "nothing is removed"
            name = "Unpruned"
        elif frozen:
            fate = f"{frozen:.0f} % of the synapses are frozen, which still transmit"
        else:
            fate = f"{removed:.0f} % of the synapses are removed"
        where = f"{group.data}, {group.neurons:,} neurons, {_plural(group.value('accuracy').n, 'seed')}"
        sentence = f"{name} on {where}: {fate}; {accuracy}"
        if group.compared:
            change = group.change("accuracy")
            sentence += (
                f", {signed(change.mean)} percentage points against the unpruned network"
                + (f" (95 % confidence ± {change.confidence:.1f})" if change.n > 1 else "")
                + f", at {signed(group.change('training.training_sops').mean, 0)} % synaptic operations in training "
                "and "
                f"{signed(group.change('inference.inference_sops').mean, 0)} % in inference"
            )
        sentences.append(sentence + ".")
    return sentences


def run_table(summaries: Sequence[Summary], price: str) -> Table:
    """List every run with its results; changes are against the first."""
    first, rows = summaries[0], []
    for summary in summaries:
        change, (training, inference) = summary.change_against(first), summary.energy(price)
        compared = summary is not first
        sops = summary.training.per_image()["training_sops"]
        tested = summary.inference.per_image()["inference_sops"] if summary.inference else None
        rows.append(
            [
                summary.name, summary.data, f"{summary.neurons:,}", str(summary.settings["rule"]["name"]),
                str(summary.settings["seed"]),
                _with(f"{summary.accuracy:.2f}", change["accuracy_points"] if compared else None, "", 2),
                "–" if summary.pruning_events is None else f"{summary.pruning_events:,}",
                f"{100 * summary.removed_share:.1f}", f"{100 * summary.frozen_share:.1f}",
                _with(_si(sops), change["training_sops_percent"] if compared else None, " %", 0),
                _with(_si(tested), change["inference_sops_percent"] if compared else None, " %", 0),
                _si(training, "J"), _si(inference, "J"), str(summary.dead_neurons), f"{summary.seconds:,.1f}",
            ]
        )  # fmt: skip
    head = [
        "run", "data", "neurons", "rule", "seed", "accuracy, %", "pruning events", "removed, %", "frozen, %",
        "training SOPs", "inference SOPs", "training energy", "inference energy", "dead neurons", "training, s",
    ]  # fmt: skip
    chosen = PRICES[price]
    caption = (
        f"SOPs: synaptic operations per image, retries included.  In brackets: change against {first.name}, accuracy "
        "in "
        f"points.  Energy per image is an estimate, SOPs × {chosen.picojoule_per_sop:g} pJ ({price}, "
        f"{chosen.technology})."
    )
    return Table(head, rows, caption)


def group_table(groups: Sequence[Group]) -> Table:
    """List the groups with means over seeds."""
    rows = []
    for group in groups:
        cells = [group.data, f"{group.neurons:,}", rule_text(group.rule), str(group.value("accuracy").n)]
        for name, unit, digits in (
            ("accuracy", "", 2), ("training.training_sops", " %", 1), ("inference.inference_sops", " %", 1),
        ):  # fmt: skip
            value = group.value(name)
            text = _mean(value, 2) if name == "accuracy" else _si(value.mean)
            if group.compared:
                change = group.change(name)
                text += (
                    f" ({signed(change.mean, digits)}{unit}" + (f" ± {change.sd:.{digits}f}" if change.sd else "") + ")"
                )
            cells.append(text)
        cells.insert(5, f"{100 * group.value('removed_share').mean:.1f}")
        rows.append(cells)
    head = ["data", "neurons", "rule", "seeds", "accuracy, %", "removed, %", "training SOPs", "inference SOPs"]
    return Table(head, rows, "Mean ± SD over seeds; in brackets the paired difference from the unpruned network.")


def operations_table(records: Sequence[Record]) -> Table:
    """List operations of an image by class, in training and in inference."""
    kinds = {
        "input_to_excitatory": "input → excitatory", "excitatory_to_inhibitory": "excitatory → inhibitory",
        "inhibitory_to_excitatory": "inhibitory → excitatory", "updates_on_input_spikes": "updates, input spikes",
        "updates_on_excitatory_spikes": "updates, excitatory spikes",
    }  # fmt: skip
    rows = []
    for record in records:
        for phase, entries in (("training", record.histories[0]), ("inference", record.evaluated[:1])):
            images = sum(entry["counts"]["images"] for entry in entries)
            sums = [sum(entry["counts"][kind] for entry in entries) / images for kind in kinds]
            rows.append([record.label, phase, *map(_si, sums), _si(sum(sums))])
    return Table(["network", "phase", *kinds.values(), "sum"], rows, "Synaptic operations per image by class.")


def class_table(records: Sequence[Record]) -> Table:
    """List recall and precision of every class."""
    names, rows = records[0].class_names, []
    alike = [record for record in records if record.class_names == names]
    tables = [np.array(record.evaluated[0]["confusion"]) for record in alike]
    for k, name in enumerate(names):
        cells = [name, f"{tables[0][k].sum():,}"]
        for table in tables:
            cells += [_share(table[k, k], table[k].sum()), _share(table[k, k], table[:, k].sum())]
        rows.append(cells)
    head = ["class", "images", *(f"{r.label}: {what}" for r in alike for what in ("recall, %", "precision, %"))]
    return Table(head, rows, "Recall: of the images of a class; precision: of the images given that answer.")


def parameter_table(summaries: Sequence[Summary]) -> Table:
    """List every parameter with unit and meaning; those in which the runs differ come first."""
    known = {entry.name: entry.metadata for entry in fields(NetworkParameters)}
    for summary in summaries:
        rule = Settings.from_dict(dict(summary.settings)).rule
        known |= {f"rule: {entry.name}": entry.metadata for entry in fields(rule)}
    rows: list[tuple[bool, list[str]]] = []
    flat = [_flat(summary.settings) for summary in summaries]
    for name in dict.fromkeys(key for values in flat for key in values):
        values = list(dict.fromkeys(str(value.get(name, "–")) for value in flat))
        about: Mapping[str, Any] = known.get(name, {})
        unit = "" if about.get("unit") == "1" else str(about.get("unit", ""))
        rows.append((len(values) == 1, [name, ", ".join(values), unit, str(about.get("meaning", ""))]))
    rows.sort(key=lambda row: row[0])
    return Table(
        ["parameter", "value", "unit", "meaning"],
        [row for _, row in rows],
        "Those in which the runs differ come first.",
    )


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in settings.items() if key not in ("rule", "rule_definition", "parameters")}
    rule = {f"rule: {key}" if key != "name" else "rule": value for key, value in settings["rule"].items()}
    return {**rule, **plain, **settings["parameters"]}


def provenance_table(summaries: Sequence[Summary]) -> Table:
    """List where each run comes from."""
    rows = []
    for summary in summaries:
        source = summary.provenance
        versions = ", ".join(f"{name} {version}" for name, version in source["versions"].items() if version)
        commit = (source["commit"] or "not in a repository") + (", changed since" if source["dirty"] else "")
        command = " ".join(source.get("command") or [])
        rows.append([summary.name, str(summary.folder), str(source["started"]), commit, versions,
                     source["compiler"] or "–", f"{source['processor']}, {source['platform']}", command])  # fmt: skip
    head = ["run", "folder", "started", "commit", "versions", "compiler", "machine", "command"]
    return Table(head, rows)


def _mean(value: Value, digits: int) -> str:
    return f"{value.mean:.{digits}f}" + (f" ± {value.sd:.{digits}f}" if value.sd is not None else "")


def _with(text: str, change: float | None, unit: str, digits: int) -> str:
    return text if change is None or np.isnan(change) else f"{text} ({signed(change, digits)}{unit})"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "–"


def _si(value: float | None, unit: str = "") -> str:
    if value is None:
        return "–"
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}{unit}".strip()
    return f"{value:.3g} {unit}".strip()


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

"""From finished runs to numbers: one tidy table; means, paired differences and Pareto fronts for the reference file.

A group is what differs in nothing but the seed: data set, number of neurons and the rule's label.  Differences are
paired: each run is compared with the baseline, the run without pruning, of the same seed, so that what the seed does to
both cancels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spikeprune.errors import SpikepruneError, reason_of
from spikeprune.operations import OperationCounts
from spikeprune.pruning import make_rule
from spikeprune.pruning.timing import SCHEDULE
from spikeprune.summary import Summary

__all__ = ["BASELINE", "group_results", "pareto_front", "pareto_fronts", "run_table", "write_results"]

#: Rule that the others are compared with.
BASELINE = "none"
GROUP = ["data", "neurons", "label"]

#: Values of a run that are averaged over seeds.
VALUES = (
    "accuracy", "shared_accuracy", "pruning_events", "removed_share", "frozen_share", "silent_neurons", "dead_neurons",
    "seconds",
    "training.training_sops", "training.transmissions", "training.updates", "inference.inference_sops",
)  # fmt: skip
#: Values whose difference from the baseline's is given as it is, and in percent of the baseline's.
DIFFERENCE = ("accuracy", "shared_accuracy", "silent_neurons", "dead_neurons")
PERCENT = (
    "training.training_sops", "training.transmissions", "training.updates", "inference.inference_sops", "seconds",
)  # fmt: skip


def run_table(runs: Iterable[tuple[str, Summary]]) -> pd.DataFrame:
    """Put finished runs into a table, one row each.

    Parameters
    ----------
    runs : iterable of (str, Summary)
        Label and numbers of each run.

    Returns
    -------
    pandas.DataFrame
        What the run is (``run``, ``data``, ``neurons``, ``rule``, ``label``, ``seed``); what came of it (``accuracy``
        in percent, ``pruning_events``, ``removed_share`` and ``frozen_share`` of the plastic synapses,
        ``silent_neurons`` and ``dead_neurons`` as of :class:`~spikeprune.summary.Summary`, ``test_images``,
        ``seconds`` of training);
        operations and spikes of one image by class (``training.…``, ``inference.…``); every setting (``settings.…``,
        ``rule.…``, ``parameters.…``); where it comes from (``started``, ``commit``, ``dirty``).
    """
    return pd.DataFrame([_row(label, summary) for label, summary in runs])


def _row(label: str, summary: Summary) -> dict[str, Any]:
    settings, origin = summary.settings, summary.provenance
    plain = {key: value for key, value in settings.items() if key not in ("rule", "rule_definition", "parameters")}
    row: dict[str, Any] = {
        "run": summary.name, "data": summary.data, "neurons": summary.neurons, "rule": settings["rule"]["name"],
        "label": label, "seed": settings["seed"], "accuracy": summary.accuracy,
        "shared_accuracy": summary.shared_accuracy, "pruning_events": summary.pruning_events,
        "removed_share": summary.removed_share,
        "frozen_share": summary.frozen_share, "silent_neurons": summary.silent_neurons,
        "dead_neurons": summary.dead_neurons, "test_images": summary.test_images, "seconds": summary.seconds,
    }  # fmt: skip
    row |= _per_image("training", summary.training, "inference_sops")
    if summary.inference is not None:
        row |= _per_image("inference", summary.inference, "training_sops")
    row |= {f"settings.{key}": value for key, value in plain.items()}
    row |= {f"rule.{key}": value for key, value in settings["rule"].items() if key != "name"}
    row |= {f"parameters.{key}": value for key, value in settings["parameters"].items()}
    return row | {key: origin.get(key) for key in ("started", "commit", "dirty")}


def _per_image(phase: str, counts: OperationCounts, without: str) -> dict[str, float]:
    return {f"{phase}.{name}": value for name, value in counts.per_image().items() if name != without}


def group_results(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Average over seeds and compare with the baseline.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`run_table`.

    Returns
    -------
    list of dict
        For each group ``data``, ``neurons``, ``label``, ``rule`` and its parameters, ``seeds``; under ``values`` mean,
        sample standard deviation (None of a single run) and the values themselves in the order of the seeds; and, where
        there are runs of rule ``none`` with the same seeds, under ``against_none`` the same of the paired differences:
        ``accuracy`` in points, neurons as they are, the rest in percent of the baseline.
    """
    groups = []
    for data, neurons, label in table[GROUP].drop_duplicates().itertuples(index=False):
        here = table[(table["data"] == data) & (table["neurons"] == neurons)]
        part = here[here["label"] == label].sort_values("seed")
        rule = part.iloc[0]
        parameters = {key[5:]: rule[key] for key in part.columns if key.startswith("rule.") and pd.notna(rule[key])}
        # Images, which a column with gaps has made floats of.
        parameters |= {name: int(parameters[name]) for name in SCHEDULE if name in parameters}
        entry: dict[str, Any] = {
            "data": data, "neurons": int(neurons), "label": label,
            "rule": make_rule(rule["rule"], parameters).as_dict(), "seeds": part["seed"].tolist(), "n": len(part),
            "runs": part["run"].tolist(),
            "values": {name: _statistics(part[name]) for name in VALUES},
        }  # fmt: skip
        baseline = here[here["rule"] == BASELINE]
        if rule["rule"] != BASELINE and set(part["seed"]) & set(baseline["seed"]):
            entry["against_none"] = _against(part, baseline.drop_duplicates("seed"))
        groups.append(entry)
    return groups


def _against(part: pd.DataFrame, baseline: pd.DataFrame) -> dict[str, Any]:
    pairs = part.merge(baseline, on="seed", suffixes=("", "/none"))
    differences = {name: pairs[name] - pairs[f"{name}/none"] for name in DIFFERENCE}
    differences |= {name: 100 * (pairs[name] / pairs[f"{name}/none"] - 1) for name in PERCENT}
    return {
        "seeds": pairs["seed"].tolist(),
        "n": len(pairs),
        **{name: _statistics(values) for name, values in differences.items()},
    }


def _statistics(column: pd.Series[Any]) -> dict[str, Any]:
    values = np.asarray(column, dtype=np.float64)
    return {
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
        "values": values.tolist(),
    }


def pareto_front(accuracy: Sequence[float], cost: Sequence[float]) -> list[int]:
    """Find the points that no other point beats: none is as accurate and as cheap, and better in one of the two.

    Parameters
    ----------
    accuracy, cost : sequence of float [n]

    Returns
    -------
    list of int
        Their indices, the cheapest first.

    Examples
    --------
    >>> pareto_front([90, 88, 91, 85], [10, 5, 20, 7])
    [1, 0, 2]
    """
    front: list[int] = []
    best = -math.inf
    for k in sorted(range(len(cost)), key=lambda k: (cost[k], -accuracy[k])):
        if accuracy[k] > best or (front and (accuracy[k], cost[k]) == (accuracy[front[-1]], cost[front[-1]])):
            front.append(k)
            best = accuracy[k]
    return front


def pareto_fronts(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Find the Pareto fronts of mean accuracy against mean SOPs, for each data set, size and phase."""
    fronts = []
    for data, neurons in dict.fromkeys((group["data"], group["neurons"]) for group in groups):
        members = [group for group in groups if (group["data"], group["neurons"]) == (data, neurons)]
        accuracy = [group["values"]["accuracy"]["mean"] for group in members]
        for phase in ("training.training_sops", "inference.inference_sops"):
            cost = [group["values"][phase]["mean"] for group in members]
            front = [
                {"label": members[k]["label"], "accuracy": accuracy[k], "sops": cost[k]}
                for k in pareto_front(accuracy, cost)
            ]
            fronts.append({"data": data, "neurons": neurons, "cost": phase, "front": front})
    return fronts


def write_results(
    folder: Path, name: str, table: pd.DataFrame, header: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]
) -> list[Path]:
    """Write ``<name>.csv``, ``<name>.parquet`` where pyarrow is installed, and ``reference/<name>.json``.

    Parameters
    ----------
    folder : Path
    name : str
        Of the experiment.
    table : pandas.DataFrame
        From :func:`run_table`.
    header : mapping
        What the JSON file says before the numbers.
    groups : sequence of mapping
        From :func:`group_results`.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    SpikepruneError
        If a file cannot be written.
    """
    files = [folder / f"{name}.csv", folder / f"{name}.parquet", folder / "reference" / f"{name}.json"]
    document = {**header, "groups": groups, "pareto": pareto_fronts(groups)}
    try:
        files[2].parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(files[0], index=False)
        try:
            table.to_parquet(files[1], index=False)
        except ImportError:
            del files[1]
        files[-1].write_text(json.dumps(_plain(document), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SpikepruneError(
            f"The results cannot be written to {folder} ({reason_of(error)}): choose another place (--results)."
        ) from error
    return files


def _plain(value: Any) -> Any:
    """Replace what JSON does not know: NumPy's numbers, and numbers that are not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, (list, tuple)) else value

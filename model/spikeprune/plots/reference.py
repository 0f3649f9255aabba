"""Results of experiments, as points for pictures: the groups of ``results/reference/*.json``, or of run folders."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scipy import stats

from spikeprune.errors import DataError
from spikeprune.summary import Summary
from spikeprune.sweep.results import group_results, run_table

__all__ = ["Claims", "Group", "Value", "best_networks", "of_runs", "read_reference"]


@dataclass(frozen=True)
class Value:
    """A mean over seeds.

    Attributes
    ----------
    mean : float
    sd : float or None
        Sample standard deviation; None of a single seed.
    n : int
    """

    mean: float
    sd: float | None
    n: int

    @property
    def confidence(self) -> float:
        """Half the width of the 95 % confidence interval of the mean (Student's t); 0 of a single seed."""
        if self.sd is None or self.n < 2:
            return 0.0
        return float(stats.t.ppf(0.975, self.n - 1)) * self.sd / math.sqrt(self.n)


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but the seed, of one experiment.

    Attributes
    ----------
    experiment, command : str
        Name of the experiment and what runs it.
    data : str
    neurons, epochs : int
    label : str
        What the experiment calls the rule.
    rule : dict
        Its name and parameters.
    seeds : list of int
    values, against_none : dict
        As :func:`spikeprune.sweep.results.group_results` gives them; the latter is empty without a baseline.
    network : dict
        Constants of the experiment's network that are not the usual ones, the unpruned network's included.
    """

    experiment: str
    command: str
    data: str
    neurons: int
    epochs: int
    label: str
    rule: Mapping[str, Any]
    seeds: list[int]
    values: Mapping[str, Any]
    against_none: Mapping[str, Any]
    network: Mapping[str, Any] = field(default_factory=dict)

    @property
    def validation(self) -> bool:
        """Whether accuracy is that of held-out training images."""
        return self.data.endswith("-validation")

    @property
    def removes(self) -> bool:
        """Whether synapses were removed or frozen at all."""
        return bool(self.value("removed_share").mean or self.value("frozen_share").mean)

    def value(self, name: str) -> Value:
        """Return a value of the networks, such as ``accuracy``."""
        found = self.values[name]
        return Value(found["mean"], found["sd"], len(found["values"]))

    def change(self, name: str) -> Value:
        """Return a change against the unpruned network: of the accuracy in points, of operations in percent."""
        found = self.against_none[name]
        return Value(found["mean"], found["sd"], len(found["values"]))

    @property
    def compared(self) -> bool:
        """Whether the experiment has unpruned networks of the same seeds."""
        return bool(self.against_none) and self.against_none["training.training_sops"]["mean"] is not None


@dataclass(frozen=True)
class Claims:
    """Published figures, from ``figures/published.toml``.

    Attributes
    ----------
    changes : list of dict
        ``label``, ``data``, ``neurons``, ``training``, ``inference`` (change of SOPs in percent), ``accuracy`` (in
        points), ``source``; what is not published is missing.
    accuracies : list of dict
        ``label``, ``data``, ``source``, ``neurons`` and ``accuracy`` in percent (lists), and ``sd`` where it is known.
    """

    changes: list[dict[str, Any]]
    accuracies: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Claims:
        """Read the TOML file; DataError where it cannot be read."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(table.get("changes", []), table.get("accuracies", []))
        except (OSError, ValueError) as error:
            raise DataError(f"The published figures {path} cannot be read ({error}): restore the file.") from error


def read_reference(where: Path | Sequence[Path]) -> list[Group]:
    """Read every reference file of a folder, or these files.

    Raises
    ------
    DataError
        If there is none, or one is damaged.
    """
    groups = []
    for path in sorted(where.glob("*.json")) if isinstance(where, Path) else where:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            path = path.resolve()
            plan = _plan(path.parents[2], document["command"]) | document
            for entry in document["groups"]:
                groups.append(_group(entry, document["experiment"], document["command"], plan))
                groups[-1].value("accuracy")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"The reference file {path} cannot be read ({type(error).__name__}: {error}): "
                "make it with 'spikeprune sweep'."
            ) from error
    if not groups:
        raise DataError(f"There are no results in {where}: make them with 'spikeprune sweep experiments/FILE.toml'.")
    return groups


def best_networks(groups: Iterable[Group]) -> dict[tuple[str, int, int], Mapping[str, Any]]:
    """Return for each data set, size and number of epochs the constants of the unpruned network that is the best.

    Claims are held against that one.  What counts is accuracy on test images.
    """
    best: dict[tuple[str, int, int], Group] = {}
    for group in groups:
        if group.rule["name"] == "none" and not group.validation:
            size = (group.data.lower(), group.neurons, group.epochs)
            best[size] = max(best.get(size, group), group, key=lambda each: each.value("accuracy").mean)
    return {size: group.network for size, group in best.items()}


def of_runs(summaries: Iterable[Summary]) -> list[Group]:
    """Group evaluated runs by data, size and rule.

    Raises
    ------
    DataError
        If a run is not evaluated.
    """
    rows = []
    for summary in summaries:
        if summary.accuracy is None:
            raise DataError(
                f"{summary.folder} is not evaluated (no results.json): "
                f"evaluate it with 'spikeprune resume {summary.folder}'."
            )
        rule = dict(summary.settings["rule"])
        name = str(rule.pop("name"))
        rows.append((", ".join([name, *(f"{key}={value}" for key, value in rule.items())]), summary))
    plan = {"epochs": max(summary.settings.get("epochs", 1) for _, summary in rows)}
    return [_group(entry, "runs", "spikeprune train …", plan) for entry in group_results(run_table(rows))]


def _group(entry: Mapping[str, Any], experiment: str, command: str, plan: Mapping[str, Any]) -> Group:
    return Group(
        experiment, command, entry["data"], int(entry["neurons"]), int(entry.get("epochs", plan.get("epochs", 1))),
        entry["label"], entry["rule"], list(entry["seeds"]), entry["values"], entry.get("against_none", {}),
        entry.get("network", plan.get("network", {})),
    )  # fmt: skip


def _plan(root: Path, command: str) -> dict[str, Any]:
    """Read the experiment's own file, where it is there: results do not say everything that it does."""
    path = root / command.split()[-1]
    plan = tomllib.loads(path.read_text(encoding="utf-8")) if path.suffix == ".toml" and path.is_file() else {}
    if plan.get("scaled"):
        plan["network"] = {"scaled": True} | plan.get("network", {})
    return plan

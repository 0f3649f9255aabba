"""Read a run back from its folder, and turn it into the arrays that a folder keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets import DataDescription, Dataset, as_dataset
from spikeprune.errors import DataError, RunFolderError
from spikeprune.evaluation import Evaluation
from spikeprune.history import History
from spikeprune.records import RunFolder
from spikeprune.run import Run
from spikeprune.settings import Settings
from spikeprune.state import misfit

__all__ = ["arrays", "check_rule", "load", "open_run", "restore"]


def load(folder: str | Path, dataset: Dataset | None = None, *, report: Callable[[str], None] | None = None) -> Run:
    """Load a complete run.

    Raises
    ------
    RunFolderError
        If the run is incomplete or damaged.
    """
    record = RunFolder.open(folder)
    if not record.complete:
        raise RunFolderError(f"The run in {folder} is incomplete: continue it with 'spikeprune resume {folder}'.")
    record.check_files()
    stored = record.read_arrays("network.npz")
    run = open_run(record, dataset, report)
    restore(run, stored | {"history": np.array(json.dumps(record.read_json("history.json")))})
    if record.has("results.json"):  # written after evaluation.npz
        run.evaluation = Evaluation.load(record)
    return run


def open_run(record: RunFolder, dataset: Dataset | Any | None, report: Callable[[str], None] | None) -> Run:
    """Make the run that a folder describes, without its arrays.

    Raises
    ------
    RunFolderError
        If the description is damaged, or `dataset` is not what the run began with.
    """
    description = record.description()
    given = None if dataset is None else as_dataset(dataset)
    try:
        settings, values = Settings.from_dict(description["settings"]), description["data"]
        if given is not None and given.checksum != values["checksum"]:
            raise RunFolderError(
                f"The data '{given.name}' are not those that {record.path} began with (another checksum): restore them."
            )
        if given is not None and "class_names" not in values:
            data = replace(DataDescription.of(given), origin=values["origin"])
        else:
            data = DataDescription.from_dict(values)
    except (KeyError, TypeError) as error:
        raise RunFolderError(f"{record.path / 'run.json'} is damaged ({error}): restore it from a copy.") from error
    except DataError as error:
        raise RunFolderError(f"{record.path}: {error}") from error
    run = Run(settings, data, given, folder=record, report=report)
    run.snapshot_at = tuple(description.get("snapshots", ()))
    return run


def check_rule(record: RunFolder, run: Run) -> None:
    """Raise RunFolderError if the rule has other strings than those that the run began with."""
    definition = record.description()["settings"].get("rule_definition", {})
    if definition.get("strings", run.settings.rule.fingerprint()) != run.settings.rule.fingerprint():
        raise RunFolderError(
            f"The rule '{run.settings.rule.name}' ({definition['class']}) has changed since the run {record.path} "
            "began: put its strings back as they were, or train again."
        )


def restore(run: Run, stored: dict[str, NDArray[Any]]) -> None:
    """Put stored arrays into a run; RunFolderError if they are not what :func:`arrays` gives."""
    try:
        run.state = {name[6:]: value for name, value in stored.items() if name.startswith("state/")}
        run.recent.extend(stored["responses"], stored["labels"])
        run.history = History(json.loads(str(stored["history"])))
    except (KeyError, ValueError) as error:
        raise misfit(str(error)) from error


def arrays(run: Run) -> dict[str, Any]:
    """Return what a checkpoint keeps of a run, apart from the history."""
    return {
        **{f"state/{name}": value for name, value in run.state.items()},
        "responses": run.recent.responses, "labels": run.recent.labels,
    }  # fmt: skip

"""Runs that are begun, opened where they were interrupted, and loaded when they are complete."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune.backend import Program
from spikeprune.continuing import first_state
from spikeprune.datasets import DataDescription, Dataset, as_dataset
from spikeprune.errors import DataError, ParameterError, RunFolderError
from spikeprune.evaluation import Evaluation
from spikeprune.provenance import provenance
from spikeprune.records import RunFolder
from spikeprune.run import Run, arrays, check_state, restore
from spikeprune.settings import Settings

__all__ = ["begin", "load", "reopen"]


def begin(
    settings: Settings,
    data: Dataset,
    *,
    initial: Run | None = None,
    folder: str | Path | None = None,
    origin: dict[str, Any] | None = None,
    program: Program | None = None,
    report: Callable[[str], None] | None = None,
) -> Run:
    """Make a run that has been shown nothing yet, with its folder.

    Parameters
    ----------
    settings : Settings
    data : Dataset
    initial, folder, origin, report : see :func:`spikeprune.train`
    program : Program, optional
        One that has been built for these settings, perhaps with several networks.

    Raises
    ------
    ParameterError, RunFolderError, BackendError
    """
    shown = settings.epochs * len(data.train_images)
    if settings.assignment_images > shown:
        raise ParameterError(
            f"assignment_images is {settings.assignment_images}, but the training shows {shown} images: choose at most "
            "that, or 0 for the last 10,000."
        )
    if folder is not None:
        RunFolder.check(folder)  # before the compiler starts
    run = Run(settings, DataDescription.of(data), data, report=report)
    if program is not None:
        run.program = program
    run.state = first_state(run, initial)
    if folder is None:
        return run
    description = run.data.as_dict() | ({} if origin is None else {"origin": origin})
    source = {} if initial is None else {"initial": initial.identity()}
    made = provenance(getattr(run.program, "compiler", None))
    run.folder = RunFolder.create(
        folder,
        {
            "settings": settings.as_dict(), "data": description, **source,
            "provenance": made | ({"replicas": run.program.replicas} if run.program.replicas > 1 else {}),
        },
    )  # fmt: skip
    try:
        if initial is not None:  # from which the run can go on as long as there is no other checkpoint
            run.folder.write_checkpoint(arrays(run) | {"history": np.array("[]")})
    except Exception:
        run.folder.discard()
        raise
    return run


def reopen(
    record: RunFolder,
    dataset: Dataset | None = None,
    *,
    program: Program | None = None,
    report: Callable[[str], None] | None = None,
) -> Run:
    """Return an interrupted run as its last checkpoint left it; parameters as in :func:`begin`."""
    run = _open(record, dataset, report)
    if program is not None:
        run.program = program
    _check_rule(record, run)
    if record.has("checkpoint.npz"):
        restore(run, record.read_checkpoint())
        check_state(run)
    else:
        run.state = first_state(run, _predecessor(record))
    return run


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
    run = _open(record, dataset, report)
    restore(run, stored | {"history": np.array(json.dumps(record.read_json("history.json")))})
    if record.has("results.json"):  # written after evaluation.npz
        run.evaluation = Evaluation.load(record)
    return run


def _predecessor(record: RunFolder) -> Run | None:
    """The finished run that another one, stopped before its first checkpoint, was to go on with."""
    named = record.description().get("initial")
    if named is None:
        return None
    if named["folder"] is not None and RunFolder(named["folder"]).has("run.json"):
        before = load(named["folder"])
        if before.identity()["id"] == named["id"]:
            return before
    raise RunFolderError(
        f"The run in {record.path} was to go on with the network in {named['folder']}, which is not there any more: "
        "delete the folder and train again."
    )


def _check_rule(record: RunFolder, run: Run) -> None:
    """Raise RunFolderError if the rule has other strings than those that the run began with."""
    definition = record.description()["settings"].get("rule_definition", {})
    if definition.get("strings", run.settings.rule.fingerprint()) != run.settings.rule.fingerprint():
        raise RunFolderError(
            f"The rule '{run.settings.rule.name}' ({definition['class']}) has changed since the run {record.path} "
            "began: put its strings back as they were, or train again."
        )


def _open(record: RunFolder, dataset: Dataset | Any | None, report: Callable[[str], None] | None) -> Run:
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
    return Run(settings, data, given, folder=record, report=report)

"""Runs that are begun, and opened again where they were interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune.backend import Program
from spikeprune.continuing import first_state
from spikeprune.datasets import DataDescription, Dataset
from spikeprune.errors import ParameterError, RunFolderError
from spikeprune.loading import arrays, check_rule, load, open_run, restore
from spikeprune.provenance import provenance
from spikeprune.records import RunFolder
from spikeprune.run import Run
from spikeprune.settings import Settings
from spikeprune.snapshots import moments
from spikeprune.state import check_state

__all__ = ["begin", "reopen"]


def begin(
    settings: Settings,
    data: Dataset,
    *,
    initial: Run | None = None,
    folder: str | Path | None = None,
    origin: dict[str, Any] | None = None,
    program: Program | None = None,
    snapshots: float | Iterable[float] | None = None,
    report: Callable[[str], None] | None = None,
) -> Run:
    """Make a run that has been shown nothing yet, with its folder.

    Parameters
    ----------
    settings : Settings
    data : Dataset
    initial, folder, origin, snapshots, report : see :func:`spikeprune.train`
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
    run.snapshot_at = tuple(moments(snapshots, shown))
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
            **({"snapshots": list(run.snapshot_at)} if run.snapshot_at else {}),
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
    run = open_run(record, dataset, report)
    if program is not None:
        run.program = program
    check_rule(record, run)
    if record.has("checkpoint.npz"):
        restore(run, record.read_checkpoint())
        check_state(run.state, run.program.layout)
    else:
        run.state = first_state(run, _predecessor(record))
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

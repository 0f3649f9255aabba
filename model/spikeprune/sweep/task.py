"""What a worker process of a sweep does: build one program, or carry out the runs that it holds to their end.

Arguments are plain values, because they travel to other processes and machines.  A run that was interrupted goes on
from its checkpoint; a lock beside the run folder, which the operating system drops when its process dies, keeps two
processes from one run.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import get_worker
from filelock import FileLock

from spikeprune.arguments import scheduled
from spikeprune.backend import Program
from spikeprune.datasets import Dataset, load_origin
from spikeprune.errors import DataError, RunFolderError
from spikeprune.loading import load
from spikeprune.opening import begin, reopen
from spikeprune.quiet import quiet_brian2
from spikeprune.records import RunFolder
from spikeprune.run import Run
from spikeprune.settings import Settings
from spikeprune.together import evaluate_together, program_for, train_together

__all__ = ["build_program", "carry_out", "finished"]

#: Seconds between two messages of an evaluation.
MESSAGES_EVERY = 1.0

# Brian2 keeps global state, so a worker with several threads must still do one thing after the other.
_alone = threading.Lock()


def finished(folder: str | Path) -> bool:
    """Whether a run is trained and evaluated."""
    try:
        record = RunFolder.open(folder)
        return record.complete and record.has("results.json")
    except RunFolderError:
        return False


def build_program(job: Mapping[str, Any]) -> None:
    """Compile the program of a job (see :func:`carry_out`) into the cache, unless it is there.

    Raises
    ------
    BackendError
        If it cannot be built.
    """
    with _alone:
        if job["own_process"]:
            quiet_brian2()
        _program(job, lambda sentence: _tell(job, {"run": job["runs"][0]["name"], "sentence": sentence}))


def carry_out(job: Mapping[str, Any], program: None = None) -> None:
    """Train and evaluate some networks in one program, or finish what an earlier process has begun.

    Parameters
    ----------
    job : mapping
        ``runs``, each with ``name``, ``folder`` and ``settings``; ``replicas``, the number of networks in the program;
        ``origin`` and ``checksum`` of the data, ``topic`` for messages, and ``own_process``, whether this process does
        nothing else.
    program : None
        Result of :func:`build_program`, so that the scheduler puts that first.

    Raises
    ------
    SpikepruneError
        If a run fails; none of the job goes on then.
    """
    with _alone, ExitStack() as stack:
        if job["own_process"]:
            quiet_brian2()
        dataset = _dataset(json.dumps(job["origin"]))
        if dataset.checksum != job["checksum"]:
            raise DataError(f"The data '{dataset.name}' of a worker are not those of the sweep: give all the same.")
        missing = []
        for run in job["runs"]:
            folder = Path(run["folder"])
            folder.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder.with_name(f".{folder.name}.lock")))
            if not finished(folder):
                _tell(job, {"run": run["name"], "images": None})
                missing.append(run)
        if missing:
            _carry_out(job, missing, dataset)


def _carry_out(job: Mapping[str, Any], missing: Sequence[Mapping[str, Any]], dataset: Dataset) -> None:
    """Do what is missing of a job's runs, whose folders are locked."""
    built = _program(job)
    runs = [_opened(job, run, dataset, built) for run in missing]
    names = {id(run): described["name"] for run, described in zip(runs, missing, strict=True)}

    def progress(run: Run, entry: dict[str, Any]) -> None:
        # The history of a run counts its share of the time that all took together.
        seconds = entry["seconds"] * len(runs)
        told = {"images": entry["images"], "seconds": seconds, "shown": entry["counts"]["images"]}
        _tell(job, {"run": names[id(run)], **told})

    try:
        train_together([run for run in runs if run.folder is not None and not run.folder.complete], progress)
    except Exception:
        for run in runs:
            if run.folder is not None and not run.history:
                run.folder.discard()
        raise
    evaluate_together(runs, workers=1, progress=_evaluation_progress(job, list(names.values())))


def _program(job: Mapping[str, Any], report: Callable[[str], None] | None = None) -> Program:
    settings = [Settings.from_dict(dict(run["settings"])) for run in job["runs"]]
    return program_for(settings, report, job["replicas"])


def _opened(job: Mapping[str, Any], run: Mapping[str, Any], dataset: Dataset, program: Program) -> Run:
    """Return a run as an earlier process left it, or one that begins."""
    folder = Path(run["folder"])
    if (folder / "run.json").exists():
        record = RunFolder.open(folder)
        if not record.has("results.json"):
            (folder / "evaluation.npz").unlink(missing_ok=True)  # the process died between the two files
        if not record.complete:
            return reopen(record, dataset, program=program)
        loaded = load(folder, dataset)
        loaded.program = program
        return loaded
    if folder.is_dir() and all(path.name.startswith(".") for path in folder.iterdir()):
        shutil.rmtree(folder)  # the process died before there was anything in the folder
    settings = Settings.from_dict(dict(run["settings"]))
    shown = settings.epochs * len(dataset.train_images)
    settings = replace(settings, rule=scheduled(settings.rule, shown, allow_inert=True))
    return begin(settings, dataset, folder=folder, origin=dict(job["origin"]), program=program)


def _evaluation_progress(job: Mapping[str, Any], names: Sequence[str]) -> Callable[[int], None]:
    last, before = time.monotonic(), 0

    def progress(done: int) -> None:
        nonlocal last, before
        now = time.monotonic()
        if now - last >= MESSAGES_EVERY:
            for name in names:
                told = {"tested": done // len(names), "seconds": now - last, "shown": (done - before) // len(names)}
                _tell(job, {"run": name, **told})
            last, before = now, done

    return progress


@lru_cache(maxsize=1)
def _dataset(origin: str) -> Dataset:
    return load_origin(json.loads(origin))


def _tell(job: Mapping[str, Any], message: dict[str, Any]) -> None:
    """Send a message to the sweep, where this runs on a Dask worker."""
    try:
        worker = get_worker()
    except ValueError:
        return
    worker.log_event(job["topic"], message)

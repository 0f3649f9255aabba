"""What a worker process of a sweep does: build one program, or carry out one run to its end.

Arguments are plain values, because they travel to other processes and machines.  A run that was interrupted goes on
from its checkpoint; a lock beside the run folder, which the operating system drops when its process dies, keeps two
processes from one run.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from distributed import get_worker
from filelock import FileLock

from spikeprune.datasets import Dataset
from spikeprune.errors import DataError, RunFolderError
from spikeprune.quiet import quiet_brian2
from spikeprune.records import RunFolder
from spikeprune.training import Run, Settings, load_origin, resume, train

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
        settings = Settings.from_dict(dict(job["settings"]))
        settings.program(lambda sentence: _tell(job, {"sentence": sentence}))


def carry_out(job: Mapping[str, Any], program: None = None) -> None:
    """Train and evaluate one network, or finish what an earlier process has begun.

    Parameters
    ----------
    job : mapping
        ``name``, ``folder``, ``settings``, ``origin`` and ``checksum`` of the data, ``topic`` for messages, and
        ``own_process``, whether this process does nothing else.
    program : None
        Result of :func:`build_program`, so that the scheduler puts that first.

    Raises
    ------
    SpikepruneError
        If the run fails.
    """
    with _alone:
        if job["own_process"]:
            quiet_brian2()
        dataset = _dataset(json.dumps(job["origin"]))
        if dataset.checksum != job["checksum"]:
            raise DataError(f"The data '{dataset.name}' of a worker are not those of the sweep: give all the same.")
        folder = Path(job["folder"])
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f".{folder.name}.lock")):
            if finished(folder):
                return
            _tell(job, {"images": None})
            run = _train(job, dataset, folder)
            if run.evaluation is None:
                run.evaluate(workers=1, progress=_evaluation_progress(job))


def _train(job: Mapping[str, Any], dataset: Dataset, folder: Path) -> Run:
    settings = Settings.from_dict(dict(job["settings"]))

    def progress(entry: dict[str, Any]) -> None:
        _tell(job, {key: entry[key] for key in ("images", "seconds")} | {"shown": entry["counts"]["images"]})

    if (folder / "run.json").exists():
        if not RunFolder.open(folder).has("results.json"):
            (folder / "evaluation.npz").unlink(missing_ok=True)  # the process died between the two files
        return resume(folder, dataset, progress=progress)
    if folder.is_dir() and all(path.name.startswith(".") for path in folder.iterdir()):
        shutil.rmtree(folder)  # the process died before there was anything in the folder
    options = {key: value for key, value in vars(settings).items() if key not in ("parameters", "rule")}
    return train(
        dataset, settings.rule, neurons=settings.parameters.neurons, parameters=settings.parameters, folder=folder,
        origin=dict(job["origin"]), allow_inert=True, progress=progress, **options,
    )  # fmt: skip


def _evaluation_progress(job: Mapping[str, Any]) -> Callable[[int], None]:
    last, before = time.monotonic(), 0

    def progress(done: int) -> None:
        nonlocal last, before
        now = time.monotonic()
        if now - last >= MESSAGES_EVERY:
            _tell(job, {"tested": done, "seconds": now - last, "shown": done - before})
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
    worker.log_event(job["topic"], {"run": job["name"], **message})

"""Carry out an experiment on Dask: what is missing is run in parallel processes, then the results are written.

A run is known by what determines it (:class:`spikeprune.sweep.experiment.PlannedRun`), and so is its folder: finished
runs, of this or any other experiment, are never repeated, and interrupted ones go on from their last checkpoint. So a
sweep that was killed is continued by calling it again, and when a worker dies, Dask gives its run to another.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from distributed import Client, Future, KilledWorker, LocalCluster, WorkerPlugin, as_completed

from spikeprune.backend import COMPILED
from spikeprune.cores import usable_cores
from spikeprune.errors import ParameterError, RunFolderError, SpikepruneError, reason_of
from spikeprune.provenance import provenance
from spikeprune.quiet import leave_interrupts_ignored
from spikeprune.summary import Summary
from spikeprune.sweep.experiment import Experiment, PlannedRun
from spikeprune.sweep.groups import Group, groups_of
from spikeprune.sweep.results import group_results, run_table, write_results
from spikeprune.sweep.task import build_program, carry_out, finished

__all__ = ["SweepResult", "Watcher", "sweep"]

#: Seconds to wait for an existing scheduler's answer.
PATIENCE = 15
#: Priority of compiling.  Runs have their number of neurons: the longest go first, so that the last to end do not leave
#: the other workers idle for long.
FIRST = 10**9
#: What of the provenance of its runs goes into the results.
ORIGIN = ("versions", "compiler", "commit", "dirty", "platform", "processor")


class Watcher:
    """What a sweep tells about its progress; a subclass shows it.  Methods may be called from other threads."""

    def say(self, sentence: str) -> None:
        """Hear what is going on."""

    def planned(self, runs: Sequence[PlannedRun], missing: Sequence[PlannedRun], images: int, tests: int) -> None:
        """Hear which runs there are, which have to be run, and how many images each trains with and is tested on."""

    def message(self, message: Mapping[str, Any]) -> None:
        """Hear from a worker: a ``sentence``, or of a ``run`` at work how many images it has seen.

        These are ``images`` trained with (None at its start) or images ``tested``; the last ``shown`` took ``seconds``.
        """

    def done(self, run: PlannedRun, sentence: str = "") -> None:
        """Hear that a run is finished or, with a sentence why, has failed."""


@dataclass(frozen=True)
class SweepResult:
    """What a sweep leaves.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a finished run (:func:`spikeprune.sweep.results.run_table`).
    groups : list of dict
        Means and differences (:func:`spikeprune.sweep.results.group_results`).
    failures : dict of str to str
        Run folder's name and a sentence why, for each run that failed.
    files : list of Path
        The files written.
    """

    table: pd.DataFrame
    groups: list[dict[str, Any]]
    failures: dict[str, str] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def sweep(
    path: str | os.PathLike[str],
    runs_root: str | os.PathLike[str] = "runs",
    results_root: str | os.PathLike[str] = "results",
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    replicas: int = 1,
    watcher: Watcher | None = None,
) -> SweepResult:
    """Run what is missing of an experiment and write its results.

    Parameters
    ----------
    path : path-like
        TOML file (:mod:`spikeprune.sweep.experiment`).
    runs_root : path-like
        Folder of the run folders; all workers must see it under this path.
    results_root : path-like
        Folder of ``<name>.csv``, ``<name>.parquet`` and ``reference/<name>.json``.
    scheduler : str, optional
        Address of an existing Dask scheduler, for example ``tcp://10.0.0.1:8786``; workers with one thread each are
        best (``dask worker --nthreads 1``), since each does one run at a time.  Processes on this machine unless given.
    workers : int, optional
        Processes on this machine, one a core unless given; 0 to run everything in this process, for debugging.
    replicas : int
        At most so many runs that differ in nothing but seeds and parameters of the rule are trained in one program
        (:mod:`spikeprune.together`); which runs were in one before makes no difference.
    watcher : Watcher, optional

    Returns
    -------
    SweepResult

    Raises
    ------
    ParameterError, DataError
        If the experiment or its data are not usable, or there is no such scheduler.  A run that fails raises nothing:
        the others continue, and it is in ``failures``.
    """
    watcher = watcher or Watcher()
    leave_interrupts_ignored()
    if replicas < 1:
        raise ParameterError(f"replicas is {replicas}: at least 1 network is in a program.")
    experiment = Experiment.read(Path(path))
    dataset = experiment.data.load()
    for note in dataset.notes:
        watcher.say(f"Note: {note}")
    runs = experiment.plan(dataset.checksum, dataset.n_inputs, dataset.ink, len(dataset.train_images))
    root = Path(runs_root).absolute()
    missing = list({run.name: run for run in runs if not finished(root / run.name)}.values())
    watcher.planned(runs, missing, len(dataset.train_images) * missing[0].settings.epochs if missing else 0,
                    len(dataset.test_images))  # fmt: skip
    failures: dict[str, str] = {}
    if missing:
        _make_folder(root)
        jobs = groups_of(missing, replicas)
        with _client(scheduler, workers, len(jobs), watcher) as client:
            own_process = scheduler is not None or workers != 0
            failures = _carry_out(client, jobs, root, experiment.data.origin, own_process, watcher)
    summaries = [(run, Summary.read(root / run.name)) for run in runs if finished(root / run.name)]
    table = run_table((run.label, summary) for run, summary in summaries)
    if table.empty:
        return SweepResult(table, [], failures)
    groups = group_results(table)
    header = _header(experiment, Path(path), runs, [summary for _, summary in summaries])
    files = write_results(Path(results_root), experiment.name, table, header, groups)
    return SweepResult(table, groups, failures, files)


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"The folder {root} cannot be written ({reason_of(error)}): choose another place (--runs)."
        ) from error


@contextmanager
def _client(scheduler: str | None, workers: int | None, runs: int, watcher: Watcher) -> Iterator[Client]:
    if scheduler is not None:
        failure = None
        try:
            client = Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            failure = str(error) or type(error).__name__
        if failure is not None:
            # Dask deadlocks if this half-made client is collected as garbage while another one starts.
            gc.collect()
            raise ParameterError(
                f"No Dask scheduler answers at '{scheduler}' ({failure}): start one with 'dask scheduler', or leave "
                "--scheduler out."
            )
        with client:
            if not client.scheduler_info()["workers"]:
                watcher.say(f"The scheduler at {scheduler} has no workers yet: waiting for 'dask worker {scheduler}'.")
            yield client
        return
    cores = usable_cores()
    count = min(workers or cores, runs) if workers != 0 else 1
    with (
        LocalCluster(
            n_workers=count, threads_per_worker=1, processes=workers != 0, dashboard_address=None, memory_limit=None,
            silence_logs=logging.CRITICAL, scheduler_kwargs={"dashboard_address": ":0"},
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        if workers != 0:
            client.register_plugin(OwnSession())
        yield client


class OwnSession(WorkerPlugin):
    """Takes a worker out of reach of Ctrl-C, which a terminal sends to all processes; the sweep ends its workers."""

    def setup(self, worker: Any) -> None:
        """Leave the terminal's process group."""
        with suppress(OSError):
            os.setsid()


def _carry_out(
    client: Client, groups: Sequence[Group], root: Path, origin: dict[str, Any], own_process: bool, watcher: Watcher
) -> dict[str, str]:
    token = uuid.uuid4().hex[:8]
    topic = f"spikeprune-{token}"
    client.subscribe_topic(topic, lambda event: watcher.message(event[1]))
    programs: dict[str, Future] = {}
    planned: dict[str, Group] = {}
    futures = []
    for group in groups:
        first = group.runs[0]
        runs = [
            {"name": run.name, "folder": str(root / run.name), "settings": run.settings.as_dict()} for run in group.runs
        ]  # fmt: skip
        job = {
            "runs": runs, "replicas": group.replicas, "origin": origin, "checksum": first.checksum, "topic": topic,
            "own_process": own_process,
        }  # fmt: skip
        if first.settings.backend in COMPILED and group.program not in programs:
            future = client.submit(build_program, job, key=f"build-{len(programs)}-{token}", priority=FIRST)
            programs[group.program] = future
        future = client.submit(
            carry_out, job, programs.get(group.program), key=f"{first.name}-{token}",
            priority=first.settings.parameters.neurons * len(runs),
        )  # fmt: skip
        planned[str(future.key)] = group
        futures.append(future)
    failures = {}
    for future in as_completed(futures, raise_errors=False):
        sentence = _failure(future)
        for run in planned[str(future.key)].runs:
            if sentence:
                failures[run.name] = sentence
            watcher.done(run, sentence)
    return failures


def _failure(future: Future) -> str:
    """Say in one sentence why a run failed; nothing if it did not."""
    if future.status == "finished":
        return ""
    if future.status != "error":
        return "The connection to the scheduler was lost: sweep again to continue."
    error = future.exception()
    if isinstance(error, SpikepruneError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} cannot be used ({reason_of(error)}): make room, or choose another place."
    if isinstance(error, MemoryError):
        return "There is not enough memory: sweep again with fewer workers."
    if isinstance(error, KilledWorker):
        return "Its worker died several times, perhaps for want of memory: sweep again with fewer workers."
    return f"Unexpected {type(error).__name__} ({error}): please report it."


def _header(
    experiment: Experiment, path: Path, runs: Sequence[PlannedRun], summaries: Sequence[Summary]
) -> dict[str, Any]:
    """Describe what the numbers are of: the experiment, the command, the software that made each run."""
    origins: list[dict[str, Any]] = []
    for summary in summaries:
        origin = {key: summary.provenance.get(key) for key in ORIGIN}
        if origin not in origins:
            origins.append(origin)
    written = provenance()
    return {
        "experiment": experiment.name,
        "description": experiment.description,
        "command": f"spikeprune sweep {path.as_posix()}",
        "data": {"name": Path(experiment.data.name).name, "validation": experiment.data.validation,
                 "images": experiment.data.images, "test_images": experiment.data.test_images,
                 "checksum": runs[0].checksum},
        "runs": len(runs),
        "finished": len(summaries),
        "written": {key: written[key] for key in ("started", "commit", "dirty")},
        "provenance": origins,
    }  # fmt: skip

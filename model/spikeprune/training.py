"""Train a network on images, evaluate it, save it, resume it.

Training shows the images chunk by chunk; after each chunk the history grows by one entry and, where there is a run
folder, a checkpoint is written.  Since input spikes depend on nothing but the seed and the image's number, chunk size
and interruptions leave no trace in the result.  Labels are only used to read the responses, never to train.
"""

from __future__ import annotations

import inspect
import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune.arguments import network_given, refuse, rule_given
from spikeprune.continuing import first_state
from spikeprune.datasets import DataDescription, Dataset, as_dataset, load_origin
from spikeprune.datasets.order import come_in_runs
from spikeprune.errors import DataError, DataNote, ParameterError, RunFolderError
from spikeprune.evaluation import Evaluation
from spikeprune.history import history_entry
from spikeprune.parameters import NetworkParameters
from spikeprune.provenance import provenance
from spikeprune.pruning import PruningRule
from spikeprune.records import RunFolder
from spikeprune.run import Run, arrays, check_state, restore
from spikeprune.settings import Settings
from spikeprune.state import finish_state

__all__ = ["Run", "Settings", "load", "load_origin", "resume", "train"]

#: A training that shows so many images has chunks of 1000 unless told otherwise.
MANY = 10_000
#: Called after every chunk with the new entry of the history.
Progress = Callable[[dict[str, Any]], None]


def train(
    dataset: Dataset | Any,
    rule: PruningRule | Any = None,
    *,
    neurons: int | None = None,
    epochs: int = 1,
    seed: int | None = None,
    parameters: NetworkParameters | Mapping[str, Any] | None = None,
    shuffle: bool = False,
    backend: str = "cpp_standalone",
    precision: str = "single",
    chunk: int | None = None,
    assignment_images: int = 0,
    initial: Run | str | Path | None = None,
    folder: str | Path | None = None,
    origin: dict[str, Any] | None = None,
    progress: Progress | None = None,
    report: Callable[[str], None] | None = None,
    **unknown: Any,
) -> Run:
    """Train a network on the training images of a data set.

    Parameters
    ----------
    dataset : Dataset
        Or what :func:`spikeprune.datasets.as_dataset` makes one of: a name, a path, ``(X, y)``.
    rule : PruningRule, optional
        Or its class or name; ``AdaptivePruning()`` unless given.
    neurons : int, optional
        Excitatory neurons: 100 unless given here or in `parameters`.
    epochs : int
        How often every image is shown.
    seed : int, optional
        Key of all random numbers: 0, or one more than that of `initial`, unless given.
    parameters : NetworkParameters or mapping of str to number, optional
        Constants of the network: Diehl & Cook's unless given; sizes are taken from `neurons` and the images.  With a
        mapping, which may be empty, what it does not give follows the data and the numbers of neurons and images
        (:func:`spikeprune.scaling.scaled_parameters`).
    shuffle : bool
        Draw the order of the images anew for each epoch.
    backend : {'cpp_standalone', 'cuda_standalone', 'cython', 'numpy'}
    precision : {'single', 'double'}
    chunk : int, optional
        Images between two checkpoints: 1000, or 100 in a training with few images, unless given.
    assignment_images : int
        Last training images whose responses assign the neurons to classes; 0 for 10,000 or one epoch if that is less.
    initial : Run or path-like, optional
        Go on with the network of a finished run, whose parameters are taken over; the rule begins anew.
    folder : path-like, optional
        Run folder to create; nothing is written unless given.
    origin : dict, optional
        How to load the data again; the data set's own `origin` unless given.
    progress : callable, optional
        Called after every chunk with the new entry of the history.
    report : callable, optional
        Called with a sentence before something that takes long.

    Returns
    -------
    Run

    Raises
    ------
    ParameterError, DataError, RunFolderError, BackendError

    Examples
    --------
    >>> import spikeprune as sp
    >>> run = sp.train(sp.Dataset.load("digits"), sp.AdaptivePruning(interval=100), neurons=100)  # doctest: +SKIP
    """
    rule, data = rule_given(rule), as_dataset(dataset)
    refuse(unknown, rule, (name for name in inspect.signature(train).parameters if name != "unknown"))
    before = load(initial) if isinstance(initial, str | Path) else initial
    given = before.settings.parameters if parameters is None and before is not None else parameters
    shown = epochs * len(data.train_images) if isinstance(epochs, int | np.integer) else 0
    if chunk is None:
        chunk = 1000 if shown >= MANY else 100
    settings = Settings(
        parameters=network_given(given, neurons, data, epochs if shown else 1), rule=rule,
        seed=seed if seed is not None else 0 if before is None else before.settings.seed + 1,
        epochs=epochs, shuffle=shuffle, backend=backend, precision=precision, chunk=chunk,
        assignment_images=assignment_images,
    )  # fmt: skip
    if settings.assignment_images > shown:
        raise ParameterError(
            f"assignment_images is {assignment_images}, but the training shows {shown} images: choose at most that, or "
            "0 for the last 10,000."
        )
    if not shuffle and come_in_runs(data.train_labels):
        note = f"The training images of '{data.name}' are sorted by class, and a network forgets: pass shuffle=True."
        warnings.warn(note, DataNote, stacklevel=2)
    if folder is not None:
        RunFolder.check(folder)  # before the compiler starts
    run = Run(settings, DataDescription.of(data), data, report=report)
    run.state = first_state(run, before)
    if folder is None:
        return _continue(run, progress)
    description = run.data.as_dict() | ({} if origin is None else {"origin": origin})
    source = {} if before is None else {"initial": before.identity()}
    run.folder = RunFolder.create(
        folder,
        {
            "settings": settings.as_dict(), "data": description, **source,
            "provenance": provenance(getattr(run.program, "compiler", None)),
        },
    )  # fmt: skip
    try:
        if before is not None:  # from which the run can go on as long as there is no other checkpoint
            run.folder.write_checkpoint(arrays(run) | {"history": np.array("[]")})
        return _continue(run, progress)
    except Exception:
        if not run.history:
            run.folder.discard()
        raise


def resume(
    folder: str | Path,
    dataset: Dataset | None = None,
    *,
    progress: Progress | None = None,
    report: Callable[[str], None] | None = None,
) -> Run:
    """Go on with an interrupted run from its last checkpoint, or load a complete one.

    Parameters
    ----------
    folder : path-like
    dataset : Dataset, optional
        The data of the run; loaded as before unless given.
    progress, report : see :func:`train`

    Raises
    ------
    RunFolderError
        If the folder is no run, damaged or in use, or the data are not those that the run began with.
    """
    record = RunFolder.open(folder)
    if record.complete:
        return load(folder, dataset, report=report)
    run = _open(record, dataset, report)
    _check_rule(record, run)
    if record.has("checkpoint.npz"):
        restore(run, record.read_checkpoint())
        check_state(run)
    else:
        run.state = first_state(run, _predecessor(record))
    return _continue(run, progress)


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


def _continue(run: Run, progress: Progress | None) -> Run:
    if run.folder is None:
        _show_images(run, progress)
        run.state = finish_state(run.settings.parameters, run.settings.rule, run.state)
        return run
    with run.folder.lock():
        run.folder.tidy()
        _show_images(run, progress)
        run.state = finish_state(run.settings.parameters, run.settings.rule, run.state)
        run.folder.write_arrays(
            "network.npz",
            arrays(run) | {
                "weights": run.weights, "alive": run.alive, "theta": run.theta, "assignment": run.assignment,
                "plastic": run.state["plastic.plastic"].reshape(run.weights.shape).astype(bool),
            },
        )  # fmt: skip
        run.folder.write_json("history.json", run.history)
        run.folder.mark_complete()
    return run


def _show_images(run: Run, progress: Progress | None) -> None:
    settings, data = run.settings, run.dataset
    images = data.train_images.reshape(len(data.train_images), -1)
    position, total = (run.history[-1]["images"] if run.history else 0), settings.epochs * len(images)
    while position < total:
        numbers = np.arange(position, min(position + settings.chunk, total))
        orders = {epoch: settings.order(len(images), epoch) for epoch in set((numbers // len(images)).tolist())}
        shown = np.array([orders[number // len(images)][number % len(images)] for number in numbers.tolist()])
        began = time.perf_counter()
        result = run.program.run(run.state, images[shown], seed=settings.seed, first_image=position, rule=settings.rule)
        seconds = time.perf_counter() - began
        labels = data.train_labels[shown]
        position += len(numbers)
        entry = history_entry(run, result, labels, position, total, seconds)
        run.state = result.state
        run.recent.extend(result.responses, labels)
        run.history.append(entry)
        if run.folder is not None:
            run.folder.write_checkpoint(arrays(run) | {"history": np.array(json.dumps(run.history))})
        if progress is not None:
            progress(entry)

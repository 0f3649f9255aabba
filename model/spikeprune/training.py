"""Train a network on images, evaluate it, save it, resume it.

Training shows the images chunk by chunk; after each chunk the history grows by one entry and, where there is a run
folder, a checkpoint is written.  Since input spikes depend on nothing but the seed and the image's number, chunk size
and interruptions leave no trace in the result.  Labels are only used to read the responses, never to train.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune.backend import State
from spikeprune.datasets import Dataset
from spikeprune.errors import RunFolderError
from spikeprune.evaluation import Evaluation
from spikeprune.parameters import NetworkParameters
from spikeprune.provenance import provenance
from spikeprune.pruning import AdaptivePruning, PruningRule
from spikeprune.records import RunFolder
from spikeprune.run import Run, arrays, check_state, history_entry, restore
from spikeprune.scaling import scaled_parameters
from spikeprune.settings import Settings
from spikeprune.state import finish_state, initial_state

__all__ = ["Run", "Settings", "load", "load_origin", "resume", "train"]

#: Called after every chunk with the new entry of the history.
Progress = Callable[[dict[str, Any]], None]


def train(
    dataset: Dataset,
    rule: PruningRule | None = None,
    *,
    neurons: int = 100,
    epochs: int = 1,
    seed: int = 0,
    parameters: NetworkParameters | Mapping[str, Any] | None = None,
    shuffle: bool = False,
    backend: str = "cpp_standalone",
    precision: str = "single",
    chunk: int = 1000,
    assignment_images: int = 0,
    folder: str | Path | None = None,
    origin: dict[str, Any] | None = None,
    progress: Progress | None = None,
    report: Callable[[str], None] | None = None,
) -> Run:
    """Train a network on the training images of a data set.

    Parameters
    ----------
    dataset : Dataset
    rule : PruningRule, optional
        ``AdaptivePruning()`` unless given.
    neurons : int
        Excitatory neurons.
    epochs : int
        How often every image is shown.
    seed : int
        Key of all random numbers.
    parameters : NetworkParameters or mapping of str to number, optional
        Constants of the network: Diehl & Cook's unless given; sizes are taken from `neurons` and the images.  With a
        mapping, which may be empty, what it does not give follows the data and the number of neurons
        (:func:`spikeprune.scaling.scaled_parameters`).
    shuffle : bool
        Draw the order of the images anew for each epoch (wanted where the images are sorted by class).
    backend : {'cpp_standalone', 'cuda_standalone', 'cython', 'numpy'}
    precision : {'single', 'double'}
    chunk : int
        Images between two checkpoints.
    assignment_images : int
        Last training images whose responses assign the neurons to classes; 0 for 10,000 or one epoch if that is less.
    folder : path-like, optional
        Run folder to create; nothing is written unless given.
    origin : dict, optional
        How to load the data again (arguments of ``Dataset.load`` and ``subset``), for :func:`resume`.
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
    settings = Settings(
        parameters=_parameters(parameters, neurons, dataset),
        rule=rule or AdaptivePruning(), seed=seed, epochs=epochs, shuffle=shuffle, backend=backend, precision=precision,
        chunk=chunk, assignment_images=assignment_images,
    )  # fmt: skip
    if folder is not None:
        RunFolder.check(folder)  # before the compiler starts
    run = _untrained(settings, dataset, report)
    if folder is not None:
        run.folder = RunFolder.create(
            folder,
            {
                "settings": settings.as_dict(),
                "data": {"name": dataset.name, "checksum": dataset.checksum, "origin": origin},
                "provenance": provenance(getattr(run.program, "compiler", None)),
            },
        )
    return _continue(run, progress)


def _parameters(
    given: NetworkParameters | Mapping[str, Any] | None, neurons: int, dataset: Dataset
) -> NetworkParameters:
    if isinstance(given, Mapping):
        return scaled_parameters(neurons, dataset.n_inputs, dataset.ink, given)
    return replace(given or NetworkParameters(), neurons=neurons, inputs=dataset.n_inputs)


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
    progress, report
        See :func:`train`.

    Raises
    ------
    RunFolderError
        If the folder is no run, is damaged, is in use, or the data are not those that the run began with.
    """
    record = RunFolder.open(folder)
    if record.complete:
        return load(folder, dataset, report=report)
    run = _open(record, dataset, report)
    _check_rule(record, run)
    if record.has("checkpoint.npz"):
        restore(run, record.read_arrays("checkpoint.npz"))
        check_state(run)
    else:
        run.state = _initial_state(run)
    return _continue(run, progress)


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


def _untrained(settings: Settings, dataset: Dataset, report: Callable[[str], None] | None) -> Run:
    run = Run(settings, dataset, report=report)
    run.state = _initial_state(run)
    return run


def _initial_state(run: Run) -> State:
    settings = run.settings
    return initial_state(settings.parameters, settings.rule, settings.seed, run.program.layout)


def _open(record: RunFolder, dataset: Dataset | None, report: Callable[[str], None] | None) -> Run:
    description = record.description()
    try:
        settings, data = Settings.from_dict(description["settings"]), description["data"]
        name, origin, checksum = data["name"], data["origin"], data["checksum"]
    except (KeyError, TypeError) as error:
        raise RunFolderError(f"{record.path / 'run.json'} is damaged ({error}): restore it from a copy.") from error
    if dataset is None:
        if origin is None:
            raise RunFolderError(
                f"The run {record.path} was trained on data of unknown origin ('{name}'): pass dataset=."
            )
        dataset = load_origin(origin)
    if dataset.checksum != checksum:
        raise RunFolderError(
            f"The data '{dataset.name}' are not those that {record.path} began with (another checksum): restore them."
        )
    return Run(settings, dataset, folder=record, report=report)


def load_origin(origin: dict[str, Any]) -> Dataset:
    """Load data from their origin: ``name``, ``data_dir``, ``validation``, ``images``, ``test_images``."""
    dataset = Dataset.load(origin["name"], data_dir=origin.get("data_dir"))
    if origin.get("validation"):
        dataset = dataset.validation_split(origin["validation"])
    if origin.get("images") or origin.get("test_images"):
        dataset = dataset.subset(train=origin.get("images"), test=origin.get("test_images"))
    return dataset


def _continue(run: Run, progress: Progress | None) -> Run:
    if run.folder is None:
        _show_images(run, progress)
        run.state = finish_state(run.settings.parameters, run.settings.rule, run.state)
        return run
    with run.folder.lock():
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

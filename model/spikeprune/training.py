"""Train a network on images, evaluate it, save it, resume it.

Training shows the images chunk by chunk; after each chunk the history grows by one entry and, where there is a run
folder, a checkpoint is written.  Since input spikes depend on nothing but the seed and the image's number, chunk size
and interruptions leave no trace in the result.  Labels are only used to read the responses, never to train.
"""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from spikeprune.arguments import network_given, refuse, rule_given, scheduled
from spikeprune.chunks import Progress, finish, next_chunk, take_in
from spikeprune.datasets import Dataset, as_dataset, load_origin
from spikeprune.datasets.order import come_in_runs
from spikeprune.errors import DataNote, ParameterError
from spikeprune.loading import load
from spikeprune.opening import begin, reopen
from spikeprune.parameters import NetworkParameters
from spikeprune.progress import TrainingBar
from spikeprune.pruning import PruningRule
from spikeprune.records import RunFolder
from spikeprune.run import Run
from spikeprune.settings import Settings, usual_chunk

__all__ = ["Run", "Settings", "load", "load_origin", "resume", "train"]


def train(
    dataset: Dataset | Any,
    rule: PruningRule | Any = None,
    *,
    neurons: int | None = None,
    epochs: int = 1,
    seed: int | None = None,
    parameters: NetworkParameters | Mapping[str, Any] | None = None,
    equations: Mapping[str, str] | str | Path | None = None,
    shuffle: bool = False,
    backend: str = "cpp_standalone",
    precision: str = "single",
    chunk: int | None = None,
    assignment_images: int = 0,
    initial: Run | str | Path | None = None,
    folder: str | Path | None = None,
    origin: dict[str, Any] | None = None,
    allow_inert: bool = False,
    snapshots: float | Iterable[float] | None = None,
    progress: Progress | bool | None = None,
    report: Callable[[str], None] | None = None,
    **unknown: Any,
) -> Run:
    """Train a network on the training images of a data set.

    Parameters
    ----------
    dataset : Dataset
        Or what :func:`spikeprune.datasets.as_dataset` makes one of: a name, a path, ``(X, y)``.
    rule : PruningRule, optional
        Or its class or name; ``AdaptivePruning()`` unless given.  Shares in its schedule (``start=0.25``) are of all
        images that the training shows.
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
    equations : mapping of str to str, or path-like, optional
        In place of the package's: strings by the names that they have in :mod:`spikeprune.neurons` and
        :mod:`spikeprune.plasticity`; the name of a variant (:mod:`spikeprune.variants`); or a TOML file of strings.
    shuffle : bool
        Draw the order of the images anew for each epoch.
    backend : {'cpp_standalone', 'cuda_standalone', 'cython', 'numpy'}
    precision : {'single', 'double'}
    chunk : int, optional
        Images between two checkpoints: 100 to 1000, a fortieth of all, unless given.
    assignment_images : int
        Last training images whose responses assign the neurons to classes; 0 for 10,000 or one epoch if that is less.
    initial : Run or path-like, optional
        Go on with the network of a finished run, whose parameters are taken over; the rule begins anew.
    folder : path-like, optional
        Run folder to create; nothing is written unless given.
    origin : dict, optional
        How to load the data again; the data set's own `origin` unless given.
    allow_inert : bool
        Train even if the rule never acts in so many images.
    snapshots : int, float or iterable of these, optional
        Keep weights, masks and thresholds every so many images (or shares of the training), or exactly then:
        ``run.snapshots``.
    progress : callable or True, optional
        Called after every chunk with the new entry of the history; True shows a bar, in notebooks too.
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
    if before is not None and not isinstance(before, Run):
        raise ParameterError(f"initial is {initial!r}: pass a run, or its folder.")
    given = before.settings.parameters if parameters is None and before is not None else parameters
    shown = epochs * len(data.train_images) if isinstance(epochs, int | np.integer) else 0
    if chunk is None:
        chunk = usual_chunk(shown)
    settings = Settings(
        parameters=network_given(given, neurons, data, epochs if shown else 1, equations), rule=rule,
        seed=seed if seed is not None else 0 if before is None else before.settings.seed + 1,
        epochs=epochs, shuffle=shuffle, backend=backend, precision=precision, chunk=chunk,
        assignment_images=assignment_images,
    )  # fmt: skip
    settings = replace(settings, rule=scheduled(rule, shown, allow_inert))
    if not shuffle and come_in_runs(data.train_labels):
        note = f"The training images of '{data.name}' are sorted by class, and a network forgets: pass shuffle=True."
        warnings.warn(note, DataNote, stacklevel=2)
    run = begin(settings, data, initial=before, folder=folder, origin=origin, snapshots=snapshots, report=report)
    try:
        return _continue(run, progress)
    except Exception:
        if run.folder is not None and not run.history:
            run.folder.discard()
        raise


def resume(
    folder: str | Path,
    dataset: Dataset | None = None,
    *,
    progress: Progress | bool | None = None,
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
    return _continue(reopen(record, dataset, report=report), progress)


def _continue(run: Run, progress: Progress | bool | None) -> Run:
    if isinstance(progress, bool):
        if not progress:
            return _continue(run, None)
        with TrainingBar(f"Training, {run.settings.rule.name}") as bar:
            return _continue(run, bar)
    with nullcontext() if run.folder is None else run.folder.lock():
        if run.folder is not None:
            run.folder.tidy()
        while (chunk := next_chunk(run)) is not None:
            began = time.perf_counter()
            result = run.program.run(
                run.state, chunk.images, seed=run.settings.seed, first_image=chunk.first, rule=run.settings.rule
            )  # fmt: skip
            take_in(run, chunk, result, time.perf_counter() - began, progress)
        finish(run)
    return run

"""Train a network on images, evaluate it, save it, resume it.

Training shows the images chunk by chunk; after each chunk the history grows by one entry and, where there is a run folder,
a checkpoint is written.  Since input spikes depend on nothing but the seed and the image's number, chunk size and
interruptions leave no trace in the result.  Labels are only used to read the responses, never to train.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import PRECISIONS, Program, State, make_program
from spikeprune.backend.base import ChunkResult
from spikeprune.datasets import Dataset
from spikeprune.errors import ParameterError, RunFolderError
from spikeprune.evaluation import Evaluation, evaluate
from spikeprune.operations import OperationCounts
from spikeprune.parameters import NetworkParameters
from spikeprune.provenance import provenance
from spikeprune.pruning import AdaptivePruning, PruningRule, make_rule
from spikeprune.readout import assign_labels, vote
from spikeprune.records import RunFolder
from spikeprune.state import finish_state, initial_state

__all__ = ["Run", "Settings", "load", "resume", "train"]

#: Called after every chunk with the new entry of the history.
Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Settings:
    """What determines a run, apart from the data.

    Attributes
    ----------
    parameters : NetworkParameters
    rule : PruningRule
    seed : int
        Key of all random numbers, 0 to 2**31 - 1.
    epochs : int
        How often every training image is shown.
    shuffle : bool
        Whether the images are shown in an order drawn anew for each epoch.
    backend, precision, chunk
        See :func:`spikeprune.backend.make_program`; `chunk` does not influence the result.
    assignment_images : int
        Neurons are assigned to classes by their responses to this many last training images; 0 stands for 10,000 or
        one epoch, whichever is less (responses to images shown before the network was formed mean little).
    """

    parameters: NetworkParameters
    rule: PruningRule
    seed: int = 0
    epochs: int = 1
    shuffle: bool = False
    backend: str = "cpp_standalone"
    precision: str = "single"
    chunk: int = 1000
    assignment_images: int = 0

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("epochs", 1), ("chunk", 1), ("assignment_images", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not least <= value < 2**31:
                raise ParameterError(f"{name} is {value!r}: it must be a whole number from {least} to 2147483647.")
        if self.precision not in PRECISIONS:
            raise ParameterError(f"Unknown precision '{self.precision}': choose one of {', '.join(PRECISIONS)}.")

    def as_dict(self) -> dict[str, Any]:
        """Return all settings, for JSON."""
        own = {key: value for key, value in vars(self).items() if key not in ("parameters", "rule")}
        return own | {"parameters": self.parameters.as_dict(), "rule": self.rule.as_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Read what :meth:`as_dict` wrote."""
        rule = dict(values["rule"])
        return cls(
            **(values | {
                "parameters": NetworkParameters.from_dict(values["parameters"]),
                "rule": make_rule(rule.pop("name"), rule),
            })
        )  # fmt: skip

    def program(self, report: Callable[[str], None] | None = None) -> Program:
        """Build the program of these settings, or find it."""
        options = {"report": report} if self.backend == "cpp_standalone" and report else {}
        return make_program(self.backend, self.parameters, self.rule, self.chunk, self.precision, **options)


@dataclass
class Run:
    """A training and what came of it.

    Attributes
    ----------
    settings : Settings
    dataset : Dataset
    state : dict of str to ndarray
        State of the network.
    history : list of dict
        One entry a chunk.
    responses : ndarray [images, neurons], int32
        Spikes in reply to the last training images.
    labels : ndarray [images]
        Their labels.
    folder : RunFolder or None
    evaluation : Evaluation or None
        The last evaluation on the whole test set.
    report : callable or None
        Called with a sentence before something that takes long.
    """

    settings: Settings
    dataset: Dataset
    state: State = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    responses: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    labels: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    folder: RunFolder | None = None
    evaluation: Evaluation | None = None
    report: Callable[[str], None] | None = None

    @cached_property
    def program(self) -> Program:
        """The program of the network, built when first needed: a finished run can be read without a compiler."""
        return self.settings.program(self.report)

    @property
    def weights(self) -> NDArray[Any]:
        """Weights [inputs, neurons]."""
        return self.state["plastic.w"].reshape(-1, self.settings.parameters.neurons)

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which synapses exist [inputs, neurons]."""
        return self.state["plastic.alive"].reshape(-1, self.settings.parameters.neurons).astype(bool)

    @property
    def theta(self) -> NDArray[Any]:
        """Adaptive thresholds [neurons], in V."""
        return self.state["excitatory.theta"]

    @property
    def counts(self) -> OperationCounts:
        """Synaptic operations of the whole training."""
        return sum((OperationCounts.from_dict(entry["counts"]) for entry in self.history), OperationCounts.zero())

    @property
    def assignment(self) -> NDArray[np.int64]:
        """Class of each neuron [neurons]."""
        return assign_labels(self.responses, self.labels, self.dataset.n_classes)

    def evaluate(
        self,
        dataset: Dataset | None = None,
        *,
        workers: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Evaluation:
        """Show the test images to the frozen network and read their classes.

        Parameters
        ----------
        dataset : Dataset, optional
            Other data of the same image size and classes; the run's own unless given.
        workers : int, optional
            Programs that run at the same time, as many as there are cores unless given; the result is the same.
        progress : callable, optional
            Called with the number of images done.

        Returns
        -------
        Evaluation
            Also kept in the run's folder, where it has one and the data are its own.
        """
        _check_state(self)
        own = dataset is None or dataset.checksum == self.dataset.checksum
        data = self.dataset if dataset is None else dataset
        result = evaluate(
            self.program, self.state, data, self.responses, self.labels, seed=self.settings.seed, workers=workers,
            progress=progress,
        )  # fmt: skip
        if own:
            self.evaluation = result
            if self.folder is not None:
                result.save(self.folder)
        return result


def train(
    dataset: Dataset,
    rule: PruningRule | None = None,
    *,
    neurons: int = 100,
    epochs: int = 1,
    seed: int = 0,
    parameters: NetworkParameters | None = None,
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
    parameters : NetworkParameters, optional
        Other constants than Diehl & Cook's; sizes are taken from `neurons` and the images.
    shuffle : bool
        Draw the order of the images anew for each epoch (wanted where the images are sorted by class).
    backend : {'cpp_standalone', 'cython', 'numpy'}
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
    sizes = {"neurons": neurons, "inputs": dataset.n_inputs}
    base = parameters if parameters is not None else NetworkParameters()
    settings = Settings(
        parameters=replace(base, **sizes), rule=rule if rule is not None else AdaptivePruning(), seed=seed, epochs=epochs,
        shuffle=shuffle, backend=backend, precision=precision, chunk=chunk, assignment_images=assignment_images,
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
    if record.has("checkpoint.npz"):
        _restore(run, record.read_arrays("checkpoint.npz"))
        _check_state(run)
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
    arrays = record.read_arrays("network.npz")
    run = _open(record, dataset, report)
    _restore(run, arrays | {"history": np.array(json.dumps(record.read_json("history.json")))})
    if record.has("evaluation.npz"):
        run.evaluation = Evaluation.load(record)
    return run


def _untrained(settings: Settings, dataset: Dataset, report: Callable[[str], None] | None) -> Run:
    run = Run(settings, dataset, responses=np.zeros((0, settings.parameters.neurons), np.int32), report=report)
    run.state = _initial_state(run)
    return run


def _initial_state(run: Run) -> State:
    settings = run.settings
    return initial_state(settings.parameters, settings.rule, settings.seed, run.program.layout)


def _open(record: RunFolder, dataset: Dataset | None, report: Callable[[str], None] | None) -> Run:
    description = record.description()
    try:
        settings, data = Settings.from_dict(description["settings"]), description["data"]
    except (KeyError, TypeError) as error:
        raise RunFolderError(f"{record.path / 'run.json'} is damaged ({error}): restore it from a copy.") from error
    if dataset is None:
        if data["origin"] is None:
            raise RunFolderError(
                f"The run {record.path} was trained on data that it cannot find again ('{data['name']}'): pass dataset=."
            )
        dataset = load_origin(data["origin"])
    if dataset.checksum != data["checksum"]:
        raise RunFolderError(
            f"The data '{dataset.name}' are not those that {record.path} began with (another checksum): restore them."
        )
    return Run(
        settings, dataset, responses=np.zeros((0, settings.parameters.neurons), np.int32), folder=record, report=report
    )


def load_origin(origin: dict[str, Any]) -> Dataset:
    """Load data from what :func:`train` was told of their origin: ``name``, ``data_dir``, ``validation``, ``images``."""
    dataset = Dataset.load(origin["name"], data_dir=origin.get("data_dir"))
    if origin.get("validation"):
        dataset = dataset.validation_split(origin["validation"])
    if origin.get("images") or origin.get("test_images"):
        dataset = dataset.subset(train=origin.get("images"), test=origin.get("test_images"))
    return dataset


def _restore(run: Run, arrays: dict[str, NDArray[Any]]) -> None:
    try:
        run.state = {name[6:]: value for name, value in arrays.items() if name.startswith("state/")}
        run.responses, run.labels = arrays["responses"].astype(np.int32), arrays["labels"]
        run.history = json.loads(str(arrays["history"]))
    except (KeyError, ValueError) as error:
        raise _misfit(str(error)) from error


def _check_state(run: Run) -> None:
    """Raise RunFolderError unless the state is that of the run's program."""
    found = {name: len(value) for name, value in run.state.items()}
    wanted = {name: size for name, (_, size) in run.program.layout.items()}
    if found != wanted:
        raise _misfit(", ".join(sorted(name for name in found | wanted if found.get(name) != wanted.get(name))))


def _misfit(what: str) -> RunFolderError:
    return RunFolderError(f"The arrays of the run do not fit this version of spikeprune ({what}): train again.")


def _arrays(run: Run) -> dict[str, Any]:
    return {
        **{f"state/{name}": value for name, value in run.state.items()},
        "responses": run.responses.astype(np.uint16), "labels": run.labels,
    }  # fmt: skip


def _order(settings: Settings, images: int, epoch: int) -> NDArray[np.intp]:
    """Order in which an epoch shows the images."""
    if not settings.shuffle:
        return np.arange(images)
    return np.random.Generator(np.random.Philox(key=[settings.seed, epoch])).permutation(images)


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
            _arrays(run) | {
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
        orders = {epoch: _order(settings, len(images), epoch) for epoch in set((numbers // len(images)).tolist())}
        shown = np.array([orders[number // len(images)][number % len(images)] for number in numbers.tolist()])
        began = time.perf_counter()
        result = run.program.run(
            run.state, images[shown], seed=settings.seed, first_image=position, rule=settings.rule
        )
        seconds = time.perf_counter() - began
        labels = data.train_labels[shown]
        position += len(numbers)
        entry = _entry(run, result, labels, position, total, seconds)
        run.state = result.state
        keep = settings.assignment_images or min(10_000, len(images))
        run.responses = np.concatenate([run.responses, result.responses])[-keep:]
        run.labels = np.concatenate([run.labels, labels])[-keep:]
        run.history.append(entry)
        if run.folder is not None:
            run.folder.write_checkpoint(_arrays(run) | {"history": np.array(json.dumps(run.history))})
        if progress is not None:
            progress(entry)


def _entry(
    run: Run, result: ChunkResult, labels: NDArray[np.int64], position: int, total: int, seconds: float
) -> dict[str, Any]:
    """Describe a chunk for the history; its accuracy is read with the assignment from the images before it."""
    rule, classes, state = run.settings.rule, run.dataset.n_classes, result.state
    accuracy = None
    if len(run.labels):
        assignment = assign_labels(run.responses, run.labels, classes)
        accuracy = float(np.mean(vote(result.responses, assignment, classes) == labels) * 100)
    alive = state["plastic.alive"].astype(bool)
    frozen = alive & ~state["plastic.plastic"].astype(bool)
    threshold = state.get(f"excitatory.{rule.threshold}") if rule.acts_in_training else None
    return {
        "images": position,
        "total": total,
        "seconds": seconds,
        "accuracy": accuracy,
        "counts": result.counts.as_dict(),
        "removed_share": float(1 - alive.mean()),
        "frozen_share": float(frozen.mean()),
        "threshold": None if threshold is None else _quantiles(threshold),
        "theta_mV": _quantiles(state["excitatory.theta"] * 1e3),
        "spikes_per_image": float(result.responses.sum() / len(labels)),
        "silent_neurons": int((result.responses.sum(axis=0) == 0).sum()),
    }


def _quantiles(values: Iterable[Any]) -> list[float]:
    """Minimum, quartiles and maximum."""
    return [float(q) for q in np.quantile(np.asarray(values, dtype=np.float64), [0, 0.25, 0.5, 0.75, 1])]

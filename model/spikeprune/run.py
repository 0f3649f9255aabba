"""A run: a training and what came of it, in memory.  :mod:`spikeprune.training` makes, stores and resumes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import ChunkResult, Program, State
from spikeprune.datasets import Dataset
from spikeprune.errors import RunFolderError
from spikeprune.evaluation import Evaluation, evaluate
from spikeprune.operations import OperationCounts
from spikeprune.readout import vote
from spikeprune.recent import RecentResponses
from spikeprune.records import RunFolder
from spikeprune.settings import Settings

__all__ = ["Run", "arrays", "check_state", "history_entry", "restore"]


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
    recent : RecentResponses
        Spikes in reply to the last training images, and their labels.
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
    recent: RecentResponses = field(init=False)
    folder: RunFolder | None = None
    evaluation: Evaluation | None = None
    report: Callable[[str], None] | None = None

    def __post_init__(self) -> None:
        images = len(self.dataset.train_images)
        keep = min(self.settings.assignment_images or min(10_000, images), self.settings.epochs * images)
        self.recent = RecentResponses(keep, self.settings.parameters.neurons, self.dataset.n_classes)

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
        return self.recent.assignment

    @property
    def responses(self) -> NDArray[np.int32]:
        """Spikes of each neuron in reply to the last training images [images, neurons]."""
        return self.recent.responses.astype(np.int32)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Labels of these images [images]."""
        return self.recent.labels

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
        check_state(self)
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


def restore(run: Run, stored: dict[str, NDArray[Any]]) -> None:
    try:
        run.state = {name[6:]: value for name, value in stored.items() if name.startswith("state/")}
        run.recent.extend(stored["responses"], stored["labels"])
        run.history = json.loads(str(stored["history"]))
    except (KeyError, ValueError) as error:
        raise _misfit(str(error)) from error


def check_state(run: Run) -> None:
    """Raise RunFolderError unless the state is that of the run's program."""
    found = {name: len(value) for name, value in run.state.items()}
    wanted = {name: size for name, (_, size) in run.program.layout.items()}
    if found != wanted:
        raise _misfit(", ".join(sorted(name for name in found | wanted if found.get(name) != wanted.get(name))))


def _misfit(what: str) -> RunFolderError:
    return RunFolderError(f"The arrays of the run do not fit this version of spikeprune ({what}): train again.")


def arrays(run: Run) -> dict[str, Any]:
    return {
        **{f"state/{name}": value for name, value in run.state.items()},
        "responses": run.recent.responses, "labels": run.recent.labels,
    }  # fmt: skip


def history_entry(
    run: Run, result: ChunkResult, labels: NDArray[np.int64], position: int, total: int, seconds: float
) -> dict[str, Any]:
    """Describe a chunk for the history; its accuracy is read with the assignment from the images before it."""
    rule, classes, state = run.settings.rule, run.dataset.n_classes, result.state
    accuracy = None
    if len(run.recent):
        accuracy = float(np.mean(vote(result.responses, run.assignment, classes) == labels) * 100)
    alive = state["plastic.alive"].astype(bool)
    frozen = alive & ~state["plastic.plastic"].astype(bool)
    threshold = None
    if rule.acts_in_training and rule.threshold:
        # The same for all neurons, where it is a parameter.
        threshold = state.get(f"incoming.{rule.threshold}", [getattr(rule, rule.threshold, 0.0)])
    return {
        "images": position,
        "total": total,
        "seconds": seconds,
        "accuracy": accuracy,
        "counts": result.counts.as_dict(),
        "removed_share": float(1 - alive.mean()),
        "frozen_share": float(frozen.mean()),
        "threshold": None if threshold is None else quantiles(threshold),
        "theta_mV": quantiles(state["excitatory.theta"] * 1e3),
        "spikes_per_image": float(result.responses.sum() / len(labels)),
        "silent_neurons": int((result.responses.sum(axis=0) == 0).sum()),
    }


def quantiles(values: Iterable[Any]) -> list[float]:
    """Minimum, quartiles and maximum."""
    return [float(q) for q in np.quantile(np.asarray(values, dtype=np.float64), [0, 0.25, 0.5, 0.75, 1])]

"""Evaluate a trained network: classes read from the responses of the frozen network (:mod:`spikeprune.frozen`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import Program, State
from spikeprune.datasets import Dataset
from spikeprune.errors import DataError
from spikeprune.frozen import frozen_state, respond
from spikeprune.operations import OperationCounts, connection_sparsity, synaptic_operations
from spikeprune.readout import Readout, read_out, silent_neurons
from spikeprune.records import RunFolder
from spikeprune.seals import checksum_of, sealed

__all__ = ["Evaluation", "evaluate", "read_responses"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What a trained network makes of test images.

    Attributes
    ----------
    readout : Readout
        Accuracy in percent, predictions, confusion matrix, assignment, silent neurons.
    responses : ndarray [images, neurons], int32
    labels : ndarray [images]
    counts : OperationCounts
        Synaptic operations, all in inference.
    neurobench : dict of str to float
        Effective_ACs, Effective_MACs and Dense per inference, and connection sparsity.
    unrecruited : int
        Neurons whose theta was raised because training had left it below the share ``theta_recruited`` of the median.
    removed_neurons : int
        Neurons that have lost all their synapses.
    pruning_events : int or None
        Pruning events in the training; None of an evaluation from before they were counted.
    """

    readout: Readout
    responses: NDArray[np.int32]
    labels: NDArray[np.int64]
    counts: OperationCounts
    neurobench: dict[str, float]
    unrecruited: int = 0
    removed_neurons: int = 0
    pruning_events: int | None = None

    @property
    def accuracy(self) -> float:
        """Images given their own label, in percent."""
        return self.readout.accuracy

    @property
    def dead(self) -> NDArray[np.int64]:
        """Neurons that fired at none of the test images, the network being frozen [dead neurons]."""
        return silent_neurons(self.responses)

    def save(self, folder: RunFolder) -> None:
        """Write evaluation.npz and results.json."""
        folder.write_arrays(
            "evaluation.npz",
            {
                "responses": self.responses.astype(np.uint16), "labels": self.labels,
                "predictions": self.readout.predictions, "confusion": self.readout.confusion,
                "assignment": self.readout.assignment, "silent": self.readout.silent,
            },
        )  # fmt: skip
        files = {name: checksum_of(folder.path / name) for name in ("network.npz", "evaluation.npz")}
        folder.write_json("results.json", sealed({**self.as_dict(), "files": files}))

    def __repr__(self) -> str:
        return f"Evaluation({self.accuracy:.1f} % of {len(self.labels):,} images, {len(self.dead)} dead neurons)"

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        shared = self.readout.shared_accuracy
        return {
            "accuracy": self.accuracy,
            "shared_accuracy": None if math.isnan(shared) else shared,
            "images": len(self.labels),
            "silent_neurons": len(self.readout.silent),
            "dead_neurons": len(self.dead),
            "unrecruited_neurons": self.unrecruited,
            "removed_neurons": self.removed_neurons,
            "pruning_events": self.pruning_events,
            "counts": self.counts.as_dict(),
            "neurobench": self.neurobench,
            "confusion": self.readout.confusion.tolist(),
        }

    @classmethod
    def load(cls, folder: RunFolder) -> Evaluation:
        """Read what :meth:`save` wrote."""
        arrays, values = folder.read_arrays("evaluation.npz"), folder.read_json("results.json")
        readout = Readout(
            accuracy=values["accuracy"], predictions=arrays["predictions"], confusion=arrays["confusion"],
            assignment=arrays["assignment"], silent=arrays["silent"],
            shared_accuracy=math.nan if values.get("shared_accuracy") is None else values["shared_accuracy"],
        )  # fmt: skip
        counts = OperationCounts.from_dict(values["counts"])
        return cls(
            readout, arrays["responses"].astype(np.int32), arrays["labels"], counts, values["neurobench"],
            unrecruited=values.get("unrecruited_neurons", 0), removed_neurons=values.get("removed_neurons", 0),
            pruning_events=values.get("pruning_events"),
        )  # fmt: skip


def evaluate(
    program: Program,
    state: State,
    dataset: Dataset,
    train_responses: NDArray[np.int32],
    train_labels: NDArray[np.int64],
    *,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    pruning_events: int | None = None,
) -> Evaluation:
    """Show the test images of `dataset` to a frozen network.

    Parameters
    ----------
    program : Program
    state : dict of str to ndarray
        The trained network.
    dataset : Dataset
    train_responses : ndarray [images, neurons]
        Responses to labelled training images, which assign the neurons to classes.
    train_labels : ndarray [images]
    seed : int
        Key of the random numbers.
    workers : int, optional
        Programs that run at the same time: as many as cores may be used, for compiled programs, unless given.
    progress : callable, optional
        Called with the number of images done.
    pruning_events : int, optional
        Pruning events that the network has gone through.

    Raises
    ------
    DataError
        If the images have another size than those that the network was trained on.
    """
    _check(program, dataset, train_labels)
    images = dataset.test_images.reshape(len(dataset.test_images), -1)
    responses, counts = respond(program, state, images, seed=seed, workers=workers, progress=progress)
    return read_responses(
        program, state, dataset, train_responses, train_labels, responses, counts, pruning_events
    )  # fmt: skip


def _check(program: Program, dataset: Dataset, train_labels: NDArray[np.int64]) -> None:
    if dataset.n_inputs != program.parameters.inputs:
        raise DataError(
            f"The images of '{dataset.name}' have {dataset.n_inputs} pixels, but the network was trained on "
            f"{program.parameters.inputs}: give images of the same size."
        )
    if not (train_labels >= 0).any():
        raise DataError("None of the images that assign neurons to classes has a label: label some training images.")


def read_responses(
    program: Program,
    state: State,
    dataset: Dataset,
    train_responses: NDArray[np.int32],
    train_labels: NDArray[np.int64],
    responses: NDArray[np.int32],
    counts: OperationCounts,
    pruning_events: int | None = None,
) -> Evaluation:
    """Read the classes of the test images from the responses and operations that :func:`respond` has returned."""
    _check(program, dataset, train_labels)
    exists = state["incoming.fan_in"] > 0
    raised = frozen_state(program, state)["excitatory.theta"] > state["excitatory.theta"]
    classes, p = dataset.n_classes, program.parameters
    readout = read_out(train_responses, train_labels, responses, dataset.test_labels, classes)
    alive = state["plastic.alive"].reshape(p.inputs, p.neurons).astype(bool)
    layer, network = connection_sparsity(alive)
    neurobench = synaptic_operations(counts, p.inputs, p.neurons, p.slot_steps) | {
        "connection_sparsity": network, "connection_sparsity_plastic": layer,
    }  # fmt: skip
    return Evaluation(
        readout, responses, dataset.test_labels, counts, neurobench, unrecruited=int(np.count_nonzero(raised & exists)),
        removed_neurons=int(np.count_nonzero(~exists)), pruning_events=pruning_events,
    )  # fmt: skip

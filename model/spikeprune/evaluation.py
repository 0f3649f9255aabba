"""Evaluate a trained network: weights and thresholds frozen, classes read from the responses.

Test images are shown in blocks of fixed size, each starting from the trained state, so that blocks can run side by side
and the result does not depend on how many do.

Freezing cuts theta off from what keeps it in balance.  A neuron that has not been recruited by any image keeps silent
while its theta decays below its start; the first spikes of its recruitment raise theta again.  Frozen in between, it
answers whatever it is shown.  So evaluation lets no theta be less than the share ``theta_recruited`` of the median,
which neurons that are recruited exceed: their spikes keep their theta in balance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.backend import Program, State
from spikeprune.cores import usable_cores
from spikeprune.datasets import Dataset
from spikeprune.errors import DataError
from spikeprune.operations import OperationCounts, connection_sparsity, synaptic_operations
from spikeprune.parameters import NetworkParameters
from spikeprune.readout import Readout, read_out, silent_neurons
from spikeprune.records import RunFolder
from spikeprune.seals import checksum_of, sealed

__all__ = ["BLOCK", "Evaluation", "evaluate", "frozen_thresholds"]

#: Images in a block.  Part of what an evaluation means: another size gives (slightly) other responses.
BLOCK = 500


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
    """

    readout: Readout
    responses: NDArray[np.int32]
    labels: NDArray[np.int64]
    counts: OperationCounts
    neurobench: dict[str, float]
    unrecruited: int = 0
    removed_neurons: int = 0

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
            values.get("unrecruited_neurons", 0), values.get("removed_neurons", 0),
        )  # fmt: skip


def frozen_thresholds(theta: NDArray[Any], exists: NDArray[np.bool_], p: NetworkParameters) -> NDArray[Any]:
    """Return the thresholds of a network in evaluation: as training has left them, or raised to the least.

    Parameters
    ----------
    theta : ndarray [neurons]
        In V, as training has left it.
    exists : ndarray of bool [neurons]
        Neurons that have not been removed; the median is theirs.
    p : NetworkParameters

    Examples
    --------
    >>> theta = np.array([0.012, 0.030, 0.036])
    >>> frozen_thresholds(theta, np.ones(3, bool), NetworkParameters(theta_recruited=0.5)).tolist()
    [0.015, 0.03, 0.036]
    """
    if not p.theta_recruited or not exists.any():
        return theta
    return np.maximum(theta, (p.theta_recruited * np.median(theta[exists])).astype(theta.dtype))


def _frozen(program: Program, state: State) -> State:
    theta = frozen_thresholds(state["excitatory.theta"], state["incoming.fan_in"] > 0, program.parameters)
    return state | {"excitatory.theta": theta}


def respond(
    program: Program,
    state: State,
    images: NDArray[np.uint8],
    *,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.int32], OperationCounts]:
    """Show images [images, pixels] to a frozen network; see :func:`evaluate`.

    Returns
    -------
    responses : ndarray of int32 [images, neurons]
    counts : OperationCounts
    """
    state = _frozen(program, state)
    side_by_side = (workers or usable_cores()) if program.backend == "cpp_standalone" else 1
    done, stopped = 0, False

    def block(first: int) -> tuple[NDArray[np.int32], OperationCounts]:
        nonlocal done
        current, responses, counts = state, [], OperationCounts.zero()
        last = min(first + BLOCK, len(images))
        for start in range(first, last, program.chunk):
            if stopped:
                raise KeyboardInterrupt
            stop = min(start + program.chunk, last)
            result = program.run(current, images[start:stop], seed=seed, first_image=start, learning=False)
            current, counts = result.state, counts + result.counts
            responses.append(result.responses)
            done += stop - start
            if progress is not None:
                progress(done)
        return np.concatenate(responses), counts

    pool = ThreadPoolExecutor(side_by_side)
    try:
        blocks = list(pool.map(block, range(0, len(images), BLOCK)))
    except BaseException:
        stopped = True
        pool.shutdown(wait=False, cancel_futures=True)
        program.stop()
        raise
    finally:
        pool.shutdown()
    responses = np.concatenate([part for part, _ in blocks])
    return responses, sum((part for _, part in blocks), OperationCounts.zero())


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

    Raises
    ------
    DataError
        If the images have another size than those that the network was trained on.
    """
    if dataset.n_inputs != program.parameters.inputs:
        raise DataError(
            f"The images of '{dataset.name}' have {dataset.n_inputs} pixels, but the network was trained on "
            f"{program.parameters.inputs}: give images of the same size."
        )
    if not (train_labels >= 0).any():
        raise DataError("None of the images that assign neurons to classes has a label: label some training images.")
    images = dataset.test_images.reshape(len(dataset.test_images), -1)
    exists = state["incoming.fan_in"] > 0
    raised = _frozen(program, state)["excitatory.theta"] > state["excitatory.theta"]
    responses, counts = respond(program, state, images, seed=seed, workers=workers, progress=progress)
    classes, p = dataset.n_classes, program.parameters
    readout = read_out(train_responses, train_labels, responses, dataset.test_labels, classes)
    alive = state["plastic.alive"].reshape(p.inputs, p.neurons).astype(bool)
    layer, network = connection_sparsity(alive)
    neurobench = synaptic_operations(counts, p.inputs, p.neurons, p.slot_steps) | {
        "connection_sparsity": network, "connection_sparsity_plastic": layer,
    }  # fmt: skip
    return Evaluation(
        readout, responses, dataset.test_labels, counts, neurobench, unrecruited=int(np.count_nonzero(raised & exists)),
        removed_neurons=int(np.count_nonzero(~exists)),
    )  # fmt: skip

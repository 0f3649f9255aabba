"""Read classes out of spike counts: neuron labels, votes, accuracy and confusion matrix.

The network learns without labels.  Afterwards each excitatory neuron is assigned the class that it answered most
strongly to on labelled images, and an image is given the class whose neurons answer it most strongly [1]_.
A response is a spike count, images × neurons; labels are the integers 0 to `n_classes` - 1.

References
----------
.. [1] P. U. Diehl and M. Cook, Unsupervised learning of digit recognition using spike-timing-dependent plasticity,
   Frontiers in Computational Neuroscience 9:99 (2015), doi:10.3389/fncom.2015.00099.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix

from spikeprune.errors import DataError, ParameterError

__all__ = [
    "NO_ANSWER",
    "UNASSIGNED",
    "UNLABELLED",
    "Readout",
    "assign_labels",
    "assignment_of",
    "class_sums",
    "read_out",
    "score",
    "silent_neurons",
    "vote",
]

UNASSIGNED = -1  # the assignment of a neuron that never fired
UNLABELLED = -1  # the class of an image without a label
NO_ANSWER = -1  # the prediction for an image on which no assigned neuron fired; it is wrong whatever the label


@dataclass(frozen=True, eq=False)
class Readout:
    """What the labels say of a trained network.

    Attributes
    ----------
    accuracy : float
        Test images given their own label, in percent; images without an answer count as wrong.
    predictions : ndarray of int64 [test images]
        Class of each test image, or `NO_ANSWER`.
    confusion : ndarray of int64 [n_classes, n_classes + 1]
        Test images by label (row) and prediction (column); the last column counts the images without an answer.
    assignment : ndarray of int64 [neurons]
        Class of each neuron, or `UNASSIGNED`.
    silent : ndarray of int64 [silent neurons]
        Neurons that never fired on the labelled images, in ascending order.
    """

    accuracy: float
    predictions: NDArray[np.int64]
    confusion: NDArray[np.int64]
    assignment: NDArray[np.int64]
    silent: NDArray[np.int64]


def assign_labels(responses: ArrayLike, labels: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Assign each neuron the class with the highest mean response.

    The mean is taken over the images of a class, so that frequent classes have no advantage.

    Parameters
    ----------
    responses : array_like of int [images, neurons]
        Spikes of each neuron on each labelled image.
    labels : array_like of int [images]
        Class of each image.
    n_classes : int
        Number of classes; a class without images is assigned to no neuron.

    Returns
    -------
    ndarray of int64 [neurons]
        Class of each neuron, the lowest one in a tie, or `UNASSIGNED` where a neuron never fired.

    Raises
    ------
    ParameterError
        If `n_classes` is less than 1.
    DataError
        If the responses are not spike counts, or the labels do not fit them.

    Examples
    --------
    >>> assign_labels([[4, 0, 0], [0, 1, 0], [2, 5, 0]], [0, 1, 1], n_classes=2).tolist()
    [0, 1, -1]
    """
    return assignment_of(*class_sums(responses, labels, n_classes))


def class_sums(responses: ArrayLike, labels: ArrayLike, n_classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add up responses by class; parameters and errors are those of :func:`assign_labels`.

    An image whose label is -1 has none, and is left out.

    Returns
    -------
    sums : ndarray of int64 [n_classes, neurons]
        Spikes of each neuron on all images of a class.
    images : ndarray of int64 [n_classes]
        Images of each class.
    """
    counts = _spike_counts(responses)
    classes = _class_labels(labels, len(counts), n_classes, lowest=UNLABELLED)
    sums = np.zeros((n_classes, counts.shape[1]), dtype=np.int64)
    for label in range(n_classes):
        # Copies one class at a time: 60000 images × 1600 neurons need not fit in memory twice.
        sums[label] = counts[classes == label].sum(axis=0, dtype=np.int64)
    return sums, np.bincount(classes[classes != UNLABELLED], minlength=n_classes)


def assignment_of(sums: NDArray[np.int64], images: NDArray[np.int64]) -> NDArray[np.int64]:
    """Assign each neuron the class with the highest mean response, from what :func:`class_sums` returns."""
    means = sums / np.maximum(images, 1)[:, np.newaxis]
    assignment = means.argmax(axis=0).astype(np.int64)
    assignment[means.max(axis=0) == 0] = UNASSIGNED
    return assignment


def vote(responses: ArrayLike, assignment: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Give each image the class whose neurons have the highest mean spike count.

    Parameters
    ----------
    responses : array_like of int [images, neurons]
        Spikes of each neuron on each image.
    assignment : array_like of int [neurons]
        Class of each neuron, or `UNASSIGNED` for a neuron without a vote.
    n_classes : int
        Number of classes; a class without neurons cannot win.

    Returns
    -------
    ndarray of int64 [images]
        Class of each image, the lowest one in a tie, or `NO_ANSWER` where no assigned neuron fired.

    Raises
    ------
    ParameterError
        If `n_classes` is less than 1.
    DataError
        If the responses are not spike counts, or the assignment does not fit them.
    """
    counts = _spike_counts(responses)
    classes = _class_labels(assignment, counts.shape[1], n_classes, what="assignments", lowest=UNASSIGNED)
    means = np.zeros((len(counts), n_classes))
    for label in range(n_classes):
        members = np.flatnonzero(classes == label)
        if members.size:
            means[:, label] = counts[:, members].sum(axis=1, dtype=np.int64) / members.size
    predictions = means.argmax(axis=1).astype(np.int64)
    predictions[means.max(axis=1) == 0] = NO_ANSWER
    return predictions


def silent_neurons(responses: ArrayLike) -> NDArray[np.int64]:
    """Indices of the neurons that never fire, in ascending order.

    Parameters
    ----------
    responses : array_like of int [images, neurons]
        Spikes of each neuron on each image.

    Raises
    ------
    DataError
        If the responses are not spike counts.
    """
    return np.flatnonzero(~_spike_counts(responses).any(axis=0)).astype(np.int64)


def read_out(
    train_responses: ArrayLike,
    train_labels: ArrayLike,
    test_responses: ArrayLike,
    test_labels: ArrayLike,
    n_classes: int,
) -> Readout:
    """Assign neurons on labelled images and score their votes on others.

    Parameters
    ----------
    train_responses, test_responses : array_like of int [images, neurons]
        Spikes of each neuron on the labelled images and on the test images.
    train_labels, test_labels : array_like of int [images]
        Classes of these images.
    n_classes : int
        Number of classes.

    Raises
    ------
    ParameterError
        If `n_classes` is less than 1.
    DataError
        If there are no test images, or responses and labels do not fit together.
    """
    test = _spike_counts(test_responses)
    truth = _class_labels(test_labels, len(test), n_classes)
    if not len(test):
        raise DataError("There are 0 test images, but at least one is needed: pass the responses to some.")
    assignment = assign_labels(train_responses, train_labels, n_classes)
    predictions = vote(test, assignment, n_classes)
    accuracy, confusion = score(predictions, truth, n_classes)
    return Readout(
        accuracy=accuracy,
        predictions=predictions,
        confusion=confusion,
        assignment=assignment,
        silent=silent_neurons(train_responses),
    )


def score(
    predictions: NDArray[np.int64], truth: NDArray[np.integer[Any]], n_classes: int
) -> tuple[float, NDArray[np.int64]]:
    """Accuracy in percent and confusion matrix [n_classes, n_classes + 1] of predictions; see :class:`Readout`."""
    columns = np.where(predictions == NO_ANSWER, n_classes, predictions)
    table = confusion_matrix(truth, columns, labels=np.arange(n_classes + 1))
    # In this order 7 of 25 are 28 %, not 28.000000000000004.
    return 100 * int((truth == predictions).sum()) / len(truth), table[:n_classes].astype(np.int64)


def _spike_counts(responses: ArrayLike) -> NDArray[np.integer[Any]]:
    counts = np.asarray(responses)
    if counts.ndim != 2:
        raise DataError(f"Responses have {counts.ndim} dimensions instead of 2: pass an array images × neurons.")
    if counts.dtype.kind not in "iu":
        raise DataError(f"Responses are {counts.dtype} instead of integers: pass spike counts.")
    if counts.size and counts.min() < 0:
        raise DataError(f"A response is {counts.min()}, but a spike count is at least 0: check the responses.")
    return counts


def _class_labels(
    labels: ArrayLike, expected: int, n_classes: int, what: str = "labels", lowest: int = 0
) -> NDArray[np.integer[Any]]:
    if n_classes < 1:
        raise ParameterError(f"n_classes is {n_classes}, but at least 1 is needed: give the number of classes.")
    classes = np.asarray(labels)
    if classes.shape != (expected,):
        raise DataError(f"The {what} have shape {classes.shape} instead of ({expected},): pass those of the responses.")
    if classes.size and classes.dtype.kind not in "iu":
        raise DataError(f"The {what} are {classes.dtype} instead of integers: number the classes from 0.")
    if classes.size and not lowest <= classes.min() <= classes.max() < n_classes:
        raise DataError(
            f"The {what} run from {classes.min()} to {classes.max()}, but {lowest} to {n_classes - 1} are allowed: "
            "check them and n_classes."
        )
    return classes

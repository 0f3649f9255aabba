"""Read classes out of spike counts: neuron labels, votes, accuracy and confusion matrix.

The network learns without labels.  Afterwards each excitatory neuron is assigned the class that it answered most
strongly to on labelled images, and an image is given the class whose neurons answer it most strongly [1]_.
A response is a spike count, images × neurons; labels are the integers 0 to `n_classes` - 1.

:func:`shared_vote` reads the same spikes in another way, in which a neuron speaks for every class that it answers: the
rule of Diehl and Cook is its special case of neurons that answer one class each.

References
----------
.. [1] P. U. Diehl and M. Cook, Unsupervised learning of digit recognition using spike-timing-dependent plasticity,
   Frontiers in Computational Neuroscience 9:99 (2015), doi:10.3389/fncom.2015.00099.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeprune.errors import DataError
from spikeprune.responses import class_labels, spike_counts

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
    "shared_vote",
    "shared_votes",
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
    shared_accuracy : float
        The same as `accuracy`, the images read by :func:`shared_vote`; NaN of a read-out from before it was there.
    """

    accuracy: float
    predictions: NDArray[np.int64]
    confusion: NDArray[np.int64]
    assignment: NDArray[np.int64]
    silent: NDArray[np.int64]
    shared_accuracy: float = math.nan


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
    counts = spike_counts(responses)
    classes = class_labels(labels, len(counts), n_classes, lowest=UNLABELLED)
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
    counts = spike_counts(responses)
    classes = class_labels(assignment, counts.shape[1], n_classes, what="assignments", lowest=UNASSIGNED)
    means = np.zeros((len(counts), n_classes))
    for label in range(n_classes):
        members = np.flatnonzero(classes == label)
        if members.size:
            means[:, label] = counts[:, members].sum(axis=1, dtype=np.int64) / members.size
    predictions = means.argmax(axis=1).astype(np.int64)
    predictions[means.max(axis=1) == 0] = NO_ANSWER
    return predictions


def shared_vote(responses: ArrayLike, sums: NDArray[np.int64], images: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each image a class, where a neuron's spikes count for each class by its share in what the neuron answers.

    Of the mean responses ``m_cj`` of neuron `j` to the labelled images of class `c`, the share of the class is
    ``s_cj = m_cj / sum_c m_cj``, and an image with spike counts ``r_j`` gets the class with the highest mean count
    ``sum_j s_cj r_j / sum_j s_cj``.  A neuron that answers two classes alike so says little about either; with neurons
    that answer one class each, this is :func:`vote`.

    Parameters
    ----------
    responses : array_like of int [images, neurons]
        Spikes of each neuron on each image.
    sums, images : ndarray
        What :func:`class_sums` returns of the labelled images.

    Returns
    -------
    ndarray of int64 [images]
        Class of each image, the lowest one in a tie, or `NO_ANSWER` where no neuron fired that has a share.

    Raises
    ------
    DataError
        If the responses are not spike counts.

    Examples
    --------
    >>> shared_vote([[2, 3]], *class_sums([[4, 2], [0, 2]], [0, 1], n_classes=2)).tolist()
    [1]
    """
    votes = shared_votes(responses, sums, images)
    predictions = votes.argmax(axis=1).astype(np.int64)
    predictions[votes.max(axis=1) == 0] = NO_ANSWER
    return predictions


def shared_votes(responses: ArrayLike, sums: NDArray[np.int64], images: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean counts by which :func:`shared_vote` decides [images, n_classes]."""
    means = sums / np.maximum(images, 1)[:, np.newaxis]
    shares = means / np.maximum(means.sum(axis=0), np.finfo(float).tiny)
    votes: NDArray[np.float64] = spike_counts(responses) @ shares.T
    return votes / np.maximum(shares.sum(axis=1), np.finfo(float).tiny)


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
    return np.flatnonzero(~spike_counts(responses).any(axis=0)).astype(np.int64)


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
    test = spike_counts(test_responses)
    truth = class_labels(test_labels, len(test), n_classes)
    if not len(test):
        raise DataError("There are 0 test images, but at least one is needed: pass the responses to some.")
    sums, images = class_sums(train_responses, train_labels, n_classes)
    assignment = assignment_of(sums, images)
    predictions = vote(test, assignment, n_classes)
    accuracy, confusion = score(predictions, truth, n_classes)
    shared, _ = score(shared_vote(test, sums, images), truth, n_classes)
    return Readout(
        accuracy=accuracy,
        predictions=predictions,
        confusion=confusion,
        assignment=assignment,
        silent=silent_neurons(train_responses),
        shared_accuracy=shared,
    )


def score(
    predictions: NDArray[np.int64], truth: NDArray[np.integer[Any]], n_classes: int
) -> tuple[float, NDArray[np.int64]]:
    """Accuracy in percent and confusion matrix [n_classes, n_classes + 1] of predictions; see :class:`Readout`."""
    columns = np.where(predictions == NO_ANSWER, n_classes, predictions)
    table = np.zeros((n_classes, n_classes + 1), dtype=np.int64)
    known = truth >= 0
    np.add.at(table, (truth[known], columns[known]), 1)
    # In this order 7 of 25 are 28 %, not 28.000000000000004.
    return 100 * int((truth == predictions).sum()) / len(truth), table

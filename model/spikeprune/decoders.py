"""Other ways to read classes out of stored responses, without training the network again.

Each decoder is fitted to responses with labels (spike counts, images × neurons) and gives every image a score for each
class; the highest score wins.  The network has learnt without labels whichever is chosen, but they differ in how much
they use labels themselves.

======================  ==========================================================================================
``assignment``          a neuron votes for the class that it answers most strongly to; mean over its neurons [1]_
``proportion``          a neuron votes for every class, in proportion to its mean answers to them [2]_
``nearest``             the classes of the 10 labelled images whose responses are most alike (cosine)
``linear``              logistic regression on the responses: a trained layer, so a bound more than a reading
======================  ==========================================================================================

References
----------
.. [1] P. U. Diehl and M. Cook, Frontiers in Computational Neuroscience 9:99 (2015), doi:10.3389/fncom.2015.00099.
.. [2] H. Hazan et al., BindsNET, Frontiers in Neuroinformatics 12:89 (2018), doi:10.3389/fninf.2018.00089:
   "proportion weighting".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError, ParameterError, unknown_name
from spikeprune.readout import NO_ANSWER, assign_labels, class_sums, shared_votes

__all__ = ["READOUTS", "decide", "fit", "shares"]

#: From responses [images, neurons] to scores [images, classes], not negative.
Scores = Callable[[NDArray[Any]], NDArray[np.float64]]

NEIGHBOURS = 10


def fit(name: str, responses: NDArray[Any], labels: NDArray[np.int64], n_classes: int) -> Scores:
    """Fit a decoder to the responses to labelled images.

    Parameters
    ----------
    name : {'assignment', 'proportion', 'nearest', 'linear'}
    responses : ndarray of int [images, neurons]
    labels : ndarray of int [images]
        Class of each image, or -1 for one without a label, which is left out.
    n_classes : int

    Returns
    -------
    callable
        From responses [images, neurons] to scores [images, n_classes].

    Raises
    ------
    ParameterError
        If there is no such decoder.
    DataError
        If no image has a label.
    """
    if name not in READOUTS:
        raise ParameterError(unknown_name("read-out", name, READOUTS))
    known = labels >= 0
    if not known.any():
        raise DataError("None of the images that assign neurons to classes has a label: label some training images.")
    return READOUTS[name](responses[known], labels[known], n_classes)


def decide(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Class of each image, the lowest one in a tie, or ``NO_ANSWER`` where all scores are 0 [images]."""
    predictions = scores.argmax(axis=1).astype(np.int64)
    predictions[scores.max(axis=1) == 0] = NO_ANSWER
    return predictions


def shares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scores as shares that sum to 1; equal ones where all scores are 0 [images, classes]."""
    total = scores.sum(axis=1, keepdims=True)
    return np.where(total > 0, scores / np.where(total > 0, total, 1), 1 / scores.shape[1])


def _assignment(responses: NDArray[Any], labels: NDArray[np.int64], n_classes: int) -> Scores:
    assignment = assign_labels(responses, labels, n_classes)
    members = (assignment[:, np.newaxis] == np.arange(n_classes)).astype(np.float64)  # none of an unassigned neuron
    return lambda counts: counts @ members / np.maximum(members.sum(axis=0), 1)


def _proportion(responses: NDArray[Any], labels: NDArray[np.int64], n_classes: int) -> Scores:
    sums, images = class_sums(responses, labels, n_classes)
    return lambda counts: shared_votes(counts, sums, images)


def _nearest(responses: NDArray[Any], labels: NDArray[np.int64], n_classes: int) -> Scores:
    from sklearn.neighbors import KNeighborsClassifier

    spoke = responses.any(axis=1)  # the cosine with nothing is none
    if not spoke.any():
        return lambda counts: np.zeros((len(counts), n_classes))
    neighbours = min(NEIGHBOURS, int(spoke.sum()))
    classifier = KNeighborsClassifier(neighbours, metric="cosine").fit(responses[spoke], labels[spoke])
    return _where_spoken(classifier, n_classes)


def _linear(responses: NDArray[Any], labels: NDArray[np.int64], n_classes: int) -> Scores:
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        raise DataError("The read-out 'linear' needs labelled images of two classes at least: label more.")
    return _where_spoken(LogisticRegression(max_iter=1000).fit(np.sqrt(responses), labels), n_classes, np.sqrt)


def _where_spoken(classifier: Any, n_classes: int, transform: Callable[[Any], Any] = np.asarray) -> Scores:
    """Scores of a classifier of scikit-learn, 0 where no neuron fired."""

    def scores(counts: NDArray[Any]) -> NDArray[np.float64]:
        made = np.zeros((len(counts), n_classes))
        spoke = counts.any(axis=1)
        if spoke.any():
            made[np.ix_(spoke, classifier.classes_)] = classifier.predict_proba(transform(counts[spoke]))
        return made

    return scores


#: Decoders by name; the first is the one that results are given for.
READOUTS: dict[str, Callable[[NDArray[Any], NDArray[np.int64], int], Scores]] = {
    "assignment": _assignment,
    "proportion": _proportion,
    "nearest": _nearest,
    "linear": _linear,
}

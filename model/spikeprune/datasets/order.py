"""In which order images come, and which of them a part takes.

A network of this kind forgets: shown one class after the other, it knows the last ones (23 instead of 71 % on digits at
N = 100).  So training images whose labels come in runs are shuffled, and a part of such images is taken class by class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.labels import UNLABELLED

__all__ = ["SHUFFLE_SEED", "TEST_SHARE", "come_in_runs", "hold_out", "shuffled", "some_of"]

# For RandomState, whose stream is frozen (unlike Generator's): the same order with every version of NumPy.
SHUFFLE_SEED = 0
#: Share of each class that becomes the test part where data have none.
TEST_SHARE = 0.2
#: So many standard deviations above chance, equal neighbours are no chance.
DEVIATIONS = 4


def come_in_runs(labels: NDArray[np.int64]) -> bool:
    """Whether equal labels follow each other far more often than in a random order.

    Parameters
    ----------
    labels : ndarray of int [images]

    Examples
    --------
    >>> come_in_runs(np.repeat([0, 1, 2], 10)), come_in_runs(np.tile([0, 1, 2], 10))
    (True, False)
    """
    _, numbers = np.unique(labels, return_inverse=True)
    images = np.bincount(numbers)
    pairs, classes = len(labels) - 1, len(images)
    if classes < 2:
        return False
    equal = int((numbers[1:] == numbers[:-1]).sum())
    if equal == len(labels) - classes and len(labels) >= 3 * classes:
        return True  # sorted
    chance = float((images / len(labels)) @ (images / len(labels)))
    return equal - pairs * chance > DEVIATIONS * float(np.sqrt(pairs * chance * (1 - chance)))


def shuffled(images: int) -> NDArray[np.int64]:
    """Return the order in which images that came sorted are trained with."""
    return np.random.RandomState(SHUFFLE_SEED).permutation(images)


def some_of(labels: NDArray[np.int64], n: int, last: bool = False) -> NDArray[np.int64]:
    """Choose `n` images, in their order: the first or last, or an equal share of each class where labels come in runs.

    Parameters
    ----------
    labels : ndarray of int [images]
    n : int
        At most the number of images.
    last : bool
        Take them from the end.

    Returns
    -------
    ndarray of int64 [n]
        Their numbers.
    """
    if n == len(labels) or not come_in_runs(labels):
        return np.arange(len(labels) - n, len(labels)) if last else np.arange(n)
    classes, images = np.unique(labels, return_counts=True)
    share = n * images / len(labels)
    taken = np.floor(share).astype(int)
    # The places that rounding down has left go to the largest remainders.
    taken[np.argsort(taken - share, kind="stable")[: n - taken.sum()]] += 1
    chosen = []
    for label, number in zip(classes, taken, strict=True):
        members = np.flatnonzero(labels == label)
        chosen.append(members[len(members) - number :] if last else members[:number])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def hold_out(labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw a fifth of each class for testing; images without a label and single ones stay in training.

    Returns
    -------
    train, test : ndarray of int64
        Numbers of the images, in their order.
    """
    random = np.random.RandomState(SHUFFLE_SEED)
    test = []
    for label in np.unique(labels[labels != UNLABELLED]):
        members = np.flatnonzero(labels == label)
        n_test = max(1, round(TEST_SHARE * len(members))) if len(members) > 1 else 0
        test.append(random.permutation(members)[:n_test])
    chosen = np.sort(np.concatenate(test)) if test else np.array([], dtype=np.int64)
    return np.setdiff1d(np.arange(len(labels)), chosen), chosen

"""The responses to the last images of a training, and the classes that they assign to the neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeprune.readout import assignment_of, class_sums

__all__ = ["RecentResponses"]


class RecentResponses:
    """The last responses of a training, which come in chunk by chunk.

    The oldest rows are overwritten by the newest and the sums of each class kept up to date, so that a chunk costs what
    its own images do, however many are kept.

    Parameters
    ----------
    keep : int
        Images to keep.
    neurons, n_classes : int
    """

    def __init__(self, keep: int, neurons: int, n_classes: int) -> None:
        # No neuron fires 65,536 times in a presentation.  Rows take memory once they are written.
        self._rows = np.zeros((keep, neurons), dtype=np.uint16)
        self._labels = np.zeros(keep, dtype=np.int64)
        self._sums = np.zeros((n_classes, neurons), dtype=np.int64)
        self._images = np.zeros(n_classes, dtype=np.int64)
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, len(self._rows))

    def extend(self, responses: NDArray[np.integer], labels: NDArray[np.int64]) -> None:
        """Add the responses [images, neurons] to images with these labels [images]."""
        keep, n_classes = len(self._rows), len(self._images)
        responses, labels = responses[-keep:], labels[-keep:]
        places = (self._added + np.arange(len(labels))) % keep
        replaced = places[max(keep - self._added, 0) :]
        for sign, rows, classes in ((-1, self._rows[replaced], self._labels[replaced]), (1, responses, labels)):
            sums, images = class_sums(rows, classes, n_classes)
            self._sums += sign * sums
            self._images += sign * images
        self._rows[places], self._labels[places] = responses, labels
        self._added += len(labels)

    @property
    def responses(self) -> NDArray[np.uint16]:
        """Spikes of each neuron in reply to each image, oldest first [images, neurons]."""
        return self._rows[self._order()]

    @property
    def labels(self) -> NDArray[np.int64]:
        """Classes of these images [images]."""
        return self._labels[self._order()]

    @property
    def assignment(self) -> NDArray[np.int64]:
        """Class that each neuron answered most strongly to, or ``UNASSIGNED`` [neurons]."""
        return assignment_of(self._sums, self._images)

    def _order(self) -> NDArray[np.int64]:
        return (self._added - len(self) + np.arange(len(self))) % len(self._rows)

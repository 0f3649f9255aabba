"""Checks of responses (spike counts, images × neurons) and of the classes that belong to them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeprune.errors import DataError, ParameterError

__all__ = ["class_labels", "spike_counts"]


def spike_counts(responses: ArrayLike) -> NDArray[np.integer[Any]]:
    """Check spike counts [images, neurons]; DataError if they are none."""
    counts = np.asarray(responses)
    if counts.ndim != 2:
        raise DataError(f"Responses have {counts.ndim} dimensions instead of 2: pass an array images × neurons.")
    if counts.dtype.kind not in "iu":
        raise DataError(f"Responses are {counts.dtype} instead of integers: pass spike counts.")
    if counts.size and counts.min() < 0:
        raise DataError(f"A response is {counts.min()}, but a spike count is at least 0: check the responses.")
    return counts


def class_labels(
    labels: ArrayLike, expected: int, n_classes: int, what: str = "labels", lowest: int = 0
) -> NDArray[np.integer[Any]]:
    """Check classes; DataError if they do not fit the responses, ParameterError if `n_classes` is less than 1."""
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

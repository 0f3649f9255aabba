"""The way of arrays into a data set: images, labels, a test part where there is none, and an order to train in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.arrays import as_images
from spikeprune.datasets.events import check_sensor
from spikeprune.datasets.labels import UNLABELLED, as_labels
from spikeprune.datasets.order import come_in_runs, hold_out, shuffled
from spikeprune.errors import DataError, ParameterError

__all__ = ["Converted", "check_part", "checksum", "convert", "within"]


class Converted(NamedTuple):
    """What a data set is made of."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    white: float
    notes: tuple[str, ...]
    classes: tuple[int, ...] | tuple[str, ...]


def convert(
    train_images: Any,
    train_labels: Any,
    test_images: Any,
    test_labels: Any,
    name: str,
    class_names: Sequence[str] | None,
    *,
    shape: tuple[int, int] | None,
    white: float | None,
    grey: bool,
    shuffle: bool | None,
) -> Converted:
    """Convert what `Dataset.from_arrays` is given; see there."""
    if shape is not None:
        shape = check_sensor(shape)
    train, scale, notes = as_images(train_images, "training", name, shape=shape, white=white, grey=grey)
    whole = test_images is None and test_labels is None
    if train_labels is None and not whole:
        train_labels = [None] * len(train)
    labels = as_labels(train_labels, test_labels, name, class_names, tested=not whole)
    _same_length(name, "training", train, labels.train)
    numbers, tested = labels.train, labels.test
    if whole:
        remaining, held_out = hold_out(numbers)
        if not held_out.size:
            raise DataError(f"'{name}' has no test images, and too few to hold some out: add some.")
        notes.append(f"'{name}' has no test images, so {len(held_out):,}, a fifth of each class, are held out.")
        test, tested = train[held_out], numbers[held_out]
        train, numbers = train[remaining], numbers[remaining]
    else:
        rows = (train.shape[1], train.shape[2]) if np.ndim(test_images) == 2 else None
        test, _, _ = as_images(test_images, "test", name, shape=rows, white=white, like=scale, grey=grey)
    if shuffle or (shuffle is None and come_in_runs(numbers)):
        if shuffle is None:
            notes.append(
                f"The training images of '{name}' are sorted by class, so they are shuffled; pass shuffle=False to "
                "keep their order."
            )
        order = shuffled(len(train))
        train, numbers = train[order], numbers[order]
    return Converted(train, numbers, test, tested, labels.class_names, scale, (*notes, *labels.notes), labels.classes)


def _same_length(name: str, part: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    if len(labels) != len(images):
        raise DataError(
            f"'{name}' has {len(images)} {part} images but {len(labels)} {part} labels: give one label for each image."
        )


def check_part(
    name: str, part: str, images: NDArray[np.uint8], labels: NDArray[np.int64], class_names: Sequence[str]
) -> None:
    """Raise DataError unless images and labels are what a data set holds, and fit together."""
    if images.dtype != np.uint8 or images.ndim != 3 or images.size == 0:
        raise DataError(
            f"The {part} images of '{name}' are {images.dtype} {images.shape}, but need to be uint8 [images, "
            "height, width] and not empty: use Dataset.from_arrays to convert and check them."
        )
    if labels.dtype != np.int64 or labels.ndim != 1:
        raise DataError(
            f"The {part} labels of '{name}' are {labels.dtype} {labels.shape}, but need to be int64 [images]: "
            "use Dataset.from_arrays to convert and check them."
        )
    _same_length(name, part, images, labels)
    if labels.min() < (UNLABELLED if part == "training" else 0) or labels.max() >= len(class_names):
        raise DataError(
            f"The {part} labels of '{name}' range from {labels.min()} to {labels.max()}, but its "
            f"{len(class_names)} classes are numbered from 0 to {len(class_names) - 1}: correct the "
            "labels or the class names."
        )


def within(name: str, parameter: str, value: int | None, largest: int) -> int:
    """Check a number of images; None stands for all of them."""
    if value is None:
        return largest
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= largest:
        raise ParameterError(
            f"{parameter} = {value} is out of range for '{name}': choose a whole number from 1 to {largest}."
        )
    return int(value)


def checksum(
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.int64],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.int64],
) -> str:
    """SHA-256 (hexadecimal) of four arrays with their shapes and types."""
    digest = hashlib.sha256()
    for images in (train_images, test_images):
        digest.update(f"uint8 {images.shape}".encode())
        digest.update(np.ascontiguousarray(images).data)
    for labels in (train_labels, test_labels):
        digest.update(f"int64 {labels.shape}".encode())
        digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()

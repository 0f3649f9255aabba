"""From whatever arrays a user has to 8-bit images and integer labels, or one sentence on why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError

MAX_LABEL = 9999
"""Largest integer label accepted: above it, the numbers are surely not those of classes counted from 0."""


class Parts(NamedTuple):
    """What every reader returns: images and labels of the two parts, not yet checked."""

    train_images: Any
    train_labels: Any
    test_images: Any
    test_labels: Any
    class_names: Sequence[str] | None = None


def as_images(images: Any, part: str, name: str) -> NDArray[np.uint8]:
    """Check images and convert them to 8 bits.

    Parameters
    ----------
    images : array_like [n_images, height, width]
        Integers in 0 to 255; or floats in 0 to 1, which are multiplied by 255 and rounded; or booleans, which become
        0 and 255.
    part : str
        ``"training"`` or ``"test"``, for error messages.
    name : str
        The data set, for error messages.

    Returns
    -------
    ndarray of uint8 [n_images, height, width]
        A new array.

    Raises
    ------
    DataError
        If the images have the wrong shape or type, if there are none, if a value is NaN, infinite or outside the
        range, or if all pixels of an image are equal.
    """
    whose = f"The {part} images of '{name}'"
    if images is None:
        raise DataError(f"{whose} are missing: give an array [images, height, width].")
    try:
        array = np.asarray(images)
    except ValueError as error:
        raise DataError(f"{whose} differ in size: crop or scale them to one height and width.") from error
    if array.ndim != 3:
        raise DataError(f"{whose} have shape {array.shape}, but need [images, height, width]: reshape the array.")
    if array.size == 0:
        raise DataError(f"{whose} are empty (shape {array.shape}): give at least one image of at least two pixels.")

    if array.dtype.kind == "b":
        scaled = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind in "iu":
        scaled = _from_integers(array, whose)
    elif array.dtype.kind == "f":
        scaled = _from_floats(array, part, name, whose)
    else:
        raise DataError(f"{whose} are of type {array.dtype}, but need integers in 0 to 255 or floats in 0 to 1.")

    flat = scaled.reshape(len(scaled), -1)
    constant = np.flatnonzero((flat == flat[:, :1]).all(axis=1))
    if constant.size:
        others = f" (and {constant.size - 1} more)" if constant.size > 1 else ""
        raise DataError(
            f"{part.capitalize()} image {constant[0]} of '{name}'{others} is constant (every pixel is "
            f"{flat[constant[0], 0]}), so it shows nothing to learn or recognise: remove it together with its label."
        )
    return scaled


def _from_integers(array: NDArray[Any], whose: str) -> NDArray[np.uint8]:
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 255:
        raise DataError(f"{whose} range from {low} to {high}, but integer pixels must lie in 0 to 255: rescale them.")
    if low == 0 and high == 1:
        # Taken at their word, such images would hardly make an input neuron spike.
        raise DataError(f"{whose} are integers 0 and 1 in a range of 0 to 255: multiply them by 255.")
    return array.astype(np.uint8)


def _from_floats(array: NDArray[Any], part: str, name: str, whose: str) -> NDArray[np.uint8]:
    bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
    if bad.size:
        raise DataError(
            f"{part.capitalize()} image {bad[0]} of '{name}' contains NaN or infinity: remove the image together with "
            "its label, or replace those pixels."
        )
    low, high = float(array.min()), float(array.max())
    if low < 0.0 or high > 1.0:
        raise DataError(
            f"{whose} range from {low:g} to {high:g}, but float pixels must lie in 0 to 1: rescale them, or convert "
            "them to 8-bit integers if they run from 0 to 255."
        )
    scaled: NDArray[np.uint8] = np.rint(array.astype(np.float32) * np.float32(255)).astype(np.uint8)
    return scaled


def as_labels(
    train: Any, test: Any, name: str, class_names: Sequence[str] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
    """Check labels and number the classes from 0.

    Parameters
    ----------
    train, test : array_like [n_images]
        Integers from 0, which are kept as they are, or strings, which are replaced by their place among the sorted
        names of both parts (or among `class_names`).
    name : str
        The data set, for error messages.
    class_names : sequence of str, optional
        Names of the classes 0, 1, ...

    Returns
    -------
    train, test : ndarray of int64 [n_images]
    class_names : tuple of str
        For integers without names, the numbers from 0 to the largest label.

    Raises
    ------
    DataError
        If labels are missing, are neither whole numbers nor strings, lie outside the range or have no name.
    """
    first, second = _label_array(train, "training", name), _label_array(test, "test", name)
    given = None if class_names is None else tuple(str(class_name) for class_name in np.ravel(class_names))
    if (first.dtype.kind == "U") != (second.dtype.kind == "U"):
        raise DataError(
            f"The training labels of '{name}' are of type {first.dtype} and the test labels of type {second.dtype}: "
            "use integers in both or strings in both."
        )
    if first.dtype.kind != "U":
        largest = max(int(first.max()), int(second.max()))
        names = tuple(map(str, range(largest + 1))) if given is None else given
        return first.astype(np.int64), second.astype(np.int64), names
    found = [str(label) for label in np.unique(np.concatenate([first, second]))]
    names = tuple(found) if given is None else given
    number = {label: k for k, label in enumerate(names)}
    for label in found:
        if label not in number:
            raise DataError(f"Label '{label}' of '{name}' is not one of its class names ({', '.join(names)}): add it.")
    return _numbered(first, number), _numbered(second, number), names


def _numbered(labels: NDArray[np.str_], number: dict[str, int]) -> NDArray[np.int64]:
    return np.fromiter((number[str(label)] for label in labels), dtype=np.int64, count=len(labels))


def _label_array(labels: Any, part: str, name: str) -> NDArray[Any]:
    whose = f"The {part} labels of '{name}'"
    if labels is None:
        raise DataError(f"{whose} are missing: give one label for each image.")
    try:
        array = np.asarray(labels)
    except ValueError as error:
        raise DataError(f"{whose} are not a plain list: give one label for each image.") from error
    if array.ndim != 1:
        raise DataError(f"{whose} have shape {array.shape}, but need one label for each image [images].")
    if array.size == 0:
        raise DataError(f"{whose} are empty: give one label for each image.")
    if array.dtype.kind in "OT":
        array = _from_objects(array, part, name)
    if array.dtype.kind == "U":
        _refuse(np.char.str_len(array) == 0, array, part, name, "is an empty string", "give it a class name")
    elif array.dtype.kind == "f":
        _refuse(~np.isfinite(array), array, part, name, "is missing", "label the image or remove it")
        raise DataError(f"{whose} are of type {array.dtype}, but need integers from 0 or strings: use .astype(int).")
    elif array.dtype.kind in "iu":
        _refuse(array < 0, array, part, name, "is negative", "number the classes from 0")
        too_large = f"is larger than {MAX_LABEL}"
        _refuse(array > MAX_LABEL, array, part, name, too_large, "number the classes from 0 or use strings")
    elif array.dtype.kind != "b":
        raise DataError(f"{whose} are of type {array.dtype}, but need integers from 0 or strings.")
    return array


def _from_objects(array: NDArray[Any], part: str, name: str) -> NDArray[Any]:
    missing = np.array([label is None or label != label for label in array], dtype=bool)
    _refuse(missing, array, part, name, "is missing", "label the image or remove it")
    if all(isinstance(label, str) for label in array):
        return array.astype(str)
    if all(isinstance(label, int | np.integer) for label in array):
        return np.array(array.tolist())
    raise DataError(f"The {part} labels of '{name}' mix types: use integers from 0 for all or strings for all.")


def _refuse(bad: NDArray[np.bool_], array: NDArray[Any], part: str, name: str, fault: str, remedy: str) -> None:
    where = np.flatnonzero(bad)
    if where.size:
        raise DataError(f"{part.capitalize()} label {where[0]} of '{name}' ({array[where[0]]}) {fault}: {remedy}.")

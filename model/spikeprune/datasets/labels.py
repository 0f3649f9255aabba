"""From labels of any kind to classes numbered from 0: one policy for every way that data come in.

Labels may be whole numbers with gaps, strings, truth values or one-hot rows; what occurs in training is a class.  A
training image without a label trains the network and assigns no neuron; a test image needs one, of a class that
training has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError

__all__ = ["UNLABELLED", "Labels", "as_labels"]

#: Number that stands for the class of a training image without a label.
UNLABELLED = -1
#: A class with one image among classes with this many is worth a word: its label may be a slip.
STRAY = 10


class Labels(NamedTuple):
    """Classes of the training and of the test images [images], their names and labels, and what is worth saying."""

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    class_names: tuple[str, ...]
    notes: list[str]
    classes: tuple[int, ...] | tuple[str, ...]


def as_labels(
    train: Any, test: Any, name: str, class_names: Sequence[str] | None = None, *, tested: bool = True
) -> Labels:
    """Check labels and number the classes from 0.

    Parameters
    ----------
    train, test : array_like [n_images]
        Whole numbers, strings, truth values or one-hot rows [n_images, n_classes].  None or NaN stands for a training
        image without a label; None for all of them.
    name : str
        The data set, for error messages.
    class_names : sequence of str, optional
        Names of the classes 0, 1, ...: whole numbers then are places in this list, strings are among it.  Without it,
        the classes are the labels that occur in training, sorted.
    tested : bool
        Whether there is a test part.

    Raises
    ------
    DataError
        If labels cannot be read, a test image has none, or a class is tested that does not occur in training.
    """
    first, unlabelled = _plain(train, "training", name)
    second, unknown = _plain(test, "test", name) if tested else (first[:0], unlabelled[:0])
    _refuse(unknown, second, "test", name, "is missing", "label the image or remove it")
    labelled = first[~unlabelled]
    if tested and labelled.size and (labelled.dtype.kind == "U") != (second.dtype.kind == "U"):
        raise DataError(
            f"The training labels of '{name}' are of type {first.dtype} and the test labels of type {second.dtype}: "
            "use numbers in both or strings in both."
        )
    occurring = np.unique(labelled if labelled.size else second)
    if class_names is None:
        classes, names = occurring, tuple(str(label) for label in occurring)
    else:
        names = tuple(str(class_name) for class_name in np.ravel(np.asarray(class_names)))
        classes = np.array(names) if occurring.dtype.kind == "U" else np.arange(len(names))
        for part, array in (("training", labelled), ("test", second)):
            strange = array[~np.isin(array, classes)]
            if strange.size:
                remedy = f"the class names are {_few(names)}: add it, or correct the label"
                raise DataError(f"The {part} label '{strange[0]}' of '{name}' has no class name, as {remedy}.")
    missing = second[~np.isin(second, occurring)]
    if missing.size and labelled.size:
        raise DataError(
            f"The test label '{missing[0]}' of '{name}' ({missing.size} test images have such labels) does not occur "
            f"in training, where the classes are {_few(names)}: a class that is tested needs training images."
        )
    place = {label: k for k, label in enumerate(classes.tolist())}
    numbers = np.full(len(first), UNLABELLED, dtype=np.int64)
    numbers[~unlabelled] = [place[label] for label in labelled.tolist()]
    places = np.array([place[label] for label in second.tolist()], dtype=np.int64)
    return Labels(numbers, places, names, _notes(numbers, names, name), tuple(classes.tolist()))


def _notes(train: NDArray[np.int64], names: tuple[str, ...], name: str) -> list[str]:
    notes = []
    unlabelled = int((train == UNLABELLED).sum())
    if unlabelled:
        notes.append(
            f"{unlabelled:,} of the {len(train):,} training images of '{name}' have no label: they train the network, "
            "but assign no neuron to a class."
        )
    images = np.bincount(train[train != UNLABELLED], minlength=len(names))
    single = [names[k] for k in np.flatnonzero(images == 1)]
    if single and np.median(images) >= STRAY:
        notes.append(f"Classes of '{name}' with one training image only: {_few(single)}; are these labels right?")
    return notes


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 12 else f"{', '.join(names[:10])} and {len(names) - 10} more"


def _plain(labels: Any, part: str, name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Labels as integers or strings [images], and where there is none."""
    whose = f"The {part} labels of '{name}'"
    if labels is None:
        raise DataError(f"{whose} are missing: give one label for each image.")
    try:
        array = np.ma.getdata(labels) if isinstance(labels, np.ma.MaskedArray) else np.asarray(labels)
    except ValueError as error:
        raise DataError(f"{whose} are not a plain list: give one label for each image.") from error
    array = _one_column(array, whose)
    if array.size == 0:
        raise DataError(f"{whose} are empty: give one label for each image.")
    missing = np.zeros(len(array), dtype=bool)
    if isinstance(labels, np.ma.MaskedArray):
        missing |= np.ravel(np.ma.getmaskarray(labels))
    if array.dtype.kind in "OT":
        missing |= np.array([_is_missing(label) for label in array], dtype=bool)
        array = _from_objects(array, missing, part, name)
    elif array.dtype.kind == "f":
        missing |= np.isnan(array)
    if array.dtype.kind == "S":
        array = array.astype(str)
    if array.dtype.kind == "U":
        empty = (np.char.str_len(array) == 0) & ~missing
        _refuse(empty, array, part, name, "is an empty string", "give it a class name")
    elif array.dtype.kind == "f":
        whole = np.where(missing, 0, array)
        broken = ~np.isfinite(whole) | (whole != np.rint(np.where(np.isfinite(whole), whole, 0)))
        _refuse(broken, array, part, name, "is no whole number", "label images with their classes")
        array = whole.astype(np.int64)
    elif array.dtype.kind in "biu":
        array = array.astype(np.int64)
    else:
        raise DataError(f"{whose} are of type {array.dtype}, but need whole numbers or strings.")
    return array, missing


def _one_column(array: NDArray[Any], whose: str) -> NDArray[Any]:
    """Read one-hot rows and columns of one label."""
    if array.ndim == 2 and array.shape[1] == 1:
        return array[:, 0]
    if array.ndim == 2 and array.dtype.kind in "biuf" and array.size:
        if ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all():
            return array.argmax(axis=1)
        raise DataError(f"{whose} have shape {array.shape}, but not a single 1 in each row: give one class an image.")
    if array.ndim != 1:
        raise DataError(f"{whose} have shape {array.shape}, but need one label for each image [images].")
    return array


def _is_missing(label: Any) -> bool:
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas' NA is neither equal nor unequal
        return True


def _from_objects(array: NDArray[Any], missing: NDArray[np.bool_], part: str, name: str) -> NDArray[Any]:
    there = array[~missing].tolist()
    if not there:
        return np.zeros(len(array), dtype=np.int64)
    if all(isinstance(label, str) for label in there):
        filled = np.where(missing, "-", array)
        return filled.astype(str)
    if all(isinstance(label, int | float | np.integer | np.floating) for label in there):
        filled = np.where(missing, 0, array)
        return np.array(filled.tolist())
    raise DataError(f"The {part} labels of '{name}' mix types: use numbers for all or strings for all.")


def _refuse(bad: NDArray[np.bool_], array: NDArray[Any], part: str, name: str, fault: str, remedy: str) -> None:
    where = np.flatnonzero(bad)
    if where.size:
        raise DataError(f"{part.capitalize()} label {where[0]} of '{name}' ({array[where[0]]}) {fault}: {remedy}.")

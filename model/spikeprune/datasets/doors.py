"""Other ways to a data set: whatever a user calls data, and where a run remembers to have it from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikeprune.datasets.dataset import Dataset
from spikeprune.datasets.event_data import event_folder, holds_events
from spikeprune.datasets.user import as_path
from spikeprune.errors import DataError

__all__ = ["as_dataset", "load_origin"]

#: Attributes that hold images and labels: torchvision's data sets, scikit-learn's bunches.
PAIRS = (("data", "targets"), ("data", "target"))


def as_dataset(data: Any) -> Dataset:
    """Make a data set of what a user passes for one.

    Parameters
    ----------
    data : Dataset, str, path-like, tuple or object
        A data set as it is; a name or path, as of `Dataset.load`; ``(X, y)`` or ``(X, y, X_test, y_test)``; an object
        with ``data`` and ``targets`` (torchvision) or ``target`` (scikit-learn, OpenML); or two of these, for training
        and testing.

    Raises
    ------
    DataError
        If it is none of these, or the images or labels are not usable.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> import warnings; warnings.simplefilter("ignore")
    >>> as_dataset(load_digits())
    Dataset('user data': 1438 training and 359 test images of 8 x 8 pixels, 10 classes)
    """
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | os.PathLike):
        return load_origin({"name": data})
    if isinstance(data, tuple | list):
        parts = [_pair(part) for part in data]
        if len(parts) == 2 and all(parts):
            return Dataset.from_arrays(*parts[0], *parts[1])  # type: ignore[misc]
        if len(data) in (2, 4) and not any(parts):
            return Dataset.from_arrays(*data)
    elif pair := _pair(data):
        return Dataset.from_arrays(*pair)
    raise DataError(
        f"{type(data).__name__} is no data set: pass the name of one, a path, (images, labels), or what "
        "Dataset.from_arrays returns."
    )


def _pair(data: Any) -> tuple[Any, Any] | None:
    """Images and labels of one part, where `data` is such."""
    if isinstance(data, tuple) and len(data) == 2 and np.ndim(data[1]) >= 1 and np.ndim(data[0]) > np.ndim(data[1]):
        return data[0], data[1]
    for images, labels in PAIRS:
        if hasattr(data, images) and hasattr(data, labels) and not isinstance(data, np.ndarray):
            return getattr(data, images), getattr(data, labels)
    return None


def load_origin(origin: Mapping[str, Any]) -> Dataset:
    """Load data again from where they came (`Dataset.origin`).

    Parameters
    ----------
    origin : mapping
        ``name``, ``data_dir``, how to read the images (``shape``, ``white``, ``grey``), and which part of them was
        taken: ``validation``, ``images``, ``test_images``, and a list ``parts`` of such.
    """
    reading: dict[str, Any] = {key: origin[key] for key in ("white", "grey") if origin.get(key) is not None}
    if origin.get("shape"):
        reading["shape"] = tuple(origin["shape"])
    path = as_path(origin["name"])
    if path is not None and holds_events(path):
        dataset = event_folder(path, reading.get("shape"))
    else:
        dataset = Dataset.load(origin["name"], origin.get("data_dir"), **reading)
    for part in (origin, *origin.get("parts", [])):
        if part.get("validation"):
            dataset = dataset.validation_split(part["validation"])
        if part.get("images") or part.get("test_images"):
            dataset = dataset.subset(train=part.get("images"), test=part.get("test_images"))
    return dataset

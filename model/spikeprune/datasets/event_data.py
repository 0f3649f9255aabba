"""Data sets of recordings of an event camera, from lists of events or from files of N-MNIST."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.dataset import Dataset
from spikeprune.datasets.events import Recording, check_sensor, encode, read_bin, recording, slots_of
from spikeprune.datasets.labels import as_labels
from spikeprune.datasets.order import come_in_runs, hold_out, shuffled
from spikeprune.errors import DataError, DataNote

__all__ = ["event_data", "event_folder", "holds_events", "recordings_like"]


def event_data(
    train: Sequence[Any],
    train_labels: Any,
    test: Sequence[Any] | None = None,
    test_labels: Any = None,
    *,
    shape: tuple[int, int],
    name: str = "event data",
) -> Dataset:
    """Make a data set of recorded events, which become the input spikes at their times.

    Parameters
    ----------
    train, test : sequence of recordings
        Of each, rows of x, y, t or x, y, t, p, with t in microseconds; a structured array with these names; or a tuple
        of columns.  Without `test`, a fifth of each class is held out.
    train_labels, test_labels : array_like
        As for :meth:`Dataset.from_arrays`.
    shape : (int, int)
        Height and width of the sensor.  Where there are two polarities there are twice as many inputs, and the image of
        the second (p > 0) lies below that of the first.
    name : str

    Returns
    -------
    Dataset
        To be trained with like any other.  A recording is shown once, for ``presentation`` ms: what comes later is not
        shown.

    Raises
    ------
    DataError, ParameterError
        If an event lies outside the sensor, there are none, labels do not fit, or `shape` is none.

    Examples
    --------
    >>> bar = [[x, 2, 1000 * x] for x in range(5)]  # moves to the right, a pixel in a millisecond
    >>> event_data([bar, bar[::-1]], ["bar", "bar"], [bar], ["bar"], shape=(5, 5))
    Dataset('event data': 2 training and 1 test images of 5 x 5 pixels, 1 classes)
    """
    height, width = check_sensor(shape)
    parts = [
        [recording(each, f"{part} recording {k} of '{name}'", (height, width)) for k, each in enumerate(recordings)]
        for part, recordings in (("training", train), ("test", test if test is not None else ()))
    ]
    labels = as_labels(train_labels, test_labels, name, None, tested=test is not None)
    for part, recordings, given in zip(("training", "test"), parts, (labels.train, labels.test), strict=True):
        if (part == "training" or test is not None) and len(recordings) != len(given):
            raise DataError(
                f"'{name}' has {len(recordings)} {part} recordings but {len(given)} {part} labels: give one for each."
            )
    numbers, tested, notes = labels.train, labels.test, list(labels.notes)
    if test is None:
        remaining, held_out = hold_out(numbers)
        if not len(held_out):
            raise DataError(f"'{name}' has no test recordings, and too few to hold some out: add some.")
        parts[1], tested = [parts[0][k] for k in held_out], numbers[held_out]
        parts[0], numbers = [parts[0][k] for k in remaining], numbers[remaining]
        notes.append(f"'{name}' has no test recordings, so {len(held_out):,}, a fifth of each class, are held out.")
    if come_in_runs(numbers):
        order = shuffled(len(numbers))
        parts[0], numbers = [parts[0][k] for k in order], numbers[order]
        notes.append(f"The training recordings of '{name}' are sorted by class, so they are shuffled.")
    polarities = 1 + any(each[:, 3].any() for part in parts for each in part)
    slots = slots_of([*parts[0], *parts[1]], (height, width))
    images = [encode(part, (height, width), polarities, slots)[0] for part in parts]
    for note in notes:
        warnings.warn(note, DataNote, stacklevel=2)
    return Dataset(
        name, images[0], numbers, images[1], tested, class_names=labels.class_names, notes=tuple(notes),
        classes=labels.classes, event_slots=slots, polarities=polarities,
    )  # fmt: skip


def holds_events(path: Path) -> bool:
    """Whether a folder has files of N-MNIST, ``train/<class>/*.bin``."""
    return path.is_dir() and next(path.glob("train/*/*.bin"), None) is not None


def event_folder(path: Path, shape: tuple[int, int] | None = None) -> Dataset:
    """Load ``train/<class>/*.bin`` and ``test/<class>/*.bin`` (capitals as in N-MNIST will do).

    Parameters
    ----------
    path : Path
    shape : (int, int), optional
        Height and width of the sensor: 34 x 34, those of N-MNIST, unless given.

    Raises
    ------
    DataError
        If there are no files, or one is damaged.
    """
    found: list[Any] = []
    for part in ("train", "test"):
        files = sorted(path.glob(f"{part}/*/*.bin"))
        if not files:
            raise DataError(f"{path / part} has no files <class>/*.bin: add them.")
        recordings: list[Recording] = [read_bin(file) for file in files]
        found += [recordings, [file.parent.name for file in files]]
    made = event_data(*found, shape=shape or (34, 34), name=path.resolve().name)
    return replace(made, origin={"name": str(path.resolve()), **({"shape": shape} if shape else {})})


def recordings_like(events: Any, sensor: tuple[int, int], polarities: int, slots: int) -> NDArray[np.uint8]:
    """Encode recordings as a network was trained on them [n_recordings, bytes].

    Parameters
    ----------
    events : recording or list of recordings
    sensor : (int, int)
        Height and width.
    polarities, slots : int
        Those of the training; events beyond the slots are left out, with a `DataNote`.

    Raises
    ------
    DataError
        If they are no recordings.
    """
    several = [events] if _is_recording(events) else list(events)
    checked = [recording(each, f"recording {k}", sensor) for k, each in enumerate(several)]
    if not checked:
        raise DataError("There are no recordings: give at least one.")
    if polarities == 1:
        for each in checked:
            each[:, 3] = 0
    images, left_out = encode(checked, sensor, polarities, slots)
    if left_out:
        note = f"{left_out:,} events are left out: inputs had at most {slots - 1} each in the data of the training."
        warnings.warn(note, DataNote, stacklevel=3)
    return images.reshape(len(images), -1)


def _is_recording(events: Any) -> bool:
    """Whether this is one recording rather than several."""
    if isinstance(events, tuple) or getattr(getattr(events, "dtype", None), "names", None):
        return True
    if isinstance(events, np.ndarray):
        return events.ndim == 2
    return bool(len(events)) and np.ndim(events[0]) == 1 and not getattr(np.asarray(events[0]).dtype, "names", None)

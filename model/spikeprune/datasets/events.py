"""Event data: what an event camera sends, as input spikes at its times instead of Poisson spikes of pixel values.

A recording is a list of events: x, y, time in microseconds, and polarity where there is one.  A data set keeps, for
each input, the times of its events in an image, in rising order, in units of 10 microseconds, two bytes each, the last
one 65535, which never comes.  Two polarities are two inputs: the image of the second lies below that of the first.

References
----------
.. [1] G. Orchard, A. Jayawant, G. K. Cohen, N. Thakor, "Converting static image datasets to spiking neuromorphic
   datasets using saccades", Frontiers in Neuroscience 9:437 (2015): N-MNIST and its files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError, ParameterError, reason_of

__all__ = ["MICROSECONDS", "NEVER", "check_sensor", "encode", "ink_of_events", "read_bin", "recording", "slots_of"]

#: Unit of a stored time.
MICROSECONDS = 10
#: A time that never comes.
NEVER = 65_535
#: Most slots of an input: times, and the one that never comes.
MOST_SLOTS = 1000
#: Spikes of a white pixel that is shown for 350 ms at the first intensity: 255/8*2 Hz.
SPIKES_OF_WHITE = 22.3

Recording = NDArray[np.int64]


def recording(events: Any, whose: str, shape: tuple[int, int]) -> Recording:
    """Check the events of one recording [events, 4]: x, y, microseconds, polarity.

    Parameters
    ----------
    events : array_like
        Rows of x, y, t or x, y, t, p; a structured array with these names; or a tuple of three or four columns.
    whose : str
        For error messages.
    shape : (int, int)
        Height and width of the sensor.

    Raises
    ------
    DataError
        If it is none of these, or an event lies outside the sensor or before time 0.
    """
    names = getattr(getattr(events, "dtype", None), "names", None)
    try:
        if names:
            columns = [np.asarray(events[name]) for name in ("x", "y", "t", *(["p"] if "p" in names else []))]
        elif isinstance(events, tuple):
            columns = [np.asarray(column) for column in events]
        else:
            columns = list(np.asarray(events).reshape(len(events), -1).T) if len(events) else [np.zeros(0)] * 3
        found = np.zeros((len(columns[0]), 4))
        if len(columns) not in (3, 4):
            raise ValueError(f"{len(columns)} columns")
        found[:, : len(columns)] = np.stack(columns, axis=1)
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise DataError(
            f"The events of {whose} are no table ({error}): give rows of x, y, t in microseconds, and p where there is "
            "one."
        ) from error
    if found.size and not np.isfinite(found).all():
        raise DataError(f"The events of {whose} have NaN or infinity: leave them out.")
    found[:, 3] = found[:, 3] > 0
    height, width = shape
    for column, name, end in ((0, "x", width), (1, "y", height), (2, "t", np.inf)):
        values = found[:, column]
        if values.size and not 0 <= values.min() <= values.max() < end:
            wrong = values.min() if values.min() < 0 else values.max()
            allowed = "at least 0" if name == "t" else f"from 0 to {end - 1}"
            raise DataError(
                f"An event of {whose} has {name} = {wrong:g}: it must be {allowed}; see shape= and the units."
            )
    return found.astype(np.int64)


def _ranked(events: Recording, shape: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Input, rank among the events of its input, and time of each event, the times that can be told apart."""
    height, width = shape
    inputs = (events[:, 3] * height + events[:, 1]) * width + events[:, 0]
    times = events[:, 2] // MICROSECONDS
    kept = times < NEVER
    inputs, times = inputs[kept], times[kept]
    order = np.lexsort((times, inputs))
    inputs, times = inputs[order], times[order]
    first = np.searchsorted(inputs, inputs)
    return inputs, np.arange(len(inputs)) - first, times


def slots_of(recordings: Sequence[Recording], shape: tuple[int, int]) -> int:
    """Return how many times an input needs at most, and one for never.

    Raises
    ------
    DataError
        If that is too many to keep.
    """
    ranks = (_ranked(each, shape)[1] for each in recordings)
    most = max((int(rank.max()) + 1 for rank in ranks if len(rank)), default=0)
    if most == 0:
        raise DataError("The recordings have no event within 655 ms: check the unit of t, which is microseconds.")
    if most >= MOST_SLOTS:
        raise DataError(
            f"An input has {most} events in one recording, but at most {MOST_SLOTS - 1} can be shown: cut the "
            "recordings, or merge events that follow each other closely."
        )
    return most + 1


def encode(
    recordings: Sequence[Recording], shape: tuple[int, int], polarities: int, slots: int
) -> tuple[NDArray[np.uint8], int]:
    """Turn recordings into bytes.

    Returns
    -------
    images : ndarray of uint8 [recordings, 2*slots*polarities*height, width]
    left_out : int
        Events beyond the slots of their input.
    """
    size = polarities * shape[0] * shape[1]
    images = np.full((len(recordings), slots, 2, size), 255, dtype=np.uint8)
    left_out = 0
    for image, events in zip(images, recordings, strict=True):
        inputs, rank, times = _ranked(events, shape)
        fits = rank < slots - 1
        left_out += int((~fits).sum())
        image[rank[fits], 0, inputs[fits]] = times[fits] >> 8
        image[rank[fits], 1, inputs[fits]] = times[fits] & 255
    return images.reshape(len(images), -1, shape[1]), left_out


def ink_of_events(images: NDArray[np.uint8], slots: int) -> float:
    """Return the mean number of events of an input, as a share of the spikes of a white pixel."""
    both = images.reshape(len(images), slots, 2, -1)
    return float(((both[:, :, 0] != 255) | (both[:, :, 1] != 255)).sum(axis=1).mean()) / SPIKES_OF_WHITE


def read_bin(path: Path) -> Recording:
    """Read a file of N-MNIST [1]_: five bytes an event, namely x, y, a bit of polarity and 23 of microseconds.

    Raises
    ------
    DataError
        If it cannot be read, or is no whole number of events.
    """
    try:
        raw = np.fromfile(path, dtype=np.uint8).astype(np.int64)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({reason_of(error)}): check its permissions.") from error
    if len(raw) % 5:
        raise DataError(f"{path} has {len(raw)} bytes, no multiple of 5: it is no file of N-MNIST, or is cut off.")
    x, y, high, middle, low = raw.reshape(-1, 5).T
    return np.stack([x, y, (high & 127) << 16 | middle << 8 | low, high >> 7], axis=1)


def check_sensor(shape: Any) -> tuple[int, int]:
    """Return height and width of a sensor or an image; ParameterError if they are none."""
    try:
        height, width = (int(each) for each in shape)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise ParameterError(f"shape is {shape!r}: give height and width, such as (34, 34).")
    return height, width

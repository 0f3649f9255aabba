"""A data set: training and test images with their labels, checked once and never changed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets import catalogue, user
from spikeprune.datasets import download as named
from spikeprune.datasets.conversion import check_part, checksum, convert, within
from spikeprune.datasets.events import ink_of_events
from spikeprune.datasets.labels import UNLABELLED
from spikeprune.datasets.order import some_of
from spikeprune.errors import DataError, DataNote, ParameterError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Grey images of one size with one label each, in a training and a test part.

    Use `Dataset.load` or `Dataset.from_arrays`; the constructor converts nothing.  The arrays are read-only.

    Parameters
    ----------
    name : str
        What the data set is called in records and messages.
    train_images, test_images : ndarray of uint8 [n_images, height, width]
        Pixels, 0 (background) to 255.
    train_labels, test_labels : ndarray of int64 [n_images]
        Class of each image from 0 on; -1 for a training image without a label.
    class_names : tuple of str [n_classes]
        Names of the classes.
    white : float
        What was white in the arrays given; images to predict are read alike.
    grey : bool
        Whether colour images are turned grey.
    origin : mapping or None
        How `load` came to these images, so that a run can load them again; None where that is not known.
    notes : tuple of str
        A sentence for everything that was guessed about the data.
    classes : tuple of int or of str [n_classes]
        The label of each class, as the user writes it; the numbers from 0 unless given.
    event_slots, polarities : int
        Of event data: times of an input in an image (:mod:`spikeprune.datasets.events`), polarities.

    Raises
    ------
    DataError
        If shapes, types or numbers do not fit together.
    """

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    white: float = 255.0
    grey: bool = False
    origin: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    classes: tuple[int, ...] | tuple[str, ...] = ()
    event_slots: int = 0
    polarities: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        object.__setattr__(self, "classes", tuple(self.classes) or tuple(range(len(self.class_names))))
        if not self.class_names or len(set(self.class_names)) < len(self.class_names):
            raise DataError(f"The class names of '{self.name}' are empty or occur twice: give each class its own name.")
        check_part(self.name, "training", self.train_images, self.train_labels, self.class_names)
        check_part(self.name, "test", self.test_images, self.test_labels, self.class_names)
        train_size, test_size = self.train_images.shape[1:], self.test_images.shape[1:]
        if train_size != test_size:
            raise DataError(
                f"The training images of '{self.name}' are {train_size[0]} x {train_size[1]} pixels and the test "
                f"images {test_size[0]} x {test_size[1]}: crop or scale them to one size."
            )
        for field in ("train_images", "train_labels", "test_images", "test_labels"):
            view = getattr(self, field).view()
            view.flags.writeable = False
            object.__setattr__(self, field, view)

    def __repr__(self) -> str:
        height, width = self.image_shape
        return (
            f"Dataset('{self.name}': {len(self.train_images)} training and {len(self.test_images)} test images of "
            f"{height} x {width} pixels, {self.n_classes} classes)"
        )

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of every image, in pixels."""
        return self.train_images.shape[1] // (2 * self.event_slots or 1), self.train_images.shape[2]

    @property
    def n_inputs(self) -> int:
        """Pixels of an image, which is the number of input neurons."""
        return self.image_shape[0] * self.image_shape[1]

    @property
    def ink(self) -> float:
        """Mean pixel of the training images, 0 to 1, which the summed weight may follow."""
        if self.event_slots:
            return ink_of_events(self.train_images, self.event_slots)
        return float(self.train_images.mean(dtype=np.float64) / 255)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 (hexadecimal) of the four arrays with their shapes and types; not of the names."""
        return checksum(self.train_images, self.train_labels, self.test_images, self.test_labels)

    @classmethod
    def load(
        cls,
        name: str | os.PathLike[str],
        data_dir: str | os.PathLike[str] | None = None,
        download: bool = False,
        *,
        shape: tuple[int, int] | None = None,
        white: float | None = None,
        grey: bool = False,
    ) -> Dataset:
        """Load a data set by name, or the user's own data by path.

        Parameters
        ----------
        name : str or path-like
            One of `spikeprune.datasets.NAMES`, or the path of an ``.npz`` file or of a folder of IDX files or images
            (see `spikeprune.datasets.user`).  A name goes before a file: write ``./digits`` for the file.
        data_dir : path-like, optional
            Folder in torchvision's layout (``MNIST/raw`` and so on) that holds the named data sets; without it, the
            environment variable ``SPIKEPRUNE_DATA``, and without that, ``~/.cache/spikeprune/datasets``.
        download : bool, default False
            Fetch a named data set that is not there (see `spikeprune.datasets.fetch`).
        shape, white, grey
            How to read the user's own images, as for `from_arrays`.

        Raises
        ------
        DataError
            If the name is unknown or the data are missing, damaged or not usable.

        Notes
        -----
        The packed files of MNIST, Fashion-MNIST and KMNIST, which go before unpacked ones, are compared with their
        published md5 sums; of other IDX files, only the header is compared with the length of the file.
        """
        path = user.as_path(name)
        given = {"shape": shape, "white": white, "grey": grey}
        reading: dict[str, Any] = {
            key: value for key, value in given.items() if value is not None and value is not False
        }
        if path is not None:
            parts = user.read(path, grey)
            dataset = cls.from_arrays(*parts[:4], name=path.resolve().name, class_names=parts.class_names, **reading)
            return replace(dataset, origin={"name": str(path.resolve()), **reading})
        canonical = catalogue.canonical(str(name))
        if reading:
            raise ParameterError(f"{next(iter(reading))} is for data of your own: leave it out for '{canonical}'.")
        folder = None if data_dir is None else os.path.realpath(Path(data_dir).expanduser())
        parts = named.read(canonical, data_dir, fetch_missing=download)
        return cls(
            canonical, *parts[:4], class_names=tuple(parts.class_names or ()),
            origin={"name": canonical, "data_dir": folder},
        )  # fmt: skip

    @classmethod
    def from_arrays(
        cls,
        train_images: Any,
        train_labels: Any,
        test_images: Any = None,
        test_labels: Any = None,
        name: str = "user data",
        class_names: Sequence[str] | None = None,
        *,
        shape: tuple[int, int] | None = None,
        white: float | None = None,
        grey: bool = False,
        shuffle: bool | None = None,
    ) -> Dataset:
        """Make a data set of arrays, frames or tensors, converting what can be converted and refusing the rest.

        Parameters
        ----------
        train_images, test_images : array_like [n_images, height, width]
            Also rows of pixels [n_images, height * width], one channel [n_images, height, width, 1] or colours, the
            channel last or second.  Without test images, a fifth of each class is held out.
        train_labels, test_labels : array_like [n_images]
            Whole numbers, strings or one-hot rows; None or NaN for a training image without a label, None for all.
        name : str, default "user data"
            What to call the data set.
        class_names : sequence of str, optional
            Names of the classes 0, 1, ...; without it, the classes are the labels that occur, sorted.
        shape : (int, int), optional
            Height and width of images that come as rows; square unless given.
        white : float, optional
            Value of a white pixel; told from the brightest pixel of the training images unless given.
        grey : bool, default False
            Turn colour images grey (ITU-R 601) instead of refusing them.
        shuffle : bool, optional
            Shuffle the training images, always alike; done where their labels come in runs unless given.

        Returns
        -------
        Dataset
            With its own copy of the data.  What was guessed is in its `notes`, and a `DataNote` warns of it.

        Raises
        ------
        DataError
            If images or labels are missing or cannot be used, or a class is tested that training lacks.
        """
        converted = convert(
            train_images, train_labels, test_images, test_labels, name, class_names,
            shape=shape, white=white, grey=grey, shuffle=shuffle,
        )  # fmt: skip
        for note in converted.notes:
            warnings.warn(note, DataNote, stacklevel=2)
        return cls(
            name, *converted[:5], white=converted.white, grey=grey, notes=converted.notes, classes=converted.classes
        )

    def subset(self, train: int | None = None, test: int | None = None) -> Dataset:
        """Keep the first images only; of images sorted by class, the first of each class, in proportion.

        Parameters
        ----------
        train, test : int, optional
            Number of training and of test images to keep; all of them by default.

        Raises
        ------
        ParameterError
            If a number is not between 1 and the number of images there are.
        """
        kept = some_of(self.train_labels, within(self.name, "train", train, len(self.train_images)))
        tested = some_of(self.test_labels, within(self.name, "test", test, len(self.test_images)))
        return replace(
            self,
            train_images=self.train_images[kept],
            train_labels=self.train_labels[kept],
            test_images=self.test_images[tested],
            test_labels=self.test_labels[tested],
            origin=self._derived(images=train, test_images=test),
        )

    def validation_split(self, n: int = 10_000) -> Dataset:
        """Put the last training images in the place of the test images, to choose parameters without those.

        Parameters
        ----------
        n : int, default 10000
            Number of training images to hold out; of images sorted by class, the last of each class.

        Returns
        -------
        Dataset
            Named ``<name>-validation``.

        Raises
        ------
        ParameterError
            If `n` does not leave at least one image to train with.
        DataError
            If one of these images has no label.
        """
        held_out = some_of(self.train_labels, within(self.name, "n", n, len(self.train_images) - 1), last=True)
        kept = np.setdiff1d(np.arange(len(self.train_images)), held_out)
        if (self.train_labels[held_out] == UNLABELLED).any():
            raise DataError(f"Of the last {n} training images of '{self.name}', some have no label: label them.")
        return replace(
            self, name=f"{self.name}-validation", origin=self._derived(validation=n),
            train_images=self.train_images[kept], train_labels=self.train_labels[kept],
            test_images=self.train_images[held_out], test_labels=self.train_labels[held_out],
        )  # fmt: skip

    def _derived(self, **step: int | None) -> dict[str, Any] | None:
        """Origin of a part of these images: what to load, then the parts taken of it, in their order."""
        if self.origin is None:
            return None
        taken = {key: int(value) for key, value in step.items() if value is not None}
        return {**self.origin, "parts": [*self.origin.get("parts", []), taken]} if taken else dict(self.origin)

"""A data set: training and test images with their labels, checked once and never changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets import catalogue, digits, download, user
from spikeprune.datasets.arrays import Parts, as_images, as_labels
from spikeprune.errors import DataError, ParameterError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Grey images of one size with one label each, in a training and a test part.

    Use `Dataset.load` or `Dataset.from_arrays`; the constructor takes only arrays that need no conversion.  The arrays
    are read-only.

    Parameters
    ----------
    name : str
        What the data set is called in records and messages.
    train_images, test_images : ndarray of uint8 [n_images, height, width]
        Pixels, 0 (background) to 255.
    train_labels, test_labels : ndarray of int64 [n_images]
        Class of each image, 0 to ``n_classes - 1``.
    class_names : tuple of str [n_classes]
        Names of the classes.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if not self.class_names or len(set(self.class_names)) < len(self.class_names):
            raise DataError(f"The class names of '{self.name}' are empty or occur twice: give each class its own name.")
        self._check_part("training", self.train_images, self.train_labels)
        self._check_part("test", self.test_images, self.test_labels)
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

    def _check_part(self, part: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        if images.dtype != np.uint8 or images.ndim != 3 or images.size == 0:
            raise DataError(
                f"The {part} images of '{self.name}' are {images.dtype} {images.shape}, but need to be uint8 [images, "
                "height, width] and not empty: use Dataset.from_arrays to convert and check them."
            )
        if labels.dtype != np.int64 or labels.ndim != 1:
            raise DataError(
                f"The {part} labels of '{self.name}' are {labels.dtype} {labels.shape}, but need to be int64 [images]: "
                "use Dataset.from_arrays to convert and check them."
            )
        if len(labels) != len(images):
            raise DataError(
                f"'{self.name}' has {len(images)} {part} images but {len(labels)} {part} labels: give one label for "
                "each image."
            )
        if labels.min() < 0 or labels.max() >= len(self.class_names):
            raise DataError(
                f"The {part} labels of '{self.name}' range from {labels.min()} to {labels.max()}, but its "
                f"{len(self.class_names)} classes are numbered from 0 to {len(self.class_names) - 1}: correct the "
                "labels or the class names."
            )

    def __repr__(self) -> str:
        height, width = self.image_shape
        return (
            f"Dataset('{self.name}': {len(self.train_images)} training and {len(self.test_images)} test images of "
            f"{height} x {width} pixels, {self.n_classes} classes)"
        )

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width of every image, in pixels."""
        _, height, width = self.train_images.shape
        return height, width

    @property
    def n_inputs(self) -> int:
        """Pixels of an image, which is the number of input neurons."""
        height, width = self.image_shape
        return height * width

    @property
    def ink(self) -> float:
        """Mean pixel of the training images, 0 to 1, which the summed weight may follow."""
        return float(self.train_images.mean(dtype=np.float64) / 255)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 (hexadecimal) of the four arrays with their shapes and types; not of the names."""
        digest = hashlib.sha256()
        for images in (self.train_images, self.test_images):
            digest.update(f"uint8 {images.shape}".encode())
            digest.update(np.ascontiguousarray(images).data)
        for labels in (self.train_labels, self.test_labels):
            digest.update(f"int64 {labels.shape}".encode())
            digest.update(labels.astype("<i8").tobytes())
        return digest.hexdigest()

    @classmethod
    def load(
        cls, name: str | os.PathLike[str], data_dir: str | os.PathLike[str] | None = None, download: bool = False
    ) -> Dataset:
        """Load a data set by name, or the user's own data by path.

        Parameters
        ----------
        name : str or path-like
            One of `spikeprune.datasets.NAMES`, or the path of an ``.npz`` file, of a folder of IDX files or of a
            folder of grey images (see `spikeprune.datasets.user`).  A name goes before a file of the same name in the
            current folder; write ``./digits`` for the file.
        data_dir : path-like, optional
            Folder in torchvision's layout (``MNIST/raw`` and so on) that holds the named data sets; without it, the
            environment variable ``SPIKEPRUNE_DATA``, and without that, ``~/.cache/spikeprune/datasets``.
        download : bool, default False
            Fetch a named data set that is not there (see `spikeprune.datasets.fetch`).

        Returns
        -------
        Dataset

        Raises
        ------
        DataError
            If the name is unknown or the data are missing, damaged or not usable.

        Notes
        -----
        Of a file that lies there both packed and unpacked, the packed one is read.  The packed files of MNIST,
        Fashion-MNIST and KMNIST are compared with their published md5 sums.  There are none for unpacked files and
        for EMNIST, of which only the header is compared with the length of the file.
        """
        path = user.as_path(name)
        if path is not None:
            parts = user.read(path)
            return cls.from_arrays(*parts[:4], name=path.resolve().name, class_names=parts.class_names)
        return cls._load_named(catalogue.canonical(str(name)), data_dir, download)

    @classmethod
    def _load_named(cls, name: str, data_dir: str | os.PathLike[str] | None, fetch_missing: bool) -> Dataset:
        if name == catalogue.DIGITS:
            parts: Parts = digits.read()
        else:
            if fetch_missing and catalogue.available(data_dir)[name] is None:
                download.fetch(name, data_dir)
            parts = catalogue.read(name, data_dir)
        return cls(name, *parts[:4], class_names=tuple(parts.class_names or ()))

    @classmethod
    def from_arrays(
        cls,
        train_images: Any,
        train_labels: Any,
        test_images: Any,
        test_labels: Any,
        name: str = "user data",
        class_names: Sequence[str] | None = None,
    ) -> Dataset:
        """Make a data set of arrays, converting what can be converted and refusing the rest.

        Parameters
        ----------
        train_images, test_images : array_like [n_images, height, width]
            Integers in 0 to 255; or floats in 0 to 1, which are multiplied by 255 and rounded; or booleans.
        train_labels, test_labels : array_like [n_images]
            Integers from 0, kept as they are, or strings, numbered in sorted order.
        name : str, default "user data"
            What to call the data set.
        class_names : sequence of str, optional
            Names of the classes 0, 1, ...; without it, the numbers or strings found.

        Returns
        -------
        Dataset
            With its own copy of the data, in the order given.  Images sorted by class should be shuffled first: a
            network forgets, and `subset` and `validation_split` cut at a position.

        Raises
        ------
        DataError
            If images are missing, empty, constant, of different sizes, NaN or out of range, or if labels are missing,
            of another length, negative or of another type.
        """
        train, test = as_images(train_images, "training", name), as_images(test_images, "test", name)
        train_numbers, test_numbers, names = as_labels(train_labels, test_labels, name, class_names)
        return cls(name, train, train_numbers, test, test_numbers, names)

    def subset(self, train: int | None = None, test: int | None = None) -> Dataset:
        """Keep the first images only.

        Parameters
        ----------
        train, test : int, optional
            Number of training and of test images to keep; all of them by default.

        Returns
        -------
        Dataset
            With the same name and classes.

        Raises
        ------
        ParameterError
            If a number is not between 1 and the number of images there are.
        """
        n_train = self._within("train", train, len(self.train_images))
        n_test = self._within("test", test, len(self.test_images))
        return replace(
            self,
            train_images=self.train_images[:n_train],
            train_labels=self.train_labels[:n_train],
            test_images=self.test_images[:n_test],
            test_labels=self.test_labels[:n_test],
        )

    def validation_split(self, n: int = 10_000) -> Dataset:
        """Put the last training images in the place of the test images, to choose parameters without those.

        Parameters
        ----------
        n : int, default 10000
            Number of training images to hold out.

        Returns
        -------
        Dataset
            Named ``<name>-validation``.

        Raises
        ------
        ParameterError
            If `n` does not leave at least one image to train with.
        """
        cut = len(self.train_images) - self._within("n", n, len(self.train_images) - 1)
        return replace(
            self,
            name=f"{self.name}-validation",
            train_images=self.train_images[:cut],
            train_labels=self.train_labels[:cut],
            test_images=self.train_images[cut:],
            test_labels=self.train_labels[cut:],
        )

    def _within(self, parameter: str, value: int | None, largest: int) -> int:
        if value is None:
            return largest
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 1 <= value <= largest:
            raise ParameterError(
                f"{parameter} = {value} is out of range for '{self.name}': choose a whole number from 1 to {largest}."
            )
        return int(value)

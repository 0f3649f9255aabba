"""What a run has to know of its data to predict, draw and compare without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.arrays import as_images, plain_array
from spikeprune.datasets.dataset import Dataset
from spikeprune.datasets.doors import load_origin
from spikeprune.datasets.event_data import recordings_like
from spikeprune.datasets.labels import UNLABELLED
from spikeprune.errors import DataError

__all__ = ["DataDescription", "with_classes"]


@dataclass(frozen=True)
class DataDescription:
    """A data set without its images.

    Attributes
    ----------
    name, checksum : str
    origin : dict or None
        Where to load it from again (`load_origin`).
    class_names : tuple of str
    classes : tuple of int or of str
        What the labels of these classes are, as the user writes them.
    image_shape : (int, int)
        Height and width.
    train_images : int
        Number of training images.
    white : float
    grey : bool
        How images are read; see `Dataset`.
    event_slots, polarities : int
        Of event data; see `Dataset`.
    """

    name: str
    checksum: str
    origin: dict[str, Any] | None
    class_names: tuple[str, ...]
    classes: tuple[int, ...] | tuple[str, ...]
    image_shape: tuple[int, int]
    train_images: int
    white: float = 255.0
    grey: bool = False
    event_slots: int = 0
    polarities: int = 1

    @classmethod
    def of(cls, dataset: Dataset) -> DataDescription:
        """Describe a data set."""
        return cls(
            dataset.name, dataset.checksum, None if dataset.origin is None else dict(dataset.origin),
            dataset.class_names, dataset.classes, dataset.image_shape, len(dataset.train_images), dataset.white,
            dataset.grey, dataset.event_slots, dataset.polarities,
        )  # fmt: skip

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> DataDescription:
        """Read what `as_dict` wrote, and what older versions wrote, whose data have to be loaded for it.

        Raises
        ------
        KeyError, TypeError
            If it is neither.
        """
        if "class_names" not in values:
            name, origin, checksum = values["name"], values["origin"], values["checksum"]
            if origin is None:
                raise DataError(f"The run was trained on data of unknown origin ('{name}'): pass dataset=.")
            dataset = load_origin(origin)
            if dataset.checksum != checksum:
                raise DataError(f"The data '{name}' are not those of the run (another checksum): restore them.")
            return cls(**{**vars(cls.of(dataset)), "origin": origin})
        lists = {key: tuple(values[key]) for key in ("class_names", "classes", "image_shape")}
        return cls(**{**values, **lists})

    def as_dict(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return asdict(self)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    def pixels(self, images: Any) -> NDArray[np.uint8]:
        """Read images of this kind, or a single one, whatever their form [n_images, pixels]; or recordings of events.

        Raises
        ------
        DataError
            If they have another size, or are no images.
        """
        if self.event_slots:
            height, width = self.image_shape
            return recordings_like(images, (height // self.polarities, width), self.polarities, self.event_slots)
        array = plain_array(images, "The images")
        if array.shape in (self.image_shape, (prod(self.image_shape),)):
            array = array[np.newaxis]  # a single one
        pixels, _, _ = as_images(
            array, "given", "predict", shape=self.image_shape, like=self.white, grey=self.grey, blank=True
        )
        return pixels.reshape(len(pixels), -1)


def with_classes(dataset: Dataset, described: DataDescription) -> Dataset:
    """Number the classes of other data as those described, by their names.

    Raises
    ------
    DataError
        If a class is tested that is not among them.
    """
    if dataset.class_names == described.class_names:
        return dataset
    place = {name: k for k, name in enumerate(described.class_names)}
    numbers = np.array([place.get(name, UNLABELLED) for name in dataset.class_names])
    tested = numbers[dataset.test_labels]
    if (tested == UNLABELLED).any():
        strange = dataset.class_names[dataset.test_labels[tested == UNLABELLED][0]]
        raise DataError(
            f"Class '{strange}' of '{dataset.name}' is none that the network was trained on: give images of the "
            f"classes {', '.join(described.class_names[:12])}."
        )
    return replace(
        dataset, class_names=described.class_names, classes=described.classes, test_labels=tested,
        train_labels=np.where(dataset.train_labels < 0, UNLABELLED, numbers[dataset.train_labels]),
    )  # fmt: skip

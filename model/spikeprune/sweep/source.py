"""Which data an experiment uses."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from spikeprune.datasets import NAMES, Dataset
from spikeprune.datasets.user import as_path
from spikeprune.errors import ParameterError
from spikeprune.sweep.checks import is_whole, table_of, text_of, whole_numbers
from spikeprune.training import load_origin

__all__ = ["DataSource"]


@dataclass(frozen=True)
class DataSource:
    """Which data an experiment uses.

    Attributes
    ----------
    name : str
        Name of a data set or path of the user's own data.
    data_dir : str or None
        Folder of the named data sets, where it is not the usual one.
    validation : int or None
        Number of training images that are held out to evaluate on, in the place of the test images.
    images, test_images : int or None
        Use the first so many images only.
    white, grey, shape
        How to read images of one's own; see `Dataset.load`.
    """

    name: str
    data_dir: str | None = None
    validation: int | None = None
    images: int | None = None
    test_images: int | None = None
    white: float | None = None
    grey: bool = False
    shape: tuple[int, int] | None = None

    @classmethod
    def from_value(cls, value: Any, folder: Path) -> DataSource:
        """Read the entry ``data`` of an experiment whose file lies in `folder`."""
        keys = [entry.name for entry in fields(cls)]
        entries = table_of("data", {"name": value} if isinstance(value, str) else value, keys)
        for key in ("name", "data_dir"):
            if key in entries:
                text_of(f"data.{key}", entries[key])
        for key in ("validation", "images", "test_images"):
            if key in entries and not is_whole(entries[key], 1):
                raise ParameterError(f"data.{key} is {entries[key]!r}: it must be a whole number from 1 on.")
        if "shape" in entries:
            entries["shape"] = whole_numbers("data.shape", entries["shape"], 1, distinct=False)
        white = entries.get("white", 1.0)
        if isinstance(white, bool) or not isinstance(white, int | float) or not 0 < white < math.inf:
            raise ParameterError(f"data.white is {white!r}: it must be the value of a white pixel, such as 1 or 255.")
        if not isinstance(entries.get("grey", False), bool):
            raise ParameterError(f"data.grey is {entries['grey']!r}: it must be true or false.")
        if "name" not in entries:
            raise ParameterError('The data have no name: write for example data = "mnist".')
        if entries["name"] not in NAMES and (as_path(entries["name"]) or (folder / entries["name"]).exists()):
            entries["name"] = os.path.realpath(folder / Path(entries["name"]).expanduser())
        if "data_dir" in entries:
            entries["data_dir"] = os.path.realpath(folder / Path(entries["data_dir"]).expanduser())
        return cls(**entries)

    @property
    def origin(self) -> dict[str, Any]:
        """How to load the data again, for a run folder."""
        return dict(vars(self))

    def load(self) -> Dataset:
        """Load the data; DataError or ParameterError if they are missing, damaged or too few."""
        return load_origin(self.origin)

"""Images without labels, from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.image_folder import SUFFIXES, read_images
from spikeprune.errors import DataError, reason_of

__all__ = ["read_unlabelled"]

#: Names of the array of images in an .npz file, the first one that is there.
ARRAYS = ("images", "test_images", "x_test", "X_test", "X", "x", "data", "arr_0")


def read_unlabelled(paths: Sequence[Path], grey: bool = False) -> tuple[list[str], NDArray[Any]]:
    """Read images from files and folders.

    Parameters
    ----------
    paths : sequence of Path
        Image files; folders, whose images are taken in the order of their names; .npy and .npz files of arrays.
    grey : bool
        Turn colour images grey.

    Returns
    -------
    names : list of str
        File of each image, with its number where the file holds several.
    images : ndarray [n_images, ...]

    Raises
    ------
    DataError
        If there is nothing, something cannot be read, or images differ in size.
    """
    names: list[str] = []
    parts: list[NDArray[Any]] = []
    for path in paths:
        try:
            files = _pictures(path)
            if files is not None:
                parts.append(read_images(files, grey))
                names += [str(file) for file in files]
                continue
            array = _array(path)
        except (OSError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{path} cannot be read ({reason_of(error)}): give image, .npy or .npz files.") from error
        names += [f"{path}[{k}]" for k in range(len(array))]
        parts.append(array)
    sizes = {part.shape[1:] for part in parts}
    if len(sizes) > 1:
        found = " and ".join(" x ".join(map(str, size)) for size in sorted(sizes))
        raise DataError(f"The images are of different sizes ({found}): give images of one size.")
    return names, np.concatenate(parts)


def _pictures(path: Path) -> list[Path] | None:
    """Image files that a path stands for; None for a file of arrays."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.name[0] != ".")
        if not files:
            raise DataError(f"{path} has no images ({', '.join(SUFFIXES)}): give another folder.")
        return files
    if not path.exists():
        raise DataError(f"There is no image at {path}: give image files, folders of such, or .npy and .npz files.")
    return None if path.suffix.lower() in (".npy", ".npz") else [path]


def _array(path: Path) -> NDArray[Any]:
    try:
        with path.open("rb") as stream:
            loaded = np.load(stream, allow_pickle=False)
            if not isinstance(loaded, np.ndarray):
                name = next((name for name in ARRAYS if name in loaded.files), None)
                if name is None:
                    there = ", ".join(loaded.files) or "nothing"
                    raise DataError(f"{path} has no array {', '.join(ARRAYS)} (it has {there}): name it images.")
                loaded = loaded[name]
    except (DataError, OSError):
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds of errors on damaged files
        raise DataError(f"{path} is damaged or holds Python objects: save it again with numpy.save.") from error
    if loaded.ndim < 2:
        raise DataError(f"{path} has shape {loaded.shape}: save images [images, height, width].")
    return loaded

"""The user's own data, in one of three forms.

- an ``.npz`` file with the arrays ``train_images``, ``train_labels``, ``test_images`` and ``test_labels``, or with the
  names of Keras or scikit-learn (`ARRAYS`); the test part may be left out, and ``class_names`` may be added;
- a folder with the four IDX files named as those of MNIST (``train-images-idx3-ubyte`` ...), packed with gzip or not;
- a folder of images in one folder a class (see `spikeprune.datasets.image_folder`).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from spikeprune.datasets import image_folder
from spikeprune.datasets.arrays import Parts
from spikeprune.datasets.catalogue import NAMES, SOURCES
from spikeprune.datasets.idx import find_idx, read_idx
from spikeprune.errors import DataError, reason_of

FORMS = (
    "an .npz file, a folder with the four IDX files of MNIST's names, or a folder with train/<class> and test/<class> "
    "folders of images"
)
#: Names of the arrays of an .npz file, training images and labels first; the last ones hold no test part.
ARRAYS = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
    ("X_train", "y_train", "X_test", "y_test"),
    ("X", "y"),
    ("images", "labels"),
    ("data", "target"),
)
STEMS = SOURCES["mnist"].stems


def as_path(name: str | os.PathLike[str]) -> Path | None:
    """Tell a path from the name of a data set.

    Parameters
    ----------
    name : str or path-like
        What the user gave.

    Returns
    -------
    Path or None
        None for a string that is a data set's name, or that neither exists nor looks like a path.

    Raises
    ------
    DataError
        If it is neither a string nor a path.
    """
    if not isinstance(name, str):
        if not isinstance(name, os.PathLike):
            raise DataError(f"{name!r} is no data set: give the name of one or the path of {FORMS}.")
        return Path(name).expanduser()
    if name in NAMES:
        return None
    path = Path(name).expanduser()
    looks_like_path = "/" in name or os.sep in name or name.startswith("~") or name.endswith(".npz")
    return path if name and (looks_like_path or os.path.exists(path)) else None


def read(path: Path, grey: bool = False) -> Parts:
    """Read the user's own data.

    Parameters
    ----------
    path : Path
        A file or folder in one of the three forms.
    grey : bool
        Turn colour images of a folder grey.

    Returns
    -------
    Parts
        Arrays as they are, still to be checked.

    Raises
    ------
    DataError
        If there is nothing, or nothing that can be read.
    """
    try:
        if path.is_dir():
            if any(find_idx(path, stem) for stem in STEMS):
                return _read_idx_folder(path)
            return image_folder.read(path, grey)
        if not path.exists():
            raise DataError(f"There is no data set at {path}: give the path of {FORMS}.")
        if path.suffix.lower() != ".npz":
            raise DataError(f"{path} is no data set: give the path of {FORMS}.")
        return _read_npz(path)
    except OSError as error:
        reason = reason_of(error)
        raise DataError(f"{path} cannot be read ({reason}): check the file and its permissions.") from error


def _read_npz(path: Path) -> Parts:
    try:
        with path.open("rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError(f"{path} holds a single array: save the four arrays together with numpy.savez.")
            there = set(archive.files)
            names = next((names for names in ARRAYS if set(names) <= there), None)
            names = names or next((names[:2] for names in ARRAYS if there & set(names) == set(names[:2])), None)
            if names is None:
                nearest = max(ARRAYS, key=lambda names: len(set(names) & there))  # the first, where none is near
                missing = [name for name in nearest if name not in there]
                raise DataError(
                    f"{path} lacks {', '.join(missing)} (it has {', '.join(archive.files) or 'nothing'}): save "
                    f"{', '.join(ARRAYS[0])} or {', '.join(ARRAYS[1])}."
                )
            arrays = [archive[name] for name in names]
            class_names = list(np.ravel(archive["class_names"])) if "class_names" in archive.files else None
            test_images, test_labels = arrays[2:] or (None, None)
            return Parts(arrays[0], arrays[1], test_images, test_labels, class_names)
    except (DataError, PermissionError):
        raise
    except Exception as error:
        # zipfile, zlib and NumPy raise a dozen kinds of errors on damaged files.  Their texts are left out, as one of
        # them advises to load pickled objects, which would run whatever the file says.
        raise DataError(
            f"{path} cannot be read as an .npz file ({type(error).__name__}: it is damaged or holds Python objects): "
            "save it again with numpy.savez, as plain arrays."
        ) from error


def _read_idx_folder(folder: Path) -> Parts:
    paths = []
    for stem in STEMS:
        path = find_idx(folder, stem)
        if path is None:
            raise DataError(f"{stem} or {stem}.gz was not found in {folder}: a folder of IDX files needs all four.")
        paths.append(path)
    remedy = "copy or make it again"
    train_images, train_labels, test_images, test_labels = (
        read_idx(path, 1 if k % 2 else 3, remedy) for k, path in enumerate(paths)
    )
    return Parts(train_images, train_labels, test_images, test_labels)

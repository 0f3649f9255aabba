"""Read named data sets, and fetch them through torchvision, an optional extra that is imported nowhere else."""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from spikeprune.datasets import catalogue, digits
from spikeprune.datasets.arrays import Parts
from spikeprune.datasets.catalogue import DIGITS, SOURCES, available, canonical, data_folder
from spikeprune.errors import DataError

INSTALL = "pip install 'spikeprune[datasets]'"


def read(name: str, data_dir: str | os.PathLike[str] | None = None, fetch_missing: bool = False) -> Parts:
    """Read a named data set, fetched first where it is not there and that is wanted; DataError where it is missing."""
    if name == DIGITS:
        return digits.read()
    if fetch_missing and available(data_dir)[name] is None:
        fetch(name, data_dir)
    return catalogue.read(name, data_dir)


def fetch(name: str, data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Download a named data set and unpack it, unless it is there.

    Parameters
    ----------
    name : str
        One of `spikeprune.datasets.NAMES`.
    data_dir : path-like, optional
        Where to put it, as for `spikeprune.datasets.data_folder`.

    Returns
    -------
    Path
        The folder that has its files.

    Raises
    ------
    DataError
        If the name is unknown, torchvision cannot be imported, or the download fails.
    """
    name = canonical(name)
    found = available(data_dir)[name]
    if found is not None:
        return found
    if name == DIGITS:
        raise DataError("The digits come with scikit-learn, which is not installed: run pip install scikit-learn.")
    source, root = SOURCES[name], data_folder(data_dir)
    torchvision = _import_torchvision(source.title)
    options = {} if source.split is None else {"split": source.split}
    try:
        # torchvision prints its progress, which has no place among results on standard output.
        with contextlib.redirect_stdout(sys.stderr):
            # EMNIST looks only for the part that it is asked for.
            for train in (True, False):
                getattr(torchvision.datasets, source.torchvision_class)(
                    root=str(root), train=train, download=True, **options
                )
    except Exception as error:
        # Which exceptions come out depends on torchvision, the server, the archive and the disk.
        raise DataError(
            f"Fetching {source.title} into {root} failed ({type(error).__name__}: {_reason(error)}): check "
            "the network and that the folder can be written, then run the command again."
        ) from error
    found = available(data_dir)[name]
    if found is None:
        raise DataError(
            f"torchvision left no complete {source.title} in {source.folder(root)}: delete that folder and run the "
            "command again."
        )
    return found


def _import_torchvision(title: str) -> Any:
    try:
        return import_module("torchvision")
    except ImportError as error:
        raise DataError(f"Fetching {title} needs torchvision ({_reason(error)}): run {INSTALL}.") from error
    except Exception as error:
        # Builds of torch and torchvision that do not belong together fail with RuntimeError, OSError and others.
        raise DataError(
            f"Fetching {title} needs torchvision, which is installed but cannot be imported ({_reason(error)}): "
            "reinstall torch and torchvision together, in versions made for each other."
        ) from error


def _reason(error: Exception) -> str:
    """First sentence of an error's text, on one line."""
    return " ".join(str(error).split()).split(". ")[0].rstrip(".")

"""The named data sets: what they are called, where torchvision keeps them, how to read them without torchvision.

torchvision [1]_ only fetches them (see `spikeprune.datasets.download`); files that are on disk are read directly.

References
----------
.. [1] torchvision.datasets (``torchvision/datasets/mnist.py``): folders, file names, class names and md5 sums.
.. [2] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", Proc. IEEE
   86, 1998 (MNIST).
.. [3] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
   algorithms", arXiv:1708.07747, 2017.
.. [4] T. Clanuwat et al., "Deep learning for classical Japanese literature", arXiv:1812.01718, 2018 (KMNIST).
.. [5] G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to handwritten letters",
   arXiv:1702.05373, 2017.
"""

from __future__ import annotations

import importlib.util
import os
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from spikeprune.datasets.arrays import Parts
from spikeprune.datasets.idx import find_idx, read_idx
from spikeprune.errors import DataError, unknown_name

ENVIRONMENT_VARIABLE = "SPIKEPRUNE_DATA"
DEFAULT_FOLDER = "~/.cache/spikeprune/datasets"
DIGITS = "digits"

DECIMALS = tuple(string.digits)
ALPHANUMERICS = tuple(string.digits + string.ascii_uppercase + string.ascii_lowercase)
# EMNIST by merge and balanced: lower-case letters that look like their capitals are one class with them.
MERGED = tuple(character for character in ALPHANUMERICS if character not in "cijklmopsuvwxyz")


@dataclass(frozen=True)
class Source:
    """Where a named data set lies below a torchvision root, and what is peculiar about its files."""

    title: str
    torchvision_class: str  # also the name of its folder
    class_names: tuple[str, ...]
    split: str | None = None  # EMNIST only
    prefixes: tuple[str, str] = ("train", "t10k")
    first_label: int = 0
    transposed: bool = False  # rows and columns of each image are exchanged in the file
    md5: Mapping[str, str] = field(default_factory=dict)  # of the packed files

    @property
    def stems(self) -> tuple[str, str, str, str]:
        """File names without ``.gz``: training images and labels, test images and labels."""
        train, test = ((f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte") for prefix in self.prefixes)
        return train + test

    def folder(self, root: Path) -> Path:
        """Folder of the files below a torchvision root."""
        return root / self.torchvision_class / "raw"


def _md5(train_images: str, train_labels: str, test_images: str, test_labels: str) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "train-images-idx3-ubyte.gz": train_images,
            "train-labels-idx1-ubyte.gz": train_labels,
            "t10k-images-idx3-ubyte.gz": test_images,
            "t10k-labels-idx1-ubyte.gz": test_labels,
        }
    )


def _emnist(split: str, class_names: tuple[str, ...], first_label: int = 0) -> Source:
    prefixes = (f"emnist-{split}-train", f"emnist-{split}-test")
    return Source(f"EMNIST {split}", "EMNIST", class_names, split, prefixes, first_label, transposed=True)


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "mnist": Source(
            "MNIST",
            "MNIST",
            DECIMALS,
            md5=_md5(
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "d53e105ee54ea40749a09fcbcd1e9432",
                "9fb629c4189551a2d022fa330f9573f3",
                "ec29112dd5afa0611ce80d1b7f02629c",
            ),
        ),
        "fashion-mnist": Source(
            "Fashion-MNIST",
            "FashionMNIST",
            (
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            md5=_md5(
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "25c81989df183df01b3e8a0aad5dffbe",
                "bef4ecab320f06d8554ea6380940ec79",
                "bb300cfdad3c16e7a12a480ee83cd310",
            ),
        ),
        "kmnist": Source(
            "KMNIST",
            "KMNIST",
            ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            md5=_md5(
                "bdb82020997e1d708af4cf47b453dcf7",
                "e144d726b3acfaa3e44228e80efcd344",
                "5c965bf0a639b31b8f53240b1b52f4d7",
                "7320c461ea6c1c855c0b718fb2a4b134",
            ),
        ),
        "emnist-letters": _emnist("letters", tuple(string.ascii_lowercase), first_label=1),
        "emnist-digits": _emnist("digits", DECIMALS),
        "emnist-balanced": _emnist("balanced", MERGED),
        "emnist-byclass": _emnist("byclass", ALPHANUMERICS),
        "emnist-bymerge": _emnist("bymerge", MERGED),
        "emnist-mnist": _emnist("mnist", DECIMALS),
    }
)

NAMES: tuple[str, ...] = (*SOURCES, DIGITS)
"""Every name that `Dataset.load` knows."""


def canonical(name: str) -> str:
    """Give a data set's name as listed in `NAMES`, whatever its capitals and hyphens.

    Parameters
    ----------
    name : str
        For example ``"MNIST"``, ``"FashionMNIST"`` or ``"emnist_letters"``.

    Returns
    -------
    str
        For example ``"fashion-mnist"``.

    Raises
    ------
    DataError
        If there is no such data set.
    """
    plain = {known.replace("-", ""): known for known in NAMES}
    known = plain.get(name.lower().replace("-", "").replace("_", ""))
    if known is None:
        raise DataError(unknown_name("data set", name.lower(), (*NAMES, "or a path to your own data")))
    return known


def data_folder(data_dir: str | os.PathLike[str] | None = None) -> Path:
    """Folder that holds the named data sets, in torchvision's layout.

    Parameters
    ----------
    data_dir : path-like, optional
        The folder; without it, the environment variable ``SPIKEPRUNE_DATA``, and without that,
        ``~/.cache/spikeprune/datasets``.

    Returns
    -------
    Path
        It need not exist.
    """
    return Path(data_dir or os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_FOLDER).expanduser()


def available(data_dir: str | os.PathLike[str] | None = None) -> dict[str, Path | None]:
    """Say which named data sets are there.

    Parameters
    ----------
    data_dir : path-like, optional
        As for `data_folder`.

    Returns
    -------
    dict of str to Path or None
        For each of `NAMES`, the folder that has its files, or None if one is missing.  For ``digits``, the folder of
        scikit-learn.
    """
    root = data_folder(data_dir)
    found: dict[str, Path | None] = {}
    for name, source in SOURCES.items():
        folder = source.folder(root)
        found[name] = folder if all(find_idx(folder, stem) for stem in source.stems) else None
    spec = importlib.util.find_spec("sklearn")
    found[DIGITS] = Path(spec.origin).parent if spec is not None and spec.origin else None
    return found


def read(name: str, data_dir: str | os.PathLike[str] | None = None) -> Parts:
    """Read a named data set other than ``digits`` from its IDX files.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    data_dir : path-like, optional
        As for `data_folder`.

    Returns
    -------
    Parts
        Images as uint8 [n_images, height, width], upright; labels as int64 [n_images], from 0; class names.

    Raises
    ------
    DataError
        If a file is missing or damaged.
    """
    source = SOURCES[name]
    folder = source.folder(data_folder(data_dir))
    paths = [find_idx(folder, stem) for stem in source.stems]
    command = f"`spikeprune fetch {name}`" if data_dir is None else f"`spikeprune fetch {name} --data-dir {data_dir}`"
    arrays = []
    for k, path in enumerate(paths):
        if path is None:
            what = f"{source.stems[k]} of {source.title}" if any(paths) else source.title
            raise DataError(
                f"{what} was not found in {folder}: run {command} (needs the extra: pip install "
                f"'spikeprune[datasets]'), or point {ENVIRONMENT_VARIABLE} or --data-dir to a torchvision root that "
                "has it."
            )
        remedy = f"delete it and run {command}"
        arrays.append(read_idx(path, 1 if k % 2 else 3, remedy, source.md5.get(path.name)))
    train_images, train_labels, test_images, test_labels = arrays
    if source.transposed:
        train_images = np.ascontiguousarray(train_images.transpose(0, 2, 1))
        test_images = np.ascontiguousarray(test_images.transpose(0, 2, 1))
    return Parts(
        train_images,
        train_labels.astype(np.int64) - source.first_label,
        test_images,
        test_labels.astype(np.int64) - source.first_label,
        source.class_names,
    )

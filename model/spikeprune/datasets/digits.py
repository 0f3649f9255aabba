"""scikit-learn's bundled 8 x 8 digits at the size of MNIST: a data set that needs no download.

References
----------
.. [1] E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.
   scikit-learn bundles the 1797 images of its test part.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.arrays import Parts
from spikeprune.errors import DataError

#: Numbers of the training and the test images, a line each, in their order.
SPLIT = Path(__file__).with_name("digits_split.txt")
SIZE, FINE_SIZE = 8, 28
GREY_LEVELS = 16


def enlarge(images: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Enlarge 8 x 8 images to 28 x 28 by bilinear interpolation, and their grey levels from 0..16 to 0..255.

    Parameters
    ----------
    images : ndarray of int [n_images, 8, 8]
        Grey levels, 0 to 16.

    Returns
    -------
    ndarray of uint8 [n_images, 28, 28]

    Notes
    -----
    Pixels are areas: the centre of fine pixel k lies at (k + 1/2) 8/28 - 1/2 coarse pixels; outside the outermost
    centres the image continues with its edge.  All weights are multiples of 1/14, so that integers give the same
    result on every machine.
    """
    fine = np.arange(FINE_SIZE)
    numerator = np.clip(SIZE * (2 * fine + 1) - FINE_SIZE, 0, 2 * FINE_SIZE * (SIZE - 1))  # position times 2 * 28
    below, remainder = np.divmod(numerator, 2 * FINE_SIZE)
    weights = np.zeros((FINE_SIZE, SIZE + 1), dtype=np.int64)
    weights[fine, below] = 2 * FINE_SIZE - remainder
    weights[fine, below + 1] = remainder
    weights = weights[:, :SIZE]
    denominator = (2 * FINE_SIZE) ** 2 * GREY_LEVELS
    total = weights @ images.astype(np.int64) @ weights.T * 255
    return ((2 * total + denominator) // (2 * denominator)).astype(np.uint8)


def read() -> Parts:
    """Read the digits and split them.

    Returns
    -------
    Parts
        1437 training and 360 test images, uint8 [n_images, 28, 28], each class in the same proportion: the split of
        scikit-learn's ``train_test_split(range(1797), test_size=360, stratify=labels, random_state=0)``, whose numbers
        are kept in a file beside this one.

    Raises
    ------
    DataError
        If scikit-learn is not installed.
    """
    small, labels = _bundled()
    train, test = (np.array(line.split(), dtype=int) for line in SPLIT.read_text().splitlines())
    images = enlarge(small)
    return Parts(images[train], labels[train], images[test], labels[test], tuple(map(str, range(10))))


def _bundled() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Images [1797, 8, 8] and labels from scikit-learn's file, found without the seconds that its import may take."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError("The digits come with scikit-learn, which was not found: run pip install scikit-learn.")
    file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    try:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    except OSError:  # a version that keeps it elsewhere
        from sklearn.datasets import load_digits

        bunch = load_digits()
        return bunch.images.astype(np.int64), bunch.target.astype(np.int64)
    return table[:, :-1].reshape(-1, SIZE, SIZE), table[:, -1]

"""scikit-learn's bundled 8 x 8 digits at the size of MNIST: a data set that needs no download.

References
----------
.. [1] E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository, 1998.
   scikit-learn bundles the 1797 images of its test part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeprune.datasets.arrays import Parts
from spikeprune.errors import DataError

N_TEST = 360
SPLIT_SEED = 0
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
        1437 training and 360 test images, uint8 [n_images, 28, 28], each class in the same proportion; the split is
        scikit-learn's ``train_test_split`` with ``random_state=0``.

    Raises
    ------
    DataError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise DataError(f"The digits come with scikit-learn ({error}): run pip install scikit-learn.") from error
    bunch = load_digits()
    labels = bunch.target.astype(np.int64)
    train, test = train_test_split(np.arange(len(labels)), test_size=N_TEST, stratify=labels, random_state=SPLIT_SEED)
    images = enlarge(bunch.images)
    return Parts(images[train], labels[train], images[test], labels[test], tuple(map(str, range(10))))

"""Read IDX files, packed with gzip or not.

The format [1]_: two zero bytes, a type code (8: unsigned bytes), the number of dimensions, each dimension as a
big-endian 32-bit integer, then the values in row-major order.

References
----------
.. [1] Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import DataError, reason_of

UNSIGNED_BYTES = 8


def find_idx(folder: Path, stem: str) -> Path | None:
    """Find an IDX file, packed or not.

    Parameters
    ----------
    folder : Path
        Where to look.
    stem : str
        Name without ``.gz``.

    Returns
    -------
    Path or None
        The packed file if both are there, since only that one has a published checksum.
    """
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.is_file():
            return path
    return None


def read_idx(path: Path, ndim: int, remedy: str, md5: str | None = None) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    Parameters
    ----------
    path : Path
        The file; one that ends in ``.gz`` is unpacked in memory.
    ndim : int
        Dimensions expected: 3 for images, 1 for labels.
    remedy : str
        What to do when the file is damaged, for the error message.
    md5 : str, optional
        Published md5 sum (hexadecimal) of the file as it is on disk.

    Returns
    -------
    ndarray of uint8
        With the shape that the header gives.

    Raises
    ------
    DataError
        If the file cannot be read, has another checksum or is not what its header says.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({reason_of(error)}): check the file and its permissions.") from error
    if md5 is not None:
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != md5:
            raise DataError(f"{path} is damaged (md5 is {found}, expected {md5}): {remedy}.")
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is damaged (it cannot be unpacked: {error}): {remedy}.") from error
    header = 4 + 4 * ndim
    magic = bytes((0, 0, UNSIGNED_BYTES, ndim))
    if len(content) < header or content[:4] != magic:
        raise DataError(
            f"{path} is no IDX file of unsigned bytes in {ndim} dimensions (it starts with 0x{content[:4].hex()}, "
            f"expected 0x{magic.hex()}): {remedy}."
        )
    shape = tuple(int(size) for size in np.frombuffer(content, dtype=">u4", count=ndim, offset=4))
    if len(content) - header != math.prod(shape):
        sizes = " x ".join(map(str, shape))
        raise DataError(
            f"{path} is damaged (its header announces {sizes} values, but {len(content) - header} follow): {remedy}."
        )
    return np.frombuffer(content, dtype=np.uint8)[header:].reshape(shape)

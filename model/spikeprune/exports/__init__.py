"""Trained networks as files for other programs: sparse matrices (npz) and NIR."""

from __future__ import annotations

import os
from pathlib import Path

from spikeprune.errors import ParameterError, SpikepruneError, reason_of
from spikeprune.exports.csr import write_csr
from spikeprune.exports.graph import write_nir
from spikeprune.run import Run

__all__ = ["FORMATS", "export"]

#: What writes a file, by its suffix.
FORMATS = {".npz": write_csr, ".nir": write_nir}


def export(run: Run, path: str | os.PathLike[str]) -> Path:
    """Write a trained network into a file for other programs; what the file holds is in docs/export.md.

    Parameters
    ----------
    run : Run
    path : path-like
        ``.npz``: weights as SciPy's sparse matrix, with thresholds and classes of the neurons.  ``.nir``: the network
        as a graph of the Neuromorphic Intermediate Representation, which needs the package ``nir``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ParameterError
        If the suffix is neither.
    SpikepruneError
        If the file cannot be written, or the package is missing.

    Examples
    --------
    >>> import scipy.sparse
    >>> weights = scipy.sparse.load_npz(export(run, "network.npz"))  # doctest: +SKIP
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ParameterError(f"'{path}' ends in '{path.suffix}': choose a file that ends in {' or '.join(FORMATS)}.")
    try:
        FORMATS[path.suffix](run, path)
    except OSError as error:
        raise SpikepruneError(f"{path} cannot be written ({reason_of(error)}): choose another place.") from error
    return path

"""Trained networks as files for other programs: sparse matrices (npz) and NIR."""

from __future__ import annotations

import os
from pathlib import Path

from spikeprune.errors import ParameterError, SpikepruneError, reason_of
from spikeprune.exports.csr import write_csr
from spikeprune.exports.graph import write_nir
from spikeprune.loading import load
from spikeprune.run import Run

__all__ = ["FORMATS", "export"]

#: What writes a file, by its suffix.
FORMATS = {".npz": write_csr, ".nir": write_nir}


def export(run: Run | str | Path, path: str | os.PathLike[str]) -> Path:
    """Write a trained network into a file for other programs; what the file holds is in docs/export.md.

    Parameters
    ----------
    run : Run or path-like
        A trained network, or its run folder.
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
        If the suffix is neither, or `run` is no run.
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
    trained = load(run) if isinstance(run, str | Path) else run
    if not isinstance(trained, Run):
        raise ParameterError(f"{run!r} is no run: pass what train() or load() has returned, or a run folder.")
    try:
        FORMATS[path.suffix](trained, path)
    except OSError as error:
        raise SpikepruneError(f"{path} cannot be written ({reason_of(error)}): choose another place.") from error
    return path

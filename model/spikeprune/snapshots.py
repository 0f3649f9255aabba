"""Weights, masks and thresholds of a network at moments of its training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.pruning import PruningRule
from spikeprune.pruning.timing import check_timing, images_of
from spikeprune.records import RunFolder
from spikeprune.state import rule_thresholds

__all__ = ["Snapshot", "moments", "read_snapshots"]


@dataclass(frozen=True, eq=False, repr=False)
class Snapshot:
    """A network after so many images of its training.

    Attributes
    ----------
    images : int
        Images that it had seen.
    weights : ndarray [inputs, neurons]
    alive, plastic : ndarray [inputs, neurons], bool
        Which synapses exist, and which of them still learn.
    theta : ndarray [neurons]
        Adaptive thresholds, in V.
    thresholds : ndarray [neurons] or None
        The rule's thresholds; None of a rule without.
    """

    images: int
    weights: NDArray[Any]
    alive: NDArray[np.bool_]
    plastic: NDArray[np.bool_]
    theta: NDArray[Any]
    thresholds: NDArray[Any] | None = None

    @classmethod
    def of(cls, state: Mapping[str, NDArray[Any]], rule: PruningRule, neurons: int, images: int) -> Snapshot:
        """Take what is worth keeping of the state of a network."""
        weights, alive, plastic = (state[f"plastic.{name}"].reshape(-1, neurons) for name in ("w", "alive", "plastic"))
        thresholds = rule_thresholds(rule, state, neurons)
        theta = state["excitatory.theta"].copy()
        return cls(images, weights.copy(), alive.astype(bool), plastic.astype(bool), theta, thresholds)

    def write(self, folder: RunFolder) -> None:
        """Write the snapshot into a run folder, ``snapshot-IMAGES.npz``."""
        values = {name: value for name, value in vars(self).items() if value is not None}
        folder.write_arrays(f"snapshot-{self.images:09d}.npz", values)

    def __repr__(self) -> str:
        return f"Snapshot({self.images:,} images, {100 * (1 - self.alive.mean()):.1f} % of the weights removed)"


def read_snapshots(folder: RunFolder) -> list[Snapshot]:
    """Read the snapshots of a run folder, the first image first."""
    found = []
    for path in sorted(folder.path.glob("snapshot-*.npz")):
        arrays = folder.read_arrays(path.name)
        found.append(Snapshot(int(arrays.pop("images")), **arrays))
    return found


def moments(given: Any, images: int) -> list[int]:
    """Return after how many images of a training there is to be a snapshot.

    Parameters
    ----------
    given : int, float, iterable of these or None
        Every so many images, or every such share of the training (``0.1``: ten times); or exactly when.
    images : int
        Images that the training shows.

    Raises
    ------
    ParameterError
        If one is no number of images, no share, or beyond the training.

    Examples
    --------
    >>> moments(400, 1000), moments(0.25, 1000), moments([10, 0.5], 1000)
    ([400, 800], [250, 500, 750, 1000], [10, 500])
    """
    if given is None:
        return []
    if isinstance(given, Real):
        every = images_of("interval", check_timing("interval", given, "images between two snapshots"), images)
        return list(range(every, images + 1, every))
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ParameterError(
            f"snapshots is {given!r}: give images between two (1000), a share (0.1), or a list of both."
        )
    found = sorted({max(1, images_of("start", check_timing("start", at, "snapshot"), images)) for at in given})
    if found and found[-1] > images:
        raise ParameterError(
            f"A snapshot is wanted after {found[-1]:,} images, but the training shows {images:,}: ask for earlier ones."
        )
    return found

"""Synaptic operations where every spike of a neuron runs at all its synapses: their number times the spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fan_operations"]


def fan_operations(spikes: NDArray[Any], fan: NDArray[Any], spent: NDArray[Any]) -> int:
    """Count operations from spikes and remaining synapses.

    Parameters
    ----------
    spikes, fan : ndarray [neurons], int
        Spikes of each neuron, and the synapses that it has now.
    spent : ndarray [neurons], int
        What synapses that it has lost had done before.

    Examples
    --------
    >>> fan_operations(np.array([3, 2]), np.array([4, 5]), np.array([0, 1]))
    23
    """
    return int(np.sum(spikes.astype(np.int64) * fan) + np.sum(spent, dtype=np.int64))

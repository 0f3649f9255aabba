"""From images to input spikes: Poisson rates and counter-based random numbers.

Every random number is a pure function of what it is for (seed, purpose, presentation, neuron, count of earlier draws),
computed by Philox4x32-10 [1]_.  So nothing depends on the order of execution: a run is the same in one chunk or twenty,
after a crash, on any back end and with any number of threads.

Here are the NumPy functions; :mod:`spikeprune.philox` has them for Brian2 strings.

References
----------
.. [1] Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3", SC11,
       doi:10.1145/2063384.2063405.
.. [2] Diehl and Cook (2015), Frontiers in Computational Neuroscience 9:99, doi:10.3389/fncom.2015.00099.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeprune.errors import DataError, ParameterError

__all__ = [
    "NEVER",
    "Stream",
    "philox4x32",
    "poisson_rates",
    "spike_steps",
    "uniform_array",
]

#: Step of the next spike of an input that never spikes; finite, because `-ffast-math` may assume there is no infinity.
NEVER = 1e9

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))  # golden ratio - 1, sqrt(3) - 1
_LOW_WORD = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)

#: The largest number below 1 in single precision.  Without this bound, the 128 largest values would become 1 there.
_LARGEST = 1.0 - 2.0**-24


class Stream(IntEnum):
    """What a random number is for; numbers of different streams are independent."""

    INITIAL_WEIGHTS = 0
    TRAINING_SPIKES = 1
    EVALUATION_SPIKES = 2
    REMOVAL = 3


def _as_word(value: ArrayLike) -> Any:
    """Reduce integers modulo 2**32, as unsigned 64-bit numbers so that products do not overflow."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise ParameterError(f"Random numbers are addressed by integers, not by {array.dtype}: convert with int().")
    return array.astype(np.uint64) & _LOW_WORD


def _philox(counter: tuple[Any, ...], key: tuple[Any, Any], rounds: int = 10) -> tuple[Any, Any, Any, Any]:
    """Apply the Philox bijection to words (uint64 below 2**32) that broadcast against each other."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(rounds):
        product0, product1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1 = (product1 >> _SHIFT) ^ c1 ^ k0, product1 & _LOW_WORD
        c2, c3 = (product0 >> _SHIFT) ^ c3 ^ k1, product0 & _LOW_WORD
        k0, k1 = (k0 + _WEYL[0]) & _LOW_WORD, (k1 + _WEYL[1]) & _LOW_WORD
    return c0, c1, c2, c3


def philox4x32(counter: ArrayLike, key: ArrayLike, rounds: int = 10) -> NDArray[np.uint32]:
    """Encrypt counters with Philox4x32 (Salmon et al., 2011).

    Parameters
    ----------
    counter : array_like of int [..., 4]
    key : array_like of int [..., 2]
        Both are taken modulo 2**32; their leading axes broadcast.
    rounds : int, optional

    Returns
    -------
    ndarray of uint32 [..., 4]

    Raises
    ------
    ParameterError
        If the last axes are not 4 and 2 long, or the numbers are not integers.

    Examples
    --------
    >>> [f"{word:08x}" for word in philox4x32([0, 0, 0, 0], [0, 0])]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c, k = _as_word(counter), _as_word(key)
    if c.shape[-1:] != (4,) or k.shape[-1:] != (2,):
        raise ParameterError(f"Counter {c.shape} and key {k.shape} do not fit Philox4x32: give (..., 4) and (..., 2).")
    words = _philox((c[..., 0], c[..., 1], c[..., 2], c[..., 3]), (k[..., 0], k[..., 1]), rounds)
    return np.stack(np.broadcast_arrays(*words), axis=-1).astype(np.uint32)


def uniform_array(
    seed: ArrayLike, stream: ArrayLike, presentation: ArrayLike, neuron: ArrayLike, draw: ArrayLike
) -> Any:
    """Draw uniform random numbers from the open interval (0, 1).

    The number is (word + 1/2) / 2**32, at most 1 - 2**-24, where word is the first output of Philox4x32-10 with key
    (`seed`, `stream`) and counter (`neuron`, `draw`, `presentation`, 0).  The bound keeps it below 1 after rounding to
    single precision; it touches 256 of the 2**32 words, in every precision alike.  -log(U) is from 5.9e-8 to 22.9.

    Parameters
    ----------
    seed, stream, presentation, neuron, draw : array_like of int
        What the number is for, each from 0 to 2**31 - 1; `draw` counts earlier draws.  Shapes broadcast.

    Returns
    -------
    float or ndarray of float64, of the broadcast shape

    Raises
    ------
    ParameterError
        If an argument is not of an integer type.
    """
    counter = (_as_word(neuron), _as_word(draw), _as_word(presentation), np.uint64(0))
    bits = _philox(counter, (_as_word(seed), _as_word(stream)))[0]
    return np.minimum((bits + 0.5) * 2.0**-32, _LARGEST)


def poisson_rates(images: ArrayLike, intensity: float = 2.0, maximum_rate: float = 63.75) -> NDArray[np.float64]:
    """Turn pixels into rates of Poisson spike trains.

    Parameters
    ----------
    images : array_like [...]
        Pixels p from 0 to 255.
    intensity : float, optional
        2 for the first showing of an image, raised by 1 for each retry (Diehl and Cook, 2015).
    maximum_rate : float, optional
        Rate of pixel 255 at intensity 2, in Hz.

    Returns
    -------
    ndarray of float64 [...]
        Rates in Hz; with the default `maximum_rate`, p / 8 times `intensity`.

    Raises
    ------
    DataError
        If a pixel lies outside 0 to 255.
    ParameterError
        If `intensity` or `maximum_rate` is negative or not finite.
    """
    pixels = np.asarray(images, dtype=np.float64)
    if pixels.size and not (pixels.min() >= 0 and pixels.max() <= 255):
        raise DataError(f"Pixels range from {pixels.min()} to {pixels.max()}: scale them to 0 to 255.")
    for name, value in (("intensity", intensity), ("maximum_rate", maximum_rate)):
        if not 0 <= value < np.inf:
            raise ParameterError(f"{name} is {value}, must be finite and not negative: give another value.")
    return pixels * (maximum_rate / 255 / 2 * intensity)


def spike_steps(
    rates: ArrayLike, seed: int, stream: int, presentation: int, dt: float, steps: int, first_draw: int = 0
) -> NDArray[np.bool_]:
    """Generate the input spikes of one presentation, as the network does.

    An input spikes in step n, at most once a step, when its next spike time lies before the end of the step, n + 1.
    That time is -log(U_0) / (rate dt) steps at the start and grows by -log(U_k) / (rate dt) at the k-th spike (k = 1,
    2, ...); U_k is `uniform` of draw k.  An input spikes rate dt steps times on average (less as rate dt nears 1).

    Parameters
    ----------
    rates : array_like [n_inputs]
        Rates in Hz.  A rate of 0 never spikes.
    seed, stream, presentation : int
        As in `uniform_array`.
    dt : float
        Length of a step in seconds.
    steps : int
    first_draw : int, optional
        Draw that counts as draw 0: the attempt's number times `spikeprune.network.DRAWS_PER_ATTEMPT`.

    Returns
    -------
    ndarray of bool [steps, n_inputs]

    Raises
    ------
    ParameterError
        If a rate is negative or not finite, or `dt` is not positive.
    """
    rate = np.asarray(rates, dtype=np.float64)
    if rate.size and not (rate.min() >= 0 and rate.max() < np.inf):
        raise ParameterError(f"Rates range from {rate.min()} to {rate.max()} Hz: give finite rates, 0 or more.")
    if not dt > 0:
        raise ParameterError(f"dt is {dt} s, must be positive: give the length of a time step.")
    draws = np.full(rate.size, first_draw, dtype=np.int64)

    def intervals(neurons: NDArray[np.int64]) -> Any:
        return -np.log(uniform_array(seed, stream, presentation, neurons, draws[neurons])) / (rate[neurons] * dt)

    active = np.flatnonzero(rate > 0)
    next_spike = np.full(rate.size, NEVER)
    next_spike[active] = intervals(active)
    spikes = np.zeros((steps, rate.size), dtype=bool)
    for step in range(steps):
        spiking = active[next_spike[active] < step + 1]
        spikes[step, spiking] = True
        draws[spiking] += 1
        next_spike[spiking] += intervals(spiking)
    return spikes

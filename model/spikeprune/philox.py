"""Counter-based random numbers (:mod:`spikeprune.encoding`) for Brian2 strings: NumPy, Cython, C++ and CUDA.

With `uniform` in the namespace and all arguments integer::

    namespace = {"uniform": uniform, "stream": Stream.TRAINING_SPIKES}
    "next_spike = -log(uniform(seed, stream, presentation, i, draws)) / (rate * dt)"
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.core.functions import Function
from numpy.typing import ArrayLike

from spikeprune.encoding import philox4x32, uniform_array

__all__ = ["PHILOX_CPP", "philox_word", "uniform"]

#: The generator for C++ and CUDA.  Brian2 inserts it once for each function used, hence the guard.  Arguments have 64
#: bits so that reducing them modulo 2**32 is well defined for every integer type that Brian2 passes.
PHILOX_CPP = """
#ifndef SPIKEPRUNE_PHILOX
#define SPIKEPRUNE_PHILOX
#ifdef __CUDACC__
#define SPIKEPRUNE_HOST_DEVICE __host__ __device__
#else
#define SPIKEPRUNE_HOST_DEVICE
#endif
SPIKEPRUNE_HOST_DEVICE static inline uint32_t _spikeprune_philox(
    uint32_t k0, uint32_t k1, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, int word) {
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t product1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return word == 0 ? c0 : word == 1 ? c1 : word == 2 ? c2 : c3;
}
SPIKEPRUNE_HOST_DEVICE static inline double _spikeprune_philox_word(
    int64_t k0, int64_t k1, int64_t c0, int64_t c1, int64_t c2, int64_t c3, int64_t word) {
    return (double)_spikeprune_philox(
        (uint32_t)k0, (uint32_t)k1, (uint32_t)c0, (uint32_t)c1, (uint32_t)c2, (uint32_t)c3, (int)word);
}
SPIKEPRUNE_HOST_DEVICE static inline double _spikeprune_uniform(
    int64_t seed, int64_t stream, int64_t presentation, int64_t neuron, int64_t draw) {
    const uint32_t bits = _spikeprune_philox(
        (uint32_t)seed, (uint32_t)stream, (uint32_t)neuron, (uint32_t)draw, (uint32_t)presentation, 0u, 0);
    const double value = ((double)bits + 0.5) / 4294967296.0;
    return value < 1.0 - 1.0 / 16777216.0 ? value : 1.0 - 1.0 / 16777216.0;
}
#endif
"""

# Cython takes the C++ source verbatim.
_PHILOX_CYTHON = f'''
cdef extern from *:
    """
    #include <stdint.h>
    {PHILOX_CPP}
    """
    double _spikeprune_philox_word(long long, long long, long long, long long, long long, long long, long long)
    double _spikeprune_uniform(long long, long long, long long, long long, long long)
'''


def _philox_word_array(
    k0: ArrayLike, k1: ArrayLike, c0: ArrayLike, c1: ArrayLike, c2: ArrayLike, c3: ArrayLike, word: ArrayLike
) -> Any:
    counter, key = (np.stack(np.broadcast_arrays(*words), axis=-1) for words in ((c0, c1, c2, c3), (k0, k1)))
    return np.choose(np.asarray(word), np.moveaxis(philox4x32(counter, key), -1, 0)).astype(np.float64)


def _brian_function(python: Any, n_arguments: int, compiled_name: str) -> Function:
    """Wrap a NumPy function and its compiled twin for use in Brian2 strings."""
    types = {"arg_types": ["integer"] * n_arguments, "return_type": "float"}
    function = Function(python, arg_units=[1] * n_arguments, return_unit=1, stateless=True, **types)
    function.implementations.add_numpy_implementation(python, discard_units=True)
    # Brian2 looks targets up by name, so brian2cuda need not be importable here.
    for target, code in (("cython", _PHILOX_CYTHON), ("cpp", PHILOX_CPP), ("cuda", PHILOX_CPP)):
        function.implementations.add_implementation(target, code, name=compiled_name)
    return function


#: `uniform_array` for Brian2 strings: ``uniform(seed, stream, presentation, neuron, draw)``.
uniform = _brian_function(uniform_array, 5, "_spikeprune_uniform")

#: Word 0 to 3 of Philox4x32-10 as a number: ``philox_word(k0, k1, c0, c1, c2, c3, word)``, for tests of every back end.
#: 32-bit patterns may be given as signed integers; only double precision holds the result.
philox_word = _brian_function(_philox_word_array, 7, "_spikeprune_philox_word")

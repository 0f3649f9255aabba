"""A Brian2 function that ends a run from within a model's strings."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
from brian2.core.functions import Function

__all__ = ["stop_when"]


def _stop_when(condition: Any) -> Any:
    """Stop the running network after this time step where `condition` holds; the NumPy twin of ``stop_when``."""
    if np.any(condition):
        brian2.stop()
    return np.asarray(condition)


#: ``stop_when(condition)``: end the run after this time step if the condition holds; returns the condition.  So a
#: program compiled once for many presentations can run few.
stop_when = Function(
    _stop_when, arg_units=[1], return_unit=1, arg_types=["integer"], return_type="integer", stateless=False
)
stop_when.implementations.add_numpy_implementation(_stop_when)
stop_when.implementations.add_implementation(
    "cython",
    """
from brian2.core.magic import stop as _stop_simulation
cdef int stop_when(int condition):
    if condition:
        _stop_simulation()
    return condition
""",
)
stop_when.implementations.add_implementation(
    "cpp",
    """
static inline int stop_when(const int condition)
{
    if (condition) Network::_globally_stopped = true;
    return condition;
}
""",
)
# A device cannot stop the host: the host's time loop looks at `stopped`, once a slot.
stop_when.implementations.add_implementation(
    "cuda",
    """
__host__ __device__ static inline int stop_when(const int condition)
{
    return condition;
}
""",
)

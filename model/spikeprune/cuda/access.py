"""Who writes what: which part of a code object can be done by threads side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.codegen.translation import make_statements
from brian2.core.variables import ArrayVariable
from brian2.utils.stringtools import get_identifiers

__all__ = ["pathway_unit", "writes_apart"]


def _accesses(abstract_code: Mapping[str, str], variables: Mapping[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """Names of the arrays that are written by scalar statements, and read and written by vector statements."""
    shared, read, written = set(), set(), set()
    for name, code in abstract_code.items():
        scalar, vector = make_statements(
            code, variables, np.dtype(prefs.core.default_float_dtype).type, optimise=True, blockname=name
        )
        shared |= {statement.var for statement in scalar}
        for statement in vector:
            read |= get_identifiers(statement.expr) | ({statement.var} if statement.inplace else set())
            written.add(statement.var)

    def arrays(names: Iterable[str]) -> set[str]:
        return {name for name in names if isinstance(variables.get(name), ArrayVariable)}

    return arrays(shared), arrays(read), arrays(written)


def writes_apart(abstract_code: Mapping[str, str], variables: Mapping[str, Any], indices: Mapping[str, str]) -> bool:
    """Whether every element runs on its own: nothing is written but the element's own variables."""
    shared, _, written = _accesses(abstract_code, variables)
    return not shared and all(indices[name] == "_idx" for name in written)


def pathway_unit(
    abstract_code: Mapping[str, str], variables: Mapping[str, Any], indices: Mapping[str, str], event_index: str
) -> str:
    """What one thread has to do of a pathway so that no other thread meets it.

    Parameters
    ----------
    abstract_code, variables, indices
        Of the pathway's code object.
    event_index : str
        Index of the neurons whose events the pathway follows: ``"_presynaptic_idx"`` or ``"_postsynaptic_idx"``.

    Returns
    -------
    {'synapse', 'partner', 'event', 'all'}
        One synapse; all synapses of a neuron on the other side; all of a neuron with an event; or everything.
    """
    shared, read, written = _accesses(abstract_code, variables)
    sides = {indices[name] for name in written} - {"_idx"}
    memory = {(variables[name].owner.name, variables[name].name) for name in written if indices[name] != "_idx"}
    # The same memory under two indices (x_pre and x_post of recurrent synapses) would be read while it is written.
    seen = {indices[name] for name in read | written if (variables[name].owner.name, variables[name].name) in memory}
    if shared or len(sides | seen) > 1:
        return "all"
    if not sides:
        return "synapse"
    side = sides.pop()
    if side not in ("_presynaptic_idx", "_postsynaptic_idx"):
        return "all"
    return "event" if side == event_index else "partner"

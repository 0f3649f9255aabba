"""Ranks for the strings of rules: what Brian2's statements, which see one synapse or neuron at a time, cannot say.

At a pruning event, synapses (or neurons) note a value each with ``note(host, group, value, number)``; afterwards,
``kth_value(host, group, k)`` is the k-th smallest value of a group, from 1, and ``kth_number(host, group, k)`` the
number that was noted with it.  Equal values rank by number.  The first value that is noted afterwards begins anew.
`host` is the constant of that name, which keeps apart what several synapses of a network do.

Each function exists in NumPy, for Cython (which calls the NumPy twin) and in C++.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from brian2.core.functions import Function
from numpy.typing import NDArray

__all__ = ["RANKS", "kth_number", "kth_value", "note"]

#: What k < 1 gives: below every value and every number.
BELOW = (-1e300, -1)

_notes: dict[int, dict[str, Any]] = {}


def _notes_of(host: int) -> dict[str, Any]:
    return _notes.setdefault(host, {"columns": [], "sorted": None})


def _note(host: Any, group: Any, value: Any, number: Any) -> NDArray[np.float64]:
    given = (np.asarray(host, np.int64), np.asarray(group, np.int64), np.asarray(value, float), np.asarray(number, int))
    hosts, *columns = np.broadcast_arrays(*given)
    for own in np.unique(hosts):
        notes = _notes_of(int(own))
        if notes["sorted"] is not None:
            notes.update(columns=[], sorted=None)
        notes["columns"].append([column[hosts == own] for column in columns])
    return np.ones(hosts.shape)


def _kth(host: Any, group: Any, k: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    hosts, groups, ks = np.broadcast_arrays(np.asarray(host, np.int64), np.asarray(group), np.asarray(k, float))
    values, numbers = np.full(hosts.shape, BELOW[0]), np.full(hosts.shape, BELOW[1])
    for own in np.unique(hosts):
        asked = hosts == own
        values[asked], numbers[asked] = _kth_of(_notes_of(int(own)), groups[asked], ks[asked])
    return values, numbers


def _kth_of(notes: dict[str, Any], group: Any, k: Any) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    if notes["sorted"] is None:
        groups, values, numbers = (
            np.concatenate([np.zeros(0), *(columns[place] for columns in notes["columns"])]) for place in range(3)
        )
        order = np.lexsort((numbers, values, groups))
        notes["sorted"] = (groups[order], values[order], numbers[order])
    groups, values, numbers = notes["sorted"]
    first, end = np.searchsorted(groups, group, side="left"), np.searchsorted(groups, group, side="right")
    place = np.minimum(np.floor(k + 0.5).astype(np.int64), end - first)
    found = np.where(place < 1, 0, first + place - 1)
    if len(values) == 0:
        return np.full(group.shape, BELOW[0]), np.full(group.shape, BELOW[1])
    return np.where(place < 1, BELOW[0], values[found]), np.where(place < 1, BELOW[1], numbers[found]).astype(np.int64)


def _kth_value(host: Any, group: Any, k: Any) -> Any:
    return _kth(host, group, k)[0]


def _kth_number(host: Any, group: Any, k: Any) -> Any:
    return _kth(host, group, k)[1]


def _function(twin: Any, arguments: dict[str, str], cpp: str, returns: str) -> Function:
    made = Function(
        twin, arg_units=[1] * len(arguments), return_unit=1, arg_types=list(arguments.values()), return_type=returns,
        arg_names=list(arguments), stateless=False,
    )  # fmt: skip
    name, types = twin.__name__, {"integer": "int64_t", "float": "double"}
    made.implementations.add_numpy_implementation(twin)
    declared = ", ".join(f"{types[kind]} {argument}" for argument, kind in arguments.items())
    given = ", ".join(arguments)
    made.implementations.add_implementation(
        "cython",
        f"""
from spikeprune.synapses.ranks import {name} as {name}_twin
cdef {types[returns]} {name}({declared}):
    return {name}_twin({given})
""",
        name=name,
    )
    made.implementations.add_implementation(
        "cpp",
        f"static inline {types[returns]} {name}({declared}) {{ return {cpp.format(arguments=given)}; }}",
        name=name,
        compiler_kwds={"headers": ['"spikeprune_ranks.h"'], "include_dirs": [str(Path(__file__).parent)]},
    )
    return made


_PLACE = {"host": "integer", "group": "integer"}
note = _function(
    _note, {**_PLACE, "value": "float", "number": "integer"}, "spikeprune::note({arguments})", returns="float"
)
kth_value = _function(_kth_value, {**_PLACE, "k": "float"}, "spikeprune::kth({arguments}).first", returns="float")
kth_number = _function(_kth_number, {**_PLACE, "k": "float"}, "spikeprune::kth({arguments}).second", returns="integer")

#: The functions by the names that the strings of rules have for them.
RANKS = {"note": note, "kth_value": kth_value, "kth_number": kth_number}

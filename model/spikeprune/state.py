"""The state of a network as arrays: how it starts, and what of it is worth keeping.

A state maps ``group.variable`` to an array in SI base units; weights and masks are flat, synapse ``i*neurons + j``
leading from input `i` to neuron `j`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.encoding import Stream, uniform_array
from spikeprune.errors import RunFolderError
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning.base import PruningRule

__all__ = ["check_state", "finish_state", "initial_state", "initial_weights", "misfit", "rule_thresholds"]

#: Time step of the last spike of a neuron that has not fired: of its trace, nothing is left.
NEVER = -1e6


def initial_weights(p: NetworkParameters, seed: int) -> NDArray[np.float64]:
    """Return w_scale (U(0,1) + w_floor), [inputs, neurons] (Diehl & Cook 2015).

    Parameters
    ----------
    p : NetworkParameters
    seed : int
        Key of the random numbers.
    """
    i, j = np.arange(p.inputs)[:, None], np.arange(p.neurons)[None, :]
    return p.w_scale * (uniform_array(seed, int(Stream.INITIAL_WEIGHTS), 0, i, j) + p.w_floor)


def initial_state(
    p: NetworkParameters, rule: PruningRule, seed: int, layout: Mapping[str, tuple[Any, int]]
) -> dict[str, Any]:
    """Return the state of an untrained network.

    Parameters
    ----------
    p : NetworkParameters
    rule : PruningRule
        The initial values of its variables become part of the state.
    seed : int
        Determines the initial weights.
    layout : mapping of str to (dtype, int)
        Type and size of the program's variables (``Program.layout``).

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    ParameterError
        If the rule names an initial value of what is not its variable.
    """
    n, m = p.neurons, p.inputs
    values: dict[str, Any] = {
        "presenter.step": -1,
        "presenter.intensity": p.intensity,
        "outgoing.fan_out": n, "input.expected": 1e-12, "input.next_spike": 1e9,
        "input.last_spike": NEVER, "excitatory.last_spike": NEVER, "excitatory.changed": 1,
        "excitatory.depressible": int(p.depresses), "excitatory.normalised_sum": p.weight_sum,
        "excitatory.v": (p.v_rest_e + p.v_offset) * 1e-3, "excitatory.theta": p.theta_0 * 1e-3,
        "incoming.fan_in": m, "incoming.plastic_in": m, "excitatory.scale": 1,
        "inhibitory.v": (p.v_rest_i + p.v_offset) * 1e-3,
        "plastic.w": initial_weights(p, seed).ravel(), "plastic.alive": True, "plastic.plastic": True,
    }  # fmt: skip
    for name, value in rule.initial(n).items() if rule.acts_in_training else ():
        if name == "depressible":
            values["excitatory.depressible"] = value * int(p.depresses)
        elif f"incoming.{name}" in layout:
            values[f"incoming.{name}"] = value
        else:
            raise rule.no_variable(name, (key[9:] for key in layout if key.startswith("incoming.")))
    values["outgoing.plastic_out"] = np.count_nonzero(np.broadcast_to(values["excitatory.depressible"], n))
    return {
        name: np.broadcast_to(np.asarray(values.get(name, 0)), (size,)).astype(dtype)
        for name, (dtype, size) in layout.items()
    }


def finish_state(p: NetworkParameters, rule: PruningRule, state: dict[str, Any]) -> dict[str, Any]:
    """Apply what a rule does to the finished network (:meth:`PruningRule.finish`).

    Returns
    -------
    dict of str to ndarray
        The state with the removed synapses gone and the remaining weights scaled to the neuron's sum, bounded by w_max;
        the same state where the rule removes nothing.
    """
    shape = (p.inputs, p.neurons)
    w, alive = state["plastic.w"].reshape(shape), state["plastic.alive"].reshape(shape).astype(bool)
    remains = rule.finish(w, alive) & alive
    if np.array_equal(remains, alive):
        return state
    w = np.where(remains, w, 0)
    total = w.sum(axis=0, dtype=np.float64)
    w = np.clip(w * (p.weight_sum / np.maximum(total, 1e-6)), 0, p.w_max)
    flags = remains.ravel()
    return state | {
        "plastic.w": w.astype(state["plastic.w"].dtype).ravel(),
        "plastic.alive": flags.astype(state["plastic.alive"].dtype),
        "plastic.plastic": flags.astype(state["plastic.plastic"].dtype),
        "outgoing.fan_out": remains.sum(axis=1).astype(np.int32),
        "outgoing.plastic_out": remains[:, state["excitatory.depressible"] > 0].sum(axis=1).astype(np.int32),
        "incoming.fan_in": remains.sum(axis=0).astype(np.int32),
        "incoming.plastic_in": remains.sum(axis=0).astype(np.int32),
    }


def rule_thresholds(rule: PruningRule, state: Mapping[str, NDArray[Any]], neurons: int) -> NDArray[Any] | None:
    """Return the pruning threshold of every neuron [neurons]; None of a rule that has none.

    It is a variable of the neurons, or a parameter, the same for all.
    """
    if not rule.acts_in_training or not rule.threshold:
        return None
    threshold = state.get(f"incoming.{rule.threshold}", getattr(rule, rule.threshold, 0.0))
    return np.broadcast_to(np.asarray(threshold, dtype=np.float64), (neurons,))


def check_state(state: Mapping[str, NDArray[Any]], layout: Mapping[str, tuple[Any, int]]) -> None:
    """Raise RunFolderError unless a state is that of a program with this layout."""
    found = {name: len(value) for name, value in state.items()}
    wanted = {name: size for name, (_, size) in layout.items()}
    if found != wanted:
        raise misfit(", ".join(sorted(name for name in found | wanted if found.get(name) != wanted.get(name))))


def misfit(what: str) -> RunFolderError:
    """Return the error of stored arrays that do not fit: which of them, or why."""
    return RunFolderError(f"The arrays of the run do not fit this version of spikeprune ({what}): train again.")

"""The state that a network goes on with: untrained, or that of a finished run under a rule that begins anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeprune.errors import ParameterError
from spikeprune.run import Run
from spikeprune.state import initial_state

__all__ = ["first_state"]

#: Variables of a neuron's incoming synapses that every network has; the others are its rule's.
COMMON = ("incoming.fan_in", "incoming.plastic_in")
#: Variables of the neurons that rules alone change.
GIVEN = ("excitatory.depressible", "excitatory.normalised_sum")


def first_state(run: Run, before: Run | None = None) -> dict[str, Any]:
    """Return the state of a network before its first image.

    Parameters
    ----------
    run : Run
        What is to be trained.
    before : Run, optional
        A finished run whose network is taken over: weights, removed synapses, thresholds, traces.  What belongs to the
        rule is that of an untrained network; frozen synapses learn again unless the new rule freezes too.

    Raises
    ------
    ParameterError
        If the networks differ.
    """
    settings = run.settings
    rule, p = settings.rule, settings.parameters
    fresh = initial_state(p, rule, settings.seed, run.program.layout)
    if before is None:
        return fresh
    for name, value in vars(p).items():
        theirs = getattr(before.settings.parameters, name)
        if theirs != value:
            where = "the images have" if name == "inputs" else "parameters have"
            raise ParameterError(
                f"The network to go on with has {name} = {theirs}, but {where} {value}: they must be the same."
            )
    state = {
        name: before.state[name].astype(value.dtype) if name in before.state and not _of_rule(name) else value
        for name, value in fresh.items()
    }
    if not rule.freezes:
        state["plastic.plastic"] = state["plastic.alive"].astype(fresh["plastic.plastic"].dtype)
    plastic = state["plastic.plastic"].reshape(p.inputs, p.neurons).astype(bool)
    learning = state["excitatory.depressible"] > 0
    derived = {
        "outgoing.plastic_out": plastic[:, learning].sum(axis=1),
        "incoming.plastic_in": plastic.sum(axis=0),
        "excitatory.changed": np.ones(p.neurons),  # normalise all once
    }
    return state | {name: value.astype(fresh[name].dtype) for name, value in derived.items()}


def _of_rule(name: str) -> bool:
    return (name.startswith("incoming.") and name not in COMMON) or name in GIVEN

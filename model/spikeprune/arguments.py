"""What people pass from habit where a rule or parameters are expected, taken for what they mean, or explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from spikeprune.datasets import Dataset
from spikeprune.equations import Equations
from spikeprune.errors import ParameterError, unknown_name
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning import AdaptivePruning, PruningRule, as_rule
from spikeprune.pruning.timing import SCHEDULE, timing_text
from spikeprune.scaling import scaled_parameters

__all__ = ["SHARES", "check_count", "network_given", "refuse", "rule_given", "scheduled"]

#: Shares of a training at which every rule acts, to be recommended.
SHARES = {"start": 0.6, "stop": 0.8, "interval": 0.02}


def rule_given(rule: Any) -> PruningRule:
    """Make a rule of a rule, its class or its name; None stands for ``AdaptivePruning()``.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    return AdaptivePruning() if rule is None else as_rule(rule)


def scheduled(rule: PruningRule, images: int, allow_inert: bool = False) -> PruningRule:
    """Return a rule with its schedule in images of a training that shows so many.

    Raises
    ------
    ParameterError
        If it would never act in this training, which nobody asked for.
    """
    found = rule.for_images(images)
    if found.acts_in_training and not allow_inert and not found.events_in(images):
        given = {name: value for name, value in asdict(rule).items() if name in SCHEDULE}
        values = ", ".join(f"{name} = {timing_text(value)}" for name, value in given.items())
        advice = ", ".join(f"{name} = {SHARES[name]}" for name in given if isinstance(given[name], int))
        raise ParameterError(
            f"Rule '{rule.name}' never acts in a training of {images:,} images with {values}: give shares of the "
            f"training, such as {advice or 'a smaller interval'}, or allow it (allow_inert=True, --allow-inert)."
        )
    return found


def network_given(
    given: Any, neurons: int | None, data: Dataset, epochs: int = 1, equations: Any = None
) -> NetworkParameters:
    """Make the parameters of a network of what is given for them, its size, and the data.

    Parameters
    ----------
    given : NetworkParameters, mapping or None
        None: the defaults.  What a mapping does not give follows the data and the numbers of neurons and images.
    neurons : int or None
        Those of `given` unless given here; 100 where neither says.
    data : Dataset
    epochs : int
        How often its training images are shown.
    equations : mapping, str or path-like, optional
        In the place of the package's; those of `given` unless given here.

    Raises
    ------
    ParameterError
        If `given` is none of these, a name is unknown or a value is not allowed.
    """
    own = _of_events(data) | ({} if equations is None else {"equations": Equations.given(equations)})
    if given is None:
        given = NetworkParameters()
    if isinstance(given, NetworkParameters):
        size = given.neurons if neurons is None else neurons
        return replace(given, neurons=size, inputs=data.n_inputs, **own)
    if not isinstance(given, Mapping):
        raise ParameterError(f"parameters is {given!r}: pass NetworkParameters(…), or a dict of names and values.")
    size = given.get("neurons", NetworkParameters().neurons) if neurons is None else neurons
    checked = NetworkParameters.from_dict({**given, "neurons": size})
    images = epochs * len(data.train_images)
    found = scaled_parameters(checked.neurons, data.n_inputs, data.ink, images, given)
    return replace(found, **own)


def _of_events(data: Dataset) -> dict[str, Any]:
    """What the network has to know of event data; shown again, they would be the same."""
    return {"event_slots": data.event_slots, **({"attempts": 1} if data.event_slots else {})}


def check_count(name: str, value: Any) -> None:
    """Raise ParameterError unless a number of things is a whole one, from 1 on."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ParameterError(f"{name} is {value!r}: it must be a whole number, at least 1.")


def refuse(options: Mapping[str, Any], rule: PruningRule, allowed: Iterable[str]) -> None:
    """Say where an argument belongs that a function does not have; nothing where there is none.

    Raises
    ------
    ParameterError
        For the first of them.
    """
    for name, value in options.items():
        if name in {field.name for field in fields(rule)}:
            raise ParameterError(
                f"'{name}' is a parameter of the rule: pass rule={type(rule).__name__}({name}={value!r})."
            )
        if name in {field.name for field in fields(NetworkParameters)}:
            raise ParameterError(f"'{name}' is a parameter of the network: pass parameters=dict({name}={value!r}).")
        raise ParameterError(unknown_name("argument", name, allowed))

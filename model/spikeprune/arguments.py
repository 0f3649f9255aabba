"""What people pass from habit where a rule or parameters are expected, taken for what they mean, or explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.parameters import NetworkParameters
from spikeprune.pruning import AdaptivePruning, PruningRule, as_rule

__all__ = ["as_parameters", "refuse", "rule_given"]


def rule_given(rule: Any) -> PruningRule:
    """Make a rule of a rule, its class or its name; None stands for ``AdaptivePruning()``.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    return AdaptivePruning() if rule is None else as_rule(rule)


def as_parameters(parameters: Any) -> NetworkParameters:
    """Make network parameters of such, or of a mapping of names to values; None stands for the defaults.

    Raises
    ------
    ParameterError
        If it is none of these, a name is unknown or a value is not allowed.
    """
    if parameters is None:
        return NetworkParameters()
    if isinstance(parameters, NetworkParameters):
        return parameters
    if isinstance(parameters, Mapping):
        return NetworkParameters.from_dict(parameters)
    raise ParameterError(f"parameters is {parameters!r}: pass NetworkParameters(…), or a dict of names and values.")


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

"""Monitors on a built network: the spikes of all neurons, and variables of theirs in every time step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spikeprune.errors import ParameterError, unknown_name

__all__ = ["RECORDED", "add_recorders", "recorder_outputs", "with_group"]

#: Groups that can be recorded; the excitatory neurons' spikes are recorded in any case.
RECORDED = ("input", "excitatory", "inhibitory")


def with_group(name: str) -> str:
    """Return ``group.variable``; a name alone is a variable of the excitatory neurons.

    Raises
    ------
    ParameterError
        If there is no such group to record.
    """
    group, dot, variable = name.partition(".")
    if not dot:
        return f"excitatory.{name}"
    if group not in RECORDED:
        raise ParameterError(unknown_name("group to record", group, RECORDED))
    return f"{group}.{variable}"


def add_recorders(network: Any, groups: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Add monitors to a network that has not run.

    Variables are recorded as the thresholds are tested: after the state update, before synapses and resets.

    Parameters
    ----------
    network : brian2.Network
    groups : mapping of str to Brian2 group
        Those of the network (:class:`spikeprune.network.BuiltNetwork`).
    names : iterable of str
        ``group.variable``; may be empty, which leaves the spikes.

    Returns
    -------
    dict of str to Brian2 monitor
        ``spikes_input``, ``spikes_inhibitory``, and ``trace_GROUP`` for each group of which variables are recorded.

    Raises
    ------
    ParameterError
        If a group has no such variable.
    """
    import brian2 as b2

    wanted: dict[str, list[str]] = {}
    for name in names:
        group, _, variable = name.partition(".")
        known = [each for each, kind in groups[group].variables.items() if not each.startswith("_") and _is_trace(kind)]
        if variable not in known:
            raise ParameterError(unknown_name(f"variable of the {group} neurons", variable, sorted(known)))
        wanted.setdefault(group, []).append(variable)
    monitors: dict[str, Any] = {
        f"spikes_{group}": b2.SpikeMonitor(groups[group], name=f"spikes_{group}") for group in ("input", "inhibitory")
    }
    for group, variables in wanted.items():
        monitors[f"trace_{group}"] = b2.StateMonitor(
            groups[group], variables, record=True, when="thresholds", order=1, name=f"trace_{group}",
            clock=groups[group].clock,
        )  # fmt: skip
    network.add(*monitors.values())
    return monitors


def _is_trace(variable: Any) -> bool:
    """Whether a variable has a number for each neuron that may change in time."""
    return not variable.scalar and not getattr(variable, "constant", False)


def recorder_outputs(monitors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Brian2 variable of everything that monitors record: ``monitor.variable`` to variable."""
    return {
        f"{name}.{each}": monitor.variables[each]
        for name, monitor in monitors.items()
        for each in ("t", *(["i"] if name.startswith("spikes_") else monitor.record_variables))
    }

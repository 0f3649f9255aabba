"""What fast code assumes of the order of objects within a time step, checked before a run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from brian2.codegen.translation import get_identifiers_recursively
from brian2.core.base import BrianObject
from brian2.core.variables import ArrayVariable
from brian2.devices.device import get_device
from brian2.groups.neurongroup import Thresholder
from brian2.synapses.synapses import SummedVariableUpdater

from spikeprune.errors import SpikepruneError

__all__ = ["ScheduleCheck", "ScheduleError", "arrays_read", "arrays_written", "schedules_of"]

#: Comes after everything else in a time step, whatever `order` the user has chosen.
LAST = 2**62


class ScheduleError(SpikepruneError, ValueError):
    """The order of objects within a time step, or what they change, is not what fast code relies on."""


class ScheduleCheck(BrianObject):
    """Object without code, in whose place `check` is called when all others have been prepared for a run."""

    add_to_magic_network = False

    def __init__(self, group: Any, check: Callable[[], None]) -> None:
        super().__init__(clock=group.clock, when="after_end", order=LAST, name=f"{group.name}_schedule_check")
        self.check = check

    def before_run(self, run_namespace: Any) -> None:
        super().before_run(run_namespace)
        self.check()


def schedules_of(thing: BrianObject) -> Iterator[list[Any]]:
    """Active objects, in their order, of each standalone network that `thing` is in."""
    for network in get_device().networks:
        objects = [other for other in network.sorted_objects if other.active]
        if any(other.name == thing.name for other in objects):
            yield objects


def arrays_written(thing: Any) -> dict[ArrayVariable, str]:
    """Arrays that the code of an object changes, with their names there; spikes are what `Thresholder` changes."""
    variables = _variables(thing)
    written = {}
    for name in _assigned(getattr(thing, "abstract_code", "")):
        if isinstance(variables.get(name), ArrayVariable):
            written[variables[name]] = name
    if isinstance(thing, Thresholder):
        names = [name for name in thing.needed_variables if name != "t"]
        written |= {variables[name]: name for name in names if name in variables}
    if isinstance(thing, SummedVariableUpdater):
        written[thing.target_var] = thing.target_varname
    return written


def arrays_read(thing: Any, expression: str) -> dict[ArrayVariable, str]:
    """Arrays that an expression or statements read, as part of the code of `thing`, through subexpressions too."""
    variables = _variables(thing)
    names = get_identifiers_recursively([expression], variables)
    return {variables[name]: name for name in sorted(names) if isinstance(variables.get(name), ArrayVariable)}


def _variables(thing: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code in getattr(thing, "code_objects", ()):
        found |= code.variables
    return found


def _assigned(code: str) -> set[str]:
    """Names on the left-hand side of statements, which Brian2 lets one indent at will."""
    names = set()
    for node in ast.parse("\n".join(line.strip() for line in code.splitlines())).body:
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names

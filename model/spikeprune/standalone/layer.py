"""Neurons of a layer, whose generated C++ code asks for events only where there can be some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import NeuronGroup
from brian2.core.variables import Variables
from brian2.groups.neurongroup import StateUpdater, Thresholder

from .codeobject import fast_code_object, uses_fast_code
from .generator import LASTING_TEMPLATE
from .promises import Brian2CodeObject, checked, checks_promises
from .schedule import ScheduleCheck, ScheduleError, arrays_read, arrays_written, schedules_of

__all__ = ["LayerGroup"]


class FusedStateUpdater(StateUpdater):
    """State updater whose code ends with the threshold condition."""

    def update_abstract_code(self, run_namespace: Mapping[str, Any]) -> None:
        super().update_abstract_code(run_namespace)
        thresholder = self.group.thresholder["spike"]
        thresholder.update_abstract_code(run_namespace)  # complains of what is no condition
        self.abstract_code += "\n" + thresholder.abstract_code


class FusedThresholder(Thresholder):
    """Thresholder without code, which keeps its place among the objects of a time step."""

    def create_code_objects(self, run_namespace: Mapping[str, Any]) -> None:
        self.code_objects[:] = []


class LastingThresholder(Thresholder):
    """Thresholder that asks only neurons for which its condition can hold."""

    #: The event that alone can make the condition hold.
    cause: str
    codeobj_class: type | None

    def create_code_objects(self, run_namespace: Mapping[str, Any]) -> None:
        theirs = None
        if checks_promises():
            self.codeobj_class = Brian2CodeObject
            self.template = "threshold"
            theirs = self.create_default_code_object(run_namespace)
        self.codeobj_class = fast_code_object()
        self.template = LASTING_TEMPLATE
        super().create_code_objects(run_namespace)
        if theirs is not None:
            promise = f"The promise lasting={{'{self.event}': '{self.cause}'}} of LayerGroup '{self.group.name}'"
            spaces = {f"_{self.event}space": f"event '{self.event}'"}
            self.code_objects[:] = checked(self, theirs, self.codeobj, promise, spaces, run_namespace)


class LayerGroup(NeuronGroup):
    """Neurons that are used like `~brian2.groups.neurongroup.NeuronGroup`.

    On the device ``"cpp_standalone_fast"`` without OpenMP (on ``"cpp_standalone"``, given the `codeobj_class` of
    `fast_code_object`), the threshold is tested in the loop that integrates the neurons, while their variables are in
    registers.

    Parameters
    ----------
    N, model, **kwds
        As in `NeuronGroup`.
    lasting : dict of str to str, optional
        Name of an event to its cause, another event of these neurons: a promise that the condition of the first, where
        it does not hold for a neuron, only begins to hold after the second has occurred for it.  Then nothing but
        neurons for which it held in the last time step, or for which the cause has occurred since, is asked.
    blocks : int, optional
        The group consists of so many parts of equal size, several networks side by side; the numbers of a part do not
        depend on the others, not even in what is left out of its state update.

    Raises
    ------
    TypeError
        If `lasting` names an event that these neurons do not have.
    ScheduleError
        Before a run, if something comes between the state update of the group (in the slot "groups") and its threshold
        (in "thresholds") that changes what the condition reads, or reads the spikes of the last time step.

    Notes
    -----
    Groups with a `refractory` period of Brian2's own are tested in "thresholds" as ever.
    """

    def __init__(
        self, N: int, model: Any, *args: Any, lasting: Mapping[str, str] | None = None, blocks: int = 1, **kwds: Any
    ) -> None:
        super().__init__(N, model, *args, **kwds)
        for names in (lasting or {}).items():
            for name in names:
                if name not in self.events:
                    known = ", ".join(sorted(self.events)) or "none"
                    raise TypeError(f"'{name}' in the lasting events of '{self.name}' is none of its events: {known}.")
        if "spike" in (lasting or {}) and self._refractory is not False:
            raise TypeError(f"Spikes of '{self.name}' cannot be lasting, because the neurons have a refractory period.")
        if not uses_fast_code(kwds.get("codeobj_class")):
            return
        for event, cause in (lasting or {}).items():
            thresholder = self.thresholder[event]
            thresholder.__class__, thresholder.cause = LastingThresholder, cause
            thresholder.needed_variables.append(f"_{cause}space")
            thresholder.template_kwds["cause_variable"] = self.variables[f"_{cause}space"]
        # The code of one neuron is no loop.
        if "spike" in self.events and self._refractory is False and N > 1:
            self._fuse(blocks)

    def _fuse(self, blocks: int) -> None:
        updater, thresholder = self.state_updater, self.thresholder["spike"]
        updater.__class__, updater.codeobj_class = FusedStateUpdater, fast_code_object()
        updater.variables = Variables(updater)
        updater.variables.add_auxiliary_variable("_cond", dtype=bool)
        updater.needed_variables = [*updater.needed_variables, "_spikespace"]
        updater.template_kwds = {
            **(updater.template_kwds or {}), "eventspace_variable": self.variables["_spikespace"], "blocks": blocks,
        }  # fmt: skip
        thresholder.__class__ = FusedThresholder
        self.contained_objects.append(ScheduleCheck(self, self._check_order))

    def _check_order(self) -> None:
        updater, thresholder = self.state_updater, self.thresholder["spike"]
        read, spikes = arrays_read(updater, thresholder.abstract_code), self.variables["_spikespace"]
        for objects in schedules_of(updater):
            names = [thing.name for thing in objects]
            first, last = names.index(updater.name), names.index(thresholder.name)
            if last < first:
                raise ScheduleError(
                    f"LayerGroup '{self.name}' tests its threshold right after its state update, but its thresholder "
                    "is scheduled before that: move it to a later slot or use NeuronGroup."
                )
            for thing in objects[first + 1 : last]:
                changed = [name for array, name in arrays_written(thing).items() if array in read]
                reads = any(spikes in code.variables.values() for code in thing.code_objects)
                if changed or reads:
                    does = f"changes '{changed[0]}'" if changed else "reads its spikes"
                    raise ScheduleError(
                        f"LayerGroup '{self.name}' tests its threshold right after its state update, but "
                        f"'{thing.name}' (when='{thing.when}', order={thing.order}) {does} between the two: move it "
                        "before the state update or after the thresholds, or use NeuronGroup."
                    )

"""Neurons that know when they will spike next, whose generated C++ code works out their spikes ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import NeuronGroup
from brian2.groups.neurongroup import Thresholder

from .codeobject import fast_code_object, uses_fast_code
from .generator import CALENDAR_TEMPLATE
from .schedule import ScheduleCheck, ScheduleError, arrays_read, arrays_written, schedules_of

__all__ = ["RenewalGroup"]


class CalendarThresholder(Thresholder):
    """Thresholder whose code is not the condition but what follows a spike."""

    #: Statements that set the next spike of a neuron; with the number of steps as well; the event that starts anew.
    renew: str
    ahead: str
    restart: str
    #: What the template needs by another name, to the name of the variable.
    roles: Mapping[str, str]

    def update_abstract_code(self, run_namespace: Mapping[str, Any]) -> None:
        super().update_abstract_code(run_namespace)  # complains of what is no condition
        self.user_code = self.abstract_code = self.ahead
        # Variables of other groups are linked to only after the group has been made.
        self.template_kwds |= {f"{role}_variable": self.group.variables[name] for role, name in self.roles.items()}


class RenewalGroup(NeuronGroup):
    """Neurons whose next spike is known as soon as the last one has occurred, such as Poisson neurons.

    A variable holds the time of a neuron's next spike, in time steps.  The neuron fires in the first step that ends
    after it, once a step at most; then `renew` moves it on, and `reset` is executed.  On most devices, that is a
    threshold and a reset.  On the device ``"cpp_standalone_fast"`` without OpenMP (on ``"cpp_standalone"``, given the
    `codeobj_class` of `fast_code_object`), all spikes until the next restart are worked out when the first step after
    it begins, for many neurons side by side, and entered into a calendar.

    Parameters
    ----------
    N : int
    model : str or Equations
        Equations, `next_spike` among them.
    next_spike : str
        Name of the variable that holds the time of the next spike.
    step : str
        Name of a scalar variable that holds the number of the time step, from 0.
    steps : str
        Name of the number of steps from which on there are no spikes.
    renew : str
        Statements after a spike that increase `next_spike`.
    restart : str
        An event of all neurons whose code sets `next_spike` and precedes the thresholds; `step` starts again with it.
    reset : str
        Statements after a spike that do not concern `next_spike`.
    **kwds
        Passed on to `NeuronGroup`.

    Raises
    ------
    ScheduleError
        Before a run, if the restart comes after the spikes or is not the same for all neurons, or if anything but its
        code changes what `renew` reads or writes of the neurons.

    Notes
    -----
    The state at the end of a run is that of the last step, and may be set before the next run.

    It is a promise that `renew` reads and writes only variables of its neuron that nothing else changes between two
    restarts, and other variables that keep their value between two restarts.
    """

    def __init__(
        self,
        N: int,
        model: Any,
        *,
        next_spike: str,
        step: str,
        steps: str,
        renew: str,
        restart: str,
        reset: str = "",
        **kwds: Any,
    ) -> None:
        ahead = uses_fast_code(kwds.get("codeobj_class"))
        super().__init__(
            N,
            model,
            threshold=f"{next_spike} < {step} + 1 and {step} < {steps}",
            reset=reset if ahead else f"{renew}\n{reset}",
            **kwds,
        )
        if ahead:
            thresholder = self.thresholder["spike"]
            thresholder.__class__, thresholder.codeobj_class = CalendarThresholder, fast_code_object()
            thresholder.ahead = f"{renew}\n_end = {steps}"
            thresholder.template = CALENDAR_TEMPLATE
            thresholder.roles = {"next": next_spike, "step": step, "restart": f"_{restart}space"}
            thresholder.needed_variables += thresholder.roles.values()
            thresholder.renew, thresholder.restart = renew, restart
            self.contained_objects.append(ScheduleCheck(self, self._check_order))

    def _check_order(self) -> None:
        thresholder = self.thresholder["spike"]
        restart = thresholder.restart
        restarter = self.thresholder[restart]
        alike = all(array.scalar or array.size == 1 for array in arrays_read(restarter, self.events[restart]))
        if not alike:
            raise ScheduleError(
                f"The restart '{restart}' of RenewalGroup '{self.name}' depends on the neuron "
                f"('{self.events[restart]}'), but must be the same for all: use variables that are shared, or "
                "NeuronGroup."
            )
        own = {array for array in arrays_read(thresholder, thresholder.renew) if array.owner.name == self.name}
        own = {array for array in own if not array.scalar and array is not self.variables["i"]}
        for objects in schedules_of(thresholder):
            names = [thing.name for thing in objects]
            begin, end = names.index(restarter.name), names.index(thresholder.name)
            if end < begin:
                raise ScheduleError(
                    f"RenewalGroup '{self.name}' looks for spikes (when='{thresholder.when}', "
                    f"order={thresholder.order}) before its restart '{restart}' (when='{restarter.when}', "
                    f"order={restarter.order}): give the restart an earlier place with set_event_schedule()."
                )
            for place, thing in enumerate(objects):
                changed = [name for array, name in arrays_written(thing).items() if array in own]
                # Attributes, not variables of a group that happen to have these names.
                event, group = vars(thing).get("event"), vars(thing).get("group")
                restarts = event == restart and getattr(group, "name", None) == self.name
                if changed and thing.name != thresholder.name and not (restarts and begin < place < end):
                    raise ScheduleError(
                        f"'{thing.name}' changes '{changed[0]}', on which the spikes of RenewalGroup '{self.name}' "
                        f"depend, but only code on the event '{restart}' that precedes the thresholds may: move "
                        "it there or use NeuronGroup."
                    )

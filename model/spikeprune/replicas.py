"""Several networks side by side in one program: what keeps them apart, and what the first to be done do until the last.

Every group has a block of neurons for each network, and the synapses of a network lead to its own neurons only.  All
networks count the time steps of a slot together, but each has a presenter that shows images of its own, again where
they drew too few spikes; so one may come to the end of its chunk many slots before another.  From then on it *waits*:
it is shown nothing, fires and learns nothing, so that its synapses stay as they are, and what its neurons were at the
end of its last slot has been *kept*.  A single network has nothing of all this: its program ends with its chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2 as b2

from spikeprune import waiting
from spikeprune.layout import StateLayout
from spikeprune.schedule import place
from spikeprune.standalone import DenseSynapses
from spikeprune.synapses.masks import renamed
from spikeprune.synapses.neurons import NETWORK, network_of_each

__all__ = ["Replicas"]


class Replicas:
    """The number of networks in a program, and what follows from it for the strings and objects of the model.

    Parameters
    ----------
    number : int
        1 is the network as it is.
    """

    def __init__(self, number: int) -> None:
        self.number, self.several = number, number > 1
        #: Events of groups other than the presenter, and what they link to for them.
        self.events = {"keep": waiting.KEEP} if self.several else {}
        self.links = ("waiting",) if self.several else ()
        #: Events of the presenter; events and links of the excitatory neurons.
        self.presenter_events = {"keep": waiting.KEEP, "wait": waiting.WAIT} if self.several else {}
        self.waiting_events = {"wait": waiting.WAIT} if self.several else {}
        self.waiting_links = ("stopped",) if self.several else ()

    def only(self, text: str) -> str:
        """Return strings that only several networks need."""
        return text if self.several else ""

    def link(self, group: Any, source: Any, *names: str) -> None:
        """Link variables of a group to those of the neuron of the same network in `source`."""
        for name in names:
            alike = len(source) == 1 or source.variables[name].scalar
            if not alike:
                network_of_each(group, self.number)
            setattr(group, name, b2.linked_var(source, name, index=None if alike else NETWORK))

    def own_number(self, code: str) -> str:
        """Return statements of the input in which `i` is the number of a neuron within its network."""
        return renamed(code, {"i": "(i % inputs)"}) if self.several else code

    def keep(self, groups: Mapping[str, Any], source: Any, layout: StateLayout) -> dict[str, str]:
        """Let groups keep their variables at the end of every slot until their network waits.

        Parameters
        ----------
        groups : mapping of str to group
        source : group
            Whose event those without one of their own share.
        layout : mapping of str to (dtype, int)
            The state.

        Returns
        -------
        dict of str to str
            ``group.variable`` to what holds its value.
        """
        kept: dict[str, str] = {}
        for group_name, group in groups.items() if self.several else ():
            names = [name.split(".")[1] for name in layout if name.startswith(f"{group_name}.")]
            names = [name for name in names if not group.variables[name].scalar]
            for name in names:
                variable = group.variables[name]
                group.variables.add_array(
                    f"{waiting.KEPT}{name}", size=variable.size, dimensions=variable.dim, dtype=variable.dtype
                )  # fmt: skip
                kept[f"{group_name}.{name}"] = f"{group_name}.{waiting.KEPT}{name}"
            if "keep" in group.events:
                place(group.thresholder["keep"], "keep?")
            else:
                group.variables.add_reference("_keepspace", source)
                group.events = {**group.events, "keep": ""}
            place(group.run_on_event("keep", "\n".join(f"{waiting.KEPT}{name} = {name}" for name in names)), "keep")
        return kept

    def close(self, presenter: Any, excitatory: Any, namespace: Mapping[str, Any]) -> list[Any]:
        """Let networks wait; return what ends the program once all do.  A single network does not wait."""
        if not self.several:
            return []
        for group, code in ((presenter, waiting.PRESENTER_WAITS), (excitatory, waiting.EXCITATORY_WAITS)):
            place(group.thresholder["wait"], "wait?")
            place(group.run_on_event("wait", code), "wait")
        closing = b2.NeuronGroup(
            1, f"{waiting.CLOSING}step : 1 (linked)", events={"stop": waiting.STOP}, clock=presenter.clock,
            name="closing", namespace={**namespace, "networks": self.number},
        )  # fmt: skip
        closing.step = b2.linked_var(presenter, "step")
        count = DenseSynapses(
            presenter, closing, on_pre={"wait": "number_post += 1"}, on_event="wait", namespace={},
            clock=presenter.clock, name="presenter_to_closing",
        )  # fmt: skip
        count.connect()
        place(count.wait, "wait")
        place(closing.thresholder["stop"], "stop?")
        place(closing.run_on_event("stop", waiting.CLOSING_STOP), "stop")
        return [closing, count]

"""`PrunedDenseSynapses`: pruned synapses between whole groups, without delays, by the fast dense code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import brian2 as b2
import numpy as np

from spikeprune.fans import fan_operations
from spikeprune.standalone import DenseSynapses
from spikeprune.synapses.counting import SynapticOperations
from spikeprune.synapses.language import EXISTED, LEARNED
from spikeprune.synapses.masks import PREFIX
from spikeprune.synapses.pruned import PrunedSynapses

__all__ = ["PrunedDenseSynapses"]

#: Kind of an operation and side of the pathway: synapses of each neuron that do it, and what lost ones had done.
FANS = {
    ("transmissions", "pre"): ("fan_out", "spent_out"),
    ("updates", "pre"): ("plastic_out", "spent_plastic"),
    ("updates", "post"): ("plastic_in", "spent_in"),
}


class PrunedDenseSynapses(PrunedSynapses, DenseSynapses):
    """Pruned synapses from every neuron of a group to every neuron of another, without delays: the fast ones.

    Parameters
    ----------
    source, target, model, on_pre, rule, …, **kwds
        As in :class:`PrunedSynapses` and :class:`~spikeprune.standalone.DenseSynapses`.
    spikes : (str, str), optional
        Variables of source and target in which their neurons count their own spikes.  With these, operations are
        counted by neuron, which takes no time; without, synapse by synapse.
    unmasked : iterable of str
        Pathways that are promised to change nothing outside a synapse of weight 0 and to leave that weight at 0; and
        ``gather``, if weights are never negative.

    Raises
    ------
    ParameterError, TypeError
        As :class:`PrunedSynapses`, and where the groups are not whole or a delay is given.
    """

    def __init__(
        self,
        *args: Any,
        spikes: tuple[str, str] | None = None,
        unmasked: Iterable[str] = (),
        only: Mapping[str, str] | None = None,
        where: Mapping[str, str] | None = None,
        **kwds: Any,
    ) -> None:
        self._by_neuron, self._spikes = spikes is not None, spikes or ("", "")
        self._unmasked = frozenset(unmasked)
        self.outgoing: Any = None
        super().__init__(*args, only=only, where=where, **kwds)
        for pathway in self._pathways:
            if pathway.objname in self._written and f"{PREFIX}w_before" in pathway.code:
                # The memory of a rule is promised every run of the pathway.
                pathway.only = pathway.where = None

    def _create_variables(self, equations: b2.Equations, user_dtype: Any = None) -> None:
        super()._create_variables(equations, user_dtype)
        if not self._by_neuron:
            return
        names = ("fan_out", "plastic_out", "spent_out", "spent_plastic")
        self.outgoing = b2.NeuronGroup(
            len(self.source), "".join(f"{name} : integer\n" for name in names), clock=self.source.clock, namespace={},
            dtype={"spent_out": np.int64, "spent_plastic": np.int64}, name=f"{self.name}_outgoing",
        )  # fmt: skip
        for name in names:
            self.variables.add_reference(f"{PREFIX}{name}_pre", self.outgoing, name, index="_presynaptic_idx")

    def _bookkeeping(self) -> str:
        """Statements that keep the number of synapses of each neuron, and what those had done that are gone."""
        if not self._by_neuron:
            return ""
        p, before, after = PREFIX, LEARNED, "int(plastic)"
        if isinstance(self._roles.get("depressible"), tuple):
            before += f"*int({p}{'was_' if self.host.ends_depression else ''}depressible_post)"
            after += f"*int({p}depressible_post)"
        source, target = self._spikes
        return f"""{p}gone = {EXISTED} - int(alive)
{p}fixed = {LEARNED} - int(plastic)
{p}undepressed = {before} - {after}
{p}fan_out_pre -= {p}gone
{p}fan_in_post -= {p}gone
{p}plastic_out_pre -= {p}undepressed
{p}plastic_in_post -= {p}fixed
{p}spent_out_pre += {p}gone*{source}_pre
{p}spent_plastic_pre += {p}undepressed*{source}_pre
{p}spent_in_post += {p}fixed*{target}_post"""

    def _count(self) -> None:
        if not self._by_neuron:
            super()._count()
            return
        self.contained_objects.append(self.outgoing)
        self._counted = [(kind, pathway.objname, pathway.prepost) for pathway, kind in self._to_count()]
        for kind, name, side in self._counted:
            if (kind, side) not in FANS or getattr(self, name).event != "spike":
                raise TypeError(f"The {kind} of the pathway '{name}' cannot be counted by neuron: leave spikes= out.")

    def operations(self) -> SynapticOperations:
        """Return the synaptic operations so far: transmissions, and updates of the weight by pathway."""
        if not self._by_neuron:
            return super().operations()
        transmissions, updates = 0, {}
        for kind, name, side in self._counted:
            group, counter, variable = (
                (self.outgoing, self.source, self._spikes[0]) if side == "pre"
                else (self.host.incoming, self.target, self._spikes[1])
            )  # fmt: skip
            fan, spent = (group.variables[each].get_value() for each in FANS[kind, side])
            count = fan_operations(counter.variables[variable].get_value(), fan, spent)
            if kind == "transmissions":
                transmissions += count
            else:
                updates[name] = count
        return SynapticOperations(transmissions, updates)

    def connect(self, *args: Any, level: int = 0, **kwds: Any) -> None:
        """Create all synapses, alive."""
        super().connect(*args, level=level + 1, **kwds)
        if self._by_neuron:
            self.outgoing.fan_out = self.outgoing.plastic_out = len(self.target) // self.blocks
            self.host.incoming.fan_in = self.host.incoming.plastic_in = len(self.source) // self.blocks

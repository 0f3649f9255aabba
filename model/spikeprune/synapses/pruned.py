"""`PrunedSynapses`: Brian2 synapses that carry a pruning rule and count their operations.

The statements of the user are rewritten (:mod:`spikeprune.synapses.masks`), so that a removed synapse does nothing
outside itself and keeps the weight 0; the rule's own statements are translated to the names that they have here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import brian2 as b2
import numpy as np
from brian2 import Equations, Synapses
from brian2.devices.device import RuntimeDevice, get_device
from brian2.units.fundamentalunits import DIMENSIONLESS
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import statements
from spikeprune.pruning.registry import as_rule
from spikeprune.schedule import place
from spikeprune.synapses.checks import check_groups, check_memory, check_roles, check_weight, check_when, pruned_model
from spikeprune.synapses.counting import OperationCounter, SynapticOperations, kinds, outside
from spikeprune.synapses.language import CHANGED, UNIT, RuleLanguage, pruning_statements
from spikeprune.synapses.masks import ONLY_IF, PREFIX, assigned, mask_outside, mask_weight, only_if, renamed
from spikeprune.synapses.neurons import FUNCTIONS, RuleNeurons

__all__ = ["PrunedSynapses"]


class PrunedSynapses(Synapses):
    """Brian2 synapses that a pruning rule removes while the network runs, and that count their operations.

    They are used like `brian2.Synapses`: any connection pattern, delays, event- or clock-driven plasticity, subgroups,
    several synapses between two neurons, summed variables; on the targets numpy and cython, in C++ standalone mode,
    with OpenMP or without.  A removed synapse transmits nothing, learns nothing, counts nothing and never returns; a
    spike that is on its way to it is dropped.

    Parameters
    ----------
    source, target, model, on_pre, **kwds
        As in `brian2.Synapses`, positional arguments included.
    rule : PruningRule, its class or its name, optional
        What is removed, and when; without one, nothing is removed, and operations are counted.  The rule's own schedule
        in images is not used here.
    every : Quantity, optional
        Time between two pruning events, which come at the end of a time step, the first after `every`.
    on : str, optional
        Instead of `every`: an event of the target neurons; pruned are the synapses of those for which it occurs.
    start, stop : Quantity, optional
        With `every`: no pruning event before and after these times.
    weight : str
        The variable of `model` that is the weight: a parameter, or what a differential equation describes.
    weight_unit : Quantity, optional
        The rule sees weights as multiples of this; by default of the weight's unit in SI.
    signed : bool
        Whether weights may be negative: then the rule sees their magnitudes.
    seed : int
        Key of the random numbers of a rule that draws some.
    roles : mapping of str to (group, str) or number, optional
        What a rule may name besides weights and spikes: ``depressible`` [neurons], 0 where synapses are not depressed;
        ``normalised_sum`` [neurons], what the model normalises weights to, with the constant ``weight_sum``;
        ``learning``.
    uncounted : iterable of str, optional
        Pathways whose runs are no synaptic operations, such as normalisation.

    Attributes
    ----------
    alive, plastic : variables [synapses], boolean
        Which synapses exist, and which of them still learn.

    Raises
    ------
    ParameterError
        If the rule needs what is not there, or an argument does not fit.

    Examples
    --------
    >>> from brian2 import NeuronGroup, PoissonGroup, Hz, ms, run
    >>> P = PoissonGroup(10, 50 * Hz)
    >>> G = NeuronGroup(5, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
    >>> S = PrunedSynapses(P, G, "w : 1", on_pre="v_post += w", rule="constant", every=20 * ms)
    >>> S.connect(p=0.5)
    >>> S.w = "0.1*rand()"
    >>> run(50 * ms)
    >>> bool(((S.w[:] >= 0.03) == S.alive[:]).all())
    True
    """

    target: Any
    #: Whether operations are counted by neuron instead of synapse by synapse.
    _by_neuron = False
    #: Pathways that are promised to do nothing at a weight of 0, and so are not masked.
    _unmasked: frozenset[str] = frozenset()

    def __init__(
        self,
        source: Any,
        target: Any = None,
        model: Any = None,
        on_pre: Any = None,
        *args: Any,
        rule: Any = None,
        every: Any = None,
        on: str | None = None,
        start: Any = None,
        stop: Any = None,
        weight: str = "w",
        weight_unit: Any = None,
        signed: bool = True,
        seed: int = 0,
        roles: Mapping[str, Any] | None = None,
        uncounted: Iterable[str] = (),
        after_removal: str = "",
        namespace: Mapping[str, Any] | None = None,
        **kwds: Any,
    ) -> None:
        self.rule: PruningRule = as_rule(rule)
        self._weight, self._uncounted = weight, frozenset(uncounted)
        self._after_removal, self._when = after_removal, {"on": on, "every": every, "start": start, "stop": stop}
        self._roles = {"learning": 1, "seed": seed, **(roles or {})}
        self._written: dict[str, set[str]] = {}
        whither = source if target is None else target
        equations = pruned_model(model, self.rule)
        check_groups(source, whither)
        check_weight(self.rule, weight, equations)
        if self.rule.acts_in_training:
            check_when(self.rule, whither, self._when)
            check_roles(self.rule, self._roles)
            check_memory(self.rule)
        self.weight_unit = b2.Quantity(1, dim=equations[weight].dim) if weight_unit is None else weight_unit
        plain = not signed and weight_unit is None and equations[weight].dim is DIMENSIONLESS
        self._language = RuleLanguage(weight, signed, plain)
        known = {**FUNCTIONS, ONLY_IF: only_if, UNIT: self.weight_unit}
        super().__init__(source, target, equations, on_pre, *args, namespace={**(namespace or {}), **known}, **kwds)

    def _create_variables(self, equations: Equations, user_dtype: Any = None) -> None:
        super()._create_variables(equations, user_dtype)
        when = self._when
        times = {name: when[name] for name in ("every", "stop")} | {"start": when["start"] or 0 * b2.second}
        self.host = RuleNeurons(
            self.rule, self.target, self.name, on=when["on"], roles=self._roles, counted=self._by_neuron,
            blocks=getattr(self, "blocks", 1), **times,
        )  # fmt: skip
        self.namespace.update({f"{PREFIX}{name}": value for name, value in self.host.numbers.items()})
        for name, variable in self.host.for_synapses().items():
            index = "0" if self.host.incoming.variables.indices[variable] == "0" else "_postsynaptic_idx"
            self.variables.add_reference(f"{PREFIX}{name}_post", self.host.incoming, variable, index=index)

    def _add_updater(
        self, code: str, prepost: str, objname: str | None = None, delay: Any = None, event: str = "spike"
    ) -> str:
        name = objname or prepost
        code = self._guarded(code, name, prepost, event)
        return str(super()._add_updater(code, prepost, objname=objname, delay=delay, event=event))

    def _guarded(self, code: str, name: str, prepost: str = "", event: str = "") -> str:
        """Return statements that do nothing at removed synapses, with what the rule adds to them."""
        self._written[name] = kinds(self, code, self._weight)
        hook = ""
        if event == "spike" and self.rule.acts_in_training:
            if prepost == "pre" and "transmissions" in self._written[name]:
                hook = self.rule.on_transmission
            if prepost == "post" and "updates" in self._written[name]:
                hook = self.rule.on_potentiation
        if hook:
            code = f"{PREFIX}w_before = {self._weight}\n{code}"
        if name not in self._unmasked:
            code = mask_outside(code, "alive", lambda each: outside(self, each), self._is_boolean)
        moved = getattr(self, "event_driven", None) is not None and self._weight in self.event_driven.diff_eq_names
        assigns = self._weight in assigned(code)
        if (assigns and (self.rule.freezes or name not in self._unmasked)) or moved:
            code = mask_weight(code, self._weight, self.rule.freezes)
        if hook:
            code = statements(code, self._translated("on_" + ("transmission" if prepost == "pre" else "potentiation")))
        return code

    def _is_boolean(self, name: str) -> bool:
        return name in self.variables and self.variables[name].dtype == np.bool_

    def _enable_group_attributes(self) -> None:
        # The last thing that Synapses do; afterwards, an attribute is taken for a variable.
        self._host_rule()
        self._count()
        super()._enable_group_attributes()
        self._keep_integrated_weight()

    def before_run(self, run_namespace: Any) -> None:
        """Prepare the synapses for a run, as Brian2 does."""
        super().before_run(run_namespace)
        # Standalone devices look for synapses among the objects of a network, not in what those contain.
        found = getattr(get_device(), "synapses", None)
        if self._sums is not None and isinstance(found, set):
            found.add(self._sums)

    def _keep_integrated_weight(self) -> None:
        if self._weight in self.equations.diff_eq_names:
            code = mask_weight("", self._weight, freezes=False)
            super().run_regularly(code, when="groups", order=self.order + 1, name=f"{self.name}_integrated_weight")

    def run_regularly(self, code: str, *args: Any, **kwds: Any) -> Any:
        """Run statements of the synapses regularly, as `Synapses.run_regularly` does; not at removed synapses."""
        return super().run_regularly(self._guarded(code, f"{PREFIX}regular"), *args, **kwds)

    def _translated(self, what: str) -> str:
        """Return statements of the rule in the names of these synapses."""
        blocks = self.host.blocks
        block = (len(self.source) // blocks, len(self.target) // blocks) if blocks > 1 else None
        return self._language.translated(self.rule, what, self.variables, block)

    def _host_rule(self) -> None:
        """Add the pathways of the rule and everything that has to be in the network for it."""
        self._sums = self.host.sum_up()
        groups = (self.host.incoming, self.host.parameters, self.host.population, self._sums)
        self.contained_objects.extend(group for group in groups if group is not None)
        if not self.rule.acts_in_training:
            return
        gather = statements(
            f"{PREFIX}total_post += {self._language.magnitude(self._weight)}",
            "" if self._by_neuron else f"{PREFIX}fan_in_post += 1",
            self._translated("add_synapses"),
        )
        if "gather" not in self._unmasked:
            gather = mask_outside(gather, "alive", lambda each: outside(self, each), self._is_boolean)
        self._add_rule_pathway("gather", gather)
        update = self._translated("update_synapses")
        follows = statements(self._bookkeeping(), renamed(self._after_removal, {"removed": CHANGED}))
        self._add_rule_pathway("update_synapses", pruning_statements(update, self._weight, follows))

    def _bookkeeping(self) -> str:
        """Statements that follow from a removal; none where every run of a pathway is counted."""
        return ""

    def _add_rule_pathway(self, what: str, code: str) -> None:
        """Add a pathway that runs at the rule's events, as Brian2 does for the target's."""
        name, target = f"{PREFIX}{what}", self.target
        self.target = self.host.pruned
        try:
            super()._add_updater(code, "post", objname=name, delay=0 * b2.second, event="prune")
        finally:
            self.target = target
        place(getattr(self, name), what)

    def connect(self, *args: Any, level: int = 0, **kwds: Any) -> None:
        """Create synapses, as `Synapses.connect` does; all of them are alive."""
        before = len(self) if isinstance(get_device(), RuntimeDevice) else None
        super().connect(*args, level=level + 1, **kwds)
        for name in ("alive", "plastic"):
            if before is None:
                setattr(self, name, True)
            else:
                self.variables[name].get_value()[before:] = True

    def _to_count(self) -> list[tuple[Any, str]]:
        """Return the user's pathways with each kind of operation that they are."""
        return [
            (pathway, kind)
            for pathway in self._pathways
            if pathway.objname in self._written and pathway.objname not in self._uncounted
            for kind in sorted(self._written[pathway.objname])
        ]

    def _count(self) -> None:
        """Let every pathway count what it does, synapse by synapse."""
        amounts = {"transmissions": "int(alive)", "updates": "int(plastic)"}
        self._counter = OperationCounter(self, ((pathway, kind, amounts[kind]) for pathway, kind in self._to_count()))

    def operations(self) -> SynapticOperations:
        """Return the synaptic operations so far: transmissions, and updates of the weight by pathway."""
        return self._counter.snapshot()

    @property
    def removed_share(self) -> float:
        """Share of the synapses that are removed."""
        return float(1 - np.mean(self.variables["alive"].get_value()))

    @property
    def thresholds(self) -> NDArray[Any] | Any:
        """The rule's threshold of each target neuron [neurons], in the unit of the weight."""
        name = self.rule.threshold
        if not name:
            raise ParameterError(f"Rule '{self.rule.name}' has no threshold.")
        neurons = slice(self.target.start, self.target.stop)
        if name in self.host.values:
            values = np.full(neurons.stop - neurons.start, self.host.values[name])
        else:
            values = np.array(self.host.incoming.variables[name].get_value()[neurons])
        return values * self.weight_unit

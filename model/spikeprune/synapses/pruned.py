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
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SingleEquation
from brian2.units.fundamentalunits import DIMENSIONLESS
from numpy.typing import NDArray

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.pruning.base import ALWAYS, PruningRule
from spikeprune.pruning.events import statements
from spikeprune.pruning.registry import as_rule
from spikeprune.standalone import DenseSynapses
from spikeprune.synapses.counting import SynapticOperations, collected, count_in_pathway, fan_operations, kinds, outside
from spikeprune.synapses.masks import ONLY_IF, PREFIX, assigned, mask_outside, mask_weight, only_if, renamed
from spikeprune.synapses.neurons import FUNCTIONS, SCHEDULE, RuleNeurons, check_names

__all__ = ["PrunedDenseSynapses", "PrunedSynapses"]

#: Variables of every host's synapses.
FLAGS = """
alive                        : boolean  # false once removed, for ever
plastic                      : boolean  # false once removed or frozen
"""


class PrunedSynapses(Synapses):
    """Brian2 synapses that a pruning rule removes while the network runs, and that count their operations.

    They are used like `brian2.Synapses`: any connection pattern, delays, event- or clock-driven plasticity, subgroups,
    several synapses between two neurons, summed variables; on the targets numpy and cython, in C++ standalone mode, with
    OpenMP or without.  A removed synapse transmits nothing, learns nothing, counts nothing and never returns; a spike
    that is on its way to it is dropped.

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
        Instead of `every`: an event of the target neurons; the synapses of those neurons are pruned for which it occurs.
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

    #: Whether synapses are counted by neuron: between whole groups without delays.
    _by_neuron = False
    #: Pathways that are promised to do nothing at a weight of 0, and so are not masked.
    _unmasked: frozenset[str] = frozenset()
    #: Variables that count the spikes of source and target, where operations are counted by neuron.
    _spikes: tuple[str, str] = ("", "")

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
        self._weight, self._signed, self._uncounted = weight, signed, frozenset(uncounted)
        self._after_removal, self._when = after_removal, {"on": on, "every": every, "start": start, "stop": stop}
        self._roles = {"learning": 1, "seed": seed, **(roles or {})}
        self._written: dict[str, set[str]] = {}
        equations = self._equations(model)
        self._check(source, source if target is None else target, equations)
        unit = b2.Quantity(1, dim=equations[weight].dim) if weight_unit is None else weight_unit
        self._plain = not signed and weight_unit is None and equations[weight].dim is DIMENSIONLESS
        self.weight_unit = unit
        known = {**FUNCTIONS, ONLY_IF: only_if, f"{PREFIX}unit": unit}
        super().__init__(
            source, target, equations, on_pre, *args, namespace={**(namespace or {}), **known}, **kwds
        )  # fmt: skip

    # What the user gave

    def _equations(self, model: Any) -> Equations:
        """Return the model with the flags, the rule's memory, and summed variables without removed synapses."""
        given = model if isinstance(model, Equations) else Equations(model or "")
        memory = self.rule.synapse_variables if self.rule.acts_in_training else ""
        own = Equations(renamed_equations(memory)) if memory else Equations("")
        for name in set(given.names) & ({"alive", "plastic"} | set(own.names)):
            raise ParameterError(f"The model of pruned synapses has a variable '{name}' already: give it another name.")
        made = []
        for equation in given.values():
            if "summed" in equation.flags:
                expression = Expression(f"{ONLY_IF}(alive, {equation.expr.code})")
                equation = SingleEquation(
                    equation.type, equation.varname, equation.dim, equation.var_type, expression, equation.flags
                )  # fmt: skip
            made.append(equation)
        return Equations(made) + Equations(FLAGS) + own

    def _check(self, source: Any, target: Any, equations: Equations) -> None:
        rule, weight = self.rule, self._weight
        if isinstance(source, Synapses) or isinstance(target, Synapses):
            raise ParameterError("Pruned synapses connect neurons, not synapses: use Synapses.")
        if weight not in equations.names:
            raise ParameterError(
                f"The model has no variable '{weight}' for the weight: declare '{weight} : 1', or name yours with weight=."
            )
        equation = equations[weight]
        if equation.type not in (PARAMETER, DIFFERENTIAL_EQUATION) or "shared" in equation.flags:
            raise ParameterError(
                f"The weight '{weight}' has to be a number of each synapse: declare it as a parameter, '{weight} : 1'."
            )
        if rule.freezes and equation.type == DIFFERENTIAL_EQUATION:
            raise ParameterError(
                f"Rule '{rule.name}' freezes weights, but a differential equation moves '{weight}': choose a rule that "
                "removes synapses."
            )
        if rule.acts_in_training:
            self._check_schedule(target)
        missing = [role for role in sorted(_optional_roles(rule)) if role not in self._roles]
        if missing and rule.acts_in_training:
            raise ParameterError(
                f"Rule '{rule.name}' needs {' and '.join(missing)} of these synapses: offer them with roles=, or choose "
                "a rule that needs weights and spikes only, such as 'adaptive'."
            )

    def _check_schedule(self, target: Any) -> None:
        on, every = self._when["on"], self._when["every"]
        if (on is None) == (every is None):
            raise ParameterError(
                f"Rule '{self.rule.name}' needs to know when to act: give either every=, a time, or on=, an event of "
                "the target."
            )
        if on is not None and on not in target.events:
            raise ParameterError(unknown_name(f"event of '{target.name}'", on, sorted(target.events)))
        for name in ("every", "start", "stop"):
            value = self._when[name]
            if value is None:
                continue
            if on is not None:
                raise ParameterError(f"{name}= belongs to every=: the event '{on}' says when the rule acts.")
            if not b2.have_same_dimensions(value, b2.second) or np.size(value) != 1 or not value / b2.second >= 0:
                raise ParameterError(f"{name}={value!r} is no time: give one with its unit, such as 10*second.")
            if name == "every" and not value > 0 * b2.second:
                raise ParameterError(f"every={value!r} has to be longer than 0 s.")
        if self.rule.schedule[1] != ALWAYS and on is None and self._when["stop"] is None:
            raise ParameterError(
                f"Rule '{self.rule.name}' ends after a number of images, which these synapses do not know: say with "
                "stop=, a time, when its events end."
            )

    # Statements

    def _create_variables(self, equations: Equations, user_dtype: Any = None) -> None:
        super()._create_variables(equations, user_dtype)
        when = self._when
        times = {name: when[name] for name in ("every", "stop")} | {"start": when["start"] or 0 * b2.second}
        self.host = RuleNeurons(
            self.rule, self.target, self.name, on=when["on"], roles=self._roles, counted=self._by_neuron, **times
        )  # fmt: skip
        self.namespace.update({f"{PREFIX}{name}": value for name, value in self.host.numbers.items()})
        self.outgoing = self._outgoing() if self._by_neuron else None
        names = [*self.host.incoming.equations.names, *self.host.values, *self.host.sums]
        names += [role for role, value in self._roles.items() if isinstance(value, tuple)]
        for name in names:
            if name in self.host.incoming.variables:
                index = "0" if self.host.incoming.variables.indices[name] == "0" else "_postsynaptic_idx"
                self.variables.add_reference(f"{PREFIX}{name}_post", self.host.incoming, name, index=index)
        if self.outgoing is not None:
            for name in self.outgoing.equations.names:
                self.variables.add_reference(f"{PREFIX}{name}_pre", self.outgoing, name, index="_presynaptic_idx")

    def _outgoing(self) -> Any:
        names = ("fan_out", "plastic_out", "spent_out", "spent_plastic")
        return b2.NeuronGroup(
            len(self.source), "".join(f"{name} : integer\n" for name in names), clock=self.source.clock, namespace={},
            dtype={"spent_out": np.int64, "spent_plastic": np.int64}, name=f"{self.name}_outgoing",
        )  # fmt: skip

    def _add_updater(
        self, code: str, prepost: str, objname: str | None = None, delay: Any = None, event: str = "spike"
    ) -> str:
        name = objname or prepost
        self._written[name] = kinds(self, code, self._weight)
        code = self._guarded(code, name, prepost, event)
        return super()._add_updater(code, prepost, objname=objname, delay=delay, event=event)  # type: ignore[no-any-return]

    def _guarded(self, code: str, name: str, prepost: str = "", event: str = "") -> str:
        """Return statements that do nothing at removed synapses, with what the rule adds to them."""
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

    def _keep_integrated_weight(self) -> None:
        if self._weight in self.equations.diff_eq_names:
            code = f"{self._weight} = {ONLY_IF}(alive, {self._weight})"
            super().run_regularly(code, when="groups", order=self.order + 1, name=f"{self.name}_integrated_weight")

    def run_regularly(self, code: str, *args: Any, **kwds: Any) -> Any:
        """Run statements of the synapses regularly, as `Synapses.run_regularly` does; not at removed synapses."""
        name = f"{PREFIX}regular"
        self._written[name] = kinds(self, code, self._weight)
        return super().run_regularly(self._guarded(code, name), *args, **kwds)

    # The rule

    def _magnitude(self, name: str) -> str:
        if self._plain:
            return name
        return f"{f'abs({name})' if self._signed else name}/{PREFIX}unit"

    def _translated(self, what: str) -> str:
        """Return statements of the rule in the names of these synapses."""
        code = getattr(self.rule, what)
        ours = {f"{name[len(PREFIX) :]}": name for name in self.variables if name.startswith(PREFIX)}
        before = f"{PREFIX}w_before"
        ours |= {number: f"{PREFIX}{number}" for number in self.host.numbers}
        known = {*ours, "w", "w_before", "alive", "plastic", "i", "j", *FUNCTIONS, *self.variables}
        check_names(self.rule, what, code, known)
        names = {"w": self._magnitude(self._weight), "w_before": f"({self._magnitude(before)})", **ours}
        own = assigned(code) - {"alive", "plastic"} - set(ours)
        if "w" in own:
            # A weight that the rule sets is worked on as a magnitude, and gets its sign back.
            names["w"] = self._weight if self._plain else f"{PREFIX}magnitude"
        names |= {name: f"{PREFIX}{name}" for name in own - {"w"}}
        code = renamed(code, names)
        if "w" in own and not self._plain:
            sign = f"(1 - 2*int({self._weight} < 0*{PREFIX}unit))*" if self._signed else ""
            first = f"{PREFIX}magnitude = {self._magnitude(self._weight)}"
            code = statements(first, code, f"{self._weight} = {sign}{PREFIX}magnitude*{PREFIX}unit")
        return code

    def _host_rule(self) -> None:
        """Add the pathways of the rule and everything that has to be in the network for it."""
        added = [self.host.incoming, self.host.parameters, self.host.population, self.host.sum_up(), self.outgoing]
        self.contained_objects.extend(group for group in added if group is not None)
        if not self.rule.acts_in_training:
            return
        gather = statements(
            f"{PREFIX}total_post += {self._magnitude(self._weight)}",
            "" if self._by_neuron else f"{PREFIX}fan_in_post += 1",
            self._translated("add_synapses"),
        )
        if "gather" not in self._unmasked:
            gather = mask_outside(gather, "alive", lambda each: outside(self, each), self._is_boolean)
        self._add_rule_pathway("gather", gather)
        existed, learned = f"{PREFIX}existed", f"{PREFIX}learned"
        self._add_rule_pathway(
            "update_synapses",
            statements(
                f"{existed} = int(alive)\n{learned} = int(plastic)",
                self._translated("update_synapses"),
                # Whatever the rule says, what is gone stays gone, and what is removed learns no more.
                f"alive = alive and {existed} > 0\nplastic = plastic and alive and {learned} > 0",
                f"{self._weight} = {ONLY_IF}(alive, {self._weight})",
                self._bookkeeping(existed, learned),
                renamed(self._after_removal, {"removed": f"int({existed} > int(alive) or {learned} > int(plastic))"}),
            ),
        )

    def _bookkeeping(self, existed: str, learned: str) -> str:
        """Statements that keep the numbers of synapses of each neuron, where operations are counted by neuron."""
        if not self._by_neuron:
            return ""
        p, gone, fixed = PREFIX, f"{PREFIX}gone", f"{PREFIX}fixed"
        before, after = learned, "int(plastic)"
        if isinstance(self._roles.get("depressible"), tuple):
            before += f"*int({p}{'was_' if self.host.ends_depression else ''}depressible_post)"
            after += f"*int({p}depressible_post)"
        lines = [
            f"{gone} = {existed} - int(alive)", f"{fixed} = {learned} - int(plastic)",
            f"{p}fan_out_pre -= {gone}", f"{p}fan_in_post -= {gone}", f"{p}plastic_in_post -= {fixed}",
            f"{p}undepressed = {before} - {after}", f"{p}plastic_out_pre -= {p}undepressed",
        ]  # fmt: skip
        source, target = self._spikes
        if source:
            lines.append(f"{p}spent_out_pre += {gone}*{source}_pre")
            lines.append(f"{p}spent_plastic_pre += {p}undepressed*{source}_pre")
        if target:
            lines.append(f"{p}spent_in_post += {fixed}*{target}_post")
        return "\n".join(lines)

    def _add_rule_pathway(self, what: str, code: str) -> None:
        """Add a pathway that runs at the rule's events, as Brian2 does for the target's."""
        name, target = f"{PREFIX}{what}", self.target
        self.target = self.host.pruned
        try:
            super()._add_updater(code, "post", objname=name, delay=0 * b2.second, event="prune")
        finally:
            self.target = target
        pathway = getattr(self, name)
        pathway.when, pathway.order = "end", SCHEDULE[what]

    # What came of it

    def connect(self, *args: Any, level: int = 0, **kwds: Any) -> None:
        """Create synapses, as `Synapses.connect` does; all of them are alive."""
        before = len(self) if isinstance(get_device(), RuntimeDevice) else None
        super().connect(*args, level=level + 1, **kwds)
        for name in ("alive", "plastic"):
            if before is None:
                setattr(self, name, True)
            else:
                self.variables[name].get_value()[before:] = True

    def _count(self) -> None:
        """Let every pathway count what it does, synapse by synapse."""
        self._counters: dict[tuple[str, str], str] = {}
        wanted = [
            (pathway, kind)
            for pathway in self._pathways
            if pathway.objname in self._written and pathway.objname not in self._uncounted
            for kind in sorted(self._written[pathway.objname])
        ]
        self._counted = [(kind, pathway.objname, pathway.prepost) for pathway, kind in wanted]
        if self._by_neuron:
            return
        self._counters = {(kind, pathway.objname): f"{pathway.objname}_{kind}" for pathway, kind in wanted}
        names = list(self._counters.values())
        self.operation_counts = b2.NeuronGroup(
            len(self.host.incoming), "".join(f"{name} : integer\n" for name in names), clock=self.clock, namespace={},
            dtype=dict.fromkeys(names, np.int64), name=f"{self.name}_operations",
        )  # fmt: skip
        self.contained_objects.append(self.operation_counts)
        for pathway, kind in wanted:
            amount = "int(alive)" if kind == "transmissions" else "int(plastic)"
            count_in_pathway(self, pathway, self.operation_counts, f"{pathway.objname}_{kind}", amount)

    def operations(self) -> SynapticOperations:
        """Return the synaptic operations so far: transmissions, and updates of the weight by pathway."""
        if not self._by_neuron:
            return collected(self.operation_counts, self._counters)
        counts = {(kind, name): self._of_neurons(kind, side) for kind, name, side in self._counted}
        return SynapticOperations(
            sum(value for (kind, _), value in counts.items() if kind == "transmissions"),
            {name: value for (kind, name), value in counts.items() if kind == "updates"},
        )

    def _of_neurons(self, kind: str, side: str) -> int:
        group = self.outgoing if side == "pre" else self.host.incoming
        fan, spent = {
            ("transmissions", "pre"): ("fan_out", "spent_out"), ("updates", "pre"): ("plastic_out", "spent_plastic"),
            ("updates", "post"): ("plastic_in", "spent_in"),
        }[kind, side]  # fmt: skip
        counter = self.source if side == "pre" else self.target
        spikes = counter.variables[self._spikes[0 if side == "pre" else 1]].get_value()
        return fan_operations(spikes, group.variables[fan].get_value(), group.variables[spent].get_value())

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


def renamed_equations(equations: str) -> str:
    """Return a rule's equations of synapses with the prefix before every name."""
    names = {name: f"{PREFIX}{name}" for name in Equations(equations).names}
    lines = []
    for line in equations.splitlines():
        name, colon, rest = line.partition(":")
        lines.append(f"{names.get(name.strip(), name)} {colon}{rest}")
    return "\n".join(lines)


def _optional_roles(rule: PruningRule) -> set[str]:
    """Names of the roles that a rule needs and not every host offers."""
    from spikeprune.standalone.expressions import names_in

    found = {"normalised_sum"} if rule.normalised_sum else set()
    if "weight_sum" in names_in(rule.normalised_sum or "0"):
        found.add("weight_sum")
    texts = (rule.update_neurons, rule.on_spike, rule.update_synapses)
    return found | ({"depressible"} if any("depressible" in text for text in texts) else set())


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
        super().__init__(*args, only=only, where=where, **kwds)
        for pathway in self._pathways:
            if pathway.objname in self._written and f"{PREFIX}w_before" in pathway.code:
                # The memory of a rule is promised every run of the pathway.
                pathway.only = pathway.where = None

    def connect(self, *args: Any, level: int = 0, **kwds: Any) -> None:
        """Create all synapses, alive."""
        super().connect(*args, level=level + 1, **kwds)
        if self._by_neuron and self.outgoing is not None:
            self.outgoing.fan_out = self.outgoing.plastic_out = len(self.target)
            self.host.incoming.fan_in = self.host.incoming.plastic_in = len(self.source)

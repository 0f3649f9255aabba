"""The neurons' side of a pruning rule: its variables in groups of their own, one neuron for each that is pruned.

Nothing is added to the user's groups.  ``incoming`` has a neuron for each target neuron, with the variables of the
rule; it shares the events of the target, or has an event of its own that comes regularly.  ``outgoing`` has one for
each source neuron, where synapses are counted by neuron.  ``parameters`` and ``population`` are single neurons.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Mapping
from typing import Any
from zlib import crc32

import brian2 as b2
import numpy as np
from brian2 import Equations
from brian2.core.functions import DEFAULT_FUNCTIONS

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.philox import uniform
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import statements
from spikeprune.schedule import place
from spikeprune.standalone import DenseSynapses
from spikeprune.standalone.expressions import names_in
from spikeprune.synapses.counting import whole
from spikeprune.synapses.masks import assigned, renamed
from spikeprune.synapses.ranks import RANKS

__all__ = ["COPY", "FUNCTIONS", "NETWORK", "RuleNeurons", "check_names", "network_of_each"]

#: Variable of a neuron that says to which of several networks it belongs.
NETWORK = "_network"
#: Prefix of the copies of sums over a network.
COPY = "copied_"

#: Functions that the strings of a rule may call, besides Brian2's.
FUNCTIONS = {"uniform": uniform, **RANKS}


class RuleNeurons:
    """The groups of one host; see the module's description.

    Parameters
    ----------
    rule : PruningRule
    target : Group
        The pruned synapses' target, or a part of a group.
    name : str
        Name of the synapses.
    on : str or None
        Event of the target at which the rule acts; without one, it acts `every` so often.
    every, start, stop : Quantity
    roles : mapping of str to (group, str) or number
        What the host offers besides weights and spikes.
    counted : bool
        Whether synapses are counted by neuron.
    blocks : int
        Number of networks that lie side by side in the target, each with parameters and sums of its own.
    """

    def __init__(
        self, rule: PruningRule, target: Any, name: str, *, on: str | None, every: Any, start: Any, stop: Any,
        roles: Mapping[str, Any], counted: bool, blocks: int = 1,
    ) -> None:  # fmt: skip
        self.rule, self.target, self.roles, self.blocks = rule, target, roles, blocks
        parent, clock = whole(target), target.clock
        self.values = rule.neuron_parameters() if rule.acts_in_training else {}
        self.sums = dict(rule.population_sums) if rule.acts_in_training else {}
        # Synapses cannot look up to which network a neuron belongs, so with several, each neuron has the parameters.
        self.parameters = self._group(self.values, 1 if blocks == 1 else len(parent), clock, f"{name}_rule")
        self.population = self._group(self.sums, blocks, clock, f"{name}_population")
        numbers = {role: value for role, value in roles.items() if not isinstance(value, tuple)}
        #: What the strings of the rule mean by N, the number of target neurons, and by host, a number for each host.
        self.numbers = {"N": len(target) // blocks, "host": crc32(name.encode()) % 2**31}
        constants = {f"rule_{number}": value for number, value in self.numbers.items()}
        namespace = {**numbers, **FUNCTIONS, **constants, "every": every, "start": start, "stop": stop}
        # Times of steps are compared as whole numbers, which no rounding of times can shift.
        now = "timestep(t, dt) + 1"
        condition = f"({now}) % timestep(every, dt) == 0 and {now} >= timestep(start, dt)"
        condition += f" and {now} <= timestep(stop, dt)" if stop is not None else ""
        fans = "fan_in : integer\n" + ("plastic_in : integer\nspent_in : integer\n" if counted else "")
        self.ends_depression = counted and "depressible" in assigned(rule.update_neurons)
        fans += "was_depressible : 1\n" if self.ends_depression else ""
        self.incoming = b2.NeuronGroup(
            len(parent), statements("total : 1", fans, rule.variables if rule.acts_in_training else "", self._copies()),
            events={"prune": condition} if rule.acts_in_training and on is None else None, clock=clock,
            dtype={"spent_in": np.int64}, namespace={k: v for k, v in namespace.items() if v is not None},
            name=f"{name}_incoming",
        )  # fmt: skip
        #: Those of the neurons whose synapses are pruned.
        part = target is not parent
        self.pruned = self.incoming[target.start : target.stop] if part else self.incoming
        if rule.acts_in_training:
            self._begin(len(target) // blocks)
            self._attach(parent, on)

    def _begin(self, neurons: int) -> None:
        """Give the rule's variables the values that they start with.

        Raises
        ------
        ParameterError
            If the rule names an initial value of what is not its variable.
        """
        own = Equations(self.rule.variables).names
        for name, values in self.rule.initial(neurons).items():
            if name in own:
                begin = np.zeros(len(self.incoming))
                first = self.target.start if self.pruned is not self.incoming else 0
                begin[first : first + neurons * self.blocks] = np.tile(values, self.blocks)
                self.incoming.variables[name].set_value(begin)
            elif name not in self.roles and name != "depressible":
                raise self.rule.no_variable(name, own)

    def _copies(self) -> str:
        """Equations of the copies of sums that synapses read where there are several networks."""
        return "".join(f"{COPY}{name} : 1\n" for name in self.sums) if self.blocks > 1 else ""

    def for_synapses(self) -> dict[str, str]:
        """Return what synapses may name of the incoming neurons, with the variable that they read."""
        names = [*self.incoming.equations.names, *self.values, *self.sums]
        names += [role for role, value in self.roles.items() if isinstance(value, tuple)]
        copied = {name: f"{COPY}{name}" for name in self.sums} if self.blocks > 1 else {}
        return {name: copied.get(name, name) for name in names if name in self.incoming.variables}

    def _group(self, names: Any, size: int, clock: Any, name: str) -> Any:
        if not names:
            return None
        made = b2.NeuronGroup(size, "".join(f"{each} : 1\n" for each in names), clock=clock, namespace={}, name=name)
        for each, value in self.values.items() if names is self.values else ():
            made.variables[each].set_value(value)  # an attribute could be the group's own, such as events
        return made

    def _attach(self, parent: Any, on: str | None) -> None:
        """Let the rule's code run at the events of the target."""
        rule, variables = self.rule, self.incoming.variables
        if self.sums and self.blocks > 1:
            network_of_each(self.incoming, self.blocks)
        for group in (self.parameters, self.population):
            for name in group.equations.names if group is not None else ():
                index = "0" if len(group) == 1 else None if len(group) == len(parent) else NETWORK
                variables.add_reference(name, group, name, index=index)
        for role, value in self.roles.items():
            if isinstance(value, tuple):
                single = len(value[0]) == 1 or value[0].variables[value[1]].scalar
                variables.add_reference(role, *value, index="0" if single else None)
        if on is None:
            place(self.incoming.thresholder["prune"], "prune?")
            variables.add_reference("_prunedspace", self.incoming, "_prunespace")
        else:
            variables.add_reference("_prunespace", parent, f"_{on}space")
            variables.add_reference("_prunedspace", parent, f"_{on}space")
        # Brian2 runs one code an event, hence two names; the condition, if it is the target's, is never asked here.
        self.incoming.events = {"prune": "", "pruned": "", **self.incoming.events}
        if rule.on_spike:
            if "spike" not in self.target.events:
                raise ParameterError(
                    f"Rule '{rule.name}' follows the spikes of neurons, but '{self.target.name}' has no threshold: "
                    "choose a rule without on_spike."
                )
            variables.add_reference("_spikespace", parent)
            self.incoming.events["spike"] = ""
            self._run("spike", "on_spike", rule.on_spike)
        # A mere copy would be another name of the same array to NumPy, which then changes in place.
        before = "was_depressible = clip(depressible, 0, 1)" if self.ends_depression else ""
        after = "total = 0" if "plastic_in" in variables else "total = 0\nfan_in = 0"
        copied = "\n".join(f"{COPY}{name} = {name}" for name in self.sums) if self.blocks > 1 else ""
        self._run("prune", "update_neurons", statements(before, copied, rule.update_neurons, after))
        if rule.normalised_sum and "normalised_sum" in self.roles:
            self._run("pruned", "normalised_sum", f"normalised_sum = {rule.normalised_sum}")

    def _run(self, event: str, what: str, code: str) -> None:
        known = set(self.incoming.variables) | set(self.incoming.namespace) | {"N", "host"}
        check_names(self.rule, what, code, known)
        names = {number: f"rule_{number}" for number in self.numbers}
        if self.target.start > 0:
            names["i"] = f"(i - {self.target.start})"  # numbers of a part of a group begin with it
        if self.blocks > 1:
            names |= {"i": "(i % rule_N)", "host": "(rule_host + i // rule_N)"}
        place(self.incoming.run_on_event(event, renamed(code, names)), what)

    def sum_up(self) -> Any:
        """Synapses that add the rule's population sums up, or None where it has none."""
        if not self.sums:
            return None
        add = "\n".join(f"{name}_post += {variable}_pre" for name, variable in self.sums.items())
        cleared = [f"{name}_post" for name in self.sums]
        cleared += [f"{COPY}{name}_pre" for name in self.sums] if self.blocks > 1 else []
        clear = "\n".join(f"{name} = 0" for name in cleared)
        several = {"blocks": self.blocks} if self.blocks > 1 else {}
        kind: Any = DenseSynapses if self.pruned is self.incoming else b2.Synapses
        made = kind(
            self.pruned, self.population, on_pre={"add": add, "clear": clear}, on_event="prune", namespace={},
            clock=self.incoming.clock, name=f"{self.population.name}_sums",
            delay={"add": 0 * b2.ms, "clear": 0 * b2.ms}, **several,
        )  # fmt: skip
        made.connect()
        place(made.add, "population")
        place(made.clear, "clear")
        return made


def network_of_each(group: Any, networks: int) -> None:
    """Give the neurons of a group the number of their network, from 0, as the index :data:`NETWORK`."""
    if NETWORK not in group.variables:
        numbers = np.arange(len(group), dtype=np.int32) // (len(group) // networks)
        group.variables.add_array(
            NETWORK, size=len(group), dtype=np.int32, values=numbers, constant=True, read_only=True
        )  # fmt: skip


def check_names(rule: PruningRule, what: str, code: str, known: set[str]) -> None:
    """Raise ParameterError if a string of a rule names what nobody knows."""
    names = set().union(*(names_in(line.value) for line in _statements(rule, what, code)))
    own = assigned(code)
    for name in sorted(names - known - own - set(DEFAULT_FUNCTIONS) - {"True", "False"}):
        raise ParameterError(
            f"In {what} of rule '{rule.name}': {unknown_name('name', name, sorted(k for k in known if k[0] != '_'))}"
        )


def _statements(rule: PruningRule, what: str, code: str) -> list[Any]:
    try:
        return [statement for statement in ast.parse(textwrap.dedent(code)).body if hasattr(statement, "value")]
    except SyntaxError as error:
        raise ParameterError(
            f"In {what} of rule '{rule.name}': {error.msg} in '{(error.text or '').strip()}': write Brian2 statements."
        ) from error

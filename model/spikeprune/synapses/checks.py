"""What a user gives to pruned synapses, checked, and the model that becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import brian2 as b2
import numpy as np
from brian2 import Equations, Synapses
from brian2.equations.codestrings import Expression
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SingleEquation

from spikeprune.errors import ParameterError, unknown_name
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.timing import ALWAYS
from spikeprune.standalone.expressions import names_in
from spikeprune.synapses.masks import ONLY_IF, PREFIX, assigned

__all__ = ["check_groups", "check_memory", "check_roles", "check_weight", "check_when", "pruned_model"]

#: Variables of every host's synapses.
FLAGS = """
alive                        : boolean  # false once removed, for ever
plastic                      : boolean  # false once removed or frozen
"""


def pruned_model(model: Any, rule: PruningRule) -> Equations:
    """Return the model with the flags, the rule's memory, and summed variables that leave removed synapses out.

    Raises
    ------
    ParameterError
        If the model has a variable of the same name.
    """
    given = model if isinstance(model, Equations) else Equations(model or "")
    memory = Equations(_prefixed(rule.synapse_variables) if rule.acts_in_training else "")
    for name in sorted(set(given.names) & {"alive", "plastic", *memory.names}):
        raise ParameterError(f"The model of pruned synapses has a variable '{name}' already: give it another name.")
    made = []
    for equation in given.values():
        if "summed" in equation.flags:
            expression = Expression(f"{ONLY_IF}(alive, {equation.expr.code})")
            kind, name, unit = equation.type, equation.varname, equation.dim
            equation = SingleEquation(kind, name, unit, equation.var_type, expression, equation.flags)
        made.append(equation)
    return Equations(made) + Equations(FLAGS) + memory


def _prefixed(equations: str) -> str:
    """Return a rule's equations of synapses with the prefix before every name."""
    names = {name: f"{PREFIX}{name}" for name in Equations(equations).names}
    lines = []
    for line in equations.splitlines():
        name, colon, rest = line.partition(":")
        lines.append(f"{names.get(name.strip(), name)} {colon}{rest}")
    return "\n".join(lines)


def check_groups(source: Any, target: Any) -> None:
    """Raise ParameterError unless both ends are neurons."""
    if isinstance(source, Synapses) or isinstance(target, Synapses):
        raise ParameterError("Pruned synapses connect neurons, but one end is Synapses: use brian2.Synapses there.")


def check_weight(rule: PruningRule, weight: str, equations: Equations) -> None:
    """Raise ParameterError unless the model has a weight that the rule can remove."""
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


def check_when(rule: PruningRule, target: Any, when: Mapping[str, Any]) -> None:
    """Raise ParameterError unless it is said when the rule acts."""
    on, every = when["on"], when["every"]
    if (on is None) == (every is None):
        raise ParameterError(
            f"Rule '{rule.name}' needs to know when to act: give either every=, a time, or on=, an event of the target."
        )
    if on is not None and on not in target.events:
        raise ParameterError(unknown_name(f"event of '{target.name}'", on, sorted(target.events)))
    for name in ("every", "start", "stop"):
        value = when[name]
        if value is None:
            continue
        if on is not None:
            raise ParameterError(f"{name}={value} belongs to every=: the event '{on}' says when the rule acts.")
        if not b2.have_same_dimensions(value, b2.second) or np.size(value) != 1 or not value / b2.second >= 0:
            raise ParameterError(f"{name}={value!r} is no time: give one with its unit, such as 10*second.")
    if every is not None and not every > 0 * b2.second:
        raise ParameterError(f"every={every!r} has to be longer than 0 s: give a time such as 10*second.")
    if getattr(rule, "stop", ALWAYS) != ALWAYS and on is None and when["stop"] is None:
        raise ParameterError(
            f"Rule '{rule.name}' ends after a number of images, which these synapses do not know: say with stop=, a "
            "time, when its events end."
        )


def check_memory(rule: PruningRule) -> None:
    """Raise ParameterError if what a rule does at spikes, also at removed synapses, is more than to remember."""
    for what in ("on_transmission", "on_potentiation"):
        for name in sorted(assigned(getattr(rule, what))):
            if name in ("w", "w_before", "alive", "plastic") or name.endswith(("_pre", "_post")):
                raise ParameterError(
                    f"In {what} of rule '{rule.name}', '{name}' is assigned: a rule only remembers there, in its "
                    "synapse_variables; change weights and neurons at an event."
                )


def check_roles(rule: PruningRule, roles: Mapping[str, Any]) -> None:
    """Raise ParameterError if the rule needs a role that the host does not offer."""
    needed = {"normalised_sum"} if rule.normalised_sum else set()
    needed |= {"weight_sum"} & names_in(rule.normalised_sum or "0")
    texts = (rule.update_neurons, rule.on_spike, rule.update_synapses)
    needed |= {"depressible"} if any("depressible" in text for text in texts) else set()
    missing = sorted(needed - set(roles))
    if missing:
        raise ParameterError(
            f"Rule '{rule.name}' needs {' and '.join(missing)} of these synapses: offer them with roles=, or choose a "
            "rule that needs weights and spikes only, such as 'adaptive'."
        )

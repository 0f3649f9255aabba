"""What a pruning rule is: parameters, Brian2 strings and a NumPy reference implementation of the same strings.

A rule has variables of its own in every neuron that it prunes the synapses of, and code for these moments:

=====================  ========================================================================================
``on_spike``           the neuron fires
``on_transmission``    a spike passes a synapse (statements of the synapse, after those of the model)
``on_potentiation``    the neuron's spike updates a synapse (likewise)
``add_synapses``       a pruning event begins: synapses add into their neuron, besides ``total`` and ``fan_in``
``update_neurons``     then the neurons
``update_synapses``    then the synapses, which it removes (``REMOVE``) or freezes (``FREEZE``)
``normalised_sum``     last, what the weights of a neuron are normalised to from now on
=====================  ========================================================================================

The contract, with everything that the code may name, is docs/rules.md.  A rule sees its own weights and spikes, never a
label.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.parameters import check_fields, convert_fields
from spikeprune.pruning import registry
from spikeprune.pruning.events import PruningState, statements
from spikeprune.pruning.parts import Part

__all__ = ["ALWAYS", "SCHEDULE", "PruningRule"]

#: The last image of a schedule without an end: more than any training shows, and the largest integer of Brian2.
ALWAYS = 2**31 - 1
#: Parameters that say when there are pruning events; a rule need not have all of them.
SCHEDULE = ("start", "stop", "interval")

#: What a rule gives Brian2, apart from its parameters.
STRINGS = (
    "variables", "synapse_variables", "on_spike", "on_transmission", "on_potentiation", "add_synapses",
    "update_neurons", "update_synapses", "normalised_sum",
)  # fmt: skip


@dataclass(frozen=True)
class PruningRule:
    """Base of all rules; itself it prunes nothing.

    A subclass needs a ``name`` that no other rule has.  What its `parts` contribute is put together once, and strings
    of its own replace that.  A base of further rules, not a rule itself, is declared with
    ``class Base(PruningRule, abstract=True)``.

    Raises
    ------
    ParameterError
        On subclassing, if the name is missing or belongs to another rule; on creation, if a value is not allowed.
    """

    name: ClassVar[str] = ""
    #: What the rule is put together from (:mod:`spikeprune.pruning.parts`).
    parts: ClassVar[tuple[Part, ...]] = ()
    #: Variables of each neuron; the parameters of the rule are added by the host, the same for all neurons.
    variables: ClassVar[str] = ""
    #: Variables of each synapse: its memory.
    synapse_variables: ClassVar[str] = ""
    on_spike: ClassVar[str] = ""
    on_transmission: ClassVar[str] = ""
    on_potentiation: ClassVar[str] = ""
    add_synapses: ClassVar[str] = ""
    update_neurons: ClassVar[str] = ""
    update_synapses: ClassVar[str] = ""
    #: Whether synapses may stay that are not plastic any more (`FREEZE`): then their weights are kept from changing.
    freezes: ClassVar[bool] = False
    #: What a neuron's weights sum to after normalisation, an expression of the neuron; empty for what the network says.
    normalised_sum: ClassVar[str] = ""
    #: Sums over all neurons, made at a pruning event before ``update_neurons``: name of the sum to neuron variable.
    population_sums: ClassVar[Mapping[str, str]] = MappingProxyType({})
    #: Whether the rule removes neurons, all synapses of one at once: then the program becomes smaller with them
    #: (:mod:`spikeprune.backend.compact`), so that the strings may not name `N`.
    removes_neurons: ClassVar[bool] = False
    #: The neuron variable (or parameter) that is the current threshold, for the history of a run.
    threshold: ClassVar[str] = ""

    def __init_subclass__(cls, abstract: bool = False) -> None:
        super().__init_subclass__()
        if "parts" in vars(cls):
            _compose(cls)
        if not abstract:
            registry.add(cls)

    def __post_init__(self) -> None:
        check_fields(self)

    def __reduce__(self) -> Any:
        # Found again by where it is defined, so that processes of a sweep need not have imported it.
        return registry.rebuild, (self.name, registry.specification(type(self)), asdict(self))

    @property
    def acts_in_training(self) -> bool:
        """Whether the rule does anything while the network learns."""
        return bool(self.update_synapses)

    @property
    def schedule(self) -> tuple[int, int, int]:
        """Accepted images before which and after which there is no pruning event, and of which multiples bring one."""
        values = asdict(self)
        return int(values.get("start", 0)), int(values.get("stop", ALWAYS)), int(values.get("interval", 1))

    def events_in(self, images: int) -> int:
        """Return the number of pruning events while so many images are accepted."""
        start, stop, interval = self.schedule
        return max(0, min(images, stop) // interval - max(start - 1, 0) // interval)

    def strings(self) -> dict[str, Any]:
        """Return all that the rule gives Brian2, parameters by name only: what a compiled program depends on."""
        found: dict[str, Any] = {name: getattr(self, name) for name in STRINGS}
        sums, parameters = dict(self.population_sums), sorted(self.neuron_parameters())
        return found | {"freezes": self.freezes, "population_sums": sums, "parameters": parameters}

    def fingerprint(self) -> str:
        """Return a short hash of :meth:`strings`, by which a run knows that its rule has not changed."""
        return hashlib.sha256(json.dumps(self.strings(), sort_keys=True).encode()).hexdigest()[:16]

    def neuron_parameters(self) -> dict[str, float]:
        """Return the parameters that the rule's strings may use; changing them needs no compilation."""
        values = {name: value for name, value in asdict(self).items() if name not in SCHEDULE}
        return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return initial values of neuron variables, each [neurons]; a variable that is not named starts at 0."""
        return {name: np.full(neurons, float(value)) for part in self.parts for name, value in part.initial.items()}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy, in place, what the rule's strings do at a pruning event."""
        for part in self.parts:
            part.twin(self, state)

    def finish(self, w: NDArray[Any], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which synapses remain after training has ended, [inputs, neurons].

        Only a rule that prunes the finished network changes `alive`.
        """
        return alive

    def as_dict(self) -> dict[str, Any]:
        """Return the rule's name and parameters, for JSON."""
        return {"name": self.name, **asdict(self)}

    def definition(self) -> dict[str, str]:
        """Return what finds the rule again: its ``class``, and the :meth:`fingerprint` of its ``strings``."""
        return {"class": registry.specification(type(self)), "strings": self.fingerprint()}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> PruningRule:
        """Build from a mapping of parameter names to values (or their text).

        Raises
        ------
        ParameterError
            If a name is unknown or a value is not allowed.
        """
        if values and not fields(cls):
            raise ParameterError(
                f"Rule '{cls.name}' has no parameters, but {', '.join(values)} was given: leave it out."
            )
        return cls(**convert_fields(cls, values))


def _compose(cls: type[PruningRule]) -> None:
    """Put the strings of a rule's parts together; what the class itself says stays."""
    own = set(vars(cls))
    for name in STRINGS:
        if name not in own:
            setattr(cls, name, statements(*(getattr(part, name) for part in cls.parts)))
    if "freezes" not in own:
        cls.freezes = any(part.freezes for part in cls.parts)
    if "population_sums" not in own:
        sums = {name: of for part in cls.parts for name, of in part.population_sums.items()}
        cls.population_sums = MappingProxyType(sums)
    if "threshold" not in own:
        cls.threshold = next((part.threshold for part in cls.parts if part.threshold), "")

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
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.parameters import check_fields, convert_fields
from spikeprune.pruning import registry
from spikeprune.pruning.events import PruningState, statements
from spikeprune.pruning.parts import Part
from spikeprune.pruning.timing import SCHEDULE, check_timing, events_between, images_of, read_timing, timing_text

__all__ = ["PruningRule"]

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
        check_fields(self, apart=SCHEDULE)
        for entry in fields(self):
            if entry.name in SCHEDULE:
                value = check_timing(entry.name, getattr(self, entry.name), entry.metadata.get("meaning", ""))
                object.__setattr__(self, entry.name, value)
        when = {**SCHEDULE, **asdict(self)}
        start, stop = when["start"], when["stop"]
        # A number of images and a share can be compared once the training is known.
        if type(start) is type(stop) and stop < start:
            raise ParameterError(
                f"Parameter 'stop' is {timing_text(stop)}: it must not be less than 'start', which is "
                f"{timing_text(start)} (pruning events come between the two)."
            )

    def __reduce__(self) -> Any:
        # Found again by where it is defined, so that processes of a sweep need not have imported it.
        return registry.rebuild, (self.name, registry.specification(type(self)), asdict(self))

    @property
    def acts_in_training(self) -> bool:
        """Whether the rule does anything while the network learns."""
        return bool(self.update_synapses)

    def for_images(self, images: int) -> Self:
        """Return the rule for a training that shows so many images: shares of a training become numbers of images.

        Raises
        ------
        ParameterError
            If it would stop before it starts.

        Examples
        --------
        >>> from spikeprune import AdaptivePruning
        >>> AdaptivePruning(start=0.5).for_images(24_000).schedule
        (12000, 2147483647, 400)
        """
        own = {entry.name for entry in fields(self)} & set(SCHEDULE)
        return replace(self, **{name: images_of(name, getattr(self, name), images) for name in own})

    @property
    def schedule(self) -> tuple[int, int, int]:
        """Accepted images before which and after which there is no pruning event, and of which multiples bring one.

        Raises
        ------
        ParameterError
            If one of them is still a share (:meth:`for_images`).
        """
        values = {**SCHEDULE, **{name: value for name, value in asdict(self).items() if name in SCHEDULE}}
        if values["stop"] == 1 and isinstance(values["stop"], float):
            values["stop"] = SCHEDULE["stop"]  # the end of any training
        for name, value in values.items():
            if not isinstance(value, int):
                raise ParameterError(
                    f"'{name}' of rule '{self.name}' is {timing_text(value)} of a training whose length is not known "
                    "here: take rule.for_images(60_000), or as many as the training shows."
                )
        return values["start"], values["stop"], values["interval"]

    def events_in(self, images: int) -> int:
        """Return the number of pruning events while so many images are accepted; shares are of so many images."""
        return events_between(*self.for_images(images).schedule, images) if self.acts_in_training else 0

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

    def no_variable(self, name: str, variables: Iterable[str]) -> ParameterError:
        """Say that the initial value of what is none of the `variables` is refused."""
        return ParameterError(
            f"Rule '{self.name}' gives the initial value of '{name}', which is none of its variables: name one of "
            f"{', '.join(sorted(variables))}."
        )

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
        known = {entry.name for entry in fields(cls)} & set(SCHEDULE)
        when = {name: read_timing(value) for name, value in values.items() if name in known}
        others = {name: value for name, value in values.items() if name not in known}
        return cls(**convert_fields(cls, others), **when)


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

"""What a pruning rule is: parameters, Brian2 strings and a NumPy reference implementation of the same strings.

A rule adds variables to the excitatory neurons and code to two moments: every excitatory spike, and the pruning events,
which come at the end of every `interval`-th accepted image, but not before the `start`-th nor, where a rule has one,
after the `stop`-th.  At a pruning event the
network first adds the weights of each neuron into ``total`` (and runs ``add_synapses``); then the neurons run
``update_neurons``, and after them the synapses run ``update_synapses``.  A rule that needs sums over all neurons names
them in ``population_sums``; one that changes what weights are normalised to, in ``normalised_sum``.  A rule sees its
own weights and spikes, never a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.errors import ParameterError
from spikeprune.parameters import check_fields, convert_fields

__all__ = ["ALWAYS", "FREEZE", "REMOVE", "SCHEDULE", "PruningRule", "PruningState"]

#: The last image of a schedule without an end: more than any training shows, and the largest integer of Brian2.
ALWAYS = 2**31 - 1
#: Parameters that say when there are pruning events; a rule need not have all of them.
SCHEDULE = ("start", "stop", "interval")

# Where `criterion` holds, a synapse is removed for ever: it transmits nothing, learns nothing and counts nothing.
REMOVE = """
removed = int(alive and {criterion})
alive = alive and removed < 1
plastic = plastic and removed < 1
w = w*(1 - removed)
fan_out_pre -= removed
plastic_out_pre -= removed*int(depressible_post)
fan_in_post -= removed
plastic_in_post -= removed
changed_post += removed
"""
# Where `criterion` holds, a synapse is frozen at `value`: it goes on transmitting, and is never updated again.
FREEZE = """
frozen = int(plastic and {criterion})
plastic = plastic and frozen < 1
w = w*(1 - frozen) + {value}*frozen
plastic_out_pre -= frozen*int(depressible_post)
plastic_in_post -= frozen
changed_post += frozen
"""


@dataclass
class PruningState:
    """What a rule sees and changes at a pruning event, for the NumPy reference implementations.

    Attributes
    ----------
    w : ndarray [inputs, neurons], float
        Weights.
    alive, plastic : ndarray [inputs, neurons], bool
        Which synapses exist, and which of them still learn.
    interval_spikes : float
        Spikes of all excitatory neurons since the last pruning event.
    neurons : dict of str to ndarray [neurons]
        The variables that the rule adds to the neurons.
    """

    w: NDArray[Any]
    alive: NDArray[np.bool_]
    plastic: NDArray[np.bool_]
    interval_spikes: float = 0.0
    neurons: dict[str, NDArray[Any]] = field(default_factory=dict)

    def remove(self, criterion: NDArray[np.bool_]) -> None:
        """Remove the synapses where `criterion` holds (the twin of ``REMOVE``)."""
        removed = self.alive & criterion
        self.alive &= ~removed
        self.plastic &= ~removed
        self.w[removed] = 0

    def freeze(self, criterion: NDArray[np.bool_], value: float) -> None:
        """Freeze the synapses where `criterion` holds at `value` (the twin of ``FREEZE``)."""
        frozen = self.plastic & criterion
        self.plastic &= ~frozen
        self.w[frozen] = value


@dataclass(frozen=True)
class PruningRule:
    """Base of all rules; itself it prunes nothing."""

    name: ClassVar[str] = ""
    #: Variables added to the excitatory neurons; the parameters of the rule are added by :meth:`neuron_equations`.
    variables: ClassVar[str] = ""
    on_spike: ClassVar[str] = ""
    update_neurons: ClassVar[str] = ""
    update_synapses: ClassVar[str] = ""
    #: What else than the weights synapses add into neurons at a pruning event, before ``update_neurons``.
    add_synapses: ClassVar[str] = ""
    #: Whether synapses may stay that are not plastic any more (`FREEZE`): then their weights are kept from changing.
    freezes: ClassVar[bool] = False
    #: What the weights of a neuron sum to after normalisation, an expression of the neuron.
    normalised_sum: ClassVar[str] = "weight_sum"
    #: Sums over all neurons, made at a pruning event before ``update_neurons``: name of the sum to neuron variable.
    population_sums: ClassVar[Mapping[str, str]] = MappingProxyType({})
    #: The neuron variable that holds the current threshold, for the history of a run.
    threshold: ClassVar[str] = ""

    def __post_init__(self) -> None:
        check_fields(self)

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

    def neuron_equations(self) -> str:
        """Return the rule's variables and its parameters (shared by all neurons) as Brian2 equations."""
        parameters = [f"{name} : 1 (shared)" for name in self.neuron_parameters()] if self.acts_in_training else []
        return "\n".join([self.variables, *parameters])

    def neuron_parameters(self) -> dict[str, float]:
        """Return the parameters that the rule's strings use; changing them needs no compilation."""
        return {name: float(value) for name, value in asdict(self).items() if name not in SCHEDULE}

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        """Return the initial values of the rule's neuron variables, each [neurons]."""
        return {}

    def reference(self, state: PruningState) -> None:
        """Do in NumPy, in place, what the rule's strings do at a pruning event."""

    def finish(self, w: NDArray[Any], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which synapses remain after training has ended, [inputs, neurons].

        Only a rule that prunes the finished network changes `alive`.
        """
        return alive

    def as_dict(self) -> dict[str, Any]:
        """Return the rule's name and parameters, for JSON."""
        return {"name": self.name, **asdict(self)}

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

"""The schedule of a time step: what runs when, as the one table that network and hosts of rules are built from.

Brian2 runs a time step slot by slot (``start``, ``groups``, ``thresholds``, ``synapses``, ``resets``, ``end``), and
what shares a slot by its order.  State updates and thresholds stay in the slots that Brian2 gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["SCHEDULE", "Moment", "place"]


class Moment(NamedTuple):
    """A place in the time step.

    Attributes
    ----------
    slot : str
        One of Brian2's slots, with ``before_`` and ``after_`` of each.
    order : int
        Its place within the slot.
    occasion : str
        In which time steps something happens there.
    meaning : str
        What happens there.
    """

    slot: str
    order: int
    occasion: str
    meaning: str


SCHEDULE: Mapping[str, Moment] = MappingProxyType({
    "step": Moment("start", 0, "every step", "the presenter counts the time steps of the slot"),
    "begin?": Moment("start", 1, "first step", "a slot begins; neurons whose weights may not sum up are found"),
    "begin": Moment("start", 2, "first step", "closed form of the rest; rates and first spikes of the new image"),
    "sum": Moment("start", 3, "first step", "normalisation: the weights of each neuron are added up"),
    "live?": Moment("start", 3, "every step", "neurons that have fired lately are found"),
    "factor": Moment("start", 4, "first step", "normalisation: the factor of each neuron"),
    "normalise": Moment("start", 5, "first step", "normalisation: the weights are scaled"),
    "live": Moment("before_synapses", 0, "every step", "the fast trace of neurons that have fired lately decays"),
    "transmit": Moment("synapses", -2, "input spike", "input spikes are transmitted"),
    "depress": Moment("synapses", -1, "input spike", "input spikes depress"),
    "input": Moment("synapses", 0, "input spike", "the time of an input spike is noted"),
    "potentiate": Moment("resets", 1, "excitatory spike", "after the reset of its neuron, a spike potentiates"),
    "on_spike": Moment("after_resets", 0, "excitatory spike", "the rule follows its neuron's spikes"),
    "over?": Moment("end", 0, "last step", "the presentation is over"),
    "record": Moment("end", 1, "last step", "image, attempt and spikes of the presentation are recorded"),
    "over": Moment("end", 2, "last step", "the presenter accepts the image or shows it again, brighter"),
    "prune?": Moment("end", 3, "pruning event", "it is time for a pruning event"),
    "gather": Moment("end", 4, "pruning event", "synapses add up what the rule needs to know"),
    "population": Moment("end", 5, "pruning event", "neurons add up what the rule needs to know of all of them"),
    "update_neurons": Moment("end", 6, "pruning event", "the rule moves thresholds"),
    "update_synapses": Moment("end", 7, "pruning event", "the rule removes or freezes synapses"),
    "normalised_sum": Moment("end", 8, "pruning event", "what weights are normalised to from now on"),
    "clear": Moment("end", 9, "pruning event", "sums over all neurons are cleared"),
    "keep?": Moment("end", 10, "last step, replicas", "networks are found that are not at the end of their chunk yet"),
    "keep": Moment("end", 11, "last step, replicas", "what their neurons have come to is kept"),
    "wait?": Moment("end", 12, "last step, replicas", "networks are found that are at the end of their chunk"),
    "wait": Moment("end", 13, "last step, replicas", "they are shown nothing and learn nothing from now on"),
    "stop?": Moment("end", 14, "last step, replicas", "some networks wait"),
    "stop": Moment("end", 15, "last step, replicas", "the program ends where all wait"),
})  # fmt: skip


def place(scheduled: Any, moment: str) -> None:
    """Give a Brian2 object its place in the time step."""
    scheduled.when, scheduled.order = SCHEDULE[moment].slot, SCHEDULE[moment].order

"""What rules are put together from: the aim of a threshold, its pace, the act, what is given back, settling.

Each part holds the Brian2 strings of one mechanism and their NumPy twin.  Names that it does not declare are parameters
of the rule that it is a part of (``beta``, ``eta``, …) or what every host offers (docs/rules.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeprune.pruning.events import FREEZE, REMOVE, PruningState, statements

__all__ = [
    "AT_RATE",
    "BY_ACTIVITY",
    "MEAN_OF_STRENGTH",
    "MEAN_WEIGHT",
    "POPULATION_MEAN",
    "Aim",
    "Pace",
    "Part",
    "freeze",
    "give_back_nothing",
    "give_back_share",
    "history",
    "moving_threshold",
    "remove",
    "settling",
]


def _nothing(rule: Any, state: PruningState) -> None:
    """Twin of a part that only declares."""


@dataclass(frozen=True)
class Part:
    """One mechanism of a rule; the strings are those of :class:`~spikeprune.pruning.PruningRule`.

    Attributes
    ----------
    initial : mapping of str to float
        Neuron variables that are remembered from event to event, with their initial values.
    twin : callable
        ``twin(rule, state)`` does in NumPy what the strings do at a pruning event.
    """

    variables: str = ""
    synapse_variables: str = ""
    on_spike: str = ""
    on_transmission: str = ""
    on_potentiation: str = ""
    add_synapses: str = ""
    update_neurons: str = ""
    update_synapses: str = ""
    normalised_sum: str = ""
    population_sums: Mapping[str, str] = field(default_factory=dict)
    freezes: bool = False
    threshold: str = ""
    initial: Mapping[str, float] = field(default_factory=dict)
    twin: Callable[[Any, PruningState], None] = _nothing


@dataclass(frozen=True)
class Aim:
    """What a threshold heads for the share ``beta`` of.

    Attributes
    ----------
    expression : str
        Of the neuron.
    twin : callable
        The same of a `PruningState`, [neurons] or one for all.
    variables, add_synapses, population_sums
        Sums that the expression needs.
    after : str
        What clears them.
    """

    expression: str
    twin: Callable[[PruningState], Any]
    variables: str = ""
    add_synapses: str = ""
    population_sums: Mapping[str, str] = field(default_factory=dict)
    after: str = ""


#: The mean weight of the neuron's remaining synapses, W_j / n_j.
MEAN_WEIGHT = Aim("total/clip(fan_in, 1, 1e9)", lambda state: state.total / np.maximum(state.fan_in, 1))

#: The mean weight of the neuron's strength: the weights averaged with themselves as weights (contraharmonic mean).
MEAN_OF_STRENGTH = Aim(
    "squares/clip(total, 1e-6, 1e6)",
    lambda state: (state.w**2).sum(axis=0) / np.clip(state.total, 1e-6, 1e6),
    variables="squares : 1  # sum of squared weights at a pruning event, else 0",
    add_synapses="squares_post += w*w",
    after="squares = 0",
)

#: The mean weight of the remaining synapses of all neurons together.
POPULATION_MEAN = Aim(
    "population_total/clip(population_fan_in, 1, 1e9)",
    lambda state: state.w.sum() / max(state.alive.sum(), 1),
    population_sums={"population_total": "total", "population_fan_in": "fan_in"},
)


@dataclass(frozen=True)
class Pace:
    """Which share of the way to its aim a threshold goes at one event.

    Attributes
    ----------
    expression : str
        Of the neuron.
    twin : callable
        ``twin(rule, state)``, [neurons] or one for all.
    variables, on_spike, before, after
        What the expression needs, and what clears it.
    population_sums, initial
        As in `Part`.
    """

    expression: str
    twin: Callable[[Any, PruningState], Any]
    variables: str = ""
    on_spike: str = ""
    before: str = ""
    after: str = ""
    population_sums: Mapping[str, str] = field(default_factory=dict)
    initial: Mapping[str, float] = field(default_factory=dict)


#: The same for all neurons at all events.
AT_RATE = Pace("eta", lambda rule, state: rule.eta)


def _rate_by_activity(rule: Any, state: PruningState) -> NDArray[Any]:
    count = state.neurons["count"]
    activity = np.clip(count * len(count) / max(state.interval_spikes, 1), 0, rule.a_max)
    count[:] = 0
    rate: NDArray[Any] = np.clip(rule.eta * activity, 0, 1)
    return rate


#: In proportion to the neuron's spikes since the last event, relative to the population mean.
BY_ACTIVITY = Pace(
    "clip(eta*activity, 0, 1)",
    _rate_by_activity,
    variables="count : 1  # spikes since the last pruning event, c_j",
    on_spike="count += 1",
    before="activity = clip(count*N/clip(interval_spikes, 1, 1e9), 0, a_max)",
    after="count = 0",
    population_sums={"interval_spikes": "count"},
    initial={"count": 0},
)


def moving_threshold(aim: Aim, pace: Pace) -> Part:
    """Threshold `h` of each neuron, which follows ``beta`` times its aim at its pace."""

    def twin(rule: Any, state: PruningState) -> None:
        h, goal = state.neurons["h"], rule.beta * aim.twin(state)
        h += pace.twin(rule, state) * (goal - h)

    move = f"h += {pace.expression}*(beta*{aim.expression} - h)"
    return Part(
        variables=statements("h : 1  # pruning threshold h_j", pace.variables, aim.variables),
        on_spike=pace.on_spike,
        add_synapses=aim.add_synapses,
        update_neurons=statements(pace.before, move, pace.after, aim.after),
        population_sums={**pace.population_sums, **aim.population_sums},
        threshold="h",
        initial={"h": 0, **pace.initial},
        twin=twin,
    )


def remove(criterion: str, twin: Callable[[Any, PruningState], Any], threshold: str = "") -> Part:
    """Remove the synapses where `criterion`, an expression of the synapse, holds; its twin says the same in NumPy."""
    return Part(
        update_synapses=REMOVE.format(criterion=criterion),
        threshold=threshold,
        twin=lambda rule, state: state.remove(twin(rule, state)),
    )


def freeze(criterion: str, twin: Callable[[Any, PruningState], Any], threshold: str = "") -> Part:
    """Freeze the synapses where `criterion` holds at the parameter ``value``."""
    return Part(
        update_synapses=FREEZE.format(criterion=criterion, value="value_post"),
        freezes=True,
        threshold=threshold,
        twin=lambda rule, state: state.freeze(twin(rule, state), rule.value),
    )


def _removed_strength(state: PruningState) -> NDArray[Any]:
    """Weight that each neuron is about to lose to its threshold `h`, [neurons]."""
    lost: NDArray[Any] = np.where(state.alive & (state.w < state.neurons["h"]), state.w, 0).sum(axis=0)
    return lost


def _lose(rule: Any, state: PruningState) -> None:
    state.neurons["lost"] += _removed_strength(state)


def _leave(rule: Any, state: PruningState) -> None:
    strength = np.clip(state.total, 1e-6, 1e6)
    state.neurons["left"] -= (1 - rule.given_back) * _removed_strength(state) / strength


#: What the threshold `h` removes is lost for good: normalisation gives the remaining synapses nothing of it.  Never
#: below 0: learning may have raised the sum beyond weight_sum before all of it is removed.  Comes before `remove`.
give_back_nothing = Part(
    variables="lost : 1  # summed weight removed so far, L_j",
    update_synapses="lost_post += w*int(alive and w < h_post)",
    normalised_sum="clip(weight_sum - lost, 0, weight_sum)",
    initial={"lost": 0},
    twin=_lose,
)

#: Normalisation gives only the share ``given_back`` of what `h` removes to the remaining synapses.  Before `remove`.
give_back_share = Part(
    variables="""strength : 1  # summed weight at the last pruning event, W_j
left : 1  # share of weight_sum that is left, s_j""",
    update_neurons="strength = clip(total, 1e-6, 1e6)",
    update_synapses="left_post -= (1 - given_back_post)*w*int(alive and w < h_post)/strength_post",
    normalised_sum="clip(left, 0, 1)*weight_sum",
    initial={"left": 1},
    twin=_leave,
)

#: Spikes of each neuron since training began.
history = Part(
    variables="history : 1  # spikes since training began", on_spike="history += 1", initial={"history": 0}
)


def _settle(rule: Any, state: PruningState) -> None:
    state.neurons["depressible"][state.neurons["history"] >= rule.settled] = 0


#: Input spikes no longer depress the synapses of neurons that have fired ``settled`` times.
settling = Part(
    variables="history : 1  # spikes in training",
    on_spike="history += learning",
    update_neurons="depressible = depressible*int(history < settled)",
    initial={"history": 0, "depressible": 1},
    twin=_settle,
)

"""Rules that remove by rank: the smallest weights of each neuron or of the layer.

Up to the m-th pruning event the share ``share * min(m / events, 1)`` is removed, as exactly as whole numbers allow.
What counts is the order alone, so no threshold has to be chosen.  Ranks are what Brian2's statements cannot say, hence
the functions ``note``, ``kth_value`` and ``kth_number`` (:mod:`spikeprune.synapses.ranks`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.pruning import parts, shared
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import PruningState, statements

__all__ = ["SmallestOfLayer", "SmallestOfNeuron"]


def _number(rule: Any, state: PruningState, size: Any, left: Any) -> NDArray[Any]:
    """How many of `left` are to go now, of `size` in the beginning."""
    event = state.neurons["event"]
    event[:] = np.minimum(event + 1, rule.events)
    wanted: NDArray[Any] = np.floor(np.clip(rule.share * event / rule.events * size - (size - left), 0, left) + 0.5)
    return wanted.astype(int)


def _label(state: PruningState) -> NDArray[Any]:
    i, j = np.indices(state.w.shape)
    label: NDArray[Any] = i * state.w.shape[1] + j
    return label


def _mark(rule: Any, state: PruningState, neurons: Any, k: int) -> None:
    """Set `h` and `tie` of some neurons to the k-th smallest of their weights together, and its number."""
    alive, w, label = state.alive[:, neurons], state.w[:, neurons], _label(state)[:, neurons]
    order = np.lexsort((label[alive], w[alive]))
    state.neurons["h"][neurons] = w[alive][order[k - 1]] if k > 0 else -1e300
    state.neurons["tie"][neurons] = label[alive][order[k - 1]] if k > 0 else -1


def _neuron_twin(rule: Any, state: PruningState) -> None:
    state.neurons["size"][:] = np.maximum(state.neurons["size"], state.fan_in)
    for j, k in enumerate(_number(rule, state, state.neurons["size"], state.fan_in)):
        _mark(rule, state, [j], k)


def _layer_twin(rule: Any, state: PruningState) -> None:
    state.neurons["size"][:] = np.maximum(state.neurons["size"], state.fan_in.sum())
    numbers = _number(rule, state, state.neurons["size"], state.fan_in.sum())
    _mark(rule, state, np.arange(state.w.shape[1]), numbers[0])


def _smallest(group: str, neuron: str, left: str, sums: dict[str, str], twin: Any) -> parts.Part:
    """Note every weight under its group, and find the last one that goes; group -1 is that of removed synapses."""
    wanted = f"wanted = clip(share*event/events*size - (size - {left}), 0, {left})"
    return parts.Part(
        variables="""event : 1  # pruning events so far, at most `events`
size  : 1  # synapses before anything was removed
noted : 1  # weights noted at this event
h     : 1  # the largest weight that goes
tie   : 1  # and the number of its synapse, where several are equal""",
        add_synapses=f"noted_post += note(host, {group}, w, i*N + j)",
        update_neurons=statements(
            f"size = clip(size, {left}, 1e9)", "event = clip(event + 1, 0, events)", wanted,
            f"h = kth_value(host, {neuron}, wanted)", f"tie = kth_number(host, {neuron}, wanted)", "noted = 0",
        ),
        population_sums=sums,
        threshold="h",
        initial={"event": 0, "size": 0, "h": 0, "tie": 0},
        twin=twin,
    )  # fmt: skip


def _goes(rule: Any, state: PruningState) -> NDArray[np.bool_]:
    h, tie = state.neurons["h"], state.neurons["tie"]
    goes: NDArray[np.bool_] = (state.w < h) | ((state.w == h) & (_label(state) <= tie))
    return goes


LAST_TO_GO = parts.remove("(w < h_post or (w == h_post and i*N + j <= tie_post))", _goes)


@dataclass(frozen=True)
class SmallestOfNeuron(PruningRule):
    """Remove the given share of each neuron's synapses, smallest weights first.

    Parameters
    ----------
    share : float
        Share of the synapses that is removed in the end.
    events : int
        Pruning events over which the removal is spread evenly.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.  Floats up
        to 1 are shares of the training.

    Examples
    --------
    >>> SmallestOfNeuron(share=0.5).events
    10
    """

    share: float = shared.removed_share()
    events: int = shared.events()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "smallest-of-neuron"
    parts = (_smallest("int(alive)*(j + 1) - 1", "i", "fan_in", {}, _neuron_twin), LAST_TO_GO)


@dataclass(frozen=True)
class SmallestOfLayer(PruningRule):
    """Remove the given share of all synapses, smallest weights first, whichever neuron has them.

    Parameters
    ----------
    share, events, start, interval
        See :class:`SmallestOfNeuron`.
    """

    share: float = shared.removed_share()
    events: int = shared.events()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "smallest-of-layer"
    parts = (_smallest("int(alive) - 1", "0", "all_fan_in", {"all_fan_in": "fan_in"}, _layer_twin), LAST_TO_GO)

"""What the rules are compared with: no pruning, as much removed at random, and pruning after training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.encoding import Stream, uniform_array
from spikeprune.parameters import parameter
from spikeprune.pruning import parts, shared
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import PruningState

__all__ = ["NoPruning", "PostTrainingPruning", "RandomRemoval"]


@dataclass(frozen=True)
class NoPruning(PruningRule):
    """Keep every synapse: the unpruned network of Diehl & Cook (2015)."""

    name: ClassVar[str] = "none"


@dataclass(frozen=True)
class PostTrainingPruning(PruningRule):
    """Train unpruned, then remove the given share of all weights, smallest first.

    The weights that remain are scaled to the neuron's sum once more when the network is evaluated.  Magnitude pruning
    without the retraining of Han et al. [1]_.

    References
    ----------
    .. [1] S. Han, J. Pool, J. Tran, W. J. Dally, "Learning both weights and connections for efficient neural networks",
       Advances in Neural Information Processing Systems 28 (2015).
    """

    share: float = parameter(0.8, "1", "share of the weights that is removed", "design", "share")

    name: ClassVar[str] = "post-training"

    def finish(self, w: NDArray[Any], alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which synapses remain, [inputs, neurons]: exactly ``share`` of all is removed, ties by index."""
        order = np.argsort(w, axis=None, kind="stable")
        remains = alive.copy()
        remains.flat[order[: round(self.share * w.size)]] = False
        return remains


def _count_event(rule: Any, state: PruningState) -> None:
    event, target = state.neurons["event"], state.neurons["target"]
    event[:] = np.minimum(event + 1, rule.events)
    target[:] = rule.share * event / rule.events


def _drawn(rule: Any, state: PruningState) -> NDArray[np.bool_]:
    """Which synapses have a random number below the target; the caller has set the key, which is the run's seed."""
    i, j = np.indices(state.w.shape)
    drawn: NDArray[np.bool_] = (
        uniform_array(state.neurons["key"].astype(np.int64), int(Stream.REMOVAL), 0, i, j) < state.neurons["target"]
    )
    return drawn


@dataclass(frozen=True)
class RandomRemoval(PruningRule):
    """Remove a given share of the synapses at random during training: the control.

    Which synapses are removed has nothing to do with weights or activity: each has a random number of its own, uniform
    between 0 and 1, and at the m-th pruning event every synapse is removed whose number is below
    ``share * min(m / events, 1)``.  With ``start`` and ``interval`` of the rule that it is compared with and the
    ``share`` that this one removed, the two end with as many synapses; the control reaches that number after `events`
    events, the adaptive rule later.

    Parameters
    ----------
    share : float
        Share of the synapses that is removed in the end, up to the scatter sqrt(share (1 - share) / n) of n draws.
    events : int
        Pruning events over which the removal is spread evenly.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.  Floats up
        to 1 are shares of the training.

    Examples
    --------
    >>> RandomRemoval(share=0.8).events_in(60_000)
    60
    """

    share: float = shared.removed_share()
    events: int = shared.events()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "random"
    parts = (
        parts.Part(
            variables="""key    : integer  # seed of the run
event  : 1  # pruning events so far, at most `events`
target : 1  # share of the synapses that is removed by now""",
            update_neurons="""key = seed
event = clip(event + 1, 0, events)
target = share*event/events""",
            initial={"key": 0, "event": 0, "target": 0},
            twin=_count_event,
        ),
        parts.remove(f"uniform(key_post, {int(Stream.REMOVAL)}, 0, i, j) < target_post", _drawn),
    )

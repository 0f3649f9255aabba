"""Criteria beyond the size of a weight: what a synapse contributes, and whether it is still used.

Both are of this project's own making, and are known to the synapse itself: it counts the spikes that pass it, or those
of its neuron that did not strengthen it.  Counting costs an operation a spike and synapse, which pruning by size does
not.

References
----------
.. [1] B. Han et al., "Developmental plasticity-inspired adaptive pruning for deep spiking and artificial neural
   networks", arXiv 2211.12714: "use it or lose it".
.. [2] C. Scholl, M. E. Rule, M. H. Hennig, "The information theory of developmental pruning: optimizing global network
   architectures using local synaptic rules", PLoS Computational Biology 17:e1009458 (2021): contribution, not size,
   says what is critical.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from spikeprune.parameters import parameter
from spikeprune.pruning import parts, shared
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.events import REMOVE, PruningState, statements

__all__ = ["ContributionPruning", "UseItOrLoseIt"]


def _contribution(state: PruningState) -> NDArray[Any]:
    """What each synapse has given its neuron since the last event, [inputs, neurons]."""
    given: NDArray[Any] = state.w * state.synapses["passed"]
    return given


#: The mean contribution of the neuron's remaining synapses.
MEAN_CONTRIBUTION = parts.Aim(
    "given/clip(fan_in, 1, 1e9)",
    lambda state: _contribution(state).sum(axis=0) / np.maximum(state.fan_in, 1),
    variables="given : 1  # contributions of its synapses at a pruning event, else 0",
    add_synapses="given_post += w*passed",
    after="given = 0",
)


def _remove_and_forget(rule: Any, state: PruningState) -> None:
    state.remove(_contribution(state) < state.neurons["h"])
    state.synapses["passed"][:] = 0


@dataclass(frozen=True)
class ContributionPruning(PruningRule):
    """Remove synapses that give their neuron little: weight times the spikes that have passed since the last event.

    The adaptive rule with contributions in place of weights: with `p_ij` the spikes that have passed the synapse,
    `h_j` heads for a share of the mean of ``w_ij p_ij`` over the neuron's synapses, and what is below it is removed.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the neuron's mean contribution.
    eta, a_max, start, interval
        See :class:`~spikeprune.AdaptivePruning`.
    """

    beta: float = shared.beta(0.5, "project", "the mean contribution that the threshold heads for")
    eta: float = shared.eta(0.2, "design")
    a_max: float = shared.a_max()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "contribution"
    parts = (
        parts.moving_threshold(MEAN_CONTRIBUTION, parts.BY_ACTIVITY),
        parts.Part(
            synapse_variables="passed : 1  # spikes that have passed since the last event",
            on_transmission="passed += 1",
            update_synapses=statements(
                REMOVE.format(criterion="w*passed < h_post"), "passed = 0"
            ),
            twin=_remove_and_forget,
        ),
    )


def _unused(rule: Any, state: PruningState) -> None:
    state.remove(state.synapses["unused"] >= rule.patience)


@dataclass(frozen=True)
class UseItOrLoseIt(PruningRule):
    """Remove synapses that have not been potentiated by so many spikes of their neuron in a row.

    Parameters
    ----------
    patience : float
        Spikes of the neuron without potentiation after which a synapse goes.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.
    """

    patience: float = parameter(200.0, "1", "spikes of its neuron without potentiation", "project", "positive")
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "use-it-or-lose-it"
    parts = (
        parts.Part(
            synapse_variables="unused : 1  # spikes of its neuron since it was last potentiated",
            on_potentiation="unused = (unused + 1)*int(w <= w_before)",
            update_synapses=REMOVE.format(criterion="unused >= patience_post"),
            twin=_unused,
        ),
    )

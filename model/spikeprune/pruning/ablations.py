"""Ablations of the adaptive rule: what each of its parts is good for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikeprune.pruning import parts, shared
from spikeprune.pruning.base import PruningRule
from spikeprune.pruning.thresholds import BELOW_THRESHOLD, MEAN_BY_ACTIVITY

__all__ = ["AdaptiveGlobalThreshold", "AdaptiveWithoutActivity", "AdaptiveWithoutRenormalisation"]


@dataclass(frozen=True)
class AdaptiveWithoutActivity(PruningRule):
    """The adaptive rule without the activity factor: an ablation, to see what that factor is good for.

    Quiet neurons are pruned as fast as busy ones.  With ``eta = 1`` the threshold has no memory either: it is that
    share of the mean weight that the neuron has at the time.

    Parameters
    ----------
    beta, eta, start, interval
        See :class:`AdaptivePruning`.
    """

    beta: float = shared.beta(0.5, "design")
    eta: float = shared.eta(0.2, "design")
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "adaptive-without-activity"
    parts = (parts.moving_threshold(parts.MEAN_WEIGHT, parts.AT_RATE), BELOW_THRESHOLD)


@dataclass(frozen=True)
class AdaptiveGlobalThreshold(PruningRule):
    """The adaptive rule with one threshold for all neurons: an ablation, to see what a threshold for each is good for.

    Its aim is the mean weight of all remaining synapses; the activity of the population relative to itself is 1, so
    there is no such factor here.

    Parameters
    ----------
    beta, eta, start, interval
        See :class:`AdaptivePruning`.
    """

    beta: float = shared.beta(0.5, "design")
    eta: float = shared.eta(0.2, "design")
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "adaptive-global-threshold"
    parts = (parts.moving_threshold(parts.POPULATION_MEAN, parts.AT_RATE), BELOW_THRESHOLD)


@dataclass(frozen=True)
class AdaptiveWithoutRenormalisation(PruningRule):
    """The adaptive rule without giving removed strength back: an ablation, to see what normalisation adds to pruning.

    The summed weight that a pruning event takes from a neuron is taken for good: normalisation scales its weights to
    ``weight_sum`` less all that it has lost.

    Parameters
    ----------
    beta, eta, a_max, start, interval
        See :class:`AdaptivePruning`.
    """

    beta: float = shared.beta(0.5, "design")
    eta: float = shared.eta(0.2, "design")
    a_max: float = shared.a_max()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "adaptive-without-renormalisation"
    parts = (MEAN_BY_ACTIVITY, parts.give_back_nothing, BELOW_THRESHOLD)

"""Rules that remove what is below a threshold, put together from parts: the named presets of this package.

:class:`AdaptivePruning` is spikeprune's own reading of Guo et al. (2020) [1]_, whose threshold equation was not at
hand: it is built to satisfy what the abstract says (unsupervised and online; a threshold for each neuron that changes
over time, driven by its dynamics and firing activity; weak neurons are pruned less; small weights go first).  The
others are of this project's own making.

References
----------
.. [1] W. Guo, M. E. Fouda, H. E. Yantir, A. M. Eltawil, K. N. Salama, "Unsupervised adaptive weight pruning for
   energy-efficient neuromorphic systems", Frontiers in Neuroscience 14:598876 (2020), doi 10.3389/fnins.2020.598876.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikeprune.parameters import parameter
from spikeprune.pruning import parts, shared
from spikeprune.pruning.base import PruningRule

__all__ = [
    "AdaptivePruning",
    "ConstantPruning",
    "CriticalPeriodPruning",
    "FocusedPruning",
    "FocusedSettlingPruning",
    "SettlingPruning",
]

BELOW_THRESHOLD = parts.remove("w < h_post", lambda rule, state: state.w < state.neurons["h"])
MEAN_BY_ACTIVITY = parts.moving_threshold(parts.MEAN_WEIGHT, parts.BY_ACTIVITY)
STRENGTH_BY_ACTIVITY = parts.moving_threshold(parts.MEAN_OF_STRENGTH, parts.BY_ACTIVITY)

STRENGTH = "the strength's mean weight that h heads for"


@dataclass(frozen=True)
class ConstantPruning(PruningRule):
    """Remove every synapse whose weight is below one constant threshold.

    The simplest online rule, and the one that the adaptive rule has to beat.

    Parameters
    ----------
    h : float
        The threshold of all neurons.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.  Floats up
        to 1 are shares of the training.

    Examples
    --------
    >>> ConstantPruning(h=0.03).neuron_parameters()
    {'h': 0.03}
    """

    h: float = parameter(0.03, "1", "threshold of all neurons", "design", "not negative")
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "constant"
    parts = (parts.remove("w < h_post", lambda rule, state: state.w < rule.h, threshold="h"),)


@dataclass(frozen=True)
class AdaptivePruning(PruningRule):
    """Remove synapses below a per-neuron threshold that adapts to the neuron's weights and activity.

    At each pruning event, for neuron `j` with `n_j` remaining synapses of summed weight `W_j` and `c_j` spikes since
    the last event, `c` being the population mean of `c_j`::

        a_j  =  min(c_j / c, a_max)                         activity
        h_j <-  h_j + eta * a_j * (beta * W_j / n_j - h_j)  threshold
        remove every synapse i -> j with w_ij < h_j

    A busy neuron, whose receptive field has formed, moves quickly towards a threshold set by its own mean remaining
    weight; a quiet neuron hardly moves and keeps its inputs; normalisation gives the removed strength back to what
    remains.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the neuron's mean remaining weight.
    eta : float
        Share of the way that a neuron of average activity goes at one event.
    a_max : float
        Upper bound of the activity, relative to the population mean.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.  Floats up
        to 1 are shares of the training.

    Examples
    --------
    >>> AdaptivePruning(beta=0.6).events_in(60_000)
    60
    """

    beta: float = shared.beta(0.5, "design")
    eta: float = shared.eta(0.2, "design")
    a_max: float = shared.a_max()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "adaptive"
    parts = (MEAN_BY_ACTIVITY, BELOW_THRESHOLD)


@dataclass(frozen=True)
class FocusedPruning(PruningRule):
    """Remove synapses below a threshold that follows the neuron's strength, and give back a part of it only.

    The threshold heads for a share of the mean weight *of the neuron's strength*, the weights averaged with themselves
    as weights, so that a neuron whose strength is focused on few strong synapses may lose more of the others than one
    whose strength is spread::

        h_j <-  h_j + eta * a_j * (beta * (sum_i w_ij^2) / W_j - h_j)        threshold
        remove every synapse i -> j with w_ij < h_j, together of weight R_j
        s_j <-  s_j - (1 - given_back) * R_j / W_j                           share of weight_sum that is left

    Normalisation scales the weights of neuron `j` to the sum ``s_j * weight_sum``, where `s_j` is 1 at first.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the contraharmonic mean of the neuron's weights.
    eta, a_max, start, interval
        See :class:`AdaptivePruning`.
    given_back : float
        Share of the removed strength that the remaining synapses receive; 1 is all of it, as in the other rules.

    Examples
    --------
    >>> FocusedPruning(given_back=1).beta
    0.55
    """

    beta: float = shared.beta(0.55, "search", STRENGTH)
    eta: float = shared.eta(0.1, "project")
    a_max: float = shared.a_max()
    start: float = shared.start()
    interval: float = shared.interval()
    given_back: float = shared.given_back()

    name: ClassVar[str] = "focused"
    parts = (STRENGTH_BY_ACTIVITY, parts.give_back_share, BELOW_THRESHOLD)


@dataclass(frozen=True)
class SettlingPruning(PruningRule):
    """Remove what the adaptive rule removes, and stop depressing the synapses of settled neurons.

    Updates are operations as well, and most of them are depressions.  A neuron that has fired `settled` times has found
    its receptive field, which normalisation and potentiation keep in shape: from the next pruning event on, input
    spikes no longer depress its synapses.  Transmission, potentiation, normalisation and pruning go on.

    Parameters
    ----------
    beta, eta, a_max, start, interval
        See :class:`AdaptivePruning`.
    settled : int
        Spikes after which the synapses of a neuron are not depressed any more.

    Examples
    --------
    >>> SettlingPruning(settled=1000).beta
    0.5
    """

    beta: float = shared.beta(0.5, "design")
    eta: float = shared.eta(0.2, "design")
    a_max: float = shared.a_max()
    start: float = shared.start()
    interval: float = shared.interval()
    settled: int = shared.settled()

    name: ClassVar[str] = "settling"
    parts = (MEAN_BY_ACTIVITY, parts.settling, BELOW_THRESHOLD)


@dataclass(frozen=True)
class FocusedSettlingPruning(PruningRule):
    """Remove what the focused rule removes, and stop depressing the synapses of settled neurons.

    Parameters
    ----------
    beta, eta, a_max, start, interval, given_back
        See :class:`FocusedPruning`.
    settled : int
        See :class:`SettlingPruning`.

    Examples
    --------
    >>> FocusedSettlingPruning(settled=1000).given_back
    0.5
    """

    beta: float = shared.beta(0.55, "search", STRENGTH)
    eta: float = shared.eta(0.1, "project")
    a_max: float = shared.a_max()
    start: float = shared.start()
    interval: float = shared.interval()
    given_back: float = shared.given_back()
    settled: int = shared.settled()

    name: ClassVar[str] = "focused-settling"
    parts = (STRENGTH_BY_ACTIVITY, parts.give_back_share, parts.settling, BELOW_THRESHOLD)


@dataclass(frozen=True)
class CriticalPeriodPruning(PruningRule):
    """Remove synapses below a per-neuron threshold in one period of training, late, and none before or after.

    Nothing is removed while receptive fields still form, since small weights of an early field become large ones later;
    then thresholds rise, event by event, to a share of the mean weight of the neuron's strength; after the period, what
    is left stays and learns on.  The threshold of a rule without an end follows the weights that remain, and never
    comes to rest.  It needs a neuron's own weights only, not even its spikes::

        h_j <-  h_j + eta * (beta * (sum_i w_ij^2) / W_j - h_j)        threshold
        remove every synapse i -> j with w_ij < h_j

    It was found together with a network of weaker neurons without depression, the preset ``undepressed`` of
    :class:`~spikeprune.NetworkParameters`; compare it with the same network unpruned.

    Parameters
    ----------
    beta : float
        The threshold heads for this share of the contraharmonic mean of the neuron's weights; with 0, nothing is
        removed.
    eta : float
        Share of the way that it goes at one event.
    start, stop, interval : int or float
        Between `start` and `stop` images there is a pruning event whenever their number is a multiple of `interval`.
        Floats up to 1 are shares of the training; the defaults are 37,000, 46,000 and 1000 images of 60,000.

    Raises
    ------
    ParameterError
        If a value is not allowed, or `stop` comes before `start`.

    Examples
    --------
    >>> CriticalPeriodPruning(start=2000, stop=3000, interval=100).events_in(60_000)
    11
    """

    beta: float = shared.beta(0.9, "search", STRENGTH)
    eta: float = shared.eta(0.3, "search")
    start: float = shared.start(37 / 60, "search")
    stop: float = shared.stop(46 / 60, "search")
    interval: float = shared.interval()

    name: ClassVar[str] = "critical-period"
    parts = (parts.moving_threshold(parts.MEAN_OF_STRENGTH, parts.AT_RATE), BELOW_THRESHOLD)

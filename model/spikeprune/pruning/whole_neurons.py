"""Rules that remove whole neurons, those that fire least: our readings of online neuron pruning.

Of the sister paper [1]_ its abstract is known: neurons that fire more contribute more, and neurons are removed online
by (S1) a constant number, (S2) a constant threshold of their spike count, (S3) an adaptive threshold of it; its
equations were not at hand, so those below are this project's own.  A neuron that has lost all its synapses never fires
again; the programs of this package leave it out, and nothing of it is counted any more.

References
----------
.. [1] W. Guo, H. E. Yantir, M. E. Fouda, A. M. Eltawil, K. N. Salama, "Towards efficient neuromorphic hardware:
   unsupervised adaptive neuron pruning", Electronics 9:1059 (2020).
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

__all__ = ["AdaptiveNeuronPruning", "AdaptiveNeuronsAndWeights", "LeastActiveNeurons", "QuietNeurons"]

FIRED = "fired  : 1  # spikes since the last pruning event"
LATELY = "lately : 1  # spikes between the last two pruning events"
COUNT = "lately = fired\nfired = 0"


def _count(state: PruningState) -> NDArray[Any]:
    lately = state.neurons["lately"]
    lately[:] = state.neurons["fired"]
    state.neurons["fired"][:] = 0
    return lately


def _least_active(rule: Any, state: PruningState) -> None:
    event, size, lately = state.neurons["event"][0], state.neurons["size"][0], _count(state)
    left = np.flatnonzero(state.fan_in > 0)
    now = min(event + 1, rule.events)
    wanted = int(np.floor(rule.share * now / rule.events * size + 0.5))
    wanted -= int(np.floor(rule.share * event / rule.events * size + 0.5))
    state.neurons["event"][:] = now
    gone = np.zeros(len(lately), bool)
    gone[left[np.argsort(lately[left], kind="stable")[:wanted]]] = True
    state.remove(gone[None, :])


@dataclass(frozen=True)
class LeastActiveNeurons(PruningRule):
    """Remove a constant number of neurons at each pruning event, those that have fired least since the last one.

    Strategy S1 of the sister paper, in our reading.

    Parameters
    ----------
    share : float
        Share of the neurons that is removed in the end.
    events : int
        Pruning events over which the removal is spread evenly.
    start, interval : int or float
        No pruning event before `start` images; then one whenever their number is a multiple of `interval`.
    """

    share: float = parameter(0.5, "1", "share of the neurons that is removed", "[1]", "share")
    events: int = shared.events()
    start: float = shared.start()
    interval: float = shared.interval()

    name: ClassVar[str] = "least-active-neurons"
    removes_neurons: ClassVar[bool] = True
    parts = (
        parts.Part(
            variables=statements(
                FIRED, LATELY,
                """event  : 1  # pruning events so far, at most `events`
size   : 1  # neurons before any was removed
wanted : 1  # neurons that go at this event
noted  : 1  # 1: its spikes have been noted""",
            ),
            on_spike="fired += 1",
            update_neurons=statements(
                COUNT,
                """wanted = -floor(share*event/events*size + 0.5)
event = clip(event + 1, 0, events)
wanted += floor(share*event/events*size + 0.5)""",
                "noted = note(host, int(fan_in > 0) - 1, lately, i)",
            ),
            update_synapses=REMOVE.format(
                criterion="(lately_post < kth_value(host, 0, wanted_post)"
                " or (lately_post == kth_value(host, 0, wanted_post) and j <= kth_number(host, 0, wanted_post)))"
            ),
            initial={"fired": 0, "lately": 0, "event": 0},
            twin=_least_active,
        ),
    )  # fmt: skip

    def initial(self, neurons: int) -> dict[str, NDArray[np.float64]]:
        return super().initial(neurons) | {"size": np.full(neurons, float(neurons))}


def _quiet(rule: Any, state: PruningState) -> None:
    state.remove(_count(state) < rule.h)


@dataclass(frozen=True)
class QuietNeurons(PruningRule):
    """Remove the neurons that have fired less often than a constant threshold since the last pruning event.

    Strategy S2 of the sister paper, in our reading.

    Parameters
    ----------
    h : float
        Spikes between two pruning events of which a neuron needs at least so many to stay.
    start, stop, interval : int or float
        Accepted images before and after which there is no pruning event, and of which multiples bring one.
    """

    h: float = parameter(10.0, "1", "spikes between two events that a neuron needs to stay", "project", "not negative")
    start: float = shared.start(1 / 6, "project")
    stop: float = shared.stop(1.0, "project")
    interval: float = shared.interval()

    name: ClassVar[str] = "quiet-neurons"
    removes_neurons: ClassVar[bool] = True
    parts = (
        parts.Part(
            variables=statements(FIRED, LATELY),
            on_spike="fired += 1",
            update_neurons=COUNT,
            update_synapses=REMOVE.format(criterion="lately_post < h_post"),
            initial={"fired": 0, "lately": 0},
            threshold="h",
            twin=_quiet,
        ),
    )


def _adapt(rule: Any, state: PruningState) -> None:
    fired, exists, low = state.neurons["fired"], state.neurons["exists"], state.neurons["least_spikes"]
    mean = fired.sum() / max(exists.sum(), 1)
    low += rule.eta * (rule.least * mean - low)
    exists *= fired >= low
    fired[:] = 0
    state.remove(np.broadcast_to(exists < 1, state.w.shape))


#: Neurons whose spikes since the last event are fewer than `least_spikes`, which follows a share of their mean, go.
BELOW_MEAN = parts.Part(
    variables=statements(
        FIRED,
        """exists : 1        # 0 of a removed neuron
least_spikes : 1  # spikes since the last event that a neuron needs to stay""",
    ),
    on_spike="fired += 1",
    population_sums={"spikes_of_all": "fired", "existing": "exists"},
    update_neurons="""least_spikes += eta*(least*spikes_of_all/clip(existing, 1, 1e9) - least_spikes)
exists = exists*int(fired >= least_spikes)
fired = 0""",
    update_synapses=REMOVE.format(criterion="exists_post < 1"),
    initial={"fired": 0, "exists": 1, "least_spikes": 0},
    threshold="least_spikes",
    twin=_adapt,
)


@dataclass(frozen=True)
class AdaptiveNeuronPruning(PruningRule):
    """Remove the neurons that have fired less often than a threshold which follows the mean of those that remain.

    Strategy S3 of the sister paper, in our reading.  At each pruning event, `c_j` being the spikes of neuron `j` since
    the last one and `c` their mean over the neurons that exist::

        h <-  h + eta * (least * c - h)        threshold, the same for all neurons
        remove every neuron with c_j < h

    Parameters
    ----------
    least : float
        Share of the mean that the threshold heads for.
    eta : float
        Share of the way that it goes at one event.
    start, stop, interval : int or float
        Accepted images before and after which there is no pruning event, and of which multiples bring one.
    """

    least: float = parameter(0.4, "1", "share of the mean spike count that the threshold heads for", "project", "share")
    eta: float = shared.eta(0.2, "project")
    start: float = shared.start(1 / 6, "project")
    stop: float = shared.stop(1.0, "project")
    interval: float = shared.interval()

    name: ClassVar[str] = "adaptive-neurons"
    removes_neurons: ClassVar[bool] = True
    parts = (BELOW_MEAN,)


def _rate_among_existing(rule: Any, state: PruningState) -> NDArray[Any]:
    fired, exists = state.neurons["fired"], state.neurons["exists"]
    activity = np.clip(fired * exists.sum() / max(fired.sum(), 1), 0, rule.a_max)
    rate: NDArray[Any] = np.clip(rule.eta * activity, 0, 1)
    return rate


#: In proportion to the neuron's spikes since the last event, relative to the mean of the neurons that exist.
BY_ACTIVITY_AMONG_EXISTING = parts.Pace(
    "clip(eta*clip(fired*existing/clip(spikes_of_all, 1, 1e9), 0, a_max), 0, 1)", _rate_among_existing
)


@dataclass(frozen=True)
class AdaptiveNeuronsAndWeights(PruningRule):
    """Remove quiet neurons, and of the others the weights that the adaptive rule removes.

    Parameters
    ----------
    least : float
        See :class:`AdaptiveNeuronPruning`.
    beta, eta, a_max : float
        See :class:`~spikeprune.AdaptivePruning`; `eta` is the rate of both thresholds.
    start, stop, interval : int or float
        Accepted images before and after which there is no pruning event, and of which multiples bring one.
    """

    least: float = parameter(0.4, "1", "share of the mean spike count that the threshold heads for", "project", "share")
    beta: float = shared.beta(0.5, "design")
    eta: float = shared.eta(0.2, "design")
    a_max: float = shared.a_max()
    start: float = shared.start(1 / 6, "project")
    stop: float = shared.stop(1.0, "project")
    interval: float = shared.interval()

    name: ClassVar[str] = "adaptive-neurons-and-weights"
    removes_neurons: ClassVar[bool] = True
    parts = (
        parts.moving_threshold(parts.MEAN_WEIGHT, BY_ACTIVITY_AMONG_EXISTING),
        BELOW_MEAN,
        parts.remove("w < h_post", lambda rule, state: state.w < state.neurons["h"]),
    )

"""Bounds of the operations that are not synaptic operations: normalisation, traces, adaptation of thresholds.

Synaptic operations (:mod:`spikeprune.operations`) leave out what keeps weights, traces and thresholds in order.  This
module bounds it from above, from the counts of a run, so that it can be reported beside them.  What is bounded is what
the equations of this network ask for; membranes and conductances, which any network has, are not in it.

*Normalisation.*  A neuron is normalised at the start of a presentation if its weights may have changed in the one
before: after a spike, and while its fast trace is live, which may reach into the next presentation.  So each excitatory
spike brings at most two normalisations, and a pruning event one of every neuron.  A normalisation adds and scales at
most `inputs` weights and divides once.

*Traces.*  A spike writes two traces (input: one).  The fast postsynaptic trace decays, step by step, until it counts as
0; the others are computed where they are read, one exponential a read: for each potentiated synapse, and for each
excitatory spike.

*Thresholds.*  One addition an excitatory spike; one multiplication a neuron and presentation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spikeprune.errors import DataError
from spikeprune.operations import OperationCounts
from spikeprune.parameters import NetworkParameters

__all__ = ["Bound", "uncounted_operations"]

#: The fast postsynaptic trace counts as 0 below this (:data:`spikeprune.plasticity.POSTSYNAPTIC_LIVE`).
LEAST_TRACE = 1e-4


@dataclass(frozen=True)
class Bound:
    """Arithmetic of one image, at most.

    Attributes
    ----------
    additions, multiplications, exponentials : float
        A division counts as a multiplication, writing a trace as an addition.
    """

    additions: float
    multiplications: float
    exponentials: float = 0.0

    @property
    def total(self) -> float:
        """All three together."""
        return self.additions + self.multiplications + self.exponentials


def uncounted_operations(counts: OperationCounts, p: NetworkParameters, events: int = 0) -> dict[str, Bound]:
    """Bound the operations of training that are not synaptic operations, for one image.

    Parameters
    ----------
    counts : OperationCounts
        Of a training.
    p : NetworkParameters
    events : int
        Pruning events in that training (:meth:`spikeprune.pruning.PruningRule.events_in`).

    Returns
    -------
    dict of str to Bound
        ``normalisation``, ``traces``, ``thresholds``.

    Raises
    ------
    DataError
        If the counts are of no image.

    Examples
    --------
    >>> counts = OperationCounts(**(OperationCounts.zero().as_dict() | {"images": 1, "presentations": 1,
    ...                             "excitatory_spikes": 30}))
    >>> uncounted_operations(counts, NetworkParameters(neurons=800))["normalisation"].additions
    47040.0
    """
    if not counts.images:
        raise DataError("The counts have 0 images, but a mean needs at least one: count more presentations.")
    spikes, images = counts.excitatory_spikes, counts.images
    normalised = min(2 * spikes, p.neurons * counts.presentations) + events * p.neurons
    live_steps = math.ceil(-math.log(LEAST_TRACE) * p.tau_post1 / p.dt) + 1
    return {
        "normalisation": Bound(normalised * p.inputs / images, normalised * (p.inputs + 1) / images),
        "traces": Bound(
            (counts.input_spikes + 2 * spikes) / images,
            spikes * live_steps / images,
            (counts.updates_on_excitatory_spikes + spikes) / images,
        ),
        "thresholds": Bound(spikes / images, p.neurons * counts.presentations / images),
    }

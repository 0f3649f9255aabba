"""Operations that are not synaptic operations are bounded by hand-made counts, and by what a network really does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from spikeprune import AdaptivePruning, NetworkParameters
from spikeprune.backend import Program
from spikeprune.bounds import Bound, uncounted_operations
from spikeprune.errors import DataError
from spikeprune.operations import OperationCounts
from spikeprune.state import initial_state


def counts(**values: int) -> OperationCounts:
    return OperationCounts(**(OperationCounts.zero().as_dict() | values))


def test_bounds_by_hand() -> None:
    # 10 neurons, 5 inputs, tau_post1 20 ms, dt 0.5 ms: exp(-184.2 ms / 20 ms) = 1e-4, so 369 steps and one.
    p = NetworkParameters(neurons=10, inputs=5)
    seen = counts(images=2, presentations=3, excitatory_spikes=8, input_spikes=40, updates_on_excitatory_spikes=36)
    bounds = uncounted_operations(seen, p, events=1)
    # 2 x 8 normalisations after spikes and 10 at the event, of 5 weights each, in 2 images.
    assert bounds["normalisation"] == Bound(26 * 5 / 2, 26 * 6 / 2)
    assert bounds["traces"] == Bound((40 + 2 * 8) / 2, 8 * 370 / 2, (36 + 8) / 2)
    assert bounds["thresholds"] == Bound(8 / 2, 10 * 3 / 2)
    assert bounds["thresholds"].total == 19


def test_no_more_normalisations_than_neurons_and_presentations() -> None:
    seen = counts(images=2, presentations=3, excitatory_spikes=1000)
    assert uncounted_operations(seen, NetworkParameters(neurons=10, inputs=5))["normalisation"].additions == 30 * 5 / 2


def test_no_image_has_no_mean() -> None:
    with pytest.raises(DataError, match="0 images"):
        uncounted_operations(OperationCounts.zero(), NetworkParameters())


def test_a_network_normalises_no_neuron_without_a_spike_in_the_two_presentations_before(
    compiled: Callable[[str], Program], small: NetworkParameters, small_rule: AdaptivePruning, pixels: np.ndarray
) -> None:
    """Images one by one: `scale` changes where a neuron was normalised; 12 neurons, no pruning event."""
    program = compiled("double")
    rule = replace(small_rule, start=10**6)
    state = initial_state(small, rule, 3, program.layout)
    state["excitatory.changed"] = np.zeros_like(state["excitatory.changed"])
    spikes, normalised = 0, 0
    for k in range(20):
        before = state["excitatory.scale"].copy()
        result = program.run(state, pixels[k : k + 1], seed=3, first_image=k, rule=rule)
        state = result.state
        spikes += result.counts.excitatory_spikes
        normalised += np.count_nonzero(state["excitatory.scale"] != before)
    assert 0 < normalised <= 2 * spikes

"""Operation counts are exact integers: a network of 3 inputs and 2 + 2 neurons is counted by hand."""

from __future__ import annotations

import json
import math
from itertools import product

import numpy as np
import pytest

from spikeprune.errors import DataError, ParameterError
from spikeprune.operations import Epoch, OperationCounts, connection_sparsity, recount, synaptic_operations

# Synapses by input: input 0 reaches both neurons, input 1 only neuron 0, input 2 only neuron 1.
ALIVE = np.array([[1, 1], [1, 0], [0, 1]], dtype=bool)
# The synapse 0 -> 1 is frozen.  The removed synapse 1 -> 1 is marked plastic, which must not count.
PLASTIC = np.array([[1, 0], [1, 1], [0, 1]], dtype=bool)
ALL, NONE = np.ones((3, 2), dtype=bool), np.zeros((3, 2), dtype=bool)
SILENCE: tuple[list[int], list[int]] = ([], [])

# Four time steps; spikes a neuron: inputs 2, 1, 3; excitatory 1, 2; inhibitory 1, 1.
INPUT = np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 0, 1]], dtype=bool)
EXCITATORY = np.array([[0, 1, 0, 0], [0, 0, 1, 1]], dtype=bool)
INHIBITORY = np.array([[0, 0, 1, 0], [0, 0, 0, 1]], dtype=bool)


def counts(**given: int) -> OperationCounts:
    return OperationCounts(**(OperationCounts.zero().as_dict() | given))


def test_small_network_by_hand() -> None:
    assert recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALIVE, PLASTIC)]) == OperationCounts(
        input_to_excitatory=8,  # 2 spikes × 2 synapses + 1 × 1 + 3 × 1
        excitatory_to_inhibitory=3,  # (1 + 2) spikes × 1 synapse
        inhibitory_to_excitatory=2,  # (1 + 1) spikes × (2 - 1) synapses
        updates_on_input_spikes=6,  # 2 × 1 (0 -> 0) + 1 × 1 (1 -> 0) + 3 × 1 (2 -> 1)
        updates_on_excitatory_spikes=4,  # 1 × 2 (0 -> 0, 1 -> 0) + 2 × 1 (2 -> 1)
        images=1,
        presentations=1,
        input_spikes=6,
        excitatory_spikes=3,
        inhibitory_spikes=2,
    )


def test_sums_by_hand() -> None:
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALIVE, PLASTIC)])
    assert found.transmissions == 13  # 8 + 3 + 2
    assert found.updates == 10  # 6 + 4
    assert found.training_sops == 23  # 13 + 10
    assert found.inference_sops == 13


def test_unpruned_network_by_hand() -> None:
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALL, ALL)])
    assert found.input_to_excitatory == found.updates_on_input_spikes == 12  # 6 spikes × 2 synapses
    assert found.updates_on_excitatory_spikes == 9  # 3 spikes × 3 synapses


def test_nothing_is_updated_in_inference() -> None:
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALIVE, NONE)])
    assert (found.updates, found.transmissions) == (0, 13)


def test_removed_synapses_transmit_and_learn_nothing() -> None:
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, NONE, ALL)])
    assert found.input_to_excitatory == found.updates == 0
    assert found.transmissions == 5  # 3 one-to-one + 2 lateral, which are never pruned
    assert found.input_spikes == 6  # spikes without a synapse are spikes


@pytest.mark.parametrize("synapse", list(product(range(3), range(2))))
def test_each_synapse_counts_by_its_own_two_neurons(synapse: tuple[int, int]) -> None:
    i, j = synapse
    alive = NONE.copy()
    alive[i, j] = True
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, alive, ALL)])
    assert found.input_to_excitatory == found.updates_on_input_spikes == (2, 1, 3)[i]
    assert found.updates_on_excitatory_spikes == (1, 2)[j]


def test_new_masks_hold_from_their_first_step_on() -> None:
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALL, ALL), Epoch(2, ALIVE, PLASTIC)])
    # Steps 0 and 1, all synapses: inputs 0, 2, 1, 2 fire; excitatory neuron 0 fires.
    # Steps 2 and 3, pruned: inputs 0 and 2 fire; excitatory neuron 1 fires twice.
    assert found.input_to_excitatory == 11  # 4 × 2 + (2 + 1)
    assert found.updates_on_input_spikes == 10  # 4 × 2 + (1 + 1)
    assert found.updates_on_excitatory_spikes == 5  # 1 × 3 + 2 × 1


def test_raster_and_spike_lists_agree() -> None:
    epochs = [Epoch(0, ALL, ALL), Epoch(2, ALIVE, PLASTIC)]
    lists = [tuple(np.nonzero(raster)) for raster in (INPUT, EXCITATORY, INHIBITORY)]
    assert recount(*lists, epochs) == recount(INPUT, EXCITATORY, INHIBITORY, epochs)


def test_counts_add_up_over_time() -> None:
    epochs = [Epoch(0, ALIVE, PLASTIC)]
    halves = [recount(INPUT[:, s], EXCITATORY[:, s], INHIBITORY[:, s], epochs) for s in (slice(2), slice(2, 4))]
    whole = recount(INPUT, EXCITATORY, INHIBITORY, epochs, images=2, presentations=2)
    assert sum(halves, OperationCounts.zero()) == whole


def test_recount_agrees_with_matrix_products() -> None:
    rng = np.random.default_rng(3)
    n_inputs, n, steps = 7, 5, 40
    alive, plastic = rng.random((2, n_inputs, n)) < 0.6
    pre, exc, inh = (rng.random((size, steps)) < 0.2 for size in (n_inputs, n, n))
    found = recount(pre, exc, inh, [Epoch(0, alive, plastic)])
    learning = alive & plastic
    assert found.input_to_excitatory == pre.sum(1) @ alive.sum(1)
    assert found.updates_on_input_spikes == pre.sum(1) @ learning.sum(1)
    assert found.updates_on_excitatory_spikes == exc.sum(1) @ learning.sum(0)
    assert found.inhibitory_to_excitatory == inh.sum() * (n - 1)


@pytest.mark.parametrize(
    ("spikes", "epochs", "message"),
    [
        (SILENCE, [], "ascend from 0"),
        (SILENCE, [Epoch(1, ALIVE, PLASTIC)], "ascend from 0"),
        (SILENCE, [Epoch(0, ALIVE, PLASTIC), Epoch(0, ALIVE, PLASTIC)], "ascend from 0"),
        (SILENCE, [Epoch(0, ALIVE, PLASTIC.T)], "shapes"),
        (SILENCE, [Epoch(0, ALIVE[0], PLASTIC[0])], "shapes"),
        (([3], [0]), [Epoch(0, ALIVE, PLASTIC)], "no neuron 0 to 2"),
        (([-1], [0]), [Epoch(0, ALIVE, PLASTIC)], "no neuron 0 to 2"),
        (([0], [-1]), [Epoch(0, ALIVE, PLASTIC)], "before step 0"),
        (([0, 1], [0]), [Epoch(0, ALIVE, PLASTIC)], "one of each"),
        (INPUT.astype(int), [Epoch(0, ALIVE, PLASTIC)], "convert it"),
        (INPUT.T, [Epoch(0, ALIVE, PLASTIC)], "convert it"),
    ],
)
def test_recordings_that_do_not_fit_are_refused(spikes: tuple, epochs: list[Epoch], message: str) -> None:
    with pytest.raises(DataError, match=message):
        recount(spikes, SILENCE, SILENCE, epochs)


def test_counts_are_python_integers_of_any_size() -> None:
    large = counts(input_to_excitatory=np.int64(2**62))
    total = sum([large] * 4, OperationCounts.zero())
    assert total.input_to_excitatory == 2**64  # 4 × 2^62, beyond 64 bits
    assert type(total.input_to_excitatory) is int


def test_counts_survive_json() -> None:
    whole = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALIVE, PLASTIC)]) + counts(input_spikes=2**70)
    assert OperationCounts.from_dict(json.loads(json.dumps(whole.as_dict()))) == whole


def test_a_wrong_dict_is_refused() -> None:
    values = OperationCounts.zero().as_dict()
    with pytest.raises(DataError, match="images"):
        OperationCounts.from_dict({name: n for name, n in values.items() if name != "images"})
    with pytest.raises(DataError, match="sops"):
        OperationCounts.from_dict(values | {"sops": 1})


@pytest.mark.parametrize("wrong", [{"input_spikes": -1}, {"input_spikes": 1.0}, {"images": 2, "presentations": 1}])
def test_impossible_counts_are_refused(wrong: dict) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        counts(**wrong)


def test_only_counts_can_be_added_to_counts() -> None:
    with pytest.raises(TypeError):
        counts() + 1  # type: ignore[operator]


def test_retries_are_part_of_the_cost_of_an_image() -> None:
    mean = counts(images=2, presentations=3, input_to_excitatory=7, updates_on_input_spikes=2).per_image()
    assert mean["presentations"] == 1.5  # 3 / 2
    assert mean["input_to_excitatory"] == mean["transmissions"] == mean["inference_sops"] == 3.5  # 7 / 2
    assert mean["updates"] == 1.0  # 2 / 2
    assert mean["training_sops"] == 4.5  # (7 + 2) / 2
    assert "images" not in mean


def test_change_is_per_image_and_negative_for_a_saving() -> None:
    baseline = counts(images=4, presentations=4, input_to_excitatory=40, updates_on_input_spikes=40)
    pruned = counts(images=2, presentations=2, input_to_excitatory=15, updates_on_input_spikes=25, input_spikes=1)
    change = pruned.change_against(baseline)
    assert change["transmissions"] == -25.0  # 7.5 instead of 10 an image
    assert change["updates"] == 25.0  # 12.5 instead of 10
    assert change["training_sops"] == 0.0  # 20 instead of 20
    assert change["excitatory_spikes"] == 0.0  # none instead of none
    assert math.isnan(change["input_spikes"])  # some instead of none


def test_a_mean_needs_images() -> None:
    nothing = OperationCounts.zero()
    with pytest.raises(DataError, match="0 images"):
        nothing.per_image()
    with pytest.raises(DataError, match="0 images"):
        counts(images=1, presentations=1).change_against(nothing)


def test_connection_sparsity_by_hand() -> None:
    # 2 of 3 × 2 plastic synapses are removed; the network has 2 one-to-one and 2 × 1 lateral ones besides.
    assert connection_sparsity(ALIVE) == (2 / 6, 2 / 10)
    assert connection_sparsity(ALL) == (0, 0)
    assert connection_sparsity(NONE) == (1, 6 / 10)


def test_connection_sparsity_of_weights_counts_zeros() -> None:
    weights = np.array([[0.5, 0.0], [0.2, 0.1], [0.3, 0.9]])
    assert connection_sparsity(weights != 0).plastic_layer == 1 / 6


@pytest.mark.parametrize("mask", [np.ones(3, dtype=bool), np.ones((0, 2), dtype=bool)])
def test_connection_sparsity_needs_a_mask_of_the_plastic_layer(mask: np.ndarray) -> None:
    with pytest.raises(DataError, match="shape"):
        connection_sparsity(mask)


def test_neurobench_operations_by_hand() -> None:
    found = recount(INPUT, EXCITATORY, INHIBITORY, [Epoch(0, ALIVE, NONE)], images=1, presentations=2)
    assert synaptic_operations(found, n_inputs=3, n_excitatory=2, steps_per_presentation=2) == {
        "Effective_MACs": 0.0,
        "Effective_ACs": 13.0,  # the transmissions 8 + 3 + 2
        "Dense": 40.0,  # (3 × 2 + 2 + 2 × 1) synapses × 2 steps × 2 presentations
    }


def test_firing_everywhere_at_every_step_is_dense() -> None:
    every, ones = np.ones((3, 4), dtype=bool), np.ones((2, 4), dtype=bool)
    found = synaptic_operations(recount(every, ones, ones, [Epoch(0, ALL, NONE)]), 3, 2, 4)
    assert found["Effective_ACs"] == found["Dense"] == 40.0  # 10 synapses × 4 steps


def test_neurobench_operations_need_sizes_and_images() -> None:
    with pytest.raises(ParameterError, match="at least 1"):
        synaptic_operations(counts(images=1, presentations=1), 3, 2, 0)
    with pytest.raises(DataError, match="0 images"):
        synaptic_operations(OperationCounts.zero(), 3, 2, 4)

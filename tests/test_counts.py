"""Synaptic operations: exact integers by hand, and an independent recount from a full spike recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest

from spikeprune import AdaptivePruning, ConstantPruning, NetworkParameters, NoPruning, OperationCounts, SoftPruning
from spikeprune.backend import ChunkResult, Program, State, make_program
from spikeprune.backend.runtime import RuntimeProgram
from spikeprune.operations import Epoch, recount
from spikeprune.state import initial_state

NEVER = 10**6

# By hand: 3 inputs, 2 neurons, 1 presentation of 20 time steps from time step 1 on, the neurons firing when told.


@pytest.fixture(scope="module")
def by_hand() -> Callable[..., ChunkResult]:
    # A reset far below the threshold: an inhibitory neuron fires once for each spike of its partner.
    p = NetworkParameters(
        inputs=3, neurons=2, presentation=10, rest=0, minimum_spikes=0, attempts=1, v_reset_i=-60.0, refractory_i=10.0
    )  # fmt: skip
    program = make_program("numpy", p, NoPruning(), 1, "double")

    def run(alive: list[list[int]], plastic: list[list[int]], **options: Any) -> ChunkResult:
        """Inputs 0, 1, 2 fire in steps 3, 5, 7, neurons 0 and 1 in steps 4 and 8."""
        exists, learns = np.array(alive, bool), np.array(plastic, bool)
        start = initial_state(p, NoPruning(), 0, program.layout) | {
            "plastic.alive": exists.ravel(), "plastic.plastic": learns.ravel(), "plastic.w": 0.1 * exists.ravel(),
            "outgoing.fan_out": exists.sum(axis=1), "outgoing.plastic_out": learns.sum(axis=1),
            "incoming.fan_in": exists.sum(axis=0), "incoming.plastic_in": learns.sum(axis=0),
            "presenter.step": np.zeros(1), "input.next_spike": np.array([3.0, 5.0, 7.0]),
            "excitatory.v": np.zeros(2), "excitatory.ready": np.array([4.0, 8.0]),
        }  # fmt: skip
        return program.run(start, np.zeros((1, 3), np.uint8), seed=0, **options)

    return run


FULL = [[1, 1], [1, 1], [1, 1]]


def check(counts: OperationCounts, **expected: int) -> None:
    assert {name: value for name, value in counts.as_dict().items() if name in expected} == expected


def test_full_network_in_training(by_hand: Callable[..., ChunkResult]) -> None:
    result = by_hand(FULL, FULL)
    assert result.spikes[:, [0, 2]].tolist() == [[0, 3], [1, 7]]  # the program's clock starts with time step 1
    check(
        result.counts,
        images=1,
        presentations=1,
        input_spikes=3,
        excitatory_spikes=2,
        inhibitory_spikes=2,
        input_to_excitatory=6,  # 3 input spikes x 2 neurons
        excitatory_to_inhibitory=2,  # 2 excitatory spikes x 1 partner
        inhibitory_to_excitatory=2,  # 2 inhibitory spikes x (2 - 1) other neurons
        updates_on_input_spikes=6,  # 3 input spikes x 2 plastic synapses
        updates_on_excitatory_spikes=6,  # 2 excitatory spikes x 3 plastic synapses
    )
    assert result.counts.transmissions == 10
    assert result.counts.updates == 12
    assert result.counts.training_sops == 22


def test_full_network_in_inference(by_hand: Callable[..., ChunkResult]) -> None:
    counts = by_hand(FULL, FULL, learning=False).counts
    check(counts, input_to_excitatory=6, excitatory_to_inhibitory=2, inhibitory_to_excitatory=2)
    check(counts, updates_on_input_spikes=0, updates_on_excitatory_spikes=0)
    assert counts.inference_sops == counts.training_sops == 10


def test_pruned_network(by_hand: Callable[..., ChunkResult]) -> None:
    """Input 0 has no synapse left, input 1 one and input 2 two, one of which is frozen."""
    counts = by_hand([[0, 0], [0, 1], [1, 1]], [[0, 0], [0, 1], [1, 0]]).counts
    check(
        counts,
        input_spikes=3,
        input_to_excitatory=3,  # 0 + 1 + 2
        excitatory_to_inhibitory=2,
        inhibitory_to_excitatory=2,
        updates_on_input_spikes=2,  # 0 + 1 + 1
        updates_on_excitatory_spikes=2,  # 1 (neuron 0: input 2) + 1 (neuron 1: input 1)
    )


def test_counters_start_anew_in_every_chunk(by_hand: Callable[..., ChunkResult]) -> None:
    """The state carries them out of a chunk, but not into the next."""
    program_state = by_hand(FULL, FULL).state
    assert program_state["input.spikes"].sum() == 3
    assert by_hand(FULL, FULL).counts == by_hand(FULL, FULL).counts


# Recount: every spike of every population is recorded, and the masks whenever they change.


class Recorder:
    """Records all spikes of a network on the numpy back end, and its masks."""

    def __init__(self, program: Program) -> None:
        assert isinstance(program, RuntimeProgram)
        self.program, self.p = program, program.parameters
        network, groups = program.built.network, program.built.groups
        self.monitors = {name: b2.SpikeMonitor(groups[name]) for name in ("input", "excitatory", "inhibitory")}
        network.add(*self.monitors.values())
        self.epochs: list[Epoch] = []
        self.step = 0
        network.add(b2.NetworkOperation(self._look, dt=self.p.dt * b2.ms, when="end", order=100))

    def _look(self) -> None:
        """Masks at the end of a time step hold from the next one on."""
        self.step += 1
        alive, plastic = (
            self.program.built.groups["plastic"].variables[name].get_value().reshape(self.p.inputs, self.p.neurons)
            for name in ("alive", "plastic")
        )
        last = self.epochs[-1]
        if np.any(last.alive != alive) or np.any(last.plastic != plastic):
            self.epochs.append(Epoch(self.step, alive.copy(), plastic.copy()))

    def run(self, state: State, images: np.ndarray, **options: Any) -> tuple[ChunkResult, OperationCounts]:
        """Show the images; return the result and the recount."""
        shape, before = (self.p.inputs, self.p.neurons), self.step
        self.epochs = [Epoch(before, state["plastic.alive"].reshape(shape), state["plastic.plastic"].reshape(shape))]
        recorded = {name: len(monitor.t) for name, monitor in self.monitors.items()}
        result = self.program.run(state, images, seed=3, **options)
        trains = {}
        for name, monitor in self.monitors.items():
            new = slice(recorded[name], None)
            steps = np.rint(np.asarray(monitor.t / b2.ms)[new] / self.p.dt).astype(int) - before
            trains[name] = (np.asarray(monitor.i)[new], steps)
        epochs = [Epoch(first - before, alive, plastic) for first, alive, plastic in self.epochs]
        if not options.get("learning", True):
            epochs = [Epoch(first, alive, np.zeros_like(plastic)) for first, alive, plastic in epochs]
        presentations, steps = divmod(self.step - before, self.p.slot_steps)
        assert steps == 0
        return result, recount(
            trains["input"], trains["excitatory"], trains["inhibitory"], epochs, images=len(images),
            presentations=presentations,
        )  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        AdaptivePruning(beta=0.8, interval=2),
        ConstantPruning(h=0.2, interval=2),
        SoftPruning(h=0.2, settled=3, interval=2),
    ],
    ids=lambda rule: rule.name,
)
def test_counts_equal_the_recount_of_all_spikes(rule: Any, small: NetworkParameters, pixels: np.ndarray) -> None:
    """Two chunks of training with pruning events within, then an evaluation."""
    program = make_program("numpy", small, rule, 6, "double")
    recorder = Recorder(program)
    state, changes = initial_state(small, rule, 3, program.layout), 0
    for first in (0, 6):
        result, expected = recorder.run(state, pixels[first : first + 6], first_image=first)
        assert result.counts == expected
        changes += sum(epoch.first_step < recorder.step for epoch in recorder.epochs[1:])
        assert result.counts.updates_on_input_spikes > 0
        full = result.counts.input_spikes * small.neurons
        pruned = result.counts.updates_on_input_spikes if rule.name == "soft" else result.counts.input_to_excitatory
        assert pruned < full
        state = result.state
    assert changes >= 2, "no pruning event changed a mask within a chunk, so that the test would show little"
    result, expected = recorder.run(state, pixels[:3], learning=False)
    assert result.counts == expected
    assert result.counts.updates == 0
    assert result.counts.input_to_excitatory > 0


def test_counts_include_retries_and_the_simulated_rest(small: NetworkParameters, pixels: np.ndarray) -> None:
    p = replace(small, simulate_rest=True, minimum_spikes=12, attempts=2)
    program = make_program("numpy", p, NoPruning(), 3, "double")
    recorder = Recorder(program)
    result, expected = recorder.run(initial_state(p, NoPruning(), 3, program.layout), pixels[:3])
    assert result.counts == expected
    assert result.counts.presentations == result.attempts.sum() > 3


def test_responses_are_the_spikes_of_accepted_presentations(small: NetworkParameters, pixels: np.ndarray) -> None:
    p = replace(small, minimum_spikes=11)
    program = make_program("numpy", p, NoPruning(), 5, "double")
    result = program.run(initial_state(p, NoPruning(), 3, program.layout), pixels[:5], seed=3)
    assert result.counts.presentations == result.attempts.sum() > 5
    last = np.cumsum(result.attempts) - 1
    for image, presentation in enumerate(last):
        of_image = result.spikes[result.spikes[:, 1] == presentation]
        np.testing.assert_array_equal(result.responses[image], np.bincount(of_image[:, 0], minlength=p.neurons))
    # An image is shown again exactly if it drew fewer than 11 spikes, at most three times.
    totals = np.bincount(result.spikes[:, 1], minlength=result.counts.presentations)
    attempt = np.concatenate([np.arange(n) for n in result.attempts])
    accepted = np.isin(np.arange(len(totals)), last)
    np.testing.assert_array_equal(accepted, (totals >= 11) | (attempt == 2))

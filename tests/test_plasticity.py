"""STDP and weight normalisation against arithmetic by hand.

A network of 3 inputs and 2 neurons starts in the middle of a presentation (no image, no normalisation) from a state set
by hand, in which each neuron fires in a chosen time step and otherwise not.
"""

from __future__ import annotations

from typing import Any

import brian2 as b2
import numpy as np
import pytest

from spikeprune import NetworkParameters, NoPruning, SoftPruning
from spikeprune.backend import ChunkResult, Program, make_program
from spikeprune.backend.runtime import RuntimeProgram
from spikeprune.state import NEVER as NEVER_FIRED
from spikeprune.state import initial_state

INPUTS, NEURONS = 3, 2
STEPS = 40
LAST = STEPS - 1
# Without inhibitory spikes the neurons do not disturb each other.
P = NetworkParameters(
    inputs=INPUTS, neurons=NEURONS, presentation=20, rest=10, minimum_spikes=0, attempts=1, w_exc_inh=0.0
)  # fmt: skip
W0 = np.array([[0.5, 0.6], [0.4, 0.3], [0.2, 0.7]])
NEVER = 1e9


@pytest.fixture(scope="module")
def program() -> Program:
    return make_program("numpy", P, NoPruning(), 1, "double")


def decay(steps: int, tau: float) -> float:
    """What is left of a trace after so many steps of 0.5 ms."""
    return float(np.exp(-0.5 * steps / tau))


def play(
    program: Program,
    input_spikes: dict[int, int],
    excitatory_spikes: dict[int, int],
    *,
    learning: bool = True,
    **state: Any,
) -> ChunkResult:
    """Simulate time steps 1 to 39 of a presentation in which neurons fire as told (neuron: time step).

    Further arguments set the state; ``plastic__w`` stands for ``plastic.w``.  Traces are set by the time step of the
    last spike: after ``excitatory__last_spike=-20``, post1 is what 20 steps and those of the presentation have left.
    """
    start = initial_state(P, program.rule, 0, program.layout)
    start["plastic.w"] = W0.ravel().copy()
    start["presenter.step"][:] = 0
    start["input.next_spike"][:] = NEVER
    for i, step in input_spikes.items():
        start["input.next_spike"][i] = step
    for j, step in excitatory_spikes.items():
        # High above the threshold, but refractory until the time step comes.
        start["excitatory.v"][j], start["excitatory.ready"][j] = 0, step
    for name, value in state.items():
        start[name.replace("__", ".")][:] = np.ravel(value)
    # What the fast trace is in time step 0.
    trace = np.exp(np.maximum(0.5 * start["excitatory.last_spike"] / 20, -80))
    start["excitatory.post1"][:] = np.where(trace > 1e-4, trace, 0)
    result = program.run(start, np.zeros((1, INPUTS), np.uint8), seed=0, learning=learning)
    fired = {(int(j), int(step) + 1) for j, _, step in result.spikes}  # the program's clock starts with time step 1
    assert fired == set(excitatory_spikes.items())
    assert result.counts.input_spikes == len(input_spikes)
    return result


def weights(result: ChunkResult) -> np.ndarray:
    return result.state["plastic.w"].reshape(INPUTS, NEURONS)


def changed(change: float) -> np.ndarray:
    """The initial weights with that of synapse 1 -> 0 changed."""
    expected = W0.copy()
    expected[1, 0] += change
    return expected


@pytest.mark.parametrize("delay", [1, 2, 8, 30])
def test_an_input_spike_after_an_excitatory_spike_lowers_the_weight(program: Program, delay: int) -> None:
    """By rate_pre post1, where post1 was set to 1 by the excitatory spike and decays with 20 ms."""
    result = play(program, {1: 5 + delay}, {0: 5})
    np.testing.assert_allclose(weights(result), changed(-1e-4 * decay(delay, 20)), rtol=0, atol=1e-15)


@pytest.mark.parametrize("delay", [1, 2, 8, 30])
def test_an_excitatory_spike_after_an_input_spike_raises_the_weight(program: Program, delay: int) -> None:
    """By rate_post pre post2, where pre was set to 1 by the input spike; post2 is left from an earlier spike.

    Of that spike's post1, little is left to depress.
    """
    result = play(program, {1: 5}, {0: 5 + delay}, excitatory__last_spike=[-200, NEVER_FIRED])
    raised, lowered = 1e-2 * decay(delay, 20) * decay(205 + delay, 40), 1e-4 * decay(205, 20)
    np.testing.assert_allclose(weights(result), changed(raised - lowered), rtol=0, atol=1e-15)
    assert raised > 100 * lowered


def test_the_first_excitatory_spike_learns_nothing(program: Program) -> None:
    """Potentiation reads post2 before the spike sets it to 1."""
    result = play(program, {1: 5}, {0: 6})
    np.testing.assert_array_equal(weights(result), W0)
    np.testing.assert_array_equal(result.state["excitatory.last_spike"], [6, NEVER_FIRED])


def test_an_excitatory_spike_leaves_synapses_without_input_alone(program: Program) -> None:
    result = play(program, {}, {0: 6, 1: 9}, excitatory__last_spike=[-5, -5])
    np.testing.assert_array_equal(weights(result), W0)


def test_in_one_time_step_the_input_spike_counts_first(program: Program) -> None:
    """It depresses with post1 from before, and its own trace (1) counts for the potentiation."""
    result = play(
        program, {1: 10}, {0: 10}, excitatory__last_spike=[-30, NEVER_FIRED], input__last_spike=[-4, -4, -4]
    )  # fmt: skip
    change = -1e-4 * decay(40, 20) + 1e-2 * 1 * decay(40, 40)
    others = 1e-2 * decay(14, 20) * decay(40, 40)
    expected = changed(change)
    expected[[0, 2], 0] += others
    np.testing.assert_allclose(weights(result), expected, rtol=0, atol=1e-15)


def test_an_input_spike_depresses_every_neuron_by_its_own_trace(program: Program) -> None:
    result = play(program, {0: 20, 2: 24}, {}, excitatory__last_spike=[-20, -3])
    expected = W0.copy()
    expected[0] -= 1e-4 * np.array([decay(40, 20), decay(23, 20)])
    expected[2] -= 1e-4 * np.array([decay(44, 20), decay(27, 20)])
    np.testing.assert_allclose(weights(result), expected, rtol=0, atol=1e-15)


def test_a_trace_starts_again_at_every_spike(program: Program) -> None:
    """A spike sets it to 1 and does not add to what is left: the second potentiation reads post2 of the first spike."""
    result = play(program, {1: 30}, {0: 33}, excitatory__last_spike=[3, -8], input__last_spike=[-9, 20, -9])
    np.testing.assert_array_equal(result.state["input.last_spike"], [-9, 30, -9])
    np.testing.assert_array_equal(result.state["excitatory.last_spike"], [33, -8])
    expected = W0.copy()
    expected[1] -= 1e-4 * np.array([decay(27, 20), decay(38, 20)])
    expected[:, 0] += 1e-2 * np.array([decay(42, 20), decay(3, 20), decay(42, 20)]) * decay(30, 40)
    np.testing.assert_allclose(weights(result), expected, rtol=0, atol=1e-15)


def test_depression_ends_where_its_trace_is_a_ten_thousandth(program: Program) -> None:
    """That is, one time step later: 369 (184.5 ms) after an excitatory spike."""
    assert decay(368, 20) > 1e-4 > decay(369, 20)
    result = play(program, {1: 13}, {}, excitatory__last_spike=[13 - 369, 13 - 370])
    np.testing.assert_allclose(weights(result), changed(-1e-4 * decay(369, 20)), rtol=0, atol=1e-15)
    assert weights(result)[1, 0] < W0[1, 0]


def test_potentiation_reads_the_slow_trace_however_small_it_is(program: Program) -> None:
    result = play(
        program, {1: 13}, {0: 13}, excitatory__last_spike=[13 - 1200, NEVER_FIRED], plastic__w=np.zeros((3, 2))
    )
    np.testing.assert_allclose(weights(result)[1], [1e-2 * decay(1200, 40), 0], rtol=1e-12)


def test_an_input_spike_is_transmitted_with_the_weight_that_it_finds(program: Program) -> None:
    """Fired in the last time step, it is all that is in the conductance: the weight before the depression."""
    result = play(program, {1: LAST}, {}, excitatory__last_spike=[0, 0])
    np.testing.assert_array_equal(result.state["excitatory.g_e"], W0[1])
    assert np.all(weights(result)[1] < W0[1])


def test_weights_stay_between_0_and_w_max(program: Program) -> None:
    """Depression by 9e-5 from 5e-5 ends at 0, potentiation by 8e-3 from 0.999 at 1."""
    low = play(program, {1: 5}, {}, plastic__w=np.full((INPUTS, NEURONS), 5e-5), excitatory__last_spike=[1, 1])
    np.testing.assert_array_equal(weights(low)[1], [0, 0])
    high = play(
        program, {1: 5}, {0: 6, 1: 6}, plastic__w=np.full((INPUTS, NEURONS), 0.999), excitatory__last_spike=[0, 0]
    )  # fmt: skip
    np.testing.assert_array_equal(weights(high)[1], [1, 1])


def test_updates_are_counted_where_they_happen(program: Program) -> None:
    """2 input spikes x 2 neurons, 1 excitatory spike x 3 inputs; none in evaluation."""
    spikes: Any = {0: 5, 1: 6}, {0: 10}
    counts = play(program, *spikes).counts
    assert (counts.updates_on_input_spikes, counts.updates_on_excitatory_spikes) == (4, 3)
    counts = play(program, *spikes, learning=False).counts
    assert (counts.updates_on_input_spikes, counts.updates_on_excitatory_spikes) == (0, 0)


def test_nothing_is_learned_in_evaluation(program: Program) -> None:
    """The same spikes transmit and set traces, but weights and thresholds are what they were, bit by bit."""
    traces = {"excitatory__last_spike": [0, 0], "input__last_spike": [0, 0, 0]}
    result = play(program, {1: LAST}, {0: 10, 1: 12}, learning=False, **traces)
    np.testing.assert_array_equal(weights(result), W0)
    np.testing.assert_array_equal(result.state["excitatory.theta"], np.full(NEURONS, 20e-3))
    np.testing.assert_array_equal(result.state["excitatory.g_e"], W0[1])
    np.testing.assert_array_equal(result.state["input.last_spike"], [0, LAST, 0])


# Normalisation


def record_sums(program: Program) -> list[tuple[int, np.ndarray]]:
    """Let the network write down attempt and summed weights when a presentation begins."""
    assert isinstance(program, RuntimeProgram)
    groups, found = program.built.groups, []

    def look() -> None:
        if groups["presenter"].variables["step"].get_value()[0] == 0:
            w = groups["plastic"].variables["w"].get_value().reshape(program.parameters.inputs, -1)
            found.append((int(groups["presenter"].variables["attempt"].get_value()[0]), w.sum(axis=0)))

    program.built.network.add(b2.NetworkOperation(look, dt=program.parameters.dt * b2.ms, when="start", order=10))
    return found


def test_weights_sum_to_78_4_before_every_presentation() -> None:
    """0.1 x 784, for every neuron and every presentation, retries included, whatever STDP did since the last."""
    p = NetworkParameters(
        neurons=4, presentation=30, rest=10, minimum_spikes=20, attempts=2, rate_post=0.1, theta_0=10.0
    )  # fmt: skip
    program = make_program("numpy", p, NoPruning(), 3, "double")
    sums = record_sums(program)
    images = np.random.default_rng(0).integers(0, 256, (3, 784), dtype=np.uint8)
    result = program.run(initial_state(p, NoPruning(), 0, program.layout), images, seed=0)
    assert len(sums) == result.counts.presentations > 3
    assert {attempt for attempt, _ in sums} == {0, 1}
    np.testing.assert_allclose([total for _, total in sums], 78.4, rtol=1e-13)
    after = result.state["plastic.w"].reshape(784, 4).sum(axis=0)
    assert np.abs(after - 78.4).max() > 1e-3, "STDP changed nothing, so that the test would show nothing"
    assert 0 <= result.state["plastic.w"].min() <= result.state["plastic.w"].max() <= 1


def test_normalisation_multiplies_the_weights_of_a_neuron_by_one_factor(program: Program) -> None:
    """A presentation without spikes begins with it: every column becomes 0.3/sum times what it was."""
    start = initial_state(P, NoPruning(), 0, program.layout)
    start["plastic.w"] = W0.ravel().copy()
    result = program.run(start, np.zeros((1, INPUTS), np.uint8), seed=0)
    np.testing.assert_allclose(weights(result), W0 * (0.3 / W0.sum(axis=0)), rtol=1e-14)
    np.testing.assert_allclose(result.state["excitatory.scale"], 0.3 / W0.sum(axis=0), rtol=1e-14)
    assert not result.state["excitatory.total"].any()


def test_normalisation_does_not_pass_w_max() -> None:
    """Where the sum would take a weight beyond w_max, the bound wins."""
    p = NetworkParameters(
        inputs=INPUTS, neurons=NEURONS, presentation=5, rest=0, minimum_spikes=0, attempts=1, weight_share=0.8
    )  # fmt: skip
    bounded = make_program("numpy", p, NoPruning(), 1, "double")
    start = initial_state(p, NoPruning(), 0, bounded.layout)
    start["plastic.w"] = np.array([[0.9, 0.2], [0.1, 0.2], [0.1, 0.2]]).ravel()
    result = bounded.run(start, np.zeros((1, INPUTS), np.uint8), seed=0)
    # Sums 1.1 and 0.6 become 2.4: 0.9 x 2.4/1.1 = 1.96 is cut to 1.
    np.testing.assert_allclose(weights(result), [[1, 0.8], [0.24 / 1.1, 0.8], [0.24 / 1.1, 0.8]], rtol=1e-14)


def test_a_neuron_without_weights_survives_normalisation(program: Program) -> None:
    start = initial_state(P, NoPruning(), 0, program.layout)
    w = W0.copy()
    w[:, 1] = 0
    start["plastic.w"] = w.ravel()
    result = program.run(start, np.zeros((1, INPUTS), np.uint8), seed=0)
    np.testing.assert_allclose(weights(result)[:, 0].sum(), 0.3, rtol=1e-14)
    np.testing.assert_array_equal(weights(result)[:, 1], 0)


def test_removed_and_frozen_weights_keep_their_value_and_the_others_make_up_the_sum() -> None:
    """Neuron 0 has lost input 2, and input 0 is frozen at 0.12: input 1 is left to bring the sum from 0.32 to 0.3."""
    rule = SoftPruning(start=10**6, interval=1000)
    program = make_program("numpy", P, rule, 1, "double")
    start = initial_state(P, rule, 0, program.layout)
    w = np.array([[0.12, 0.5], [0.2, 0.5], [0, 0.5]])
    start["plastic.w"] = w.ravel()
    start["plastic.alive"] = np.array([[1, 1], [1, 1], [0, 1]], bool).ravel()
    start["plastic.plastic"] = np.array([[0, 1], [1, 1], [0, 1]], bool).ravel()
    result = program.run(start, np.zeros((1, INPUTS), np.uint8), seed=0)
    np.testing.assert_allclose(weights(result), [[0.12, 0.1], [0.18, 0.1], [0, 0.1]], rtol=1e-14)
    assert weights(result)[0, 0] == 0.12


def test_no_normalisation_in_evaluation(program: Program) -> None:
    start = initial_state(P, NoPruning(), 0, program.layout)
    start["plastic.w"] = W0.ravel().copy()
    result = program.run(start, np.full((1, INPUTS), 255, np.uint8), seed=0, learning=False)
    assert result.counts.input_spikes > 0
    np.testing.assert_array_equal(weights(result), W0)

"""Random removal: which synapses go depends on nothing but the run's seed, and how many on the schedule."""

from __future__ import annotations

import numpy as np
import pytest

from spikeprune import Dataset, NetworkParameters, RandomRemoval, train
from spikeprune.backend import make_program
from spikeprune.encoding import Stream, uniform_array
from spikeprune.pruning.base import PruningState
from spikeprune.state import initial_state


def numbers(seed: int, inputs: int, neurons: int) -> np.ndarray:
    """The random number of each synapse [inputs, neurons]."""
    i, j = np.indices((inputs, neurons))
    return uniform_array(seed, int(Stream.REMOVAL), 0, i, j)


def test_the_stream_is_its_own() -> None:
    assert f", {int(Stream.REMOVAL)}, 0, i, j)" in RandomRemoval().strings()["update_synapses"]
    assert len({int(stream) for stream in Stream}) == len(Stream)


def test_reference_removes_evenly_up_to_the_share() -> None:
    rule, shape = RandomRemoval(share=0.6, events=4), (100, 50)
    neurons = rule.initial(50) | {"key": np.full(50, 7.0)}
    state = PruningState(np.ones(shape), np.ones(shape, bool), np.ones(shape, bool), neurons=neurons)
    removed = []
    for _ in range(6):
        rule.reference(state)
        removed.append(1 - state.alive.mean())
    # 5000 synapses: the standard deviation of the share is at most sqrt(1/4 / 5000) = 0.007.
    assert removed == pytest.approx([0.15, 0.3, 0.45, 0.6, 0.6, 0.6], abs=0.03)
    assert removed[3] == removed[5]
    assert np.array_equal(state.alive, numbers(7, *shape) >= 0.6)
    assert np.all(state.w == state.alive)


def test_network_does_what_the_reference_does(small: NetworkParameters, digits: Dataset) -> None:
    rule = RandomRemoval(share=0.5, events=2, start=2, interval=2)
    run = train(
        digits.subset(train=5, test=1), rule, neurons=12, parameters=small, seed=3, backend="numpy",
        precision="double", chunk=5,
    )  # fmt: skip
    u = numbers(3, 64, 12)
    assert np.array_equal(run.alive, u >= 0.5)
    assert np.all(run.weights[~run.alive] == 0)
    assert np.array_equal(run.state["outgoing.fan_out"], run.alive.sum(axis=1))
    program = run.program
    begin = initial_state(run.settings.parameters, rule, 3, program.layout)
    images = digits.train_images[:3].reshape(3, -1)
    after_one = program.run(begin, images, seed=3, rule=rule).state["plastic.alive"].reshape(64, 12)
    assert np.array_equal(after_one, u >= 0.25)


@pytest.mark.long
@pytest.mark.slow
def test_compiled_program_removes_the_same(small: NetworkParameters, digits: Dataset) -> None:
    rule = RandomRemoval(share=0.5, events=2, start=2, interval=2)
    images = digits.train_images[:5].reshape(5, -1)
    results = []
    for backend in ("numpy", "cpp_standalone"):
        program = make_program(backend, small, rule, 5, "double")
        begin = initial_state(small, rule, 3, program.layout)
        results.append(program.run(begin, images, seed=3, rule=rule))
    assert np.array_equal(results[0].state["plastic.alive"], results[1].state["plastic.alive"])
    assert np.array_equal(results[0].spikes, results[1].spikes)
    assert results[0].counts == results[1].counts

"""Removed neurons are left out of what is simulated: fewer neurons, the same spikes, and nothing of them is counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import NetworkParameters, PruningRule
from spikeprune.backend import ChunkResult, Program, State, make_program
from spikeprune.backend.compact import CompactProgram
from spikeprune.backend.runtime import RuntimeProgram
from spikeprune.errors import ParameterError
from spikeprune.network import CHUNK_INPUTS, COUNTERS
from spikeprune.pruning import (
    REMOVE,
    AdaptiveNeuronPruning,
    AdaptiveNeuronsAndWeights,
    LeastActiveNeurons,
    QuietNeurons,
)
from spikeprune.state import initial_state

CHUNK = 12
IMAGES = 24
RULES = [
    LeastActiveNeurons(share=0.5, events=4, interval=4),
    QuietNeurons(h=3, start=4, interval=4),
    AdaptiveNeuronPruning(least=0.9, eta=0.5, start=4, interval=4),
    AdaptiveNeuronsAndWeights(least=0.8, beta=0.6, eta=0.4, start=4, interval=4),
]


def show(program: Program, pixels: np.ndarray, chunks: list[int]) -> list[ChunkResult]:
    state = initial_state(program.parameters, program.rule, 0, program.layout)
    results, first = [], 0
    for size in chunks:
        results.append(program.run(state, pixels[first : first + size], seed=0, first_image=first))
        state, first = results[-1].state, first + size
    return results


def existing(state: State) -> np.ndarray:
    return state["incoming.fan_in"] > 0


def spikes_of(results: list[ChunkResult]) -> np.ndarray:
    shown = np.cumsum([0, *(result.counts.presentations for result in results)])
    found = np.concatenate([result.spikes + np.array([0, at, 0]) for result, at in zip(results, shown, strict=False)])
    return found[np.lexsort(found.T)]


CHOSEN = [RULES[0], *(pytest.param(rule, marks=pytest.mark.long) for rule in RULES[1:3]), RULES[3]]


@pytest.fixture(scope="module", params=CHOSEN, ids=lambda rule: rule.name)
def both(request: pytest.FixtureRequest, small: NetworkParameters, pixels: np.ndarray) -> Any:
    """The same training with all neurons simulated, and with those that exist."""
    whole = RuntimeProgram(small, request.param, CHUNK, "double", target="numpy")
    compact = make_program("numpy", small, request.param, CHUNK, "double")
    return compact, show(whole, pixels, [12, 12]), show(compact, pixels, [12, 12])


def test_the_training_is_worth_comparing(both: Any) -> None:
    """Neurons go at several events, and the programs become smaller."""
    compact, whole, _ = both
    left = [existing(result.state).sum() for result in whole]
    assert 12 > left[1] > 2
    assert len(compact._programs) > 1
    assert min(compact._programs) < 12
    assert any(result.attempts.max() > 1 for result in whole), "retries"


def test_spikes_responses_and_retries_are_the_same(both: Any) -> None:
    _, whole, compact = both
    assert np.array_equal(spikes_of(whole), spikes_of(compact))
    for one, other in zip(whole, compact, strict=True):
        assert np.array_equal(one.responses, other.responses)
        assert np.array_equal(one.attempts, other.attempts)


def test_state_of_the_neurons_that_exist_is_the_same_bit_by_bit(both: Any, small: NetworkParameters) -> None:
    _, whole, compact = both
    for one, other in zip(whole, compact, strict=True):
        exists = existing(one.state)
        assert one.state.keys() == other.state.keys()
        for name, values in one.state.items():
            if name in (*CHUNK_INPUTS, *COUNTERS):  # of the last piece of a chunk
                continue
            rows = small.inputs if name.startswith("plastic.") else 1
            of_neurons = values.size == rows * small.neurons
            chosen = np.tile(exists, rows) if of_neurons else np.ones(values.size, bool)
            assert np.array_equal(values[chosen], other.state[name][chosen]), name
        assert not other.state["plastic.w"].reshape(-1, small.neurons)[:, ~exists].any()


def test_a_removed_neuron_is_not_inhibited_in_the_count(
    both: Any, small: NetworkParameters, pixels: np.ndarray
) -> None:
    """Between events, each inhibitory spike reaches all that exist but one; everything else is counted as before."""
    _, whole, compact = both
    for one, other in zip(whole, compact, strict=True):
        same = {"inhibitory_to_excitatory": 0}
        assert replace(one.counts, **same) == replace(other.counts, **same)
    expected, shown = 0, 0
    assert compact[0].counts.inhibitory_to_excitatory < whole[0].counts.inhibitory_to_excitatory
    # By hand: one image at a time, of which the number of existing neurons is known.
    alone = show(make_program("numpy", small, both[0].rule, CHUNK, "double"), pixels, [1] * CHUNK)
    exists = small.neurons
    for result in alone:
        expected += result.counts.inhibitory_spikes * (exists - 1)
        exists = int(existing(result.state).sum())
        shown += 1
    assert shown == CHUNK
    assert expected == compact[0].counts.inhibitory_to_excitatory


def test_a_frozen_network_answers_as_the_whole_one(both: Any, pixels: np.ndarray, small: NetworkParameters) -> None:
    compact, whole, _ = both
    state = whole[-1].state
    program = RuntimeProgram(small, compact.rule, CHUNK, "double", target="numpy")
    frozen = [each.run(state, pixels[30:40], seed=0, learning=False) for each in (program, compact)]
    assert frozen[0].responses.sum() > 0
    assert np.array_equal(frozen[0].responses, frozen[1].responses)
    lateral = frozen[1].counts.inhibitory_spikes * (int(existing(state).sum()) - 1)
    assert frozen[1].counts.inhibitory_to_excitatory == lateral


@pytest.mark.parametrize(("existing", "size"), [(800, 800), (799, 800), (700, 700), (401, 500), (400, 400), (1, 100)])
def test_sizes_go_down_in_eighths(existing: int, size: int) -> None:
    program = object.__new__(CompactProgram)
    program.parameters = NetworkParameters(neurons=800)
    assert program.size(existing) == size


def test_a_rule_that_removes_neurons_and_names_n_is_refused(small: NetworkParameters) -> None:
    @dataclass(frozen=True)
    class ByNumber(PruningRule):
        """Removes the second half of the neurons."""

        interval: int = 4
        name: ClassVar[str] = "second-half"
        removes_neurons: ClassVar[bool] = True
        update_synapses: ClassVar[str] = REMOVE.format(criterion="j >= N/2")

    with pytest.raises(ParameterError, match=r"names N in update_synapses.*variable of the rule"):
        make_program("numpy", small, ByNumber(), CHUNK, "double")


@pytest.mark.long
def test_a_run_is_killed_resumed_and_evaluated(digits: sp.Dataset, tmp_path: Path) -> None:
    """In C++, through a run folder: the same end with and without an interruption."""

    class StopHere(Exception):
        """Ends a training after its first chunk."""

    def stop(entry: dict[str, Any]) -> None:
        raise StopHere

    rule = LeastActiveNeurons(share=0.5, events=2, interval=50)
    options: dict[str, Any] = {"neurons": 16, "chunk": 70, "seed": 3}
    undisturbed = sp.train(digits, rule, **options)
    with pytest.raises(StopHere):
        sp.train(digits, rule, folder=tmp_path / "run", progress=stop, **options)
    resumed = sp.resume(tmp_path / "run", digits)
    assert resumed.counts == undisturbed.counts
    assert np.array_equal(resumed.weights, undisturbed.weights)
    assert existing(resumed.state).sum() == 8
    assert resumed.evaluate().responses[:, ~existing(resumed.state)].sum() == 0
    assert np.array_equal(sp.load(tmp_path / "run").alive, undisturbed.alive)

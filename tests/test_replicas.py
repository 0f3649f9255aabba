"""Networks side by side in one program: each has every number that it has alone, whenever the others are done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import AdaptivePruning, Dataset, NetworkParameters, NoPruning, PruningRule, RandomRemoval, SoftPruning
from spikeprune import frozen as frozen_module
from spikeprune.backend import ChunkResult, Program, State, make_program
from spikeprune.backend import standalone as standalone_module
from spikeprune.errors import ParameterError
from spikeprune.frozen import respond, respond_all
from spikeprune.opening import begin, reopen
from spikeprune.pruning import AdaptiveGlobalThreshold, LeastActiveNeurons, SmallestOfNeuron
from spikeprune.records import RunFolder
from spikeprune.settings import Settings
from spikeprune.state import initial_state
from spikeprune.together import evaluate_together, program_for, train_together

REPLICAS = 3
CHUNK = 8
SEEDS = [5, 6, 7]

#: A rule of each kind, with parameters and schedule of its own for each network.
KINDS: dict[str, Callable[[int], PruningRule]] = {
    "none": lambda number: NoPruning(),
    "adaptive": lambda number: AdaptivePruning(beta=0.5 + 0.1 * number, interval=2 + number),
    "freezing": lambda number: SoftPruning(h=0.2, settled=6, value=0.03 + 0.01 * number, interval=2),
    "population sums": lambda number: AdaptiveGlobalThreshold(beta=0.6 + 0.05 * number, eta=0.3, interval=2),
    "random numbers": lambda number: RandomRemoval(share=0.5, events=3, start=2, interval=2),
    "ranks": lambda number: SmallestOfNeuron(share=0.4 + 0.1 * number, events=3, start=2, interval=2),
}
LONG = ("none", "freezing", "random numbers", "ranks")


def alone(
    program: Program, rules: list[PruningRule], images: list[np.ndarray], states: list[State], first: int
) -> list[ChunkResult]:
    return [
        program.run(state, shown, seed=seed, first_image=first, rule=rule)
        for state, shown, seed, rule in zip(states, images, SEEDS, rules, strict=False)
    ]


def check_same(results: list[ChunkResult], expected: list[ChunkResult]) -> None:
    assert len(results) == len(expected)
    for result, reference in zip(results, expected, strict=True):
        different = [name for name, value in reference.state.items() if not np.array_equal(value, result.state[name])]
        assert different == []
        assert {name: value.dtype for name, value in result.state.items()} == {
            name: value.dtype for name, value in reference.state.items()
        }
        np.testing.assert_array_equal(result.spikes, reference.spikes)
        np.testing.assert_array_equal(result.responses, reference.responses)
        np.testing.assert_array_equal(result.attempts, reference.attempts)
        assert result.counts == reference.counts


def check_training(one: Program, many: Program, kind: str, pixels: np.ndarray) -> list[ChunkResult]:
    """Train in two chunks, side by side and one after the other; return the results of the first chunk."""
    rules = [KINDS[kind](number) for number in range(REPLICAS)]
    assert one.layout == many.layout
    states = [initial_state(one.parameters, rule, seed, one.layout) for rule, seed in zip(rules, SEEDS, strict=True)]
    # The same images for all, then different ones.
    for first, size, shifts in ((0, 6, [0, 0, 0]), (6, 2, [0, 2, 4])):
        images = [pixels[first + shift : first + shift + size] for shift in shifts]
        results = many.run_all(states, images, seeds=SEEDS, first_images=[first] * REPLICAS, rules=rules)
        expected = alone(one, rules, images, states, first)
        check_same(results, expected)
        states = [result.state for result in results]
        if first == 0:
            kept = results
    return kept


@pytest.fixture(scope="module")
def in_cpp(small: NetworkParameters) -> Any:
    """Make C++ programs of a kind of rule, for one network and for several; -O1 compiles fast and rounds the same."""
    programs: dict[tuple[str, int], Program] = {}

    def program(kind: str, replicas: int) -> Program:
        if (kind, replicas) not in programs:
            rule = KINDS[kind](0)
            programs[kind, replicas] = make_program(
                "cpp_standalone", small, rule, CHUNK, "double", replicas=replicas
            )  # fmt: skip
        return programs[kind, replicas]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(standalone_module.FLAGS, "double", ["-w", "-O1", "-ffp-contract=off"])
        yield program


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.long) if kind in LONG else kind for kind in KINDS]
)
def test_training_side_by_side_is_training_alone(kind: str, small: NetworkParameters, pixels: np.ndarray) -> None:
    one, many = (
        make_program("numpy", small, KINDS[kind](0), CHUNK, "double", replicas=number) for number in (1, REPLICAS)
    )  # fmt: skip
    results = check_training(one, many, kind, pixels)
    # They are done at different times, and the rule has acted.
    assert len({result.counts.presentations for result in results}) > 1
    if kind != "none":
        assert all(result.state["plastic.plastic"].mean() < 1 for result in results)


@pytest.mark.long
def test_training_side_by_side_in_cython(small: NetworkParameters, pixels: np.ndarray) -> None:
    one, many = (
        make_program("cython", small, KINDS["adaptive"](0), CHUNK, "double", replicas=number)
        for number in (1, REPLICAS)
    )
    results = check_training(one, many, "adaptive", pixels)
    assert len({result.counts.presentations for result in results}) > 1
    assert all(result.state["plastic.alive"].mean() < 1 for result in results)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.long) for kind in KINDS]
)
def test_training_side_by_side_in_cpp(kind: str, in_cpp: Callable[..., Program], pixels: np.ndarray) -> None:
    results = check_training(in_cpp(kind, 1), in_cpp(kind, REPLICAS), kind, pixels)
    assert len({result.counts.presentations for result in results}) > 1


def test_networks_may_be_idle(in_cpp: Callable[..., Program], pixels: np.ndarray) -> None:
    one, many = in_cpp("adaptive", 1), in_cpp("adaptive", REPLICAS)
    rules = [KINDS["adaptive"](number) for number in range(2)]
    states = [initial_state(one.parameters, rule, seed, one.layout) for rule, seed in zip(rules, SEEDS, strict=False)]
    images = [pixels[:5], pixels[:2]]  # not as many for each
    results = many.run_all(states, images, seeds=SEEDS[:2], first_images=[0, 0], rules=rules)
    check_same(results, alone(one, rules, images, states, 0))


def test_blocks_of_images_side_by_side(
    in_cpp: Callable[..., Program], pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One network or several, more blocks than replicas, the last of them shorter: the responses are the same."""
    monkeypatch.setattr(frozen_module, "BLOCK", 9)
    one, many = in_cpp("adaptive", 1), in_cpp("adaptive", REPLICAS)
    rule = KINDS["adaptive"](0)
    states = [
        one.run(initial_state(one.parameters, rule, seed, one.layout), pixels[:8], seed=seed, rule=rule).state
        for seed in SEEDS
    ]
    images, told = pixels[100:141], []
    expected = [respond(one, state, images, seed=seed) for state, seed in zip(states, SEEDS, strict=True)]
    assert expected[0][0].sum() > 0
    responses, counts = respond(many, states[0], images, seed=SEEDS[0], progress=told.append)
    np.testing.assert_array_equal(responses, expected[0][0])
    assert counts == expected[0][1]
    assert told[-1] == len(images)
    for (responses, counts), (others, counted) in zip(
        respond_all(many, states, images, seeds=SEEDS), expected, strict=True
    ):
        np.testing.assert_array_equal(responses, others)
        assert counts == counted


def settings(small: NetworkParameters, number: int, **changes: Any) -> Settings:
    return Settings(
        small, AdaptivePruning(beta=0.5 + 0.1 * number, interval=4), seed=number,
        **({"backend": "numpy", "precision": "double", "chunk": 4} | changes),
    )  # fmt: skip


@pytest.mark.parametrize("shuffle", [False, pytest.param(True, marks=pytest.mark.long)])
def test_runs_together_leave_the_folders_of_runs_alone(
    shuffle: bool, small: NetworkParameters, digits: Dataset, tmp_path: Path
) -> None:
    """Also where one was stopped earlier than the other; times and identities apart, all files say the same."""
    data = digits.subset(train=10, test=4)
    each = [settings(small, number, shuffle=shuffle) for number in range(2)]
    for number, own in enumerate(each):
        sp.train(
            data, own.rule, parameters=small, seed=own.seed, shuffle=shuffle, backend="numpy", precision="double",
            chunk=4, folder=tmp_path / f"alone-{number}",
        ).evaluate()  # fmt: skip
    program = program_for(each)
    folders = [tmp_path / f"together-{number}" for number in range(2)]
    runs = [begin(own, data, folder=folder, program=program) for own, folder in zip(each, folders, strict=True)]

    def stop(run: sp.Run, entry: dict[str, Any]) -> None:
        if run is runs[0]:
            raise KeyboardInterrupt  # the other one has no checkpoint yet

    with pytest.raises(KeyboardInterrupt):
        train_together(runs, stop)
    runs = [reopen(RunFolder(folder), data, program=program) for folder in folders]
    assert [len(run.history) for run in runs] == [1, 0]
    train_together(runs)
    evaluate_together(runs)
    assert runs[0].evaluation is not None
    assert runs[0].evaluate(replicas=2).as_dict() == runs[0].evaluation.as_dict()
    for number in range(2):
        one, other = tmp_path / f"alone-{number}", folders[number]
        assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())
        for name in ("network.npz", "evaluation.npz"):
            with np.load(one / name) as expected, np.load(other / name) as found:
                assert sorted(expected.files) == sorted(found.files)
                for key in expected.files:
                    np.testing.assert_array_equal(found[key], expected[key], err_msg=key)
        loaded = sp.load(other, data)
        reference = sp.load(one, data)
        for entry, expected_entry in zip(loaded.history, reference.history, strict=True):
            assert {**entry, "seconds": 0} == {**expected_entry, "seconds": 0}
        assert loaded.evaluation is not None
        assert loaded.evaluation.as_dict() == reference.evaluation.as_dict()


def test_what_cannot_share_a_program_is_refused(small: NetworkParameters, pixels: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="but epochs is 1 and 2: train them one after the other"):
        program_for([settings(small, 0), settings(small, 1, epochs=2)])
    with pytest.raises(ParameterError, match="removes neurons"):
        make_program("numpy", small, LeastActiveNeurons(), 2, replicas=2)
    for number in (0, 10**9):
        with pytest.raises(ParameterError, match=f"{number} networks of 12 neurons do not fit side by side"):
            make_program("numpy", small, NoPruning(), 2, replicas=number)
    program = make_program("numpy", small, NoPruning(), 2, "double", replicas=2)
    states = [initial_state(small, NoPruning(), seed, program.layout) for seed in range(3)]
    with pytest.raises(ParameterError, match="runs 1 to 2 networks, not 3"):
        program.run_all(states, [pixels[:1]] * 3, seeds=[0, 1, 2], first_images=[0] * 3)
    with pytest.raises(ParameterError, match="shown more than 2 different images"):
        program.run_all(states[:2], [pixels[:2], pixels[1:3]], seeds=[0, 1], first_images=[0, 0])


def test_blocks_of_dense_synapses_have_one_size() -> None:
    import brian2 as b2

    from spikeprune.standalone import DenseSynapses

    source, target = b2.NeuronGroup(6, "v : 1"), b2.NeuronGroup(4, "v : 1")
    with pytest.raises(TypeError, match="has 4 neurons, which are no 3 blocks of equal size"):
        DenseSynapses(source, target, "w : 1", on_pre="v_post += w", on_event="spike", blocks=3)
    joined = DenseSynapses(source, target, "w : 1", blocks=2)
    joined.connect()
    assert [(int(i), int(j)) for i, j in zip(joined.i[:], joined.j[:], strict=True)] == [
        (i, j) for i in range(6) for j in range(i // 3 * 2, i // 3 * 2 + 2)
    ]

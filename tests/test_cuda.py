"""The CUDA back end gives every number of the C++ one, executed on a CPU with threads in random order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spikeprune import AdaptivePruning, NetworkParameters, PruningRule, RandomRemoval, SettlingPruning, SoftPruning
from spikeprune.backend import ChunkResult, make_program, standalone
from spikeprune.errors import BackendError
from spikeprune.network import COUNTERS
from spikeprune.pruning import (
    RULES,
    AdaptiveGlobalThreshold,
    AdaptiveNeuronPruning,
    ContributionPruning,
    SmallestOfNeuron,
    UseItOrLoseIt,
)
from spikeprune.state import initial_state

if TYPE_CHECKING:
    from cuda_on_cpu.build import StandIn
    from cuda_on_cpu.program import CudaOnCpu

pytestmark = pytest.mark.cuda

#: A rule of each kind, by what it does that others do not.
KINDS = {
    "threshold": AdaptivePruning(beta=0.6, eta=0.3, interval=2),
    "freezing": SoftPruning(h=0.2, settled=6, value=0.03, interval=2),
    "random removal": RandomRemoval(share=0.5, events=3, start=2, interval=2),
    "population sums": AdaptiveGlobalThreshold(beta=0.6, eta=0.3, interval=2),
    "settling": SettlingPruning(beta=0.6, eta=0.3, settled=5, interval=2),
    "whole neurons": AdaptiveNeuronPruning(least=0.8, eta=1.0, start=0, stop=100, interval=2),
    "transmissions": ContributionPruning(beta=0.6, eta=0.5, interval=2),
    "potentiations": UseItOrLoseIt(patience=1, interval=2),
}
IMAGES = 6

Make = Callable[..., "CudaOnCpu"]


@pytest.fixture(scope="module")
def few(small: NetworkParameters) -> NetworkParameters:
    return replace(small, neurons=20)


@pytest.fixture(scope="module")
def on_cpu(standin: StandIn, few: NetworkParameters) -> Make:
    """Make a CUDA program that runs on the CPU, one for each kind of rule and precision."""
    from cuda_on_cpu.program import CudaOnCpu

    CudaOnCpu.standin = standin
    made: dict[tuple[str, str, int], CudaOnCpu] = {}

    def program(rule: PruningRule, precision: str = "double", replicas: int = 1) -> CudaOnCpu:
        key = rule.name, precision, replicas
        if key not in made:
            made[key] = CudaOnCpu(few, rule, IMAGES, precision, replicas=replicas)
        return made[key]

    return program


@pytest.fixture(scope="module")
def in_cpp(few: NetworkParameters) -> Iterator[Callable[[PruningRule], standalone.StandaloneProgram]]:
    """Make a C++ program; strict double precision is the same at any level of optimisation, and -O1 compiles fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(standalone.FLAGS, "double", ["-w", "-O1", "-ffp-contract=off"])
        yield lambda rule: standalone.StandaloneProgram(few, rule, IMAGES, "double")


def show(program: CudaOnCpu | standalone.StandaloneProgram, images: np.ndarray, rule: PruningRule) -> ChunkResult:
    state = initial_state(program.parameters, rule, 0, program.layout)
    return program.run(state, images, seed=0, rule=rule)


def check_same(result: ChunkResult, reference: ChunkResult) -> None:
    different = [name for name, value in reference.state.items() if not np.array_equal(value, result.state[name])]
    assert different == []
    assert np.array_equal(result.spikes, reference.spikes)
    assert np.array_equal(result.responses, reference.responses)
    assert np.array_equal(result.attempts, reference.attempts)
    assert result.counts == reference.counts


@pytest.mark.parametrize(
    "kind", [kind if kind == "threshold" else pytest.param(kind, marks=pytest.mark.long) for kind in KINDS]
)
def test_every_number_is_that_of_cpp(
    kind: str, on_cpu: Make, in_cpp: Callable[..., standalone.StandaloneProgram], pixels: np.ndarray
) -> None:
    rule, program = KINDS[kind], on_cpu(KINDS[kind])
    program.order, program.threads = "random:1", 32
    reference = show(in_cpp(rule), pixels[:IMAGES], rule)
    check_same(show(program, pixels[:IMAGES], rule), reference)
    assert program.faults == {}
    alive, plastic = (reference.state[f"plastic.{name}"] for name in ("alive", "plastic"))
    assert (plastic if kind == "freezing" else alive).mean() < 1  # the rule has acted


def test_chunks_do_not_matter(on_cpu: Make, pixels: np.ndarray) -> None:
    rule = KINDS["threshold"]
    program = on_cpu(rule)
    program.order, program.threads = "random:2", 64
    whole = show(program, pixels[:IMAGES], rule)
    # What goes from one chunk to the next are these arrays, as in a run that is resumed.
    first = show(program, pixels[:2], rule)
    second = program.run(first.state, pixels[2:IMAGES], seed=0, first_image=2, rule=rule)
    assert np.array_equal(np.concatenate([first.responses, second.responses]), whole.responses)
    assert np.array_equal(np.concatenate([first.attempts, second.attempts]), whole.attempts)
    # Counters, and the number of the image in its chunk, begin anew.
    own = {*COUNTERS, "presenter.image", "presenter.images", "presenter.first_image"}
    compared = set(whole.state) - own
    assert [name for name in sorted(compared) if not np.array_equal(second.state[name], whole.state[name])] == []
    assert len(compared) > 40


def test_evaluation_is_that_of_cpp(
    on_cpu: Make, in_cpp: Callable[..., standalone.StandaloneProgram], pixels: np.ndarray
) -> None:
    rule = KINDS["threshold"]
    program, reference = on_cpu(rule), in_cpp(rule)
    program.order, program.threads = "random:3", 64
    trained = show(program, pixels[:IMAGES], rule).state
    for block in (pixels[10:14], pixels[14:16]):
        results = [each.run(trained, block, seed=5, learning=False, rule=rule) for each in (program, reference)]
        check_same(*results)
    assert program.faults == {}


def test_single_precision_does_not_depend_on_the_order_of_threads(on_cpu: Make, pixels: np.ndarray) -> None:
    rule = KINDS["threshold"]
    program = on_cpu(rule, "single")
    results = []
    for order, threads in (("forward", 128), ("reverse", 32), ("random:4", 64), ("random:5", 256)):
        program.order, program.threads = order, threads
        results.append(show(program, pixels[:4], rule))
        assert program.faults == {}
    assert results[0].counts.excitatory_spikes > 0
    for result in results[1:]:
        check_same(result, results[0])


def test_launches_and_copies_in_a_time_step(on_cpu: Make, few: NetworkParameters, pixels: np.ndarray) -> None:
    """What the host knows about is not launched, most steps are one graph, and nothing is copied but once a slot."""
    rule, program = KINDS["threshold"], on_cpu(KINDS["threshold"])
    program.order, program.threads = "forward", 64
    results, reports, calls = [], [], []
    for graph, images in ((True, 2), (True, 4), (False, 4)):
        program.graph = graph
        results.append(show(program, pixels[:images], rule))
        reports.append(program.report)
        calls.append(program.calls)
    program.graph = True
    presentations = [int(result.attempts.sum()) for result in results]
    steps = presentations[1] * few.slot_steps
    # Not the first and last of a slot, nor the very first of those between, which is launched kernel by kernel.
    recorded = presentations[1] * (few.slot_steps - 2) - 1

    # Without graphs: some kernels in every step and others once a slot; yet others set initial values, once.
    launches = launched(reports[2], "launch ")
    assert set(launches.values()) == {steps, presentations[2]}
    every_step = {name for name, number in launches.items() if number == steps}
    assert len(every_step) == 21 + 1, sorted(every_step)  # one more advances the clock
    # As many as that would be launched in every step if nothing were known.
    assert len(launches) == 42 + 1, sorted(launches)
    assert reports[2]["graph"] == 0

    # With graphs: the same kernels run as often, in as many steps, of which most are started by one call.
    assert reports[1]["graph"] == recorded
    assert launched(reports[1], "in a graph ") == dict.fromkeys(every_step, recorded)
    direct = launched(reports[1], "launch ")
    assert {name: direct[name] + recorded * (name in every_step) for name in direct} == launches
    check_same(results[1], results[2])

    # Nothing is copied in a time step, but the end of each slot.
    more = presentations[1] - presentations[0]
    assert reports[1]["copy device to host"] - reports[0]["copy device to host"] == more
    assert reports[1]["copy host to device"] == reports[0]["copy host to device"]
    # What the program counts itself is what happens.
    assert (calls[1]["steps"], calls[1]["launches"], calls[1]["graphs"]) == (steps, sum(direct.values()), recorded)
    assert calls[1]["copies"] - calls[0]["copies"] == more


def launched(report: Counter[str], how: str) -> dict[str, int]:
    """How often the kernels of the time loop ran, by their names."""
    kernels = (f"{how}kernel_", f"{how}advance_clock")
    return {what.removeprefix(how): number for what, number in report.items() if what.startswith(kernels)}


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_too_little_memory_of_the_gpu_is_said(share: float, on_cpu: Make, pixels: np.ndarray) -> None:
    """Whichever array finds no room: of a fixed size, of synapses, of a monitor."""
    rule, program = KINDS["threshold"], on_cpu(KINDS["threshold"])
    show(program, pixels[:1], rule)
    needed = program.calls["bytes"]
    try:
        program.memory = int(share * needed)
        with pytest.raises(BackendError, match=r"^The memory of the GPU is not enough for a network of 20 neurons: "):
            show(program, pixels[:1], rule)
        program.memory = needed
        show(program, pixels[:1], rule)
    finally:
        program.memory = 2**34


def test_a_rule_that_cannot_be_translated_leaves_nothing(
    standin: StandIn, few: NetworkParameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cuda_on_cpu.program import CudaOnCpu
    from spikeprune.backend import cuda

    class DrawsAnew(AdaptivePruning):
        """A rule of a user's that draws Brian2's random numbers for each synapse."""

        name = "draws-anew"
        update_synapses = "alive = alive and rand() > 0.5"

    RULES.pop("draws-anew")  # of this test alone
    monkeypatch.setattr(CudaOnCpu, "standin", standin, raising=False)
    monkeypatch.setattr(cuda, "CudaProgram", CudaOnCpu)
    monkeypatch.setenv("SPIKEPRUNE_CACHE", str(tmp_path))
    with pytest.raises(BackendError, match=r"^[^\n]*'draws-anew'[^\n]* calls rand\(\), which is not available[^\n]*$"):
        make_program("cuda_standalone", few, DrawsAnew(), IMAGES)
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []


def test_a_rule_that_ranks_is_refused_before_anything_is_compiled(on_cpu: Make) -> None:
    with pytest.raises(BackendError, match=r"ranks .*not available on CUDA.*cpp_standalone"):
        on_cpu(SmallestOfNeuron(share=0.6, events=5, interval=4))


@pytest.mark.parametrize("kind", ["threshold", pytest.param("population sums", marks=pytest.mark.long)])
def test_networks_side_by_side_have_the_numbers_of_cpp(
    kind: str, on_cpu: Make, in_cpp: Callable[..., standalone.StandaloneProgram], pixels: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Done at different times, with events that several blocks of threads have found; no thread meets another.

    Nor does it matter that time steps are recorded anew, since the arrays of a monitor have no room and move.
    """
    from spikeprune.cuda import OrderedCUDADevice

    monkeypatch.setattr(OrderedCUDADevice, "part", 8)
    monkeypatch.setattr(OrderedCUDADevice, "room", (1, 1))
    seeds = [0, 1, 2]
    rules = [replace(KINDS[kind], beta=0.5 + 0.1 * seed) for seed in seeds]
    program, reference = on_cpu(KINDS[kind], replicas=3), in_cpp(KINDS[kind])
    program.order, program.threads = "random:6", 32
    layout = program.layout
    states = [initial_state(program.parameters, rule, seed, layout) for rule, seed in zip(rules, seeds, strict=True)]
    results = program.run_all(states, [pixels[:4]] * 3, seeds=seeds, first_images=[0] * 3, rules=rules)
    assert program.faults == {}
    assert 0 < program.calls["graphs"] < 0.95 * program.calls["steps"]
    assert len({result.counts.presentations for result in results}) > 1
    for state, rule, seed, result in zip(states, rules, seeds, results, strict=True):
        expected = reference.run(state, pixels[:4], seed=seed, rule=rule)
        # C++ leaves inhibitory neurons alone that have not fired yet, which changes less than a microvolt.
        np.testing.assert_allclose(result.state["inhibitory.v"], expected.state["inhibitory.v"], rtol=0, atol=1e-6)
        expected.state["inhibitory.v"] = result.state["inhibitory.v"]
        check_same(result, expected)
        assert result.state["plastic.alive"].mean() < 1

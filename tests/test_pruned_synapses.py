"""Pruning and counting on any Brian2 synapses: by hand, against a recount, on every target, with hostile statements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, second

from spikeprune import (
    AdaptivePruning,
    ConstantPruning,
    FocusedPruning,
    PrunedDenseSynapses,
    PrunedSynapses,
    PruningRule,
    SettlingPruning,
    SoftPruning,
    SpikepruneError,
    count_operations,
)
from spikeprune.errors import ParameterError
from spikeprune.pruning import REMOVE, CriticalPeriodPruning, LeastActiveNeurons, SmallestOfLayer, SmallestOfNeuron

DT = 0.1 * ms


@pytest.fixture(autouse=True)
def _numpy() -> None:
    b2.prefs.codegen.target = "numpy"


def generator(spikes: dict[int, list[float]], n: int, name: str = "source") -> Any:
    """Neurons that fire at given times in ms."""
    pairs = sorted((time, neuron) for neuron, times in spikes.items() for time in times)
    return b2.SpikeGeneratorGroup(n, [neuron for _, neuron in pairs], [time for time, _ in pairs] * ms, name=name)


# By hand


def test_a_removed_synapse_transmits_nothing_learns_nothing_and_counts_nothing() -> None:
    """Weights 0.1 and 0.5; at 10 ms the rule removes what is below 0.2.  Spikes at 5, 15 and 25 ms.

    Neuron 0 receives 0.1 once, neuron 1 receives 0.5, 0.6, 0.7, since every spike adds 0.1 to the weight: 2 + 1 + 1
    transmissions, and as many updates.
    """
    source = generator({0: [5, 15, 25]}, 1)
    target = b2.NeuronGroup(2, "x : 1")
    synapses = PrunedSynapses(
        source, target, "w : 1", on_pre="x_post += w\nw += 0.1", rule=ConstantPruning(h=0.21), every=10 * ms
    )  # fmt: skip
    synapses.connect()
    synapses.w = [0.1, 0.5]
    b2.run(30 * ms)
    np.testing.assert_allclose(target.x, [0.1, 0.5 + 0.6 + 0.7], rtol=1e-12)
    np.testing.assert_array_equal(synapses.alive, [False, True])
    np.testing.assert_allclose(synapses.w, [0, 0.8], rtol=1e-12)
    assert synapses.removed_share == 0.5
    np.testing.assert_array_equal(synapses.thresholds, [0.21, 0.21])
    operations = synapses.operations()
    assert (operations.transmissions, operations.updates, operations.total) == (4, {"pre": 4}, 8)
    assert operations.as_dict() == {"transmissions": 4, "updates": {"pre": 4}, "total": 8}


def test_adaptive_pruning_by_hand() -> None:
    """Neuron 0 fires 3 times, neuron 1 once before the event at 10 ms: activities 1.5 and 0.5.

    Mean weights 0.3: thresholds 0.5 x activity x 0.8 x 0.3 = 0.18 and 0.06, which take the weights 0.1 and 0.05.
    """
    source, driver = generator({}, 3), generator({0: [2, 4, 6], 1: [3]}, 2, "driver")
    target = b2.NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0")
    drive = b2.Synapses(driver, target, on_pre="v_post += 2")
    drive.connect(j="i")
    synapses = PrunedSynapses(source, target, "w : 1", rule=AdaptivePruning(beta=0.8, eta=0.5), every=10 * ms)
    synapses.connect()
    synapses.w = np.array([[0.1, 0.05], [0.2, 0.25], [0.6, 0.6]]).ravel()
    b2.run(10 * ms)
    np.testing.assert_allclose(synapses.thresholds, [0.18, 0.06], rtol=1e-12)
    np.testing.assert_array_equal(synapses.alive, [False, False, True, True, True, True])


def test_a_spike_on_its_way_to_a_removed_synapse_is_dropped() -> None:
    """Both spikes are sent before the event at 10 ms; one arrives after it."""
    source, target = generator({0: [2, 8]}, 1), b2.NeuronGroup(1, "x : 1")
    synapses = PrunedSynapses(source, target, "w : 1", on_pre="x_post += w", rule="constant", every=10 * ms)
    synapses.connect()
    synapses.w, synapses.pre.delay = 0.01, 5 * ms
    b2.run(20 * ms)
    assert target.x[0] == 0.01
    assert synapses.operations().transmissions == 1


def test_events_of_the_target_say_when_and_whose_synapses_are_pruned() -> None:
    source, target = generator({}, 1), b2.NeuronGroup(2, "ready : boolean", events={"prune": "ready"})
    target.ready = [True, False]
    synapses = PrunedSynapses(source, target, "w : 1", rule=ConstantPruning(h=0.5), on="prune")
    synapses.connect()
    b2.run(DT)
    np.testing.assert_array_equal(synapses.alive, [False, True])


def test_events_come_every_so_often_between_start_and_stop() -> None:
    """The rule counts its own events; the last one before the end of the time step that completes an interval."""

    class Counting(PruningRule):
        name = "test-counting-events"
        variables = "events : 1"
        update_neurons = "events += 1"
        update_synapses = REMOVE.format(criterion="w < 0")
        threshold = "events"

    def events(duration: Any, **when: Any) -> float:
        b2.start_scope()
        target = b2.NeuronGroup(1, "x : 1")
        synapses = PrunedSynapses(generator({}, 1), target, "w : 1", rule=Counting(), **when)
        synapses.connect()
        b2.Network(b2.collect(), synapses.source, target, synapses).run(duration)
        return float(synapses.thresholds[0])

    assert events(9.9 * ms, every=10 * ms) == 0
    assert events(10 * ms, every=10 * ms) == 1
    assert events(35 * ms, every=10 * ms) == 3
    assert events(35 * ms, every=10 * ms, start=15 * ms) == 2
    assert events(35 * ms, every=10 * ms, start=15 * ms, stop=20 * ms) == 1
    assert events(1 * ms, every=DT) == 10


def test_weights_have_units_and_signs() -> None:
    """Magnitudes of 1, 3 and 5 nS against 2 nS; a frozen weight keeps its sign."""
    target = b2.NeuronGroup(1, "g : siemens")
    for rule, expected in (
        (ConstantPruning(h=2.0), [0, -3, 5]),
        (SoftPruning(h=4.0, settled=0, value=0.5), [0.5, -0.5, 5]),
    ):
        target = b2.NeuronGroup(1, "v : 1\ng : siemens", threshold="v > 1")
        synapses = PrunedSynapses(
            generator({}, 3), target, "w : siemens", on_pre="g_post += w", rule=rule, every=1 * ms, weight_unit=b2.nS
        )  # fmt: skip
        synapses.connect()
        synapses.w = [1, -3, 5] * b2.nS
        b2.Network(synapses.source, target, synapses).run(1 * ms)
        np.testing.assert_allclose(synapses.w / b2.nS, expected, rtol=1e-12)
        np.testing.assert_allclose(synapses.thresholds / b2.nS, [rule.h], rtol=1e-12)


# Whatever statements the user wrote

HOSTILE = {
    "assignment": "x_post = 5",
    "division by the weight": "x_post += 1/w",
    "product": "x_post *= 3",
    "quotient": "x_post /= 2",
    "difference": "x_post -= 2*w - 1",
    "power": "x_post **= 2",
    "a neuron's flag": "seen_post = True",
    "the other neuron": "y_pre += 1",
    "a weight that returns": "w = 0.7\nx_post += w",
    "a weight of a local variable": "new = w + 0.3\nw = new\nx_post += new",
}


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("statements", HOSTILE.values(), ids=HOSTILE)
def test_no_statement_reaches_beyond_a_removed_synapse(statements: str) -> None:
    """One synapse is removed at once, the other is not; afterwards both are asked to act twice."""
    source = b2.NeuronGroup(2, "y : 1\nv : 1", threshold="t > 2*ms and t < 2.15*ms")
    target = b2.NeuronGroup(2, "x : 1\nseen : boolean")
    target.x = 3
    synapses = PrunedSynapses(source, target, "w : 1", on_pre=statements, rule=ConstantPruning(h=0.2), every=1 * ms)
    synapses.connect(j="i")
    synapses.w = [0.1, 0.4]
    b2.run(3 * ms)
    assert (target.x[0], target.seen[0], source.y[0], synapses.w[0]) == (3, False, 0, 0)
    assert (target.x[1], target.seen[1], source.y[1], synapses.w[1]) != (3, False, 0, 0.4)
    assert synapses.operations().total > 0


def test_no_differential_equation_brings_a_weight_back() -> None:
    """Weights drift towards 1, event-driven or clock-driven, or by what runs regularly."""
    for model, regular in (
        ("dw/dt = (1 - w)/(10*ms) : 1 (event-driven)", ""),
        ("dw/dt = (1 - w)/(10*ms) : 1 (clock-driven)", ""),
        ("w : 1", "w = 1"),
    ):
        source, target = generator({0: [5, 6], 1: [5, 6]}, 2), b2.NeuronGroup(2, "x : 1")
        synapses = PrunedSynapses(
            source, target, model, on_pre="x_post += w", rule=ConstantPruning(h=0.2), every=0.1 * ms, stop=1 * ms,
            method="exact" if "clock" in model else None,
        )  # fmt: skip
        synapses.connect(j="i")
        synapses.w = [0.1, 0.9]
        if regular:
            synapses.run_regularly(regular, when="end", order=20)
        b2.Network(source, target, synapses).run(8 * ms)
        assert (target.x[0], synapses.w[0]) == (0, 0), model
        assert target.x[1] > 1.8


def test_a_weight_set_by_hand_does_not_bring_a_synapse_back() -> None:
    source, target = generator({0: [5, 15]}, 1), b2.NeuronGroup(1, "x : 1")
    synapses = PrunedSynapses(source, target, "w : 1", on_pre="x_post += w", rule="constant", every=1 * ms)
    synapses.connect()
    network = b2.Network(source, target, synapses)
    network.run(10 * ms)
    synapses.w = 1
    network.run(10 * ms)
    assert target.x[0] == 0
    assert not synapses.alive[0]


def test_summed_variables_leave_removed_synapses_out() -> None:
    source, target = b2.NeuronGroup(3, "r : 1"), b2.NeuronGroup(1, "total : 1")
    source.r = [1, 2, 4]
    synapses = PrunedSynapses(
        source, target, "w : 1\ntotal_post = r_pre + w : 1 (summed)", rule=ConstantPruning(h=0.2), every=1 * ms
    )  # fmt: skip
    synapses.connect()
    synapses.w = [0.1, 0.5, 0.5]
    b2.run(2 * ms)
    assert target.total[0] == 2.5 + 4.5


def test_a_frozen_synapse_transmits_and_never_learns() -> None:
    source, driver = generator({0: [5, 6]}, 1), generator({0: [0.5]}, 1, "driver")
    target = b2.NeuronGroup(1, "v : 1\nx : 1", threshold="v > 1", reset="v = 0")
    drive = b2.Synapses(driver, target, on_pre="v_post = 2")
    drive.connect()
    synapses = PrunedSynapses(
        source, target, "w : 1", on_pre="x_post += w\nw += 0.2", rule=SoftPruning(h=0.5, settled=1, value=0.03),
        every=1 * ms,
    )  # fmt: skip
    synapses.connect()
    synapses.w = 0.4
    b2.run(8 * ms)
    assert (synapses.w[0], target.x[0]) == (0.03, 0.06)
    assert synapses.alive[0]
    assert not synapses.plastic[0]
    assert synapses.operations().as_dict() == {"transmissions": 2, "updates": {"pre": 0}, "total": 2}


# Topologies against a recount


def random_network(rng: np.random.Generator, parts: bool) -> dict[str, Any]:
    """A sparse network with delays, some synapses twice; between parts of groups, if asked for."""
    pre, post = rng.integers(0, 12, 60), rng.integers(0, 6, 60)
    source = b2.PoissonGroup(20, 60 * Hz, name="source")
    target = b2.NeuronGroup(
        9, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="target"
    )  # fmt: skip
    ends = (source[5:17], target[2:8]) if parts else (source[:12], target[:6])
    synapses = PrunedSynapses(
        *ends, "w : 1", on_pre="v_post += w", on_post="w = clip(w*1.05, 0, 1)",
        rule=AdaptivePruning(beta=0.9, eta=0.6), every=50 * ms, name="pruned",
    )  # fmt: skip
    synapses.connect(i=pre, j=post)
    synapses.w = rng.uniform(0, 0.6, 60)
    synapses.pre.delay = rng.integers(0, 60, 60) * DT
    return {"source": source, "target": target, "synapses": synapses, "pre": pre, "post": post}


@pytest.mark.parametrize("parts", [False, True], ids=["whole groups", "parts of groups"])
@pytest.mark.parametrize("seed", [0, 1])
def test_counts_are_those_of_a_recount(seed: int, parts: bool) -> None:
    """Every spike is recorded, and at the end of which time step each synapse was removed."""
    b2.seed(seed)
    made = random_network(np.random.default_rng(seed), parts)
    synapses, offsets = made["synapses"], (5, 2) if parts else (0, 0)
    delays = np.rint(synapses.pre.delay / DT).astype(int)
    inputs, outputs = b2.SpikeMonitor(made["source"]), b2.SpikeMonitor(made["target"])
    removed = np.full(60, 10**9)

    def look() -> None:
        step = round(float(b2.defaultclock.t / DT))
        removed[(removed == 10**9) & ~synapses.alive[:]] = step

    watch = b2.NetworkOperation(look, when="end", order=20)
    b2.Network(*(made[name] for name in ("source", "target", "synapses")), inputs, outputs, watch).run(0.4 * second)
    end = 4000
    transmissions = updates = 0
    for monitor, side, offset in ((inputs, made["pre"], offsets[0]), (outputs, made["post"], offsets[1])):
        for neuron, time in zip(monitor.i, monitor.t / DT, strict=True):
            mine = side == neuron - offset
            arrives = round(float(time)) + (delays[mine] if monitor is inputs else 0)
            count = int(np.sum((arrives <= removed[mine]) & (arrives < end)))
            transmissions, updates = (
                (transmissions + count, updates) if monitor is inputs else (transmissions, updates + count)
            )
    assert 0.1 < synapses.removed_share < 0.9
    assert len(outputs.i) > 30
    assert synapses.operations().as_dict() == {
        "transmissions": transmissions, "updates": {"post": updates}, "total": transmissions + updates
    }  # fmt: skip


# Every target


@dataclass(frozen=True)
class Resting(PruningRule):
    """Remove synapses that have not been potentiated for `k` spikes of their neuron."""

    k: float = 6.0
    name: ClassVar[str] = "test-resting"
    synapse_variables: ClassVar[str] = "resting : 1  # spikes of the neuron since the last potentiation"
    on_potentiation: ClassVar[str] = "resting = (resting + 1)*int(w <= w_before)"
    update_synapses: ClassVar[str] = REMOVE.format(criterion="resting >= k_post")


PAIR = "dApre/dt = -Apre/(20*ms) : 1 (event-driven)\ndApost/dt = -Apost/(20*ms) : 1 (event-driven)"
TRIPLET = PAIR + "\ndBpost/dt = -Bpost/(80*ms) : 1 (event-driven)"
#: Four kinds of STDP, each under another rule: additive, multiplicative, triplet, and inhibitory with a target rate.
KINDS: dict[str, dict[str, Any]] = {
    "additive": {
        "model": f"w : 1\n{PAIR}", "on_pre": "v_post += w\nApre += 0.02\nw = clip(w + Apost, 0, 1)",
        "on_post": "Apost -= 0.021\nw = clip(w + Apre, 0, 1)", "rule": AdaptivePruning(beta=0.9, eta=0.6),
    },
    "multiplicative": {
        "model": f"w : 1\n{PAIR}", "on_pre": "v_post += w\nApre += 1\nw = w - 0.05*w*Apost",
        "on_post": "Apost += 1\nw = w + 0.05*(1 - w)*Apre", "rule": SoftPruning(h=0.3, settled=3, value=0.05),
    },
    "triplet": {
        "model": f"w : 1\n{TRIPLET}", "on_pre": "v_post += w\nApre += 1\nw = clip(w - 0.02*Apost, 0, 1)",
        "on_post": "w = clip(w + 0.02*Apre*(1 + Bpost), 0, 1)\nApost += 1\nBpost += 1", "rule": Resting(k=4.0),
    },
    "inhibitory": {
        "model": f"w : 1\n{PAIR}", "on_pre": "v_post -= 0.2*w\nApre += 1\nw = clip(w + 0.03*(Apost - 0.4), 0, 1)",
        "on_post": "Apost += 1\nw = clip(w + 0.03*Apre, 0, 1)", "rule": SmallestOfNeuron(share=0.6, events=4),
    },
}  # fmt: skip


def simulate(target: str, folder: Path | None = None, kinds: tuple[str, ...] = tuple(KINDS), threads: int = 0) -> Any:
    """Run one network with these kinds of synapses, of fixed topology and input, and return all that is left."""
    rng = np.random.default_rng(3)
    if folder is not None:
        b2.set_device(target, directory=str(folder), build_on_run=True)
        b2.prefs.devices.cpp_standalone.openmp_threads = threads
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O1", "-ffp-contract=off"]
    else:
        b2.prefs.codegen.target = target
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O1", "-ffp-contract=off"]
    try:
        b2.start_scope()
        spikes = rng.random((2000, 20)) < 0.008
        steps, neurons = np.nonzero(spikes)
        source = b2.SpikeGeneratorGroup(20, neurons, steps * DT, name="source")
        cells = b2.NeuronGroup(
            10, "dv/dt = (0.4 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells"
        )  # fmt: skip
        made = {}
        for name in kinds:
            arguments = KINDS[name]
            made[name] = PrunedSynapses(source, cells[1:9], every=40 * ms, name=name, **arguments)
            made[name].connect(i=rng.integers(0, 20, 50), j=rng.integers(0, 8, 50))
            made[name].w = rng.uniform(0.1, 0.6, 50)
            made[name].pre.delay = rng.integers(0, 40, 50) * DT
        monitor = b2.SpikeMonitor(cells)
        b2.Network(source, cells, monitor, *made.values()).run(0.2 * second)
        result: dict[str, Any] = {"spikes": np.array([monitor.i, np.rint(monitor.t / DT)])}
        for name, synapses in made.items():
            result |= {f"{name}.{key}": np.array(getattr(synapses, key)[:]) for key in ("w", "alive", "plastic")}
            result[f"{name}.operations"] = synapses.operations().as_dict()
            result[f"{name}.removed_share"] = synapses.removed_share
            if synapses.rule.threshold:
                result[f"{name}.thresholds"] = np.array(synapses.thresholds)
        return result
    finally:
        if folder is not None:
            b2.get_device().reinit()
            b2.set_device("runtime")
            b2.prefs.devices.cpp_standalone.openmp_threads = 0


@pytest.fixture(scope="module")
def on_numpy() -> dict[str, Any]:
    b2.prefs.codegen.target = "numpy"
    return simulate("numpy")


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in found.items():
        if name.endswith("operations"):
            assert value == expected[name], name
        elif name.endswith((".w", ".thresholds")):
            np.testing.assert_allclose(value, expected[name], rtol=1e-10, atol=1e-15, err_msg=name)
        else:
            np.testing.assert_array_equal(value, expected[name], err_msg=name)


def test_the_network_is_worth_comparing(on_numpy: dict[str, Any]) -> None:
    assert on_numpy["spikes"].shape[1] > 100
    for kind in KINDS:
        assert 0.05 < 1 - on_numpy[f"{kind}.plastic"].mean() < 0.95, kind
        assert on_numpy[f"{kind}.operations"]["transmissions"] > 100


@pytest.mark.long
@pytest.mark.slow
def test_cpp_standalone_is_numpy(on_numpy: dict[str, Any], tmp_path: Path) -> None:
    assert_same(simulate("cpp_standalone", tmp_path / "program"), on_numpy)


@pytest.mark.long
@pytest.mark.slow
def test_openmp_and_the_fast_device_are_numpy(tmp_path: Path) -> None:
    b2.prefs.codegen.target = "numpy"
    expected = simulate("numpy", kinds=("additive",))
    assert_same(simulate("cpp_standalone", tmp_path / "openmp", ("additive",), threads=2), expected)
    assert_same(simulate("cpp_standalone_fast", tmp_path / "fast", ("additive",)), expected)


@pytest.mark.slow
@pytest.mark.long
def test_cython_is_numpy() -> None:
    expected = simulate("numpy", kinds=("inhibitory",))
    assert_same(simulate("cython", kinds=("inhibitory",)), expected)


# Dense synapses


@pytest.mark.parametrize("rule", [AdaptivePruning(beta=0.9, eta=0.6), SoftPruning(h=0.3, settled=3), Resting(k=3.0)])
def test_dense_synapses_are_pruned_and_counted_like_any(rule: PruningRule) -> None:
    """The same network, counted synapse by synapse and by neuron."""
    results = []
    for kind in (PrunedSynapses, PrunedDenseSynapses):
        b2.start_scope()
        rng = np.random.default_rng(5)
        steps, neurons = np.nonzero(rng.random((1500, 10)) < 0.01)
        source = b2.SpikeGeneratorGroup(10, neurons, steps * DT)
        tally = b2.NeuronGroup(10, "n : integer\nv : 1", threshold="v > 1", reset="v = 0\nn += 1", name="tally")
        forward = b2.Synapses(source, tally, on_pre="v_post = 2")
        forward.connect(j="i")
        cells = b2.NeuronGroup(
            4, "dv/dt = -v/(10*ms) : 1\nn : integer", threshold="v > 1", reset="v = 0\nn += 1", method="exact"
        )  # fmt: skip
        by_neuron = {"spikes": ("n", "n")} if kind is PrunedDenseSynapses else {}
        synapses = kind(
            tally, cells, f"w : 1\n{PAIR}", on_pre="v_post += w\nApre += 0.02\nw = clip(w + Apost, 0, 1)",
            on_post="Apost -= 0.021\nw = clip(w + Apre, 0, 1)", rule=rule, every=40 * ms, **by_neuron,
        )  # fmt: skip
        synapses.connect()
        synapses.w = rng.uniform(0.1, 0.5, 40)
        b2.Network(source, tally, forward, cells, synapses).run(0.15 * second)
        results.append((synapses.w[:].copy(), synapses.alive[:].copy(), synapses.operations()))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])
    assert results[0][2] == results[1][2]
    assert results[0][2].total > 500


# Ranks


def test_ranks_by_hand() -> None:
    """Half of 2 x 4 synapses: the two smallest of each neuron, or the four smallest of all; equal ones by number."""
    weights = np.array([[0.1, 0.5], [0.2, 0.6], [0.3, 0.7], [0.3, 0.7]])
    expected = {
        SmallestOfNeuron: [[0, 0], [0, 0], [1, 1], [1, 1]],
        SmallestOfLayer: [[0, 1], [0, 1], [0, 1], [0, 1]],
    }
    for kind, remains in expected.items():
        b2.start_scope()
        target = b2.NeuronGroup(2, "x : 1")
        source = generator({}, 4)
        synapses = PrunedSynapses(source, target, "w : 1", rule=kind(share=0.5, events=2), every=1 * ms)
        synapses.connect()
        synapses.w = weights.ravel()
        network = b2.Network(source, target, synapses)
        network.run(1 * ms)
        assert synapses.alive[:].sum() == 6
        network.run(2 * ms)
        np.testing.assert_array_equal(synapses.alive[:].reshape(4, 2), remains)


def test_the_least_active_neurons_go_first() -> None:
    source, driver = generator({}, 2), generator({0: [0.2, 0.4], 1: [0.3], 2: [0.2, 0.3, 0.5]}, 4, "driver")
    target = b2.NeuronGroup(4, "v : 1", threshold="v > 1", reset="v = 0")
    drive = b2.Synapses(driver, target, on_pre="v_post += 2")
    drive.connect(j="i")
    synapses = PrunedSynapses(source, target, "w : 1", rule=LeastActiveNeurons(share=0.5, events=1), every=1 * ms)
    synapses.connect()
    b2.run(3 * ms)
    np.testing.assert_array_equal(synapses.alive[:].reshape(2, 4), [[1, 0, 1, 0]] * 2)


# Counting without a rule


def test_operations_of_any_synapses_are_counted() -> None:
    """3 spikes to 4 synapses of delays 0 to 30 ms: 4 + 4 arrive by 40 ms, of the third, 3; 2 spikes of the target."""
    source, driver = generator({0: [1, 5, 15]}, 1), generator({0: [10, 20]}, 1, "driver")
    target = b2.NeuronGroup(4, "v : 1\nx : 1", threshold="v > 1", reset="v = 0")
    drive = b2.Synapses(driver, target, on_pre="v_post += 2")
    drive.connect()
    synapses = b2.Synapses(source, target, "w : 1", on_pre="x_post += w", on_post="w += 1")
    synapses.connect()
    synapses.pre.delay = [0, 10, 20, 30] * ms
    operations = count_operations(synapses)
    b2.run(40 * ms)
    assert operations.transmissions == 11
    assert operations.updates == {"post": 2 * 4}
    assert operations.as_dict() == {"transmissions": 11, "updates": {"post": 8}, "total": 19}
    assert target.x[0] == synapses.w[0] * 0 + 0 + 0 + 1


# What is refused


def build(**arguments: Any) -> Any:
    group = b2.NeuronGroup(2, "v : 1\nx : 1", threshold="v > 1", reset="v = 0", name="cells")
    b2.Network(group)  # Brian2 warns of what was in no network
    defaults: dict[str, Any] = {"model": "w : 1", "on_pre": "x_post += w", "rule": "constant", "every": 1 * ms}
    return PrunedSynapses(group, group, **(defaults | arguments))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"every": None}, "needs to know when to act: give either every=, a time, or on=, an event"),
        ({"on": "spike"}, "give either every=, a time, or on="),
        ({"every": None, "on": "prune"}, "Unknown event of 'cells' 'prune': choose one of spike"),
        ({"every": 10}, "every=10 is no time: give one with its unit"),
        ({"every": 0 * ms}, "has to be longer than 0 s"),
        ({"every": None, "on": "spike", "stop": 1 * ms}, "stop=1. ms belongs to every="),
        ({"rule": "adaptve"}, "Unknown rule 'adaptve' (did you mean 'adaptive'?)"),
        ({"rule": 3}, "rule=3 is no pruning rule"),
        ({"rule": FocusedPruning}, "Rule 'focused' needs normalised_sum and weight_sum of these synapses"),
        ({"rule": SettlingPruning()}, "Rule 'settling' needs depressible of these synapses"),
        ({"rule": CriticalPeriodPruning()}, "ends after a number of images, which these synapses do not know"),
        ({"model": "u : 1", "on_pre": ""}, "The model has no variable 'w' for the weight"),
        ({"model": "w : 1 (shared)"}, "has to be a number of each synapse"),
        ({"model": "w : 1\nalive : 1"}, "has a variable 'alive' already"),
        ({"model": "dw/dt = -w/second : 1 (clock-driven)", "rule": SoftPruning()}, "Rule 'soft' freezes weights, but"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused_in_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError) as error:
        build(**arguments)
    assert sentence in str(error.value)
    assert isinstance(error.value, SpikepruneError)


def test_a_typing_error_in_a_rule_is_named() -> None:
    class Mistaken(AdaptivePruning):
        name = "test-mistaken"
        update_neurons = "h = beta*totl/fan_in"

    with pytest.raises(ParameterError, match=r"In update_neurons of rule 'test-mistaken': .*'totl' \(did you mean 'to"):
        build(rule=Mistaken())

    class Late(AdaptivePruning):
        name = "test-late"
        update_synapses = REMOVE.format(criterion="w < 0.5*total_post")

    with pytest.raises(ParameterError, match=r"In update_synapses of rule 'test-late': .*'total_post'"):
        build(rule=Late())

    class Broken(AdaptivePruning):
        name = "test-broken"
        update_neurons = "h = beta*(total"

    with pytest.raises(ParameterError, match="In update_neurons of rule 'test-broken': "):
        build(rule=Broken())


@pytest.mark.parametrize("code", ["w = 0.5", "x_post += 1", "alive = True"])
def test_memory_of_a_rule_changes_neither_weights_nor_neurons(code: str) -> None:
    """It is written at removed synapses, too, where a weight would come back."""

    class Meddling(PruningRule):
        name = "test-meddling"
        on_transmission = code
        update_synapses = REMOVE.format(criterion="w < 0.1")

    with pytest.raises(ParameterError, match=r"In on_transmission of rule 'test-meddling', '\w+' is assigned: a rule"):
        build(rule=Meddling())


def test_counting_what_cannot_be_counted_is_refused() -> None:
    group = b2.NeuronGroup(1, "x : 1")
    with pytest.raises(ParameterError, match="give Synapses"):
        count_operations(group)  # type: ignore[arg-type]
    silent = b2.Synapses(group, group, "w : 1")
    with pytest.raises(ParameterError, match="neither on_pre nor on_post"):
        count_operations(silent)
    with pytest.raises(ParameterError, match="have no variable 'u'"):
        count_operations(silent, weight="u")
    with pytest.raises(ParameterError, match=r"count for themselves: read their operations\(\)"):
        count_operations(build())

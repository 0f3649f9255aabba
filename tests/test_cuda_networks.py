"""Any Brian2 network on the device "cuda_standalone_ordered": the numbers of C++, whatever the order of threads."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brian2 as b2
import numpy as np
import pytest

from spikeprune import ConstantPruning
from spikeprune.standalone import FAST_DEVICE, DenseSynapses
from spikeprune.synapses import PrunedSynapses, count_operations

if TYPE_CHECKING:
    from cuda_on_cpu.build import StandIn

pytestmark = pytest.mark.cuda

STRICT = ["-w", "-O1", "-ffp-contract=off"]
Made = dict[str, Any]


def pruned_network() -> Made:
    """Neurons that learn, with delays, a rule, recurrent synapses that read and write the same variable, and a sum."""
    b2.defaultclock.dt = 0.5 * b2.ms
    source = b2.NeuronGroup(
        7, "dv/dt = (1.1 + 0.15*i - v)/(8*ms) : 1", threshold="v > 1", reset="v = 0", method="euler", name="source"
    )
    target = b2.NeuronGroup(
        5, "dg/dt = -g/(5*ms) : 1\ndv/dt = (g - v)/(10*ms) : 1 (unless refractory)\ninput : 1", threshold="v > 0.15",
        reset="v = 0", refractory=2 * b2.ms, method="euler", name="target",
    )  # fmt: skip
    learning = PrunedSynapses(
        source, target,
        """w : 1
        dbefore/dt = -before/(20*ms) : 1 (event-driven)
        dafter/dt = -after/(20*ms) : 1 (event-driven)""",
        on_pre="g_post += w\nbefore = 1\nw = clip(w - 0.01*after, 0, 1)",
        on_post="after = 1\nw = clip(w + 0.02*before, 0, 1)",
        rule=ConstantPruning(h=0.1), every=40 * b2.ms, name="learning",
    )  # fmt: skip
    learning.connect("(i + j) % 3 != 0")
    learning.w = "0.05 + 0.02*((3*i + 5*j) % 7)"
    learning.pre.delay = "0.5*ms*((i + 2*j) % 4)"
    recurrent = b2.Synapses(target, target, "w : 1", on_pre="g_post += 0.1*w*g_pre", delay=1 * b2.ms, name="recurrent")
    recurrent.connect("i != j")
    recurrent.w = "0.1*(i + 1)"
    counter = count_operations(recurrent)
    summed = b2.Synapses(source, target, "input_post = 0.1*v_pre : 1 (summed)", name="summed")
    summed.connect("(i + j) % 2 == 0")
    spikes = b2.SpikeMonitor(target[1:4], variables="g", name="spikes")
    b2.Network(source, target, learning, recurrent, summed, spikes).run(200 * b2.ms, namespace={})
    return {"learning": learning, "counter": counter, "spikes": spikes, "target": target}


def numbers(made: Made) -> dict[str, np.ndarray]:
    """Everything that a network has come to."""
    learning, spikes = made["learning"], made["spikes"]
    values = {name: learning.variables[name].get_value() for name in ("w", "alive", "before", "after", "_synaptic_pre")}
    values |= {f"spikes.{name}": spikes.variables[name].get_value() for name in ("i", "t", "g", "count", "N")}
    values |= {f"target.{name}": made["target"].variables[name].get_value() for name in ("v", "g", "input")}
    counts = [learning.operations().as_dict(), made["counter"].as_dict()]
    values["counts"] = np.array([repr(counts)])
    return {name: np.array(value) for name, value in values.items()}


def in_cpp(network: Callable[[], Made], folder: Path) -> dict[str, np.ndarray]:
    b2.prefs.codegen.cpp.extra_compile_args_gcc = STRICT
    b2.set_device(FAST_DEVICE, build_on_run=False)  # whose headers are precompiled
    device = b2.get_device()
    try:
        made = network()
        device.build(directory=str(folder), compile=True, run=True, with_output=False)
        return numbers(made)
    finally:
        device.reinit()
        b2.set_device("runtime")


def cuda_device() -> Any:
    """Choose the device, without a GPU."""
    from spikeprune.cuda import ORDERED_DEVICE

    settings = b2.prefs.devices.cuda_standalone.cuda_backend
    settings.detect_gpus, settings.gpu_id, settings.compute_capability = False, 0, 9.0
    settings.detect_cuda, settings.cuda_runtime_version = False, 13.0
    b2.set_device(ORDERED_DEVICE, build_on_run=False)
    return b2.get_device()


def on_cpu(network: Callable[[], Made], folder: Path, standin: StandIn) -> dict[str, dict[str, np.ndarray]]:
    """What the CUDA program of a network gives in several orders of threads."""
    device, results = cuda_device(), {}
    try:
        made = network()
        device.build(directory=str(folder / "project"), compile=False, run=False, with_output=False)
        program = standin.build(folder / "project", folder / "built")
        device.has_been_run = True
        for order in ("forward", "random:7"):
            device.results_dir = str(folder / order) + os.sep
            Path(device.results_dir).mkdir()
            report = folder / "report"
            environment = os.environ | {
                "STANDIN_ORDER": order, "STANDIN_REPORT": str(report), "SPIKEPRUNE_CUDA_THREADS": "32"
            }  # fmt: skip
            subprocess.run(
                [program, "--results_dir", device.results_dir], cwd=program.parent, env=environment, check=True
            )
            faults = [line for line in report.read_text().splitlines() if line.split("\t")[1][:4] in ("race", "outs")]
            assert faults == []
            device.array_cache.clear()
            results[order] = numbers(made)
        return results
    finally:
        device.reinit()
        b2.set_device("runtime")


def test_a_network_operation_is_refused() -> None:
    device = cuda_device()
    try:
        group = b2.NeuronGroup(1, "v : 1", name="group")
        operation = b2.NetworkOperation(lambda: None, name="operation")
        with pytest.raises(NotImplementedError, match=r"^The network operation 'operation' .*: write it with "):
            b2.Network(group, operation).run(1 * b2.ms, namespace={})
    finally:
        device.reinit()
        b2.set_device("runtime")


@pytest.mark.parametrize(
    ("equations", "synapses", "rhythm", "recorded"),
    [
        ("dv/dt = -v/(10*ms) : 1", DenseSynapses, True, True),
        ("dv/dt = -v/(10*ms) : 1", DenseSynapses, False, False),
        ("dv/dt = -v/(10*ms) : 1", b2.Synapses, True, False),  # which has a history of events
        ("dv/dt = -v/(10*ms) + xi/(10*ms)**0.5 : 1", DenseSynapses, True, False),  # and random numbers a buffer
    ],
)
def test_only_steps_that_repeat_are_recorded(
    equations: str, synapses: Any, rhythm: bool, recorded: bool, tmp_path: Path
) -> None:
    from spikeprune.cuda import Rhythm

    device = cuda_device()
    try:
        group = b2.NeuronGroup(3, equations, threshold="v > 1", reset="v = 0", method="euler", name="group")
        other = b2.NeuronGroup(3, "v : 1", name="other")
        connections = synapses(group, other, on_pre="v_post += 1", name="connections")
        connections.connect()
        spikes = b2.SpikeMonitor(group, name="spikes")
        device.rhythm = Rhythm(10) if rhythm else None
        b2.Network(group, other, connections, spikes).run(1 * b2.ms, namespace={})
        device.build(directory=str(tmp_path), compile=False, run=False, with_output=False)
    finally:
        device.reinit()
        b2.set_device("runtime")
    assert ("ordered::step.run(" in (tmp_path / "network.cu").read_text()) == recorded
    # The only parameter of a launch that changes is the time.
    time = "const double* _ptr_array_defaultclock_t" if recorded else "const double _value_array_defaultclock_t"
    assert f"{time},\n" in (tmp_path / "model.cu").read_text()


def test_pruned_synapses_with_delays(standin: StandIn, tmp_path: Path) -> None:
    reference = in_cpp(pruned_network, tmp_path / "cpp")
    assert reference["alive"].mean() < 1
    assert len(reference["spikes.i"]) > 20
    (tmp_path / "cuda").mkdir()
    for result in on_cpu(pruned_network, tmp_path / "cuda", standin).values():
        assert [name for name in reference if not np.array_equal(reference[name], result[name])] == []

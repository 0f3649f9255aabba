"""Fast C++ standalone code gives the numbers of Brian2's own, and refuses what it cannot do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import (
    EventMonitor,
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    check_units,
    device,
    implementation,
    ms,
    prefs,
    second,
)
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from spikeprune.integration import rational_euler
from spikeprune.standalone import (
    FAST_DEVICE,
    FLAGS,
    DenseSynapses,
    LayerGroup,
    PairedSynapses,
    RenewalGroup,
    fast_code_object,
)
from spikeprune.standalone.precision import SinglePrecisionRenderer

N_PRE, N_POST = 137, 53  # no multiples of any vector width, and one larger than a block of the thresholder
STEPS = 60

NEURONS = """
dv/dt = (0.1*clip(g, 0, 2)*exp(-trace) - v)/(5*ms) : 1
g : 1
x : 1
trace : 1
total : 1
factor : 1
fan : integer
hits : integer
fired : integer
"""

SYNAPSES = """
w : 1
alive : boolean
plastic : boolean
eta : 1 (shared)
"""

ON_PRE = {
    "pre": """
    g_post += w
    w = clip(w - eta*trace_post*int(plastic), 0, 1)
    """,
    # A name that is assigned twice: first what belongs to a neuron, then to the synapse.
    "reduce": """
    share = trace_post
    share = share*w
    x_pre += share
    """,
    # Does something only where the trace is strong, which an event says as well.
    "weaken": "w = clip(w - eta*exp(-trace_post)*int(trace_post > 0.95), 0, 1)",
}
ONLY = {"weaken": "strong"}

# Does something only where the source has the higher potential, which a condition says as well; what depends on the
# neurons alone is a name of its own.
HIGHER = "v_pre > v_post"

ON_POST = {
    "match": f"""
    near = exp(v_post - v_pre)*int({HIGHER})
    nearer = near*near
    w = clip(w + 0.1*eta*nearer*int(plastic), 0, 1)
    """,
    "post": "w = clip(w + 3*eta*trace_pre*trace_post*int(plastic), 0, 1)",
    "scale": """
    total_post += w
    w = w*factor_post
    """,
    "prune": """
    removed = int(alive and w < 0.3*trace_post + 0.001*i)
    alive = alive and not (w < 0.3*trace_post + 0.001*i)
    w = w*int(alive)
    fan_pre -= removed
    fan_post -= removed
    hits_post += j
    """,
}


def neurons(name: str, number: int, codeobj_class: type | None, **kwds: Any) -> NeuronGroup:
    """Neurons that spike at fixed times, some of them together."""
    group = NeuronGroup(
        number,
        NEURONS,
        method="exponential_euler",
        threshold="sin(2.3*i + 0.7*t/ms) > 0.9 + 0.01*v",
        reset="trace = 1\nfired += 1",
        name=name,
        codeobj_class=codeobj_class,
        namespace={},
        **kwds,
    )
    rng = np.random.default_rng(number)
    for variable in ("g", "x", "trace", "factor"):
        setattr(group, variable, rng.uniform(0.5, 1.0, number))
    return group


SHOW_STEPS = 20


def renewing(tag: str, number: int, codeobj_class: type | None) -> tuple[NeuronGroup, RenewalGroup]:
    """A clock that starts again every 20 steps, and neurons with waits from 0.3 to 6 steps, which start with it."""
    name = f"{tag}_{number}"
    clock = NeuronGroup(1, "step : 1", name=f"{name}_clock", namespace={})
    clock.step = -1
    clock.run_regularly(f"step = (step + 1)*int(step + 1 < {SHOW_STEPS})", when="start", order=0, name=f"{name}_tick")
    group = RenewalGroup(
        number,
        "next : 1\nspikes : integer\nlast : 1\nstep : 1 (linked)",
        next_spike="next",
        step="step",
        steps="last_step",
        renew="spikes += 1\nnext += 0.3 + 5.7*sin(2.3*i + 1.7*spikes)**4",
        restart="begin",
        reset="last = step",
        events={"begin": "step < 1"},
        name=f"{name}_renewal",
        codeobj_class=codeobj_class,
        namespace={"last_step": SHOW_STEPS - 4},
    )
    group.step = brian2.linked_var(clock, "step")
    group.set_event_schedule("begin", when="start", order=1)
    # Some start with a wait below zero, and some never fire.
    group.run_on_event("begin", "spikes = 0\nnext = 8*sin(i + t/ms) + 1e9*int(i % 5 == 3)", when="start", order=2)
    return clock, group


def layer(tag: str, number: int, kind: type[NeuronGroup], codeobj_class: type | None, **kwds: Any) -> NeuronGroup:
    """Neurons that fire now and then, and glow for some time after it."""
    name = f"{tag}_{number}_layer{len(kwds)}"
    group = kind(
        number,
        "dv/dt = (1.5 + sin(2.3*i + t/ms) - v)/(8*ms) : 1\ndx/dt = -x/(3*ms) : 1\nglow : 1\nfired : integer",
        method="exponential_euler",
        threshold="v > 1 + 0.1*sin(i) and fired < 5 + i % 7",
        reset="v = 0\nglow = 1\nfired += 1\nx += 1",
        events={"glowing": "glow > 0.2"},
        name=name,
        codeobj_class=codeobj_class,
        namespace={},
        **kwds,
    )
    group.v = np.linspace(-1, 1, number)
    group.glow = np.random.default_rng(number).uniform(0, 0.4, number)
    group.set_event_schedule("glowing", when="start", order=3)
    group.run_on_event("glowing", "glow = 0.8*glow", when="before_synapses")
    return group


def layers_of(tag: str, fast: bool, codeobj_class: type | None) -> dict[str, Any]:
    """Layers of several sizes and sorts, with monitors of both of their events."""
    kind, asleep = (LayerGroup, {"lasting": {"glowing": "spike"}}) if fast else (NeuronGroup, {})
    groups = {
        "layer": layer(tag, N_PRE, kind, codeobj_class, **asleep),
        "small": layer(tag, 7, kind, codeobj_class, **asleep),
        "alone": layer(tag, 1, kind, codeobj_class, **asleep),
        "rested": layer(tag, N_POST, kind, codeobj_class, refractory=1 * ms, **asleep),
    }
    for name, group in list(groups.items()):
        groups[f"{name}_spikes"] = SpikeMonitor(group, name=f"{tag}_{name}_spikes")
        groups[f"{name}_glow"] = EventMonitor(group, "glowing", name=f"{tag}_{name}_glow")
    return groups


def network_of(kind: type[Synapses], tag: str, codeobj_class: type | None) -> dict[str, Any]:
    """Three groups, joined by synapses of one kind that have every sort of pathway, and two of renewal."""
    source = neurons(f"{tag}_source", N_PRE, codeobj_class)
    target = neurons(
        f"{tag}_target",
        N_POST,
        codeobj_class,
        refractory=2 * ms,
        events={"scale": "t > 4*ms and int(t/ms) % 5 == 3", "prune": "int(t/ms) % 7 == 2 and i % 3 != 1"}
        | {"strong": "trace > 0.95"},
    )
    single = neurons(f"{tag}_single", 1, codeobj_class)
    wide = kind(
        source,
        target,
        SYNAPSES,
        on_pre=ON_PRE,
        on_post=ON_POST,
        on_event={"scale": "scale", "prune": "prune"},
        name=f"{tag}_wide",
        namespace={},
        **({"only": ONLY, "where": {"match": HIGHER}} if kind is DenseSynapses else {}),
    )
    narrow = kind(
        source,
        single,
        SYNAPSES,
        on_pre={"pre": ON_PRE["pre"]},
        on_post={"post": "total_post += w\nhits_pre += 1"},
        name=f"{tag}_narrow",
        namespace={},
    )
    # One array is reached under both indices, and the second pathway depends on the order of synapses.
    recurrent = kind(
        source,
        model=SYNAPSES,
        on_pre="g_post += 0.01*w*g_pre",
        on_post={"ordered": "w = clip(w + 0.01*x_pre, 0, 1)\nx_pre = 0.9*x_pre + w"},
        name=f"{tag}_recurrent",
        namespace={},
    )
    pairs = (Synapses if kind is Synapses else PairedSynapses)(
        source,
        model=SYNAPSES,
        on_pre=ON_PRE["pre"] + "hits_post += j",
        on_post="w = clip(w + 3*eta*trace_pre*trace_post*int(plastic), 0, 1)",
        name=f"{tag}_pairs",
        namespace={},
    )
    for synapses, number in ((wide, N_PRE * N_POST), (narrow, N_PRE), (recurrent, N_PRE**2), (pairs, N_PRE)):
        synapses.connect(j="i" if synapses is pairs else None)
        rng = np.random.default_rng(number)
        synapses.w = rng.uniform(0, 1, number)
        synapses.plastic = rng.uniform(0, 1, number) < 0.7
        synapses.alive = True
        synapses.eta = 0.05
    clock, renewal = renewing(tag, N_PRE, codeobj_class)
    few_clock, few = renewing(tag, 7, codeobj_class)
    return {
        "clock": clock,
        "few_clock": few_clock,
        "renewal": renewal,
        "few": few,
        "renewals": SpikeMonitor(renewal, name=f"{tag}_renewals"),
        "few_renewals": SpikeMonitor(few, name=f"{tag}_few_renewals"),
        "source": source,
        "target": target,
        "single": single,
        "wide": wide,
        "narrow": narrow,
        "recurrent": recurrent,
        "pairs": pairs,
        "spikes": SpikeMonitor(target, name=f"{tag}_spikes"),
        "scalings": EventMonitor(target, "scale", name=f"{tag}_scalings"),
        "strong": EventMonitor(target, "strong", name=f"{tag}_strong"),
        **layers_of(tag, kind is DenseSynapses, codeobj_class),
    }


def state(network: dict[str, Any]) -> dict[str, np.ndarray]:
    """All that the equations of a network define, and all that its monitors recorded."""
    names = {
        key: ("i", "t_") if isinstance(thing, EventMonitor) else set(thing.equations.names)
        for key, thing in network.items()
    }
    for key, thing in network.items():
        if isinstance(thing, Synapses):
            names[key] |= {"i", "j", "N_incoming", "N_outgoing"}
    return {f"{key}.{name}": np.array(getattr(network[key], name)[:]) for key in names for name in names[key]}


@contextmanager
def project(name: str, folder: Path, **preferences: Any) -> Iterator[Callable[[], None]]:
    """Use a standalone device for a while; yield what builds and runs the program, with its headers compiled once."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    flags = ["-w", "-O3", "-march=native", "-ffp-contract=off"]
    headers = ["-include", "headers.h"] if name != FAST_DEVICE else []
    strict = FLAGS["double"] if name == FAST_DEVICE else flags
    preferences = {"codegen.cpp.extra_compile_args_gcc": [*strict, *headers]} | preferences
    before = {key: prefs[key] for key in preferences}
    for key, value in preferences.items():
        prefs[key] = value
    brian2.set_device(name, build_on_run=False)
    device.reinit()
    device.activate(build_on_run=False)
    brian2.defaultclock.dt = 0.5 * ms

    def build_and_run() -> None:
        device.build(str(folder), compile=False, run=False)
        if name != FAST_DEVICE:
            (folder / "headers.h").write_text('#include "objects.h"\n#include <fstream>\n#include <iostream>\n')
            (folder / "make.deps").touch()
            header = ["g++", *flags, "-I.", "-x", "c++-header", "headers.h", "-o", "headers.h.gch"]
            subprocess.run(header, cwd=folder, check=True, capture_output=True)
        subprocess.run(["make", "-j2"], cwd=folder, check=True, capture_output=True)
        device.run(str(folder), with_output=False)

    try:
        yield build_and_run
    finally:
        device.reinit()
        brian2.set_device("runtime")
        for key, value in before.items():
            prefs[key] = value


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, np.ndarray]], Path]:
    """One program with two equal networks, Brian2's own and the fast one side by side; its results and its code."""
    folder = tmp_path_factory.mktemp("standalone")
    with project(FAST_DEVICE, folder) as build_and_run:
        networks = {
            "plain": network_of(Synapses, "plain", CPPStandaloneCodeObject),
            "fast": network_of(DenseSynapses, "fast", None),
        }
        network = Network(*(thing for objects in networks.values() for thing in objects.values()))
        network.run(STEPS * 0.5 * ms, namespace={})
        build_and_run()
        return {name: state(objects) for name, objects in networks.items()}, folder


@pytest.mark.slow
def test_fast_code_equals_brian2s_bit_by_bit(build: Any) -> None:
    results, _ = build
    for name in results["plain"]:
        np.testing.assert_array_equal(results["fast"][name], results["plain"][name], err_msg=name)


@pytest.mark.slow
def test_everything_had_something_to_do(build: Any) -> None:
    results, _ = build
    fast = results["fast"]
    assert fast["source.fired"].min() > 0
    # at 12 of 60 time steps of 0.5 ms, int(t/ms) % 5 is 3: all neurons, in ascending order
    np.testing.assert_array_equal(fast["scalings.i"], np.tile(np.arange(N_POST), 10))
    assert len(set(fast["spikes.t_"])) < len(fast["spikes.t_"]) < 60 * N_POST / 4
    assert np.all(fast["target.total"] > 0)
    assert np.all(fast["single.total"] > 0)
    assert np.all(fast["source.hits"] > 0)
    assert not np.array_equal(fast["pairs.w"], np.random.default_rng(N_PRE).uniform(0, 1, N_PRE))
    per_step = np.bincount(np.rint(fast["renewals.t_"] / 0.5e-3).astype(int), minlength=STEPS).reshape(-1, SHOW_STEPS)
    assert per_step[:, : SHOW_STEPS - 4].min() > 0
    assert per_step[:, : SHOW_STEPS - 4].max() > 16  # more than are copied at once
    assert per_step[:, SHOW_STEPS - 4 :].max() == 0
    assert len(fast["few_renewals.i"]) > 10
    # Of neurons with a strong trace there were few at times, and at times many.
    strong = np.bincount(np.rint(fast["strong.t_"] / 0.5e-3).astype(int), minlength=STEPS)
    assert 0 < strong.min() * 8 <= N_POST < strong.max() * 8
    for name, number in (("layer", N_PRE), ("small", 7), ("alone", 1), ("rested", N_POST)):
        assert set(fast[f"{name}_spikes.i"]) == set(range(number))
        glowing = np.bincount(np.rint(fast[f"{name}_glow.t_"] / 0.5e-3).astype(int), minlength=STEPS)
        assert glowing[0] > 0 or number == 1  # without a spike before
        assert number == 1 or 0 < glowing.min() < glowing.max() <= number
    higher = np.greater.outer(fast["source.v"], fast["target.v"])
    assert 0 < higher.sum() < higher.size
    removed = ~fast["wide.alive"].reshape(N_PRE, N_POST)
    assert 0 < removed.sum() < N_PRE * N_POST
    np.testing.assert_array_equal(fast["source.fan"], -removed.sum(axis=1))
    np.testing.assert_array_equal(fast["target.fan"], -removed.sum(axis=0))


@pytest.mark.slow
def test_dense_synapses_have_no_queue_and_load_no_index(build: Any) -> None:
    _, folder = build
    files = {path.name: path.read_text() for path in (folder / "code_objects").glob("*.cpp")}
    assert any(name.startswith("plain_wide_pre_push_spikes") for name in files)
    assert not any("push_spikes" in name for name in files if name.startswith("fast"))
    code = files["fast_wide_pre_codeobject.cpp"]
    assert "_idx = _ptr_array" not in code
    assert "#pragma GCC ivdep" in code


@pytest.mark.slow
def test_regular_synapses_are_made_at_once_and_neurons_know_their_number(build: Any) -> None:
    _, folder = build
    for name in ("wide", "narrow", "recurrent", "pairs"):
        created = {"plain": "synapses_create_generator", "fast": "synapses_create_regular"}
        code = {
            tag: (folder / "code_objects" / f"{tag}_{name}_{template}_codeobject.cpp").read_text()
            for tag, template in created.items()
        }
        assert "push_back" in code["plain"]
        assert "push_back" not in code["fast"]
    threshold = "source_spike_thresholder_codeobject.cpp"
    assert " i = _idx;" in (folder / "code_objects" / f"fast_{threshold}").read_text()
    assert " i = _ptr_array" in (folder / "code_objects" / f"plain_{threshold}").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pathway", "independent_loops"),
    [
        ("wide_pre", 3),  # four, two, one row at a time
        ("wide_weaken", 4),  # few neurons; four, two, one row at a time
        ("wide_reduce", 0),  # a sum over the inner loop
        ("wide_post", 2),  # all neurons, some neurons
        ("wide_scale", 1),  # only all neurons: with few, total_post is a sum over the inner loop
        ("wide_prune", 0),
        ("recurrent_pre", 0),  # reads and writes one array under two indices
        ("recurrent_ordered", 0),
    ],
)
def test_loops_are_declared_independent_only_where_they_are(build: Any, pathway: str, independent_loops: int) -> None:
    _, folder = build
    code = (folder / "code_objects" / f"fast_{pathway}_codeobject.cpp").read_text()
    assert code.count("#pragma GCC ivdep") == independent_loops


@pytest.mark.slow
def test_neurons_that_know_their_next_spike_are_not_asked(build: Any) -> None:
    _, folder = build
    code = (folder / "code_objects" / "fast_137_renewal_spike_thresholder_codeobject.cpp").read_text()
    assert "_calendar" in code
    code = (folder / "code_objects" / "plain_137_renewal_spike_thresholder_codeobject.cpp").read_text()
    assert "_calendar" not in code


@pytest.mark.slow
def test_layers_are_asked_where_they_are_integrated(build: Any) -> None:
    _, folder = build
    code = {path.stem: path.read_text() for path in (folder / "code_objects").glob("*layer*.cpp")}
    fused = {name for name in code if "stateupdater" in name and "_spikespace[_count++]" in code[name]}
    assert {name.split("_")[1] for name in fused if name.startswith("fast")} == {"137", "7"}
    assert not {name for name in fused if name.startswith("plain")}
    assert "fast_137_layer1_spike_thresholder_codeobject" not in code
    assert "fast_53_layer2_spike_thresholder_codeobject" in code  # Brian2's own refractory period
    assert "_cause" in code["fast_137_layer1_glowing_thresholder_codeobject"]
    assert "_cause" not in code["plain_137_layer0_glowing_thresholder_codeobject"]


@pytest.mark.slow
def test_conditions_on_scalars_are_evaluated_once(build: Any) -> None:
    _, folder = build
    for event, once in (("scale", True), ("prune", False), ("spike", False)):
        code = (folder / "code_objects" / f"fast_target_{event}_thresholder_codeobject.cpp").read_text()
        assert ("_holds" not in code) == once


@implementation(
    "cpp", "double stop_at(double t, double when) { if (t >= when) Network::_globally_stopped = true; return t; }"
)
@check_units(t=second, when=second, result=second)
def stop_at(t: Any, when: Any) -> Any:
    raise NotImplementedError


def clockwork(name: str, folder: Path) -> dict[str, Any]:
    """What two clocks, three runs, a report and a stop leave behind."""
    with project(name, folder) as build_and_run:
        model = "count : 1\nlast : 1\nend : second\nlimit : second (constant)"
        slow = NeuronGroup(1, model, dt=0.5 * ms, name="slow", namespace={})
        fast = NeuronGroup(1, model + "\nseen : 1 (linked)", dt=0.2 * ms, name="fast", namespace={})
        fast.seen = brian2.linked_var(slow, "count")
        slow.limit = fast.limit = 1 * second
        # The order of calls shows in what the slow clock's counter was when the fast one read it.
        slow.run_regularly("count += 1", dt=0.5 * ms, name="slow_step")
        fast.run_regularly("count += 1\nlast = 1.7*last + seen", dt=0.2 * ms, name="fast_step")
        fast.run_regularly("end = stop_at(t, limit)", dt=0.2 * ms, when="end", name="stop_step")
        network = Network(slow, fast)
        network.run(3.1 * ms, report="text", namespace={"stop_at": stop_at})
        network.run(1.3 * ms, report="text", namespace={"stop_at": stop_at})
        with device.run_function("stop_soon"):
            fast.limit = 5 * ms
        network.run(100 * ms, report="text", namespace={"stop_at": stop_at})
        build_and_run()
        return {
            "slow": slow.count[0],
            "fast": fast.count[0],
            "order": fast.last[0],
            "end": fast.end_[0],
            "clocks": [clock.variables["timestep"].get_value()[0] for clock in (slow.clock, fast.clock)],
            "completed": device._last_run_completed_fraction,
            "report": (folder / "results" / "stdout.txt").read_text().count("simulated in"),
            "calls of clock": (folder / "network.cpp").read_text().count("std::clock()"),
        }


@pytest.mark.slow
def test_fast_device_keeps_clocks_runs_reports_and_stops(tmp_path: Path) -> None:
    theirs = clockwork("cpp_standalone", tmp_path / "theirs")
    ours = clockwork(FAST_DEVICE, tmp_path / "ours")
    assert ours.pop("calls of clock") == 0
    theirs.pop("calls of clock")
    assert ours == theirs
    assert ours["end"] == pytest.approx(5e-3)
    assert ours["completed"] == pytest.approx((5.2 - 4.4) / 100)


@pytest.mark.slow
def test_fast_device_stops_after_the_longest_run_time(tmp_path: Path) -> None:
    with project(FAST_DEVICE, tmp_path) as build_and_run:
        device._set_maximum_run_time(0.05 * second)
        group = NeuronGroup(1, "dv/dt = -v/ms : 1", method="exact", name="endless", namespace={"ms": ms})
        network = Network(group)
        network.run(1e6 * second, namespace={})
        build_and_run()
        assert 0.05 <= device._last_run_time < 5
        assert 0 < device._last_run_completed_fraction < 1


@pytest.mark.slow
def test_updates_leave_out_blocks_without_a_neuron_awake(tmp_path: Path) -> None:
    with project(FAST_DEVICE, tmp_path) as build_and_run:
        group = NeuronGroup(
            40, "dv/dt = -v/(1*ms) : 1", method=rational_euler, method_options={"awake": "v > 0.5"},
            name="sleepers", namespace={"ms": ms},
        )  # fmt: skip
        group.v = "0.25 + 0.5*int(i == 20 or i == 39)"
        network = Network(group)
        network.run(brian2.defaultclock.dt, namespace={})
        build_and_run()
        start = np.full(40, 0.25)
        start[[20, 39]] = 0.75
        decayed = np.exp(-0.5) * start
        # Of 16 neurons each, the first block sleeps and the second does not; what is left over is always updated.
        np.testing.assert_allclose(group.v[:], np.where(np.arange(40) < 16, start, decayed), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "received"),
    [(Synapses, [10, 11, 12]), (DenseSynapses, [10, 11, 12]), (PairedSynapses, [0, 11, 0])],
)
def test_runtime_transmits_without_delay(kind: type[Synapses], received: list[int]) -> None:
    prefs.codegen.target = "numpy"
    source = NeuronGroup(3, "", threshold="i == 1", reset="", name="source_runtime", namespace={})
    target = NeuronGroup(3, "g : 1", name="target_runtime", namespace={})
    synapses = kind(source, target, "w : 1", on_pre="g_post += w", name="synapses_runtime", namespace={})
    synapses.connect()
    synapses.w = "10*i + j"
    network = Network(source, target, synapses)
    network.run(brian2.defaultclock.dt, namespace={})
    np.testing.assert_array_equal(target.g[:], received)
    assert fast_code_object() is None


@pytest.fixture
def group() -> NeuronGroup:
    prefs.codegen.target = "numpy"
    return NeuronGroup(5, "g : 1", threshold="g > 1", reset="g = 0", namespace={})


@pytest.mark.parametrize(
    "arguments",
    [{"condition": "i != j"}, {"p": 0.5}, {"n": 2}, {"j": "i"}, {"i": [0, 1], "j": [1, 0]}, {"condition": False}],
)
def test_connect_refuses_anything_but_all_to_all(group: NeuronGroup, arguments: dict[str, Any]) -> None:
    synapses = DenseSynapses(group, group, on_pre="g_post += 1", namespace={})
    with pytest.raises(TypeError, match="all-to-all"):
        synapses.connect(**arguments)


def test_pairs_are_of_groups_of_one_size_and_of_all_neurons(group: NeuronGroup) -> None:
    with pytest.raises(TypeError, match="source has 5 and the target 4"):
        PairedSynapses(group, NeuronGroup(4, "g : 1", namespace={}), on_pre="g_post += 1")
    synapses = PairedSynapses(group, on_pre="g_post += 1", namespace={})
    for arguments in ({"condition": True}, {"condition": "i == j"}, {"j": "i + 1"}, {"p": 0.5}):
        with pytest.raises(TypeError, match="one-to-one"):
            synapses.connect(**arguments)
    synapses.connect(j="i")
    np.testing.assert_array_equal(synapses.i[:], synapses.j[:])


def test_connect_refuses_a_second_call(group: NeuronGroup) -> None:
    synapses = DenseSynapses(group, on_pre="g_post += 1", namespace={})
    synapses.connect()
    with pytest.raises(TypeError, match="already connected"):
        synapses.connect(True)


def test_subgroups_and_synapses_are_refused(group: NeuronGroup) -> None:
    with pytest.raises(TypeError, match=r"source .* Subgroup"):
        DenseSynapses(group[:2], group, on_pre="g_post += 1")
    with pytest.raises(TypeError, match=r"target .* Synapses"):
        DenseSynapses(group, Synapses(group, group, "w : 1"), on_pre="w_post += 1")


@pytest.mark.parametrize("only", [{"pre": "never"}, {"other": "spike"}])
def test_limits_that_do_not_exist_are_refused(group: NeuronGroup, only: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="name a pathway and an event"):
        DenseSynapses(group, on_pre="g_post += 1", only=only, name="limited", namespace={})


def test_conditions_of_pathways_that_do_not_exist_are_refused(group: NeuronGroup) -> None:
    with pytest.raises(TypeError, match=r"cannot limit the pathway 'post', which they do not have: name one of pre\."):
        DenseSynapses(group, group, "w : 1", on_pre="w += 1", where={"post": "w > 0"})


def test_lasting_events_that_do_not_exist_are_refused() -> None:
    with pytest.raises(TypeError, match=r"'glow' in the lasting events of 'layer_refused' is none .*: spike\."):
        LayerGroup(3, "v : 1", threshold="v > 1", lasting={"glow": "spike"}, name="layer_refused")


def test_delays_are_refused(group: NeuronGroup) -> None:
    for delay in (1 * ms, {"pre": 1 * ms}):
        with pytest.raises(TypeError, match="have none"):
            DenseSynapses(group, on_pre="g_post += 1", delay=delay)
    synapses = DenseSynapses(group, on_pre="g_post += 1", delay=0 * second)
    synapses.connect()
    with pytest.raises(TypeError, match="read-only"):
        synapses.pre.delay = 1 * ms


def test_real_constants_become_floats_in_single_precision() -> None:
    renderer = SinglePrecisionRenderer({"tau"})
    assert renderer.render_expr("x*0.5 + 2*tau") == "(x * 0.5f) + (2 * (float)tau)"
    assert renderer.render_expr("x*1e-300") == "x * 1e-300"  # would be zero


def test_single_precision_is_left_to_single_precision_variables(tmp_path: Path) -> None:
    brian2.set_device("cpp_standalone", build_on_run=False)
    device.reinit()
    device.activate(build_on_run=False)
    prefs.core.default_float_dtype = np.float32
    try:
        group = NeuronGroup(
            200,
            "x : 1\ny : 1\nz : 1\nk : integer\nflag : boolean",
            dtype={"z": np.float64},
            name="single",
            namespace={"tau": 0.3, "many": 2**30},
            codeobj_class=fast_code_object(),
        )
        statements = {
            "x = clip(exp(-x/tau), 0.1, 0.5)*int(flag)": "0.5f",
            "y = y*0.5 + z": "0.5 ",
            "x = x + 0.5*k": "0.5 ",
            "y = y*0.5 + rand()": "0.5 ",
            "x = x*0.5 + y*many": "0.5 ",
        }
        for number, statement in enumerate(statements):
            group.run_regularly(statement, name=f"step_{number}")
        Network(group).run(1 * ms, namespace={})
        device.build(str(tmp_path), compile=False, run=False)
        for number, (statement, constant) in enumerate(statements.items()):
            code = (tmp_path / "code_objects" / f"step_{number}_codeobject.cpp").read_text()
            loop = code[code.index("_idx++") :]
            assert constant in loop, statement
            assert ("0.5f" in loop) == (constant == "0.5f"), statement
    finally:
        device.reinit()
        brian2.set_device("runtime")

"""Fast C++ standalone code gives the numbers of Brian2's own, and refuses what it cannot do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, device, ms, prefs, second

from spikeprune.standalone import DenseSynapses, fast_code_object

N_PRE, N_POST = 37, 53  # no multiples of any vector width
STEPS = 60

NEURONS = """
g : 1
x : 1
trace : 1
total : 1
factor : 1
fan : integer
hits : integer
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
    "reduce": "x_pre += w*trace_post",
}

ON_POST = {
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


def neurons(name: str, number: int, **events: str) -> NeuronGroup:
    """Neurons that spike at fixed times, some of them together."""
    group = NeuronGroup(
        number,
        NEURONS,
        threshold="sin(2.3*i + 0.7*t/ms) > 0.9",
        reset="trace = 1",
        events=events,
        name=name,
        namespace={},
    )
    rng = np.random.default_rng(number)
    for variable in ("g", "x", "trace", "factor"):
        setattr(group, variable, rng.uniform(0.5, 1.0, number))
    return group


def network_of(kind: type[Synapses], tag: str) -> dict[str, Any]:
    """Three groups, joined by synapses of one kind that have every sort of pathway."""
    source = neurons(f"{tag}_source", N_PRE)
    target = neurons(f"{tag}_target", N_POST, scale="int(t/ms) % 5 == 3", prune="int(t/ms) % 7 == 2 and i % 3 != 1")
    single = neurons(f"{tag}_single", 1)
    wide = kind(
        source,
        target,
        SYNAPSES,
        on_pre=ON_PRE,
        on_post=ON_POST,
        on_event={"scale": "scale", "prune": "prune"},
        name=f"{tag}_wide",
        namespace={},
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
    for synapses, number in ((wide, N_PRE * N_POST), (narrow, N_PRE), (recurrent, N_PRE**2)):
        synapses.connect()
        rng = np.random.default_rng(number)
        synapses.w = rng.uniform(0, 1, number)
        synapses.plastic = rng.uniform(0, 1, number) < 0.7
        synapses.alive = True
        synapses.eta = 0.05
    return {
        "source": source,
        "target": target,
        "single": single,
        "wide": wide,
        "narrow": narrow,
        "recurrent": recurrent,
    }


def state(network: dict[str, Any]) -> dict[str, np.ndarray]:
    """All that the equations of a network define."""
    return {
        f"{key}.{name}": np.array(getattr(thing, name)[:])
        for key, thing in network.items()
        for name in thing.equations.names
    }


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, dict[str, np.ndarray]], Path]]:
    """One program with every network, plain and fast side by side; its results and its code."""
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    folder = tmp_path_factory.mktemp("standalone")
    flags = prefs.codegen.cpp.extra_compile_args_gcc
    make = prefs.devices.cpp_standalone.extra_make_args_unix
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-march=native", "-ffp-contract=off"]
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    brian2.set_device("cpp_standalone", build_on_run=False)
    device.reinit()
    device.activate(build_on_run=False)
    brian2.defaultclock.dt = 0.5 * ms
    networks = {"plain": network_of(Synapses, "plain"), "fast": network_of(DenseSynapses, "fast")}
    network = Network(*(thing for objects in networks.values() for thing in objects.values()))
    network.run(STEPS * 0.5 * ms, namespace={})
    device.build(str(folder), run=True, with_output=False)
    yield {name: state(objects) for name, objects in networks.items()}, folder
    device.reinit()
    brian2.set_device("runtime")
    prefs.codegen.cpp.extra_compile_args_gcc = flags
    prefs.devices.cpp_standalone.extra_make_args_unix = make


@pytest.mark.slow
def test_dense_synapses_equal_synapses_bit_by_bit(build: Any) -> None:
    results, _ = build
    for name in results["plain"]:
        np.testing.assert_array_equal(results["fast"][name], results["plain"][name], err_msg=name)


@pytest.mark.slow
def test_every_pathway_had_something_to_do(build: Any) -> None:
    results, _ = build
    fast = results["fast"]
    assert np.all(fast["target.total"] > 0)
    assert np.all(fast["single.total"] > 0)
    assert np.all(fast["source.hits"] > 0)
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
@pytest.mark.parametrize(
    ("pathway", "independent_loops"),
    [
        ("wide_pre", 1),
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


@pytest.mark.parametrize("kind", [Synapses, DenseSynapses])
def test_runtime_transmits_without_delay(kind: type[Synapses]) -> None:
    prefs.codegen.target = "numpy"
    source = NeuronGroup(3, "", threshold="i == 1", reset="", name="source_runtime", namespace={})
    target = NeuronGroup(4, "g : 1", name="target_runtime", namespace={})
    synapses = kind(source, target, "w : 1", on_pre="g_post += w", name="synapses_runtime", namespace={})
    synapses.connect()
    synapses.w = "10*i + j"
    network = Network(source, target, synapses)
    network.run(brian2.defaultclock.dt, namespace={})
    np.testing.assert_array_equal(target.g[:], [10, 11, 12, 13])
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


def test_delays_are_refused(group: NeuronGroup) -> None:
    for delay in (1 * ms, {"pre": 1 * ms}):
        with pytest.raises(TypeError, match="have none"):
            DenseSynapses(group, on_pre="g_post += 1", delay=delay)
    synapses = DenseSynapses(group, on_pre="g_post += 1", delay=0 * second)
    synapses.connect()
    with pytest.raises(TypeError, match="read-only"):
        synapses.pre.delay = 1 * ms

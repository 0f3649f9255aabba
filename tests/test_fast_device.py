"""The fast device needs no word more than its name, checks what it assumes, and finds promises that do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import EventMonitor, Network, NeuronGroup, SpikeMonitor, Synapses, device, ms, prefs
from brian2.codegen.cpp_prefs import default_buildopts
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from spikeprune.standalone import (
    FAST_DEVICE,
    MODEL_FLAGS,
    BrokenPromiseError,
    DenseSynapses,
    LayerGroup,
    RenewalGroup,
    ScheduleError,
)
from test_standalone import SHOW_STEPS, layer, project, renewing


@pytest.fixture
def chosen(request: pytest.FixtureRequest) -> Iterator[str]:
    """A device that generates code and builds nothing."""
    name = getattr(request, "param", FAST_DEVICE)
    brian2.set_device(name, build_on_run=False)
    device.reinit()
    device.activate(build_on_run=False)
    brian2.defaultclock.dt = 0.5 * ms
    yield name
    device.reinit()
    brian2.set_device("runtime")


def generated(folder: Path) -> dict[str, str]:
    """Build without compiling; return the code of each object."""
    device.build(str(folder), compile=False, run=False)
    files = (folder / "code_objects").glob("*.cpp")
    # Brian2 numbers names that objects of an earlier test have not set free yet.
    return {re.sub(r"_codeobject(_\d+)?$", "", path.stem): path.read_text() for path in files}


def ordinary(codeobj_class: type | None = None) -> Network:
    """A model without a word about this package."""
    group = NeuronGroup(
        50, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1 + rand() and t > 1*ms", reset="v = 0", method="exact",
        name="ordinary", codeobj_class=codeobj_class, namespace={"ms": ms},
    )  # fmt: skip
    group.run_regularly("v = clip(v, 0, 1.5)", name="often")
    dense = DenseSynapses(group, group, "w : 1", on_pre="v_post += w", name="dense", codeobj_class=codeobj_class)
    dense.connect()
    sparse = Synapses(group, group, "dx/dt = -x/(5*ms) : 1 (clock-driven)", on_pre="v_post += x", name="sparse",
                      method="exact", codeobj_class=codeobj_class, namespace={"ms": ms})  # fmt: skip
    sparse.connect(condition="i != j")
    return Network(group, dense, sparse)


def test_any_model_gets_fast_code_from_the_device_alone(chosen: str, tmp_path: Path) -> None:
    ordinary().run(1 * ms, namespace={})
    code = generated(tmp_path)
    for name in ("ordinary_stateupdater", "often", "sparse_stateupdater"):
        assert "#pragma GCC ivdep" in code[name], name
    assert "_bits_of_lanes" in code["ordinary_spike_thresholder"]
    assert "push_back" not in code["dense_synapses_create_regular"]
    assert "push_back" in code["sparse_synapses_create_generator"]
    # Brian2 draws a number for each neuron before it looks at the time, which is the same for all.
    assert "_guard = true" in code["ordinary_spike_thresholder"]


@pytest.mark.parametrize(
    ("chosen", "codeobj_class", "threads"),
    [(FAST_DEVICE, CPPStandaloneCodeObject, 0), (FAST_DEVICE, None, 2), ("cpp_standalone", None, 0)],
    indirect=["chosen"],
)
def test_brian2s_own_code_is_left_where_it_is_asked_for(
    chosen: str, codeobj_class: type | None, threads: int, tmp_path: Path
) -> None:
    prefs.devices.cpp_standalone.openmp_threads = threads
    ordinary(codeobj_class).run(1 * ms, namespace={})
    code = generated(tmp_path)
    # Dense synapses are this package's anywhere, unless they name a class or there are threads.
    dense = {name for name in code if name.startswith("dense")} if chosen != FAST_DEVICE else set()
    assert not any("ivdep" in text or "_lanes" in text for name, text in code.items() if name not in dense)
    assert ("ivdep" in code["dense_pre"]) == (chosen != FAST_DEVICE)


@pytest.mark.skipif(not hasattr(brian2.core.clocks, "EventClock"), reason="Brian2 2.9 fails itself")
def test_integration_by_the_gsl_is_left_to_brian2(chosen: str, tmp_path: Path) -> None:
    group = NeuronGroup(3, "dv/dt = -v**3/ms : 1", method="gsl", name="by_gsl", namespace={"ms": ms})
    Network(group).run(1 * ms, namespace={})
    code = generated(tmp_path)["by_gsl_stateupdater"]
    assert "gsl_odeiv2_driver_apply" in code
    assert "-lgsl" in (tmp_path / "makefile").read_text()
    assert device.chooses_fast_code


def flags_of(folder: Path) -> str:
    group = NeuronGroup(3, "v : 1", name="flagged", namespace={})
    Network(group).run(1 * ms, namespace={})
    device.build(str(folder), compile=False, run=False)
    return next(line for line in (folder / "makefile").read_text().splitlines() if line.startswith("OPTIMISATIONS"))


@pytest.mark.parametrize(("precision", "dtype"), [("single", np.float32), ("double", np.float64)])
def test_flags_are_those_of_the_precision(chosen: str, precision: str, dtype: type, tmp_path: Path) -> None:
    prefs.core.default_float_dtype = dtype
    flags = flags_of(tmp_path).split()
    assert set(MODEL_FLAGS[precision]) <= set(flags)
    assert ("-fno-finite-math-only" in flags) == (precision == "double"), "in double precision, infinity is a number"
    assert prefs.codegen.cpp.extra_compile_args_gcc == default_buildopts


def test_flags_of_the_user_take_precedence(chosen: str, tmp_path: Path) -> None:
    prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O1"]
    line = flags_of(tmp_path)
    assert "-O1" in line
    assert "-O3" not in line


def two_runs(tag: str) -> dict[str, Any]:
    """Run for a part of a presentation, set what decides on spikes and events, and run on."""
    clock, renewal = renewing(tag, 23, None)
    glowing = layer(tag, 23, LayerGroup, None, lasting={"glowing": "spike"})
    monitors = [SpikeMonitor(renewal, name=f"{tag}_renewals"), EventMonitor(glowing, "glowing", name=f"{tag}_glow")]
    monitors.append(SpikeMonitor(glowing, name=f"{tag}_spikes"))
    network = Network(clock, renewal, glowing, *monitors)
    network.run(9 * 0.5 * ms, namespace={})
    renewal.next[:5] = [3, 9.5, 10, 14, 90]
    glowing.glow[3:6] = 1
    network.run((SHOW_STEPS + 4) * 0.5 * ms, namespace={})
    return {"monitors": monitors, "groups": [(renewal, ("next", "spikes", "last")), (glowing, ("v", "glow", "fired"))]}


def outcome(made: dict[str, Any]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    events = [np.array(getattr(monitor, name)[:]) for monitor in made["monitors"] for name in ("i", "t_")]
    return events, [np.array(getattr(group, name)[:]) for group, names in made["groups"] for name in names]


@pytest.mark.slow
def test_state_set_between_two_runs_is_honoured(tmp_path: Path) -> None:
    prefs.codegen.target = "numpy"
    brian2.defaultclock.dt = 0.5 * ms
    events, values = outcome(two_runs("stepwise"))
    with project(FAST_DEVICE, tmp_path) as build_and_run:
        made = two_runs("ahead")
        build_and_run()
        fast_events, fast_values = outcome(made)
    for theirs, ours in zip(events, fast_events, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for theirs, ours in zip(values, fast_values, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    # Neurons 0 to 3 were to fire in steps 9, 9, 10 and 14 after the first run, and neuron 4 not before the restart.
    neurons, times = events[0], np.rint(events[1] / 0.5e-3)
    after = [times[(neurons == neuron) & (times >= 9)][0] for neuron in range(5)]
    np.testing.assert_array_equal(after[:4], [9, 9, 10, 14])
    assert after[4] >= SHOW_STEPS


CHEATS = {
    1: r"The promise only=\{'weaken': 'strong'\} of DenseSynapses 'promising' does not hold: in time step 5 "
    r"\(t = 2\.5 ms\), 'w' number 24 becomes 0\.5 in Brian2's own code and 1 in the shortened one\.",
    2: r"The promise where=\{'grow': 'plus_pre > 0'\} of DenseSynapses 'promising' does not hold: in time step 5 .* "
    r"'w' number 24 becomes 3 in Brian2's own code and 1 in the shortened one\.",
    3: r"The promise lasting=\{'glowing': 'spike'\} of LayerGroup 'trusted' does not hold: in time step 5 .* the event "
    r"'glowing' of neuron 7 is missed\.",
}


@pytest.mark.slow
def test_promises_that_do_not_hold_stop_the_program(tmp_path: Path) -> None:
    prefs.devices.cpp_standalone_fast.check_promises = True
    with project(FAST_DEVICE, tmp_path) as build_and_run:
        # One spike a step: several are visited in one loop, which leaves nothing out.
        source = NeuronGroup(3, "plus : 1", threshold="i == 1", reset="", name="asking", namespace={})
        target = LayerGroup(
            20, "trace : 1\nglow : 1\ncheat : 1 (shared)", threshold="int(t/ms) % 2 == 1", reset="glow = 0.3",
            events={"strong": "trace > 0.5", "glowing": "glow > 0.2"}, lasting={"glowing": "spike"}, name="trusted",
            namespace={"ms": ms},
        )  # fmt: skip
        target.trace = "int(i > 17)"  # more than an eighth of the neurons, and all would be visited
        target.run_regularly("glow = 0.5*glow + int(cheat == 3 and t > 2.2*ms and i == 7)", name="dim", when="start")
        promising = DenseSynapses(
            source, target, "w : 1",
            on_pre={
                "weaken": "w -= 0.25*trace_post + 0.5*int(cheat_post == 1 and t > 2.2*ms and j == 4)",
                "grow": "w += clip(plus_pre, 0, 1) + 2*int(cheat_post == 2 and t > 2.2*ms and j == 4)",
            },
            only={"weaken": "strong"}, where={"grow": "plus_pre > 0"}, name="promising", namespace={"ms": ms},
        )  # fmt: skip
        promising.connect()
        promising.w = 1
        Network(source, target, promising).run(10 * ms, namespace={})
        build_and_run()
        for cheat, sentence in CHEATS.items():
            with pytest.raises(BrokenPromiseError, match=sentence):
                device.run(str(tmp_path), with_output=False, run_args={target.cheat: cheat})


def disturbed(when: str, code: str = "v = 0") -> Network:
    group = LayerGroup(9, "dv/dt = -v/ms : 1\ny : 1", threshold="v > 1", reset="v = 0", method="exact", name="tested",
                       namespace={"ms": ms})  # fmt: skip
    group.run_regularly(code, when=when, name="disturbance")
    return Network(group)


def test_layers_refuse_what_comes_between_update_and_threshold(chosen: str) -> None:
    with pytest.raises(ScheduleError, match=r"'disturbance' \(when='after_groups', order=0\) changes 'v' between"):
        disturbed("after_groups").run(1 * ms, namespace={})


def test_layers_refuse_a_reader_of_the_last_spikes(chosen: str) -> None:
    group = LayerGroup(9, "v : 1", threshold="v > 1", reset="v = 0", name="read_late", namespace={})
    monitor = SpikeMonitor(group, when="before_thresholds", name="late")
    with pytest.raises(ScheduleError, match=r"'late' .* reads its spikes between"):
        Network(group, monitor).run(1 * ms, namespace={})


@pytest.mark.parametrize(
    ("when", "code"), [("before_groups", "v = 0"), ("after_thresholds", "v = 0"), ("after_groups", "y = v")]
)
def test_layers_admit_what_does_not_matter(chosen: str, when: str, code: str) -> None:
    disturbed(when, code).run(1 * ms, namespace={})


def renewed(event: str, restart_when: str = "start", extra: str = "") -> Network:
    clock = NeuronGroup(1, "step : 1", name="pacemaker", namespace={})
    group = RenewalGroup(
        9, "next : 1\nstep : 1 (linked)\nother : 1", next_spike="next", step="step", steps="16", renew="next += 3",
        restart="begin", events={"begin": event}, name="renewed", namespace={},
    )  # fmt: skip
    group.step = brian2.linked_var(clock, "step")
    group.set_event_schedule("begin", when=restart_when)
    group.run_on_event("begin", "next = 2", when=restart_when, order=1)
    if extra:
        group.run_regularly(extra, name="disturbance")
    return Network(clock, group)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("step < 1", "end"), "looks for spikes .* before its restart 'begin'"),
        (("step < i",), r"depends on the neuron \('step < i'\)"),
        (("step < 1", "start", "next += 1"), "'disturbance' changes 'next', on which the spikes"),
    ],
)
def test_renewal_groups_refuse_what_would_make_the_calendar_wrong(
    chosen: str, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ScheduleError, match=sentence):
        renewed(*arguments).run(1 * ms, namespace={})


def test_renewal_groups_admit_what_does_not_matter(chosen: str) -> None:
    renewed("step < 1", "start", "other = next").run(1 * ms, namespace={})

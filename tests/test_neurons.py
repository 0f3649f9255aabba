"""Neurons against closed forms: decay, first-spike time, f-I curve, refractory period, thresholds, rest, input spikes.

Where a test wants constant conductances it makes them decay with 1e12 ms.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest
from brian2.stateupdaters.base import UnsupportedEquationsException

from spikeprune import NetworkParameters, NoPruning
from spikeprune.backend import ChunkResult, Program, make_program
from spikeprune.backend.runtime import RuntimeProgram
from spikeprune.encoding import Stream, poisson_rates, spike_steps
from spikeprune.integration import rational_euler
from spikeprune.network import DRAWS_PER_ATTEMPT
from spikeprune.state import initial_state

DT = 0.5  # ms
CONSTANT = 1e12  # ms


def show_blank(program: Program, images: int = 1, **state: Any) -> ChunkResult:
    """Show black images from a state in which ``excitatory__v`` stands for ``excitatory.v``, in SI units."""
    p = program.parameters
    start = initial_state(p, program.rule, 0, program.layout)
    learning = state.pop("learning", True)
    for name, value in state.items():
        start[name.replace("__", ".")][:] = value
    return program.run(start, np.zeros((images, p.inputs), np.uint8), seed=0, learning=learning)


# The integration method


def rational(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + u + u**2 / 2 + u**3 / 6)


def relax(g: list[float], steps: int, dt: float = DT, v: float = -65.0) -> np.ndarray:
    """Potentials [mV] of membranes with constant excitatory conductances g after some time steps."""
    group = b2.NeuronGroup(
        len(g), "dv/dt = ((v_rest - v) + g*(E - v))/tau : 1\ng : 1", method=rational_euler, dt=dt * b2.ms,
        namespace={"v_rest": -65.0, "E": 0.0, "tau": 100 * b2.ms},
    )  # fmt: skip
    group.v, group.g = v, g
    b2.prefs.codegen.target = "numpy"
    b2.Network(group).run(steps * dt * b2.ms, namespace={})
    return np.array(group.v)


def test_membrane_relaxes_as_the_analytic_solution() -> None:
    """50 ms with conductances of 0 to 20 leaks: the error of a step is u^4/24, u = 0.005 (1 + g)."""
    g = np.array([0.0, 0.5, 2.0, 20.0])
    v_inf = -65 / (1 + g)
    exact = v_inf + (-65 - v_inf) * np.exp(-50 * (1 + g) / 100)
    u = DT * (1 + g) / 100
    bound = np.abs(-65 - v_inf) * 100 * u**4 / 24 + 1e-12
    assert np.all(np.abs(relax(list(g), 100) - exact) <= bound)


def test_rational_decay_is_of_third_order() -> None:
    """Half the time step, an eighth of the error."""
    g, time = 20.0, 20.0
    v_inf = -65 / (1 + g)
    exact = v_inf + (-65 - v_inf) * np.exp(-time * (1 + g) / 100)
    errors = [abs(relax([g], round(time / dt), dt)[0] - exact) for dt in (0.5, 0.25, 0.125)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    np.testing.assert_allclose(orders, 3, rtol=0, atol=0.07)


def test_rational_decay_is_stable_for_any_conductance() -> None:
    """From -65 mV towards E without ever passing it, however large u; forward Euler leaves all bounds at u > 2."""
    u = np.array([0.005, 0.1, 1.0, 2.0, 10.0, 1e3, 1e6])
    g = u / (DT / 100) - 1
    after_one = relax(list(g), 1)
    v_inf = -65 / (1 + g)
    np.testing.assert_allclose(after_one, v_inf + (-65 - v_inf) * rational(u), rtol=1e-9, atol=1e-9)
    after_many = relax(list(g), 50)
    assert np.all((after_one >= -65) & (after_one <= after_many) & (after_many <= v_inf + 1e-9))
    euler = -65 + u * (v_inf + 65)
    assert np.all(np.abs(euler[-2:]) > 1e4)


def test_decay_of_constant_rate_is_exact() -> None:
    """Parameters of the namespace do not make a rate depend on the state."""
    group = b2.NeuronGroup(
        1, "dx/dt = -x/tau : 1", method=rational_euler, dt=DT * b2.ms, namespace={"tau": 1 * b2.ms}
    )  # fmt: skip
    group.x = 1
    b2.prefs.codegen.target = "numpy"
    b2.Network(group).run(10 * b2.ms, namespace={})
    np.testing.assert_allclose(group.x[:], np.exp(-10), rtol=1e-13)


def test_equations_that_it_cannot_solve_are_refused() -> None:
    with pytest.raises(UnsupportedEquationsException, match="conditionally linear"):
        rational_euler(b2.Equations("dx/dt = -x**2/ms : 1"), {})
    with pytest.raises(UnsupportedEquationsException, match="stochastic"):
        rational_euler(b2.Equations("dx/dt = -x/ms + xi/ms**0.5 : 1"), {})


# Excitatory neurons


CONDUCTANCES = np.array([0.1, 0.24, 0.26, 0.3, 0.5, 1.0, 2.0, 5.0, 50.0])
DRIVEN = NetworkParameters(
    neurons=len(CONDUCTANCES), inputs=1, presentation=150, rest=0, minimum_spikes=0, attempts=1, w_exc_inh=0.0,
    tau_g_exc=CONSTANT, theta_plus=0.0,
)  # fmt: skip


def crossing(v_0: float, v_threshold: float, g: float, tau: float = 100.0) -> float:
    """Time [ms] that a membrane needs from v_0 to the threshold with a constant excitatory conductance."""
    v_inf = (-65 + g * 0) / (1 + g)
    return tau / (1 + g) * float(np.log((v_inf - v_0) / (v_inf - v_threshold))) if v_inf > v_threshold else np.inf


@pytest.mark.parametrize("theta", [20.0, 23.0])
def test_spike_times_under_constant_conductance(theta: float) -> None:
    """First spike and all further ones, to the time step: the f-I curve, cut off by the refractory period of 5 ms.

    The threshold is -52 - 20 + theta mV; below a conductance of 0.25 the membrane does not reach -52 mV.
    """
    program = make_program("numpy", DRIVEN, NoPruning(), 1, "double")
    result = show_blank(
        program, presenter__step=0, excitatory__v=-65e-3, excitatory__g_e=CONDUCTANCES, excitatory__theta=theta * 1e-3
    )
    last = DRIVEN.presentation_steps - 1
    for j, g in enumerate(CONDUCTANCES):
        interval = crossing(-65, -72 + theta, float(g)) / DT
        steps: list[int] = []
        if np.isfinite(interval):
            # A spike comes with the first time step after the crossing, the next one not before 10 steps have passed.
            first, further = int(interval) + 1, max(int(interval) + 1, 10)
            steps = list(range(first, last + 1, further))
        found = result.spikes[result.spikes[:, 0] == j, 2] + 1  # the program's clock starts with time step 1
        assert found.tolist() == steps, f"conductance {g}"
    rates = result.responses[0]
    assert rates[0] == 0 < rates[4] < rates[5] < rates[6] < rates[7] <= rates[8] == 30


def test_enormous_inhibition_takes_the_membrane_to_its_reversal_potential() -> None:
    """A conductance of 200 000 leaks (u = 1000, as when all neurons of a large network fire at once)."""
    p = replace(DRIVEN, tau_g_inh=CONSTANT, presentation=5.0)
    program = make_program("numpy", p, NoPruning(), 1, "double")
    state = show_blank(program, presenter__step=0, excitatory__v=-65e-3, pool__g_total=2e5).state
    v = state["excitatory.v"]
    assert np.all((v > -100e-3) & (v < -99.99e-3))


@pytest.fixture(scope="module")
def quiet() -> Program:
    """Three neurons and slots of 10 + 490 ms."""
    p = NetworkParameters(neurons=3, inputs=2, presentation=10, rest=490, minimum_spikes=0, attempts=1)
    return make_program("numpy", p, NoPruning(), 4, "double")


def test_conductances_decay_exactly(quiet: Program) -> None:
    """19 steps from the second time step of a presentation on, with 1 and 2 ms."""
    state = show_blank(
        quiet, presenter__step=0, excitatory__g_e=0.5, excitatory__g_own=0.25, inhibitory__g_e=0.125, pool__g_total=0.75
    ).state
    for name, start, tau in (
        ("excitatory.g_e", 0.5, 1),
        ("excitatory.g_own", 0.25, 2),
        ("inhibitory.g_e", 0.125, 1),
        ("pool.g_total", 0.75, 2),
    ):
        np.testing.assert_allclose(state[name], start * np.exp(-19 * DT / tau), rtol=1e-13, err_msg=name)


def test_theta_rises_by_theta_plus_at_a_spike(quiet: Program) -> None:
    """Neuron 1 fires in time step 3, neuron 2 in time steps 2 and, refractory for 10 steps, 12."""
    fired = show_blank(
        quiet, presenter__step=0, excitatory__v=[-65e-3, 0, 0], excitatory__ready=[0, 3, 2], excitatory__g_e=[0, 0, 1e4]
    )
    assert fired.responses.tolist() == [[0, 1, 2]]
    np.testing.assert_allclose(fired.state["excitatory.theta"], [20e-3, 20.05e-3, 20.1e-3], rtol=1e-14)
    np.testing.assert_array_equal(fired.state["excitatory.ready"], [0, 13, 22])


def test_a_refractory_inhibitory_neuron_is_clamped(quiet: Program) -> None:
    """Until it is ready, its potential stays where it is, whatever its conductance; then the drive tells."""
    v = show_blank(
        quiet, presenter__step=0, inhibitory__v=-70e-3, inhibitory__g_e=1.0, inhibitory__ready=[0, 12, 10**6]
    ).state["inhibitory.v"]  # fmt: skip
    assert v[2] == -70e-3 < v[1] < v[0]


def test_an_inhibitory_neuron_fires_once_for_a_spike_of_its_partner(quiet: Program) -> None:
    """The refractory time of 2 ms outlasts the conductance of 1 ms that the spike leaves."""
    result = show_blank(quiet, presenter__step=0, excitatory__v=[-65e-3, 0, -65e-3])
    assert result.counts.excitatory_spikes == result.counts.inhibitory_spikes == 1


def test_theta_decays_by_its_share_of_a_slot(quiet: Program) -> None:
    """exp(-500 ms / 1e7 ms) for each of 4 slots, presentation and rest."""
    theta = np.array([10e-3, 20e-3, 30e-3])
    state = show_blank(quiet, images=4, excitatory__theta=theta).state
    np.testing.assert_allclose(state["excitatory.theta"], theta * np.exp(-4 * 500 / 1e7), rtol=1e-14)
    np.testing.assert_array_less(state["excitatory.theta"], theta)


def test_theta_is_frozen_in_evaluation(quiet: Program) -> None:
    theta = np.array([10e-3, 20e-3, 30e-3])
    result = show_blank(
        quiet, images=4, excitatory__theta=theta, learning=False, presenter__step=0, excitatory__v=[0, -65e-3, 0]
    )
    assert result.responses.sum() >= 2
    np.testing.assert_array_equal(result.state["excitatory.theta"], theta)


def test_a_spike_resets_the_membrane(quiet: Program) -> None:
    """In the last time step, so that nothing happens to it afterwards."""
    state = show_blank(
        quiet, presenter__step=0, excitatory__v=[0, -65e-3, -65e-3], excitatory__ready=19,
        inhibitory__v=[-60e-3, 0, -60e-3], inhibitory__ready=19,
    ).state  # fmt: skip
    assert state["excitatory.v"][0] == -65e-3
    assert state["inhibitory.v"][1] == -45e-3
    assert state["inhibitory.ready"][1] == 19 + 4


# Lateral inhibition


def test_an_excitatory_spike_excites_its_partner_alone(quiet: Program) -> None:
    """By 10.4, in the last time step."""
    state = show_blank(quiet, presenter__step=0, excitatory__v=[-65e-3, 0, -65e-3], excitatory__ready=19).state
    np.testing.assert_array_equal(state["inhibitory.g_e"], [0, 10.4, 0])


def test_an_inhibitory_spike_inhibits_all_but_its_partner(quiet: Program) -> None:
    """By 17, in the last time step; one time step earlier it shows in the potentials."""
    state = show_blank(quiet, presenter__step=0, inhibitory__v=[-60e-3, 0, -60e-3], inhibitory__ready=19).state
    inhibition = state["pool.g_total"] - state["excitatory.g_own"]
    np.testing.assert_array_equal(inhibition, [17, 0, 17])
    state = show_blank(
        quiet, presenter__step=0, inhibitory__v=[-60e-3, 0, -60e-3], inhibitory__ready=18, excitatory__v=-65e-3
    ).state
    u = DT / 100 * (1 + 17)
    v_inf = (-65 - 17 * 100) / 18
    lowered = (v_inf + (-65 - v_inf) * rational(np.array(u))) * 1e-3
    np.testing.assert_allclose(state["excitatory.v"], [lowered, -65e-3, lowered], rtol=1e-14)


def test_an_excitatory_spike_is_answered_by_inhibition_of_the_others(quiet: Program) -> None:
    """The partner fires within 2 ms and no other inhibitory neuron does."""
    result = show_blank(quiet, presenter__step=0, excitatory__v=[-65e-3, 0, -65e-3], excitatory__ready=15)
    assert result.state["inhibitory.spikes"][1] >= 1
    assert result.counts.inhibitory_spikes == result.state["inhibitory.spikes"][1]
    v = result.state["excitatory.v"]
    assert v[0] == v[2] < v[1]


# Rest


@pytest.mark.parametrize("simulate_rest", [False, True])
def test_rest_in_closed_form_equals_rest_step_by_step(simulate_rest: bool) -> None:
    """Two slots of a network in which nothing fires: everything decays for 2 x (10 + 40) ms, rest first or last.

    Traces and conductances agree with the exponential to rounding; so does the potential up to the integration error
    of the steps, (T/dt) u^4/24 with u = dt/tau, which is 6e-9 (excitatory) and 6e-5 (inhibitory) of its distance from
    rest.
    """
    p = NetworkParameters(
        neurons=2, inputs=3, presentation=10, rest=40, minimum_spikes=0, attempts=1, simulate_rest=simulate_rest
    )  # fmt: skip
    program = make_program("numpy", p, NoPruning(), 2, "double")
    time = 2 * (10 + 40)
    state = show_blank(
        program, 2, excitatory__v=-105e-3, inhibitory__v=-100e-3, input__last_spike=-3, excitatory__last_spike=-5
    ).state  # fmt: skip
    np.testing.assert_allclose(state["excitatory.theta"], 20e-3 * np.exp(-time / 1e7), rtol=1e-12)
    # Traces are told by the time step of the last spike, from the start of the second presentation.
    np.testing.assert_array_equal(state["input.last_spike"], -3 - 2 * 100)
    np.testing.assert_array_equal(state["excitatory.last_spike"], -5 - 2 * 100)
    np.testing.assert_allclose(state["excitatory.v"] * 1e3 + 65, -40 * np.exp(-time / 100), rtol=6e-9)
    np.testing.assert_allclose(state["inhibitory.v"] * 1e3 + 60, -40 * np.exp(-time / 10), rtol=6e-5)
    # Conductances in another run, because they would move the potentials.
    conductances = {"excitatory.g_e": (1e-3, 1), "excitatory.g_own": (2e-3, 2), "inhibitory.g_e": (3e-3, 1)}
    values = {name.replace(".", "__"): value for name, (value, _) in conductances.items()}
    state = show_blank(program, 2, pool__g_total=4e-3, **values).state
    for name, (value, tau) in (conductances | {"pool.g_total": (4e-3, 2)}).items():
        np.testing.assert_allclose(state[name], value * np.exp(-time / tau), rtol=1e-12, err_msg=name)


def test_no_input_in_a_simulated_rest(small: NetworkParameters, pixels: np.ndarray) -> None:
    p = replace(small, simulate_rest=True)
    assert p.slot_steps == 160
    spikes = input_spikes(p, pixels[:2])[0]
    assert spikes[:120].any(axis=1).sum() > 100
    assert not spikes[120:160].any()
    assert spikes[160:].any()


def test_a_refractory_neuron_may_fire_again_after_the_rest(quiet: Program) -> None:
    """`ready` counts time steps of one slot, so a new slot sets it back."""
    state = show_blank(quiet, images=2, excitatory__ready=10**6, inhibitory__ready=10**6).state
    assert not state["excitatory.ready"].any()
    assert not state["inhibitory.ready"].any()


# Input


def input_spikes(p: NetworkParameters, images: np.ndarray, **options: Any) -> tuple[np.ndarray, ChunkResult]:
    """All input spikes [steps, inputs] of some images, by a monitor."""
    program = make_program("numpy", p, NoPruning(), len(images), "double")
    assert isinstance(program, RuntimeProgram)
    monitor = b2.SpikeMonitor(program.built.groups["input"])
    program.built.network.add(monitor)
    result = program.run(initial_state(p, NoPruning(), 7, program.layout), images, seed=7, **options)
    raster = np.zeros((result.counts.presentations * p.slot_steps, p.inputs), bool)
    raster[np.rint(np.asarray(monitor.t / b2.ms) / p.dt).astype(int), np.asarray(monitor.i)] = True
    return raster, result


@pytest.mark.parametrize(("learning", "stream"), [(True, Stream.TRAINING_SPIKES), (False, Stream.EVALUATION_SPIKES)])
def test_input_spikes_are_those_of_the_twin(
    learning: bool, stream: Stream, small: NetworkParameters, pixels: np.ndarray
) -> None:
    """Spike by spike, for images 10 to 12 of a run, each attempt with intensity + 1 and random numbers of its own."""
    p = replace(small, minimum_spikes=1000, attempts=2)
    raster, result = input_spikes(p, pixels[10:13], first_image=10, learning=learning)
    assert result.attempts.tolist() == [2, 2, 2]
    steps = p.presentation_steps
    for presentation in range(6):
        image, attempt = divmod(presentation, 2)
        rates = poisson_rates(pixels[10 + image], 2 + attempt) * 8  # the small network has 1 Hz for 1, not for 8
        expected = spike_steps(
            rates, 7, stream, 10 + image, 0.5e-3, steps, first_draw=attempt * DRAWS_PER_ATTEMPT
        )  # fmt: skip
        np.testing.assert_array_equal(raster[presentation * steps : (presentation + 1) * steps], expected)


def test_pixels_become_rates_and_black_ones_never_fire() -> None:
    """63.75 Hz for 255 at intensity 2; 400 pixels for 500 ms: 12 750 spikes, standard deviation 113."""
    p = NetworkParameters(neurons=1, inputs=800, presentation=500, rest=0, minimum_spikes=0, attempts=1)
    image = np.repeat(np.array([[0, 255]], np.uint8), 400, axis=1)
    raster, _ = input_spikes(p, image)
    assert not raster[:, :400].any()
    assert abs(raster[:, 400:].sum() - 12_750) < 4 * 113


def test_intensity_rises_until_the_image_is_accepted() -> None:
    """A black image draws no spike, so it takes all attempts, and the next one begins at the first intensity."""
    p = NetworkParameters(neurons=1, inputs=2, presentation=1, rest=0, minimum_spikes=1, attempts=4)
    program = make_program("numpy", p, NoPruning(), 2, "double")
    seen: list[tuple[int, float]] = []
    assert isinstance(program, RuntimeProgram)
    variables = program.built.groups["presenter"].variables

    def look() -> None:
        seen.append((int(variables["attempt"].get_value()[0]), float(variables["intensity"].get_value()[0])))

    program.built.network.add(b2.NetworkOperation(look, dt=1 * b2.ms, when="start", order=5))
    result = show_blank(program, images=2)
    assert result.attempts.tolist() == [4, 4]
    assert seen == [(0, 2), (1, 3), (2, 4), (3, 5)] * 2

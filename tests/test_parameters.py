"""Parameters: documented, checked when they are given, and derived values follow from them."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from spikeprune import AdaptivePruning, NetworkParameters
from spikeprune.errors import ParameterError, SpikepruneError, unknown_name
from spikeprune.pruning import RULES

FIELDS = {entry.name: entry for entry in fields(NetworkParameters)}


def allowed(kind: str) -> list[str]:
    """Names of the parameters with a range."""
    return [name for name, entry in FIELDS.items() if entry.metadata["allowed"] == kind]


def refused(**values: Any) -> str:
    """The message with which values are refused: one sentence."""
    with pytest.raises(ParameterError) as error:
        NetworkParameters.from_dict(values)
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_defaults_are_those_of_diehl_and_cook() -> None:
    """The table of the design, written down a second time."""
    p = NetworkParameters()
    assert (p.neurons, p.inputs, p.dt) == (100, 784, 0.5)
    assert (p.tau_e, p.v_rest_e, p.v_reset_e, p.v_threshold_e, p.refractory_e) == (100, -65, -65, -52, 5)
    assert (p.tau_i, p.v_rest_i, p.v_reset_i, p.v_threshold_i, p.refractory_i) == (10, -60, -45, -40, 2)
    assert (p.E_exc_e, p.E_inh_e, p.E_exc_i) == (0, -100, 0)
    assert (p.tau_g_exc, p.tau_g_inh, p.v_offset) == (1, 2, -40)
    assert (p.theta_0, p.theta_plus, p.tau_theta, p.theta_offset) == (20, 0.05, 1e7, 20)
    assert (p.w_exc_inh, p.w_inh_exc, p.w_max, p.w_scale, p.w_floor) == (10.4, 17, 1, 0.3, 0.01)
    assert (p.tau_pre, p.tau_post1, p.tau_post2, p.rate_pre, p.rate_post) == (20, 20, 40, 1e-4, 1e-2)
    assert (p.presentation, p.rest, p.intensity, p.intensity_step, p.minimum_spikes) == (350, 150, 2, 1, 5)
    assert p.pixel_per_hertz == 8


@pytest.mark.parametrize("kind", [NetworkParameters, *RULES.values()], ids=lambda kind: kind.__name__)
def test_every_parameter_has_unit_meaning_and_source(kind: type) -> None:
    for entry in fields(kind):
        assert entry.metadata["unit"] in ("1", "ms", "mV"), entry.name
        assert len(entry.metadata["meaning"]) > 5, entry.name
        assert entry.metadata["source"], entry.name


def test_derived_values() -> None:
    p = NetworkParameters()
    assert p.weight_sum == pytest.approx(78.4, rel=1e-15)
    assert NetworkParameters(inputs=64).weight_sum == pytest.approx(6.4)
    assert (p.presentation_steps, p.slot_steps) == (700, 700)
    assert replace(p, simulate_rest=True).slot_steps == 1000
    assert NetworkParameters(dt=0.1, presentation=0.3, rest=0.7, simulate_rest=True).slot_steps == 10


def test_parameters_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        NetworkParameters().neurons = 5  # type: ignore[misc]


def test_parameters_survive_json() -> None:
    p = NetworkParameters(neurons=7, dt=0.25, theta_plus=0.1, simulate_rest=True)
    again = NetworkParameters.from_dict(json.loads(json.dumps(p.as_dict())))
    assert again == p
    assert {name: type(value) for name, value in again.as_dict().items()} == {
        name: type(entry.default) for name, entry in FIELDS.items() if name != "equations"
    }


def test_text_and_whole_floats_are_converted() -> None:
    p = NetworkParameters.from_dict({"neurons": "400", "inputs": 64.0, "tau_e": "50", "simulate_rest": "True"})
    assert (p.neurons, p.inputs, p.tau_e, p.simulate_rest) == (400, 64, 50.0, True)
    assert type(p.neurons) is type(p.inputs) is int
    assert NetworkParameters.from_dict({"simulate_rest": "false"}).simulate_rest is False


def test_whole_numbers_for_real_parameters_make_no_difference() -> None:
    """Not in text either, which names the compiled program."""
    whole, real = NetworkParameters(presentation=60, tau_e=50), NetworkParameters(presentation=60.0, tau_e=50.0)
    assert json.dumps(whole.as_dict()) == json.dumps(real.as_dict())
    assert json.dumps(AdaptivePruning(beta=1).as_dict()) == json.dumps(AdaptivePruning(beta=1.0).as_dict())
    assert json.dumps(replace(whole, rest=100).as_dict()) == json.dumps(replace(real, rest=100.0).as_dict())


@pytest.mark.parametrize("value", [0, -1, -400])
@pytest.mark.parametrize("name", ["neurons", "inputs", "attempts"])
def test_sizes_are_positive(name: str, value: int) -> None:
    assert refused(**{name: value}).startswith(f"Parameter '{name}' is {value}: it must be greater than 0 (")


@pytest.mark.parametrize("name", allowed("positive"))
def test_positive_parameters(name: str) -> None:
    assert f"'{name}' is 0" in refused(**{name: 0})


@pytest.mark.parametrize("name", allowed("not negative"))
def test_parameters_that_are_not_negative(name: str) -> None:
    assert f"'{name}' is -1" in refused(**{name: -1})
    NetworkParameters.from_dict({name: 0})


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "equations"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "nan", "many", None, [1], "", True])
def test_what_is_no_number_is_refused(name: str, value: Any) -> None:
    if isinstance(value, bool) and name in ("simulate_rest", "depression"):
        return
    message = refused(**{name: value})
    assert f"'{name}' is" in message
    kind = {int: "a whole number", bool: "true or false", float: "a finite number"}[type(FIELDS[name].default)]
    assert f"it must be {kind} ({FIELDS[name].metadata['meaning']})" in message


@pytest.mark.parametrize("value", [2.5, "2.5", 1e400])
def test_counts_are_whole(value: Any) -> None:
    assert "it must be a whole number (number of excitatory" in refused(neurons=value)


@pytest.mark.parametrize("name", ["presentation", "rest", "refractory_e", "refractory_i"])
def test_times_are_multiples_of_the_time_step(name: str) -> None:
    message = refused(**{name: 7.3})
    assert message == f"Parameter '{name}' is 7.3 ms: it must be a multiple of the time step of 0.5 ms."
    assert getattr(NetworkParameters.from_dict({name: 7.5}), name) == 7.5


def test_unknown_parameters_suggest_the_nearest() -> None:
    expected = "Unknown parameter of NetworkParameters 'neuron' (did you mean 'neurons'?): choose one of neurons,"
    assert refused(neuron=5).startswith(expected)


def test_unknown_names_without_a_near_one() -> None:
    assert unknown_name("rule", "zzz", ["none", "soft"]) == "Unknown rule 'zzz': choose one of none, soft."


def test_errors_are_of_one_family() -> None:
    """`except SpikepruneError` catches them, and so does the built-in type that they specialise."""
    assert issubclass(ParameterError, SpikepruneError)
    assert issubclass(ParameterError, ValueError)

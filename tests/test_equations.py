"""Equations of one's own in the place of the package's: what they do, where they travel, what is refused.

The network is the small one of conftest: 12 neurons, 8 x 8 pixels.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, neurons, plasticity
from spikeprune.backend import make_program
from spikeprune.equations import Equations
from spikeprune.errors import BackendError, ParameterError
from spikeprune.state import initial_state
from spikeprune.variants import VARIANTS

NONE = sp.NoPruning()


def result(
    small: NetworkParameters, pixels: np.ndarray, equations: Any = None, rule: Any = NONE, backend: str = "numpy"
) -> Any:
    """Show 20 images in double precision."""
    p = replace(small, equations=equations or {})
    program = make_program(backend, p, rule, 20, "double")
    return program.run(initial_state(p, rule, 3, program.layout), pixels[:20], seed=3, rule=rule)


@pytest.fixture(scope="module")
def usual(small: NetworkParameters, pixels: np.ndarray) -> Any:
    return result(small, pixels)


def same(first: Any, second: Any) -> bool:
    """Whether two results have the same spikes and weights."""
    return np.array_equal(first.spikes, second.spikes) and np.array_equal(
        first.state["plastic.w"], second.state["plastic.w"]
    )


def test_an_equation_that_is_replaced_is_the_one_that_runs(
    small: NetworkParameters, pixels: np.ndarray, usual: Any
) -> None:
    """Written in other words it does the same; other equations do something else, as by hand."""
    other_words = {"DEPRESS": "w -= learning_post*rate_pre*post1_post\nw = clip(w, 0, w_max)"}
    assert same(result(small, pixels, other_words), usual)
    # No depression is the parameter that switches it off, in weights and in what is counted.
    without = result(small, pixels, {"DEPRESS": ""})
    switched_off = result(replace(small, depression=False), pixels)
    assert same(without, switched_off)
    assert without.counts == switched_off.counts
    assert without.counts.updates_on_input_spikes == 0 < usual.counts.updates_on_input_spikes
    # A spike that raises theta twice as much has raised it by a whole number of these steps, before it decays.
    twice = result(small, pixels, {"EXCITATORY_SPIKE": neurons.EXCITATORY_SPIKE.replace("theta_plus", "2*theta_plus")})
    assert same(twice, result(replace(small, theta_plus=2 * small.theta_plus), pixels))
    assert not same(twice, usual)


@pytest.mark.slow
def test_promises_are_not_made_for_equations_of_others(small: NetworkParameters, pixels: np.ndarray) -> None:
    """The compiled program leaves depression out where the fast trace is gone, and masks where a weight is 0.

    An equation that depresses without a trace, and one that lets a weight of 0 grow, must run all the same.
    """
    rule = sp.AdaptivePruning(interval=5)
    grows = {"DEPRESS": "w = clip(w + learning_post*1e-3, 0, w_max)", "TRANSMIT": "g_e_post += w + 0.01"}
    python, compiled = (result(small, pixels, grows, rule, backend) for backend in ("numpy", "cpp_standalone"))
    np.testing.assert_array_equal(python.spikes, compiled.spikes)
    np.testing.assert_allclose(python.state["plastic.w"], compiled.state["plastic.w"], rtol=0, atol=1e-12)
    removed = compiled.state["plastic.alive"] == 0
    assert 0 < removed.sum() < removed.size
    assert not compiled.state["plastic.w"][removed].any(), "a removed synapse has returned"


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_are_networks_that_learn(name: str, small: NetworkParameters, pixels: np.ndarray, usual: Any) -> None:
    found = result(small, pixels, name)
    start = initial_state(replace(small, equations=name), NONE, 3, {"plastic.w": ("f8", 64 * 12)})["plastic.w"]
    w = found.state["plastic.w"]
    assert w.min() >= 0
    assert w.max() <= small.w_max
    assert np.abs(w - start).max() > 0.01
    assert len(found.spikes) > 20
    assert not same(found, usual)
    assert (found.counts.updates_on_input_spikes > 0) == (name not in ("power-law", "exponential"))


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", ["symmetric", "silent-50ms"])
def test_variants_are_the_same_when_compiled(name: str, small: NetworkParameters, pixels: np.ndarray) -> None:
    python, compiled = (result(small, pixels, name, NONE, backend) for backend in ("numpy", "cpp_standalone"))
    np.testing.assert_array_equal(python.spikes, compiled.spikes)
    np.testing.assert_allclose(python.state["plastic.w"], compiled.state["plastic.w"], rtol=0, atol=1e-12)


def test_power_law_by_hand(small: NetworkParameters) -> None:
    """One spike of a neuron: every synapse moves by rate (trace - target) (w_max - w)^0.2."""
    p = replace(small, equations="power-law")
    assert not p.depresses
    scope: dict[str, Any] = {
        "w": np.array([0.0, 0.5, 0.9]), "last_spike_pre": np.array([100.0, 60.0, -1e6]), "now_post": 100.0,
        "dt": 0.5, "tau_pre": 20.0, "remembered_steps": 737, "learning_post": 1, "rate_post": 0.01, "w_max": 1.0,
        "exp": np.exp, "clip": np.clip, "int": lambda x: np.asarray(x, dtype=int),
    }  # fmt: skip
    exec(p.equations.text("POTENTIATE"), scope)
    trace = np.array([1.0, np.exp(-1), 0.0])
    before = np.array([0.0, 0.5, 0.9])
    np.testing.assert_allclose(scope["w"], before + 0.01 * (trace - 0.4) * (1 - before) ** 0.2, rtol=1e-12)


@pytest.fixture(scope="module")
def clamped(small: NetworkParameters, digits: Dataset) -> sp.Run:
    p = replace(small, presentation=120, equations="silent-50ms")
    return sp.train(digits.subset(train=20, test=10), NONE, parameters=p, backend="numpy", chunk=20)


def test_a_neuron_that_is_silent_and_clamped(clamped: sp.Run, digits: Dataset) -> None:
    """Brian2's example: 50 ms without a spike, the first 5 of them at the reset potential."""
    shown = clamped.present(digits.test_images[0], record=["v"])
    spikes = shown.spikes["excitatory"]
    assert len(spikes.t) > 3
    for neuron in np.unique(spikes.i):
        times = spikes.t[spikes.i == neuron]
        assert (np.diff(times) >= 50 - 1e-9).all()
        for time in times:
            inside = (shown.times > time + 0.6) & (shown.times < time + 4.9)
            np.testing.assert_allclose(shown["v"][neuron, inside], -65e-3, rtol=1e-6)
            after = (shown.times > time + 6) & (shown.times < time + 20)
            assert not after.any() or np.ptp(shown["v"][neuron, after]) > 0


def test_equations_travel_with_the_run(tmp_path: Path, small: NetworkParameters, digits: Dataset) -> None:
    """Into run.json, back from it, into another process, and into tables by their names."""
    equations = {"DEPRESS": "w = clip(w - learning_post*rate_pre*post1_post*w, 0, w_max)"}
    data = digits.subset(train=20, test=5)
    run = sp.train(
        data, NONE, parameters=small, equations=equations, backend="numpy", chunk=20, folder=tmp_path / "run",
    )  # fmt: skip
    assert json.loads((tmp_path / "run" / "run.json").read_text())["settings"]["parameters"]["equations"] == equations
    again = sp.load(tmp_path / "run", dataset=data)
    assert dict(again.settings.parameters.equations) == equations
    assert pickle.loads(pickle.dumps(again.settings.parameters)) == run.settings.parameters
    assert hash(again.settings.parameters) == hash(run.settings.parameters)
    with pytest.raises(
        ParameterError, match=r"has equations = Equations\(DEPRESS\), but parameters have Equations\(\)"
    ):
        sp.train(data, NONE, initial=run, parameters=small, backend="numpy")
    further = sp.train(data, NONE, initial=run, backend="numpy")
    assert dict(further.settings.parameters.equations) == equations
    assert "equations" not in NetworkParameters().as_dict(), "runs of the package's equations keep their identity"


def test_equations_of_a_file_and_of_an_experiment(tmp_path: Path) -> None:
    from spikeprune.sweep.experiment import Experiment

    text = plasticity.DEPRESS + "*1"
    (tmp_path / "mine.toml").write_text(f"DEPRESS = '''{text}'''\n")
    assert dict(Equations.given(tmp_path / "mine.toml")) == {"DEPRESS": text}
    table: dict[str, Any] = {"data": "digits", "neurons": [10], "rules": [
        {"name": "none"},
        {"name": "none", "label": "file", "network": {"equations": "mine.toml"}},
        {"name": "none", "label": "variant", "network": {"equations": "symmetric"}},
        {"name": "none", "label": "table", "network": {"equations": {"DEPRESS": text}}},
    ]}  # fmt: skip
    usual, file, variant, inline = Experiment.from_dict(table, folder=tmp_path).plan("x", 64)
    assert dict(usual.settings.parameters.equations) == {}
    assert file.settings == inline.settings
    assert file.name == inline.name
    assert dict(variant.settings.parameters.equations) == dict(VARIANTS["symmetric"])
    assert len({usual.name, file.name, variant.name}) == 3


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"DEPRES": "w = 0"}, r"Unknown string of the model 'DEPRES'.*DEPRESS"),
        ({"DEPRESS": 3}, r"The equations DEPRESS are 3: they must be a text"),
        ("tripet", r"Unknown variant of the equations 'tripet'"),
        ("nowhere.toml", r"The equations nowhere.toml cannot be read \(No such file or directory\)"),
        (7, r"equations is 7: pass a mapping"),
    ],
)
def test_what_is_no_equation_is_refused(given: Any, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence):
        NetworkParameters(equations=given)


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("DEPRESS = w")
    with pytest.raises(ParameterError, match=r"bad\.toml are no valid TOML"):
        Equations.given(tmp_path / "bad.toml")


def test_brian2_s_complaint_names_the_identifier_and_the_equation(small: NetworkParameters, pixels: np.ndarray) -> None:
    with pytest.raises(BackendError, match=r"the equations DEPRESS \(.*eta_pre.*correct the strings\.$"):
        result(small, pixels, {"DEPRESS": "w = clip(w - eta_pre*post1_post, 0, w_max)"})


def test_nir_cannot_say_what_others_neurons_do(clamped: sp.Run) -> None:
    pytest.importorskip("nir")
    with pytest.raises(sp.SpikepruneError, match="which NIR cannot say: export the weights"):
        sp.export(clamped, "never.nir")

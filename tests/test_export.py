"""Exported networks are read by what nobody here wrote, SciPy and nir, and answer digits with the same winner.

The network is the small compiled one of conftest: 12 neurons, 8 x 8 pixels.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from typer.testing import CliRunner

import spikeprune as sp
from spikeprune import Dataset, NetworkParameters, PruningRule, Run
from spikeprune.backend import Program
from spikeprune.cli import app
from spikeprune.errors import ParameterError, SpikepruneError
from spikeprune.exports.graph import EXACT, LOSSES


@pytest.fixture(scope="module")
def run(
    compiled: Callable[[str], Program], small: NetworkParameters, small_rule: PruningRule, digits: Dataset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:  # fmt: skip
    """A network that has seen 200 digits, in a folder."""
    compiled("double")
    return sp.train(
        digits, small_rule, parameters=small, precision="double", chunk=20, seed=5,
        folder=tmp_path_factory.mktemp("runs") / "run",
    )  # fmt: skip


def test_the_matrix_is_scipys(run: Run, tmp_path: Path) -> None:
    path = sp.export(run, tmp_path / "network.npz")
    matrix = scipy.sparse.load_npz(path)
    assert matrix.format == "csr"
    assert 0 < matrix.nnz == run.alive.sum() < run.alive.size
    np.testing.assert_array_equal(matrix.toarray(), run.weights)
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        assert (about["format"], about["version"]) == ("spikeprune-csr", 1)
        assert about["rule"] == run.settings.rule.as_dict()
        assert file["plastic"].all()
        np.testing.assert_array_equal(file["theta"], run.theta)
        np.testing.assert_array_equal(file["thresholds"], run.thresholds)
        np.testing.assert_array_equal(file["assignment"], run.assignment)
        page = (Path(__file__).parents[1] / "docs" / "export.md").read_text(encoding="utf-8")
        for name in [*file.files, *about]:
            assert f"`{name}`" in page, name


def test_a_synapse_of_weight_0_that_exists_is_an_entry(run: Run, tmp_path: Path) -> None:
    assert run.folder is not None
    other = sp.load(run.folder.path)
    other.state["plastic.w"] = np.zeros_like(other.state["plastic.w"])
    assert scipy.sparse.load_npz(sp.export(other, tmp_path / "zero.npz")).nnz == run.alive.sum()


def test_what_cannot_be_exported_is_refused(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match=r"ends in '\.csv': choose a file that ends in \.npz or \.nir"):
        sp.export(run, tmp_path / "network.csv")
    with pytest.raises(SpikepruneError, match=r"cannot be written .*: choose another place"):
        sp.export(run, tmp_path / "nowhere" / "network.npz")
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(SpikepruneError, match="NIR needs the package nir: install it with pip"):
        sp.export(run, tmp_path / "network.nir")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_the_same_file(run: Run, tmp_path: Path) -> None:
    assert run.folder is not None
    path = tmp_path / "network.npz"
    done = CliRunner().invoke(app, ["export", str(run.folder.path), str(path), "--json"])
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"file": str(path)})
    np.testing.assert_array_equal(scipy.sparse.load_npz(path).toarray(), run.weights)


def simulated(graph: Any, duration: float, dt: float) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Make any NIR graph of Input, Linear, LI, LIF, Output a function of input spikes: spikes of its output, by Brian2.

    Nothing here knows what the network is: units are SI, and spikes are impulses of weight 1, as NIR defines them.
    """
    import brian2 as b2

    before: dict[str, list[str]] = {}
    for source, target in graph.edges:
        before.setdefault(target, []).append(source)
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    b2.prefs.codegen.target = "numpy"
    clock = b2.Clock(dt * b2.second)
    groups: dict[str, Any] = {}
    for name, node in graph.nodes.items():
        if kinds[name] == "Input":
            size = int(np.prod(node.input_type["input"]))
            groups[name] = generator = b2.SpikeGeneratorGroup(size, [], [] * b2.second, clock=clock)
        elif kinds[name] in ("LI", "LIF"):
            currents = [f"I_{k}" for k in range(len(before[name]))] if kinds[name] == "LIF" else []
            drive = f" + r*({' + '.join(currents)})" if currents else ""
            equations = f"dv/dt = (v_leak - v{drive})/(tau*second) : 1\ntau : 1\nr : 1\nv_leak : 1\n"
            equations += "v_threshold : 1\nv_reset : 1\n" + "\n".join(f"{each} : 1 (linked)" for each in currents)
            spiking = {"threshold": "v > v_threshold", "reset": "v = v_reset"} if kinds[name] == "LIF" else {}
            group = b2.NeuronGroup(len(node.tau), equations, method="euler", clock=clock, **spiking)
            for parameter in ("tau", "r", "v_leak", *(("v_threshold", "v_reset") if spiking else ())):
                setattr(group, parameter, getattr(node, parameter))
            group.v = node.v_leak
            groups[name] = group
    connections = []
    for name, kind in kinds.items():
        for k, source in enumerate(before.get(name, [])):
            if kind == "LIF":
                setattr(groups[name], f"I_{k}", b2.linked_var(groups[source], "v"))
            elif kind == "LI":
                (spikes,) = before[source]
                effect = "v_post += weight*r_post/tau_post"
                made = b2.Synapses(groups[spikes], groups[name], "weight : 1", on_pre=effect, clock=clock)
                made.connect()
                made.weight = graph.nodes[source].weight.T.ravel()
                connections.append(made)
    (output,) = before["output"]
    monitor = b2.SpikeMonitor(groups[output])
    network = b2.Network(*groups.values(), *connections, monitor)
    network.store()

    def run(times: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        network.restore()
        generator.set_spikes(inputs, times * b2.second)
        network.run(duration * b2.second, namespace={})
        return np.asarray(monitor.count)

    return run


def test_nir_gives_the_same_winner(run: Run, small: NetworkParameters, digits: Dataset, tmp_path: Path) -> None:
    """Of the digits that the network answers, with the input spikes that it was shown."""
    nir = pytest.importorskip("nir", reason="the package nir is not installed")
    graph = nir.read(sp.export(run, tmp_path / "network.nir"))
    np.testing.assert_array_equal(graph.nodes["w"].weight.T != 0, run.alive & (run.weights > 0))
    assert json.loads(graph.metadata["lossy"]) == list(LOSSES)
    assert json.loads(graph.metadata["exact"]) == list(EXACT)
    np.testing.assert_array_equal(graph.metadata["assignment"], run.assignment)
    simulate = simulated(graph, small.presentation * 1e-3, small.dt * 1e-3)
    ours, theirs = [], []
    for number in range(12):
        shown = run.present(digits.test_images[number], number=number, backend="numpy")
        spikes = shown.spikes["input"]
        ours.append(shown.response)
        theirs.append(simulate(spikes.t * 1e-3, spikes.i))
    # Of neurons that fire equally often, any is the winner.
    pairs = list(zip(ours, theirs, strict=True))
    agree = [bool((mine[found == found.max()] == mine.max()).any()) for mine, found in pairs if mine.any()]
    assert len(agree) >= 10
    assert np.mean(agree) >= 0.8
    assert np.corrcoef(np.ravel(ours), np.ravel(theirs))[0, 1] > 0.7

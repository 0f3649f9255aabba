"""Experiments as data: what a file may say, what its lists stand for, and what identifies a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spikeprune import AdaptivePruning, NoPruning
from spikeprune.errors import ParameterError
from spikeprune.sweep import experiment as module
from spikeprune.sweep.experiment import Experiment, PlannedRun

RULES = [{"name": "none"}, {"name": "adaptive", "beta": [0.4, 0.6], "eta": [0.1, 0.2, 0.3]}]
FILES = sorted((Path(__file__).parents[1] / "experiments").glob("*.toml"))


def minimal(**changes: Any) -> dict[str, Any]:
    """The contents of a small file, with changes."""
    return {"data": "digits", "neurons": [10], "rules": [{"name": "none"}]} | changes


def planned(checksum: str = "abc", **changes: Any) -> list[PlannedRun]:
    """The runs of a small file."""
    return Experiment.from_dict(minimal(**changes)).plan(checksum, 784)


def test_lists_are_expanded_into_all_combinations() -> None:
    variants = Experiment.from_dict(minimal(rules=RULES)).variants
    assert [variant.rule for variant in variants] == [
        NoPruning(),
        *(AdaptivePruning(beta=beta, eta=eta) for beta in (0.4, 0.6) for eta in (0.1, 0.2, 0.3)),
    ]
    assert variants[0].label == "none"
    assert variants[1].label == "adaptive, beta=0.4, eta=0.1"


def test_runs_are_all_sizes_seeds_and_rules() -> None:
    runs = planned(neurons=[10, 20], seeds=[0, 5], rules=RULES, epochs=2, precision="double", network={"rest": 0})
    assert len(runs) == 2 * 2 * 7
    assert len({run.name for run in runs}) == len(runs)
    first, last = runs[0].settings, runs[-1].settings
    assert (first.parameters.neurons, first.seed, first.rule) == (10, 0, NoPruning())
    assert (last.parameters.neurons, last.seed, last.rule) == (20, 5, AdaptivePruning(beta=0.6, eta=0.3))
    assert {(run.settings.epochs, run.settings.precision, run.settings.parameters.rest) for run in runs} == {
        (2, "double", 0.0)
    }


def test_seeds_may_differ_between_sizes() -> None:
    runs = planned(neurons=[10, 20], seeds={"10": [0, 1, 2], "20": [0]})
    sizes = [(run.settings.parameters.neurons, run.settings.seed) for run in runs]
    assert sizes == [(10, 0), (10, 1), (10, 2), (20, 0)]


def test_a_rule_may_have_network_parameters_of_its_own() -> None:
    rules = [{"name": "none"}, {"name": "none", "label": "short", "network": {"presentation": 100}}]
    runs = planned(rules=rules, network={"rest": 50})
    assert [run.settings.parameters.presentation for run in runs] == [350, 100]
    assert [run.settings.parameters.rest for run in runs] == [50, 50]


def test_identity_is_what_determines_the_result() -> None:
    run = planned()[0]
    assert run.name == planned(name="other", description="x", rules=[{"name": "none", "label": "baseline"}])[0].name
    assert run.name == planned(chunk=50)[0].name
    changes: list[dict[str, Any]] = [
        {"neurons": [11]}, {"seeds": [1]}, {"epochs": 2}, {"precision": "double"}, {"shuffle": True},
        {"network": {"rest": 100}}, {"rules": [{"name": "constant"}]}, {"checksum": "xyz"}, {"backend": "numpy"},
    ]  # fmt: skip
    assert run.name not in [planned(**change)[0].name for change in changes]


def test_back_ends_share_runs_in_double_precision_alone() -> None:
    names = {(backend, precision): planned(backend=backend, precision=precision)[0].name
             for backend in ("cpp_standalone", "numpy") for precision in ("single", "double")}  # fmt: skip
    assert names["cpp_standalone", "double"] == names["numpy", "double"]
    assert names["cpp_standalone", "single"] != names["numpy", "single"]


def test_model_version_is_part_of_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = planned()[0].name
    monkeypatch.setattr(module, "MODEL_VERSION", module.MODEL_VERSION + 1)
    assert planned()[0].name != before


def test_chunks_are_those_of_a_training_unless_given() -> None:
    good = {"data": "digits", "neurons": [10], "seeds": [0], "rules": [{"name": "none"}]}
    for options, images, chunk in (({}, 8_000, 200), ({"epochs": 10}, 8_000, 1000), ({"chunk": 50}, 8_000, 50)):
        (planned,) = Experiment.from_dict(good | options).plan("", 64, images=images)
        assert planned.settings.chunk == chunk


def test_identity_holds_every_setting_but_the_chunk() -> None:
    run = planned(rules=[{"name": "adaptive"}], seeds=[3])[0]
    settings = run.settings.as_dict()
    del settings["chunk"]
    del settings["parameters"]["event_slots"]  # of event data only
    settings["rule_definition"] = settings["rule_definition"]["strings"]
    assert run.identity == {"model": module.MODEL_VERSION, "data": "abc", "settings": settings}
    assert run.name.startswith("n10-adaptive-s3-")
    assert PlannedRun("x", replace(run.settings), "abc").name == run.name


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sedes": [0]}, "Unknown key of experiment 'sedes' (did you mean 'seeds'?)"),
        ({"data": {"name": "digits", "validaton": 10}}, "did you mean 'validation'?"),
        ({"data": {"validation": 10}}, "The data have no name"),
        ({"data": {"name": "digits", "images": 0}}, "data.images is 0"),
        ({"data": {"name": 5}}, "data.name is 5"),
        ({"data": 5}, "'data' is 5"),
        ({"neurons": 100}, "neurons is 100"),
        ({"neurons": []}, "neurons is []"),
        ({"neurons": [10, 10]}, "The neurons have 10 twice"),
        ({"seeds": [-1]}, "seeds is [-1]"),
        ({"seeds": [True]}, "seeds is [True]"),
        ({"seeds": {"20": [0]}}, "The table seeds has entries for 20"),
        ({"epochs": "two"}, "epochs is 'two'"),
        ({"chunk": 0}, "chunk is 0"),
        ({"precision": "half"}, "Unknown precision 'half'"),
        ({"precision": []}, "precision is []"),
        ({"shuffle": 1}, "shuffle is 1"),
        ({"backend": "nunpy"}, "did you mean 'numpy'?"),
        ({"name": "a/b"}, "The name 'a/b' cannot name files"),
        ({"description": 1}, "description is 1"),
        ({"network": {"neurons": 5}}, "Unknown key of network 'neurons'"),
        ({"network": {"rest": -1}}, "Parameter 'rest' is -1"),
        ({"rules": []}, "The experiment has no rules"),
        ({"rules": [{}]}, "has no name"),
        ({"rules": [{"name": "adaptve"}]}, "did you mean 'adaptive'?"),
        ({"rules": [{"name": "adaptive", "betta": 1}]}, "did you mean 'beta'?"),
        ({"rules": [{"name": "adaptive", "beta": []}]}, "is an empty list"),
        ({"rules": [{"name": "adaptive", "beta": [0.5, 0.5]}]}, "0.5 twice"),
        ({"rules": [{"name": "adaptive", "beta": [[0.5]]}]}, "Parameter 'beta' is [0.5]"),
        ({"rules": [{"name": "adaptive", "eta": 2}]}, "Parameter 'eta' is 2"),
        ({"rules": [{"name": "none"}, {"name": "none"}]}, "The labels have 'none' twice"),
        ({"rules": [{"name": "none", "label": 1}]}, "label of rule 'none' is 1"),
        ({"rules": [{"name": "none", "network": {"rset": 1}}]}, "did you mean 'rest'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ParameterError) as error:
        Experiment.from_dict(minimal(**changes))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["data", "neurons", "rules"])
def test_what_is_missing_is_named(key: str) -> None:
    values = minimal()
    del values[key]
    with pytest.raises(ParameterError, match=f"no '{key}'"):
        Experiment.from_dict(values)


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(ParameterError, match=r"x\.toml cannot be read \(No such file or directory\)"):
        Experiment.read(path)
    path.write_text("neurons = [")
    with pytest.raises(ParameterError, match=r"x\.toml is no valid TOML"):
        Experiment.read(path)
    path.write_text('data = "digits"\nneurons = [0]\nrules = [{}]')
    with pytest.raises(ParameterError, match=r"x\.toml: neurons is \[0\]"):
        Experiment.read(path)


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.npz").touch()
    (tmp_path / "mnist").touch()
    rules = '\n[[rules]]\nname = "none"\n'
    (tmp_path / "x.toml").write_text('neurons = [10]\n[data]\nname = "mine.npz"\ndata_dir = "sets"' + rules)
    data = Experiment.read(tmp_path / "x.toml").data
    assert (data.name, data.data_dir) == (str(tmp_path / "mine.npz"), str(tmp_path / "sets"))
    (tmp_path / "y.toml").write_text('neurons = [10]\ndata = "mnist"' + rules)
    assert Experiment.read(tmp_path / "y.toml").data.name == "mnist"


def test_data_are_loaded_as_described() -> None:
    values = minimal(data={"name": "digits", "validation": 100, "images": 50, "test_images": 30})
    data = Experiment.from_dict(values).data.load()
    assert (data.name, len(data.train_images), len(data.test_images)) == ("digits-validation", 50, 30)


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_our_experiments_are_valid(path: Path) -> None:
    experiment = Experiment.read(path)
    assert experiment.description
    assert experiment.name == path.stem
    runs = experiment.plan("", 784)
    assert len({run.name for run in runs}) == len(runs)
    assert "none" in {run.settings.rule.name for run in runs}


@pytest.mark.parametrize("path", [path for path in FILES if path.stem.startswith("search")], ids=lambda path: path.stem)
def test_searches_never_see_the_test_images(path: Path) -> None:
    data = Experiment.read(path).data
    assert data.validation == (400 if data.name == "digits" else 10_000)

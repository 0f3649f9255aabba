"""Rules of one's own: known by name and place, found again by every door, refused where they are not what they were."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from spikeprune import AdaptivePruning, Dataset, NetworkParameters, NoPruning, PruningRule, load, resume, train
from spikeprune.backend import make_program
from spikeprune.errors import ParameterError, RunFolderError
from spikeprune.parameters import PRESETS
from spikeprune.pruning import RULES, as_rule, find_rule, known_rules, make_rule, rule_class, specification
from spikeprune.state import initial_state

MINE = '''
from dataclasses import dataclass
from typing import ClassVar

from spikeprune import PruningRule
from spikeprune.parameters import parameter
from spikeprune.pruning import REMOVE


@dataclass(frozen=True)
class Mine(PruningRule):
    """Remove what is below a share of the neuron's mean weight, without memory."""

    share: float = 0.5
    interval: int = 5

    name: ClassVar[str] = "mine"
    variables = "h : 1  # threshold"
    update_neurons = "h = share*total/clip(fan_in, 1, 1e9)"
    update_synapses = REMOVE.format(criterion="w < h_post")
    threshold = "h"

    def reference(self, state):
        state.neurons["h"][:] = self.share*state.total/state.fan_in.clip(1)
        state.remove(state.w < state.neurons["h"])
'''


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Path]:
    """A file with a rule, outside the package; what a test has defined, the next one does not know."""
    path, before = tmp_path / "mine.py", set(RULES)
    path.write_text(MINE)
    yield path
    for name in set(RULES) - before:
        del RULES[name]


def short_run(digits: Dataset, small: NetworkParameters, rule: PruningRule, folder: Path | None = None) -> object:
    return train(
        digits.subset(train=20, test=10), rule, neurons=12, parameters=small, backend="numpy", precision="double",
        chunk=10, folder=folder, assignment_images=10,
    )  # fmt: skip


# Names


def test_a_rule_needs_a_name_of_its_own() -> None:
    with pytest.raises(ParameterError, match=r"Nameless has no name of its own: .*for example name = \"nameless\""):

        class Nameless(AdaptivePruning):
            on_spike = "count += 2"

    with pytest.raises(ParameterError, match="has the name 'a rule'"):

        class Spaced(AdaptivePruning):
            name = "a rule"


def test_two_rules_never_share_a_name() -> None:
    with pytest.raises(ParameterError, match=r"name 'adaptive' .* belongs to spikeprune.pruning.thresholds:Adaptive"):

        class Second(PruningRule):
            name = "adaptive"

    assert RULES["adaptive"] is AdaptivePruning


def test_the_same_definition_may_be_run_again() -> None:
    """As a cell of a notebook is."""

    def define(rate: str) -> type[PruningRule]:
        class Again(AdaptivePruning):
            name = "test-again"
            on_spike = f"count += {rate}"

        return Again

    define("1")
    assert define("2") is RULES["test-again"]
    assert make_rule("test-again").on_spike == "count += 2"


def test_a_base_of_rules_needs_no_name() -> None:
    class Base(PruningRule, abstract=True):
        update_synapses = "alive = alive and w > 0.1"

    class Concrete(Base):
        name = "test-concrete"

    assert Concrete().acts_in_training
    assert Base not in RULES.values()


def test_parts_and_strings_of_ones_own_go_together() -> None:
    class Doubled(AdaptivePruning):
        name = "test-doubled"
        on_spike = "count += 2"

    assert Doubled().update_neurons == AdaptivePruning().update_neurons
    assert Doubled().fingerprint() != AdaptivePruning().fingerprint()
    assert Doubled(beta=0.9).fingerprint() == Doubled().fingerprint()
    assert AdaptivePruning().on_spike == "count += 1"


def test_a_plain_field_is_a_parameter() -> None:
    @dataclass(frozen=True)
    class Plain(PruningRule):
        gain: float = 2.0
        name: ClassVar[str] = "test-plain"
        update_synapses: ClassVar[str] = "alive = alive and w*gain_post > 0.1"

    assert Plain.from_values({"gain": "3"}).neuron_parameters() == {"gain": 3.0}
    with pytest.raises(ParameterError, match=r"Parameter 'gain' is 'x': it must be a finite number\."):
        Plain(gain="x")  # type: ignore[arg-type]


# Places


def test_a_rule_of_a_file_is_found_by_the_file(mine: Path) -> None:
    kind = rule_class(f"{mine}:Mine")
    assert kind.name == "mine"
    assert specification(kind) == f"{mine}:Mine"
    assert rule_class(f"{mine}:Mine") is kind is rule_class("mine")
    assert find_rule("mine", f"{mine}:Mine") is kind
    rule = pickle.loads(pickle.dumps(make_rule(f"{mine}:Mine", {"share": "0.7"})))
    assert (rule.share, type(rule)) == (0.7, kind)


def test_a_rule_of_a_module_is_found_by_the_module(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder that a command is started in, too, which is then not left on the path."""
    (mine.parent / "ownrules.py").write_text(MINE.replace('"mine"', '"own"'))
    monkeypatch.chdir(mine.parent)
    before = list(sys.path)
    kind = rule_class("ownrules:Mine")
    assert (kind.name, specification(kind)) == ("own", "ownrules:Mine")
    assert sys.path == before


def test_a_rule_of_a_running_script_is_found_by_the_script(mine: Path) -> None:
    mine.write_text(
        f"{MINE}\n\nif __name__ == '__main__':\n"
        "    from spikeprune.pruning import make_rule, specification\n"
        "    assert isinstance(make_rule('mine'), Mine)\n"
        "    print(specification(Mine))\n"
    )
    done = subprocess.run([sys.executable, "mine.py"], cwd=mine.parent, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [f"{mine.resolve()}:Mine"], done.stderr
    assert find_rule("mine", done.stdout.strip()).name == "mine"


def test_packages_announce_rules(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine.parent / "announced_rules.py").write_text(MINE.replace('"mine"', '"announced"'))
    info = mine.parent / "announcing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: announcing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[spikeprune.rules]\nannounced = announced_rules:Mine\n")
    monkeypatch.syspath_prepend(mine.parent)
    assert "announced" in known_rules()
    assert make_rule("announced").name == "announced"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("adaptve", "Unknown rule 'adaptve' (did you mean 'adaptive'?)"),
        ("no.such.module:Rule", "The module no.such.module cannot be imported (ModuleNotFoundError"),
        ("/no/such/file.py:Rule", "The file /no/such/file.py with the rule cannot be read"),
        ("spikeprune.pruning:Adaptive", "spikeprune.pruning has no pruning rule 'Adaptive'"),
        ("spikeprune.pruning:PruningRule", "has no pruning rule 'PruningRule'"),
        (":Rule", "':Rule' names no rule"),
        ("__main__:Rule", "defined in a script or notebook exists there only"),
    ],
)
def test_what_is_no_rule_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ParameterError) as error:
        make_rule(text)
    assert sentence in str(error.value)


def test_a_file_that_fails_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(ParameterError, match=r"broken.py cannot be imported \(ModuleNotFoundError: No module named"):
        make_rule(f"{tmp_path / 'broken.py'}:Mine")


def test_what_stands_for_a_rule() -> None:
    assert as_rule(AdaptivePruning) == as_rule("adaptive") == AdaptivePruning()
    assert as_rule(None) == NoPruning()
    for wrong in (3, PruningRule, ["adaptive"]):
        with pytest.raises(ParameterError, match="is no pruning rule"):
            as_rule(wrong)


# Runs


def test_a_run_finds_its_rule_again_or_says_what_is_gone(
    mine: Path, digits: Dataset, small: NetworkParameters, tmp_path: Path
) -> None:
    """In a process that has never heard of it; then the file goes away, comes back changed, under another name."""
    run = short_run(digits, small, make_rule(f"{mine}:Mine", {"share": 0.4}), tmp_path / "run")
    described = json.loads((tmp_path / "run" / "run.json").read_text())["settings"]
    assert described["rule"] == {"name": "mine", "share": 0.4, "interval": 5}
    assert described["rule_definition"] == {"class": f"{mine}:Mine", "strings": run.settings.rule.fingerprint()}
    assert 0.05 < 1 - run.alive.mean() < 0.95
    code = (
        "import sys, spikeprune as sp; from spikeprune.settings import Settings; import json;"
        "s = Settings.from_dict(json.load(open(sys.argv[1]))['settings']); print(type(s.rule).__name__, s.rule.share)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "run" / "run.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=dict(os.environ))
    assert done.stdout.split() == ["Mine", "0.4"], done.stderr
    del RULES["mine"]
    mine.rename(tmp_path / "elsewhere.py")
    with pytest.raises(ParameterError, match=r"rule 'mine' was defined in .*mine.py, and is not found there now"):
        load(tmp_path / "run", digits.subset(train=20, test=10))
    mine.write_text(MINE.replace('"mine"', '"yours"'))
    with pytest.raises(ParameterError, match="was named 'mine' and is named 'yours' now"):
        load(tmp_path / "run", digits.subset(train=20, test=10))
    mine.write_text(MINE)
    assert load(tmp_path / "run", digits.subset(train=20, test=10)).settings.rule.name == "mine"


def test_a_changed_rule_is_refused_on_resume(
    mine: Path, digits: Dataset, small: NetworkParameters, tmp_path: Path
) -> None:
    data = digits.subset(train=20, test=10)

    def stop(entry: dict[str, object]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            data, make_rule(f"{mine}:Mine"), neurons=12, parameters=small, backend="numpy", precision="double",
            chunk=10, folder=tmp_path / "run", progress=stop,
        )  # fmt: skip
    mine.write_text(MINE.replace("share*total", "0.5*share*total"))
    rule_class(f"{mine}:Mine")
    with pytest.raises(RunFolderError, match=r"The rule 'mine' .* has changed since the run"):
        resume(tmp_path / "run", data)
    mine.write_text(MINE)
    rule_class(f"{mine}:Mine")
    resumed = resume(tmp_path / "run", data)
    whole = short_run(digits, small, make_rule(f"{mine}:Mine"))
    np.testing.assert_array_equal(resumed.weights, whole.weights)
    np.testing.assert_array_equal(resumed.alive, whole.alive)


# Parameters


def test_every_run_of_a_program_is_given_all_parameters(small: NetworkParameters, pixels: np.ndarray) -> None:
    """A program built for one value runs with another as one that was built for it, and keeps none in the state."""
    rules = [AdaptivePruning(beta=beta, eta=0.5, interval=2) for beta in (0.2, 0.9)]
    program = make_program("numpy", small, rules[0], 4, "double")
    start = initial_state(small, rules[0], 0, program.layout)
    found = [program.run(start, pixels[:4], seed=0, rule=rule).state for rule in rules]
    assert found[0]["plastic.alive"].sum() > found[1]["plastic.alive"].sum()
    assert not [name for name in found[0] if name.split(".")[1] in ("beta", "eta", "a_max")]
    other = make_program("numpy", small, rules[1], 4, "double")
    expected = other.run(initial_state(small, rules[1], 0, other.layout), pixels[:4], seed=0).state
    np.testing.assert_array_equal(found[1]["plastic.w"], expected["plastic.w"])
    with pytest.raises(ParameterError, match="built for rule 'adaptive' and cannot run 'none'"):
        program.run(start, pixels[:4], seed=0, rule=NoPruning())


def test_initial_values_of_unknown_variables_are_refused(small: NetworkParameters) -> None:
    class Misspelt(AdaptivePruning):
        name = "test-misspelt"

        def initial(self, neurons: int) -> dict[str, np.ndarray]:
            return {"h": np.zeros(neurons), "cuont": np.zeros(neurons)}

    expected = "initial value of 'cuont', which is none of its variables: name one of c"
    with pytest.raises(ParameterError, match=expected):
        make_program("numpy", small, Misspelt(), 4, "double")
    layout = make_program("numpy", small, AdaptivePruning(), 4, "double").layout
    with pytest.raises(ParameterError, match=expected):
        initial_state(small, Misspelt(), 0, layout)


def test_presets_of_the_network() -> None:
    assert NetworkParameters.preset("diehl-cook") == NetworkParameters()
    weak = NetworkParameters.preset("undepressed", neurons=400)
    assert (weak.neurons, weak.depression, weak.weight_share) == (400, False, 0.07)
    assert NetworkParameters.from_dict({"preset": "undepressed", "w_max": 0.5}).depression is False
    assert set(PRESETS) == {"diehl-cook", "undepressed"}
    with pytest.raises(ParameterError, match=r"Unknown preset of network parameters 'undeprest' \(did you mean"):
        NetworkParameters.preset("undeprest")
